/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who caused what the kernel announces late: whoever asked for it, as long as it is expected, and not for ever. */
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <libmnl/libmnl.h>

#include "monitor_state.h"

static time_t now = 1000;

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret_time);

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret_time)
{
	(void)clock;
	*ret_time = (struct timespec){ .tv_sec = now };
	return 0;
}

static const struct kernel_mark another = { .request = 77 };

/* fd00::N on link 7. */
static void fill(uint8_t address[static 16], uint16_t n)
{
	memset(address, 0, 16);
	address[0] = 0xfd;
	address[14] = (uint8_t)(n >> 8);
	address[15] = (uint8_t)n;
}

static void expect(struct kernel_monitor *m, uint16_t n, uint64_t request)
{
	const struct kernel_mark mark = { .request = request };
	struct kernel_expectation expectation = { .ifindex = 7 };

	fill(expectation.address, n);
	monitor_late_expect(m, &expectation, &mark);
}

static struct nlmsghdr *address_message(void *memory, uint16_t type, uint32_t ifindex, uint16_t n)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(memory);
	struct ifaddrmsg *ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));
	uint8_t address[16];

	fill(address, n);
	nlh->nlmsg_type = type;
	ifa->ifa_family = AF_INET6;
	ifa->ifa_prefixlen = 64;
	ifa->ifa_index = ifindex;
	mnl_attr_put(nlh, IFA_ADDRESS, sizeof(address), address);
	return nlh;
}

static struct nlmsghdr *local_route(void *memory, uint16_t n)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(memory);
	struct rtmsg *rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	uint8_t address[16];

	fill(address, n);
	nlh->nlmsg_type = RTM_NEWROUTE;
	rtm->rtm_family = AF_INET6;
	rtm->rtm_dst_len = 128;
	rtm->rtm_table = RT_TABLE_LOCAL;
	rtm->rtm_type = RTN_LOCAL;
	mnl_attr_put(nlh, RTA_DST, sizeof(address), address);
	mnl_attr_put_u32(nlh, RTA_OIF, 7);
	return nlh;
}

/* Who it is: the number of the request; 77 is the one that is under way. */
static uint64_t who(struct kernel_monitor *m, const struct nlmsghdr *nlh)
{
	static _Alignas(NLMSG_ALIGNTO) uint8_t memory[NETLINK_BUFFER_SIZE];
	struct kernel_change change = { .origin = KERNEL_DURING, .mark = &another };
	struct monitor_message message;

	assert_true(monitor_message_read(nlh, memory, &message));
	change.kind = message.kind;
	monitor_late_blame(m, message.compact, &change);
	assert_int_equal(change.origin, KERNEL_DURING);
	return change.mark->request;
}

static uint64_t who_added(struct kernel_monitor *m, uint32_t ifindex, uint16_t n)
{
	_Alignas(NLMSG_ALIGNTO) uint8_t memory[256] = { 0 };

	return who(m, address_message(memory, RTM_NEWADDR, ifindex, n));
}

static uint64_t who_routed(struct kernel_monitor *m, uint16_t n)
{
	_Alignas(NLMSG_ALIGNTO) uint8_t memory[256] = { 0 };

	return who(m, local_route(memory, n));
}

static void goes(struct kernel_monitor *m, uint16_t n)
{
	_Alignas(NLMSG_ALIGNTO) uint8_t memory[256] = { 0 };
	static _Alignas(NLMSG_ALIGNTO) uint8_t compact[NETLINK_BUFFER_SIZE];
	struct monitor_message message;

	assert_true(monitor_message_read(address_message(memory, RTM_DELADDR, 7, n), compact, &message));
	monitor_late_gone(m, &message);
}

static struct kernel_monitor *monitor(void)
{
	struct kernel_monitor *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	TAILQ_INIT(&m->late.list);
	return m;
}

static void test_expected(void **state)
{
	struct kernel_monitor *m = monitor();

	(void)state;
	expect(m, 1, 5);
	/* another link, another address */
	assert_int_equal(who_added(m, 8, 1), 77);
	assert_int_equal(who_added(m, 7, 2), 77);
	assert_int_equal(who_routed(m, 2), 77);
	assert_int_equal(who_added(m, 7, 1), 5);
	assert_int_equal(who_routed(m, 1), 5);
	/* that was all of it */
	assert_int_equal(who_routed(m, 1), 77);
	assert_int_equal(m->late.n, 0);
	free(m);
}

static void test_gone(void **state)
{
	struct kernel_monitor *m = monitor();

	(void)state;
	expect(m, 1, 5);
	expect(m, 2, 6);
	goes(m, 1);
	assert_int_equal(who_added(m, 7, 1), 77);
	/* asked for anew */
	expect(m, 1, 7);
	expect(m, 2, 8);
	assert_int_equal(who_added(m, 7, 1), 7);
	assert_int_equal(who_added(m, 7, 2), 8);
	assert_int_equal(m->late.n, 2);
	monitor_late_forget(m);
	assert_int_equal(who_added(m, 7, 1), 77);
	free(m);
}

static void test_bounds(void **state)
{
	struct kernel_monitor *m = monitor();

	(void)state;
	for (uint16_t i = 0; i <= LATE_MAX; i++)
		expect(m, i, 5);
	assert_int_equal(m->late.n, LATE_MAX);
	assert_int_equal(who_added(m, 7, 0), 77);
	assert_int_equal(who_added(m, 7, 1), 5);
	assert_int_equal(m->late.n, LATE_MAX);
	now += 10;
	assert_int_equal(who_added(m, 7, LATE_MAX), 5);
	now++;
	assert_int_equal(who_added(m, 7, LATE_MAX), 77);
	assert_int_equal(m->late.n, 0);
	free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expected),
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests_name("monitor_late", tests, NULL, NULL);
}
