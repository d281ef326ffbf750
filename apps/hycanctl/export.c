/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From what the daemon made for the caller to the requests that make it again, in the order in which it was made.
 *
 * An object is known by its identity: the fields that tell it from others. The rest comes from the list of its family, of
 * which each entry has the fields of the request under the same names; so a new family with “add” and “list” needs nothing
 * here. Links are made by the family of their kind, or with their network; and ways between networks, which are part of
 * both, come when all are there.
 *
 * What this file does not do: give out keys, which the daemon does not either; and tell what was changed of links that
 * somebody else made.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <hycan/operations.h>

#include "export.h"
#include "json.h"
#include "request.h"
#include "text.h"
#include "value.h"

#define WORDS_MAX 40

/* Kinds of objects that there may be. */
#define KINDS 32

/* What a kind is listed with, asked for once. */
struct listing {
	const struct hycan_operation *operation;
	void *items;
	size_t n;
};

struct exporter {
	struct hycan *h;
	FILE *out;
	FILE *notes;
	struct problem *problem;
	const char *comma;
	struct listing listing[KINDS];
	bool held[KINDS]; /* something of the kind is */
	bool partly;
};

/* A value that an identity gives. */
struct part {
	const struct hycan_field *field;
	const char *text;
};

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

static int fail(struct exporter *e, int result)
{
	if (result)
		problem_set(e->problem, NULL, "%.500s", hycan_error_message(e->h));
	return result;
}

static void note(struct exporter *e, const char *what, const char *why)
{
	fputs("hycanctl: ", e->notes);
	text_print_foreign(e->notes, what);
	fprintf(e->notes, ": %s\n", why);
}

static void begin_step(struct exporter *e, const char *operation)
{
	fprintf(e->out, "%s\n  {\"operation\": \"%s\"", e->comma, operation);
	e->comma = ",";
}

static void end_step(struct exporter *e)
{
	fputc('}', e->out);
}

static void put_text(struct exporter *e, const char *name, const char *text)
{
	fprintf(e->out, ", \"%s\": ", name);
	json_print_text(e->out, text);
}

static const struct hycan_field *field_of(const struct hycan_structure *description, const char *name)
{
	return value_field(description, name, strlen(name));
}

/* The field of an entry that says what a field of the request says: of the same name, or with the kind before it. */
static const struct hycan_field *counterpart(const struct hycan_structure *entry, const char *kind, const char *name)
{
	const struct hycan_field *field = field_of(entry, name);
	char longer[VALUE_NAME_SIZE];

	if (field || !kind)
		return field;
	snprintf(longer, sizeof(longer), "%s_%s", kind, name);
	return field_of(entry, longer);
}

/* ------------------------------------------------------------------------------------------------------------ identities */

static const char *kind_name(enum hycan_object_kind kind)
{
	const struct hycan_field *field = field_of(hycan_operation_by_name("object.list")->reply, "kind");
	const char *name = hycan_enumerator_name(field->enumeration, kind);

	return name ? name : "";
}

static const struct hycan_operation *operation_of(const char *family, const char *verb)
{
	char name[VALUE_NAME_SIZE];

	snprintf(name, sizeof(name), "%s.%s", family, verb);
	return hycan_operation_by_name(name);
}

/* Required fields come first, in their order; the others behind their names. Cuts the text. */
static size_t read_identity(const struct hycan_structure *request, char *text, struct part *parts)
{
	uint16_t required = 0;
	char *rest = text, *word;
	size_t n = 0;

	while (n < WORDS_MAX && (word = strsep(&rest, " "))) {
		const struct hycan_field *field = n > 0 && rest ? field_of(request, word) : NULL;

		if (field && field->flags & HYCAN_FIELD_OPTIONAL) {
			parts[n++] = (struct part){ field, strsep(&rest, " ") };
			continue;
		}
		while (required < request->n_fields && request->field[required].flags & HYCAN_FIELD_OPTIONAL)
			required++;
		if (required == request->n_fields)
			return 0;
		parts[n++] = (struct part){ &request->field[required++], word };
	}
	return n;
}

/* Whether a part says what an entry has; all addresses of a family stand there as none. */
static bool agrees(const struct hycan_field *field, const void *entry, const char *part)
{
	char text[512];

	if (field && !request_has(field, entry))
		return field->type == HYCAN_TYPE_ADDRESS && (strcmp(part, "0.0.0.0") == 0 || strcmp(part, "::") == 0);
	return field && strcmp(hycan_value_format(field, request_value(field, entry, 0), text, sizeof(text)), part) == 0;
}

/* The metric of an IPv6 route that nobody asked for (IP6_RT_PRIO_USER, linux/ipv6_route.h) is no part of its identity. */
static bool is_unasked(const struct hycan_field *field, const struct hycan_structure *description, const struct part *parts,
                       size_t n)
{
	if (strcmp(description->name, "route") != 0 || strcmp(field->name, "metric") != 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (strcmp(parts[i].field->name, field->name) == 0)
			return false;
	return true;
}

/* How many fields an entry has, if it is what the parts say; else 0. */
static size_t matches(const struct hycan_structure *description, const void *entry, const struct part *parts, size_t n)
{
	size_t there = 0;

	for (size_t i = 0; i < n; i++)
		if (!agrees(field_of(description, parts[i].field->name), entry, parts[i].text))
			return 0;
	for (uint16_t i = 0; i < description->n_fields; i++) {
		const struct hycan_field *field = &description->field[i];

		if (!request_has(field, entry))
			continue;
		if (is_unasked(field, description, parts, n) && hycan_value_number(field, request_value(field, entry, 0)) != 1024)
			return 0;
		there++;
	}
	return there;
}

/* The entry that is meant: of several, the one that has the least beside the identity. */
static const void *find(const struct listing *l, const struct part *parts, size_t n)
{
	const struct hycan_structure *description = l->operation->reply;
	const char *found = NULL;
	size_t least = SIZE_MAX;

	for (size_t i = 0; i < l->n; i++) {
		const char *entry = (const char *)l->items + i * description->size;
		size_t there = matches(description, entry, parts, n);

		if (there > 0 && there < least) {
			least = there;
			found = entry;
		}
	}
	return found;
}

/* Of routes, those in all tables. */
static int list(struct exporter *e, struct listing *l, const struct hycan_operation *operation)
{
	const struct hycan_field *table = field_of(operation->request, "table");
	void *request;
	int r;

	if (l->operation)
		return 0;
	request = calloc(1, operation->request->size ? operation->request->size : 1);
	if (!request || (table && !request_add(table, request))) {
		free(request);
		return -ENOMEM;
	}
	r = hycan_call(e->h, operation, request, &l->items, &l->n);
	free(request);
	if (r == 0)
		l->operation = operation;
	return fail(e, r);
}

/* All that an entry, known by those parts, has of a request, but for one field, or NULL. */
static void put_all_but(struct exporter *e, const struct hycan_operation *operation, const struct hycan_structure *description,
                        const void *entry, const char *kind, const struct part *parts, size_t n, const char *without)
{
	for (uint16_t i = 0; i < operation->request->n_fields; i++) {
		const char *name = operation->request->field[i].name;
		const struct hycan_field *field = counterpart(description, kind, name);

		if (without && strcmp(name, without) == 0)
			continue;
		if (field && request_has(field, entry) && !is_unasked(field, description, parts, n)) {
			fprintf(e->out, ", \"%s\": ", name);
			json_print_field(e->out, field, entry);
		}
	}
}

static void put_entry(struct exporter *e, const struct hycan_operation *operation, const struct hycan_structure *description,
                      const void *entry, const char *kind, const struct part *parts, size_t n)
{
	put_all_but(e, operation, description, entry, kind, parts, n, NULL);
}

/* ---------------------------------------------------------------------------------------------------------- networks */

/* Reads all networks, unless none is held. */
static int read_networks(struct exporter *e, const struct hycan_network_state **ret_networks, size_t *ret_n)
{
	struct listing *l = &e->listing[HYCAN_OBJECT_KIND_NETWORK];
	int r = e->held[HYCAN_OBJECT_KIND_NETWORK] ? list(e, l, hycan_operation_by_name("network.list")) : 0;

	if (r == 0) {
		*ret_networks = l->items;
		*ret_n = l->n;
	}
	return r;
}

/* The network whose link that is, or NULL. */
static int find_network(struct exporter *e, const char *link, const struct hycan_network_state **ret_network)
{
	const struct hycan_network_state *networks = NULL;
	size_t n = 0;
	int r = read_networks(e, &networks, &n);

	*ret_network = NULL;
	for (size_t i = 0; i < n; i++)
		if (strcmp(networks[i].link, link) == 0)
			*ret_network = &networks[i];
	return r;
}

static int find_link(struct exporter *e, const char *name, const struct hycan_link **ret_link)
{
	struct listing *l = &e->listing[HYCAN_OBJECT_KIND_LINK];
	int r = list(e, l, hycan_operation_by_name("link.list"));

	*ret_link = NULL;
	for (size_t i = 0; r == 0 && i < l->n && !*ret_link; i++)
		if (strcmp(((const struct hycan_link *)l->items)[i].name, name) == 0)
			*ret_link = (const struct hycan_link *)l->items + i;
	return r;
}

/* The entry that an identity tells, and its parts, or NULL. */
static int find_entry(struct exporter *e, struct listing *l, const char *kind, const struct hycan_operation *make, char *identity,
                      struct part *parts, size_t *ret_n, const void **ret_entry)
{
	int r = list(e, l, operation_of(kind, "list"));

	*ret_n = r == 0 ? read_identity(make->request, identity, parts) : 0;
	*ret_entry = *ret_n > 0 ? find(l, parts, *ret_n) : NULL;
	return r;
}

static void put_alias(struct exporter *e, const struct hycan_link *link)
{
	if (!link->has_alias)
		return;
	begin_step(e, "link.set");
	put_text(e, "name", link->name);
	put_text(e, "alias", link->alias);
	end_step(e);
}

/* A network has the mtu of its parent unless somebody asked for another. */
static int export_network(struct exporter *e, struct listing *l, char *identity)
{
	const struct hycan_operation *create = hycan_operation_by_name("network.create");
	const struct hycan_network_state *network;
	const struct hycan_link *link, *parent;
	struct part parts[WORDS_MAX];
	const void *entry;
	size_t n;
	int r = find_entry(e, l, "network", create, identity, parts, &n, &entry);

	network = entry;
	if (!network)
		return r;
	r = find_link(e, network->parent, &parent);
	if (r == 0)
		r = find_link(e, network->link, &link);
	if (r)
		return r;
	begin_step(e, create->name);
	put_all_but(e, create, l->operation->reply, network, NULL, parts, n,
	            parent && network->has_mtu && parent->mtu == network->mtu ? "mtu" : NULL);
	end_step(e);
	if (link)
		put_alias(e, link);
	return 0;
}

/* Those from networks that are held. */
static int export_ways(struct exporter *e)
{
	const struct hycan_network_state *networks = NULL;
	size_t n = 0;
	int r = read_networks(e, &networks, &n);

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < networks[i].n_ways; k++) {
			begin_step(e, "network.allow");
			fprintf(e->out, ", \"from\": %u, \"to\": %u, \"on\": true", networks[i].vlan_id,
			        networks[i].ways[k].vlan_id);
			put_text(e, "from_link", networks[i].link);
			put_text(e, "to_link", networks[i].ways[k].link);
			end_step(e);
		}
	return r;
}

/* With all hosts. In an internal network nobody else is asked anyway. */
static int export_dns(struct exporter *e, struct listing *l, char *identity)
{
	const struct hycan_operation *set = hycan_operation_by_name("dns.set");
	const struct hycan_network_state *network;
	const struct hycan_dns_state *names;
	struct part parts[WORDS_MAX];
	const void *entry;
	size_t n;
	int r = find_entry(e, l, "dns", set, identity, parts, &n, &entry);

	names = entry;
	if (!names)
		return r;
	r = find_network(e, names->link, &network);
	begin_step(e, set->name);
	put_all_but(e, set, l->operation->reply, names, NULL, parts, n, network && network->internal ? "own_only" : NULL);
	end_step(e);
	return r;
}

/* One that is held without the names that it is among: “100 web link net100”. */
static int export_dns_host(struct exporter *e, struct listing *l, char *identity)
{
	const struct hycan_operation *add = hycan_operation_by_name("dns.add_host");
	struct part parts[WORDS_MAX] = { { 0 } };
	int r = e->held[HYCAN_OBJECT_KIND_DNS] ? 0 : list(e, l, hycan_operation_by_name("dns.list"));
	const struct hycan_dns_state *names = l->items;

	if (r || e->held[HYCAN_OBJECT_KIND_DNS])
		return r;
	(void)read_identity(add->request, identity, parts);
	for (size_t i = 0; i < l->n; i++)
		for (size_t k = 0; k < names[i].n_hosts; k++) {
			const struct hycan_structure *host = field_of(l->operation->reply, "hosts")->structure;

			if (!parts[1].text || strcmp(names[i].hosts[k].name, parts[1].text) != 0 ||
			    strtoul(parts[0].text, NULL, 10) != names[i].vlan_id)
				continue;
			begin_step(e, add->name);
			fprintf(e->out, ", \"vlan_id\": %u", names[i].vlan_id);
			put_entry(e, add, host, &names[i].hosts[k], NULL, NULL, 0);
			put_text(e, "link", names[i].link);
			end_step(e);
		}
	return 0;
}

/* ----------------------------------------------------------------------------------------------------------- by kind */

/* Of a family that can be listed; what is not there any more is left out. */
static int export_listed(struct exporter *e, struct listing *l, const char *kind, const struct hycan_operation *make,
                         char *identity)
{
	struct part parts[WORDS_MAX];
	const void *entry;
	size_t n;
	int r = find_entry(e, l, kind, make, identity, parts, &n, &entry);

	if (!entry)
		return r;
	begin_step(e, make->name);
	put_entry(e, make, l->operation->reply, entry, NULL, parts, n);
	end_step(e);
	return 0;
}

/* Of one that an identity tells all of: a switch is on, since it is held. */
static void export_switch(struct exporter *e, const struct hycan_operation *make, char *identity)
{
	struct part parts[WORDS_MAX];
	size_t n = read_identity(make->request, identity, parts);

	begin_step(e, make->name);
	for (size_t i = 0; i < n; i++)
		put_text(e, parts[i].field->name, parts[i].text);
	fputs(", \"on\": true", e->out);
	end_step(e);
}

static int export_wireguard(struct exporter *e, const char *name)
{
	const struct hycan_operation *set = hycan_operation_by_name("wireguard.set");
	struct hycan_wireguard_get_reply *reply = NULL;
	int r = hycan_wireguard_get(e->h, name, &reply);

	if (r)
		return fail(e, r);
	begin_step(e, set->name);
	put_entry(e, set, field_of(hycan_operation_by_name("wireguard.get")->reply, "device")->structure, &reply->device, NULL,
	          NULL, 0);
	end_step(e);
	if (reply->device.has_public_key)
		note(e, name, "its private key is not exported; give it to wireguard.set as \"private_key\": \"@FILE\".");
	free(reply);
	return 0;
}

static int export_peer(struct exporter *e, char *identity)
{
	const struct hycan_operation *set = hycan_operation_by_name("wireguard.peer_set");
	const struct hycan_field *peers = field_of(hycan_operation_by_name("wireguard.get")->reply, "peers");
	struct hycan_wireguard_get_reply *reply = NULL;
	char *key = identity, *name = strsep(&key, " "), text[64];
	int r = hycan_wireguard_get(e->h, name, &reply);

	for (size_t i = 0; r == 0 && key && i < reply->n_peers; i++) {
		const struct hycan_wireguard_peer *peer = &reply->peers[i];

		hycan_value_format(field_of(peers->structure, "public_key"), &peer->public_key, text, sizeof(text));
		if (strcmp(text, key) != 0)
			continue;
		begin_step(e, set->name);
		put_text(e, "name", name);
		put_entry(e, set, peers->structure, peer, NULL, NULL, 0);
		end_step(e);
		if (peer->has_preshared_key)
			note(e, text, "its preshared key is not exported; give it as \"preshared_key\": \"@FILE\".");
	}
	free(reply);
	return fail(e, r);
}

static int export_link(struct exporter *e, const char *name)
{
	const struct hycan_network_state *network = NULL;
	const struct hycan_operation *make;
	const struct hycan_link *link = NULL;
	int r = find_network(e, name, &network);

	if (r == 0 && !network)
		r = find_link(e, name, &link);
	if (!link)
		return r;
	make = link->has_kind ? operation_of(link->kind, "create") : NULL;
	if (!make) {
		note(e, name, "no operation makes a link of its kind alone; it is left out.");
		e->partly = true;
		return 0;
	}
	/* a pair is made once, by the end that comes first */
	if (!field_of(make->request, "peer") || (link->has_parent && strcmp(name, link->parent) < 0)) {
		begin_step(e, make->name);
		put_entry(e, make, hycan_operation_by_name("link.list")->reply, link, link->kind, NULL, 0);
		if (field_of(make->request, "peer"))
			put_text(e, "peer", link->parent);
		end_step(e);
	}
	put_alias(e, link);
	if (strcmp(link->kind, "wireguard") == 0)
		r = export_wireguard(e, name);
	if (r == 0 && link->up) {
		begin_step(e, "link.up");
		put_text(e, "name", name);
		end_step(e);
	}
	return r;
}

static int export_object(struct exporter *e, const struct hycan_object *object)
{
	struct listing *l = &e->listing[object->kind];
	const char *kind = kind_name(object->kind);
	const struct hycan_operation *make = operation_of(kind, "add");
	char identity[sizeof(object->identity)];

	memcpy(identity, object->identity, sizeof(identity));
	if (object->kind == HYCAN_OBJECT_KIND_LINK)
		return export_link(e, identity);
	if (object->kind == HYCAN_OBJECT_KIND_WIREGUARD_PEER)
		return export_peer(e, identity);
	if (object->kind == HYCAN_OBJECT_KIND_NETWORK)
		return export_network(e, l, identity);
	if (object->kind == HYCAN_OBJECT_KIND_DNS)
		return export_dns(e, l, identity);
	if (object->kind == HYCAN_OBJECT_KIND_DNS_HOST)
		return export_dns_host(e, l, identity);
	if (make && operation_of(kind, "list"))
		return export_listed(e, l, kind, make, identity);
	make = operation_of(kind, "set");
	if (make && field_of(make->request, "on")) {
		export_switch(e, make, identity);
		return 0;
	}
	note(e, object->identity, "what makes it is not known here; it is left out.");
	e->partly = true;
	return 0;
}

int export_run(struct hycan *h, FILE *out, FILE *notes, struct problem *problem)
{
	struct exporter e = { .h = h, .out = out, .notes = notes, .problem = problem, .comma = "" };
	const struct hycan_object_list_options mine = { .has_mine = true, .mine = true };
	struct hycan_session_whoami_reply *me = NULL;
	struct hycan_object *objects = NULL;
	size_t n = 0;
	int r = fail(&e, hycan_session_whoami(h, &me));

	if (r == 0)
		r = fail(&e, hycan_object_list(h, &mine, &objects, &n));
	fputs("{\"steps\": [", out);
	for (size_t i = 0; r == 0 && i < n; i++)
		if (objects[i].netns == me->netns && (unsigned int)objects[i].kind < KINDS)
			e.held[objects[i].kind] = true;
	for (size_t i = 0; r == 0 && i < n; i++)
		if (objects[i].netns == me->netns && (unsigned int)objects[i].kind < KINDS)
			r = export_object(&e, &objects[i]);
	if (r == 0)
		r = export_ways(&e);
	fputs("\n]}\n", out);
	for (size_t i = 0; i < KINDS; i++)
		free(e.listing[i].items);
	free(objects);
	free(me);
	return r ? r : e.partly;
}
