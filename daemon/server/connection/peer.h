/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A peer: a connected client, its bytes coming in and going out, and the namespace that its requests act in. */
#ifndef SERVER_PEER_H
#define SERVER_PEER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "buffer.h"
#include "identity.h"
#include "quota.h"
#include "subscription.h"
#include "wire.h"

struct job;
struct session;
struct kernel_scope;
struct server;

/* What the first byte of a connection tells. */
enum peer_protocol {
	PEER_UNKNOWN,
	PEER_NETLINK, /* frames */
	PEER_CLASSIC, /* the classic HyCAN protocol: one request, one answer */
};

struct peer {
	struct server *server;
	int fd;
	struct identity identity;
	enum peer_protocol protocol;
	bool hello;              /* session.hello was done */
	bool eof;                /* it sends no more */
	bool surplus;            /* over the quota of connections: it is told so, and closed */
	bool charged;            /* the request that waits for a worker */
	bool gone;               /* closed; only a worker still has its job */
	bool out_of_step;        /* no frame begins where one should; said once */
	int error;               /* -errno of a socket that broke in the middle of a turn */
	struct job *job;         /* under way on a worker; nothing else is begun meanwhile */
	bool is_waiting;         /* in a line of server->line, with its user; or rests */
	unsigned int queue;      /* enum turn_queue: which */
	bool unread;             /* it waits with what its socket has */
	uint64_t rests_until_us; /* over a quota, in server->resting; 0: it does not */
	bool is_slow;            /* in server->slow */
	uint32_t events;         /* what it is watched for */
	uint64_t slow_since_us;
	uint64_t slow_position;     /* of the request that was half sent then */
	size_t slow_size;           /* how much of it there was */
	size_t memory;              /* of its buffers, as it is counted in server->memory */
	struct session *session;    /* from session.hello on; else NULL */
	struct kernel_scope *scope; /* after session.netns; else NULL */
	struct observed *guard;     /* of its namespace (observer.h) */
	struct quota_user *user;    /* what its user has; NULL where nobody is charged */
	struct quota_limit limit_bytes, limit_requests;
	char client[64]; /* what it calls itself */

	struct buffer input;                /* a request that is not whole yet, or waits for its turn */
	struct buffer output;               /* answers that the socket did not take yet */
	uint64_t position;                  /* of the first byte in input, in the stream */
	uint64_t skip;                      /* bytes to drop: the rest of a frame that was refused for its length */
	int fds[WIRE_FDS_MAX];              /* descriptors that came and were not taken */
	uint64_t fd_position[WIRE_FDS_MAX]; /* end of the bytes that each came with */
	size_t n_fds;
	bool fds_lost;          /* more came than one frame may carry, or than there was room for, */
	uint64_t lost_position; /* with bytes up to there */

	LIST_HEAD(, subscription) subscriptions;
	TAILQ_ENTRY(peer) entry;
	TAILQ_ENTRY(peer) waiting;
	TAILQ_ENTRY(peer) slow;
};

/* The socket is ready. */
void peer_ready(struct peer *peer, uint32_t revents);

/* Takes a connected socket, which is the peer's from now on. -errno: not served, and closed. */
int peer_open(struct server *server, int fd);

/* Drops the connection; while a worker has its job, the rest of it stays until peer_job_done(). */
void peer_close(struct peer *peer);

/* Its job on a worker is done, and the answer in job->output. */
void peer_job_done(struct peer *peer, struct job *job);

/* There are events for it (subscribe_next()). It may be gone afterwards. */
void peer_deliver(struct peer *peer);

/* Goes on with what is pending: when it has another turn, or the socket took bytes. */
void peer_continue(struct peer *peer);

#endif
