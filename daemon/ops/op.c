/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a handler says no, and the scopes for the server. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "array.h"
#include "cleanup.h"
#include "dns.h"
#include "kernel/link.h"
#include "kernel/namespace.h"
#include "kernel/scope.h"
#include "op.h"

__attribute__((format(printf, 4, 0))) static void refuse(struct op *op, enum hycan_refusal refusal, const char *field,
                                                         const char *sentence, va_list ap)
{
	op->refusal = (int)refusal;
	op->field = field;
	vsnprintf(op->sentence, sizeof(op->sentence), sentence, ap);
}

int op_refuse(struct op *op, enum hycan_refusal refusal, const char *field, const char *sentence, ...)
{
	va_list ap;

	va_start(ap, sentence);
	refuse(op, refusal, field, sentence, ap);
	va_end(ap);
	return (int)refusal;
}

bool op_key_fits(const struct op *op, const struct hycan_key *key, const struct hycan_key *is)
{
	return op->fits(op, key, is);
}

int op_refuse_kernel(struct op *op, enum hycan_refusal refusal, const char *field, int error, const char *sentence, ...)
{
	const char *words = kernel_scope_message(op->scope);
	size_t n, length;
	va_list ap;

	va_start(ap, sentence);
	refuse(op, refusal, field, sentence, ap);
	va_end(ap);
	n = strlen(op->sentence);
	if (!words[0])
		words = strerror(-error);
	/* some of the kernel's sentences end as one, and some do not */
	length = strlen(words);
	length -= length > 0 && words[length - 1] == '.';
	snprintf(op->sentence + n, sizeof(op->sentence) - n, ": %.*s.", (int)length, words);
	return (int)refusal;
}

int op_refuse_no_link(struct op *op, const char *field, const char *name)
{
	return op_refuse(op, HYCAN_REFUSAL_NOT_FOUND, field, "There is no link “%s” in this network namespace.", name);
}

bool op_undoable(const struct op *op)
{
	return op->undo;
}

int op_grow(struct op *op, void *array, size_t n, size_t size)
{
	const size_t room = array_room(n);
	void **pp = array, *p;

	if (!room)
		return 0;
	p = op->memory(op, room * size);
	if (!p)
		return -ENOMEM;
	if (n)
		memcpy(p, *pp, n * size);
	*pp = p;
	return 0;
}

void op_came_about(struct op *op, const uint32_t *order, size_t n)
{
	/* what may be taken back is not written down before all of it is done */
	if (op->came_about && !op->undo)
		op->came_about(op, order, n);
}

int op_undo(struct op *op, enum hycan_operation_number number, const void *request)
{
	return op->undo ? op->undo(op, (uint16_t)number, request, false) : 0;
}

int op_undo_in_kernel(struct op *op, enum hycan_operation_number number, const void *request)
{
	return op->undo ? op->undo(op, (uint16_t)number, request, true) : 0;
}

int op_undo_routes(struct op *op, const void *first, const void *messages, size_t size)
{
	return op->undo ? op->undo_routes(op, first, messages, size) : 0;
}

bool op_says_routes(struct op *op, const void *messages, size_t size)
{
	return op->undo && op->says_routes(op, messages, size);
}

int op_undo_along(struct op *op, enum op_along what, const char *link, const void *bytes, size_t size)
{
	return op->undo ? op->undo_along(op, what, link, bytes, size) : 0;
}

int op_check_link_name(struct op *op, const char *field, const char *name)
{
	char own[HYCAN_IFNAME_SIZE];
	int r = kernel_link_own_name(op->scope, name, own);

	if (r < 0)
		return r == -ENODEV ? 0 : r;
	if (strcmp(own, name) == 0)
		return 0;
	return op_refuse(op, HYCAN_REFUSAL_INVALID, field, "“%s” is an alternative name of the link “%s”: call it that.", name,
	                 own);
}

int op_scope_open(struct kernel_scope **ret_scope)
{
	return kernel_scope_open(-1, ret_scope);
}

int op_scope_netns(const struct kernel_scope *scope)
{
	return kernel_scope_netns(scope);
}

int op_namespace_find(uint64_t inode, int *ret_netns)
{
	return kernel_namespace_find(inode, ret_netns);
}

int op_scope_open_in(int netns, struct kernel_scope **ret_scope)
{
	return kernel_scope_open(netns, ret_scope);
}

void op_scope_free(struct kernel_scope **scope)
{
	kernel_scope_free(scope);
}

void op_forget_plan(struct op *op)
{
	kernel_scope_forget_plan(op->scope);
	while (op->n_planned_dns > 0)
		resolver_zone_done(&op->planned_dns[--op->n_planned_dns].zone);
	cleanup_free(&op->planned_dns);
}

int op_scope_delete_links(struct kernel_scope *scope, const char (*names)[HYCAN_IFNAME_SIZE], size_t n)
{
	return kernel_link_delete_many(scope, names, n);
}

uint64_t op_scope_inode(const struct kernel_scope *scope)
{
	return kernel_scope_inode(scope);
}

int op_scope_cookie(struct kernel_scope *scope, uint64_t *ret_cookie)
{
	return kernel_scope_cookie(scope, ret_cookie);
}

struct op_gate op_scope_set_gate(struct kernel_scope *scope, struct op_gate gate)
{
	struct kernel_gate before = kernel_scope_set_gate(
		scope, (struct kernel_gate){ .change = gate.change, .held = gate.held, .userdata = gate.userdata });

	return (struct op_gate){ .change = before.change, .held = before.held, .userdata = before.userdata };
}

enum op_sent op_scope_sent(struct kernel_scope *scope)
{
	switch (kernel_scope_sent(scope)) {
	case KERNEL_SENT_NO_CHANGE:
		return OP_SENT_NO_CHANGE;
	case KERNEL_SENT_CHANGE:
		return OP_SENT_CHANGE;
	case KERNEL_SENT_IN_DOUBT:
		break;
	}
	return OP_SENT_IN_DOUBT;
}

const char *op_scope_message(const struct kernel_scope *scope)
{
	return scope ? kernel_scope_message(scope) : "";
}

bool op_let_go_lost(struct op *op, enum hycan_object_kind kind, const void *request)
{
	return op->server && op->server->let_go_lost(op, kind, request);
}

int op_asked_for(struct op *op, enum hycan_object_kind kind, const void *request, union message *ret_asked)
{
	return op->server ? op->server->asked_for(op, kind, request, ret_asked) : 0;
}

int op_claim(struct op *op, const void *settled)
{
	return op->claim ? op->claim(op, settled) : 0;
}

int op_claim_change(struct op *op, const void *changed)
{
	int r = op_claim(op, changed);

	op->settled = NULL;
	return r;
}
