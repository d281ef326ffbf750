/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The library against a server that is no friend.
 *
 *   [mode] [pieces] [three operations] what the server sends
 *
 * The library runs as a program would use it: requests without waiting, requests from callbacks, blocking calls. The
 * server's bytes come in pieces, over as many connections as the mode says. Each callback must be called exactly once,
 * with an answer that can be walked over or with a sentence.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <hycan/client.h>

#include "connection.h"
#include "fuzz.h"

/* Bits of the mode. */
enum {
	MODE_BLOCKING = 1,  /* the first request and the last one are blocking calls */
	MODE_EXCLUSIVE = 2, /* hycan_set_exclusive() */
	MODE_HANG_UP = 4,   /* the server closes the connection behind some pieces */
	MODE_NESTED = 8,    /* a callback sends, and calls */
	MODE_STAY = 16,     /* the server does not close the last connection */
	MODE_CLOSED = 32,   /* descriptors in requests are closed ones */
};

/* Connections that the server accepts, and requests that the program makes, in one run. */
#define CONNECTIONS_MAX 4
#define REQUESTS_MAX    12

/* A request that waits for its callback. */
struct told {
	struct run *run;
	const struct hycan_operation *operation;
	int times;
};

struct run {
	struct hycan *h;
	int server; /* the server's end, or -1 */
	unsigned int n_connections;
	uint8_t mode;
	struct chance pieces;
	struct sample sample;
	struct told told[REQUESTS_MAX];
	size_t n_told;
	unsigned int depth;
};

static struct run run;

/* ---------------------------------------------------------------------------------------------------------- the server */

int __wrap_connect_daemon(struct hycan *h, bool wait);

/* Instead of a search for a socket: a socket pair, whose other end is the server. */
int __wrap_connect_daemon(struct hycan *h, bool wait)
{
	int pair[2];

	(void)wait;
	if (run.n_connections == CONNECTIONS_MAX)
		return failure_set(&h->failure, -ECONNREFUSED, "There is no server any more.");
	run.n_connections++;
	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	if (run.server >= 0)
		close(run.server);
	run.server = pair[0];
	h->fd = pair[1];
	return 0;
}

static void hang_up(void)
{
	if (run.server >= 0)
		close(run.server);
	run.server = -1;
}

/* Takes what the library sent, and sends the next piece. */
static void serve(struct material *input)
{
	uint8_t requests[4096];
	/* often all of it */
	size_t n = input->size && chance_below(&run.pieces, 2) ? 1 + chance_below(&run.pieces, input->size) : input->size;
	ssize_t sent;

	while (run.server >= 0 && recv(run.server, requests, sizeof(requests), MSG_DONTWAIT) > 0)
		;
	sent = run.server >= 0 ? send(run.server, input->data, n, MSG_DONTWAIT | MSG_NOSIGNAL) : (ssize_t)n;
	/* where nobody listens, the piece is lost */
	n = sent > 0 ? (size_t)sent : n;
	input->data += n;
	input->size -= n;
	if ((run.mode & MODE_HANG_UP) && chance_below(&run.pieces, 4) == 0)
		hang_up();
}

/* --------------------------------------------------------------------------------------------------------- the program */

static hycan_callback note;

static const void *make_request(const struct hycan_operation *operation)
{
	static _Alignas(max_align_t) uint8_t request[1 << 14], memory[1 << 18];

	CHECK(operation->request->size <= sizeof(request));
	run.sample.memory = (struct wire_memory){ .base = memory, .size = sizeof(memory) };
	sample_structure(&run.sample, operation->request, request);
	return request;
}

static void send_one(const struct hycan_operation *operation)
{
	struct told *told = &run.told[run.n_told];
	int r;

	if (run.n_told == REQUESTS_MAX)
		return;
	*told = (struct told){ .run = &run, .operation = operation };
	r = hycan_send(run.h, operation, make_request(operation), note, told);
	CHECK(r <= 0);
	if (r == 0)
		run.n_told++;
	else
		CHECK(hycan_error_message(run.h)[0]);
}

static void look_at(const struct hycan_operation *operation, const void *reply, size_t n)
{
	for (size_t i = 0; i < n; i++)
		walk_structure(operation->reply, (const char *)reply + i * operation->reply->size, false);
}

/* The server's answer is there already, or there is none. */
static void call_one(const struct hycan_operation *operation)
{
	void *reply = NULL;
	size_t n = 0;
	int r;

	hycan_set_timeout(run.h, 0);
	r = hycan_call(run.h, operation, make_request(operation), &reply, &n);
	CHECK((r == 0) == (hycan_error_message(run.h)[0] == '\0'));
	if (r == 0 && operation->reply->n_fields > 0)
		look_at(operation, reply, n);
	free(reply);
}

static void note(struct hycan *h, int result, const void *reply, size_t n, void *userdata)
{
	struct told *told = userdata;

	CHECK(h == run.h && told->run == &run);
	CHECK(++told->times == 1 || told->operation->stream);
	/* the end of a stream has none */
	CHECK((result == 0) == (reply != NULL) || (told->operation->stream && result == 0 && n == 0));
	CHECK((result == 0) == (hycan_error_message(h)[0] == '\0'));
	CHECK(hycan_result_name(result)[0]);
	CHECK(told->operation->list || n == (result == 0));
	if (reply && told->operation->reply->n_fields > 0)
		look_at(told->operation, reply, n);
	if ((run.mode & MODE_NESTED) && run.depth < 2) {
		run.depth++;
		send_one(told->operation);
		if (chance_below(&run.pieces, 3) == 0)
			call_one(told->operation);
		run.depth--;
	}
}

static void process(void)
{
	int r = hycan_process(run.h);

	CHECK(r >= 0 || hycan_error_message(run.h)[0]);
	CHECK((hycan_fd(run.h) < 0) == (hycan_events(run.h) == 0));
}

static void converse(struct material *input, const struct hycan_operation *const *operations)
{
	if (run.mode & MODE_BLOCKING) {
		/* its answer is there before it is asked for */
		serve(input);
		call_one(operations[0]);
	}
	send_one(operations[0]);
	send_one(operations[1]);
	process();
	while (input->size > 0) {
		serve(input);
		process();
		if (hycan_pending(run.h) == 0 || chance_below(&run.pieces, 8) == 0)
			send_one(operations[chance_below(&run.pieces, 3)]);
	}
	if (run.mode & MODE_BLOCKING)
		call_one(operations[2]);
	if (!(run.mode & MODE_STAY))
		hang_up();
	process();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct material input = { data, size };
	const struct hycan_operation *operations[3];
	uint8_t seed;

	run = (struct run){ .server = -1, .mode = material_byte(&input) };
	seed = material_byte(&input);
	run.pieces.state = run.sample.chance.state = seed;
	/* a descriptor that can be sent, or not */
	run.sample.fd = run.mode & MODE_CLOSED ? 1 << 20 : STDERR_FILENO;
	for (size_t i = 0; i < N(operations); i++)
		operations[i] = material_operation(&input);
	CHECK(hycan_open(&run.h, "/a/path") == 0);
	hycan_set_exclusive(run.h, run.mode & MODE_EXCLUSIVE);
	converse(&input, operations);
	hycan_close(run.h);
	for (size_t i = 0; i < run.n_told; i++)
		CHECK(run.told[i].times == 1 || (run.told[i].times > 1 && run.told[i].operation->stream));
	hang_up();
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	struct chance chance = { seed };

	if (size < 5 || max_size < 64 || chance_below(&chance, 2))
		return LLVMFuzzerMutate(data, size, max_size);
	return 5 + mutate_frames(&chance, true, data + 5, size - 5, max_size - 5);
}
