/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Entries and steps.
 *
 * An entry has the fields of the request that makes it under the same names; so a new family with “add” and “list” needs
 * nothing here.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "export_entry.h"
#include "json.h"
#include "request.h"
#include "text.h"
#include "value.h"

int export_fail(struct exporter *e, int result)
{
	if (result)
		problem_set(e->problem, NULL, "%.500s", hycan_error_message(e->h));
	return result;
}

void export_note(struct exporter *e, const char *what, const char *why)
{
	fputs("hycanctl: ", e->notes);
	text_print_foreign(e->notes, what);
	fprintf(e->notes, ": %s\n", why);
}

void export_begin_step(struct exporter *e, const char *operation)
{
	fprintf(e->out, "%s\n  {\"operation\": \"%s\"", e->comma, operation);
	e->comma = ",";
}

void export_end_step(struct exporter *e)
{
	fputc('}', e->out);
}

void export_put_text(struct exporter *e, const char *name, const char *text)
{
	fprintf(e->out, ", \"%s\": ", name);
	json_print_text(e->out, text);
}

const struct hycan_field *export_field(const struct hycan_structure *description, const char *name)
{
	return value_field(description, name, strlen(name));
}

/* The field of an entry that says what a field of the request says: of the same name, or with the kind before it. */
static const struct hycan_field *counterpart(const struct hycan_structure *entry, const char *kind, const char *name)
{
	const struct hycan_field *field = export_field(entry, name);
	char longer[VALUE_NAME_SIZE];

	if (field || !kind)
		return field;
	snprintf(longer, sizeof(longer), "%s_%s", kind, name);
	return export_field(entry, longer);
}

/* ------------------------------------------------------------------------------------------------------------ identities */

const struct hycan_operation *export_operation(const char *family, const char *verb)
{
	char name[VALUE_NAME_SIZE];

	snprintf(name, sizeof(name), "%s.%s", family, verb);
	return hycan_operation_by_name(name);
}

/* Required fields come first, in their order; the others behind their names. Cuts the text. */
size_t export_read_identity(const struct hycan_structure *request, char *text, struct part *parts)
{
	uint16_t required = 0;
	char *rest = text, *word;
	size_t n = 0;

	while (n < EXPORT_PARTS_MAX && (word = strsep(&rest, " "))) {
		const struct hycan_field *field = n > 0 && rest ? export_field(request, word) : NULL;

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

/* Of routes, those in all tables. */
int export_list(struct exporter *e, struct listing *l, const struct hycan_operation *operation)
{
	const struct hycan_field *table = export_field(operation->request, "table");
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
	return export_fail(e, r);
}

/* All that an entry, known by those parts, has of a request, but for one field, or NULL. */
static bool is_among(const char *const *names, const char *name)
{
	while (names && *names && strcmp(*names, name) != 0)
		names++;
	return names && *names;
}

void export_put_all_but(struct exporter *e, const struct hycan_operation *operation, const struct hycan_structure *description,
                        const void *entry, const char *kind, const struct part *parts, size_t n, const char *const *without)
{
	for (uint16_t i = 0; i < operation->request->n_fields; i++) {
		const char *name = operation->request->field[i].name;
		const struct hycan_field *field = counterpart(description, kind, name);

		if (is_among(without, name))
			continue;
		if (field && request_has(field, entry) && !export_is_unasked(field, description, parts, n)) {
			fprintf(e->out, ", \"%s\": ", name);
			json_print_field(e->out, field, entry);
		}
	}
}

void export_put_entry(struct exporter *e, const struct hycan_operation *operation, const struct hycan_structure *description,
                      const void *entry, const char *kind, const struct part *parts, size_t n)
{
	export_put_all_but(e, operation, description, entry, kind, parts, n, NULL);
}

int export_find_link(struct exporter *e, const char *name, const struct hycan_link **ret_link)
{
	struct listing *l = &e->listing[HYCAN_OBJECT_KIND_LINK];
	int r = export_list(e, l, hycan_operation_by_name("link.list"));

	*ret_link = NULL;
	for (size_t i = 0; r == 0 && i < l->n && !*ret_link; i++)
		if (strcmp(((const struct hycan_link *)l->items)[i].name, name) == 0)
			*ret_link = (const struct hycan_link *)l->items + i;
	return r;
}

/* How long the queue of a link is that nobody has asked for another one of (DEFAULT_TX_QUEUE_LEN, net/pkt_sched.h). */
#define QUEUE_LENGTH 1000

static bool has_mac(const struct hycan_link *link, const struct hycan_link *parent)
{
	return link->has_mac && !(parent && parent->has_mac && memcmp(&parent->mac, &link->mac, sizeof(link->mac)) == 0);
}

int export_put_properties(struct exporter *e, const struct hycan_link *link)
{
	const struct hycan_structure *description = hycan_operation_by_name("link.list")->reply;
	const struct hycan_link *parent = NULL;
	int r = link->has_parent ? export_find_link(e, link->parent, &parent) : 0;
	const struct {
		const char *name;
		bool is;
	} properties[] = {
		{ "alias", link->has_alias },
		{ "mac", has_mac(link, parent) },
		{ "txqueuelen", link->txqueuelen != QUEUE_LENGTH },
	};
	bool begun = false;

	for (size_t i = 0; i < sizeof(properties) / sizeof(*properties) && r == 0; i++) {
		if (!properties[i].is)
			continue;
		if (!begun) {
			export_begin_step(e, "link.set");
			export_put_text(e, "name", link->name);
		}
		begun = true;
		fprintf(e->out, ", \"%s\": ", properties[i].name);
		json_print_field(e->out, export_field(description, properties[i].name), link);
	}
	if (begun)
		export_end_step(e);
	return r;
}
