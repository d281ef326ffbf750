/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dns.remove_host: one name less, and the others are told on. */
#include <stdlib.h>

#include "names.h"
#include "network.h"
#include "question.h"

static void test_remove(void **state)
{
	struct world *w = *state;
	int pid;

	names_begin();
	assert_refused(w->h, hycan_dns_remove_host(w->h, 100, "web", NULL), HYCAN_REFUSAL_NOT_FOUND);
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	assert_done(w->h, names_set(w->h, 100, "web 10.9.0.2, db 10.9.0.3", NULL));
	pid = names_pid(w->h, 100);
	assert_refused(w->h, hycan_dns_remove_host(w->h, 100, "other", NULL), HYCAN_REFUSAL_NOT_FOUND);
	assert_refused(w->h, hycan_dns_remove_host(w->h, 100, "../db", NULL), HYCAN_REFUSAL_NOT_FOUND);
	assert_done(w->h, hycan_dns_remove_host(w->h, 100, "db", NULL));
	dns_until(30, NULL, "10.9.0.1", "db", "NXDOMAIN");
	assert_string_equal(dns_ask_reverse(NULL, "10.9.0.1", "10.9.0.3"), "NXDOMAIN");
	assert_string_equal(dns_ask(NULL, "10.9.0.1", "web", false), "10.9.0.2");
	assert_refused(w->h, hycan_dns_remove_host(w->h, 100, "db", NULL), HYCAN_REFUSAL_NOT_FOUND);
	assert_int_equal(names_pid(w->h, 100), pid);
	names_objects(w->h, "dns 100 link net100\ndns_host 100 web link net100\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_remove, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("dns.remove_host", tests, NULL, NULL);
}
