/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests and their answers.
 *
 * Every request carries its own sequence number, and answers to an older one, left behind by a request that was given up,
 * are read and dropped. Where the kernel had no memory for an answer, reading is done again; of a change, whoever asked for
 * it has to look. What this file does not do: know any message's meaning.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "netlink_scope.h"
#include "rtnetlink_plan.h"
#include "wireguard_plan.h"

/* How often something is read whose answer is lost. */
#define ATTEMPTS 3

struct nlmsghdr *netlink_message(struct kernel_scope *scope, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(scope->request);

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	return nlh;
}

void *netlink_buffer(struct kernel_scope *scope)
{
	return scope->request;
}

uint32_t netlink_sequence(struct kernel_scope *scope, uint32_t n)
{
	uint32_t first = scope->seq + 1;

	scope->seq += n;
	return first;
}

/* Keeps the kernel's words from the extended acknowledgement behind an error or the end of a dump. */
static void keep_message(struct kernel_scope *scope, const struct nlmsghdr *nlh, size_t offset)
{
	const struct nlattr *attr;

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	/* without NETLINK_CAP_ACK the request stands between the error and the attributes */
	if (nlh->nlmsg_type == NLMSG_ERROR && !(nlh->nlmsg_flags & NLM_F_CAPPED)) {
		const struct nlmsgerr *error = mnl_nlmsg_get_payload(nlh);

		offset += error->msg.nlmsg_len - sizeof(error->msg);
	}
	mnl_attr_for_each (attr, nlh, offset)
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG && mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) == 0)
			snprintf(scope->message, sizeof(scope->message), "%s", mnl_attr_get_str(attr));
}

/* Error in an acknowledgement, or in the end of a dump; 0 for none. */
static int read_error(struct kernel_scope *scope, const struct nlmsghdr *nlh)
{
	int error = 0;

	if (nlh->nlmsg_type == NLMSG_ERROR) {
		const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);

		error = e->error;
		if (error)
			keep_message(scope, nlh, sizeof(*e));
	} else if (mnl_nlmsg_get_payload_len(nlh) >= sizeof(int)) {
		error = *(const int *)mnl_nlmsg_get_payload(nlh);
		if (error)
			keep_message(scope, nlh, sizeof(int));
	}
	return error;
}

struct exchange {
	struct kernel_scope *scope;
	uint32_t first_seq;
	uint32_t last_seq;
	bool transaction; /* an error about the first request is about all of them, and no other answer needs to follow */
	netlink_answer *answer;
	netlink_failure *failure;
	void *userdata;
	int result;
	bool interrupted;
	bool told; /* an answer came */
	bool lost; /* something did not */
	bool done;
};

static void exchange_message(struct exchange *x, const struct nlmsghdr *nlh)
{
	int r;

	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		x->interrupted = true;
	if (nlh->nlmsg_type == NLMSG_ERROR || nlh->nlmsg_type == NLMSG_DONE) {
		r = read_error(x->scope, nlh);
		if (r && x->failure)
			x->failure(nlh->nlmsg_seq, r, x->scope->message, x->userdata);
		else if (r && x->result == 0)
			x->result = r;
		if (nlh->nlmsg_seq == x->last_seq || (r && x->transaction && nlh->nlmsg_seq == x->first_seq))
			x->done = true;
		if (r && x->failure)
			x->scope->message[0] = '\0';
	} else if (nlh->nlmsg_type >= NLMSG_MIN_TYPE && x->answer && x->result == 0) {
		x->told = true;
		x->result = x->answer(nlh, x->userdata);
	}
}

/* Reads until the answer to last_seq is complete. -ENOBUFS: it will not be, since a part of it was lost. */
static int exchange_read(struct exchange *x, struct mnl_socket *nl)
{
	struct kernel_scope *scope = x->scope;
	struct pollfd more = { .fd = mnl_socket_get_fd(nl), .events = POLLIN };

	while (!x->done) {
		const struct nlmsghdr *nlh = (const struct nlmsghdr *)scope->answer;
		ssize_t n;
		int left;

		/* all that will come is there already */
		if (x->lost && poll(&more, 1, 0) <= 0)
			return -ENOBUFS;
		n = mnl_socket_recvfrom(nl, scope->answer, sizeof(scope->answer));
		if (n < 0 && errno != EINTR && errno != ENOBUFS)
			return -errno;
		x->lost = x->lost || (n < 0 && errno == ENOBUFS);
		left = (int)n;
		for (; mnl_nlmsg_ok(nlh, left) && !x->done; nlh = mnl_nlmsg_next(nlh, &left))
			if (nlh->nlmsg_seq - x->first_seq <= x->last_seq - x->first_seq)
				exchange_message(x, nlh);
	}
	return x->result == 0 && x->interrupted ? -EINTR : x->result;
}

/* A change that was sent: whether it is known what became of it, and what there is to know about that. */
static int note_change(struct exchange *x, int r)
{
	bool unknown = r == -ENOBUFS || x->failure || (x->answer && !x->told && r == 0);

	if (x->lost && unknown) {
		x->scope->sent = KERNEL_SENT_IN_DOUBT;
		return -ENOBUFS;
	}
	if (r == 0 && x->scope->sent == KERNEL_SENT_NO_CHANGE)
		x->scope->sent = KERNEL_SENT_CHANGE;
	return r;
}

/* Whether a part of what was read is missing; an answer that is no list is one message. */
static bool is_incomplete(const struct exchange *x, bool dump, int r)
{
	return x->lost && (dump || (r == -ENOBUFS && !x->told) || (r == 0 && x->answer && !x->told));
}

/* Sends, and reads the answer. */
static int exchange_run(struct exchange *x, int bus, const void *requests, size_t size)
{
	const struct nlmsghdr *first = requests;
	bool changes = netlink_changes(bus, first), dump = (first->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	struct mnl_socket *nl;
	int r;

	x->first_seq = first->nlmsg_seq;
	x->scope->message[0] = '\0';
	r = changes ? netlink_gate(x->scope) : 0;
	if (r)
		return r < 0 ? r : 0;
	r = netlink_socket(x->scope, bus, &nl);
	if (r < 0)
		return r;
	for (int i = 0; i < ATTEMPTS; i++) {
		x->done = x->lost = false;
		if (mnl_socket_sendto(nl, requests, size) < 0)
			return -errno;
		r = exchange_read(x, nl);
		if (changes)
			return note_change(x, r);
		if (!is_incomplete(x, dump, r))
			return x->lost && x->told ? x->result : r;
		/* whoever was told a part of a list asks for all of it himself */
		if (x->told)
			return -EINTR;
	}
	return -ENOBUFS;
}

static int request(struct kernel_scope *scope, int bus, struct nlmsghdr *nlh, netlink_answer *answer, void *userdata)
{
	struct exchange x = { .scope = scope, .answer = answer, .userdata = userdata };

	nlh->nlmsg_seq = x.last_seq = netlink_sequence(scope, 1);
	/* NLM_F_DUMP shares its bits with flags of requests that change something; those have no answer */
	if (!answer || (nlh->nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP)
		nlh->nlmsg_flags |= NLM_F_ACK;
	return exchange_run(&x, bus, nlh, nlh->nlmsg_len);
}

/* Who asks for a list, or for a link, while something is planned. */
struct planned_list {
	struct kernel_scope *scope;
	const char *name; /* of the link that is asked for, or NULL */
	netlink_answer *answer;
	void *userdata;
	bool hidden; /* something was */
};

/* Whether the kernel tells of a link by the name that it is planned to have no more. */
static bool is_former_name(const struct planned_list *l, const struct nlmsghdr *planned)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(planned);
	const char *former = link_plan_kernel_name(l->scope, (uint32_t)ifi->ifi_index);

	return l->name && former && strcmp(l->name, former) == 0;
}

static int answer_unless_gone(const struct nlmsghdr *nlh, void *userdata)
{
	struct planned_list *l = userdata;
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	const struct nlmsghdr *planned =
		nlh->nlmsg_type == RTM_NEWLINK ? link_plan_find(l->scope, NULL, (uint32_t)ifi->ifi_index) : NULL;

	if (rtnetlink_plan_hides(l->scope, nlh) || (planned && is_former_name(l, planned))) {
		l->hidden = true;
		return 0;
	}
	return l->answer(planned ? planned : nlh, l->userdata);
}

/* The link of the request, where it is planned. */
static const struct nlmsghdr *find_planned_link(struct kernel_scope *scope, const struct nlmsghdr *nlh, const char **ret_name)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *a[IFLA_MAX + 1];

	netlink_parse(nlh, sizeof(*ifi), a, IFLA_MAX);
	*ret_name = a[IFLA_IFNAME] && ifi->ifi_index == 0 ? mnl_attr_get_str(a[IFLA_IFNAME]) : NULL;
	return link_plan_find(scope, *ret_name, (uint32_t)ifi->ifi_index);
}

/* What the kernel has, but for what is planned to go or to be another, and then what is planned to come. */
static int request_planned(struct kernel_scope *scope, struct nlmsghdr *nlh, netlink_answer *answer, void *userdata)
{
	struct planned_list l = { .scope = scope, .answer = answer, .userdata = userdata };
	/* new, delete, get: by fours */
	const uint16_t type = nlh->nlmsg_type & ~3u;
	const bool dump = (nlh->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	const struct nlmsghdr *link = dump ? NULL : find_planned_link(scope, nlh, &l.name);
	int r, planned;

	if (link)
		return answer(link, userdata);
	r = request(scope, NETLINK_ROUTE, nlh, answer_unless_gone, &l);
	if (!dump)
		return r == 0 && l.hidden ? -ENODEV : r;
	/* a table comes with its first route */
	if (r < 0 && r != -ENOENT)
		return r;
	planned =
		type == RTM_NEWLINK ? link_plan_list(scope, answer, userdata) : rtnetlink_plan_list(scope, type, answer, userdata);
	return planned < 0 ? planned : r;
}

/* What was held is noted, so that who asks from now on finds it done. */
static int note_held(struct kernel_scope *scope, int bus, const struct nlmsghdr *nlh)
{
	int r;

	if (bus == NETLINK_GENERIC)
		return wireguard_plan_request(scope, nlh);
	r = rtnetlink_plan_request(scope, nlh);
	return r == 0 ? link_plan_request(scope, nlh) : r;
}

static int note_held_batch(struct kernel_scope *scope, const void *requests, size_t size)
{
	const struct nlmsghdr *nlh = requests;
	int left = (int)size, r = 0;

	for (; r == 0 && mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left))
		r = note_held(scope, NETLINK_ROUTE, nlh);
	return r;
}

int netlink_request(struct kernel_scope *scope, int bus, struct nlmsghdr *nlh, netlink_answer *answer, void *userdata)
{
	const bool changes = netlink_changes(bus, nlh);
	const bool asks = (nlh->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP || nlh->nlmsg_type == RTM_GETLINK;
	int r;

	if (bus == NETLINK_ROUTE && !changes && asks && answer && (rtnetlink_plan_is_any(scope) || link_plan_is_any(scope)))
		return request_planned(scope, nlh, answer, userdata);
	r = request(scope, bus, nlh, answer, userdata);
	return r == 0 && changes && scope->held && bus != NETLINK_NETFILTER ? note_held(scope, bus, nlh) : r;
}

int netlink_batch(struct kernel_scope *scope, int bus, const void *requests, size_t size, uint32_t last_seq,
                  netlink_failure *failure, void *userdata)
{
	struct exchange x = {
		.scope = scope,
		.last_seq = last_seq,
		.transaction = bus == NETLINK_NETFILTER,
		.failure = failure,
		.userdata = userdata,
	};

	int r = exchange_run(&x, bus, requests, size);

	/* of nf_tables, whoever made the batch notes it */
	return r == 0 && scope->held && bus == NETLINK_ROUTE ? note_held_batch(scope, requests, size) : r;
}

static int read_family(const struct nlmsghdr *nlh, void *userdata)
{
	const struct nlattr *table[CTRL_ATTR_MAX + 1];

	netlink_parse(nlh, sizeof(struct genlmsghdr), table, CTRL_ATTR_MAX);
	if (table[CTRL_ATTR_FAMILY_ID])
		*(uint16_t *)userdata = mnl_attr_get_u16(table[CTRL_ATTR_FAMILY_ID]);
	return 0;
}

int netlink_family(struct kernel_scope *scope, const char *name, uint16_t *ret_family)
{
	struct genlmsghdr *genl;
	struct nlmsghdr *nlh;
	uint16_t family = 0;
	int r;

	nlh = netlink_message(scope, GENL_ID_CTRL, 0);
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = CTRL_CMD_GETFAMILY;
	genl->version = 1;
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, name);
	r = netlink_request(scope, NETLINK_GENERIC, nlh, read_family, &family);
	if (r < 0)
		return r;
	if (!family)
		return -ENOENT;
	*ret_family = family;
	return 0;
}
