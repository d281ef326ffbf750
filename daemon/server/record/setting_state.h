/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the settings share, for them alone:
 *
 *   settings.c      the notes, and what a look finds
 *   settings_kept.c the same in bytes, for the ledger and for transactions that may be taken back
 *   settings_mend.c putting right
 */
#ifndef SERVER_SETTING_STATE_H
#define SERVER_SETTING_STATE_H

#include "ledger.h"
#include "repair_state.h"
#include "setting.h"
#include "settings.h"

/* How one link is to be. Everything wants the lock. */
struct setting {
	LIST_ENTRY(setting) entry;
	uint64_t netns;
	char link[HYCAN_IFNAME_SIZE];
	struct op_settings wanted;
	uint32_t unknown;  /* of that: it is as it is found next */
	uint32_t mends;    /* and this is to be put right */
	uint32_t differs;  /* and is otherwise, as the look under way found it */
	uint32_t broken;   /* and is to be put right now: in the list of those */
	uint32_t ignores;  /* of the rest: whatever becomes of it, whoever sets it and says nothing of that */
	uint64_t subject;  /* who said something of it last */
	uint64_t noted_us; /* and when */
	bool is_kept;      /* the ledger has something of it */
	struct attempts attempts;
	TAILQ_ENTRY(setting) broken_entry;
};

/* The name that a key of a link has, behind a byte that says that there is one. */
static inline const char *setting_name(const struct ledger_key *link)
{
	return (const char *)link->identity + 1;
}

/* All with the lock held. NULL: nothing was said of it; or there is no memory for it. */
struct setting *setting_find(struct settings *settings, uint64_t netns, const char *link);
struct setting *setting_put(struct settings *settings, uint64_t netns, const char *link);

/* So much is said of it; so much of it is to be put right now; and nothing is any more. */
void setting_want(struct settings *settings, struct setting *s, uint32_t said);
void setting_break_off(struct settings *settings, struct setting *s, uint32_t broken);
void setting_drop(struct settings *settings, struct setting *s);

/* Whether anybody holds the link. */
bool setting_is_held(const struct settings *settings, const struct setting *s);

/* What is to be put right, in the ledger. */
void setting_keep(struct settings *settings, struct setting *s);

#endif
