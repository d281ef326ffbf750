/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asking the daemon for what a case says. */
#ifndef FAULTS_ASK_H
#define FAULTS_ASK_H

#include <hycan/client.h>

#include "answer.h"
#include "case.h"

/* Longer than all of the sweep; seconds. */
#define CONFIRM_WITHIN 86400

/* What was prepared for the request. */
struct case_token {
	/* what it calls TOKEN: of the connection that is gone, of the transaction that waits, or of the subscription */
	char text[64];
	struct hycan *other; /* the connection that ends, or that is made */
	struct answer_listener *listeners;
};

/* What the daemon said. */
struct told {
	int result;   /* 0, a refusal, or -errno */
	bool partly;  /* done, and the answer tells of parts that failed */
	bool killed;  /* the daemon is another one now */
	char *answer; /* of what changes nothing; or NULL */
	char sentence[256];
};

void told_release(struct told *told);

/* Asks for what is tried. */
struct told case_ask(const struct fault_case *c, struct hycan *h, struct case_token *token);

/* Who has subscribed hears what comes behind the answer; the daemon rests. */
void case_hear(struct hycan *h, const struct case_token *token, struct told *told);

/* Asks for what is to be asked behind that; it may be refused. */
void case_go_on(const struct fault_case *c, struct hycan *h, struct case_token *token);

/* The connection beside ends. */
void case_end(struct case_token *token);

/* Asks for each of the lines, which must be done. */
void ask_all(char *const *lines, size_t n, struct hycan *h, struct case_token *token);

#endif
