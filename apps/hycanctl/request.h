/* SPDX-License-Identifier: BSD-3-Clause */
/* A request in memory, for whatever operation: how its fields are reached, and how it is given back. */
#ifndef HYCANCTL_REQUEST_H
#define HYCANCTL_REQUEST_H

#include <hycan/schema.h>

/* Whether the field is there: required ones always are. */
bool request_has(const struct hycan_field *field, const void *structure);

/* The value of a field, or number i of its list. */
const void *request_value(const struct hycan_field *field, const void *structure, size_t i);

/* How many values: 1, those of a list, or 0 for a field that is absent. */
size_t request_count(const struct hycan_field *field, const void *structure);

/* Room for the value of a field, zeroed; of a list for one more. The field is there from now on. NULL: no memory. */
void *request_add(const struct hycan_field *field, void *structure);

/* A list without values is there from now on. */
void request_set_empty(const struct hycan_field *field, void *structure);

/* Wipes everything, frees the lists, closes the descriptors. */
void request_clear(const struct hycan_structure *description, void *structure);

#endif
