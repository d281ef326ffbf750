/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links that a stranger makes something else of than requests said: reported, put right, or left alone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clients.h"
#include "events.h"

/* Waits until a shell command is content. */
#define until(...) free(shell("for i in $(seq 400); do " __VA_ARGS__ " && exit 0; sleep 0.05; done; ip link show va; exit 1"))

static void until_log(struct world *w, const char *part, int times)
{
	free(shell("for i in $(seq 400); do test $(grep -cF '%s' %s) -ge %d && exit 0; sleep 0.05; done; cat %s; exit 1", part,
	           w->log, times, w->log));
}

static void assert_log_lacks(struct world *w, const char *part)
{
	char *log = world_log(w);

	world_assert_contains(log, part, false, __FILE__, __LINE__);
	free(log);
}

static void set_mtu(struct hycan *h, const char *link, uint32_t mtu)
{
	const struct hycan_link_set_options options = { .has_mtu = true, .mtu = mtu };

	assert_done(h, hycan_link_set(h, link, &options));
}

static void let_look(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 600000000 }, NULL);
}

static void test_reported(void **state)
{
	struct world *w = *state;
	struct events e;

	events_begin_complete(&e, w->h, NULL);
	set_mtu(w->h, "va", 1400);
	assert_done(w->h, hycan_link_up(w->h, "va"));
	/* what nobody has asked for is as it likes, and what is so already is no change */
	free(shell("ip link set va txqueuelen 77; ip link set vb mtu 1300; ip link set va mtu 1400 up"));
	free(shell("ip link set va mtu 1300"));
	until_log(w, "mtu of va, which uid 0 had asked for, was changed, and not by a request.", 1);
	/* it is as it is from then on, and so it can be changed again */
	let_look();
	free(shell("ip link set va mtu 1200"));
	until_log(w, "mtu of va, which uid 0 had asked for, was changed, and not by a request.", 2);
	free(shell("ip link set va down"));
	until_log(w, "up of va, which uid 0 had asked for, was changed, and not by a request.", 1);
	/* what requests change is none */
	let_look();
	assert_done(w->h, hycan_link_up(w->h, "va"));
	set_mtu(w->h, "va", 1350);
	let_look();
	assert_done(w->h, hycan_link_down(w->h, "va"));
	let_look();
	free(shell("ip link set va mtu 1360"));
	until_log(w, "mtu of va, which uid 0 had asked for, was changed, and not by a request.", 3);
	free(shell("test $(grep -c 'which uid 0 had asked for' %s) = 4", w->log));
	assert_log_lacks(w, "txqueuelen of va");
	assert_log_lacks(w, "of vb");
	events_end(&e);
}

static void test_repaired(void **state)
{
	const struct hycan_link_set_options options = {
		.has_mtu = true,
		.mtu = 1400,
		.has_alias = true,
		.alias = "a cable",
		.has_mac = true,
		.mac = { .bytes = { 2, 0, 0, 0, 7, 1 } },
		.has_txqueuelen = true,
		.txqueuelen = 55,
	};
	struct world *w = *state;
	struct events e;

	events_begin_complete(&e, w->h, NULL);
	client_choose_drift(w->h, HYCAN_DRIFT_REPAIR);
	assert_done(w->h, hycan_link_set(w->h, "va", &options));
	assert_done(w->h, hycan_link_up(w->h, "va"));
	events_forget(&e);
	free(shell("ip link set va mtu 1300 txqueuelen 66 address 02:00:00:00:07:02 alias other down"));
	until("ip link show va | grep -q 'mtu 1400 .* qlen 55'");
	until("ip link show va | grep -q 'alias a cable' && ip link show va | grep -q 'link/ether 02:00:00:00:07:01'");
	until("ip link show va | grep -q '[<,]UP[,>]'");
	until_log(w, "mtu, up, mac, txqueuelen, alias of va, which uid 0 had asked for, was changed, and is what it was.", 1);
	events_until(&e, "changed link va up by repair 0 link.up");
	/* who asked last said it, of each of them */
	client_choose_drift(w->h, HYCAN_DRIFT_IGNORE);
	set_mtu(w->h, "va", 1450);
	client_choose_drift(w->h, HYCAN_DRIFT_REPAIR);
	assert_done(w->h, hycan_link_down(w->h, "va"));
	assert_done(w->h, hycan_link_rename(w->h, "va", "vc"));
	free(shell("ip link set vc mtu 1200 txqueuelen 44 up"));
	until("ip link show vc | grep -q 'qlen 55'");
	until("! ip link show vc | grep -q '[<,]UP[,>]'");
	free(shell("ip link show vc | grep -q 'mtu 1200 '"));
	events_end(&e);
}

/* Of a link that a stranger made, what was said goes with it. */
static void test_another(void **state)
{
	struct world *w = *state;

	client_choose_drift(w->h, HYCAN_DRIFT_REPAIR);
	set_mtu(w->h, "va", 1400);
	set_mtu(w->h, "vb", 1400);
	let_look();
	free(shell("ip link set vb mtu 1300"));
	until("ip link show vb | grep -q 'mtu 1400 '");
	free(shell("ip link del va; ip link add va type veth peer name vb"));
	let_look();
	free(shell("ip link set va mtu 1300"));
	let_look();
	free(shell("ip link show va | grep -q 'mtu 1300 ' && ip link show vb | grep -q 'mtu 1500 '"));
}

/* A link that goes down takes along what stands on it. */
static void test_above(void **state)
{
	struct world *w = *state;

	need_kind("vlan");
	client_choose_drift(w->h, HYCAN_DRIFT_REPAIR);
	assert_done(w->h, hycan_vlan_create(w->h, "va", 7, NULL, NULL));
	assert_done(w->h, hycan_link_up(w->h, "va.7"));
	let_look();
	free(shell("ip link set va.7 down"));
	until("ip link show va.7 | grep -q '[<,]UP[,>]'");
	free(shell("ip link set va down"));
	let_look();
	free(shell("ip link set va up"));
	until("ip link show va.7 | grep -q '[<,]UP[,>]'");
	client_choose_drift(w->h, HYCAN_DRIFT_REPORT);
	assert_done(w->h, hycan_link_up(w->h, "va.7"));
	let_look();
	assert_done(w->h, hycan_link_down(w->h, "va"));
	let_look();
	assert_done(w->h, hycan_link_up(w->h, "va"));
	let_look();
	assert_log_lacks(w, "cannot be made what it was");
	assert_log_lacks(w, "and not by a request");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_reported, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(test_repaired, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(test_another, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(test_above, routing_begin, world_end),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests_name("drift_links", tests, NULL, NULL);
}
