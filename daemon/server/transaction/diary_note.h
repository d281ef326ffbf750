/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands in a note: for diary.c, which writes, and diary_read.c, which reads; and for along.c and restate.c, which do both. */
#ifndef SERVER_DIARY_NOTE_H
#define SERVER_DIARY_NOTE_H

#include <stdint.h>

#include "diary.h"
#include "key.h"
#include "record.h"

enum diary_what {
	DIARY_OVER, /* zero, since it was wiped */
	DIARY_UNDO, /* of a step; frames */
	DIARY_STEP, /* struct diary_outcome, lists, the request, frames */
	DIARY_DONE, /* number: whether it is to be confirmed; when */
	DIARY_RECORDED,
	DIARY_TAKES_BACK, /* of a step; frames */
	DIARY_LEFT,
	DIARY_FINAL,  /* the steps that are not carried out will be */
	DIARY_ALONG,  /* what goes along with a step, or with a request that is no transaction (along.h) */
	DIARY_WAS_UP, /* the link that a step takes down which cannot be taken back */
	DIARY_STATED, /* what is away for a moment (restate.h); number: enum restate_what */
};

struct diary_head {
	uint32_t what;
	uint32_t number; /* of the step, from 0, or how many */
};

#endif
