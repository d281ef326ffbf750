/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links: reading them, and what can be done to every kind (rtnetlink(7), RTM_*LINK). */
#ifndef KERNEL_LINK_H
#define KERNEL_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include <hycan/types.h>

#include "scope.h"

/* Called for each link. 0 to go on, -errno to end. */
typedef int kernel_link_found(const struct hycan_link *link, void *userdata);

/* Lists links; kind is NULL for all. -EINTR: links changed meanwhile, ask again. */
int kernel_link_list(struct kernel_scope *scope, const char *kind, kernel_link_found *found, void *userdata);

/* Reads one link. -ENODEV: there is none of that name. */
int kernel_link_get(struct kernel_scope *scope, const char *name, struct hycan_link *ret_link);

/* Number of a link. -ENODEV: there is none of that name. */
int kernel_link_index(struct kernel_scope *scope, const char *name, uint32_t *ret_ifindex);

/* Name of the link with that number. -ENODEV: there is none. */
int kernel_link_name(struct kernel_scope *scope, uint32_t ifindex, char ret_name[static HYCAN_IFNAME_SIZE]);

/*
 * The name that a link has, of one of its names: another where that is an alternative one (IFLA_ALT_IFNAME). -ENODEV: no
 * link is called so.
 */
int kernel_link_own_name(struct kernel_scope *scope, const char *name, char ret_name[static HYCAN_IFNAME_SIZE]);

int kernel_link_set_up(struct kernel_scope *scope, const char *name, bool up);

/* The part of wanted in which a link differs from it, and whether there is anything in such a part. */
struct hycan_link_set_options kernel_link_difference(const struct hycan_link *link, const struct hycan_link_set_options *wanted);
bool kernel_link_sets_any(const struct hycan_link_set_options *options);

/*
 * Changes what wanted gives and before, the link as it was just read, does not have yet: all or nothing. Nothing is sent
 * where nothing differs. On failure ret_fault is the field at which the kernel stopped, or NULL where that is not known.
 */
int kernel_link_set(struct kernel_scope *scope, const struct hycan_link *before, const struct hycan_link_set_options *wanted,
                    const char **ret_fault);

/* Gives the link with that number a name. -EBUSY: it is up, before Linux 6.2. */
int kernel_link_rename(struct kernel_scope *scope, uint32_t ifindex, const char *new_name);

/* Deletes a link. The kernel deletes a CAN controller without a word, and the controller stays. */
int kernel_link_delete(struct kernel_scope *scope, const char *name);

/*
 * Deletes links at once, for little more than one of them takes; those that are not there are left out. All or nothing:
 * -EBUSY or another where that could not be, and none was deleted.
 */
int kernel_link_delete_many(struct kernel_scope *scope, const char (*names)[HYCAN_IFNAME_SIZE], size_t n);

/*
 * Creates a link of a kind that takes no parameters of its own (“vcan”, “wireguard”), and reads it. mtu 0: the kernel's
 * default. -EEXIST: the name is taken.
 */
int kernel_link_create(struct kernel_scope *scope, const char *kind, const char *name, uint32_t mtu, struct hycan_link *ret_link);

/* The smallest MTU with which a link carries a family: inetdev_valid_mtu(), include/linux/inetdevice.h; RFC 8200. */
#define KERNEL_LINK_MTU_MIN_IPV4 68
#define KERNEL_LINK_MTU_MIN_IPV6 1280

/* Names of all links by number: for lists that mention thousands of links. */
struct kernel_link_names;

int kernel_link_names_read(struct kernel_scope *scope, struct kernel_link_names **ret_names);
void kernel_link_names_free(struct kernel_link_names **names);

/* The name of a link, or NULL. */
const char *kernel_link_names_find(const struct kernel_link_names *names, uint32_t ifindex);

#endif
