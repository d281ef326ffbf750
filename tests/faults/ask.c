/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asking. Requests are written as for hycanctl, and read by its rooms: a case is a line that a person can try. Keys are read from
 * files that a command of the case wrote, so a request is read when it is asked.
 */
#include "ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "request.h"
#include "value.h"
#include "world.h"

#define WORDS_MAX 32

struct request {
	const struct hycan_operation *operation;
	void *values;
};

/* Cuts the text at its blanks; what is in braces is one word. */
static size_t split(char *text, char **word)
{
	size_t n = 0;
	int depth = 0;

	for (bool inside = false; *text; text++) {
		depth += (*text == '{') - (*text == '}');
		if (*text == ' ' && depth == 0)
			*text = '\0';
		else if (!inside && n < WORDS_MAX)
			word[n++] = text;
		inside = *text;
	}
	return n;
}

static const char *read_request(char *text, struct request *request)
{
	static struct problem problem;
	char *word[WORDS_MAX];
	struct options options = { 0 };
	size_t n = split(text, word);

	request->operation = n < 2 ? NULL : arguments_operation(word[0], word[1]);
	if (!request->operation)
		return "there is no such operation";
	memset(&problem, 0, sizeof(problem));
	if (arguments_read(request->operation, word + 2, n - 2, &options, &request->values, &problem) < 0)
		return problem.sentence;
	return NULL;
}

static _Noreturn void end_for(const char *line, const char *reason)
{
	fprintf(stderr, "“%s”: %s\n", line, reason);
	exit(2);
}

static void read_or_end(const char *line, const struct case_token *token, struct request *request)
{
	const char *at = strstr(line, "TOKEN");
	char text[2048];
	const char *reason;

	if (at)
		snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - line), line, token->text, at + strlen("TOKEN"));
	else
		snprintf(text, sizeof(text), "%s", line);
	reason = read_request(text, request);
	if (reason)
		end_for(line, reason);
}

static bool tells_of_failures(const struct hycan_operation *operation, const void *reply)
{
	const struct hycan_field *field = reply ? value_field(operation->reply, "failed", strlen("failed")) : NULL;

	return field && hycan_value_number(field, request_value(field, reply, 0)) > 0;
}

/* What begins and does not end: TOKEN is what ends it. */
static int listen_to(const struct request *request, struct hycan *h, struct case_token *token)
{
	int r = answer_listen(&token->listeners, h, request->operation, request->values);

	snprintf(token->text, sizeof(token->text), "%u", hycan_sequence(h));
	return r;
}

/* What changes something may be told of it what is so by chance: the kernel's numbers. */
static int call(const struct request *request, struct hycan *h, struct told *ret_told)
{
	void *reply = NULL;
	size_t n = 0;
	int r = hycan_call(h, request->operation, request->values, &reply, &n);

	if (ret_told && r == 0) {
		ret_told->partly = tells_of_failures(request->operation, reply);
		if (request->operation->access != HYCAN_ACCESS_WRITE)
			ret_told->answer = answer_text(request->operation, reply, n);
	}
	free(reply);
	return r;
}

/* One request, or one more step of the transaction that was begun. */
static int ask_line(const char *line, struct hycan *h, struct case_token *token, struct told *ret_told)
{
	struct request request;
	int r;

	read_or_end(line, token, &request);
	r = request.operation->stream ? listen_to(&request, h, token) : call(&request, h, ret_told);
	arguments_free(request.operation, &request.values);
	return r;
}

void ask_all(char *const *lines, size_t n, struct hycan *h, struct case_token *token)
{
	for (size_t i = 0; i < n; i++)
		assert_done(h, ask_line(lines[i], h, token, NULL));
}

static void ask_transaction(const struct fault_case *c, struct hycan *h, struct case_token *token, struct told *told)
{
	const struct hycan_transaction_run_options options = {
		.has_prune = c->prune,
		.prune = c->prune,
		.has_confirm_within = c->confirm,
		.confirm_within = CONFIRM_WITHIN,
		.has_may_be_gone = c->may_be_gone,
		.may_be_gone = c->may_be_gone,
		.has_detached = c->confirm,
		.detached = c->confirm,
	};
	struct hycan_transaction_run_reply *reply = NULL;
	int r = hycan_transaction_begin(h);

	for (size_t i = 0; i < c->n_requests && r == 0; i++)
		r = ask_line(c->request[i], h, token, NULL);
	told->result = hycan_transaction_commit(h, &options, &reply);
	told->partly = told->result == 0 && reply->has_failed;
	free(reply);
}

/* Nobody is told of an end, or that time goes by: whoever is answered next knows that the daemon has seen it. */
static void look(struct hycan *h, struct told *told)
{
	struct hycan_session_whoami_reply *reply = NULL;

	told->result = hycan_session_whoami(h, &reply);
	free(reply);
}

static void come_anew(const struct fault_case *c, struct hycan *h, struct case_token *token, struct told *told)
{
	told->result = hycan_open(&token->other, hycan_path(h));
	if (told->result == 0)
		told->result = ask_line(c->newcomer[0], token->other, token, told);
}

struct told case_ask(const struct fault_case *c, struct hycan *h, struct case_token *token)
{
	struct hycan *asked = h;
	struct told told = { 0 };

	if (c->n_newcomer) {
		case_end(token);
		come_anew(c, h, token, &told);
		asked = token->other;
	} else if (c->n_leaves || c->later) {
		case_end(token);
		look(h, &told);
	} else if (c->n_requests == 1 && !c->transaction) {
		told.result = ask_line(c->request[0], h, token, &told);
	} else {
		ask_transaction(c, h, token, &told);
	}
	snprintf(told.sentence, sizeof(told.sentence), "%s", told.result ? hycan_error_message(asked) : "");
	return told;
}

void case_hear(struct hycan *h, const struct case_token *token, struct told *told)
{
	if (token->listeners && told->result == 0)
		told->result = answer_hear(token->listeners, h, &told->answer);
}

void told_release(struct told *told)
{
	free(told->answer);
	told->answer = NULL;
}

void case_go_on(const struct fault_case *c, struct hycan *h, struct case_token *token)
{
	for (size_t i = 0; i < c->n_then; i++)
		(void)ask_line(c->then[i], h, token, NULL);
}

void case_end(struct case_token *token)
{
	hycan_close(token->other);
	token->other = NULL;
}
