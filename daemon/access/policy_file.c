/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the policy file, or the built-in policy where there is none.
 *
 * A file that anybody but its owner could have written is not believed, nor one with a single wrong line: half a policy
 * is another policy. The built-in one is the text below, read by the same parser, so that session.whoami can show it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "policy.h"
#include "porter.h"
#include "rule.h"

#define FILE_SIZE_MAX (1u << 20)
#define RULES_MAX     1024u
#define QUOTAS_MAX    1024u

/*
 * A link with the right name is all that the group is given. Its addresses, routes and rules are not in it: a route over
 * vcan0 is a route of the whole machine.
 */
static const char built_in_text[] = "allow @hycan read\n"
				    "allow @hycan link,can,vcan,vxcan name=vcan*,vxcan*\n";

/*
 * Comes last in every policy, so that root needs no rule, and a rule may still say otherwise.
 *
 * The quotas are for what an honest program does not reach and a mad one must not: an eighth of the connections, a quarter
 * of the memory; a million requests at once, as when somebody's routes are all made anew, and 16,667 a second in the long
 * run, which leaves most of a processor to others; objects that are few beside the 4,194,304 of the ledger, and links that
 * are few beside what the kernel deletes in a quarter of a minute.
 */
static const char last_text[] =
	"allow root all\n"
	"quota root connections=unlimited bytes=unlimited requests=unlimited objects=unlimited objects.link=unlimited\n"
	"quota * connections=1024 bytes=64M requests=1000000/min objects=65536 objects.link=1024\n"
	"quota cid:* connections=1024 bytes=64M requests=1000000/min objects=65536 objects.link=1024\n";

__attribute__((format(printf, 3, 4))) static void say(char *reason, size_t size, const char *sentence, ...)
{
	va_list ap;

	va_start(ap, sentence);
	vsnprintf(reason, size, sentence, ap);
	va_end(ap);
}

static int add_rule(struct policy *policy, struct rule *rule)
{
	void *p = reallocarray(policy->rule, policy->n_rules + 1, sizeof(*rule));

	if (!p)
		return -ENOMEM;
	policy->rule = p;
	policy->rule[policy->n_rules++] = *rule;
	*rule = (struct rule){ 0 };
	return 0;
}

static int add_quota(struct policy *policy, struct quota_line *line)
{
	void *p = reallocarray(policy->quota, policy->n_quotas + 1, sizeof(*line));

	if (!p)
		return -ENOMEM;
	policy->quota = p;
	policy->quota[policy->n_quotas++] = *line;
	*line = (struct quota_line){ 0 };
	return 0;
}

static int read_rule(struct policy *policy, struct reader *reader, const char *text, uint32_t line)
{
	_cleanup_(rule_done) struct rule rule = { 0 };
	int r = rule_parse(reader, text, &rule);

	if (r == 0 && policy->n_rules == RULES_MAX && !reader->built_in) {
		line_wrong(reader, "this is rule %u, and %u are the most; join rules with commas, or use a group", RULES_MAX + 1,
		           RULES_MAX);
		return -E2BIG;
	}
	rule.line = line;
	return r < 0 ? r : add_rule(policy, &rule);
}

static int read_quota(struct policy *policy, struct reader *reader, const char *text, uint32_t line)
{
	_cleanup_(quota_line_done) struct quota_line quota = { 0 };
	int r = quota_line_parse(reader, text, &quota);

	if (r == 0 && policy->n_quotas == QUOTAS_MAX && !reader->built_in) {
		line_wrong(reader, "this is line %u with quotas, and %u are the most; use a group", QUOTAS_MAX + 1, QUOTAS_MAX);
		return -E2BIG;
	}
	quota.line = line;
	return r < 0 ? r : add_quota(policy, &quota);
}

static int add_line(struct policy *policy, const char *bytes, size_t length, uint32_t line, bool built_in, char *reason,
                    size_t reason_size)
{
	char what[512] = "", text[LINE_TEXT_MAX + 1];
	struct reader reader = { .built_in = built_in, .reason = what, .reason_size = sizeof(what) };
	int r;

	r = line_tidy(&reader, bytes, length, text);
	if (r == -ENODATA)
		return 0;
	if (r == 0)
		r = (quota_line_begins(text) ? read_quota : read_rule)(policy, &reader, text, built_in ? 0 : line);
	if (r < 0)
		say(reason, reason_size, "%s:%u: %s", policy->path ?: "built-in policy", line, *what ? what : strerror(-r));
	return r;
}

static int add_lines(struct policy *policy, const char *text, size_t size, bool built_in, char *reason, size_t reason_size)
{
	uint32_t line = 1;
	int r = 0;

	for (size_t at = 0; at < size && r == 0; line++) {
		const char *end = memchr(text + at, '\n', size - at);
		size_t length = end ? (size_t)(end - text) - at : size - at;

		r = add_line(policy, text + at, length, line, built_in, reason, reason_size);
		at += length + 1;
	}
	return r;
}

/* Whoever can write the file is root, or the user that the daemon runs as. */
static int check_file(int fd, const char *path, char *reason, size_t reason_size)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode)) {
		say(reason, reason_size, "%s: this is no file; write the rules into one", path);
		return -EINVAL;
	}
	if (st.st_uid != 0 && st.st_uid != geteuid()) {
		say(reason, reason_size, "%s: the file belongs to uid %u; a policy must belong to root: chown root %s", path,
		    st.st_uid, path);
		return -EPERM;
	}
	if (st.st_mode & (S_IWGRP | S_IWOTH)) {
		say(reason, reason_size, "%s: the file can be written by others than its owner: chmod go-w %s", path, path);
		return -EPERM;
	}
	return 0;
}

static int read_all(int fd, char *text, size_t size, size_t *ret_size)
{
	size_t at = 0;

	while (at < size) {
		ssize_t n = read(fd, text + at, size - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		at += (size_t)n;
	}
	*ret_size = at;
	return 0;
}

int policy_open(const char *path, int *ret_fd)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

/* The text of the file. -ENOENT: there is none. */
static int read_file(const char *path, char **ret_text, size_t *ret_size, char *reason, size_t reason_size)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_close_ int fd = -1;
	size_t size = 0;
	int r;

	r = porter_is_there() ? porter_open_policy(&fd) : policy_open(path, &fd);
	if (r < 0)
		return r;
	r = check_file(fd, path, reason, reason_size);
	if (r < 0)
		return r;
	text = malloc(FILE_SIZE_MAX + 1);
	if (!text)
		return -ENOMEM;
	r = read_all(fd, text, FILE_SIZE_MAX + 1, &size);
	if (r < 0)
		return r;
	if (size > FILE_SIZE_MAX) {
		say(reason, reason_size, "%s: the file is larger than %u bytes; shorten it", path, FILE_SIZE_MAX);
		return -EFBIG;
	}
	*ret_text = steal(&text);
	*ret_size = size;
	return 0;
}

static int read_policy(const char *path, struct policy *policy, char *reason, size_t reason_size)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	int r;

	r = path ? read_file(path, &text, &size, reason, reason_size) : -ENOENT;
	if (r < 0 && r != -ENOENT)
		return r;
	if (text) {
		policy->path = strdup(path);
		r = policy->path ? add_lines(policy, text, size, false, reason, reason_size) : -ENOMEM;
	} else {
		r = add_lines(policy, built_in_text, sizeof(built_in_text) - 1, true, reason, reason_size);
	}
	return r < 0 ? r : add_lines(policy, last_text, sizeof(last_text) - 1, true, reason, reason_size);
}

int policy_read(const char *path, struct policy **ret_policy, char *reason, size_t reason_size)
{
	_cleanup_(policy_free) struct policy *policy = NULL;
	int r;

	policy = calloc(1, sizeof(*policy));
	*reason = '\0';
	r = policy ? read_policy(path, policy, reason, reason_size) : -ENOMEM;
	if (r < 0 && *reason == '\0')
		say(reason, reason_size, "%s: the policy cannot be read: %s", path, strerror(-r));
	if (r == 0)
		*ret_policy = steal(&policy);
	return r;
}
