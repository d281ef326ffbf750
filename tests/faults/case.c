/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cases. Their requests are written as for hycanctl, and read by its rooms: a case is a line that a person can try.
 */
#include "case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "request.h"
#include "value.h"

#define WORDS_MAX 32

struct request {
	const struct hycan_operation *operation;
	void *values;
};

static _Noreturn void misread(const char *path, size_t line, const char *reason)
{
	fprintf(stderr, "%s:%zu: %s\n", path, line, reason);
	exit(2);
}

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

/* Keys are read from files that a command of the case wrote, so requests are read where they are used. */
static const char *keep(char **lines, size_t *n, const char *text)
{
	if (*n == CASE_LINES)
		return "too many lines";
	lines[*n] = strdup(text);
	assert_non_null(lines[*n]);
	++*n;
	return NULL;
}

static const char *read_with(struct fault_case *c, const char *text)
{
	c->transaction = true;
	c->prune = c->prune || strstr(text, "prune");
	c->confirm = c->confirm || strstr(text, "confirm");
	c->may_be_gone = c->may_be_gone || strstr(text, "gone");
	return c->prune || c->confirm || c->may_be_gone ? NULL : "a transaction has no such option";
}

static const char *read_line(struct fault_case *c, const char *word, const char *text)
{
	const struct {
		const char *word;
		char **lines;
		size_t *n;
	} lists[] = {
		{ "shell", c->shell, &c->n_shell },    { "former", c->former, &c->n_former }, { "waits", c->waits, &c->n_waits },
		{ "given", c->given, &c->n_given },    { "do", c->request, &c->n_requests },  { "then", c->then, &c->n_then },
		{ "leaves", c->leaves, &c->n_leaves },
	};

	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		if (strcmp(word, lists[i].word) == 0)
			return keep(lists[i].lines, lists[i].n, text);
	if (strcmp(word, "needs") == 0)
		return (c->needs = strdup(text)) ? NULL : "no memory";
	if (strcmp(word, "with") == 0)
		return read_with(c, text);
	if (strcmp(word, "in") == 0)
		return (c->in_parts = strcmp(text, "parts") == 0) ? NULL : "in what?";
	return "the line begins with none of the words that it may";
}

struct fault_case *cases_read(const char *path, size_t *ret_n)
{
	struct fault_case *cases = NULL;
	FILE *file = fopen(path, "re");
	size_t n = 0, number = 0;
	char line[2048], *text;
	const char *reason;

	if (!file)
		misread(path, 0, "cannot be read");
	while (fgets(line, sizeof(line), file)) {
		number++;
		line[strcspn(line, "\n")] = '\0';
		if (!line[0] || line[0] == '#')
			continue;
		text = line + strcspn(line, " ");
		if (*text)
			*text++ = '\0';
		if (strcmp(line, "case") == 0) {
			cases = reallocarray(cases, n + 1, sizeof(*cases));
			assert_non_null(cases);
			cases[n++] = (struct fault_case){ .title = strdup(text) };
			continue;
		}
		reason = n ? read_line(&cases[n - 1], line, text) : "it belongs to no case";
		if (reason)
			misread(path, number, reason);
	}
	fclose(file);
	*ret_n = n;
	return cases;
}

static void free_lines(char **lines, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(lines[i]);
}

void cases_free(struct fault_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(cases[i].title);
		free(cases[i].needs);
		free_lines(cases[i].shell, cases[i].n_shell);
		free_lines(cases[i].former, cases[i].n_former);
		free_lines(cases[i].waits, cases[i].n_waits);
		free_lines(cases[i].leaves, cases[i].n_leaves);
		free_lines(cases[i].given, cases[i].n_given);
		free_lines(cases[i].request, cases[i].n_requests);
		free_lines(cases[i].then, cases[i].n_then);
	}
	free(cases);
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
		misread(line, 0, reason);
}

static int ask_line(const char *line, struct hycan *h, const struct case_token *token, bool *ret_partly);

static void give(char *const *lines, size_t n, struct hycan *h, const struct case_token *token)
{
	for (size_t i = 0; i < n; i++)
		assert_done(h, ask_line(lines[i], h, token, NULL));
}

/* A client that was there before, and is not any more. */
static void come_and_go(const struct fault_case *c, struct world *w, struct case_token *token)
{
	struct hycan *h = NULL;

	if (c->n_former == 0)
		return;
	assert_done(h, hycan_open(&h, w->socket));
	give(c->former, c->n_former, h, token);
	snprintf(token->text, sizeof(token->text), "%s", hycan_token(h));
	hycan_close(h);
}

/* A client that is there until the case is tried. */
static void come(const struct fault_case *c, struct world *w, struct case_token *token)
{
	if (c->n_leaves == 0)
		return;
	assert_done(token->leaves, hycan_open(&token->leaves, w->socket));
	give(c->leaves, c->n_leaves, token->leaves, token);
}

void case_end(struct case_token *token)
{
	hycan_close(token->leaves);
	token->leaves = NULL;
}

/* Longer than all of the sweep. */
#define CONFIRM_WITHIN 86400

static void wait_to_be_confirmed(const struct fault_case *c, struct world *w, struct case_token *token)
{
	const struct hycan_transaction_run_options options = {
		.has_confirm_within = true, .confirm_within = CONFIRM_WITHIN, .has_detached = true, .detached = true
	};
	struct hycan_transaction_run_reply *reply = NULL;

	if (c->n_waits == 0)
		return;
	assert_done(w->h, hycan_transaction_begin(w->h));
	give(c->waits, c->n_waits, w->h, token);
	assert_done(w->h, hycan_transaction_commit(w->h, &options, &reply));
	assert_true(reply->has_token);
	snprintf(token->text, sizeof(token->text), "%s", reply->token);
	free(reply);
}

void case_prepare(const struct fault_case *c, struct world *w, struct case_token *token)
{
	for (size_t i = 0; i < c->n_shell; i++)
		free(shell("%s", c->shell[i]));
	come_and_go(c, w, token);
	give(c->given, c->n_given, w->h, token);
	wait_to_be_confirmed(c, w, token);
	come(c, w, token);
}

bool case_fades(const struct fault_case *c)
{
	return c->n_former || c->n_waits || c->n_leaves || c->n_then || c->confirm;
}

static bool is_of_family(char *const *lines, size_t n, const char *family)
{
	for (size_t i = 0; i < n; i++)
		if (strncmp(lines[i], family, strlen(family)) == 0)
			return true;
	return false;
}

bool case_has_table(const struct fault_case *c)
{
	static const char *const families[] = { "network ", "port ", "masquerade ", "dns " };

	for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++)
		if (is_of_family(c->given, c->n_given, families[i]) || is_of_family(c->leaves, c->n_leaves, families[i]) ||
		    is_of_family(c->request, c->n_requests, families[i]))
			return true;
	return false;
}

static bool tells_of_failures(const struct hycan_operation *operation, const void *reply)
{
	const struct hycan_field *field = reply ? value_field(operation->reply, "failed", strlen("failed")) : NULL;

	return field && hycan_value_number(field, request_value(field, reply, 0)) > 0;
}

/* One request, or one more step of the transaction that was begun. */
static int ask_line(const char *line, struct hycan *h, const struct case_token *token, bool *ret_partly)
{
	struct request request;
	void *reply = NULL;
	size_t n;
	int r;

	read_or_end(line, token, &request);
	r = hycan_call(h, request.operation, request.values, &reply, &n);
	if (ret_partly)
		*ret_partly = r == 0 && tells_of_failures(request.operation, reply);
	free(reply);
	arguments_free(request.operation, &request.values);
	return r;
}

static void ask_transaction(const struct fault_case *c, struct hycan *h, const struct case_token *token, struct told *told)
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

/* Nobody is told of an end: whoever is answered next knows that the daemon has seen it. */
static void leave(struct hycan *h, struct case_token *token, struct told *told)
{
	struct hycan_session_whoami_reply *reply = NULL;

	case_end(token);
	told->result = hycan_session_whoami(h, &reply);
	free(reply);
}

struct told case_ask(const struct fault_case *c, struct hycan *h, struct case_token *token)
{
	struct told told = { 0 };

	if (c->n_leaves)
		leave(h, token, &told);
	else if (c->n_requests == 1 && !c->transaction)
		told.result = ask_line(c->request[0], h, token, &told.partly);
	else
		ask_transaction(c, h, token, &told);
	snprintf(told.sentence, sizeof(told.sentence), "%s", told.result ? hycan_error_message(h) : "");
	return told;
}

void case_go_on(const struct fault_case *c, struct hycan *h, const struct case_token *token)
{
	for (size_t i = 0; i < c->n_then; i++)
		(void)ask_line(c->then[i], h, token, NULL);
}
