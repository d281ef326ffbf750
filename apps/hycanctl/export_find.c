/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The entry that an identity tells, among thousands: they are sorted by a number made of those fields that the identity gives. Others
 * give other fields, but of one kind most give the same.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "export_entry.h"
#include "request.h"
#include "value.h"

/* Room for a value as text. */
#define TEXT_SIZE 512

/* All addresses of the family of those that an entry has. */
static const char *all_addresses(const struct hycan_structure *description, const void *entry)
{
	for (uint16_t i = 0; i < description->n_fields; i++) {
		const struct hycan_field *field = &description->field[i];

		if (field->type == HYCAN_TYPE_ADDRESS && request_has(field, entry))
			return ((const struct hycan_address *)request_value(field, entry, 0))->family == HYCAN_FAMILY_IPV6
			               ? "::"
			               : "0.0.0.0";
	}
	return "";
}

/* Whether a part says what an entry has; all addresses of a family stand there as none. */
static bool agrees(const struct hycan_structure *description, const struct hycan_field *field, const void *entry, const char *part)
{
	char text[TEXT_SIZE];

	if (field && !request_has(field, entry))
		return field->type == HYCAN_TYPE_ADDRESS && strcmp(part, all_addresses(description, entry)) == 0;
	return field && strcmp(hycan_value_format(field, request_value(field, entry, 0), text, sizeof(text)), part) == 0;
}

bool export_is_unasked(const struct hycan_field *field, const struct hycan_structure *description, const struct part *parts,
                       size_t n)
{
	if (strcmp(description->name, "route") != 0 || strcmp(field->name, "metric") != 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (strcmp(parts[i].field->name, field->name) == 0)
			return false;
	return true;
}

/* RTPROT_STATIC (linux/rtnetlink.h) */
#define STATIC 4

/* Of several routes in one place it may be another one than the daemon's, which makes static ones where nothing else is asked for. */
static bool is_strange(const struct hycan_structure *description, const void *entry)
{
	const struct hycan_field *protocol = export_field(description, "protocol");

	return strcmp(description->name, "route") == 0 && protocol && request_has(protocol, entry) &&
	       hycan_value_number(protocol, request_value(protocol, entry, 0)) != STATIC;
}

/* What the kernel gives an IPv6 route without a metric (IP6_RT_PRIO_USER, linux/ipv6_route.h). */
#define METRIC_IPV6 1024

/* Whether a route with a metric may be one that was asked for without. */
static bool has_usual_metric(const struct hycan_structure *description, const struct hycan_field *metric, const void *entry)
{
	const struct hycan_field *destination = export_field(description, "destination");
	const struct hycan_prefix *prefix = destination ? request_value(destination, entry, 0) : NULL;

	return prefix && prefix->address.family == HYCAN_FAMILY_IPV6 &&
	       hycan_value_number(metric, request_value(metric, entry, 0)) == METRIC_IPV6;
}

/* How many fields an entry has, if it is what the parts say; else 0. */
static size_t matches(const struct hycan_structure *description, const void *entry, const struct part *parts, size_t n)
{
	size_t there = 0;

	for (size_t i = 0; i < n; i++)
		if (!agrees(description, export_field(description, parts[i].field->name), entry, parts[i].text))
			return 0;
	for (uint16_t i = 0; i < description->n_fields; i++) {
		const struct hycan_field *field = &description->field[i];

		if (!request_has(field, entry))
			continue;
		if (export_is_unasked(field, description, parts, n) && !has_usual_metric(description, field, entry))
			return 0;
		there++;
	}
	return there;
}

/* ------------------------------------------------------------------------------------------------------------ in order */

static uint32_t add_to_hash(uint32_t hash, const char *text)
{
	/* with the zero, which tells where one ends */
	do
		hash = (hash ^ (uint8_t)*text) * 16777619u;
	while (*text++);
	return hash;
}

/* As agrees() compares: all addresses of a family stand there as none. */
static const char *as_compared(const struct hycan_field *field, const char *text)
{
	return field->type == HYCAN_TYPE_ADDRESS && (strcmp(text, "0.0.0.0") == 0 || strcmp(text, "::") == 0) ? "" : text;
}

static uint32_t hash_parts(const struct part *parts, size_t n)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < n; i++)
		hash = add_to_hash(hash, as_compared(parts[i].field, parts[i].text));
	return hash;
}

static uint32_t hash_entry(const struct sorted *sorted, const void *entry)
{
	uint32_t hash = 2166136261u;
	char text[TEXT_SIZE];

	for (size_t i = 0; i < sorted->n_fields; i++) {
		const struct hycan_field *field = sorted->field[i];

		if (request_has(field, entry))
			hash = add_to_hash(hash, as_compared(field, hycan_value_format(field, request_value(field, entry, 0), text,
			                                                               sizeof(text))));
		else
			hash = add_to_hash(hash, "");
	}
	return hash;
}

static int compare(const void *a, const void *b)
{
	const struct marked *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->at == y->at ? 0 : x->at < y->at ? -1 : 1;
}

static bool is_sorted_by(const struct sorted *sorted, const struct hycan_structure *description, const struct part *parts, size_t n)
{
	bool is = sorted->places && sorted->n_fields == n;

	for (size_t i = 0; i < n && is; i++)
		is = sorted->field[i] == export_field(description, parts[i].field->name);
	return is;
}

static bool have(const struct hycan_structure *description, const struct part *parts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!export_field(description, parts[i].field->name))
			return false;
	return true;
}

/* Sorts the list by the fields of these parts. NULL: there is no memory. */
static const struct sorted *sort(struct listing *l, const struct part *parts, size_t n)
{
	const struct hycan_structure *description = l->operation->reply;
	struct sorted *sorted = &l->sorted[l->next_sorted++ % EXPORT_SORTED];
	struct marked *places = realloc(sorted->places, (l->n ? l->n : 1) * sizeof(*places));

	if (!places)
		return NULL;
	sorted->places = places;
	sorted->n_fields = n;
	for (size_t i = 0; i < n; i++)
		sorted->field[i] = export_field(description, parts[i].field->name);
	for (size_t i = 0; i < l->n; i++)
		places[i] = (struct marked){ hash_entry(sorted, (const char *)l->items + i * description->size), i };
	qsort(places, l->n, sizeof(*places), compare);
	return sorted;
}

/* How many places there are before those with that number. */
static size_t find_first(const struct sorted *sorted, size_t n, uint32_t hash)
{
	size_t from = 0, to = n;

	while (from < to) {
		const size_t middle = from + (to - from) / 2;

		if (sorted->places[middle].hash < hash)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

/* The entry that is meant: of several, one that is not strange, and has the least beside the identity. */
static int find(struct listing *l, const struct part *parts, size_t n, const void **ret_entry)
{
	const struct hycan_structure *description = l->operation->reply;
	const uint32_t hash = hash_parts(parts, n);
	const struct sorted *sorted = NULL;
	size_t least = SIZE_MAX;

	if (!have(description, parts, n))
		return 0;
	for (size_t i = 0; i < EXPORT_SORTED && !sorted; i++)
		sorted = is_sorted_by(&l->sorted[i], description, parts, n) ? &l->sorted[i] : NULL;
	if (!sorted)
		sorted = sort(l, parts, n);
	if (!sorted)
		return -ENOMEM;
	for (size_t i = find_first(sorted, l->n, hash); i < l->n && sorted->places[i].hash == hash; i++) {
		const char *entry = (const char *)l->items + sorted->places[i].at * description->size;
		size_t there = matches(description, entry, parts, n);

		if (there > 0 && is_strange(description, entry))
			there += description->n_fields;
		if (there > 0 && there < least) {
			least = there;
			*ret_entry = entry;
		}
	}
	return 0;
}

int export_find_entry(struct exporter *e, struct listing *l, const char *kind, const struct hycan_operation *make, char *identity,
                      struct part *parts, size_t *ret_n, const void **ret_entry)
{
	int r = export_list(e, l, export_operation(kind, "list"));

	*ret_n = r == 0 ? export_read_identity(make->request, identity, parts) : 0;
	*ret_entry = NULL;
	return *ret_n > 0 ? find(l, parts, *ret_n, ret_entry) : r;
}

void export_free_listing(struct listing *l)
{
	for (size_t i = 0; i < EXPORT_SORTED; i++)
		free(l->sorted[i].places);
	free(l->items);
}
