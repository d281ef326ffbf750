/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hycanctl's way from an answer to text: tables and lines for people, JSON for machines, whatever strings hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <hycan/schema.h>
#include <hycan/types.h>
#include <hycan/values.h>

#include "json.h"
#include "messages.h"
#include "nearest.h"
#include "people.h"
#include "text.h"

#define N(array) (sizeof(array) / sizeof(*(array)))

typedef void print(FILE *out, const struct hycan_structure *description, const void *answer);

static char *written;

static int forget(void **state)
{
	(void)state;
	free(written);
	written = NULL;
	return 0;
}

static const char *answer_text(print *function, const struct hycan_structure *description, const void *answer)
{
	size_t size;
	FILE *out;

	forget(NULL);
	out = open_memstream(&written, &size);
	assert_non_null(out);
	function(out, description, answer);
	fclose(out);
	return written;
}

static const char *list_text(void (*function)(FILE *, const struct hycan_structure *, const void *, size_t),
                             const struct hycan_structure *description, const void *answers, size_t n)
{
	size_t size;
	FILE *out;

	forget(NULL);
	out = open_memstream(&written, &size);
	assert_non_null(out);
	function(out, description, answers, n);
	fclose(out);
	return written;
}

static struct hycan_prefix prefix(const char *text)
{
	struct hycan_prefix value;

	assert_int_equal(hycan_prefix_parse(text, &value), 0);
	return value;
}

static struct hycan_address address(const char *text)
{
	struct hycan_address value;

	assert_int_equal(hycan_address_parse(text, &value), 0);
	return value;
}

/* lo has no kind and no parent; nobody has a master; counters are for link get. */
static void test_table(void **state)
{
	const struct hycan_link links[] = {
		{ .ifindex = 1, .name = "lo", .mtu = 65536, .flags = 0x49, .up = true, .has_statistics = true, .txqueuelen = 1000 },
		{ .ifindex = 12,
		  .name = "eth0.100",
		  .has_kind = true,
		  .kind = "vlan",
		  .mtu = 1500,
		  .operstate = HYCAN_OPERSTATE_LOWER_LAYER_DOWN,
		  .has_parent = true,
		  .parent = "eth0",
		  .has_alias = true,
		  .alias = "Büro",
		  .has_vlan_id = true,
		  .vlan_id = 100,
		  .txqueuelen = 0 },
	};

	(void)state;
	assert_string_equal(list_text(people_print_list, &structure_link, links, 2),
	                    "IFINDEX  NAME      KIND  MTU    FLAGS  UP   OPERSTATE         PARENT  VLAN_ID  ALIAS  TXQUEUELEN\n"
	                    "1        lo        -     65536  0x49   on   unknown           -       -        -      1000\n"
	                    "12       eth0.100  vlan  1500   0x0    off  lower_layer_down  eth0    100      Büro   0\n");
	assert_string_equal(list_text(people_print_list, &structure_link, links, 0), "");
}

/* One that is wide makes its own line longer alone. */
static void test_table_with_a_wide_cell(void **state)
{
	struct hycan_object objects[] = {
		{ .kind = HYCAN_OBJECT_KIND_LINK, .identity = "a", .lifetime = HYCAN_LIFETIME_PERMANENT },
		{ .kind = HYCAN_OBJECT_KIND_RULE, .lifetime = HYCAN_LIFETIME_PERMANENT },
	};
	char expected[640];

	(void)state;
	memset(objects[1].identity, 'x', 60);
	(void)list_text(people_print_list, &structure_object, objects, 2);
	snprintf(expected, sizeof(expected), "\nlink  a%59s  0  ", "");
	assert_non_null(strstr(written, expected));
	memset(objects[1].identity, 'x', 61);
	(void)list_text(people_print_list, &structure_object, objects, 2);
	assert_non_null(strstr(written, "\nlink  a         0 "));
	snprintf(expected, sizeof(expected), "\nrule  %s  0 ", objects[1].identity);
	assert_non_null(strstr(written, expected));
}

/* How long something is there is for people to see at a glance, and for machines to the millisecond. */
static void test_table_with_times(void **state)
{
	static const struct {
		uint64_t ms;
		const char *text;
	} times[] = { { 0, "0.0s" },          { 999, "0.9s" },      { 9999, "9.9s" },      { 10000, "10s" },
		      { 59999, "59s" },       { 60000, "1m0s" },    { 3599999, "59m59s" }, { 3600000, "1h0m" },
		      { 86399999, "23h59m" }, { 86400000, "1d0h" }, { 93600000, "1d2h" },  { UINT64_MAX, "213503982334d14h" } };
	char expected[256];

	(void)state;
	for (size_t i = 0; i < N(times); i++) {
		const struct hycan_object object = { .kind = HYCAN_OBJECT_KIND_LINK, .identity = "a", .age_ms = times[i].ms };

		(void)list_text(people_print_list, &structure_object, &object, 1);
		snprintf(expected, sizeof(expected), "  AGE%*s  ", (int)(strlen(times[i].text) > 3 ? strlen(times[i].text) - 3 : 0),
		         "");
		assert_non_null(strstr(written, expected));
		snprintf(expected, sizeof(expected), "  %s  ", times[i].text);
		assert_non_null(strstr(written, expected));
		(void)list_text(json_print_list, &structure_object, &object, 1);
		snprintf(expected, sizeof(expected), "\"age_ms\": %llu", (unsigned long long)times[i].ms);
		assert_non_null(strstr(written, expected));
	}
}

/* A way of a route stands in its cell, as it is typed. */
static void test_table_with_structures(void **state)
{
	const struct hycan_nexthop ways[] = {
		{ .has_via = true, .via = address("10.0.0.1"), .has_weight = true, .weight = 2 },
		{ .has_via = true, .via = address("10.0.0.2"), .has_link = true, .link = "eth0" },
	};
	const struct hycan_route routes[] = {
		{ .destination = prefix("0.0.0.0/0"), .has_nexthops = true, .nexthops = ways, .n_nexthops = 2 },
		{ .destination = prefix("10.0.0.0/8"), .has_table = true, .table = 254 },
	};

	(void)state;
	assert_string_equal(list_text(people_print_list, &structure_route, routes, 2),
	                    "DESTINATION  TABLE  NEXTHOPS\n"
	                    "0.0.0.0/0    -      {via=10.0.0.1 weight=2}{via=10.0.0.2 link=eth0}\n"
	                    "10.0.0.0/8   main   -\n");
	assert_string_equal(list_text(json_print_list, &structure_route, routes, 2),
	                    "[{\"destination\": \"0.0.0.0/0\", \"nexthops\": [{\"via\": \"10.0.0.1\", \"weight\": 2}, "
	                    "{\"via\": \"10.0.0.2\", \"link\": \"eth0\"}]},\n"
	                    " {\"destination\": \"10.0.0.0/8\", \"table\": 254}]\n");
	assert_string_equal(list_text(json_print_list, &structure_route, routes, 0), "[]\n");
}

static void test_one_answer(void **state)
{
	const struct hycan_link_get_reply reply = {
		.link = {
			.ifindex = 3,
			.name = "can0",
			.has_mac = true,
			.mac = { { 2, 0, 0x5e, 0x10, 0, 1 } },
			.mtu = 16,
			.has_alias = true,
			.has_statistics = true,
			.statistics = { .rx_bytes = 1536, .tx_bytes = 1023 },
			.has_can = true,
			.can = {
				.state = HYCAN_CAN_CONTROLLER_STATE_BUS_OFF,
				.restart_ms = 90000,
				.has_bit_timing = true,
				.bit_timing = { .bitrate = 500000, .sample_point = 875 },
			},
		},
	};
	const struct hycan_structure *description = hycan_operation_by_name("link.get")->reply;

	(void)state;
	assert_string_equal(answer_text(people_print_answer, description, &reply), "ifindex: 3\n"
	                                                                           "name: can0\n"
	                                                                           "mac: 02:00:5e:10:00:01\n"
	                                                                           "mtu: 16\n"
	                                                                           "flags: 0x0\n"
	                                                                           "up: off\n"
	                                                                           "operstate: unknown\n"
	                                                                           "alias:\n"
	                                                                           "txqueuelen: 0\n"
	                                                                           "statistics:\n"
	                                                                           "  rx_packets: 0\n"
	                                                                           "  tx_packets: 0\n"
	                                                                           "  rx_bytes: 1536 (1.5 KiB)\n"
	                                                                           "  tx_bytes: 1023\n"
	                                                                           "  rx_errors: 0\n"
	                                                                           "  tx_errors: 0\n"
	                                                                           "  rx_dropped: 0\n"
	                                                                           "  tx_dropped: 0\n"
	                                                                           "can:\n"
	                                                                           "  state: bus_off\n"
	                                                                           "  tx_errors: 0\n"
	                                                                           "  rx_errors: 0\n"
	                                                                           "  restart_ms: 90000 (1 minute 30 seconds)\n"
	                                                                           "  clock: 0\n"
	                                                                           "  bit_timing:\n"
	                                                                           "    bitrate: 500000 (500 kbit/s)\n"
	                                                                           "    sample_point: 0.875\n"
	                                                                           "    tq: 0\n"
	                                                                           "    prop_seg: 0\n"
	                                                                           "    phase_seg1: 0\n"
	                                                                           "    phase_seg2: 0\n"
	                                                                           "    sjw: 0\n"
	                                                                           "    brp: 0\n"
	                                                                           "  fd: off\n"
	                                                                           "  listen_only: off\n"
	                                                                           "  loopback: off\n"
	                                                                           "  one_shot: off\n"
	                                                                           "  triple_sampling: off\n"
	                                                                           "  berr_reporting: off\n");
	assert_non_null(strstr(answer_text(json_print_answer, description, &reply), "\"sample_point\": 875"));
	assert_ptr_equal(strstr(written, "{\"link\": {\"ifindex\": 3, \"name\": \"can0\", \"mac\": \"02:00:5e:10:00:01\""),
	                 written);
}

static void test_lists_in_an_answer(void **state)
{
	struct hycan_prefix networks[] = { prefix("10.0.0.0/24"), prefix("fd00::/64") };
	const struct hycan_wireguard_peer peers[] = {
		{ .has_preshared_key = true,
		  .latest_handshake = (uint64_t)time(NULL) - 3 * 86400 - 2 * 3600 - 100,
		  .rx_bytes = 5ull << 30,
		  .allowed_ips = networks,
		  .n_allowed_ips = 2 },
		{ .persistent_keepalive = 25 },
	};
	const struct hycan_wireguard_get_reply reply = { .device = { .name = "wg0", .fwmark = 255 }, .peers = peers, .n_peers = 2 };
	const struct hycan_policy_rule rules[] = { { .line = 0, .text = "root everything" }, { .line = 12, .text = "x" } };
	const struct hycan_session_whoami_reply whoami = { .uid = 0, .pid = -1, .rules = rules, .n_rules = 2 };
	char expected[1024], json[256];

	(void)state;
	snprintf(expected, sizeof(expected),
	         "device:\n"
	         "  name: wg0\n"
	         "  ifindex: 0\n"
	         "  listen_port: 0\n"
	         "  fwmark: 0xff\n"
	         "peers:\n"
	         "  - public_key: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
	         "    has_preshared_key: on\n"
	         "    persistent_keepalive: 0\n"
	         "    latest_handshake: %llu (3 days 2 hours ago)\n"
	         "    rx_bytes: 5368709120 (5.0 GiB)\n"
	         "    tx_bytes: 0\n"
	         "    allowed_ips: 10.0.0.0/24, fd00::/64\n"
	         "  - public_key: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
	         "    has_preshared_key: off\n"
	         "    persistent_keepalive: 25\n"
	         "    latest_handshake: 0 (never)\n"
	         "    rx_bytes: 0\n"
	         "    tx_bytes: 0\n",
	         (unsigned long long)peers[0].latest_handshake);
	assert_string_equal(answer_text(people_print_answer, hycan_operation_by_name("wireguard.get")->reply, &reply), expected);
	snprintf(json, sizeof(json),
	         "\"latest_handshake\": %llu, \"rx_bytes\": 5368709120, \"tx_bytes\": 0, \"allowed_ips\": [\"10.0.0.0/24\", "
	         "\"fd00::/64\"]",
	         (unsigned long long)peers[0].latest_handshake);
	assert_non_null(strstr(answer_text(json_print_answer, hycan_operation_by_name("wireguard.get")->reply, &reply), json));
	assert_non_null(strstr(written, "\"allowed_ips\": []"));
	assert_string_equal(answer_text(people_print_answer, hycan_operation_by_name("session.whoami")->reply, &whoami),
	                    "uid: 0\n"
	                    "gid: 0\n"
	                    "pid: -1\n"
	                    "rules:\n"
	                    "  LINE  TEXT\n"
	                    "  0     root everything\n"
	                    "  12    x\n");
}

static void test_nothing(void **state)
{
	const struct hycan_structure *nothing = hycan_operation_by_name("link.up")->reply;

	(void)state;
	assert_string_equal(answer_text(people_print_answer, nothing, NULL), "");
	assert_string_equal(answer_text(json_print_answer, nothing, NULL), "{}\n");
}

static const struct {
	const char *text, *shown, *json;
} hostile[] = {
	{ "plain", "plain", "plain" },
	{ "\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m", "\\u001b[31mred\\u001b[0m" },
	{ "two\nlines\ttab\r", "two\\x0alines\\x09tab\\x0d", "two\\u000alines\\u0009tab\\u000d" },
	{ "\"quoted\" \\ /", "\"quoted\" \\ /", "\\\"quoted\\\" \\\\ /" },
	{ "\x7f\xc2\x9b", "\\x7f\\x9b", "\\u007f\\u009b" },
	{ "Büro €\xf0\x9f\x90\x9d", "Büro €\xf0\x9f\x90\x9d", "Büro €\xf0\x9f\x90\x9d" },
	{ "\xff\xfe", "\\xff\\xfe", "\xef\xbf\xbd\xef\xbf\xbd" },
	{ "\xc0\x80", "\\xc0\\x80", "\xef\xbf\xbd\xef\xbf\xbd" },
	{ "\xe2\x82", "\\xe2\\x82", "\xef\xbf\xbd\xef\xbf\xbd" },
	{ "\xed\xa0\x80", "\\xed\\xa0\\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
	{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
	{ "\xe2\x80\xae"
	  "evil",
	  "\\u202eevil",
	  "\xe2\x80\xae"
	  "evil" },
	{ "\xe2\x80\xa8", "\\u2028", "\\u2028" },
};

static void test_hostile_strings(void **state)
{
	struct hycan_policy_rule rule = { .line = 1 };
	char expected[256];

	(void)state;
	for (size_t i = 0; i < N(hostile); i++) {
		snprintf(rule.text, sizeof(rule.text), "%s", hostile[i].text);
		snprintf(expected, sizeof(expected), "line: 1\ntext: %s\n", hostile[i].shown);
		assert_string_equal(answer_text(people_print_answer, &structure_policy_rule, &rule), expected);
		snprintf(expected, sizeof(expected), "LINE  TEXT\n1     %s\n", hostile[i].shown);
		assert_string_equal(list_text(people_print_list, &structure_policy_rule, &rule, 1), expected);
		snprintf(expected, sizeof(expected), "{\"line\": 1, \"text\": \"%s\"}\n", hostile[i].json);
		assert_string_equal(answer_text(json_print_answer, &structure_policy_rule, &rule), expected);
	}
}

/* Every text of two bytes is valid JSON and valid UTF-8 for somebody who did not write it. */
static void test_json_for_a_stranger(void **state)
{
	struct hycan_policy_rule rule = { .line = 1 };
	FILE *python =
		popen("python3 -c 'import json, sys\nfor line in open(0, encoding=\"utf-8\", errors=\"strict\", newline=\"\\n\"):\n"
	              " json.loads(line)'",
	              "w");

	(void)state;
	assert_non_null(python);
	for (int c = 1; c < 65536; c++) {
		rule.text[0] = (char)(c & 255);
		rule.text[1] = (char)(c >> 8);
		if (rule.text[0])
			json_print_answer(python, &structure_policy_rule, &rule);
	}
	assert_int_equal(pclose(python), 0);
}

static void error_text(FILE *out, const struct hycan_structure *description, const void *answer)
{
	(void)description;
	(void)answer;
	json_print_error(out, "not_found", "There is no link “x\n”.", "name", "link.get");
	json_print_error(out, "no_daemon", "None.", "", NULL);
}

static void test_json_errors(void **state)
{
	(void)state;
	assert_string_equal(
		answer_text(error_text, NULL, NULL),
		"{\"error\": {\"code\": \"not_found\", \"message\": \"There is no link “x\\u000a”.\", \"field\": \"name\", "
		"\"operation\": \"link.get\"}}\n"
		"{\"error\": {\"code\": \"no_daemon\", \"message\": \"None.\"}}\n");
}

/* A secret in an answer, should the schema ever have one. */
static void test_secrets_are_not_shown(void **state)
{
	const struct hycan_wireguard_peer_config config = { .has_preshared_key = true, .preshared_key = { { 1, 2, 3 } } };

	(void)state;
	assert_non_null(
		strstr(answer_text(people_print_answer, &structure_wireguard_peer_config, &config), "preshared_key: (hidden)\n"));
	assert_null(strstr(answer_text(json_print_answer, &structure_wireguard_peer_config, &config), "preshared_key"));
}

static void test_nearest(void **state)
{
	static const struct {
		const char *typed, *found;
	} table[] = { { "vlann", "vlan" }, { "creat", "create" }, { "lsit", "list" }, { "crete", "create" }, { "zzz", "" },
		      { "", "" },          { "ad", "add" } };
	static const char *const known[] = { "vlan", "create", "list", "add" };

	(void)state;
	for (size_t i = 0; i < N(table); i++) {
		struct nearest nearest = nearest_begin(table[i].typed, strlen(table[i].typed));

		for (size_t j = 0; j < N(known); j++)
			nearest_offer(&nearest, known[j]);
		assert_string_equal(nearest.found, table[i].found);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_table, forget),
		cmocka_unit_test_teardown(test_table_with_times, forget),
		cmocka_unit_test_teardown(test_table_with_a_wide_cell, forget),
		cmocka_unit_test_teardown(test_table_with_structures, forget),
		cmocka_unit_test_teardown(test_one_answer, forget),
		cmocka_unit_test_teardown(test_lists_in_an_answer, forget),
		cmocka_unit_test_teardown(test_nothing, forget),
		cmocka_unit_test_teardown(test_hostile_strings, forget),
		cmocka_unit_test_teardown(test_json_for_a_stranger, forget),
		cmocka_unit_test_teardown(test_json_errors, forget),
		cmocka_unit_test_teardown(test_secrets_are_not_shown, forget),
		cmocka_unit_test(test_nearest),
	};

	return cmocka_run_group_tests_name("hycanctl_answers", tests, NULL, NULL);
}
