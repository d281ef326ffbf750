/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conditions of a rule: on which links, networks, ports and tables. Inside this room alone. */
#ifndef ACCESS_CONDITION_H
#define ACCESS_CONDITION_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#include <hycan/schema.h>
#include <hycan/values.h>

enum condition_kind {
	CONDITION_NAME,
	CONDITION_PREFIX,
	CONDITION_PORT,
	CONDITION_TABLE,
	N_CONDITIONS,
};

/* One of the values that a condition lists. */
union condition_item {
	char glob[2 * IFNAMSIZ];
	struct hycan_prefix prefix;
	struct {
		uint32_t first;
		uint32_t last;
	} range;
};

struct condition {
	union condition_item *item;
	size_t n_items; /* 0: the rule has no such condition */
};

/* Which kind a condition of that name is; N_CONDITIONS: none. */
enum condition_kind condition_by_name(const char *name);
const char *condition_name(enum condition_kind kind);

/* The kinds that compare a value of that type: a bit for each. */
unsigned condition_kinds(enum hycan_type type);

/* Adds the value that text is. -EINVAL: reason says what is wrong and what to write instead. */
int condition_add(struct condition *condition, enum condition_kind kind, const char *text, char *reason, size_t reason_size);
void condition_done(struct condition *condition);

/* Whether all that the value stands for is in the condition. */
bool condition_covers(const struct condition *condition, enum condition_kind kind, enum hycan_type type, const void *value);

/* Whether anything that the value stands for is in the condition. */
bool condition_touches(const struct condition *condition, enum condition_kind kind, enum hycan_type type, const void *value);

#endif
