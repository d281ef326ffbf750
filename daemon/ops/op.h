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

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <hycan/types.h>

struct kernel_scope;
struct op;

/* What the server does for the operations that are about the server itself. */
struct op_server {
	int (*hello)(struct op *op, const char *client, struct hycan_session_hello_reply *reply);
	int (*whoami)(struct op *op, struct hycan_session_whoami_reply *reply);
	int (*status)(struct op *op, struct hycan_daemon_status_reply *reply);

	/* Later requests of the connection act in that scope, which is the server's from now on. */
	void (*enter)(struct op *op, struct kernel_scope *scope);
};

struct op {
	struct kernel_scope *scope; /* the namespace to act in */
	uid_t uid;                  /* who asks */
	bool exclusive;             /* “create” means create: what is there already is refused, even if it is the same */
	const struct op_server *server;

	/* Sends one answer of a list: a structure of the operation's reply. 0 or -errno. */
	int (*answer)(struct op *op, const void *item);

	/* Memory for lists in the reply, zeroed; it lives until the answer is written. NULL when there is none. */
	void *(*memory)(struct op *op, size_t size);

	/* the refusal, by op_refuse() */
	int refusal;
	const char *field;
	char sentence[256];
};

/* The scopes of the kernel room, for the server, which does not know that room. */
int op_scope_open(struct kernel_scope **ret_scope);
void op_scope_free(struct kernel_scope **scope);

/* Inode of its namespace (stat(2)). */
uint64_t op_scope_inode(const struct kernel_scope *scope);

/* The kernel's words about what failed last in a scope, or "". */
const char *op_scope_message(const struct kernel_scope *scope);

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

/* Refuses because there is no link of that name. */
int op_refuse_no_link(struct op *op, const char *field, const char *name);

#endif
