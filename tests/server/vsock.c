/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Over vsock(7), by the loopback of Debian's kernel: this machine is its own other machine, with context id 1.
 *
 * There is one set of ports for all network namespaces, so each test has a port of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

#include "raw.h"
#include "routing.h"
#include "world.h"

#define ALICE 4711

#define ALLOW "allow cid:1 all\n"

enum { TYPE_SESSION_WHOAMI = 0x0103, TYPE_LINK_UP = 0x0303 };

static struct raw_frame frame;

/* A port that nobody else has had. */
static unsigned int new_port(void)
{
	static unsigned int port;

	if (!port)
		port = 100000 + (unsigned int)getpid() * 64;
	return port++;
}

static struct world *start(const char *policy, unsigned int port)
{
	static char option[32];

	need_success("loopback of vsock", "modprobe -q vsock_loopback");
	snprintf(option, sizeof(option), "--vsock=%u", port);
	return world_start(&(struct world_options){ .policy = policy, .arguments = { option }, .open_to_all = true });
}

static void finish(struct world *w)
{
	assert_int_equal(world_end((void **)&(struct world *){ w }), 0);
}

static struct hycan *open_machine(unsigned int port)
{
	struct hycan *h;
	char name[64];

	snprintf(name, sizeof(name), "vsock:1:%u", port);
	assert_done(h, hycan_open(&h, name));
	return h;
}

static struct raw raw_machine(unsigned int port)
{
	const struct sockaddr_vm address = { .svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_LOCAL, .svm_port = port };
	struct raw raw = { .fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0) };

	assert_true(raw.fd >= 0);
	assert_int_equal(connect(raw.fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return raw;
}

static struct hycan_link_address loopback(const char *address)
{
	return (struct hycan_link_address){ .link = "lo", .address = prefix_of(address) };
}

/* ---------------------------------------------------------------------------------------------------------------- who */

static void a_machine_is_told_who_it_is(void **state)
{
	const unsigned int port = new_port();
	struct world *w = start("allow cid:1 link\nquota cid:1 objects=3\n", port);
	struct hycan *h = open_machine(port);
	struct hycan_session_whoami_reply *me;
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "vsock:1:%u", port);
	assert_string_equal(hycan_path(h), path);
	assert_done(h, hycan_session_whoami(h, &me));
	assert_true(me->has_cid);
	assert_int_equal(me->cid, 1);
	assert_int_equal(me->uid, UINT32_MAX);
	assert_int_equal(me->gid, UINT32_MAX);
	assert_int_equal(me->pid, 0);
	assert_false(me->has_user);
	assert_int_equal(me->n_rules, 1);
	assert_string_equal(me->rules[0].text, "allow cid:1 link");
	for (size_t i = 0; i < me->n_quotas; i++)
		if (strcmp(me->quotas[i].name, "objects") == 0)
			assert_string_equal(me->quotas[i].limit, "3");
	free(me);
	/* by the variable, too */
	hycan_close(h);
	setenv("HYCAN_DAEMON_SOCKET", path, 1);
	assert_done(h, hycan_open(&h, NULL));
	assert_done(h, hycan_link_up(h, "lo"));
	assert_string_equal(hycan_path(h), path);
	unsetenv("HYCAN_DAEMON_SOCKET");
	hycan_close(h);
	finish(w);
}

/* Without a word about it a machine may nothing at all, not even what is open to every user. */
static void a_machine_without_a_rule_may_nothing(void **state)
{
	static const char *const policies[] = { "allow * all\nallow @0 all\n", "allow cid:3 all\n", "deny cid:1 write\n",
		                                "quota cid:1 objects=5\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(policies) / sizeof(*policies); i++) {
		const unsigned int port = new_port();
		struct world *w = start(policies[i], port);
		struct hycan *h = open_machine(port);
		struct hycan_session_whoami_reply *me;

		assert_refused(h, hycan_session_whoami(h, &me), HYCAN_REFUSAL_DENIED);
		assert_contains(hycan_error_message(h), "Machine 1 may not call session.hello: no rule of ");
		assert_refused(h, hycan_link_up(h, "lo"), HYCAN_REFUSAL_DENIED);
		hycan_close(h);
		/* and users are not machines */
		assert_done(w->h, hycan_link_up(w->h, "lo"));
		finish(w);
	}
}

static unsigned int alices_port;

static void alice(struct world *w)
{
	struct hycan *h = open_machine(alices_port);

	(void)w;
	assert_refused(h, hycan_link_set(h, "lo", &(struct hycan_link_set_options){ .has_mtu = true, .mtu = 65000 }),
	               HYCAN_REFUSAL_DENIED);
	assert_done(h, hycan_link_up(h, "lo"));
	hycan_close(h);
}

/* The kernel gives ports below 1024 to privileged processes alone, and the library takes one where it can. */
static void a_rule_for_privileged_programs(void **state)
{
	struct world *w;
	struct hycan *h;

	(void)state;
	alices_port = new_port();
	w = start("allow cid:1:root link.set\nallow cid:* link.up\n", alices_port);
	h = open_machine(alices_port);
	assert_done(h, hycan_link_set(h, "lo", &(struct hycan_link_set_options){ .has_mtu = true, .mtu = 65000 }));
	hycan_close(h);
	world_as(ALICE, ALICE, alice, w);
	finish(w);
}

/* A connection that follows another at once is not taken for it. */
static void one_after_the_other(void **state)
{
	const unsigned int port = new_port();
	struct world *w = start(ALLOW, port);

	(void)state;
	for (int i = 0; i < 100; i++) {
		struct hycan *h = open_machine(port);

		assert_done(h, hycan_link_up(h, "lo"));
		hycan_close(h);
	}
	finish(w);
}

/* ---------------------------------------------------------------------------------------------------------- ownership */

static int count_bridges(struct hycan *h, unsigned int *ret_cid)
{
	struct hycan_object *items;
	size_t n;

	assert_done(h, hycan_object_list(h, NULL, &items, &n));
	*ret_cid = 0;
	for (size_t i = 0; i < n; i++)
		if (items[i].has_cid) {
			assert_int_equal(items[i].uid, UINT32_MAX);
			*ret_cid = items[i].cid;
		}
	free(items);
	return (int)n;
}

static void other_user(struct world *w)
{
	const struct hycan_link_address address = loopback("10.9.9.1/32");
	struct hycan *h;

	assert_done(h, hycan_open(&h, w->socket));
	assert_refused(h, hycan_address_remove(h, "lo", &address.address), HYCAN_REFUSAL_DENIED);
	assert_contains(hycan_error_message(h), "is cid 1's");
	hycan_close(h);
}

/* What a machine holds is not the user's who has the same number, and stays its own over a death of the daemon. */
static void a_machine_owns_what_it_makes(void **state)
{
	const unsigned int port = new_port();
	struct world *w = start(ALLOW "allow 1 all\n", port);
	const struct hycan_link_address address = loopback("10.9.9.1/32");
	struct hycan *h = open_machine(port);
	unsigned int cid;
	char option[32];
	char *log;

	(void)state;
	assert_done(h, hycan_address_add(h, &address));
	assert_int_equal(count_bridges(h, &cid), 1);
	assert_int_equal(cid, 1);
	world_as(1, 1, other_user, w);
	hycan_close(h);
	hycan_close(w->h);
	(void)world_stop_daemon(w, SIGKILL);
	snprintf(option, sizeof(option), "--vsock=%u", port);
	world_start_daemon(w, &(struct world_options){ .arguments = { option }, .open_to_all = true });
	assert_done(w->h, hycan_open(&w->h, w->socket));
	world_as(1, 1, other_user, w);
	/* root sees whose it is */
	assert_int_equal(count_bridges(w->h, &cid), 1);
	assert_int_equal(cid, 1);
	h = open_machine(port);
	assert_done(h, hycan_address_remove(h, "lo", &address.address));
	assert_int_equal(count_bridges(h, &cid), 0);
	hycan_close(h);
	log = world_log(w);
	assert_contains(log, "address.add lo 10.9.9.1/32 by cid 1 (pid 0): done");
	free(log);
	finish(w);
}

/* What it holds as a connection goes with the connection. */
static void what_a_connection_held_goes_with_it(void **state)
{
	const unsigned int port = new_port();
	struct world *w = start(ALLOW, port);
	const struct hycan_link_address address = loopback("10.9.9.2/32");
	struct hycan *h = open_machine(port);

	(void)state;
	assert_done(h, hycan_session_lifetime(h, HYCAN_LIFETIME_CONNECTION, NULL));
	assert_done(h, hycan_address_add(h, &address));
	free(shell("ip addr show lo | grep -q 10.9.9.2/32"));
	hycan_close(h);
	shell_until(20, "! ip addr show lo | grep -q 10.9.9.2/32");
	finish(w);
}

/* ------------------------------------------------------------------------------------------------------ what cannot be */

static void no_descriptor_crosses(void **state)
{
	const unsigned int port = new_port();
	struct world *w = start(ALLOW, port);
	struct hycan *h = open_machine(port);
	int netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_true(netns >= 0);
	assert_refused(h, hycan_session_netns(h, netns, NULL), HYCAN_REFUSAL_UNSUPPORTED);
	assert_contains(hycan_error_message(h), "session.netns takes a file descriptor, and none can be sent over vsock");
	close(netns);
	hycan_close(h);
	finish(w);
}

/* A classic request is bytes that are no frame, there. */
static void the_classic_protocol_is_not_spoken(void **state)
{
	static const uint8_t classic[] = { 2, 2, 'l', 'o', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
	const unsigned int port = new_port();
	struct world *w = start(ALLOW, port);
	struct raw raw = raw_machine(port);
	struct raw_answer answer;

	(void)state;
	raw_send(&raw, classic, sizeof(classic));
	assert_true(raw_read(&raw, &answer));
	assert_int_equal(answer.refusal, HYCAN_REFUSAL_MALFORMED);
	raw_close(&raw);
	finish(w);
}

/* Half a frame, a cut one, a long one, and one that says that it is longer than may be: each costs its sender alone. */
static void hostile_frames(void **state)
{
	const unsigned int port = new_port();
	struct world *w = start(ALLOW, port);
	struct raw half = raw_machine(port), raw = raw_machine(port);
	struct raw_answer answer;
	struct hycan *h;
	uint32_t length = 0x7ffffff0;
	uint8_t zero[64] = { 0 };

	(void)state;
	raw_begin(&raw, &frame, TYPE_LINK_UP);
	raw_put(&frame, 1, "lo", 3);
	raw_end(&frame);
	raw_send(&half, frame.bytes, frame.size - 4);
	/* before session.hello */
	answer = raw_ask(&raw, &frame);
	assert_int_equal(answer.refusal, HYCAN_REFUSAL_HELLO_FIRST);
	raw_begin(&raw, &frame, TYPE_LINK_UP);
	raw_put(&frame, 1, "lo", 3);
	raw_end(&frame);
	memcpy(frame.bytes, &length, sizeof(length));
	raw_send(&raw, frame.bytes, frame.size);
	assert_true(raw_read(&raw, &answer));
	assert_int_equal(answer.refusal, HYCAN_REFUSAL_MALFORMED);
	raw_close(&raw);
	raw = raw_machine(port);
	raw_send(&raw, zero, sizeof(zero));
	assert_true(raw_read(&raw, &answer));
	assert_int_equal(answer.refusal, HYCAN_REFUSAL_MALFORMED);
	/* gone in the middle */
	raw_close(&raw);
	h = open_machine(port);
	assert_done(h, hycan_link_up(h, "lo"));
	hycan_close(h);
	raw_close(&half);
	finish(w);
}

/* Nobody there, no such machine, a name that is none. */
static void names_that_lead_nowhere(void **state)
{
	static const char *const bad[] = { "vsock:",   "vsock:host",       "vsock:1:",           "vsock:1:0", "vsock:1:2:3",
		                           "vsock:-1", "vsock:4294967295", "vsock:1:4294967296", "vsock: 1",  "vsock:1 " };
	struct hycan *h;
	char name[64];

	(void)state;
	need_success("loopback of vsock", "modprobe -q vsock_loopback");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		world_assert_result(NULL, hycan_open(&h, bad[i]), -EINVAL, __FILE__, __LINE__);
		assert_contains(hycan_error_message(h), "a machine is vsock:CID or vsock:CID:PORT");
		hycan_close(h);
	}
	snprintf(name, sizeof(name), "vsock:1:%u", new_port());
	world_assert_result(NULL, hycan_open(&h, name), -ECONNRESET, __FILE__, __LINE__);
	assert_contains(hycan_error_message(h), "The daemon there has to be started with --vsock");
	hycan_close(h);
	/* no private daemon takes the place of another machine */
	setenv("HYCAN_DAEMON_SOCKET", name, 1);
	world_assert_result(NULL, hycan_open(&h, NULL), -ECONNRESET, __FILE__, __LINE__);
	unsetenv("HYCAN_DAEMON_SOCKET");
	hycan_close(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_machine_is_told_who_it_is),
		cmocka_unit_test(a_machine_without_a_rule_may_nothing),
		cmocka_unit_test(a_rule_for_privileged_programs),
		cmocka_unit_test(one_after_the_other),
		cmocka_unit_test(a_machine_owns_what_it_makes),
		cmocka_unit_test(what_a_connection_held_goes_with_it),
		cmocka_unit_test(no_descriptor_crosses),
		cmocka_unit_test(the_classic_protocol_is_not_spoken),
		cmocka_unit_test(hostile_frames),
		cmocka_unit_test(names_that_lead_nowhere),
	};

	return cmocka_run_group_tests_name("server.vsock", tests, NULL, NULL);
}
