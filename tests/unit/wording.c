/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the log says of a request: all of it, but for keys, and no more than there is room for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "job.h"
#include "text.h"
#include "wording.h"

static struct job *begin(uint16_t operation)
{
	struct job *job = calloc(1, sizeof(*job));

	assert_non_null(job);
	job->operation = hycan_operation_by_number(operation);
	job->decoded = true;
	return job;
}

static void assert_said(struct job *job, const char *expected)
{
	char text[1024];

	wording_request(job, text, sizeof(text));
	assert_string_equal(text, expected);
	free(job);
}

static void says_structures(void **state)
{
	const struct hycan_address web[] = { address_of("10.9.0.2"), address_of("fd09::2") }, db[] = { address_of("10.9.0.3") };
	const struct hycan_dns_host hosts[] = {
		{ .name = "web", .addresses = web, .n_addresses = 2 },
		{ .name = "db", .addresses = db, .n_addresses = 1 },
	};
	struct job *job = begin(HYCAN_OPERATION_DNS_SET);

	(void)state;
	job->request.dns_set_request = (struct hycan_dns_set_request){ .vlan_id = 100, .hosts = hosts, .n_hosts = 2 };
	assert_said(job, "vlan_id=100 hosts={name=web addresses=10.9.0.2,fd09::2}{name=db addresses=10.9.0.3}");
}

static void keeps_keys(void **state)
{
	const struct hycan_prefix allowed = prefix_of("10.0.0.0/8");
	const struct hycan_wireguard_peer_config peer = { .public_key = { { 1 } },
		                                          .has_preshared_key = true,
		                                          .preshared_key = { { 2 } },
		                                          .has_allowed_ips = true,
		                                          .allowed_ips = &allowed,
		                                          .n_allowed_ips = 1 };
	struct job *job = begin(HYCAN_OPERATION_WIREGUARD_SYNC);

	(void)state;
	job->request.wireguard_sync_request = (struct hycan_wireguard_sync_request){ .name = "wg0", .peers = &peer, .n_peers = 1 };
	assert_said(job, "name=wg0 peers={public_key=AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= allowed_ips=10.0.0.0/8}");
}

/* Of what does not fit the beginning is there, and nothing behind the room for it. */
static void is_cut(void **state)
{
	enum { N = 1000 };
	struct hycan_route *routes = calloc(N, sizeof(*routes));
	struct job *job = begin(HYCAN_OPERATION_ROUTE_LOAD);
	char text[64];

	(void)state;
	assert_non_null(routes);
	for (size_t i = 0; i < N; i++)
		routes[i].destination = prefix_of("10.0.0.0/8");
	job->request.route_load_request = (struct hycan_route_load_request){ .routes = routes, .n_routes = N };
	memset(text, 'x', sizeof(text));
	wording_request(job, text, sizeof(text) - 1);
	assert_int_equal(strlen(text), sizeof(text) - 2);
	assert_int_equal(text[sizeof(text) - 1], 'x');
	assert_memory_equal(text, "routes={destination=10.0.0.0/8", 30);
	free(routes);
	free(job);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_structures),
		cmocka_unit_test(keeps_keys),
		cmocka_unit_test(is_cut),
	};

	return cmocka_run_group_tests_name("wording", tests, NULL, NULL);
}
