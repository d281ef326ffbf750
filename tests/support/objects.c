/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the ledger has, as object.list tells. */
#include "objects.h"
#include "clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define DEADLINE_MS 20000

size_t objects_count(struct hycan *h)
{
	struct hycan_object *objects = NULL;
	size_t n = 0;

	assert_done(h, hycan_object_list(h, NULL, &objects, &n));
	free(objects);
	return n;
}

char *objects_text(struct hycan *h, const struct hycan_object_list_options *options)
{
	struct hycan_object *objects = NULL;
	char *text = NULL;
	size_t n = 0, size;
	FILE *file = open_memstream(&text, &size);

	assert_non_null(file);
	assert_done(h, hycan_object_list(h, options, &objects, &n));
	for (size_t i = 0; i < n; i++)
		fprintf(file, "%s %s\n", object_kind_name(objects[i].kind), objects[i].identity);
	free(objects);
	assert_int_equal(fclose(file), 0);
	return text;
}

void objects_expect(struct hycan *h, enum hycan_object_kind kind, size_t n_expected, size_t unconfirmed)
{
	const struct hycan_object_list_options options = { .has_kind = true, .kind = kind };
	struct hycan_object *list = NULL;
	size_t n = 0;

	assert_done(h, hycan_object_list(h, &options, &list, &n));
	assert_int_equal(n, n_expected);
	for (size_t i = 0; i < n; i++) {
		assert_true(!list[i].has_unconfirmed_ms || (list[i].unconfirmed_ms > 0 && list[i].unconfirmed_ms <= 600000));
		unconfirmed -= list[i].has_unconfirmed_ms;
	}
	assert_int_equal(unconfirmed, 0);
	free(list);
}

void objects_wait(struct hycan *h, size_t n)
{
	const int64_t deadline = now_ms() + DEADLINE_MS * SLOWEST;
	char *text;
	size_t now;

	while ((now = objects_count(h)) != n && now_ms() < deadline)
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	if (now != n) {
		text = objects_text(h, NULL);
		fail_msg("%zu objects instead of %zu:\n%s", now, n, text);
	}
}
