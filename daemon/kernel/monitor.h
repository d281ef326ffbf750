/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The monitor: what the kernel has in one network namespace, kept up to date by what it tells (rtnetlink(7), multicast
 * groups).
 *
 * A message of the kernel says that something is there, or is gone; the monitor compares that with what it knows and tells
 * what came, changed or went. Not everything is told by the kernel: IPv4 routes go without a word with their link or
 * address, and what is told faster than it is read is lost (ENOBUFS). Then a kind is in doubt, and is read anew from the
 * kernel; the difference is told as changes.
 *
 * A monitor is used by one thread, and has sockets of its own. Reading anew takes as long as the kernel has things.
 */
#ifndef KERNEL_MONITOR_H
#define KERNEL_MONITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <hycan/types.h>

#include "scope.h"

enum kernel_kind {
	KERNEL_LINK,
	KERNEL_ADDRESS,
	KERNEL_ROUTE,
	KERNEL_RULE,
	KERNEL_FORWARDING, /* values of forwarding: only that they may be off is heard, and they are in no image */
	KERNEL_WIREGUARD,  /* an interface, or a peer of one */
};

#define KERNEL_KINDS 6

/* Kinds up to this one are announced by the kernel; the others it says nothing about, and they are looked at. */
#define KERNEL_ANNOUNCED KERNEL_WIREGUARD

/* A bit for each kind. */
#define KERNEL_BIT(kind) (1u << (kind))

/* Who caused a change. */
enum kernel_origin {
	KERNEL_BY_REQUEST,  /* a request that was marked: the kernel says so */
	KERNEL_DURING,      /* a marked request was under way, or brought it about */
	KERNEL_BY_US,       /* a socket of a marked request, but none was under way */
	KERNEL_BY_STRANGER, /* anything else */
	KERNEL_BY_SOMEBODY, /* one of several requests, or a stranger: nobody can tell */
};

/*
 * What is known of a request that may change something: the monitor hands it on. All zero bytes outside the members, since
 * it goes through a socket.
 */
struct kernel_mark {
	uint64_t token;   /* what the monitor was opened with, so that nobody else can send marks */
	uint64_t request; /* number of the request, whatever the caller makes of it */
	uint64_t subject;
	int32_t pid;
	uint32_t operation;
	uint32_t begin;  /* 1: it begins; 0: it has ended */
	uint32_t repair; /* 1: the daemon makes again what is gone */
	uint32_t looks;  /* kinds that the kernel does not announce, and that it may change */

	/* of those: what it may change, and when it has ended whether it asked the kernel for any change */
	uint32_t changed;
	uint16_t about_peers;
	uint16_t has_peer; /* one peer alone, but for what others lose by it */
	char link[HYCAN_IFNAME_SIZE];
	uint8_t peer[sizeof(struct hycan_key)];
};

/*
 * An IPv6 address that the request which is marked asks for: the kernel may announce later, and without a word about the request,
 * that it is there. All zero bytes outside the members, too.
 */
struct kernel_expectation {
	uint64_t token;
	uint32_t ifindex;
	uint8_t address[16];
};

enum kernel_change_what {
	KERNEL_CAME,
	KERNEL_CHANGED,
	KERNEL_WENT,
};

struct image_entry;
struct kernel_monitor;

struct kernel_change {
	enum kernel_change_what what;
	enum kernel_kind kind;
	enum kernel_origin origin;
	bool named;                     /* the kernel says that it was another program's request */
	const struct kernel_mark *mark; /* of KERNEL_BY_REQUEST and KERNEL_DURING */
	uint64_t number;                /* the thing's: it keeps it */
	const struct image_entry *entry;
	const struct image_entry *former; /* what it was, of KERNEL_CHANGED */
	bool is_one_of_several;           /* nobody can tell which of those in its place has become which: this is a guess */
	bool in_doubt; /* of KERNEL_WENT: it did, or another one in its place; which is told as soon as that is read anew */
};

typedef void kernel_changed(const struct kernel_change *change, void *userdata);

/* Of WireGuard: an interface, or a peer. */
struct kernel_wireguard_thing {
	bool is_peer;
	struct hycan_wireguard device;
	struct hycan_wireguard_peer peer; /* its allowed IPs live as long as the entry */
	uint32_t more_allowed_ips;        /* that are not in the list */
	char peer_of[HYCAN_IFNAME_SIZE];
};

/* A thing that is decoded. */
struct kernel_thing {
	enum kernel_kind kind;
	union {
		struct hycan_link link;
		struct hycan_link_address address;
		struct hycan_route route; /* its list of ways lives until the next thing is read */
		struct hycan_rule rule;
		struct kernel_wireguard_thing wireguard;
	};
};

/*
 * Opens a monitor for the namespace of a scope. receive_buffer: bytes that the kernel may be ahead of us; 0: as many as
 * are sensible. It watches nothing yet, and believes marks with that token.
 */
int kernel_monitor_open(const struct kernel_scope *scope, int receive_buffer, uint64_t token, struct kernel_monitor **ret_monitor);
void kernel_monitor_free(struct kernel_monitor **monitor);

/* The descriptor that is readable when the kernel has told something. */
int kernel_monitor_fd(const struct kernel_monitor *monitor);

/* The port that marks go to (kernel_scope_mark()). */
uint32_t kernel_monitor_port(const struct kernel_monitor *monitor);

/*
 * Watches these kinds, and links. Kinds that are new are in doubt; those that are watched no more are forgotten. Of the
 * kinds in losses nothing is kept, but of addresses, which are few: what goes is told alone, and what another program replaced;
 * what comes is not even received.
 */
int kernel_monitor_watch(struct kernel_monitor *monitor, unsigned int kinds, unsigned int losses);

/*
 * Reads what the kernel has told, at most so many messages. 1: there is more; 0: that was all; -ENOBUFS: some was lost, and
 * every kind is in doubt.
 */
int kernel_monitor_read(struct kernel_monitor *monitor, size_t max, kernel_changed *changed, void *userdata);

/* The kinds that are in doubt. */
unsigned int kernel_monitor_doubts(const struct kernel_monitor *monitor);

/*
 * Reads what is in doubt anew, and tells the difference. -EINTR: the kernel changed all the time; it is in doubt still.
 * So is WireGuard when it was just read: it is compared the next time, when marks that were sent meanwhile are read.
 */
int kernel_monitor_sync(struct kernel_monitor *monitor, kernel_changed *changed, void *userdata);

/* Whether there is anything to look at of the kinds that the kernel does not announce; and puts them in doubt. */
bool kernel_monitor_has_silent(const struct kernel_monitor *monitor);
void kernel_monitor_look(struct kernel_monitor *monitor);

/*
 * Reads all interfaces of WireGuard, without keys, and with their peers or none of them. -EAGAIN: which there are is in doubt.
 * 0, -errno, or what found() returned.
 */
struct kernel_wireguard;
typedef int kernel_found_wireguard(const struct kernel_wireguard *wireguard, void *userdata);
int kernel_monitor_list_wireguard(struct kernel_monitor *monitor, bool peers, kernel_found_wireguard *found, void *userdata);

/*
 * The kinds of which something may have gone without being told: nothing is kept of them, or they were in doubt, and what came and went
 * meanwhile is in no image. From now on they are none. Those that are in doubt still come later.
 */
unsigned int kernel_monitor_suspects(struct kernel_monitor *monitor);

/* The scope that it asks in; for the same thread. */
struct kernel_scope *kernel_monitor_scope(struct kernel_monitor *monitor);

/*
 * The thing of one of these kinds with the next number above that; NULL: there is none. hint: what was returned last, if
 * nothing has changed since, or NULL.
 */
const struct image_entry *kernel_monitor_next(const struct kernel_monitor *monitor, unsigned int kinds, uint64_t number,
                                              const struct image_entry *hint, uint64_t *ret_number);

/* Decodes a thing. -ENODATA: there are no words for it. */
int kernel_monitor_decode(struct kernel_monitor *monitor, const struct image_entry *entry, struct kernel_thing *ret_thing);

/* The name of a link, or NULL; of one that is just told to have changed, the name that it had before. */
const char *kernel_monitor_link_name(const struct kernel_monitor *monitor, uint32_t ifindex);

#endif
