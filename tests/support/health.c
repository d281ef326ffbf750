/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What health.get says. */
#include "health.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static struct hycan_health_get_reply *ask(struct hycan *h)
{
	struct hycan_health_get_reply *health = NULL;

	assert_done(h, hycan_health_get(h, &health));
	return health;
}

bool health_is_well(struct hycan *h)
{
	struct hycan_health_get_reply *health = ask(h);
	const bool well = health->healthy;

	free(health);
	return well;
}

void assert_well(struct hycan *h)
{
	struct hycan_health_get_reply *health = ask(h);

	for (size_t i = 0; i < health->n_problems; i++)
		print_error("%s: %s\n", health->problems[i].check, health->problems[i].message);
	assert_true(health->healthy);
	assert_int_equal(health->n_problems, 0);
	free(health);
}

void assert_problem(struct hycan *h, const char *check, const char *part)
{
	struct hycan_health_get_reply *health = ask(h);
	bool found = false;

	assert_false(health->healthy);
	for (size_t i = 0; i < health->n_problems; i++)
		found |= strcmp(health->problems[i].check, check) == 0 && strstr(health->problems[i].message, part);
	if (!found)
		fail_msg("%zu problems, the first: %s: %s", health->n_problems, health->problems[0].check,
		         health->problems[0].message);
	free(health);
}

int assert_well_beside(struct hycan *h, pid_t child)
{
	int status;

	do
		assert_well(h);
	while (waitpid(child, &status, WNOHANG) == 0);
	return status;
}
