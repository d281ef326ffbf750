/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One request: from the caller's structure to a frame, and its end. The functions of operations.c, which is generated,
 * are written with this.
 */
#ifndef LIBCLIENT_REQUEST_H
#define LIBCLIENT_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include <hycan/client.h>

#include "connection.h"

/* Where a blocking call finds its answer. */
struct request_answer {
	void *to;    /* where a reply without lists goes; NULL: into memory of its own, at reply */
	size_t size; /* of it */
	void *reply; /* one block, which the caller frees */
	size_t n;
	int result;
	bool done;
	struct failure failure;
};

/* Copies a text into its member. Returns 0, or -EINVAL or -ENAMETOOLONG with the sentence in the connection. */
int request_text(struct hycan *h, const char *field, char *to, size_t size, const char *text);

/* A value that the caller did not give. Returns -EINVAL with the sentence in the connection. */
int request_missing(struct hycan *h, const char *field);

/* The callback of a blocking call; userdata is its struct request_answer. Takes the reply's memory over. */
hycan_callback request_answered;

/* Waits for the answer to what was sent; sent is the result of sending it. Returns the result of the request. */
int request_wait(struct hycan *h, int sent, struct request_answer *answer);

/* The callback of session.hello. */
hycan_callback request_greeted;

/* Puts session.hello in front of everything. Returns 0, or -errno. */
int request_hello(struct hycan *h);

/* The request with that number, or NULL. */
struct request *request_find(struct hycan *h, uint32_t seq);

/* Takes a request out of the list. */
void request_unlink(struct hycan *h, struct request *p);

/* Shows the result to whoever asked, and frees the request, which is in no list any more. */
void request_end(struct hycan *h, struct request *p, int result, const void *reply, size_t n);

/* Shows the result to whoever asked, while frames of the answer still come. */
void request_end_early(struct hycan *h, struct request *p, int result);

/* Takes a request out and frees it; nobody is told. */
void request_drop(struct hycan *h, struct request *p);

/* Ends a request whose descriptors cannot be sent. */
void request_refuse_descriptors(struct hycan *h, struct request *p, int error);

/* Frees the frame of a request that is sent. */
void request_frame_sent(struct request *p);

#endif
