/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The notes, in the ledger's file and in memory. */
#include "along.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "diary_note.h"
#include "intent.h"
#include "job.h"
#include "key.h"
#include "ledger.h"
#include "server.h"

struct along_thing {
	uint32_t step;
	uint64_t at_us;
	struct ledger_key key;
};

/* What stands in a note behind its head; the identity follows. */
struct noted {
	uint64_t netns;
	uint64_t at_us;
	uint32_t kind;
	uint32_t size;
};

static int keep(struct along *along, uint32_t step, uint64_t at_us, const struct ledger_key *key)
{
	int r = array_grow(&along->thing, along->n, sizeof(*along->thing));

	if (r == 0)
		along->thing[along->n++] = (struct along_thing){ .step = step, .at_us = at_us, .key = *key };
	return r;
}

int along_note(struct job *job, const struct ledger_key *key)
{
	const struct diary_head head = { .what = DIARY_ALONG, .number = job->along.step };
	const struct noted noted = { .netns = key->netns, .at_us = server_now_us(), .kind = key->kind, .size = key->size };
	const struct ledger_bytes parts[] = {
		{ .bytes = &head, .size = sizeof(head) },
		{ .bytes = &noted, .size = sizeof(noted) },
		{ .bytes = key->identity, .size = key->size },
	};
	/* what is repaired has no intent: the next daemon looks once more */
	int r = job->intent.watches ? intent_now(job) : 0;

	if (r == 0 && job->intent.begun) {
		r = ledger_note(job->server->ledger, job->intent.number, parts, sizeof(parts) / sizeof(*parts), 0, job->is_own);
		job->intent.no_room = r < 0 && !job->intent.lets_through;
	}
	return r == 0 && job->along.is_kept ? keep(&job->along, job->along.step, noted.at_us, key) : r;
}

static int read_note(const uint8_t *bytes, size_t size, void *userdata)
{
	struct ledger_key key = { 0 };
	struct diary_head head;
	struct noted noted;

	if (size < sizeof(head))
		return -EBADMSG;
	memcpy(&head, bytes, sizeof(head));
	if (head.what != DIARY_ALONG)
		return 0;
	bytes += sizeof(head);
	size -= sizeof(head);
	if (size < sizeof(noted))
		return -EBADMSG;
	memcpy(&noted, bytes, sizeof(noted));
	if (noted.size > LEDGER_IDENTITY_MAX || noted.size != size - sizeof(noted))
		return -EBADMSG;
	key.netns = noted.netns;
	key.kind = noted.kind;
	key.size = (uint8_t)noted.size;
	memcpy(key.identity, bytes + sizeof(noted), noted.size);
	return keep(userdata, head.number, noted.at_us, &key);
}

int along_read(struct job *job, unsigned int number)
{
	return ledger_notes(job->server->ledger, number, read_note, &job->along);
}

/* The ledger may know that it is gone, and of one that somebody has made in its place. */
static void take(struct job *job, const struct along_thing *thing)
{
	(void)ledger_take_former(job->server->ledger, &thing->key, thing->at_us);
}

void along_take(struct job *job)
{
	for (size_t i = 0; i < job->along.n; i++)
		if (job->along.thing[i].step == job->along.step)
			take(job, &job->along.thing[i]);
}

void along_take_all(struct job *job)
{
	for (size_t i = 0; i < job->along.n; i++)
		take(job, &job->along.thing[i]);
}

void along_release(struct job *job)
{
	free(job->along.thing);
	job->along = (struct along){ 0 };
}
