/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hycanctl: any operation of the daemon, from a shell.
 *
 * It knows no operation. The schema says which nouns, verbs and fields there are, so an operation that is added there is
 * added here. One connection, one call, and its answer as a table or as JSON. What this file does not do: understand
 * words (arguments.c) or write answers (people.c, json.c).
 */
#include <stdio.h>
#include <string.h>

#include <hycan/operations.h>

#include "arguments.h"
#include "command.h"
#include "complete.h"
#include "export.h"
#include "help.h"
#include "names.h"
#include "text.h"

static enum status show_help(struct command *command)
{
	if (!command->noun)
		help_print_program(stdout);
	else if (command->operation)
		help_print_operation(stdout, command->operation);
	else if (names_explain(&command->noun, command->verb, &command->problem) && command->noun && !command->verb)
		help_print_noun(stdout, command->noun);
	else
		return report_usage(command);
	return report_shown();
}

/* Noun and verb, and the options before and between them. Moves *at behind the verb. */
static int read_names(struct command *command, char *const *words, size_t n, size_t *at)
{
	while (*at < n && !command->verb) {
		int r = options_take(&command->options, words, n, at, &command->problem);

		if (r < 0)
			return r;
		if (r > 0)
			continue;
		if (words[*at][0] == '-')
			return problem_set(&command->problem, NULL, "There is no option %.60s here.", words[*at]);
		if (!command->noun) {
			command->noun = arguments_short(words[*at], &command->verb);
			if (!command->noun)
				command->noun = words[*at];
			(*at)++;
		} else {
			command->verb = words[(*at)++];
		}
	}
	return 0;
}

static enum status apply_main(char *const *words, size_t n, bool help)
{
	struct apply apply = { 0 };
	struct command command = { .apply = &apply, .json = options_mention("json", words, n) };
	enum status status;

	if (help) {
		apply_print_usage(stdout);
		return report_shown();
	}
	status = apply_read(words, n, &apply, &command.options, &command.problem) < 0 ? report_usage(&command)
	                                                                              : command_run(&command);
	apply_free(&apply);
	return status;
}

static enum status export_main(char *const *words, size_t n, bool help)
{
	struct command command = { .exports = true, .noun = "export", .json = options_mention("json", words, n) };

	if (help) {
		export_print_usage(stdout);
		return report_shown();
	}
	if (export_read(words, n, &command.options, &command.problem) == 0)
		return command_run(&command);
	fputs("hycanctl: ", stderr);
	text_print_foreign(stderr, command.problem.sentence);
	fputc('\n', stderr);
	export_print_usage(stderr);
	return STATUS_USAGE;
}

int main(int argc, char **argv)
{
	struct command command = { 0 };
	char *const *words = argv + 1;
	size_t n = argc > 1 ? (size_t)argc - 1 : 0, at = 0;
	enum status status;
	bool help;
	int r;

	if (n == 0) {
		help_print_program(stderr);
		return STATUS_USAGE;
	}
	if (strcmp(words[0], "--complete") == 0) {
		complete_print(stdout, words + 1, n - 1);
		return report_shown();
	}
	help = options_mention("help", words, n);
	if (strcmp(words[0], "help") == 0) {
		help = true;
		at = 1;
	}
	if (apply_is_meant(words + at, n - at, "apply"))
		return apply_main(words + at, n - at, help);
	if (apply_is_meant(words + at, n - at, "export"))
		return export_main(words + at, n - at, help);
	command.json = options_mention("json", words, n);
	r = read_names(&command, words, n, &at);
	if (r < 0)
		return report_usage(&command);
	if (command.options.version) {
		puts("hycanctl " HYCAN_VERSION);
		return report_shown();
	}
	if (command.noun && !command.verb && !help)
		command.verb = arguments_only_verb(command.noun);
	if (command.verb)
		command.operation = arguments_operation(command.noun, command.verb);
	if (help)
		return show_help(&command);
	if (!command.operation) {
		names_explain(&command.noun, command.verb, &command.problem);
		return report_usage(&command);
	}
	r = arguments_read(command.operation, words + at, n - at, &command.options, &command.request, &command.problem);
	status = r < 0 ? report_usage(&command) : command_run(&command);
	arguments_free(command.operation, &command.request);
	return status;
}
