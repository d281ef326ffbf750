/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wireguard.set */
#include "device.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static void set_key(struct world *w, const struct hycan_key *key)
{
	const struct hycan_wireguard_set_options options = { .has_private_key = true, .private_key = *key };

	assert_done(w->h, hycan_wireguard_set(w->h, "wg0", &options));
}

static void sets_everything_at_once(void **state)
{
	struct world *w = need_device(state);
	struct hycan_wireguard_set_options options = {
		.has_private_key = true,
		.has_listen_port = true,
		.listen_port = 51820,
		.has_fwmark = true,
		.fwmark = 0xca6c,
	};
	struct hycan_key public_key;

	options.private_key = new_key(&public_key);
	assert_done(w->h, hycan_wireguard_set(w->h, "wg0", &options));
	assert_device("private-key", key_text(&options.private_key));
	assert_device("public-key", key_text(&public_key));
	assert_device("listen-port", "51820");
	assert_device("fwmark", "0xca6c");
}

static void what_is_absent_stays(void **state)
{
	struct world *w = need_device(state);
	const struct hycan_wireguard_set_options port = { .has_listen_port = true, .listen_port = 1000 };
	const struct hycan_wireguard_set_options mark = { .has_fwmark = true, .fwmark = 7 };
	const struct hycan_wireguard_set_options no_mark = { .has_fwmark = true };
	struct hycan_key public_key, key = new_key(&public_key);

	set_key(w, &key);
	assert_done(w->h, hycan_wireguard_set(w->h, "wg0", &port));
	assert_done(w->h, hycan_wireguard_set(w->h, "wg0", &mark));
	assert_device("private-key", key_text(&key));
	assert_device("listen-port", "1000");
	assert_device("fwmark", "0x7");
	assert_done(w->h, hycan_wireguard_set(w->h, "wg0", &no_mark));
	assert_done(w->h, hycan_wireguard_set(w->h, "wg0", NULL));
	assert_device("private-key", key_text(&key));
	assert_device("listen-port", "1000");
	assert_device("fwmark", "off");
}

static void zeros_remove_the_key(void **state)
{
	struct world *w = need_device(state);
	struct netlink_tap *tap = device_tap();
	const struct hycan_key none = { 0 };
	struct hycan_key public_key, key = new_key(&public_key);

	set_key(w, &none);
	assert_nothing_sent(tap);
	set_key(w, &key);
	assert_int_equal(device_sent(tap).messages, 1);
	set_key(w, &none);
	assert_int_equal(device_sent(tap).messages, 1);
	assert_device("private-key", "(none)");
	assert_device("public-key", "(none)");
	set_key(w, &none);
	assert_nothing_sent(tap);
	netlink_tap_close(tap);
}

static void the_same_again_sends_nothing(void **state)
{
	struct world *w = need_device(state);
	struct netlink_tap *tap = device_tap();
	struct hycan_wireguard_set_options options = {
		.has_private_key = true,
		.has_listen_port = true,
		.listen_port = 51820,
		.has_fwmark = true,
		.fwmark = 9,
	};
	char *log;

	/* a key as it comes from a random number generator: the kernel clears and sets some of its bits */
	memset(&options.private_key, 0xff, sizeof(options.private_key));
	assert_done(w->h, hycan_wireguard_set(w->h, "wg0", &options));
	assert_true(device_sent(tap).messages > 0);
	log = world_log(w);
	assert_lacks(log, "): unchanged");
	free(log);
	assert_done(w->h, hycan_wireguard_set(w->h, "wg0", &options));
	assert_nothing_sent(tap);
	log = world_log(w);
	assert_contains(log, "): unchanged");
	free(log);
	/* the key as the kernel shows it is the same key */
	options.private_key.bytes[0] &= 248;
	options.private_key.bytes[31] &= 127;
	assert_device("private-key", key_text(&options.private_key));
	netlink_tap_look_away(tap);
	assert_done(w->h, hycan_wireguard_set(w->h, "wg0", &options));
	assert_nothing_sent(tap);
	options.private_key.bytes[1] = 0;
	assert_done(w->h, hycan_wireguard_set(w->h, "wg0", &options));
	assert_int_equal(device_sent(tap).messages, 1);
	netlink_tap_close(tap);
}

/* A socket of a stranger on a UDP port. */
static int take_port(uint16_t port)
{
	const struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&in, sizeof(in)), 0);
	return fd;
}

static void a_port_in_use_changes_nothing(void **state)
{
	struct world *w = need_device(state);
	struct hycan_wireguard_set_options options = { .has_listen_port = true, .listen_port = 1000 };
	int fd = take_port(2000);

	assert_done(w->h, hycan_wireguard_set(w->h, "wg0", &options));
	assert_done(w->h, hycan_link_up(w->h, "wg0"));
	options = (struct hycan_wireguard_set_options){
		.has_private_key = true,
		.private_key = peer_key(1),
		.has_listen_port = true,
		.listen_port = 2000,
		.has_fwmark = true,
		.fwmark = 5,
	};
	assert_refused(w->h, hycan_wireguard_set(w->h, "wg0", &options), HYCAN_REFUSAL_BUSY);
	assert_string_equal(hycan_error_field(w->h), "listen_port");
	assert_contains(hycan_error_message(w->h), "2000");
	assert_device("listen-port", "1000");
	assert_device("fwmark", "off");
	assert_device("private-key", "(none)");
	close(fd);
	assert_done(w->h, hycan_wireguard_set(w->h, "wg0", &options));
	assert_device("listen-port", "2000");
	assert_device("fwmark", "0x5");
}

static void port_0_lets_the_kernel_pick(void **state)
{
	struct world *w = need_device(state);
	struct hycan_wireguard_set_options options = { .has_listen_port = true, .listen_port = 1000 };
	struct hycan_wireguard_get_reply *reply;

	assert_done(w->h, hycan_wireguard_set(w->h, "wg0", &options));
	assert_done(w->h, hycan_link_up(w->h, "wg0"));
	options.listen_port = 0;
	assert_done(w->h, hycan_wireguard_set(w->h, "wg0", &options));
	reply = device_get(w);
	assert_int_not_equal(reply->device.listen_port, 1000);
	assert_int_not_equal(reply->device.listen_port, 0);
	free(reply);
}

static void refuses_what_is_not_wireguard(void **state)
{
	struct world *w = need_device(state);
	const struct hycan_wireguard_set_options options = { .has_fwmark = true, .fwmark = 1 };

	assert_refused(w->h, hycan_wireguard_set(w->h, "lo", &options), HYCAN_REFUSAL_UNSUPPORTED);
	assert_contains(hycan_error_message(w->h), "“lo” is not a WireGuard link");
	assert_string_equal(hycan_error_field(w->h), "name");
	assert_refused(w->h, hycan_wireguard_set(w->h, "wg7", &options), HYCAN_REFUSAL_NOT_FOUND);
	assert_contains(hycan_error_message(w->h), "wg7");
}

/* Neither the log, which is at its most talkative, nor what the daemon answers has a key. */
static void keys_stay_secret(void **state)
{
	struct world *w = need_device(state);
	struct hycan_key public_key, key = new_key(&public_key);
	char *log;

	set_key(w, &key);
	log = world_log(w);
	assert_contains(log, "wireguard.set");
	assert_lacks(log, key_text(&key));
	free(log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(sets_everything_at_once, device_begin, world_end),
		cmocka_unit_test_setup_teardown(what_is_absent_stays, device_begin, world_end),
		cmocka_unit_test_setup_teardown(zeros_remove_the_key, device_begin, world_end),
		cmocka_unit_test_setup_teardown(the_same_again_sends_nothing, device_begin, world_end),
		cmocka_unit_test_setup_teardown(a_port_in_use_changes_nothing, device_begin, world_end),
		cmocka_unit_test_setup_teardown(port_0_lets_the_kernel_pick, device_begin, world_end),
		cmocka_unit_test_setup_teardown(refuses_what_is_not_wireguard, device_begin, world_end),
		cmocka_unit_test_setup_teardown(keys_stay_secret, device_begin, world_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
