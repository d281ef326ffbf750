/* SPDX-License-Identifier: GPL-2.0-or-later */
/* address.list */
#include "routing.h"

#include <stdlib.h>
#include <string.h>

/* The one of that text; there is exactly one. */
static const struct hycan_link_address *find(const struct hycan_link_address *a, size_t n, const char *text)
{
	const struct hycan_link_address *found = NULL;

	for (size_t i = 0; i < n; i++) {
		char words[HYCAN_ADDRESS_TEXT_SIZE];

		if (strcmp(hycan_prefix_format(&a[i].address, words, sizeof(words)), text) != 0)
			continue;
		assert_null(found);
		found = &a[i];
	}
	if (!found)
		fail_msg("%s is not in the list", text);
	return found;
}

static size_t list(struct world *w, const struct hycan_address_list_options *options, struct hycan_link_address **ret_a)
{
	size_t n = 0;

	*ret_a = NULL;
	assert_done(w->h, hycan_address_list(w->h, options, ret_a, &n));
	return n;
}

static void tells_every_property(void **state)
{
	struct world *w = *state;
	const struct hycan_link_address *one;
	struct hycan_link_address *a;
	char words[HYCAN_ADDRESS_TEXT_SIZE];
	size_t n;

	free(shell("ip address add 10.1.0.1/24 broadcast + label va:one scope link metric 7 noprefixroute dev va "
	           "valid_lft 900 preferred_lft 500"));
	free(shell("ip address add 10.2.0.1 peer 10.2.0.2/16 dev va && ip address add fd00:2::1/64 nodad dev vb "
	           "preferred_lft 0"));
	n = list(w, NULL, &a);

	one = find(a, n, "10.1.0.1/24");
	assert_string_equal(one->link, "va");
	assert_true(one->has_broadcast && one->has_label && one->has_metric && one->has_no_prefix_route);
	assert_string_equal(hycan_address_format(&one->broadcast, words, sizeof(words)), "10.1.0.255");
	assert_string_equal(one->label, "va:one");
	assert_true(one->has_scope && one->scope == HYCAN_SCOPE_LINK);
	assert_int_equal(one->metric, 7);
	assert_true(one->has_valid_lifetime && one->valid_lifetime <= 900 && one->valid_lifetime > 800);
	assert_true(one->has_preferred_lifetime && one->preferred_lifetime <= 500 && one->preferred_lifetime > 400);
	assert_false(one->has_peer || one->has_no_dad);

	one = find(a, n, "10.2.0.1/32");
	assert_true(one->has_peer);
	assert_string_equal(hycan_prefix_format(&one->peer, words, sizeof(words)), "10.2.0.2/16");
	assert_false(one->has_broadcast || one->has_label || one->has_metric || one->has_valid_lifetime);

	one = find(a, n, "fd00:2::1/64");
	assert_string_equal(one->link, "vb");
	assert_true(one->has_no_dad && one->no_dad);
	assert_true(one->has_preferred_lifetime && one->preferred_lifetime == 0);
	assert_false(one->has_valid_lifetime || one->has_peer || one->has_label);

	one = find(a, n, "127.0.0.1/8");
	assert_string_equal(one->link, "lo");
	assert_true(one->scope == HYCAN_SCOPE_HOST);
	free(a);
}

static void filters(void **state)
{
	struct world *w = *state;
	struct hycan_address_list_options options = { .has_link = true, .link = "va" };
	struct hycan_link_address *a;

	assert_int_equal(list(w, &options, &a), 2);
	free(a);
	options.has_family = true;
	options.family = HYCAN_FAMILY_IPV6;
	assert_int_equal(list(w, &options, &a), 1);
	assert_int_equal(a->address.address.family, HYCAN_FAMILY_IPV6);
	free(a);
	options.has_link = false;
	options.family = HYCAN_FAMILY_IPV4;
	assert_int_equal(list(w, &options, &a), 2);
	free(a);
	options = (struct hycan_address_list_options){ .has_link = true, .link = "vb" };
	assert_int_equal(list(w, &options, &a), 0);
	free(a);
	options = (struct hycan_address_list_options){ .has_link = true, .link = "nolink" };
	assert_refused(w->h, hycan_address_list(w->h, &options, NULL, NULL), HYCAN_REFUSAL_NOT_FOUND);
	assert_contains(hycan_error_message(w->h), "no link “nolink”");
}

static void tells_thousands(void **state)
{
	struct world *w = *state;
	const struct hycan_address_list_options options = { .has_link = true, .link = "vb" };
	struct hycan_link_address *a;

	free(shell("python3 -c 'for i in range(5000): print(\"address add 10.9.%%d.%%d/32 dev vb\" %% (i // 250, i %% 250))' |"
	           " ip -batch -"));
	assert_int_equal(list(w, &options, &a), 5000);
	free(a);
	assert_int_equal(list(w, NULL, &a), 5000 + 4);
	free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(tells_every_property, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(filters, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(tells_thousands, routing_begin_with_addresses, world_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
