/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the client was answered, as text that can be compared.
 *
 * Left out is what is another one each time: what counts, what tells a time, whose process it is, tokens, namespaces.
 * And whether all is well, which it is not while something fails.
 */
#ifndef FAULTS_ANSWER_H
#define FAULTS_ANSWER_H

#include <hycan/client.h>

/* Of a list n of them, in order; free() it. */
char *answer_text(const struct hycan_operation *operation, const void *reply, size_t n);

/* Somebody who has subscribed, and those who did so before on the same connection; as long as that is open. */
struct answer_listener {
	struct answer_listener *former;
	char *text; /* what there is, as the last snapshot says */
	bool complete;
	bool ended;
	int result;
};

/* Subscribes, and hears the snapshot. 0, a refusal, or -errno. */
int answer_listen(struct answer_listener **listeners, struct hycan *h, const struct hycan_operation *operation,
                  const void *request);

/* Hears what was told since, and what there is by that: free() it. 0, or why the subscription has ended. */
int answer_hear(struct answer_listener *listener, struct hycan *h, char **ret_text);

/* Behind the end of the connection. */
void answer_listeners_free(struct answer_listener **listeners);

#endif
