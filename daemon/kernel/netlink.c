/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scope and its sockets.
 *
 * One socket for each bus, opened when first used. Every request carries its own sequence number, and answers to an
 * older one, left behind by a request that was given up, are read and dropped. Where the kernel had no memory for an
 * answer, reading is done again; of a change, whoever asked for it has to look. What this file does not do: know any
 * message's meaning.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "monitor.h"
#include "netlink.h"

#define N_BUSES (NETLINK_GENERIC + 1)

/* How often something is read whose answer is lost. */
#define ATTEMPTS 3

/* The kernel's default of 208 KiB loses the end of a long batch's errors. */
#define RECEIVE_BUFFER_SIZE (4 * 1024 * 1024)

/* What one batch may measure: a transaction of nf_tables is a single one. */
#define SEND_BUFFER_SIZE (8 * 1024 * 1024)

struct kernel_scope {
	struct mnl_socket *socket[N_BUSES];
	uint32_t seq;
	int netns; /* the namespace, or -1 for the one the process lives in */
	int home;  /* where the thread goes back to, while it is inside */
	uint64_t inode;
	struct netlink_census census;
	struct kernel_gate gate;
	uint32_t names[NETLINK_NAMES];
	bool held; /* the last request */
	struct link_plan plan;
	enum kernel_sent sent;
	char message[NETLINK_MESSAGE_SIZE];
	_Alignas(NLMSG_ALIGNTO) uint8_t request[NETLINK_BUFFER_SIZE];
	_Alignas(NLMSG_ALIGNTO) uint8_t answer[NETLINK_BUFFER_SIZE];
};

int kernel_scope_open(int netns, struct kernel_scope **ret_scope)
{
	_cleanup_(kernel_scope_free) struct kernel_scope *scope = NULL;
	struct stat st;

	scope = calloc(1, sizeof(*scope));
	if (!scope)
		return -ENOMEM;
	scope->netns = -1;
	scope->home = -1;
	if (netns >= 0) {
		scope->netns = fcntl(netns, F_DUPFD_CLOEXEC, 3);
		if (scope->netns < 0)
			return -errno;
	}
	if ((netns >= 0 ? fstat(netns, &st) : stat("/proc/self/ns/net", &st)) < 0)
		return -errno;
	scope->inode = st.st_ino;
	*ret_scope = steal(&scope);
	return 0;
}

int kernel_scope_open_same(const struct kernel_scope *scope, struct kernel_scope **ret_scope)
{
	return kernel_scope_open(scope->netns, ret_scope);
}

void kernel_scope_free(struct kernel_scope **scope)
{
	struct kernel_scope *s = *scope;

	if (!s)
		return;
	for (size_t i = 0; i < N_BUSES; i++)
		if (s->socket[i])
			mnl_socket_close(s->socket[i]);
	cleanup_close(&s->netns);
	kernel_scope_forget_plan(s);
	netlink_wipe(s);
	free(s);
	*scope = NULL;
}

const char *kernel_scope_message(const struct kernel_scope *scope)
{
	return scope->message;
}

void netlink_set_message(struct kernel_scope *scope, const char *message)
{
	snprintf(scope->message, sizeof(scope->message), "%s", message);
}

int kernel_scope_netns(const struct kernel_scope *scope)
{
	return scope->netns;
}

uint64_t kernel_scope_inode(const struct kernel_scope *scope)
{
	return scope->inode;
}

int kernel_scope_enter(struct kernel_scope *scope)
{
	_cleanup_close_ int home = -1;

	if (scope->netns < 0)
		return 0;
	home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (home < 0)
		return -errno;
	if (setns(scope->netns, CLONE_NEWNET) < 0)
		return -errno;
	scope->home = steal_fd(&home);
	return 0;
}

void kernel_scope_leave(struct kernel_scope *scope)
{
	if (scope->home < 0)
		return;
	if (setns(scope->home, CLONE_NEWNET) < 0)
		abort();
	cleanup_close(&scope->home);
}

static void socket_buffer(int fd, int option, int force, int size)
{
	if (setsockopt(fd, SOL_SOCKET, force, &size, sizeof(size)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, option, &size, sizeof(size));
}

static int socket_open(int bus, struct mnl_socket **ret_socket)
{
	struct mnl_socket *nl;
	int on = 1;
	int fd, r;

	nl = mnl_socket_open2(bus, SOCK_CLOEXEC);
	if (!nl)
		return -errno;
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0) {
		r = -errno;
		mnl_socket_close(nl);
		return r;
	}
	fd = mnl_socket_get_fd(nl);
	/* Refinements: where one is missing, answers are poorer and still right. */
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	socket_buffer(fd, SO_RCVBUF, SO_RCVBUFFORCE, RECEIVE_BUFFER_SIZE);
	socket_buffer(fd, SO_SNDBUF, SO_SNDBUFFORCE, SEND_BUFFER_SIZE);
	*ret_socket = nl;
	return 0;
}

static int scope_socket(struct kernel_scope *scope, int bus, struct mnl_socket **ret_socket)
{
	int r;

	if (!scope->socket[bus]) {
		r = kernel_scope_enter(scope);
		if (r < 0)
			return r;
		r = socket_open(bus, &scope->socket[bus]);
		kernel_scope_leave(scope);
		if (r < 0)
			return r;
	}
	*ret_socket = scope->socket[bus];
	return 0;
}

void kernel_scope_mark(struct kernel_scope *scope, uint32_t port, const struct kernel_mark *mark)
{
	struct sockaddr_nl to = { .nl_family = AF_NETLINK, .nl_pid = port };
	_Alignas(NLMSG_ALIGNTO) uint8_t message[MNL_NLMSG_HDRLEN + sizeof(*mark)];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(message);
	struct mnl_socket *nl;

	if (scope_socket(scope, NETLINK_ROUTE, &nl) < 0)
		return;
	nlh->nlmsg_type = NLMSG_NOOP;
	memcpy(mnl_nlmsg_put_extra_header(nlh, sizeof(*mark)), mark, sizeof(*mark));
	(void)sendto(mnl_socket_get_fd(nl), message, nlh->nlmsg_len, MSG_DONTWAIT, (const struct sockaddr *)&to, sizeof(to));
}

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

struct netlink_census *netlink_census(struct kernel_scope *scope)
{
	return &scope->census;
}

uint32_t *netlink_names(struct kernel_scope *scope)
{
	return scope->names;
}

int netlink_descriptor(struct kernel_scope *scope, int bus, int *ret_fd)
{
	struct mnl_socket *nl;
	int r = scope_socket(scope, bus, &nl);

	if (r < 0)
		return r;
	*ret_fd = mnl_socket_get_fd(nl);
	return 0;
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

struct kernel_gate kernel_scope_set_gate(struct kernel_scope *scope, struct kernel_gate gate)
{
	struct kernel_gate before = scope->gate;

	scope->gate = gate;
	return before;
}

enum kernel_sent kernel_scope_sent(struct kernel_scope *scope)
{
	enum kernel_sent sent = scope->sent;

	scope->sent = KERNEL_SENT_NO_CHANGE;
	return sent;
}

int netlink_gate(struct kernel_scope *scope)
{
	int r = scope->gate.change ? scope->gate.change(scope->gate.userdata) : 0;

	scope->held = r > 0;
	return r;
}

bool netlink_is_held(const struct kernel_scope *scope)
{
	return scope->held;
}

struct link_plan *netlink_plan(struct kernel_scope *scope)
{
	return &scope->plan;
}

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
	r = scope_socket(x->scope, bus, &nl);
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

int netlink_request(struct kernel_scope *scope, int bus, struct nlmsghdr *nlh, netlink_answer *answer, void *userdata)
{
	struct exchange x = { .scope = scope, .answer = answer, .userdata = userdata };

	nlh->nlmsg_seq = x.last_seq = netlink_sequence(scope, 1);
	/* NLM_F_DUMP shares its bits with flags of requests that change something; those have no answer */
	if (!answer || (nlh->nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP)
		nlh->nlmsg_flags |= NLM_F_ACK;
	return exchange_run(&x, bus, nlh, nlh->nlmsg_len);
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

	return exchange_run(&x, bus, requests, size);
}

void netlink_explain(struct kernel_scope *scope, const char *sentence, ...)
{
	va_list ap;

	va_start(ap, sentence);
	vsnprintf(scope->message, sizeof(scope->message), sentence, ap);
	va_end(ap);
}

void netlink_wipe(struct kernel_scope *scope)
{
	explicit_bzero(scope->request, sizeof(scope->request));
	explicit_bzero(scope->answer, sizeof(scope->answer));
}

static void parse(const struct nlattr *attr, const struct nlattr **table, uint16_t max)
{
	if (mnl_attr_get_type(attr) <= max)
		table[mnl_attr_get_type(attr)] = attr;
}

void netlink_parse(const struct nlmsghdr *nlh, size_t header_size, const struct nlattr **table, uint16_t max)
{
	const struct nlattr *attr;

	memset(table, 0, (max + 1u) * sizeof(*table));
	mnl_attr_for_each (attr, nlh, (unsigned int)header_size)
		parse(attr, table, max);
}

void netlink_parse_nested(const struct nlattr *nest, const struct nlattr **table, uint16_t max)
{
	const struct nlattr *attr;

	memset(table, 0, (max + 1u) * sizeof(*table));
	mnl_attr_for_each_nested (attr, nest)
		parse(attr, table, max);
}

void netlink_copy(const struct nlattr *attr, void *to, size_t size)
{
	size_t n = mnl_attr_get_payload_len(attr);

	memset(to, 0, size);
	memcpy(to, mnl_attr_get_payload(attr), n < size ? n : size);
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
