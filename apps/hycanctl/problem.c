/* SPDX-License-Identifier: BSD-3-Clause */
/* Sentences about what was typed. They are printed in one place, main.c; here they only wait. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "problem.h"

int problem_set(struct problem *problem, const struct hycan_field *field, const char *sentence, ...)
{
	va_list arguments;

	va_start(arguments, sentence);
	vsnprintf(problem->sentence, sizeof(problem->sentence), sentence, arguments);
	va_end(arguments);
	problem->field = field;
	return -EINVAL;
}

void problem_locate(struct problem *problem, const char *where, ...)
{
	char text[sizeof(problem->sentence)], place[200];
	va_list arguments;

	va_start(arguments, where);
	vsnprintf(place, sizeof(place), where, arguments);
	va_end(arguments);
	memcpy(text, problem->sentence, sizeof(text));
	snprintf(problem->sentence, sizeof(problem->sentence), "%s: %.*s", place, (int)(sizeof(text) - strlen(place) - 3), text);
}
