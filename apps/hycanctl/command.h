/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A command: what the words of a call of hycanctl mean, and what becomes of it.
 *
 * main.c makes it of the words, run.c does it, and report.c says why it could not be.
 */
#ifndef HYCANCTL_COMMAND_H
#define HYCANCTL_COMMAND_H

#include <stdbool.h>

#include "apply.h"
#include "options.h"
#include "problem.h"

struct hycan;
struct hycan_operation;

/* What hycanctl exits with. */
enum status {
	STATUS_DONE = 0,
	STATUS_REFUSED = 1,
	STATUS_USAGE = 2,
	STATUS_NO_DAEMON = 3,
	STATUS_UNKNOWN = 4,
};

struct command {
	struct options options;
	bool json; /* the form of errors */
	const char *noun;
	const char *verb;
	const struct hycan_operation *operation;
	void *request;
	struct apply *apply; /* a file of many, instead of one operation */
	bool exports;
	struct problem problem;
};

/* Does it on a connection of its own. */
enum status command_run(struct command *command);

/* Says what is wrong with the words, and what they may be. */
enum status report_usage(const struct command *command);

/* One word for a result: the schema's of a refusal, the errno's of a failure. A daemon may send one that has none here. */
const char *report_code(int result);

/* What a call that failed with that result comes to: where no answer came, it may be done all the same. */
enum status report_status(int result);

/* A call of operation that did not succeed, or without one a connection that was not made. */
enum status report_failure(const struct command *command, const struct hycan *h, const struct hycan_operation *operation,
                           int result, enum status status);

/* Writes out what was printed. What is lost on its way to a full disk was not shown. */
enum status report_shown(void);

#endif
