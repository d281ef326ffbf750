/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How links are to be: what requests said of links that the ledger has, and whether it is so still.
 *
 * A link that is there may be another than what was asked for, and it has more than one property, which different requests set, and
 * different clients want watched in different ways. So each property has its own word of what is done about drift, and what is said of
 * it last counts. Of what is to be put right the ledger keeps what that takes, for the next daemon, too (ledger_settle()); the rest is
 * known here alone, and a daemon that starts anew has nothing to compare with.
 *
 * What is reported, and what cannot be put right, is from then on as it was found. A key is in neither place: one knows the public
 * key that the kernel makes of it, and that from the first look behind the request.
 *
 * Notes come from any thread, drift from the observer's, and what is put right is that on a worker.
 */
#ifndef SERVER_SETTINGS_H
#define SERVER_SETTINGS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct job;
struct ledger;
struct ledger_key;
struct op_settings;
struct setting;

#define SETTINGS_LISTS 1024u

TAILQ_HEAD(setting_queue, setting);

struct settings {
	pthread_mutex_t lock;
	LIST_HEAD(, setting) list[SETTINGS_LISTS];
	size_t tidied; /* the list that was tidied last */
	atomic_size_t n;
	atomic_size_t n_silent;      /* of them, those of which something is not announced by the kernel */
	struct setting_queue broken; /* those that are to be put right now */
	struct ledger *ledger;
};

void settings_open(struct settings *settings);
void settings_close(struct settings *settings);

/* What the ledger has of a former daemon; before anybody looks. */
void settings_restore(struct settings *settings, struct ledger *ledger);

/* A request was carried out that may have said something of a link. */
void settings_note(struct job *job);

/* Whether the job's request may say something of a link; and of which. */
bool settings_link(struct job *job, struct ledger_key *ret_link);

/*
 * What is wanted of a link before the job's request says something of it, in bytes for settings_put_back(). known: as the ledger
 * calls it, which hears later of a step before that renames it. False: it will say nothing, or what was said already. A
 * transaction that is not confirmed puts that back, behind how the link was.
 */
#define SETTINGS_BEFORE_SIZE 80
bool settings_before(struct job *job, const struct ledger_key *known, uint8_t ret_bytes[static SETTINGS_BEFORE_SIZE]);
/* Of which link such bytes are. False: they make no sense. */
bool settings_link_of(uint64_t netns, const void *bytes, size_t size, struct ledger_key *ret_key);
void settings_put_back(struct settings *settings, uint64_t netns, const void *bytes, size_t size);

/* A link is another one now; all of a namespace are, which has ended; or one is called otherwise. */
void settings_forget(struct settings *settings, const struct ledger_key *link);
void settings_end_place(struct settings *settings, uint64_t netns);
void settings_renamed(struct settings *settings, const struct ledger_key *from, const struct ledger_key *to);

/* Whether there is anything to look at that the kernel does not announce. */
bool settings_has_silent(const struct settings *settings);

/* A look begins at some of what links of a namespace are to be; a link is so, as the kernel said after a moment; and that was all. */
void settings_look_begin(struct settings *settings, uint64_t netns, uint32_t which);
void settings_seen(struct settings *settings, uint64_t netns, const char *link, const struct op_settings *is, uint64_t began_us);

/* What is otherwise is told, or is to be put right: then the loop has something to do. Returns when to look again, or 0. */
uint64_t settings_look_end(struct settings *settings, uint64_t netns, uint64_t before_us, bool *ret_told);

/* On a worker: puts the next one right. False: there is none. */
bool settings_mend(struct settings *settings, struct job *job);

#endif
