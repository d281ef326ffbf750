/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The programs of docs/examples do what their first line says.
 */
#include "world.h"

#include <stdlib.h>
#include <string.h>

static int begin(void **state)
{
	struct world *w;
	int r = world_begin(state);

	w = *state;
	setenv("HYCAN_DAEMON_SOCKET", w->socket, 1);
	return r;
}

static void vcan_up(void **state)
{
	(void)state;
	need_kind("vcan");
	free(shell(EXAMPLES "/example-vcan_up_c | grep -x 'vcan0 is up'"));
	free(shell("ip -d link show vcan0 up | grep vcan"));
}

static void netlink(void **state)
{
	(void)state;
	need_kind("vcan");
	free(shell(EXAMPLES "/example-netlink_c | grep -x 'vcan0 is up'"));
	free(shell("ip -d link show vcan0 up | grep vcan"));
}

static void netlink_cxx(void **state)
{
	(void)state;
	need_success("C++ compiler with tl::expected", "test -x " EXAMPLES "/example-netlink_cpp");
	need_kind("vcan");
	free(shell(EXAMPLES "/example-netlink_cpp | grep -x 'vcan0 is up'"));
	free(shell("ip -d link show vcan0 up | grep vcan"));
}

static void list_async(void **state)
{
	char *output;

	(void)state;
	free(shell("ip route add blackhole 10.1.0.0/16"));
	output = shell(EXAMPLES "/example-list_async_c");
	assert_contains(output, "link lo up");
	assert_contains(output, "route 10.1.0.0/16");
	free(output);
}

static void route_load(void **state)
{
	(void)state;
	free(shell(EXAMPLES "/example-route_load_c | grep -x '1000 routes are there'"));
	free(shell("test $(ip route show type blackhole | wc -l) = 1000"));
}

static void wireguard(void **state)
{
	struct world *w = *state;
	char *shown;

	need_kind("wireguard");
	need_command("wg");
	free(shell("wg genkey > %s/key", w->directory));
	free(shell(EXAMPLES "/example-wireguard_c %s/key $(wg genkey | wg pubkey) 192.0.2.1:51820 | grep -x 'wg0 is up'",
	           w->directory));
	shown = shell("wg show wg0; ip address show wg0");
	assert_contains(shown, "listening port: 51820");
	assert_contains(shown, "endpoint: 192.0.2.1:51820");
	assert_contains(shown, "allowed ips: 10.9.0.0/24");
	assert_contains(shown, "10.9.0.1/24");
	free(shown);
}

/* Nobody presses Enter: it is as it was. */
static void transaction(void **state)
{
	(void)state;
	free(shell("ip link add b0 type bridge"));
	free(shell(EXAMPLES "/example-transaction_c b0 10.1.0.1/24 < /dev/null && ip link show b0 | grep -q 'mtu 1500'"));
	free(shell("echo | " EXAMPLES "/example-transaction_c b0 10.1.0.1/24 && ip address show b0 | grep -q 10.1.0.1/24"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, world_end)
		TEST(vcan_up),    TEST(netlink),   TEST(netlink_cxx), TEST(list_async),
		TEST(route_load), TEST(wireguard), TEST(transaction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
