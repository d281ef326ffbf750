/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In the daemon under test: who asks, and whether the daemon rests. */
#ifndef FAULTS_REST_H
#define FAULTS_REST_H

#include "plan.h"

/* The program's definition is everybody's only where it can be seen. */
#define REPLACES __attribute__((visibility("default")))

/* From now on the page says whether it rests. */
void rest_open(struct plan *plan);

/* Who the calling thread is. */
enum party rest_party(void);

#endif
