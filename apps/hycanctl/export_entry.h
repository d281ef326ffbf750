/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The steps of an exported file, and the entries of lists that they are made of: an object is known by its identity, the
 * fields that tell it from others; the rest comes from the list of its family. For the files of the export alone.
 */
#ifndef HYCANCTL_EXPORT_ENTRY_H
#define HYCANCTL_EXPORT_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <hycan/operations.h>

#include "problem.h"

#define EXPORT_PARTS_MAX 40

/* Kinds of objects that there may be. */
#define EXPORT_KINDS 32

/* Of so many sets of fields that identities give, a list is kept sorted by each. */
#define EXPORT_SORTED 8

/* An entry, known by a number that is made of some of its fields. */
struct marked {
	uint32_t hash;
	size_t at;
};

struct sorted {
	const struct hycan_field *field[EXPORT_PARTS_MAX];
	size_t n_fields;
	struct marked *places; /* all entries; NULL: not sorted yet */
};

/* What a kind is listed with, asked for once. */
struct listing {
	const struct hycan_operation *operation;
	void *items;
	size_t n;
	struct sorted sorted[EXPORT_SORTED];
	size_t next_sorted;
};

struct exporter {
	struct hycan *h;
	FILE *out;
	FILE *notes;
	struct problem *problem;
	const char *comma;
	struct listing listing[EXPORT_KINDS];
	bool held[EXPORT_KINDS];           /* something of the kind is */
	bool *network_held;                /* of the networks in their listing, which are; NULL: none */
	bool networks_asked, has_networks; /* this host, whoever holds them */
	bool partly;
};

/* A value that an identity gives. */
struct part {
	const struct hycan_field *field;
	const char *text;
};

/* Passes a result on, with the daemon's sentence as the problem. */
int export_fail(struct exporter *e, int result);

/* Says of something why it is not in the file, or not whole. */
void export_note(struct exporter *e, const char *what, const char *why);

void export_begin_step(struct exporter *e, const char *operation);
void export_put_text(struct exporter *e, const char *name, const char *text);
void export_end_step(struct exporter *e);

/* By name; NULL: there is none. */
const struct hycan_field *export_field(const struct hycan_structure *description, const char *name);
const struct hycan_operation *export_operation(const char *family, const char *verb);

/* Asks for a list, once. */
int export_list(struct exporter *e, struct listing *l, const struct hycan_operation *operation);
void export_free_listing(struct listing *l);

/* The metric of an IPv6 route that nobody asked for (IP6_RT_PRIO_USER, linux/ipv6_route.h) is no part of its identity. */
bool export_is_unasked(const struct hycan_field *field, const struct hycan_structure *description, const struct part *parts,
                       size_t n);

/* Cuts an identity into parts, as many as are returned; their text is the identity's. 0: it is no such identity. */
size_t export_read_identity(const struct hycan_structure *request, char *identity, struct part *parts);

/* The entry that an identity tells, and its parts, or NULL. */
int export_find_entry(struct exporter *e, struct listing *l, const char *kind, const struct hycan_operation *make, char *identity,
                      struct part *parts, size_t *ret_n, const void **ret_entry);

/* A link by its name, or NULL. */
int export_find_link(struct exporter *e, const char *name, const struct hycan_link **ret_link);

/*
 * All that an entry, known by those parts, has of a request: under the same names, or with the kind before them. Without some
 * fields, in a list that ends with NULL; or NULL.
 */
void export_put_all_but(struct exporter *e, const struct hycan_operation *operation, const struct hycan_structure *description,
                        const void *entry, const char *kind, const struct part *parts, size_t n, const char *const *without);
void export_put_entry(struct exporter *e, const struct hycan_operation *operation, const struct hycan_structure *description,
                      const void *entry, const char *kind, const struct part *parts, size_t n);

/* A step for what links do not have by themselves: an alias, another hardware address than what they stand on, another queue. */
int export_put_properties(struct exporter *e, const struct hycan_link *link);

#endif
