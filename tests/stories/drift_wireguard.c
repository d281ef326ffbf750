/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Peers of WireGuard that a stranger takes away or changes: reported, made again, made what they were, or left alone. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../ops/wireguard/device.h"
#include "clients.h"
#include "events.h"
#include "unconfirmed.h"

/* Waits until a shell command is content; shows what there is if it never is. */
#define until(command, ...) shell_until(20, "{ " command "; } || { wg show wg0; false; }", __VA_ARGS__)

static void set_peer(struct hycan *h, uint32_t n, const char *allowed_ip, uint16_t keepalive)
{
	struct hycan_prefix prefix = prefix_of(allowed_ip ? allowed_ip : "10.0.0.0/8");
	struct hycan_wireguard_peer_config peer = {
		.public_key = peer_key(n),
		.has_allowed_ips = allowed_ip,
		.allowed_ips = &prefix,
		.n_allowed_ips = allowed_ip ? 1 : 0,
		.has_persistent_keepalive = keepalive > 0,
		.persistent_keepalive = keepalive,
	};

	assert_done(h, hycan_wireguard_peer_set(h, "wg0", &peer));
}

static void remove_peer(uint32_t n)
{
	struct hycan_key key = peer_key(n);

	free(shell("wg set wg0 peer %s remove", key_text(&key)));
}

static void until_log(struct world *w, const char *part)
{
	until("grep -q '%s' %s", part, w->log);
}

static void test_reported(void **state)
{
	static const enum hycan_event_family objects[] = { HYCAN_EVENT_FAMILY_OBJECT };
	static const struct hycan_event_subscribe_options of_objects = { .has_families = true,
		                                                         .families = objects,
		                                                         .n_families = 1 };
	struct world *w = need_device(state);
	struct hycan_key first = peer_key(1);
	struct hycan *h = NULL;
	struct events e;

	assert_int_equal(hycan_open(&h, w->socket), 0);
	events_begin_complete(&e, h, &of_objects);
	set_peer(w->h, 1, "10.1.0.0/16", 0);
	client_choose_drift(w->h, HYCAN_DRIFT_IGNORE);
	set_peer(w->h, 2, "10.2.0.0/16", 0);
	remove_peer(2);
	remove_peer(1);
	events_until(&e, "gone object wireguard_peer wg0 %s uid 0 holders 1 by stranger", key_text(&first));
	assert_false(events_heard(&e, "gone object"));
	events_end(&e);
	hycan_close(h);
}

static void test_repaired(void **state)
{
	struct world *w = need_device(state);
	struct hycan_key first = peer_key(1), second = peer_key(2), stranger = peer_key(9);
	struct hycan_prefix prefix = prefix_of("10.4.0.0/16");
	struct hycan_wireguard_peer_config of_sync[] = {
		{ .public_key = peer_key(1), .has_allowed_ips = true, .allowed_ips = &prefix, .n_allowed_ips = 1 },
		{ .public_key = peer_key(2), .has_persistent_keepalive = true, .persistent_keepalive = 9 },
	};
	struct hycan_wireguard_sync_reply reply;

	client_choose_drift(w->h, HYCAN_DRIFT_REPAIR);
	/* what is absent stays, also when it is made again */
	set_peer(w->h, 1, "10.1.0.0/16", 0);
	set_peer(w->h, 1, NULL, 25);
	remove_peer(1);
	until("wg show wg0 allowed-ips | grep -q '10.1.0.0/16' && wg show wg0 persistent-keepalive | grep -q 25%s", "");
	until_log(w, "was gone, and is made again");
	/* of what was changed, all that was asked for */
	free(shell("wg set wg0 peer %s persistent-keepalive 7 allowed-ips 10.77.0.0/16", key_text(&first)));
	until("wg show wg0 allowed-ips | grep -q '10.1.0.0/16$' && wg show wg0 persistent-keepalive | grep -q 25%s", "");
	until_log(w, "was changed, and is what it was");
	/* what another peer of ours was given is not taken back, what a stranger has is */
	set_peer(w->h, 2, "10.1.0.0/16", 0);
	set_peer(w->h, 1, NULL, 26);
	free(shell("sleep 5"));
	until("wg show wg0 allowed-ips | grep -q '%s.*10.1.0.0/16$'", key_text(&second));
	free(shell("wg set wg0 peer %s allowed-ips 10.1.0.0/16", key_text(&stranger)));
	until("wg show wg0 allowed-ips | grep -q '%s.*10.1.0.0/16$'", key_text(&second));
	/* what a list of all peers made */
	assert_done(w->h, hycan_wireguard_sync(w->h, "wg0", of_sync, 2, &reply));
	free(shell("for i in $(wg show wg0 peers); do wg set wg0 peer $i remove; done"));
	until("wg show wg0 allowed-ips | grep -q '10.4.0.0/16$' && wg show wg0 persistent-keepalive | grep -q '9$'%s", "");
}

/* What a transaction took away, and is put back, is as it was asked for: without a key. */
static void test_put_back(void **state)
{
	struct world *w = need_device(state);
	const struct hycan_key first = peer_key(1);

	client_choose_drift(w->h, HYCAN_DRIFT_REPAIR);
	set_peer(w->h, 1, "10.1.0.0/16", 25);
	for (int waits = 0; waits < 2; waits++) {
		assert_done(w->h, hycan_transaction_begin(w->h));
		assert_done(w->h, hycan_wireguard_peer_remove(w->h, "wg0", &first));
		unconfirmed_in_vain(w->h, waits);
		remove_peer(1);
		until("wg show wg0 allowed-ips | grep -q '10.1.0.0/16$' && wg show wg0 persistent-keepalive | grep -q '25$'%s", "");
	}
}

/* The key is taken away again: what is asked for from then on has none. */
static void test_key_removed(void **state)
{
	struct world *w = need_device(state);
	const struct hycan_key first = peer_key(1);
	struct hycan_wireguard_peer_config peer = { .public_key = first, .has_preshared_key = true, .preshared_key = peer_key(77) };

	client_choose_drift(w->h, HYCAN_DRIFT_REPAIR);
	set_peer(w->h, 1, "10.1.0.0/16", 25);
	assert_done(w->h, hycan_wireguard_peer_set(w->h, "wg0", &peer));
	peer.preshared_key = (struct hycan_key){ 0 };
	assert_done(w->h, hycan_wireguard_peer_set(w->h, "wg0", &peer));
	remove_peer(1);
	until("wg show wg0 allowed-ips | grep -q '10.1.0.0/16$' && wg show wg0 persistent-keepalive | grep -q '25$'%s", "");
}

/* The next daemon does the same, and says what it cannot do. */
static void test_keys(void **state)
{
	struct world *w = need_device(state);
	struct hycan_prefix prefix = prefix_of("10.3.0.0/16");
	struct hycan_wireguard_peer_config peer = { .public_key = peer_key(3),
		                                    .has_allowed_ips = true,
		                                    .allowed_ips = &prefix,
		                                    .n_allowed_ips = 1,
		                                    .has_preshared_key = true };
	char *text;

	client_choose_drift(w->h, HYCAN_DRIFT_REPAIR);
	set_peer(w->h, 1, "10.1.0.0/16", 0);
	peer.preshared_key = peer_key(77);
	assert_done(w->h, hycan_wireguard_peer_set(w->h, "wg0", &peer));
	world_stop_daemon(w, SIGKILL);
	remove_peer(1);
	free(shell("wg set wg0 peer %s allowed-ips ''", key_text(&peer.public_key)));
	world_start_daemon(w, NULL);
	/* what can be done without the key is */
	until("wg show wg0 allowed-ips | grep -q '%s.*10.3.0.0/16$'", key_text(&peer.public_key));
	until("wg show wg0 allowed-ips | grep -q '10.1.0.0/16$'%s", "");
	text = shell("wg show wg0 preshared-keys | grep -c '(none)'");
	assert_string_equal(text, "1\n");
	free(text);
	remove_peer(3);
	until_log(w, "is gone, and cannot be made again: it was asked for with a key");
	text = shell("wg show wg0 peers | wc -l");
	assert_string_equal(text, "1\n");
	free(text);
}

static void set_device(struct hycan *h, uint16_t port, uint32_t mark, bool key)
{
	struct hycan_key public_key;
	struct hycan_wireguard_set_options options = {
		.has_listen_port = port > 0,
		.listen_port = port,
		.has_fwmark = mark > 0,
		.fwmark = mark,
		.has_private_key = key,
	};

	if (key)
		options.private_key = new_key(&public_key);
	assert_done(h, hycan_wireguard_set(h, "wg0", &options));
}

/* Waits until a silent look was had of what was asked for. */
static void let_look(void)
{
	nanosleep(&(struct timespec){ .tv_sec = 2, .tv_nsec = 500000000 }, NULL);
}

static void test_settings_reported(void **state)
{
	static const enum hycan_event_family objects[] = { HYCAN_EVENT_FAMILY_OBJECT };
	static const struct hycan_event_subscribe_options of_objects = { .has_families = true,
		                                                         .families = objects,
		                                                         .n_families = 1 };
	struct world *w = need_device(state);
	struct hycan *h = NULL;
	struct events e;
	char *log;

	assert_int_equal(hycan_open(&h, w->socket), 0);
	events_begin_complete(&e, h, &of_objects);
	set_device(w->h, 5001, 0, true);
	let_look();
	assert_false(events_heard(&e, "changed object"));
	/* the mark nobody has asked for */
	free(shell("wg set wg0 fwmark 7"));
	free(shell("wg set wg0 listen-port 6001"));
	events_until(&e, "changed object link wg0 uid 0 holders 1 by stranger");
	until_log(w, "listen_port of wg0, which uid 0 had asked for, was changed, and not by a request");
	free(shell("wg genkey >%s.key; wg set wg0 private-key %s.key; rm %s.key", w->log, w->log, w->log));
	events_until(&e, "changed object link wg0 uid 0 holders 1 by stranger");
	until_log(w, "private_key of wg0, which uid 0 had asked for, was changed, and not by a request");
	/* what a request changes is none */
	set_device(w->h, 5002, 9, true);
	let_look();
	log = world_log(w);
	world_assert_contains(log, "fwmark of wg0", false, __FILE__, __LINE__);
	assert_false(events_heard(&e, "changed object"));
	free(log);
	assert_device("listen-port", "5002");
	events_end(&e);
	hycan_close(h);
}

static void test_settings_repaired(void **state)
{
	struct world *w = need_device(state);

	client_choose_drift(w->h, HYCAN_DRIFT_REPAIR);
	assert_done(w->h, hycan_wireguard_create(w->h, "wg0", NULL, NULL));
	set_device(w->h, 5001, 0, true);
	set_device(w->h, 0, 0x55, false);
	let_look();
	free(shell("wg set wg0 listen-port 6001 fwmark 0"));
	until("wg show wg0 listen-port | grep -q '^5001$' && wg show wg0 fwmark | grep -q 0x55%s", "");
	until_log(w, "listen_port, fwmark of wg0, which uid 0 had asked for, was changed, and is what it was");
	/* who wants only one of them reported has that one reported, and of what is wanted by nobody nothing is said */
	client_choose_drift(w->h, HYCAN_DRIFT_IGNORE);
	set_device(w->h, 0, 0x66, false);
	/* it is called otherwise, and another daemon looks after it */
	client_choose_drift(w->h, HYCAN_DRIFT_REPAIR);
	assert_done(w->h, hycan_link_rename(w->h, "wg0", "wg7"));
	assert_done(w->h, hycan_link_rename(w->h, "wg7", "wg0"));
	world_stop_daemon(w, SIGKILL);
	free(shell("wg genkey >%s.key; wg set wg0 listen-port 6002 fwmark 0x77 private-key %s.key; rm %s.key", w->log, w->log,
	           w->log));
	world_start_daemon(w, NULL);
	until("wg show wg0 listen-port | grep -q '^5001$'%s", "");
	until_log(w, "private_key of wg0, which uid 0 had asked for, was changed, and cannot be put back: keys are not kept");
	assert_device("fwmark", "0x77");
	/* it is gone with its link, and is again what it was when that is made again */
	free(shell("ip link del wg0"));
	until("wg show wg0 listen-port 2>/dev/null | grep -q '^5001$'%s", "");
}

/* Who sets something, and says nothing of drift, leaves that as another one said it; of what nobody had set it is reported. */
static void test_settings_silent(void **state)
{
	struct world *w = need_device(state);
	struct hycan *silent = client_open(w);
	char *log;

	client_choose_drift(w->h, HYCAN_DRIFT_REPAIR);
	set_device(w->h, 5001, 0, false);
	set_device(silent, 5002, 0x55, false);
	let_look();
	free(shell("wg set wg0 listen-port 6001 fwmark 0x77"));
	until("wg show wg0 listen-port | grep -q '^5002$'%s", "");
	until_log(w, "fwmark of wg0, which uid 0 had asked for, was changed, and not by a request");
	assert_device("fwmark", "0x77");
	/* also behind another daemon */
	client_choose_drift(w->h, HYCAN_DRIFT_IGNORE);
	set_device(w->h, 0, 0x66, false);
	hycan_close(silent);
	world_stop_daemon(w, SIGKILL);
	world_start_daemon(w, NULL);
	silent = client_open(w);
	set_device(silent, 5003, 0x67, false);
	let_look();
	free(shell(": >%s; wg set wg0 listen-port 6001 fwmark 0x78", w->log));
	until("wg show wg0 listen-port | grep -q '^5003$'%s", "");
	log = world_log(w);
	world_assert_contains(log, "fwmark of wg0", false, __FILE__, __LINE__);
	free(log);
	assert_device("fwmark", "0x78");
	hycan_close(silent);
}

/* Of a link that is called otherwise within the transaction. */
static void set_and_rename(struct hycan *h)
{
	const struct hycan_wireguard_set_options options = {
		.has_listen_port = true, .listen_port = 5002, .has_fwmark = true, .fwmark = 0x55
	};

	assert_done(h, hycan_link_rename(h, "wg0", "wg8"));
	assert_done(h, hycan_link_rename(h, "wg8", "wg7"));
	assert_done(h, hycan_wireguard_set(h, "wg7", &options));
}

/* What a transaction said that nobody confirms is not wanted any more: neither by this daemon nor by the one behind it. */
static void settings_unconfirmed(struct world *w, bool renames, bool killed)
{
	const struct hycan_transaction_run_options options = { .has_confirm_within = true, .confirm_within = 600 };
	struct hycan_transaction_run_reply *reply = NULL;
	char *log;

	client_choose_drift(w->h, HYCAN_DRIFT_REPAIR);
	assert_done(w->h, hycan_transaction_begin(w->h));
	if (renames)
		set_and_rename(w->h);
	else
		set_device(w->h, 5002, 0x55, false);
	assert_done(w->h, hycan_transaction_commit(w->h, &options, &reply));
	free(shell("wg show %s listen-port | grep -q '^5002$'", renames ? "wg7" : "wg0"));
	if (killed) {
		world_stop_daemon(w, SIGKILL);
		world_start_daemon(w, NULL);
		client_choose_drift_again(w->h, HYCAN_DRIFT_REPAIR);
	} else {
		assert_done(w->h, hycan_transaction_cancel(w->h, reply->token));
	}
	free(reply);
	assert_device("listen-port", "5001");
	free(shell("wg set wg0 listen-port 6001 fwmark 0x77"));
	until_log(w, "listen_port of wg0, which uid 0 had asked for, was changed, and not by a request");
	log = world_log(w);
	world_assert_contains(log, "fwmark of wg0", false, __FILE__, __LINE__);
	free(log);
	assert_device("listen-port", "6001");
	assert_device("fwmark", "0x77");
	free(shell("wg set wg0 fwmark 0"));
	client_choose_drift(w->h, HYCAN_DRIFT_REPORT);
	set_device(w->h, 5001, 0, false);
	free(shell(": >%s", w->log));
}

static void test_settings_unconfirmed(void **state)
{
	struct world *w = need_device(state);

	set_device(w->h, 5001, 0, false);
	for (int i = 0; i < 4; i++)
		settings_unconfirmed(w, i & 1, i & 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_reported, device_begin, world_end),
		cmocka_unit_test_setup_teardown(test_repaired, device_begin, world_end),
		cmocka_unit_test_setup_teardown(test_put_back, device_begin, world_end),
		cmocka_unit_test_setup_teardown(test_key_removed, device_begin, world_end),
		cmocka_unit_test_setup_teardown(test_keys, device_begin, world_end),
		cmocka_unit_test_setup_teardown(test_settings_reported, device_begin, world_end),
		cmocka_unit_test_setup_teardown(test_settings_repaired, device_begin, world_end),
		cmocka_unit_test_setup_teardown(test_settings_silent, device_begin, world_end),
		cmocka_unit_test_setup_teardown(test_settings_unconfirmed, device_begin, world_end),
	};

	return cmocka_run_group_tests_name("drift_wireguard", tests, NULL, NULL);
}
