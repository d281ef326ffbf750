/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's own view of a link, as ip(8) shows it, beside ours. */
#ifndef SUPPORT_VIEW_H
#define SUPPORT_VIEW_H

#include <hycan/types.h>

struct world;

/*
 * Fails the test unless ip(8) says the same about the link as link does: everything but its flags, of which only IFF_UP
 * is compared. No packets may be under way on it.
 */
void assert_as_ip_shows(const struct hycan_link *link);

/*
 * Waits until the kernel has noted which carriers have come and gone, and all IPv6 addresses are complete: for who compares
 * what ip(8) shows before and after.
 */
void view_settle(void);

/* All that ip, wg, nft and /proc/sys/net show of what the daemon may change, in this network namespace: free() it. */
char *view_everything(void);

/* It is as it was, to the byte; else the test fails, and shows the lines that differ. */
void view_assert_same(const struct world *w, const char *before);

/*
 * What “ip -d -s -j link show” has for a link at some paths, separated by spaces: free() it. A path is made of keys with
 * dots between: “linkinfo.info_kind”. A step into a list tells whether the text is in it: “flags.UP” is “yes” or “no”.
 * “-” stands for what is not there.
 */
char *ip_link_values(const char *name, const char *paths);

/* Fails the test unless those are the values. */
void assert_ip_shows(const char *name, const char *paths, const char *expected);

#endif
