/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server: the event loop with everything that lives in it.
 *
 * One thread serves all peers. Slow kernel work, and all kernel work while slow work is under way, goes to a worker
 * (worker.h), because the kernel's routing lock would make the loop wait with it.
 */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/queue.h>

#include <systemd/sd-event.h>

#include "buffer.h"
#include "errand.h"
#include "giving.h"
#include "handover.h"
#include "job.h"
#include "listen.h"
#include "losses.h"
#include "messages.h"
#include "pending.h"
#include "policy.h"
#include "quota.h"
#include "repair.h"
#include "session.h"
#include "statistics.h"
#include "underway.h"
#include "worker.h"

/* Peers at once; further ones wait in the socket's backlog. */
#define SERVER_PEERS_MAX 8192

/* Half-sent requests and unread answers of all peers together. */
#define SERVER_MEMORY_MAX (256u << 20)

/* A peer that sends no whole frame, or reads nothing of its answer, for so long is dropped. */
#define SERVER_PATIENCE_US (10 * UINT64_C(1000000))

/* Peers that are served before the loop looks at everything else. */
#define SERVER_TURN 64

/* What a peer waits for. */
enum turn_queue {
	TURN_WORKER,
	TURN_WORKER_SLOW, /* with a slow operation */
	TURN_PROGRAM,     /* such a one that may wait for another program, where nobody would stand in for the worker */
	TURN_OWN,         /* such a one, until others of its user that wait for another program have what they wait for */
	TURN_ANOTHER,     /* of its user */
	N_TURN_QUEUES,
};

/* Those who wait for the same. */
struct turn_line {
	TAILQ_HEAD(user_list, quota_user) users; /* that have peers in it, whose turn is next first */
	size_t n_users;
	size_t n_peers;
};

/* Where clients come from. */
enum listener {
	LISTENER_UNIX,
	LISTENER_VSOCK,
	N_LISTENERS,
};

struct ledger;
struct observer;
struct peer;
struct resolver;
struct scribe;
TAILQ_HEAD(peer_list, peer);

struct server {
	sd_event *event;
	sd_event_source *listener[N_LISTENERS];
	bool listener_waits;       /* they are off, until a peer goes */
	sd_event_source *patience; /* runs while somebody is waited for */
	sd_event_source *worker_done;
	sd_event_source *worker_long; /* runs while there is slow work */
	struct policy *policy;
	const char *policy_path;
	struct repairs repairs;
	struct losses losses;
	struct underway underway;
	struct ledger *ledger;
	struct quota_table *quotas; /* NULL: nobody is charged */
	struct resolver *resolver;  /* NULL: of a private daemon */
	struct observer *observer;
	sd_event_source *events;     /* it has something for the peers */
	int event_buffer;            /* bytes that the kernel may be ahead of it; 0: as many as are sensible */
	uint64_t drift_patience_us;  /* after which it looks for what has gone; likewise */
	uint64_t worker_patience_us; /* after which a job takes long */
	char *socket_path;           /* the socket file that we made, or NULL */
	struct stat socket_file;
	struct handover handover; /* what a former daemon left */
	bool only_ends;           /* nobody is served */
	bool hands_over;          /* another daemon may follow, which gets the connections */

	int epoll;  /* the peers, and sd-event as one more member, whose data is the server itself */
	bool rearm; /* something of sd-event was changed while a peer had its turn */
	struct epoll_event ready[SERVER_TURN];
	int n_ready; /* in ready, of this turn */
	struct peer_list peers;
	struct pending_list pending;
	struct giving_list giving;
	_Atomic size_t n_peers; /* workers tell of it */
	_Atomic size_t memory;  /* of the peers' buffers; likewise */
	struct turn_line line[N_TURN_QUEUES];
	const struct peer *called;     /* comes out of a line now, before those who stand in it; NULL: nobody */
	size_t n_in_round;             /* of the users in TURN_ANOTHER, those whose turn is still to come in the present round */
	size_t n_own_due;              /* of the peers in TURN_OWN, those for whom what they wait for may be over */
	struct quota_user nobody;      /* the user where nobody is charged, and all who wait in TURN_OWN */
	struct quota_user *whose_turn; /* ends with what is done now; NULL: nobody's */
	uint64_t round;                /* counts how often each user had its part */
	struct peer_list resting;      /* over a quota, the longest one first */
	sd_event_source *rest;         /* runs while somebody rests */
	uint64_t busy_since_us;        /* the loop, with one thing */
	uint64_t alone_since_us;       /* it has had the processor for itself */
	bool shares;                   /* it leaves the processor to others after a while */
	uint64_t clock_us;             /* when the clock was last looked at */
	uint64_t longest_turn_us;
	struct peer_list slow; /* half a frame sent, or an answer not read: the longest one first */

	struct job job; /* carried out in the loop */
	struct worker worker[WORKERS_ALL];
	size_t n_workers;      /* that there are: so many more than are away */
	struct scribe *scribe; /* NULL: everything is written down at the end */
	struct session_list sessions;
	atomic_size_t n_stating;              /* of them, between object.replace_begin and object.replace_end */
	struct session_netns_list namespaces; /* in which they have acted */
	uint64_t last_session;                /* number of the newest; 0: there was none */
	sd_event_source *pending_timer;       /* rings for the transaction that is to be confirmed next */
	struct errand taking_back;            /* takes back those that nobody confirmed */
	bool takes_back;                      /* it waits, or runs */
	uint64_t pending_key[2];              /* to hashes of what they are about */
	bool pending_hurries;                 /* nobody waits for his turn with them; with their lock */
	atomic_bool pending_wakes;            /* somebody waits for one that rests */
	sd_event_source *session_timer;       /* rings for the session of which something ends next */
	uint64_t session_rings_us;
	struct errand_list errands; /* what the daemon itself has to do, and waits for a worker */
	bool errand_runs;           /* a worker has one */
	bool errand_waits;          /* it is an errand's turn before that of slow requests */
	size_t n_busy;              /* workers under way, but for those that are away */
	size_t n_busy_slow;         /* of them with slow operations */
	size_t n_away;
	bool waits[N_OPERATIONS]; /* requests of that operation have waited for another program */

	struct buffer output; /* answers to the peer whose turn it is */
	struct statistics statistics;
	uint64_t started_us;
	bool private;           /* serves one peer and ends with it */
	uint8_t scratch[16384]; /* what is read when nothing is pending */
};

struct server_options {
	const char *socket_path; /* NULL: what systemd passed, else the default */
	const char *policy_path;
	const char *state_path; /* the ledger's file; NULL: it is in memory alone */
	bool only_ends;         /* what a former daemon's clients held is taken away, and nobody served */
	bool hands_over;        /* connections are left with the service manager at the end */
	uint32_t vsock_port;    /* also listen there; 0: not, unless systemd passed such a socket */
	bool state_asked;       /* that file or none */
	int private_fd;         /* serve this peer alone, or -1 */
	int event_buffer;       /* bytes of what the kernel tells that may wait to be read; 0: as many as are sensible */
	int drift_patience_ms;  /* after which what has gone is looked for; likewise */
	int worker_patience_ms; /* after which another worker takes the place of one that is not done; likewise */
	const char *dnsmasq;    /* its file; NULL: where it mostly is */
	int dnsmasq_ms;         /* how long one that was started has until it serves; 0: as long as is sensible */
	const char *resolver;   /* socket of the service that starts it; NULL: a process of our own does */
};

/* Prepares everything up to the listening socket, and starts no thread; says why not in the log. */
int server_open(const struct server_options *options, struct server **ret_server);

/* Leaves somebody outside who does what the daemon no longer can once it is confined (access/porter.h). */
int server_start_porter(struct server *server);

/* The same for whoever starts dnsmasq (resolver/supervisor.h). The daemon does without, too. */
void server_start_resolver(struct server *server);

/* Serves until SIGTERM or SIGINT, or until the private peer goes. 0 or -errno. */
int server_run(struct server *server);

void server_free(struct server **server);

/* Microseconds of the monotonic clock. */
uint64_t server_now_us(void);

#endif
