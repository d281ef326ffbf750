/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's own view of a link, as ip(8) shows it, beside ours. */
#ifndef SUPPORT_VIEW_H
#define SUPPORT_VIEW_H

#include <hycan/types.h>

/*
 * Fails the test unless ip(8) says the same about the link as link does: everything but its flags, of which only IFF_UP
 * is compared. No packets may be under way on it.
 */
void assert_as_ip_shows(const struct hycan_link *link);

/* The value of a Python expression over l, which is what “ip -d -s -j link show” gives for the link: free() it. */
char *ip_link_value(const char *name, const char *expression);

/* Fails the test unless that value, as text, is this. */
void assert_ip_link_value(const char *name, const char *expression, const char *expected);

#endif
