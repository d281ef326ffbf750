/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The policy: its file, and what it says about a request.
 *
 *   [operation] [who asks] [four bytes: seed of the request] the file
 *
 * A rule in front of all others decides, whatever stands behind it. The rules that session.whoami shows to a caller, read
 * again as a file, say the same about the caller as the file did.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "messages.h"
#include "policy.h"

/* --------------------------------------------------------------------------------------- the users of another machine */

static const struct {
	const char *name;
	id_t id;
} users[] = { { "alice", 1000 }, { "bob", 1001 }, { "daemon", 1 } }, groups[] = { { "staff", 50 }, { "hycan", 900 } };

static gid_t staff[] = { 7, 50 }, hycan[] = { 900 };

/* Another machine (core/subject.h). */
#define MACHINE (UINT64_C(1) << 32)

static const struct identity identities[] = {
	{ .subject = 0, .gid = 0 },
	{ .subject = 1000, .gid = 1000, .groups = staff, .n_groups = 2 },
	{ .subject = 1001, .gid = 50 },
	{ .subject = 1002, .gid = 1002, .groups = hycan, .n_groups = 1 },
	{ .subject = 4711, .gid = 4711 },
	{ .subject = UINT32_MAX - 1, .gid = UINT32_MAX - 1 },
	{ .subject = MACHINE | 1000, .gid = UINT32_MAX },
	{ .subject = MACHINE, .privileged = true, .gid = UINT32_MAX },
};

int getpwnam_r(const char *name, struct passwd *entry, char *buffer, size_t size, struct passwd **ret_entry)
{
	(void)buffer;
	(void)size;
	*ret_entry = NULL;
	for (size_t i = 0; i < N(users); i++)
		if (strcmp(users[i].name, name) == 0) {
			entry->pw_uid = users[i].id;
			*ret_entry = entry;
		}
	return 0;
}

int getgrnam_r(const char *name, struct group *entry, char *buffer, size_t size, struct group **ret_entry)
{
	(void)buffer;
	(void)size;
	*ret_entry = NULL;
	for (size_t i = 0; i < N(groups); i++)
		if (strcmp(groups[i].name, name) == 0) {
			entry->gr_gid = groups[i].id;
			*ret_entry = entry;
		}
	return 0;
}

/* ------------------------------------------------------------------------------------------------------------ the file */

/* Reads the text as a file; NULL where it is refused. */
static struct policy *read_text(const char *text, size_t size)
{
	static int fd = -1;
	struct policy *policy = NULL;
	char path[64], reason[512];
	int r;

	if (fd < 0) {
		fd = memfd_create("policy.conf", MFD_CLOEXEC);
		CHECK(fd >= 0 && fchmod(fd, 0600) == 0);
	}
	CHECK(ftruncate(fd, 0) == 0 && pwrite(fd, text, size, 0) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	memset(reason, 'x', sizeof(reason));
	r = policy_read(path, &policy, reason, sizeof(reason));
	CHECK(strnlen(reason, sizeof(reason)) < sizeof(reason));
	CHECK((r == 0) == (policy != NULL) && (r == 0) == (reason[0] == '\0'));
	if (r < 0)
		CHECK(strncmp(reason, path, strlen(path)) == 0);
	return policy;
}

/* The same with one line more. */
static struct policy *read_with(const char *line, bool front, const char *text, size_t size)
{
	size_t length = strlen(line);
	char *all = malloc(length + size + 1);
	struct policy *policy;

	CHECK(all);
	memcpy(all + (front ? 0 : size + 1), line, length);
	memcpy(all + (front ? length : 0), text, size);
	if (!front)
		all[size] = '\n';
	policy = read_text(all, length + size + !front);
	free(all);
	return policy;
}

struct question {
	const struct identity *identity;
	const struct hycan_operation *operation;
	const void *request;
};

/* Of whom “*” says nothing. */
static bool is_machine(const struct question *q)
{
	return q->identity->subject & MACHINE;
}

static struct policy_verdict judge(const struct policy *policy, const struct question *q)
{
	struct policy_verdict verdict;

	memset(&verdict, 'x', sizeof(verdict));
	policy_check(policy, q->identity, q->operation, q->request, &verdict);
	CHECK(strnlen(verdict.reason, sizeof(verdict.reason)) < sizeof(verdict.reason));
	CHECK(verdict.allowed == (verdict.reason[0] == '\0'));
	if (q->operation->access == HYCAN_ACCESS_OPEN && !is_machine(q))
		CHECK(verdict.allowed);
	return verdict;
}

/* ---------------------------------------------------------------------------------------------------------- the promises */

static void check_first_rule(const char *text, size_t size, const struct question *q, bool allow)
{
	const char *rule =
		is_machine(q) ? (allow ? "allow cid:* all\n" : "deny cid:* all\n") : (allow ? "allow * all\n" : "deny * all\n");
	struct policy *policy = read_with(rule, true, text, size);
	struct policy_verdict verdict;

	/* as many rules as there may be, and one more */
	if (!policy)
		return;
	verdict = judge(policy, q);
	if (q->operation->access != HYCAN_ACCESS_OPEN)
		CHECK(verdict.allowed == allow && verdict.line == 1);
	policy_free(&policy);
}

/* What stands behind all the others changes nothing for who is decided about already. */
static void check_last_rule(const char *text, size_t size, const struct question *q, const struct policy_verdict *before)
{
	struct policy *policy = read_with(is_machine(q) ? "allow cid:* all" : "allow * all", false, text, size);
	struct policy_verdict verdict;

	if (!policy)
		return;
	verdict = judge(policy, q);
	if (q->operation->access != HYCAN_ACCESS_OPEN)
		CHECK(verdict.allowed == (before->allowed || before->line == 0));
	policy_free(&policy);
}

static int note(uint32_t line, const char *text, void *userdata)
{
	CHECK(strlen(text) <= 511);
	/* the built-in one comes last, and is there anyway */
	if (line > 0)
		fprintf(userdata, "%s\n", text);
	return 0;
}

static void check_shown_rules(const struct policy *policy, const struct question *q, bool allowed)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	struct policy *shown;

	CHECK(out);
	CHECK(policy_visit_rules(policy, q->identity, note, out) == 0);
	fclose(out);
	shown = read_text(text, size);
	CHECK(shown);
	CHECK(judge(shown, q).allowed == allowed);
	policy_free(&shown);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static _Alignas(max_align_t) uint8_t memory[1 << 18];
	struct material input = { data, size };
	const struct hycan_operation *operation = material_operation(&input);
	const struct identity *identity = &identities[material_byte(&input) % N(identities)];
	struct sample sample = { .memory = { .base = memory, .size = sizeof(memory) } };
	union message request;
	struct question q = { identity, operation, &request };
	struct policy_verdict verdict;
	struct policy *policy;
	const char *text;

	for (int i = 0; i < 4; i++)
		sample.chance.state = sample.chance.state << 8 | material_byte(&input);
	sample_structure(&sample, operation->request, &request);
	text = (const char *)input.data;
	policy = read_text(text, input.size);
	if (!policy)
		return 0;
	verdict = judge(policy, &q);
	check_shown_rules(policy, &q, verdict.allowed);
	check_first_rule(text, input.size, &q, true);
	check_first_rule(text, input.size, &q, false);
	check_last_rule(text, input.size, &q, &verdict);
	policy_free(&policy);
	return 0;
}

/* ------------------------------------------------------------------------------------------------------------ mutation */

#define ONE_OF(chance, words) words[chance_below(chance, N(words))]

/* A rule that may well be right; returns its length. */
static size_t make_rule(struct chance *chance, char *line, size_t size)
{
	static const char *const who[] = { "*",    "root", "alice",  "@staff",   "@hycan",    "1001",
		                           "4711", "@7",   "nobody", "cid:1000", "cid:*:root" };
	static const char *const what[] = { "all", "read", "write", "link.*", "*.add" };
	static const char *const conditions[] = {
		" name=vcan*,eth0",
		" name=lo",
		" name=?",
		" name=[a-v]*",
		" prefix=10.0.0.0/8",
		" prefix=0.0.0.0/0",
		" prefix=::/0,10.10.0.0/16",
		" prefix=0a00::/8",
		" port=1-65535",
		" port=80,8000-8999",
		" table=main",
		" table=100-199,254",
		" table=1-4294967295",
	};
	size_t n_operations, n;
	const struct hycan_operation *const *operations = hycan_operations(&n_operations);
	const struct hycan_operation *operation = operations[chance_below(chance, n_operations)];
	const char *word = chance_below(chance, 3) == 0   ? ONE_OF(chance, what)
	                   : chance_below(chance, 2) == 0 ? operation->name
	                                                  : operation->policy_class;

	n = (size_t)snprintf(line, size, "%s %s %s", chance_below(chance, 2) ? "deny" : "allow", ONE_OF(chance, who), word);
	for (size_t i = chance_below(chance, 3); i > 0; i--)
		n += (size_t)snprintf(line + n, size - n, "%s", ONE_OF(chance, conditions));
	n += (size_t)snprintf(line + n, size - n, "\n");
	return n;
}

/* Puts a rule in front of a line, or in its place. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	struct chance chance = { seed };
	uint8_t rest[1 << 14];
	char line[512];
	size_t at = 6, n, behind;

	if (size < 6 || chance_below(&chance, 3) == 0)
		return LLVMFuzzerMutate(data, size, max_size);
	/* who asks for what may change too */
	data[chance_below(&chance, 6)] ^= (uint8_t)chance_below(&chance, 256);
	for (size_t i = 6, lines = 1; i < size; i++)
		if (data[i] == '\n' && chance_below(&chance, ++lines) == 0)
			at = i + 1;
	n = make_rule(&chance, line, sizeof(line));
	behind = size - at;
	if (behind > sizeof(rest))
		return size;
	memcpy(rest, data + at, behind);
	if (chance_below(&chance, 2)) {
		const uint8_t *end = memchr(rest, '\n', behind);
		size_t gone = end ? (size_t)(end - rest) + 1 : behind;

		behind -= gone;
		memmove(rest, rest + gone, behind);
	}
	if (at + n + behind > max_size)
		return size;
	memcpy(data + at, line, n);
	memcpy(data + at + n, rest, behind);
	return at + n + behind;
}
