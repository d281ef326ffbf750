/* SPDX-License-Identifier: GPL-2.0-or-later */
/* transaction.run: all or nothing. What each operation takes back is in tests/ops/transaction/undo.c. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <hycan/schema.h>

#include "objects.h"
#include "text.h"
#include "view.h"
#include "world.h"

static struct hycan_link_address address_on(const char *link, const char *text)
{
	struct hycan_link_address a = { 0 };

	snprintf(a.link, sizeof(a.link), "%s", link);
	a.address = prefix_of(text);
	return a;
}

/* A pair that is up, in the namespace of the test. */
static void make_pair(void)
{
	free(shell("ip link add tx0 type veth peer name tx1 && ip link set tx0 up && ip link set tx1 up"));
	view_settle();
}

/* What the log says of a transaction of this process. */
static const char *ran(const char *result)
{
	static char line[64];

	snprintf(line, sizeof(line), "transaction.run by uid 0 (pid %d)%s", getpid(), result);
	return line;
}

static size_t count(const char *text, const char *part)
{
	size_t n = 0;

	for (text = strstr(text, part); text; text = strstr(text + 1, part))
		n++;
	return n;
}

static void test_all(void **state)
{
	struct world *w = *state;
	struct hycan_link_address a = address_on("tx0", "10.1.0.1/24"), b = address_on("tx1", "10.2.0.1/24");
	struct hycan_transaction_run_reply *reply = NULL;
	char *text;

	make_pair();
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_address_add(w->h, &a));
	assert_done(w->h, hycan_address_add(w->h, &b));
	text = shell("ip -4 addr");
	assert_lacks(text, "10.1.0.1");
	free(text);
	assert_done(w->h, hycan_transaction_commit(w->h, NULL, &reply));
	assert_int_equal(reply->n_results, 2);
	assert_false(reply->unchanged || reply->results[0].unchanged || reply->results[1].unchanged);
	free(reply);
	text = shell("ip -4 addr");
	assert_contains(text, "10.1.0.1/24");
	assert_contains(text, "10.2.0.1/24");
	free(text);
	/* the same again changes nothing, and says so */
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_address_add(w->h, &a));
	assert_done(w->h, hycan_transaction_commit(w->h, NULL, &reply));
	assert_true(reply->unchanged && reply->results[0].unchanged);
	free(reply);
	text = world_log(w);
	assert_int_equal(count(text, ran(": done")), 1);
	assert_int_equal(count(text, ran(": unchanged")), 1);
	free(text);
	/* and so does nothing at all */
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_transaction_commit(w->h, NULL, &reply));
	assert_true(reply->unchanged && reply->n_results == 0);
	free(reply);
}

static void test_nothing(void **state)
{
	struct world *w = *state;
	struct hycan_link_address a = address_on("tx0", "10.1.0.1/24"), b = address_on("none", "10.2.0.1/24");
	char *before, *after, line[256];

	make_pair();
	before = shell("ip -d addr; ip route show table all");
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_address_add(w->h, &a));
	assert_done(w->h, hycan_address_add(w->h, &b));
	assert_done(w->h, hycan_link_up(w->h, "tx0"));
	assert_refused(w->h, hycan_transaction_commit(w->h, NULL, NULL), HYCAN_REFUSAL_NOT_FOUND);
	assert_string_equal(hycan_error_message(w->h),
	                    "Step 2 of 3, address.add: There is no link “none” in this network namespace.");
	assert_string_equal(hycan_error_field(w->h), "link");
	assert_int_equal(hycan_error_step(w->h), 1);
	after = shell("ip -d addr; ip route show table all");
	assert_string_equal(before, after);
	free(before);
	free(after);
	/* nor has the ledger anything of it */
	assert_int_equal(objects_count(w->h), 0);
	/* what was done meanwhile, and undone, is in the log */
	after = world_log(w);
	snprintf(line, sizeof(line), "address.add tx0 10.1.0.1/24 by uid 0 (pid %d): done", getpid());
	assert_contains(after, line);
	snprintf(line, sizeof(line),
	         "address.remove tx0 10.1.0.1/24 for uid 0 (pid %d), because a step of the same transaction failed: done",
	         getpid());
	assert_contains(after, line);
	/* and so is what the step that failed was about */
	snprintf(line, sizeof(line),
	         "transaction.run none 10.2.0.1/24 by uid 0 (pid %d): not_found: Step 2 of 3, address.add: There is no link",
	         getpid());
	assert_contains(after, line);
	assert_lacks(after, "link.up");
	free(after);
	/* the next failure is about no step */
	assert_refused(w->h, hycan_link_up(w->h, "none"), HYCAN_REFUSAL_NOT_FOUND);
	assert_int_equal(hycan_error_step(w->h), -1);
}

/* A step as it is sent, with attributes of our own choice. */
static int run_one(struct world *w, uint16_t operation, const void *attributes, size_t size)
{
	const struct hycan_step steps[] = {
		{ .operation = HYCAN_OPERATION_FORWARDING_SET,
		  .request = { .data = "\5\0\1\0\2\0\0\0\5\0\2\0\1\0\0\0", .size = 16 } },
		{ .operation = operation, .request = { .data = attributes, .size = size } },
	};

	return hycan_transaction_run(w->h, steps, 2, NULL, NULL);
}

static void assert_forwarding_is_off(void)
{
	free(shell("grep -qx 0 /proc/sys/net/ipv4/ip_forward"));
}

/* What is wrong in any step is said before the first is carried out. */
static void test_before(void **state)
{
	struct world *w = *state;

	assert_refused(w->h, run_one(w, 0x7777, "", 0), HYCAN_REFUSAL_UNKNOWN);
	assert_contains(hycan_error_message(w->h), "There is no operation 0x7777");
	assert_refused(w->h, run_one(w, HYCAN_OPERATION_LINK_LIST, "", 0), HYCAN_REFUSAL_INVALID);
	assert_contains(hycan_error_message(w->h), "link.list does not change the kernel");
	assert_refused(w->h, run_one(w, HYCAN_OPERATION_TRANSACTION_RUN, "", 0), HYCAN_REFUSAL_INVALID);
	assert_refused(w->h, run_one(w, HYCAN_OPERATION_SESSION_NETNS, "", 0), HYCAN_REFUSAL_INVALID);
	assert_refused(w->h, run_one(w, HYCAN_OPERATION_LINK_UP, "", 0), HYCAN_REFUSAL_MALFORMED);
	assert_int_equal(hycan_error_step(w->h), 1);
	assert_refused(w->h, run_one(w, HYCAN_OPERATION_LINK_UP, "\7\0\1\0a/\0", 8), HYCAN_REFUSAL_INVALID);
	assert_string_equal(hycan_error_field(w->h), "name");
	assert_refused(w->h, run_one(w, HYCAN_OPERATION_LINK_UP, "\x30\0\1\0a\0\0", 8), HYCAN_REFUSAL_MALFORMED);
	assert_forwarding_is_off();
}

/* What is left behind the deletion of a link is looked at before, and nothing is deleted if that is refused. */
static void test_final(void **state)
{
	struct world *w = *state;
	struct hycan_link_address a = address_on("tx0", "10.1.0.1/24"), b = address_on("ty0", "10.2.0.1/24");
	char *text;

	make_pair();
	free(shell("ip link add ty0 type veth peer name ty1"));
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_link_delete(w->h, "tx0"));
	assert_done(w->h, hycan_address_add(w->h, &b));
	assert_done(w->h, hycan_address_add(w->h, &a));
	assert_refused(w->h, hycan_transaction_commit(w->h, NULL, NULL), HYCAN_REFUSAL_NOT_FOUND);
	assert_int_equal(hycan_error_step(w->h), 2);
	text = shell("ip link show tx0; ip addr show ty0");
	assert_lacks(text, "10.2.0.1");
	free(text);
	/* the other end goes along, and need not be there any more */
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_link_delete(w->h, "tx0"));
	assert_done(w->h, hycan_address_add(w->h, &b));
	assert_done(w->h, hycan_link_delete(w->h, "tx1"));
	assert_done(w->h, hycan_transaction_commit(w->h, NULL, NULL));
	free(shell("ip addr show ty0 | grep -q 10.2.0.1/24"));
	assert_int_not_equal(shell_status(NULL, "ip link show tx0"), 0);
	assert_int_equal(objects_count(w->h), 1);
	make_pair();
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_address_add(w->h, &a));
	assert_done(w->h, hycan_link_delete(w->h, "tx0"));
	assert_done(w->h, hycan_transaction_commit(w->h, NULL, NULL));
	assert_int_not_equal(shell_status(NULL, "ip link show tx0"), 0);
}

/* A link that is deleted and made again in one transaction; what then fails does not bring the former back. */
static void test_again(void **state)
{
	const struct hycan_vcan_create_options fd = { .has_mtu = true, .mtu = 72 };
	struct world *w = *state;
	struct hycan_route nowhere = { .destination = prefix_of("10.9.0.0/16"),
		                       .has_via = true,
		                       .via = prefix_of("203.0.113.1/32").address };

	need_kind("vcan");
	assert_done(w->h, hycan_vcan_create(w->h, "tx0", NULL, NULL));
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_link_delete(w->h, "tx0"));
	assert_done(w->h, hycan_vcan_create(w->h, "tx0", &fd, NULL));
	assert_done(w->h, hycan_link_up(w->h, "tx0"));
	assert_done(w->h, hycan_transaction_commit(w->h, NULL, NULL));
	free(shell("ip link show tx0 up | grep -q 'mtu 72'"));
	assert_int_equal(objects_count(w->h), 1);
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_vcan_create(w->h, "tx1", NULL, NULL));
	assert_done(w->h, hycan_link_delete(w->h, "tx0"));
	assert_done(w->h, hycan_vcan_create(w->h, "tx0", NULL, NULL));
	assert_done(w->h, hycan_route_add(w->h, &nowhere));
	assert_refused(w->h, hycan_transaction_commit(w->h, NULL, NULL), HYCAN_REFUSAL_INVALID);
	assert_int_equal(hycan_error_step(w->h), 3);
	assert_contains(hycan_error_message(w->h), "The links that were deleted before stay so.");
	assert_int_not_equal(shell_status(NULL, "ip link show tx0"), 0);
	assert_int_not_equal(shell_status(NULL, "ip link show tx1"), 0);
}

/* Of a list that is tried again behind a link's deletion, what the first try made is taken back, too. */
static void test_list_tried_again(void **state)
{
	struct world *w = *state;
	const struct hycan_route routes[] = {
		{ .destination = prefix_of("20.0.0.0/8"), .has_via = true, .via = prefix_of("10.1.0.2/32").address },
		{ .destination = prefix_of("21.0.0.0/8"), .has_via = true, .via = prefix_of("203.0.113.1/32").address },
	};

	make_pair();
	free(shell("ip addr add 10.1.0.1/24 dev tx0 && ip link add tx9 type bridge"));
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_link_delete(w->h, "tx9"));
	assert_done(w->h, hycan_route_load(w->h, routes, 2, NULL, NULL));
	assert_refused(w->h, hycan_transaction_commit(w->h, NULL, NULL), HYCAN_REFUSAL_INVALID);
	assert_contains(hycan_error_message(w->h), "The links that were deleted before stay so.");
	free(shell("! ip route | grep -q 20.0.0.0/8"));
	assert_int_equal(objects_count(w->h), 0);
}

/* A request that cannot be kept spoils the transaction; one that is abandoned never was. */
static void test_kept(void **state)
{
	struct world *w = *state;
	struct hycan_forwarding_set_options options = { .has_interface = true };

	memset(options.interface, 'x', sizeof(options.interface));
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_int_equal(hycan_transaction_begin(w->h), -EBUSY);
	assert_int_equal(hycan_forwarding_set(w->h, HYCAN_FAMILY_IPV4, true, &options), -EINVAL);
	assert_done(w->h, hycan_forwarding_set(w->h, HYCAN_FAMILY_IPV4, true, NULL));
	assert_int_equal(hycan_transaction_commit(w->h, NULL, NULL), -EINVAL);
	assert_contains(hycan_error_message(w->h), "interface");
	assert_int_equal(hycan_transaction_commit(w->h, NULL, NULL), -EINVAL);
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_forwarding_set(w->h, HYCAN_FAMILY_IPV4, true, NULL));
	hycan_transaction_abandon(w->h);
	assert_forwarding_is_off();
	assert_done(w->h, hycan_forwarding_set(w->h, HYCAN_FAMILY_IPV4, true, NULL));
	free(shell("grep -qx 1 /proc/sys/net/ipv4/ip_forward"));
}

/* What could not be put back as it was is not taken away where it may have to be. */
static void test_without_words(void **state)
{
	static const char *const theirs[] = {
		"-4 route add 10.5.0.0/16 via 10.1.0.9 advmss 1200",
		"-4 route add 10.5.0.0/16 via 10.1.0.9 mtu lock 1300",
		"-4 route add 10.5.0.0/16 nexthop via 10.1.0.9 weight 2 nexthop via 10.1.0.8 realms 5",
		"-6 route add fd05::/64 via fd01::9 hoplimit 9",
		"-6 route add fd05::/64 via fd01::9 expires 1000",
		"-6 route add fd05::/64 via fd01::9 pref high",
	};
	struct world *w = *state;
	char *before, *after;

	make_pair();
	free(shell("ip addr add 10.1.0.1/24 dev tx0 && ip addr add fd01::1/64 dev tx0 nodad"));
	view_settle();
	for (size_t i = 0; i < sizeof(theirs) / sizeof(*theirs); i++) {
		bool six = theirs[i][1] == '6';
		struct hycan_route route = { .destination = prefix_of(six ? "fd05::/64" : "10.5.0.0/16"),
			                     .has_link = true,
			                     .link = "tx1" };

		/* of some things a kernel may know nothing */
		if (shell_status(NULL, "ip %s", theirs[i]) != 0)
			continue;
		before = shell("ip -d %.2s route | sed 's/expires [0-9]*sec//'", theirs[i]);
		assert_done(w->h, hycan_transaction_begin(w->h));
		assert_done(w->h, hycan_route_remove(w->h, &route.destination, NULL));
		assert_done(w->h, hycan_link_up(w->h, "nope"));
		assert_refused(w->h, hycan_transaction_commit(w->h, NULL, NULL), HYCAN_REFUSAL_UNSUPPORTED);
		assert_contains(hycan_error_message(w->h), "no words for");
		assert_done(w->h, hycan_transaction_begin(w->h));
		assert_done(w->h, hycan_route_replace(w->h, &route));
		assert_refused(w->h, hycan_transaction_commit(w->h, NULL, NULL), HYCAN_REFUSAL_UNSUPPORTED);
		assert_contains(hycan_error_message(w->h), "no words for");
		after = shell("ip -d %.2s route | sed 's/expires [0-9]*sec//'", theirs[i]);
		assert_string_equal(before, after);
		free(before);
		free(after);
		/* by itself it can be taken away */
		assert_done(w->h, hycan_route_remove(w->h, &route.destination, NULL));
	}
	/* what there are words for can be put back */
	free(shell("ip route add 10.5.0.0/16 nexthop via 10.1.0.9 weight 2 nexthop dev tx1 && "
	           "ip -6 route add fd05::/64 via fd01::9 mtu 1400 metric 7"));
	for (int i = 0; i < 2; i++) {
		struct hycan_prefix p = prefix_of(i ? "fd05::/64" : "10.5.0.0/16");

		before = shell("ip -d route; ip -d -6 route");
		assert_done(w->h, hycan_transaction_begin(w->h));
		assert_done(w->h, hycan_route_remove(w->h, &p, NULL));
		assert_done(w->h, hycan_link_up(w->h, "nope"));
		assert_refused(w->h, hycan_transaction_commit(w->h, NULL, NULL), HYCAN_REFUSAL_NOT_FOUND);
		after = shell("ip -d route; ip -d -6 route");
		assert_string_equal(before, after);
		free(before);
		free(after);
	}
}

static void as_stranger(struct world *w)
{
	struct hycan *h;

	assert_int_equal(hycan_open(&h, w->socket), 0);
	assert_done(h, hycan_transaction_begin(h));
	assert_done(h, hycan_forwarding_set(h, HYCAN_FAMILY_IPV4, true, NULL));
	assert_done(h, hycan_link_up(h, "lo"));
	assert_refused(h, hycan_transaction_commit(h, NULL, NULL), HYCAN_REFUSAL_DENIED);
	assert_int_equal(hycan_error_step(h), 1);
	hycan_close(h);
}

/* Policy judges each step, and all of them before the first is carried out. */
static void test_policy(void **state)
{
	const struct world_options options = { .policy = "allow 65534 forwarding.set\n", .open_to_all = true };
	struct world *w = world_start(&options);
	char *log;

	*state = w;
	world_as(65534, 65534, as_stranger, w);
	assert_forwarding_is_off();
	log = world_log(w);
	assert_contains(log, "transaction.run lo by uid 65534");
	assert_contains(log, ": denied: Step 2 of 2, link.up: ");
	free(log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_nothing, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_before, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_final, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_again, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_list_tried_again, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_kept, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_without_words, world_begin, world_end),
		cmocka_unit_test_teardown(test_policy, world_end),
	};

	return cmocka_run_group_tests_name("transaction.run", tests, NULL, NULL);
}
