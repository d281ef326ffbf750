/* SPDX-License-Identifier: GPL-2.0-or-later */
/* address.remove */
#include "clients.h"
#include "objects.h"

#include <stdlib.h>
#include <unistd.h>

static void removes(struct world *w, const char *text)
{
	const struct hycan_prefix address = prefix_of(text);

	assert_done(w->h, hycan_address_remove(w->h, "va", &address));
	assert_output("", "ip -o address show dev va to %s", text);
	assert_refused(w->h, hycan_address_remove(w->h, "va", &address), HYCAN_REFUSAL_NOT_FOUND);
	assert_contains(hycan_error_message(w->h), text);
	assert_string_equal(hycan_error_field(w->h), "address");
}

static void removes_addresses(void **state)
{
	struct world *w = *state;

	removes(w, "10.0.0.1/24");
	removes(w, "fd00::1/64");
	assert_output("", "ip route show; ip -6 route show");
}

static void leaves_another_length_alone(void **state)
{
	struct world *w = *state;
	struct hycan_prefix address = prefix_of("10.0.0.1/16");

	assert_refused(w->h, hycan_address_remove(w->h, "va", &address), HYCAN_REFUSAL_NOT_FOUND);
	address = prefix_of("fd00::1/48");
	assert_refused(w->h, hycan_address_remove(w->h, "va", &address), HYCAN_REFUSAL_NOT_FOUND);
	assert_output("2\n", "ip -o address show dev va | wc -l");
}

static void removes_one_with_a_far_end(void **state)
{
	struct world *w = *state;
	static const char *const given[] = { "10.1.0.1/32", "10.1.0.1/24", "fd00:1::1/128", "fd00:1::1/64" };

	for (size_t i = 0; i < 4; i++) {
		const struct hycan_prefix address = prefix_of(given[i]);

		free(shell(i < 2 ? "ip address add 10.1.0.1 peer 10.1.0.2/24 dev va"
		                 : "ip address add fd00:1::1 peer fd00:1::2/64 dev va"));
		assert_output("3\n", "ip -o address show dev va | wc -l");
		assert_done(w->h, hycan_address_remove(w->h, "va", &address));
		assert_output("2\n", "ip -o address show dev va | wc -l");
	}
}

static void what_is_listed_can_be_removed(void **state)
{
	struct world *w = *state;
	const struct hycan_address_list_options options = { .has_link = true, .link = "va" };
	struct hycan_link_address *a = NULL;
	size_t n;

	free(shell("ip address add 10.1.0.1 peer 10.1.0.2/24 dev va && ip address add fd00:1::1 peer fd00:1::2/64 dev va && "
	           "ip address add 10.3.0.1/32 dev va && ip address add 10.3.0.1/24 dev va"));
	assert_done(w->h, hycan_address_list(w->h, &options, &a, &n));
	assert_int_equal(n, 6);
	for (size_t i = 0; i < n; i++)
		assert_done(w->h, hycan_address_remove(w->h, a[i].link, &a[i].address));
	assert_output("", "ip -o address show dev va");
	free(a);
}

static void says_that_there_is_no_link(void **state)
{
	struct world *w = *state;
	const struct hycan_prefix address = prefix_of("10.0.0.1/24");

	assert_refused(w->h, hycan_address_remove(w->h, "nolink", &address), HYCAN_REFUSAL_NOT_FOUND);
	assert_string_equal(hycan_error_field(w->h), "link");
	assert_contains(hycan_error_message(w->h), "no link “nolink”");
	assert_refused(w->h, hycan_address_remove(w->h, "vb", &address), HYCAN_REFUSAL_NOT_FOUND);
	assert_string_equal(hycan_error_field(w->h), "address");
}

/* Of a link whose MTU is too small for IPv6, or IPv4, the kernel says that it has none, and not that the address is not there. */
static void has_none_without_the_protocol(void **state)
{
	const struct hycan_transaction_run_options may_be_gone = { .has_may_be_gone = true, .may_be_gone = true };
	const struct hycan_link_address held[] = { { .link = "va", .address = prefix_of("fd01::1/64") },
		                                   { .link = "lo", .address = prefix_of("10.77.0.1/24") } };
	struct hycan_transaction_run_reply *reply = NULL;
	struct world *w = *state;

	client_choose_drift(w->h, HYCAN_DRIFT_IGNORE);
	for (size_t i = 0; i < 2; i++)
		assert_done(w->h, hycan_address_add(w->h, &held[i]));
	free(shell("ip link set va mtu 1279 && ip link set lo mtu 67"));
	assert_int_equal(objects_count(w->h), 2);
	for (size_t i = 0; i < 2; i++) {
		assert_done(w->h, hycan_transaction_begin(w->h));
		assert_done(w->h, hycan_address_remove(w->h, held[i].link, &held[i].address));
		assert_done(w->h, hycan_transaction_commit(w->h, &may_be_gone, &reply));
		assert_true(reply->unchanged);
		free(reply);
		reply = NULL;
		assert_refused(w->h, hycan_address_remove(w->h, held[i].link, &held[i].address), HYCAN_REFUSAL_NOT_FOUND);
		assert_string_equal(hycan_error_field(w->h), "address");
	}
	assert_int_equal(objects_count(w->h), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(removes_addresses, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(leaves_another_length_alone, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(removes_one_with_a_far_end, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(what_is_listed_can_be_removed, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(says_that_there_is_no_link, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(has_none_without_the_protocol, routing_begin, world_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
