/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What health.get says. */
#ifndef SUPPORT_HEALTH_H
#define SUPPORT_HEALTH_H

#include "world.h"

bool health_is_well(struct hycan *h);

/* All is well; shows what is not. */
void assert_well(struct hycan *h);

/* There is that problem, and its message has that part. */
void assert_problem(struct hycan *h, const char *check, const char *part);

/* Asks again and again until a child has ended, at least once while it runs, and all is well each time. Returns its wait status. */
int assert_well_beside(struct hycan *h, pid_t child);

#endif
