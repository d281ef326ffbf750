/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ledger alone: who holds an object, and what becomes of it when they let go. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ledger/holders.h"
#include "ledger/ledger.h"

#define SECOND UINT64_C(1000000)

static const struct ledger_holder alice = { .subject = 1, .lifetime = HYCAN_LIFETIME_PERMANENT, .session = 10 };
static const struct ledger_holder alice_elsewhere = { .subject = 1, .lifetime = HYCAN_LIFETIME_PERMANENT, .session = 11 };
static const struct ledger_holder alice_here = { .subject = 1, .lifetime = HYCAN_LIFETIME_CONNECTION, .session = 10 };
static const struct ledger_holder alice_there = { .subject = 1, .lifetime = HYCAN_LIFETIME_CONNECTION, .session = 11 };
static const struct ledger_holder bob = { .subject = 2, .lifetime = HYCAN_LIFETIME_PERMANENT, .session = 20 };
static const struct ledger_holder bob_here = { .subject = 2, .lifetime = HYCAN_LIFETIME_CONNECTION, .session = 20 };
static const struct ledger_holder lease = { .subject = 1, .lifetime = HYCAN_LIFETIME_LEASE, .session = 10, .seconds = 5 };

static bool no_memory;

/* The names are the linker's (--wrap). */
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

void *__wrap_malloc(size_t size)
{
	return no_memory ? NULL : __real_malloc(size);
}

static struct ledger_key key(const char *identity)
{
	struct ledger_key k = { .netns = 1, .kind = HYCAN_OBJECT_KIND_LINK, .size = (uint8_t)strlen(identity) };

	memcpy(k.identity, identity, k.size);
	return k;
}

static void put_at(struct ledger *l, const char *identity, const struct ledger_holder *holder, uint64_t now_us)
{
	const struct ledger_key k = key(identity);

	assert_int_equal(ledger_put(l, holder, now_us, &k, 1, NULL, NULL), 0);
}

static void put(struct ledger *l, const char *identity, const struct ledger_holder *holder)
{
	put_at(l, identity, holder, 1);
}

static int hold(struct ledger *l, const char *identity, const struct ledger_holder *holder, uint32_t stamp)
{
	const struct ledger_key k = key(identity);

	return ledger_hold(l, holder, 1, &k, 1, NULL, stamp);
}

static bool let_go(struct ledger *l, const char *identity, const struct ledger_holder *holder)
{
	const struct ledger_key k = key(identity);

	return ledger_let_go(l, &k, holder, false, l);
}

static enum ledger_stand whose(struct ledger *l, const char *identity, const struct ledger_holder *holder)
{
	const struct ledger_key k = key(identity);
	uint64_t owner = 99;
	enum ledger_stand stand = ledger_whose(l, &k, holder, &owner);

	assert_int_equal(owner, stand == LEDGER_OTHERS ? 3 - holder->subject : 99);
	return stand;
}

static int append(const struct ledger_object *o, void *userdata)
{
	char *text = userdata;

	sprintf(text + strlen(text), "%.*s:%u*%u ", o->key.size, o->key.identity, (unsigned int)o->holder.subject, o->n_holders);
	return 0;
}

static void assert_objects(struct ledger *l, const char *expected)
{
	char text[1024] = "";

	assert_int_equal(ledger_list(l, append, text), 0);
	assert_string_equal(text, expected);
}

/* What goes when a session ends: the last thing first. */
static void assert_ends(struct ledger *l, uint64_t session, uint64_t now_us, const char *expected, uint64_t expected_next_us)
{
	struct ledger_key keys[2];
	const atomic_bool connection = now_us == UINT64_MAX;
	uint64_t next_us = 0;
	char text[256] = "";
	size_t n;

	while ((n = ledger_session_end(l, session, now_us, &connection, l, keys, 2, &next_us)) > 0)
		for (size_t i = 0; i < n; i++) {
			sprintf(text + strlen(text), "%.*s ", keys[i].size, keys[i].identity);
			ledger_take(l, &keys[i]);
		}
	assert_string_equal(text, expected);
	assert_int_equal(next_us, expected_next_us);
}

static int refuse_to_count(uint64_t subject, enum hycan_object_kind kind, int change, void *userdata)
{
	(void)subject;
	(void)kind;
	(void)userdata;
	return change > 0 && no_memory ? -ENOMEM : 0;
}

static int begin(void **state)
{
	return ledger_open((struct ledger **)state);
}

static int end(void **state)
{
	ledger_free((struct ledger **)state);
	return 0;
}

static void counts_holders(void **state)
{
	struct ledger *l = *state;

	put(l, "a", &alice);
	assert_int_equal(hold(l, "a", &alice, 0), 0);
	assert_int_equal(hold(l, "a", &alice_elsewhere, 0), 0);
	assert_objects(l, "a:1*1 ");
	assert_int_equal(hold(l, "a", &bob, 0), 0);
	assert_int_equal(hold(l, "a", &bob_here, 0), 0);
	assert_int_equal(hold(l, "a", &alice_there, 0), 0);
	assert_objects(l, "a:1*4 ");
	/* a stranger's is nobody's */
	assert_int_equal(hold(l, "b", &alice, ledger_stamp(l)), 0);
	assert_objects(l, "a:1*4 ");
	/* for good instead of for a time: one holder */
	assert_int_equal(hold(l, "a", &alice_elsewhere, 0), 0);
	assert_objects(l, "a:1*3 ");
	assert_false(let_go(l, "a", &alice));
	assert_objects(l, "a:2*2 ");
	/* the session's and the user's at once */
	assert_true(let_go(l, "a", &bob));
	ledger_disown(l, l);
	assert_objects(l, "");
}

/* What could not be taken away stays, and is his for good whose it was last. */
static void keeps_what_stays(void **state)
{
	const atomic_bool ends = true;
	const struct ledger_key a = key("a");
	struct ledger_key gone;
	struct ledger *l = *state;
	uint64_t next_us;

	put(l, "a", &bob_here);
	assert_int_equal(ledger_session_end(l, bob_here.session, UINT64_MAX, &ends, l, &gone, 1, &next_us), 1);
	ledger_cancel(l, l);
	assert_objects(l, "a:2*1 ");
	assert_true(ledger_holds(l, &a, &bob));
	assert_int_equal(ledger_session_count(l, bob_here.session), 0);
	/* by the next one who lets go of it, too */
	assert_true(let_go(l, "a", &bob));
	ledger_cancel(l, l);
	assert_int_equal(ledger_clear(l, &a, &bob.subject, false, l), LEDGER_MINE);
	ledger_cancel(l, l);
	assert_objects(l, "a:2*1 ");
}

/* Without memory for that nobody has it until the next daemon comes, or everything is to go. */
static void keeps_what_stays_as_nobodys(void **state)
{
	const struct ledger_key a = key("a");
	struct ledger *l = *state;

	ledger_on_hold(l, refuse_to_count, NULL);
	put(l, "a", &alice);
	assert_true(let_go(l, "a", &alice));
	no_memory = true;
	ledger_cancel(l, l);
	no_memory = false;
	assert_objects(l, "a:1*0 ");
	assert_int_equal(ledger_clear(l, &a, &alice.subject, false, l), LEDGER_NOBODYS);
	assert_int_equal(ledger_clear(l, &a, NULL, false, l), LEDGER_MINE);
	ledger_take(l, &a);
	assert_objects(l, "");
}

static void knows_whose(void **state)
{
	struct ledger *l = *state;

	assert_int_equal(whose(l, "a", &alice), LEDGER_NOBODYS);
	put(l, "a", &alice);
	assert_int_equal(whose(l, "a", &alice_there), LEDGER_MINE);
	assert_int_equal(whose(l, "a", &bob), LEDGER_OTHERS);
	put(l, "b", &alice_here);
	assert_int_equal(whose(l, "b", &alice_here), LEDGER_MINE);
	/* another program of the same user */
	assert_int_equal(whose(l, "b", &alice_there), LEDGER_MINE);
	assert_int_equal(whose(l, "b", &bob_here), LEDGER_OTHERS);
	put(l, "b", &alice_there);
	assert_int_equal(whose(l, "b", &alice_here), LEDGER_SHARED);
	/* a third one, that holds nothing itself, speaks for all of the user's */
	assert_int_equal(whose(l, "b", &(struct ledger_holder){ .subject = 1, .session = 12 }), LEDGER_MINE);
	put(l, "b", &bob_here);
	assert_int_equal(whose(l, "b", &(struct ledger_holder){ .subject = 1, .session = 12 }), LEDGER_SHARED);
	assert_int_equal(whose(l, "b", &bob_here), LEDGER_SHARED);
	assert_false(let_go(l, "b", &(struct ledger_holder){ .subject = 1, .session = 12 }));
	assert_int_equal(whose(l, "b", &bob_here), LEDGER_MINE);
	put(l, "c", &bob);
	put(l, "c", &alice);
	assert_int_equal(whose(l, "c", &alice), LEDGER_SHARED);
	assert_int_equal(whose(l, "c", &bob), LEDGER_SHARED);
	assert_objects(l, "a:1*1 b:2*1 c:2*2 ");
}

/* What one holds is told as he does, also where others held it before. */
static void tells_as_held(void **state)
{
	const struct ledger_key a = key("a");
	struct ledger_object object;
	struct ledger *l = *state;

	put(l, "a", &bob);
	put_at(l, "a", &lease, 2 * SECOND);
	assert_true(ledger_is_held_as(l, &a, bob.subject, &object));
	assert_int_equal(object.holder.lifetime, HYCAN_LIFETIME_PERMANENT);
	assert_true(ledger_is_held_as(l, &a, lease.subject, &object));
	assert_int_equal(object.holder.lifetime, HYCAN_LIFETIME_LEASE);
	assert_int_equal(object.deadline_us, 7 * SECOND);
	assert_int_equal(object.n_holders, 2);
	assert_false(ledger_is_held_as(l, &a, 3, &object));
}

static void list_one(size_t i, struct ledger_key *ret_key, const void *userdata)
{
	(void)i;
	*ret_key = key(userdata);
}

/* What others hold is theirs, whether the caller holds it, too, or not; two programs of one user are no others. */
static void finds_others(void **state)
{
	struct ledger *l = *state;
	struct ledger_key on = key("on"), found = { 0 };
	uint64_t owner = 0;

	for (const char *name = "ab"; *name; name++) {
		struct ledger_key k = key((char[]){ *name, '\0' });

		assert_int_equal(ledger_put(l, &alice, 1, &k, 1, &on, NULL), 0);
	}
	assert_int_equal(hold(l, "a", &alice_there, 0), 0);
	assert_int_equal(hold(l, "b", &alice_there, 0), 0);
	assert_false(ledger_find_others(l, &on, HYCAN_OBJECT_KIND_LINK, 1, 0, NULL, NULL, &found, &owner));
	assert_true(ledger_find_others(l, &on, HYCAN_OBJECT_KIND_LINK, 2, 0, NULL, NULL, &found, &owner));
	assert_int_equal(owner, 1);
	assert_int_equal(hold(l, "b", &bob_here, 0), 0);
	assert_true(ledger_find_others(l, &on, HYCAN_OBJECT_KIND_LINK, 1, 1, list_one, "a", &found, &owner));
	assert_int_equal(owner, 2);
	assert_memory_equal(found.identity, "b", 1);
	assert_false(ledger_find_others(l, &on, HYCAN_OBJECT_KIND_LINK, 1, 1, list_one, "b", &found, &owner));
	assert_true(ledger_find_others(l, &on, HYCAN_OBJECT_KIND_LINK, 2, 1, list_one, "a", &found, &owner));
	assert_int_equal(owner, 1);
	assert_true(ledger_is_others(l, &found, 2, &owner));
	on = key("a");
	assert_false(ledger_is_others(l, &on, 1, &owner));
	on = key("nothing");
	assert_false(ledger_is_others(l, &on, 1, &owner));
}

static void ends_sessions(void **state)
{
	struct ledger *l = *state;

	put(l, "a", &alice_here);
	put(l, "b", &alice_here);
	put(l, "c", &bob_here);
	put(l, "d", &alice_here);
	put(l, "b", &bob_here);
	put(l, "e", &alice_here);
	put(l, "e", &alice);
	assert_int_equal(ledger_session_count(l, 10), 3);
	assert_ends(l, 10, UINT64_MAX, "d a ", UINT64_MAX);
	assert_int_equal(ledger_session_count(l, 10), 0);
	assert_objects(l, "c:2*1 b:2*1 e:1*1 ");
	assert_ends(l, 20, UINT64_MAX, "b c ", UINT64_MAX);
	assert_ends(l, 20, UINT64_MAX, "", UINT64_MAX);
	assert_objects(l, "e:1*1 ");
}

static void ends_leases(void **state)
{
	struct ledger *l = *state;

	put_at(l, "a", &lease, 1 * SECOND);
	put_at(l, "b", &lease, 3 * SECOND);
	put_at(l, "c", &alice_here, 1 * SECOND);
	assert_ends(l, 10, 5 * SECOND, "", 6 * SECOND);
	assert_ends(l, 10, 6 * SECOND, "a ", 8 * SECOND);
	ledger_renew(l, 10, 7 * SECOND);
	assert_ends(l, 10, 8 * SECOND, "", 12 * SECOND);
	/* asked for again */
	put_at(l, "b", &lease, 11 * SECOND);
	assert_ends(l, 10, 15 * SECOND, "", 16 * SECOND);
	assert_ends(l, 10, 20 * SECOND, "b ", UINT64_MAX);
	assert_objects(l, "c:1*1 ");
	ledger_renew(l, 4711, 1);
}

static void adopts(void **state)
{
	struct ledger *l = *state;

	put(l, "a", &alice_here);
	put(l, "b", &alice_here);
	ledger_adopt(l, 10, 12);
	assert_int_equal(ledger_session_count(l, 10), 0);
	assert_int_equal(ledger_session_count(l, 12), 2);
	/* into one that has something, some of it the same */
	put(l, "b", &alice_there);
	put(l, "c", &alice_there);
	ledger_adopt(l, 12, 11);
	ledger_adopt(l, 12, 11);
	assert_int_equal(ledger_session_count(l, 11), 3);
	assert_objects(l, "a:1*1 b:1*1 c:1*1 ");
	assert_ends(l, 11, UINT64_MAX, "a c b ", UINT64_MAX);
}

/* What both have stays as long as either of them had it, whichever goes on. */
static void adopts_the_longer(void **state)
{
	struct ledger *l = *state;
	const struct ledger_holder longer = { .subject = 1, .lifetime = HYCAN_LIFETIME_LEASE, .session = 11, .seconds = 60 };
	const struct ledger_key d = key("d");
	uint32_t round;

	put_at(l, "a", &lease, 3 * SECOND);
	put_at(l, "a", &longer, 1 * SECOND);
	put_at(l, "b", &lease, 3 * SECOND);
	put_at(l, "b", &alice_there, 1 * SECOND);
	put_at(l, "c", &alice_here, 3 * SECOND);
	put_at(l, "c", &longer, 1 * SECOND);
	ledger_adopt(l, 11, 10);
	assert_ends(l, 10, 8 * SECOND, "", 61 * SECOND);
	/* a lease lasts as long again as the longer one */
	ledger_renew(l, 10, 5 * SECOND);
	assert_ends(l, 10, 61 * SECOND, "", 65 * SECOND);
	ledger_adopt(l, 10, 11);
	assert_ends(l, 11, 65 * SECOND, "a ", UINT64_MAX);
	assert_ends(l, 11, UINT64_MAX, "c b ", UINT64_MAX);
	/* the shorter one may end later */
	put_at(l, "e", &lease, 100 * SECOND);
	put_at(l, "e", &longer, 1 * SECOND);
	ledger_adopt(l, 11, 10);
	assert_ends(l, 10, 100 * SECOND, "", 105 * SECOND);
	/* and what the other one asked for again was asked for */
	put(l, "d", &alice_here);
	round = ledger_round(l);
	put(l, "d", &alice_there);
	ledger_adopt(l, 11, 10);
	assert_int_equal(ledger_let_go_stale(l, &d, &alice_here, round, l), LEDGER_NOBODYS);
}

static void assert_held(struct ledger *l, const char *identity, enum hycan_lifetime lifetime, uint64_t deadline_us)
{
	struct ledger_object o = { 0 };
	struct entry *place = ledger_place(l);

	while (ledger_next(l, place, NULL, &o) &&
	       (o.key.size != strlen(identity) || memcmp(o.key.identity, identity, o.key.size) != 0))
		;
	ledger_place_free(l, &place);
	assert_memory_equal(o.key.identity, identity, strlen(identity));
	assert_int_equal(o.holder.lifetime, lifetime);
	assert_int_equal(o.deadline_us, deadline_us);
	assert_false(o.holder.is_left);
}

/* What an end could not take away is held as the session says that goes on; a lease that it had is what it was. */
static void goes_on_with_what_is_left(void **state)
{
	const struct ledger_holder left = {
		.subject = 1, .lifetime = HYCAN_LIFETIME_LEASE, .session = 10, .seconds = 300, .is_left = true
	};
	struct ledger *l = *state;

	for (int i = 0; i < 2; i++) {
		put_at(l, "a", &left, 1 * SECOND);
		put_at(l, "b", &lease, 1 * SECOND);
		put_at(l, "c", &left, 1 * SECOND);
		/* asked for again */
		put_at(l, "c", &lease, 2 * SECOND);
		ledger_hold_left(l, i ? &lease : &alice_here, 9 * SECOND);
		assert_held(l, "a", i ? HYCAN_LIFETIME_LEASE : HYCAN_LIFETIME_CONNECTION, i ? 14 * SECOND : 0);
		assert_held(l, "b", HYCAN_LIFETIME_LEASE, 6 * SECOND);
		assert_held(l, "c", HYCAN_LIFETIME_LEASE, 7 * SECOND);
		assert_ends(l, 10, UINT64_MAX, "c b a ", UINT64_MAX);
	}
	ledger_hold_left(l, &alice_there, 1);
}

/* What is on a link that goes is let go of by everybody; what is renamed is still held. */
static void follows_links(void **state)
{
	struct ledger *l = *state;
	const struct ledger_key link = key("eth0"), other = key("eth1");
	struct ledger_key thing = key("thing");

	thing.kind = HYCAN_OBJECT_KIND_ROUTE;
	put(l, "eth0", &alice_here);
	put(l, "eth0", &bob);
	assert_int_equal(ledger_put(l, &alice_here, 1, &thing, 1, &link, NULL), 0);
	assert_int_equal(ledger_rename(l, &link, &other, 0, 0), 0);
	assert_objects(l, "eth1:2*2 thing:1*1 ");
	assert_int_equal(whose(l, "eth1", &alice_here), LEDGER_SHARED);
	assert_int_equal(ledger_session_count(l, 10), 2);
	ledger_take(l, &other);
	assert_int_equal(ledger_session_count(l, 10), 0);
	assert_objects(l, "");
}

static bool is_others_since(struct ledger *l, const char *name, uint64_t moment_us, bool made)
{
	const struct ledger_key k = key(name);
	uint64_t owner = 0;
	bool is = ledger_is_others_since(l, &k, &alice, moment_us, made, &owner);

	assert_int_equal(owner, is ? bob.subject : owner);
	return is;
}

/* What had a name at a moment is another one than what others made since, or called so. */
static void is_another_one_since(void **state)
{
	struct ledger *l = *state;
	const struct ledger_key a = key("a"), b = key("b");

	assert_false(is_others_since(l, "a", 5, false));
	put_at(l, "a", &bob, 6);
	assert_true(is_others_since(l, "a", 5, false) && is_others_since(l, "a", 5, true));
	assert_false(is_others_since(l, "a", 6, false));
	/* made again, or changed */
	put_at(l, "a", &bob, 9);
	assert_false(is_others_since(l, "a", 6, false) || is_others_since(l, "a", 6, true));
	assert_int_equal(ledger_rename(l, &a, &b, 0, 12), 0);
	assert_true(is_others_since(l, "b", 11, false));
	assert_false(is_others_since(l, "b", 11, true) || is_others_since(l, "b", 12, false) || is_others_since(l, "a", 0, false));
	/* who holds it, too, may change it */
	put_at(l, "b", &alice, 20);
	assert_false(is_others_since(l, "b", 11, false));
	ledger_take(l, &b);
	put_at(l, "b", &bob, 30);
	assert_true(is_others_since(l, "b", 29, true));
}

static void states_what_is_wanted(void **state)
{
	struct ledger *l = *state;
	const struct ledger_key a = key("a");
	uint32_t round;

	put(l, "a", &alice);
	put(l, "b", &alice);
	put(l, "c", &bob);
	put(l, "d", &alice_here);
	round = ledger_round(l);
	put(l, "b", &alice);
	/* what cannot be taken away is held as before */
	assert_int_equal(ledger_let_go_stale(l, &a, &alice, round, l), LEDGER_MINE);
	ledger_cancel(l, l);
	assert_int_equal(ledger_let_go_stale(l, &a, &alice, round, l), LEDGER_MINE);
	ledger_take(l, &a);
	put(l, "a", &alice);
	assert_int_equal(ledger_let_go_stale(l, &a, &alice, round, l), LEDGER_NOBODYS);
	assert_objects(l, "c:2*1 d:1*1 b:1*1 a:1*1 ");
}

static int append_key(const struct ledger_key *k, void *userdata)
{
	sprintf((char *)userdata + strlen(userdata), "%.*s ", k->size, k->identity);
	return 0;
}

static void lists_stale(void **state)
{
	struct ledger *l = *state;
	char text[128] = "", name[16];
	uint32_t round;

	for (int i = 0; i < 200; i++) {
		sprintf(name, "%d", i);
		put(l, name, &alice);
	}
	round = ledger_round(l);
	for (int i = 3; i < 199; i++) {
		sprintf(name, "%d", i);
		assert_int_equal(hold(l, name, &alice, 0), 0);
	}
	assert_int_equal(ledger_list_stale(l, &bob, 1, 0, round, append_key, text), 0);
	assert_int_equal(ledger_list_stale(l, &alice, 2, 0, round, append_key, text), 0);
	assert_int_equal(ledger_list_stale(l, &alice, 1, HYCAN_OBJECT_KIND_ROUTE, round, append_key, text), 0);
	assert_string_equal(text, "");
	assert_int_equal(ledger_list_stale(l, &alice, 1, HYCAN_OBJECT_KIND_LINK, round, append_key, text), 0);
	assert_string_equal(text, "199 2 1 0 ");
}

/* ------------------------------------------------------------------------------------------------------- what is going */

struct asker {
	struct ledger *l;
	uint32_t stamp;
	int result;
};

/* Without memory for the mark it goes all the same: nobody else would take it away. */
static void goes_without_memory(void **state)
{
	const struct ledger_key b = key("b");
	struct ledger *l = *state;

	put(l, "a", &alice_here);
	put(l, "b", &alice);
	no_memory = true;
	assert_true(let_go(l, "b", &alice));
	ledger_take(l, &b);
	assert_ends(l, 10, UINT64_MAX, "a ", UINT64_MAX);
	no_memory = false;
	assert_objects(l, "");
}

/* Whether it is gone since then does not depend on the mark. */
static void goes_without_a_mark(void **state)
{
	const struct ledger_key a = key("a"), b = key("b");
	const atomic_bool ends = true;
	struct ledger_key gone;
	struct ledger *l = *state;
	uint64_t next_us;

	for (int i = 0; i < 2; i++) {
		put_at(l, "a", &alice_here, 1 * SECOND);
		no_memory = i;
		assert_int_equal(ledger_session_end(l, 10, UINT64_MAX, &ends, l, &gone, 1, &next_us), 1);
		no_memory = false;
		assert_false(ledger_has_gone(l, &a, 2 * SECOND));
		ledger_take(l, &a);
		assert_true(ledger_has_gone(l, &a, 2 * SECOND));
		/* what another one made in its place is another thing; and so is what was called otherwise */
		put_at(l, "a", &bob, 3 * SECOND);
		assert_true(ledger_has_gone(l, &a, 2 * SECOND));
		assert_int_equal(ledger_rename(l, &a, &b, 0, 4 * SECOND), 0);
		assert_true(ledger_has_gone(l, &b, 3 * SECOND));
		assert_false(ledger_has_gone(l, &b, 4 * SECOND));
		ledger_take(l, &b);
	}
}

static void *ask(void *userdata)
{
	struct asker *a = userdata;

	a->result = hold(a->l, "a", &bob, a->stamp);
	return NULL;
}

static void waits_for_what_goes(void **state)
{
	struct asker asker = { .l = *state };
	const struct ledger_key a = key("a");
	struct ledger *l = *state;
	pthread_t thread;
	uint64_t owner;

	put(l, "a", &alice);
	asker.stamp = ledger_stamp(l);
	assert_int_equal(ledger_take_begin(l, &a, &bob, false, &a, &owner), LEDGER_OTHERS);
	assert_int_equal(owner, 1);
	assert_int_equal(ledger_take_begin(l, &a, &alice, false, &a, &owner), LEDGER_MINE);
	/* whoever takes it away does not wait for himself */
	assert_int_equal(ledger_take_begin(l, &a, &alice, false, &a, &owner), LEDGER_MINE);
	assert_int_equal(pthread_create(&thread, NULL, ask, &asker), 0);
	ledger_take(l, &a);
	assert_int_equal(pthread_join(thread, NULL), 0);
	/* it is not there any more: to be asked for again */
	assert_int_equal(asker.result, -EAGAIN);

	put(l, "a", &alice);
	asker.stamp = ledger_stamp(l);
	assert_int_equal(ledger_take_begin(l, &a, &bob, true, &a, &owner), LEDGER_OTHERS);
	assert_int_equal(pthread_create(&thread, NULL, ask, &asker), 0);
	/* it stays after all */
	ledger_cancel(l, &a);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(asker.result, 0);
	assert_objects(l, "a:1*2 ");
	assert_int_equal(ledger_take_begin(l, &a, &bob, false, &a, &owner), LEDGER_SHARED);
}

/* What somebody else is busy with, and may leave, goes when he is done, and is not left as nobody's. */
static void session_ends_behind_another(void **state)
{
	const struct ledger_key a = key("a");
	struct ledger *l = *state;
	uint64_t owner;

	put(l, "a", &alice_here);
	put(l, "b", &alice_here);
	assert_int_equal(ledger_take_begin(l, &a, &alice_here, false, &a, &owner), LEDGER_MINE);
	assert_ends(l, 10, UINT64_MAX, "b ", UINT64_MAX);
	assert_int_equal(ledger_session_count(l, 10), 1);
	ledger_cancel(l, &a);
	assert_ends(l, 10, UINT64_MAX, "a ", UINT64_MAX);
	assert_objects(l, "");
}

/* A lease likewise: it says when to come again. */
static void lease_ends_behind_another(void **state)
{
	struct ledger_holder brief = alice_here;
	const struct ledger_key a = key("a");
	struct ledger *l = *state;
	uint64_t owner;

	brief.lifetime = HYCAN_LIFETIME_LEASE;
	brief.seconds = 1;
	put(l, "a", &brief);
	assert_int_equal(ledger_take_begin(l, &a, &brief, false, &a, &owner), LEDGER_MINE);
	assert_ends(l, 10, 5000000, "", 5000000);
	ledger_cancel(l, &a);
	assert_ends(l, 10, 5000000, "a ", UINT64_MAX);
}

/* A session that is adopted while its end begins on another thread. */
struct ending {
	struct ledger *ledger;
	atomic_bool connection;
	_Atomic pid_t thread; /* that ends it */
	pthread_t handle;
	size_t n; /* that it let go of */
};

static void *end_session(void *userdata)
{
	struct ending *ending = userdata;
	struct ledger_key keys[2];
	uint64_t next_us;

	ending->thread = gettid();
	ending->n = ledger_session_end(ending->ledger, 10, 1, &ending->connection, ending, keys, 2, &next_us);
	return NULL;
}

/* Whether a thread of this process waits for something. */
static bool sleeps(pid_t thread)
{
	char path[64], state = '?';
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)thread);
	file = fopen(path, "re");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%*d (%*[^)]) %c", &state), 1);
	fclose(file);
	return state == 'S';
}

/* With the lock held: the other thread waits for it. */
static int adopt_meanwhile(const struct ledger_key *k, const struct ledger_holder *holder, uint32_t round, void *userdata)
{
	struct ending *ending = userdata;

	(void)k;
	(void)holder;
	(void)round;
	assert_int_equal(pthread_create(&ending->handle, NULL, end_session, ending), 0);
	while (!ending->thread || !sleeps(ending->thread))
		sched_yield();
	ending->connection = false;
	return 1;
}

static void stays_when_adopted_meanwhile(void **state)
{
	struct ending ending = { .ledger = *state, .connection = true };

	put(ending.ledger, "a", &alice_here);
	assert_int_equal(ledger_list_rounds(ending.ledger, adopt_meanwhile, &ending), 1);
	assert_int_equal(pthread_join(ending.handle, NULL), 0);
	assert_int_equal(ending.n, 0);
	assert_int_equal(ledger_session_count(ending.ledger, 10), 1);
}

/* Who asks for a thing while it is put back holds it as well as those who held it. */
static void gives_back(void **state)
{
	const struct ledger_holder back = ledger_holder_back(alice.subject);
	struct ledger_holders holders;
	const struct ledger_key a = key("a");
	struct ledger *l = *state;
	uint64_t owner;

	put(l, "a", &bob_here);
	assert_int_equal(ledger_list_holders(l, &a, &holders), 1);
	holders.owner = alice.subject;
	ledger_take(l, &a);
	put(l, "a", &back);
	assert_int_equal(hold(l, "a", &alice, 0), 0);
	ledger_give_back(l, &holders, 0, l);
	assert_objects(l, "a:1*2 ");
	assert_false(let_go(l, "a", &alice));
	assert_objects(l, "a:2*1 ");
	ledger_take(l, &a);
	/* a stranger's is that again, whoever was about to take it away meanwhile */
	put(l, "a", &back);
	holders.n = 0;
	assert_int_equal(ledger_take_begin(l, &a, &alice, false, l, &owner), LEDGER_MINE);
	ledger_give_back(l, &holders, 0, l);
	assert_objects(l, "");
	ledger_cancel(l, l);
}

/* Who held it first does so again. */
static void gives_back_first(void **state)
{
	const struct ledger_holder *const first[] = { &alice, &alice_here };
	const struct ledger_holder *const then[] = { &bob, &bob_here };
	struct ledger_holders holders;
	const struct ledger_key a = key("a");
	struct ledger *l = *state;

	for (size_t i = 0; i < 2; i++) {
		put(l, "a", first[i]);
		assert_int_equal(hold(l, "a", then[i], 0), 0);
		assert_int_equal(ledger_list_holders(l, &a, &holders), 2);
		holders.owner = alice.subject;
		holders.n = 1;
		assert_false(let_go(l, "a", first[i]));
		assert_objects(l, "a:2*1 ");
		ledger_give_back(l, &holders, 0, l);
		assert_objects(l, "a:1*2 ");
		ledger_take(l, &a);
	}
}

/* A lease ends when it would have without what is taken back, but for what was asked for behind that. */
static void gives_back_leases(void **state)
{
	struct ledger_holders holders;
	const struct ledger_key a = key("a");
	struct ledger *l = *state;

	put_at(l, "a", &lease, 1 * SECOND);
	assert_int_equal(ledger_list_holders(l, &a, &holders), 1);
	holders.owner = alice.subject;
	put_at(l, "a", &lease, 3 * SECOND);
	ledger_give_back(l, &holders, 0, l);
	assert_held(l, "a", HYCAN_LIFETIME_LEASE, 8 * SECOND);
	ledger_give_back(l, &holders, 3 * SECOND, l);
	assert_held(l, "a", HYCAN_LIFETIME_LEASE, 6 * SECOND);
	put_at(l, "a", &lease, 4 * SECOND);
	ledger_give_back(l, &holders, 3 * SECOND, l);
	assert_held(l, "a", HYCAN_LIFETIME_LEASE, 9 * SECOND);
}

/* Who goes on as another session has there what it is given back, also where it had nothing else. */
static void gives_back_to_who_adopted(void **state)
{
	const struct ledger_holder back = ledger_holder_back(alice.subject);
	struct ledger_holders holders;
	const struct ledger_key a = key("a");
	struct ledger *l = *state;

	put(l, "a", &bob_here);
	assert_int_equal(ledger_list_holders(l, &a, &holders), 1);
	holders.owner = alice.subject;
	ledger_take(l, &a);
	ledger_adopt(l, 20, 21);
	ledger_adopt(l, 21, 22);
	assert_int_equal(ledger_adopted_by(l, 20), 22);
	assert_int_equal(ledger_adopted_by(l, 23), 23);
	put(l, "a", &back);
	ledger_give_back(l, &holders, 0, l);
	assert_int_equal(ledger_session_count(l, 20), 0);
	assert_ends(l, 22, UINT64_MAX, "a ", UINT64_MAX);
	/* of many the last ones are known */
	for (uint64_t session = 100; session < 3000; session++)
		ledger_adopt(l, session, 22);
	assert_int_equal(ledger_adopted_by(l, 2999), 22);
	assert_int_equal(ledger_adopted_by(l, 2999 - 1023), 22);
	assert_int_equal(ledger_adopted_by(l, 2999 - 1024), 2999 - 1024);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(counts_holders, begin, end),
		cmocka_unit_test_setup_teardown(keeps_what_stays, begin, end),
		cmocka_unit_test_setup_teardown(keeps_what_stays_as_nobodys, begin, end),
		cmocka_unit_test_setup_teardown(knows_whose, begin, end),
		cmocka_unit_test_setup_teardown(tells_as_held, begin, end),
		cmocka_unit_test_setup_teardown(finds_others, begin, end),
		cmocka_unit_test_setup_teardown(ends_sessions, begin, end),
		cmocka_unit_test_setup_teardown(ends_leases, begin, end),
		cmocka_unit_test_setup_teardown(adopts, begin, end),
		cmocka_unit_test_setup_teardown(adopts_the_longer, begin, end),
		cmocka_unit_test_setup_teardown(goes_on_with_what_is_left, begin, end),
		cmocka_unit_test_setup_teardown(follows_links, begin, end),
		cmocka_unit_test_setup_teardown(is_another_one_since, begin, end),
		cmocka_unit_test_setup_teardown(states_what_is_wanted, begin, end),
		cmocka_unit_test_setup_teardown(lists_stale, begin, end),
		cmocka_unit_test_setup_teardown(goes_without_memory, begin, end),
		cmocka_unit_test_setup_teardown(goes_without_a_mark, begin, end),
		cmocka_unit_test_setup_teardown(waits_for_what_goes, begin, end),
		cmocka_unit_test_setup_teardown(session_ends_behind_another, begin, end),
		cmocka_unit_test_setup_teardown(lease_ends_behind_another, begin, end),
		cmocka_unit_test_setup_teardown(stays_when_adopted_meanwhile, begin, end),
		cmocka_unit_test_setup_teardown(gives_back, begin, end),
		cmocka_unit_test_setup_teardown(gives_back_first, begin, end),
		cmocka_unit_test_setup_teardown(gives_back_leases, begin, end),
		cmocka_unit_test_setup_teardown(gives_back_to_who_adopted, begin, end),
	};

	return cmocka_run_group_tests_name("holders", tests, NULL, NULL);
}
