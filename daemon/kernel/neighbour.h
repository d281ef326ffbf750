/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Neighbours that somebody entered to stay: permanent ones, and those for whom the machine answers (ip-neighbour(8)). */
#ifndef KERNEL_NEIGHBOUR_H
#define KERNEL_NEIGHBOUR_H

#include <stddef.h>
#include <stdint.h>

#include "scope.h"

/* As the kernel tells of them, as requests that enter them. */
struct kernel_neighbours {
	void *messages; /* owned: kernel_neighbours_free() */
	size_t size;
};

/* Keeps those of a link, of a family (AF_INET, AF_INET6) or of both (0). What is planned has none. 0 or -errno. */
int kernel_neighbour_keep(struct kernel_scope *scope, const char *link, uint8_t family, struct kernel_neighbours *neighbours);

void kernel_neighbours_free(struct kernel_neighbours *neighbours);

/*
 * Enters them on the link, in place of what the kernel learnt meanwhile. Without the link, or the family on it, there are none. Messages
 * may come from anywhere. 0, or the first -errno when all have been tried.
 */
int kernel_neighbour_put_back(struct kernel_scope *scope, const char *link, const void *messages, size_t size);

#endif
