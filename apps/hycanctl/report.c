/* SPDX-License-Identifier: BSD-3-Clause */
/* Why a command could not be, for people and, with --json, for programs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <hycan/client.h>
#include <hycan/operations.h>

#include "command.h"
#include "help.h"
#include "json.h"
#include "text.h"

enum status report_usage(const struct command *command)
{
	const struct hycan_field *field = command->problem.field;

	if (command->json) {
		json_print_error(stderr, "usage", command->problem.sentence, field ? field->name : NULL,
		                 command->operation ? command->operation->name : NULL);
		return STATUS_USAGE;
	}
	fputs("hycanctl: ", stderr);
	text_print_foreign(stderr, command->problem.sentence);
	fputc('\n', stderr);
	if (command->apply && !command->apply->path)
		apply_print_usage(stderr);
	else if (command->apply)
		return STATUS_USAGE;
	else if (command->operation || !command->noun)
		help_print_usage(stderr, command->operation);
	else
		help_print_noun(stderr, command->noun);
	return STATUS_USAGE;
}

const char *report_code(int result)
{
	const char *name = result < 0 ? strerrorname_np(-result) : hycan_result_name(result);

	return name ? name : "unknown";
}

enum status report_status(int result)
{
	return result == -ETIMEDOUT || result == -ECONNRESET ? STATUS_UNKNOWN : STATUS_REFUSED;
}

enum status report_failure(const struct command *command, const struct hycan *h, const struct hycan_operation *operation,
                           int result, enum status status)
{
	const char *message = hycan_error_message(h), *field = status == STATUS_NO_DAEMON ? "" : hycan_error_field(h);
	const char *code = hycan_result_name(result);

	if (!message[0])
		message = code;
	if (command->json) {
		if (result < 0)
			code = status == STATUS_NO_DAEMON ? "no_daemon" : report_code(result);
		json_print_error(stderr, code, message, field, operation ? operation->name : NULL);
		return status;
	}
	fputs("hycanctl: ", stderr);
	text_print_foreign(stderr, message);
	if (result > 0)
		fprintf(stderr, field[0] ? " [%s: %s]" : " [%s]", code, field);
	fputc('\n', stderr);
	return status;
}

enum status report_shown(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return STATUS_DONE;
	fprintf(stderr, "hycanctl: The answer cannot be written: %s.\n", strerror(errno));
	return STATUS_REFUSED;
}
