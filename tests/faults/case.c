/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cases, as they are written; their requests are read where they are asked. */
#include "case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

static _Noreturn void misread(const char *path, size_t line, const char *reason)
{
	fprintf(stderr, "%s:%zu: %s\n", path, line, reason);
	exit(2);
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
		{ "shell", c->shell, &c->n_shell },          { "former", c->former, &c->n_former },
		{ "waits", c->waits, &c->n_waits },          { "given", c->given, &c->n_given },
		{ "do", c->request, &c->n_requests },        { "then", c->then, &c->n_then },
		{ "leaves", c->leaves, &c->n_leaves },       { "newcomer", c->newcomer, &c->n_newcomer },
		{ "stranger", c->stranger, &c->n_stranger },
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
	if (strcmp(word, "unkilled") == 0) {
		c->unkilled = true;
		return NULL;
	}
	if (strcmp(word, "later") == 0)
		return (c->later = (unsigned int)atoi(text)) > 0 ? NULL : "how many seconds later?";
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
		free_lines(cases[i].stranger, cases[i].n_stranger);
		free_lines(cases[i].request, cases[i].n_requests);
		free_lines(cases[i].newcomer, cases[i].n_newcomer);
		free_lines(cases[i].then, cases[i].n_then);
	}
	free(cases);
}

bool case_fades(const struct fault_case *c)
{
	return c->n_former || c->n_waits || c->n_leaves || c->n_then || c->confirm || c->later;
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
