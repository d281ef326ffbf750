/* SPDX-License-Identifier: GPL-2.0-or-later */
/* network.list: what there is. Drift is tested where it is mended, in create.c. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nat.h"
#include "network.h"

static void test_list(void **state)
{
	struct hycan_port_mapping mapping = nat_mapping("tcp 8080 10.9.0.2 80");
	const struct hycan_network_list_options none = { .has_vlan_id = true, .vlan_id = 7 };
	struct hycan_network_state *s = NULL;
	struct world *w = *state;
	char text[HYCAN_ADDRESS_TEXT_SIZE];
	size_t n = 1;

	assert_done(w->h, hycan_network_list(w->h, NULL, &s, &n));
	assert_int_equal(n, 0);
	free(s);
	assert_refused(w->h, hycan_network_list(w->h, &none, &s, &n), HYCAN_REFUSAL_NOT_FOUND);
	network_make_parent();
	assert_done(w->h, network_create(w->h, "101 10.8.0.0/24 10.8.0.1 red fd08::/64 fd08::1"));
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	assert_done(w->h, hycan_network_allow(w->h, 100, 101, true, NULL));
	assert_done(w->h, hycan_port_add(w->h, &mapping));
	assert_done(w->h, hycan_network_list(w->h, NULL, &s, &n));
	assert_int_equal(n, 2);
	assert_int_equal(s[0].vlan_id, 100);
	assert_string_equal(s[0].network_name, "blue");
	assert_string_equal(s[0].link, "net100");
	assert_string_equal(s[0].parent, "up0");
	assert_string_equal(hycan_prefix_format(&s[0].subnet, text, sizeof(text)), "10.9.0.0/24");
	assert_string_equal(hycan_address_format(&s[0].gateway, text, sizeof(text)), "10.9.0.1");
	assert_false(s[0].has_ipv6_subnet);
	assert_true(s[0].has_mac && s[0].has_mtu && s[0].has_statistics);
	assert_int_equal(s[0].mtu, 1500);
	assert_true(s[0].nat);
	assert_false(s[0].internal);
	assert_int_equal(s[0].mappings, 1);
	assert_int_equal(s[0].n_ways, 1);
	assert_int_equal(s[0].ways[0].vlan_id, 101);
	assert_string_equal(s[0].ways[0].link, "net101");
	assert_int_equal(s[0].n_drift, 0);
	assert_int_equal(s[1].vlan_id, 101);
	assert_string_equal(hycan_prefix_format(&s[1].ipv6_subnet, text, sizeof(text)), "fd08::/64");
	assert_string_equal(hycan_address_format(&s[1].ipv6_gateway, text, sizeof(text)), "fd08::1");
	assert_int_equal(s[1].n_ways, 0);
	assert_int_equal(s[1].mappings, 0);
	free(s);
}

/* A network that comes and goes. */
static bool make_and_remove(struct hycan *h)
{
	bool done = true;

	for (int i = 0; i < 30 && done; i++)
		done = network_create(h, "101 10.8.0.0/24 10.8.0.1 red") == 0 && hycan_network_delete(h, 101, NULL) == 0;
	return done;
}

/* Of whatever there is. */
static void assert_nowhere_drift(struct hycan *h)
{
	struct hycan_network_state *s = NULL;
	size_t n = 0;

	assert_done(h, hycan_network_list(h, NULL, &s, &n));
	for (size_t i = 0; i < n; i++)
		if (s[i].n_drift)
			fail_msg("VLAN %u: %s", s[i].vlan_id, s[i].drift[0].message);
	free(s);
}

/* What a request has half done is no drift: the table has a network before its link is there. */
static void test_beside(void **state)
{
	struct world *w = *state;
	struct hycan *h = NULL;
	int status;
	pid_t child;

	network_make_parent();
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(hycan_open(&h, w->socket) != 0 || !make_and_remove(h));
	}
	do
		assert_nowhere_drift(w->h);
	while (waitpid(child, &status, WNOHANG) == 0);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_list, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_beside, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("network.list", tests, NULL, NULL);
}
