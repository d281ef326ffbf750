/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hycanctl: any operation of the daemon, from a shell.
 *
 * It knows no operation. The schema says which nouns, verbs and fields there are, so an operation that is added there is
 * added here. One connection, one call, and its answer as a table or as JSON. What this file does not do: understand
 * words (arguments.c) or write answers (people.c, json.c).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hycan/client.h>
#include <hycan/operations.h>

#include "apply.h"
#include "arguments.h"
#include "complete.h"
#include "export.h"
#include "help.h"
#include "json.h"
#include "line.h"
#include "names.h"
#include "options.h"
#include "people.h"
#include "problem.h"
#include "request.h"
#include "text.h"
#include "value.h"

enum status {
	STATUS_DONE = 0,
	STATUS_REFUSED = 1,
	STATUS_USAGE = 2,
	STATUS_NO_DAEMON = 3,
};

struct command {
	struct options options;
	bool json; /* the form of errors */
	const char *noun;
	const char *verb;
	const struct hycan_operation *operation;
	void *request;
	struct apply *apply; /* a file of many, instead of one operation */
	bool exports;
	struct problem problem;
};

static enum status report_usage(const struct command *command)
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

/* One word for a result: the schema's of a refusal, the errno's of a failure. A daemon may send one that has none here. */
static const char *code_of(int result)
{
	const char *name = result < 0 ? strerrorname_np(-result) : hycan_result_name(result);

	return name ? name : "unknown";
}

/* A call that did not succeed, or a connection that was not made. */
static enum status report_failure(const struct command *command, const struct hycan *h, const struct hycan_operation *operation,
                                  int result, enum status status)
{
	const char *message = hycan_error_message(h), *field = status == STATUS_NO_DAEMON ? "" : hycan_error_field(h);
	const char *code = hycan_result_name(result);

	if (!message[0])
		message = code;
	if (command->json) {
		if (result < 0)
			code = status == STATUS_NO_DAEMON ? "no_daemon" : code_of(result);
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

/* A number or a switch of an answer that is always there; missing where the answer has none of that name. */
static uint64_t number_of(const struct hycan_operation *operation, const void *reply, const char *name, enum hycan_type type,
                          uint64_t missing)
{
	const struct hycan_field *field = operation->list || !reply ? NULL : value_field(operation->reply, name, strlen(name));

	if (!field || field->type != type || field->flags & (HYCAN_FIELD_OPTIONAL | HYCAN_FIELD_LIST))
		return missing;
	return hycan_value_number(field, request_value(field, reply, 0));
}

/* Some of what was asked for may have failed, or not be well: an answer that counts that, or tells it, says so. */
static bool failed_in_part(const struct hycan_operation *operation, const void *reply)
{
	return number_of(operation, reply, "failed", HYCAN_TYPE_UNSIGNED, 0) > 0 ||
	       !number_of(operation, reply, "healthy", HYCAN_TYPE_BOOL, true);
}

static void print_reply(const struct command *command, const void *reply, size_t n)
{
	const struct hycan_operation *operation = command->operation;

	if (command->options.json) {
		if (operation->list)
			json_print_list(stdout, operation->reply, reply, n);
		else
			json_print_answer(stdout, operation->reply, reply);
	} else if (operation->list) {
		people_print_list(stdout, operation->reply, reply, n);
	} else {
		people_print_answer(stdout, operation->reply, reply);
	}
}

/* What is lost on its way to a full disk was not shown. */
static enum status flush(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return STATUS_DONE;
	fprintf(stderr, "hycanctl: The answer cannot be written: %s.\n", strerror(errno));
	return STATUS_REFUSED;
}

/* A stream, while it is shown. */
struct stream {
	const struct command *command;
	bool ended;
	enum status status;
};

static void show_next(struct hycan *h, int result, const void *reply, size_t n, void *userdata)
{
	struct stream *stream = userdata;
	const struct command *command = stream->command;

	if (stream->ended)
		return;
	stream->ended = result != 0 || n == 0;
	if (result)
		stream->status = report_failure(command, h, command->operation, result, STATUS_REFUSED);
	if (stream->ended)
		return;
	if (command->options.json)
		json_print_answer(stdout, command->operation->reply, reply);
	else
		line_print(stdout, command->operation->reply, reply);
	/* whoever reads it waits for each */
	stream->status = flush();
	stream->ended = stream->status != STATUS_DONE;
}

/* Shows what comes until nothing comes any more, or somebody ends us. */
static enum status listen_to(const struct command *command, struct hycan *h)
{
	/* it hears of the end of the connection, too */
	static struct stream stream;
	int r;

	stream.command = command;
	r = hycan_send(h, command->operation, command->request, show_next, &stream);
	if (r)
		return report_failure(command, h, command->operation, r, STATUS_REFUSED);
	while (!stream.ended)
		hycan_wait(h, -1);
	return stream.status;
}

static enum status call(const struct command *command, struct hycan *h)
{
	void *reply = NULL;
	size_t n = 0;
	bool partly;
	int r;

	r = hycan_call(h, command->operation, command->request, &reply, &n);
	if (r)
		return report_failure(command, h, command->operation, r, STATUS_REFUSED);
	print_reply(command, reply, n);
	partly = failed_in_part(command->operation, reply);
	free(reply);
	return flush() != STATUS_DONE || partly ? STATUS_REFUSED : STATUS_DONE;
}

/* What a file says. Its name and line belong to what went wrong. */
static enum status call_apply(struct command *command, struct hycan *h)
{
	int r = apply_run(h, command->apply, command->options.json, &command->problem);
	const char *code = code_of(r);

	if (r == 0)
		return flush();
	if (command->json) {
		json_print_error(stderr, code, command->problem.sentence, hycan_error_field(h), "transaction.run");
		return STATUS_REFUSED;
	}
	fputs("hycanctl: ", stderr);
	text_print_foreign(stderr, command->problem.sentence);
	fprintf(stderr, " [%s]\n", code);
	return STATUS_REFUSED;
}

/* The whole file or nothing of it. */
static enum status call_export(struct command *command, struct hycan *h)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int r = out ? export_run(h, out, stderr, &command->problem) : -ENOMEM;
	bool failed;

	if (!out || fclose(out) != 0)
		r = -ENOMEM;
	failed = r < 0 || command->problem.sentence[0];
	if (!failed)
		fwrite(text, 1, size, stdout);
	free(text);
	if (failed)
		return report_failure(command, h, NULL, r, STATUS_REFUSED);
	return flush() == STATUS_DONE && r == 0 ? STATUS_DONE : STATUS_REFUSED;
}

/* --netns: the operation that takes a namespace, first. */
static enum status enter_namespace(struct command *command, struct hycan *h)
{
	const struct hycan_operation *enter = hycan_operation_by_name("session.netns");
	char *words[] = { (char *)"--netns", (char *)command->options.netns };
	enum status status = STATUS_DONE;
	void *request, *reply = NULL;
	struct options options = { 0 };
	size_t n;
	int r;

	if (arguments_read(enter, words, 2, &options, &request, &command->problem) < 0) {
		status = report_usage(command);
	} else {
		r = hycan_call(h, enter, request, &reply, &n);
		if (r)
			status = report_failure(command, h, enter, r, STATUS_REFUSED);
	}
	free(reply);
	arguments_free(enter, &request);
	return status;
}

/* --lifetime */
static enum status choose_lifetime(struct command *command, struct hycan *h)
{
	const struct hycan_session_lifetime_options options = { .has_seconds = true, .seconds = command->options.lease_seconds };
	int r = command->options.lease_seconds ? hycan_session_lifetime(h, HYCAN_LIFETIME_LEASE, &options) : 0;

	return r ? report_failure(command, h, hycan_operation_by_name("session.lifetime"), r, STATUS_REFUSED) : STATUS_DONE;
}

static enum status run(struct command *command)
{
	enum status status = STATUS_DONE;
	struct hycan *h = NULL;
	int r;

	r = command->options.timeout_ms ? hycan_open_within(&h, command->options.socket, command->options.timeout_ms)
	                                : hycan_open(&h, command->options.socket);
	if (r < 0) {
		status = report_failure(command, h, NULL, r, r == -EACCES ? STATUS_REFUSED : STATUS_NO_DAEMON);
	} else {
		hycan_set_exclusive(h, command->options.exclusive);
		if (command->options.netns)
			status = enter_namespace(command, h);
		if (status == STATUS_DONE)
			status = choose_lifetime(command, h);
		if (status == STATUS_DONE && command->apply)
			status = call_apply(command, h);
		else if (status == STATUS_DONE && command->exports)
			status = call_export(command, h);
		else if (status == STATUS_DONE)
			status = command->operation->stream ? listen_to(command, h) : call(command, h);
	}
	hycan_close(h);
	return status;
}

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
	return flush();
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
		return flush();
	}
	status = apply_read(words, n, &apply, &command.options, &command.problem) < 0 ? report_usage(&command) : run(&command);
	apply_free(&apply);
	return status;
}

static enum status export_main(char *const *words, size_t n, bool help)
{
	struct command command = { .exports = true, .noun = "export", .json = options_mention("json", words, n) };

	if (help) {
		export_print_usage(stdout);
		return flush();
	}
	if (export_read(words, n, &command.options, &command.problem) == 0)
		return run(&command);
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
		return flush();
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
		return flush();
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
	status = r < 0 ? report_usage(&command) : run(&command);
	arguments_free(command.operation, &command.request);
	return status;
}
