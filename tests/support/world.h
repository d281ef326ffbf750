/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A world for each test: a network namespace of its own, the real daemon in it, and a connection.
 *
 * Tests look through the same window as users: the public library on one side, ip, wg and nft on the other. Whatever a
 * test leaves behind goes with its namespace. A daemon that ends with anything but success fails the test that used it,
 * so the sanitizers' findings are findings of the tests.
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

/* Ends the daemon with SIGTERM, or with SIGKILL for sure; returns its wait status. */
int world_stop_daemon(struct world *w, int signal);

/* Starts it again on the same socket, with the same options. */
void world_start_daemon(struct world *w, const struct world_options *options);

/*
 * Runs a function in a child process of that user, with its primary group alone and without capabilities; a failed
 * assertion there fails the test here.
 */
void world_as(uid_t uid, gid_t gid, void (*function)(struct world *w), struct world *w);

/* Runs a command by the shell; returns its output, standard error too. The test fails unless it ends with 0. */
__attribute__((format(printf, 1, 2))) char *shell(const char *format, ...);

/* The same; returns the exit status and, in ret_output where it is not NULL, the output. */
__attribute__((format(printf, 2, 3))) int shell_status(char **ret_output, const char *format, ...);

/* Runs a command again until it ends with 0; the test fails when that does not happen within so many seconds. */
__attribute__((format(printf, 2, 3))) void shell_until(int seconds, const char *format, ...);

/* Skips the test, and says why, where the running kernel cannot make links of that kind; where HYCAN_TEST_COMPLETE is set it fails. */
void need_kind(const char *kind);

/* Whether it can. */
bool has_kind(const char *kind);

/* The same for a program. */
void need_command(const char *command);

/* The same for anything else that a shell command can tell. */
void need_success(const char *what, const char *command);

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
