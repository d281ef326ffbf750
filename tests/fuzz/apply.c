/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file of hycanctl apply: JSON, and what it says. No file of this machine is opened: whatever it names holds a few
 * bytes, or is not there. Steps that were read must be ones that can be sent.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "plan_file.h"
#include "source.h"

int __wrap_source_read(const char *word, size_t limit, struct source *ret_source, struct problem *problem);

/* A key. */
int __wrap_source_read(const char *word, size_t limit, struct source *ret_source, struct problem *problem)
{
	static const char key[] = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=\n";

	if (strstr(word, "none"))
		return problem_set(problem, NULL, "%s cannot be read.", word);
	CHECK(limit >= sizeof(key));
	*ret_source = (struct source){ .name = word, .text = strdup(key), .size = sizeof(key) };
	CHECK(ret_source->text);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct problem problem = { 0 };
	struct plan_file file = { 0 };
	char *text = strndup((const char *)data, size);

	CHECK(text);
	if (plan_file_read(text, &file, &problem) == 0)
		for (size_t i = 0; i < file.n; i++) {
			CHECK(file.step[i].line > 0);
			check_sendable(file.step[i].operation->request, file.step[i].request);
		}
	else
		CHECK(problem.sentence[0] && strnlen(problem.sentence, sizeof(problem.sentence)) < sizeof(problem.sentence));
	plan_file_free(&file);
	CHECK(!file.step);
	free(text);
	return 0;
}
