/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line of the policy that sets quotas. Inside this room alone. */
#ifndef ACCESS_QUOTA_LINE_H
#define ACCESS_QUOTA_LINE_H

#include "line.h"
#include "quota.h"

struct quota_line {
	struct who who;
	uint32_t quotas; /* a bit for each that it sets */
	uint64_t value[N_QUOTAS];
	uint64_t period_ns;
	uint32_t line; /* in the file; 0: built in */
	char *text;    /* as it was written, without its comment */
};

/* Whether the first word of a line that is tidy says that it sets quotas. */
bool quota_line_begins(const char *text);

/* Reads a line that is tidy. -errno: the reason is said. */
int quota_line_parse(struct reader *reader, const char *text, struct quota_line *ret_line);
void quota_line_done(struct quota_line *line);

#endif
