/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is planned of interfaces of WireGuard: the requests that the scope's gate did not let through, which whoever reads an
 * interface finds carried out. They hold keys, and are wiped when they are forgotten. For this room alone.
 */
#ifndef KERNEL_WIREGUARD_PLAN_H
#define KERNEL_WIREGUARD_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libmnl/libmnl.h>

#include "scope.h"

struct kernel_wireguard;
struct wireguard_planned_request;

/* Part of a scope. */
struct wireguard_planned {
	struct wireguard_planned_request *request;
	size_t n;
};

/* Notes what a request would have done. 0 or -errno. */
int wireguard_plan_request(struct kernel_scope *scope, const struct nlmsghdr *request);

bool wireguard_plan_is_any(struct kernel_scope *scope);

/* Carries out what is planned of it in what was read, which has all of its peers. 0 or -errno. */
int wireguard_plan_apply(struct kernel_scope *scope, uint32_t ifindex, struct kernel_wireguard *wireguard);

/*
 * Tells which peers lose allowed IPs to others, but for those of which the request says itself what they have (peers: its
 * WGDEVICE_A_PEERS); or which one goes, of a request that has a key and no peers (NULL). (wireguard_plan_tell.c)
 */
void wireguard_plan_tell_losses(struct kernel_scope *scope, const struct kernel_wireguard *before,
                                const struct kernel_wireguard *after, const struct nlattr *peers);

void wireguard_plan_forget(struct kernel_scope *scope);

#endif
