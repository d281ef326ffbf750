/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * WireGuard interfaces and their peers (generic netlink family “wireguard”, linux/wireguard.h).
 *
 * -ENODEV: there is no link of that name. -EOPNOTSUPP: it is not a WireGuard link. -ENOENT: this kernel has no
 * WireGuard. A WireGuard link is made by kernel_link_create().
 */
#ifndef KERNEL_WIREGUARD_H
#define KERNEL_WIREGUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hycan/types.h>

#include "scope.h"

/* An interface as it was read. It holds keys, and is wiped when it is freed. */
struct kernel_wireguard {
	struct hycan_wireguard device;
	struct hycan_key private_key; /* all zero: none */
	size_t n_peers;
	struct hycan_wireguard_peer *peers;
	struct hycan_key *preshared_keys; /* of the peer at the same position; all zero: none */
	size_t n_allowed_ips;
	struct hycan_prefix *allowed_ips; /* of all peers, one after the other */
};

/* Reads an interface and all of its peers. */
int kernel_wireguard_get(struct kernel_scope *scope, const char *name, struct kernel_wireguard **ret_wireguard);

/*
 * Reads an interface and of its peers at most the one with that key; NULL: none of them. The kernel can only tell all,
 * so this takes its time too where there are thousands.
 */
int kernel_wireguard_get_peer(struct kernel_scope *scope, const char *name, const struct hycan_key *public_key,
                              struct kernel_wireguard **ret_wireguard);

/* Where the peer with that key is among those that were read; behind them: there is none. */
size_t kernel_wireguard_find_peer(const struct kernel_wireguard *wireguard, const struct hycan_key *public_key);

void kernel_wireguard_free(struct kernel_wireguard **wireguard);

/* For who wants to keep it for longer: the keys that are secret are none any more. */
void kernel_wireguard_forget_keys(struct kernel_wireguard *wireguard);

/* Whether it is the key of zeros, which stands for none. Takes the same time for every key. */
bool kernel_wireguard_key_is_none(const struct hycan_key *key);

/* A private key as the kernel keeps it. */
struct hycan_key kernel_wireguard_clamp(const struct hycan_key *private_key);

/*
 * The public key that belongs to a private one, as the kernel computes it when an interface gets that
 * (curve25519_generate_public(), include/crypto/curve25519.h). 0, or -ENOSYS where the library that does it cannot begin.
 */
int kernel_wireguard_public_key(const struct hycan_key *private_key, struct hycan_key *ret_public_key);

/* Whether the interface has that private key, once the kernel has clamped it as it does with every key. */
bool kernel_wireguard_has_private_key(const struct kernel_wireguard *wireguard, const struct hycan_key *private_key);

/* Keys that the kernel makes the same private key of, since it sets and clears some bits: that one of them. */
#define KERNEL_WIREGUARD_UNCLAMPED 32u
void kernel_wireguard_unclamp(const struct hycan_key *is, unsigned int n, struct hycan_key *ret_key);

/*
 * Changes what options gives; all or nothing. -EADDRINUSE: the interface is up and its new port is another socket's. A port
 * and a mark take a message each, the port with the key first: who finds that key there knows that the mark may be missing
 * alone. Should that fail, both are as in former again.
 */
int kernel_wireguard_set(struct kernel_scope *scope, const char *name, const struct hycan_wireguard_set_options *options,
                         const struct kernel_wireguard *former);

/* What is sent to the kernel about one peer. A pointer that is NULL leaves that property as it is. */
struct kernel_wireguard_change {
	const struct hycan_key *public_key;
	bool remove;      /* remove the peer; nothing else is sent then */
	bool update_only; /* a peer that is gone meanwhile is not made again of the few properties that differ */
	const struct hycan_key *preshared_key;
	const struct hycan_endpoint *endpoint;
	const uint16_t *persistent_keepalive;
	bool replace_allowed_ips; /* take all allowed IPs away before these are added */
	const struct hycan_prefix *allowed_ips;
	size_t n_allowed_ips;
};

/*
 * Changes peers, in as many messages as it takes. An error ends it where it happened: the messages before were carried
 * out.
 */
int kernel_wireguard_change_peers(struct kernel_scope *scope, const char *name, const struct kernel_wireguard_change *changes,
                                  size_t n);

#endif
