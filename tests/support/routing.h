/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A world for tests of addresses, routes and rules: two links, va and vb, that are the ends of one cable, up and quiet.
 *
 * Quiet means that the kernel gives them no IPv6 addresses of its own and looks for no duplicates, so that everything it
 * announces was asked for.
 */
#ifndef SUPPORT_ROUTING_H
#define SUPPORT_ROUTING_H

#include "text.h"
#include "world.h"

/* cmocka's setup: the links alone; the same where each user may everything; and with 10.0.0.1/24 and fd00::1/64 on va. */
int routing_begin(void **state);
int routing_begin_for_all(void **state);
int routing_begin_with_addresses(void **state);

/*
 * Waits until all IPv6 addresses are complete. The kernel answers who adds one before that, and even where it looks for no
 * duplicates: the address is tentative for a while, then it gets its local route, and both are announced.
 */
void routing_settle(void);

/* A route to that destination, and nothing else. */
struct hycan_route route_to(const char *destination);

/* Loads so many routes through va: to 11.0.0.0/32, 11.0.0.1/32 and on. For free(). */
struct hycan_route *routing_load(struct hycan *h, size_t n);

/* A route to that destination through that gateway. */
struct hycan_route route_via(const char *destination, const char *via);

/* Begins to hear what the kernel announces about addresses, routes and rules in this namespace. */
int announcements_open(void);

/* How much was announced since; the kernel announces a change before it answers the request for it. */
size_t announcements_count(int fd);

/* Fails the test unless what a shell command writes is exactly this text, but for spaces at the ends of lines. */
#define assert_output(expected, ...) routing_assert_output((expected), __FILE__, __LINE__, __VA_ARGS__)

__attribute__((format(printf, 4, 5))) void routing_assert_output(const char *expected, const char *file, int line,
                                                                 const char *format, ...);

#endif
