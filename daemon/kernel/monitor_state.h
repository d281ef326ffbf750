/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the monitor share, for them alone:
 *
 *   monitor.c         the socket: what is watched, and reading what the kernel tells
 *   monitor_cause.c   who caused it
 *   monitor_compare.c what it changes in the image
 *   monitor_sync.c    reading anew what is in doubt
 *   monitor_decode.c  what is in the image, in words
 *   monitor_message.c messages, cut down
 *   monitor_blame.c   who caused what the kernel says nothing about
 *   monitor_late.c    who caused what it announces when the request is done
 *   monitor_wireguard.c interfaces and peers of WireGuard, which the kernel says nothing about
 */
#ifndef KERNEL_MONITOR_STATE_H
#define KERNEL_MONITOR_STATE_H

#include "image.h"
#include "link_read.h"
#include "monitor.h"
#include "monitor_message.h"
#include "route_message.h"
#include "wireguard.h"

/* Sockets that requests come from: the daemon's own, and one for each client in another namespace. */
#define SENDERS_MAX 32u

struct sender {
	uint32_t port;
	bool under_way;
	uint64_t began; /* counts marks */
	struct kernel_mark mark;
};

/* Who raised a doubt. */
struct doubt_cause {
	enum kernel_origin origin;
	bool named;
	struct kernel_mark mark;
};

/* Requests that may have changed something of WireGuard since it was compared last. */
#define SUSPECTS_MAX 64u

struct suspect {
	struct kernel_mark mark;
	uint32_t port;
	bool under_way;
	uint64_t at; /* counts marks */
	bool later;  /* than what was read and is not compared yet */
};

struct monitor_blame {
	struct suspect suspect[SUSPECTS_MAX];
	size_t n;
	bool too_many;
	uint64_t read_at; /* how many marks there were when it was read */
};

/* Addresses that were asked for, and are not announced with all that belongs to them. */
#define LATE_MAX 1024u

struct late;
TAILQ_HEAD(late_list, late);

struct monitor_late {
	struct late_list list; /* the oldest first */
	size_t n;
	struct kernel_mark found; /* by whom the change is that is told */
};

/* Interfaces of WireGuard that were read, and are not compared yet. */
struct wireguard_reading {
	bool is_read;
	bool again; /* there was another reason to look since then */
	size_t n;
	struct kernel_wireguard **device;
};

struct kernel_monitor {
	struct kernel_scope *scope;
	struct mnl_socket *nl;
	uint64_t token;
	unsigned int kinds;
	unsigned int losses; /* kinds of which only that is told what goes */
	unsigned int doubts;
	unsigned int suspects; /* kernel_monitor_suspects(), and those of them that are in doubt */
	struct image image;
	struct kernel_link_names *names;
	uint32_t *lost_names; /* links that are gone, but that something may still be said about */
	size_t n_lost_names;
	struct route_reader reader;
	struct sender sender[SENDERS_MAX];
	size_t n_senders;
	uint64_t n_marks;
	struct doubt_cause cause[KERNEL_KINDS];
	struct wireguard_reading wireguard;
	struct monitor_blame blame;
	struct monitor_late late;
	size_t n_wireguard; /* interfaces that there were when they were read last */
	uint32_t generation;
	kernel_changed *changed; /* while something is read */
	void *userdata;
	uint8_t family; /* that is dumped */
	_Alignas(NLMSG_ALIGNTO) uint8_t received[NETLINK_BUFFER_SIZE];
	_Alignas(8) uint8_t compact[NETLINK_BUFFER_SIZE]; /* structures may be put there in place of attributes */
};

/* monitor_cause.c */

/* A message from another socket: a mark, an expectation, or nothing to us. */
void monitor_take_mark(struct kernel_monitor *m, uint32_t port, const struct nlmsghdr *nlh);

/* Who caused what a message of the kernel tells, by the port in it. */
enum kernel_origin monitor_find_origin(struct kernel_monitor *m, uint32_t port, const struct kernel_mark **ret_mark);

/* monitor_blame.c */

/* A mark of a request about WireGuard; of any other, that it changed a link of that kind. */
void monitor_blame_mark(struct kernel_monitor *m, uint32_t port, const struct kernel_mark *mark);
void monitor_blame_link(struct kernel_monitor *m, const struct kernel_mark *mark, const char *name);

/* All interfaces are read; they are compared; and nobody is suspected. */
void monitor_blame_read(struct kernel_monitor *m);
void monitor_blame_done(struct kernel_monitor *m);
void monitor_blame_forget(struct kernel_monitor *m);

/* Who changed an interface, or the peer of one with that key. */
enum kernel_origin monitor_blame(const struct kernel_monitor *m, const char *name, const uint8_t *peer,
                                 const struct kernel_mark **ret_mark);

/* monitor_late.c */

/* An address is asked for by a request that is under way. */
void monitor_late_expect(struct kernel_monitor *m, const struct kernel_expectation *expectation, const struct kernel_mark *mark);

/* Something has come that the kernel names nobody for: where it was expected, it is a consequence of the request that asked for it. */
void monitor_late_blame(struct kernel_monitor *m, const struct nlmsghdr *nlh, struct kernel_change *change);

/* An address is gone, and with it what was expected; and all of it. */
void monitor_late_gone(struct kernel_monitor *m, const struct monitor_message *message);
void monitor_late_forget(struct kernel_monitor *m);

/* monitor_wireguard.c */

/* Reads all interfaces, or compares what was read. 0 or -errno. */
int monitor_sync_wireguard(struct kernel_monitor *m);
void monitor_forget_wireguard(struct kernel_monitor *m);
int monitor_decode_wireguard(const struct kernel_monitor *m, const struct nlmsghdr *nlh, struct kernel_wireguard_thing *thing);

/* A mark about WireGuard was read. */
void monitor_mark_wireguard(struct kernel_monitor *m, uint32_t port, const struct kernel_mark *mark);

/* monitor_compare.c */

/* Something of these kinds, where they are watched, may have gone without being told. */
void monitor_suspect(struct kernel_monitor *m, unsigned int kinds);

/* A kind is in doubt, because of a change. */
void monitor_doubt(struct kernel_monitor *m, enum kernel_kind kind, const struct kernel_change *why);

/* A message that the kernel sent by itself. */
void monitor_apply(struct kernel_monitor *m, const struct nlmsghdr *nlh);

/*
 * A thing is there that is not in the image, or is, or is not there any more: that is told, where it makes a difference. Where there
 * is no memory for it, its kind is in doubt.
 */
void monitor_add(struct kernel_monitor *m, struct kernel_change *change, const struct monitor_message *message);
void monitor_put(struct kernel_monitor *m, struct kernel_change *change, struct image_entry *e,
                 const struct monitor_message *message);
void monitor_take(struct kernel_monitor *m, struct kernel_change *change, struct image_entry *e);

/* An entry is new in the image: that has come, or is what another one in its place has become, which is let go of. */
void monitor_tell_new(struct kernel_monitor *m, struct kernel_change *change, struct image_entry *e, struct image_entry *former);

/* The link of that number, as the kernel told it last; NULL: there is none. */
const struct image_entry *monitor_find_link(const struct kernel_monitor *m, uint32_t ifindex);

/* Names of links that are gone stay until their routes are known to be gone, too. */
void monitor_lose_name(struct kernel_monitor *m, uint32_t ifindex);
void monitor_drop_lost_names(struct kernel_monitor *m);

#endif
