/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rule.add */
#include "routing.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void add(struct world *w, const struct hycan_rule *rule)
{
	assert_done(w->h, hycan_rule_add(w->h, rule));
}

static void changes_nothing(struct world *w, const struct hycan_rule *rule)
{
	int fd = announcements_open();

	add(w, rule);
	assert_int_equal(announcements_count(fd), 0);
	close(fd);
}

static void refused(struct world *w, const struct hycan_rule *rule, enum hycan_refusal refusal, const char *field, const char *part)
{
	int fd = announcements_open();

	assert_refused(w->h, hycan_rule_add(w->h, rule), refusal);
	assert_string_equal(hycan_error_field(w->h), field);
	assert_contains(hycan_error_message(w->h), part);
	assert_int_equal(announcements_count(fd), 0);
	close(fd);
}

static struct hycan_rule from(const char *prefix, uint32_t table)
{
	struct hycan_rule r = { .has_from = true, .from = prefix_of(prefix), .has_table = true, .table = table };

	r.family = r.from.address.family == HYCAN_FAMILY_IPV6 ? HYCAN_FAMILY_IPV6 : HYCAN_FAMILY_IPV4;
	return r;
}

static struct hycan_rule at(struct hycan_rule rule, uint32_t priority)
{
	rule.has_priority = true;
	rule.priority = priority;
	return rule;
}

static void asked_twice_there_is_one(void **state)
{
	struct world *w = *state;
	struct hycan_rule rules[] = { from("10.1.0.0/16", 100), from("fd01::/16", 100), at(from("10.2.0.0/16", 70000), 500),
		                      at(from("fd02::/16", 70000), 500) };

	for (size_t i = 0; i < 4; i++) {
		add(w, &rules[i]);
		changes_nothing(w, &rules[i]);
	}
	assert_output("500:\tfrom 10.2.0.0/16 lookup 70000 proto static\n"
	              "32765:\tfrom 10.1.0.0/16 lookup 100 proto static\n",
	              "ip -N -4 rule | grep -v '^0\\|3276[67]' | sed 's/proto 4/proto static/'");
	assert_output("2\n", "ip -6 rule | grep -c 'from fd0'");
	/* without a priority any will do, another one given is another rule */
	rules[2].has_priority = rules[3].has_priority = false;
	changes_nothing(w, &rules[2]);
	changes_nothing(w, &rules[3]);
	rules[2] = at(rules[2], 501);
	rules[3] = at(rules[3], 501);
	add(w, &rules[2]);
	add(w, &rules[3]);
	assert_output("2\n2\n", "ip -4 rule | grep -c 10.2.0.0/16; ip -6 rule | grep -c fd02::/16");

	hycan_set_exclusive(w->h, true);
	for (size_t i = 0; i < 4; i++)
		refused(w, &rules[i], HYCAN_REFUSAL_EXISTS, "", "exists already");
}

/* A rule with every property in turn, as ip makes it, is the same; and each is another rule. */
static void each_property_counts(void **state)
{
	struct world *w = *state;
	struct {
		const char *theirs;
		struct hycan_rule ours;
	} pairs[] = {
		{ "from 10.1.0.0/16 lookup 100", { 0 } },
		{ "to 10.1.0.0/16 lookup 100", { .has_to = true, .to = prefix_of("10.1.0.0/16") } },
		{ "iif va lookup 100", { .has_in_interface = true, .in_interface = "va" } },
		{ "oif later0 lookup 100", { .has_out_interface = true, .out_interface = "later0" } },
		{ "fwmark 7 lookup 100", { .has_fwmark = true, .fwmark = 7 } },
		{ "fwmark 7/0xff lookup 100", { .has_fwmark = true, .fwmark = 7, .has_fwmask = true, .fwmask = 0xff } },
		{ "fwmark 0/0xff lookup 100", { .has_fwmark = true, .has_fwmask = true, .fwmask = 0xff } },
		{ "not iif va lookup 100", { .has_in_interface = true, .in_interface = "va", .has_invert = true, .invert = true } },
		{ "iif vb lookup 100 suppress_prefixlength 0",
		  { .has_in_interface = true, .in_interface = "vb", .has_suppress_prefix_length = true } },
		{ "iif vb lookup 100", { .has_in_interface = true, .in_interface = "vb" } },
		{ "iif vb lookup 70000", { .has_in_interface = true, .in_interface = "vb", .has_table = true, .table = 70000 } },
		{ "iif vb blackhole",
		  { .has_in_interface = true, .in_interface = "vb", .has_action = true, .action = HYCAN_RULE_ACTION_BLACKHOLE } },
		{ "iif vb prohibit",
		  { .has_in_interface = true, .in_interface = "vb", .has_action = true, .action = HYCAN_RULE_ACTION_PROHIBIT } },
		{ "iif vb goto 32766",
		  { .has_in_interface = true,
		    .in_interface = "vb",
		    .has_action = true,
		    .action = HYCAN_RULE_ACTION_GOTO,
		    .has_goto_priority = true,
		    .goto_priority = 32766 } },
		{ "ipproto tcp lookup 100", { .has_ip_protocol = true, .ip_protocol = 6 } },
		{ "ipproto udp lookup 100", { .has_ip_protocol = true, .ip_protocol = 17 } },
		{ "ipproto udp sport 53 lookup 100",
		  { .has_ip_protocol = true, .ip_protocol = 17, .has_source_ports = true, .source_ports = { 53, 53 } } },
		{ "dport 80-90 lookup 100", { .has_destination_ports = true, .destination_ports = { 80, 90 } } },
		{ "dport 80-91 lookup 100", { .has_destination_ports = true, .destination_ports = { 80, 91 } } },
		{ "uidrange 5-5 lookup 100", { .has_uid_first = true, .uid_first = 5 } },
		{ "uidrange 5-6 lookup 100", { .has_uid_first = true, .uid_first = 5, .has_uid_last = true, .uid_last = 6 } },
		{ "uidrange 0-4294967294 lookup 100", { .has_uid_first = true, .has_uid_last = true, .uid_last = UINT32_MAX - 1 } },
		{ "tos 0x10 lookup 100", { .has_tos = true, .tos = 0x10 } },
		{ "iif vb lookup 100 suppress_ifgroup 0",
		  { .has_in_interface = true, .in_interface = "vb", .has_suppress_group = true } },
		{ "iif vb lookup 100 suppress_ifgroup 7",
		  { .has_in_interface = true, .in_interface = "vb", .has_suppress_group = true, .suppress_group = 7 } },
	};
	const size_t n = sizeof(pairs) / sizeof(pairs[0]);

	pairs[0].ours = from("10.1.0.0/16", 100);
	for (size_t i = 0; i < n; i++) {
		char *theirs, *ours;

		pairs[i].ours.family = HYCAN_FAMILY_IPV4;
		if (!pairs[i].ours.has_table && !pairs[i].ours.has_action) {
			pairs[i].ours.has_table = true;
			pairs[i].ours.table = 100;
		}
		free(shell("ip rule add pref 1000 %s protocol static", pairs[i].theirs));
		theirs = shell("ip -d rule show pref 1000");
		changes_nothing(w, &pairs[i].ours);
		free(shell("ip rule delete pref 1000"));
		pairs[i].ours = at(pairs[i].ours, 1000);
		add(w, &pairs[i].ours);
		ours = shell("ip -d rule show pref 1000");
		assert_string_equal(theirs, ours);
		changes_nothing(w, &pairs[i].ours);
		free(shell("ip rule delete pref 1000"));
		free(theirs);
		free(ours);
	}
	for (size_t i = 0; i < n; i++) {
		pairs[i].ours.has_priority = false;
		add(w, &pairs[i].ours);
	}
	for (size_t i = 0; i < n; i++)
		changes_nothing(w, &pairs[i].ours);
	assert_output("", "test $(ip rule | wc -l) = %zu || ip rule", n + 3);
}

static void a_mark_of_0_is_a_mark(void **state)
{
	struct world *w = *state;
	struct hycan_rule r = { .family = HYCAN_FAMILY_IPV6, .has_fwmark = true, .has_table = true, .table = 100 };

	add(w, &r);
	changes_nothing(w, &r);
	assert_output("32765:\tfrom all fwmark 0 lookup 100\n",
	              "ip -6 rule | grep 100 | sed 's/ proto static//; s/0x0/0/; s,/0xffffffff,,'");
}

static void a_stranger_with_more_selectors_is_another(void **state)
{
	struct world *w = *state;
	struct hycan_rule r = from("10.1.0.0/16", 100);

	free(shell("ip rule add from 10.1.0.0/16 ipproto tcp lookup 100 && ip rule add from 10.1.0.0/16 uidrange 5-6 lookup 100 && "
	           "ip rule add from 10.1.0.0/16 tos 0x10 lookup 100 && ip rule add from 10.1.0.0/16 tun_id 5 lookup 100"));
	add(w, &r);
	changes_nothing(w, &r);
	assert_output("5\n", "ip rule | grep -c 10.1.0.0/16");
}

/* What is to the kernel as if it was not given makes no second rule. */
static void any_is_any(void **state)
{
	struct world *w = *state;
	struct hycan_rule r = from("10.1.0.0/16", 100);

	add(w, &r);
	r.has_ip_protocol = r.has_tos = r.has_l3mdev = true;
	changes_nothing(w, &r);
}

/* Where this kernel has VRFs. */
static void looks_in_the_table_of_a_vrf(void **state)
{
	struct world *w = *state;
	struct hycan_rule r = { .family = HYCAN_FAMILY_IPV6, .has_l3mdev = true, .l3mdev = true };
	char *theirs, *ours;

	need_success("VRFs in this kernel", "ip -6 rule add pref 1000 l3mdev protocol static");
	theirs = shell("ip -6 -d rule show pref 1000");
	changes_nothing(w, &r);
	free(shell("ip -6 rule delete pref 1000"));
	r = at(r, 1000);
	add(w, &r);
	changes_nothing(w, &r);
	ours = shell("ip -6 -d rule show pref 1000");
	assert_string_equal(theirs, ours);
	assert_done(w->h, hycan_rule_remove(w->h, &r));
	assert_output("2\n", "ip -6 rule | wc -l");
	free(theirs);
	free(ours);
}

static void default_is_main_and_all(void **state)
{
	struct world *w = *state;
	struct hycan_rule r = { .family = HYCAN_FAMILY_IPV4 };

	/* the kernel's own rule is it */
	changes_nothing(w, &r);
	r.has_from = true;
	r.from = prefix_of("0.0.0.0/0");
	changes_nothing(w, &r);
	r = at(r, 77);
	add(w, &r);
	assert_output("77:\tfrom all lookup main proto static\n", "ip rule show pref 77");
}

static void refuses_what_makes_no_sense(void **state)
{
	struct world *w = *state;
	struct hycan_rule r;

	r = from("10.1.0.0/16", 100);
	r.family = HYCAN_FAMILY_IPV6;
	refused(w, &r, HYCAN_REFUSAL_INVALID, "from", "another family");
	r = (struct hycan_rule){ .family = HYCAN_FAMILY_IPV4, .has_to = true, .to = prefix_of("fd01::/16") };
	refused(w, &r, HYCAN_REFUSAL_INVALID, "to", "another family");
	r = from("10.1.0.0/16", 0);
	refused(w, &r, HYCAN_REFUSAL_INVALID, "table", "Table 0");
	r = from("10.1.0.0/16", 100);
	r.has_fwmask = true;
	r.fwmask = 1;
	refused(w, &r, HYCAN_REFUSAL_INVALID, "fwmask", "fwmark as well");
	r = from("10.1.0.0/16", 100);
	r.has_action = true;
	r.action = HYCAN_RULE_ACTION_BLACKHOLE;
	refused(w, &r, HYCAN_REFUSAL_INVALID, "table", "leave it out");
	r.has_table = false;
	r.has_suppress_prefix_length = true;
	refused(w, &r, HYCAN_REFUSAL_INVALID, "suppress_prefix_length", "leave it out");
	r.has_suppress_prefix_length = false;
	r.has_goto_priority = true;
	refused(w, &r, HYCAN_REFUSAL_INVALID, "goto_priority", "action goto");
	r.action = HYCAN_RULE_ACTION_GOTO;
	r.has_goto_priority = false;
	refused(w, &r, HYCAN_REFUSAL_INVALID, "goto_priority", "Goto where");
	r = at(r, 100);
	r.has_goto_priority = true;
	r.goto_priority = 100;
	refused(w, &r, HYCAN_REFUSAL_INVALID, "goto_priority", "above 100");
	r.has_priority = false;
	refused(w, &r, HYCAN_REFUSAL_INVALID, "", "The kernel takes no such rule: Backward goto not supported");

	r = from("10.1.0.0/16", 100);
	r.has_uid_last = true;
	refused(w, &r, HYCAN_REFUSAL_INVALID, "uid_last", "uid_first as well");
	r.has_uid_first = true;
	r.uid_first = 7;
	refused(w, &r, HYCAN_REFUSAL_INVALID, "uid_last", "comes before");
	r.uid_last = UINT32_MAX;
	refused(w, &r, HYCAN_REFUSAL_OUT_OF_RANGE, "uid_last", "4294967294");
	r.uid_first = UINT32_MAX;
	refused(w, &r, HYCAN_REFUSAL_OUT_OF_RANGE, "uid_first", "4294967294");
	r = from("10.1.0.0/16", 100);
	r.has_source_ports = r.has_destination_ports = true;
	r.source_ports = (struct hycan_port_range){ 1, 2 };
	r.destination_ports = (struct hycan_port_range){ 1024, 65535 };
	refused(w, &r, HYCAN_REFUSAL_OUT_OF_RANGE, "destination_ports", "is 65534");
	r = from("10.1.0.0/16", 100);
	r.has_tos = true;
	r.tos = 0x13;
	refused(w, &r, HYCAN_REFUSAL_INVALID, "tos", "give 16 instead of 19");
	r = from("10.1.0.0/16", 100);
	r.has_l3mdev = r.l3mdev = true;
	refused(w, &r, HYCAN_REFUSAL_INVALID, "l3mdev", "leave table out");
	r.has_table = false;
	r.has_action = true;
	r.action = HYCAN_RULE_ACTION_BLACKHOLE;
	refused(w, &r, HYCAN_REFUSAL_INVALID, "l3mdev", "leave action out");
	r.has_l3mdev = false;
	r.has_suppress_group = true;
	refused(w, &r, HYCAN_REFUSAL_INVALID, "suppress_group", "leave it out");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(asked_twice_there_is_one, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(each_property_counts, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(a_mark_of_0_is_a_mark, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(a_stranger_with_more_selectors_is_another, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(any_is_any, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(looks_in_the_table_of_a_vrf, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(default_is_main_and_all, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(refuses_what_makes_no_sense, routing_begin, world_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
