/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Errands: the queue, and what is between it and the workers. */
#include "errand.h"
#include "dispatch.h"
#include "server.h"

void errand_add(struct server *server, struct errand *errand)
{
	TAILQ_INSERT_TAIL(&server->errands, errand, entry);
}

bool errand_may_go_on(const struct server *server)
{
	return !server->errand_runs && !server->private && !TAILQ_EMPTY(&server->errands) && dispatch_has_room(server, true);
}

void errand_serve(struct server *server)
{
	struct job *job;

	if (!errand_may_go_on(server))
		return;
	job = dispatch_free_job(server);
	job_begin_own(job);
	job->errand = TAILQ_FIRST(&server->errands);
	TAILQ_REMOVE(&server->errands, job->errand, entry);
	job->slow = true;
	server->errand_runs = true;
	dispatch_give_work(server, job);
}

void errand_on_worker(struct job *job)
{
	job->result = job->errand->run(job->errand, job);
}

static void finish(struct server *server, struct errand *errand, int result)
{
	if (result == 1)
		TAILQ_INSERT_TAIL(&server->errands, errand, entry);
	else
		errand->done(errand);
}

void errand_finish(struct job *job)
{
	struct errand *errand = job->errand;

	job->errand = NULL;
	job->memory.used = 0;
	job->server->errand_runs = false;
	finish(job->server, errand, job->result);
}

void errand_do_all(struct server *server)
{
	struct errand *errand;

	while ((errand = TAILQ_FIRST(&server->errands))) {
		TAILQ_REMOVE(&server->errands, errand, entry);
		job_begin_own(&server->job);
		finish(server, errand, errand->run(errand, &server->job));
	}
}
