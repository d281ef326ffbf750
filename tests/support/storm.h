/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A storm: many clients that come, work and die at random, for as long as it is let.
 *
 * They live in processes of equal shares, which are killed one after the other, at random, and replaced. Half of the
 * processes are honest: their clients ask, wait for the answer, make addresses and routes on lo and take them away. The
 * others do what a daemon must survive: half requests, answers that are not read, floods, noise, lengths that are lies,
 * descriptors nobody asked for, connections without a word.
 */
#ifndef SUPPORT_STORM_H
#define SUPPORT_STORM_H

#include <stdbool.h>
#include <sys/types.h>

struct storm {
	const char *socket;
	unsigned int processes; /* half of them honest */
	unsigned int clients;   /* of each process */
	uid_t honest, hostile;  /* who they are */
	unsigned int seed;
	int cpu;              /* on which all of them run, at the lowest priority; -1: anywhere, at a low one */
	bool read_only;       /* the honest ones make nothing */
	unsigned int rest_us; /* of a hostile process between two acts, on average; 0: none, so that they take all there is */
};

/* Begins a storm. Returns its process, to be ended with storm_end(), or -1. */
pid_t storm_begin(const struct storm *storm);

/* Ends it: every client is killed. */
void storm_end(pid_t storm);

#endif
