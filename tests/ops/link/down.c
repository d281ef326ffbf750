/* SPDX-License-Identifier: GPL-2.0-or-later */
/* link.down: the link is down, unless others hold it, too. */
#include "clients.h"
#include "raw.h"
#include "view.h"
#include "watch.h"

#include <linux/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ALICE 4711
#define BOB   4712
#define CAROL 4713

static void test_down(void **state)
{
	struct watch_event event;
	struct world *w = *state;
	int watch;

	free(shell("ip link add v0 type veth peer name v1 && ip link set v0 up"));
	watch = watch_links();
	assert_done(w->h, hycan_link_down(w->h, "v0"));
	assert_true(watch_read(watch, &event, 1) >= 1);
	assert_string_equal(event.name, "v0");
	assert_false(event.flags & IFF_UP);
	close(watch);
	assert_ip_shows("v0", "flags.UP", "no");
}

/* Down already: nothing is changed, and so nothing announced. */
static void test_twice(void **state)
{
	struct world *w = *state;
	int watch;

	free(shell("ip link add v0 type veth peer name v1 && ip link set v0 promisc on"));
	watch = watch_links();
	assert_done(w->h, hycan_link_down(w->h, "v0"));
	assert_int_equal(watch_count(watch), 0);
	close(watch);
	assert_ip_shows("v0", "flags.UP flags.PROMISC", "no yes");
}

static void test_missing(void **state)
{
	struct world *w = *state;

	assert_refused(w->h, hycan_link_down(w->h, "nowhere"), HYCAN_REFUSAL_NOT_FOUND);
	assert_contains(hycan_error_message(w->h), "“nowhere”");
	assert_string_equal(hycan_error_field(w->h), "name");
}

/* ------------------------------------------------------------------------------------------------ of those that several hold */

static int begin_shared(void **state)
{
	const struct world_options options = {
		.policy = "allow 4713 link.down name=vc* owner=any\nallow * vcan,link name=vc*\n",
		.open_to_all = true,
	};

	*state = world_start(&options);
	return 0;
}

static void hold(struct world *w)
{
	struct hycan *h = client_open(w);

	assert_done(h, hycan_vcan_create(h, "vc0", NULL, NULL));
	assert_done(h, hycan_link_up(h, "vc0"));
	hycan_close(h);
}

/* A link that two users hold. */
static void share(struct world *w)
{
	need_kind("vcan");
	world_as(ALICE, ALICE, hold, w);
	world_as(BOB, BOB, hold, w);
}

static void assert_up(const char *yes_or_no)
{
	assert_ip_shows("vc0", "flags.UP", yes_or_no);
}

static void holds_not(struct world *w)
{
	struct hycan *h = client_open(w);

	assert_refused(h, hycan_link_down(h, "vc0"), HYCAN_REFUSAL_DENIED);
	hycan_close(h);
}

static void down(struct world *w)
{
	struct hycan *h = client_open(w);

	assert_done(h, hycan_link_down(h, "vc0"));
	hycan_close(h);
}

static void down_with_another(struct world *w)
{
	struct hycan *h = client_open(w);

	assert_refused(h, hycan_link_down(h, "vc0"), HYCAN_REFUSAL_BUSY);
	assert_string_equal(hycan_error_field(h), "name");
	assert_contains(hycan_error_message(h), "User 4711 holds the link “vc0”, too");
	assert_contains(hycan_error_message(h), "let go of it with link.delete");
	assert_contains(hycan_error_message(h), "link.down with owner=any");
	hycan_close(h);
}

static void let_go(struct world *w)
{
	struct hycan *h = client_open(w);

	assert_done(h, hycan_link_delete(h, "vc0"));
	assert_up("yes");
	assert_refused(h, hycan_link_down(h, "vc0"), HYCAN_REFUSAL_DENIED);
	hycan_close(h);
}

static void test_two_users(void **state)
{
	struct world *w = *state;

	need_kind("vcan");
	world_as(ALICE, ALICE, hold, w);
	world_as(BOB, BOB, holds_not, w);
	world_as(BOB, BOB, hold, w);
	world_as(BOB, BOB, down_with_another, w);
	assert_up("yes");
	/* there is nothing to be taken from anybody */
	free(shell("ip link set vc0 down"));
	world_as(BOB, BOB, down, w);
	free(shell("ip link set vc0 up"));
	world_as(BOB, BOB, let_go, w);
	world_as(ALICE, ALICE, down, w);
	assert_up("no");
}

static void test_overridden(void **state)
{
	struct world *w = *state;

	share(w);
	assert_done(w->h, hycan_link_down(w->h, "vc0"));
	assert_up("no");
	free(shell("ip link set vc0 up"));
	world_as(CAROL, CAROL, hold, w);
	world_as(CAROL, CAROL, down, w);
	assert_up("no");
}

static void two_programs(struct world *w)
{
	struct hycan *one = client_open(w), *other = client_open(w), *third = client_open(w);

	client_hold_while_connected(one, 0);
	client_hold_while_connected(other, 0);
	assert_done(one, hycan_vcan_create(one, "vc0", NULL, NULL));
	assert_done(one, hycan_link_up(one, "vc0"));
	assert_done(one, hycan_link_down(one, "vc0"));
	assert_done(one, hycan_link_up(one, "vc0"));
	assert_done(other, hycan_vcan_create(other, "vc0", NULL, NULL));
	assert_refused(other, hycan_link_down(other, "vc0"), HYCAN_REFUSAL_BUSY);
	assert_contains(hycan_error_message(other), "Another program of yours holds the link “vc0”, too");
	assert_up("yes");
	/* who holds nothing of it speaks for the user's programs */
	assert_done(third, hycan_link_down(third, "vc0"));
	assert_done(third, hycan_link_up(third, "vc0"));
	assert_done(other, hycan_link_delete(other, "vc0"));
	assert_done(one, hycan_link_down(one, "vc0"));
	assert_up("no");
	hycan_close(third);
	hycan_close(other);
	hycan_close(one);
}

static void test_two_programs(void **state)
{
	struct world *w = *state;

	need_kind("vcan");
	world_as(ALICE, ALICE, two_programs, w);
}

/* Takes it down as a step, or plans that. */
static int in_transaction(struct hycan *h, bool plan)
{
	const struct hycan_transaction_run_options options = { .has_plan = true, .plan = plan };

	assert_done(h, hycan_transaction_begin(h));
	assert_done(h, hycan_link_down(h, "vc0"));
	return hycan_transaction_commit(h, &options, NULL);
}

static void down_as_step(struct world *w)
{
	struct hycan *h = client_open(w);

	assert_refused(h, in_transaction(h, true), HYCAN_REFUSAL_BUSY);
	assert_refused(h, in_transaction(h, false), HYCAN_REFUSAL_BUSY);
	assert_contains(hycan_error_message(h), "Step 1 of 1, link.down: User 4711 holds the link “vc0”, too");
	assert_up("yes");
	hycan_close(h);
}

/* Its own step up is taken back, whoever holds the link with it. */
static void up_and_back(struct world *w)
{
	const struct hycan_transaction_run_options options = { .has_confirm_within = true, .confirm_within = 600 };
	struct hycan_transaction_run_reply *reply = NULL;
	struct hycan *h = client_open(w);

	assert_done(h, hycan_transaction_begin(h));
	assert_done(h, hycan_link_up(h, "vc0"));
	assert_done(h, hycan_link_up(h, "vc-none"));
	assert_refused(h, hycan_transaction_commit(h, NULL, NULL), HYCAN_REFUSAL_NOT_FOUND);
	assert_up("no");
	assert_done(h, hycan_transaction_begin(h));
	assert_done(h, hycan_link_up(h, "vc0"));
	assert_done(h, hycan_transaction_commit(h, &options, &reply));
	assert_up("yes");
	assert_done(h, hycan_transaction_cancel(h, reply->token));
	assert_up("no");
	free(reply);
	hycan_close(h);
}

static void test_steps(void **state)
{
	struct world *w = *state;

	share(w);
	world_as(BOB, BOB, down_as_step, w);
	free(shell("ip link set vc0 down"));
	world_as(BOB, BOB, up_and_back, w);
}

/* Operation 3 of the classic protocol; its answer is a zero, the code of a link that could not be taken down, and why. */
static void classic(struct world *w)
{
	struct raw raw = raw_connect(w->socket);
	char answer[512] = "";
	size_t size = 0;
	ssize_t n;

	raw_send(&raw, "\3\3vc0", 5);
	while ((n = read(raw.fd, answer + size, sizeof(answer) - 1 - size)) > 0)
		size += (size_t)n;
	assert_memory_equal(answer, "\0\10", 2);
	assert_contains(answer + 4, "User 4711 holds the link “vc0”, too");
	assert_up("yes");
	raw_close(&raw);
}

static void test_classic(void **state)
{
	struct world *w = *state;

	share(w);
	world_as(BOB, BOB, classic, w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_down, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_twice, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_missing, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_two_users, begin_shared, world_end),
		cmocka_unit_test_setup_teardown(test_overridden, begin_shared, world_end),
		cmocka_unit_test_setup_teardown(test_two_programs, begin_shared, world_end),
		cmocka_unit_test_setup_teardown(test_steps, begin_shared, world_end),
		cmocka_unit_test_setup_teardown(test_classic, begin_shared, world_end),
	};

	return cmocka_run_group_tests_name("link.down", tests, NULL, NULL);
}
