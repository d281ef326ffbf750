/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The switch that forwards packets of a whole namespace, and who is to turn it off: networks as they are in our table, without their
 * links, which not every kernel can make; and in place of the ledger two families that are asked for or not.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "kernel/forwarding.h"
#include "ops/forwarding.h"
#include "ops/network.h"
#include "table.h"
#include "text.h"

#define IPV4 HYCAN_FAMILY_IPV4
#define IPV6 HYCAN_FAMILY_IPV6

/* What the ledger says: which was asked for, also of the link lo, and what it has beside the table. */
static uint32_t asked, asked_of_lo, beside;

static bool is_held(struct op *op, enum hycan_object_kind kind, const void *request)
{
	const struct hycan_forwarding_set_request *r = request;

	(void)op;
	assert_int_equal(kind, HYCAN_OBJECT_KIND_FORWARDING);
	assert_true(r->on);
	if (r->has_interface)
		return strcmp(r->interface, "lo") == 0 && asked_of_lo & OP_FORWARDS(r->family);
	return asked & OP_FORWARDS(r->family);
}

static uint32_t forwards(struct op *op, const char *link)
{
	(void)op;
	(void)link;
	return beside;
}

/* The ledger hears of it from the handler, and not only when that is done. */
static void gone(struct op *op, enum hycan_object_kind kind, const void *request)
{
	const struct hycan_forwarding_set_request *r = request;

	(void)op;
	assert_int_equal(kind, HYCAN_OBJECT_KIND_FORWARDING);
	assert_true(r->on);
	if (r->has_interface)
		asked_of_lo &= ~OP_FORWARDS(r->family);
	else
		asked &= ~OP_FORWARDS(r->family);
}

/* Each thread has its own. */
static _Thread_local uint8_t arena[1 << 20];
static _Thread_local size_t arena_used;

static void *take(struct op *op, size_t size)
{
	void *p = arena + arena_used;

	(void)op;
	arena_used += (size + 15) & ~(size_t)15;
	assert_true(arena_used <= sizeof(arena));
	return p;
}

static const struct op_server server = { .gone = gone, .is_held = is_held, .forwards = forwards };

static int begin(void **state)
{
	struct op *op = calloc(1, sizeof(*op));

	if (!op || unshare(CLONE_NEWNET) < 0 || op_scope_open(&op->scope) < 0)
		return -1;
	op->server = &server;
	op->memory = take;
	asked = asked_of_lo = beside = 0;
	*state = op;
	return 0;
}

static int end(void **state)
{
	struct op *op = *state;

	arena_used = 0;

	op_scope_free(&op->scope);
	free(op);
	return 0;
}

static struct kernel_network network_of(uint16_t vlan_id, const char *link, const char *gateway, const char *ipv6_gateway)
{
	struct kernel_network n = { .vlan_id = vlan_id, .gateway = prefix_of(gateway), .parent = "up0" };

	if (ipv6_gateway)
		n.ipv6_gateway = prefix_of(ipv6_gateway);
	memcpy(n.link, link, strlen(link));
	memcpy(n.name, link, strlen(link));
	return n;
}

static struct kernel_network blue(void)
{
	return network_of(100, "net100", "10.9.0.1/24", "fd09::1/64");
}

static struct kernel_network red(void)
{
	return network_of(101, "net101", "10.8.0.1/24", NULL);
}

/* As network.create does, but for the link. */
static void create(struct op *op, const struct kernel_network *network)
{
	bool changed = false;

	assert_int_equal(kernel_network_put(op->scope, network, NULL, NULL), 0);
	forwarding_lock();
	if (!network->internal)
		assert_int_equal(network_forward(op, network, &changed), 0);
	forwarding_unlock();
}

/* As network.delete does; there is no link. */
static void delete_network(struct op *op, const struct kernel_network *network)
{
	assert_int_equal(network_lower(op, network, true, false), 0);
}

/* Whether anything was changed. */
static bool set(struct op *op, enum hycan_family family, bool on)
{
	const struct hycan_forwarding_set_request request = { .family = family, .on = on };

	assert_int_equal(op_forwarding_set(op, &request), 0);
	/* what was there and is not ours is a stranger's */
	if (on && !op->unchanged)
		asked |= OP_FORWARDS(family);
	return !op->unchanged;
}

static bool is_on(struct op *op, enum hycan_family family)
{
	bool on = false;

	assert_int_equal(kernel_forwarding_get(op->scope, family, NULL, &on), 0);
	return on;
}

/* Whether that is for networks to turn off. */
static bool is_networks(struct op *op, enum hycan_family family)
{
	bool noted = false;

	assert_int_equal(kernel_network_has_forwarding(op->scope, family, &noted), 0);
	return noted;
}

static void assert_switches(struct op *op, bool ipv4, bool ipv6)
{
	assert_int_equal(is_on(op, IPV4), ipv4);
	assert_int_equal(is_on(op, IPV6), ipv6);
}

static void test_network_first(void **state)
{
	const struct kernel_network network = blue();
	struct op *op = *state;

	create(op, &network);
	assert_switches(op, true, true);
	assert_true(is_networks(op, IPV4) && is_networks(op, IPV6));
	/* who asks holds it from then on, and asking again changes nothing */
	assert_true(set(op, IPV4, true));
	assert_false(is_networks(op, IPV4));
	assert_false(set(op, IPV4, true));
	delete_network(op, &network);
	assert_switches(op, true, false);
	assert_true(set(op, IPV4, false));
	assert_switches(op, false, false);
}

static void test_asked_first(void **state)
{
	const struct kernel_network two[] = { blue(), red() };
	struct op *op = *state;

	assert_true(set(op, IPV4, true));
	assert_true(set(op, IPV6, true));
	create(op, &two[0]);
	create(op, &two[1]);
	assert_false(is_networks(op, IPV4) || is_networks(op, IPV6));
	assert_true(set(op, IPV4, false));
	assert_true(set(op, IPV6, false));
	assert_false(set(op, IPV6, false));
	assert_switches(op, true, true);
	delete_network(op, &two[0]);
	assert_switches(op, true, false);
	delete_network(op, &two[1]);
	assert_switches(op, false, false);
}

/* An internal network needs it by a way out. */
static void test_internal(void **state)
{
	struct kernel_network from = red();
	const struct kernel_network to = blue();
	struct op *op = *state;

	from.internal = true;
	set(op, IPV4, true);
	create(op, &from);
	assert_true(set(op, IPV4, false));
	assert_switches(op, false, false);
	create(op, &to);
	set(op, IPV4, true);
	delete_network(op, &to);
	create(op, &to);
	assert_int_equal(kernel_network_set_way(op->scope, "net101", "net100", true), 0);
	assert_true(set(op, IPV4, false));
	assert_true(is_networks(op, IPV4));
	delete_network(op, &to);
	delete_network(op, &from);
	assert_switches(op, false, false);
}

static void test_strangers(void **state)
{
	const struct kernel_network network = blue();
	struct op *op = *state;
	bool changed;

	assert_int_equal(kernel_forwarding_set(op->scope, IPV4, NULL, true, &changed), 0);
	create(op, &network);
	assert_false(set(op, IPV4, true));
	delete_network(op, &network);
	assert_switches(op, true, false);
	/* who asks for the other family has no part in that; nor has a stranger who turns it off and on */
	create(op, &network);
	assert_true(set(op, IPV6, true));
	assert_int_equal(kernel_forwarding_set(op->scope, IPV6, NULL, false, &changed), 0);
	asked = 0;
	assert_int_equal(kernel_forwarding_set(op->scope, IPV6, NULL, true, &changed), 0);
	delete_network(op, &network);
	assert_switches(op, true, true);
}

/* What was asked for of one link has nothing to do with it, and stays. */
static void test_link(void **state)
{
	const struct kernel_network network = blue();
	struct op *op = *state;
	bool changed, on = false;

	create(op, &network);
	asked_of_lo = OP_FORWARDS(IPV4);
	assert_int_equal(kernel_forwarding_set(op->scope, IPV4, "lo", true, &changed), 0);
	delete_network(op, &network);
	assert_switches(op, false, false);
	assert_int_equal(kernel_forwarding_get(op->scope, IPV4, "lo", &on), 0);
	assert_true(on);
	assert_int_equal(kernel_forwarding_get(op->scope, IPV6, "lo", &on), 0);
	assert_false(on);
}

/* Whether anything was changed, of lo. */
static bool set_lo(struct op *op, bool on)
{
	const struct hycan_forwarding_set_request request = { .family = IPV4, .on = on, .has_interface = true, .interface = "lo" };

	assert_int_equal(op_forwarding_set(op, &request), 0);
	if (on && !op->unchanged)
		asked_of_lo |= OP_FORWARDS(IPV4);
	return !op->unchanged;
}

static bool lo_is_on(struct op *op)
{
	bool on = false;

	assert_int_equal(kernel_forwarding_get(op->scope, IPV4, "lo", &on), 0);
	return on;
}

/* Who asks for a link while all are on holds that: of networks, and of others; what a stranger turned on is his. */
static void test_link_of_all(void **state)
{
	const struct kernel_network network = blue();
	struct op *op = *state;
	bool changed;

	assert_true(set(op, IPV4, true));
	assert_true(set_lo(op, true));
	assert_false(set_lo(op, true));
	assert_true(set(op, IPV4, false));
	assert_switches(op, false, false);
	assert_true(lo_is_on(op));
	/* who lets go of it leaves it as all are */
	assert_true(set(op, IPV4, true));
	assert_true(set_lo(op, false));
	assert_true(lo_is_on(op));
	/* and who holds nothing of it says how it is to be */
	assert_true(set_lo(op, false));
	assert_false(lo_is_on(op));
	assert_true(set(op, IPV4, false));
	assert_false(lo_is_on(op));
	create(op, &network);
	assert_true(set_lo(op, true));
	delete_network(op, &network);
	assert_switches(op, false, false);
	assert_true(lo_is_on(op));
	assert_true(set_lo(op, false));
	assert_false(lo_is_on(op));
	assert_int_equal(kernel_forwarding_set(op->scope, IPV4, NULL, true, &changed), 0);
	assert_false(set_lo(op, true));
	assert_true(set_lo(op, false));
	assert_false(lo_is_on(op));
}

/* It was off, and is turned on for both: it stays on for who asked for it. */
static void test_mended(void **state)
{
	const struct kernel_network network = blue();
	struct op *op = *state;
	bool changed;

	assert_true(set(op, IPV4, true));
	assert_int_equal(kernel_forwarding_set(op->scope, IPV4, NULL, false, &changed), 0);
	create(op, &network);
	assert_true(is_networks(op, IPV4));
	delete_network(op, &network);
	assert_switches(op, true, false);
	assert_true(set(op, IPV4, false));
	assert_switches(op, false, false);
}

/* The table that said that networks had turned it on is gone. */
static void test_beside(void **state)
{
	struct op *op = *state;
	bool changed;

	assert_int_equal(kernel_forwarding_set(op->scope, IPV4, NULL, true, &changed), 0);
	beside = OP_FORWARDS(IPV6);
	assert_false(set(op, IPV4, true));
	beside = OP_FORWARDS(IPV4);
	assert_true(set(op, IPV4, true));
	assert_false(set(op, IPV4, true));
}

/* ------------------------------------------------------------------------------------------------------- at the same time */

#define ROUNDS 60

static int race_asks(struct op *op)
{
	const struct hycan_forwarding_set_request on = { .family = IPV4, .on = true }, off = { .family = IPV4 };
	int r = op_forwarding_set(op, &on);

	return r ? r : op_forwarding_set(op, &off);
}

/* In a thread with a scope of its own, of the same namespace. */
static void *race(void *userdata)
{
	struct op op = { .server = &server, .memory = take };
	intptr_t r = op_scope_open(&op.scope);

	(void)userdata;
	for (int i = 0; i < ROUNDS && r == 0; i++)
		r = race_asks(&op);
	op_scope_free(&op.scope);
	return (void *)r;
}

int __real_kernel_network_remove(struct kernel_scope *scope, const struct kernel_network *network);
int __wrap_kernel_network_remove(struct kernel_scope *scope, const struct kernel_network *network);

/* Somebody who asks and lets go while a network has turned it off, and is in the table still. */
static pthread_t late;
static bool is_late;

int __wrap_kernel_network_remove(struct kernel_scope *scope, const struct kernel_network *network)
{
	struct timespec until;
	void *r;

	if (is_late) {
		assert_int_equal(pthread_create(&late, NULL, race, NULL), 0);
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec++;
		/* he has to wait, and would be done long before */
		assert_int_equal(pthread_timedjoin_np(late, &r, &until), ETIMEDOUT);
	}
	return __real_kernel_network_remove(scope, network);
}

static void test_late(void **state)
{
	const struct kernel_network network = red();
	struct op *op = *state;
	void *r;

	create(op, &network);
	is_late = true;
	delete_network(op, &network);
	is_late = false;
	assert_int_equal(pthread_join(late, &r), 0);
	assert_int_equal((intptr_t)r, 0);
	assert_false(is_on(op, IPV4) || is_networks(op, IPV4));
}

/* Who asks and lets go beside networks that come and go never leaves it off with a network, or on without. */
static void test_race(void **state)
{
	const struct kernel_network network = red();
	struct op *op = *state;
	pthread_t thread;
	void *r;

	for (int i = 0; i < ROUNDS; i++) {
		assert_int_equal(pthread_create(&thread, NULL, race, NULL), 0);
		create(op, &network);
		delete_network(op, &network);
		create(op, &network);
		assert_int_equal(pthread_join(thread, &r), 0);
		assert_int_equal((intptr_t)r, 0);
		assert_true(is_on(op, IPV4) && is_networks(op, IPV4));
		assert_int_equal(pthread_create(&thread, NULL, race, NULL), 0);
		delete_network(op, &network);
		assert_int_equal(pthread_join(thread, &r), 0);
		assert_int_equal((intptr_t)r, 0);
		assert_false(is_on(op, IPV4) || is_networks(op, IPV4));
	}
}

void __real_forwarding_unlock(void);
void __wrap_forwarding_unlock(void);

/* Somebody who lets go as soon as he may: of a network, or of what he asked for. */
typedef void letting_go(struct op *op);
static letting_go *next;
static struct op *of;

void __wrap_forwarding_unlock(void)
{
	letting_go *now = next;

	__real_forwarding_unlock();
	if (!now)
		return;
	next = NULL;
	now(of);
}

static void delete_red(struct op *op)
{
	const struct kernel_network network = red();

	delete_network(op, &network);
}

static void let_go_of_all(struct op *op)
{
	(void)set(op, IPV4, false);
}

/* The last who asked for it and the last network let go at the same moment: one of them sees that nobody is left. */
static void test_last(void **state)
{
	const struct kernel_network network = red();
	struct op *op = of = *state;

	for (int network_first = 0; network_first < 2; network_first++) {
		assert_true(set(op, IPV4, true));
		create(op, &network);
		next = network_first ? let_go_of_all : delete_red;
		if (network_first)
			delete_red(op);
		else
			let_go_of_all(op);
		assert_null(next);
		assert_false(is_on(op, IPV4) || is_networks(op, IPV4));
	}
}

/* The same of a link, which is on again behind the switch of all where somebody asks for that link. */
static void test_last_of_link(void **state)
{
	const struct hycan_forwarding_set_request off = { .family = IPV4, .has_interface = true, .interface = "lo" };
	struct op *op = of = *state;
	bool changed, on = true;

	assert_true(set(op, IPV4, true));
	asked_of_lo = OP_FORWARDS(IPV4);
	assert_int_equal(kernel_forwarding_set(op->scope, IPV4, "lo", true, &changed), 0);
	next = let_go_of_all;
	assert_int_equal(op_forwarding_set(op, &off), 0);
	assert_null(next);
	assert_int_equal(kernel_forwarding_get(op->scope, IPV4, "lo", &on), 0);
	assert_false(on);
}

#define WITNESS(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITNESS(test_network_first), WITNESS(test_asked_first), WITNESS(test_internal),    WITNESS(test_strangers),
		WITNESS(test_mended),        WITNESS(test_link),        WITNESS(test_link_of_all), WITNESS(test_beside),
		WITNESS(test_late),          WITNESS(test_race),        WITNESS(test_last),        WITNESS(test_last_of_link),
	};

	return cmocka_run_group_tests_name("forwarding", tests, NULL, NULL);
}
