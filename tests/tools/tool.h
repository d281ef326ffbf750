/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A world for hycanctl: it is in the path, the daemon's socket is in the environment, and files go where they may. */
#ifndef TOOL_H
#define TOOL_H

#include "world.h"

/* Setup and teardown of a test (world_begin(), world_end()). */
int tool_begin(void **state);

/* The same, where every user may everything. */
int tool_begin_for_all(void **state);

/* The program as another user, in words for shell(); need_tool_as() where others cannot run it where it was built. */
#define TOOL_AS(uid)   "setpriv --reuid " uid " --regid " uid " --clear-groups hycanctl "
#define need_tool_as() need_success("setpriv, and hycanctl for all", TOOL_AS("4242") "--version")
int tool_end(void **state);

/* “hycanctl OPTIONS apply file” with a text as the file; its exit status and all that is said must be these. */
void tool_apply(int status, const char *output, const char *options, const char *text);

#endif
