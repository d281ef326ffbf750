/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two structures of one kind, requests or items of their lists, compared field by field. */
#ifndef SERVER_DIFFERENCE_H
#define SERVER_DIFFERENCE_H

#include <stdbool.h>

#include "messages.h"
#include "wire.h"

/* What is meant by a field that the wanted structure does not have. */
enum difference_absent {
	DIFFERENCE_STAYS,   /* it stays as it is */
	DIFFERENCE_DEFAULT, /* it gets its default */
};

/* Whether a field is the same in two structures. The memory is for what has to be sorted for that, and is as it was then. */
bool difference_is_none(const struct wire_memory *memory, const struct hycan_field *field, const void *a, const void *b);

/*
 * Writes the fields that differ into was and becomes of the change, but for one (NULL: for none): “mtu 1500”, “mtu 1400”.
 * Of keys only that they do. False: none does.
 */
bool difference_tell(const struct wire_memory *memory, const struct hycan_structure *structure, const struct hycan_field *but,
                     const void *former, const void *wanted, enum difference_absent absent, struct hycan_planned_change *change);

#endif
