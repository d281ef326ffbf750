/* SPDX-License-Identifier: BSD-3-Clause */
/* What the daemon sends back. */
#ifndef LIBCLIENT_ANSWER_H
#define LIBCLIENT_ANSWER_H

#include "connection.h"

/*
 * Takes every whole frame that was received to the request that it answers. Returns 0; or, when the connection must end, a
 * refusal or -errno with the sentence in h->failure.
 */
int answer_all(struct hycan *h);

#endif
