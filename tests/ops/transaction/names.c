/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a transaction did to the names of a network is taken back, and that alone: what others made of the rest meanwhile stays. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients.h"
#include "names.h"
#include "network.h"
#include "objects.h"
#include "question.h"
#include "unconfirmed.h"

typedef void act(struct hycan *h);

static void tell(struct hycan *h, const char *hosts, const char *domain)
{
	struct hycan_dns_set_options options = { .has_domain = true, .has_own_only = true, .own_only = true };

	snprintf(options.domain, sizeof(options.domain), "%s", domain);
	assert_done(h, names_set(h, 100, hosts, &options));
}

/* “DOMAIN, HOST ADDRESS, …”, in the order of the hosts: free() it. */
static char *told(struct hycan *h)
{
	struct hycan_dns_state *state = names_state(h, 100);
	char address[HYCAN_ADDRESS_TEXT_SIZE], *text = calloc(1, 1024);
	size_t at = (size_t)sprintf(text, "%s", state->domain);

	for (size_t i = 0; i < state->n_hosts; i++)
		at += (size_t)sprintf(text + at, ", %s %s", state->hosts[i].name,
		                      hycan_address_format(&state->hosts[i].addresses[0], address, sizeof(address)));
	free(state);
	return text;
}

/* After what the transaction does, another client of the same user does something. What is told then, when it was taken back. */
static void assert_stays(struct world *w, act *does, act *other, const char *expected, size_t n_hosts)
{
	for (unsigned int way = 0; way < UNCONFIRMED_WAYS; way++) {
		char token[33], *is;
		struct hycan *h;

		tell(w->h, "db 10.9.0.3, mail 10.9.0.4, web 10.9.0.2", "blue");
		assert_done(w->h, hycan_transaction_begin(w->h));
		does(w->h);
		unconfirmed_commit(w->h, token);
		h = client_open(w);
		other(h);
		hycan_close(h);
		unconfirmed_take_back(w, token, way);
		is = told(w->h);
		assert_string_equal(is, expected);
		free(is);
		objects_expect(w->h, HYCAN_OBJECT_KIND_DNS_HOST, n_hosts, 0);
		objects_expect(w->h, HYCAN_OBJECT_KIND_DNS, 1, 0);
		dns_until(30, NULL, "10.9.0.1", "db", "10.9.0.3");
		assert_done(w->h, hycan_dns_unset(w->h, 100, NULL));
	}
}

/* One is otherwise, one goes, one comes, and one stays. */
static void state_hosts(struct hycan *h)
{
	tell(h, "mail 10.9.0.4, new 10.9.0.9, web 10.9.0.7", "blue");
}

/* And the name of one that goes is the domain's. */
static void state_all(struct hycan *h)
{
	tell(h, "blue 10.9.0.9, mail 10.9.0.4, web 10.9.0.7", "db");
}

static void change_hosts(struct hycan *h)
{
	assert_done(h, names_add(h, 100, "new 10.9.0.9"));
	assert_done(h, hycan_dns_remove_host(h, 100, "db", NULL));
	assert_done(h, names_add(h, 100, "web 10.9.0.7"));
}

static void end(struct hycan *h)
{
	assert_done(h, hycan_dns_unset(h, 100, NULL));
}

static void add(struct hycan *h)
{
	assert_done(h, names_add(h, 100, "late 10.9.0.20"));
}

static void add_and_remove(struct hycan *h)
{
	add(h);
	assert_done(h, hycan_dns_remove_host(h, 100, "mail", NULL));
	assert_done(h, names_add(h, 100, "web 10.9.0.8"));
}

static void rename_domain(struct hycan *h)
{
	tell(h, "late 10.9.0.20, new 10.9.0.9, web 10.9.0.7", "red");
}

static void begin_anew(struct hycan *h)
{
	tell(h, "late 10.9.0.20, web 10.9.0.8", "red");
}

static void test_stated(void **state)
{
	struct world *w = *state;

	names_begin();
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	assert_stays(w, state_hosts, add, "blue, db 10.9.0.3, late 10.9.0.20, mail 10.9.0.4, web 10.9.0.2", 4);
	assert_stays(w, state_hosts, add_and_remove, "blue, db 10.9.0.3, late 10.9.0.20, web 10.9.0.2", 3);
	/* the domain is not what the transaction changed */
	assert_stays(w, state_hosts, rename_domain, "red, db 10.9.0.3, late 10.9.0.20, web 10.9.0.2", 3);
	assert_stays(w, state_all, add_and_remove, "blue, db 10.9.0.3, late 10.9.0.20, web 10.9.0.2", 3);
}

static void test_one_by_one(void **state)
{
	struct world *w = *state;

	names_begin();
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	assert_stays(w, change_hosts, add, "blue, db 10.9.0.3, late 10.9.0.20, mail 10.9.0.4, web 10.9.0.2", 4);
}

static void test_ended(void **state)
{
	struct world *w = *state;

	names_begin();
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	assert_stays(w, end, begin_anew, "blue, db 10.9.0.3, late 10.9.0.20, mail 10.9.0.4, web 10.9.0.2", 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_stated, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_one_by_one, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_ended, world_begin, world_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
