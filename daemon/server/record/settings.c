/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How links are to be: the notes, and what a look finds. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "array.h"
#include "cleanup.h"
#include "job.h"
#include "key.h"
#include "ledger.h"
#include "log.h"
#include "observer.h"
#include "repair_state.h"
#include "server.h"
#include "setting_state.h"
#include "subject.h"
#include "table.h"

/* Lists that are tidied with each note. */
#define TIDIED 4

/* Of what was changed together so much is told one by one. */
#define TOLD_MAX 20

static size_t list_of(uint64_t netns, const char *link)
{
	struct ledger_key key;

	key_of_name(netns, link, &key);
	return key_hash(&key) % SETTINGS_LISTS;
}

struct setting *setting_find(struct settings *settings, uint64_t netns, const char *link)
{
	struct setting *s;

	LIST_FOREACH(s, &settings->list[list_of(netns, link)], entry)
	if (s->netns == netns && strcmp(s->link, link) == 0)
		break;
	return s;
}

void setting_want(struct settings *settings, struct setting *s, uint32_t said)
{
	settings->n_silent += (said & OP_SETTINGS_SILENT) != 0;
	settings->n_silent -= (s->wanted.said & OP_SETTINGS_SILENT) != 0;
	s->wanted.said = said;
	s->unknown &= said;
	s->mends &= said;
}

void setting_break_off(struct settings *settings, struct setting *s, uint32_t broken)
{
	if (broken && !s->broken)
		TAILQ_INSERT_TAIL(&settings->broken, s, broken_entry);
	else if (!broken && s->broken)
		TAILQ_REMOVE(&settings->broken, s, broken_entry);
	s->broken = broken;
}

void setting_drop(struct settings *settings, struct setting *s)
{
	setting_want(settings, s, 0);
	setting_break_off(settings, s, 0);
	LIST_REMOVE(s, entry);
	free(s);
	settings->n--;
}

struct setting *setting_put(struct settings *settings, uint64_t netns, const char *link)
{
	struct setting *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->netns = netns;
	memcpy(s->link, link, strnlen(link, sizeof(s->link) - 1));
	LIST_INSERT_HEAD(&settings->list[list_of(netns, s->link)], s, entry);
	settings->n++;
	return s;
}

void settings_open(struct settings *settings)
{
	pthread_mutex_init(&settings->lock, NULL);
	TAILQ_INIT(&settings->broken);
}

void settings_close(struct settings *settings)
{
	struct setting *s;

	for (size_t i = 0; i < SETTINGS_LISTS; i++)
		while ((s = LIST_FIRST(&settings->list[i])))
			setting_drop(settings, s);
	pthread_mutex_destroy(&settings->lock);
}

/* --------------------------------------------------------------------------------------------------------------- notes */

bool setting_is_held(const struct settings *settings, const struct setting *s)
{
	struct ledger_key key;

	key_of_name(s->netns, s->link, &key);
	return ledger_is_held(settings->ledger, &key);
}

/* What went is in the ledger no more. */
static void tidy(struct settings *settings)
{
	struct setting *s, *next;

	for (int i = 0; i < TIDIED; i++) {
		settings->tidied = (settings->tidied + 1) % SETTINGS_LISTS;
		for (s = LIST_FIRST(&settings->list[settings->tidied]); s; s = next) {
			next = LIST_NEXT(s, entry);
			if (!setting_is_held(settings, s))
				setting_drop(settings, s);
		}
	}
}

/* What is done about drift of that; who says nothing of it leaves it as it was. */
static void choose(struct settings *settings, struct setting *s, enum hycan_drift drift, uint32_t which)
{
	if (drift) {
		s->mends = (s->mends & ~which) | (drift == HYCAN_DRIFT_REPAIR ? which : 0);
		s->ignores = (s->ignores & ~which) | (drift == HYCAN_DRIFT_IGNORE ? which : 0);
	}
	setting_want(settings, s, s->wanted.said & ~s->ignores);
}

static void note(struct settings *settings, const struct job *job, const char *link, const struct op_settings *said,
                 uint32_t unknown)
{
	const uint64_t netns = op_scope_inode(job->op.scope);
	struct setting *s = setting_find(settings, netns, link);
	uint32_t which = said->said, before;

	/* what a transaction changed, and is put back: how that was wanted is said behind it (settings_put_back()) */
	if (job->is_own && !job->again)
		which &= s ? s->wanted.said : 0;
	if (which == 0)
		return;
	if (!s)
		s = setting_put(settings, netns, link);
	if (!s)
		return;
	before = s->wanted.said;
	setting_want(settings, s, before | which);
	op_settings_take(&s->wanted, said, which);
	s->unknown = (s->unknown & ~which) | (unknown & which);
	s->noted_us = server_now_us();
	if (!job->is_own || job->again) {
		s->subject = job->holder.subject;
		choose(settings, s, job->drift, which);
	}
	setting_break_off(settings, s, s->broken & ~which);
	setting_keep(settings, s);
}

bool settings_link(struct job *job, struct ledger_key *ret_key)
{
	size_t n;
	const struct op_effect *effects = op_effects(job->operation, &n);

	for (size_t i = 0; i < n; i++) {
		const struct key_view v = key_view(job, &effects[i]);

		if (v.absent || effects[i].kind != HYCAN_OBJECT_KIND_LINK || effects[i].list >= 0 ||
		    (effects[i].does != OP_MAKES && effects[i].does != OP_CHANGES))
			continue;
		key_of(&v, 0, ret_key);
		return true;
	}
	return false;
}

void settings_note(struct job *job)
{
	struct settings *settings = &job->server->repairs.settings;
	struct op_settings said;
	struct ledger_key key;
	uint32_t unknown;

	/* what the daemon does by itself is nobody's wish, as in repair_note() */
	if (job->lets_go || (job->is_own && !job->again && !job->op.back) ||
	    !op_settings_of_request(job->operation->number, &job->request, &said, &unknown) || !settings_link(job, &key) ||
	    !ledger_is_held(job->server->ledger, &key))
		return;
	pthread_mutex_lock(&settings->lock);
	settings->ledger = job->server->ledger;
	tidy(settings);
	note(settings, job, setting_name(&key), &said, unknown);
	pthread_mutex_unlock(&settings->lock);
	if (said.said & OP_SETTINGS_SILENT)
		observer_guard_silent(job->server->observer);
}

void settings_forget(struct settings *settings, const struct ledger_key *link)
{
	struct setting *s;

	if (settings->n == 0)
		return;
	pthread_mutex_lock(&settings->lock);
	s = setting_find(settings, link->netns, setting_name(link));
	if (s)
		setting_drop(settings, s);
	pthread_mutex_unlock(&settings->lock);
}

void settings_end_place(struct settings *settings, uint64_t netns)
{
	struct setting *s, *next;

	if (settings->n == 0)
		return;
	pthread_mutex_lock(&settings->lock);
	for (size_t i = 0; i < SETTINGS_LISTS; i++)
		for (s = LIST_FIRST(&settings->list[i]); s; s = next) {
			next = LIST_NEXT(s, entry);
			if (s->netns == netns)
				setting_drop(settings, s);
		}
	pthread_mutex_unlock(&settings->lock);
}

void settings_renamed(struct settings *settings, const struct ledger_key *from, const struct ledger_key *to)
{
	struct setting *s, *other;

	if (settings->n == 0)
		return;
	pthread_mutex_lock(&settings->lock);
	s = setting_find(settings, from->netns, setting_name(from));
	other = setting_find(settings, to->netns, setting_name(to));
	if (other && other != s)
		setting_drop(settings, other);
	if (s) {
		LIST_REMOVE(s, entry);
		memset(s->link, 0, sizeof(s->link));
		memcpy(s->link, setting_name(to), strnlen(setting_name(to), sizeof(s->link) - 1));
		LIST_INSERT_HEAD(&settings->list[list_of(s->netns, s->link)], s, entry);
		s->noted_us = server_now_us();
	}
	pthread_mutex_unlock(&settings->lock);
}

bool settings_has_silent(const struct settings *settings)
{
	return settings->n_silent > 0;
}

/* --------------------------------------------------------------------------------------------------------------- a look */

void settings_look_begin(struct settings *settings, uint64_t netns, uint32_t which)
{
	struct setting *s;

	pthread_mutex_lock(&settings->lock);
	for (size_t i = 0; i < SETTINGS_LISTS; i++)
		LIST_FOREACH(s, &settings->list[i], entry)
	if (s->netns == netns)
		s->differs &= ~which;
	pthread_mutex_unlock(&settings->lock);
}

void settings_seen(struct settings *settings, uint64_t netns, const char *link, const struct op_settings *is, uint64_t began_us)
{
	struct setting *s;
	uint32_t learns;

	pthread_mutex_lock(&settings->lock);
	s = setting_find(settings, netns, link);
	/* what was said since then is not in what was found */
	if (s && s->noted_us < began_us) {
		learns = s->unknown & is->said;
		op_settings_take(&s->wanted, is, learns);
		s->unknown &= ~learns;
		s->differs |= op_settings_differ(&s->wanted, is);
		if (learns & s->mends)
			setting_keep(settings, s);
	}
	pthread_mutex_unlock(&settings->lock);
}

/* What is said of a link. */
struct drifted {
	char link[HYCAN_IFNAME_SIZE];
	uint64_t subject;
	uint32_t which;
	const char *sentence;
};

struct look {
	uint64_t now_us;
	uint64_t next_us;
	struct drifted *drifted; /* as many as there is memory for */
	size_t n_drifted;
	size_t n_told;
	bool told;
};

/* It will be said, and is as it is from then on. */
static void tell(struct settings *settings, struct setting *s, struct look *look, uint32_t which, const char *sentence)
{
	struct drifted drifted = { .subject = s->subject, .which = which, .sentence = sentence };
	struct ledger_key key;

	if (which == 0)
		return;
	s->unknown |= which;
	key_of_name(s->netns, s->link, &key);
	ledger_touch(settings->ledger, &key);
	memcpy(drifted.link, s->link, sizeof(drifted.link));
	look->n_told++;
	if (array_grow(&look->drifted, look->n_drifted, sizeof(drifted)) == 0)
		look->drifted[look->n_drifted++] = drifted;
}

/* When nobody waits for the settings any more. */
static void say(const struct look *look, uint64_t netns)
{
	char words[OP_SETTINGS_WORDS];

	for (size_t i = 0; i < look->n_drifted; i++) {
		const struct drifted *drifted = &look->drifted[i];
		const struct log_audit line = {
			.operation = "drift",
			.object = drifted->link,
			.result = "changed",
			.cause = "not by a request",
			.subject = drifted->subject,
			.pid = getpid(),
			.netns = netns,
		};

		log_audit_as(i < TOLD_MAX ? LOG_NOTICE : LOG_INFO, &line, "%s of %s, which %s had asked for, %s.",
		             op_settings_words(drifted->which, words), drifted->link, subject_say(drifted->subject).text,
		             drifted->sentence);
	}
	if (look->n_told > TOLD_MAX)
		log_write(LOG_NOTICE, "%zu links in all were changed.", look->n_told);
}

/* What is to be put right, and can be. */
static void mend(struct settings *settings, struct setting *s, struct look *look, uint32_t which)
{
	if (which == 0)
		return;
	switch (attempts_next(&s->attempts, look->now_us)) {
	case ATTEMPT_NEVER:
		s->mends &= ~which;
		tell(settings, s, look, which, "was put right again and again, and is changed each time: it is given up");
		setting_keep(settings, s);
		return;
	case ATTEMPT_NOW:
		setting_break_off(settings, s, s->broken | which);
		look->told = true;
		break;
	case ATTEMPT_LATER:
		break;
	}
	if (look->next_us == 0 || s->attempts.again_us < look->next_us)
		look->next_us = s->attempts.again_us;
}

static void judge(struct settings *settings, struct setting *s, struct look *look)
{
	const uint32_t differs = s->differs, mends = differs & s->mends;

	s->differs = 0;
	tell(settings, s, look, differs & ~mends, "was changed, and not by a request");
	tell(settings, s, look, mends & OP_SETTINGS_SECRET, "was changed, and cannot be put back: keys are not kept");
	mend(settings, s, look, mends & ~OP_SETTINGS_SECRET);
}

uint64_t settings_look_end(struct settings *settings, uint64_t netns, uint64_t before_us, bool *ret_told)
{
	struct look look = { .now_us = server_now_us() };
	struct setting *s, *next;

	pthread_mutex_lock(&settings->lock);
	for (size_t i = 0; i < SETTINGS_LISTS; i++)
		for (s = LIST_FIRST(&settings->list[i]); s; s = next) {
			next = LIST_NEXT(s, entry);
			if (s->netns != netns)
				continue;
			if (!setting_is_held(settings, s))
				setting_drop(settings, s);
			else if (s->differs && s->noted_us < before_us)
				judge(settings, s, &look);
			else
				s->differs = 0;
		}
	pthread_mutex_unlock(&settings->lock);
	say(&look, netns);
	cleanup_free(&look.drifted);
	*ret_told = *ret_told || look.told;
	return look.next_us;
}
