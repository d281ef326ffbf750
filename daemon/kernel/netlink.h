/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests to the kernel over netlink, for the files of this room alone.
 *
 * The kernel carries out a netlink request before sendmsg() returns, so a request and its answer are one blocking call.
 * Messages are built with libmnl in the scope's own buffer: one message at a time, no allocation.
 */
#ifndef KERNEL_NETLINK_H
#define KERNEL_NETLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libmnl/libmnl.h>

#include <hycan/types.h>

#include "link_plan.h"
#include "scope.h"

/* Size of the buffer that netlink_message() builds in: attributes can be no longer than this anyway. */
#define NETLINK_BUFFER_SIZE 65536

/* Bytes of the kernel's words that are kept, with the terminating zero. */
#define NETLINK_MESSAGE_SIZE 256

/* Called for each message of an answer. 0 to go on, -errno to end with it (the rest of the answer is read and dropped). */
typedef int netlink_answer(const struct nlmsghdr *nlh, void *userdata);

/* Called for each request of a batch that failed. */
typedef void netlink_failure(uint32_t seq, int error, const char *message, void *userdata);

/* Whether a request does more than ask. A batch does what its first one does. */
bool netlink_changes(int bus, const struct nlmsghdr *nlh);

/* Asks the scope's gate about a change that goes to the kernel otherwise; netlink_request() and netlink_batch() do it. */
int netlink_gate(struct kernel_scope *scope);

/* Whether the gate did not let the last request through, so that it counts as done and has no answer. */
bool netlink_is_held(const struct kernel_scope *scope);

/* Tells whoever set the gate what a change that it held would have done. */
void netlink_tell(struct kernel_scope *scope, const struct hycan_planned_change *change);

/* The same of what goes along with it, and is done to something else. */
void netlink_tell_along(struct kernel_scope *scope, const struct hycan_planned_change *change);

/* Whether anybody is: for what takes longer to find out. */
bool netlink_tells(const struct kernel_scope *scope);

/* Adds a value to what a change says: “mtu 1500” and “mtu 1400”. */
void netlink_tell_values(struct hycan_planned_change *change, const char *name, const char *was, const char *becomes);

/* Whether the kernel's answer to a change was lost: whoever asked asks once more. */
bool netlink_is_in_doubt(const struct kernel_scope *scope);

/* The links that are planned. */
struct link_plan *netlink_plan(struct kernel_scope *scope);

/* What is planned of our table of nf_tables (nft_plan.h), or NULL; and forgets it. */
struct nft_plan;
struct nft_plan **netlink_nft_plan(struct kernel_scope *scope);
void nft_plan_forget(struct kernel_scope *scope);

/* The same of addresses, routes and rules (rtnetlink_plan.h). */
struct rtnetlink_plan;
struct rtnetlink_plan *netlink_rtnetlink_plan(struct kernel_scope *scope);

/* The same of interfaces of WireGuard (wireguard_plan.h). */
struct wireguard_planned;
struct wireguard_planned *netlink_wireguard_plan(struct kernel_scope *scope);

/* What is known of addresses (address_news.h). */
struct address_news;
struct address_news *netlink_address_news(struct kernel_scope *scope);

/* Says to whoever hears of the request that is under way that this IPv6 address was asked for (kernel_scope_mark()). */
void netlink_expect_address(struct kernel_scope *scope, uint32_t ifindex, const struct hycan_address *address);

/* Begins a message of the given nlmsg_type in the scope's buffer; flags beside NLM_F_REQUEST. */
struct nlmsghdr *netlink_message(struct kernel_scope *scope, uint16_t type, uint16_t flags);

/*
 * Sends one request to bus (NETLINK_ROUTE, NETLINK_GENERIC, NETLINK_NETFILTER) and reads the whole answer, up to the
 * acknowledgement or the end of the dump. Without NLM_F_DUMP an acknowledgement is asked for. -EINTR: the dump was
 * interrupted by a change and is to be asked for again.
 */
int netlink_request(struct kernel_scope *scope, int bus, struct nlmsghdr *nlh, netlink_answer *answer, void *userdata);

/* The buffer that netlink_message() builds in, NETLINK_BUFFER_SIZE bytes: for a batch, as long as no request is made. */
void *netlink_buffer(struct kernel_scope *scope);

/* The next n sequence numbers, for the messages of a batch; returns the first. */
uint32_t netlink_sequence(struct kernel_scope *scope, uint32_t n);

/*
 * Sends a buffer of requests at once. Each has its sequence number; only the last one must have NLM_F_ACK, and its
 * answer ends the batch. The others answer when they fail. On NETLINK_NETFILTER the first one begins a transaction, and
 * its failure is the failure of all.
 */
int netlink_batch(struct kernel_scope *scope, int bus, const void *requests, size_t size, uint32_t last_seq,
                  netlink_failure *failure, void *userdata);

/*
 * How many elements our table of nf_tables held when the rule set had that generation; 0: nobody knows. As long as the
 * kernel's generation is the same it is the truth, and counting again would take as long as there are elements.
 */
struct netlink_census {
	uint32_t generation;
	size_t elements;
};

struct netlink_census *netlink_census(struct kernel_scope *scope);

/* The turn that a scope has at our table of nf_tables (nft_turn.c). */
struct netlink_turn {
	unsigned int depth; /* turns in turns */
	unsigned int n_lost;
	uint64_t until_ms; /* CLOCK_MONOTONIC */
	bool alone;
};

struct netlink_turn *netlink_turn(struct kernel_scope *scope);

/* Numbers that links had, NETLINK_NAMES of them by the hash of the name: a hint, or 0 (link_altname.c). */
#define NETLINK_NAMES 256

uint32_t *netlink_names(struct kernel_scope *scope);

/* The socket of a bus, which is opened where it was not: for ioctl(2) in the scope's namespace. */
int netlink_descriptor(struct kernel_scope *scope, int bus, int *ret_fd);

/* Says in place of the kernel why the last request failed, where its errno alone would not tell. */
__attribute__((format(printf, 2, 3))) void netlink_explain(struct kernel_scope *scope, const char *sentence, ...);

/* Wipes the buffers of requests and answers, after something that carried keys. */
void netlink_wipe(struct kernel_scope *scope);

/* Parses the attributes behind a fixed header into a table; unknown ones are left out. table has max + 1 entries. */
void netlink_parse(const struct nlmsghdr *nlh, size_t header_size, const struct nlattr **table, uint16_t max);

/* The same for the attributes in an attribute. */
void netlink_parse_nested(const struct nlattr *nest, const struct nlattr **table, uint16_t max);

/* A copy of a message, which stands in a buffer, with so many zeros behind it. free() it; NULL: there is no memory. */
struct nlmsghdr *netlink_keep(const struct nlmsghdr *nlh, size_t more);

/* Copies what an attribute holds, cut or filled with zeros to size: the kernel's structures grow from release to release. */
void netlink_copy(const struct nlattr *attr, void *to, size_t size);

/*
 * Replaces the kernel's words. For a request that is taken back after it failed: what it said counts, and not what the
 * kernel said about the taking back.
 */
void netlink_set_message(struct kernel_scope *scope, const char *message);

/* Number of a generic netlink family (“wireguard”); -ENOENT where this kernel has none. */
int netlink_family(struct kernel_scope *scope, const char *name, uint16_t *ret_family);

#endif
