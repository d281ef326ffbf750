/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log: to the journal with structured fields when we run under it, else as lines to standard error.
 *
 * Only this room and the server log. Nothing that is a secret in the schema ever comes here.
 */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <syslog.h>

/* Messages above this priority (syslog(3)) are left out. At first LOG_INFO. */
void log_set_level(int level);

/* The level of that name (“debug”, “info”, “notice”, “warning”, “err”) or number. -EINVAL when there is none. */
int log_level_parse(const char *text, int *ret_level);

bool log_enabled(int priority);

__attribute__((format(printf, 2, 3))) void log_write(int priority, const char *format, ...);

/* What is kept of each change: enough to explain the state of the machine. What is NULL counts as "". */
struct log_audit {
	const char *operation; /* “vlan.create”; “drift”: nobody's request */
	const char *object;    /* what it was about: “eth0.100”; or "" */
	const char *request;   /* what was asked for: “parent=eth0 vlan_id=100”; or "" */
	const char *result;    /* “done”, “unchanged”, “let_go”, “gone”, “changed”, or why not */
	const char *sentence;  /* why not; or "" */
	const char *cause;     /* why the daemon did it by itself; or "": it was asked */
	uint64_t subject;      /* who, or for whom */
	pid_t pid;             /* the client's, or the daemon's own */
	uint64_t netns;        /* inode of the network namespace, or 0 */
	uint64_t duration_us;
};

void log_audit(int priority, const struct log_audit *audit);

/* The same in a sentence of its own, for what nobody has asked for just now. */
__attribute__((format(printf, 3, 4))) void log_audit_as(int priority, const struct log_audit *audit, const char *format, ...);

#endif
