/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file of hycanctl apply: JSON, and what it says. No file of this machine is opened: whatever it names holds a few
 * bytes, or is not there. Steps that were read must be ones that can be sent.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "plan_file.h"
#include "source.h"

int __wrap_source_read(const char *word, size_t limit, struct source *ret_source, struct problem *problem);
int __wrap_open(const char *path, int flags, ...);

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

int __wrap_open(const char *path, int flags, ...)
{
	(void)flags;
	if (strstr(path, "blue"))
		return fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	errno = ENOENT;
	return -1;
}

static void check_step(const struct plan_step *step)
{
	static uint8_t bytes[1 << 20];
	struct wire_decoder decoder = { .fds = (const int[WIRE_FDS_MAX]){ 0 } };
	int fds[WIRE_FDS_MAX];
	struct wire_fault fault = { 0 };
	const struct hycan_structure *structure = step->operation->request;
	void *value = malloc(structure->size ? structure->size : 1);
	ssize_t n = wire_encode(structure, step->request, bytes, sizeof(bytes), fds, &decoder.n_fds, &fault);

	CHECK(n >= 0 && value && step->line > 0);
	CHECK(wire_decode(&decoder, structure, bytes, (size_t)n, value) == 0);
	free(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct problem problem = { 0 };
	struct plan_file file = { 0 };
	char *text = strndup((const char *)data, size);

	CHECK(text);
	if (plan_file_read(text, &file, &problem) == 0)
		for (size_t i = 0; i < file.n; i++)
			check_step(&file.step[i]);
	else
		CHECK(problem.sentence[0] && strnlen(problem.sentence, sizeof(problem.sentence)) < sizeof(problem.sentence));
	plan_file_free(&file);
	CHECK(!file.step);
	free(text);
	return 0;
}
