/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transactions that wait to be confirmed while one daemon follows another.
 *
 * What takes them back is in the ledger's file already, for the successor of a daemon that is killed. One that ends in order
 * writes behind it how each of them waits: then its successor, instead of taking it back, waits on. Nobody knows then whether it is
 * a restart: after a stop there is a daemon that only ends (--stopped), which takes back what it finds.
 */
#include <errno.h>
#include <string.h>

#include "diary.h"
#include "job.h"
#include "log.h"
#include "peer.h"
#include "pending.h"
#include "server.h"
#include "session.h"
#include "waiting.h"

static bool leave(struct server *server, const struct pending *p)
{
	struct diary_wait wait = {
		.ends_us = p->ends_us,
		.session = p->peer && p->peer->session ? p->peer->session->record.id : 0,
	};

	memcpy(wait.token, p->token, sizeof(wait.token));
	return p->waits && p->is_noted && diary_waits(server->ledger, p->number, &wait) == 0;
}

void pending_leave(struct server *server)
{
	struct pending *p;
	bool all = true;
	size_t n = 0;

	/* one may stand on another: all of them, or none */
	TAILQ_FOREACH(p, &server->pending, entry)
	all = all && leave(server, p);
	while (all && (p = TAILQ_FIRST(&server->pending))) {
		TAILQ_REMOVE(&server->pending, p, entry);
		p->is_noted = false;
		pending_free(p);
		n++;
	}
	if (n > 0)
		log_write(LOG_INFO, "%zu transactions that wait to be confirmed are left to the next daemon.", n);
}

static int keep_undo(struct pending *p, struct undo_log *undo)
{
	int r = undo_log_reserve(&p->undo, PENDING_ROOM);

	if (r == 0)
		r = undo_log_append(&p->undo, buffer_first(&undo->frames), buffer_used(&undo->frames));
	return r < 0 ? r : pending_prepare(p, p->undo.n);
}

int pending_resume(struct job *job, unsigned int number, struct diary *diary)
{
	static const struct diary_wait not_left = { 0 };
	struct pending *p = pending_new(job);
	int r = p ? keep_undo(p, &diary->undo) : -ENOMEM;

	/* what a daemon leaves that is killed is taken back */
	if (r == 0)
		r = diary_waits(job->server->ledger, number, &not_left);
	if (r < 0) {
		if (p)
			pending_free(p);
		return r;
	}
	memcpy(p->token, diary->wait.token, sizeof(p->token));
	p->session = diary->wait.session;
	p->ends_us = diary->wait.ends_us;
	p->is_noted = p->waits = true;
	p->number = number;
	pending_note_made(p, job);
	pthread_mutex_lock(&pending_lock);
	TAILQ_INSERT_TAIL(&job->server->pending, p, entry);
	pthread_mutex_unlock(&pending_lock);
	return 0;
}
