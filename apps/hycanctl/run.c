/* SPDX-License-Identifier: BSD-3-Clause */
/* A command on its connection: a call, a stream, a file of many, or what is there as such a file. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <hycan/client.h>
#include <hycan/operations.h>

#include "arguments.h"
#include "command.h"
#include "export.h"
#include "json.h"
#include "line.h"
#include "people.h"
#include "request.h"
#include "text.h"
#include "value.h"

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
	stream->status = report_shown();
	stream->ended = stream->status != STATUS_DONE;
}

/* Waits until something comes, or whoever reads standard output is gone. False: he is. */
static bool is_read(const struct hycan *h)
{
	struct pollfd pfds[] = {
		{ .fd = hycan_fd(h), .events = hycan_events(h) },
		{ .fd = STDOUT_FILENO },
	};

	/* without a connection there is nothing to wait for here */
	if (pfds[0].fd < 0 || poll(pfds, 2, -1) < 0)
		return true;
	return !(pfds[1].revents & (POLLERR | POLLHUP));
}

/* Shows what comes until nothing comes any more, nobody reads it, or somebody ends us. */
static enum status listen_to(const struct command *command, struct hycan *h)
{
	/* it hears of the end of the connection, too */
	static struct stream stream;
	int r;

	stream.command = command;
	r = hycan_send(h, command->operation, command->request, show_next, &stream);
	if (r)
		return report_failure(command, h, command->operation, r, STATUS_REFUSED);
	while (!stream.ended) {
		hycan_wait(h, 0);
		stream.ended = stream.ended || !is_read(h);
	}
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
		return report_failure(command, h, command->operation, r, report_status(r));
	print_reply(command, reply, n);
	partly = failed_in_part(command->operation, reply);
	free(reply);
	return report_shown() != STATUS_DONE || partly ? STATUS_REFUSED : STATUS_DONE;
}

/* What a file says. Its name and line belong to what went wrong. */
static enum status call_apply(struct command *command, struct hycan *h)
{
	bool partly = false;
	const char *code;
	int r;

	/* how long it takes the file says, and who stops waiting knows nothing of what became of it */
	if (!command->options.timeout_ms)
		hycan_set_timeout(h, -1);
	r = apply_run(h, command->apply, command->options.json, &partly, &command->problem);
	code = report_code(r);
	if (r == 0)
		return report_shown() != STATUS_DONE || partly ? STATUS_REFUSED : STATUS_DONE;
	if (command->json) {
		json_print_error(stderr, code, command->problem.sentence, hycan_error_field(h), "transaction.run");
		return report_status(r);
	}
	fputs("hycanctl: ", stderr);
	text_print_foreign(stderr, command->problem.sentence);
	fprintf(stderr, " [%s]\n", code);
	return report_status(r);
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
	return report_shown() == STATUS_DONE && r == 0 ? STATUS_DONE : STATUS_REFUSED;
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

enum status command_run(struct command *command)
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
