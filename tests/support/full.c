/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file system in memory, of the ledger's alone, and another file that takes what is left of it. */
#include "full.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

void full_path(const struct world *w, char *path)
{
	snprintf(path, 128, "%s/state/kept/ledger", w->directory);
}

int full_begin(void **state)
{
	char path[128];
	const struct world_options options = { .arguments = { "--state", path } };
	struct world *w;

	if (world_begin(state) != 0)
		return -1;
	w = *state;
	full_path(w, path);
	hycan_close(w->h);
	world_stop_daemon(w, SIGTERM);
	free(shell("mkdir %s/state && mount -t tmpfs -o size=256k,mode=755 tmpfs %s/state && mkdir -m 700 %s/state/kept",
	           w->directory, w->directory, w->directory));
	world_start_daemon(w, &options);
	assert_done(w->h, hycan_open(&w->h, w->socket));
	return 0;
}

void full_fill(const struct world *w)
{
	(void)shell_status(NULL, "cat /dev/zero >%s/state/rest", w->directory);
}

void full_empty(const struct world *w)
{
	free(shell("rm %s/state/rest", w->directory));
}

int full_end(void **state)
{
	struct world *w = *state;

	(void)shell_status(NULL, "umount -l %s/state", w->directory);
	return world_end(state);
}
