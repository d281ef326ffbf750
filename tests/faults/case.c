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

static const char *read_line(struct fault_case *c, const char *word, const char *text)
{
	if (strcmp(word, "shell") == 0)
		return keep(c->shell, &c->n_shell, text);
	if (strcmp(word, "given") == 0)
		return keep(c->given, &c->n_given, text);
	if (strcmp(word, "do") == 0)
		return keep(c->request, &c->n_requests, text);
	if (strcmp(word, "needs") == 0)
		return (c->needs = strdup(text)) ? NULL : "no memory";
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
		free_lines(cases[i].given, cases[i].n_given);
		free_lines(cases[i].request, cases[i].n_requests);
	}
	free(cases);
}

static void read_or_end(const char *line, struct request *request)
{
	char text[2048];
	const char *reason;

	snprintf(text, sizeof(text), "%s", line);
	reason = read_request(text, request);
	if (reason)
		misread(line, 0, reason);
}

void case_prepare(const struct fault_case *c, struct world *w)
{
	for (size_t i = 0; i < c->n_shell; i++)
		free(shell("%s", c->shell[i]));
	for (size_t i = 0; i < c->n_given; i++) {
		struct request request;
		void *reply = NULL;
		size_t n;

		read_or_end(c->given[i], &request);
		assert_done(w->h, hycan_call(w->h, request.operation, request.values, &reply, &n));
		free(reply);
		arguments_free(request.operation, &request.values);
	}
}

static bool tells_of_failures(const struct hycan_operation *operation, const void *reply)
{
	const struct hycan_field *field = reply ? value_field(operation->reply, "failed", strlen("failed")) : NULL;

	return field && hycan_value_number(field, request_value(field, reply, 0)) > 0;
}

/* One request, or one more step of the transaction that was begun. */
static void ask_line(const char *line, struct hycan *h, struct told *told)
{
	struct request request;
	void *reply = NULL;
	size_t n;

	read_or_end(line, &request);
	told->result = hycan_call(h, request.operation, request.values, &reply, &n);
	told->partly = told->result == 0 && tells_of_failures(request.operation, reply);
	free(reply);
	arguments_free(request.operation, &request.values);
}

struct told case_ask(const struct fault_case *c, struct hycan *h)
{
	struct told told = { 0 };

	if (c->n_requests == 1) {
		ask_line(c->request[0], h, &told);
	} else {
		told.result = hycan_transaction_begin(h);
		for (size_t i = 0; i < c->n_requests && told.result == 0; i++)
			ask_line(c->request[i], h, &told);
		told.result = hycan_transaction_commit(h, NULL, NULL);
	}
	snprintf(told.sentence, sizeof(told.sentence), "%s", told.result ? hycan_error_message(h) : "");
	return told;
}
