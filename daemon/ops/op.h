/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a handler is given, and how it says no.
 *
 * A handler gets a request that is legal and allowed. It returns 0 with its answer in reply; -errno when something broke,
 * mostly the kernel's own, passed up unchanged; or what op_refuse() returned. The dispatcher makes the answer to the
 * client from that, with the kernel's words where it had any.
 */
#ifndef OPS_OP_H
#define OPS_OP_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <hycan/types.h>

struct dns_planned;
struct hycan_event_subscribe_request;
struct hycan_health_get_reply;
struct hycan_object_clear_reply;
struct hycan_object_clear_request;
struct hycan_object_list_request;
struct hycan_object_replace_begin_request;
struct hycan_session_hello_request;
struct hycan_session_lifetime_request;
struct hycan_transaction_run_reply;
struct hycan_transaction_run_request;
struct hycan_operation;
struct kernel_scope;
struct op;
struct resolver;
struct resolver_zone;
union message;

/* Whether the daemon made something, which is in the ledger or was until strangers took it away; and for whom. */
enum op_standing {
	OP_NOT_OURS,
	OP_ANOTHERS, /* who asks has no say in what becomes of it */
	OP_CALLERS,
};

/* What the ledger keeps of what was asked for (op_wished()): nothing, the same as was found, or something else. */
enum op_asked {
	OP_ASKED_UNKNOWN,
	OP_ASKED_FITS,
	OP_ASKED_DIFFERS,
};

/* What is wrong with something that is compared with the ledger. */
enum op_amiss_what {
	OP_AMISS_GONE,    /* it is not there, and the ledger says that it is */
	OP_AMISS_LOST,    /* strangers took it away, and nobody asked for it since */
	OP_AMISS_FOREIGN, /* it is there, and nobody asked for it */
	OP_AMISS_CHANGED, /* it is there, and something else than was asked for */
	OP_AMISS_UNNAMED, /* so many more, which are not told one by one */
};

/* Told of something by its identity, as text, and of its owner; or of how many. */
typedef void op_amiss(enum op_amiss_what what, const char *identity, const char *owner, size_t n, void *userdata);

/* What the server does for the operations that are about the server itself. */
struct op_server {
	int (*hello)(struct op *op, const struct hycan_session_hello_request *request, struct hycan_session_hello_reply *reply);
	int (*lifetime)(struct op *op, const struct hycan_session_lifetime_request *request);
	int (*adopt)(struct op *op, const char *token, uint32_t *ret_objects);
	int (*renew)(struct op *op, const char *token);
	int (*replace_begin)(struct op *op, const struct hycan_object_replace_begin_request *request);
	int (*replace_end)(struct op *op, uint32_t *ret_removed);
	int (*clear)(struct op *op, const struct hycan_object_clear_request *request, struct hycan_object_clear_reply *reply);
	int (*whoami)(struct op *op, struct hycan_session_whoami_reply *reply);
	int (*status)(struct op *op, struct hycan_daemon_status_reply *reply);

	/* What the server knows of its own health, on a worker; whether the ledger can be written: 0 or -errno. */
	void (*health)(struct op *op, struct hycan_health_get_reply *reply, int *ret_ledger);

	/* Answers with what the server counts, and with those of the networks that have statistics. On a worker. */
	int (*metrics)(struct op *op, const struct hycan_network_state *networks, size_t n);
	int (*objects)(struct op *op, const struct hycan_object_list_request *request);

	/* How many objects of a kind the ledger has in the namespace to act in. On a worker. */
	size_t (*count)(struct op *op, enum hycan_object_kind kind);

	/*
	 * An object is about to go along with what a handler takes away, and has gone: the one that such a request of the row
	 * that makes it is about. 0 or -errno: then it must not go. Of what a request itself takes away a handler says that it has
	 * gone where others are not to find it in the ledger until he returns.
	 */
	int (*going)(struct op *op, enum hycan_object_kind kind, const void *request);
	void (*gone)(struct op *op, enum hycan_object_kind kind, const void *request);

	/* How the caller stands to something, as op_monitor_list() would find it, whether it is there or not. */
	enum op_standing (*standing)(struct op *op, enum hycan_object_kind kind, const void *found);

	/* Whether others hold it, and the caller does not, whatever he may do with it. */
	bool (*is_anothers)(struct op *op, enum hycan_object_kind kind, const void *found);

	/* Whether other users hold it, whatever the caller does. */
	bool (*is_others)(struct op *op, enum hycan_object_kind kind, const void *found);

	/* op_let_go_lost() */
	bool (*let_go_lost)(struct op *op, enum hycan_object_kind kind, const void *request);

	/* Whether anybody holds the object that such a request is about; nobody is waited for. */
	bool (*is_held)(struct op *op, enum hycan_object_kind kind, const void *request);

	/* Whether the caller has asked for it since a round of the ledger began, and holds it. */
	bool (*is_stated)(struct op *op, enum hycan_object_kind kind, const void *request, uint32_t round);

	/* Which forwarding is for networks to turn off, by what the ledger has with the link of one, or with NULL of any (OP_FORWARDS()). */
	uint32_t (*forwards)(struct op *op, const char *link);

	/* Whether the ledger keeps such a request, legal and complete, with each thing that it is about (op_wished(), follows). */
	bool (*remembers)(struct op *op, uint16_t number, const void *request);

	/* op_asked_for() */
	int (*asked_for)(struct op *op, enum hycan_object_kind kind, const void *request, union message *ret_asked);

	/* How something, as op_monitor_list() would find it, is to what was asked for. */
	enum op_asked (*asked)(struct op *op, enum hycan_object_kind kind, const void *found);

	/*
	 * Compares what the ledger has of a kind that is in our table of nf_tables, in the namespace to act in, with what is
	 * there, thing by thing. What a request is about meanwhile is left out. On a worker. 0 or -errno.
	 */
	int (*compare)(struct op *op, enum hycan_object_kind kind, op_amiss *found, void *userdata);

	/*
	 * A moment, and whether a request was about something at any time since then: the object in our table, or the names, that
	 * such a request of the row that makes it is about; with NULL anything in the table.
	 */
	uint64_t (*moment)(struct op *op);
	bool (*was_under_way)(struct op *op, uint64_t moment, enum hycan_object_kind kind, const void *request);
	int (*transaction)(struct op *op, const struct hycan_transaction_run_request *request,
	                   struct hycan_transaction_run_reply *reply);
	int (*confirm)(struct op *op, const char *token);
	int (*cancel)(struct op *op, const char *token);
	int (*pending)(struct op *op);

	/* A subscription to events begins, and ends. */
	int (*subscribe)(struct op *op, const struct hycan_event_subscribe_request *request);
	int (*unsubscribe)(struct op *op, uint32_t request);

	/*
	 * Later requests of the connection act in that scope of a namespace. 0: the scope is the server's from now on; or the
	 * refusal, or -errno.
	 */
	int (*enter)(struct op *op, struct kernel_scope *scope, int netns);
};

struct op {
	struct kernel_scope *scope; /* the namespace to act in */
	uint64_t subject;           /* who asks (subject.h); 0: root */
	bool exclusive;             /* “create” means create: what is there already is refused, even if it is the same */
	bool may_be_gone;           /* what is to be taken away and is not there is no refusal: link.rename, else the server */
	bool any_owner;             /* the caller may also change and take away what others hold */
	bool plan;                  /* nothing reaches the kernel: what it would refuse has to be looked for */
	bool exact;                 /* the request is about one object: what is absent has its default, and is not just anything */
	bool back;   /* it puts back what was there, perhaps before what that was made in is as it was; what its list lacks stays */
	bool mends;  /* a stranger took it away, or changed it: what is in its place or left of it is to be what is asked for */
	bool beside; /* but what is in its place is another one, which stays where that can be */
	bool sealed; /* a daemon that was killed had begun it: its keys are not known any more, see op_key_fits() */
	bool was_up; /* of a handler that takes a link down for a change: it was up, also before a try of which nobody knows, or that of
	                a daemon that was killed */
	const struct op_server *server;
	struct resolver *resolver;       /* the DNS of networks; NULL: of a private daemon, which has none */
	struct dns_planned *planned_dns; /* zones as they are planned (dns.h) */
	size_t n_planned_dns;

	/* Sends one answer of a list: a structure of the operation's reply. 0 or -errno. */
	int (*answer)(struct op *op, const void *item);

	/* Memory for lists in the reply, zeroed; it lives until the answer is written. NULL when there is none. */
	void *(*memory)(struct op *op, size_t size);

	/* What op_claim() asks. */
	int (*claim)(struct op *op, const void *settled);

	/* What op_key_fits() asks. */
	bool (*fits)(const struct op *op, const struct hycan_key *key, const struct hycan_key *is);

	/* Takes what op_undo() and op_undo_in_kernel() say; NULL where nothing will be taken back. 0 or -errno. */
	int (*undo)(struct op *op, uint16_t number, const void *request, bool in_kernel);

	/* What op_undo_routes() says. 0 or -errno. */
	int (*undo_routes)(struct op *op, const void *first, const void *messages, size_t size);

	/* What op_says_routes() asks. */
	bool (*says_routes)(struct op *op, const void *messages, size_t size);

	/* What op_undo_along() says. 0 or -errno. */
	int (*undo_along)(struct op *op, uint32_t what, const char *link, const void *bytes, size_t size);

	/* What op_came_about() tells. */
	void (*came_about)(struct op *op, const uint32_t *order, size_t n);

	/*
	 * What the ledger is told beside the request, of a handler that returns 0. It believes that everything came about as
	 * the request says, and nothing of it was there.
	 */
	bool unchanged;  /* it was there already: nothing was made */
	bool kept_link;  /* the link that it makes was there, or that it takes is another's: it stays, and what is on it */
	bool took_other; /* what it took was in the place of what the ledger has, which is there still */
	const bool *items_unchanged; /* the same for each item of the request's list; NULL: for none */
	const bool *items_failed;    /* those of them that are not there at all; NULL: none */
	const void *settled;         /* a request in which what the kernel chose is filled in; NULL: as it was asked */

	/* the refusal, by op_refuse() */
	int refusal;
	const char *field;
	char sentence[256];
};

/* What an operation does to objects of a kind. */
enum op_does {
	OP_MAKES,
	OP_TAKES,
	OP_REPLACES, /* makes those of a list, and takes all others on that link */
	OP_RENAMES,  /* gives a link another name */
	OP_CHANGES,
};

/* Most fields that tell one object from another. */
#define OP_PARTS_MAX 24

/* A field by its position in the request, or in an item of its list. */
struct op_part {
	int8_t position; /* -1: none */
	bool of_item;
};

/* One object, or one for each item of a list, that a row of the schema says is made or taken away. */
struct op_effect {
	const struct hycan_operation *operation;
	enum hycan_object_kind kind;
	enum op_does does;
	int8_t list;       /* position of that list, or -1 */
	struct op_part on; /* name of the link that it is gone with; of OP_RENAMES, the new name */
	int8_t condition;  /* position of a bool of the request that decides whether it comes about; -1: it does */
	bool unless;       /* that must be false */
	bool settled;      /* the handler says which object it is: op_claim() */
	bool alone;        /* of OP_CHANGES and OP_RENAMES: not where others hold it, too, once the handler says op_claim() */
	uint8_t n_parts;   /* fields that tell it from others; 0: all of the kind on that link */
	struct op_part part[OP_PARTS_MAX];
};

/* The scopes of the kernel room, for the server, which does not know that room. */
int op_scope_open(struct kernel_scope **ret_scope);
void op_scope_free(struct kernel_scope **scope);

/* The same for another network namespace than the daemon's; the descriptor stays the caller's. */
int op_scope_open_in(int netns, struct kernel_scope **ret_scope);

/* Opens a network namespace by its inode. -ENOENT: it cannot be found. */
int op_namespace_find(uint64_t inode, int *ret_netns);

/*
 * Whether the network of a zone that a former daemon had is there still: 1, and the zone is completed by what that is now; or 0, and
 * ret_link is the link that it had, where that is there, else it has no name. Or -errno.
 */
int op_dns_resume(struct kernel_scope *scope, struct resolver_zone *zone, struct hycan_link *ret_link);

/*
 * Which forwarding our table says that is for networks to turn off, as far as that of a link needs it: a bit for each family. 0 or
 * -errno; -ENOENT: it is no network's link.
 */
#define OP_FORWARDS(family) (1u << (family))
int op_scope_forwards_of(struct kernel_scope *scope, const char *link, uint32_t *ret_families);

/* The same of all networks. 0, -errno, or what found() returned. */
typedef int op_found_forwards(const char *link, uint32_t families, void *userdata);
int op_scope_list_forwards(struct kernel_scope *scope, op_found_forwards *found, void *userdata);

/* Deletes links at once, all or none of them (kernel/link.h). */
int op_scope_delete_links(struct kernel_scope *scope, const char (*names)[HYCAN_IFNAME_SIZE], size_t n);

/* The descriptor of its namespace, which stays the scope's; -1: the daemon's own. */
int op_scope_netns(const struct kernel_scope *scope);

/* Inode of its namespace (stat(2)). */
uint64_t op_scope_inode(const struct kernel_scope *scope);

/* What no other namespace of this boot has; 0: the kernel does not say (kernel/scope.h). 0 or -errno. */
int op_scope_cookie(struct kernel_scope *scope, uint64_t *ret_cookie);

/* Asked before each change of the kernel in a scope, and told what those do that it holds (kernel/scope.h); NULL: nobody is. */
struct op_gate {
	int (*change)(void *userdata);
	void (*held)(const struct hycan_planned_change *change, bool along, void *userdata);
	void *userdata;
};

/* Sets it, and returns the one that was there. */
struct op_gate op_scope_set_gate(struct kernel_scope *scope, struct op_gate gate);

/* Forgets what was planned behind a gate which let nothing through. */
void op_forget_plan(struct op *op);

/* The kernel's words about what failed last in a scope, or "". */
const char *op_scope_message(const struct kernel_scope *scope);

/*
 * What was sent to the kernel in a scope since this was asked last: no change, one, or one of which nobody knows whether it
 * came about.
 */
enum op_sent {
	OP_SENT_NO_CHANGE,
	OP_SENT_CHANGE,
	OP_SENT_IN_DOUBT,
};
enum op_sent op_scope_sent(struct kernel_scope *scope);

/*
 * Refuses: keeps the field at fault (a name from the schema, or NULL) and the sentence, which says what was wrong and
 * what to do. Returns the refusal, which the handler returns.
 */
__attribute__((format(printf, 4, 5))) int op_refuse(struct op *op, enum hycan_refusal refusal, const char *field,
                                                    const char *sentence, ...);

/*
 * Refuses because the kernel did: the sentence, and behind a colon the kernel's own words about the request that failed
 * last, or the text of error (-errno) where it had none.
 */
__attribute__((format(printf, 5, 6))) int op_refuse_kernel(struct op *op, enum hycan_refusal refusal, const char *field, int error,
                                                           const char *sentence, ...);

/*
 * Asks whether the caller may take away or change an object that the row says is settled: which one it is, is seen in a
 * completed request. And what it changes alone, when that will be changed. Before the kernel is touched. 0: go on; anything else is
 * what the handler returns.
 */
int op_claim(struct op *op, const void *settled);

/* The same of what is there and is to be otherwise; the ledger is told of all that was asked for. */
int op_claim_change(struct op *op, const void *changed);

/* What the handler then returns when the caller held the object with others, and let go of it: nothing else is to be done. */
#define OP_LETS_GO (-ECANCELED)

/*
 * Something was not found: whether strangers took it away, and it is the caller's to let go of. Then nobody misses it from now
 * on, and the handler returns that nothing was to be done. The request is one that makes it.
 */
bool op_let_go_lost(struct op *op, enum hycan_object_kind kind, const void *request);

/*
 * The request that the ledger keeps with the object that such a request of the row that makes it is about (op_wished(), is_compared); its
 * lists are in the memory of this one. 1; 0: it keeps none; or -ENOMEM.
 */
int op_asked_for(struct op *op, enum hycan_object_kind kind, const void *request, union message *ret_asked);

/*
 * Whether a key of the request, or of a request that is sealed what is left of it, is that one. What was to get a key that
 * is not known any more is left as it is, where it has not got it already.
 */
bool op_key_fits(const struct op *op, const struct hycan_key *key, const struct hycan_key *is);

/*
 * Says what puts back what is there now: the request of an operation, in the structure that operation takes. Of several
 * the last one is carried out first. A handler that changes or takes away something says it before it touches the kernel.
 * What a row makes is taken away again by what the schema knows, unless the handler says anything itself: then it says all
 * of it. Putting back what is there already must do no harm. Nobody may listen: see op_undoable(). 0 or -errno.
 */
int op_undo(struct op *op, enum hycan_operation_number number, const void *request);

/*
 * The same of what is done in the kernel alone, on the way to what was there: whoever holds what the request is about holds it all the
 * while.
 */
int op_undo_in_kernel(struct op *op, enum hycan_operation_number number, const void *request);

/*
 * The same of routes, for which there may be no words: all those in a place, as the kernel tells of them (kernel/route.h); first: the
 * request of route.replace that makes one of them. Of those
 * that the ledger has op_undo() says who has them, before.
 */
int op_undo_routes(struct op *op, const void *first, const void *messages, size_t size);

/* Whether a step before this one has said that of the same place. */
bool op_says_routes(struct op *op, const void *messages, size_t size);

/* Reads which the first of them is: a request of route.replace, struct hycan_route_replace_request. 0 or -errno. */
int op_read_routes(struct op *op, const void *messages, size_t size, void *ret_request);

/* Whether they are those of the same place. */
bool op_same_routes(const void *messages, size_t size, const void *others, size_t others_size);

/* Puts them back, and sets the first of them, for the log. 0, the refusal, or -errno. */
int op_put_back_routes(struct op *op, const void *messages, size_t size, void *ret_request);

/* What the kernel changes along with something else, and what is no request's. In the ledger's file: none is ever another. */
enum op_along {
	OP_ALONG_SYSCTLS = 1,    /* values below /proc/sys/net (kernel/sysctl.h) */
	OP_ALONG_NEIGHBOURS = 2, /* of a link (kernel/neighbour.h) */
	OP_ALONG_RULE_PLACE = 3, /* of a rule among those of its priority (kernel/rule.h) */
};

/*
 * The same of that, in bytes which say all of it. link: of that one, and not of another one that has its name since; or NULL. It is put
 * back when the requests that are said behind it have been carried out.
 */
int op_undo_along(struct op *op, enum op_along what, const char *link, const void *bytes, size_t size);

/* Puts it back; what is none of those is refused. 0 or -errno. */
int op_put_back_along(struct op *op, uint32_t what, const char *link, const void *bytes, size_t size);

/*
 * What was asked for, and goes along with an address that is taken away: with one of IPv4 the kernel drops those that came later in the same
 * network on the same link (promote_secondaries, Documentation/networking/ip-sysctl.rst), and routes. Who states all that he wants, and
 * takes an address away by that, wants the rest to be there behind it: so it is kept as it is before, and made again.
 *
 * Keeps what the caller has asked for since a round of the ledger began, as it is now; NULL: that is nothing. 0 or -errno.
 */
struct op_restate;
int op_restate_keep(struct op *op, uint32_t round, struct op_restate **ret_restate);
void op_restate_free(struct op_restate **restate);

/* One thing of it, for who writes it down: an address; or all routes in a place, as the kernel tells of them (kernel/route.h). */
struct op_restated {
	const struct hycan_link_address *address; /* NULL: it is routes */
	const void *messages;
	size_t size;
	bool gateways; /* through which others are reached, so they come behind those */
};

/* Tells of all of it. 0, or what told() returned. */
typedef int op_restated_told(const struct op_restated *restated, void *userdata);
int op_restate_tell(const struct op_restate *kept, op_restated_told *told, void *userdata);

/* The way back: keeps that, too, which the caller is to have asked for since any round. NULL is nothing so far. 0 or -ENOMEM. */
int op_restate_add(struct op *op, const struct op_restated *restated, struct op_restate **restate);

/*
 * Makes again what is gone of it, or is otherwise, and is still asked for: as much as can be. May be called once more. 0; or -errno, or the
 * refusal, of the first that cannot be made again, and how many those are.
 */
int op_restate(struct op *op, struct op_restate *kept, uint32_t *ret_lost);

/*
 * Says, of a long request, that the first n items of its list are there now and were not before, so that they can be written
 * down while the handler goes on. As the request has them: nothing of them is settled. They are the first in an order that
 * is the same each time, is in the memory of the request, and has all items; NULL: the list's own.
 */
void op_came_about(struct op *op, const uint32_t *order, size_t n);

/* Makes room for one more element in an array of n (array.h) in the memory of the request. 0 or -ENOMEM. */
int op_grow(struct op *op, void *array, size_t n, size_t size);

/* Whether somebody wants to know what op_undo() says, and so whether reading it from the kernel is worth while. */
bool op_undoable(const struct op *op);

/* Refuses a name that a link has beside its own (ip-link(8), altname); 0 for its own, and where there is no such link. */
int op_check_link_name(struct op *op, const char *field, const char *name);

/* Refuses because there is no link of that name. */
int op_refuse_no_link(struct op *op, const char *field, const char *name);

#endif
