/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The gateway's addresses on a network's link, which a stranger takes away, or the kernel: they come back, or somebody says so. */
#include <stdlib.h>

#include "clients.h"
#include "health.h"
#include "network.h"

#define BLUE "100 10.9.0.0/24 10.9.0.1 blue fd09::/64 fd09::1"

static void until_both(void)
{
	shell_until(20, "test $(ip -o address show dev net100 | grep -c -e 10.9.0.1/24 -e fd09::1/64) = 2");
}

static void test_repaired(void **state)
{
	struct world *w = *state;

	network_make_parent();
	client_choose_drift(w->h, HYCAN_DRIFT_REPAIR);
	assert_done(w->h, network_create(w->h, BLUE));
	/* of a link that goes down the kernel takes those of IPv6, and sets it up again with the one below */
	free(shell("ip link set up0 down; ip link set up0 up"));
	until_both();
	free(shell("ip link set net100 down; ip link set net100 up"));
	until_both();
	free(shell("ip address flush dev net100"));
	until_both();
	assert_no_drift(w->h, 100);
	/* one that stays down is not set up */
	free(shell("ip link set net100 down"));
	assert_drift(w->h, 100, "is down");
	free(shell("ip address del 10.9.0.1/24 dev net100; ip link set net100 up"));
	until_both();
	assert_well(w->h);
}

/* Where nobody repairs it, it is told to who looks, until somebody asks for the network again. */
static void test_told(void **state)
{
	struct world *w = *state;

	network_make_parent();
	assert_done(w->h, network_create(w->h, BLUE));
	assert_well(w->h);
	free(shell("ip address del fd09::1/64 dev net100"));
	assert_problem(w->h, "networks", "does not have the gateway's address of IPv6; “network.create” with its values");
	assert_drift(w->h, 100, "the gateway's address of IPv6");
	free(shell("ip address flush dev net100"));
	assert_problem(w->h, "networks", "does not have the gateway's address; “network.create” with its values");
	assert_done(w->h, network_create(w->h, BLUE));
	until_both();
	assert_well(w->h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_repaired, world_begin_soon, world_end),
		cmocka_unit_test_setup_teardown(test_told, world_begin_soon, world_end),
	};

	return cmocka_run_group_tests_name("drift_gateway", tests, NULL, NULL);
}
