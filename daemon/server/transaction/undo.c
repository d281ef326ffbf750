/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Carries out operations in the middle of another job, or of none.
 *
 * What the job was about is kept on the stack meanwhile, and its memory for lists grows behind what is used of it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "answer.h"
#include "asked.h"
#include "dispatch.h"
#include "holders.h"
#include "job.h"
#include "key.h"
#include "ledger.h"
#include "news.h"
#include "observer.h"
#include "own.h"
#include "server.h"
#include "table.h"
#include "undo.h"
#include "undo_log.h"
#include "wire.h"

static bool is_gone(int r)
{
	return r == HYCAN_REFUSAL_NOT_FOUND || r == -ENODEV || r == -ENOENT || r == -ESRCH || r == -EADDRNOTAVAIL;
}

static int no_answer(struct op *op, const void *item)
{
	(void)op;
	(void)item;
	return 0;
}

/* Another request takes the place of the one that the job has. */
static void begin(struct job *job, struct kernel_scope *scope, const struct ledger_holder *holder,
                  const struct hycan_operation *operation, struct job *ret_outer)
{
	*ret_outer = *job;
	job->operation = operation;
	job->holder = *holder;
	job->is_own = true;
	job->is_nobodys = job->is_somebodys = false;
	job->since = (struct since){ 0 };
	job->lets_go = job->marks = job->along.is_kept = false;
	job->op.scope = scope;
	job->op.subject = holder->subject;
	job->op.answer = no_answer;
	/* what takes a request back is that one's, and not of what comes of it */
	job->undo = NULL;
	job->op.undo = NULL;
	job->op.may_be_gone = false;
	job->op.exclusive = job->op.exact = job->op.back = job->op.mends = job->op.beside = job->op.sealed = job->op.was_up = false;
	job->was_there = NULL;
	job_forget_outcome(job);
	job->op.refusal = 0;
	job->op.field = NULL;
	job->op.sentence[0] = '\0';
	job->n_fds = 0;
}

static void end(struct job *job, struct job *outer, char *ret_sentence)
{
	if (ret_sentence)
		snprintf(ret_sentence, UNDO_SENTENCE_SIZE, "%s", job->op.sentence);
	if (job->operation->request->has_secrets) {
		explicit_bzero(&job->request, sizeof(job->request));
		explicit_bzero(job->memory.base + outer->memory.used, job->memory.used - outer->memory.used);
	}
	/* what it answers with may have grown, and moved */
	outer->own = job->own;
	*job = *outer;
	if (job->operation && job->operation->request->has_secrets)
		explicit_bzero(outer, sizeof(*outer));
}

int undo_carry_out(struct job *job, struct kernel_scope *scope, const struct ledger_holder *holder,
                   const struct hycan_operation *operation, const void *request, char *ret_sentence)
{
	struct job outer;
	int r;

	begin(job, scope, holder, operation, &outer);
	memcpy(&job->request, request, operation->request->size);
	r = job_do(job);
	end(job, &outer, ret_sentence);
	return r;
}

static void tell(struct job *job, const struct ledger_key *key, const struct undo_cause *cause, int result, uint64_t duration_us)
{
	char text[128];

	job->result = result;
	/* that is about the request around it */
	job->op.unchanged = false;
	job->holder.subject = cause->subject;
	dispatch_audit_object(job, (key_format(key, text, sizeof(text)), text), duration_us, cause->words);
}

static const struct ledger_holder nobody = { .lifetime = HYCAN_LIFETIME_PERMANENT };

int undo_key(struct job *job, struct kernel_scope *scope, const struct ledger_key *key, const struct undo_cause *cause,
             char *ret_sentence)
{
	union message request;
	const struct hycan_operation *operation = key_request(key, &request);
	const uint64_t began_us = server_now_us();
	struct job outer;
	int r;

	if (!operation)
		return -EINVAL;
	begin(job, scope, &nobody, operation, &outer);
	memcpy(&job->request, &request, operation->request->size);
	job->op.exact = true;
	r = job_do(job);
	if (is_gone(r))
		r = 0;
	/* also what was gone already, or was found by another name; and not what somebody made in its place meanwhile */
	if (r == 0)
		(void)ledger_take_former(job->server->ledger, key, began_us);
	if (cause)
		tell(job, key, cause, r, server_now_us() - began_us);
	end(job, &outer, ret_sentence);
	return r;
}

static int let_nothing_through(void *userdata)
{
	(void)userdata;
	return 1;
}

bool undo_finds_gone(struct job *job, const struct ledger_key *key)
{
	union message request;
	const struct hycan_operation *operation = key_request(key, &request);
	unsigned int patience = UNDO_PATIENCE;
	struct op_gate gate;
	struct job outer;
	int r;

	if (!operation)
		return false;
	gate = op_scope_set_gate(job->op.scope, (struct op_gate){ .change = let_nothing_through });
	begin(job, job->op.scope, &nobody, operation, &outer);
	memcpy(&job->request, &request, operation->request->size);
	job->op.exact = job->op.plan = true;
	do {
		r = job_perform(job);
		op_forget_plan(&job->op);
	} while ((r == -ENOMEM || r == -ENOBUFS) && undo_try_again(r, &patience));
	end(job, &outer, NULL);
	(void)op_scope_set_gate(job->op.scope, gate);
	return is_gone(r);
}

void undo_done(struct job *job, struct kernel_scope *scope, const struct ledger_key *key, const struct undo_cause *cause,
               uint64_t duration_us)
{
	union message request;
	const struct hycan_operation *operation = key_request(key, &request);
	struct job outer;

	(void)ledger_take_former(job->server->ledger, key, server_now_us() - duration_us);
	if (!operation)
		return;
	begin(job, scope, &nobody, operation, &outer);
	tell(job, key, cause, 0, duration_us);
	end(job, &outer, NULL);
}

/* What the request in the job takes away. False: nothing that the ledger knows by a key. */
static bool key_of_taken(struct job *job, struct ledger_key *key)
{
	size_t n;
	const struct op_effect *effects = op_effects(job->operation, &n);

	for (size_t i = 0; i < n; i++) {
		struct key_view v;

		if (effects[i].does != OP_TAKES || effects[i].n_parts == 0)
			continue;
		v = key_view(job, &effects[i]);
		if (v.absent)
			continue;
		key_of(&v, 0, key);
		return true;
	}
	return false;
}

/*
 * Whether it is worth another try, after a while: the kernel may have had no memory; and an IPv6 address that is put back is
 * looked at for a second (RFC 4862, 5.4) before a route may prefer it as its source.
 */
bool undo_try_again(int r, unsigned int *patience)
{
	static const struct timespec step = { .tv_nsec = 200000000 };

	if (r == 0 || is_gone(r) || r == HYCAN_REFUSAL_DENIED || *patience == 0)
		return false;
	--*patience;
	nanosleep(&step, NULL);
	return true;
}

/*
 * Of a thing that is known by its key: who asked for it holds it no more, or again; and where nobody else does, it goes. What the
 * ledger does not know it may not have been told of yet; or it is a stranger's.
 */
static int let_go(struct job *job, const struct ledger_holder *holder, unsigned int flags, bool is_told,
                  const struct undo_cause *cause, unsigned int *patience, char *ret_sentence)
{
	struct ledger *ledger = job->server->ledger;
	struct ledger_key key;
	char text[128];
	int r = 0;

	if (!key_of_taken(job, &key))
		return -EINVAL;
	if (flags & UNDO_LET_GO)
		r = own_check_since(job, &key);
	if (r)
		return r;
	if (flags & UNDO_LET_GO && !ledger_is_held(ledger, &key)) {
		key_format(&key, text, sizeof(text));
		snprintf(ret_sentence, UNDO_SENTENCE_SIZE, "The %s %s is gone: nobody holds it any more.", key_kind_name(key.kind),
		         text);
		return -ENODATA;
	}
	/* who of several programs held it comes in front of it */
	if (flags & UNDO_LET_GO && flags & UNDO_GIVEN)
		return 0;
	if (flags & UNDO_LET_GO)
		return ledger_hold(ledger, holder, server_now_us(), &key, 1, job, ledger_stamp(ledger));
	if (ledger_let_go(ledger, &key, holder, true, job) || (!(flags & UNDO_HELD) && !is_told && !ledger_knows(ledger, &key)))
		do
			r = undo_key(job, job->op.scope, &key, cause, ret_sentence);
		while (undo_try_again(r, patience));
	ledger_cancel(ledger, job);
	return r;
}

/* Whose they are is put back by what comes behind. The job's request is the first of them, for the log. */
static int put_back_routes(struct job *job, const struct nlmsghdr *frame)
{
	int r;

	observer_mark(job->server->observer, job, true, true);
	(void)op_scope_sent(job->op.scope);
	r = op_put_back_routes(&job->op, frame + 1, undo_log_size(frame), &job->request);
	observer_mark(job->server->observer, job, false, op_scope_sent(job->op.scope) != OP_SENT_NO_CHANGE);
	return r;
}

/* Whether an earlier step says the same: then that decides, whatever becomes of this one. */
static bool is_said_again(struct undo_log *log, const struct nlmsghdr *frame)
{
	const size_t size = undo_log_size(frame);
	const struct nlmsghdr *other = frame;

	while ((other = undo_log_before(log, other))) {
		const size_t others = undo_log_size(other);

		if (other->nlmsg_type != frame->nlmsg_type || (other->nlmsg_flags ^ frame->nlmsg_flags) & UNDO_REQUEST)
			continue;
		if (frame->nlmsg_flags & UNDO_ROUTES ? op_same_routes(frame + 1, size, other + 1, others)
		                                     : size == others && memcmp(frame + 1, other + 1, size) == 0)
			return true;
	}
	return false;
}

/* What an earlier step says, too, is gone for now. */
static int put_back(struct job *job, struct undo_log *log, const struct nlmsghdr *frame, unsigned int *patience)
{
	const struct wire_memory before = job->memory;
	const unsigned int flags = frame->nlmsg_flags;
	int r;

	do {
		job->memory = before;
		if (flags & UNDO_ROUTES)
			r = put_back_routes(job, frame);
		else
			r = flags & UNDO_KERNEL ? job_perform(job) : job_do(job);
		if (r && r != HYCAN_REFUSAL_DENIED && is_said_again(log, frame))
			return op_refuse(&job->op, HYCAN_REFUSAL_NOT_FOUND, NULL, "It is put back with an earlier step.");
	} while (undo_try_again(r, patience));
	return answer_explain(job, r);
}

/* The request of a frame is the job's now. 0, or the refusal. */
static int decode(struct job *job, const struct nlmsghdr *frame)
{
	struct wire_decoder decoder = { .strict = true, .memory = job->memory };
	int r;

	if (frame->nlmsg_flags & UNDO_ROUTES) {
		memset(&job->request, 0, job->operation->request->size);
		return 0;
	}
	r = wire_decode(&decoder, job->operation->request, frame + 1, undo_log_size(frame), &job->request);
	job->memory.used = decoder.memory.used;
	return r < 0 ? op_refuse(&job->op, decoder.fault.refusal, decoder.fault.field, "%s", decoder.fault.sentence) : 0;
}

static enum undo_was was(const struct op_effect *effect, bool makes)
{
	switch (effect->does) {
	case OP_RENAMES:
		return UNDO_WAS_RENAMED;
	case OP_CHANGES:
		return makes ? UNDO_WAS_CHANGED_ALONG : UNDO_WAS_CHANGED;
	default:
		return UNDO_WAS_TAKEN;
	}
}

/* Of a request that puts something back. */
static int tell_put_back(struct job *job, undo_frame_found *found, void *userdata)
{
	size_t n;
	const struct op_effect *effects = op_effects(job->operation, &n);
	struct ledger_key key;
	bool makes = false;
	int r = 0;

	for (size_t i = 0; i < n; i++)
		/* what goes along with a link is no thing of its own */
		makes = makes || (effects[i].does != OP_CHANGES && effects[i].does != OP_RENAMES && effects[i].n_parts > 0);
	for (size_t i = 0; i < n; i++) {
		const struct key_view v = key_view(job, &effects[i]);

		for (size_t k = 0; k < v.n_items && r == 0 && !v.absent && effects[i].n_parts > 0; k++) {
			key_of(&v, k, &key);
			r = found(&key, was(&effects[i], makes), userdata);
			if (r == 0 && job->operation->number == HYCAN_OPERATION_LINK_UP)
				r = found(&key, UNDO_WAS_SET_DOWN, userdata);
			if (r == 0 && effects[i].does == OP_RENAMES && key_of_link(&v, k, &key))
				r = found(&key, UNDO_WAS_RENAMED, userdata);
			/* an address may be on one that is down */
			if (r == 0 && was(&effects[i], makes) == UNDO_WAS_TAKEN && !key_begins_with_link(effects[i].kind) &&
			    key_of_link(&v, k, &key))
				r = found(&key, UNDO_WAS_BELOW, userdata);
		}
	}
	return r;
}

static int tell_taken(struct job *job, undo_frame_found *found, void *userdata)
{
	struct ledger_key key;

	return key_of_taken(job, &key) ? found(&key, UNDO_WAS_MADE, userdata) : -EINVAL;
}

int undo_frame_objects(struct job *job, const struct nlmsghdr *frame, undo_frame_found *found, void *userdata)
{
	const struct hycan_operation *row = hycan_operation_by_number(frame->nlmsg_type);
	struct job outer;
	int r;

	if (frame->nlmsg_flags & (UNDO_WANTED | UNDO_ASKED | UNDO_HOLDERS | UNDO_ALONG))
		return 0;
	if (!row)
		return HYCAN_REFUSAL_UNKNOWN;
	begin(job, job->op.scope, &nobody, row, &outer);
	r = decode(job, frame);
	if (r == 0 && frame->nlmsg_flags & UNDO_ROUTES)
		r = op_read_routes(&job->op, frame + 1, undo_log_size(frame), &job->request);
	if (r == 0)
		r = (frame->nlmsg_flags & UNDO_EXACT ? tell_taken : tell_put_back)(job, found, userdata);
	end(job, &outer, NULL);
	return r;
}

bool undo_frame_holders(const struct nlmsghdr *frame, struct ledger_holders *ret_holders)
{
	const size_t size = undo_log_size(frame);

	if (!(frame->nlmsg_flags & UNDO_HOLDERS) || size > sizeof(*ret_holders))
		return false;
	*ret_holders = (struct ledger_holders){ 0 };
	memcpy(ret_holders, frame + 1, size);
	return ret_holders->n <= LEDGER_HOLDERS_MAX && size == ledger_holders_size(ret_holders);
}

/* What was put back belongs to whom it belonged to, and not to whoever made the transaction. */
static void give_back(struct job *job, const struct nlmsghdr *frame, const struct since *since, const struct undo_cause *cause)
{
	struct ledger_holders holders;

	if (!undo_frame_holders(frame, &holders))
		return;
	if (!(frame->nlmsg_flags & UNDO_HELD) || !own_is_since(job, since, &holders.key))
		ledger_give_back(job->server->ledger, &holders, frame->nlmsg_flags & UNDO_HELD ? cause->until_us : 0, job);
}

/* Of a link that is others' since, they say how it is to be. */
static void put_back_wanted(struct job *job, uint64_t netns, const struct nlmsghdr *frame, const struct since *since)
{
	const size_t size = undo_log_size(frame);
	struct ledger_key link;

	if (settings_link_of(netns, frame + 1, size, &link) && !own_is_since(job, since, &link))
		settings_put_back(&job->server->repairs.settings, netns, frame + 1, size);
}

/* Of what is others' since, they say it. */
static int put_back_wish(struct job *job, uint64_t subject, const struct nlmsghdr *frame, const struct since *since,
                         unsigned int *patience)
{
	const size_t size = undo_log_size(frame);
	struct ledger_key key;
	int r;

	if (!repair_read_before(frame + 1, size, &key) || own_is_since(job, since, &key))
		return 0;
	do
		r = repair_put_back(&job->server->repairs, subject, frame + 1, size);
	while (undo_try_again(r, patience));
	return r;
}

/* Who has what a frame puts back; of what was in no ledger it does not matter. */
static struct ledger_holder holder_of(const struct nlmsghdr *frame, const struct ledger_holder *holder)
{
	const uint64_t owner = undo_log_owner(frame);

	if (frame->nlmsg_flags & UNDO_GIVEN && frame->nlmsg_flags & UNDO_OWNED)
		return ledger_holder_back(owner);
	return frame->nlmsg_flags & UNDO_OWNED && owner != holder->subject
	               ? (struct ledger_holder){ .subject = owner, .lifetime = HYCAN_LIFETIME_PERMANENT }
	               : *holder;
}

static struct since since_of(const struct nlmsghdr *frame, const struct ledger_holder *holder, const struct undo_cause *cause)
{
	/* to hold again what got another name since harms nobody */
	const bool any = frame->nlmsg_flags & (UNDO_ANY | UNDO_LET_GO | UNDO_HELD);
	const uint64_t since_us = undo_log_since(frame);

	return (struct since){ .us = since_us ? since_us : cause->since_us, .whose = *holder, .any = any };
}

/* Of a link that is others' since, it is theirs. */
static int put_back_along(struct job *job, struct kernel_scope *scope, const struct nlmsghdr *frame, const struct since *since,
                          unsigned int *patience)
{
	const size_t size = undo_log_size(frame);
	struct undo_along along;
	struct ledger_key link;
	struct op_gate gate;
	struct job outer;
	int r;

	if (size < sizeof(along))
		return -EBADMSG;
	memcpy(&along, frame + 1, sizeof(along));
	along.link[sizeof(along.link) - 1] = '\0';
	key_of_name(op_scope_inode(scope), along.link, &link);
	if (along.size > size - sizeof(along))
		return -EBADMSG;
	if (along.link[0] && own_is_since(job, since, &link))
		return 0;
	begin(job, scope, &nobody, hycan_operation_by_number(frame->nlmsg_type), &outer);
	/* there is no request of which anybody would have to know, and the one in the job is of another row */
	memset(&job->request, 0, job->operation->request->size);
	gate = op_scope_set_gate(scope, (struct op_gate){ 0 });
	do {
		observer_mark(job->server->observer, job, true, true);
		(void)op_scope_sent(scope);
		r = op_put_back_along(&job->op, along.what, along.link, (const uint8_t *)(frame + 1) + sizeof(along), along.size);
		observer_mark(job->server->observer, job, false, op_scope_sent(scope) != OP_SENT_NO_CHANGE);
	} while (undo_try_again(r, patience));
	(void)op_scope_set_gate(scope, gate);
	end(job, &outer, NULL);
	return r;
}

static bool renames(const struct hycan_operation *operation)
{
	size_t n;
	const struct op_effect *effects = op_effects(operation, &n);

	for (size_t i = 0; i < n; i++)
		if (effects[i].does == OP_RENAMES)
			return true;
	return false;
}

/* The job is about the request of a frame. 0, or the refusal. */
static int enter(struct job *job, struct kernel_scope *scope, const struct ledger_holder *holder, const struct nlmsghdr *frame,
                 const struct undo_cause *cause, struct job *ret_outer)
{
	const struct ledger_holder holds = holder_of(frame, holder);
	const unsigned int flags = frame->nlmsg_flags;
	int r;

	begin(job, scope, &holds, hycan_operation_by_number(frame->nlmsg_type), ret_outer);
	job->is_nobodys = !(flags & UNDO_OWNED);
	job->is_somebodys = !job->is_nobodys;
	job->since = since_of(frame, holder, cause);
	job->drift = undo_log_drift_of(frame);
	job->op.exact = flags & UNDO_EXACT;
	job->op.back = !job->op.exact;
	job->op.may_be_gone = cause->again && renames(job->operation);
	r = decode(job, frame);
	job->decoded = r == 0;
	return r;
}

bool undo_is_in_vain(struct job *job, struct kernel_scope *scope, const struct ledger_holder *holder, struct undo_log *log,
                     const struct undo_cause *cause)
{
	const struct nlmsghdr *frame = undo_log_last(log);
	struct op_gate gate;
	struct job outer;
	int r;

	if (!frame || !(frame->nlmsg_flags & UNDO_KERNEL))
		return false;
	while (frame && frame->nlmsg_flags & (UNDO_KERNEL | UNDO_ALONG))
		frame = undo_log_before(log, frame);
	if (!frame || !hycan_operation_by_number(frame->nlmsg_type))
		return false;
	gate = op_scope_set_gate(scope, (struct op_gate){ .change = let_nothing_through });
	r = enter(job, scope, holder, frame, cause, &outer);
	job->op.plan = true;
	/* the handler finds what it would change, and asks whose that is */
	if (r == 0)
		r = job_perform(job);
	op_forget_plan(&job->op);
	end(job, &outer, NULL);
	(void)op_scope_set_gate(scope, gate);
	return r == HYCAN_REFUSAL_DENIED;
}

int undo_frame(struct job *job, struct kernel_scope *scope, const struct ledger_holder *holder, struct undo_log *log,
               const struct undo_cause *cause, unsigned int *patience, char *ret_sentence)
{
	const struct nlmsghdr *frame = undo_log_last(log);
	const struct hycan_operation *row = hycan_operation_by_number(frame->nlmsg_type);
	const struct since since = since_of(frame, holder, cause);
	const uint64_t began_us = server_now_us();
	const unsigned int flags = frame->nlmsg_flags;
	struct job outer;
	int r;

	if (!row)
		return HYCAN_REFUSAL_UNKNOWN;
	if (flags & UNDO_WANTED) {
		put_back_wanted(job, op_scope_inode(scope), frame, &since);
		return 0;
	}
	if (flags & UNDO_ASKED && flags & UNDO_HELD) {
		ret_sentence[0] = '\0';
		return put_back_wish(job, holder->subject, frame, &since, patience);
	}
	if (flags & UNDO_ASKED) {
		asked_put_back(job, op_scope_inode(scope), frame + 1, undo_log_size(frame));
		return 0;
	}
	if (flags & UNDO_HOLDERS) {
		give_back(job, frame, &since, cause);
		return 0;
	}
	if (flags & UNDO_ALONG) {
		ret_sentence[0] = '\0';
		return put_back_along(job, scope, frame, &since, patience);
	}
	r = enter(job, scope, holder, frame, cause, &outer);
	if (r == 0 && flags & UNDO_EXACT) {
		r = let_go(job, holder, flags, cause->is_told, cause->words ? cause : NULL, patience, job->op.sentence);
	} else {
		r = r ? r : put_back(job, log, frame, patience);
		job->result = r;
		if (cause->words) {
			job->holder.subject = cause->subject;
			dispatch_audit(job, server_now_us() - began_us, cause->words);
		}
	}
	end(job, &outer, ret_sentence);
	return r;
}

int undo_repair(struct job *job, struct kernel_scope *scope, const struct ledger_holder *holder, uint16_t operation,
                const void *attributes, size_t size, const struct ledger_key *key, bool *ret_changed, char *ret_sentence)
{
	const struct hycan_operation *row = hycan_operation_by_number(operation);
	struct wire_decoder decoder = { .strict = true };
	struct job outer;
	int r;

	if (!row)
		return -EINVAL;
	begin(job, scope, holder, row, &outer);
	/* what is repaired is in no file: the next daemon looks once more */
	job->intent = (struct intent){ 0 };
	job->repairs = true;
	job->op.mends = true;
	job->op.beside = ledger_doubts(job->server->ledger, key);
	decoder.memory = job->memory;
	r = wire_decode(&decoder, row->request, attributes, size, &job->request);
	job->memory.used = decoder.memory.used;
	if (r < 0)
		r = op_refuse(&job->op, decoder.fault.refusal, decoder.fault.field, "%s", decoder.fault.sentence);
	else
		r = underway_begin(&job->server->underway, &job->intent.things, job, key);
	if (r == 0)
		r = job_perform(job);
	r = answer_explain(job, r);
	/* of a peer that is there and was changed it is said that it is nothing new */
	*ret_changed = r == 0 && (!job->op.unchanged || job->sent);
	if (*ret_changed) {
		news_act(job, true);
		ledger_doubt(job->server->ledger, key, false);
		ledger_touch(job->server->ledger, key);
		news_act(job, false);
	}
	underway_end(&job->server->underway, &job->intent.things);
	end(job, &outer, ret_sentence);
	return r;
}
