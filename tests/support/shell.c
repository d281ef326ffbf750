/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands, each by a shell of its own. */
#include "shell.h"
#include "chosen.h"
#include "clock.h"

/* cmocka wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

__attribute__((format(printf, 2, 0))) static int run(char **ret_output, const char *format, va_list ap)
{
	char command[4096];
	char *output = NULL;
	size_t size = 0;
	FILE *file, *memory;
	int c, status, n;

	memory = open_memstream(&output, &size);
	assert_non_null(memory);
	n = snprintf(command, sizeof(command), "exec 2>&1; ");
	n += vsnprintf(command + n, sizeof(command) - (size_t)n, format, ap);
	assert_true((size_t)n < sizeof(command));
	file = popen(command, "r");
	assert_non_null(file);
	while ((c = getc(file)) != EOF)
		putc(c, memory);
	status = pclose(file);
	fclose(memory);
	if (ret_output)
		*ret_output = output;
	else
		free(output);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int shell_status(char **ret_output, const char *format, ...)
{
	va_list ap;
	int status;

	va_start(ap, format);
	status = run(ret_output, format, ap);
	va_end(ap);
	return status;
}

char *shell(const char *format, ...)
{
	char *output;
	va_list ap;
	int status;

	va_start(ap, format);
	status = run(&output, format, ap);
	va_end(ap);
	if (status != 0)
		fail_msg("“%s” ended with %d: %s", format, status, output);
	return output;
}

void shell_until(int seconds, const char *format, ...)
{
	const int64_t deadline = now_ms() + seconds * INT64_C(1000) * SLOWEST;
	const struct timespec pause = { .tv_nsec = 20 * 1000000 };
	char *output = NULL;
	va_list ap;
	int status;

	for (;;) {
		va_start(ap, format);
		status = run(&output, format, ap);
		va_end(ap);
		if (status == 0)
			break;
		if (now_ms() > deadline)
			fail_msg("“%s” did not succeed within %d s: %s", format, seconds * SLOWEST, output);
		free(output);
		nanosleep(&pause, NULL);
	}
	free(output);
}

/* ------------------------------------------------------------------------------------------------------------- needs */

static void lacking(const char *what)
{
	if (getenv("HYCAN_TEST_COMPLETE"))
		fail_msg("This test needs %s, and nothing may be skipped here.", what);
	chosen_note_skipped();
	print_message("SKIPPED, since there is no %s here.\n", what);
	skip();
}

/* A bare “ip link add” is refused for its parameters where the kind is known, and for the kind where it is not. */
static bool ask_for_kind(const char *kind)
{
	char *output = NULL;
	bool has;

	(void)shell_status(&output,
	                   "unshare -n sh -c 'ip link add name probe0 type %s; ip link add name probe0 link lo type %s id 1'", kind,
	                   kind);
	has = !strstr(output, "Unknown device type") && !strstr(output, "Operation not supported");
	free(output);
	return has;
}

bool has_kind(const char *kind)
{
	/* the last one that was asked for: most programs ask for one, before each of their tests */
	static char known[32];
	static bool has;

	if (strcmp(known, kind) != 0) {
		has = ask_for_kind(kind);
		snprintf(known, sizeof(known), "%s", kind);
	}
	return has;
}

void need_kind(const char *kind)
{
	char what[64];

	snprintf(what, sizeof(what), "link kind %s in this kernel", kind);
	if (!has_kind(kind))
		lacking(what);
}

void need_command(const char *command)
{
	if (shell_status(NULL, "command -v %s", command) != 0)
		lacking(command);
}

void need_success(const char *what, const char *command)
{
	if (shell_status(NULL, "%s", command) != 0)
		lacking(what);
}

void need_rename_while_up(void)
{
	if (shell_status(NULL, "unshare -n sh -c 'ip link set lo up && ip link set lo name probe0'") == 0)
		return;
	print_message("SKIPPED, since this kernel renames no link that is up, as Linux does from 6.2 on.\n");
	skip();
}
