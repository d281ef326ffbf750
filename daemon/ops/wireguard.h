/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the WireGuard operations have in common: finding out what differs, and saying why something cannot be. */
#ifndef OPS_WIREGUARD_H
#define OPS_WIREGUARD_H

#include "kernel/wireguard.h"
#include "op.h"

/* Refuses for what the kernel room says about a link that is none, or none of WireGuard; else the result unchanged. */
int wireguard_refuse(struct op *op, const char *name, int result);

/*
 * Says what a peer is (op_undo()); and with whole that there is none but those that is has. A peer that had no endpoint
 * and is given one can only be made anew: the kernel knows no way to unset one.
 */
int wireguard_before_peer(struct op *op, const char *name, const struct kernel_wireguard *is, size_t i, bool gets_endpoint);

/* The same of the peer that the kernel removes when the interface gets that private key, since it would be its own peer. */
int wireguard_before_key(struct op *op, const char *name, const struct kernel_wireguard *is, const struct hycan_key *private_key);

int wireguard_before_all(struct op *op, const char *name, const struct kernel_wireguard *is);

/* A peer that there is, by its position, and is to be otherwise; or to go. */
struct wireguard_former {
	size_t at;
	bool gets_endpoint;
};

/* What it takes to make the peers what is wanted. */
struct wireguard_plan {
	size_t n_changes;
	struct kernel_wireguard_change *changes;
	struct hycan_prefix *additions; /* allowed IPs that changes point to */
	size_t n_former;
	struct wireguard_former *former; /* of the peers that there are, those that will be otherwise, or go */
	uint32_t added;                  /* peers that are missing */
	uint32_t changed;                /* peers that differ */
	uint32_t removed;                /* peers that are too much */
};

/*
 * What is wanted, of a request whose keys are not known any more (op->sealed): a peer that has got its key already keeps
 * it, and gets the rest; one that has another is left as it is; and one that is missing is not made, which the ledger is
 * told (op->items_failed). Of any other request it is what was asked for. 0 or -ENOMEM.
 */
int wireguard_unseal(struct op *op, const struct kernel_wireguard *is, const struct hycan_wireguard_peer_config **wanted,
                     size_t *n);

/*
 * Compares. whole: peers that are not wanted are too much. The plan points into what it was made from. Refuses what makes
 * no sense, before anything was sent: HYCAN_REFUSAL_INVALID.
 */
int wireguard_plan(struct op *op, const struct kernel_wireguard *is, const struct hycan_wireguard_peer_config *wanted, size_t n,
                   bool whole, struct wireguard_plan **ret_plan);

void wireguard_plan_free(struct wireguard_plan **plan);

#endif
