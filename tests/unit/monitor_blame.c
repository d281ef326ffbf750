/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who changed WireGuard: each of several requests at once is the cause of what it alone may have changed, and nobody of the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

#include "monitor_state.h"

static const uint8_t first[32] = { 1 }, second[32] = { 2 };

static struct kernel_mark mark(uint64_t request, const char *link, bool about_peers, const uint8_t *peer)
{
	struct kernel_mark m = { .request = request, .looks = KERNEL_BIT(KERNEL_WIREGUARD), .about_peers = about_peers };

	strcpy(m.link, link);
	m.has_peer = peer != NULL;
	if (peer)
		memcpy(m.peer, peer, sizeof(m.peer));
	return m;
}

static void tell(struct kernel_monitor *m, struct kernel_mark about, bool begin, bool changed)
{
	about.begin = begin;
	about.changed = changed;
	m->n_marks++;
	monitor_blame_mark(m, (uint32_t)about.request, &about);
}

/* Who it was: the number of the request, 0 for a stranger, -1 for nobody knows. */
static int who(const struct kernel_monitor *m, const char *name, const uint8_t *peer)
{
	const struct kernel_mark *by = NULL;

	switch (monitor_blame(m, name, peer, &by)) {
	case KERNEL_DURING:
		return (int)by->request;
	case KERNEL_BY_STRANGER:
		return 0;
	case KERNEL_BY_SOMEBODY:
		return -1;
	case KERNEL_BY_REQUEST:
	case KERNEL_BY_US:
		break;
	}
	return -2;
}

static struct kernel_monitor *monitor(void)
{
	struct kernel_monitor *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	return m;
}

static void test_at_once(void **state)
{
	struct kernel_monitor *m = monitor();

	(void)state;
	/* a setting of one interface, a peer of another, and a peer of the first */
	for (int ended = 0; ended < 2; ended++) {
		tell(m, mark(1, "wg0", false, NULL), !ended, true);
		tell(m, mark(2, "wg1", true, first), !ended, true);
		tell(m, mark(3, "wg0", true, second), !ended, true);
		assert_int_equal(who(m, "wg0", NULL), 1);
		assert_int_equal(who(m, "wg1", first), 2);
		assert_int_equal(who(m, "wg0", second), 3);
		assert_int_equal(who(m, "wg1", NULL), 0);
		assert_int_equal(who(m, "wg2", first), 0);
		/* it may have lost an allowed IP to that, or its place to a new key */
		assert_int_equal(who(m, "wg1", second), 2);
		assert_int_equal(who(m, "wg0", first), -1);
	}
	/* all peers, and one of them */
	tell(m, mark(4, "wg1", true, NULL), true, true);
	assert_int_equal(who(m, "wg1", first), -1);
	assert_int_equal(who(m, "wg1", second), 4);
	assert_int_equal(who(m, "wg1", NULL), 0);
	tell(m, mark(4, "wg1", true, NULL), false, false);
	assert_int_equal(who(m, "wg1", first), 2);
	free(m);
}

static void test_over(void **state)
{
	struct kernel_monitor *m = monitor();

	(void)state;
	tell(m, mark(1, "wg0", true, first), true, true);
	tell(m, mark(1, "wg0", true, first), false, true);
	monitor_blame_read(m);
	/* this one was not seen when it was read */
	tell(m, mark(2, "wg0", true, second), true, true);
	tell(m, mark(3, "wg1", true, second), true, true);
	tell(m, mark(2, "wg0", true, second), false, true);
	monitor_blame_done(m);
	assert_int_equal(who(m, "wg0", second), 2);
	assert_int_equal(who(m, "wg0", first), 2);
	monitor_blame_read(m);
	monitor_blame_done(m);
	assert_int_equal(who(m, "wg0", second), 0);
	/* it goes on */
	assert_int_equal(who(m, "wg1", second), 3);
	monitor_blame_forget(m);
	assert_int_equal(who(m, "wg1", second), 0);
	free(m);
}

/* More than are kept: nobody is named any more, but who is not in doubt before it is read again. */
static void test_too_many(void **state)
{
	struct kernel_monitor *m = monitor();

	(void)state;
	for (uint64_t i = 1; i <= SUSPECTS_MAX + 1; i++)
		tell(m, mark(i, "wg0", false, NULL), true, true);
	assert_int_equal(who(m, "wg0", NULL), -1);
	assert_int_equal(who(m, "wg1", NULL), -1);
	for (uint64_t i = 1; i <= SUSPECTS_MAX + 1; i++)
		tell(m, mark(i, "wg0", false, NULL), false, false);
	monitor_blame_read(m);
	monitor_blame_done(m);
	assert_int_equal(who(m, "wg0", NULL), 0);
	free(m);
}

/* What was told last. */
struct told {
	unsigned int n;
	struct kernel_change change;
};

static void note(const struct kernel_change *change, void *userdata)
{
	struct told *told = userdata;

	told->n++;
	told->change = *change;
}

static void have_link(struct kernel_monitor *m, uint32_t ifindex, const char *name)
{
	struct image_key key = { .size = sizeof(ifindex) };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(m->compact);
	struct ifinfomsg *link = mnl_nlmsg_put_extra_header(nlh, sizeof(*link));
	struct nlattr *info;

	nlh->nlmsg_type = RTM_NEWLINK;
	link->ifi_index = (int)ifindex;
	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "wireguard");
	mnl_attr_nest_end(nlh, info);
	memcpy(key.bytes, &ifindex, sizeof(ifindex));
	assert_non_null(image_add(&m->image, KERNEL_LINK, &key, nlh, nlh->nlmsg_len));
	assert_int_equal(link_names_put(m->names, ifindex, name), 0);
}

/* All interfaces were read, and that one alone was found, or none. */
static void compare(struct kernel_monitor *m, uint32_t ifindex)
{
	struct wireguard_reading *w = &m->wireguard;

	w->is_read = true;
	if (ifindex) {
		w->device = calloc(1, sizeof(*w->device));
		assert_non_null(w->device);
		w->device[0] = calloc(1, sizeof(*w->device[0]));
		assert_non_null(w->device[0]);
		w->device[0]->device.ifindex = ifindex;
		w->n = 1;
	}
	monitor_blame_read(m);
	assert_int_equal(monitor_sync_wireguard(m), 0);
}

/* The kernel finds a link no more a while before it says that it is gone, and only then is it known whose doing it was. */
static void test_link_goes(void **state)
{
	struct kernel_monitor *m = monitor();
	struct kernel_mark deletes = { .request = 5 };
	struct told told = { 0 };
	struct image_entry *link;

	(void)state;
	m->changed = note;
	m->userdata = &told;
	m->kinds = KERNEL_BIT(KERNEL_LINK) | KERNEL_BIT(KERNEL_WIREGUARD);
	m->names = link_names_new();
	assert_non_null(m->names);
	assert_int_equal(image_open(&m->image), 0);
	have_link(m, 7, "wg0");
	compare(m, 7);
	assert_int_equal(told.n, 1);
	compare(m, 0);
	assert_int_equal(told.n, 1);
	link = TAILQ_FIRST(&m->image.entries);
	assert_int_equal(link->kind, KERNEL_LINK);
	image_take(&m->image, link);
	image_release(link);
	monitor_blame_link(m, &deletes, "wg0");
	compare(m, 0);
	assert_int_equal(told.n, 2);
	assert_int_equal(told.change.what, KERNEL_WENT);
	assert_int_equal(told.change.origin, KERNEL_DURING);
	image_close(&m->image);
	kernel_link_names_free(&m->names);
	free(m);
}

/* The same where the kernel says so when it was read, and not yet compared, what was there before. */
static void test_link_goes_meanwhile(void **state)
{
	struct kernel_monitor *m = monitor();
	struct kernel_mark deletes = { .request = 5 };
	struct told told = { 0 };
	struct image_entry *link;

	(void)state;
	m->changed = note;
	m->userdata = &told;
	m->kinds = KERNEL_BIT(KERNEL_LINK) | KERNEL_BIT(KERNEL_WIREGUARD);
	m->names = link_names_new();
	assert_non_null(m->names);
	assert_int_equal(image_open(&m->image), 0);
	have_link(m, 7, "wg0");
	compare(m, 7);
	assert_int_equal(told.n, 1);
	m->wireguard.is_read = true;
	link = TAILQ_FIRST(&m->image.entries);
	assert_int_equal(link->kind, KERNEL_LINK);
	image_take(&m->image, link);
	image_release(link);
	monitor_blame_link(m, &deletes, "wg0");
	compare(m, 7);
	assert_int_equal(told.n, 1);
	compare(m, 0);
	assert_int_equal(told.n, 2);
	assert_int_equal(told.change.what, KERNEL_WENT);
	assert_int_equal(told.change.origin, KERNEL_DURING);
	image_close(&m->image);
	kernel_link_names_free(&m->names);
	free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_at_once),
		cmocka_unit_test(test_over),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_link_goes),
		cmocka_unit_test(test_link_goes_meanwhile),
	};

	return cmocka_run_group_tests_name("monitor_blame", tests, NULL, NULL);
}
