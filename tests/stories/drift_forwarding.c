/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Forwarding that a stranger turns off is noticed: reported, turned on again, or left alone, as was asked for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients.h"
#include "events.h"
#include "network.h"
#include "routing.h"

static void forward(struct hycan *h, enum hycan_family family, const char *link)
{
	struct hycan_forwarding_set_options options = { .has_interface = link };

	snprintf(options.interface, sizeof(options.interface), "%s", link ? link : "");
	assert_done(h, hycan_forwarding_set(h, family, true, &options));
}

/* Waits until a file below /proc/sys/net has that value. */
static void until_value(const char *path, const char *expected)
{
	shell_until(20, "test $(cat /proc/sys/net/%s) = %s", path, expected);
}

static void test_reported(void **state)
{
	struct world *w = *state;
	struct hycan *own = NULL;
	struct events e;

	free(shell("sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0"));
	assert_int_equal(hycan_open(&own, w->socket), 0);
	events_begin_complete(&e, own, NULL);
	forward(w->h, HYCAN_FAMILY_IPV4, NULL);
	forward(w->h, HYCAN_FAMILY_IPV6, NULL);
	free(shell("sysctl -qw net.ipv4.ip_forward=0"));
	events_until(&e, "gone object forwarding ipv4 uid 0 holders 1 by stranger");
	free(shell("sysctl -qw net.ipv6.conf.all.forwarding=0"));
	events_until(&e, "gone object forwarding ipv6 uid 0 holders 1 by stranger");
	/* of one link, and of one that goes */
	forward(w->h, HYCAN_FAMILY_IPV4, "va");
	forward(w->h, HYCAN_FAMILY_IPV6, "va");
	forward(w->h, HYCAN_FAMILY_IPV4, "vb");
	free(shell("sysctl -qw net.ipv4.conf.va.forwarding=0"));
	events_until(&e, "gone object forwarding ipv4 interface va");
	free(shell("sysctl -qw net.ipv6.conf.va.forwarding=0"));
	events_until(&e, "gone object forwarding ipv6 interface va");
	assert_false(events_heard(&e, "gone object forwarding ipv4 interface vb"));
	free(shell("ip link del vb"));
	events_until(&e, "gone object forwarding ipv4 interface vb");
	events_end(&e);
	hycan_close(own);
}

static void test_repaired(void **state)
{
	struct world *w = *state;
	struct hycan *own = NULL;
	struct events e;
	char *text;

	free(shell("sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0"));
	assert_int_equal(hycan_open(&own, w->socket), 0);
	events_begin_complete(&e, own, NULL);
	client_choose_drift(w->h, HYCAN_DRIFT_REPAIR);
	forward(w->h, HYCAN_FAMILY_IPV4, NULL);
	forward(w->h, HYCAN_FAMILY_IPV6, "va");
	free(shell("sysctl -qw net.ipv4.ip_forward=0"));
	until_value("ipv4/ip_forward", "1");
	events_until(&e, "changed object forwarding ipv4 uid 0 holders 1 by repair 0 forwarding.set");
	/* with all of them, that of the link */
	free(shell("sysctl -qw net.ipv6.conf.all.forwarding=1; sysctl -qw net.ipv6.conf.all.forwarding=0"));
	until_value("ipv6/conf/va/forwarding", "1");
	text = shell("cat /proc/sys/net/ipv6/conf/vb/forwarding");
	assert_string_equal(text, "0\n");
	free(text);
	events_until(&e, "changed object forwarding ipv6 interface va uid 0 holders 1 by repair 0 forwarding.set");
	/* what a request turns off stays off, and what is to be ignored does too */
	client_choose_drift(w->h, HYCAN_DRIFT_IGNORE);
	forward(w->h, HYCAN_FAMILY_IPV4, "vb");
	client_choose_drift(w->h, HYCAN_DRIFT_REPAIR);
	assert_done(w->h, hycan_forwarding_set(w->h, HYCAN_FAMILY_IPV4, false, NULL));
	events_until(&e, "gone object forwarding ipv4 uid 0 holders 1 by request");
	/* that link was asked for by itself */
	until_value("ipv4/conf/vb/forwarding", "1");
	free(shell("sysctl -qw net.ipv4.conf.vb.forwarding=0; sysctl -qw net.ipv6.conf.va.forwarding=0"));
	until_value("ipv6/conf/va/forwarding", "1");
	text = shell("cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/vb/forwarding");
	assert_string_equal(text, "0\n0\n");
	free(text);
	assert_false(events_heard(&e, "gone object forwarding ipv4 interface vb"));
	events_end(&e);
	hycan_close(own);
}

/* A network needs it: one that is to be repaired has it turned on again, in the families that it needs. */
static void test_network(void **state)
{
	struct world *w = *state;
	struct hycan *own = NULL;
	struct events e;
	char *text;

	network_make_parent();
	need_command("nft");
	free(shell("sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0"));
	assert_int_equal(hycan_open(&own, w->socket), 0);
	events_begin_complete(&e, own, NULL);
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue fd09::/64 fd09::1"));
	client_choose_drift(w->h, HYCAN_DRIFT_REPAIR);
	assert_done(w->h, network_create(w->h, "101 10.8.0.0/24 10.8.0.1 red"));
	free(shell("sysctl -qw net.ipv4.ip_forward=0"));
	until_value("ipv4/ip_forward", "1");
	events_until(&e, "changed object network 101 link net101 uid 0 holders 1 by repair 0 network.create");
	/* networks turn it off when they are gone */
	assert_done(w->h, hycan_network_delete(w->h, 100, NULL));
	assert_done(w->h, hycan_network_delete(w->h, 101, NULL));
	text = shell("cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding");
	assert_string_equal(text, "0\n0\n");
	free(text);
	/* of IPv6, too */
	assert_done(w->h, network_create(w->h, "101 10.8.0.0/24 10.8.0.1 red fd08::/64 fd08::1"));
	free(shell("sysctl -qw net.ipv6.conf.all.forwarding=0"));
	until_value("ipv6/conf/all/forwarding", "1");
	events_end(&e);
	hycan_close(own);
}

/* Of an internal network the ways that it was allowed need it. */
static void test_internal(void **state)
{
	struct hycan_network internal = network_of("100 10.9.0.0/24 10.9.0.1 blue");
	struct world *w = *state;

	network_make_parent();
	need_command("nft");
	free(shell("sysctl -qw net.ipv4.ip_forward=0"));
	client_choose_drift(w->h, HYCAN_DRIFT_REPAIR);
	internal.has_internal = internal.internal = true;
	assert_done(w->h, hycan_network_create(w->h, &internal, NULL, NULL));
	internal = network_of("101 10.8.0.0/24 10.8.0.1 red");
	internal.has_internal = internal.internal = true;
	assert_done(w->h, hycan_network_create(w->h, &internal, NULL, NULL));
	assert_done(w->h, hycan_network_allow(w->h, 100, 101, true, NULL));
	until_value("ipv4/ip_forward", "1");
	free(shell("sysctl -qw net.ipv4.ip_forward=0"));
	until_value("ipv4/ip_forward", "1");
	assert_no_drift(w->h, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_reported, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(test_repaired, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(test_network, world_begin_soon, world_end),
		cmocka_unit_test_setup_teardown(test_internal, world_begin_soon, world_end),
	};

	return cmocka_run_group_tests_name("drift_forwarding", tests, NULL, NULL);
}
