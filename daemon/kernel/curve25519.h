/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The public key that belongs to a private key of WireGuard, as the kernel computes it (curve25519_generate_public()). */
#ifndef KERNEL_CURVE25519_H
#define KERNEL_CURVE25519_H

#include <hycan/types.h>

/*
 * X25519 of the private key, clamped as ever, and the base point (RFC 7748, sections 5 and 6.1). Takes the same time for every key, about
 * a millisecond, and leaves nothing of it behind.
 */
void curve25519_public_key(const struct hycan_key *private_key, struct hycan_key *ret_public_key);

#endif
