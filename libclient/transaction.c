/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Transactions: requests that are kept instead of sent, and then sent as the steps of one.
 *
 * Every function that changes something can so be a step, without a second form of it. A request that could not be kept
 * is told to its caller, and remembered: half of what was meant is never sent.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <hycan/client.h>
#include <hycan/operations.h>

#include "request.h"
#include "transaction.h"

struct transaction {
	struct hycan_step *step;
	size_t n;
	size_t room;
	struct failure failure; /* of the first request that could not be kept */
};

void transaction_free(struct transaction **transaction)
{
	struct transaction *t = *transaction;

	if (!t)
		return;
	for (size_t i = 0; i < t->n; i++) {
		explicit_bzero((void *)t->step[i].request.data, t->step[i].request.size);
		free((void *)t->step[i].request.data);
	}
	free(t->step);
	free(t);
	*transaction = NULL;
}

static int fail(struct hycan *h)
{
	if (h->transaction->failure.result == 0)
		h->transaction->failure = h->failure;
	return h->failure.result;
}

static int make_room(struct transaction *t)
{
	struct hycan_step *more;

	if (t->n < t->room)
		return 0;
	more = reallocarray(t->step, t->room ? 2 * t->room : 16, sizeof(*more));
	if (!more)
		return -ENOMEM;
	t->step = more;
	t->room = t->room ? 2 * t->room : 16;
	return 0;
}

/* The attributes of a request in memory of their own. */
static int encode(const struct hycan_operation *operation, const void *request, struct wire_fault *fault,
                  struct hycan_payload *ret_payload)
{
	for (size_t size = 256;; size *= 8) {
		size_t room = size < WIRE_PAYLOAD_MAX ? size : WIRE_PAYLOAD_MAX;
		uint8_t *bytes = malloc(room);
		ssize_t n;

		if (!bytes)
			return -ENOMEM;
		n = wire_encode(operation->request, request, bytes, room, NULL, NULL, fault);
		if (n >= 0) {
			*ret_payload = (struct hycan_payload){ .data = bytes, .size = (size_t)n };
			return 0;
		}
		explicit_bzero(bytes, room);
		free(bytes);
		if (n != -ENOBUFS)
			return (int)n;
		if (room == WIRE_PAYLOAD_MAX)
			return -EMSGSIZE;
	}
}

int transaction_keep(struct hycan *h, const struct hycan_operation *operation, const void *request)
{
	struct transaction *t = h->transaction;
	struct hycan_payload payload = { 0 };
	struct wire_fault fault = { 0 };
	int r;

	r = make_room(t);
	if (r == 0)
		r = encode(operation, request, &fault, &payload);
	if (r == 0) {
		t->step[t->n++] = (struct hycan_step){ .operation = operation->number, .request = payload };
		failure_clear(&h->failure);
		return 0;
	}
	if (r == -EMSGSIZE)
		failure_set(&h->failure, r, "%s would be larger than the 64 KiB of a step of a transaction.", operation->name);
	else if (r == -ENOMEM)
		failure_set(&h->failure, r, "There is no memory for the transaction.");
	else
		failure_set(&h->failure, r, "%s", fault.sentence);
	if (fault.field)
		failure_copy_text(h->failure.field, sizeof(h->failure.field), fault.field, strlen(fault.field));
	return fail(h);
}

int hycan_transaction_begin(struct hycan *h)
{
	if (!h)
		return -EINVAL;
	if (h->transaction)
		return failure_set(&h->failure, -EBUSY, "A transaction is begun already; commit or abandon it first.");
	h->transaction = calloc(1, sizeof(*h->transaction));
	if (!h->transaction)
		return failure_set(&h->failure, -ENOMEM, "There is no memory for the transaction.");
	failure_clear(&h->failure);
	return 0;
}

int hycan_transaction_commit(struct hycan *h, const struct hycan_transaction_run_options *options,
                             struct hycan_transaction_run_reply **ret_reply)
{
	struct transaction *t = h ? h->transaction : NULL;
	int r;

	if (!h)
		return -EINVAL;
	if (!t)
		return failure_set(&h->failure, -EINVAL, "No transaction is begun.");
	h->transaction = NULL;
	if (t->failure.result == 0) {
		r = hycan_transaction_run(h, t->step, t->n, options, ret_reply);
	} else {
		h->failure = t->failure;
		r = t->failure.result;
	}
	transaction_free(&t);
	return r;
}

void hycan_transaction_abandon(struct hycan *h)
{
	if (h)
		transaction_free(&h->transaction);
}
