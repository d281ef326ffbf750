/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A file becomes one transaction. Applied again it changes nothing, since everything that the daemon is asked for means
 * “make sure that it is so”, and what is taken away may be gone already.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <hycan/operations.h>

#include "apply.h"
#include "json.h"
#include "source.h"
#include "text.h"

/* As much as one request may be. */
#define FILE_MAX (16u << 20)

bool apply_is_meant(char *const *words, size_t n, const char *word)
{
	struct options options = { 0 };
	struct problem problem;
	size_t at = 0;

	while (at < n && options_take(&options, words, n, &at, &problem) > 0)
		;
	return at < n && strcmp(words[at], word) == 0;
}

void apply_print_usage(FILE *out)
{
	fputs("usage: hycanctl apply [--plan] [--prune] [--confirm-within SECONDS] FILE|-\n"
	      "\n"
	      "Carries out all that the file says, or nothing of it. FILE is JSON, as “hycanctl export” writes it:\n"
	      "  {\"steps\": [{\"operation\": \"vlan.create\", \"parent\": \"eth0\", \"vlan_id\": 100}, …]}\n"
	      "\n"
	      "  --plan                    show what would be done: + it would be there, - it would be gone, ~ it would change\n"
	      "  --prune                   let go of what you hold in this network namespace and the file does not make\n"
	      "  --confirm-within SECONDS  take it all back then, unless you press Enter; without a terminal: unless\n"
	      "                            “hycanctl transaction confirm TOKEN” comes\n",
	      out);
}

static int take_seconds(struct apply *apply, const char *text, struct problem *problem)
{
	char *end;
	unsigned long seconds = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || seconds == 0 || seconds > 86400)
		return problem_set(problem, NULL, "--confirm-within needs a number of seconds, from 1 to 86400.");
	apply->confirm_within = (unsigned int)seconds;
	return 0;
}

int apply_read(char *const *words, size_t n, struct apply *apply, struct options *options, struct problem *problem)
{
	struct source source = { 0 };
	char path[4096];
	bool named = false;
	int r;

	for (size_t i = 0; i < n;) {
		r = options_take(options, words, n, &i, problem);
		if (r < 0)
			return r;
		if (r > 0)
			continue;
		if (strcmp(words[i], "--plan") == 0)
			apply->plan = true;
		else if (strcmp(words[i], "--prune") == 0)
			apply->prune = true;
		else if (strcmp(words[i], "--confirm-within") == 0) {
			r = take_seconds(apply, i + 1 < n ? words[++i] : "", problem);
			if (r < 0)
				return r;
		} else if (words[i][0] == '-' && words[i][1])
			return problem_set(problem, NULL, "There is no option %.60s here.", words[i]);
		else if (!named)
			named = true;
		else if (apply->path)
			return problem_set(problem, NULL, "“%.60s” is too much.", words[i]);
		else
			apply->path = words[i];
		i++;
	}
	apply->exclusive = options->exclusive;
	if (options->version)
		return 0;
	if (!apply->path)
		return problem_set(problem, NULL, "FILE is missing.");
	snprintf(path, sizeof(path), "%s%s", strcmp(apply->path, "-") == 0 ? "" : "@", apply->path);
	r = source_read(path, FILE_MAX, &source, problem);
	if (r < 0)
		return r;
	r = plan_file_read(source.text, &apply->file, problem);
	if (r < 0)
		problem_locate(problem, "%.200s", source.name);
	source_free(&source);
	return r;
}

void apply_free(struct apply *apply)
{
	plan_file_free(&apply->file);
}

static void print_change(const struct hycan_planned_change *change)
{
	static const char signs[] = { ' ', '+', '-', '~' };

	fprintf(stdout, "%c ", (unsigned int)change->action < sizeof(signs) ? signs[change->action] : '?');
	text_print_foreign(stdout, change->what);
	if (change->has_was) {
		fputs(": ", stdout);
		text_print_foreign(stdout, change->was);
	}
	if (change->has_becomes) {
		fputs(change->has_was ? " -> " : ": ", stdout);
		text_print_foreign(stdout, change->becomes);
	}
	fputc('\n', stdout);
}

static void print_done(const struct apply *apply, const struct hycan_transaction_run_reply *reply)
{
	size_t changed = 0, stay = 0;

	for (size_t i = 0; i < reply->n_results; i++) {
		changed += !reply->results[i].unchanged;
		stay += reply->results[i].has_stays && reply->results[i].stays;
	}
	for (size_t i = 0; i < reply->n_changes; i++)
		print_change(&reply->changes[i]);
	if (reply->unchanged && stay)
		puts("Nothing to do.");
	else if (reply->unchanged)
		puts("Nothing to do: everything is as the file says.");
	else if (!apply->plan && changed + reply->pruned == 0)
		puts("Done: nothing is otherwise but who holds it, or how.");
	else if (!apply->plan)
		printf("Done: %zu of %zu steps changed something.\n", changed, reply->n_results);
	if (stay)
		printf("Stays, since others hold it: %zu of what the file takes away.\n", stay);
	if (!apply->plan && reply->has_pruned && reply->pruned)
		printf("Pruned: %u that the file does not make.\n", reply->pruned);
	if (reply->has_failed)
		printf("Could not be pruned, or went along with what was: %u. The log says why; apply the file once more.\n",
		       reply->failed);
}

static int keep(struct hycan *h, const struct apply *apply, struct problem *problem)
{
	int r = hycan_transaction_begin(h);

	for (size_t i = 0; i < apply->file.n && r == 0; i++) {
		const struct plan_step *step = &apply->file.step[i];

		if (step->operation->access != HYCAN_ACCESS_WRITE) {
			problem_set(problem, NULL, "%.200s: line %u, step %zu: %s is no step, since it changes nothing by itself.",
			            apply->path, step->line, i + 1, step->operation->name);
			r = HYCAN_REFUSAL_INVALID;
		} else {
			r = hycan_send(h, step->operation, step->request, NULL, NULL);
			if (r)
				problem_set(problem, NULL, "%.200s: line %u, step %zu: %.300s", apply->path, step->line, i + 1,
				            hycan_error_message(h));
		}
	}
	if (r)
		hycan_transaction_abandon(h);
	return r;
}

static bool is_asked(const struct apply *apply, bool json)
{
	return apply->confirm_within && !json && strcmp(apply->path, "-") != 0 && isatty(STDIN_FILENO);
}

/* One request with all steps in it, and its answer. */
static int run(struct hycan *h, const struct apply *apply, const struct hycan_transaction_run_options *options, bool json,
               struct hycan_transaction_run_reply **ret_reply, struct problem *problem)
{
	int r = keep(h, apply, problem), step;

	if (r)
		return r;
	r = hycan_transaction_commit(h, options, ret_reply);
	step = hycan_error_step(h);
	if (r && step >= 0 && (size_t)step < apply->file.n)
		problem_set(problem, NULL, "%.200s: line %u: %.300s", apply->path, apply->file.step[step].line,
		            hycan_error_message(h));
	else if (r)
		problem_set(problem, NULL, "%.500s", hycan_error_message(h));
	else if (json)
		json_print_answer(stdout, hycan_operation_by_name("transaction.run")->reply, *ret_reply);
	else
		print_done(apply, *ret_reply);
	return r;
}

/* What was typed before there was a question is no answer to it. Whoever is in the background would be stopped. */
static void forget_typed(void)
{
	if (tcgetpgrp(STDIN_FILENO) == getpgrp())
		(void)tcflush(STDIN_FILENO, TCIFLUSH);
}

/* Waits for a line. Anything else, and time, mean no; and so does the end of this program, as the daemon sees. */
static int ask(struct hycan *h, const struct apply *apply, const char *token, struct problem *problem)
{
	struct pollfd pfd = { .fd = STDIN_FILENO, .events = POLLIN };
	char c = 0;
	int r;

	forget_typed();
	printf("Press Enter within %u second%s to keep it; else it is taken back.\n", apply->confirm_within,
	       apply->confirm_within == 1 ? "" : "s");
	fflush(stdout);
	if (poll(&pfd, 1, (int)apply->confirm_within * 1000) > 0 && read(STDIN_FILENO, &c, 1) == 1 && c == '\n') {
		r = hycan_transaction_confirm(h, token);
		if (r == 0)
			puts("Confirmed.");
		else
			problem_set(problem, NULL, "%.500s", hycan_error_message(h));
		return r;
	}
	r = hycan_transaction_cancel(h, token);
	/* the daemon may have been the first, whose log says what it could not take back */
	if (r == HYCAN_REFUSAL_NOT_FOUND)
		problem_set(problem, NULL, "Nobody confirmed it: the daemon has taken it back.");
	else if (r)
		problem_set(problem, NULL, "%.500s", hycan_error_message(h));
	else
		problem_set(problem, NULL, "Nobody confirmed it: everything is as it was.");
	return r && r != HYCAN_REFUSAL_NOT_FOUND ? r : -ECANCELED;
}

int apply_run(struct hycan *h, const struct apply *apply, bool json, bool *ret_partly, struct problem *problem)
{
	const bool asked = is_asked(apply, json), confirms = apply->confirm_within && !apply->plan;
	struct hycan_transaction_run_options options = {
		.has_plan = true,
		.plan = apply->plan,
		.has_confirm_within = confirms,
		.confirm_within = apply->confirm_within,
		.has_detached = true,
		.detached = !asked,
		.has_prune = true,
		.prune = apply->prune && !confirms,
		.has_may_be_gone = true,
		.may_be_gone = !apply->exclusive,
	};
	struct hycan_transaction_run_reply *reply = NULL;
	int r;

	if (apply->prune && confirms && !asked)
		return problem_set(problem, NULL,
		                   "What --prune takes away cannot be put back, so it waits until the rest is confirmed; without a "
		                   "terminal, prune in a second run.");
	r = run(h, apply, &options, json, &reply, problem);
	if (r == 0 && reply->has_token && asked)
		r = ask(h, apply, reply->token, problem);
	else if (r == 0 && reply->has_token && !json)
		printf("It is taken back in %u second%s, unless you say: hycanctl transaction confirm %s\n", apply->confirm_within,
		       apply->confirm_within == 1 ? "" : "s", reply->token);
	*ret_partly = reply && reply->has_failed;
	free(reply);
	reply = NULL;
	if (r || !apply->prune || !confirms)
		return r;
	options.has_confirm_within = false;
	options.prune = true;
	r = run(h, apply, &options, json, &reply, problem);
	*ret_partly = reply && reply->has_failed;
	free(reply);
	return r;
}
