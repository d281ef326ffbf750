/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The scribe's thread. It reads the request, as the handler does, and writes to the ledger alone, which has a lock. */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "cleanup.h"
#include "job.h"
#include "news.h"
#include "record.h"
#include "scribe.h"
#include "server.h"
#include "thread.h"

struct scribe {
	pthread_t thread;
	bool running;
	pthread_mutex_t lock;
	pthread_cond_t told;  /* there is more, or it is to end */
	pthread_cond_t wrote; /* everything that was told */
	struct job *job;      /* that it writes for; NULL: none */
	size_t wanted;        /* items of it */
	size_t done;
	int result;
	bool ends;
};

static void *write_down(void *userdata)
{
	struct scribe *s = userdata;

	pthread_mutex_lock(&s->lock);
	while (!s->ends) {
		size_t from = s->done, to = s->wanted;
		int r;

		if (from == to) {
			pthread_cond_wait(&s->told, &s->lock);
			continue;
		}
		pthread_mutex_unlock(&s->lock);
		/* what the ledger tells is by the request, and not by this thread */
		news_act(s->job, true);
		r = record_items(s->job, from, to);
		news_act(s->job, false);
		pthread_mutex_lock(&s->lock);
		s->done = to;
		s->result = s->result ? s->result : r;
		pthread_cond_signal(&s->wrote);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

int scribe_open(struct scribe **ret_scribe)
{
	struct scribe *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->told, NULL);
	pthread_cond_init(&s->wrote, NULL);
	r = thread_begin(&s->thread, write_down, s);
	s->running = r == 0;
	if (r == 0)
		*ret_scribe = s;
	else
		scribe_free(&s);
	return r;
}

void scribe_free(struct scribe **scribe)
{
	struct scribe *s = *scribe;

	if (!s)
		return;
	if (s->running) {
		pthread_mutex_lock(&s->lock);
		s->ends = true;
		pthread_cond_signal(&s->told);
		pthread_mutex_unlock(&s->lock);
		pthread_join(s->thread, NULL);
	}
	pthread_cond_destroy(&s->told);
	pthread_cond_destroy(&s->wrote);
	pthread_mutex_destroy(&s->lock);
	free(s);
	*scribe = NULL;
}

void scribe_told(struct op *op, const uint32_t *order, size_t n)
{
	struct job *job = (struct job *)op;
	struct scribe *s = job->server->scribe;

	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	if (!s->job) {
		s->job = job;
		job->order = order;
		s->done = s->wanted = job->recorded;
		s->result = 0;
	}
	if (s->job == job && n > s->wanted) {
		s->wanted = n;
		pthread_cond_signal(&s->told);
	}
	pthread_mutex_unlock(&s->lock);
}

int scribe_wait(struct job *job)
{
	struct scribe *s = job->server->scribe;
	int r = 0;

	if (!s)
		return 0;
	pthread_mutex_lock(&s->lock);
	if (s->job == job) {
		while (s->done < s->wanted)
			pthread_cond_wait(&s->wrote, &s->lock);
		job->recorded = s->done;
		r = s->result;
		s->job = NULL;
	}
	pthread_mutex_unlock(&s->lock);
	return r;
}
