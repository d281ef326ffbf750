/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Words for the log.
 *
 * A thing has the name that it has in the ledger, so that one can follow it through the log from the request that made it
 * to what took it away, whoever did.
 *
 * What this file does not do: know any operation, or write anything down.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "job.h"
#include "key.h"
#include "ledger.h"
#include "table.h"
#include "wire.h"
#include "wording.h"

/* Room for one value, or one identity, as text. */
#define WORD_SIZE 512

/* Behind what stands there already. */
__attribute__((format(printf, 3, 4))) static void append(char *text, size_t size, const char *format, ...)
{
	size_t at = strlen(text);
	va_list ap;

	va_start(ap, format);
	vsnprintf(text + at, size - at, format, ap);
	va_end(ap);
}

static void append_key(const struct ledger_key *key, const char *before, char *text, size_t size)
{
	char word[WORD_SIZE];

	key_format(key, word, sizeof(word));
	append(text, size, "%s%s", before, word);
}

/* The first thing of an effect, how many more there are, and the name that it gets. */
static void append_effect(const struct key_view *v, char *text, size_t size)
{
	struct ledger_key key;

	key_of(v, 0, &key);
	append_key(&key, *text ? ", " : "", text, size);
	if (v->n_items > 1)
		append(text, size, " and %zu more", v->n_items - 1);
	if (v->effect->does == OP_RENAMES && key_of_link(v, 0, &key))
		append_key(&key, " to ", text, size);
}

/* What only changes counts where nothing comes or goes: an address is added to a link, too, and the address is meant. */
static void append_effects(struct job *job, bool changes, char *text, size_t size)
{
	size_t n;
	const struct op_effect *effects = op_effects(job->operation, &n);

	for (size_t i = 0; i < n; i++) {
		struct key_view v;

		if (effects[i].n_parts == 0 || (effects[i].does == OP_CHANGES) != changes)
			continue;
		v = key_view(job, &effects[i]);
		if (!v.absent && v.n_items > 0)
			append_effect(&v, text, size);
	}
}

void wording_object(struct job *job, char *text, size_t size)
{
	const struct hycan_structure *s = job->operation->request;
	const void *settled = job->op.settled;
	char word[WORD_SIZE];

	text[0] = '\0';
	/* its request is gone by now */
	if (job_failed_at_step(job)) {
		snprintf(text, size, "%s", job->step_object);
		return;
	}
	/* what was not decoded to its end has no values to show */
	if (!job->decoded)
		return;
	/* which one it is was not found out, or is as good as what was asked for */
	if (job->result)
		job->op.settled = NULL;
	append_effects(job, false, text, size);
	if (!*text)
		append_effects(job, true, text, size);
	job->op.settled = settled;
	for (uint16_t i = 0; i < s->n_fields && !*text; i++) {
		size_t n = 0;
		const void *value = s->field[i].flags & HYCAN_FIELD_POLICY ? wire_values(&s->field[i], &job->request, &n) : NULL;

		if (n > 0)
			append(text, size, "%s", hycan_value_format(&s->field[i], value, word, sizeof(word)));
	}
}

static void append_fields(const struct hycan_structure *structure, const void *value, char *text, size_t size);

static void append_value(const struct hycan_field *field, const void *value, char *text, size_t size)
{
	char word[WORD_SIZE];

	if (field->type != HYCAN_TYPE_STRUCT) {
		append(text, size, "%s", hycan_value_format(field, value, word, sizeof(word)));
		return;
	}
	append(text, size, "{");
	append_fields(field->structure, value, text, size);
	append(text, size, "}");
}

/* Whether these are requests themselves, which have lines of their own. */
static bool is_requests(const struct hycan_field *field)
{
	bool is = false;

	for (uint16_t i = 0; field->type == HYCAN_TYPE_STRUCT && i < field->structure->n_fields; i++)
		is = is || field->structure->field[i].type == HYCAN_TYPE_PAYLOAD;
	return is;
}

static void append_field(const struct hycan_field *field, const void *structure, char *text, size_t size)
{
	size_t n = 0, at = strlen(text);
	const char *value = wire_values(field, structure, &n);

	if (n == 0)
		return;
	append(text, size, "%s%s=", at > 0 && text[at - 1] != '{' ? " " : "", field->name);
	if (is_requests(field)) {
		append(text, size, "%zu", n);
		return;
	}
	for (size_t i = 0; i < n && strlen(text) + 1 < size; i++) {
		append(text, size, "%s", i > 0 && field->type != HYCAN_TYPE_STRUCT ? "," : "");
		append_value(field, value + i * field->size, text, size);
	}
}

static void append_fields(const struct hycan_structure *structure, const void *value, char *text, size_t size)
{
	for (uint16_t i = 0; i < structure->n_fields; i++)
		if (!(structure->field[i].flags & HYCAN_FIELD_SECRET))
			append_field(&structure->field[i], value, text, size);
}

void wording_request(const struct job *job, char *text, size_t size)
{
	text[0] = '\0';
	if (job->decoded)
		append_fields(job->operation->request, &job->request, text, size);
	wire_tidy_text(text);
}

void wording_sentence(const struct job *job, char text[WORDING_SENTENCE_SIZE])
{
	if (job_failed_at_step(job))
		snprintf(text, WORDING_SENTENCE_SIZE, "Step %u of %u, %s: %s", job->step, job->n_steps, job->step_operation->name,
		         job->op.sentence);
	else
		snprintf(text, WORDING_SENTENCE_SIZE, "%s", job->op.sentence);
}

const char *wording_of(int result)
{
	return result > 0 ? refusal_name(result) : result < 0 ? strerror(-result) : "done";
}

const char *wording_result(const struct job *job)
{
	if (job->result != 0 || !job_changes(job))
		return wording_of(job->result);
	if (job->lets_go)
		return "let_go";
	/* what a daemon that was killed had done before was done all the same */
	return job->op.unchanged && !job->again ? "unchanged" : "done";
}
