/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A world for hycanctl: it is in the path, the daemon's socket is in the environment, and files go where they may. */
#ifndef TOOL_H
#define TOOL_H

#include "world.h"

/* Setup and teardown of a test (world_begin(), world_end()). */
int tool_begin(void **state);
int tool_begin_with(void **state, const struct world_options *options);
int tool_end(void **state);

/* “hycanctl OPTIONS apply file” with a text as the file; its exit status and all that is said must be these. */
void tool_apply(int status, const char *output, const char *options, const char *text);

#endif
