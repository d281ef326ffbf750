/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ask.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"

/* ------------------------------------------------------------------------------------------------- users and groups */

bool have_group_hycan;
int lookup_fails;

static const struct {
	const char *name;
	id_t id;
} users[] = { { "alice", ALICE }, { "bob", BOB }, { "daemon", 1 } }, groups[] = { { "staff", STAFF }, { "adm", 4 } };

int getpwnam_r(const char *name, struct passwd *entry, char *buffer, size_t size, struct passwd **ret_entry)
{
	(void)buffer;
	*ret_entry = NULL;
	/* an entry that needs more room than is tried at first */
	if (size < 10000)
		return ERANGE;
	for (size_t i = 0; i < N(users); i++)
		if (strcmp(users[i].name, name) == 0) {
			entry->pw_uid = users[i].id;
			*ret_entry = entry;
		}
	return lookup_fails;
}

int getgrnam_r(const char *name, struct group *entry, char *buffer, size_t size, struct group **ret_entry)
{
	(void)buffer;
	(void)size;
	*ret_entry = NULL;
	for (size_t i = 0; i < N(groups); i++)
		if (strcmp(groups[i].name, name) == 0) {
			entry->gr_gid = groups[i].id;
			*ret_entry = entry;
		}
	if (have_group_hycan && strcmp(name, "hycan") == 0) {
		entry->gr_gid = HYCAN;
		*ret_entry = entry;
	}
	return lookup_fails;
}

static gid_t staff[] = { 7, STAFF }, hycan[] = { HYCAN };
const struct identity root = { .subject = 0, .gid = 0 };
const struct identity alice = { .subject = ALICE, .gid = ALICE, .groups = staff, .n_groups = 2 };
const struct identity bob = { .subject = BOB, .gid = STAFF };
const struct identity carol = { .subject = 1002, .gid = 1002, .groups = hycan, .n_groups = 1 };
const struct identity stranger = { .subject = 4711, .gid = 4711 };

/* ---------------------------------------------------------------------------------------------------------- the policy */

char policy_path[] = "/tmp/hycan-policy.XXXXXX";

void policy_write_file(const char *text, size_t size)
{
	_cleanup_close_ int fd = open(policy_path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, size), (ssize_t)size);
}

int policy_create_file(void **state)
{
	_cleanup_close_ int fd = mkstemp(policy_path);

	(void)state;
	return fd < 0 ? -1 : 0;
}

int policy_remove_file(void **state)
{
	(void)state;
	return unlink(policy_path);
}

int policy_world(void **state)
{
	(void)state;
	have_group_hycan = false;
	lookup_fails = 0;
	return chmod(policy_path, 0600);
}

struct policy *policy_of(const char *text)
{
	struct policy *policy = NULL;
	char reason[512];
	int r;

	policy_write_file(text, strlen(text));
	r = policy_read(policy_path, &policy, reason, sizeof(reason));
	if (r < 0)
		fail_msg("“%s” is not read: %s", text, reason);
	return policy;
}

struct policy_verdict judge(const struct policy *policy, const struct identity *identity, const char *name, const void *request)
{
	const struct hycan_operation *operation = hycan_operation_by_name(name);
	struct policy_verdict verdict;

	assert_non_null(operation);
	policy_check(policy, identity, operation, request, &verdict);
	if (verdict.allowed)
		assert_string_equal(verdict.reason, "");
	else
		assert_string_not_equal(verdict.reason, "");
	return verdict;
}

struct policy *policy_built_in(void)
{
	struct policy *policy = NULL;
	char reason[512];

	assert_int_equal(policy_read("/nowhere/policy.conf", &policy, reason, sizeof(reason)), 0);
	return policy;
}

void ask(const struct question *question, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct question *q = &question[i];
		_cleanup_(policy_free) struct policy *policy = policy_of(q->text);
		struct policy_verdict verdict = judge(policy, &alice, q->operation, q->request);

		if (verdict.allowed != q->allowed)
			fail_msg("question %zu: “%s”: %s was %s%s", i, q->text, q->operation,
			         verdict.allowed ? "allowed" : "refused: ", verdict.reason);
		if (q->field)
			assert_string_equal(verdict.field, q->field);
	}
}
