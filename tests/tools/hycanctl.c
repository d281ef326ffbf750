/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hycanctl against the real daemon and the real kernel: what it prints, what it refuses, and how it ends.
 *
 * Commands are written as a person writes them; the kernel's own view comes from ip(8) and wg(8).
 */
#include "tool.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEY "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="

/* Runs a command; its exit status and its output, standard error too, must be exactly these. */
static void expect(int status, const char *output, const char *command)
{
	char *text;
	int r = shell_status(&text, "%s", command);

	if (r != status || strcmp(text, output) != 0)
		fail_msg("“%s” ended with %d instead of %d and said:\n%s", command, r, status, text);
	free(text);
}

/* The same; its output must have a part. */
static void expect_part(int status, const char *part, const char *command)
{
	char *text;
	int r = shell_status(&text, "%s", command);

	if (r != status || !strstr(text, part))
		fail_msg("“%s” ended with %d instead of %d and said:\n%s", command, r, status, text);
	free(text);
}

static void done(const char *command)
{
	expect(0, "", command);
}

static void make_links(void)
{
	free(shell("ip link add left address 02:00:00:00:00:01 type veth peer name right && ip link set right address "
	           "02:00:00:00:00:02"));
}

static void test_exit_status(void **state)
{
	(void)state;
	done("hycanctl link up lo");
	expect(1, "hycanctl: There is no link “nope” in this network namespace. [not_found: name]\n", "hycanctl link up nope");
	expect_part(2, "hycanctl: NAME is missing.\nusage: hycanctl link up NAME\n", "hycanctl link up");
	expect_part(2, "did you mean “link”", "hycanctl lnik up lo");
	expect_part(2, "There is no noun “addr”; did you mean “address”?\nusage: hycanctl [OPTION…] NOUN", "hycanctl addr list");
	expect_part(2, "There is no noun “masq”; did you mean “masquerade”?", "hycanctl masq list");
	expect_part(2, "There is no noun “wg”; did you mean “wireguard”?", "hycanctl wg show");
	expect_part(2, "There is no verb “show”; did you mean “list”?\nusage: hycanctl route", "hycanctl route show");
	expect_part(2, "There is no verb “show”; did you mean “get”?", "hycanctl wireguard show wg0");
	expect_part(2, "There is no verb “del”; did you mean “remove”?", "hycanctl route del default");
	expect_part(2, "There is no verb “del”; did you mean “delete”?", "hycanctl link del va");
	expect_part(2, "There is no verb “res”; did you mean “restart”?", "hycanctl can res can0");
	expect_part(2, "There is no verb “frobnicate”.\n", "hycanctl link frobnicate");
	expect_part(2, "There is no noun “frobnicate”.\n", "hycanctl frobnicate");
	expect_part(2, "There is no noun “”.\n", "hycanctl '' ''");
	expect_part(2, "There is no verb “”.\n", "hycanctl link ''");
	expect_part(3, "No HyCAN daemon", "hycanctl --socket /nonexistent link up lo");
	expect_part(3, "No HyCAN daemon", "HYCAN_DAEMON_SOCKET=/nonexistent hycanctl link up lo");
	expect_part(1, "The answer cannot be written: No space left on device.", "hycanctl link list >/dev/full");
	/* and the daemon does not read it */
	expect_part(1, "The answer cannot be written: Bad file descriptor.", "hycanctl link list >&-");
}

static void test_errors_as_json(void **state)
{
	(void)state;
	expect(1,
	       "{\"error\": {\"code\": \"not_found\", \"message\": \"There is no link “nope” in this network namespace.\", "
	       "\"field\": "
	       "\"name\", \"operation\": \"link.up\"}}\n",
	       "hycanctl link up nope --json");
	expect(2,
	       "{\"error\": {\"code\": \"usage\", \"message\": \"NAME is missing.\", \"field\": \"name\", \"operation\": "
	       "\"link.up\"}}\n",
	       "hycanctl --json link up");
	expect_part(3, "{\"error\": {\"code\": \"no_daemon\", \"message\": \"", "hycanctl --socket /nonexistent --json link up lo");
	/* errors are for standard error alone */
	expect(1, "", "hycanctl --json link up nope 2>/dev/null");
}

/* A daemon that does not answer: the deadline is the caller's. */
static void test_timeout(void **state)
{
	struct world *w = *state;

	assert_int_equal(kill(w->daemon, SIGSTOP), 0);
	expect_part(4, "", "hycanctl --timeout 0.1 link list");
	expect_part(4, "\"code\": \"ETIMEDOUT\"", "hycanctl --json --timeout 0.1 link list");
	assert_int_equal(kill(w->daemon, SIGCONT), 0);
	done("hycanctl link up lo");
}

/* A stranger's words on his terminal. */
static void test_table(void **state)
{
	(void)state;
	make_links();
	free(shell("ip link set left alias \"$(printf '\\033[31mred')\""));
	expect(0,
	       "IFINDEX  NAME   KIND  MAC                MTU   FLAGS   UP   OPERSTATE  PARENT  ALIAS        TXQUEUELEN\n"
	       "2        right  veth  02:00:00:00:00:02  1500  0x1002  off  down       left    -            1000\n"
	       "3        left   veth  02:00:00:00:00:01  1500  0x1002  off  down       right   \\x1b[31mred  1000\n",
	       "hycanctl link list --kind veth");
	expect(0, "", "hycanctl link list --kind nothing");
	expect(0, "[]\n", "hycanctl link list --kind nothing --json");
	expect_part(0, "\nstatistics:\n  rx_packets: 0\n", "hycanctl link get left");
	expect(1, "", "hycanctl link list | grep ' $'");
}

/* One reader for all, since an interpreter is slow to start on an emulated machine. */
static void test_json(void **state)
{
	static const char *const commands[] = {
		"link list",
		"link get left",
		"link up left",
		"address list",
		"route list --table 0",
		"rule list",
		"daemon status",
		"session whoami",
		"session describe",
		"session hello 1",
		"link set left --mtu 1400",
		"route load @/dev/null",
	};

	(void)state;
	make_links();
	free(shell("hycanctl --json link list > ours && ip -j link > theirs"));
	/* ip(8) itself would write this so that nobody could read it */
	free(shell("ip link set left alias \"$(printf '\\001\"\\\\\\377')\""));
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		free(shell("hycanctl --json %s > json%zu", commands[i], i));
	free(shell("hycanctl --json link get left > left"));
	free(shell("cat > check <<'EOF'\n"
	           "import json\n"
	           "answers = [json.load(open('json%%d' %% i, encoding='utf-8', errors='strict')) for i in range(%zu)]\n"
	           "assert answers[2] == {} and answers[10] == {}, answers\n"
	           "assert answers[11] == {'added': 0, 'failures': [], 'failed': 0}, answers[11]\n"
	           "ours = [(l['ifindex'], l['name'], l['mtu']) for l in json.load(open('ours'))]\n"
	           "theirs = [(l['ifindex'], l['ifname'], l['mtu']) for l in json.load(open('theirs'))]\n"
	           "assert ours == theirs, (ours, theirs)\n"
	           "left = json.load(open('left'))['link']\n"
	           "assert left['up'] is True and left['mtu'] == 1400 and left['mac'] == '02:00:00:00:00:01', left\n"
	           "assert left['kind'] == 'veth' and left['parent'] == 'right' and 'master' not in left, left\n"
	           "assert left['operstate'] == 'lower_layer_down' and left['statistics']['rx_errors'] == 0, left\n"
	           "assert left['alias'] == '\\x01\"\\\\\\ufffd', left\n"
	           "EOF\n"
	           "python3 -m json.tool left && python3 check",
	           sizeof(commands) / sizeof(*commands)));
}

static void test_addresses_and_routes(void **state)
{
	char *text;

	(void)state;
	make_links();
	done("hycanctl link up left && hycanctl link up right && hycanctl address add left 10.99.0.1/24");
	done("hycanctl address add left 10.99.0.1/24");
	expect_part(1, "[exists", "hycanctl --exclusive address add left 10.99.0.1/24");
	done("hycanctl address add left fd00::1/64 --no-dad");
	done("hycanctl route add 10.20.0.0/16 --via 10.99.0.2 && hycanctl route add default --via fd00::2");
	done("hycanctl route add default --nexthops '{via=10.99.0.2 weight=2}{via=10.99.0.3}'");
	text = shell("ip route; ip -6 route");
	assert_contains(text, "10.20.0.0/16 via 10.99.0.2 dev left");
	assert_contains(text, "default via fd00::2 dev left");
	assert_contains(text, "nexthop via 10.99.0.2 dev left weight 2");
	free(text);
	expect_part(0, "\n10.20.0.0/16  10.99.0.2  left", "hycanctl route list");
	expect_part(0, "{via=10.99.0.2 link=left weight=2}{via=10.99.0.3 link=left weight=1}\n", "hycanctl route list");
	expect_part(2, "“10.20.0.1/16” is an address in a network; the network is 10.20.0.0/16.",
	            "hycanctl route add 10.20.0.1/16 --via 10.99.0.2");
}

static void test_lifetime(void **state)
{
	(void)state;
	make_links();
	done("hycanctl --lifetime lease:3600 address add left 10.99.0.1/24");
	done("hycanctl --lifetime=permanent address add left 10.98.0.1/24");
	expect_part(0, "left 10.99.0.1/24", "hycanctl object list | grep lease");
	expect_part(0, "left 10.98.0.1/24", "hycanctl object list | grep permanent");
	expect_part(2, "use lease:SECONDS", "hycanctl --lifetime connection address add left 10.97.0.1/24");
	expect_part(2, "is no lifetime", "hycanctl --lifetime lease:0 address add left 10.97.0.1/24");
	expect_part(2, "is no lifetime", "hycanctl --lifetime for-ever address add left 10.97.0.1/24");
	expect_part(1, "[out_of_range", "hycanctl --lifetime lease:99999999 address add left 10.97.0.1/24");
}

static void test_many_from_a_file(void **state)
{
	(void)state;
	make_links();
	done("hycanctl link up left && hycanctl link up right && hycanctl address add left 10.99.0.1/24");
	free(shell("for i in $(seq 0 255); do echo 10.30.$i.0/24 via=10.99.0.2; done > routes"));
	expect(0, "added: 256\nfailed: 0\n", "hycanctl route load @routes");
	expect(0, "{\"added\": 256, \"failures\": [], \"failed\": 0}\n", "hycanctl route load --json - < routes");
	expect(0, "256\n", "ip route show root 10.30.0.0/16 | wc -l");
	/* some of it failed: the answer says what, the exit status that */
	expect_part(1, "failures:\n  INDEX  CODE  MESSAGE\n  1      4     ",
	            "printf '10.31.0.0/16 via=10.99.0.2\\n10.32.0.0/16 via=192.0.2.1\\n' | hycanctl route load -");
	expect_part(2, "ROUTES: standard input, line 2, metric: “x” is not a number.",
	            "printf '# routes\\n10.33.0.0/16 metric=x\\n' | hycanctl route load -");
	expect(0, "", "ip route show 10.33.0.0/16");
}

/* Nothing that looks like a key gets as far as the daemon from a command line. */
static void test_secrets(void **state)
{
	struct world *w = *state;
	char *log;

	expect_part(2, "private_key is secret, and everybody can see a command line",
	            "hycanctl wireguard set wg0 --private-key " KEY);
	expect_part(2, "private_key is secret", "hycanctl wireguard set wg0 --private-key=" KEY);
	expect_part(2, "preshared_key is secret", "hycanctl wireguard peer-set wg0 " KEY " --preshared-key " KEY);
	expect_part(2, "preshared_key is secret", "hycanctl wireguard sync wg0 'public_key=" KEY " preshared_key=" KEY "'");
	expect_part(2, "nokey cannot be read: No such file or directory.", "hycanctl wireguard set wg0 --private-key @nokey");
	expect_part(2, "What stands in standard input is not a key", "echo short | hycanctl wireguard set wg0 --private-key -");
	log = world_log(w);
	assert_lacks(log, "wireguard");
	free(log);
	/* from a file and from standard input they do, and what becomes of them is the daemon's to say */
	expect_part(1, "hycanctl: ", "echo " KEY " > key; hycanctl wireguard set wg0 --private-key @key");
	expect_part(1, "hycanctl: ", "hycanctl wireguard set wg0 --private-key - < key");
	log = world_log(w);
	assert_contains(log, "wireguard");
	assert_lacks(log, KEY);
	free(log);
}

static void test_wireguard(void **state)
{
	char *text;

	(void)state;
	need_kind("wireguard");
	need_command("wg");
	free(shell("wg genkey > key; wg pubkey < key > key.pub; wg genkey | wg pubkey > peer.pub; wg genkey | wg pubkey > "
	           "other.pub; wg genpsk > psk"));
	expect_part(0, "name: wg0\nkind: wireguard\n", "hycanctl wireguard create wg0");
	done("hycanctl wireguard set wg0 --private-key @key --listen-port 51820");
	done("wg genpsk | hycanctl wireguard peer-set wg0 @peer.pub --preshared-key - --endpoint '[2001:db8::1]:51820' "
	     "--allowed-ips 10.0.0.0/24,fd00::/64 --persistent-keepalive 25");
	free(shell("test \"$(wg show wg0 private-key)\" = \"$(cat key)\""));
	text = shell("wg show wg0");
	assert_contains(text, "allowed ips: 10.0.0.0/24, fd00::/64");
	assert_contains(text, "endpoint: [2001:db8::1]:51820");
	assert_contains(text, "preshared key: (hidden)");
	free(text);
	text = shell("hycanctl wireguard get wg0");
	assert_contains(text, "  listen_port: 51820\n");
	assert_contains(text, "    has_preshared_key: on\n");
	assert_contains(text, "    latest_handshake: 0 (never)\n");
	assert_contains(text, "    allowed_ips: 10.0.0.0/24, fd00::/64\n");
	free(text);
	text = shell("hycanctl --json wireguard get wg0");
	assert_contains(text, "\"allowed_ips\": [\"10.0.0.0/24\", \"fd00::/64\"]");
	free(text);
	free(shell("hycanctl --json wireguard get wg0 | grep -qF \"\\\"public_key\\\": \\\"$(cat key.pub)\\\"\""));
	expect(0, "added: 1\nchanged: 0\nremoved: 1\n",
	       "echo \"$(cat other.pub) preshared_key=$(cat psk) allowed_ips=10.1.0.0/16\" | hycanctl wireguard sync wg0 -");
	free(shell("test \"$(wg show wg0 preshared-keys)\" = \"$(cat other.pub)\t$(cat psk)\""));
	done("hycanctl wireguard peer-remove wg0 @other.pub");
}

static void test_can(void **state)
{
	(void)state;
	need_kind("vcan");
	expect_part(0, "name: vcan0\nkind: vcan\n", "hycanctl vcan create vcan0");
	done("hycanctl link up vcan0");
	expect_part(1, "[exists: name]", "hycanctl --exclusive vcan create vcan0");
	expect_part(0, "IFINDEX  NAME   KIND  MTU  FLAGS", "hycanctl link list --kind vcan");
	free(shell("ip -d link show vcan0 | grep -q UP"));
}

/* It goes on until somebody ends it. */
static void test_monitor(void **state)
{
	(void)state;
	make_links();
	free(shell("hycanctl monitor --families link --name 'left*' > people 2>&1 & a=$!; "
	           "hycanctl --json monitor --families link > machines 2>&1 & b=$!; "
	           "hycanctl event subscribe --families link > long 2>&1 & c=$!; "
	           "for f in people machines long; do timeout 200 sh -c \"until grep -q complete $f; do sleep 0.1; done\"; done; "
	           "hycanctl link set left --mtu 1400; "
	           "for f in people machines long; do timeout 200 sh -c \"until grep -q changed $f; do sleep 0.1; done\"; done; "
	           "kill $a $b $c"));
	expect(0, "number=1 snapshot\n", "head -n 1 people");
	expect_part(0, " present link ", "grep present people");
	expect(0, "", "grep '[0-9] right ' people || true");
	expect_part(0, "cause consequence uid=0 ", "grep changed people");
	expect_part(0, "operation=link.set", "grep changed long");
	expect_part(0, "{\"number\": 1, \"what\": \"snapshot\"}", "head -n 1 machines");
	expect_part(0, "\"operation\": \"link.set\"", "grep changed machines");
	expect_part(1, "[invalid: families]", "hycanctl event subscribe --families ''");
	expect_part(2, "usage: hycanctl event subscribe", "hycanctl monitor --nonsense");
	expect_part(0, "monitor\n", "hycanctl --complete mon");
	expect_part(0, "--families\n", "hycanctl --complete monitor --fam");
}

/* Where nothing happens it ends all the same when nobody reads it any more. */
static void test_monitor_unread(void **state)
{
	(void)state;
	make_links();
	/* behind that nothing comes */
	expect(0, "complete\n",
	       "{ timeout 200 hycanctl monitor --families rule 2>&1; echo $? > status; } | sed -n '/complete/{s/.* //p;q}' && "
	       "grep -qx 0 status && rm status");
}

static void test_namespaces(void **state)
{
	(void)state;
	make_links();
	/* a child in a namespace of its own, entered when it is no longer ours */
	expect(0, "1\n",
	       "unshare -n sleep 60 & child=$!\n"
	       "while [ \"$(readlink /proc/$child/ns/net)\" = \"$(readlink /proc/self/ns/net)\" ]; do sleep 0.01; done\n"
	       "hycanctl --netns /proc/$child/ns/net --json link list | grep -c ifindex\n"
	       "kill $child");
	expect_part(2,
	            "hycanctl: --netns: /run/netns/no-such cannot be opened: No such file or directory.\nusage: hycanctl link list",
	            "hycanctl link list --netns no-such");
	expect_part(1, "[invalid", "hycanctl link list --netns /dev/null");
}

static void test_help_needs_no_daemon(void **state)
{
	(void)state;
	setenv("HYCAN_DAEMON_SOCKET", "/nonexistent", 1);
	expect_part(0, "usage: hycanctl vlan create PARENT VLAN_ID [--name …]", "hycanctl vlan create --help");
	expect_part(0, "802.1Q|802.1ad", "hycanctl help vlan create");
	expect_part(0, "usage: hycanctl wireguard peer-set NAME PUBLIC_KEY", "hycanctl wireguard -h");
	expect_part(0, "wireguard   create, set, get, peer-set, peer-remove, sync\n", "hycanctl --help");
	expect_part(2, "wireguard   create, set, get, peer-set, peer-remove, sync\n", "hycanctl");
	expect_part(2, "A verb for vlan is missing.\nusage: hycanctl vlan create", "hycanctl vlan");
	expect_part(0, "hycanctl ", "hycanctl --version");
}

/* What the shell makes of what hycanctl offers. */
static void test_completion(void **state)
{
	static const char *const table[][2] = {
		{ "hycanctl vl", "vlan" },
		{ "hycanctl --json forwarding set ", "ipv4 ipv6" },
		{ "hycanctl link up l", "lo left" },
		{ "hycanctl wireguard set wg0 --private-key @some", "somekey" },
		{ "hycanctl link up $(touch evil", "" },
	};
	char expected[128];

	(void)state;
	need_command("bash");
	make_links();
	free(shell("touch somekey"));
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		char *text = shell("cat > script <<'EOF'\n"
		                   ". " HYCANCTL_COMPLETION "\n"
		                   "COMP_LINE='%s' COMP_POINT=%zu\n"
		                   "_hycanctl\n"
		                   "echo \"${COMPREPLY[@]}\"\n"
		                   "EOF\n"
		                   "bash script",
		                   table[i][0], strlen(table[i][0]));

		snprintf(expected, sizeof(expected), "%s\n", table[i][1]);
		assert_string_equal(text, expected);
		free(text);
	}
	assert_int_equal(access("evil", F_OK), -1);
}

/* A noun with one verb that shows something needs no verb; what is not well ends with a failure. */
static void test_health(void **state)
{
	struct world *w = *state;

	need_command("nft");
	expect_part(0, "healthy: on\n", "hycanctl health");
	expect_part(0, "\"healthy\": true", "hycanctl --json health get");
	done("hycanctl masquerade add 10.0.0.0/24");
	done("nft flush chain inet hycan postrouting");
	expect_part(1, "healthy: off\nproblems:\n  CHECK  MESSAGE\n  rules  Some of the rules", "hycanctl health");
	expect_part(1, "\"check\": \"rules\"", "hycanctl health --json");
	world_stop_daemon(w, SIGTERM);
	expect_part(3, "hycanctl: ", "hycanctl health");
	world_start_daemon(w, &(struct world_options){ 0 });
}

static void test_metrics(void **state)
{
	(void)state;
	expect_part(0,
	            "# HELP hycan_build_info The release that runs; always 1.\n# TYPE hycan_build_info gauge\n"
	            "hycan_build_info{version=\"",
	            "hycanctl metrics");
	expect_part(0, "\nhycan_clients 2\n", "hycanctl metrics");
	expect_part(0, "\"line\": \"hycan_clients 2\"", "hycanctl metrics --json");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_exit_status, tool_begin, tool_end),
		cmocka_unit_test_setup_teardown(test_errors_as_json, tool_begin, tool_end),
		cmocka_unit_test_setup_teardown(test_timeout, tool_begin, tool_end),
		cmocka_unit_test_setup_teardown(test_table, tool_begin, tool_end),
		cmocka_unit_test_setup_teardown(test_json, tool_begin, tool_end),
		cmocka_unit_test_setup_teardown(test_addresses_and_routes, tool_begin, tool_end),
		cmocka_unit_test_setup_teardown(test_lifetime, tool_begin, tool_end),
		cmocka_unit_test_setup_teardown(test_many_from_a_file, tool_begin, tool_end),
		cmocka_unit_test_setup_teardown(test_secrets, tool_begin, tool_end),
		cmocka_unit_test_setup_teardown(test_wireguard, tool_begin, tool_end),
		cmocka_unit_test_setup_teardown(test_can, tool_begin, tool_end),
		cmocka_unit_test_setup_teardown(test_monitor, tool_begin, tool_end),
		cmocka_unit_test_setup_teardown(test_monitor_unread, tool_begin, tool_end),
		cmocka_unit_test_setup_teardown(test_namespaces, tool_begin, tool_end),
		cmocka_unit_test_setup_teardown(test_help_needs_no_daemon, tool_begin, tool_end),
		cmocka_unit_test_setup_teardown(test_completion, tool_begin, tool_end),
		cmocka_unit_test_setup_teardown(test_health, tool_begin, tool_end),
		cmocka_unit_test_setup_teardown(test_metrics, tool_begin, tool_end),
	};

	return cmocka_run_group_tests_name("hycanctl", tests, NULL, NULL);
}
