/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end of a look: what has no mark is gone, and what was changed is told. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "array.h"
#include "cleanup.h"
#include "drift_state.h"
#include "key.h"
#include "ledger.h"
#include "log.h"
#include "news.h"
#include "repair.h"
#include "server.h"
#include "setting.h"
#include "subject.h"

struct ledger_sight drift_sight(const struct drift *d, enum hycan_object_kind kind)
{
	return (struct ledger_sight){
		.look = d->look.number,
		.netns = d->netns,
		.kind = kind,
		.before_us = d->look.began_us,
	};
}

/* Of a thousand that went together, or changed, a person reads so many and their number; who looks for one finds its line. */
#define TOLD_MAX 20u
/* Of very many the rest is a number: who makes thousands and takes them away by hand does not fill the journal. */
#define LINES_MAX 1000u

static int priority_of(size_t n_told)
{
	return n_told < TOLD_MAX ? LOG_NOTICE : LOG_INFO;
}

/* Room for what something went along with. */
#define ALONG_SIZE 128

/* What is told one by one when nobody waits for the ledger any more. */
struct reporting {
	struct losses *losses;
	struct ledger_object *lost; /* as many as there is memory for, and lines */
	size_t n_lost;
	size_t n;
};

static struct log_audit line_of(const struct ledger_key *key, const char *text, uint64_t subject, const char *result)
{
	return (struct log_audit){
		.operation = "drift",
		.object = text,
		.result = result,
		.cause = "not by a request",
		.subject = subject,
		.pid = getpid(),
		.netns = key->netns,
	};
}

static void keep_lost(const struct ledger_object *object, void *userdata)
{
	struct reporting *reporting = userdata;

	losses_note(reporting->losses, object);
	reporting->n++;
	if (reporting->n_lost < LINES_MAX && array_grow(&reporting->lost, reporting->n_lost, sizeof(*object)) == 0)
		reporting->lost[reporting->n_lost++] = *object;
}

/* What was taken away, by whom it is known; NULL: it is a stranger's doing. */
static void say_along(const struct hycan_event_cause *taker, char text[static ALONG_SIZE])
{
	if (!taker)
		snprintf(text, ALONG_SIZE, "not by a request");
	else if (taker->has_operation && taker->has_uid)
		snprintf(text, ALONG_SIZE, "along with what %s of uid %u took away", taker->operation, taker->uid);
	else if (taker->has_operation)
		snprintf(text, ALONG_SIZE, "along with what %s took away", taker->operation);
	else
		snprintf(text, ALONG_SIZE, "along with what %s took away",
		         taker->origin == HYCAN_EVENT_ORIGIN_UNKNOWN ? "requests" : "the daemon");
}

static void report(const struct reporting *reporting, const struct hycan_event_cause *taker)
{
	char along[ALONG_SIZE];

	say_along(taker, along);
	for (size_t i = 0; i < reporting->n_lost; i++) {
		const struct ledger_object *object = &reporting->lost[i];
		struct log_audit line;
		char text[512];

		key_format(&object->key, text, sizeof(text));
		line = line_of(&object->key, text, object->holder.subject, "gone");
		line.cause = along;
		log_audit_as(priority_of(i), &line, "%s, which %s had asked for, is gone%s %s.", text,
		             subject_say(object->holder.subject).text, taker ? "" : ", and", along);
	}
	if (reporting->n > TOLD_MAX)
		log_write(LOG_NOTICE, "%zu in all are gone.", reporting->n);
}

static void report_changed(struct drift *d, const struct ledger_key *key, size_t *n)
{
	const struct ledger_holder nobody = { .subject = SUBJECT_NOBODY, .lifetime = HYCAN_LIFETIME_PERMANENT };
	uint64_t owner = SUBJECT_NOBODY;
	struct log_audit line;
	char text[512];

	if (!ledger_is_held(d->ledger, key))
		return;
	ledger_touch(d->ledger, key);
	(void)ledger_whose(d->ledger, key, &nobody, &owner);
	if ((*n)++ >= LINES_MAX)
		return;
	key_format(key, text, sizeof(text));
	line = line_of(key, text, owner, "changed");
	log_audit_as(priority_of(*n - 1), &line, "%s, which %s had asked for, was changed, and not by a request.", text,
	             subject_say(owner).text);
}

/* A request was about it meanwhile, which may be what made it differ from what the ledger had: it is compared anew. */
static bool is_in_doubt(const struct drift *d, const struct ledger_key *key)
{
	return OP_KIND(key->kind) & OP_KINDS_IN_TABLE && underway_was(&d->repairs->server->underway, d->look.moment, key);
}

/* What was noted before the look was done, and is to be reported. That it is to be repaired may be known only since then. */
static void judge_changed(struct drift *d)
{
	const size_t n_told = d->look.n_changed;
	size_t n = 0, n_kept = 0;

	for (size_t i = 0; i < n_told; i++) {
		const struct ledger_key *key = &d->changed[i];

		if (is_in_doubt(d, key)) {
			drift_suspect_at(d, OP_KIND(key->kind), server_now_us() + RETRY_PATIENCES * d->patience_us);
			continue;
		}
		if (OP_KIND(key->kind) & d->look.held) {
			d->changed[n_kept++] = *key;
			continue;
		}
		switch (repair_drift(d->repairs, key)) {
		case HYCAN_DRIFT_REPORT:
			report_changed(d, key, &n);
			break;
		case HYCAN_DRIFT_REPAIR:
			if (!(d->look.read & OP_KIND(key->kind)))
				drift_suspect(d, OP_KIND(key->kind));
			break;
		case HYCAN_DRIFT_IGNORE:
			break;
		}
	}
	if (n > TOLD_MAX)
		log_write(LOG_NOTICE, "%zu in all were changed.", n);
	if (d->n_changed > n_told)
		memmove(d->changed + n_kept, d->changed + n_told, (d->n_changed - n_told) * sizeof(*d->changed));
	d->n_changed -= n_told - n_kept;
	if (n_kept > 0)
		drift_suspect_at(d, 0, server_now_us() + RETRY_PATIENCES * d->patience_us);
	if (d->n_changed == 0)
		cleanup_free(&d->changed);
}

static void judge_kind(struct drift *d, enum hycan_object_kind kind, bool *ret_repair)
{
	const struct ledger_sight sight = drift_sight(d, kind);
	uint64_t again_us = repair_look_end(d->repairs, d->netns, kind, d->look.began_us, ret_repair);
	struct reporting reporting = { .losses = &d->repairs->server->losses };
	struct hycan_event_cause taker;
	const bool along = drift_taker_end(d, kind, &taker);

	if (again_us)
		drift_suspect_at(d, OP_KIND(kind), again_us);
	if (along)
		news_act_for(&taker);
	if (ledger_sweep_lost(d->ledger, &sight, keep_lost, &reporting))
		drift_suspect(d, OP_KIND(kind));
	news_act_for_strangers();
	report(&reporting, along ? &taker : NULL);
	cleanup_free(&reporting.lost);
}

static void judge_settings(struct drift *d, bool *ret_repair)
{
	bool told = false;
	uint64_t again_us = settings_look_end(&d->repairs->settings, d->netns, d->look.began_us, &told);

	if (told)
		atomic_store(&d->repairs->told, true);
	*ret_repair = *ret_repair || told;
	if (again_us)
		drift_suspect_at(d, OP_SETTINGS, again_us);
}

void drift_judge(struct drift *d, bool *ret_repair)
{
	for (size_t i = 0; i < DRIFT_KINDS; i++)
		if (d->look.read & OP_KIND(drift_kinds[i]))
			judge_kind(d, drift_kinds[i], ret_repair);
	if (d->look.read & OP_SETTINGS)
		judge_settings(d, ret_repair);
	judge_changed(d);
}
