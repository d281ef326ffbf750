/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hycanctl apply against the real daemon: a file that is done, done again, planned, refused, and wrong in many ways. */
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clients.h"
#include "network.h"
#include "text.h"
#include "tool.h"

static void expect_part(int status, const char *part, const char *text)
{
	FILE *file = fopen("file", "w");
	char *got;
	int r;

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0 && fclose(file) == 0);
	r = shell_status(&got, "hycanctl apply file");
	if (r != status || !strstr(got, part))
		fail_msg("“%s” ended with %d instead of %d and said:\n%s", text, r, status, got);
	free(got);
}

static const char network[] =
	"{ \"steps\": [\n"
	"  {\"operation\": \"link.set\", \"name\": \"left\", \"mtu\": 1400},\n"
	"  {\"operation\": \"link.up\", \"name\": \"left\"},\n"
	"  {\"operation\": \"link.up\", \"name\": \"right\"},\n"
	"  {\"operation\": \"address.add\", \"link\": \"left\", \"address\": \"10.1.0.1/24\"},\n"
	"  {\"operation\": \"route.add\", \"destination\": \"10.2.0.0/16\", \"metric\": 7,\n"
	"   \"nexthops\": [{\"via\": \"10.1.0.2\", \"weight\": 2}, {\"via\": \"10.1.0.3\"}]},\n"
	"  {\"operation\": \"rule.add\", \"family\": \"ipv4\", \"from\": \"10.0.0.0/8\", \"table\": \"main\", "
	"\"invert\": true, \"priority\": 9}\n"
	"] }\n";

static void make_links(void)
{
	free(shell("ip link add left type veth peer name right"));
}

static void test_twice(void **state)
{
	(void)state;
	make_links();
	tool_apply(0,
	           "~ link.set left: mtu 1500 -> mtu 1400\n~ link.up left\n~ link.up right\n+ address left 10.1.0.1/24\n"
	           "+ route 10.2.0.0/16 metric 7 table main\n+ rule ipv4 priority 9 from 10.0.0.0/8 table main invert on\n",
	           "apply --plan file #", network);
	free(shell("! ip link show left | grep -q 'mtu 1400'"));
	tool_apply(0, "Done: 6 of 6 steps changed something.\n", "", network);
	free(shell("ip route show 10.2.0.0/16 | grep -q 'metric 7' && ip rule | grep -q '9:.not from 10.0.0.0/8'"));
	tool_apply(0, "Nothing to do: everything is as the file says.\n", "", network);
	tool_apply(0, "Nothing to do: everything is as the file says.\n", "apply --plan file #", network);
	tool_apply(0, "Nothing to do: everything is as the file says.\n", "", "{\"steps\": []}");
	free(shell("hycanctl --json apply - < file | grep -q '\"unchanged\": true'"));
}

static void test_refused(void **state)
{
	(void)state;
	make_links();
	tool_apply(1,
	           "hycanctl: file: line 3: Step 2 of 2, link.up: There is no link “none” in this network namespace. [not_found]\n",
	           "",
	           "{\"steps\": [\n{\"operation\": \"link.up\", \"name\": \"left\"},\n{\"operation\": \"link.up\", \"name\": "
	           "\"none\"}]}");
	free(shell("! ip link show left | grep -q ',UP'"));
	tool_apply(1, "hycanctl: file: line 1, step 1: link.list is no step, since it changes nothing by itself. [invalid]\n", "",
	           "{\"steps\": [{\"operation\": \"link.list\"}]}");
}

static void test_wrong(void **state)
{
	(void)state;
	expect_part(2, "hycanctl: file: line 2: This is no JSON: ", "{\n\"steps\": [,]}");
	expect_part(2, "hycanctl: file: line 1: This is no JSON: ", "");
	expect_part(2, "The file is an object with an array of steps in it", "[]");
	expect_part(2, "The file is an object with an array of steps in it", "{}");
	expect_part(2, "There is “step” beside “steps”", "{\"step\": []}");
	expect_part(2, "A step is an object, and not a number.", "{\"steps\": [1]}");
	expect_part(2, "line 3, step 2: A step needs the name of its operation",
	            "{\"steps\": [\n{\"operation\": \"link.up\", \"name\": \"a{[\\\"\"},\n{\"name\": \"a\"}]}");
	expect_part(2, "There is no operation “link.upp”; did you mean “link.up”?", "{\"steps\": [{\"operation\": \"link.upp\"}]}");
	expect_part(2, "link.up needs the field name: ", "{\"steps\": [{\"operation\": \"link.up\"}]}");
	expect_part(2, "link.up has no field “nam”; did you mean “name”?",
	            "{\"steps\": [{\"operation\": \"link.up\", \"nam\": \"a\"}]}");
	expect_part(2, "line 1: No text can have \\u0000 in it.",
	            "{\"steps\": [{\"operation\": \"link.up\", \"name\": \"a\\u0000\"}]}");
	expect_part(2, "mtu cannot be a number with a fraction or an exponent.",
	            "{\"steps\": [{\"operation\": \"link.set\", \"name\": \"a\", \"mtu\": 1.5}]}");
	expect_part(2, "name cannot be null.", "{\"steps\": [{\"operation\": \"link.up\", \"name\": null}]}");
	expect_part(2, "nexthops[1]: “b” is not an address",
	            "{\"steps\": [{\"operation\": \"route.add\", \"destination\": \"default\", "
	            "\"nexthops\": [{\"link\": \"a\"}, {\"via\": \"b\"}]}]}");
	expect_part(2, "duplicate", "{\"steps\": [{\"operation\": \"link.up\", \"name\": \"a\", \"name\": \"b\"}]}");
	free(shell("hycanctl apply 2>&1 | grep -q 'FILE is missing'; hycanctl apply --help | grep -q 'usage: hycanctl apply'; "
	           "! hycanctl apply /nonexistent"));
}

static const char less[] = "{ \"steps\": [\n"
			   "  {\"operation\": \"address.add\", \"link\": \"left\", \"address\": \"10.1.0.1/24\"},\n"
			   "  {\"operation\": \"address.add\", \"link\": \"right\", \"address\": \"10.3.0.1/24\"}\n"
			   "] }\n";

/* What the file does not make goes; what strangers made stays. */
static void test_prune(void **state)
{
	(void)state;
	make_links();
	free(shell("ip addr add 10.4.0.1/24 dev left"));
	tool_apply(0, "Done: 6 of 6 steps changed something.\n", "", network);
	tool_apply(0,
	           "+ address right 10.3.0.1/24\n- rule ipv4 priority 9 from 10.0.0.0/8 table main action lookup invert on "
	           "protocol 4\n"
	           "- route 10.2.0.0/16 metric 7 table main\n",
	           "apply --prune --plan file #", less);
	free(shell("ip route | grep -q 10.2.0.0/16 && ip rule | grep -q '^9:'"));
	tool_apply(0, "Done: 1 of 2 steps changed something.\nPruned: 2 that the file does not make.\n", "apply --prune file #",
	           less);
	free(shell("! ip route | grep -q 10.2.0.0/16 && ! ip rule | grep -q '^9:' && ip addr show left | grep -q 10.4.0.1"));
	tool_apply(0, "Nothing to do: everything is as the file says.\n", "apply --prune file #", less);
	tool_apply(0, "Nothing to do: everything is as the file says.\n", "apply --prune --plan file #", less);
	/* what fails prunes nothing */
	tool_apply(1,
	           "hycanctl: file: line 1: Step 1 of 1, link.up: There is no link “none” in this network namespace. [not_found]\n",
	           "apply --prune file #", "{\"steps\": [{\"operation\": \"link.up\", \"name\": \"none\"}]}");
	free(shell("ip addr show right | grep -q 10.3.0.1"));
	tool_apply(0, "Pruned: 2 that the file does not make.\n", "apply --prune file | grep Pruned #", "{\"steps\": []}");
	free(shell("! ip addr show right | grep -q 10.3.0.1; test -z \"$(hycanctl object list)\""));
}

static const char address[] = "  {\"operation\": \"address.add\", \"link\": \"left\", \"address\": \"10.1.0.1/24\"},\n";
static const char route[] = "  {\"operation\": \"route.add\", \"destination\": \"10.2.0.0/16\", \"via\": \"10.1.0.2\"}\n";

/* The file is not as it can be: that is done, and said. */
static void test_prune_in_part(void **state)
{
	char text[512];

	(void)state;
	make_links();
	free(shell("ip link set left up; ip link set right up"));
	snprintf(text, sizeof(text), "{\"steps\": [\n%s%s] }\n", address, route);
	tool_apply(0, "Done: 2 of 2 steps changed something.\n", "apply --prune file #", text);
	snprintf(text, sizeof(text), "{\"steps\": [\n%s] }\n", route);
	tool_apply(1,
	           "Done: 0 of 1 steps changed something.\nPruned: 1 that the file does not make.\n"
	           "Could not be pruned, or went along with what was: 1. The log says why; apply the file once more.\n",
	           "apply --prune file #", text);
	free(shell("! ip addr show left | grep -q 10.1.0.1"));
}

/* Without a terminal: a command confirms it. */
static void test_confirm(void **state)
{
	(void)state;
	make_links();
	tool_apply(0, "Done: 6 of 6 steps changed something.\n", "apply --confirm-within 600 file | grep Done #", network);
	free(shell("ip route | grep -q 10.2.0.0/16 && hycanctl transaction cancel $(hycanctl --json transaction list | grep -o "
	           "'[0-9a-f]\\{32\\}')"));
	free(shell("! ip route | grep -q 10.2.0.0/16 && ip link show left | grep -q 'mtu 1500'"));
	free(shell("hycanctl apply --confirm-within 600 file | grep -o 'hycanctl transaction confirm .*' | sh"));
	free(shell("ip route | grep -q 10.2.0.0/16; test -z \"$(hycanctl transaction list)\""));
	tool_apply(0, "Nothing to do: everything is as the file says.\n", "apply --confirm-within 600 file #", network);
	tool_apply(0, "Done: 1 of 2 steps changed something.\n", "apply --confirm-within 1 file | grep Done #", less);
	shell_until(20, "! ip addr show right | grep -q 10.3.0.1");
	tool_apply(2, "hycanctl: --confirm-within needs a number of seconds, from 1 to 86400.\n",
	           "apply file --confirm-within 0 2>&1 | grep -v usage; hycanctl apply file --confirm-within 0 2>/dev/null #",
	           less);
	tool_apply(2, "hycanctl: --confirm-within needs a number of seconds, from 1 to 86400.\n",
	           "apply file --confirm-within 2>&1 | head -n 1; hycanctl apply file --confirm-within 2>/dev/null #", less);
	free(shell("hycanctl apply file --prune --confirm-within 9 2>&1 | grep -q 'it waits until the rest is confirmed'"));
}

static void read_until(int fd, const char *part, char *said, size_t size)
{
	size_t used = strlen(said);
	ssize_t n = 1;

	while (n > 0 && used + 1 < size && !(part && strstr(said, part))) {
		n = read(fd, said + used, size - 1 - used);
		used += n > 0 ? (size_t)n : 0;
		said[used] = '\0';
	}
}

/* Runs a command at a terminal of its own, where something was typed before it began, and types the answer when it asks. */
static void answer(const char *command, const char *ahead, const char *typed, int status, const char *part)
{
	char said[4096] = "";
	int terminal, begin[2], r;
	pid_t child;

	assert_int_equal(pipe(begin), 0);
	child = forkpty(&terminal, NULL, NULL, NULL);
	assert_true(child >= 0);
	if (child == 0) {
		(void)!read(begin[0], &r, 1);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	assert_int_equal(write(terminal, ahead, strlen(ahead)), (ssize_t)strlen(ahead));
	assert_int_equal(write(begin[1], "", 1), 1);
	read_until(terminal, "Press Enter", said, sizeof(said));
	assert_int_equal(write(terminal, typed, strlen(typed)), (ssize_t)strlen(typed));
	read_until(terminal, NULL, said, sizeof(said));
	assert_int_equal(waitpid(child, &r, 0), child);
	close(terminal);
	close(begin[0]);
	close(begin[1]);
	assert_contains(said, part);
	assert_true(WIFEXITED(r));
	assert_int_equal(WEXITSTATUS(r), status);
}

/* With one: Enter does. */
static void test_ask(void **state)
{
	(void)state;
	make_links();
	tool_apply(0, "Done: 6 of 6 steps changed something.\n", "", network);
	tool_apply(0, "", "--version > /dev/null #", less);
	/* the end of what is typed is no answer */
	answer("hycanctl apply --confirm-within 600 file", "", "\4", 1, "Nobody confirmed it: everything is as it was.");
	free(shell("! ip addr show right | grep -q 10.3.0.1"));
	answer("hycanctl apply --prune --confirm-within 600 file", "", "\n", 0, "Pruned: 2 that the file does not make.");
	free(shell("ip addr show right | grep -q 10.3.0.1 && ! ip route | grep -q 10.2.0.0/16"));
}

/* Enter that was typed before there was anything to confirm keeps nothing. */
static void test_typed_ahead(void **state)
{
	(void)state;
	make_links();
	tool_apply(0, "", "--version > /dev/null #", less);
	answer("hycanctl apply --confirm-within 600 file", "\n\n", "x\n", 1, "Nobody confirmed it: everything is as it was.");
	free(shell("! ip addr show right | grep -q 10.3.0.1"));
	answer("hycanctl apply --confirm-within 600 file", "x\n", "\n", 0, "Confirmed.");
	free(shell("ip addr show right | grep -q 10.3.0.1"));
}

/* What is left of the lifetimes of an address is less each time: they are renewed, which is said. */
static void test_lifetimes(void **state)
{
	static const char living[] = "{\"steps\": [{\"operation\": \"address.add\", \"link\": \"left\", \"address\": "
				     "\"10.1.0.1/24\", \"valid_lifetime\": 90000, \"preferred_lifetime\": 80000}]}";
	static const char done[] = "Done: 1 of 1 steps changed something.\n";

	(void)state;
	make_links();
	tool_apply(0, done, "", living);
	for (int exported = 0; exported < 2; exported++) {
		const char *const file = exported ? "exported" : "file";

		free(shell("ip address change 10.1.0.1/24 dev left valid_lft 5000 preferred_lft 4000"));
		free(shell("hycanctl apply --plan %s | grep -qE '^~ address.add left 10.1.0.1/24: preferred_lifetime [0-9]{4}, "
		           "valid_lifetime [0-9]{4} -> preferred_lifetime [0-9]{5}, valid_lifetime [0-9]{5}$'",
		           file));
		tool_apply(0, done, exported ? "apply exported #" : "", living);
		free(shell("ip address show left | grep -qE 'valid_lft [0-9]{5}sec preferred_lft [0-9]{5}sec' && "
		           "hycanctl export > exported && hycanctl apply exported && hycanctl apply file"));
	}
	free(shell("rm exported"));
}

/* What is exported changes nothing here, and makes the same elsewhere. */
static void test_export(void **state)
{
	char *here, *there;

	(void)state;
	tool_apply(0, "{\"steps\": [\n]}\n", "export #", "");
	make_links();
	tool_apply(0, "Done: 6 of 6 steps changed something.\n", "", network);
	free(shell("hycanctl address add left fd00::1/64 && hycanctl address add right 10.7.0.1/16 --label right:x && "
	           "hycanctl route add 2001:db8::/32 --via fd00::2 && hycanctl route add default --via 10.1.0.9 --table 77 "
	           "--mtu 1300 && hycanctl forwarding set ipv4 on && hycanctl forwarding set ipv6 on --interface left && "
	           "hycanctl rule add ipv6 --from fd00::/64 --fwmark 7 --table 9 && ip addr add 10.8.0.1/24 dev left"));
	need_success("nf_tables in this kernel", "nft list ruleset");
	free(shell("hycanctl masquerade add 10.1.0.0/24 --out-interface left && hycanctl port add tcp 8080-8082 10.1.0.2 80 && "
	           "hycanctl port add udp 53 10.1.0.2 5353 --host-address 10.7.0.1"));
	here = shell("hycanctl export | tee exported");
	assert_lacks(here, "10.8.0.1");
	/* this host has no networks that it could be of */
	assert_lacks(here, "\"network\"");
	tool_apply(0, "Nothing to do: everything is as the file says.\n", "apply --prune exported #", "");
	free(shell("hycanctl object clear"));
	free(shell("hycanctl apply exported | grep -q '^Done' && hycanctl apply exported | grep -q 'Nothing to do'"));
	there = shell("hycanctl export; rm exported");
	assert_string_equal(here, there);
	free(here);
	free(there);
	free(shell("hycanctl export --help | grep -q 'usage: hycanctl export'; hycanctl --complete ex | grep -qx export; "
	           "hycanctl --complete apply --pr | grep -qx -- --prune"));
	tool_apply(2, "hycanctl: “twice” is too much.\n",
	           "export twice 2>&1 | grep -v usage | head -n 1; hycanctl export twice 2>/dev/null #", "");
}

/* What stands on something comes behind it, also where it came about before that: here on what a stranger had made. */
static void test_export_order(void **state)
{
	char *here, *there;

	(void)state;
	make_links();
	free(shell("ip link set left up && ip link set right up && ip addr add 10.1.0.2/24 dev left && "
	           "ip route add 10.3.0.0/16 dev left && hycanctl route add 10.2.0.0/16 --via 10.3.0.9 && "
	           "hycanctl route add 10.4.0.0/16 --nexthops '{via=10.1.0.9}{via=10.1.0.8}' && "
	           "hycanctl route add 10.3.0.0/16 --link left --metric 5 && hycanctl rule add ipv4 --table 7 && "
	           "hycanctl address add left 10.1.0.1/24 && hycanctl route add 10.5.0.0/16 --via 10.1.0.9"));
	here = shell("hycanctl export | tee exported");
	tool_apply(0, "Nothing to do: everything is as the file says.\n", "apply --prune exported #", "");
	free(shell("hycanctl object clear && ip addr flush dev left && ip route flush dev left && "
	           "test -z \"$(ip route show; ip -o addr show scope global)\""));
	tool_apply(0, "Done: 6 of 6 steps changed something.\n", "apply exported #", "");
	there = shell("hycanctl export; rm exported");
	assert_string_equal(here, there);
	free(here);
	free(there);
}

/* Of several in one place, that which is not a stranger's. */
static void test_export_beside_others(void **state)
{
	char *before, *after;

	(void)state;
	make_links();
	free(shell("ip link set left up && ip addr add 10.1.0.1/24 dev left && "
	           "hycanctl route add 10.2.0.0/16 --via 10.1.0.2 --mtu 1300 && "
	           "hycanctl route add 10.3.0.0/16 --via 10.1.0.2 --protocol 9 && "
	           "hycanctl route add 10.4.0.0/16 --type blackhole"));
	before = shell("hycanctl export");
	free(shell("ip route prepend 10.2.0.0/16 via 10.1.0.9 && ip route prepend 10.4.0.0/16 via 10.1.0.9"));
	after = shell("hycanctl export");
	assert_contains(after, "\"protocol\": 9");
	assert_string_equal(after, before);
	free(before);
	free(after);
}

/* What a command shows comes back by what is exported, which changes nothing before that. */
static void assert_made_again(const char *view, const char *done)
{
	char *text = shell("hycanctl export"), *before = shell("%s", view), *after;

	tool_apply(0, "Nothing to do: everything is as the file says.\n", "", text);
	free(shell("hycanctl object clear"));
	tool_apply(0, done, "", text);
	after = shell("%s", view);
	assert_string_equal(after, before);
	free(text);
	free(before);
	free(after);
}

/* The kernel gives a route without a metric one, and of IPv4 it does not. */
static void test_export_metric(void **state)
{
	(void)state;
	make_links();
	free(shell("ip link set left up && ip addr add 10.1.0.1/24 dev left && "
	           "hycanctl route add 10.2.0.0/16 --type blackhole --metric 1024 && "
	           "hycanctl route add 10.2.0.0/16 --via 10.1.0.2 && hycanctl route add fd02::/64 --type blackhole"));
	assert_made_again("ip route show proto static; ip -6 route show proto static", "Done: 3 of 3 steps changed something.\n");
}

/* One port of all addresses may lead to one host by IPv4, and to another by IPv6. */
static void test_export_families(void **state)
{
	(void)state;
	need_success("nf_tables in this kernel", "nft list ruleset");
	free(shell("hycanctl port add tcp 81 10.1.0.7 1 && hycanctl port add tcp 81 fd01::7 80"));
	assert_made_again("hycanctl port list", "Done: 2 of 2 steps changed something.\n");
}

/* Of thousands it takes no longer than of few, for each: of these, comparing each with each would take minutes of the processor. */
static void test_export_many(void **state)
{
	(void)state;
	make_links();
	free(shell("ip link set left up && for i in $(seq 0 31); do seq -f \"21.$i.%%g.0/24 link=left\" 0 249; done > routes && "
	           "hycanctl --timeout 300 route load @routes && rm routes"));
	free(shell("(ulimit -t 20 && hycanctl --timeout 300 export) > exported && test $(grep -c route.add exported) = 8000 && "
	           "rm exported"));
}

/* How long things are held, and what is done about drift, is no step: it is said. */
static void test_export_terms(void **state)
{
	const struct hycan_session_lifetime_options repair = { .has_drift = true, .drift = HYCAN_DRIFT_REPAIR };
	const struct hycan_link_address a = { .link = "left", .address = prefix_of("10.1.0.1/24") };
	struct world *w = *state;
	char *said;

	make_links();
	free(shell("hycanctl address add right 10.2.0.1/24"));
	said = shell("hycanctl export 2>&1 >/dev/null");
	assert_string_equal(said, "");
	free(said);
	assert_done(w->h, hycan_session_lifetime(w->h, HYCAN_LIFETIME_PERMANENT, &repair));
	assert_done(w->h, hycan_address_add(w->h, &a));
	free(shell("hycanctl --lifetime lease:600 address add left 10.3.0.1/24"));
	said = shell("hycanctl export 2>&1 >/dev/null");
	assert_string_equal(
		said, "hycanctl: 1 of these: held by a connection or a lease; whoever applies the file holds them for good, or "
		      "as --lifetime says.\nhycanctl: 1 of these: repaired or left alone when strangers change them (drift); "
		      "that is not in the file.\n");
	free(said);
	free(shell("hycanctl --json object list | grep '10.1.0.1' | grep -q '\"drift\": \"repair\"'; "
	           "! hycanctl --json object list | grep '10.2.0.1' | grep -q drift"));
}

/* Keys are not in it, and what they are for is. */
static void test_export_links(void **state)
{
	char *here, *there;

	(void)state;
	need_kind("wireguard");
	need_kind("vcan");
	need_kind("vlan");
	need_command("wg");
	free(shell("wg genkey > key && hycanctl wireguard create wg7 --mtu 1400 && hycanctl wireguard set wg7 --private-key @key "
	           "--listen-port 5555 && wg genkey | wg pubkey > peer && hycanctl wireguard peer-set wg7 @peer --endpoint "
	           "192.0.2.1:9 "
	           "--allowed-ips 10.0.0.0/8,fd00::/8 --persistent-keepalive 25 && hycanctl link up wg7 && "
	           "hycanctl vcan create c0 && hycanctl vxcan create x1 x0 && hycanctl link set c0 --alias 'a \"bus\"' "
	           "--txqueuelen 77 && "
	           "ip link add p up type bridge && hycanctl vlan create p 7 --protocol 802.1ad && hycanctl link up p.7 && "
	           "hycanctl link set p.7 --mac 02:00:5e:00:53:07 && hycanctl vlan create p 8 && "
	           "hycanctl address add p.7 10.1.0.1/24"));
	here = shell("hycanctl export 2> notes | tee exported");
	assert_lacks(here, "private");
	assert_contains(here, "\"c0\", \"alias\": \"a \\\"bus\\\"\", \"txqueuelen\": 77}");
	assert_contains(here, "\"p.7\", \"mac\": \"02:00:5e:00:53:07\"}");
	/* those that nobody asked for are not in it */
	assert_int_equal(shell_status(NULL, "test $(grep -c link.set exported) = 2"), 0);
	free(shell("grep -q 'wg7: its private key is not exported' notes; ! grep -qf key exported"));
	tool_apply(0, "Nothing to do: everything is as the file says.\n", "apply --prune exported #", "");
	free(shell("hycanctl object clear && ! ip link show wg7 && ! ip link show c0"));
	free(shell("hycanctl apply exported && wg show wg7 | grep -q 'allowed ips: 10.0.0.0/8, fd00::/8'"));
	there = shell("hycanctl export 2> notes; rm exported notes key peer");
	assert_string_equal(here, there);
	free(here);
	free(there);
}

#define NETWORKS_VIEW                                                                                                              \
	"nft -s list table inet hycan; ip -o link show type vlan | sed 's/^[0-9]*: //;s/ether .*//'; "                             \
	"ip -o address show scope global | sed 's/^[0-9]*: //'; cat /proc/sys/net/ipv4/ip_forward"

/* A network comes with its link, its addresses and its NAT; then its ports and its names, and the ways last. */
static void test_export_networks(void **state)
{
	char *here, *there, *before, *after;

	(void)state;
	network_make_parent();
	need_command("dnsmasq");
	free(shell("hycanctl network create 100 10.9.0.0/24 10.9.0.1 blue --parent up0 --ipv6-subnet fd09::/64 --ipv6-gateway "
	           "fd09::1 && hycanctl network create 101 10.8.0.0/24 10.8.0.1 red --parent up0 --nat off --mtu 1400 && "
	           "hycanctl network create 102 10.7.0.0/24 10.7.0.1 in --parent up0 --internal on --link inside && "
	           "hycanctl link set net100 --alias 'the \"blue\" one' --mac 02:00:5e:00:53:64 && "
	           "hycanctl network allow 100 101 on && hycanctl network allow 102 100 on --from-link inside && "
	           "hycanctl port add tcp 8080 10.9.0.2 80 && hycanctl port add udp 9000-9010 fd09::2 7000 && "
	           "hycanctl port add tcp 8081 192.0.2.7 80 --network 0 && "
	           "hycanctl dns set 100 '{web 10.9.0.2,fd09::2}{db 10.9.0.3}' --domain blue.example --upstreams 192.0.2.53 && "
	           "hycanctl dns add_host 100 late 10.9.0.4 && hycanctl dns set 102 '{a 10.7.0.2}' --link inside"));
	here = shell("hycanctl export | tee exported");
	assert_contains(here, "\"network.create\"");
	assert_lacks(here, "vlan.create");
	assert_contains(here, "\"mac\": \"02:00:5e:00:53:64\"");
	tool_apply(0, "Nothing to do: everything is as the file says.\n", "apply --prune exported #", "");
	before = shell(NETWORKS_VIEW);
	free(shell("hycanctl object clear && ! ip link show net100 && ! nft list table inet hycan"));
	/* a plan knows what the steps before it make */
	free(shell("hycanctl apply --plan exported"));
	free(shell("hycanctl apply exported | grep -q '^Done' && hycanctl apply exported | grep -q 'Nothing to do'"));
	there = shell("hycanctl export; rm exported");
	assert_string_equal(here, there);
	after = shell(NETWORKS_VIEW);
	assert_string_equal(before, after);
	free(here);
	free(there);
	free(before);
	free(after);
}

/* What is open between networks of others is theirs, and so is what leads to one of them. */
static void test_export_ways(void **state)
{
	char *said;

	(void)state;
	network_make_parent();
	need_tool_as();
	free(shell("for i in 0 1; do " TOOL_AS("4242") "network create 10$i 10.9.$i.0/24 10.9.$i.1 n$i --parent up0; done"));
	free(shell("for i in 2 3; do " TOOL_AS("4243") "network create 10$i 10.9.$i.0/24 10.9.$i.1 n$i --parent up0; done"));
	free(shell(TOOL_AS("4242") "network allow 100 101 on"));
	free(shell(TOOL_AS("4243") "network allow 103 102 on"));
	free(shell("hycanctl network allow 100 102 on && hycanctl network allow 102 100 on"));
	said = shell(TOOL_AS("4242") "export | tee exported | grep allow");
	assert_string_equal(said, "  {\"operation\": \"network.allow\", \"from\": 100, \"to\": 101, \"on\": true, \"from_link\": "
	                          "\"net100\", \"to_link\": \"net101\"}\n");
	free(said);
	tool_apply(0, "Nothing to do: everything is as the file says.\n",
	           "--version > /dev/null; " TOOL_AS("4242") "apply exported #", "");
	said = shell(TOOL_AS("4243") "export | tee exported | grep allow");
	assert_string_equal(said, "  {\"operation\": \"network.allow\", \"from\": 103, \"to\": 102, \"on\": true, \"from_link\": "
	                          "\"net103\", \"to_link\": \"net102\"}\n");
	free(said);
	tool_apply(0, "Nothing to do: everything is as the file says.\n",
	           "--version > /dev/null; " TOOL_AS("4243") "apply exported #", "");
}

/* Of what no answer came for, nobody knows whether it is done: it is no refusal. */
static void test_no_answer(void **state)
{
	struct world *w = *state;

	make_links();
	assert_int_equal(kill(w->daemon, SIGSTOP), 0);
	tool_apply(4, "", "--timeout 0.5 apply file 2> notes #", less);
	assert_int_equal(kill(w->daemon, SIGCONT), 0);
	free(shell("grep -q 'it may still be carried out. .ETIMEDOUT.' notes && rm notes"));
}

static void test_no_daemon(void **state)
{
	(void)state;
	tool_apply(3, "", "--socket /nonexistent apply file 2> /dev/null #", less);
}

/* Keys may stand in the file, or in files that it names. */
static void test_keys(void **state)
{
	char *text;

	(void)state;
	need_kind("wireguard");
	need_command("wg");
	free(shell("wg genkey > key"));
	tool_apply(0, "Done: 3 of 3 steps changed something.\n", "",
	           "{\"steps\": [{\"operation\": \"wireguard.create\", \"name\": \"wg7\"}, {\"operation\": \"wireguard.set\", "
	           "\"name\": "
	           "\"wg7\", \"private_key\": \"@key\"}, {\"operation\": \"wireguard.sync\", \"name\": \"wg7\", \"peers\": "
	           "[{\"public_key\": \"AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=\", \"allowed_ips\": [\"10.0.0.0/8\", "
	           "\"fd00::/8\"]}]}]}");
	free(shell("test \"$(wg show wg7 private-key)\" = \"$(cat key)\"; rm key"));
	text = shell("wg show wg7 allowed-ips");
	assert_contains(text, "10.0.0.0/8 fd00::/8");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_twice, tool_begin, tool_end),
		cmocka_unit_test_setup_teardown(test_refused, tool_begin, tool_end),
		cmocka_unit_test_setup_teardown(test_wrong, tool_begin, tool_end),
		cmocka_unit_test_setup_teardown(test_keys, tool_begin, tool_end),
		cmocka_unit_test_setup_teardown(test_prune, tool_begin, tool_end),
		cmocka_unit_test_setup_teardown(test_prune_in_part, tool_begin, tool_end),
		cmocka_unit_test_setup_teardown(test_confirm, tool_begin, tool_end),
		cmocka_unit_test_setup_teardown(test_ask, tool_begin, tool_end),
		cmocka_unit_test_setup_teardown(test_typed_ahead, tool_begin, tool_end),
		cmocka_unit_test_setup_teardown(test_lifetimes, tool_begin, tool_end),
		cmocka_unit_test_setup_teardown(test_export, tool_begin, tool_end),
		cmocka_unit_test_setup_teardown(test_export_order, tool_begin, tool_end),
		cmocka_unit_test_setup_teardown(test_export_beside_others, tool_begin, tool_end),
		cmocka_unit_test_setup_teardown(test_export_metric, tool_begin, tool_end),
		cmocka_unit_test_setup_teardown(test_export_families, tool_begin, tool_end),
		cmocka_unit_test_setup_teardown(test_export_many, tool_begin, tool_end),
		cmocka_unit_test_setup_teardown(test_export_ways, tool_begin_for_all, tool_end),
		cmocka_unit_test_setup_teardown(test_export_terms, tool_begin, tool_end),
		cmocka_unit_test_setup_teardown(test_export_links, tool_begin, tool_end),
		cmocka_unit_test_setup_teardown(test_export_networks, tool_begin, tool_end),
		cmocka_unit_test_setup_teardown(test_no_answer, tool_begin, tool_end),
		cmocka_unit_test_setup_teardown(test_no_daemon, tool_begin, tool_end),
	};

	return cmocka_run_group_tests_name("hycanctl apply", tests, NULL, NULL);
}
