/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which networks have IPv4 addresses in a scope's namespace, without reading all addresses each time: for this room alone.
 *
 * They are read once, and then what the kernel tells of addresses that come and go is heard whenever somebody asks. It tells
 * within the change, so what is heard is what there is. Whatever is missed, they are read again.
 *
 * What this file deliberately does not do: know IPv6 addresses. Of those without duplicate address detection the kernel tells
 * later, and not before their link is up.
 */
#ifndef KERNEL_ADDRESS_NEWS_H
#define KERNEL_ADDRESS_NEWS_H

#include <stdbool.h>
#include <stddef.h>

#include <hycan/types.h>

#include "scope.h"

struct address_known;
struct mnl_socket;

/* Part of a scope. */
struct address_news {
	struct mnl_socket *socket;
	struct address_known *known;
	size_t n;
	size_t n_read; /* how many they were when they were read */
	bool is_known; /* nothing was missed since */
	bool is_idle;  /* they are too many */
};

/*
 * Whether an address's network may overlap with a prefix of IPv4, on any link but that one: false is sure. 0 or -errno: nobody
 * knows, look at all.
 */
int address_news_may_overlap(struct kernel_scope *scope, const struct hycan_prefix *prefix, uint32_t except, bool *ret_may);

void address_news_done(struct address_news *news);

#endif
