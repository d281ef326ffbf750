/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From what the daemon made for the caller to the requests that make it again, in an order in which they can be carried out.
 *
 * Links are made by the family of their kind, or with their network; and ways between networks, which are part of both, come
 * when all are there.
 *
 * What this file does not do: give out keys, which the daemon does not either; tell what was changed of links that somebody
 * else made; and say how long something is held, which is no request's but a connection's.
 */
#include <stdlib.h>
#include <string.h>

#include <hycan/operations.h>

#include "export.h"
#include "export_entry.h"
#include "export_network.h"
#include "export_order.h"
#include "value.h"

void export_print_usage(FILE *out)
{
	fputs("usage: hycanctl export\n"
	      "\n"
	      "Writes what you hold in this network namespace, as a file for “hycanctl apply”. Keys are not in it.\n",
	      out);
}

int export_read(char *const *words, size_t n, struct options *options, struct problem *problem)
{
	for (size_t i = 0; i < n;) {
		int r = options_take(options, words, n, &i, problem);

		if (r < 0)
			return r;
		if (r > 0)
			continue;
		if (strcmp(words[i], "export") != 0)
			return problem_set(problem, NULL, "“%.60s” is too much.", words[i]);
		i++;
	}
	return 0;
}

static const char *kind_name(enum hycan_object_kind kind)
{
	const struct hycan_field *field = export_field(hycan_operation_by_name("object.list")->reply, "kind");
	const char *name = hycan_enumerator_name(field->enumeration, kind);

	return name ? name : "";
}

/* ----------------------------------------------------------------------------------------------------------- by kind */

/* Of a family that can be listed; what is not there any more is left out. */
static int export_listed(struct exporter *e, struct listing *l, const char *kind, const struct hycan_operation *make,
                         char *identity)
{
	struct part parts[EXPORT_PARTS_MAX];
	const void *entry;
	size_t n;
	int r = export_find_entry(e, l, kind, make, identity, parts, &n, &entry);

	if (!entry)
		return r;
	export_begin_step(e, make->name);
	export_put_entry(e, make, l->operation->reply, entry, NULL, parts, n);
	export_end_step(e);
	return 0;
}

/* Of one that an identity tells all of: a switch is on, since it is held. */
static void export_switch(struct exporter *e, const struct hycan_operation *make, char *identity)
{
	struct part parts[EXPORT_PARTS_MAX];
	size_t n = export_read_identity(make->request, identity, parts);

	export_begin_step(e, make->name);
	for (size_t i = 0; i < n; i++)
		export_put_text(e, parts[i].field->name, parts[i].text);
	fputs(", \"on\": true", e->out);
	export_end_step(e);
}

static int export_wireguard(struct exporter *e, const char *name)
{
	const struct hycan_operation *set = hycan_operation_by_name("wireguard.set");
	struct hycan_wireguard_get_reply *reply = NULL;
	int r = hycan_wireguard_get(e->h, name, &reply);

	if (r)
		return export_fail(e, r);
	export_begin_step(e, set->name);
	export_put_entry(e, set, export_field(hycan_operation_by_name("wireguard.get")->reply, "device")->structure, &reply->device,
	                 NULL, NULL, 0);
	export_end_step(e);
	if (reply->device.has_public_key)
		export_note(e, name, "its private key is not exported; give it to wireguard.set as \"private_key\": \"@FILE\".");
	free(reply);
	return 0;
}

static int export_peer(struct exporter *e, char *identity)
{
	const struct hycan_operation *set = hycan_operation_by_name("wireguard.peer_set");
	const struct hycan_field *peers = export_field(hycan_operation_by_name("wireguard.get")->reply, "peers");
	struct hycan_wireguard_get_reply *reply = NULL;
	char *key = identity, *name = strsep(&key, " "), text[64];
	int r = hycan_wireguard_get(e->h, name, &reply);

	for (size_t i = 0; r == 0 && key && i < reply->n_peers; i++) {
		const struct hycan_wireguard_peer *peer = &reply->peers[i];

		hycan_value_format(export_field(peers->structure, "public_key"), &peer->public_key, text, sizeof(text));
		if (strcmp(text, key) != 0)
			continue;
		export_begin_step(e, set->name);
		export_put_text(e, "name", name);
		export_put_entry(e, set, peers->structure, peer, NULL, NULL, 0);
		export_end_step(e);
		if (peer->has_preshared_key)
			export_note(e, text, "its preshared key is not exported; give it as \"preshared_key\": \"@FILE\".");
	}
	free(reply);
	return export_fail(e, r);
}

static int export_link(struct exporter *e, const char *name)
{
	const struct hycan_network_state *network = NULL;
	const struct hycan_operation *make;
	const struct hycan_link *link = NULL;
	int r = export_find_network(e, name, &network);

	if (r == 0 && !network)
		r = export_find_link(e, name, &link);
	if (!link)
		return r;
	make = link->has_kind ? export_operation(link->kind, "create") : NULL;
	if (!make) {
		export_note(e, name, "no operation makes a link of its kind alone; it is left out.");
		e->partly = true;
		return 0;
	}
	/* a pair is made once, by the end that comes first */
	if (!export_field(make->request, "peer") || (link->has_parent && strcmp(name, link->parent) < 0)) {
		export_begin_step(e, make->name);
		export_put_entry(e, make, hycan_operation_by_name("link.list")->reply, link, link->kind, NULL, 0);
		if (export_field(make->request, "peer"))
			export_put_text(e, "peer", link->parent);
		export_end_step(e);
	}
	r = export_put_properties(e, link);
	if (r == 0 && strcmp(link->kind, "wireguard") == 0)
		r = export_wireguard(e, name);
	if (r == 0 && link->up) {
		export_begin_step(e, "link.up");
		export_put_text(e, "name", name);
		export_end_step(e);
	}
	return r;
}

static int export_object(struct exporter *e, const struct hycan_object *object)
{
	struct listing *l = &e->listing[object->kind];
	const char *kind = kind_name(object->kind);
	const struct hycan_operation *make = export_operation(kind, "add");
	char identity[sizeof(object->identity)];

	memcpy(identity, object->identity, sizeof(identity));
	if (object->kind == HYCAN_OBJECT_KIND_LINK)
		return export_link(e, identity);
	if (object->kind == HYCAN_OBJECT_KIND_WIREGUARD_PEER)
		return export_peer(e, identity);
	if (object->kind == HYCAN_OBJECT_KIND_PORT)
		return export_port(e, l, identity);
	if (object->kind == HYCAN_OBJECT_KIND_NETWORK)
		return export_network(e, l, identity);
	if (object->kind == HYCAN_OBJECT_KIND_DNS)
		return export_dns(e, l, identity);
	if (object->kind == HYCAN_OBJECT_KIND_DNS_HOST)
		return export_dns_host(e, l, identity);
	if (make && export_operation(kind, "list"))
		return export_listed(e, l, kind, make, identity);
	make = export_operation(kind, "set");
	if (make && export_field(make->request, "on")) {
		export_switch(e, make, identity);
		return 0;
	}
	export_note(e, object->identity, "what makes it is not known here; it is left out.");
	e->partly = true;
	return 0;
}

/* How long they are held, and what strangers may do to them, was said by who asked for them, for the connection. */
static void note_terms(struct exporter *e, const struct hycan_object *objects, size_t n, uint64_t netns)
{
	size_t passing = 0, drifting = 0;
	char what[32];

	for (size_t i = 0; i < n; i++) {
		passing += objects[i].netns == netns && objects[i].lifetime != HYCAN_LIFETIME_PERMANENT;
		drifting += objects[i].netns == netns && objects[i].has_drift;
	}
	snprintf(what, sizeof(what), "%zu of these", passing);
	if (passing)
		export_note(
			e, what,
			"held by a connection or a lease; whoever applies the file holds them for good, or as --lifetime says.");
	snprintf(what, sizeof(what), "%zu of these", drifting);
	if (drifting)
		export_note(e, what, "repaired or left alone when strangers change them (drift); that is not in the file.");
}

int export_run(struct hycan *h, FILE *out, FILE *notes, struct problem *problem)
{
	struct exporter e = { .h = h, .out = out, .notes = notes, .problem = problem, .comma = "" };
	const struct hycan_object_list_options mine = { .has_mine = true, .mine = true };
	struct hycan_session_whoami_reply *me = NULL;
	const struct hycan_object **ordered = NULL;
	struct hycan_object *objects = NULL;
	size_t n = 0, n_ordered = 0;
	int r = export_fail(&e, hycan_session_whoami(h, &me));

	if (r == 0)
		r = export_fail(&e, hycan_object_list(h, &mine, &objects, &n));
	fputs("{\"steps\": [", out);
	if (r == 0)
		r = export_order(&e, objects, n, me->netns, &ordered, &n_ordered);
	for (size_t i = 0; i < n_ordered; i++)
		e.held[ordered[i]->kind] = true;
	for (size_t i = 0; r == 0 && i < n_ordered; i++)
		r = export_object(&e, ordered[i]);
	if (r == 0)
		r = export_ways(&e);
	if (r == 0)
		note_terms(&e, objects, n, me->netns);
	fputs("\n]}\n", out);
	for (size_t i = 0; i < EXPORT_KINDS; i++)
		export_free_listing(&e.listing[i]);
	free(e.network_held);
	free(ordered);
	free(objects);
	free(me);
	return r ? r : e.partly;
}
