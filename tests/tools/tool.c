/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Worlds for hycanctl. */
#include "tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int tool_begin(void **state)
{
	static char path[4096];
	struct world *w;

	if (world_begin(state) != 0)
		return -1;
	w = *state;
	if (!path[0]) {
		const char *name = strrchr(HYCANCTL, '/');

		snprintf(path, sizeof(path), "%.*s:%s", (int)(name - HYCANCTL), HYCANCTL, getenv("PATH"));
		setenv("PATH", path, 1);
	}
	setenv("HYCAN_DAEMON_SOCKET", w->socket, 1);
	setenv("HYCAN_NO_FALLBACK", "1", 1);
	return chdir(w->directory);
}

int tool_end(void **state)
{
	return chdir("/") == 0 ? world_end(state) : -1;
}
