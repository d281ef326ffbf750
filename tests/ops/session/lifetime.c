/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session.lifetime: how long a caller holds what it asked for. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clients.h"

static void permanent_stays(void **state)
{
	struct world *w = *state;
	struct hycan *h = client_open(w);
	struct hycan_object *o;

	client_add(h, "10.1.0.1/24");
	assert_done(h, hycan_session_lifetime(h, HYCAN_LIFETIME_CONNECTION, NULL));
	client_add(h, "10.2.0.1/24");
	assert_done(h, hycan_session_lifetime(h, HYCAN_LIFETIME_PERMANENT, NULL));
	client_add(h, "fd01::1/64");
	o = object_of(w->h, "10.2.0.1/24");
	assert_int_equal(o->lifetime, HYCAN_LIFETIME_CONNECTION);
	assert_int_equal(o->holders, 1);
	assert_false(o->has_remaining_ms);
	free(o);
	hycan_close(h);
	address_until_gone("10.2.0.1/24");
	assert_true(address_is_there("10.1.0.1/24"));
	assert_true(address_is_there("fd01::1/64"));
	assert_null(object_of(w->h, "10.2.0.1/24"));
	o = object_of(w->h, "10.1.0.1/24");
	assert_int_equal(o->lifetime, HYCAN_LIFETIME_PERMANENT);
	free(o);
}

static void last_thing_first(void **state)
{
	struct world *w = *state;
	struct hycan *h = client_open(w);
	const struct hycan_route route = route_via("10.50.0.0/16", "10.1.0.2");

	client_hold_while_connected(h, 0);
	client_add(h, "10.1.0.1/24");
	assert_done(h, hycan_route_add(h, &route));
	hycan_close(h);
	address_until_gone("10.1.0.1/24");
	assert_output("", "ip route show 10.50.0.0/16");
	assert_int_equal(shell_status(NULL, "grep -q 'could not be taken away' %s", w->log), 1);
}

static void chosen_for_each_request(void **state)
{
	struct world *w = *state;
	struct hycan *h = client_open(w);

	client_hold_while_connected(h, 0);
	client_add(h, "10.1.0.1/24");
	assert_done(h, hycan_session_lifetime(h, HYCAN_LIFETIME_PERMANENT, NULL));
	/* it is there: for good from now on */
	client_add(h, "10.1.0.1/24");
	client_hold_while_connected(h, 0);
	client_add(h, "10.2.0.1/24");
	hycan_close(h);
	address_until_gone("10.2.0.1/24");
	assert_true(address_is_there("10.1.0.1/24"));
}

static void refuses(void **state)
{
	struct world *w = *state;
	const struct hycan_session_lifetime_options seconds = { .has_seconds = true, .seconds = 5 };

	assert_refused(w->h, hycan_session_lifetime(w->h, HYCAN_LIFETIME_LEASE, NULL), HYCAN_REFUSAL_INVALID);
	assert_string_equal(hycan_error_field(w->h), "seconds");
	assert_contains(hycan_error_message(w->h), "A lease has an end");
	assert_refused(w->h, hycan_session_lifetime(w->h, HYCAN_LIFETIME_CONNECTION, &seconds), HYCAN_REFUSAL_INVALID);
	assert_contains(hycan_error_message(w->h), "Only a lease");
}

/* In a namespace that has no name any more, and that nobody but the connection was in. */
static void in_another_namespace(void **state)
{
	struct world *w = *state;
	struct hycan *h = client_open(w);
	struct hycan_link_address a = { .link = "lo", .address = prefix_of("10.7.0.1/32") };
	const int fd = netns_without_name();

	assert_done(h, hycan_session_netns(h, fd, NULL));
	client_hold_while_connected(h, 0);
	assert_done(h, hycan_address_add(h, &a));
	free(shell("nsenter --net=/proc/%d/fd/%d ip -o address show dev lo | grep -q 10.7.0.1", (int)getpid(), fd));
	hycan_close(h);
	shell_until(30, "! nsenter --net=/proc/%d/fd/%d ip -o address show dev lo | grep 10.7.0.1", (int)getpid(), fd);
	close(fd);
	assert_int_equal(shell_status(NULL, "grep -q 'could not be taken away' %s", w->log), 1);
}

/* The daemon gets no descriptor for another namespace, until that one is over. */
static void let_descriptors(struct world *w, const struct rlimit *limit)
{
	assert_int_equal(prlimit(w->daemon, RLIMIT_NOFILE, limit, NULL), 0);
}

/* The only object that there is: free() it. */
static struct hycan_object *only_object(struct hycan *h)
{
	struct hycan_object *objects = NULL;
	size_t n = 0;

	assert_done(h, hycan_object_list(h, NULL, &objects, &n));
	assert_int_equal(n, 1);
	assert_int_equal(objects->kind, HYCAN_OBJECT_KIND_ADDRESS);
	return objects;
}

/* A connection adds an address there, ends, and the daemon cannot take it away. */
static void end_in_vain(struct world *w, int fd, char token[static 33])
{
	struct hycan *h = client_open(w);
	struct hycan_link_address a = { .link = "lo", .address = prefix_of("10.7.0.1/32") };
	struct hycan_object *o = NULL;
	struct rlimit before, none;

	assert_done(h, hycan_session_netns(h, fd, NULL));
	snprintf(token, 33, "%s", hycan_token(h));
	client_hold_while_connected(h, 0);
	assert_done(h, hycan_address_add(h, &a));
	assert_int_equal(prlimit(w->daemon, RLIMIT_NOFILE, NULL, &before), 0);
	none = (struct rlimit){ .rlim_cur = 3, .rlim_max = before.rlim_max };
	let_descriptors(w, &none);
	hycan_close(h);
	shell_until(60, "grep -q '10.7.0.1/32.* could not be taken away, and stays' %s", w->log);
	let_descriptors(w, &before);
	free(shell("nsenter --net=/proc/%d/fd/%d ip -o address show dev lo | grep -q 10.7.0.1", (int)getpid(), fd));
	/* behind the line in the log somebody holds it again */
	do {
		free(o);
		o = only_object(w->h);
	} while (o->holders == 0);
	/* until it is tried again */
	assert_int_equal(o->holders, 1);
	assert_int_equal(o->lifetime, HYCAN_LIFETIME_LEASE);
	free(o);
}

/* What cannot be taken away when its connection ends stays in the ledger: it is listed, and can be cleared. */
static void that_cannot_end(void **state)
{
	struct world *w = *state;
	struct hycan_object_clear_reply *cleared = NULL;
	const int fd = netns_without_name();
	char token[33];

	end_in_vain(w, fd, token);
	assert_done(w->h, hycan_object_clear(w->h, NULL, &cleared));
	assert_int_equal(cleared->removed, 1);
	assert_int_equal(cleared->failed, 0);
	free(cleared);
	free(shell("! nsenter --net=/proc/%d/fd/%d ip -o address show dev lo | grep 10.7.0.1", (int)getpid(), fd));
	close(fd);
}

/* Who comes back for it has it as he had it, and not until it is tried again. */
static void that_cannot_end_and_is_adopted(void **state)
{
	struct world *w = *state;
	struct hycan *h = client_open(w);
	struct hycan_object *o;
	const int fd = netns_without_name();
	char token[33];
	uint32_t n = 0;

	end_in_vain(w, fd, token);
	assert_done(h, hycan_session_adopt(h, token, &n));
	assert_int_equal(n, 1);
	o = only_object(h);
	assert_int_equal(o->lifetime, HYCAN_LIFETIME_CONNECTION);
	assert_false(o->has_remaining_ms);
	free(o);
	hycan_close(h);
	shell_until(30, "! nsenter --net=/proc/%d/fd/%d ip -o address show dev lo | grep 10.7.0.1", (int)getpid(), fd);
	close(fd);
}

/* Forwarding is an object, too. */
static void forwards_while_needed(void **state)
{
	struct world *w = *state;
	struct hycan *h = client_open(w), *other = client_open(w);
	bool on = true;

	free(shell("echo 0 > /proc/sys/net/ipv4/ip_forward"));
	client_hold_while_connected(h, 0);
	client_hold_while_connected(other, 0);
	assert_done(h, hycan_forwarding_set(h, HYCAN_FAMILY_IPV4, true, NULL));
	assert_done(other, hycan_forwarding_set(other, HYCAN_FAMILY_IPV4, true, NULL));
	assert_done(h, hycan_forwarding_set(h, HYCAN_FAMILY_IPV4, false, NULL));
	assert_done(w->h, hycan_forwarding_get(w->h, HYCAN_FAMILY_IPV4, NULL, &on));
	assert_true(on);
	hycan_close(h);
	hycan_close(other);
	shell_until(30, "grep -q 0 /proc/sys/net/ipv4/ip_forward");
	/* a stranger's is not claimed */
	free(shell("echo 1 > /proc/sys/net/ipv4/ip_forward"));
	h = client_open(w);
	client_hold_while_connected(h, 0);
	assert_done(h, hycan_forwarding_set(h, HYCAN_FAMILY_IPV4, true, NULL));
	client_add(h, "10.1.0.1/24");
	hycan_close(h);
	address_until_gone("10.1.0.1/24");
	assert_output("1\n", "cat /proc/sys/net/ipv4/ip_forward");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(permanent_stays, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(last_thing_first, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(chosen_for_each_request, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(refuses, world_begin, world_end),
		cmocka_unit_test_setup_teardown(in_another_namespace, world_begin, world_end),
		cmocka_unit_test_setup_teardown(that_cannot_end, world_begin, world_end),
		cmocka_unit_test_setup_teardown(that_cannot_end_and_is_adopted, world_begin, world_end),
		cmocka_unit_test_setup_teardown(forwards_while_needed, routing_begin, world_end),
	};

	return cmocka_run_group_tests_name("session.lifetime", tests, NULL, NULL);
}
