/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who changed WireGuard: each of several requests at once is the cause of what it alone may have changed, and nobody of the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "monitor_state.h"

static const uint8_t first[32] = { 1 }, second[32] = { 2 };

static struct kernel_mark mark(uint64_t request, const char *link, bool about_peers, const uint8_t *peer)
{
	struct kernel_mark m = { .request = request, .looks = KERNEL_BIT(KERNEL_WIREGUARD), .about_peers = about_peers };

	strcpy(m.link, link);
	m.has_peer = peer != NULL;
	if (peer)
		memcpy(m.peer, peer, sizeof(m.peer));
	return m;
}

static void tell(struct kernel_monitor *m, struct kernel_mark about, bool begin, bool changed)
{
	about.begin = begin;
	about.changed = changed;
	m->n_marks++;
	monitor_blame_mark(m, (uint32_t)about.request, &about);
}

/* Who it was: the number of the request, 0 for a stranger, -1 for nobody knows. */
static int who(const struct kernel_monitor *m, const char *name, const uint8_t *peer)
{
	const struct kernel_mark *by = NULL;

	switch (monitor_blame(m, name, peer, &by)) {
	case KERNEL_DURING:
		return (int)by->request;
	case KERNEL_BY_STRANGER:
		return 0;
	case KERNEL_BY_SOMEBODY:
		return -1;
	case KERNEL_BY_REQUEST:
	case KERNEL_BY_US:
		break;
	}
	return -2;
}

static struct kernel_monitor *monitor(void)
{
	struct kernel_monitor *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	return m;
}

static void test_at_once(void **state)
{
	struct kernel_monitor *m = monitor();

	(void)state;
	/* a setting of one interface, a peer of another, and a peer of the first */
	for (int ended = 0; ended < 2; ended++) {
		tell(m, mark(1, "wg0", false, NULL), !ended, true);
		tell(m, mark(2, "wg1", true, first), !ended, true);
		tell(m, mark(3, "wg0", true, second), !ended, true);
		assert_int_equal(who(m, "wg0", NULL), 1);
		assert_int_equal(who(m, "wg1", first), 2);
		assert_int_equal(who(m, "wg0", second), 3);
		assert_int_equal(who(m, "wg1", NULL), 0);
		assert_int_equal(who(m, "wg2", first), 0);
		/* it may have lost an allowed IP to that, or its place to a new key */
		assert_int_equal(who(m, "wg1", second), 2);
		assert_int_equal(who(m, "wg0", first), -1);
	}
	/* all peers, and one of them */
	tell(m, mark(4, "wg1", true, NULL), true, true);
	assert_int_equal(who(m, "wg1", first), -1);
	assert_int_equal(who(m, "wg1", second), 4);
	assert_int_equal(who(m, "wg1", NULL), 0);
	tell(m, mark(4, "wg1", true, NULL), false, false);
	assert_int_equal(who(m, "wg1", first), 2);
	free(m);
}

static void test_over(void **state)
{
	struct kernel_monitor *m = monitor();

	(void)state;
	tell(m, mark(1, "wg0", true, first), true, true);
	tell(m, mark(1, "wg0", true, first), false, true);
	monitor_blame_read(m);
	/* this one was not seen when it was read */
	tell(m, mark(2, "wg0", true, second), true, true);
	tell(m, mark(3, "wg1", true, second), true, true);
	tell(m, mark(2, "wg0", true, second), false, true);
	monitor_blame_done(m);
	assert_int_equal(who(m, "wg0", second), 2);
	assert_int_equal(who(m, "wg0", first), 2);
	monitor_blame_read(m);
	monitor_blame_done(m);
	assert_int_equal(who(m, "wg0", second), 0);
	/* it goes on */
	assert_int_equal(who(m, "wg1", second), 3);
	monitor_blame_forget(m);
	assert_int_equal(who(m, "wg1", second), 0);
	free(m);
}

/* More than are kept: nobody is named any more, but who is not in doubt before it is read again. */
static void test_too_many(void **state)
{
	struct kernel_monitor *m = monitor();

	(void)state;
	for (uint64_t i = 1; i <= SUSPECTS_MAX + 1; i++)
		tell(m, mark(i, "wg0", false, NULL), true, true);
	assert_int_equal(who(m, "wg0", NULL), -1);
	assert_int_equal(who(m, "wg1", NULL), -1);
	for (uint64_t i = 1; i <= SUSPECTS_MAX + 1; i++)
		tell(m, mark(i, "wg0", false, NULL), false, false);
	monitor_blame_read(m);
	monitor_blame_done(m);
	assert_int_equal(who(m, "wg0", NULL), 0);
	free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_at_once),
		cmocka_unit_test(test_over),
		cmocka_unit_test(test_too_many),
	};

	return cmocka_run_group_tests_name("monitor_blame", tests, NULL, NULL);
}
