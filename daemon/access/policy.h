/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Policy: who may ask for what, on which links, networks, ports and tables. One readable line a rule, the first that
 * matches decides. hycan-policy(5) is the language; policy.c says how a request meets a rule.
 */
#ifndef ACCESS_POLICY_H
#define ACCESS_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hycan/schema.h>

#include "identity.h"

#define POLICY_PATH "/etc/hycan/policy.conf"

struct policy;

/*
 * Reads the file; where there is none (ENOENT), or path is NULL, the built-in policy. On failure -errno, and reason has a sentence that
 * begins with FILE:LINE, what is wrong and what to write instead.
 */
int policy_read(const char *path, struct policy **ret_policy, char *reason, size_t reason_size);

/* There was no file. */
bool policy_is_built_in(const struct policy *policy);

/* Opens the file to read it. -errno: ENOENT when there is none. */
int policy_open(const char *path, int *ret_fd);

/* One more who looks at it, until policy_free(). Both are for one thread; looking is for any. */
struct policy *policy_ref(struct policy *policy);
void policy_free(struct policy **policy);

struct policy_verdict {
	bool allowed;
	bool any_owner;    /* also to change and take away what others own */
	bool conditional;  /* the values in the request were looked at */
	uint32_t line;     /* of the rule that decided; 0: built in, or none did */
	const char *field; /* schema name of the field at fault, or NULL */
	char reason
		[256]; /* when refused: a sentence that says who is not allowed what, and by which rule, or that none allows it */
};

/*
 * Judges a request: the decoded, legal structure of operation->request. Allocates nothing, asks nobody.
 */
void policy_check(const struct policy *policy, const struct identity *identity, const struct hycan_operation *operation,
                  const void *request, struct policy_verdict *ret_verdict);

/* Called for each rule; line 0: built in. A result other than 0 ends it, and is returned. */
typedef int policy_visit(uint32_t line, const char *text, void *userdata);

/* The rules that concern this identity, in order. */
int policy_visit_rules(const struct policy *policy, const struct identity *identity, policy_visit *visit, void *userdata);

#endif
