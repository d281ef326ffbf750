/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hearing that somebody else has taken something out of our table of nf_tables.
 *
 * The kernel announces every change of the rule set (NFNLGRP_NFTABLES), each with the socket that it came through. What
 * comes is of no interest here, nor what we take away ourselves.
 */
#ifndef KERNEL_NFT_WATCH_H
#define KERNEL_NFT_WATCH_H

#include <stdbool.h>

#include "scope.h"

struct kernel_nft_watch;

/* In the namespace of a scope. -EPROTONOSUPPORT: this kernel has no nf_tables. */
int kernel_nft_watch_open(struct kernel_scope *scope, struct kernel_nft_watch **ret_watch);
void kernel_nft_watch_free(struct kernel_nft_watch **watch);

/* Readable when there is something to hear. */
int kernel_nft_watch_fd(const struct kernel_nft_watch *watch);

/* Hears all of it. True: something of our table is gone, or may be. */
bool kernel_nft_watch_read(struct kernel_nft_watch *watch);

#endif
