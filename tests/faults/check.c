/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The judge.
 *
 * The kernel does some things later and by itself (an IPv6 address gets its routes, a link its state), so a state is one
 * that is waited for. Nothing is waited for where all is well.
 */
#include "check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "state.h"

/* How long the kernel has to come to rest, on any machine. */
#define TRIES    4000
#define TRIES_MS 5

/* How often a state that is as before must be seen again to be one that stays so. */
#define SAME 15

/* The same for a state that nobody waits for, which is looked at seldom: looking takes longer than what the kernel still does. */
#define SETTLED    5
#define SETTLED_MS 60

static void nap(long ms)
{
	const struct timespec pause = { .tv_nsec = ms * 1000000 };

	nanosleep(&pause, NULL);
}

bool kernel_becomes(const char *expected)
{
	for (int i = 0; i < TRIES; i++) {
		char *kernel = state_kernel();
		bool same = strcmp(kernel, expected) == 0;

		free(kernel);
		if (same)
			return true;
		nap(TRIES_MS);
	}
	return false;
}

/* Which of two moments the kernel comes to: as asked, or as before, if it stays so. */
static const struct moment *kernel_chooses(const struct moment *before, const struct moment *after)
{
	for (int i = 0, same = 0; i < TRIES && same < SAME; i++) {
		char *kernel = state_kernel();
		bool is_after = strcmp(kernel, after->kernel) == 0;

		same = strcmp(kernel, before->kernel) == 0 ? same + 1 : 0;
		free(kernel);
		if (is_after)
			return after;
		nap(TRIES_MS);
	}
	return before;
}

char *kernel_settled(void)
{
	char *kernel = state_kernel();

	for (int same = 0; same < SETTLED;) {
		char *now;

		nap(SETTLED_MS);
		now = state_kernel();
		same = strcmp(now, kernel) == 0 ? same + 1 : 0;
		free(kernel);
		kernel = now;
	}
	return kernel;
}

struct moment moment_settled(struct world *w, const struct fault_case *c)
{
	struct moment moment = { .kernel = kernel_settled(), .ledger = state_ledger(w->h, case_has_table(c)) };

	assert_non_null(moment.ledger);
	return moment;
}

struct moment moment_copy(const struct moment *moment)
{
	struct moment copy = { .kernel = strdup(moment->kernel), .ledger = strdup(moment->ledger) };

	assert_true(copy.kernel && copy.ledger);
	return copy;
}

void moment_free(struct moment *moment)
{
	free(moment->kernel);
	free(moment->ledger);
	*moment = (struct moment){ 0 };
}

bool told_nothing(const struct told *told)
{
	switch (-told->result) {
	case ECONNRESET:
	case ECONNREFUSED:
	case EPIPE:
	case ENOTCONN:
		return true;
	}
	return false;
}

static size_t count_lines(const char *text)
{
	size_t n = 0;

	for (; (text = strchr(text, '\n')); text++)
		n++;
	return n;
}

static const char *compare(const struct moment *expected, const char *ledger, const char *unlike_kernel, const char *unlike_ledger)
{
	if (!kernel_becomes(expected->kernel)) {
		char *kernel = state_kernel();

		state_print_difference(expected->kernel, kernel);
		free(kernel);
		return unlike_kernel;
	}
	if (strcmp(expected->ledger, ledger) == 0)
		return NULL;
	state_print_difference(expected->ledger, ledger);
	return unlike_ledger;
}

/* Some of it was done, and the client knows: as many objects must have come to the ledger as to the kernel. */
static const char *check_part(const struct reference *reference, const char *ledger)
{
	char *kernel = state_kernel();
	size_t more = count_lines(kernel) - count_lines(reference->before.kernel);
	bool same = more == count_lines(ledger) - count_lines(reference->before.ledger);

	if (!same) {
		state_print_difference(reference->before.kernel, kernel);
		state_print_difference(reference->before.ledger, ledger);
	}
	free(kernel);
	return same ? NULL : "told of a part, and the ledger has another part than the kernel";
}

/* One of both, and where the kernel is the same the ledger says which. */
static const char *check_either(const struct moment *before, const struct moment *after, const char *ledger)
{
	const struct moment *moment = kernel_chooses(before, after);

	if (strcmp(before->kernel, after->kernel) == 0 && strcmp(after->ledger, ledger) == 0)
		moment = after;
	else if (strcmp(before->kernel, after->kernel) == 0)
		moment = before;
	return compare(moment, ledger, "told nothing, and the kernel is neither as before nor as asked",
	               "told nothing, and the ledger is not as the kernel");
}

/* Who only reads is told all of it, or nothing. */
static const char *check_answer(const struct told *expected, const struct told *told)
{
	if (!told->answer || !expected->answer || strcmp(told->answer, expected->answer) == 0)
		return NULL;
	state_print_difference(expected->answer, told->answer);
	print_message("        %zu answers instead of %zu\n", count_lines(told->answer), count_lines(expected->answer));
	return "told something else than where nothing failed";
}

static const char *check_ledger(const struct reference *reference, const char *ledger, const struct told *told,
                                const struct fault_case *c)
{
	const struct moment *before = told->killed ? &reference->killed_before : &reference->before;
	const struct moment *after = told->killed ? &reference->killed_after : &reference->after;

	if (told->partly || (c->in_parts && told->result != reference->told.result))
		return check_part(reference, ledger);
	if (told_nothing(told) || (told->killed && c->later))
		return check_either(before, after, ledger);
	/* where it cannot be known whether something was there, it is not there now */
	if (told->result == reference->told.result || (told->result == 0 && reference->told.result == HYCAN_REFUSAL_NOT_FOUND))
		return compare(after, ledger, "told as if nothing had failed, and the kernel is not as asked",
		               "told as if nothing had failed, and the ledger has not what was asked");
	if (told->result == 0)
		return "told that it is done, which it never is";
	return compare(before, ledger, "told that it failed, and the kernel is not as before",
	               "told that it failed, and the ledger is not as before");
}

const char *check(const struct reference *reference, struct world *w, const struct told *told, const struct fault_case *c)
{
	char *ledger = state_ledger(w->h, case_has_table(c));
	const char *wrong;

	if (!ledger)
		return "the daemon does not answer any more";
	wrong = check_ledger(reference, ledger, told, c);
	free(ledger);
	return wrong ? wrong : c->in_parts ? NULL : check_answer(&reference->told, told);
}
