/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Quotas as a client meets them: what is refused, with which words, and that nobody else is; and that a user whose quota
 * is used up may have again what it gives back.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "raw.h"
#include "text.h"
#include "unconfirmed.h"
#include "world.h"

enum {
	TYPE_DESCRIBE = 0x0102,
	TYPE_WHOAMI = 0x0103,
	TYPE_LINK_GET = 0x0302,
	TYPE_ROUTE_LOAD = 0x0704,
	TYPE_NONE = 0x7902,

	ALICE = 4242,
	BOB = 4243,
};

static struct raw_frame frame;

static struct world *start(const char *policy)
{
	const struct world_options options = { .policy = policy, .open_to_all = true };

	return world_start(&options);
}

static void assert_lo(struct hycan *h)
{
	assert_done(h, hycan_link_get(h, "lo", NULL));
}

static void refused_by_limit(struct hycan *h, int r, const char *part, uint32_t line)
{
	char text[64];

	assert_refused(h, r, HYCAN_REFUSAL_LIMIT);
	assert_contains(hycan_error_message(h), part);
	snprintf(text, sizeof(text), "policy.conf:%u)", line);
	assert_contains(hycan_error_message(h), text);
}

static struct hycan *open_as_now(const struct world *w)
{
	struct hycan *h = NULL;

	if (hycan_open(&h, w->socket) < 0)
		fail_msg("%s", hycan_error_message(h));
	return h;
}

/* ------------------------------------------------------------------------------------------------------------- objects */

static int add_address(struct hycan *h, const char *text)
{
	const struct hycan_link_address request = { .link = "lo", .address = prefix_of(text) };

	return hycan_address_add(h, &request);
}

static void remove_address(struct hycan *h, const char *text)
{
	const struct hycan_prefix prefix = prefix_of(text);

	assert_done(h, hycan_address_remove(h, "lo", &prefix));
}

static void objects_as_alice(struct world *w)
{
	struct hycan *h = open_as_now(w);

	assert_done(h, add_address(h, "10.1.0.1/32"));
	assert_done(h, add_address(h, "fd00:1::1/128"));
	refused_by_limit(h, add_address(h, "10.1.0.3/32"),
	                 "holds 2 objects.address, and this makes 1: the quota is objects.address=2", 2);
	/* what is there already is not made */
	assert_done(h, add_address(h, "10.1.0.1/32"));
	remove_address(h, "10.1.0.1/32");
	assert_done(h, add_address(h, "10.1.0.3/32"));
	refused_by_limit(h, add_address(h, "10.1.0.4/32"), "objects.address=2", 2);
	hycan_close(h);
	/* nor is it the connection's */
	h = open_as_now(w);
	refused_by_limit(h, add_address(h, "10.1.0.4/32"), "objects.address=2", 2);
	hycan_close(h);
}

static void no_more_as_alice(struct world *w)
{
	struct hycan *h = open_as_now(w);

	refused_by_limit(h, add_address(h, "10.1.0.4/32"), "holds 2 objects.address", 2);
	hycan_close(h);
}

static void objects_as_bob(struct world *w)
{
	struct hycan *h = open_as_now(w);

	assert_done(h, add_address(h, "10.1.0.5/32"));
	assert_done(h, add_address(h, "10.1.0.6/32"));
	assert_done(h, add_address(h, "10.1.0.7/32"));
	hycan_close(h);
}

static void alice_again(struct world *w)
{
	struct hycan *h = open_as_now(w);

	assert_done(h, add_address(h, "10.1.0.8/32"));
	hycan_close(h);
}

static void test_objects(void **state)
{
	struct world *w = start("allow * all\nquota 4242 objects.address=2");
	char *text;

	*state = w;
	world_as(ALICE, ALICE, objects_as_alice, w);
	world_as(BOB, BOB, objects_as_bob, w);
	text = shell("ip addr show lo");
	assert_lacks(text, "10.1.0.1/32");
	assert_lacks(text, "10.1.0.4/32");
	assert_contains(text, "10.1.0.7/32");
	free(text);
	/* whoever takes it away */
	remove_address(w->h, "10.1.0.3/32");
	world_as(ALICE, ALICE, alice_again, w);
}

/* The next daemon counts what the ledger's file has. */
static int exchange(struct hycan *h, const char *const *away, const char *const *come)
{
	assert_done(h, hycan_transaction_begin(h));
	for (; *away; away++)
		remove_address(h, *away);
	for (; *come; come++)
		assert_done(h, add_address(h, *come));
	return hycan_transaction_commit(h, NULL, NULL);
}

#define THE(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void steps_as_alice(struct world *w)
{
	struct hycan *h = open_as_now(w);
	const struct hycan_link_address nowhere = { .link = "none", .address = prefix_of("10.1.0.9/32") };

	assert_done(h, add_address(h, "10.1.0.1/32"));
	assert_done(h, add_address(h, "10.1.0.2/32"));
	assert_done(h, add_address(h, "10.1.0.3/32"));
	/* what a step takes away is free for those behind it, once */
	refused_by_limit(h, exchange(h, THE("10.1.0.1/32"), THE("10.1.0.4/32", "10.1.0.5/32")), "holds 3 objects", 2);
	assert_done(h, exchange(h, THE("10.1.0.1/32"), THE("10.1.0.4/32")));
	refused_by_limit(h, add_address(h, "10.1.0.1/32"), "holds 3 objects", 2);
	/* also where it is made again, or taken away again, */
	assert_done(h, hycan_transaction_begin(h));
	remove_address(h, "10.1.0.2/32");
	remove_address(h, "10.1.0.2/32");
	assert_done(h, add_address(h, "10.1.0.5/32"));
	assert_done(h, add_address(h, "10.1.0.6/32"));
	refused_by_limit(h, hycan_transaction_commit(h, NULL, NULL), "holds 3 objects", 2);
	assert_done(h, exchange(h, THE("10.1.0.2/32"), THE("10.1.0.2/32", "10.1.0.3/32")));
	refused_by_limit(h, exchange(h, THE("10.1.0.2/32"), THE("10.1.0.6/32", "10.1.0.2/32")), "holds 3 objects", 2);
	/* and not of one behind it, */
	assert_done(h, hycan_transaction_begin(h));
	assert_done(h, add_address(h, "10.1.0.5/32"));
	remove_address(h, "10.1.0.2/32");
	refused_by_limit(h, hycan_transaction_commit(h, NULL, NULL), "holds 3 objects", 2);
	/* nor of what is another's */
	refused_by_limit(h, exchange(h, THE("10.1.0.8/32"), THE("10.1.0.5/32")), "holds 3 objects", 2);
	/* what is taken back counts as before, and needs no room */
	assert_done(h, hycan_transaction_begin(h));
	remove_address(h, "10.1.0.2/32");
	assert_done(h, add_address(h, "10.1.0.5/32"));
	assert_done(h, hycan_address_add(h, &nowhere));
	refused_by_limit(h, hycan_transaction_commit(h, NULL, NULL), "holds 3 objects", 2);
	assert_done(h, hycan_transaction_begin(h));
	remove_address(h, "10.1.0.2/32");
	remove_address(h, "10.1.0.3/32");
	assert_done(h, add_address(h, "10.1.0.5/32"));
	assert_done(h, hycan_address_add(h, &nowhere));
	assert_refused(h, hycan_transaction_commit(h, NULL, NULL), HYCAN_REFUSAL_NOT_FOUND);
	refused_by_limit(h, add_address(h, "10.1.0.5/32"), "holds 3 objects", 2);
	remove_address(h, "10.1.0.2/32");
	hycan_close(h);
}

static void test_steps(void **state)
{
	struct world *w = start("allow * all owner=any\nquota 4242 objects=3");

	*state = w;
	assert_done(w->h, add_address(w->h, "10.1.0.8/32"));
	world_as(ALICE, ALICE, steps_as_alice, w);
}

/* What is taken away and may be put back counts until it is confirmed, and by then is there, or free. */
static void waiting_as_alice(struct world *w)
{
	const char *const both[] = { "10.1.0.1/32", "10.1.0.2/32" };
	struct hycan *h = open_as_now(w);
	char token[33];

	for (int confirmed = 0; confirmed < 2; confirmed++) {
		for (size_t i = 0; i < 2; i++)
			assert_done(h, add_address(h, both[i]));
		assert_done(h, hycan_transaction_begin(h));
		for (size_t i = 0; i < 2; i++)
			remove_address(h, both[i]);
		unconfirmed_commit(h, token);
		assert_done(h, add_address(h, "10.1.0.3/32"));
		refused_by_limit(h, add_address(h, "10.1.0.4/32"), "holds 1 objects, more are under way or wait to be confirmed",
		                 2);
		if (confirmed)
			assert_done(h, hycan_transaction_confirm(h, token));
		else
			assert_done(h, hycan_transaction_cancel(h, token));
		if (confirmed)
			assert_done(h, add_address(h, "10.1.0.4/32"));
		refused_by_limit(h, exchange(h, THE(NULL), THE("10.1.0.4/32", "10.1.0.5/32")), "objects", 2);
		assert_done(h, hycan_object_clear(h, NULL, NULL));
	}
	hycan_close(h);
}

static void test_waiting(void **state)
{
	struct world *w = start("allow * all\nquota 4242 objects=3");

	*state = w;
	world_as(ALICE, ALICE, waiting_as_alice, w);
}

static void test_restart(void **state)
{
	struct world_options options = { .policy = "allow * all\nquota 4242 objects.address=2", .open_to_all = true };
	struct world *w;
	char file[] = "/tmp/hycan-quota-state.XXXXXX", path[64];

	assert_non_null(mkdtemp(file));
	snprintf(path, sizeof(path), "%s/ledger", file);
	options.arguments[0] = "--state";
	options.arguments[1] = path;
	w = world_start(&options);
	*state = w;
	world_as(ALICE, ALICE, objects_as_alice, w);
	world_stop_daemon(w, SIGKILL);
	world_start_daemon(w, &options);
	world_as(ALICE, ALICE, no_more_as_alice, w);
	free(shell("rm -r %s", file));
}

/* Of many at once none is made. */
static void load_as_alice(struct world *w)
{
	struct hycan *h = open_as_now(w);
	struct hycan_route routes[4] = { 0 };
	char text[32];

	for (size_t i = 0; i < 4; i++) {
		snprintf(text, sizeof(text), "10.2.%zu.0/24", i);
		routes[i].destination = prefix_of(text);
		routes[i].has_link = true;
		strcpy(routes[i].link, "lo");
	}
	refused_by_limit(h, hycan_route_load(h, routes, 4, NULL, NULL), "holds 0 objects, and this makes 4: the quota is objects=3",
	                 2);
	assert_done(h, hycan_route_load(h, routes, 3, NULL, NULL));
	assert_done(h, hycan_route_load(h, routes, 3, NULL, NULL));
	refused_by_limit(h, add_address(h, "10.1.0.3/32"), "holds 3 objects, and this makes 1: the quota is objects=3", 2);
	/* three of them are there */
	refused_by_limit(h, hycan_route_load(h, routes, 4, NULL, NULL), "this makes 1: the quota is objects=3", 2);
	hycan_close(h);
}

static void test_load(void **state)
{
	struct world *w = start("allow * all\nquota 4242 objects=3");

	*state = w;
	free(shell("ip link set lo up"));
	world_as(ALICE, ALICE, load_as_alice, w);
	/* they go with the link */
	free(shell("ip link set lo down"));
	assert_done(w->h, hycan_link_down(w->h, "lo"));
	free(shell("ip link set lo up"));
	world_as(ALICE, ALICE, load_as_alice, w);
}

/* ------------------------------------------------------------------------------------------------------------ requests */

static void requests_as_alice(struct world *w)
{
	struct hycan *h = open_as_now(w), *other = NULL;
	struct raw_answer answer;
	struct raw raw;

	/* the greeting was the first */
	for (int i = 0; i < 4; i++)
		assert_lo(h);
	refused_by_limit(h, hycan_link_get(h, "lo", NULL), "made too many requests; wait and try again: the quota is requests=5/h",
	                 3);
	refused_by_limit(h, hycan_session_whoami(h, NULL), "requests=5/h", 3);
	/* nor on another connection */
	if (hycan_open(&other, w->socket) == 0)
		refused_by_limit(other, hycan_link_get(other, "lo", NULL), "requests=5/h", 3);
	hycan_close(other);
	hycan_close(h);
	raw = raw_connect(w->socket);
	raw_begin(&raw, &frame, TYPE_NONE);
	answer = raw_ask(&raw, &frame);
	assert_int_equal(answer.refusal, HYCAN_REFUSAL_LIMIT);
	raw_close(&raw);
	raw = raw_connect(w->socket);
	raw_send(&raw, "\2\2lo", 4);
	memset(frame.bytes, 0, 256);
	assert_true(recv(raw.fd, frame.bytes, 255, MSG_WAITALL) > 4);
	assert_int_equal(frame.bytes[0], 0);
	assert_contains((char *)frame.bytes + 4, "made too many requests");
	raw_close(&raw);
}

static void bob_is_served(struct world *w)
{
	struct hycan *h = open_as_now(w);

	for (int i = 0; i < 100; i++)
		assert_lo(h);
	hycan_close(h);
}

static void test_requests(void **state)
{
	struct world *w = start("allow * all\nquota 4243 requests=1000/h\nquota 4242 requests=5/h");
	const int64_t began_ms = now_ms();
	unsigned int said = 0;
	char *log;

	*state = w;
	world_as(ALICE, ALICE, requests_as_alice, w);
	world_as(BOB, BOB, bob_is_served, w);
	assert_lo(w->h);
	/* the log is told, and not each time */
	log = world_log(w);
	assert_contains(log, "uid 4242 (pid ");
	assert_contains(log, "is over a quota: requests=5/h");
	/* but every ten seconds */
	for (const char *p = log; (p = strstr(p, "is over a quota")); p++)
		said++;
	assert_in_range(said, 1, 1 + (now_ms() - began_ms) / 10000);
	free(log);
}

/* --------------------------------------------------------------------------------------------------------- connections */

static void connections_as_alice(struct world *w)
{
	struct hycan *h = open_as_now(w), *other = open_as_now(w), *third = NULL;
	struct raw raw[32];
	struct raw_answer answer;
	size_t refused = 0;
	int r;

	assert_lo(h);
	assert_lo(other);
	r = hycan_open(&third, w->socket);
	if (r == 0)
		r = hycan_link_get(third, "lo", NULL);
	refused_by_limit(third, r, "has 2 connections already: the quota is connections=2", 2);
	hycan_close(third);
	/* in the classic protocol, too */
	raw[0] = raw_connect(w->socket);
	raw_send(&raw[0], "\2\2lo", 4);
	assert_true(recv(raw[0].fd, frame.bytes, 4, MSG_WAITALL) == 4);
	assert_int_equal(frame.bytes[0], 0);
	raw_close(&raw[0]);
	/* those that ask nothing are few */
	for (size_t i = 0; i < 32; i++)
		raw[i] = raw_connect(w->socket);
	for (size_t i = 0; i < 32; i++) {
		struct pollfd pollfd = { .fd = raw[i].fd, .events = POLLIN };

		if (poll(&pollfd, 1, i < 20 ? 0 : 60000) == 0)
			continue;
		assert_false(raw_read(&raw[i], &answer));
		refused++;
		if (i >= 20)
			break;
	}
	assert_true(refused > 0);
	for (size_t i = 0; i < 32; i++)
		raw_close(&raw[i]);
	/* a long request is refused at its first bytes, and the connection closed */
	for (;;) {
		const uint32_t length = 1 << 20;

		raw[0] = raw_connect(w->socket);
		raw_begin(&raw[0], &frame, TYPE_ROUTE_LOAD);
		memcpy(frame.bytes, &length, sizeof(length));
		if (send(raw[0].fd, frame.bytes, frame.size, MSG_NOSIGNAL) > 0 && raw_read(&raw[0], &answer))
			break;
		/* the ones above are not all closed yet */
		raw_close(&raw[0]);
	}
	assert_int_equal(answer.refusal, HYCAN_REFUSAL_LIMIT);
	assert_contains(answer.sentence, "connections=2");
	assert_false(raw_read(&raw[0], &answer));
	raw_close(&raw[0]);
	/* one that goes makes room */
	assert_lo(h);
	hycan_close(other);
	for (r = -1; r != 0;) {
		r = hycan_open(&third, w->socket);
		if (r == 0)
			r = hycan_link_get(third, "lo", NULL);
		hycan_close(third);
	}
	hycan_close(h);
}

static void test_connections(void **state)
{
	struct world *w = start("allow * all\nquota 4242 connections=2");

	*state = w;
	world_as(ALICE, ALICE, connections_as_alice, w);
	world_as(BOB, BOB, bob_is_served, w);
}

/* --------------------------------------------------------------------------------------------------------------- bytes */

/* Requests whose answers nobody reads, as many as the connection takes. */
static void fill(struct raw *raw)
{
	do
		raw_begin(raw, &frame, TYPE_DESCRIBE);
	while (send(raw->fd, frame.bytes, frame.size, MSG_DONTWAIT | MSG_NOSIGNAL) > 0);
}

static void bytes_as_alice(struct world *w)
{
	struct raw raw = raw_open(w->socket), other = raw_open(w->socket);
	static uint8_t rest[200000];
	const uint32_t length = sizeof(rest);
	const int64_t deadline = now_ms() + 60000 * SLOWEST;
	struct raw_answer answer;

	/* refused before it is sent, and stepped over when it comes */
	raw_begin(&raw, &frame, TYPE_ROUTE_LOAD);
	memcpy(frame.bytes, &length, sizeof(length));
	raw_send(&raw, frame.bytes, frame.size);
	assert_true(raw_read(&raw, &answer));
	assert_int_equal(answer.refusal, HYCAN_REFUSAL_LIMIT);
	assert_int_equal(answer.seq, raw.seq);
	assert_contains(answer.sentence, "and this one is too long for it: the quota is bytes=64K");
	assert_contains(answer.sentence, "policy.conf:2)");
	raw_assert_alive(&other);
	raw_send(&raw, rest, sizeof(rest) - frame.size);
	raw_assert_alive(&raw);
	/* one that fits is taken, in however many parts */
	raw_begin(&raw, &frame, TYPE_LINK_GET);
	raw_put(&frame, 1, "lo", 3);
	for (size_t i = 0; i < frame.size; i++)
		raw_send(&raw, frame.bytes + i, 1);
	assert_true(raw_read(&raw, &answer));
	assert_int_equal(answer.type, TYPE_LINK_GET);

	/* until the daemon has read enough of them */
	do {
		fill(&raw);
		raw_begin(&other, &frame, TYPE_LINK_GET);
		raw_put(&frame, 1, "lo", 3);
		answer = raw_ask(&other, &frame);
		assert_true(now_ms() < deadline);
	} while (answer.refusal == 0);
	assert_int_equal(answer.refusal, HYCAN_REFUSAL_LIMIT);
	assert_contains(answer.sentence, "bytes in requests sent in part and answers not read: the quota is bytes=64K");
	/* until it is gone */
	raw_close(&raw);
	do {
		raw_begin(&other, &frame, TYPE_LINK_GET);
		raw_put(&frame, 1, "lo", 3);
		answer = raw_ask(&other, &frame);
	} while (answer.refusal == HYCAN_REFUSAL_LIMIT);
	assert_int_equal(answer.type, TYPE_LINK_GET);
	raw_close(&other);
}

static void test_bytes(void **state)
{
	struct world *w = start("allow * all\nquota 4242 bytes=64K");

	*state = w;
	world_as(ALICE, ALICE, bytes_as_alice, w);
	world_as(BOB, BOB, bob_is_served, w);
}

/* -------------------------------------------------------------------------------------------------------------- reload */

static void reload(const struct world *w, const char *policy)
{
	static int reloads;

	free(shell("printf '%s' > %s/policy.conf", policy, w->directory));
	kill(w->daemon, SIGHUP);
	shell_until(20, "test $(grep -c 'policy was read again' %s) -gt %d", w->log, reloads++);
}

static void assert_quota(struct hycan *h, const char *name, uint64_t used, const char *limit, uint32_t line)
{
	struct hycan_session_whoami_reply *who = NULL;
	size_t i = 0;

	assert_done(h, hycan_session_whoami(h, &who));
	while (i < who->n_quotas && strcmp(who->quotas[i].name, name) != 0)
		i++;
	assert_true(i < who->n_quotas);
	assert_int_equal(who->quotas[i].used, used);
	assert_string_equal(who->quotas[i].limit, limit);
	assert_int_equal(who->quotas[i].line, line);
	free(who);
}

/* Root has quotas when a file says so, and on connections that are there already. */
static void test_reload(void **state)
{
	struct world *w = start("allow * all");

	*state = w;
	assert_quota(w->h, "connections", 1, "unlimited", 0);
	assert_done(w->h, add_address(w->h, "10.1.0.1/32"));
	assert_quota(w->h, "objects.address", 1, "unlimited", 0);
	reload(w, "allow * all\\nquota root objects.address=1 bytes=16M\\n# and\\nquota * requests=7/h connections=64");
	assert_quota(w->h, "objects.address", 1, "1", 2);
	assert_quota(w->h, "bytes", 0, "16M", 2);
	assert_quota(w->h, "connections", 1, "64", 4);
	assert_quota(w->h, "requests", 4, "7/h", 4);
	refused_by_limit(w->h, add_address(w->h, "10.1.0.2/32"), "objects.address=1", 2);
	assert_lo(w->h);
	assert_lo(w->h);
	refused_by_limit(w->h, hycan_link_get(w->h, "lo", NULL), "requests=7/h", 4);
	reload(w, "allow * all");
	assert_done(w->h, add_address(w->h, "10.1.0.2/32"));
	/* a file with an error changes nothing */
	free(shell("echo 'quota * bytes=lots' > %s/policy.conf", w->directory));
	kill(w->daemon, SIGHUP);
	shell_until(20, "grep -q 'policy.conf:1: “lots” is no size.* The policy stays as it was' %s", w->log);
	assert_quota(w->h, "objects.address", 2, "unlimited", 0);
}

static void test_check_config(void **state)
{
	struct world *w = start("allow * all");
	char *text = NULL;

	*state = w;
	free(shell("printf 'quota * connections=4\\nquota @0 objects.rout=2' > %s/broken", w->directory));
	assert_int_equal(shell_status(&text, "%s --policy %s/broken --check-config", world_daemon_path(), w->directory), 1);
	assert_contains(text, "/broken:2: “objects.rout”: there are no objects of that kind; write one of: link, address, route");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_steps, world_end),       cmocka_unit_test_teardown(test_objects, world_end),
		cmocka_unit_test_teardown(test_load, world_end),        cmocka_unit_test_teardown(test_requests, world_end),
		cmocka_unit_test_teardown(test_connections, world_end), cmocka_unit_test_teardown(test_bytes, world_end),
		cmocka_unit_test_teardown(test_reload, world_end),      cmocka_unit_test_teardown(test_check_config, world_end),
		cmocka_unit_test_teardown(test_restart, world_end),     cmocka_unit_test_teardown(test_waiting, world_end),
	};

	return cmocka_run_group_tests_name("quota", tests, NULL, NULL);
}
