/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dns.unset: nobody answers any more. */
#include <stdlib.h>

#include "names.h"
#include "network.h"
#include "objects.h"
#include "question.h"

static void test_unset(void **state)
{
	const struct hycan_dns_unset_options other = { .has_link = true, .link = "up0" };
	struct world *w = *state;

	names_begin();
	assert_refused(w->h, hycan_dns_unset(w->h, 100, NULL), HYCAN_REFUSAL_NOT_FOUND);
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	assert_refused(w->h, hycan_dns_unset(w->h, 100, NULL), HYCAN_REFUSAL_NOT_FOUND);
	assert_done(w->h, names_set(w->h, 100, "web 10.9.0.2", NULL));
	assert_string_equal(dns_ask(NULL, "10.9.0.1", "web", false), "10.9.0.2");
	assert_refused(w->h, hycan_dns_unset(w->h, 100, &other), HYCAN_REFUSAL_NOT_FOUND);
	assert_string_equal(dns_ask(NULL, "10.9.0.1", "web", false), "10.9.0.2");
	assert_done(w->h, hycan_dns_unset(w->h, 100, NULL));
	assert_string_equal(dns_ask(NULL, "10.9.0.1", "web", false), "refused by the kernel");
	assert_refused(w->h, hycan_dns_unset(w->h, 100, NULL), HYCAN_REFUSAL_NOT_FOUND);
	names_objects(w->h, "");
	/* the network is as it was */
	assert_no_drift(w->h, 100);
}

static void fail_at_the_end(struct hycan *h)
{
	assert_done(h, hycan_link_up(h, "nothing"));
	assert_refused(h, hycan_transaction_commit(h, NULL, NULL), HYCAN_REFUSAL_NOT_FOUND);
}

/* In a transaction that fails, all of it comes back. */
static void test_undo(void **state)
{
	struct world *w = *state;

	names_begin();
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	assert_done(w->h, names_set(w->h, 100, "db 10.9.0.3, web 10.9.0.2", NULL));
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_dns_unset(w->h, 100, NULL));
	fail_at_the_end(w->h);
	dns_until(30, NULL, "10.9.0.1", "web", "10.9.0.2");
	names_objects(w->h, "dns 100 link net100\ndns_host 100 db link net100\ndns_host 100 web link net100\n");
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, names_add(w->h, 100, "new 10.9.0.9"));
	assert_done(w->h, hycan_dns_remove_host(w->h, 100, "db", NULL));
	assert_done(w->h, names_add(w->h, 100, "web 10.9.0.7"));
	fail_at_the_end(w->h);
	dns_until(30, NULL, "10.9.0.1", "web", "10.9.0.2");
	dns_until(30, NULL, "10.9.0.1", "db", "10.9.0.3");
	dns_until(30, NULL, "10.9.0.1", "new", "NXDOMAIN");
	/* in the order in which they were told: that of db was taken away and told again */
	names_objects(w->h, "dns 100 link net100\ndns_host 100 web link net100\ndns_host 100 db link net100\n");
}

/* A program that has the names told as long as it runs. */
static struct hycan *tell_names(struct world *w)
{
	struct hycan *h = NULL;

	assert_done(h, hycan_open(&h, w->socket));
	assert_done(h, hycan_session_lifetime(h, HYCAN_LIFETIME_CONNECTION, NULL));
	assert_done(h, names_set(h, 100, "db 10.9.0.3, web 10.9.0.2", NULL));
	return h;
}

/* Who shares the names lets go of them, and the other has them all. */
static void test_shared(void **state)
{
	static const char all[] = "dns 100 link net100\ndns_host 100 db link net100\ndns_host 100 web link net100\n";
	struct world *w = *state;
	struct hycan *one, *other;

	names_begin();
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	one = tell_names(w);
	other = tell_names(w);
	assert_done(one, hycan_dns_unset(one, 100, NULL));
	assert_string_equal(dns_ask(NULL, "10.9.0.1", "web", false), "10.9.0.2");
	names_objects(w->h, all);
	hycan_close(one);
	assert_done(other, hycan_dns_unset(other, 100, NULL));
	names_objects(w->h, "");
	assert_string_equal(dns_ask(NULL, "10.9.0.1", "web", false), "refused by the kernel");
	hycan_close(other);
}

/* Who told the names, and takes that back, lets go of all of them where another one told them, too. */
static void test_told_by_another(void **state)
{
	const struct hycan_transaction_run_options confirm = { .has_confirm_within = true, .confirm_within = 600 };
	static const char all[] = "dns 100 link net100\ndns_host 100 db link net100\ndns_host 100 web link net100\n";
	struct hycan_transaction_run_reply *reply;
	struct world *w = *state;
	struct hycan *other;

	names_begin();
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, names_set(w->h, 100, "db 10.9.0.3, web 10.9.0.2", NULL));
	assert_done(w->h, hycan_transaction_commit(w->h, &confirm, &reply));
	other = tell_names(w);
	assert_done(w->h, hycan_transaction_cancel(w->h, reply->token));
	free(reply);
	names_objects(w->h, all);
	assert_done(other, hycan_dns_remove_host(other, 100, "web", NULL));
	assert_string_equal(dns_ask(NULL, "10.9.0.1", "web", false), "NXDOMAIN");
	names_objects(w->h, "dns 100 link net100\ndns_host 100 db link net100\n");
	hycan_close(other);
}

enum { ALICE = 4711, BOB = 4712 };

/* Where policy lets two users have networks and names. */
static int begin_for_two(void **state)
{
	const struct world_options options = { .open_to_all = true,
		                               .policy = "allow root all\nallow * dns\nallow * network\nallow * object\n" };

	*state = world_start(&options);
	return 0;
}

static void tell_as(struct world *w)
{
	assert_done(w->h, hycan_open(&w->h, w->socket));
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	assert_done(w->h, names_set(w->h, 100, "db 10.9.0.3, web 10.9.0.2", NULL));
	hycan_close(w->h);
}

/* Both told the names: who states others does so for himself alone. */
static void as_bob(struct world *w)
{
	tell_as(w);
	assert_done(w->h, hycan_open(&w->h, w->socket));
	assert_refused(w->h, names_set(w->h, 100, "db 10.9.0.3", NULL), HYCAN_REFUSAL_DENIED);
	assert_contains(hycan_error_message(w->h), "is uid 4711's");
	hycan_close(w->h);
}

static void as_alice(struct world *w)
{
	const struct hycan_transaction_run_options confirm = { .has_confirm_within = true, .confirm_within = 600 };
	static const char all[] = "dns 100 link net100\ndns_host 100 db link net100\ndns_host 100 web link net100\n";
	struct hycan_transaction_run_reply *reply;
	struct hycan *one, *other;

	assert_done(w->h, hycan_open(&w->h, w->socket));
	names_objects(w->h, all);
	/* what is not confirmed is hers again */
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_dns_unset(w->h, 100, NULL));
	assert_done(w->h, hycan_transaction_commit(w->h, &confirm, &reply));
	names_objects(w->h, "");
	assert_done(w->h, hycan_transaction_cancel(w->h, reply->token));
	free(reply);
	names_objects(w->h, all);
	assert_done(w->h, hycan_dns_unset(w->h, 100, NULL));
	names_objects(w->h, "");
	/* or her programs', as before */
	one = tell_names(w);
	other = tell_names(w);
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_dns_unset(w->h, 100, NULL));
	assert_done(w->h, hycan_transaction_commit(w->h, &confirm, &reply));
	names_objects(w->h, "");
	assert_done(w->h, hycan_transaction_cancel(w->h, reply->token));
	free(reply);
	names_objects(w->h, all);
	hycan_close(one);
	hycan_close(other);
	objects_wait(w->h, 2);
	names_objects(w->h, "");
	hycan_close(w->h);
}

/* Then all of it is his. */
static void as_bob_alone(struct world *w)
{
	assert_done(w->h, hycan_open(&w->h, w->socket));
	assert_done(w->h, hycan_dns_remove_host(w->h, 100, "web", NULL));
	assert_done(w->h, names_set(w->h, 100, "", NULL));
	names_objects(w->h, "dns 100 link net100\n");
	hycan_close(w->h);
}

/* Who shares the names lets go of the hosts as well. */
static void test_users(void **state)
{
	struct world *w = *state;

	names_begin();
	world_as(ALICE, ALICE, tell_as, w);
	world_as(BOB, BOB, as_bob, w);
	world_as(ALICE, ALICE, as_alice, w);
	world_as(BOB, BOB, as_bob_alone, w);
	dns_until(30, NULL, "10.9.0.1", "web", "NXDOMAIN");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_unset, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_undo, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_shared, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_told_by_another, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_users, begin_for_two, world_end),
	};

	return cmocka_run_group_tests_name("dns.unset", tests, NULL, NULL);
}
