/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The names of networks that a former daemon told.
 *
 * The truth is the resolver's (resolver.h). The ledger has who holds them, and they do not leave it with the link of their
 * network: so what a daemon did not come to say, because it was killed, is made up for here.
 */
#include "zones.h"

#include <fcntl.h>
#include <string.h>

#include "cleanup.h"
#include "key.h"
#include "ledger.h"
#include "log.h"
#include "recovery.h"
#include "resolver.h"
#include "server.h"

/* A zone of a former daemon, whose network may be in another namespace. */
static bool resume_zone(struct resolver_zone *zone, int *ret_netns, void *userdata)
{
	_cleanup_(op_scope_free) struct kernel_scope *other = NULL;
	struct server *server = userdata;
	int r = recovery_scope(server->job.scope, zone->netns, &other);

	if (r < 0 || !op_dns_resume(other ? other : server->job.scope, zone)) {
		log_write(LOG_NOTICE, "The network with VLAN %u is gone, and its names are forgotten.", zone->vlan_id);
		return false;
	}
	if (other)
		*ret_netns = fcntl(op_scope_netns(other), F_DUPFD_CLOEXEC, 0);
	return true;
}

static bool is_told(struct server *server, const struct ledger_key *key)
{
	_cleanup_(resolver_zone_done) struct resolver_zone zone = { 0 };
	union message away;
	const struct hycan_dns_remove_host_request *host = (const void *)&away;
	const struct hycan_dns_unset_request *names = (const void *)&away;

	if (!key_request(key, &away))
		return true;
	if (key->kind == HYCAN_OBJECT_KIND_DNS)
		return resolver_get(server->resolver, key->netns, names->vlan_id, &zone) == 0 &&
		       strcmp(zone.link, names->link) == 0;
	return resolver_get(server->resolver, key->netns, host->vlan_id, &zone) == 0 && strcmp(zone.link, host->link) == 0 &&
	       resolver_zone_find(&zone, host->name);
}

static int forget(const struct ledger_object *object, void *userdata)
{
	struct server *server = userdata;

	if ((object->key.kind == HYCAN_OBJECT_KIND_DNS || object->key.kind == HYCAN_OBJECT_KIND_DNS_HOST) &&
	    !is_told(server, &object->key))
		ledger_take(server->ledger, &object->key);
	return 0;
}

void zones_resume(struct server *server)
{
	size_t counts[LEDGER_KINDS];

	resolver_resume(server->resolver, resume_zone, server);
	ledger_count_kinds(server->ledger, counts);
	if (counts[HYCAN_OBJECT_KIND_DNS] + counts[HYCAN_OBJECT_KIND_DNS_HOST] > 0)
		(void)ledger_list(server->ledger, forget, server);
}
