/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the daemon carries out by itself: taking away what nobody holds any more, putting back what was, going on with
 * what a predecessor began.
 *
 * Nobody asks policy about that, nor whose it is, but for what is others' by now and was not there before. On any thread, with a job of that thread: whatever the job was about is
 * as it was afterwards, and its answer is not touched.
 */
#ifndef SERVER_UNDO_H
#define SERVER_UNDO_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "messages.h"

struct job;
struct kernel_scope;
struct ledger_holder;
struct ledger_holders;
struct ledger_key;
struct undo_log;

/* Room for why something could not be done. */
#define UNDO_SENTENCE_SIZE 256

/* Why the daemon takes something away, and for whom, where nobody asks just now: for the log. */
struct undo_cause {
	const char *words;
	uint64_t subject;
	bool is_told; /* of a frame: the ledger was told of what it takes away, so what it does not know is a stranger's; */
	uint64_t
		since_us; /* and when its transaction began: what others made since, by a name that it says, stays as it is (UNDO_SINCE) */
	uint64_t until_us; /* and when the last of it was done: for what was asked since, it was asked anew; */
	bool again;        /* a killed daemon was about it: a link may have its former name, and the ledger not know it */
};

/*
 * Takes an object away, and tells the ledger; and the log, unless cause is NULL. It is gone already: success. Else what the handler returned, and its
 * sentence where ret_sentence is not NULL.
 */
int undo_key(struct job *job, struct kernel_scope *scope, const struct ledger_key *key, const struct undo_cause *cause,
             char *ret_sentence);

/* Whether an object is not there: it is looked for as what is to be taken away, and nothing is. */
bool undo_finds_gone(struct job *job, const struct ledger_key *key);

/* How often something is tried again, each time a fifth of a second later. */
#define UNDO_PATIENCE 15u

/* Whether it came to that, and is to be tried once more: a while has passed, and there is less patience. */
bool undo_try_again(int r, unsigned int *patience);

/* An object was taken away with many others at once, there: the log and the ledger hear of it. */
void undo_done(struct job *job, struct kernel_scope *scope, const struct ledger_key *key, const struct undo_cause *cause,
               uint64_t duration_us);

/* Carries out a request, legal and complete. What it makes is that holder's. The same results, but gone is a refusal. */
int undo_carry_out(struct job *job, struct kernel_scope *scope, const struct ledger_holder *holder,
                   const struct hycan_operation *operation, const void *request, char *ret_sentence);

/*
 * Carries out the last frame of an undo log (undo_log.h), which it leaves there: what a step made goes, unless others hold it
 * by now, and what it changed or took away is put back, as it was in the ledger. holder: whose step it was. What cannot be put back, but is to be put back with an earlier step, too, is gone for now. Without words of the cause the log is not told. What waits for
 * an address is tried again, so often as patience says, a fifth of a second later.
 */
int undo_frame(struct job *job, struct kernel_scope *scope, const struct ledger_holder *holder, struct undo_log *log,
               const struct undo_cause *cause, unsigned int *patience, char *ret_sentence);

/*
 * Of the last frame of a log, which it leaves there: whether it is on the way (UNDO_KERNEL) to one that would be refused, since that is about
 * others' things by now. Then the whole way is left out: what is away for a moment would not come back.
 */
bool undo_is_in_vain(struct job *job, struct kernel_scope *scope, const struct ledger_holder *holder, struct undo_log *log,
                     const struct undo_cause *cause);

/* What a frame of a log says that was done to a thing. */
enum undo_was {
	UNDO_WAS_MADE,
	UNDO_WAS_CHANGED,
	UNDO_WAS_CHANGED_ALONG, /* something on it was taken away */
	UNDO_WAS_RENAMED,       /* a link, which is told by both its names */
	UNDO_WAS_TAKEN,
	UNDO_WAS_BELOW,    /* the link that such a thing is put back on, and that must be up for it */
	UNDO_WAS_SET_DOWN, /* a link, which is told as changed, too */
};

/*
 * Tells of what a frame of a log is about, which may be nobody's; of one that is no request it tells nothing. 0, what found() returned,
 * the refusal, or -EINVAL.
 */
typedef int undo_frame_found(const struct ledger_key *key, enum undo_was was, void *userdata);
int undo_frame_objects(struct job *job, const struct nlmsghdr *frame, undo_frame_found *found, void *userdata);

/* Who held what a frame is about. False: it says nothing of that. */
bool undo_frame_holders(const struct nlmsghdr *frame, struct ledger_holders *ret_holders);

/*
 * Makes again what a stranger took away or changed, by the attributes of the request that made it; the ledger, which has it, only tells it. 0, the refusal, or -errno; sets whether anything had to be done.
 */
int undo_repair(struct job *job, struct kernel_scope *scope, const struct ledger_holder *holder, uint16_t operation,
                const void *attributes, size_t size, const struct ledger_key *key, bool *ret_changed, char *ret_sentence);

#endif
