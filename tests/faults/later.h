/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In the daemon under test: time that goes by when the test says so, and not by itself. */
#ifndef FAULTS_LATER_H
#define FAULTS_LATER_H

#include "plan.h"

/* From now on the page says how much has gone by. */
void later_open(struct plan *plan);

/* Somebody may have changed that: timers that are due by now ring before this returns. */
void later_look(void);

#endif
