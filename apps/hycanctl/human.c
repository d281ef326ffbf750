/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Numbers with a unit, as people say them.
 *
 * The schema says the unit of a number in its name or as the first words of its meaning; this is the one place that
 * reads them. A number whose unit is not recognised is shown as it is, so nothing is lost when the words change.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "human.h"

enum unit {
	UNIT_NONE,
	UNIT_BYTES,
	UNIT_MILLISECONDS,
	UNIT_SECONDS,
	UNIT_EPOCH, /* seconds since 1970-01-01; 0: never */
	UNIT_BITRATE,
	UNIT_BITS, /* single bits have meanings */
};

static const struct {
	const char *name_ends;
	const char *summary_begins;
	enum unit unit;
} hints[] = {
	{ "_bytes", "", UNIT_BYTES },
	{ "_ms", "", UNIT_MILLISECONDS },
	{ "", "seconds since 1970-01-01", UNIT_EPOCH },
	{ "", "seconds", UNIT_SECONDS },
	{ "", "bits per second", UNIT_BITRATE },
	{ "flags", "", UNIT_BITS },
	{ "mark", "", UNIT_BITS },
	{ "mask", "", UNIT_BITS },
};

static enum unit unit_of(const struct hycan_field *field)
{
	size_t n = strlen(field->name);

	if (field->type != HYCAN_TYPE_UNSIGNED)
		return UNIT_NONE;
	for (size_t i = 0; i < sizeof(hints) / sizeof(*hints); i++) {
		size_t end = strlen(hints[i].name_ends);

		if (n >= end && strcmp(field->name + n - end, hints[i].name_ends) == 0 && field->summary &&
		    strncmp(field->summary, hints[i].summary_begins, strlen(hints[i].summary_begins)) == 0)
			return hints[i].unit;
	}
	return UNIT_NONE;
}

/* “2 days 1 hour”: the two largest units. */
static void add_duration(struct text *text, uint64_t seconds)
{
	static const struct {
		uint64_t seconds;
		const char *name;
	} units[] = { { 86400, "day" }, { 3600, "hour" }, { 60, "minute" }, { 1, "second" } };
	char part[48];
	int shown = 0;

	for (size_t i = 0; i < sizeof(units) / sizeof(*units) && shown < 2; i++) {
		uint64_t n = seconds / units[i].seconds;

		seconds %= units[i].seconds;
		if (n) {
			snprintf(part, sizeof(part), "%s%" PRIu64 " %s%s", shown ? " " : "", n, units[i].name, n == 1 ? "" : "s");
			text_add(text, part);
		}
		if (n || shown)
			shown++;
	}
}

static void add_scaled(struct text *text, double number, double step, const char *const *names)
{
	char part[48];

	while (number >= step && names[1]) {
		number /= step;
		names++;
	}
	snprintf(part, sizeof(part), step == 1000 ? "%.6g %s" : "%.1f %s", number, *names);
	text_add(text, part);
}

void human_add_value(struct text *text, const struct hycan_field *field, const void *value)
{
	/* bytes are written with two digits each; every other value that is not a text is short */
	size_t size = 2 * (size_t)field->size + 128;
	char *plain = malloc(size);

	if (plain && unit_of(field) == UNIT_BITS)
		snprintf(plain, size, "0x%" PRIx64, hycan_value_number(field, value));
	else if (plain)
		hycan_value_format(field, value, plain, size);
	text_add_foreign(text, plain ? plain : "?");
	free(plain);
}

/* “4.2s”, “42s”, “12m30s”, “5h12m”, “3d5h” */
static void add_short_duration(struct text *text, uint64_t ms)
{
	const uint64_t s = ms / 1000;
	char part[48];

	if (s < 10)
		snprintf(part, sizeof(part), "%" PRIu64 ".%" PRIu64 "s", s, ms % 1000 / 100);
	else if (s < 60)
		snprintf(part, sizeof(part), "%" PRIu64 "s", s);
	else if (s < 3600)
		snprintf(part, sizeof(part), "%" PRIu64 "m%" PRIu64 "s", s / 60, s % 60);
	else if (s < 86400)
		snprintf(part, sizeof(part), "%" PRIu64 "h%" PRIu64 "m", s / 3600, s % 3600 / 60);
	else
		snprintf(part, sizeof(part), "%" PRIu64 "d%" PRIu64 "h", s / 86400, s % 86400 / 3600);
	text_add(text, part);
}

void human_add_cell(struct text *text, const struct hycan_field *field, const void *value)
{
	if (unit_of(field) == UNIT_MILLISECONDS)
		add_short_duration(text, hycan_value_number(field, value));
	else
		human_add_value(text, field, value);
}

void human_add_name(struct text *text, const struct hycan_field *field)
{
	char name[64];

	snprintf(name, sizeof(name), "%s", field->name);
	if (unit_of(field) == UNIT_MILLISECONDS)
		name[strlen(name) - strlen("_ms")] = '\0';
	text_add(text, name);
}

static void add_ago(struct text *text, uint64_t then)
{
	uint64_t now = (uint64_t)time(NULL);

	if (then == 0) {
		text_add(text, " (never)");
	} else if (then >= now) {
		text_add(text, " (now)");
	} else {
		text_add(text, " (");
		add_duration(text, now - then);
		text_add(text, " ago)");
	}
}

void human_add_remark(struct text *text, const struct hycan_field *field, const void *value)
{
	static const char *const bytes[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", NULL };
	static const char *const bits[] = { "bit/s", "kbit/s", "Mbit/s", "Gbit/s", NULL };
	enum unit unit = unit_of(field);
	uint64_t n = unit == UNIT_NONE ? 0 : hycan_value_number(field, value);

	if (unit == UNIT_EPOCH)
		add_ago(text, n);
	if ((unit == UNIT_BYTES && n >= 1024) || (unit == UNIT_BITRATE && n >= 1000)) {
		text_add(text, " (");
		add_scaled(text, (double)n, unit == UNIT_BYTES ? 1024 : 1000, unit == UNIT_BYTES ? bytes : bits);
		text_add(text, ")");
	}
	if ((unit == UNIT_MILLISECONDS && n >= 1000) || (unit == UNIT_SECONDS && n >= 60)) {
		text_add(text, " (");
		add_duration(text, unit == UNIT_MILLISECONDS ? n / 1000 : n);
		text_add(text, ")");
	}
}
