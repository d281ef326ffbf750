/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dns.list: the names of networks, and whether their dnsmasqs answer. */
#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "dns.h"
#include "table.h"

static int tell(struct op *op, uint16_t vlan_id)
{
	_cleanup_(resolver_zone_done) struct resolver_zone zone = { 0 };
	struct resolver_state now = { .words = "nobody started it" };
	struct hycan_dns_state state = { .vlan_id = vlan_id };
	int r = resolver_get(op->resolver, op_scope_inode(op->scope), vlan_id, &zone);

	/* gone meanwhile */
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	(void)resolver_state(op->resolver, zone.netns, vlan_id, &now);
	memcpy(state.link, zone.link, sizeof(state.link));
	state.has_domain = *zone.domain;
	memcpy(state.domain, zone.domain, sizeof(zone.domain));
	state.hosts = dns_hosts(op, zone.host, zone.n_hosts);
	state.n_hosts = zone.n_hosts;
	state.upstreams = zone.upstream;
	state.n_upstreams = zone.internal ? 0 : zone.n_upstreams;
	state.own_only = zone.own_only || zone.internal;
	state.serves = now.serves;
	state.has_pid = state.has_running_ms = now.pid != 0;
	state.pid = now.pid;
	state.running_ms = now.since_ms;
	state.restarts = now.restarts;
	state.has_again_ms = now.pid == 0 && now.again_ms != 0;
	state.again_ms = now.again_ms;
	state.has_message = !now.serves && *now.words;
	memcpy(state.message, now.words, sizeof(now.words));
	return state.hosts ? op->answer(op, &state) : -ENOMEM;
}

int op_dns_list(struct op *op, const struct hycan_dns_list_request *request)
{
	_cleanup_free_ uint16_t *ids = NULL;
	bool found = false;
	size_t n = 0;
	int r = dns_available(op);

	if (r == 0)
		r = resolver_list(op->resolver, op_scope_inode(op->scope), &ids, &n);
	if (r == 0 && n > 0)
		(void)resolver_probe(op->resolver);
	for (size_t i = 0; i < n && r == 0; i++)
		if (!request->has_vlan_id || ids[i] == request->vlan_id) {
			found = true;
			r = tell(op, ids[i]);
		}
	if (r == 0 && request->has_vlan_id && !found)
		return op_refuse(op, HYCAN_REFUSAL_NOT_FOUND, "vlan_id", "There are no names of a network with VLAN %u.",
		                 request->vlan_id);
	return r;
}
