/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * transaction.run: what waits to be confirmed may be 8 MiB of a user, with all that is kept for it in memory and in the ledger's file;
 * what would be more is refused before it is there.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "text.h"
#include "world.h"

#define ALICE 4242

/* The steps of a transaction, and the routes that each loads: so that there are less transactions than may wait. */
#define STEPS 4u
#define LOAD  500u

#define BOUND ((size_t)8 << 20)

static int begin(void **state)
{
	*state = world_start(&(struct world_options){ .policy = "allow * all", .open_to_all = true });
	return 0;
}

static void load(struct hycan *h, uint32_t first)
{
	struct hycan_route *routes = calloc(LOAD, sizeof(*routes));

	assert_non_null(routes);
	for (uint32_t i = 0; i < LOAD; i++) {
		const uint32_t address = htonl(0x0a000000 + first + i);

		routes[i] = (struct hycan_route){ .destination = prefix_of("10.0.0.0/32"),
			                          .has_type = true,
			                          .type = HYCAN_ROUTE_TYPE_BLACKHOLE };
		memcpy(routes[i].destination.address.bytes, &address, sizeof(address));
	}
	assert_done(h, hycan_route_load(h, routes, LOAD, NULL, NULL));
	free(routes);
}

/* Those that wait stay, and the one that would be too much is refused, and is not there. */
static void until_refused(struct world *w)
{
	const struct hycan_transaction_run_options options = {
		.has_confirm_within = true, .confirm_within = 600, .has_detached = true, .detached = true
	};
	struct hycan *h = NULL;
	int r = 0;

	assert_int_equal(hycan_open(&h, w->socket), 0);
	for (uint32_t n = 0; r == 0; n++) {
		assert_in_range(n, 0, 15);
		assert_done(h, hycan_transaction_begin(h));
		for (uint32_t i = 0; i < STEPS; i++)
			load(h, n << 16 | i * LOAD);
		r = hycan_transaction_commit(h, &options, NULL);
		if (r)
			free(shell("ip route | wc -l | grep -qx %u", n * STEPS * LOAD));
	}
	assert_refused(h, r, HYCAN_REFUSAL_LIMIT);
	assert_string_equal(hycan_error_field(h), "confirm_within");
	assert_contains(hycan_error_message(h), "8388608 may those of a user: confirm or cancel one");
	hycan_close(h);
}

static void test_user(void **state)
{
	struct world *w = *state;
	struct stat st;
	char path[128];

	world_as(ALICE, ALICE, until_refused, w);
	snprintf(path, sizeof(path), "%s.d/ledger", w->socket);
	assert_int_equal(stat(path, &st), 0);
	/* the objects, too; and the file grows by an eighth */
	assert_in_range(st.st_size, BOUND / 2, BOUND / 2 * 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_user, begin, world_end),
	};

	return cmocka_run_group_tests_name("bounds of transactions that are to be confirmed", tests, NULL, NULL);
}
