/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fault sweep: for each request, everything that can fail in the daemon fails once, at each place in turn.
 *
 * A point is a case, a kind of fault and a number: “the third allocation fails”. Each has a network namespace and a daemon
 * of its own. When the request was answered, or the connection is gone, one judge compares kernel, ledger and client
 * (check.h); then the same request without a fault must come to its end; and the daemon must end without a leak. There are
 * as many points as it takes until nothing fails any more, so none is forgotten.
 *
 *     sweep [--jobs N] [--every N] [--points N] [--fault NAME] [WORDS OF A CASE…]
 *
 * --every N tries each Nth point of a kind, --points N so many of each request, of all kinds.
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

#include "check.h"
#include "plan.h"
#include "state.h"

/* More points of one kind in one request are a loop that never ends. */
#define POINTS_MAX 2000

#define JOBS_MAX 64

static const char *const fault_names[FAULTS] = {
	[FAULT_MEMORY] = "memory",         [FAULT_SEND] = "send",     [FAULT_ANSWER] = "answer", [FAULT_OVERRUN] = "overrun",
	[FAULT_DESCRIPTOR] = "descriptor", [FAULT_SYSCTL] = "sysctl", [FAULT_LEDGER] = "ledger", [FAULT_KILL] = "kill",
};

/* What all processes of the sweep count together. */
struct tally {
	_Atomic unsigned int there[FAULTS]; /* points, as often as each fault could be when nothing failed */
	_Atomic unsigned int tried[FAULTS];
	_Atomic unsigned int failed[FAULTS];
	_Atomic unsigned int skipped; /* cases */
};

static struct plan *plan;
static struct tally *tally;
static unsigned int every = 1;
static unsigned int points; /* of a request; 0: all */
static bool wanted[FAULTS];

/* What is being tried. */
struct attempt {
	const struct fault_case *c;
	bool again; /* it was done already */
	struct reference reference;
	uint32_t there[FAULTS]; /* how many points there are */
	struct case_token token;
	enum fault fault;
	uint32_t at;
};

/* ------------------------------------------------------------------------------------------------------------- worlds */

static const char quiet_cable[] =
	"for i in default all; do echo 0 > /proc/sys/net/ipv6/conf/$i/accept_dad; done; ip -batch - <<EOF\n"
	"link add name va address 02:00:00:00:00:0a type veth peer name vb address 02:00:00:00:00:0b\n"
	"link set va addrgenmode none\n"
	"link set vb addrgenmode none\n"
	"link set va up\n"
	"link set vb up\n"
	"address add 10.0.0.1/24 dev va\n"
	"address add fd00::1/64 dev va nodad\n"
	"EOF";

/* What a case finds: all that the kernel does by itself when links come up is done. */
static void lay_cable(void)
{
	static char *quiet;

	free(shell("%s", quiet_cable));
	if (quiet)
		assert_true(kernel_becomes(quiet));
	else
		quiet = kernel_settled();
}

/* The ledger's file, which the next daemon begins with. */
#define STATE "/run/netns/ledger"

static const struct world_options options = { .arguments = { "--state", STATE } };

static struct world *begin_world(struct attempt *a)
{
	struct world *w;

	(void)unlink(STATE);
	w = world_start(&options);
	lay_cable();
	case_prepare(a->c, w, &a->token);
	if (a->again)
		(void)case_ask(a->c, w->h, &a->token);
	return w;
}

/* The connection was lost, and the daemon is still there; or it is not, and the next one goes on. */
static void connect_again(struct world *w, bool killed)
{
	hycan_close(w->h);
	w->h = NULL;
	if (killed) {
		assert_true(waitpid(w->daemon, NULL, 0) == w->daemon);
		w->daemon = 0;
		world_start_daemon(w, &options);
	}
	assert_done(w->h, hycan_open(&w->h, w->socket));
}

/* What is there in the end: with the request or without, and with a daemon that is killed behind it or not. */
static struct moment measure(struct attempt *a, bool ask, bool killed)
{
	struct world *w = begin_world(a);
	struct moment moment;

	if (ask) {
		a->reference.given = kernel_settled();
		plan_arm(plan, 0, 0);
		a->reference.told = case_ask(a->c, w->h, &a->token);
		plan->armed = false;
		for (int i = 0; i < FAULTS; i++)
			a->there[i] = plan->seen[i];
	}
	if (killed) {
		kill(w->daemon, SIGKILL);
		connect_again(w, true);
	}
	case_go_on(a->c, w->h, &a->token);
	moment = moment_settled(w);
	assert_int_equal(world_end((void **)&w), 0);
	return moment;
}

static void measure_reference(struct attempt *a)
{
	struct reference *r = &a->reference;
	bool fades = wanted[FAULT_KILL] && case_fades(a->c);

	r->before = measure(a, false, false);
	r->killed_before = fades ? measure(a, false, true) : moment_copy(&r->before);
	r->killed_after = fades ? measure(a, true, true) : (struct moment){ 0 };
	free(r->given);
	r->after = measure(a, true, false);
	if (!fades)
		r->killed_after = moment_copy(&r->after);
}

static void reference_free(struct reference *reference)
{
	free(reference->given);
	moment_free(&reference->before);
	moment_free(&reference->after);
	moment_free(&reference->killed_before);
	moment_free(&reference->killed_after);
}

/* -------------------------------------------------------------------------------------------------------------- points */

/* The place that failed, by the names of its functions. */
static void print_place(void)
{
	char command[4096];
	size_t n = (size_t)snprintf(command, sizeof(command), "addr2line -f -s -p -e %s", getenv("HYCAN_DAEMON"));
	char *text;

	for (uint32_t i = 3; i < plan->n_frames && i < 14; i++)
		n += (size_t)snprintf(command + n, sizeof(command) - n, " %#llx", (unsigned long long)plan->frame[i] - 1);
	if (shell_status(&text, "%s | sed 's/^/        in /' | grep -v '[?]'", command) == 0)
		print_message("%s", text);
	free(text);
}

static void report(const struct attempt *a, const struct told *told, const char *wrong)
{
	tally->failed[a->fault]++;
	print_message("    %s%s: %s %u: told %s (%s): %s\n", a->c->title, a->again ? ", asked again" : "", fault_names[a->fault],
	              a->at, hycan_result_name(told->result), told->sentence, wrong);
	print_place();
}

/* The same request, with nothing that fails: what was not done is done now, and what was done stays. */
static const char *ask_once_more(const struct attempt *a, struct world *w, const struct told *told)
{
	bool done = told->result == a->reference.told.result && !told->partly;
	struct told now;

	if (done || told_nothing(told))
		return NULL;
	now = case_ask(a->c, w->h, &a->token);
	if (now.result != a->reference.told.result) {
		print_message("        now told: %s (%s)\n", hycan_result_name(now.result), now.sentence);
		return "the same request without a fault does not end as it should";
	}
	/* what was asked behind it was so before it, this time */
	return a->c->n_then ? NULL : check(&a->reference, w, &now, a->c->in_parts);
}

/* Tries a point. False: there is none of that number. */
static bool try_point(struct attempt *a)
{
	struct world *w = begin_world(a);
	const char *wrong = NULL;
	struct told told;
	bool fired;

	if (!kernel_becomes(a->reference.given)) {
		char *kernel = state_kernel();

		state_print_difference(a->reference.given, kernel);
		free(kernel);
		wrong = "the kernel is not as it should be before the request";
	}
	plan_arm(plan, a->fault, a->at);
	told = case_ask(a->c, w->h, &a->token);
	plan->armed = false;
	fired = plan->fired;
	told.killed = fired && a->fault == FAULT_KILL;
	if (fired)
		tally->tried[a->fault]++;
	if (told_nothing(&told) || told.killed)
		connect_again(w, told.killed);
	case_go_on(a->c, w->h, &a->token);
	if (!wrong)
		wrong = check(&a->reference, w, &told, a->c->in_parts);
	if (!wrong)
		wrong = ask_once_more(a, w, &told);
	if (world_end((void **)&w) != 0 && !wrong)
		wrong = "the daemon did not end well";
	if (wrong)
		report(a, &told, wrong);
	return fired;
}

/* Every how manieth point is tried depends on the case, so that not the first ones alone are. */
static void sweep_fault(struct attempt *a, size_t number)
{
	for (a->at = every == 1 ? 1 : 1 + (uint32_t)(number % every); a->at < POINTS_MAX; a->at += every)
		if (!try_point(a))
			return;
	report(a, &(struct told){ 0 }, "there is no end of points");
}

static uint32_t mix(uint32_t x)
{
	x = (x ^ x >> 16) * UINT32_C(0x45d9f3b);
	return x ^ x >> 15;
}

/* Some points, of each kind of fault in its turn; which, depends on the number of the case, and is the same each time. */
static void sweep_some(struct attempt *a, size_t number)
{
	uint32_t tried = 0, turn = (uint32_t)number * points;

	for (uint32_t i = 0; i < 4 * FAULTS && tried < points; i++, turn++) {
		a->fault = turn % FAULTS;
		if (!wanted[a->fault] || a->there[a->fault] == 0)
			continue;
		a->at = 1 + mix(turn) % a->there[a->fault];
		tried++;
		(void)try_point(a);
	}
}

static void sweep_case(const struct fault_case *c, bool again, size_t number)
{
	struct attempt a = { .c = c, .again = again };

	measure_reference(&a);
	for (int i = 0; i < FAULTS; i++)
		if (wanted[i])
			tally->there[i] += a.there[i];
	if (points)
		sweep_some(&a, number);
	for (a.fault = 0; a.fault < FAULTS && !points; a.fault++)
		if (wanted[a.fault])
			sweep_fault(&a, number);
	reference_free(&a.reference);
}

/* ---------------------------------------------------------------------------------------------------------------- all */

static bool is_wanted(const struct fault_case *c, char *const *words, int n)
{
	for (int i = 0; i < n; i++)
		if (strstr(c->title, words[i]))
			return true;
	return n == 0;
}

/* Cases by turns, so that the slow ones are not all with one process. */
static void sweep_share(const struct fault_case *cases, size_t n, unsigned int job, unsigned int jobs)
{
	plan = plan_open();
	for (size_t i = 0; i < 2 * n; i++) {
		if (i % jobs != job)
			continue;
		if (cases[i / 2].needs && !has_kind(cases[i / 2].needs)) {
			print_message("    %s: SKIPPED, since there is no link kind %s here\n", cases[i / 2].title,
			              cases[i / 2].needs);
			tally->skipped++;
			continue;
		}
		sweep_case(&cases[i / 2], i % 2, i);
	}
}

static int sweep(const struct fault_case *cases, size_t n, unsigned int jobs)
{
	pid_t child[JOBS_MAX];
	unsigned int tried = 0, there = 0;
	int failed = 0;

	for (unsigned int i = 0; i < jobs; i++) {
		child[i] = fork();
		assert_true(child[i] >= 0);
		if (child[i] == 0) {
			sweep_share(cases, n, i, jobs);
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
	for (int i = 0; i < FAULTS; i++) {
		if (wanted[i])
			print_message("%-10s %5u points of %u, %u do not hold\n", fault_names[i], tally->tried[i], tally->there[i],
			              tally->failed[i]);
		tried += tally->tried[i];
		there += tally->there[i];
		failed += (int)tally->failed[i];
	}
	print_message("%-10s %5u points of %u in %zu requests\n", "together", tried, there, 2 * n - tally->skipped);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static bool want(const char *name)
{
	for (int i = 0; i < FAULTS; i++)
		if (strcmp(fault_names[i], name) == 0)
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

int main(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "jobs", required_argument, NULL, 'j' },
		{ "every", required_argument, NULL, 'e' },
		{ "points", required_argument, NULL, 'p' },
		{ "fault", required_argument, NULL, 'f' },
		{ 0 },
	};
	unsigned int jobs = default_jobs();
	struct fault_case *cases;
	bool some = false;
	size_t n, m = 0;
	int c, status;

	while ((c = getopt_long(argc, argv, "j:e:f:p:", long_options, NULL)) >= 0) {
		if (c == '?' || (c == 'f' && !want(optarg)))
			return 2;
		some |= c == 'f';
		if (c == 'j')
			jobs = (unsigned int)atoi(optarg);
		if (c == 'e')
			every = (unsigned int)atoi(optarg);
		if (c == 'p')
			points = (unsigned int)atoi(optarg);
	}
	if (jobs < 1 || jobs > JOBS_MAX || every < 1)
		return 2;
	for (int i = 0; i < FAULTS && !some; i++)
		wanted[i] = true;
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
	status = sweep(cases, m, jobs);
	cases_free(cases, n);
	return status;
}
