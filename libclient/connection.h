/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the library share: the connection, and the requests that are under way on it.
 *
 * The requests form one list in the order in which they were sent. Those of which something remains to be sent are its
 * end, from unsent on; so the list is the output buffer too, and a request that was never begun can be taken back or
 * sent over a new connection without a doubt about what the daemon has seen.
 */
#ifndef LIBCLIENT_CONNECTION_H
#define LIBCLIENT_CONNECTION_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/un.h>

#include <hycan/client.h>

#include "wire.h"

/* Room for the sentence and the field of a failure. */
#define FAILURE_MESSAGE_SIZE 1024
#define FAILURE_FIELD_SIZE   48

/* A frame of this size needs no memory of its own. */
#define REQUEST_SMALL_SIZE 320

/* Why something did not work; result is 0 and the texts are empty when it did. */
struct failure {
	int result;
	int step; /* of a transaction, from 1; 0: it is not about one */
	char field[FAILURE_FIELD_SIZE];
	char message[FAILURE_MESSAGE_SIZE];
};

/* The frames of a list that have come so far, without their headers. */
struct items {
	uint8_t *data; /* for each: its length as a size_t, then its attributes */
	size_t size;
	size_t used;
	size_t n;
};

struct transaction;

/* A request under way. */
struct request {
	struct request *previous;
	struct request *next;
	const struct hycan_operation *operation;
	hycan_callback *callback; /* NULL when nobody wants the answer any more */
	void *userdata;
	uint32_t seq;
	uint8_t *frame; /* small, or memory of its own; NULL when all of it is sent */
	size_t size;
	size_t sent;
	int fds[WIRE_FDS_MAX];
	size_t n_fds;
	struct items items;
	char token[33]; /* of session.adopt */
	_Alignas(NLMSG_ALIGNTO) uint8_t small[REQUEST_SMALL_SIZE];
};

/* Bytes received and not yet looked at. */
struct input {
	uint8_t *data;
	size_t size;
	size_t start;
	size_t end;
};

/* What a request chose for its connection, and what does not come back with another one by itself. */
struct chosen {
	bool here;            /* it took effect on this connection */
	bool lost;            /* it, or the answer to it, was lost with a connection */
	unsigned int n_asked; /* requests for it that were begun and not answered */
};

struct hycan {
	int fd;
	bool automatic;          /* no path was given: search for the daemon, or start a private one */
	bool chosen;             /* it was reached once: later connections go the same way */
	bool private;            /* served by a private daemon */
	bool closing;            /* hycan_close() is at work */
	bool exclusive;          /* NLM_F_EXCL in what creates */
	struct chosen netns;     /* by session.netns */
	struct chosen lifetime;  /* by session.lifetime and session.adopt */
	unsigned int n_attempts; /* connections since the daemon answered last */
	int timeout;             /* of a blocking call, in milliseconds; negative: none */
	uint32_t seq;            /* of the last request; 0 is never used */
	char greeted[33];        /* token of the session that it began with, as the daemon says in its greeting */
	char token[33];          /* of its session: that one, one that it has adopted, or the one that it has lost */
	size_t max_frame;        /* largest request, as the daemon says in its greeting */
	struct request *first;
	struct request *last;
	struct request *unsent;
	size_t n_pending;           /* requests of the caller among them */
	unsigned int n_called;      /* callbacks of the caller so far */
	unsigned int n_connections; /* so far: tells whether it is still the same one */
	int rejected;               /* why the daemon refused to greet us; 0: it did not */
	struct input input;
	struct failure failure;
	struct transaction *transaction; /* what is kept instead of sent; NULL: nothing */
	bool kept;                       /* the request sent last was kept */
	void *block;                     /* the reply that a callback is being shown, where it is memory of its own */
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

/* Fills in the sentence of a failure. Returns result. */
__attribute__((format(printf, 3, 4))) int failure_set(struct failure *failure, int result, const char *sentence, ...);

void failure_clear(struct failure *failure);

/* Copies text from the other side: what a terminal would act on becomes a question mark. */
void failure_copy_text(char *to, size_t size, const char *text, size_t length);

/*
 * Connects anew and puts session.hello in front of what waits to be sent. With wait, a daemon that has a long queue is
 * waited for as long as a blocking call waits.
 */
int connection_begin(struct hycan *h, bool wait);

/*
 * The connection is gone, for the reason in h->failure. What was begun gets the result, and what was not is sent over a
 * new connection where again is true and that can be had; else it fails too.
 */
void connection_lost(struct hycan *h, int result, bool again);

/* What an operation chooses for the connection; NULL: nothing. */
struct chosen *connection_chosen(struct hycan *h, const struct hycan_operation *operation);

/* How long a blocking receive may take is the socket's; call it when the timeout or the socket is new. */
void connection_apply_timeout(struct hycan *h);

/* Finds the daemon and connects to it: connect.c. Returns 0, or -errno with the sentence in h->failure. */
int connect_daemon(struct hycan *h, bool wait);

/* Whether it is the name of a daemon in another machine: “vsock:CID” or “vsock:CID:PORT”. */
bool vsock_is_named(const char *path);

/* What such a name says. -EINVAL. */
int vsock_parse(const char *path, uint32_t *ret_cid, uint32_t *ret_port);

/* Connects there. The socket, or -errno. */
int vsock_connect(uint32_t cid, uint32_t port, int timeout, bool wait);

/* Ends a connection on both sides, before it is closed; or as good as can be had without waiting for long. */
void vsock_leave(int fd);

/* Starts a daemon of our own on a socket pair: private.c. The reason is a clause. Returns the socket, or -errno. */
int private_start(char *reason, size_t reason_size);

/* Whether the caller may do what a private daemon needs. */
bool private_allowed(void);

/* Milliseconds of CLOCK_MONOTONIC. */
int64_t clock_now(void);

#endif
