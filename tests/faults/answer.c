/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers, of whatever operation: the schema says what is in them. */
#include "answer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hycan/operations.h>

#include "clock.h"
#include "request.h"
#include "state.h"
#include "world.h"

/* More than a snapshot of so few things takes on a busy machine, from one event to the next. */
#define SILENCE_MS 60000

static bool differs_each_time(const struct hycan_field *field)
{
	static const char *const names[] = {
		"statistics",
		"rx_bytes",
		"tx_bytes",
		"operations",
		"longest_turn_us",
		"clients",
		"used",
		"line",
		"number",
		"age_ms",
		"uptime_ms",
		"running_ms",
		"remaining_ms",
		"unconfirmed_ms",
		"again_ms",
		"pid",
		"netns",
		"token",
		"serves",
		"message",
		/* of what fails meanwhile these tell */
		"healthy",
		"problems",
		"user",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(field->name, names[i]) == 0)
			return true;
	return field->type == HYCAN_TYPE_PAYLOAD || field->type == HYCAN_TYPE_FD;
}

/* A network's is that of what carries it, too, of which the kernel says so a moment after it is (RFC 2863). */
static bool is_up_of_network(const struct hycan_structure *description, const struct hycan_field *field)
{
	return strcmp(field->name, "up") == 0 && strcmp(description->field[0].name, "vlan_id") == 0;
}

static size_t print_fields(FILE *out, const struct hycan_structure *description, const void *structure);

static void print_value(FILE *out, const struct hycan_field *field, const void *value)
{
	char text[1200];

	fprintf(out, " %s=", field->name);
	if (field->type == HYCAN_TYPE_STRUCT) {
		putc('{', out);
		(void)print_fields(out, field->structure, value);
		fputs(" }", out);
	} else {
		fputs(hycan_value_format(field, value, text, sizeof(text)), out);
	}
}

/* Returns how many values. */
static size_t print_fields(FILE *out, const struct hycan_structure *description, const void *structure)
{
	size_t printed = 0;

	for (uint16_t i = 0; i < description->n_fields; i++) {
		const struct hycan_field *field = &description->field[i];
		const size_t n =
			differs_each_time(field) || is_up_of_network(description, field) ? 0 : request_count(field, structure);

		for (size_t k = 0; k < n; k++)
			print_value(out, field, request_value(field, structure, k));
		printed += n;
	}
	return printed;
}

char *answer_text(const struct hycan_operation *operation, const void *reply, size_t n)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	for (size_t i = 0; reply && i < n; i++)
		if (print_fields(out, operation->reply, (const char *)reply + i * operation->reply->size) > 0)
			putc('\n', out);
	fclose(out);
	return state_sorted(text);
}

static void add(struct answer_listener *listener, const struct hycan_event *event)
{
	char *line = answer_text(hycan_operation_by_name("event.subscribe"), event, 1), *text;

	assert_true(asprintf(&text, "%s%s", listener->text ? listener->text : "", line) >= 0);
	free(line);
	free(listener->text);
	listener->text = text;
}

static void on_event(struct hycan *h, int result, const void *reply, size_t n, void *userdata)
{
	struct answer_listener *listener = userdata;
	const struct hycan_event *event = reply;

	(void)h;
	if (result != 0 || n == 0) {
		listener->ended = true;
		listener->result = result;
		return;
	}
	if (event->what == HYCAN_EVENT_WHAT_SNAPSHOT) {
		free(listener->text);
		listener->text = NULL;
		listener->complete = false;
	}
	if (!listener->complete)
		add(listener, event);
	listener->complete = listener->complete || event->what == HYCAN_EVENT_WHAT_COMPLETE;
}

/* Until a snapshot is complete. */
static int hear(struct answer_listener *listener, struct hycan *h)
{
	int64_t deadline = now_ms() + SILENCE_MS;
	int r = 0;

	while (r >= 0 && !listener->complete && !listener->ended) {
		if (now_ms() > deadline)
			return -ETIMEDOUT;
		r = hycan_wait(h, 100);
		if (r > 0)
			deadline = now_ms() + SILENCE_MS;
	}
	return listener->ended ? listener->result : r < 0 ? r : 0;
}

int answer_listen(struct answer_listener **listeners, struct hycan *h, const struct hycan_operation *operation, const void *request)
{
	struct answer_listener *listener = calloc(1, sizeof(*listener));
	int r;

	assert_non_null(listener);
	listener->former = *listeners;
	*listeners = listener;
	r = hycan_send(h, operation, request, on_event, listener);
	return r < 0 ? r : hear(listener, h);
}

int answer_hear(struct answer_listener *listener, struct hycan *h, char **ret_text)
{
	int r;

	while (!listener->ended && hycan_wait(h, 0) > 0)
		;
	r = hear(listener, h);
	if (r == 0)
		*ret_text = state_sorted(strdup(listener->text));
	return r;
}

void answer_listeners_free(struct answer_listener **listeners)
{
	struct answer_listener *listener;

	while ((listener = *listeners)) {
		*listeners = listener->former;
		free(listener->text);
		free(listener);
	}
}
