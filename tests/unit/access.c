/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who may do what: how rules meet who asks, and what is said to whom they do not allow it. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "policy/ask.h"
#include "quota.h"

static const char nothing[1];

/* ----------------------------------------------------------------------------------------------------- built-in policy */

static void test_built_in(void **state)
{
	_cleanup_(policy_free) struct policy *policy = NULL;
	const struct {
		const char *operation;
		const void *request;
		bool member;
	} row[] = {
		{ "link.list", REQUEST(link_list, .has_kind = false), true },
		{ "route.list", REQUEST(route_list, .has_table = false), true },
		{ "daemon.status", nothing, true },
		{ "wireguard.get", REQUEST(wireguard_get, .name = "wg0"), true },
		{ "vcan.create", REQUEST(vcan_create, .name = "vcan0"), true },
		{ "vcan.create", REQUEST(vcan_create, .name = "can0"), false },
		{ "vxcan.create", REQUEST(vxcan_create, .name = "vxcan0", .peer = "vcan1"), true },
		{ "vxcan.create", REQUEST(vxcan_create, .name = "vxcan0", .peer = "eth9"), false },
		{ "link.up", REQUEST(link_up, .name = "vcan0"), true },
		{ "link.delete", REQUEST(link_delete, .name = "vcan0"), true },
		{ "link.delete", REQUEST(link_delete, .name = "eth0"), false },
		{ "link.up", REQUEST(link_up, .name = "VCAN0"), false },
		{ "link.up", REQUEST(link_up, .name = "xvcan0"), false },
		/* the name of the new link is not all there is to it */
		{ "vlan.create", REQUEST(vlan_create, .parent = "eth0", .vlan_id = 5, GIVEN(name, "vcan5")), false },
		{ "wireguard.create", REQUEST(wireguard_create, .name = "vcan7"), false },
		{ "route.add", REQUEST(route_add, .route = { .destination = NET4(0, 0, 0, 0, 0), GIVEN(link, "vcan0") }), false },
		{ "forwarding.set", REQUEST(forwarding_set, .family = HYCAN_FAMILY_IPV4, .on = true), false },
	};

	(void)state;
	have_group_hycan = true;
	policy = policy_built_in();
	for (size_t i = 0; i < N(row); i++) {
		assert_true(judge(policy, &root, row[i].operation, row[i].request).allowed);
		assert_false(judge(policy, &stranger, row[i].operation, row[i].request).allowed);
		if (judge(policy, &carol, row[i].operation, row[i].request).allowed != row[i].member)
			fail_msg("row %zu: %s", i, row[i].operation);
	}
}

static void test_built_in_without_the_group(void **state)
{
	_cleanup_(policy_free) struct policy *policy = policy_built_in();
	const struct identity zero = { .subject = 4711, .gid = 0 };

	(void)state;
	assert_true(judge(policy, &root, "vcan.create", REQUEST(vcan_create, .name = "vcan0")).allowed);
	/* neither a member of a group that has the number by chance, nor whoever is in group 0 */
	assert_false(judge(policy, &carol, "link.list", REQUEST(link_list, .has_kind = false)).allowed);
	assert_false(judge(policy, &zero, "link.list", REQUEST(link_list, .has_kind = false)).allowed);
}

static int collect(uint32_t line, const char *text, void *userdata)
{
	char *all = userdata;

	sprintf(all + strlen(all), "%u:%s\n", line, text);
	return 0;
}

static int stop(uint32_t line, const char *text, void *userdata)
{
	(void)text;
	(void)userdata;
	return (int)line;
}

static void test_rules_that_concern(void **state)
{
	_cleanup_(policy_free) struct policy *policy = NULL;
	char all[2048] = "";

	(void)state;
	have_group_hycan = true;
	policy = policy_built_in();
	assert_int_equal(policy_visit_rules(policy, &carol, collect, all), 0);
	assert_string_equal(all, "0:allow @hycan read\n0:allow @hycan link,can,vcan,vxcan name=vcan*,vxcan*\n");
	all[0] = '\0';
	policy_visit_rules(policy, &root, collect, all);
	assert_string_equal(all, "0:allow root all\n");
	all[0] = '\0';
	policy_visit_rules(policy, &stranger, collect, all);
	assert_string_equal(all, "");
	policy_free(&policy);

	policy = policy_of(
		"# a comment\n\nallow   alice\tread   # looks\n deny @staff link.* name=eth*\nallow * vcan\nallow bob all");
	policy_visit_rules(policy, &alice, collect, all);
	assert_string_equal(all, "3:allow alice read\n4:deny @staff link.* name=eth*\n5:allow * vcan\n");
	all[0] = '\0';
	policy_visit_rules(policy, &root, collect, all);
	assert_string_equal(all, "5:allow * vcan\n0:allow root all\n");
	assert_int_equal(policy_visit_rules(policy, &alice, stop, NULL), 3);
}

/* ---------------------------------------------------------------------------------------------------- who, what, order */

static void test_who(void **state)
{
	static const struct {
		const char *text;
		bool alice, bob, stranger;
	} row[] = {
		{ "allow alice read", true, false, false },
		{ "allow 1000 read", true, false, false },
		{ "allow @staff read", true, true, false },
		{ "allow @50 read", true, true, false },
		{ "allow * read", true, true, true },
		{ "allow @1000 read", true, false, false },
		{ "allow 50 read", false, false, false },
		{ "allow root read", false, false, false },
		{ "allow 4294967294 read", false, false, false },
		{ "", false, false, false },
		{ "# allow * read", false, false, false },
		{ "deny alice all\nallow * read", false, true, true },
		{ "allow * read\ndeny alice all", true, true, true },
		{ "deny @staff all\nallow * read", false, false, true },
		{ "allow alice read\ndeny @staff all\nallow * all", true, false, true },
	};

	(void)state;
	for (size_t i = 0; i < N(row); i++) {
		_cleanup_(policy_free) struct policy *policy = policy_of(row[i].text);
		const void *request = REQUEST(link_list, .has_kind = false);

		if (judge(policy, &alice, "link.list", request).allowed != row[i].alice ||
		    judge(policy, &bob, "link.list", request).allowed != row[i].bob ||
		    judge(policy, &stranger, "link.list", request).allowed != row[i].stranger)
			fail_msg("“%s”", row[i].text);
	}
}

/* Root needs no rule, and a rule may say otherwise. */
static void test_root(void **state)
{
	static const struct {
		const char *text;
		bool allowed;
	} row[] = {
		{ "", true },
		{ "allow alice read", true },
		{ "deny alice all", true },
		{ "deny root link.up", false },
		{ "deny 0 link.up name=eth0", false },
		{ "deny root link.up name=vcan*", true },
		{ "allow root link.up name=eth0\ndeny root all", true },
		{ "deny @0 write", false },
		{ "deny * write name=eth0", false },
	};

	(void)state;
	for (size_t i = 0; i < N(row); i++) {
		_cleanup_(policy_free) struct policy *policy = policy_of(row[i].text);

		if (judge(policy, &root, "link.up", REQUEST(link_up, .name = "eth0")).allowed != row[i].allowed)
			fail_msg("“%s”", row[i].text);
	}
}

static void test_what(void **state)
{
	const struct question question[] = {
		{ "allow alice read", "link.list", REQUEST(link_list, .has_kind = false), YES },
		{ "allow alice read", "link.up", REQUEST(link_up, .name = "a"), NO },
		{ "allow alice write", "link.up", REQUEST(link_up, .name = "a"), YES },
		{ "allow alice write", "link.list", REQUEST(link_list, .has_kind = false), NO },
		{ "allow alice all", "link.up", REQUEST(link_up, .name = "a"), YES },
		{ "allow alice all", "daemon.status", nothing, YES },
		{ "allow alice vlan", "vlan.create", REQUEST(vlan_create, .parent = "a", .vlan_id = 1), YES },
		{ "allow alice vlan", "vcan.create", REQUEST(vcan_create, .name = "a"), NO },
		{ "allow alice can", "vcan.create", REQUEST(vcan_create, .name = "a"), NO },
		{ "allow alice vlan.create", "vlan.create", REQUEST(vlan_create, .parent = "a", .vlan_id = 1), YES },
		{ "allow alice link.up", "link.down", REQUEST(link_down, .name = "a"), NO },
		{ "allow alice link.*", "link.down", REQUEST(link_down, .name = "a"), YES },
		{ "allow alice *.create", "vcan.create", REQUEST(vcan_create, .name = "a"), YES },
		{ "allow alice *.create", "link.down", REQUEST(link_down, .name = "a"), NO },
		{ "allow alice vcan,read,link.up", "link.up", REQUEST(link_up, .name = "a"), YES },
		{ "allow alice vcan,read,link.up", "route.list", REQUEST(route_list, .has_table = false), YES },
		{ "allow alice vcan,read,link.up", "link.down", REQUEST(link_down, .name = "a"), NO },
		{ "deny alice link.up\nallow alice link", "link.up", REQUEST(link_up, .name = "a"), NO },
		{ "deny alice link.up\nallow alice link", "link.down", REQUEST(link_down, .name = "a"), YES },
	};

	(void)state;
	ask(question, N(question));
}

/* What is open to everybody stays so. */
static void test_open_operations(void **state)
{
	_cleanup_(policy_free) struct policy *policy = policy_of("deny * all");

	(void)state;
	assert_true(judge(policy, &stranger, "session.hello", REQUEST(session_hello, .version = 1)).allowed);
	assert_true(judge(policy, &stranger, "session.whoami", nothing).allowed);
	assert_true(judge(policy, &stranger, "session.describe", nothing).allowed);
	assert_false(judge(policy, &stranger, "daemon.status", nothing).allowed);
}

/* Another machine is no user: only what names it is about it. */
static void test_machines(void **state)
{
	static const struct identity machine = { .subject = SUBJECT_MACHINE | ALICE, .gid = (gid_t)-1 };
	static const struct identity privileged = { .subject = SUBJECT_MACHINE | ALICE, .privileged = true, .gid = (gid_t)-1 };
	/* the number of root's, and of nobody's group */
	static const struct identity zero = { .subject = SUBJECT_MACHINE, .privileged = true, .gid = (gid_t)-1 };
	static const struct {
		const char *text;
		bool machine, privileged, zero, user;
		bool greeted; /* all machines, whatever else they may */
	} row[] = {
		{ "allow * link", false, false, false, true, false },
		{ "allow alice link\nallow @staff link\nallow @0 link", false, false, false, true, false },
		{ "allow 1000 link\nallow 0 link", false, false, false, true, false },
		{ "allow cid:1000 link", true, true, false, false, false },
		{ "allow cid:1000:root link", false, true, false, false, false },
		{ "allow cid:0 link", false, false, true, false, false },
		{ "allow cid:* link", true, true, true, false, false },
		{ "allow cid:*:root link", false, true, true, false, false },
		{ "deny cid:1000 link\nallow cid:* link\nallow * link", false, false, true, true, true },
		{ "deny * all\nallow cid:1000 link", true, true, false, false, false },
	};

	(void)state;
	for (size_t i = 0; i < N(row); i++) {
		_cleanup_(policy_free) struct policy *policy = policy_of(row[i].text);
		const struct {
			const struct identity *who;
			bool allowed;
		} ask[] = { { &machine, row[i].machine },
			    { &privileged, row[i].privileged },
			    { &zero, row[i].zero },
			    { &alice, row[i].user } };

		for (size_t k = 0; k < N(ask); k++) {
			bool may = judge(policy, ask[k].who, "link.list", REQUEST(link_list, .has_kind = false)).allowed;
			bool may_connect = judge(policy, ask[k].who, "session.hello", REQUEST(session_hello, .version = 1)).allowed;

			if (may != ask[k].allowed || may_connect != (ask[k].allowed || row[i].greeted || ask[k].who == &alice))
				fail_msg("row %zu, %zu: %d %d", i, k, may, may_connect);
		}
	}
}

static void test_machines_in_sentences(void **state)
{
	static const struct identity machine = { .subject = SUBJECT_MACHINE | 3, .gid = (gid_t)-1 };
	_cleanup_(policy_free) struct policy *policy = policy_built_in();

	(void)state;
	assert_string_equal(judge(policy, &machine, "session.hello", REQUEST(session_hello, .version = 1)).reason,
	                    "Machine 3 may not call session.hello: no rule of the built-in policy allows it, and there is no "
	                    "/etc/hycan/policy.conf.");
	assert_int_equal(policy_quota(policy, &machine, QUOTA_CONNECTIONS).value, 1024);
}

/* Whose things a request may be about; the rule that decides says so. */
static void test_owner(void **state)
{
	const struct hycan_link_delete_request request = { .name = "vcan0" };
	struct policy *policy = policy_of("allow alice link name=eth*\nallow alice link owner=any name=vcan*\nallow * link\n");
	struct policy_verdict verdict = judge(policy, &alice, "link.delete", &request);

	(void)state;
	assert_true(verdict.allowed && verdict.any_owner);
	verdict = judge(policy, &bob, "link.delete", &request);
	assert_true(verdict.allowed && !verdict.any_owner);
	policy_free(&policy);
}

/* -------------------------------------------------------------------------------------------------------- the sentence */

static void test_reasons(void **state)
{
	_cleanup_(policy_free) struct policy *policy = NULL;
	struct policy_verdict verdict;
	char expected[400], long_text[600] = "deny alice link name=";

	(void)state;
	policy = policy_of(
		"allow alice link name=vcan*\n\ndeny alice route prefix=10.0.0.0/8\nallow alice read\nallow alice daemon\n");
	verdict = judge(policy, &alice, "route.add", REQUEST(route_add, .route = { .destination = NET4(10, 1, 0, 0, 16) }));
	snprintf(expected, sizeof(expected),
	         "User 1000 may not call route.add with destination “10.1.0.0/16”: denied by %s:3 “deny alice route "
	         "prefix=10.0.0.0/8”.",
	         policy_path);
	assert_string_equal(verdict.reason, expected);
	assert_int_equal(verdict.line, 3);

	verdict = judge(policy, &alice, "link.up", REQUEST(link_up, .name = "eth0"));
	snprintf(expected, sizeof(expected),
	         "User 1000 may not call link.up with name “eth0”: no rule allows it; nearest is %s:1 “allow alice link "
	         "name=vcan*”.",
	         policy_path);
	assert_string_equal(verdict.reason, expected);
	assert_int_equal(verdict.line, 0);
	assert_string_equal(verdict.field, "name");

	verdict = judge(policy, &alice, "vcan.create", REQUEST(vcan_create, .name = "vcan0"));
	snprintf(expected, sizeof(expected), "User 1000 may not call vcan.create: no rule of %s allows it.", policy_path);
	assert_string_equal(verdict.reason, expected);
	assert_null(verdict.field);

	verdict = judge(policy, &alice, "link.list", REQUEST(link_list, .has_kind = false));
	assert_true(verdict.allowed);
	assert_int_equal(verdict.line, 4);
	policy_free(&policy);

	policy = policy_built_in();
	verdict = judge(policy, &alice, "vcan.create", REQUEST(vcan_create, .name = "vcan0"));
	assert_string_equal(verdict.reason,
	                    "User 1000 may not call vcan.create: no rule of the built-in policy allows it, and there "
	                    "is no /etc/hycan/policy.conf.");
	policy_free(&policy);

	/* what does not fit is cut, and says so */
	for (size_t i = strlen(long_text); i < 480; i += 4)
		strcpy(long_text + i, "abc,");
	strcat(long_text, "eth0");
	policy = policy_of(long_text);
	verdict = judge(policy, &alice, "link.up", REQUEST(link_up, .name = "eth0"));
	assert_non_null(strstr(verdict.reason, "abc,"));
	assert_non_null(strstr(verdict.reason, "…"));
	assert_true(strlen(verdict.reason) < sizeof(verdict.reason));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_built_in, policy_world),
		cmocka_unit_test_setup(test_built_in_without_the_group, policy_world),
		cmocka_unit_test_setup(test_rules_that_concern, policy_world),
		cmocka_unit_test_setup(test_who, policy_world),
		cmocka_unit_test_setup(test_root, policy_world),
		cmocka_unit_test_setup(test_what, policy_world),
		cmocka_unit_test_setup(test_open_operations, policy_world),
		cmocka_unit_test_setup(test_machines, policy_world),
		cmocka_unit_test_setup(test_machines_in_sentences, policy_world),
		cmocka_unit_test_setup(test_owner, policy_world),
		cmocka_unit_test_setup(test_reasons, policy_world),
	};

	return cmocka_run_group_tests_name("access", tests, policy_create_file, policy_remove_file);
}
