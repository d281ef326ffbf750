/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A job: one request while it is carried out, with all the memory that this takes.
 *
 * There is one for the loop and one for each worker, made at start and used again for every request, so the way of a
 * request allocates nothing. Memory for lists is address space that is reserved once and given back page by page.
 */
#ifndef SERVER_JOB_H
#define SERVER_JOB_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>

#include "along.h"
#include "buffer.h"
#include "intent.h"
#include "ledger.h"
#include "messages.h"
#include "op.h"
#include "quota.h"
#include "renames.h"
#include "wire.h"

/* Address space for the lists of one request and its answer; physical memory only where it is used. */
#define JOB_MEMORY_SIZE (UINT64_C(96) << 20)

struct errand;
struct giving;
struct peer;
struct policy;
struct server;
struct pending;
struct undo_log;

/* A change was sent to the kernel, and its answer was lost: the handler is called once more, and finds what it finds. */
struct doubt {
	bool is;
	bool gone;                /* what the handler said that it is about to take away is gone: */
	unsigned int n_claimed;   /* so many, */
	struct ledger_key key[2]; /* since an object may be known in two ways */
	const void *settled;      /* the request about it, exact */
};

/* What is put back is known by its name: what others made since, or gave that name, is another thing, and stays as it is. */
struct since {
	uint64_t us;                /* when the transaction began that is taken back, or what it found then came; 0: nobody asks */
	struct ledger_holder whose; /* who made it */
	bool any;                   /* it might change what is others', and give that another name itself */
};

/* What the steps of a transaction take away from the user, each thing once. */
struct freed {
	uint32_t *key; /* key_hash() of each, sorted; in the memory of the request */
	size_t n;
	uint32_t objects[QUOTA_KINDS]; /* of each kind, and of all */
};

struct job {
	struct op op; /* first: a handler's op is its job */
	struct server *server;
	struct peer *peer;     /* NULL: nobody asked */
	struct errand *errand; /* of the daemon itself, or NULL */
	const struct hycan_operation *operation;
	struct nlmsghdr header;     /* of the request */
	struct kernel_scope *scope; /* the namespace that the daemon lives in, for this thread */
	struct wire_memory memory;
	union message request; /* zero where it was not decoded */
	union message reply;
	struct buffer *output;       /* where the answer goes */
	struct buffer own;           /* a worker's output */
	struct buffer frame;         /* a long frame, as it came */
	struct policy *policy;       /* as it was when the job began */
	struct ledger_holder holder; /* who holds what it makes */
	struct intent intent;        /* what the ledger's file has of it */
	struct doubt doubt;
	enum hycan_drift drift;   /* what is done when a stranger takes that away; 0: as before, or it is reported */
	bool repairs;             /* it makes again what a stranger took away */
	bool sent;                /* the kernel was asked for a change */
	uint32_t touched;         /* kinds of objects (OP_KIND()) that it is about so far */
	bool again;               /* a daemon that was killed had begun it */
	const uint8_t *was_there; /* of that: for each item whether it was there before; or NULL */
	size_t n_was_there;
	bool retold;           /* the ledger may know of it already */
	bool is_own;           /* the daemon's own request: nobody asks whose things are, */
	struct since since;    /* but for those that are others' since */
	bool is_nobodys;       /* it puts back what was a stranger's: what it makes is not in the ledger */
	bool is_somebodys;     /* it puts back what was in the ledger: so is what is there already */
	bool any_owner;        /* policy lets it change what is others' */
	bool by_name;          /* policy may have looked at names in the request */
	bool lets_go;          /* nothing was done: the caller held it with others, who still do */
	bool was_gone;         /* nothing was done: what it takes away was not there, and may be gone (op.may_be_gone); */
	bool are_others;       /* or others hold it, and its holder nothing of it */
	bool marks;            /* something is going by it */
	size_t recorded;       /* items of the request's list that the ledger knows already: scribe.h */
	const uint32_t *order; /* the first of these; NULL: of the list itself */
	uint32_t stamp;        /* of the ledger, before the handler was called */
	uint64_t called_us;    /* when it was called last: what others made since then it knew nothing of */
	bool slow;             /* it makes others wait */
	bool unanswered;       /* there was no memory for the answer: the connection is to end instead */
	bool fds_lost;         /* more descriptors came than one frame may carry, or there was no room for one */
	size_t mark;           /* where in it this answer begins */
	int fds[WIRE_FDS_MAX]; /* descriptors that came with the frame */
	size_t n_fds;
	uint64_t began_us;
	uint32_t policy_line; /* of the rule that denied, or the quota */
	bool decoded;         /* the request is whole and legal */
	uint32_t step;        /* of a transaction, from 1: the one that failed; 0: none */
	uint32_t n_steps;     /* of it */
	const struct hycan_operation *step_operation;
	char step_object[512];          /* what it was about, for the log; or "" */
	struct pending *pending;        /* a transaction of it that is to be confirmed */
	bool takes_turn;                /* others that are to be confirmed may have theirs when it is done */
	bool gave_back;                 /* it failed, and what was taken back may be a session's that is gone since */
	struct undo_log *undo;          /* where what takes it back is kept; NULL: nowhere; */
	struct giving *giving;          /* and sessions that get something back by that; NULL: no transaction is carried out */
	struct renames renames;         /* links that a plan has renamed so far */
	struct along along;             /* what goes along with what it takes away */
	int result;                     /* what the handler returned */
	uint32_t reserved[QUOTA_KINDS]; /* objects of its user, until it is done */
	bool has_reserved;
	struct freed freed; /* of a transaction: what steps take away before the one that is judged */
};

/* Makes the memory. output NULL: the job has an output of its own. */
int job_open(struct job *job, struct server *server, struct buffer *output);

void job_close(struct job *job);

/*
 * Nothing has been said yet of what is done now: what was said of the request before, or by a call that is made again, is not about
 * this one, which may be done without a call.
 */
static inline void job_forget_outcome(struct job *job)
{
	job->op.unchanged = job->op.kept_link = job->op.took_other = false;
	job->op.items_unchanged = job->op.items_failed = NULL;
	job->op.settled = NULL;
}

/* Nothing of it is in doubt; the keys are left as they are, since to wipe them takes its time. */
static inline void job_forget_doubt(struct job *job)
{
	job->doubt.is = job->doubt.gone = false;
	job->doubt.n_claimed = 0;
}

/* Takes a frame of peer: everything of the job is about it from now on. The descriptors are the job's. */
void job_begin(struct job *job, struct peer *peer, const struct hycan_operation *operation, const struct nlmsghdr *header);

/* Everything of the job is about what the daemon does by itself, in its own network namespace: nothing is left of the request before. */
void job_begin_own(struct job *job);

/* Whether it changes something, by itself or by its steps. */
static inline bool job_changes(const struct job *job)
{
	return job->operation->access == HYCAN_ACCESS_WRITE || job->operation->number == HYCAN_OPERATION_TRANSACTION_RUN;
}

/* Whether it is a transaction of which a step failed; what is done in its course is not. */
static inline bool job_failed_at_step(const struct job *job)
{
	return job->step && job->operation->number == HYCAN_OPERATION_TRANSACTION_RUN;
}

/* Whether a request that is carried out for the second time finds that the first time took away what it is about. */
bool job_found_gone(struct job *job, int result);

/*
 * Carries out the operation with the request that the job has, and records what it made and took away; on any thread.
 * Returns what the handler did, and leaves its answer in job->reply.
 */
int job_do(struct job *job);

/*
 * Asks whose things are, and calls the handler, as often as a list in the kernel changes under its eyes. What it returned,
 * and job->reply. What it takes away is going until record_done() or, where that will not come, own_cancel().
 */
int job_perform(struct job *job);

/* Calls the handler as job_do() does, and writes its answer; on any thread. The result is in job->result. */
void job_carry_out(struct job *job);

/* Wipes and gives back what the request used. */
void job_end(struct job *job);

#endif
