/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers with a unit, as people say them. */
#ifndef HYCANCTL_HUMAN_H
#define HYCANCTL_HUMAN_H

#include <hycan/schema.h>

#include "text.h"

/* Adds one value that is no structure, as text. */
void human_add_value(struct text *text, const struct hycan_field *field, const void *value);

/* The same for a cell of a table: milliseconds are shown as “1h12m”, and the name above them is without its unit. */
void human_add_cell(struct text *text, const struct hycan_field *field, const void *value);
void human_add_name(struct text *text, const struct hycan_field *field);

/* Adds what helps a person behind a number: “ (2 minutes ago)”, “ (1.5 GiB)”. Nothing where nothing helps. */
void human_add_remark(struct text *text, const struct hycan_field *field, const void *value);

#endif
