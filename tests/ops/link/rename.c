/* SPDX-License-Identifier: GPL-2.0-or-later */
/* link.rename: another name for the same link. */
#include "clients.h"
#include "view.h"
#include "watch.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The kernel has the link under that name. Not its counters: a link that is up sends packets of its own. */
static void assert_is(struct world *w, const char *name, uint32_t ifindex)
{
	struct hycan_link link;
	char expected[64];

	assert_done(w->h, hycan_link_get(w->h, name, &link));
	assert_int_equal(link.ifindex, ifindex);
	snprintf(expected, sizeof(expected), "%u %s", ifindex, name);
	assert_ip_shows(name, "ifindex ifname", expected);
}

static uint32_t make(struct world *w, const char *name, const char *rest)
{
	struct hycan_link link;

	free(shell("ip link add %s type %s", name, rest));
	assert_done(w->h, hycan_link_get(w->h, name, &link));
	return link.ifindex;
}

/* It is the same link, with everything that it had. */
static void test_rename(void **state)
{
	static const char *const rest[] = { "bridge", "ifb", "veth peer name far" };
	struct world *w = *state;

	for (size_t i = 0; i < 3; i++) {
		uint32_t ifindex = make(w, "b0", rest[i]);

		free(shell("ip address add 10.0.0.1/24 dev b0 && ip address add fd00::1/64 dev b0"));
		assert_done(w->h, hycan_link_rename(w->h, "b0", "fifteen-letters"));
		assert_is(w, "fifteen-letters", ifindex);
		assert_int_not_equal(shell_status(NULL, "ip link show b0"), 0);
		free(shell("ip address show dev fifteen-letters | grep -q 10.0.0.1/24 && "
		           "ip address show dev fifteen-letters | grep -q fd00::1/64"));
		/* the old name is free for another, and that one's for the next */
		assert_true(make(w, "b0", "bridge") != ifindex);
		assert_done(w->h, hycan_link_rename(w->h, "b0", "b1"));
		free(shell("ip link delete b1 && ip link delete fifteen-letters"));
	}
}

/* It has the name: nothing is changed, and so nothing announced. */
static void test_same_name(void **state)
{
	struct watch_event event;
	struct world *w = *state;
	int watch;

	make(w, "b0", "bridge");
	watch = watch_links();
	assert_done(w->h, hycan_link_rename(w->h, "b0", "b1"));
	assert_true(watch_read(watch, &event, 1) >= 1);
	assert_string_equal(event.name, "b1");
	assert_done(w->h, hycan_link_rename(w->h, "b1", "b1"));
	hycan_set_exclusive(w->h, true);
	assert_done(w->h, hycan_link_rename(w->h, "b1", "b1"));
	assert_int_equal(watch_count(watch), 0);
	close(watch);
}

/* What this kernel lets ip(8) do it lets us do. */
static void test_up(void **state)
{
	struct world *w = *state;
	uint32_t ifindex = make(w, "b0", "bridge");

	free(shell("ip link add theirs type bridge && ip link set theirs up && ip link set b0 up"));
	if (shell_status(NULL, "ip link set theirs name renamed") == 0) {
		assert_done(w->h, hycan_link_rename(w->h, "b0", "b1"));
	} else {
		assert_refused(w->h, hycan_link_rename(w->h, "b0", "b1"), HYCAN_REFUSAL_BUSY);
		assert_string_equal(hycan_error_field(w->h), "name");
		assert_contains(hycan_error_message(w->h), "“b0” is up");
		assert_contains(hycan_error_message(w->h), "link.down");
		assert_ip_shows("b0", "flags.UP", "yes");
		assert_done(w->h, hycan_link_rename(w->h, "b0", "b0"));
		assert_done(w->h, hycan_link_down(w->h, "b0"));
		assert_done(w->h, hycan_link_rename(w->h, "b0", "b1"));
	}
	assert_is(w, "b1", ifindex);
}

/* ------------------------------------------------------------------------------------------------ of those that several hold */

enum { ALICE = 4711, BOB = 4712 };

static int begin_shared(void **state)
{
	*state = world_start(&(struct world_options){ .policy = "allow * vcan,link name=vc*\n", .open_to_all = true });
	return 0;
}

static void hold(struct world *w)
{
	struct hycan *h = client_open(w);

	assert_done(h, hycan_vcan_create(h, "vc0", NULL, NULL));
	hycan_close(h);
}

static void rename_with_another(struct world *w)
{
	struct hycan *h = client_open(w);

	assert_refused(h, hycan_link_rename(h, "vc0", "vc1"), HYCAN_REFUSAL_BUSY);
	assert_string_equal(hycan_error_field(h), "name");
	assert_contains(hycan_error_message(h), "User 4711 holds the link “vc0”, too");
	assert_done(h, hycan_link_rename(h, "vc0", "vc0"));
	assert_done(h, hycan_link_delete(h, "vc0"));
	hycan_close(h);
}

static void rename_alone(struct world *w)
{
	struct hycan *h = client_open(w);

	assert_done(h, hycan_link_rename(h, "vc0", "vc1"));
	assert_done(h, hycan_link_delete(h, "vc1"));
	hycan_close(h);
}

/* Who else holds it would not find it any more. */
static void test_shared(void **state)
{
	struct world *w = *state;

	need_kind("vcan");
	world_as(ALICE, ALICE, hold, w);
	world_as(BOB, BOB, hold, w);
	world_as(BOB, BOB, rename_with_another, w);
	world_as(ALICE, ALICE, rename_alone, w);
}

static void test_missing(void **state)
{
	struct world *w = *state;

	make(w, "b0", "bridge");
	assert_done(w->h, hycan_link_rename(w->h, "b0", "b1"));
	for (const char *const *to = (const char *const[]){ "b1", "b2", "b0", NULL }; *to; to++) {
		assert_refused(w->h, hycan_link_rename(w->h, "b0", *to), HYCAN_REFUSAL_NOT_FOUND);
		assert_contains(hycan_error_message(w->h), "“b0”");
		assert_string_equal(hycan_error_field(w->h), "name");
	}
}

/* A name can be taken by the alternative name of a link, too. */
static void test_taken(void **state)
{
	struct world *w = *state;
	uint32_t ifindex = make(w, "b0", "bridge");
	int watch;

	make(w, "b1", "bridge");
	free(shell("ip link property add dev b1 altname other"));
	watch = watch_links();
	for (const char *const *to = (const char *const[]){ "b1", "lo", "other", NULL }; *to; to++) {
		bool own = strcmp(*to, "other") != 0;

		assert_refused(w->h, hycan_link_rename(w->h, "b0", *to), own ? HYCAN_REFUSAL_EXISTS : HYCAN_REFUSAL_INVALID);
		assert_string_equal(hycan_error_field(w->h), "new_name");
		assert_contains(hycan_error_message(w->h), *to);
	}
	assert_int_equal(watch_count(watch), 0);
	close(watch);
	assert_is(w, "b0", ifindex);
}

static void test_impossible_name(void **state)
{
	struct world *w = *state;

	make(w, "b0", "bridge");
	for (const char *const *to = (const char *const[]){ "", ".", "..", "a/b", "a b", "a:b", "b%d", NULL }; *to; to++) {
		assert_true(hycan_link_rename(w->h, "b0", *to) != 0);
		assert_true(strlen(hycan_error_message(w->h)) > 10);
	}
	free(shell("ip link show b0"));
}

static void as_nobody(struct world *w)
{
	struct hycan *h = NULL;

	assert_done(h, hycan_open(&h, w->socket));
	assert_done(h, hycan_link_rename(h, "can0", "can1"));
	assert_refused(h, hycan_link_rename(h, "can1", "eth1"), HYCAN_REFUSAL_DENIED);
	assert_string_equal(hycan_error_field(h), "new_name");
	assert_refused(h, hycan_link_rename(h, "eth0", "can2"), HYCAN_REFUSAL_DENIED);
	assert_string_equal(hycan_error_field(h), "name");
	hycan_close(h);
}

/* Who may touch can* alone can neither give such a link away nor take another. */
static void test_policy(void **state)
{
	const struct world_options options = { .policy = "allow nobody link name=can*\n", .open_to_all = true };
	struct world *w = *state = world_start(&options);

	free(shell("ip link add can0 type ifb && ip link add eth0 type ifb"));
	world_as(65534, 65534, as_nobody, w);
	free(shell("ip link show can1 && ip link show eth0"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_rename, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_same_name, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_up, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_shared, begin_shared, world_end),
		cmocka_unit_test_setup_teardown(test_missing, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_taken, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_impossible_name, world_begin, world_end),
		cmocka_unit_test_teardown(test_policy, world_end),
	};

	return cmocka_run_group_tests_name("link.rename", tests, NULL, NULL);
}
