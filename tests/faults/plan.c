/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The test's side of the plan. */
#include "plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "world.h"

struct plan *plan_open(void)
{
	int fd = memfd_create("plan", 0);
	struct plan *plan;
	char text[16];

	assert_true(fd >= 0 && ftruncate(fd, sizeof(*plan)) == 0);
	plan = mmap(NULL, sizeof(*plan), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(plan != MAP_FAILED);
	snprintf(text, sizeof(text), "%d", fd);
	setenv(PLAN_VARIABLE, text, 1);
	return plan;
}

void plan_arm(struct plan *plan, enum fault fault, uint32_t at)
{
	plan->fault = fault;
	plan->at = at;
	memset(plan->seen, 0, sizeof(plan->seen));
	plan->fired = plan->n_frames = 0;
	plan->armed = true;
}
