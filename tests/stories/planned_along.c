/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What goes along with what a transaction does to a link, or follows it: a plan says that, too. */
#include <stdlib.h>

#include "names.h"
#include "planned.h"
#include "text.h"

/* ------------------------------------------------------------------------------------------- a link goes, and others */

/*
 * Links that name “tx0”, or one that does, of kinds of which this kernel has some: those in the first list go with it, and
 * those in the second stay.
 */
#define STANDING                                                                                                                   \
	"ip link add link tx0 name u-vlan type vlan id 1; ip link add link tx0 name u-ipvlan type ipvlan; "                        \
	"ip link add link tx1 name u-macvtap type macvtap; ip link add u-vxlan type vxlan id 1 dstport 4789 remote 10.1.0.9 dev "  \
	"tx0; "                                                                                                                    \
	"ip link add link u-vxlan name u-macvlan type macvlan; ip link add link u-vlan name u-macsec type macsec; "
#define STAYING                                                                                                                    \
	"four='local 10.1.0.1 remote 10.1.0.9 dev tx0'; six='local fd00::1 remote fd00::9 dev tx0'; "                              \
	"more='erspan_ver 1 erspan 5 seq key 1'; ip link add t-gre type gre $four; ip link add t-gretap type gretap $four; "       \
	"ip link add t-erspan type erspan $more $four; ip link add t-ipip type ipip $four; ip link add t-sit type sit $four; "     \
	"ip link add t-vti type vti key 1 $four; ip link add t-ip6tnl type ip6tnl mode any $six; "                                 \
	"ip link add t-ip6gre type ip6gre $six; ip link add t-ip6gretap type ip6gretap $six; "                                     \
	"ip link add t-ip6erspan type ip6erspan $more $six; ip link add t-vti6 type vti6 key 1 $six; "                             \
	"ip link add t-xfrm type xfrm dev tx0 if_id 1; ip link add link t-gretap name t-vlan type vlan id 1; "                     \
	"ip link add t-vxlan type vxlan id 2 dstport 4790 remote 10.1.0.9; ip link add t-bridge type bridge; "                     \
	"ip link set t-gretap master t-bridge; "

static void make_pair(void)
{
	free(shell("ip link add tx0 type veth peer name tx1 && ip link set tx0 addrgenmode none && "
	           "ip link set tx1 addrgenmode none && ip link set tx0 up && ip link set tx1 up"));
}

static void make_stack(void)
{
	need_kind("gre");
	need_kind("vlan");
	make_pair();
	free(shell("{ " STANDING STAYING "} 2>/dev/null; true"));
}

static void below(struct hycan *h)
{
	hycan_link_delete(h, "tx0");
}

/* Those that stand on it go, and tunnels that take it stay. */
static void deleted(void **state)
{
	struct world *w = *state;
	char *text;

	make_stack();
	text = planned(w->h, below);
	assert_contains(text, "- link tx1\n");
	assert_contains(text, "- link u-vlan\n");
	assert_contains(text, "- link u-macvlan\n");
	assert_lacks(text, "- link t-");
	free(text);
	planned_assert_says(w, below);
}

/* The names that are left, and what else is made of them: a tunnel is there for who comes behind. */
static void below_and_on(struct hycan *h)
{
	below(h);
	hycan_link_up(h, "t-gre");
	hycan_link_down(h, "t-gre");
	hycan_link_rename(h, "t-gre", "g");
	hycan_link_set(h, "g", &(struct hycan_link_set_options){ .has_mtu = true, .mtu = 1300 });
}

static void left(void **state)
{
	make_stack();
	planned_assert_says(*state, below_and_on);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(deleted, world_begin, world_end),
		cmocka_unit_test_setup_teardown(left, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("a plan says what goes along", tests, NULL, NULL);
}
