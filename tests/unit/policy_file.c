/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file of a policy: what is not read, and why; how much there may be; and the example. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "policy/ask.h"

static void test_broken_lines(void **state)
{
	static const struct {
		const char *text;
		unsigned line;
		const char *reason;
	} row[] = {
		{ "permit alice read", 1, "“permit” is neither allow, deny nor quota" },
		{ "\n\n  Allow alice read", 3, "“Allow” is neither allow, deny nor quota" },
		{ "allow", 1, "something is missing behind “allow”" },
		{ "allow alice", 1, "something is missing behind “alice”" },
		{ "allow alice # read", 1, "something is missing" },
		{ "allow mallory read", 1, "there is no user “mallory”" },
		{ "allow @mallory read", 1, "there is no group “mallory”" },
		{ "allow @hycan read", 1, "there is no group “hycan”" },
		{ "allow 4294967295 read", 1, "is the number of nobody" },
		{ "allow @4294967295 read", 1, "is the number of nobody" },
		{ "allow 99999999999 read", 1, "there is no user" },
		{ "allow -1 read", 1, "there is no user" },
		{ "allow 01000 read", 1, "there is no user" },
		{ "allow @ read", 1, "“@” is nobody" },
		{ "allow cid: read", 1, "“cid:” is no machine" },
		{ "allow cid:x read", 1, "“cid:x” is no machine; write cid:NUMBER, or cid:* for every one" },
		{ "allow cid:-1 read", 1, "is no machine" },
		{ "allow cid:03 read", 1, "is no machine" },
		{ "allow cid:4294967295 read", 1, "is no machine" },
		{ "allow cid:3: read", 1, "is no machine" },
		{ "allow cid:3:roots read", 1, "is no machine" },
		{ "allow cid:** read", 1, "is no machine" },
		{ "quota cid:3:x objects=1", 1, "is no machine" },
		{ "allow al* read", 1, "“al*” is nobody" },
		{ "allow alice,bob read", 1, "“alice,bob” is nobody" },
		{ "allow alice vlam", 1, "“vlam” is no operation and no class" },
		{ "allow alice vlam", 1, "link, vcan, vxcan, can, vlan" },
		{ "allow alice vlan.make", 1, "“vlan.make” is no operation" },
		{ "allow alice v*", 1, "“v*” is no operation" },
		{ "allow alice vlan,,vcan", 1, "comma" },
		{ "allow alice vlan,", 1, "comma" },
		{ "allow alice vlan, vcan", 1, "comma" },
		{ "allow alice session", 1, "“session” is open to everybody" },
		{ "deny alice session.netns", 1, "“session.netns” is open to everybody" },
		{ "allow alice link eth0", 1, "“eth0” is no condition" },
		{ "allow alice link link=eth0", 1, "“link” is no condition" },
		{ "allow alice link name=", 1, "comma" },
		{ "allow alice link name=a,", 1, "comma" },
		{ "allow alice link name=a name=b", 1, "name= is there twice" },
		{ "allow alice link owner=bob", 1, "write owner=any" },
		{ "deny alice link owner=any", 1, "owner=any is for allow" },
		{ "allow alice link name=a/b", 1, "“a/b” is no pattern" },
		{ "allow alice link name=0123456789012345678901234567890123456789", 1, "is no pattern" },
		{ "allow alice link port=80", 1, "no operation of this rule has a field for port=" },
		{ "deny alice link.list name=eth0", 1, "no operation of this rule has a field for name=" },
		{ "allow alice daemon table=1", 1, "no operation of this rule has a field for table=" },
		{ "allow alice route prefix=10.0.0.1/8", 1, "bits set behind its prefix length" },
		{ "allow alice route prefix=10.0.0.0/33", 1, "is no network" },
		{ "allow alice route prefix=ten", 1, "“ten” is no network" },
		{ "allow alice route prefix=::ffff:10.0.0.0/104", 1, "write it as IPv4" },
		{ "allow alice port port=0", 1, "“0” is no port" },
		{ "allow alice port port=9-8", 1, "“9-8” is no port" },
		{ "allow alice port port=65536", 1, "“65536” is no port" },
		{ "allow alice port port=http", 1, "“http” is no port" },
		{ "allow alice route table=0", 1, "“0” is no routing table" },
		{ "allow alice route table=mian", 1, "“mian” is no routing table" },
		{ "allow alice route table=4294967296", 1, "is no routing table" },
		{ "allow alice route table=18446744073709551617", 1, "is no routing table" },
		{ "allow alice route table=2-1", 1, "“2-1” is no routing table" },
		{ "allow alice route table=1-", 1, "“1-” is no routing table" },
		{ "allow alice route table=-1", 1, "“-1” is no routing table" },
		{ "allow alice read\nallow bob read\r\n", 2, "control character (0x0d)" },
		{ "allow alice read\n# \033[2J\n", 2, "control character (0x1b)" },
		{ "allow alice read\n\nallow alice rea", 3, "“rea” is no operation" },
	};

	(void)state;
	for (size_t i = 0; i < N(row); i++) {
		struct policy *policy = (struct policy *)0x1;
		char reason[1024], where[100];
		int r;

		policy_write_file(row[i].text, strlen(row[i].text));
		r = policy_read(policy_path, &policy, reason, sizeof(reason));
		if (r != -EINVAL)
			fail_msg("“%s” gave %d", row[i].text, r);
		assert_ptr_equal(policy, (struct policy *)0x1);
		snprintf(where, sizeof(where), "%s:%u: ", policy_path, row[i].line);
		if (strncmp(reason, where, strlen(where)) != 0 || !strstr(reason, row[i].reason))
			fail_msg("“%s”: %s", row[i].text, reason);
	}
}

static int read_failing(char *reason, size_t size)
{
	struct policy *policy = NULL;
	int r = policy_read(policy_path, &policy, reason, size);

	assert_true(r < 0);
	assert_null(policy);
	return r;
}

static void test_broken_files(void **state)
{
	struct policy *policy = NULL;
	char reason[512];

	(void)state;
	policy_write_file("allow alice read", 16);
	assert_int_equal(chmod(policy_path, 0620), 0);
	assert_int_equal(read_failing(reason, sizeof(reason)), -EPERM);
	assert_non_null(strstr(reason, "chmod go-w"));
	assert_int_equal(chmod(policy_path, 0602), 0);
	assert_int_equal(read_failing(reason, sizeof(reason)), -EPERM);
	assert_int_equal(chmod(policy_path, 0644), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(policy_path, ALICE, 0), 0);
		assert_int_equal(read_failing(reason, sizeof(reason)), -EPERM);
		assert_non_null(strstr(reason, "belongs to uid 1000"));
		assert_int_equal(chown(policy_path, 0, 0), 0);
	}
	assert_int_equal(policy_read("/dev", &policy, reason, sizeof(reason)), -EINVAL);
	assert_non_null(strstr(reason, "/dev: this is no file"));
	assert_int_equal(policy_read("/dev/null", &policy, reason, sizeof(reason)), -EINVAL);
	assert_int_equal(policy_read("/dev/null/policy.conf", &policy, reason, sizeof(reason)), -ENOTDIR);
	assert_non_null(strstr(reason, "cannot be read"));
	policy_write_file("allow alice read\nallow\0 bob read\n", 33);
	assert_int_equal(read_failing(reason, sizeof(reason)), -EINVAL);
	assert_non_null(strstr(reason, ":2: there is a control character (0x00)"));
	lookup_fails = EIO;
	policy_write_file("allow @nobody read", 18);
	assert_int_equal(read_failing(reason, sizeof(reason)), -EIO);
	assert_non_null(strstr(reason, ":1: the group “nobody” cannot be looked up (Input/output error)"));
}

static void test_limits(void **state)
{
	_cleanup_(policy_free) struct policy *policy = NULL;
	_cleanup_free_ char *text = malloc(2 << 20);
	char reason[1024];
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 1024; i++)
		n += (size_t)sprintf(text + n, "allow alice read\n");
	policy_write_file(text, n);
	assert_int_equal(policy_read(policy_path, &policy, reason, sizeof(reason)), 0);
	n += (size_t)sprintf(text + n, "# no rule\nallow bob read\n");
	policy_write_file(text, n);
	assert_int_equal(read_failing(reason, sizeof(reason)), -E2BIG);
	assert_non_null(strstr(reason, ":1026: this is rule 1025, and 1024 are the most"));

	n = (size_t)sprintf(text, "\nallow alice link name=");
	while (n < 513)
		n += (size_t)sprintf(text + n, "a,");
	text[n++] = 'a';
	policy_write_file(text, n);
	assert_int_equal(read_failing(reason, sizeof(reason)), -EINVAL);
	assert_non_null(strstr(reason, ":2: the line is longer than 511 bytes"));
	/* a comment may be as long as it likes */
	n = (size_t)sprintf(text, "allow alice read #");
	memset(text + n, 'x', 2000);
	policy_write_file(text, n + 2000);
	policy_free(&policy);
	assert_int_equal(policy_read(policy_path, &policy, reason, sizeof(reason)), 0);

	memset(text, '\n', 2 << 20);
	policy_write_file(text, (1 << 20) + 1);
	assert_int_equal(read_failing(reason, sizeof(reason)), -EFBIG);
	assert_non_null(strstr(reason, "larger than 1048576 bytes"));
}

/* ------------------------------------------------------------------------------------------------------------ example */

static void test_example(void **state)
{
	_cleanup_(policy_free) struct policy *policy = NULL;
	struct identity manager = { .subject = 1, .gid = 1 };
	struct identity adm = { .subject = 2000, .gid = 4 };
	struct identity vpn = { .subject = 970, .gid = 970 };
	struct hycan_route_add_request route = {
		.route = { .destination = NET4(10, 8, 1, 0, 24), GIVEN(link, "wg0"), GIVEN(table, 100) }
	};
	char reason[512];

	(void)state;
	have_group_hycan = true;
	if (policy_read(HYCAN_EXAMPLES "/policy.conf", &policy, reason, sizeof(reason)) < 0)
		fail_msg("%s", reason);
	assert_true(judge(policy, &stranger, "link.list", REQUEST(link_list, .has_kind = false)).allowed);
	assert_false(judge(policy, &stranger, "link.up", REQUEST(link_up, .name = "vcan0")).allowed);
	assert_true(judge(policy, &carol, "can.set", REQUEST(can_set, .name = "can0")).allowed);
	assert_false(judge(policy, &carol, "link.delete", REQUEST(link_delete, .name = "can0")).allowed);
	assert_false(judge(policy, &root, "link.down", REQUEST(link_down, .name = "eth0")).allowed);
	assert_true(judge(policy, &root, "link.down", REQUEST(link_down, .name = "eth1")).allowed);
	assert_true(judge(policy, &manager, "masquerade.add",
	                  REQUEST(masquerade_add, .masquerade = { .subnet = NET4(172, 18, 0, 0, 16) }))
	                    .allowed);
	assert_false(judge(policy, &manager, "masquerade.add",
	                   REQUEST(masquerade_add, .masquerade = { .subnet = NET4(172, 0, 0, 0, 8) }))
	                     .allowed);
	assert_true(judge(policy, &adm, "vlan.create", REQUEST(vlan_create, .parent = "eth1", .vlan_id = 5, GIVEN(name, "eth1.5")))
	                    .allowed);
	assert_false(judge(policy, &adm, "link.down", REQUEST(link_down, .name = "eth1")).allowed);
	assert_true(judge(policy, &vpn, "route.add", &route).allowed);
	route.route.table = 254;
	assert_false(judge(policy, &vpn, "route.add", &route).allowed);
	route.route.table = 100;
	route.route.has_link = false;
	assert_false(judge(policy, &vpn, "route.add", &route).allowed);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_broken_lines, policy_world),
		cmocka_unit_test_setup(test_broken_files, policy_world),
		cmocka_unit_test_setup(test_limits, policy_world),
		cmocka_unit_test_setup(test_example, policy_world),
	};

	return cmocka_run_group_tests_name("policy_file", tests, policy_create_file, policy_remove_file);
}
