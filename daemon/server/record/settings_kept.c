/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How links are to be, in bytes: what the ledger keeps of it for the next daemon; and how it was before a transaction, which may be
 * taken back, said something else, which is in the undo log (UNDO_WANTED), behind what takes back the step that said it.
 */
#include <errno.h>
#include <string.h>

#include "job.h"
#include "key.h"
#include "ledger.h"
#include "log.h"
#include "server.h"
#include "setting_state.h"

/* What the ledger keeps of a link. Without gaps; a daemon that knows more of it appends that, and one that knows less ignores it. */
struct kept {
	uint64_t subject;
	uint32_t mends;
	uint32_t unknown;
	struct op_settings wanted;
	uint32_t ignores; /* 0 of a daemon that did not know of it */
};

_Static_assert(sizeof(struct kept) == 20 + sizeof(struct op_settings), "there are no gaps");

/* What is to be put right, and what is not to be looked at, in the ledger. */
void setting_keep(struct settings *settings, struct setting *s)
{
	struct kept kept = { .subject = s->subject, .mends = s->mends, .unknown = s->unknown & s->mends, .ignores = s->ignores };
	const bool is_kept = s->mends || s->ignores;
	struct ledger_key key;
	int r;

	if (!is_kept && !s->is_kept)
		return;
	op_settings_take(&kept.wanted, &s->wanted, s->mends);
	key_of_name(s->netns, s->link, &key);
	r = ledger_settle(settings->ledger, &key, &kept, is_kept ? sizeof(kept) : 0);
	s->is_kept = is_kept;
	if (r < 0 && r != -ENOENT)
		log_write(LOG_WARNING, "What is to be put right when strangers change a link could not be written down: %s",
		          strerror(-r));
}

/* What was said is what was kept. */
static void take(struct settings *settings, struct setting *s, const struct kept *kept)
{
	const uint32_t before = s->wanted.said;

	s->subject = kept->subject;
	s->wanted = kept->wanted;
	/* it is counted by what was said before */
	s->wanted.said = before;
	s->mends = kept->mends;
	s->unknown = kept->unknown;
	s->ignores = kept->ignores;
	setting_want(settings, s, kept->wanted.said);
}

static void restore(const struct ledger_key *key, const void *bytes, size_t size, void *userdata)
{
	struct settings *settings = userdata;
	struct setting *s;
	struct kept kept;

	if (size < sizeof(kept) || key->kind != HYCAN_OBJECT_KIND_LINK)
		return;
	memcpy(&kept, bytes, sizeof(kept));
	s = setting_put(settings, key->netns, setting_name(key));
	if (!s)
		return;
	take(settings, s, &kept);
	s->is_kept = true;
}

void settings_restore(struct settings *settings, struct ledger *ledger)
{
	pthread_mutex_lock(&settings->lock);
	settings->ledger = ledger;
	ledger_list_settled(ledger, restore, settings);
	pthread_mutex_unlock(&settings->lock);
}

/* ---------------------------------------------------------------------------------------------------- what is taken back */

struct before {
	struct kept kept;
	char link[HYCAN_IFNAME_SIZE];
};

_Static_assert(sizeof(struct before) == SETTINGS_BEFORE_SIZE, "it is kept in bytes");

/* Whether what a request says was said already, by the same user and with the same drift. */
static bool is_said(const struct setting *s, const struct job *job, const struct op_settings *said)
{
	const uint32_t which = said->said;

	return s && s->subject == job->holder.subject && (s->wanted.said & ~s->unknown & which) == which &&
	       op_settings_differ(&s->wanted, said) == 0 && op_settings_differ(said, &s->wanted) == 0 &&
	       (!job->drift ||
	        (job->drift != HYCAN_DRIFT_IGNORE && (s->mends & which) == (job->drift == HYCAN_DRIFT_REPAIR ? which : 0)));
}

bool settings_before(struct job *job, const struct ledger_key *known, uint8_t ret_bytes[static SETTINGS_BEFORE_SIZE])
{
	struct settings *settings = &job->server->repairs.settings;
	struct before before = { 0 };
	const struct setting *s;
	struct op_settings said;
	struct ledger_key link;
	uint32_t unknown;
	bool same;

	if (!op_settings_of_request(job->operation->number, &job->request, &said, &unknown) || !settings_link(job, &link) ||
	    !ledger_is_held(job->server->ledger, known))
		return false;
	memcpy(before.link, setting_name(&link), strnlen(setting_name(&link), sizeof(before.link) - 1));
	pthread_mutex_lock(&settings->lock);
	s = setting_find(settings, known->netns, setting_name(known));
	same = unknown == 0 && is_said(s, job, &said);
	if (s)
		before.kept = (struct kept){
			.subject = s->subject, .mends = s->mends, .unknown = s->unknown, .wanted = s->wanted, .ignores = s->ignores
		};
	pthread_mutex_unlock(&settings->lock);
	memcpy(ret_bytes, &before, sizeof(before));
	return !same;
}

bool settings_link_of(uint64_t netns, const void *bytes, size_t size, struct ledger_key *ret_key)
{
	struct before before;

	if (size != sizeof(before))
		return false;
	memcpy(&before, bytes, size);
	before.link[sizeof(before.link) - 1] = '\0';
	key_of_name(netns, before.link, ret_key);
	return true;
}

void settings_put_back(struct settings *settings, uint64_t netns, const void *bytes, size_t size)
{
	struct before before;
	struct setting *s;

	if (size != sizeof(before))
		return;
	memcpy(&before, bytes, size);
	before.link[sizeof(before.link) - 1] = '\0';
	pthread_mutex_lock(&settings->lock);
	s = setting_find(settings, netns, before.link);
	if (!s && (before.kept.wanted.said || before.kept.ignores))
		s = setting_put(settings, netns, before.link);
	if (s) {
		take(settings, s, &before.kept);
		setting_break_off(settings, s, 0);
		/* whoever looks just now has compared it with what was wanted before */
		s->noted_us = server_now_us();
		setting_keep(settings, s);
	}
	if (s && ((s->wanted.said == 0 && s->ignores == 0) || !setting_is_held(settings, s)))
		setting_drop(settings, s);
	pthread_mutex_unlock(&settings->lock);
}
