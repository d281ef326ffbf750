/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who may do what: identities, the language of the policy, and how rules meet requests.
 *
 * The users and groups of this machine do not matter: getpwnam_r() and getgrnam_r() below stand in for the system's.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cleanup.h"
#include "messages.h"
#include "policy.h"
#include "quota.h"
#include "subject.h"

#define N(array) (sizeof(array) / sizeof(*(array)))

enum { ALICE = 1000, BOB = 1001, STAFF = 50, HYCAN = 900 };

/* ------------------------------------------------------------------------------------------------- users and groups */

static bool have_group_hycan;
static int lookup_fails;

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
static const struct identity root = { .subject = 0, .gid = 0 };
static const struct identity alice = { .subject = ALICE, .gid = ALICE, .groups = staff, .n_groups = 2 };
static const struct identity bob = { .subject = BOB, .gid = STAFF };
static const struct identity carol = { .subject = 1002, .gid = 1002, .groups = hycan, .n_groups = 1 };
static const struct identity stranger = { .subject = 4711, .gid = 4711 };

/* ------------------------------------------------------------------------------------------------------------ helpers */

static char path[] = "/tmp/hycan-policy.XXXXXX";

static void write_file(const char *text, size_t size)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, size), (ssize_t)size);
}

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

static int world(void **state)
{
	(void)state;
	have_group_hycan = false;
	lookup_fails = 0;
	return chmod(path, 0600);
}

static struct policy *read_text(const char *text)
{
	struct policy *policy = NULL;
	char reason[512];
	int r;

	write_file(text, strlen(text));
	r = policy_read(path, &policy, reason, sizeof(reason));
	if (r < 0)
		fail_msg("“%s” is not read: %s", text, reason);
	return policy;
}

static struct policy_verdict judge(const struct policy *policy, const struct identity *identity, const char *name,
                                   const void *request)
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

/* A rule or several, what is asked, and whether alice may. */
struct question {
	const char *text;
	const char *operation;
	const void *request;
	bool allowed;
	const char *field; /* at fault, where that matters */
};

static void ask(const struct question *question, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct question *q = &question[i];
		_cleanup_(policy_free) struct policy *policy = read_text(q->text);
		struct policy_verdict verdict = judge(policy, &alice, q->operation, q->request);

		if (verdict.allowed != q->allowed)
			fail_msg("question %zu: “%s”: %s was %s%s", i, q->text, q->operation,
			         verdict.allowed ? "allowed" : "refused: ", verdict.reason);
		if (q->field)
			assert_string_equal(verdict.field, q->field);
	}
}

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

static const char nothing[1];

/* --------------------------------------------------------------------------------------------------------- identities */

static void test_identity_of_ourselves(void **state)
{
	struct identity identity;
	gid_t mine[1024];
	int fds[2], n;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	assert_int_equal(identity_from_socket(fds[0], &identity), 0);
	assert_int_equal(identity.subject, geteuid());
	assert_int_equal(identity.gid, getegid());
	assert_int_equal(identity.pid, getpid());
	n = getgroups(N(mine), mine);
	assert_int_equal(identity.n_groups, n);
	for (int i = 0; i < n; i++)
		assert_true(identity_in_group(&identity, mine[i]));
	assert_true(identity_in_group(&identity, getegid()));
	assert_false(identity_in_group(&identity, 123456));
	identity_done(&identity);
	identity_done(&identity);
	close(fds[0]);
	close(fds[1]);
}

static void connect_as_stranger(const struct sockaddr_un *address, socklen_t size)
{
	gid_t other[] = { 4713, 4712 };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char c;

	if (setgroups(2, other) < 0 || setresgid(4711, 4711, 4711) < 0 || setresuid(4711, 4711, 4711) < 0 ||
	    connect(fd, (const struct sockaddr *)address, size) < 0)
		_exit(1);
	/* until the other side has seen us */
	_exit(read(fd, &c, 1) < 0);
}

static void test_identity_of_another_user(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t size = sizeof(address);
	_cleanup_close_ int listener = -1, fd = -1;
	struct identity identity;
	pid_t child;
	int status;

	(void)state;
	if (geteuid() != 0)
		skip();
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	/* an abstract name that the kernel picks */
	assert_int_equal(bind(listener, (const struct sockaddr *)&address, sizeof(sa_family_t)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	child = fork();
	if (child == 0)
		connect_as_stranger(&address, size);
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(identity_from_socket(fd, &identity), 0);
	assert_int_equal(identity.subject, 4711);
	assert_int_equal(identity.gid, 4711);
	assert_int_equal(identity.pid, child);
	assert_int_equal(identity.n_groups, 2);
	assert_true(identity_in_group(&identity, 4712));
	assert_true(identity_in_group(&identity, 4713));
	assert_false(identity_in_group(&identity, 0));
	identity_done(&identity);
	cleanup_close(&fd);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* No word of the kernel, no identity; and what was there stays untouched. */
static void test_identity_fails_closed(void **state)
{
	_cleanup_close_ int alone = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	_cleanup_close_ int inet = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct identity identity = { .subject = 77 };
	int fds[2];

	(void)state;
	assert_int_equal(identity_from_socket(alone, &identity), -ENODATA);
	assert_int_equal(identity_from_socket(inet, &identity), -ENODATA);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(identity_from_socket(fds[0], &identity), -ENOTSOCK);
	assert_int_equal(identity_from_socket(-1, &identity), -EBADF);
	assert_int_equal(identity.subject, 77);
	close(fds[0]);
	close(fds[1]);
}

/* ----------------------------------------------------------------------------------------------------- built-in policy */

static struct policy *built_in(void)
{
	struct policy *policy = NULL;
	char reason[512];

	assert_int_equal(policy_read("/nowhere/policy.conf", &policy, reason, sizeof(reason)), 0);
	return policy;
}

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
	policy = built_in();
	for (size_t i = 0; i < N(row); i++) {
		assert_true(judge(policy, &root, row[i].operation, row[i].request).allowed);
		assert_false(judge(policy, &stranger, row[i].operation, row[i].request).allowed);
		if (judge(policy, &carol, row[i].operation, row[i].request).allowed != row[i].member)
			fail_msg("row %zu: %s", i, row[i].operation);
	}
}

static void test_built_in_without_the_group(void **state)
{
	_cleanup_(policy_free) struct policy *policy = built_in();
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
	policy = built_in();
	assert_int_equal(policy_visit_rules(policy, &carol, collect, all), 0);
	assert_string_equal(all, "0:allow @hycan read\n0:allow @hycan link,can,vcan,vxcan name=vcan*,vxcan*\n");
	all[0] = '\0';
	policy_visit_rules(policy, &root, collect, all);
	assert_string_equal(all, "0:allow root all\n");
	all[0] = '\0';
	policy_visit_rules(policy, &stranger, collect, all);
	assert_string_equal(all, "");
	policy_free(&policy);

	policy = read_text(
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
		_cleanup_(policy_free) struct policy *policy = read_text(row[i].text);
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
		_cleanup_(policy_free) struct policy *policy = read_text(row[i].text);

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
	_cleanup_(policy_free) struct policy *policy = read_text("deny * all");

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
		_cleanup_(policy_free) struct policy *policy = read_text(row[i].text);
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
	_cleanup_(policy_free) struct policy *policy = built_in();

	(void)state;
	assert_string_equal(judge(policy, &machine, "session.hello", REQUEST(session_hello, .version = 1)).reason,
	                    "Machine 3 may not call session.hello: no rule of the built-in policy allows it, and there is no "
	                    "/etc/hycan/policy.conf.");
	assert_int_equal(policy_quota(policy, &machine, QUOTA_CONNECTIONS).value, 1024);
}

/* --------------------------------------------------------------------------------------------------------- conditions */

static void test_names(void **state)
{
	const struct question question[] = {
		{ "allow alice link name=vcan*", "link.up", REQUEST(link_up, .name = "vcan0"), YES },
		{ "allow alice link name=vcan*", "link.up", REQUEST(link_up, .name = "eth0"), false, "name" },
		{ "allow alice link name=eth0", "link.up", REQUEST(link_up, .name = "eth01"), NO },
		{ "allow alice link name=eth?", "link.up", REQUEST(link_up, .name = "eth7"), YES },
		{ "allow alice link name=can[0-3]", "link.up", REQUEST(link_up, .name = "can3"), YES },
		{ "allow alice link name=can[0-3]", "link.up", REQUEST(link_up, .name = "can4"), NO },
		{ "allow alice link name=a,b,vcan*", "link.up", REQUEST(link_up, .name = "b"), YES },
		/* a read of all links names none */
		{ "allow alice link name=*", "link.list", REQUEST(link_list, .has_kind = false), NO },
		/* both ends of a pair */
		{ "allow alice vxcan name=vx*", "vxcan.create", REQUEST(vxcan_create, .name = "vx0", .peer = "vx1"), YES },
		{ "allow alice vxcan name=vx*", "vxcan.create", REQUEST(vxcan_create, .name = "vx0", .peer = "eth1"), false,
		  "peer" },
		{ "deny alice vxcan name=eth*\nallow alice vxcan", "vxcan.create",
		  REQUEST(vxcan_create, .name = "vx0", .peer = "eth1"), false, "peer" },
		{ "deny alice vxcan name=eth*\nallow alice vxcan", "vxcan.create", REQUEST(vxcan_create, .name = "a", .peer = "b"),
		  YES },
		/* a VLAN and the link it stands on */
		{ "allow alice vlan name=eth0.*", "vlan.create",
		  REQUEST(vlan_create, .parent = "eth0", .vlan_id = 5, GIVEN(name, "eth0.5")), false, "parent" },
		{ "allow alice vlan name=eth0,eth0.*", "vlan.create",
		  REQUEST(vlan_create, .parent = "eth0", .vlan_id = 5, GIVEN(name, "eth0.5")), YES },
		{ "allow alice vlan name=eth0,eth0.*", "vlan.create",
		  REQUEST(vlan_create, .parent = "eth0", .vlan_id = 5, GIVEN(name, "lan")), false, "name" },
		/* without a link it may be any */
		{ "allow alice forwarding name=veth*", "forwarding.set",
		  REQUEST(forwarding_set, .family = HYCAN_FAMILY_IPV4, GIVEN(interface, "veth0")), YES },
		{ "allow alice forwarding name=*", "forwarding.set", REQUEST(forwarding_set, .family = HYCAN_FAMILY_IPV4), false,
		  "interface" },
		{ "deny alice forwarding name=eth0\nallow alice all", "forwarding.set",
		  REQUEST(forwarding_set, .family = HYCAN_FAMILY_IPV4), false, "interface" },
		{ "deny alice forwarding name=eth0\nallow alice all", "forwarding.set",
		  REQUEST(forwarding_set, .family = HYCAN_FAMILY_IPV4, GIVEN(interface, "eth1")), YES },
		/* an operation without links is no concern of a rule about links */
		{ "deny alice all name=eth0\nallow alice all", "daemon.status", nothing, YES },
		{ "allow alice all name=eth0", "daemon.status", nothing, NO },
	};

	(void)state;
	ask(question, N(question));
}

static void test_prefixes(void **state)
{
	const struct question question[] = {
		{ "allow alice route prefix=10.0.0.0/8", "route.add",
		  REQUEST(route_add, .route = { .destination = NET4(10, 1, 0, 0, 16) }), YES },
		{ "allow alice route prefix=10.0.0.0/8", "route.add",
		  REQUEST(route_add, .route = { .destination = NET4(10, 0, 0, 0, 8) }), YES },
		{ "allow alice route prefix=10.0.0.0/8", "route.add",
		  REQUEST(route_add, .route = { .destination = NET4(10, 0, 0, 0, 7) }), false, "destination" },
		{ "allow alice route prefix=10.0.0.0/8", "route.add",
		  REQUEST(route_add, .route = { .destination = NET4(0, 0, 0, 0, 0) }), NO },
		{ "allow alice route prefix=10.0.0.0/8", "route.add", REQUEST(route_add, .route = { .destination = NET6(32) }),
		  NO },
		{ "allow alice route prefix=10.0.0.0/8,2001:db8::/32", "route.add",
		  REQUEST(route_add, .route = { .destination = NET6(48) }), YES },
		{ "allow alice route prefix=0.0.0.0/0", "route.add", REQUEST(route_add, .route = { .destination = NET6(48) }), NO },
		/* an address is in its network, and the whole network counts: the kernel makes a route for it */
		{ "allow alice address prefix=10.1.0.0/16", "address.add",
		  REQUEST(address_add, .link_address = { .link = "a", .address = NET4(10, 1, 2, 3, 24) }), YES },
		{ "allow alice address prefix=10.1.0.0/16", "address.add",
		  REQUEST(address_add, .link_address = { .link = "a", .address = NET4(10, 1, 2, 3, 8) }), false, "address" },
		{ "allow alice address prefix=10.1.0.0/16", "address.add",
		  REQUEST(address_add,
		          .link_address = { .link = "a", .address = NET4(10, 1, 2, 3, 32), GIVEN(peer, NET4(8, 8, 8, 8, 32)) }),
		  false, "peer" },
		{ "allow alice address prefix=10.1.0.0/16", "address.add",
		  REQUEST(address_add,
		          .link_address = { .link = "a", .address = NET4(10, 1, 2, 3, 24), GIVEN(broadcast, V4(9, 9, 9, 9)) }),
		  false, "broadcast" },
		/* deny reaches what it touches, from above and from below */
		{ "deny alice route prefix=10.0.0.0/8\nallow alice route", "route.add",
		  REQUEST(route_add, .route = { .destination = NET4(10, 1, 0, 0, 16) }), false, "destination" },
		{ "deny alice route prefix=10.0.0.0/8\nallow alice route", "route.add",
		  REQUEST(route_add, .route = { .destination = NET4(10, 0, 0, 0, 7) }), false, "destination" },
		{ "deny alice route prefix=10.0.0.0/8\nallow alice route", "route.add",
		  REQUEST(route_add, .route = { .destination = NET4(11, 0, 0, 0, 8) }), YES },
		{ "deny alice route prefix=10.0.0.0/8\nallow alice route", "route.add",
		  REQUEST(route_add, .route = { .destination = NET6(32) }), YES },
		/* IPv4 in IPv6 passes for IPv4 only where that refuses */
		{ "allow alice route prefix=10.0.0.0/8", "route.add",
		  REQUEST(route_add, .route = { .destination = MAPPED(10, 1, 0, 0, 112) }), NO },
		{ "allow alice route prefix=::/0", "route.add",
		  REQUEST(route_add, .route = { .destination = MAPPED(10, 1, 0, 0, 112) }), YES },
		{ "deny alice route prefix=10.0.0.0/8\nallow alice route", "route.add",
		  REQUEST(route_add, .route = { .destination = MAPPED(10, 1, 0, 0, 112) }), NO },
		{ "deny alice route prefix=10.0.0.0/8\nallow alice route", "route.add",
		  REQUEST(route_add, .route = { .destination = MAPPED(11, 1, 0, 0, 112) }), YES },
		/* a single address */
		{ "allow alice port prefix=172.18.0.0/16", "port.add",
		  REQUEST(port_add, .port_mapping = { .protocol = HYCAN_TRANSPORT_TCP, .to_address = V4(172, 18, 0, 2) }), YES },
		{ "allow alice port prefix=172.18.0.0/16", "port.add",
		  REQUEST(port_add, .port_mapping = { .protocol = HYCAN_TRANSPORT_TCP, .to_address = V4(172, 19, 0, 2) }), false,
		  "to_address" },
	};

	(void)state;
	ask(question, N(question));
}

static void test_ports(void **state)
{
#define PORTS(a, b) REQUEST(port_add, .port_mapping = { .host_port = { a, b }, .to_address = V4(172, 18, 0, 2) })
	const struct question question[] = {
		{ "allow alice port port=8000-8999", "port.add", PORTS(8000, 8999), YES },
		{ "allow alice port port=8000-8999", "port.add", PORTS(8080, 8080), YES },
		{ "allow alice port port=8000-8999", "port.add", PORTS(7999, 8000), false, "host_port" },
		{ "allow alice port port=8000-8999", "port.add", PORTS(8999, 9000), NO },
		{ "allow alice port port=80,443", "port.add", PORTS(443, 443), YES },
		{ "allow alice port port=80,443", "port.add", PORTS(80, 443), NO },
		{ "deny alice port port=22\nallow alice port", "port.add", PORTS(22, 22), false, "host_port" },
		{ "deny alice port port=22\nallow alice port", "port.add", PORTS(1, 1024), false, "host_port" },
		{ "deny alice port port=22\nallow alice port", "port.add", PORTS(23, 1024), YES },
		/* both conditions of a rule */
		{ "allow alice port port=80 prefix=172.18.0.0/16", "port.add", PORTS(80, 80), YES },
		{ "allow alice port port=80 prefix=172.19.0.0/16", "port.add", PORTS(80, 80), false, "to_address" },
		{ "allow alice port port=81 prefix=172.18.0.0/16", "port.add", PORTS(80, 80), false, "host_port" },
		{ "deny alice port port=80 prefix=172.18.0.0/16\nallow alice port", "port.add", PORTS(80, 80), NO },
		{ "deny alice port port=81 prefix=172.18.0.0/16\nallow alice port", "port.add", PORTS(80, 80), YES },
		/* an operation that has a field for one of them alone */
		{ "allow alice port port=80 prefix=172.18.0.0/16", "port.remove", REQUEST(port_remove, .host_port = { 80, 80 }),
		  NO },
		{ "allow alice port.remove port=80", "port.remove", REQUEST(port_remove, .host_port = { 80, 80 }), YES },
	};
#undef PORTS

	(void)state;
	ask(question, N(question));
}

static void test_tables(void **state)
{
#define TABLE(n) REQUEST(route_add, .route = { .destination = NET4(10, 0, 0, 0, 8), GIVEN(table, n) })
	const struct question question[] = {
		{ "allow alice route table=main", "route.add", TABLE(254), YES },
		{ "allow alice route table=main", "route.add", TABLE(100), NO },
		{ "allow alice route table=100-199", "route.add", TABLE(100), YES },
		{ "allow alice route table=100-199", "route.add", TABLE(199), YES },
		{ "allow alice route table=100-199", "route.add", TABLE(200), false, "table" },
		{ "allow alice route table=100-199", "route.add", TABLE(254), NO },
		{ "allow alice route table=100,4294967295", "route.add", TABLE(4294967295), YES },
		/* 0 is another name for main */
		{ "allow alice route table=1-253", "route.add", TABLE(0), NO },
		{ "deny alice route table=254\nallow alice route", "route.add", TABLE(0), NO },
		{ "deny alice route table=254\nallow alice route", "route.add", TABLE(100), YES },
		/* a rule that names no table is about main, and says so nowhere */
		{ "allow alice rule table=254", "rule.add", REQUEST(rule_add, .rule = { .family = HYCAN_FAMILY_IPV4 }), false,
		  "table" },
		{ "deny alice rule table=254\nallow alice rule", "rule.add",
		  REQUEST(rule_add, .rule = { .family = HYCAN_FAMILY_IPV4 }), false, "table" },
	};
#undef TABLE

	(void)state;
	ask(question, N(question));
}

/* What a request leaves out is anything at all, unless something else of the kind limits it. */
static void test_absent_fields(void **state)
{
	static const struct hycan_prefix inside = NET4(10, 1, 0, 0, 16), outside = NET4(11, 0, 0, 0, 8);
#define RULE(...)       REQUEST(rule_add, .rule = { .family = HYCAN_FAMILY_IPV4, __VA_ARGS__ })
#define MASQUERADE(...) REQUEST(masquerade_add, .masquerade = { .subnet = NET4(10, 1, 0, 0, 16), __VA_ARGS__ })
#define PEER(...)       REQUEST(wireguard_peer_set, .name = "wg0", .wireguard_peer_config = { __VA_ARGS__ })
	const struct question question[] = {
		{ "allow alice masquerade name=eth1", "masquerade.add", MASQUERADE(GIVEN(out_interface, "eth1")), YES },
		{ "allow alice masquerade name=eth1", "masquerade.add", MASQUERADE(), false, "out_interface" },
		{ "deny alice all name=eth0\nallow alice all", "masquerade.add", MASQUERADE(), false, "out_interface" },
		{ "deny alice all name=eth0\nallow alice all", "masquerade.add", MASQUERADE(GIVEN(out_interface, "eth1")), YES },
		/* one selector of a routing rule is enough to limit it */
		{ "allow alice rule prefix=10.0.0.0/8", "rule.add", RULE(GIVEN(from, NET4(10, 1, 0, 0, 16))), YES },
		{ "allow alice rule prefix=10.0.0.0/8", "rule.add", RULE(GIVEN(to, NET4(10, 1, 0, 0, 16))), YES },
		{ "allow alice rule prefix=10.0.0.0/8", "rule.add",
		  RULE(GIVEN(from, NET4(10, 1, 0, 0, 16)), GIVEN(to, NET4(11, 0, 0, 0, 8))), false, "to" },
		{ "allow alice rule prefix=10.0.0.0/8", "rule.add", RULE(), false, "from" },
		{ "deny alice rule prefix=10.0.0.0/8\nallow alice rule", "rule.add", RULE(), false, "from" },
		{ "deny alice rule prefix=10.0.0.0/8\nallow alice rule", "rule.add", RULE(GIVEN(from, NET4(11, 0, 0, 0, 8))), YES },
		/* and turned into its opposite it is about everything else */
		{ "allow alice rule prefix=10.0.0.0/8", "rule.add", RULE(GIVEN(from, NET4(10, 1, 0, 0, 16)), GIVEN(invert, true)),
		  false, "invert" },
		{ "allow alice rule prefix=10.0.0.0/8", "rule.add", RULE(GIVEN(from, NET4(10, 1, 0, 0, 16)), GIVEN(invert, false)),
		  YES },
		{ "deny alice rule prefix=10.0.0.0/8\nallow alice rule", "rule.add",
		  RULE(GIVEN(from, NET4(11, 0, 0, 0, 8)), GIVEN(invert, true)), false, "invert" },
		{ "allow alice rule", "rule.add", RULE(GIVEN(invert, true)), YES },
		/* a list that is absent or empty names nothing */
		{ "allow alice wireguard prefix=10.0.0.0/8", "wireguard.peer_set",
		  PEER(GIVEN(allowed_ips, &inside), .n_allowed_ips = 1), YES },
		{ "allow alice wireguard prefix=10.0.0.0/8", "wireguard.peer_set",
		  PEER(GIVEN(allowed_ips, &outside), .n_allowed_ips = 1), false, "allowed_ips" },
		{ "allow alice wireguard prefix=10.0.0.0/8", "wireguard.peer_set", PEER(), false, "allowed_ips" },
		{ "allow alice wireguard prefix=10.0.0.0/8", "wireguard.peer_set", PEER(.has_allowed_ips = true), NO },
		{ "deny alice wireguard prefix=10.0.0.0/8\nallow alice all", "wireguard.peer_set", PEER(), YES },
		{ "deny alice wireguard prefix=10.0.0.0/8\nallow alice all", "wireguard.peer_set",
		  PEER(GIVEN(allowed_ips, &inside), .n_allowed_ips = 1), false, "allowed_ips" },
	};
#undef RULE
#undef MASQUERADE
#undef PEER

	(void)state;
	ask(question, N(question));
}

/* Each route of a load and each nexthop of a route counts for itself. */
static void test_depth(void **state)
{
	static const struct hycan_nexthop good[] = { { GIVEN(link, "vcan0") }, { GIVEN(link, "vcan1") } };
	static const struct hycan_nexthop foreign[] = { { GIVEN(link, "vcan0") }, { GIVEN(link, "eth0") } };
	static const struct hycan_nexthop open[] = { { GIVEN(link, "vcan0") }, { GIVEN(via, V4(192, 168, 1, 1)) } };
#define TO_10 .destination = NET4(10, 1, 0, 0, 16)
	static const struct hycan_route good_routes[] = { { TO_10, GIVEN(link, "vcan0") },
		                                          { TO_10, GIVEN(nexthops, good), .n_nexthops = 2 } };
	static const struct hycan_route one_without[] = { { TO_10, GIVEN(link, "vcan0") }, { TO_10 } };
	static const struct hycan_route one_open[] = { { TO_10, GIVEN(link, "vcan0") },
		                                       { TO_10, GIVEN(nexthops, open), .n_nexthops = 2 } };
	static const struct hycan_route one_outside[] = { { TO_10, GIVEN(link, "vcan0") },
		                                          { .destination = NET4(11, 0, 0, 0, 8), GIVEN(link, "vcan0") } };
	static const struct hycan_prefix inside = NET4(10, 1, 0, 0, 16);
	static const struct hycan_wireguard_peer_config peers[] = { { GIVEN(allowed_ips, &inside), .n_allowed_ips = 1 },
		                                                    { .has_endpoint = false } };
#define LOAD(list)      REQUEST(route_load, .routes = list, .n_routes = N(list))
#define MULTIPATH(list) REQUEST(route_add, .route = { TO_10, GIVEN(nexthops, list), .n_nexthops = 2 })
	const struct question question[] = {
		{ "allow alice route name=vcan*", "route.add", MULTIPATH(good), YES },
		{ "allow alice route name=vcan*", "route.add", MULTIPATH(foreign), false, "link" },
		{ "allow alice route name=vcan*", "route.add", MULTIPATH(open), false, "link" },
		{ "deny alice route name=eth*\nallow alice route", "route.add", MULTIPATH(good), YES },
		{ "deny alice route name=eth*\nallow alice route", "route.add", MULTIPATH(foreign), false, "link" },
		{ "deny alice route name=eth*\nallow alice route", "route.add", MULTIPATH(open), false, "link" },
		{ "allow alice route name=vcan*", "route.load", LOAD(good_routes), YES },
		{ "allow alice route name=vcan*", "route.load", LOAD(one_without), false, "link" },
		{ "allow alice route name=vcan*", "route.load", LOAD(one_open), false, "link" },
		{ "allow alice route prefix=10.0.0.0/8", "route.load", LOAD(one_without), YES },
		{ "allow alice route prefix=10.0.0.0/8", "route.load", LOAD(one_outside), false, "destination" },
		{ "allow alice route prefix=10.0.0.0/8 name=vcan*", "route.load", LOAD(good_routes), YES },
		{ "deny alice route name=eth*\nallow alice route", "route.load", LOAD(one_without), false, "link" },
		{ "deny alice route prefix=11.0.0.0/8\nallow alice route", "route.load", LOAD(one_outside), false, "destination" },
		{ "deny alice route prefix=12.0.0.0/8\nallow alice route", "route.load", LOAD(one_outside), YES },
		/* nothing to load has nothing in it that a condition could be about */
		{ "allow alice route prefix=10.0.0.0/8", "route.load", REQUEST(route_load, .n_routes = 0), NO },
		{ "allow alice route", "route.load", REQUEST(route_load, .n_routes = 0), YES },
		{ "deny alice route prefix=10.0.0.0/8\nallow alice route", "route.load", REQUEST(route_load, .n_routes = 0), YES },
		{ "allow alice wireguard prefix=10.0.0.0/8", "wireguard.sync",
		  REQUEST(wireguard_sync, .name = "wg0", .peers = peers, .n_peers = 1), YES },
		{ "allow alice wireguard prefix=10.0.0.0/8", "wireguard.sync",
		  REQUEST(wireguard_sync, .name = "wg0", .peers = peers, .n_peers = 2), false, "allowed_ips" },
	};

	(void)state;
	ask(question, N(question));
}

/* -------------------------------------------------------------------------------------------------------- the sentence */

static void test_reasons(void **state)
{
	_cleanup_(policy_free) struct policy *policy = NULL;
	struct policy_verdict verdict;
	char expected[400], long_text[600] = "deny alice link name=";

	(void)state;
	policy = read_text(
		"allow alice link name=vcan*\n\ndeny alice route prefix=10.0.0.0/8\nallow alice read\nallow alice daemon\n");
	verdict = judge(policy, &alice, "route.add", REQUEST(route_add, .route = { .destination = NET4(10, 1, 0, 0, 16) }));
	snprintf(expected, sizeof(expected),
	         "User 1000 may not call route.add with destination “10.1.0.0/16”: denied by %s:3 “deny alice route "
	         "prefix=10.0.0.0/8”.",
	         path);
	assert_string_equal(verdict.reason, expected);
	assert_int_equal(verdict.line, 3);

	verdict = judge(policy, &alice, "link.up", REQUEST(link_up, .name = "eth0"));
	snprintf(expected, sizeof(expected),
	         "User 1000 may not call link.up with name “eth0”: no rule allows it; nearest is %s:1 “allow alice link "
	         "name=vcan*”.",
	         path);
	assert_string_equal(verdict.reason, expected);
	assert_int_equal(verdict.line, 0);
	assert_string_equal(verdict.field, "name");

	verdict = judge(policy, &alice, "vcan.create", REQUEST(vcan_create, .name = "vcan0"));
	snprintf(expected, sizeof(expected), "User 1000 may not call vcan.create: no rule of %s allows it.", path);
	assert_string_equal(verdict.reason, expected);
	assert_null(verdict.field);

	verdict = judge(policy, &alice, "link.list", REQUEST(link_list, .has_kind = false));
	assert_true(verdict.allowed);
	assert_int_equal(verdict.line, 4);
	policy_free(&policy);

	policy = built_in();
	verdict = judge(policy, &alice, "vcan.create", REQUEST(vcan_create, .name = "vcan0"));
	assert_string_equal(verdict.reason,
	                    "User 1000 may not call vcan.create: no rule of the built-in policy allows it, and there "
	                    "is no /etc/hycan/policy.conf.");
	policy_free(&policy);

	/* what does not fit is cut, and says so */
	for (size_t i = strlen(long_text); i < 480; i += 4)
		strcpy(long_text + i, "abc,");
	strcat(long_text, "eth0");
	policy = read_text(long_text);
	verdict = judge(policy, &alice, "link.up", REQUEST(link_up, .name = "eth0"));
	assert_non_null(strstr(verdict.reason, "abc,"));
	assert_non_null(strstr(verdict.reason, "…"));
	assert_true(strlen(verdict.reason) < sizeof(verdict.reason));
}

/* ------------------------------------------------------------------------------------------------------- broken files */

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

		write_file(row[i].text, strlen(row[i].text));
		r = policy_read(path, &policy, reason, sizeof(reason));
		if (r != -EINVAL)
			fail_msg("“%s” gave %d", row[i].text, r);
		assert_ptr_equal(policy, (struct policy *)0x1);
		snprintf(where, sizeof(where), "%s:%u: ", path, row[i].line);
		if (strncmp(reason, where, strlen(where)) != 0 || !strstr(reason, row[i].reason))
			fail_msg("“%s”: %s", row[i].text, reason);
	}
}

static int read_failing(char *reason, size_t size)
{
	struct policy *policy = NULL;
	int r = policy_read(path, &policy, reason, size);

	assert_true(r < 0);
	assert_null(policy);
	return r;
}

static void test_broken_files(void **state)
{
	struct policy *policy = NULL;
	char reason[512];

	(void)state;
	write_file("allow alice read", 16);
	assert_int_equal(chmod(path, 0620), 0);
	assert_int_equal(read_failing(reason, sizeof(reason)), -EPERM);
	assert_non_null(strstr(reason, "chmod go-w"));
	assert_int_equal(chmod(path, 0602), 0);
	assert_int_equal(read_failing(reason, sizeof(reason)), -EPERM);
	assert_int_equal(chmod(path, 0644), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(path, ALICE, 0), 0);
		assert_int_equal(read_failing(reason, sizeof(reason)), -EPERM);
		assert_non_null(strstr(reason, "belongs to uid 1000"));
		assert_int_equal(chown(path, 0, 0), 0);
	}
	assert_int_equal(policy_read("/dev", &policy, reason, sizeof(reason)), -EINVAL);
	assert_non_null(strstr(reason, "/dev: this is no file"));
	assert_int_equal(policy_read("/dev/null", &policy, reason, sizeof(reason)), -EINVAL);
	assert_int_equal(policy_read("/dev/null/policy.conf", &policy, reason, sizeof(reason)), -ENOTDIR);
	assert_non_null(strstr(reason, "cannot be read"));
	write_file("allow alice read\nallow\0 bob read\n", 33);
	assert_int_equal(read_failing(reason, sizeof(reason)), -EINVAL);
	assert_non_null(strstr(reason, ":2: there is a control character (0x00)"));
	lookup_fails = EIO;
	write_file("allow @nobody read", 18);
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
	write_file(text, n);
	assert_int_equal(policy_read(path, &policy, reason, sizeof(reason)), 0);
	n += (size_t)sprintf(text + n, "# no rule\nallow bob read\n");
	write_file(text, n);
	assert_int_equal(read_failing(reason, sizeof(reason)), -E2BIG);
	assert_non_null(strstr(reason, ":1026: this is rule 1025, and 1024 are the most"));

	n = (size_t)sprintf(text, "\nallow alice link name=");
	while (n < 513)
		n += (size_t)sprintf(text + n, "a,");
	text[n++] = 'a';
	write_file(text, n);
	assert_int_equal(read_failing(reason, sizeof(reason)), -EINVAL);
	assert_non_null(strstr(reason, ":2: the line is longer than 511 bytes"));
	/* a comment may be as long as it likes */
	n = (size_t)sprintf(text, "allow alice read #");
	memset(text + n, 'x', 2000);
	write_file(text, n + 2000);
	policy_free(&policy);
	assert_int_equal(policy_read(path, &policy, reason, sizeof(reason)), 0);

	memset(text, '\n', 2 << 20);
	write_file(text, (1 << 20) + 1);
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

/* Whose things a request may be about; the rule that decides says so. */
static void test_owner(void **state)
{
	const struct hycan_link_delete_request request = { .name = "vcan0" };
	struct policy *policy = read_text("allow alice link name=eth*\nallow alice link owner=any name=vcan*\nallow * link\n");
	struct policy_verdict verdict = judge(policy, &alice, "link.delete", &request);

	(void)state;
	assert_true(verdict.allowed && verdict.any_owner);
	verdict = judge(policy, &bob, "link.delete", &request);
	assert_true(verdict.allowed && !verdict.any_owner);
	policy_free(&policy);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_owner, world),
		cmocka_unit_test_setup(test_identity_of_ourselves, world),
		cmocka_unit_test_setup(test_identity_of_another_user, world),
		cmocka_unit_test_setup(test_identity_fails_closed, world),
		cmocka_unit_test_setup(test_built_in, world),
		cmocka_unit_test_setup(test_built_in_without_the_group, world),
		cmocka_unit_test_setup(test_rules_that_concern, world),
		cmocka_unit_test_setup(test_who, world),
		cmocka_unit_test_setup(test_root, world),
		cmocka_unit_test_setup(test_what, world),
		cmocka_unit_test_setup(test_open_operations, world),
		cmocka_unit_test_setup(test_machines, world),
		cmocka_unit_test_setup(test_machines_in_sentences, world),
		cmocka_unit_test_setup(test_names, world),
		cmocka_unit_test_setup(test_prefixes, world),
		cmocka_unit_test_setup(test_ports, world),
		cmocka_unit_test_setup(test_tables, world),
		cmocka_unit_test_setup(test_absent_fields, world),
		cmocka_unit_test_setup(test_depth, world),
		cmocka_unit_test_setup(test_reasons, world),
		cmocka_unit_test_setup(test_broken_lines, world),
		cmocka_unit_test_setup(test_broken_files, world),
		cmocka_unit_test_setup(test_limits, world),
		cmocka_unit_test_setup(test_example, world),
	};

	return cmocka_run_group_tests_name("access", tests, create_file, remove_file);
}
