/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The test's side of the plan. */
#include "plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "world.h"

/* How long it is waited until the daemon rests. What is looked at by the clock, again and again, never rests deep. */
#define REST_MS 30000
#define DEEP_MS 2500

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

void plan_arm(struct plan *plan, enum fault fault, enum party party, uint32_t at)
{
	plan->fault = fault;
	plan->party = party;
	plan->at = at;
	memset(plan->seen, 0, sizeof(plan->seen));
	plan->fired = plan->n_frames = 0;
	plan->armed = true;
}

static bool is_dead(pid_t daemon)
{
	siginfo_t info = { 0 };

	return waitid(P_PID, (id_t)daemon, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == daemon;
}

bool plan_wait_for_rest(struct plan *plan, pid_t daemon, enum rest rest)
{
	const struct timespec pause = { .tv_nsec = 200000 };
	const int64_t deadline = now_ms() + (rest == REST_DEEP ? DEEP_MS : REST_MS);

	while (now_ms() < deadline) {
		if (plan->rests >= rest)
			return true;
		if (is_dead(daemon))
			return false;
		nanosleep(&pause, NULL);
	}
	return false;
}
