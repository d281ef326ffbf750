/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fault sweep: for each request, everything that can fail in the daemon fails once, at each place in turn.
 *
 * A point is a case, a kind of fault and a number: “the third allocation fails”. Each has a network namespace and a daemon
 * of its own. When the request was answered, or the connection is gone, one judge compares kernel, ledger and client
 * (check.h); then the same request without a fault must come to its end; and the daemon must end without a leak. There are
 * as many points as it takes until nothing fails any more, so none is forgotten.
 *
 * usage() says how much of that is tried.
 */
#include <getopt.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attempt.h"
#include "prepare.h"
#include "world.h"

/* More points of one kind in one request are a loop that never ends. */
#define POINTS_MAX 2000

#define JOBS_MAX 64

/*
 * Each point is a fork, which takes the longer the more memory there is: the sweep itself keeps little of what it freed. Its
 * daemons keep all of it.
 */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "quarantine_size_mb=4";
}

/* What all processes of the sweep count together. */
struct tally {
	_Atomic unsigned int there[PARTIES][FAULTS]; /* points, as often as each fault could be when nothing failed */
	_Atomic unsigned int tried[PARTIES][FAULTS];
	_Atomic unsigned int failed[PARTIES][FAULTS];
	_Atomic unsigned int requests;
	_Atomic size_t next; /* the case that nobody has begun yet */
};

static struct tally *tally;
static unsigned int every = 1;
static unsigned int points; /* of a request; 0: all */
static unsigned int each;   /* of each kind of fault and each party; 0: all */
static bool once;           /* what is done is not asked again */
static unsigned int jobs;
static bool only_count;
static bool wanted[FAULTS];

/* -------------------------------------------------------------------------------------------------------------- cases */

/* Tries a point. False: there is none of that number. */
static bool try_point(struct attempt *a)
{
	bool fired, holds = attempt_try(a, &fired);

	tally->tried[a->party][a->fault] += fired;
	tally->failed[a->party][a->fault] += !holds;
	return fired;
}

/* Every how manieth point is tried depends on the case, so that not the first ones alone are. */
static void sweep_fault(struct attempt *a, size_t number)
{
	for (a->at = every == 1 ? 1 : 1 + (uint32_t)(number % every); a->at < POINTS_MAX; a->at += every)
		if (!try_point(a))
			return;
	print_message("    %s: %s%s: there is no end of points\n", a->c->title, attempt_fault(a->fault), attempt_party(a->party));
	tally->failed[a->party][a->fault]++;
}

static uint32_t mix(uint32_t x)
{
	x = (x ^ x >> 16) * UINT32_C(0x45d9f3b);
	return x ^ x >> 15;
}

/* Some points, of each kind of fault and each party in its turn; which, depends on the number of the case. */
static void sweep_some(struct attempt *a, size_t number)
{
	unsigned int kinds[PARTIES * FAULTS], n = 0;

	for (unsigned int i = 0; i < PARTIES * FAULTS; i++)
		if (wanted[i % FAULTS] && a->there[i / FAULTS][i % FAULTS] > 0)
			kinds[n++] = i;
	for (uint32_t i = 0, turn = (uint32_t)number * points; i < points && n > 0; i++, turn++) {
		a->party = kinds[turn % n] / FAULTS;
		a->fault = kinds[turn % n] % FAULTS;
		a->at = 1 + mix(turn) % a->there[a->party][a->fault];
		(void)try_point(a);
	}
}

/* So many points of each kind of fault and each party, all over the request; of a few all. */
static void sweep_each(struct attempt *a, size_t number)
{
	for (a->fault = 0; a->fault < FAULTS; a->fault++)
		for (a->party = 0; a->party < PARTIES && wanted[a->fault]; a->party++) {
			const uint32_t there = a->there[a->party][a->fault], n = there < each ? there : each;

			for (uint32_t i = 0; i < n; i++) {
				a->at = 1 + (uint32_t)((number + (uint64_t)i * there / n) % there);
				(void)try_point(a);
			}
		}
}

static void print_count(const struct attempt *a)
{
	char text[512] = "";
	size_t n = 0;

	for (int p = 0; p < PARTIES; p++)
		for (int i = 0; i < FAULTS; i++)
			if (wanted[i] && a->there[p][i] > 0)
				n += (size_t)snprintf(text + n, sizeof(text) - n, " %s%s %u", attempt_fault(i), attempt_party(p),
				                      a->there[p][i]);
	print_message("%s%s:%s\n", a->c->title, a->again ? ", asked again" : "", text);
}

/* Whether it would be another case when it was done already. */
static bool matters_again(const struct fault_case *c, const struct reference *r)
{
	const bool only_tells = r->told.answer && !c->n_then && strcmp(r->before.kernel, r->after.kernel) == 0 &&
	                        strcmp(r->before.ledger, r->after.ledger) == 0;

	return r->told.result == 0 && c->n_requests && !only_tells;
}

/* Returns whether it is to be asked again. */
static bool sweep_case(const struct fault_case *c, bool again, size_t number)
{
	struct attempt a = { .c = c, .again = again };
	bool asks_again;

	attempt_measure(&a, wanted[FAULT_KILL]);
	for (int p = 0; p < PARTIES && c->unkilled; p++)
		a.there[p][FAULT_KILL] = 0;
	for (int p = 0; p < PARTIES; p++)
		for (int i = 0; i < FAULTS; i++)
			if (wanted[i])
				tally->there[p][i] += a.there[p][i];
	if (only_count)
		print_count(&a);
	else if (points)
		sweep_some(&a, number);
	else if (each)
		sweep_each(&a, number);
	for (a.fault = 0; a.fault < FAULTS && !points && !each && !only_count; a.fault++)
		for (a.party = 0; a.party < PARTIES && wanted[a.fault]; a.party++)
			if (a.there[a.party][a.fault] > 0)
				sweep_fault(&a, number);
	asks_again = matters_again(c, &a.reference);
	attempt_release(&a);
	tally->requests++;
	return asks_again;
}

/* ---------------------------------------------------------------------------------------------------------------- all */

static bool is_wanted(const struct fault_case *c, char *const *words, int n)
{
	for (int i = 0; i < n; i++)
		if (strstr(c->title, words[i]))
			return true;
	return n == 0;
}

/*
 * A case when the one before is done, and the last of the file first, which are transactions and take longest: so all processes
 * have something to do until the end. What is done is asked once more; what is refused, or only tells something, changes nothing,
 * so that it would be the same case again, and nobody asks for the end of a connection.
 */
static void sweep_cases(const struct fault_case *cases, size_t n)
{
	attempt_open();
	for (size_t begun; (begun = tally->next++) < n;) {
		const size_t i = n - 1 - begun;

		if (!case_is_possible(&cases[i]))
			print_message("    %s: SKIPPED, since there is no %s here\n", cases[i].title, cases[i].needs);
		else if (sweep_case(&cases[i], false, 2 * i) && !once)
			(void)sweep_case(&cases[i], true, 2 * i + 1);
	}
}

static int sweep(const struct fault_case *cases, size_t n)
{
	pid_t child[JOBS_MAX];
	unsigned int tried = 0, there = 0;
	int failed = 0;

	for (unsigned int i = 0; i < jobs; i++) {
		child[i] = fork();
		assert_true(child[i] >= 0);
		if (child[i] == 0) {
			sweep_cases(cases, n);
			fflush(NULL);
			_exit(0);
		}
	}
	for (unsigned int i = 0; i < jobs; i++) {
		int status;

		if (waitpid(child[i], &status, 0) != child[i] || status != 0) {
			print_message("    a process of the sweep ended with %#x\n", status);
			failed++;
		}
	}
	for (int i = 0; i < PARTIES * FAULTS; i++) {
		const enum party p = i / FAULTS;
		const enum fault f = i % FAULTS;

		if (wanted[f] && tally->there[p][f] > 0)
			print_message("%s%s: %u points of %u, %u do not hold\n", attempt_fault(f), attempt_party(p),
			              tally->tried[p][f], tally->there[p][f], tally->failed[p][f]);
		tried += tally->tried[p][f];
		there += tally->there[p][f];
		failed += (int)tally->failed[p][f];
	}
	print_message("together: %u points of %u in %u requests\n", tried, there, tally->requests);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static bool want(const char *name)
{
	for (int i = 0; i < FAULTS; i++)
		if (strcmp(attempt_fault(i), name) == 0)
			return wanted[i] = true;
	fprintf(stderr, "“%s” is no kind of fault\n", name);
	return false;
}

/* More than there are processors: most of the time goes by in waiting for namespaces to come and go. */
static unsigned int default_jobs(void)
{
	long n = 3 * sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > JOBS_MAX ? JOBS_MAX : (unsigned int)n;
}

static void usage(FILE *out)
{
	fputs("usage: sweep [OPTION...] [WORDS OF A CASE...]\n"
	      "\n"
	      "  --fault NAME  only these: memory, send, answer, overrun, descriptor, sysctl, ledger, kill; may be repeated\n"
	      "  --every N     each Nth point of a kind\n"
	      "  --points N    so many points of each request, of all kinds in turn\n"
	      "  --each N      so many of each kind, all over the request\n"
	      "  --once        what is done is not asked again\n"
	      "  --count       how many points there are in each request; none is tried\n"
	      "  --jobs N      so many processes\n",
	      out);
}

/* Returns what the program ends with at once; below 0: it does not. */
static int read_options(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "jobs", required_argument, NULL, 'j' },
		{ "every", required_argument, NULL, 'e' },
		{ "points", required_argument, NULL, 'p' },
		{ "each", required_argument, NULL, 'k' },
		{ "fault", required_argument, NULL, 'f' },
		{ "count", no_argument, NULL, 'c' },
		{ "once", no_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	bool some = false;
	int c;

	while ((c = getopt_long(argc, argv, "j:e:p:f:", long_options, NULL)) >= 0) {
		const unsigned int number = optarg ? (unsigned int)atoi(optarg) : 0;

		if (c == 'h' || c == '?' || (c == 'f' && !want(optarg))) {
			usage(c == 'h' ? stdout : stderr);
			return c == 'h' ? 0 : 2;
		}
		some |= c == 'f';
		only_count |= c == 'c';
		once |= c == 'o';
		jobs = c == 'j' ? number : jobs;
		every = c == 'e' ? number : every;
		points = c == 'p' ? number : points;
		each = c == 'k' ? number : each;
	}
	for (int i = 0; i < FAULTS && !some; i++)
		wanted[i] = true;
	return jobs < 1 || jobs > JOBS_MAX || every < 1 ? 2 : -1;
}

int main(int argc, char **argv)
{
	struct fault_case *cases;
	size_t n, m = 0;
	int status;

	jobs = default_jobs();
	status = read_options(argc, argv);
	if (status >= 0)
		return status;
	setenv("HYCAN_DAEMON", FAULTS_DAEMON, 1);
	setenv("ASAN_OPTIONS", "detect_leaks=1:detect_stack_use_after_return=1", 0);
	setenv("UBSAN_OPTIONS", "print_stacktrace=1", 0);
	tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(tally != MAP_FAILED);
	setvbuf(stdout, NULL, _IOLBF, 0);
	cases = cases_read(FAULTS_CASES, &n);
	for (size_t i = 0; i < n; i++)
		if (is_wanted(&cases[i], argv + optind, argc - optind)) {
			struct fault_case swap = cases[m];

			cases[m++] = cases[i];
			cases[i] = swap;
		}
	status = sweep(cases, m);
	cases_free(cases, n);
	return status;
}
