/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Threads beside the loop. Signals are the loop's, so all are blocked in the others. */
#ifndef CORE_THREAD_H
#define CORE_THREAD_H

#include <pthread.h>
#include <signal.h>

/* Begins a thread. 0 or -errno; *ret_thread only then is one. */
static inline int thread_begin(pthread_t *ret_thread, void *(*run)(void *userdata), void *userdata)
{
	sigset_t all, before;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(ret_thread, NULL, run, userdata);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -r;
}

#endif
