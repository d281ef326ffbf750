/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What goes along with something that a request takes away: the port mappings and the names of a network.
 *
 * The schema does not say which they are, so the handler does, before each of them goes (op->server->going()) and when it is gone. Carried
 * out once more it finds nothing of them, so they are noted behind the intent of the request (intent.h) before the first of them goes:
 * a successor that has completed the request takes them out of the ledger.
 */
#ifndef SERVER_ALONG_H
#define SERVER_ALONG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct along_thing;
struct job;
struct ledger_key;

/* Of what goes by taking a transaction back. */
#define ALONG_BACK UINT32_MAX

/* Part of a job; zero at first. */
struct along {
	bool is_kept;  /* here, too, until along_release(): by a successor */
	uint32_t step; /* of a transaction: the one that the job is about; else 0 */
	struct along_thing *thing;
	size_t n;
};

/* Something is about to go along with what the job's request takes away. 0 or -errno: then it must not go. */
int along_note(struct job *job, const struct ledger_key *key);

/* Reads what a request of a former daemon noted, by its number in the ledger's file. 0, -ENOMEM, or -EBADMSG: not all of it makes sense. */
int along_read(struct job *job, unsigned int number);

/* What was to go along with the step that the job is about is gone; what was made since it was noted is there. */
void along_take(struct job *job);

/* The same of all that was read: of a request that is no transaction, also where it was part of taking one back. */
void along_take_all(struct job *job);

void along_release(struct job *job);

#endif
