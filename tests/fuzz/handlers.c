/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In place of the handlers, of the kernel room and of the log: answers by chance, so that no kernel is touched.
 *
 * The operations that are about the server itself are the real ones: sessions, objects, transactions. Of every other
 * request it is seen that it is legal, and what is answered follows from its contents: much, little, nothing, a refusal, an errno, in the middle of a list too.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"
#include "kernel/link.h"
#include "kernel/namespace.h"
#include "kernel/network.h"
#include "kernel/scope.h"
#include "log.h"
#include "table.h"

/* ---------------------------------------------------------------------------------------------------------- the kernel */

struct kernel_scope {
	struct kernel_gate gate;
	enum kernel_sent sent;
	int netns;
};

int kernel_scope_open(int netns, struct kernel_scope **ret_scope)
{
	struct kernel_scope *scope = calloc(1, sizeof(*scope));

	CHECK(scope);
	scope->netns = netns;
	*ret_scope = scope;
	return 0;
}

void kernel_scope_free(struct kernel_scope **scope)
{
	free(*scope);
	*scope = NULL;
}

const char *kernel_scope_message(const struct kernel_scope *scope)
{
	return scope->netns >= 0 ? "The kernel's own words" : "";
}

uint64_t kernel_scope_inode(const struct kernel_scope *scope)
{
	return (uint64_t)scope->netns;
}

int kernel_scope_cookie(struct kernel_scope *scope, uint64_t *ret_cookie)
{
	*ret_cookie = (uint64_t)scope->netns + 1;
	return 0;
}

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

int kernel_scope_netns(const struct kernel_scope *scope)
{
	return scope->netns;
}

/* For metrics.get: a network, and its link. */
int kernel_network_list(struct kernel_scope *scope, struct kernel_network **ret_networks, size_t *ret_n)
{
	struct kernel_network *network = calloc(1, sizeof(*network));

	(void)scope;
	CHECK(network);
	*network = (struct kernel_network){ .link = "net100", .vlan_id = 100, .name = "blue" };
	*ret_networks = network;
	*ret_n = 1;
	return 0;
}

int kernel_link_list(struct kernel_scope *scope, const char *kind, kernel_link_found *found, void *userdata)
{
	const struct hycan_link link = {
		.name = "net100", .has_vlan_id = true, .vlan_id = 100, .has_statistics = true, .statistics.rx_bytes = UINT64_MAX
	};

	(void)scope;
	CHECK(strcmp(kind, "vlan") == 0);
	return found(&link, userdata);
}

int kernel_namespace_find(uint64_t inode, int *ret_netns)
{
	(void)inode, (void)ret_netns;
	return -ENOENT;
}

int kernel_link_delete_many(struct kernel_scope *scope, const char (*names)[HYCAN_IFNAME_SIZE], size_t n)
{
	(void)scope, (void)names;
	return n % 2 ? 0 : -EBUSY;
}

int kernel_link_own_name(struct kernel_scope *scope, const char *name, char ret_name[static HYCAN_IFNAME_SIZE])
{
	CHECK(scope && *name && strlen(name) < HYCAN_IFNAME_SIZE);
	if (*name == 'n')
		return -ENODEV;
	if (*name == 'e')
		return -ENOBUFS;
	snprintf(ret_name, HYCAN_IFNAME_SIZE, "%s", *name == 'a' ? "own" : name);
	return 0;
}

int kernel_namespace_owner(int netns, uid_t *ret_owner)
{
	CHECK(fcntl(netns, F_GETFD) == FD_CLOEXEC);
	*ret_owner = 0;
	return 0;
}

/* -------------------------------------------------------------------------------------------------------- the handlers */

/* What follows from the contents of a request; which must be legal, and so can be sent. */
static uint64_t contents(const struct hycan_operation *operation, const void *request)
{
	static _Thread_local uint8_t bytes[1 << 18];
	int fds[WIRE_FDS_MAX];
	size_t n_fds;
	struct wire_fault fault;
	struct chance chance = { operation->number };
	ssize_t n = wire_encode(operation->request, request, bytes, sizeof(bytes), fds, &n_fds, &fault);

	CHECK(n >= 0 || n == -ENOBUFS);
	walk_structure(operation->request, request, true);
	for (ssize_t i = 0; i < n; i++)
		chance.state = chance_next(&chance) ^ bytes[i];
	return chance.state;
}

/* All, some or nothing of what is asked for was there, or the kernel chose something in it. */
static void tell_ledger(const struct hycan_operation *operation, struct op *op, struct chance *chance, const void *request)
{
	size_t n = 0, of_field;
	bool *items;
	void *settled;

	/* of several lists the longest, whichever it is that has objects */
	for (uint16_t i = 0; i < operation->request->n_fields; i++)
		if (operation->request->field[i].flags & HYCAN_FIELD_LIST) {
			wire_values(&operation->request->field[i], request, &of_field);
			n = of_field > n ? of_field : n;
		}
	op->unchanged = chance_below(chance, 8) == 0;
	items = n && chance_below(chance, 2) ? op->memory(op, n) : NULL;
	for (size_t i = 0; items && i < n; i++)
		items[i] = chance_below(chance, 2);
	op->items_unchanged = items;
	settled = operation->request->size && chance_below(chance, 4) == 0 ? op->memory(op, operation->request->size) : NULL;
	if (settled)
		memcpy(settled, request, operation->request->size);
	op->settled = settled;
}

static void make_reply(struct op *op, struct chance *chance, const struct hycan_structure *structure, void *reply)
{
	struct sample sample = { .chance = *chance, .memory.size = 1 << 14 };

	sample.memory.base = op->memory(op, sample.memory.size);
	if (!sample.memory.base)
		sample.memory.size = 0;
	sample_structure(&sample, structure, reply);
	*chance = sample.chance;
}

static int answer_list(struct op *op, struct chance *chance, const struct hycan_structure *structure, bool empty)
{
	static _Thread_local _Alignas(max_align_t) uint8_t item[1 << 13];
	size_t n = chance_below(chance, 16) ? chance_below(chance, 5) : chance_below(chance, 4000);
	int r = 0;

	CHECK(structure->size <= sizeof(item));
	memset(item, 0, structure->size);
	if (!empty)
		make_reply(op, chance, structure, item);
	for (size_t i = 0; i < n && r == 0; i++)
		r = op->answer(op, item);
	return r;
}

/* What a handler says before it touches the kernel, and what the gate says to that. Below 0: nothing is touched; above 0: held. */
static int before_change(const struct hycan_operation *operation, struct op *op, struct chance *chance, const void *request)
{
	bool settles = false;
	size_t n;
	const struct op_effect *effects = op_effects(operation, &n);
	int r = 0;

	for (size_t i = 0; i < n; i++)
		settles = settles || effects[i].settled;
	if (settles && chance_below(chance, 4))
		r = op_claim(op, op->settled ? op->settled : request);
	if (r == 0 && op_undoable(op) && chance_below(chance, 2))
		r = op_undo(op, operation->number, request);
	if (r == 0 && op_undoable(op) && chance_below(chance, 4) == 0)
		r = op_undo_along(op, OP_ALONG_SYSCTLS, chance_below(chance, 2) ? "a link" : NULL, "along",
		                  chance_below(chance, 6));
	if (r != 0 || chance_below(chance, 4) == 0)
		return r;
	if (op->scope->gate.change)
		r = op->scope->gate.change(op->scope->gate.userdata);
	if (r == 0) {
		fuzz_changed();
		op->scope->sent = chance_below(chance, 16) ? KERNEL_SENT_CHANGE : KERNEL_SENT_IN_DOUBT;
	}
	return r;
}

static int answer(const struct hycan_operation *operation, struct op *op, struct chance *chance, void *reply)
{
	static const int errors[] = { ENODEV, ENOMEM, EEXIST, EBUSY, EOPNOTSUPP, ERANGE, EINVAL, ENOSPC, EPERM };
	size_t what = chance_below(chance, 20);
	int r = 0;

	/* somebody else gets a worker meanwhile, or does not */
	if (operation->runs == HYCAN_RUNS_SLOW && chance_below(chance, 4) == 0)
		usleep(200);
	/* whatever goes wrong may go wrong behind part of an answer; what is empty can perhaps not be sent */
	if (operation->list)
		r = answer_list(op, chance, operation->reply, what == 0);
	else if (what != 0 && operation->reply->n_fields > 0)
		make_reply(op, chance, operation->reply, reply);
	if (r != 0)
		return r;
	switch (what) {
	case 1:
		return op_refuse(op, HYCAN_REFUSAL_NOT_FOUND, "name", "There is no link “%s” here.", "x");
	case 2:
		return op_refuse_kernel(op, HYCAN_REFUSAL_KERNEL, NULL, -EPERM, "It cannot be done");
	case 3:
	case 4:
		return -errors[chance_below(chance, N(errors))];
	case 5:
		/* a list that changes all the time */
		return -EINTR;
	case 6:
		return op->memory(op, SIZE_MAX / 4) ? 0 : -ENOMEM;
	}
	return 0;
}

int op_call(const struct hycan_operation *operation, struct op *op, const void *request, void *reply)
{
	struct chance chance = { contents(operation, request) };
	int r;

	CHECK(op->scope);
	switch (operation->number) {
	case HYCAN_OPERATION_SESSION_HELLO:
		return op_session_hello(op, request, reply);
	case HYCAN_OPERATION_SESSION_DESCRIBE:
		return op_session_describe(op, request);
	case HYCAN_OPERATION_SESSION_WHOAMI:
		return op_session_whoami(op, request, reply);
	case HYCAN_OPERATION_SESSION_NETNS:
		return op_session_netns(op, request, reply);
	case HYCAN_OPERATION_SESSION_LIFETIME:
		return op_session_lifetime(op, request);
	case HYCAN_OPERATION_SESSION_ADOPT:
		return op_session_adopt(op, request, reply);
	case HYCAN_OPERATION_SESSION_RENEW:
		return op_session_renew(op, request);
	case HYCAN_OPERATION_DAEMON_STATUS:
		return op_daemon_status(op, request, reply);
	case HYCAN_OPERATION_METRICS_GET:
		return op_metrics_get(op, request);
	case HYCAN_OPERATION_OBJECT_LIST:
		return op_object_list(op, request);
	case HYCAN_OPERATION_OBJECT_REPLACE_BEGIN:
		return op_object_replace_begin(op, request);
	case HYCAN_OPERATION_OBJECT_REPLACE_END:
		return op_object_replace_end(op, request, reply);
	case HYCAN_OPERATION_OBJECT_CLEAR:
		return op_object_clear(op, request, reply);
	case HYCAN_OPERATION_TRANSACTION_RUN:
		return op_transaction_run(op, request, reply);
	case HYCAN_OPERATION_TRANSACTION_CONFIRM:
		return op_transaction_confirm(op, request);
	case HYCAN_OPERATION_TRANSACTION_CANCEL:
		return op_transaction_cancel(op, request);
	case HYCAN_OPERATION_TRANSACTION_LIST:
		return op_transaction_list(op, request);
	}
	/* what comes later comes from a thread, and would come at another time whenever the input is tried again */
	if (operation->stream)
		return op_refuse(op, HYCAN_REFUSAL_LIMIT, NULL, "Nothing is told here.");
	if (operation->number == HYCAN_OPERATION_EVENT_UNSUBSCRIBE)
		return op_event_unsubscribe(op, request);
	tell_ledger(operation, op, &chance, request);
	r = operation->access == HYCAN_ACCESS_WRITE ? before_change(operation, op, &chance, request) : 0;
	if (r != 0)
		return r < 0 || op->refusal ? r : 0;
	return answer(operation, op, &chance, reply);
}

/* The kernel's own messages: each byte is there, and what is told of them is a route. */
int op_read_routes(struct op *op, const void *messages, size_t size, void *ret_request)
{
	CHECK(op->scope);
	(void)messages;
	(void)size;
	memset(ret_request, 0, sizeof(struct hycan_route_replace_request));
	return 0;
}

bool op_same_routes(const void *messages, size_t size, const void *others, size_t others_size)
{
	return size == others_size && memcmp(messages, others, size) == 0;
}

int op_put_back_routes(struct op *op, const void *messages, size_t size, void *ret_request)
{
	struct hycan_route_replace_request *request = ret_request;
	struct chance chance = { 1 };

	CHECK(op->scope);
	for (size_t i = 0; i < size; i++)
		chance.state = chance.state * 31 + ((const uint8_t *)messages)[i];
	memset(request, 0, sizeof(*request));
	request->route.destination.address.family = AF_INET;
	return chance_below(&chance, 4) ? 0 : -EINVAL;
}

int op_put_back_along(struct op *op, uint32_t what, const char *link, const void *bytes, size_t size)
{
	CHECK(op->scope && (!*link || strcmp(link, "a link") == 0) && what == OP_ALONG_SYSCTLS && size < 6);
	CHECK(memcmp(bytes, "along", size) == 0);
	return 0;
}

/* What goes along: mostly something, and sometimes not all of it can be there again. */
struct op_restate {
	struct chance chance;
};

int op_restate_keep(struct op *op, uint32_t round, struct op_restate **ret_restate)
{
	struct chance chance = { round + 1 };

	CHECK(op->scope);
	*ret_restate = NULL;
	if (!chance_below(&chance, 4))
		return chance_below(&chance, 2) ? 0 : -EIO;
	*ret_restate = malloc(sizeof(**ret_restate));
	CHECK(*ret_restate);
	(*ret_restate)->chance = chance;
	return 0;
}

int op_restate_tell(const struct op_restate *kept, op_restated_told *told, void *userdata)
{
	struct chance chance = kept->chance;
	const struct hycan_link_address address = { .link = "v0" };
	int r = chance_below(&chance, 2) ? told(&(struct op_restated){ .address = &address }, userdata) : 0;

	return r ? r : told(&(struct op_restated){ .messages = "routes", .size = sizeof("routes") }, userdata);
}

int op_restate_add(struct op *op, const struct op_restated *restated, struct op_restate **restate)
{
	CHECK(op->scope && (restated->address || restated->size == 0 || restated->messages));
	if (!*restate)
		*restate = calloc(1, sizeof(**restate));
	CHECK(*restate);
	return 0;
}

int op_restate(struct op *op, struct op_restate *kept, uint32_t *ret_lost)
{
	*ret_lost = chance_below(&kept->chance, 3) ? 0 : 1;
	return *ret_lost ? op_refuse(op, HYCAN_REFUSAL_INVALID, "address", "It is not there again.") : 0;
}

void op_restate_free(struct op_restate **restate)
{
	free(*restate);
	*restate = NULL;
}

/* ------------------------------------------------------------------------------------------------- the log, the users */

/* Everything is written, and every line is one. */
bool log_enabled(int priority)
{
	return priority <= LOG_DEBUG;
}

static void check_line(const char *text)
{
	for (; *text; text++)
		CHECK((unsigned char)*text >= 0x20 && *text != 0x7f);
}

void log_write(int priority, const char *format, ...)
{
	char text[512];
	va_list ap;

	(void)priority;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	check_line(text);
}

void log_audit(int priority, const struct log_audit *audit)
{
	CHECK(priority <= LOG_DEBUG);
	CHECK(audit->operation[0] && audit->result[0]);
	check_line(audit->object);
	check_line(audit->result);
	check_line(audit->sentence);
}

void log_audit_as(int priority, const struct log_audit *audit, const char *format, ...)
{
	char text[1024];
	va_list ap;

	CHECK(priority <= LOG_DEBUG);
	CHECK(audit->operation[0] && audit->object[0] && audit->result[0]);
	check_line(audit->object);
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	check_line(text);
}

/* Tokens that an input can know: the first of a run is of ones, the second of twos. */
static atomic_uint n_tokens;

void fuzz_forget_tokens(void)
{
	n_tokens = 0;
}

ssize_t getrandom(void *bytes, size_t size, unsigned int flags)
{
	(void)flags;
	memset(bytes, size == 16 ? (int)++n_tokens : 1, size);
	return (ssize_t)size;
}

/* A link that comes late does not come later here. */
int nanosleep(const struct timespec *time, struct timespec *rest)
{
	(void)time, (void)rest;
	return 0;
}

/* The users of this machine do not matter. */
int getpwnam_r(const char *name, struct passwd *entry, char *buffer, size_t size, struct passwd **ret_entry)
{
	(void)name, (void)entry, (void)buffer, (void)size;
	*ret_entry = NULL;
	return 0;
}

int getpwuid_r(uid_t uid, struct passwd *entry, char *buffer, size_t size, struct passwd **ret_entry)
{
	(void)uid, (void)buffer, (void)size;
	entry->pw_name = (char *)"fuzzer";
	*ret_entry = entry;
	return 0;
}

int getgrnam_r(const char *name, struct group *entry, char *buffer, size_t size, struct group **ret_entry)
{
	(void)name, (void)entry, (void)buffer, (void)size;
	*ret_entry = NULL;
	return 0;
}

void kernel_scope_forget_plan(struct kernel_scope *scope)
{
	(void)scope;
}
