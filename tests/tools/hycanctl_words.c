/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hycanctl's way from words to a request: every operation, every form of a value, and every sentence about a wrong one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <hycan/schema.h>
#include <hycan/types.h>
#include <hycan/values.h>

#include "arguments.h"
#include "messages.h"
#include "request.h"

#define N(array) (sizeof(array) / sizeof(*(array)))

#define KEY  "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="
#define KEY2 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopo="

/* What came of a command line. */
struct outcome {
	const struct hycan_operation *operation;
	struct options options;
	struct problem problem;
	void *request;
	int result;
};

static struct outcome outcome;

static int forget(void **state)
{
	(void)state;
	if (outcome.operation)
		arguments_free(outcome.operation, &outcome.request);
	outcome = (struct outcome){ 0 };
	return 0;
}

/* Reads a command line whose words are separated by “|”. Returns the request, or NULL where it was not understood. */
static const void *read_line(const char *line)
{
	/* static, since options point into their words */
	static char copy[2048];
	char *words[64], *rest = copy;
	size_t n = 0;

	forget(NULL);
	snprintf(copy, sizeof(copy), "%s", line);
	while (rest && n < N(words))
		words[n++] = strsep(&rest, "|");
	assert_true(n >= 2);
	outcome.operation = arguments_operation(words[0], words[1]);
	if (!outcome.operation)
		fail_msg("%s: no such operation", line);
	outcome.result = arguments_read(outcome.operation, words + 2, n - 2, &outcome.options, &outcome.request, &outcome.problem);
	return outcome.result == 0 ? outcome.request : NULL;
}

static const void *must_read(const char *line)
{
	const void *request = read_line(line);

	if (!request)
		fail_msg("%s: %s", line, outcome.problem.sentence);
	return request;
}

static void must_refuse(const char *line, const char *sentence, const char *field)
{
	if (read_line(line) || outcome.result == 0)
		fail_msg("%s: understood", line);
	assert_int_equal(outcome.result, -EINVAL);
	assert_string_equal(outcome.problem.sentence, sentence);
	if (field) {
		assert_non_null(outcome.problem.field);
		assert_string_equal(outcome.problem.field->name, field);
	}
}

static const char *write_file(const char *name, const char *text)
{
	static char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "%s", name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	return path;
}

static void assert_prefix(const struct hycan_prefix *prefix, const char *text)
{
	char written[HYCAN_ADDRESS_TEXT_SIZE];

	assert_string_equal(hycan_prefix_format(prefix, written, sizeof(written)), text);
}

static void assert_address(const struct hycan_address *address, const char *text)
{
	char written[HYCAN_ADDRESS_TEXT_SIZE];

	assert_string_equal(hycan_address_format(address, written, sizeof(written)), text);
}

static void assert_key(const struct hycan_key *key, const char *text)
{
	char written[HYCAN_KEY_TEXT_SIZE];

	assert_string_equal(hycan_key_format(key, written, sizeof(written)), text);
}

static void test_order_and_names(void **state)
{
	static const char *const same[] = {
		"vlan|create|eth0|100|--name|eth0.100|--protocol|802.1ad",
		"vlan|create|--name=eth0.100|eth0|--protocol=802.1AD|100",
		"vlan|create|--vlan-id|100|eth0|--name|eth0.100|--protocol|0x88a8",
		"vlan|create|--vlan_id=0x64|--parent|eth0|--protocol|802.1ad|--name|eth0.100",
		"vlan|create|100|--parent|eth0|--name|eth0.100|--protocol|802.1ad|--",
		"vlan|create|--name|eth0.100|--protocol|802.1ad|--|eth0|100",
	};

	(void)state;
	for (size_t i = 0; i < N(same); i++) {
		const struct hycan_vlan_create_request *r = must_read(same[i]);

		assert_string_equal(r->parent, "eth0");
		assert_int_equal(r->vlan_id, 100);
		assert_true(r->has_name);
		assert_string_equal(r->name, "eth0.100");
		assert_true(r->has_protocol);
		assert_int_equal(r->protocol, HYCAN_VLAN_PROTOCOL_802_1AD);
		assert_false(r->has_mtu);
	}
}

static void test_common_options(void **state)
{
	const struct hycan_link_up_request *r;

	(void)state;
	r = must_read("link|up|--json|vcan0|--timeout|2.5|--exclusive|--socket=/tmp/s|--netns|blue");
	assert_string_equal(r->name, "vcan0");
	assert_true(outcome.options.json);
	assert_true(outcome.options.exclusive);
	assert_int_equal(outcome.options.timeout_ms, 2500);
	assert_string_equal(outcome.options.socket, "/tmp/s");
	assert_string_equal(outcome.options.netns, "blue");
	r = must_read("link|up|--|--json");
	assert_string_equal(r->name, "--json");
	assert_false(outcome.options.json);
	must_read("link|up|vcan0|--timeout|0.001");
	assert_int_equal(outcome.options.timeout_ms, 1);
}

/* A request without fields is a request all the same. */
static void test_no_fields(void **state)
{
	(void)state;
	assert_non_null(must_read("port|list"));
	must_refuse("port|list|all", "“all” is too much.", NULL);
}

static void test_switches(void **state)
{
	const struct hycan_can_set_request *can;
	const struct hycan_forwarding_set_request *forwarding;

	(void)state;
	can = must_read("can|set|can0|--bitrate|500000|--fd|on|--loopback|off|--sample-point|0.875|--listen-only");
	assert_true(can->has_bitrate && can->bitrate == 500000);
	assert_true(can->has_fd && can->fd);
	assert_true(can->has_loopback && !can->loopback);
	assert_true(can->has_sample_point && can->sample_point == 875);
	assert_true(can->has_listen_only && can->listen_only);
	assert_false(can->has_one_shot);
	can = must_read("can|set|--fd|--one-shot|--|can0");
	assert_true(can->has_fd && can->fd && can->has_one_shot && can->one_shot);
	forwarding = must_read("forwarding|set|ipv6|on");
	assert_int_equal(forwarding->family, HYCAN_FAMILY_IPV6);
	assert_true(forwarding->on);
}

static void test_what_people_type(void **state)
{
	const struct hycan_address_add_request *address;
	const struct hycan_port_add_request *port;
	const struct hycan_link_list_request *list;
	const struct hycan_link_set_request *set;
	const struct hycan_wireguard_peer_set_request *peer;

	(void)state;
	address = must_read("address|add|eth0.100|10.99.0.1/24");
	assert_string_equal(address->link_address.link, "eth0.100");
	assert_prefix(&address->link_address.address, "10.99.0.1/24");
	port = must_read("port|add|tcp|8080|172.18.0.2|80");
	assert_int_equal(port->port_mapping.protocol, HYCAN_TRANSPORT_TCP);
	assert_int_equal(port->port_mapping.host_port.first, 8080);
	assert_int_equal(port->port_mapping.host_port.last, 8080);
	assert_address(&port->port_mapping.to_address, "172.18.0.2");
	assert_int_equal(port->port_mapping.to_port, 80);
	list = must_read("link|list|--kind|vcan");
	assert_true(list->has_kind);
	assert_string_equal(list->kind, "vcan");
	set = must_read("link|set|eth0|--alias|");
	assert_true(set->has_alias);
	assert_string_equal(set->alias, "");
	peer = must_read("wireguard|peer-set|wg0|" KEY
	                 "|--endpoint|[2001:db8::1]:51820|--allowed-ips|10.0.0.0/24,fd00::/64|--allowed-ips|10.1.0.0/16");
	assert_key(&peer->wireguard_peer_config.public_key, KEY);
	assert_true(peer->wireguard_peer_config.has_endpoint);
	assert_true(peer->wireguard_peer_config.has_allowed_ips);
	assert_int_equal(peer->wireguard_peer_config.n_allowed_ips, 3);
	assert_prefix(&peer->wireguard_peer_config.allowed_ips[0], "10.0.0.0/24");
	assert_prefix(&peer->wireguard_peer_config.allowed_ips[1], "fd00::/64");
	assert_prefix(&peer->wireguard_peer_config.allowed_ips[2], "10.1.0.0/16");
	peer = must_read("wireguard|peer-set|wg0|" KEY "|--allowed-ips|");
	assert_true(peer->wireguard_peer_config.has_allowed_ips);
	assert_int_equal(peer->wireguard_peer_config.n_allowed_ips, 0);
}

static void test_default_route(void **state)
{
	static const struct {
		const char *line, *destination;
	} table[] = {
		{ "route|add|default|--via|10.99.0.2", "0.0.0.0/0" },
		{ "route|add|default|--via|2001:db8::1", "::/0" },
		{ "route|add|--via|fe80::1|--link|eth0|--destination|default", "::/0" },
		{ "route|add|default|--link|eth0", "0.0.0.0/0" },
		{ "route|add|default|--nexthops|{via=fe80::1 link=eth0}", "::/0" },
		{ "route|add|::/0|--via|10.99.0.2", "::/0" },
	};
	const struct hycan_rule_add_request *rule;

	(void)state;
	for (size_t i = 0; i < N(table); i++) {
		const struct hycan_route_add_request *r = must_read(table[i].line);

		assert_prefix(&r->route.destination, table[i].destination);
	}
	rule = must_read("rule|add|ipv6|--from|default");
	assert_prefix(&rule->rule.from, "::/0");
	rule = must_read("rule|add|ipv4|--to|default|--table|main|--fwmark|0x10");
	assert_prefix(&rule->rule.to, "0.0.0.0/0");
	assert_int_equal(rule->rule.table, 254);
	assert_int_equal(rule->rule.fwmark, 16);
}

static void test_nexthops(void **state)
{
	static const char *const same[] = {
		"route|add|10.0.0.0/8|--nexthops|{via=10.1.0.1 weight=2}{via=10.1.0.2 link=eth0}",
		"route|add|10.0.0.0/8|--nexthops| {via=10.1.0.1  weight=2} {link=eth0 via=10.1.0.2} ",
		"route|add|10.0.0.0/8|--nexthops|via=10.1.0.1 weight=2|--nexthops|{via=10.1.0.2 link=eth0}",
	};

	(void)state;
	for (size_t i = 0; i < N(same); i++) {
		const struct hycan_route_add_request *r = must_read(same[i]);

		assert_true(r->route.has_nexthops);
		assert_int_equal(r->route.n_nexthops, 2);
		assert_address(&r->route.nexthops[0].via, "10.1.0.1");
		assert_int_equal(r->route.nexthops[0].weight, 2);
		assert_false(r->route.nexthops[0].has_link);
		assert_address(&r->route.nexthops[1].via, "10.1.0.2");
		assert_string_equal(r->route.nexthops[1].link, "eth0");
		assert_false(r->route.nexthops[1].has_weight);
	}
}

static void test_wrong_words(void **state)
{
	static const struct {
		const char *line, *sentence, *field;
	} table[] = {
		{ "vlan|create|eth0", "VLAN_ID is missing.", "vlan_id" },
		{ "vlan|create", "PARENT is missing.", "parent" },
		{ "vlan|create|eth0|4095", "VLAN_ID: “4095” is not in 1..4094.", "vlan_id" },
		{ "vlan|create|eth0|100|--vlan-id|101|x", "“100” is too much.", NULL },
		{ "vlan|create|eth0|100|x", "“x” is too much.", NULL },
		{ "vlan|create|eth0|100|--mtu|1500|--mtu|1501", "--mtu is given twice.", "mtu" },
		{ "vlan|create|eth0|100|--mtu", "--mtu needs a value.", "mtu" },
		{ "vlan|create|eth0|100|--mtuu|1500", "There is no option --mtuu here; did you mean --mtu?", NULL },
		{ "route|add|10.0.0.0/8|via|10.1.0.2", "“via” is too much; did you mean --via?", NULL },
		{ "route|add|10.0.0.0/8|dev|va", "“dev” is too much; did you mean --link?", NULL },
		{ "route|add|10.0.0.0/8|--dev|va", "There is no option --dev here; did you mean --link?", NULL },
		{ "rule|add|ipv4|dport|80", "“dport” is too much; did you mean --destination-ports?", NULL },
		{ "link|set|va|mtu|1400", "“mtu” is too much; did you mean --mtu?", NULL },
		{ "link|up|dev|va", "“va” is too much.", NULL },
		{ "vlan|create|eth0|100|--colour|red", "There is no option --colour here.", NULL },
		{ "vlan|create|eth0|100|-m|red", "There is no option -m; a word that begins with “-” stands behind “--”.", NULL },
		{ "vlan|create|eth0|100|--json=yes", "--json takes no value.", NULL },
		{ "vlan|create|eth0|100|--timeout", "--timeout needs a value: SECONDS.", NULL },
		{ "vlan|create|eth0|100|--timeout|-1", "“-1” is not a number of seconds.", NULL },
		{ "vlan|create|eth0|100|--timeout|1.", "“1.” is not a number of seconds.", NULL },
		{ "vlan|create|eth0|100|--timeout|99999999", "“99999999” is not a number of seconds.", NULL },
		{ "vlan|create|eth0|100|--timeout|0.0001", "A timeout of 0.0001 seconds leaves no time for an answer.", NULL },
		{ "link|up|abcdefghijklmnop", "NAME: “abcdefghijklmnop” is longer than 15 bytes.", "name" },
		{ "link|up|", "NAME: “” is empty.", "name" },
		{ "can|set|can0|--fd|maybe", "--fd: “maybe” is neither on nor off.", "fd" },
		{ "masquerade|add|172.18.0.1/16",
		  "SUBNET: “172.18.0.1/16” is an address in a network; the network is 172.18.0.0/16.", "subnet" },
		{ "wireguard|peer-set|wg0|" KEY "|--allowed-ips|10.0.0.0/24,", "--allowed-ips: Nothing follows the last comma.",
		  "allowed_ips" },
		{ "wireguard|peer-set|wg0|" KEY "|--allowed-ips|10.0.0.0/24,,fd00::/64",
		  "--allowed-ips: “” is not a network such as 10.0.0.0/8 or 2001:db8::/32.", "allowed_ips" },
		{ "wireguard|peer-set|wg0|AAAA", "PUBLIC_KEY: “AAAA” is not a key: 44 characters of base64, as wg(8) writes it.",
		  "public_key" },
		{ "wireguard|set|wg0|--private-key|" KEY,
		  "--private-key: private_key is secret, and everybody can see a command line: give the name of a file that holds "
		  "it, "
		  "--private-key @FILE, or pass it on standard input, --private-key -.",
		  "private_key" },
		{ "wireguard|set|wg0|--private-key|@/nonexistent/key",
		  "--private-key: /nonexistent/key cannot be read: No such file or directory.", "private_key" },
		{ "wireguard|sync|wg0|" KEY " preshared_key=" KEY,
		  "PEERS: preshared_key is secret, and everybody can see a command line: give the name of a file that holds it, "
		  "--preshared-key @FILE, or pass it on standard input, --preshared-key -.",
		  "preshared_key" },
		{ "route|load|@/nonexistent/routes", "ROUTES: /nonexistent/routes cannot be read: No such file or directory.",
		  "routes" },
		{ "route|load|@/tmp", "ROUTES: /tmp cannot be read: Is a directory.", "routes" },
		{ "route|add|10.0.0.0/8|--nexthops|{via=10.0.0.1", "--nexthops: The braces in “{via=10.0.0.1” do not match.",
		  "nexthops" },
		{ "route|add|10.0.0.0/8|--nexthops|via=10.0.0.1}", "--nexthops: The braces in “via=10.0.0.1}” do not match.",
		  "nexthops" },
		{ "route|add|10.0.0.0/8|--nexthops|via=x", "--nexthops: “x” is not an address.", "via" },
		{ "route|add|10.0.0.0/8|--nexthops|via=10.0.0.1 via=10.0.0.2", "--nexthops: via is given twice.", "via" },
		{ "route|add|10.0.0.0/8|--nexthops|wight=1", "--nexthops: There is no field “wight” in a nexthop.", NULL },
		{ "route|add|10.0.0.0/8|--nexthops|10.0.0.1",
		  "--nexthops: “10.0.0.1” is too much: what is not required is written NAME=VALUE.", NULL },
		{ "session|netns|no-such-namespace",
		  "NETNS: /run/netns/no-such-namespace cannot be opened: No such file or directory.", "netns" },
	};

	(void)state;
	for (size_t i = 0; i < N(table); i++)
		must_refuse(table[i].line, table[i].sentence, table[i].field);
}

static void test_routes_from_a_file(void **state)
{
	const struct hycan_route_load_request *r;
	char line[128];

	(void)state;
	write_file("routes", "# the office\n"
	                     "\n"
	                     "10.20.0.0/16 via=10.99.0.2 metric=5   # the lab\r\n"
	                     "   \t\n"
	                     "via=2001:db8::1 default table=local\n"
	                     "10.30.0.0/16 nexthops={via=10.99.0.3 weight=2}{via=10.99.0.4}\n"
	                     "10.40.0.0/16 nexthops={via=10.99.0.3} nexthops={via=10.99.0.4} type=unicast\n"
	                     "destination=10.50.0.0/16 link=a#b");
	r = must_read("route|load|@routes|--replace");
	assert_true(r->has_replace && r->replace);
	assert_int_equal(r->n_routes, 5);
	assert_prefix(&r->routes[0].destination, "10.20.0.0/16");
	assert_address(&r->routes[0].via, "10.99.0.2");
	assert_int_equal(r->routes[0].metric, 5);
	assert_prefix(&r->routes[1].destination, "::/0");
	assert_int_equal(r->routes[1].table, 255);
	for (size_t i = 2; i < 4; i++) {
		assert_int_equal(r->routes[i].n_nexthops, 2);
		assert_address(&r->routes[i].nexthops[1].via, "10.99.0.4");
	}
	assert_string_equal(r->routes[4].link, "a#b");
	write_file("routes", "");
	r = must_read("route|load|@routes");
	assert_int_equal(r->n_routes, 0);
	for (size_t i = 0; i < 3; i++) {
		static const char *const wrong[][2] = {
			{ "10.0.0.0/8\n\n10.0.0.0/9 metric=x\n", "ROUTES: routes, line 3, metric: “x” is not a number." },
			{ "metric=5\n", "ROUTES: routes, line 1, destination: destination is missing." },
			{ "# only\n10.0.0.0/8 10.0.0.1\n",
			  "ROUTES: routes, line 2: “10.0.0.1” is too much: what is not required is written NAME=VALUE." },
		};

		write_file("routes", wrong[i][0]);
		snprintf(line, sizeof(line), "route|load|@%s", "routes");
		must_refuse(line, wrong[i][1], NULL);
	}
}

static void test_many_routes(void **state)
{
	const struct hycan_route_load_request *r;
	FILE *file = fopen("routes", "w");

	(void)state;
	assert_non_null(file);
	for (int i = 0; i < 100000; i++)
		fprintf(file, "10.%d.%d.%d/32 via=192.0.2.1 metric=%d\n", i >> 16, i >> 8 & 255, i & 255, i);
	assert_int_equal(fclose(file), 0);
	r = must_read("route|load|@routes");
	assert_int_equal(r->n_routes, 100000);
	assert_prefix(&r->routes[99999].destination, "10.1.134.159/32");
	assert_int_equal(r->routes[99999].metric, 99999);
}

static void test_keys_from_files(void **state)
{
	static const char *const texts[] = { KEY, KEY "\n", "  " KEY "\r\n\n" };
	const struct hycan_wireguard_set_request *set;
	const struct hycan_wireguard_peer_set_request *peer;
	FILE *file;

	(void)state;
	for (size_t i = 0; i < N(texts); i++) {
		write_file("key", texts[i]);
		set = must_read("wireguard|set|wg0|--private-key|@key");
		assert_true(set->has_private_key);
		assert_key(&set->private_key, KEY);
	}
	peer = must_read("wireguard|peer-set|wg0|@key|--preshared-key=@key");
	assert_key(&peer->wireguard_peer_config.public_key, KEY);
	assert_key(&peer->wireguard_peer_config.preshared_key, KEY);
	write_file("key", KEY " " KEY);
	must_refuse("wireguard|set|wg0|--private-key|@key",
	            "--private-key: What stands in key is not a key: 44 characters of base64, as wg(8) writes it.", "private_key");
	write_file("key", "");
	assert_null(read_line("wireguard|set|wg0|--private-key|@key"));
	file = fopen("key", "w");
	assert_non_null(file);
	fwrite(KEY "\0rest", 1, 49, file);
	fclose(file);
	must_refuse("wireguard|set|wg0|--private-key|@key", "--private-key: key cannot be read: it is no text.", "private_key");
	must_refuse("wireguard|set|wg0|--private-key|@/dev/zero", "--private-key: /dev/zero cannot be read: it is too large.",
	            "private_key");
}

/* A list of peers holds keys of both kinds; the text of a key ends in “=” and is no NAME=VALUE. */
static void test_peers_from_standard_input(void **state)
{
	const struct hycan_wireguard_sync_request *r;
	int input = dup(STDIN_FILENO);

	(void)state;
	write_file("peers", KEY2 " preshared_key=" KEY " endpoint=192.0.2.1:51820 allowed_ips=10.0.0.0/24,fd00::/64\n" KEY "\n"
	                         "persistent-keepalive=25 public-key=" KEY " allowed-ips=\n");
	assert_non_null(freopen("peers", "r", stdin));
	r = must_read("wireguard|sync|wg0|-");
	assert_int_equal(r->n_peers, 3);
	assert_key(&r->peers[0].public_key, KEY2);
	assert_true(r->peers[0].has_preshared_key);
	assert_key(&r->peers[0].preshared_key, KEY);
	assert_int_equal(r->peers[0].n_allowed_ips, 2);
	assert_false(r->peers[1].has_allowed_ips);
	assert_int_equal(r->peers[2].persistent_keepalive, 25);
	assert_true(r->peers[2].has_allowed_ips);
	assert_int_equal(r->peers[2].n_allowed_ips, 0);
	dup2(input, STDIN_FILENO);
	close(input);
}

static void test_wiping(void **state)
{
	struct hycan_wireguard_set_request *r;
	static const struct hycan_wireguard_set_request nothing;

	(void)state;
	write_file("key", KEY);
	r = (struct hycan_wireguard_set_request *)must_read("wireguard|set|wg0|--private-key|@key");
	request_clear(outcome.operation->request, r);
	assert_memory_equal(r, &nothing, sizeof(nothing));
}

static void test_descriptors(void **state)
{
	const struct hycan_session_netns_request *r = must_read("session|netns|/proc/self/ns/net");
	int fd = r->netns;

	(void)state;
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	forget(NULL);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
}

/* A value that a field takes, as text. */
static const char *sample(const struct hycan_field *field, char *text, size_t size)
{
	if (field->flags & HYCAN_FIELD_SECRET)
		return "@key";
	switch (field->type) {
	case HYCAN_TYPE_BOOL:
		return "on";
	case HYCAN_TYPE_UNSIGNED:
	case HYCAN_TYPE_SIGNED:
	case HYCAN_TYPE_TABLE:
	case HYCAN_TYPE_PERMILLE:
	case HYCAN_TYPE_PORT:
		snprintf(text, size, "%llu", (unsigned long long)(field->flags & HYCAN_FIELD_RANGE ? field->high : 1));
		return text;
	case HYCAN_TYPE_ENUM:
		return field->enumeration->enumerator[0].name;
	case HYCAN_TYPE_PORT_RANGE:
		return "80-90";
	case HYCAN_TYPE_IFNAME:
		return "eth0";
	case HYCAN_TYPE_STRING:
		return "text";
	case HYCAN_TYPE_BYTES:
		memset(text, 'a', 2 * field->size);
		text[2 * field->size] = '\0';
		return text;
	case HYCAN_TYPE_KEY:
		return KEY;
	case HYCAN_TYPE_MAC:
		return "02:00:5e:10:00:01";
	case HYCAN_TYPE_ADDRESS:
		return "2001:db8::1";
	case HYCAN_TYPE_PREFIX:
		return "10.0.0.0/8";
	case HYCAN_TYPE_ADDRESS_PREFIX:
		return "10.0.0.1/8";
	case HYCAN_TYPE_ENDPOINT:
		return "192.0.2.1:51820";
	case HYCAN_TYPE_PAYLOAD:
		return "";
	case HYCAN_TYPE_FD:
		return "/proc/self/ns/net";
	case HYCAN_TYPE_STRUCT:
		return "@records";
	}
	return "";
}

/* A line of a file with all fields of a structure. */
static void add_record(const struct hycan_structure *description, char *line, size_t size)
{
	for (uint16_t i = 0; i < description->n_fields; i++) {
		const struct hycan_field *field = &description->field[i];
		size_t n = strlen(line);
		char text[256];

		if (field->type == HYCAN_TYPE_STRUCT) {
			snprintf(line + n, size - n, "%s%s={", n ? " " : "", field->name);
			n = strlen(line);
			line[n] = '\0';
			add_record(field->structure, line + n, size - n);
			n = strlen(line);
			snprintf(line + n, size - n, "}");
		} else {
			snprintf(line + n, size - n, "%s%s=%s", n ? " " : "", field->name, sample(field, text, sizeof(text)));
		}
	}
}

/* Whether another message is in it, which no words can say. */
static bool has_payload(const struct hycan_structure *description)
{
	for (uint16_t i = 0; i < description->n_fields; i++)
		if (description->field[i].type == HYCAN_TYPE_PAYLOAD ||
		    (description->field[i].structure && has_payload(description->field[i].structure)))
			return true;
	return false;
}

/* Whatever the schema has, in the one order and in the other, with words and with names. */
static void test_every_operation(void **state)
{
	const struct hycan_operation *const *operations;
	char words[64][512], *pointers[64], text[256], line[4096];
	size_t n;

	(void)state;
	write_file("key", KEY);
	operations = hycan_operations(&n);
	for (size_t i = 0; i < n; i++) {
		const struct hycan_structure *request = operations[i]->request;
		size_t used = 0;

		if (has_payload(request))
			continue;
		for (uint16_t j = 0; j < request->n_fields; j++) {
			const struct hycan_field *field = &request->field[j];

			if (field->type == HYCAN_TYPE_STRUCT) {
				line[0] = '\0';
				add_record(field->structure, line, sizeof(line));
				write_file("records", line);
			}
			if (field->flags & HYCAN_FIELD_OPTIONAL)
				snprintf(words[used++], sizeof(*words), "--%s", field->name);
			snprintf(words[used++], sizeof(*words), "%s", sample(field, text, sizeof(text)));
		}
		for (size_t j = 0; j < used; j++)
			pointers[j] = words[j];
		forget(NULL);
		outcome.operation = operations[i];
		if (arguments_read(operations[i], pointers, used, &outcome.options, &outcome.request, &outcome.problem) < 0)
			fail_msg("%s: %s", operations[i]->name, outcome.problem.sentence);
		for (uint16_t j = 0; j < request->n_fields; j++)
			assert_int_equal(request_count(&request->field[j], outcome.request), 1);
	}
}

static int make_directory(void **state)
{
	static char directory[] = "/tmp/hycanctl-words-XXXXXX";

	*state = directory;
	return mkdtemp(directory) && chdir(directory) == 0 ? 0 : -1;
}

static int remove_directory(void **state)
{
	static const char *const files[] = { "routes", "key", "peers", "records" };

	forget(NULL);
	for (size_t i = 0; i < N(files); i++)
		unlink(files[i]);
	return rmdir(*state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_order_and_names, forget),
		cmocka_unit_test_teardown(test_common_options, forget),
		cmocka_unit_test_teardown(test_no_fields, forget),
		cmocka_unit_test_teardown(test_switches, forget),
		cmocka_unit_test_teardown(test_what_people_type, forget),
		cmocka_unit_test_teardown(test_default_route, forget),
		cmocka_unit_test_teardown(test_nexthops, forget),
		cmocka_unit_test_teardown(test_wrong_words, forget),
		cmocka_unit_test_teardown(test_routes_from_a_file, forget),
		cmocka_unit_test_teardown(test_many_routes, forget),
		cmocka_unit_test_teardown(test_keys_from_files, forget),
		cmocka_unit_test_teardown(test_peers_from_standard_input, forget),
		cmocka_unit_test_teardown(test_wiping, forget),
		cmocka_unit_test_teardown(test_descriptors, forget),
		cmocka_unit_test_teardown(test_every_operation, forget),
	};

	return cmocka_run_group_tests_name("hycanctl_words", tests, make_directory, remove_directory);
}
