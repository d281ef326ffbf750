/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ledger alone: who asks for what somebody else is about to take away waits for that, but not for ever. */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/ledger.h"

static const struct ledger_holder alice = { .subject = 1, .lifetime = HYCAN_LIFETIME_PERMANENT };
static const struct ledger_holder bob = { .subject = 2, .lifetime = HYCAN_LIFETIME_PERMANENT };

/* Two who take things away. */
static const char one, other;

/* Threads that have begun to wait, and no more. */
static sem_t waits;
static _Atomic int n_wait;

static struct ledger_key key(const char *identity)
{
	struct ledger_key k = { .netns = 1, .kind = HYCAN_OBJECT_KIND_LINK, .size = (uint8_t)strlen(identity) };

	memcpy(k.identity, identity, k.size);
	return k;
}

static void tell_wait(bool begins)
{
	n_wait += begins ? 1 : -1;
	if (begins)
		sem_post(&waits);
}

static int begin(void **state)
{
	sem_init(&waits, 0, 0);
	if (ledger_open((struct ledger **)state) < 0)
		return -1;
	ledger_on_wait(*state, tell_wait);
	for (const char *name = "abc"; *name; name++) {
		const struct ledger_key k = key((char[]){ *name, '\0' });

		if (ledger_put(*state, &alice, 1, &k, 1, NULL, NULL) < 0)
			return -1;
	}
	return 0;
}

static int end(void **state)
{
	ledger_free((struct ledger **)state);
	sem_destroy(&waits);
	return 0;
}

static enum ledger_stand take(struct ledger *l, const char *identity, const void *by)
{
	const struct ledger_key k = key(identity);
	uint64_t owner;

	return ledger_take_begin(l, &k, &alice, false, by, &owner);
}

/* What a thread of its own asks for, and gets. */
struct asker {
	struct ledger *l;
	pthread_t thread;
	int result;
};

static void ask(struct asker *a, struct ledger *l, void *(*run)(void *userdata))
{
	a->l = l;
	assert_int_equal(pthread_create(&a->thread, NULL, run, a), 0);
}

static void *take_b(void *userdata)
{
	struct asker *a = userdata;

	a->result = (int)take(a->l, "b", &one);
	return NULL;
}

static void *take_a(void *userdata)
{
	struct asker *a = userdata;

	a->result = (int)take(a->l, "a", NULL);
	return NULL;
}

static void *put_a(void *userdata)
{
	const struct ledger_key k = key("a");
	struct asker *a = userdata;

	a->result = ledger_put(a->l, &bob, 1, &k, 1, NULL, NULL);
	return NULL;
}

static void *hold_c(void *userdata)
{
	const struct ledger_key k = key("c");
	struct asker *a = userdata;

	a->result = ledger_hold(a->l, &bob, 1, &k, 1, NULL, 0);
	return NULL;
}

static void *let_go_of_b(void *userdata)
{
	const struct ledger_key k = key("b");
	struct asker *a = userdata;

	a->result = ledger_let_go(a->l, &k, &alice, false, NULL);
	return NULL;
}

static void *clear_c(void *userdata)
{
	const struct ledger_key k = key("c");
	struct asker *a = userdata;

	a->result = (int)ledger_clear(a->l, &k, NULL, false, NULL);
	return NULL;
}

/* The user does not ask for it any more, as another connection of his says. */
static void *let_go_of_stale_c(void *userdata)
{
	const struct ledger_key k = key("c");
	struct asker *a = userdata;

	a->result = (int)ledger_let_go_stale(a->l, &k, &alice, ledger_round(a->l), NULL);
	return NULL;
}

/* Two that take away the same in another order: the one that would close the circle does not wait, and the other one has it then. */
static void waits_in_no_circle(void **state)
{
	struct ledger *l = *state;
	struct asker asker;

	assert_int_equal(take(l, "a", &one), LEDGER_MINE);
	assert_int_equal(take(l, "b", &other), LEDGER_MINE);
	ask(&asker, l, take_b);
	assert_int_equal(sem_wait(&waits), 0);
	assert_int_equal(take(l, "a", &other), LEDGER_GOING);
	ledger_cancel(l, &other);
	assert_int_equal(pthread_join(asker.thread, NULL), 0);
	assert_int_equal(asker.result, LEDGER_MINE);
	assert_int_equal(n_wait, 0);
	ledger_cancel(l, &one);
}

/* Who has waited in vain hears of it, and does nothing as if it were gone. */
static void waits_in_vain(void **state)
{
	static void *(*const run[])(void *userdata) = { take_a, put_a, hold_c, let_go_of_b, clear_c, let_go_of_stale_c };
	static const int expected[] = { LEDGER_GOING, -EBUSY, -EBUSY, false, LEDGER_GOING, LEDGER_GOING };
	struct asker asker[6];
	const struct ledger_key c = key("c");
	struct ledger *l = *state;

	assert_int_equal(take(l, "a", &one), LEDGER_MINE);
	assert_int_equal(take(l, "b", &one), LEDGER_MINE);
	assert_int_equal(take(l, "c", &one), LEDGER_MINE);
	for (size_t i = 0; i < 6; i++)
		ask(&asker[i], l, run[i]);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(sem_wait(&waits), 0);
	assert_int_equal(n_wait, 6);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(pthread_join(asker[i].thread, NULL), 0);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(asker[i].result, expected[i]);
	assert_int_equal(n_wait, 0);
	assert_false(ledger_holds(l, &c, &bob));
	ledger_cancel(l, &one);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(waits_in_no_circle, begin, end),
		cmocka_unit_test_setup_teardown(waits_in_vain, begin, end),
	};

	return cmocka_run_group_tests_name("what is going", tests, NULL, NULL);
}
