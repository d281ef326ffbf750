/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Of each transaction a list with every session once, in the order of their numbers. A session may be another one by now
 * (ledger_adopted_by()).
 *
 * The lock is held while the ledger is asked, too: what is given back between two looks would be in neither.
 */
#include "giving.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "holders.h"
#include "job.h"
#include "ledger.h"
#include "server.h"

/* What one gets back. */
struct given {
	uint64_t session;
	uint64_t at_us;   /* from when the last lease among that counts, */
	uint32_t seconds; /* and how long the longest lasts; 0: none is one */
};

struct giving {
	struct given *given;
	size_t n;
	LIST_ENTRY(giving) entry;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* With the lock: where a session is in the list, or belongs. */
static size_t place_of(const struct giving *giving, uint64_t session)
{
	size_t first = 0, end = giving->n;

	while (first < end) {
		const size_t middle = first + (end - first) / 2;

		if (giving->given[middle].session < session)
			first = middle + 1;
		else
			end = middle;
	}
	return first;
}

/* With the lock. */
static int note(struct giving *giving, const struct ledger_holder *holder, uint64_t at_us)
{
	const size_t i = place_of(giving, holder->session);
	struct given *given;

	if (holder->lifetime == HYCAN_LIFETIME_PERMANENT)
		return 0;
	if (i == giving->n || giving->given[i].session != holder->session) {
		if (array_grow(&giving->given, giving->n, sizeof(*giving->given)) < 0)
			return -ENOMEM;
		memmove(&giving->given[i + 1], &giving->given[i], (giving->n - i) * sizeof(*giving->given));
		giving->given[i] = (struct given){ .session = holder->session };
		giving->n++;
	}
	given = &giving->given[i];
	if (holder->lifetime == HYCAN_LIFETIME_LEASE && given->at_us < at_us)
		given->at_us = at_us;
	if (holder->lifetime == HYCAN_LIFETIME_LEASE && given->seconds < holder->seconds)
		given->seconds = holder->seconds;
	return 0;
}

int giving_begin(struct job *job)
{
	struct giving *giving = calloc(1, sizeof(*giving));

	/* what the caller alone held is put back for him, and noted nowhere else */
	if (!giving || note(giving, &job->holder, job->began_us) < 0) {
		free(giving);
		return -ENOMEM;
	}
	pthread_mutex_lock(&lock);
	LIST_INSERT_HEAD(&job->server->giving, giving, entry);
	pthread_mutex_unlock(&lock);
	job->giving = giving;
	return 0;
}

int giving_note(struct giving *giving, const struct ledger_holders *holders)
{
	int r = 0;

	pthread_mutex_lock(&lock);
	for (uint64_t i = 0; i < holders->n && r == 0; i++)
		r = note(giving, &holders->by[i].holder, holders->by[i].at_us);
	pthread_mutex_unlock(&lock);
	return r;
}

void giving_end(struct giving **giving)
{
	if (!*giving)
		return;
	pthread_mutex_lock(&lock);
	LIST_REMOVE(*giving, entry);
	pthread_mutex_unlock(&lock);
	free((*giving)->given);
	free(*giving);
	*giving = NULL;
}

static void look_at(const struct given *given, uint64_t renewed_us, struct giving_look *look)
{
	const uint64_t from_us = renewed_us > given->at_us ? renewed_us : given->at_us;
	const uint64_t ends_us = given->seconds ? from_us + given->seconds * UINT64_C(1000000) : 0;

	look->any = true;
	if (look->lease_ends_us < ends_us)
		look->lease_ends_us = ends_us;
}

void giving_look(struct server *server, uint64_t session, uint64_t renewed_us, struct giving_look *ret_look)
{
	const struct giving *giving;

	*ret_look = (struct giving_look){ 0 };
	pthread_mutex_lock(&lock);
	LIST_FOREACH(giving, &server->giving, entry)
	for (size_t i = 0; i < giving->n; i++)
		if (ledger_adopted_by(server->ledger, giving->given[i].session) == session)
			look_at(&giving->given[i], renewed_us, ret_look);
	ret_look->n_held = ledger_session_count(server->ledger, session);
	pthread_mutex_unlock(&lock);
}
