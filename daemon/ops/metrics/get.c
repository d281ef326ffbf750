/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * metrics.get: what the daemon counts, and what the kernel counts of networks, as Prometheus reads it.
 *
 * All links are read at once, which is two requests however many networks there are. Where the kernel does not tell of
 * networks, what the daemon counts is told all the same; health.get says what is wrong.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "kernel/link.h"
#include "kernel/network.h"
#include "table.h"

/* Of the networks, by VLAN as they are listed. */
struct counted {
	struct hycan_network_state *state;
	size_t n;
};

static int compare_vlans(const void *a, const void *b)
{
	const struct hycan_network_state *x = a, *y = b;

	return (x->vlan_id > y->vlan_id) - (x->vlan_id < y->vlan_id);
}

static int found_link(const struct hycan_link *link, void *userdata)
{
	const struct counted *c = userdata;
	const struct hycan_network_state key = { .vlan_id = link->has_vlan_id ? link->vlan_id : 0 };
	struct hycan_network_state *state = bsearch(&key, c->state, c->n, sizeof(key), compare_vlans);

	if (state && strcmp(state->link, link->name) == 0) {
		state->has_statistics = link->has_statistics;
		state->statistics = link->statistics;
	}
	return 0;
}

static int count(struct op *op, struct counted *c)
{
	_cleanup_free_ struct kernel_network *networks = NULL;
	size_t n = 0;

	if (kernel_network_list(op->scope, &networks, &n) < 0 || n == 0)
		return 0;
	c->state = op->memory(op, n * sizeof(*c->state));
	if (!c->state)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		struct hycan_network_state *state = &c->state[c->n++];

		state->vlan_id = networks[i].vlan_id;
		memcpy(state->network_name, networks[i].name, sizeof(networks[i].name));
		memcpy(state->link, networks[i].link, sizeof(state->link));
	}
	(void)kernel_link_list(op->scope, "vlan", found_link, c);
	return 0;
}

int op_metrics_get(struct op *op, const struct hycan_metrics_get_request *request)
{
	struct counted c = { 0 };
	int r = count(op, &c);

	(void)request;
	return r == 0 ? op->server->metrics(op, c.state, c.n) : r;
}
