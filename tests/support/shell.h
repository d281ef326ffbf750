/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands that a test runs, and what it needs of the machine. */
#ifndef SUPPORT_SHELL_H
#define SUPPORT_SHELL_H

#include <stdbool.h>

/* Runs a command by the shell; returns its output, standard error too. The test fails unless it ends with 0. */
__attribute__((format(printf, 1, 2))) char *shell(const char *format, ...);

/* The same; returns the exit status and, in ret_output where it is not NULL, the output. */
__attribute__((format(printf, 2, 3))) int shell_status(char **ret_output, const char *format, ...);

/* Runs a command again until it ends with 0; the test fails when that does not happen within so many seconds of a quiet machine (clock.h). */
__attribute__((format(printf, 2, 3))) void shell_until(int seconds, const char *format, ...);

/* Skips the test, and says why, where the running kernel cannot make links of that kind; where HYCAN_TEST_COMPLETE is set it fails. */
void need_kind(const char *kind);

/* Whether it can. */
bool has_kind(const char *kind);

/* The same for a program. */
void need_command(const char *command);

/* The same for anything else that a shell command can tell. */
void need_success(const char *what, const char *command);

/* Skips the test, and says why, where the running kernel renames no link that is up. The guest's does not either, so that fails nowhere. */
void need_rename_while_up(void);

#endif
