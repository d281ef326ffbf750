/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel tells, as events, for the server, which does not know the kernel room. Everything here is
 * kernel/monitor.h's in other words, and explained there.
 */
#ifndef OPS_OBSERVE_H
#define OPS_OBSERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <hycan/types.h>

#include "messages.h"

struct image_entry;
struct kernel_monitor;
struct kernel_nft_watch;
struct kernel_scope;

/* A bit for each family of events. */
#define OP_FAMILY(family) (1u << (family))

/* A bit for each kind of objects. */
#define OP_KIND(kind) (1u << (kind))

/* And one that no kind has: for how links are (setting.h). */
#define OP_SETTINGS OP_KIND(0)

/* The kinds that a monitor hears go, those that nobody announces, and those that are in our table of nf_tables. */
#define OP_KINDS_HEARD                                                                                                             \
	(OP_KIND(HYCAN_OBJECT_KIND_LINK) | OP_KIND(HYCAN_OBJECT_KIND_ADDRESS) | OP_KIND(HYCAN_OBJECT_KIND_ROUTE) |                 \
	 OP_KIND(HYCAN_OBJECT_KIND_RULE) | OP_KIND(HYCAN_OBJECT_KIND_FORWARDING))
#define OP_KINDS_SILENT (OP_KIND(HYCAN_OBJECT_KIND_WIREGUARD_PEER) | OP_SETTINGS)
#define OP_KINDS_IN_TABLE                                                                                                          \
	(OP_KIND(HYCAN_OBJECT_KIND_MASQUERADE) | OP_KIND(HYCAN_OBJECT_KIND_PORT) | OP_KIND(HYCAN_OBJECT_KIND_NETWORK))

/* The metric that the kernel gives an IPv6 route without one (kernel/route.h). */
#define OP_ROUTE_METRIC_IPV6 1024

/* Who asks for what. */
struct op_request {
	uint64_t subject;
	int32_t pid;
	uint16_t operation;
	uint32_t seq;
	bool repair; /* nobody asks: it makes again what is gone */

	/* when it begins, or has ended: what it may change where nobody announces it, and whether it asked for any change */
	bool changed;
	bool about_peers; /* of an interface */
	bool has_peer;    /* of one alone */
	char link[HYCAN_IFNAME_SIZE];
	uint8_t peer[sizeof(struct hycan_key)];
};

struct op_change {
	enum hycan_event_what what;
	enum hycan_event_family family;
	enum hycan_event_origin origin;
	bool named; /* as kernel_change, and these */
	bool is_one_of_several;
	bool in_doubt;
	bool has_request; /* whose is known */
	struct op_request request;
	uint64_t number;
	const struct image_entry *entry, *former;
};

typedef void op_changed(const struct op_change *change, void *userdata);

int op_monitor_open(const struct kernel_scope *scope, int receive_buffer, uint64_t token, struct kernel_monitor **ret_monitor);
void op_monitor_free(struct kernel_monitor **monitor);
int op_monitor_fd(const struct kernel_monitor *monitor);
uint32_t op_monitor_port(const struct kernel_monitor *monitor);

/* Whether the kernel has told something that was not read yet. */
bool op_monitor_is_behind(const struct kernel_monitor *monitor);

/*
 * Watches families, and kinds of objects (OP_KIND()) of which only what goes is told, and what strangers make of them; and those
 * of which something may have gone.
 */
int op_monitor_watch(struct kernel_monitor *monitor, uint32_t families, uint32_t losses);
uint32_t op_monitor_suspects(struct kernel_monitor *monitor);

int op_monitor_read(struct kernel_monitor *monitor, size_t max, op_changed *changed, void *userdata);
uint32_t op_monitor_doubts(const struct kernel_monitor *monitor);
int op_monitor_sync(struct kernel_monitor *monitor, op_changed *changed, void *userdata);

/* As kernel_monitor_has_silent() and kernel_monitor_look(). */
bool op_monitor_has_silent(const struct kernel_monitor *monitor);
void op_monitor_look(struct kernel_monitor *monitor);

/* The next thing of these families, as op_monitor_event() wants it. */
const struct image_entry *op_monitor_next(const struct kernel_monitor *monitor, uint32_t families, uint64_t number,
                                          const struct image_entry *hint, uint64_t *ret_number);

/* Fills in what an event is about. Its lists live until the next one is filled in. */
int op_monitor_event(struct kernel_monitor *monitor, const struct image_entry *entry, struct hycan_event *event);

/*
 * Asks the kernel for all objects of a kind; the callback may not use the monitor. What is found is a link, or what the row
 * is asked for that makes it (an item of its list, if it has one), as far as that tells it from others. 0 or -errno.
 */
typedef int op_found(enum hycan_object_kind kind, const void *found, void *userdata);
int op_monitor_list(struct kernel_monitor *monitor, enum hycan_object_kind kind, op_found *found, void *userdata);

/* The same of a kind that is in our table of nf_tables, in a scope. */
int op_scope_list_table(struct kernel_scope *scope, enum hycan_object_kind kind, op_found *found, void *userdata);

/* The same for how links are, of what the kernel does not announce. */
struct op_settings;
typedef int op_found_settings(const char *link, const struct op_settings *settings, void *userdata);
int op_monitor_list_settings(struct kernel_monitor *monitor, op_found_settings *found, void *userdata);

/* What is found of a peer of WireGuard: who it is, and the interface with all of its peers. */
struct kernel_wireguard;
struct op_found_peer {
	struct hycan_wireguard_peer_set_request request;
	const struct kernel_wireguard *wireguard;
	size_t position;
};

/*
 * What is found of a network: which one it is, whether all is there of it in our table, whether what it needs is forwarded, and whether
 * its link has the gateway's addresses.
 */
struct op_found_network {
	struct hycan_network_create_request request;
	bool whole;
	bool forwards;
	bool has_gateways;
};

/* Whether what was found does what it is there for, whatever was asked for. */
bool op_found_whole(enum hycan_object_kind kind, const void *found);

/*
 * What is particular to a row whose requests are kept, and carried out once more where a stranger made something else of what
 * they made (server/record/wish.h).
 */
struct op_wished {
	enum hycan_operation_number operation;

	/* Whether what op_monitor_list() found is what was wanted, as far as that was said. */
	bool (*fits)(const void *found, const void *wanted);

	/* Whether any of it is left there, however changed. NULL: what tells it from others says that. */
	bool (*is_left)(const void *found, const void *wanted);

	/* The request is kept with what it makes, whatever is to be done about drift, where it is short. */
	bool is_compared;

	/* What a request leaves out stays as it was wanted before. */
	bool absent_stays;

	/*
	 * Takes out of a request, and of its lists, what another one has since, which is about something on the same link. False: there is nothing of that. NULL: there never is.
	 */
	bool (*yields)(void *wanted, const void *given);

	/*
	 * A request of this row says something of things, with no lists, that is to be said again when they are made again from
	 * nothing: makes of it the one that says so. False: it is said no more. NULL: nothing is.
	 */
	bool (*follows)(void *request);

	/*
	 * Says in what is wanted, by a request of another row, what this one has changed in the same thing. False: nothing. NULL:
	 * it never does.
	 */
	bool (*amends)(enum hycan_operation_number operation, void *wanted, const void *given);
};

/* Of a row; where there is nothing particular, all is 0: what tells the thing from others says it all. */
const struct op_wished *op_wished(enum hycan_operation_number operation);

/* Whether our table in the monitor's namespace has all its rules; where there is no table, too. 0 or -errno. */
int op_monitor_check_table(struct kernel_monitor *monitor, bool *ret_whole);

/* As kernel_nat_renew(). */
int op_scope_renew_table(struct kernel_scope *scope, bool *ret_renewed);

/* kernel/nft_watch.h, in the namespace of a monitor. */
int op_nft_watch_open(struct kernel_monitor *monitor, struct kernel_nft_watch **ret_watch);
void op_nft_watch_free(struct kernel_nft_watch **watch);
int op_nft_watch_fd(const struct kernel_nft_watch *watch);
bool op_nft_watch_read(struct kernel_nft_watch *watch);

const char *op_monitor_link_name(const struct kernel_monitor *monitor, uint32_t ifindex);

/* Says to the monitor with that port that a request begins in a scope, or has ended. */
void op_scope_mark(struct kernel_scope *scope, uint32_t port, uint64_t token, const struct op_request *request, bool begin);

#endif
