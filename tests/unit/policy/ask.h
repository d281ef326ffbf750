/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A policy in a file, people whom it may be about, and questions to it.
 *
 * The users and groups of this machine do not matter: here getpwnam_r() and getgrnam_r() stand in for the system's.
 */
#ifndef POLICY_ASK_H
#define POLICY_ASK_H

/* cmocka wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "messages.h"
#include "policy.h"
#include "subject.h"

#define N(array) (sizeof(array) / sizeof(*(array)))

enum { ALICE = 1000, BOB = 1001, STAFF = 50, HYCAN = 900 };

/* Whether the system has a group hycan, and what it answers where it cannot tell: 0 or an errno. */
extern bool have_group_hycan;
extern int lookup_fails;

extern const struct identity root, alice, bob, carol, stranger;

/* The file; cmocka's setup and teardown of it, and the setup of each test. */
extern char policy_path[];
int policy_create_file(void **state);
int policy_remove_file(void **state);
int policy_world(void **state);

void policy_write_file(const char *text, size_t size);

/* The policy of a text, which makes sense; and that of a system without a file. */
struct policy *policy_of(const char *text);
struct policy *policy_built_in(void);

/* What a policy says of a request. */
struct policy_verdict judge(const struct policy *policy, const struct identity *identity, const char *name, const void *request);

/* A rule or several, what is asked, and whether alice may. */
struct question {
	const char *text;
	const char *operation;
	const void *request;
	bool allowed;
	const char *field; /* at fault, where that matters */
};

void ask(const struct question *question, size_t n);

/* may, or may not, whatever the field at fault */
#define YES true, NULL
#define NO  false, NULL

#define REQUEST(what, ...) (&(const struct hycan_##what##_request){ __VA_ARGS__ })
#define V4(a, b, c, d)                                                                                                             \
	{                                                                                                                          \
		.family = AF_INET, .bytes = { a, b, c, d }                                                                         \
	}
#define NET4(a, b, c, d, n)                                                                                                        \
	{                                                                                                                          \
		.address = V4(a, b, c, d), .length = n                                                                             \
	}
#define MAPPED(a, b, c, d, n)                                                                                                      \
	{                                                                                                                          \
		.address = { .family = AF_INET6, .bytes = { [10] = 0xff, 0xff, a, b, c, d } }, .length = n                         \
	}
#define NET6(n)                                                                                                                    \
	{                                                                                                                          \
		.address = { .family = AF_INET6, .bytes = { 0x20, 0x01, 0x0d, 0xb8 } }, .length = n                                \
	}
#define GIVEN(field, ...) .has_##field = true, .field = __VA_ARGS__

#endif
