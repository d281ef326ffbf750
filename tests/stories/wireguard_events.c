/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interfaces and peers of WireGuard as events: whoever changes them, and whoever listens. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../ops/wireguard/device.h"
#include "events.h"

static const enum hycan_event_family wireguard[] = { HYCAN_EVENT_FAMILY_WIREGUARD };
static const struct hycan_event_subscribe_options of_wireguard = { .has_families = true, .families = wireguard, .n_families = 1 };

/* 768 of them, for a shell. */
#define MANY "$(for i in $(seq 0 255); do printf '10.1.%%d.1,10.2.%%d.1,10.3.%%d.1,' $i $i $i; done)"

static struct hycan *subscriber(struct world *w)
{
	struct hycan *h = NULL;

	assert_int_equal(hycan_open(&h, w->socket), 0);
	return h;
}

/* What the daemon changes by requests has their cause. */
static void test_requests(void **state)
{
	struct world *w = need_device(state);
	struct hycan *h = subscriber(w);
	struct hycan_prefix allowed[] = { prefix_of("10.0.0.0/8"), prefix_of("fd00::/8") };
	struct hycan_wireguard_set_options set = { .has_listen_port = true, .listen_port = 51820 };
	struct hycan_wireguard_peer_config peer = {
		.public_key = peer_key(1), .has_allowed_ips = true, .allowed_ips = allowed, .n_allowed_ips = 1
	};
	struct events e;

	set.private_key = new_key(&(struct hycan_key){ 0 });
	events_begin_complete(&e, h, &of_wireguard);
	assert_true(events_know(&e, "wireguard wg0 port 0 mark 0"));
	assert_int_equal(events_count(&e, ""), 1);
	assert_done(w->h, hycan_wireguard_set(w->h, "wg0", &set));
	events_until(&e, "changed wireguard wg0 port 51820 mark 0 by consequence 0 wireguard.set");
	set.has_private_key = true;
	assert_done(w->h, hycan_wireguard_set(w->h, "wg0", &set));
	events_until(&e, "changed wireguard wg0 port 51820 mark 0 key by consequence 0 wireguard.set");
	assert_done(w->h, hycan_wireguard_peer_set(w->h, "wg0", &peer));
	events_until(&e, "new peer wg0 %s keepalive 0 allowed 1 by consequence 0 wireguard.peer_set", key_text(&peer.public_key));
	peer.n_allowed_ips = 2;
	peer.has_preshared_key = true;
	peer.preshared_key = peer_key(77);
	assert_done(w->h, hycan_wireguard_peer_set(w->h, "wg0", &peer));
	events_until(&e, "changed peer wg0 %s keepalive 0 allowed 2 preshared by consequence 0 wireguard.peer_set",
	             key_text(&peer.public_key));
	assert_done(w->h, hycan_wireguard_peer_remove(w->h, "wg0", &peer.public_key));
	events_until(&e, "gone peer wg0 %s keepalive 0 allowed 2 preshared by consequence 0 wireguard.peer_remove",
	             key_text(&peer.public_key));
	/* and what the kernel announces, the link, takes its peers with it */
	assert_done(w->h, hycan_wireguard_peer_set(w->h, "wg0", &peer));
	assert_done(w->h, hycan_wireguard_create(w->h, "wg1", NULL, NULL));
	events_until(&e, "new wireguard wg1 port 0 mark 0 by consequence 0 wireguard.create");
	assert_done(w->h, hycan_link_delete(w->h, "wg0"));
	events_until(&e, "gone wireguard wg0 port 51820 mark 0 key by consequence 0 link.delete");
	events_until(&e, "gone peer wg0 %s", key_text(&peer.public_key));
	assert_int_equal(events_count(&e, ""), 1);
	events_end(&e);
	hycan_close(h);
}

/* What a stranger does is found by looking. */
static void test_strangers(void **state)
{
	struct world *w = need_device(state);
	struct hycan *h = subscriber(w), *filtered = subscriber(w);
	struct hycan_event_subscribe_options by_name = of_wireguard;
	struct hycan_key key = peer_key(5);
	const char *text = key_text(&key);
	struct events e, of_one;

	by_name.has_name = true;
	snprintf(by_name.name, sizeof(by_name.name), "wgs*");
	events_begin_complete(&e, h, &of_wireguard);
	events_begin_complete(&of_one, filtered, &by_name);
	free(shell("wg set wg0 peer %s allowed-ips 10.0.0.0/8 persistent-keepalive 25", text));
	events_until(&e, "new peer wg0 %s keepalive 25 allowed 1 by stranger", text);
	free(shell("wg set wg0 listen-port 7 fwmark 9"));
	events_until(&e, "changed wireguard wg0 port 7 mark 9 by stranger");
	free(shell("wg set wg0 peer %s remove", text));
	events_until(&e, "gone peer wg0 %s keepalive 25 allowed 1 by stranger", text);
	/* more allowed IPs than an event has, of which the last one counts as well */
	free(shell("wg set wg0 peer %s allowed-ips " MANY "10.4.0.1", text));
	events_until(&e, "new peer wg0 %s keepalive 0 allowed 769 by stranger", text);
	free(shell("wg set wg0 peer %s allowed-ips " MANY "10.5.0.1", text));
	events_until(&e, "changed peer wg0 %s keepalive 0 allowed 769 by stranger", text);
	free(shell("ip link add wgs type wireguard"));
	events_until(&e, "new wireguard wgs port 0 mark 0 by stranger");
	events_until(&of_one, "new wireguard wgs port 0 mark 0 by stranger");
	free(shell("wg set wgs peer %s", text));
	events_until(&of_one, "new peer wgs %s", text);
	assert_int_equal(events_count(&of_one, ""), 2);
	/* a snapshot has them all */
	events_end(&of_one);
	events_begin_complete(&of_one, filtered, &of_wireguard);
	assert_int_equal(events_count(&of_one, "wireguard"), 2);
	assert_int_equal(events_count(&of_one, "peer"), 2);
	events_end(&of_one);
	events_end(&e);
	hycan_close(filtered);
	hycan_close(h);
}

/* Whose it is. */
static void test_owner(void **state)
{
	struct world *w = need_device(state);
	struct hycan *h = subscriber(w);
	struct hycan_wireguard_peer_config peer = { .public_key = peer_key(1) };
	struct hycan_event_subscribe_options mine = of_wireguard;
	struct hycan_key other = peer_key(2);
	struct events e;

	assert_done(w->h, hycan_wireguard_peer_set(w->h, "wg0", &peer));
	free(shell("wg set wg0 peer %s; ip link add wgs type wireguard", key_text(&other)));
	mine.has_owner = true;
	events_begin_complete(&e, h, &mine);
	assert_true(events_know(&e, "wireguard wg0"));
	assert_true(events_know(&e, "peer wg0"));
	assert_int_equal(events_count(&e, ""), 2);
	free(shell("wg set wg0 peer %s remove", key_text(&peer.public_key)));
	events_until(&e, "gone peer wg0 %s", key_text(&peer.public_key));
	events_end(&e);
	hycan_close(h);
}

/* A request that changes nothing is no cause of what a stranger does beside it, and neither is one about another interface. */
static void test_beside(void **state)
{
	struct world *w = need_device(state);
	struct hycan *h = subscriber(w);
	struct hycan_wireguard_set_options set = { .has_fwmark = true, .fwmark = 4 };
	struct hycan_key other = peer_key(2);
	struct events e;

	assert_done(w->h, hycan_wireguard_create(w->h, "wg1", NULL, NULL));
	assert_done(w->h, hycan_wireguard_set(w->h, "wg0", &set));
	events_begin_complete(&e, h, &of_wireguard);
	free(shell("wg set wg0 peer %s", key_text(&other)));
	assert_done(w->h, hycan_wireguard_set(w->h, "wg0", &set));
	assert_done(w->h, hycan_wireguard_set(w->h, "wg1", &set));
	events_until(&e, "new peer wg0 %s keepalive 0 allowed 0 by stranger", key_text(&other));
	events_end(&e);
	hycan_close(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_requests, device_begin, world_end),
		cmocka_unit_test_setup_teardown(test_strangers, device_begin, world_end),
		cmocka_unit_test_setup_teardown(test_owner, device_begin, world_end),
		cmocka_unit_test_setup_teardown(test_beside, device_begin, world_end),
	};

	return cmocka_run_group_tests_name("wireguard_events", tests, NULL, NULL);
}
