/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads a line that sets quotas: quota WHO QUOTA=VALUE…, and says them in the same words.
 *
 * Requests come in bursts, so that one limit is for both: as many as it says at once, and as many again in the time that
 * it says. 600/min is ten a second in the long run, and a program that makes its 600 at the start need not wait.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "messages.h"
#include "number.h"
#include "quota_line.h"

#define WORD "quota"

/* Largest number of a line: nobody means more, and sums of it stay far from overflow. */
#define VALUE_MAX (UINT64_C(1) << 40)

/* Requests a period: one a nanosecond at most. */
#define REQUESTS_MAX UINT64_C(1000000000)

_Static_assert(N_QUOTAS <= 32, "a bit for each in quota_line.quotas");

static const char *const names[] = {
	[QUOTA_CONNECTIONS] = "connections",
	[QUOTA_BYTES] = "bytes",
	[QUOTA_REQUESTS] = "requests",
	[QUOTA_OBJECTS] = "objects",
};

static const struct {
	const char *name;
	uint64_t ns;
} periods[] = {
	{ "s", UINT64_C(1000000000) },
	{ "min", UINT64_C(60000000000) },
	{ "h", UINT64_C(3600000000000) },
};

#define N_PERIODS (sizeof(periods) / sizeof(*periods))

/* -------------------------------------------------------------------------------------------------------------- names */

static const struct hycan_enumeration *kinds(void)
{
	return operation_object_list.request->field[0].enumeration;
}

const char *quota_name(unsigned int quota, char *text, size_t size)
{
	const struct hycan_enumeration *e = kinds();

	if (quota <= QUOTA_OBJECTS)
		return names[quota];
	for (size_t i = 0; i < e->n_enumerators; i++)
		if (e->enumerator[i].number == quota - QUOTA_OBJECTS) {
			snprintf(text, size, "%s.%s", names[QUOTA_OBJECTS], e->enumerator[i].name);
			return text;
		}
	return NULL;
}

/* N_QUOTAS: none is called so. */
static unsigned int quota_by_name(const char *name)
{
	char text[64];

	for (unsigned int quota = 0; quota < N_QUOTAS; quota++) {
		const char *other = quota_name(quota, text, sizeof(text));

		if (other && strcmp(other, name) == 0)
			return quota;
	}
	return N_QUOTAS;
}

/* “link, address, …” */
static const char *list_kinds(char *text, size_t size)
{
	const struct hycan_enumeration *e = kinds();
	size_t at = 0;

	for (size_t i = 0; i < e->n_enumerators && at < size; i++)
		at += (size_t)snprintf(text + at, size - at, "%s%s", at ? ", " : "", e->enumerator[i].name);
	return text;
}

/* ------------------------------------------------------------------------------------------------------------- values */

/* A number of bytes, or of KiB, MiB or GiB. */
static int parse_size(const char *text, uint64_t *ret_value)
{
	static const char units[] = "KMG";
	size_t length = strlen(text);
	const char *unit = length ? strchr(units, text[length - 1]) : NULL;
	unsigned int shift = unit && *unit ? 10 * (unsigned int)(unit - units + 1) : 0;
	uint64_t value;
	int r = number_parse(text, shift ? length - 1 : length, VALUE_MAX >> shift, &value);

	if (r == 0)
		*ret_value = value << shift;
	return r;
}

/* “N/s”, “N/min”, “N/h” */
static int parse_rate(const char *text, uint64_t *ret_value, uint64_t *ret_period_ns)
{
	const char *slash = strchr(text, '/');
	uint64_t value;

	for (size_t i = 0; slash && i < N_PERIODS; i++) {
		if (strcmp(slash + 1, periods[i].name) != 0)
			continue;
		if (number_parse(text, (size_t)(slash - text), REQUESTS_MAX, &value) < 0 || value == 0)
			return -EINVAL;
		*ret_value = value;
		*ret_period_ns = periods[i].ns;
		return 0;
	}
	return -EINVAL;
}

static int parse_value(struct reader *reader, struct quota_line *line, unsigned int quota, const char *text)
{
	uint64_t *value = &line->value[quota];

	if (strcmp(text, "unlimited") == 0) {
		*value = QUOTA_UNLIMITED;
		return 0;
	}
	if (quota == QUOTA_REQUESTS)
		return parse_rate(text, value, &line->period_ns) == 0
		               ? 0
		               : line_wrong(reader,
		                            "“%s” is no number of requests; write one such as 100/s, 6000/min or 10000/h, "
		                            "or unlimited",
		                            text);
	if (quota == QUOTA_BYTES)
		return parse_size(text, value) == 0
		               ? 0
		               : line_wrong(reader, "“%s” is no size; write one such as 65536, 64K, 16M or 1G, or unlimited", text);
	return number_parse(text, strlen(text), VALUE_MAX, value) == 0
	               ? 0
	               : line_wrong(reader, "“%s” is no number; write one such as 100, or unlimited", text);
}

static int parse_word(struct reader *reader, struct quota_line *line, char *word)
{
	char *value = strchr(word, '='), list[256];
	unsigned int quota;

	if (value)
		*value++ = '\0';
	quota = quota_by_name(word);
	if (quota == N_QUOTAS && strncmp(word, "objects.", 8) == 0)
		return line_wrong(reader, "“%s”: there are no objects of that kind; write one of: %s", word,
		                  list_kinds(list, sizeof(list)));
	if (!value || quota == N_QUOTAS)
		return line_wrong(reader,
		                  "“%s” is no quota; write connections=, bytes=, requests=, objects= or objects.KIND= "
		                  "with a value",
		                  word);
	if (line->quotas & UINT32_C(1) << quota)
		return line_wrong(reader, "%s= is there twice; take one out", word);
	line->quotas |= UINT32_C(1) << quota;
	return parse_value(reader, line, quota, value);
}

static int parse(struct reader *reader, struct quota_line *line)
{
	_cleanup_free_ char *copy = strdup(line->text);
	char *left = copy, *who, *word;
	int r;

	if (!copy)
		return -ENOMEM;
	(void)strsep(&left, " ");
	who = strsep(&left, " ");
	if (!left)
		return line_wrong(reader, "something is missing behind “%s”; a quota is: quota WHO QUOTA=VALUE...",
		                  who ? who : WORD);
	r = who_parse(reader, who, &line->who);
	while (r == 0 && (word = strsep(&left, " ")))
		r = parse_word(reader, line, word);
	return r;
}

bool quota_line_begins(const char *text)
{
	size_t n = strcspn(text, " ");

	return n == strlen(WORD) && memcmp(text, WORD, n) == 0;
}

int quota_line_parse(struct reader *reader, const char *text, struct quota_line *ret_line)
{
	_cleanup_(quota_line_done) struct quota_line line = { 0 };
	int r;

	line.text = strdup(text);
	r = line.text ? parse(reader, &line) : -ENOMEM;
	if (r < 0)
		return r;
	*ret_line = line;
	line = (struct quota_line){ 0 };
	return 0;
}

void quota_line_done(struct quota_line *line)
{
	free(line->text);
	*line = (struct quota_line){ 0 };
}

uint32_t quota_limit_line(const struct quota_limit *limit)
{
	return limit->line ? limit->line->line : 0;
}

static void format_size(uint64_t value, char *text, size_t size)
{
	static const char *const units[] = { "", "K", "M", "G" };
	size_t unit = 0;

	for (; value && value % 1024 == 0 && unit < 3; unit++)
		value /= 1024;
	snprintf(text, size, "%" PRIu64 "%s", value, units[unit]);
}

void quota_format(unsigned int quota, const struct quota_limit *limit, char *text, size_t size)
{
	if (limit->value == QUOTA_UNLIMITED) {
		snprintf(text, size, "unlimited");
		return;
	}
	if (quota == QUOTA_BYTES) {
		format_size(limit->value, text, size);
		return;
	}
	for (size_t i = 0; quota == QUOTA_REQUESTS && i < N_PERIODS; i++)
		if (periods[i].ns == limit->period_ns) {
			snprintf(text, size, "%" PRIu64 "/%s", limit->value, periods[i].name);
			return;
		}
	snprintf(text, size, "%" PRIu64, limit->value);
}
