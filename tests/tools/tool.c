/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Worlds for hycanctl. */
#include "tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int begin(void **state, const struct world_options *options)
{
	static char path[4096];
	struct world *w = world_start(options);

	*state = w;
	if (!path[0]) {
		const char *name = strrchr(HYCANCTL, '/');

		snprintf(path, sizeof(path), "%.*s:%s", (int)(name - HYCANCTL), HYCANCTL, getenv("PATH"));
		setenv("PATH", path, 1);
	}
	setenv("HYCAN_DAEMON_SOCKET", w->socket, 1);
	setenv("HYCAN_NO_FALLBACK", "1", 1);
	return chdir(w->directory);
}

int tool_begin(void **state)
{
	return begin(state, NULL);
}

int tool_begin_for_all(void **state)
{
	static const struct world_options for_all = { .policy = "allow * all\n", .open_to_all = true };

	return begin(state, &for_all) == 0 && chmod(".", 0755) == 0 ? 0 : -1;
}

int tool_end(void **state)
{
	return chdir("/") == 0 ? world_end(state) : -1;
}

void tool_apply(int status, const char *output, const char *options, const char *text)
{
	FILE *file = fopen("file", "w");
	char *got;
	int r;

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0 && fclose(file) == 0);
	r = shell_status(&got, "hycanctl %s apply file", options);
	if (r != status || strcmp(got, output) != 0)
		fail_msg("“%s” ended with %d instead of %d and said:\n%s", text, r, status, got);
	free(got);
}
