/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Attempts: a world is made, the request asked, and what came of it is judged.
 *
 * What this file does not do: choose what is tried, or count it.
 */
#include "attempt.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "prepare.h"
#include "state.h"

static struct plan *plan;

static const char *const fault_names[FAULTS] = {
	[FAULT_MEMORY] = "memory",         [FAULT_SEND] = "send",     [FAULT_ANSWER] = "answer", [FAULT_OVERRUN] = "overrun",
	[FAULT_DESCRIPTOR] = "descriptor", [FAULT_SYSCTL] = "sysctl", [FAULT_LEDGER] = "ledger", [FAULT_KILL] = "kill",
};

static const char *const party_names[PARTIES] = {
	[PARTY_REQUEST] = "",
	[PARTY_SCRIBE] = " of the scribe",
	[PARTY_OBSERVER] = " of the observer",
	[PARTY_PROCESS] = " of another process",
};

const char *attempt_fault(enum fault fault)
{
	return fault_names[fault];
}

const char *attempt_party(enum party party)
{
	return party_names[party];
}

void attempt_open(void)
{
	plan = plan_open();
}

/* ------------------------------------------------------------------------------------------------------------- worlds */

static const char quiet_cable[] =
	"for i in default all; do echo 0 > /proc/sys/net/ipv6/conf/$i/accept_dad; done; exec ip -batch - <<EOF\n"
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

static void ask_in_advance(struct attempt *a, struct world *w)
{
	struct told told = case_ask(a->c, w->h, &a->token);

	told_release(&told);
}

static struct world *begin_world(struct attempt *a)
{
	struct world *w;

	(void)unlink(STATE);
	plan->ahead_s = 0;
	w = world_start(&options);
	lay_cable();
	case_prepare(a->c, w, &a->token);
	if (a->again)
		ask_in_advance(a, w);
	return w;
}

/*
 * Nothing that was asked before is still under way. The loop looks whether the others rest when it falls asleep, so it is
 * woken. What the observer does is of its own time: for its steps to be the same each time, everything must be done that it
 * has in mind, and everything told that the kernel tells later.
 */
static void let_rest(const struct world *w, enum party party)
{
	struct hycan_session_whoami_reply *reply = NULL;

	if (hycan_session_whoami(w->h, &reply) == 0)
		(void)plan_wait_for_rest(plan, w->daemon, party == PARTY_OBSERVER ? REST_DEEP : REST_NOW);
	free(reply);
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
	/* what goes since its connection was the daemon's that was killed is gone */
	let_rest(w, PARTY_REQUEST);
}

/* Asks, and something fails meanwhile, or until everything is done that comes of it. */
static struct told ask_now(struct attempt *a, struct world *w, enum fault fault, uint32_t at)
{
	struct told told;

	let_rest(w, a->party);
	plan_arm(plan, fault, a->party, at);
	plan->ahead_s = a->c->later;
	told = case_ask(a->c, w->h, &a->token);
	if (a->party == PARTY_OBSERVER && !plan->fired)
		free(kernel_settled());
	(void)plan_wait_for_rest(plan, w->daemon, a->party == PARTY_OBSERVER ? REST_DEEP : REST_NOW);
	plan->armed = false;
	case_hear(w->h, &a->token, &told);
	return told;
}

/* What is there in the end: with the request or without, and with a daemon that is killed behind it or not. */
static struct moment measure(struct attempt *a, bool ask, bool killed)
{
	struct world *w = begin_world(a);
	struct moment moment;

	if (ask) {
		a->reference.given = kernel_settled();
		a->party = PARTY_OBSERVER;
		told_release(&a->reference.told);
		a->reference.told = ask_now(a, w, 0, 0);
		for (int p = 0; p < PARTIES; p++)
			for (int i = 0; i < FAULTS; i++)
				a->there[p][i] = plan->seen[p][i];
	}
	if (killed) {
		kill(w->daemon, SIGKILL);
		connect_again(w, true);
	}
	case_go_on(a->c, w->h, &a->token);
	moment = moment_settled(w, a->c);
	assert_int_equal(case_end_world(w, &a->token), 0);
	return moment;
}

void attempt_measure(struct attempt *a, bool kills)
{
	struct reference *r = &a->reference;
	bool fades = kills && case_fades(a->c);

	r->before = measure(a, false, false);
	r->killed_before = fades ? measure(a, false, true) : moment_copy(&r->before);
	r->killed_after = fades ? measure(a, true, true) : (struct moment){ 0 };
	free(r->given);
	r->after = measure(a, true, false);
	/* what is refused must not change anything, so what it does change is no reference */
	if (r->told.result > 0 && !r->told.partly && !a->c->in_parts) {
		moment_free(&r->after);
		r->after = moment_copy(&r->before);
	}
	if (!fades)
		r->killed_after = moment_copy(&r->after);
}

void attempt_release(struct attempt *a)
{
	struct reference *reference = &a->reference;

	free(reference->given);
	told_release(&reference->told);
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
	print_message("    %s%s: %s %u%s: told %s (%s): %s\n", a->c->title, a->again ? ", asked again" : "",
	              attempt_fault(a->fault), a->at, attempt_party(a->party), hycan_result_name(told->result), told->sentence,
	              wrong);
	print_place();
}

/* The same request, with nothing that fails: what was not done is done now, and what was done stays. */
static const char *ask_once_more(struct attempt *a, struct world *w, const struct told *told)
{
	bool done = told->result == a->reference.told.result && !told->partly;
	const char *wrong;
	struct told now;

	if (done || told_nothing(told))
		return NULL;
	now = case_ask(a->c, w->h, &a->token);
	case_hear(w->h, &a->token, &now);
	if (now.result != a->reference.told.result) {
		print_message("        now told: %s (%s)\n", hycan_result_name(now.result), now.sentence);
		return "the same request without a fault does not end as it should";
	}
	/* what was asked behind it was so before it, this time */
	wrong = a->c->n_then ? NULL : check(&a->reference, w, &now, a->c);
	told_release(&now);
	return wrong;
}

bool attempt_try(struct attempt *a, bool *ret_fired)
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
	told = ask_now(a, w, a->fault, a->at);
	fired = plan->fired;
	told.killed = fired && a->fault == FAULT_KILL;
	if (told_nothing(&told) || told.killed)
		connect_again(w, told.killed);
	case_go_on(a->c, w->h, &a->token);
	if (!wrong)
		wrong = check(&a->reference, w, &told, a->c);
	if (!wrong)
		wrong = ask_once_more(a, w, &told);
	if (case_end_world(w, &a->token) != 0 && !wrong)
		wrong = "the daemon did not end well";
	if (wrong)
		report(a, &told, wrong);
	told_release(&told);
	*ret_fired = fired;
	return !wrong;
}
