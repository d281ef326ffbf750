/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a client is told of its request, as frames behind one another in the job's output. */
#ifndef SERVER_ANSWER_H
#define SERVER_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hycan_payload;
struct hycan_structure;
struct job;

/* Whether there will be room for a usual answer: who cannot be told that it is done must not be told that it failed. */
bool answer_has_room(struct job *job);

/* One frame with a structure in it, as large as it has to be. 0, a refusal, or -errno. */
int answer_item(struct job *job, const struct hycan_structure *structure, const void *value, uint16_t flags);

/* What a request that was carried out is answered: its reply, the end of its list, or that it was done. */
int answer_reply(struct job *job);

/* Replaces whatever stands in the answer by the refusal or failure in job->result. */
void answer_refuse(struct job *job);

/* Takes back what was answered so far. */
void answer_rewind(struct job *job);

/* Ends the list of answers to another request of the peer, which was a stream. 0 or -errno. */
int answer_end_stream(struct job *job, uint32_t seq);

/* Writes the reply of a request that was carried out as attributes into the job's memory. 0, or the refusal, or -errno. */
int answer_encode_reply(struct job *job, struct hycan_payload *ret_reply);

/* Makes a refusal with a sentence of a failure that the kernel gave a reason for. The result, from now on. */
int answer_explain(struct job *job, int result);

#endif
