/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where messages go is decided once: to the journal if standard error leads there (JOURNAL_STREAM, systemd.exec(5)),
 * otherwise to standard error as text.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The journal's own notion of file and line says nothing here: every message comes from this file. */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "log.h"
#include "subject.h"

static int max_level = LOG_INFO;

void log_set_level(int level)
{
	max_level = level;
}

int log_level_parse(const char *text, int *ret_level)
{
	static const char *const names[] = { "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug" };

	for (int i = 0; i <= LOG_DEBUG; i++)
		if (strcmp(text, names[i]) == 0 || (text[0] == '0' + i && !text[1])) {
			*ret_level = i;
			return 0;
		}
	return -EINVAL;
}

bool log_enabled(int priority)
{
	return priority <= max_level;
}

static bool to_journal(void)
{
	static atomic_int known = -1;
	const char *stream = getenv("JOURNAL_STREAM");
	char text[48];
	struct stat st;

	if (known < 0) {
		known = stream && fstat(STDERR_FILENO, &st) == 0;
		if (known) {
			snprintf(text, sizeof(text), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
			known = strcmp(stream, text) == 0;
		}
	}
	return known;
}

/* Writes a line to standard error, or counts it as lost: nobody waits for a pipe or a terminal that is not read. */
__attribute__((format(printf, 1, 2))) static void to_stderr(const char *format, ...)
{
	static atomic_ulong lost;
	struct pollfd writable = { .fd = STDERR_FILENO, .events = POLLOUT };
	unsigned long n;
	va_list ap;

	if (poll(&writable, 1, 0) == 0) {
		atomic_fetch_add(&lost, 1);
		return;
	}
	n = atomic_exchange(&lost, 0);
	if (n)
		fprintf(stderr, "hycan_daemon: %lu messages were lost, since nobody read them.\n", n);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
}

void log_write(int priority, const char *format, ...)
{
	char text[512];
	va_list ap;

	if (!log_enabled(priority))
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	if (to_journal())
		sd_journal_send("PRIORITY=%i", priority, "MESSAGE=%s", text, NULL);
	else
		to_stderr("hycan_daemon: %s\n", text);
}

static const char *word(const char *text)
{
	return text ? text : "";
}

static void to_journal_with_fields(int priority, const char *text, const struct log_audit *a)
{
	sd_journal_send("PRIORITY=%i", priority, "MESSAGE=%s", text, "HYCAN_OPERATION=%s", word(a->operation), "HYCAN_OBJECT=%s",
	                word(a->object), "HYCAN_REQUEST=%s", word(a->request), "HYCAN_RESULT=%s", word(a->result),
	                subject_is_machine(a->subject) ? "HYCAN_CID=%u" : "HYCAN_UID=%u", subject_cid(a->subject), "HYCAN_PID=%d",
	                a->pid, "HYCAN_NETNS=%" PRIu64, a->netns, "HYCAN_DURATION_US=%" PRIu64, a->duration_us, "HYCAN_CAUSE=%s",
	                word(a->cause), NULL);
}

void log_audit(int priority, const struct log_audit *a)
{
	const char *object = word(a->object), *cause = word(a->cause), *sentence = word(a->sentence);
	char text[1024];

	if (!log_enabled(priority))
		return;
	snprintf(text, sizeof(text), "%s%s%s %s %s (pid %d)%s%s: %s%s%s", word(a->operation), *object ? " " : "", object,
	         *cause ? "for" : "by", subject_say(a->subject).text, a->pid, *cause ? ", because " : "", cause, word(a->result),
	         *sentence ? ": " : "", sentence);
	if (to_journal())
		to_journal_with_fields(priority, text, a);
	else
		to_stderr("hycan_daemon: %s (%" PRIu64 " us)\n", text, a->duration_us);
}

void log_audit_as(int priority, const struct log_audit *a, const char *format, ...)
{
	char text[1024];
	va_list ap;

	if (!log_enabled(priority))
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	if (to_journal())
		to_journal_with_fields(priority, text, a);
	else
		to_stderr("hycan_daemon: %s\n", text);
}
