/* SPDX-License-Identifier: GPL-2.0-or-later */
/* daemon.status: counts that are right, and a histogram that holds as many. */
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "world.h"

static const struct hycan_operation_statistics *find(const struct hycan_daemon_status_reply *s, const char *name)
{
	for (size_t i = 0; i < s->n_operations; i++)
		if (strcmp(s->operations[i].name, name) == 0)
			return &s->operations[i];
	return NULL;
}

static void test_counts(void **state)
{
	struct world *w = *state;
	struct hycan_daemon_status_reply *s = NULL;
	const struct hycan_operation_statistics *up;
	struct hycan *second = NULL;
	uint64_t uptime, n = 0;

	assert_done(w->h, hycan_open(&second, w->socket));
	for (int i = 0; i < 10; i++)
		assert_done(w->h, hycan_link_up(w->h, "lo"));
	assert_refused(second, hycan_link_up(second, "nosuch0"), HYCAN_REFUSAL_NOT_FOUND);
	assert_done(w->h, hycan_daemon_status(w->h, &s));
	assert_int_equal(s->pid, w->daemon);
	assert_int_equal(s->clients, 2);
	assert_true(strlen(s->version) > 0);
	assert_true(s->longest_turn_us > 0 && s->longest_turn_us / 1000 <= s->uptime_ms);
	uptime = s->uptime_ms;
	up = find(s, "link.up");
	assert_non_null(up);
	assert_int_equal(up->done, 10);
	assert_int_equal(up->refused, 1);
	assert_int_equal(up->failed, 0);
	for (size_t i = 0; i < up->n_latency_us; i++)
		n += up->latency_us[i];
	assert_int_equal(n, 11);
	assert_null(find(s, "link.delete"));
	free(s);
	hycan_close(second);
	/* the connection that was closed is noticed by the loop some time later */
	do {
		assert_done(w->h, hycan_daemon_status(w->h, &s));
		n = s->clients;
		assert_true(s->uptime_ms >= uptime);
		free(s);
	} while (n != 1);
}

static void assert_objects(struct hycan *h, uint32_t expected)
{
	struct hycan_daemon_status_reply *s = NULL;

	assert_done(h, hycan_daemon_status(h, &s));
	assert_int_equal(s->objects, expected);
	free(s);
}

/* What they are is told by object.list and its test. */
static void test_objects(void **state)
{
	struct world *w = *state;
	struct hycan_link_address address = { .link = "va", .address = prefix_of("10.0.0.1/24") };

	free(shell("ip link add va type veth peer name vb && ip link set va up && ip link set vb up"));
	assert_objects(w->h, 0);
	assert_done(w->h, hycan_address_add(w->h, &address));
	assert_objects(w->h, 1);
	/* there already */
	assert_done(w->h, hycan_address_add(w->h, &address));
	assert_objects(w->h, 1);
	assert_done(w->h, hycan_address_remove(w->h, "va", &address.address));
	assert_objects(w->h, 0);
	assert_refused(w->h, hycan_address_remove(w->h, "va", &address.address), HYCAN_REFUSAL_NOT_FOUND);
	assert_done(w->h, hycan_address_add(w->h, &address));
	/* the link under it */
	assert_done(w->h, hycan_link_delete(w->h, "va"));
	assert_objects(w->h, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_counts, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_objects, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("daemon.status", tests, NULL, NULL);
}
