/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A plan of what is to fail: a page that the test shares with the daemon under test.
 *
 * Nothing fails, and nothing is counted, before the test has armed the plan. So points are those of one request: not those
 * of the daemon's start, nor of what was made for the request before.
 */
#ifndef FAULTS_PLAN_H
#define FAULTS_PLAN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The variable of the environment that names the descriptor of the page. */
#define PLAN_VARIABLE "HYCAN_TEST_FAULTS"

/* What can fail. */
enum fault {
	FAULT_MEMORY,     /* an allocation, or a mapping of memory */
	FAULT_SEND,       /* a request to the kernel is not sent: ENOBUFS */
	FAULT_ANSWER,     /* an answer of the kernel is lost: ENOBUFS, and it is not there any more */
	FAULT_OVERRUN,    /* ENOBUFS in front of an answer, which is there: something else was lost */
	FAULT_DESCRIPTOR, /* a file or a socket is not opened: EMFILE */
	FAULT_SYSCTL,     /* a value below /proc is not written: EIO */
	FAULT_LEDGER,     /* no room in the ledger's file: ENOSPC */
	FAULT_KILL,       /* SIGKILL before and behind each step of all the others that touches the kernel or the file */
	FAULTS,
};

/* Whose step it is that can fail. Each has numbers of its own: which of two threads comes first is another one each time. */
enum party {
	PARTY_REQUEST,  /* the loop, and the worker that it waits for */
	PARTY_SCRIBE,   /* writes into the ledger beside a worker */
	PARTY_OBSERVER, /* hears what the kernel tells of */
	PARTY_PROCESS,  /* porter or supervisor of the resolver, which are no threads */
	PARTIES,
};

/* What is still to come in the daemon when nobody asks it anything. */
enum rest {
	REST_NOT,  /* somebody works */
	REST_NOW,  /* nobody has anything to do before some time has passed */
	REST_DEEP, /* nor then */
};

/* Frames of the stack that are kept of the place that failed. */
#define PLAN_FRAMES 24

struct plan {
	_Atomic bool armed;
	enum fault fault; /* what fails, */
	enum party party; /* to whom, */
	uint32_t at;      /* the how manieth time, from 1; 0: never, they are only counted */
	/* how often each could have failed since the plan was armed */
	_Atomic uint32_t seen[PARTIES][FAULTS];
	_Atomic uint32_t fired;  /* how often it failed */
	_Atomic enum rest rests; /* as the loop sees it when it has nothing to do */
	_Atomic int64_t ahead_s; /* seconds that the daemon's clock goes ahead: that much time has gone by */
	uint32_t n_frames;
	uint64_t frame[PLAN_FRAMES]; /* where: addresses in the program */
};

/* A new one. It is the daemon's, too, which is started anew for each point: its descriptor is inherited. */
struct plan *plan_open(void);

/* From now on all is counted, and what is said fails once. */
void plan_arm(struct plan *plan, enum fault fault, enum party party, uint32_t at);

/* Waits until the daemon rests so deep. False: it does not, for it is dead, or has something to do all the time. */
bool plan_wait_for_rest(struct plan *plan, pid_t daemon, enum rest rest);

#endif
