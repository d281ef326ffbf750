/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ledger alone: objects, what they are on, mark and sweep, and two threads at once. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ledger/ledger.h"
#include "ledger/siphash.h"

#define MANY 20000u

static struct ledger_key key(enum hycan_object_kind kind, const char *identity)
{
	struct ledger_key k = { .netns = 1, .kind = kind, .size = (uint8_t)strlen(identity) };

	memcpy(k.identity, identity, k.size);
	return k;
}

static void put(struct ledger *l, enum hycan_object_kind kind, const char *identity, const char *on, uint64_t uid)
{
	const struct ledger_holder holder = { .subject = uid, .lifetime = HYCAN_LIFETIME_PERMANENT };
	const struct ledger_key k = key(kind, identity);
	struct ledger_key link = key(HYCAN_OBJECT_KIND_LINK, on ? on : "");

	assert_int_equal(ledger_put(l, &holder, 1, &k, 1, on ? &link : NULL, NULL), 0);
}

static void take(struct ledger *l, enum hycan_object_kind kind, const char *identity)
{
	struct ledger_key k = key(kind, identity);

	ledger_take(l, &k);
}

static int append(const struct ledger_object *object, void *userdata)
{
	char *text = userdata;

	sprintf(text + strlen(text), "%.*s:%u ", object->key.size, object->key.identity, (unsigned int)object->holder.subject);
	return 0;
}

static void assert_objects(struct ledger *l, const char *expected)
{
	char text[1024] = "";

	assert_int_equal(ledger_list(l, append, text), 0);
	assert_string_equal(text, expected);
}

static int begin(void **state)
{
	return ledger_open((struct ledger **)state);
}

static int end(void **state)
{
	struct ledger *l = *state;

	ledger_free(&l);
	assert_null(l);
	ledger_free(&l);
	return 0;
}

static void counts_once(void **state)
{
	struct ledger *l = *state;

	assert_int_equal(ledger_count(l), 0);
	assert_objects(l, "");
	put(l, HYCAN_OBJECT_KIND_LINK, "a", NULL, 1);
	put(l, HYCAN_OBJECT_KIND_LINK, "b", NULL, 1);
	assert_objects(l, "a:1 b:1 ");
	/* made once more, for somebody else: who held it goes on holding it */
	put(l, HYCAN_OBJECT_KIND_LINK, "a", NULL, 2);
	assert_int_equal(ledger_count(l), 2);
	assert_objects(l, "b:1 a:1 ");
	take(l, HYCAN_OBJECT_KIND_LINK, "a");
	take(l, HYCAN_OBJECT_KIND_LINK, "a");
	take(l, HYCAN_OBJECT_KIND_LINK, "c");
	assert_int_equal(ledger_count(l), 1);
	assert_objects(l, "b:1 ");
}

static void tells_apart(void **state)
{
	struct ledger *l = *state;
	const struct ledger_holder holder = { .lifetime = HYCAN_LIFETIME_PERMANENT };
	struct ledger_key elsewhere = key(HYCAN_OBJECT_KIND_LINK, "a");

	elsewhere.netns = 2;
	put(l, HYCAN_OBJECT_KIND_LINK, "a", NULL, 1);
	put(l, HYCAN_OBJECT_KIND_RULE, "a", NULL, 1);
	put(l, HYCAN_OBJECT_KIND_LINK, "aa", NULL, 1);
	assert_int_equal(ledger_put(l, &holder, 1, &elsewhere, 1, NULL, NULL), 0);
	assert_int_equal(ledger_count(l), 4);
	take(l, HYCAN_OBJECT_KIND_LINK, "a");
	assert_int_equal(ledger_count(l), 3);
	ledger_take(l, &elsewhere);
	take(l, HYCAN_OBJECT_KIND_LINK, "aa");
	assert_objects(l, "a:1 ");
}

static void goes_with_the_link(void **state)
{
	struct ledger *l = *state;

	put(l, HYCAN_OBJECT_KIND_LINK, "eth0", NULL, 1);
	put(l, HYCAN_OBJECT_KIND_ADDRESS, "eth0 1", "eth0", 2);
	put(l, HYCAN_OBJECT_KIND_LINK, "eth0.5", "eth0", 3);
	put(l, HYCAN_OBJECT_KIND_ADDRESS, "eth0.5 1", "eth0.5", 3);
	put(l, HYCAN_OBJECT_KIND_ROUTE, "r", "eth0.5", 3);
	put(l, HYCAN_OBJECT_KIND_MASQUERADE, "m", NULL, 3);
	take(l, HYCAN_OBJECT_KIND_LINK, "eth0.5");
	assert_objects(l, "eth0:1 eth0 1:2 m:3 ");
	take(l, HYCAN_OBJECT_KIND_LINK, "eth0");
	assert_objects(l, "m:3 ");
}

static void goes_with_a_link_of_somebody_else(void **state)
{
	struct ledger *l = *state;

	put(l, HYCAN_OBJECT_KIND_ADDRESS, "1", "eth1", 1);
	put(l, HYCAN_OBJECT_KIND_ADDRESS, "2", "eth1", 1);
	assert_objects(l, "1:1 2:1 ");
	take(l, HYCAN_OBJECT_KIND_ADDRESS, "1");
	assert_objects(l, "2:1 ");
	take(l, HYCAN_OBJECT_KIND_LINK, "eth1");
	assert_objects(l, "");
	/* it is on another link now */
	put(l, HYCAN_OBJECT_KIND_ROUTE, "r", "eth1", 1);
	put(l, HYCAN_OBJECT_KIND_ROUTE, "r", "eth2", 1);
	take(l, HYCAN_OBJECT_KIND_LINK, "eth1");
	assert_objects(l, "r:1 ");
	put(l, HYCAN_OBJECT_KIND_ROUTE, "r", NULL, 1);
	take(l, HYCAN_OBJECT_KIND_LINK, "eth2");
	assert_objects(l, "r:1 ");
}

/* The names of a network stay, whatever becomes of its link, and are on it when it is there again. */
static void names_outlive_the_link(void **state)
{
	const struct ledger_key link = key(HYCAN_OBJECT_KIND_LINK, "net5");
	struct ledger *l = *state;

	put(l, HYCAN_OBJECT_KIND_LINK, "eth0", NULL, 1);
	put(l, HYCAN_OBJECT_KIND_LINK, "net5", "eth0", 1);
	put(l, HYCAN_OBJECT_KIND_ADDRESS, "net5 1", "net5", 1);
	put(l, HYCAN_OBJECT_KIND_DNS, "5", "net5", 2);
	put(l, HYCAN_OBJECT_KIND_DNS_HOST, "5 web", "net5", 3);
	take(l, HYCAN_OBJECT_KIND_LINK, "net5");
	assert_objects(l, "eth0:1 5:2 5 web:3 ");
	put(l, HYCAN_OBJECT_KIND_LINK, "net5", "eth0", 1);
	take(l, HYCAN_OBJECT_KIND_LINK, "eth0");
	assert_objects(l, "5:2 5 web:3 ");
	ledger_take_on(l, &link, HYCAN_OBJECT_KIND_DNS_HOST, 0, 0);
	assert_objects(l, "5:2 ");
	take(l, HYCAN_OBJECT_KIND_DNS, "5");
	assert_objects(l, "");
}

static void pairs_go_together(void **state)
{
	struct ledger *l = *state;

	for (int i = 0; i < 2; i++) {
		put(l, HYCAN_OBJECT_KIND_LINK, "a", "b", 1);
		put(l, HYCAN_OBJECT_KIND_LINK, "b", "a", 1);
		put(l, HYCAN_OBJECT_KIND_LINK, "self", "self", 1);
		assert_int_equal(ledger_count(l), 3);
		take(l, HYCAN_OBJECT_KIND_LINK, i ? "a" : "b");
		assert_objects(l, "self:1 ");
		take(l, HYCAN_OBJECT_KIND_LINK, "self");
		assert_int_equal(ledger_count(l), 0);
	}
}

static void takes_all_of_a_kind(void **state)
{
	struct ledger *l = *state;
	struct ledger_key a = key(HYCAN_OBJECT_KIND_LINK, "a"), none = key(HYCAN_OBJECT_KIND_LINK, "none");

	put(l, HYCAN_OBJECT_KIND_LINK, "a", "b", 1);
	put(l, HYCAN_OBJECT_KIND_LINK, "b", "a", 1);
	put(l, HYCAN_OBJECT_KIND_LINK, "a.5", "a", 1);
	put(l, HYCAN_OBJECT_KIND_ADDRESS, "1", "a", 1);
	put(l, HYCAN_OBJECT_KIND_ROUTE, "r1", "a", 1);
	put(l, HYCAN_OBJECT_KIND_ROUTE, "r2", "a", 1);
	put(l, HYCAN_OBJECT_KIND_ROUTE, "r3", "a.5", 1);
	put(l, HYCAN_OBJECT_KIND_ROUTE, "r4", "c", 1);
	ledger_take_on(l, &none, HYCAN_OBJECT_KIND_ROUTE, 0, 0);
	ledger_take_on(l, &a, HYCAN_OBJECT_KIND_ROUTE, 0, UINT64_MAX);
	assert_objects(l, "a:1 b:1 a.5:1 1:1 r1:1 r2:1 r3:1 r4:1 ");
	ledger_take_on(l, &a, HYCAN_OBJECT_KIND_ROUTE, 0, 0);
	assert_objects(l, "a:1 b:1 a.5:1 1:1 r4:1 ");
}

static void rename_link(struct ledger *l, const char *from, const char *to)
{
	struct ledger_key f = key(HYCAN_OBJECT_KIND_LINK, from), t = key(HYCAN_OBJECT_KIND_LINK, to);

	assert_int_equal(ledger_rename(l, &f, &t, 1u << HYCAN_OBJECT_KIND_ADDRESS, 30), 0);
}

/* Who takes something away a while after it went leaves what has its name by then. */
static void takes_the_former(void **state)
{
	struct ledger *l = *state;
	const struct ledger_key a = key(HYCAN_OBJECT_KIND_LINK, "a"), b = key(HYCAN_OBJECT_KIND_LINK, "b");

	put(l, HYCAN_OBJECT_KIND_LINK, "a", NULL, 5);
	assert_false(ledger_take_former(l, &a, 0));
	assert_int_equal(ledger_count(l), 1);
	assert_true(ledger_take_former(l, &a, 5));
	assert_int_equal(ledger_count(l), 0);
	assert_true(ledger_take_former(l, &a, 5));
	/* made before, and renamed since */
	put(l, HYCAN_OBJECT_KIND_LINK, "b", NULL, 5);
	rename_link(l, "b", "a");
	assert_false(ledger_take_former(l, &a, 29));
	assert_true(ledger_take_former(l, &b, 29));
	assert_int_equal(ledger_count(l), 1);
	assert_true(ledger_take_former(l, &a, 30));
	assert_int_equal(ledger_count(l), 0);
}

static void renames(void **state)
{
	struct ledger *l = *state;

	put(l, HYCAN_OBJECT_KIND_LINK, "b", NULL, 5);
	put(l, HYCAN_OBJECT_KIND_ADDRESS, "b 9", "b", 5);
	put(l, HYCAN_OBJECT_KIND_LINK, "a", "under", 1);
	put(l, HYCAN_OBJECT_KIND_ADDRESS, "a 1", "a", 2);
	put(l, HYCAN_OBJECT_KIND_ROUTE, "a 3", "a", 3);
	put(l, HYCAN_OBJECT_KIND_LINK, "vlan", "a", 4);
	put(l, HYCAN_OBJECT_KIND_ADDRESS, "a 2", "a", 2);
	rename_link(l, "none", "nothing");
	assert_int_equal(ledger_count(l), 7);
	/* what has the new name is gone, and everything else keeps its place and its owner */
	rename_link(l, "a", "b");
	assert_objects(l, "b:1 b 1:2 a 3:3 vlan:4 b 2:2 ");
	assert_int_equal(ledger_count(l), 5);
	rename_link(l, "b", "longer");
	assert_objects(l, "longer:1 longer 1:2 a 3:3 vlan:4 longer 2:2 ");
	take(l, HYCAN_OBJECT_KIND_LINK, "a");
	take(l, HYCAN_OBJECT_KIND_LINK, "b");
	take(l, HYCAN_OBJECT_KIND_ADDRESS, "longer 2");
	assert_objects(l, "longer:1 longer 1:2 a 3:3 vlan:4 ");
	/* what was on it, and what it was on, is so under the new name */
	rename_link(l, "under", "below");
	take(l, HYCAN_OBJECT_KIND_LINK, "below");
	assert_int_equal(ledger_count(l), 0);
	/* two ends of a pair */
	put(l, HYCAN_OBJECT_KIND_LINK, "x", "y", 1);
	put(l, HYCAN_OBJECT_KIND_LINK, "y", "x", 1);
	rename_link(l, "x", "z");
	assert_objects(l, "z:1 y:1 ");
	take(l, HYCAN_OBJECT_KIND_LINK, "y");
	assert_int_equal(ledger_count(l), 0);
}

/* The names of a network outlive its link, and another one gets that link's name. */
static void renames_to_what_is_left(void **state)
{
	struct ledger *l = *state;

	put(l, HYCAN_OBJECT_KIND_LINK, "b", NULL, 1);
	put(l, HYCAN_OBJECT_KIND_DNS, "d", "b", 1);
	put(l, HYCAN_OBJECT_KIND_LINK, "a", NULL, 1);
	take(l, HYCAN_OBJECT_KIND_LINK, "b");
	assert_objects(l, "d:1 a:1 ");
	rename_link(l, "a", "b");
	assert_objects(l, "d:1 b:1 ");
	take(l, HYCAN_OBJECT_KIND_LINK, "b");
	assert_objects(l, "d:1 ");
	take(l, HYCAN_OBJECT_KIND_DNS, "d");
	assert_int_equal(ledger_count(l), 0);
}

static void take_peer(size_t i, struct ledger_key *ret_key, const void *userdata)
{
	*ret_key = key(HYCAN_OBJECT_KIND_WIREGUARD_PEER, ((const char *const *)userdata)[i]);
}

static void takes_others(void **state)
{
	static const char *const peers[] = { "p", "s" };
	struct ledger *l = *state;
	struct ledger_key a = key(HYCAN_OBJECT_KIND_LINK, "a"), b = key(HYCAN_OBJECT_KIND_LINK, "b");

	put(l, HYCAN_OBJECT_KIND_WIREGUARD_PEER, "p", "a", 1);
	put(l, HYCAN_OBJECT_KIND_WIREGUARD_PEER, "q", "a", 1);
	put(l, HYCAN_OBJECT_KIND_WIREGUARD_PEER, "p2", "b", 1);
	put(l, HYCAN_OBJECT_KIND_ADDRESS, "1", "a", 1);
	ledger_take_others(l, &a, HYCAN_OBJECT_KIND_WIREGUARD_PEER, 2, take_peer, peers, UINT64_MAX);
	assert_objects(l, "p:1 p2:1 1:1 ");
	/* what is in the list and on something else stays, and is not spared the next time */
	ledger_take_others(l, &b, HYCAN_OBJECT_KIND_WIREGUARD_PEER, 2, take_peer, peers, UINT64_MAX);
	assert_objects(l, "p:1 1:1 ");
	/* what was told of since then stays */
	ledger_take_others(l, &a, HYCAN_OBJECT_KIND_WIREGUARD_PEER, 0, take_peer, NULL, 0);
	assert_objects(l, "p:1 1:1 ");
	ledger_take_others(l, &a, HYCAN_OBJECT_KIND_WIREGUARD_PEER, 0, take_peer, NULL, UINT64_MAX);
	assert_objects(l, "1:1 ");
}

static void is_lost(const struct ledger_object *object, void *userdata)
{
	(void)object;
	++*(unsigned int *)userdata;
}

/* Whoever looks at the kernel is not alone: what requests take out meanwhile, by name or by a list, is no business of its marks. */
static void marks_are_of_looks(void **state)
{
	static const char *const peers[] = { "p" };
	struct ledger *l = *state;
	struct ledger_key a = key(HYCAN_OBJECT_KIND_LINK, "a"), p = key(HYCAN_OBJECT_KIND_WIREGUARD_PEER, "p"),
			  q = key(HYCAN_OBJECT_KIND_WIREGUARD_PEER, "q");
	struct ledger_sight sight = {
		.look = ledger_look(l), .netns = p.netns, .kind = HYCAN_OBJECT_KIND_WIREGUARD_PEER, .before_us = UINT64_MAX
	};
	unsigned int n_lost = 0;

	put(l, HYCAN_OBJECT_KIND_WIREGUARD_PEER, "p", "a", 1);
	put(l, HYCAN_OBJECT_KIND_WIREGUARD_PEER, "q", "a", 1);
	assert_true(ledger_mark(l, sight.look, &p, false));
	assert_true(ledger_misses(l, &sight));
	assert_true(ledger_mark(l, sight.look, &q, false));
	assert_false(ledger_misses(l, &sight));
	ledger_take_others(l, &a, HYCAN_OBJECT_KIND_WIREGUARD_PEER, 1, take_peer, peers, UINT64_MAX);
	assert_objects(l, "p:1 ");
	assert_false(ledger_sweep_lost(l, &sight, is_lost, &n_lost));
	assert_int_equal(n_lost, 0);
	assert_objects(l, "p:1 ");
	assert_true(ledger_mark(l, sight.look, &p, false));
	ledger_take_on(l, &a, HYCAN_OBJECT_KIND_WIREGUARD_PEER, 0, 0);
	assert_objects(l, "");
}

/* What is in doubt is not marked by what has its key alone, until somebody says that it is that, or makes it anew. */
static void marks_nothing_in_doubt(void **state)
{
	struct ledger *l = *state;
	struct ledger_key a = key(HYCAN_OBJECT_KIND_LINK, "a"), r1 = key(HYCAN_OBJECT_KIND_ROUTE, "r1"),
			  r2 = key(HYCAN_OBJECT_KIND_ROUTE, "r2"), none = key(HYCAN_OBJECT_KIND_ROUTE, "none");
	const uint32_t look = ledger_look(l);

	put(l, HYCAN_OBJECT_KIND_LINK, "a", NULL, 1);
	put(l, HYCAN_OBJECT_KIND_ADDRESS, "1", "a", 1);
	put(l, HYCAN_OBJECT_KIND_ROUTE, "r1", "a", 1);
	put(l, HYCAN_OBJECT_KIND_ROUTE, "r2", NULL, 1);
	ledger_doubt(l, &none, true);
	ledger_doubt_on(l, &none, HYCAN_OBJECT_KIND_ROUTE);
	ledger_doubt_on(l, &a, HYCAN_OBJECT_KIND_ROUTE);
	assert_true(ledger_doubts(l, &r1));
	assert_false(ledger_mark(l, look, &r1, false));
	assert_true(ledger_mark(l, look, &r1, true));
	assert_true(ledger_mark(l, look, &r1, false));
	assert_true(ledger_mark(l, look, &r2, false));
	ledger_doubt(l, &r2, true);
	assert_false(ledger_mark(l, look, &r2, false));
	put(l, HYCAN_OBJECT_KIND_ROUTE, "r2", NULL, 2);
	assert_false(ledger_doubts(l, &r2));
	ledger_doubt(l, &r2, true);
	ledger_doubt(l, &r2, false);
	assert_true(ledger_mark(l, look, &r2, false));
}

/* What a look that broke off has seen is nothing to the next one; also not of what was no object then. */
static void marks_are_of_one_look(void **state)
{
	struct ledger *l = *state;
	struct ledger_key a = key(HYCAN_OBJECT_KIND_LINK, "a");
	struct ledger_sight sight = { .look = ledger_look(l), .netns = a.netns, .before_us = UINT64_MAX };
	unsigned int n_lost = 0;

	put(l, HYCAN_OBJECT_KIND_ADDRESS, "1", "a", 1);
	assert_true(ledger_mark(l, sight.look, &a, false));
	put(l, HYCAN_OBJECT_KIND_LINK, "a", NULL, 1);
	sight.kind = HYCAN_OBJECT_KIND_LINK;
	sight.look = ledger_look(l);
	assert_true(ledger_misses(l, &sight));
	assert_false(ledger_sweep_lost(l, &sight, is_lost, &n_lost));
	assert_int_equal(n_lost, 1);
	assert_objects(l, "");
}

/* What is renamed while somebody looks may have had either name then, and what is going may stay: it takes another look. */
static void looks_leave_open(void **state)
{
	const struct ledger_holder holder = { .subject = 1, .lifetime = HYCAN_LIFETIME_PERMANENT };
	struct ledger *l = *state;
	struct ledger_key a = key(HYCAN_OBJECT_KIND_LINK, "a"), b = key(HYCAN_OBJECT_KIND_LINK, "b");
	struct ledger_sight sight = {
		.look = ledger_look(l), .netns = a.netns, .kind = HYCAN_OBJECT_KIND_LINK, .before_us = UINT64_MAX
	};
	unsigned int n_lost = 0;
	uint64_t owner;

	put(l, HYCAN_OBJECT_KIND_LINK, "a", NULL, 1);
	/* the look has asked the kernel before, or after that */
	assert_int_equal(ledger_rename(l, &a, &b, 0, 0), 0);
	assert_false(ledger_misses(l, &sight));
	assert_true(ledger_sweep_lost(l, &sight, is_lost, &n_lost));
	assert_objects(l, "b:1 ");
	/* another one of another namespace has no say in it */
	sight.netns++;
	assert_false(ledger_sweep_lost(l, &sight, is_lost, &n_lost));
	sight.netns--;
	sight.look = ledger_look(l);
	assert_int_equal(ledger_take_begin(l, &b, &holder, false, l, &owner), LEDGER_MINE);
	assert_true(ledger_sweep_lost(l, &sight, is_lost, &n_lost));
	assert_objects(l, "b:1 ");
	ledger_cancel(l, l);
	assert_int_equal(n_lost, 0);
	assert_false(ledger_sweep_lost(l, &sight, is_lost, &n_lost));
	assert_int_equal(n_lost, 1);
	assert_objects(l, "");
}

static int count(const struct ledger_object *object, void *userdata)
{
	unsigned int *n = userdata;
	char text[16];

	/* the oldest first */
	sprintf(text, "%u", *n);
	assert_int_equal(object->key.size, strlen(text));
	assert_memory_equal(object->key.identity, text, object->key.size);
	++*n;
	return *n == MANY / 2 ? 7 : 0;
}

/* Somebody whose turn comes while the things of a link go. */
static void (*turn)(struct ledger *l);
static struct ledger *turn_ledger;

/* The names are the linker's (--wrap). */
int __real_sched_yield(void);
int __wrap_sched_yield(void);

int __wrap_sched_yield(void)
{
	void (*const now)(struct ledger * l) = turn;

	turn = NULL;
	if (now)
		now(turn_ledger);
	return __real_sched_yield();
}

/* The link is made anew, and what was on it: one of those that have not gone yet. */
static void make_again(struct ledger *l)
{
	put(l, HYCAN_OBJECT_KIND_LINK, "a", NULL, 2);
	put(l, HYCAN_OBJECT_KIND_ROUTE, "0", "a", 2);
}

/* The same one floor higher: what is asked for is on what went with the link. */
static void make_vlan_again(struct ledger *l)
{
	make_again(l);
	put(l, HYCAN_OBJECT_KIND_LINK, "a.5", "a", 2);
	put(l, HYCAN_OBJECT_KIND_ADDRESS, "5", "a.5", 2);
}

static void make_many(struct ledger *l)
{
	char identity[16];

	put(l, HYCAN_OBJECT_KIND_LINK, "a", NULL, 1);
	put(l, HYCAN_OBJECT_KIND_LINK, "a.5", "a", 1);
	put(l, HYCAN_OBJECT_KIND_ADDRESS, "5", "a.5", 1);
	put(l, HYCAN_OBJECT_KIND_ADDRESS, "6", "a.5", 1);
	/* the last one first goes */
	for (unsigned int i = 0; i < 200; i++) {
		sprintf(identity, "%u", i);
		put(l, HYCAN_OBJECT_KIND_ROUTE, identity, "a", 1);
	}
}

static void makes_anew_what_goes(void **state)
{
	const struct ledger_key route = key(HYCAN_OBJECT_KIND_ROUTE, "0");
	struct ledger *l = *state;
	void *bytes = NULL;
	size_t size = 0;

	turn_ledger = l;
	make_many(l);
	assert_int_equal(ledger_wish(l, &route, "wish", 4), 0);
	turn = make_again;
	take(l, HYCAN_OBJECT_KIND_LINK, "a");
	assert_null(turn);
	/* it is his alone who made it, and nothing is wished of it */
	assert_objects(l, "a:2 0:2 ");
	assert_false(ledger_is_held_by(l, &route, 1));
	assert_int_equal(ledger_wish_of(l, &route, &bytes, &size), -ENOENT);
	take(l, HYCAN_OBJECT_KIND_LINK, "a");

	make_many(l);
	turn = make_vlan_again;
	take(l, HYCAN_OBJECT_KIND_LINK, "a");
	assert_objects(l, "a:2 0:2 a.5:2 5:2 ");
	take(l, HYCAN_OBJECT_KIND_LINK, "a");
	assert_objects(l, "");
}

static void holds_many(void **state)
{
	struct ledger *l = *state;
	char identity[16];
	unsigned int n = 0;

	for (int round = 0; round < 2; round++) {
		for (unsigned int i = 0; i < MANY; i++) {
			sprintf(identity, "%u", i);
			put(l, HYCAN_OBJECT_KIND_ROUTE, identity, round ? "eth0" : NULL, 1);
		}
		assert_int_equal(ledger_count(l), MANY);
		n = 0;
		assert_int_equal(ledger_list(l, count, &n), 7);
		for (unsigned int i = 0; i < MANY && round == 0; i += 2) {
			sprintf(identity, "%u", i);
			take(l, HYCAN_OBJECT_KIND_ROUTE, identity);
			assert_int_equal(ledger_count(l), MANY - i / 2 - 1);
		}
	}
	take(l, HYCAN_OBJECT_KIND_LINK, "eth0");
	assert_int_equal(ledger_count(l), 0);
}

static atomic_bool stop;

static int look(const struct ledger_object *object, void *userdata)
{
	(void)userdata;
	assert_in_range(object->key.size, 1, 16);
	return atomic_load(&stop);
}

static void *list_all_the_time(void *userdata)
{
	while (!atomic_load(&stop))
		(void)ledger_list(userdata, look, NULL);
	return NULL;
}

/* Objects come and go while others list, take turns and delete the same links. */
static void *change_all_the_time(void *userdata)
{
	struct ledger_key link = key(HYCAN_OBJECT_KIND_LINK, "eth0");
	const struct ledger_holder holders[] = { { .subject = 1, .lifetime = HYCAN_LIFETIME_PERMANENT },
		                                 { .subject = 1, .lifetime = HYCAN_LIFETIME_CONNECTION, .session = 7 } };
	struct ledger_key k, gone[8];
	uint64_t next_us;
	const atomic_bool yes = true;
	char identity[16];

	for (unsigned int round = 0; round < 50; round++) {
		for (unsigned int i = 0; i < 300; i++) {
			sprintf(identity, "%u", i * 7 % 300);
			k = key(HYCAN_OBJECT_KIND_ROUTE, identity);
			if (ledger_put(userdata, &holders[i % 2], 1, &k, 1, i % 3 ? &link : NULL, identity) < 0)
				abort();
		}
		if (round % 3 == 0)
			while (ledger_session_end(userdata, 7, UINT64_MAX, &yes, identity, gone, 8, &next_us) > 0)
				ledger_cancel(userdata, identity);
		else if (round % 3 == 1)
			ledger_take(userdata, &link);
		else
			ledger_take_on(userdata, &link, HYCAN_OBJECT_KIND_ROUTE, 0, 0);
	}
	return NULL;
}

static void serves_threads(void **state)
{
	struct ledger *l = *state;
	pthread_t lister, changer[2];
	char identity[16];

	atomic_store(&stop, false);
	assert_int_equal(pthread_create(&lister, NULL, list_all_the_time, l), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&changer[i], NULL, change_all_the_time, l), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_join(changer[i], NULL), 0);
	atomic_store(&stop, true);
	assert_int_equal(pthread_join(lister, NULL), 0);
	for (unsigned int i = 0; i < 300; i++) {
		sprintf(identity, "%u", i);
		take(l, HYCAN_OBJECT_KIND_ROUTE, identity);
	}
	assert_int_equal(ledger_count(l), 0);
	assert_objects(l, "");
}

static int asks_again(const struct ledger_key *of, const struct ledger_holder *holder, uint32_t round, void *userdata)
{
	(void)of;
	(void)holder;
	(void)round;
	return ledger_list_rounds(userdata, asks_again, userdata);
}

/* Who asks within what he is told under the lock ends at once, instead of waiting for himself. */
static void is_not_asked_while_it_tells(void **state)
{
	int status = 0;
	pid_t pid;

	put(*state, HYCAN_OBJECT_KIND_LINK, "eth0", NULL, 1);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_DUMPABLE, 0);
		alarm(60);
		_exit(ledger_list_rounds(*state, asks_again, *state) == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

/* SipHash-1-3 of other hands (CPython's, with a key of zeros); with another key, byte or length it is another. */
static void hashes(void **state)
{
	const uint64_t none[2] = { 0 }, one[2] = { 1, 2 }, other[2] = { 1, 3 };
	uint8_t data[32] = { 0 };
	uint64_t before;

	(void)state;
	if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
		assert_true(siphash(none, "abcdefghijk", 11) == 0x14215fc65e2c3bd4);
	for (size_t n = 0; n < sizeof(data); n++) {
		before = siphash(one, data, n);
		assert_int_equal(before, siphash(one, data, n));
		assert_int_not_equal(before, siphash(other, data, n));
		assert_int_not_equal(before, siphash(one, data, n + 1));
		data[n / 2] ^= 1;
		if (n)
			assert_int_not_equal(before, siphash(one, data, n));
	}
}

/* More than are known at a time come, in which there is nothing and nobody. */
static void know_very_many(struct ledger *l)
{
	for (uint64_t netns = 1000; netns < 1000 + 66000; netns++)
		assert_int_equal(ledger_know_namespace(l, netns, 7), 0);
}

/* Which one a number means is known as long as there is something, or somebody. */
static void forgets_namespaces(void **state)
{
	struct ledger *l = *state;

	put(l, HYCAN_OBJECT_KIND_LINK, "a", NULL, 1);
	for (uint64_t netns = 1; netns <= 3; netns++)
		assert_int_equal(ledger_know_namespace(l, netns, 5), 0);
	assert_int_equal(ledger_enter_namespace(l, 2), 0);
	assert_int_equal(ledger_enter_namespace(l, 2), 0);
	know_very_many(l);
	assert_false(ledger_is_of(l, 1, 6));
	assert_false(ledger_is_of(l, 2, 6));
	assert_true(ledger_is_of(l, 3, 6));
	ledger_leave_namespace(l, 2);
	know_very_many(l);
	assert_false(ledger_is_of(l, 2, 6));
	ledger_leave_namespace(l, 2);
	know_very_many(l);
	assert_false(ledger_is_of(l, 1, 6));
	assert_true(ledger_is_of(l, 2, 6));
	ledger_leave_namespace(l, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(counts_once, begin, end),
		cmocka_unit_test_setup_teardown(tells_apart, begin, end),
		cmocka_unit_test_setup_teardown(goes_with_the_link, begin, end),
		cmocka_unit_test_setup_teardown(goes_with_a_link_of_somebody_else, begin, end),
		cmocka_unit_test_setup_teardown(names_outlive_the_link, begin, end),
		cmocka_unit_test_setup_teardown(pairs_go_together, begin, end),
		cmocka_unit_test_setup_teardown(takes_all_of_a_kind, begin, end),
		cmocka_unit_test_setup_teardown(takes_the_former, begin, end),
		cmocka_unit_test_setup_teardown(renames, begin, end),
		cmocka_unit_test_setup_teardown(takes_others, begin, end),
		cmocka_unit_test_setup_teardown(renames_to_what_is_left, begin, end),
		cmocka_unit_test_setup_teardown(marks_are_of_looks, begin, end),
		cmocka_unit_test_setup_teardown(marks_nothing_in_doubt, begin, end),
		cmocka_unit_test_setup_teardown(marks_are_of_one_look, begin, end),
		cmocka_unit_test_setup_teardown(looks_leave_open, begin, end),
		cmocka_unit_test_setup_teardown(makes_anew_what_goes, begin, end),
		cmocka_unit_test_setup_teardown(forgets_namespaces, begin, end),
		cmocka_unit_test_setup_teardown(holds_many, begin, end),
		cmocka_unit_test_setup_teardown(serves_threads, begin, end),
		cmocka_unit_test_setup_teardown(is_not_asked_while_it_tells, begin, end),
		cmocka_unit_test(hashes),
	};

	return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
