/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses of links (rtnetlink(7), RTM_*ADDR). */
#ifndef KERNEL_ADDRESS_H
#define KERNEL_ADDRESS_H

#include <stdbool.h>

#include <hycan/types.h>

#include "scope.h"

/* Called for each address. 0 to go on, -errno to end. */
typedef int kernel_address_found(const struct hycan_link_address *address, void *userdata);

/*
 * Lists addresses: of one link, or of all with NULL; of one family, or of both with 0. -ENODEV: there is no such link.
 * -EINTR: addresses changed meanwhile, ask again.
 */
int kernel_address_list(struct kernel_scope *scope, const char *link, uint8_t family, kernel_address_found *found, void *userdata);

/*
 * Whether struct hycan_link_address says all that there is to the addresses of a link that it is about, which are asked in the order in which
 * they are listed. Others could be removed, but not made again as they were (mngtmpaddr, home, autojoin, proto; ip-address(8)).
 */
typedef bool kernel_address_about(const struct hycan_link_address *address, void *userdata);
int kernel_address_are_whole(struct kernel_scope *scope, const char *link, uint8_t family, kernel_address_about *about,
                             void *userdata, bool *ret_whole);

/*
 * Finds an address whose network overlaps with a prefix, on any link but except. -ENOENT: there is none. What is on the
 * links is looked through, but not the links.
 */
int kernel_address_find_overlap(struct kernel_scope *scope, const struct hycan_prefix *prefix, const char *except,
                                struct hycan_link_address *ret_address);

/* Whether it is the address that one means who says an address and a length: with a far end, alone or with the length of that. */
bool kernel_address_is(const struct hycan_link_address *address, const struct hycan_prefix *meant);

/*
 * Adds an address. -ENODEV: there is no such link. -EEXIST: the link has the address already, and nothing changed; for
 * IPv6 also when it has it with another prefix length.
 */
int kernel_address_add(struct kernel_scope *scope, const struct hycan_link_address *address);

/*
 * Changes what the kernel changes of an address that is there: its lifetimes, its metric and, of IPv6, its flags and its far end.
 * Of the rest it says nothing. -ENODEV, -ENOENT: there is none.
 */
int kernel_address_change(struct kernel_scope *scope, const struct hycan_link_address *address);

/*
 * Removes an address, and returns it as it was: alone, of one with a far end. -ENODEV: there is no such link.
 * -EADDRNOTAVAIL: the link does not have that address.
 */
int kernel_address_remove(struct kernel_scope *scope, const char *link, const struct hycan_prefix *address,
                          struct hycan_prefix *ret_address);

/* The scope that an address has where none is given, as ip-address(8) and the kernel choose it. */
enum hycan_scope kernel_address_scope(const struct hycan_address *address);

#endif
