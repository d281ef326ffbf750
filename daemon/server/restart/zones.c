/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The names of networks that a former daemon told.
 *
 * The truth is the resolver's (resolver.h). The ledger has who holds them, and they do not leave it with the link of their
 * network: so what a daemon did not come to say, because it was killed, is made up for here.
 */
#include "zones.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "cleanup.h"
#include "key.h"
#include "ledger.h"
#include "log.h"
#include "namespaces.h"
#include "resolver.h"
#include "server.h"

/*
 * Whether the network is there, or a stranger took it out of our table and its own link is left: then whoever is on that link goes on
 * asking for names.
 */
static int is_there(struct server *server, struct kernel_scope *scope, struct resolver_zone *zone)
{
	struct ledger_key key;
	struct hycan_link link;
	int r = op_dns_resume(scope, zone, &link);

	if (r != 0 || !link.name[0])
		return r;
	key_of_found(zone->netns, HYCAN_OBJECT_KIND_LINK, &link, &key);
	return ledger_is_held(server->ledger, &key);
}

/* A zone of a former daemon, whose network may be in another namespace. What cannot be seen is no reason to forget names. */
static int resume_zone(struct resolver_zone *zone, int *ret_netns, void *userdata)
{
	_cleanup_(op_scope_free) struct kernel_scope *other = NULL;
	struct server *server = userdata;
	int r = namespaces_find(server, zone->netns, &other);

	if (r == 0)
		r = is_there(server, other ? other : server->job.scope, zone);
	else if (r == -ENOENT)
		r = 0;
	if (r == 0)
		log_write(LOG_NOTICE, "The network with VLAN %u is gone, and its names are forgotten.", zone->vlan_id);
	else if (r < 0)
		log_write(LOG_WARNING, "Whether the network with VLAN %u is there cannot be seen, and nobody tells its names: %s",
		          zone->vlan_id, strerror(-r));
	if (r > 0 && other) {
		*ret_netns = fcntl(op_scope_netns(other), F_DUPFD_CLOEXEC, 0);
		r = *ret_netns < 0 ? -errno : r;
	}
	return r;
}

/* Whether the resolver has it, as far as it can say. */
static bool has_zone(struct server *server, uint64_t netns, uint16_t vlan_id, const char *link, const char *host)
{
	_cleanup_(resolver_zone_done) struct resolver_zone zone = { 0 };
	int r = resolver_get(server->resolver, netns, vlan_id, &zone);

	if (r < 0)
		return r != -ENOENT;
	return strcmp(zone.link, link) == 0 && (!host || resolver_zone_find(&zone, host));
}

static bool is_told(struct server *server, const struct ledger_key *key)
{
	union message away;
	const struct hycan_dns_remove_host_request *host = (const void *)&away;
	const struct hycan_dns_unset_request *names = (const void *)&away;

	if (!key_request(key, &away))
		return true;
	return key->kind == HYCAN_OBJECT_KIND_DNS ? has_zone(server, key->netns, names->vlan_id, names->link, NULL)
	                                          : has_zone(server, key->netns, host->vlan_id, host->link, host->name);
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
	if (!resolver_is_whole(server->resolver))
		return;
	ledger_count_kinds(server->ledger, counts);
	if (counts[HYCAN_OBJECT_KIND_DNS] + counts[HYCAN_OBJECT_KIND_DNS_HOST] > 0)
		(void)ledger_list(server->ledger, forget, server);
}
