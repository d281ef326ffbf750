/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the settings share, for them alone:
 *
 *   settings.c      the notes, and what a look finds
 *   settings_mend.c putting right
 */
#ifndef SERVER_SETTING_STATE_H
#define SERVER_SETTING_STATE_H

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
	uint64_t subject;  /* who said something of it last */
	uint64_t noted_us; /* and when */
	bool is_kept;      /* the ledger has something of it */
	struct attempts attempts;
	TAILQ_ENTRY(setting) broken_entry;
};

/* With the lock held. NULL: nothing was said of it. */
struct setting *settings_find(struct settings *settings, uint64_t netns, const char *link);

#endif
