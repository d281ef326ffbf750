/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A subject: who asks, who holds, and who is charged.
 *
 * A user of this machine by its uid, or another machine, which comes by vsock(7), by its context id. It is one number, so
 * that it is compared, counted and written down as one; the two kinds never meet, and none but the user is 0, which is root.
 */
#ifndef CORE_SUBJECT_H
#define CORE_SUBJECT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Nobody: the number that is no user's (-1). */
#define SUBJECT_NOBODY UINT64_C(0xffffffff)

#define SUBJECT_MACHINE (UINT64_C(1) << 32)

/* A user's is its uid; of a machine: */
static inline uint64_t subject_of_cid(uint32_t cid)
{
	return SUBJECT_MACHINE | cid;
}

static inline bool subject_is_machine(uint64_t subject)
{
	return subject & SUBJECT_MACHINE;
}

/* The uid, which of a machine is nobody's; and the context id of a machine. */
static inline uid_t subject_uid(uint64_t subject)
{
	return subject_is_machine(subject) ? (uid_t)-1 : (uid_t)subject;
}

static inline uint32_t subject_cid(uint64_t subject)
{
	return (uint32_t)subject;
}

struct subject_text {
	char text[24];
};

/* “uid 1000”, “cid 3” */
struct subject_text subject_say(uint64_t subject);

/* “User 1000”, “Machine 3”: how a sentence begins. */
struct subject_text subject_title(uint64_t subject);

#endif
