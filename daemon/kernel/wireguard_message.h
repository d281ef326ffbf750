/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of a WireGuard message, for the files of this room alone. */
#ifndef KERNEL_WIREGUARD_MESSAGE_H
#define KERNEL_WIREGUARD_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "netlink.h"
#include "wireguard.h"

/* Begins a message of that command (WG_CMD_*) about the interface of that name. */
struct nlmsghdr *wireguard_message(struct kernel_scope *scope, uint16_t family, uint8_t command, uint16_t flags, const char *name);

/* Reads what is there of an interface itself; of a peer but for its key and allowed IPs; and an allowed IP. Tables of attributes. */
void wireguard_read_device(const struct nlattr **device, struct kernel_wireguard *wireguard);
void wireguard_read_properties(const struct nlattr **peer, struct hycan_wireguard_peer *ret_peer, struct hycan_key *preshared_key);
bool wireguard_read_allowed_ip(const struct nlattr *nest, struct hycan_prefix *ret_prefix);

/* Room for one more element in an array that has room for so many, and uses some; what moves leaves nothing behind. 0 or -ENOMEM. */
int wireguard_reserve(void **array, size_t *room, size_t used, size_t size);

#endif
