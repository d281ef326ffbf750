/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Quotas: the lines that set them, whom they are about, and what is counted. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <hycan/types.h>

#include "cleanup.h"
#include "identity.h"
#include "policy.h"
#include "quota.h"

#define N(array) (sizeof(array) / sizeof(*(array)))
#define SECOND   UINT64_C(1000000000)
#define MIB      (UINT64_C(1) << 20)

enum { ALICE = 1000, BOB = 1001, STAFF = 50, LINK = HYCAN_OBJECT_KIND_LINK, ROUTE = HYCAN_OBJECT_KIND_ROUTE };

static gid_t staff[] = { 7, STAFF };
static const struct identity root = { .subject = 0, .gid = 0 };
static const struct identity alice = { .subject = ALICE, .gid = ALICE, .groups = staff, .n_groups = 2 };
static const struct identity bob = { .subject = BOB, .gid = BOB };

/* --------------------------------------------------------------------------------------------------------- the policy */

static char path[] = "/tmp/hycan-quota.XXXXXX";

static int create_file(void **state)
{
	_cleanup_close_ int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : 0;
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

static int try_text(const char *text, struct policy **ret_policy, char *reason, size_t size)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	return policy_read(path, ret_policy, reason, size);
}

static struct policy *read_text(const char *text)
{
	struct policy *policy = NULL;
	char reason[512];

	if (try_text(text, &policy, reason, sizeof(reason)) < 0)
		fail_msg("“%s” is not read: %s", text, reason);
	return policy;
}

static uint64_t value(const struct policy *policy, const struct identity *identity, unsigned int quota)
{
	return policy_quota(policy, identity, quota).value;
}

static void test_lines(void **state)
{
	_cleanup_(policy_free) struct policy *policy = read_text("# quotas\n"
	                                                         "quota 1000 connections=3  # Alice\n"
	                                                         "allow * read\n"
	                                                         "quota\t@50 connections=5 bytes=64K objects.route=7\n"
	                                                         "quota * bytes=3M requests=600/min objects=unlimited\n"
	                                                         "quota * bytes=1\n");
	struct quota_limit limit;

	(void)state;
	/* the first line that is about somebody and the quota */
	assert_int_equal(value(policy, &alice, QUOTA_CONNECTIONS), 3);
	assert_int_equal(value(policy, &alice, QUOTA_BYTES), 65536);
	assert_int_equal(value(policy, &alice, QUOTA_OBJECTS + ROUTE), 7);
	assert_int_equal(value(policy, &bob, QUOTA_BYTES), 3 * MIB);
	assert_int_equal(value(policy, &bob, QUOTA_OBJECTS), QUOTA_UNLIMITED);
	limit = policy_quota(policy, &bob, QUOTA_REQUESTS);
	assert_int_equal(limit.value, 600);
	assert_int_equal(limit.period_ns, 60 * SECOND);
	assert_int_equal(quota_limit_line(&limit), 5);
	/* everybody is root, too, as in rules */
	assert_int_equal(value(policy, &root, QUOTA_BYTES), 3 * MIB);
	assert_int_equal(value(policy, &root, QUOTA_CONNECTIONS), QUOTA_UNLIMITED);
	/* what no line says, the built-in ones do */
	limit = policy_quota(policy, &bob, QUOTA_CONNECTIONS);
	assert_int_equal(limit.value, 1024);
	assert_int_equal(quota_limit_line(&limit), 0);
	assert_int_equal(value(policy, &bob, QUOTA_OBJECTS + ROUTE), QUOTA_UNLIMITED);
}

static void test_built_in(void **state)
{
	struct policy *policy = NULL;
	char reason[512];

	(void)state;
	assert_int_equal(policy_read("/nonexistent", &policy, reason, sizeof(reason)), 0);
	assert_int_equal(value(policy, &bob, QUOTA_CONNECTIONS), 1024);
	assert_int_equal(value(policy, &bob, QUOTA_BYTES), 64 * MIB);
	assert_int_equal(value(policy, &bob, QUOTA_REQUESTS), 1000000);
	assert_int_equal(value(policy, &bob, QUOTA_OBJECTS), 65536);
	assert_int_equal(value(policy, &bob, QUOTA_OBJECTS + LINK), 1024);
	for (unsigned int quota = 0; quota < N_QUOTAS; quota++)
		assert_int_equal(value(policy, &root, quota), QUOTA_UNLIMITED);
	policy_free(&policy);
}

static void test_broken_lines(void **state)
{
	static const struct {
		const char *line, *part;
	} broken[] = {
		{ "quota", "something is missing behind “quota”" },
		{ "quota alice", "something is missing behind “alice”" },
		{ "quotas * bytes=1", "neither allow, deny nor quota" },
		{ "quota 1000 bytes", "“bytes” is no quota; write connections=" },
		{ "quota 1000 byte=1", "“byte” is no quota" },
		{ "quota 1000 objects.vcan=1", "“objects.vcan”: there are no objects of that kind; write one of: link, address" },
		{ "quota 1000 objects.=1", "no objects of that kind" },
		{ "quota 1000 bytes=", "“” is no size" },
		{ "quota 1000 bytes=1T", "“1T” is no size; write one such as 65536, 64K" },
		{ "quota 1000 bytes=K", "“K” is no size" },
		{ "quota 1000 bytes=-1", "“-1” is no size" },
		{ "quota 1000 bytes=99999999999G", "is no size" },
		{ "quota 1000 requests=100", "“100” is no number of requests; write one such as 100/s" },
		{ "quota 1000 requests=0/s", "is no number of requests" },
		{ "quota 1000 requests=1/d", "is no number of requests" },
		{ "quota 1000 requests=/s", "is no number of requests" },
		{ "quota 1000 requests=1000000001/s", "is no number of requests" },
		{ "quota 1000 connections=many", "“many” is no number; write one such as 100, or unlimited" },
		{ "quota 1000 connections=1 connections=2", "connections= is there twice" },
		{ "quota @nogroupofthisname bytes=1", "there is no group “nogroupofthisname”" },
		{ "quota a,b bytes=1", "“a,b” is nobody" },
	};

	(void)state;
	for (size_t i = 0; i < N(broken); i++) {
		struct policy *policy = NULL;
		char text[256], reason[512], begin[64];

		snprintf(text, sizeof(text), "allow * read\n%s\n", broken[i].line);
		snprintf(begin, sizeof(begin), "%s:2: ", path);
		if (try_text(text, &policy, reason, sizeof(reason)) == 0)
			fail_msg("“%s” is read", broken[i].line);
		assert_null(policy);
		if (strncmp(reason, begin, strlen(begin)) != 0 || !strstr(reason, broken[i].part))
			fail_msg("“%s”: %s", broken[i].line, reason);
	}
}

static void test_sentences(void **state)
{
	_cleanup_(policy_free) struct policy *policy =
		read_text("quota 1000 bytes=65537 requests=10/h objects.wireguard_peer=4\nquota 1001 bytes=0 requests=unlimited");
	static const struct {
		const struct identity *identity;
		unsigned int quota;
		const char *text;
	} said[] = {
		{ &alice, QUOTA_BYTES, "bytes=65537 (/tmp/hycan-quota." },
		{ &alice, QUOTA_REQUESTS, "requests=10/h (/tmp/hycan-quota." },
		{ &alice, QUOTA_OBJECTS + HYCAN_OBJECT_KIND_WIREGUARD_PEER, "objects.wireguard_peer=4 (/tmp/hycan-quota." },
		{ &alice, QUOTA_OBJECTS, "objects=65536 (built in)" },
		{ &bob, QUOTA_BYTES, "bytes=0 (/tmp/hycan-quota." },
		{ &bob, QUOTA_REQUESTS, "requests=unlimited (/tmp/hycan-quota." },
		{ &root, QUOTA_BYTES, "bytes=unlimited (built in)" },
	};

	(void)state;
	for (size_t i = 0; i < N(said); i++) {
		struct quota_limit limit = policy_quota(policy, said[i].identity, said[i].quota);
		char text[128];

		policy_say_quota(policy, said[i].quota, &limit, text, sizeof(text));
		text[strlen(said[i].text)] = '\0';
		assert_string_equal(text, said[i].text);
	}
}

/* ---------------------------------------------------------------------------------------------------------- the table */

static const struct quota_limit unlimited = { .value = QUOTA_UNLIMITED };

static int table_begin(void **state)
{
	return quota_open((struct quota_table **)state);
}

static int table_end(void **state)
{
	quota_free((struct quota_table **)state);
	return 0;
}

static void test_requests(void **state)
{
	const struct quota_limit limit = { .value = 10, .period_ns = SECOND };
	struct quota_user *user, *again;
	uint64_t now = 5 * SECOND;

	assert_int_equal(quota_connect(*state, ALICE, now, &user), 0);
	for (int i = 0; i < 10; i++)
		assert_true(quota_pay(user, &limit, now));
	assert_false(quota_pay(user, &limit, now));
	assert_int_equal(quota_spent(user, &limit, now), 10);
	/* one a tenth of a second, and what is refused costs nothing */
	assert_false(quota_pay(user, &limit, now + SECOND / 10 - 1));
	assert_true(quota_pay(user, &limit, now + SECOND / 10));
	assert_false(quota_pay(user, &limit, now + SECOND / 10));
	/* another connection has no more */
	assert_int_equal(quota_connect(*state, ALICE, now, &again), 0);
	assert_ptr_equal(again, user);
	quota_disconnect(*state, &again, now);
	assert_null(again);
	/* nor has one behind the last */
	quota_disconnect(*state, &user, now);
	assert_int_equal(quota_connect(*state, ALICE, now, &user), 0);
	assert_false(quota_pay(user, &limit, now));
	now += 2 * SECOND;
	assert_int_equal(quota_spent(user, &limit, now), 0);
	for (int i = 0; i < 10; i++)
		assert_true(quota_pay(user, &limit, now));
	assert_false(quota_pay(user, &limit, now));
	assert_true(quota_pay(user, &unlimited, now));
	assert_int_equal(quota_spent(user, &unlimited, now), 0);
	quota_disconnect(*state, &user, now);
}

static void test_objects(void **state)
{
	const struct quota_limit of_link = { .value = 3 }, of_all = { .value = 5 };
	uint32_t objects[QUOTA_KINDS], used = 99;
	unsigned int quota = 99;

	assert_int_equal(quota_reserve(*state, ALICE, LINK, 2, &of_link, &of_all, &quota, &used), 0);
	/* what is reserved counts */
	assert_int_equal(quota_reserve(*state, ALICE, LINK, 2, &of_link, &of_all, &quota, &used), -EDQUOT);
	assert_int_equal(quota, QUOTA_OBJECTS + LINK);
	assert_int_equal(used, 0);
	quota_objects(*state, ALICE, objects);
	assert_int_equal(objects[LINK], 0);
	assert_int_equal(quota_hold(*state, ALICE, LINK, 2), 0);
	quota_unreserve(*state, ALICE, LINK, 2);
	quota_objects(*state, ALICE, objects);
	assert_int_equal(objects[LINK], 2);
	assert_int_equal(objects[0], 2);
	/* of all kinds together */
	assert_int_equal(quota_reserve(*state, ALICE, ROUTE, 4, &unlimited, &of_all, &quota, &used), -EDQUOT);
	assert_int_equal(quota, QUOTA_OBJECTS);
	assert_int_equal(used, 2);
	assert_int_equal(quota_reserve(*state, ALICE, ROUTE, 3, &unlimited, &of_all, &quota, &used), 0);
	quota_unreserve(*state, ALICE, ROUTE, 3);
	/* nobody else's */
	assert_int_equal(quota_reserve(*state, BOB, LINK, 3, &of_link, &of_all, &quota, &used), 0);
	quota_unreserve(*state, BOB, LINK, 3);
	assert_int_equal(quota_hold(*state, ALICE, LINK, -2), 0);
	quota_objects(*state, ALICE, objects);
	assert_int_equal(objects[0], 0);
	assert_int_equal(quota_hold(*state, 4711, LINK, -1), 0);
	assert_int_equal(quota_reserve(*state, ALICE, LINK, UINT32_MAX, &of_link, &of_all, &quota, &used), -EDQUOT);
}

/* However many users come and go, those who have nothing do not stay; who has something does. */
static void test_many_users(void **state)
{
	const struct quota_limit limit = { .value = 1, .period_ns = 3600 * SECOND };
	struct quota_user *user, *stays;
	uint32_t objects[QUOTA_KINDS];

	assert_int_equal(quota_connect(*state, 1, SECOND, &stays), 0);
	assert_true(quota_pay(stays, &limit, SECOND));
	assert_int_equal(quota_hold(*state, 2, LINK, 1), 0);
	for (uint64_t uid = 3; uid < 100000; uid++) {
		assert_int_equal(quota_connect(*state, uid, SECOND, &user), 0);
		assert_true(quota_pay(user, &limit, SECOND));
		quota_disconnect(*state, &user, SECOND);
	}
	assert_false(quota_pay(stays, &limit, SECOND));
	quota_objects(*state, 2, objects);
	assert_int_equal(objects[LINK], 1);
	/* one of the last is remembered, one of the first is not */
	assert_int_equal(quota_connect(*state, 99999, SECOND, &user), 0);
	assert_false(quota_pay(user, &limit, SECOND));
	quota_disconnect(*state, &user, SECOND);
	assert_int_equal(quota_connect(*state, 3, SECOND, &user), 0);
	assert_true(quota_pay(user, &limit, SECOND));
	quota_disconnect(*state, &user, SECOND);
	quota_disconnect(*state, &stays, SECOND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_built_in),
		cmocka_unit_test(test_broken_lines),
		cmocka_unit_test(test_sentences),
		cmocka_unit_test_setup_teardown(test_requests, table_begin, table_end),
		cmocka_unit_test_setup_teardown(test_objects, table_begin, table_end),
		cmocka_unit_test_setup_teardown(test_many_users, table_begin, table_end),
	};

	return cmocka_run_group_tests_name("quota", tests, create_file, remove_file);
}
