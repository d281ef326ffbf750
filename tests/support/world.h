/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A world for each test: a network namespace of its own, the real daemon in it, and a connection.
 *
 * Tests look through the same window as users: the public library on one side, ip, wg and nft on the other. Whatever a
 * test leaves behind goes with its namespace. A daemon that ends with anything but success fails the test that used it,
 * so the sanitizers' findings are findings of the tests.
 *
 * What tests connect by hycan_open() waits longer for its answers than the library's own would.
 */
#ifndef SUPPORT_WORLD_H
#define SUPPORT_WORLD_H

/* cmocka wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <sys/types.h>

#include <hycan/client.h>
#include <hycan/operations.h>

#include "shell.h"

struct world {
	struct hycan *h;    /* connected as root */
	pid_t daemon;       /* its process */
	char directory[64]; /* for files of this test; removed at the end */
	char socket[96];    /* path of the daemon's socket */
	char log[96];       /* what the daemon wrote to standard error */
};

struct world_options {
	const char *policy;       /* text of the policy file; NULL: there is none */
	const char *arguments[8]; /* further arguments of the daemon, up to a NULL */
	bool open_to_all;         /* anybody may connect to the socket: for tests of policy */
};

/* cmocka's setup and teardown. */
int world_begin(void **state);
int world_end(void **state);

/* The same setup with a daemon that looks at once for what strangers took away; and with one that does not within a test. */
int world_begin_soon(void **state);
int world_begin_patiently(void **state);

/* The same with options. Fails the test when the daemon does not start. */
struct world *world_start(const struct world_options *options);

/* Ends the daemon with SIGTERM, or with SIGKILL for sure, also one that is held (held.h); returns its wait status. */
int world_stop_daemon(struct world *w, int signal);

/* Starts it again on the same socket, with the same options. */
void world_start_daemon(struct world *w, const struct world_options *options);

/*
 * Runs a function in a child process of that user, with its primary group alone and without capabilities; a failed
 * assertion there fails the test here.
 */
void world_as(uid_t uid, gid_t gid, void (*function)(struct world *w), struct world *w);

/* A call was done; shows the daemon's sentence when it was not. */
#define assert_done(h, r) world_assert_result((h), (r), 0, __FILE__, __LINE__)

/* A call was refused for that reason. */
#define assert_refused(h, r, refusal) world_assert_result((h), (r), (refusal), __FILE__, __LINE__)

/* A text has a part, or has it not; shows the text when that is not so. */
#define assert_contains(text, part) world_assert_contains((text), (part), true, __FILE__, __LINE__)
#define assert_lacks(text, part)    world_assert_contains((text), (part), false, __FILE__, __LINE__)

void world_assert_result(const struct hycan *h, int result, int expected, const char *file, int line);
void world_assert_contains(const char *text, const char *part, bool expected, const char *file, int line);

/* The schema's word for what an object is. */
const char *object_kind_name(enum hycan_object_kind kind);

/* The daemon's executable. */
const char *world_daemon_path(void);

/* What the daemon wrote to its log so far: free() it. */
char *world_log(const struct world *w);

#endif
