/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A daemon is killed, at whatever it does, and another one takes its place: what was made is known, once, and what was
 * under way is completed.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "held.h"
#include "routing.h"

#define PLACES 32u

static struct hycan_link_address address_number(unsigned int i)
{
	struct hycan_link_address a = { .link = "br0" };
	char text[32];

	snprintf(text, sizeof(text), i % 2 ? "10.1.%u.1/24" : "fd00:%u::1/64", i);
	a.address = prefix_of(text);
	return a;
}

static struct hycan_route route_number(unsigned int i)
{
	struct hycan_route route = { .has_link = true, .link = "br0", .has_table = true, .table = 100 };
	char text[32];

	snprintf(text, sizeof(text), "10.%u.%u.0/24", 100 + i / 256, i % 256);
	route.destination = prefix_of(text);
	return route;
}

static void begin_world(void)
{
	free(shell("ip link add br0 type bridge && ip link set br0 up && sysctl -qw net.ipv6.conf.br0.accept_dad=0"));
}

/* All objects, a line each, in an order of their own. */
static char *objects(struct world *w)
{
	char *path, *text;
	struct hycan_object *list = NULL;
	size_t n = 0;
	FILE *file;

	assert_done(w->h, hycan_object_list(w->h, NULL, &list, &n));
	assert_true(asprintf(&path, "%s/objects", w->directory) > 0);
	file = fopen(path, "w");
	assert_non_null(file);
	for (size_t i = 0; i < n; i++)
		fprintf(file, "%d %s %u\n", (int)list[i].kind, list[i].identity, list[i].uid);
	fclose(file);
	free(list);
	text = shell("sort %s", path);
	free(path);
	return text;
}

static void as_stranger(struct world *w)
{
	struct hycan_link_address a = address_number(1);
	struct hycan *h = NULL;

	assert_done(h, hycan_open(&h, w->socket));
	assert_done(h, hycan_address_add(h, &a));
	hycan_close(h);
}

static void objects_are_known_again(void **state)
{
	const struct world_options options = { .policy = "allow * all\n", .open_to_all = true };
	struct world *w = *state = world_start(&options);
	struct hycan_link_address a = address_number(0);
	struct hycan_route route = route_number(0);
	struct hycan_rule rule = { .family = HYCAN_FAMILY_IPV4, .has_table = true, .table = 100 };
	char *before, *after;

	begin_world();
	world_as(65534, 65534, as_stranger, w);
	assert_done(w->h, hycan_address_add(w->h, &a));
	assert_done(w->h, hycan_route_add(w->h, &route));
	assert_done(w->h, hycan_rule_add(w->h, &rule));
	before = objects(w);
	assert_contains(before, "10.1.1.1/24 65534\n");
	for (int i = 0; i < 4; i++) {
		(void)world_stop_daemon(w, i % 2 ? SIGTERM : SIGKILL);
		world_start_daemon(w, &options);
		after = objects(w);
		assert_string_equal(after, before);
		free(after);
	}
	free(before);
	/* and can be taken away */
	assert_done(w->h, hycan_link_delete(w->h, "br0"));
	assert_done(w->h, hycan_rule_remove(w->h, &rule));
	after = objects(w);
	assert_string_equal(after, "");
	free(after);
	/* nothing to know: no file */
	(void)world_stop_daemon(w, SIGTERM);
	free(shell("! test -e %s.d/ledger", w->socket));
	world_start_daemon(w, &options);
}

/* Adds and takes away until the daemon is gone. */
static void make_changes(struct world *w, unsigned int random)
{
	struct hycan *h = NULL;
	int r = hycan_open(&h, w->socket);

	while (r != -ECONNRESET && r != -ECONNREFUSED && r != -EPIPE) {
		unsigned int i = (random >> 8) % PLACES;
		struct hycan_link_address a = address_number(i);
		struct hycan_route route = route_number(i);

		switch (random >> 20 & 3) {
		case 0:
			r = hycan_address_add(h, &a);
			break;
		case 1:
			r = hycan_address_remove(h, "br0", &a.address);
			break;
		case 2:
			r = hycan_route_add(h, &route);
			break;
		case 3:
			r = hycan_route_remove(h, &route.destination,
			                       &(struct hycan_route_remove_options){ .has_table = true, .table = 100 });
			break;
		}
		random = random * 1664525u + 1013904223u;
	}
	_exit(0);
}

/* The first difference between the kernel and the ledger, or NULL. */
static char *difference(struct world *w)
{
	char *found = NULL, *told = objects(w), *addresses = shell("ip -o addr show dev br0"),
	     *routes = shell("ip route show table 100 2>&1 || :");

	for (unsigned int i = 0; i < PLACES && !found; i++) {
		char address[64], route[64];

		snprintf(address, sizeof(address), i % 2 ? " 10.1.%u.1/24 " : " fd00:%u::1/64 ", i);
		snprintf(route, sizeof(route), "10.%u.%u.0/24 ", 100 + i / 256, i % 256);
		if (!!strstr(addresses, address) != !!strstr(told, address))
			assert_true(asprintf(&found, "%s: kernel: %s ledger: %s", address, addresses, told) > 0);
		else if (!!strstr(routes, route) != !!strstr(told, route))
			assert_true(asprintf(&found, "%s: kernel: %s ledger: %s", route, routes, told) > 0);
	}
	free(told);
	free(addresses);
	free(routes);
	return found;
}

/* What is in the kernel is in the ledger, and the other way round; what went unseen is missed within a second or so. */
static void assert_told(struct world *w)
{
	const int64_t deadline = now_ms() + 20000 * SLOWEST;
	char *found;

	while ((found = difference(w)) && now_ms() < deadline) {
		free(found);
		usleep(50000);
	}
	if (found)
		fail_msg("%s", found);
}

static void killed_while_it_changes(void **state)
{
	struct world *w = *state;

	begin_world();
	for (unsigned int round = 0; round < 40; round++) {
		pid_t child[3];

		for (unsigned int i = 0; i < 3; i++) {
			child[i] = fork();
			if (child[i] == 0)
				make_changes(w, round * 31 + i * 7919);
		}
		usleep(2000 + round * 137);
		(void)world_stop_daemon(w, SIGKILL);
		for (unsigned int i = 0; i < 3; i++) {
			/* it may not have come that far */
			kill(child[i], SIGKILL);
			waitpid(child[i], NULL, 0);
		}
		world_start_daemon(w, NULL);
		assert_told(w);
	}
}

#define STEPS 8u

/* Adds all and takes all away, each in one, until the daemon is gone. Tells when so many are done. */
static void make_transactions(struct world *w, unsigned int told, int to)
{
	struct hycan *h = NULL;
	int r = hycan_open(&h, w->socket);

	for (unsigned int turn = 0; r == 0; turn++) {
		(void)hycan_transaction_begin(h);
		for (unsigned int i = 0; i < STEPS; i++) {
			struct hycan_link_address a = address_number(i);

			(void)(turn % 2 ? hycan_address_remove(h, "br0", &a.address) : hycan_address_add(h, &a));
		}
		r = hycan_transaction_commit(h, NULL, NULL);
		if (turn + 1 == told)
			(void)!write(to, "", 1);
	}
	_exit(0);
}

/* All steps of a transaction or none. */
static void killed_in_a_transaction(void **state)
{
	struct world *w = *state;
	unsigned int all = 0;

	begin_world();
	for (unsigned int round = 0; round < 30; round++) {
		unsigned int n = 0;
		int done[2];
		char *told;
		pid_t child;

		assert_int_equal(pipe(done), 0);
		child = fork();
		/* in the middle of those that take away, and of those that add */
		if (child == 0)
			make_transactions(w, 1 + round % 2, done[1]);
		close(done[1]);
		assert_int_equal(read(done[0], (char[1]){ 0 }, 1), 1);
		close(done[0]);
		usleep(round * 211);
		(void)world_stop_daemon(w, SIGKILL);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		world_start_daemon(w, NULL);
		assert_told(w);
		told = objects(w);
		for (const char *line = told; (line = strstr(line, "br0 ")); line++)
			n++;
		if (n != 0 && n != STEPS)
			fail_msg("%u of %u: %s", n, STEPS, told);
		all += n == STEPS;
		free(told);
	}
	assert_true(all > 0 && all < 30);
}

enum { N = 20000 };

static int load(struct hycan *h, const void *routes)
{
	struct hycan_route_load_reply *reply = NULL;

	return hycan_route_load(h, routes, N, NULL, &reply);
}

/* Many routes in one request: those that were there when the daemon was killed, and those that were not. */
static void killed_while_it_loads(void **state)
{
	struct world *w = *state;
	struct hycan_route *routes = calloc(N, sizeof(*routes));
	unsigned int partly = 0;
	char *log;

	assert_non_null(routes);
	begin_world();
	for (unsigned int i = 0; i < N; i++)
		routes[i] = route_number(i);
	for (unsigned int round = 0; round < 8; round++) {
		pid_t child = held_at_message(w, 6 + round, load, routes);
		size_t lines = 0;
		char *there;

		(void)world_stop_daemon(w, SIGKILL);
		waitpid(child, NULL, 0);
		there = shell("ip route show table 100 | wc -l");
		partly += strtoul(there, NULL, 10) < N;
		free(there);
		world_start_daemon(w, NULL);
		free(shell("test $(ip route show table 100 | wc -l) = %d", N));
		there = objects(w);
		for (char *line = there; (line = strchr(line, '\n')); line++)
			lines++;
		assert_int_equal(lines, N);
		free(there);
		assert_done(w->h, hycan_link_down(w->h, "br0"));
		assert_done(w->h, hycan_link_up(w->h, "br0"));
	}
	assert_true(partly > 0);
	log = world_log(w);
	assert_contains(log, " and 19999 more for uid 0");
	free(log);
	free(routes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(objects_are_known_again, world_end),
		cmocka_unit_test_setup_teardown(killed_while_it_changes, world_begin, world_end),
		cmocka_unit_test_setup_teardown(killed_in_a_transaction, world_begin, world_end),
		cmocka_unit_test_setup_teardown(killed_while_it_loads, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("killed", tests, NULL, NULL);
}
