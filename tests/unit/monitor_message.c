/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the monitor keeps of a message depends on that message alone, and on nothing that was read into the same memory
 * before: a rule that goes is found by the very bytes of the one that came.
 */
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/monitor_message.h"

struct reading {
	struct monitor_message message;
	_Alignas(NLMSG_ALIGNTO) uint8_t memory[NETLINK_BUFFER_SIZE];
};

/* Reads it into memory that is full of something. */
static struct reading *read_into(const struct nlmsghdr *nlh, int filling)
{
	struct reading *r = malloc(sizeof(*r));

	assert_non_null(r);
	memset(r, filling, sizeof(*r));
	assert_true(monitor_message_read(nlh, r->memory, &r->message));
	return r;
}

static void assert_depends_on_nothing_else(struct nlmsghdr *nlh, uint16_t came, uint16_t went)
{
	struct reading *a, *b;

	nlh->nlmsg_type = came;
	a = read_into(nlh, 0xaa);
	nlh->nlmsg_type = went;
	b = read_into(nlh, 0x55);
	assert_false(a->message.gone);
	assert_true(b->message.gone);
	assert_int_equal(a->message.key.size, b->message.key.size);
	assert_memory_equal(a->message.key.bytes, b->message.key.bytes, a->message.key.size);
	assert_int_equal(a->message.essence, b->message.essence);
	assert_memory_equal(a->message.compact, b->message.compact, a->message.essence);
	free(a);
	free(b);
}

static void test_rule(void **state)
{
	_Alignas(NLMSG_ALIGNTO) uint8_t memory[1024] = { 0 };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(memory);
	struct fib_rule_hdr *header = mnl_nlmsg_put_extra_header(nlh, sizeof(*header));

	(void)state;
	header->family = AF_INET;
	header->action = FR_ACT_TO_TBL;
	header->table = 7;
	mnl_attr_put_u32(nlh, FRA_TABLE, 7);
	mnl_attr_put_u8(nlh, FRA_PROTOCOL, RTPROT_BOOT);
	mnl_attr_put_strz(nlh, FRA_IIFNAME, "b0");
	mnl_attr_put_u32(nlh, FRA_PRIORITY, 70);
	assert_depends_on_nothing_else(nlh, RTM_NEWRULE, RTM_DELRULE);
}

static void test_link(void **state)
{
	_Alignas(NLMSG_ALIGNTO) uint8_t memory[1024] = { 0 };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(memory);
	struct ifinfomsg *header = mnl_nlmsg_put_extra_header(nlh, sizeof(*header));
	struct nlattr *nest;

	(void)state;
	header->ifi_index = 7;
	mnl_attr_put_strz(nlh, IFLA_IFNAME, "b0");
	mnl_attr_put_u8(nlh, IFLA_OPERSTATE, 2);
	mnl_attr_put(nlh, IFLA_ADDRESS, 6, "\2\0\0\0\0\1");
	nest = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "bridge");
	mnl_attr_nest_end(nlh, nest);
	assert_depends_on_nothing_else(nlh, RTM_NEWLINK, RTM_DELLINK);
}

static void test_address(void **state)
{
	_Alignas(NLMSG_ALIGNTO) uint8_t memory[1024] = { 0 };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(memory);
	struct ifaddrmsg *header = mnl_nlmsg_put_extra_header(nlh, sizeof(*header));

	(void)state;
	header->ifa_family = AF_INET;
	header->ifa_prefixlen = 24;
	header->ifa_index = 7;
	mnl_attr_put(nlh, IFA_LOCAL, 4, "\12\1\0\1");
	mnl_attr_put(nlh, IFA_ADDRESS, 4, "\12\1\0\1");
	mnl_attr_put_strz(nlh, IFA_LABEL, "b0:1");
	assert_depends_on_nothing_else(nlh, RTM_NEWADDR, RTM_DELADDR);
}

static void test_route(void **state)
{
	_Alignas(NLMSG_ALIGNTO) uint8_t memory[1024] = { 0 };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(memory);
	struct rtmsg *header = mnl_nlmsg_put_extra_header(nlh, sizeof(*header));
	uint8_t via[2 + 16] = { AF_INET6 };

	(void)state;
	header->rtm_family = AF_INET;
	header->rtm_dst_len = 16;
	header->rtm_type = RTN_UNICAST;
	mnl_attr_put(nlh, RTA_DST, 4, "\12\11\0\0");
	mnl_attr_put_u32(nlh, RTA_OIF, 7);
	mnl_attr_put(nlh, RTA_VIA, sizeof(via), via);
	assert_depends_on_nothing_else(nlh, RTM_NEWROUTE, RTM_DELROUTE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rule),
		cmocka_unit_test(test_link),
		cmocka_unit_test(test_address),
		cmocka_unit_test(test_route),
	};

	return cmocka_run_group_tests_name("monitor_message", tests, NULL, NULL);
}
