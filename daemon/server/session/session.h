/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sessions: what a connection is beyond its socket. It holds what the connection asked for, for as long as that said, and
 * can be adopted by another connection of the same user when the first one is gone.
 *
 * For the loop's thread alone; what ends is taken away by errands.
 */
#ifndef SERVER_SESSION_H
#define SERVER_SESSION_H

#include <stdatomic.h>
#include <sys/queue.h>

#include "errand.h"
#include "messages.h"

/* Network namespaces that a session remembers, to find there what it holds when the connection is gone. */
#define SESSION_NAMESPACES 16u

/* Different ones of all sessions of a user, each of which takes a descriptor; root may have more. */
#define SESSION_NAMESPACES_PER_USER 256u

struct peer;
struct server;
struct job;
struct op;
struct ledger_holder;

/* What of it outlives the daemon. */
struct session_record {
	uint64_t id;
	uint64_t subject;
	char token[33];
	uint32_t grace; /* seconds */
	enum hycan_lifetime lifetime;
	uint32_t seconds;
	enum hycan_drift drift; /* 0: not said */
};

struct session {
	struct session_record record;
	struct server *server;
	struct peer *peer;   /* NULL: it is gone */
	uint64_t ends_us;    /* of what it holds as a connection; UINT64_MAX: not yet */
	uint64_t leases_us;  /* no lease ends before; UINT64_MAX: there is none */
	uint64_t renewed_us; /* its leases, last; 0: never */
	struct errand errand;
	bool is_kept;                                    /* in the ledger's file */
	bool ending;                                     /* the errand waits or runs */
	atomic_bool connection_ends;                     /* and takes what is no lease, too */
	atomic_bool is_over;                             /* that has begun once, and nobody has adopted it since */
	uint64_t next_lease_us;                          /* what it found; its own while it runs */
	uint64_t swept_us;                               /* when it looked */
	struct session_netns *netns[SESSION_NAMESPACES]; /* the one that was entered first is the first */
	size_t n_netns;

	/* object.replace_begin; session_set_replaces() */
	bool replaces;
	uint64_t replaces_since_us;
	uint32_t round;
	unsigned int kind; /* 0: all */
	LIST_ENTRY(session) entry;
};

LIST_HEAD(session_list, session);

/* A namespace in which sessions of a user have acted. */
struct session_netns;
LIST_HEAD(session_netns_list, session_netns);

int session_open_timer(struct server *server);

/* A peer has said hello. 0 or -errno. */
int session_begin(struct peer *peer, uint32_t grace);

/* The peer goes on with another session, from the peer that has it, if there is one; its own ends. 0 or -ENOMEM. */
int session_take_over(struct peer *peer, struct session *session);

/* The peer is gone, and nothing of it is under way. */
void session_lost(struct peer *peer);

/* Who holds what the peer asks for. */
struct ledger_holder session_holder(const struct peer *peer);

/* A request of the peer is done: a lease may have begun. */
void session_done(struct peer *peer, const struct ledger_holder *holder);

/*
 * Requests of the peer act in that namespace from now on; of too many, the one that its session entered first is looked for
 * where it can be found. -EDQUOT: sessions of the user are in as many as they may; or -errno. On any thread.
 */
int session_enter(struct peer *peer, uint64_t inode, int netns);

/* The same of all that a session has acted in; and that one has acted in none. */
int session_enter_all(struct peer *peer, const struct session *from);
void session_leave_all_netns(struct session *session);

/* The namespace, for as long as the caller likes. -ENOENT: no session that there is was ever there. On any thread. */
int session_netns(struct server *server, uint64_t inode, int *ret_netns);

/* The server ends: what sessions hold goes, but for leases. */
void session_end_all(struct server *server);

/* A session of a former daemon, without its peer: its grace begins. 0 or -ENOMEM. */
int session_restore(struct server *server, const struct session_record *record);

/* The same, and the peer is there. */
int session_resume(struct peer *peer, const struct session_record *record);

/* Sessions of which the ledger alone knows, since their daemon was killed: they end. */
void session_end_unknown(struct server *server);

/* Something was given back to a session: where that is gone, it goes again. */
void session_end_again(struct server *server, uint64_t id, uint64_t subject);

/* The same of all that were given something back by the ledger (ledger_give_back()). */
void session_end_given(struct server *server);

/* The server ends, and another one goes on with what sessions hold. */
void session_leave_all(struct server *server);

/*
 * Sees to it that the daemon's successor knows of it, where it may be adopted or has leases. After each change of the
 * record. 0 or -errno.
 */
int session_keep(struct session *session);

/* A record of another daemon makes sense afterwards. */
void session_check(struct session_record *record);

/* Sessions of a daemon that was killed may be adopted: their grace begins, unless they are here already. */
void session_restore_kept(struct server *server);

/* What operations ask: table in about.c, functions in session_ask.c. */
int session_lifetime(struct op *op, const struct hycan_session_lifetime_request *request);
int session_adopt(struct op *op, const char *token, uint32_t *ret_objects);
int session_renew(struct op *op, const char *token);
int session_replace_begin(struct op *op, const struct hycan_object_replace_begin_request *request);
int session_replace_end(struct op *op, uint32_t *ret_removed);

#endif
