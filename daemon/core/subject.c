/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Subjects as people read them. */
#include <stdio.h>

#include "subject.h"

static struct subject_text say(const char *user, const char *machine, uint64_t subject)
{
	struct subject_text text;

	snprintf(text.text, sizeof(text.text), "%s %u", subject_is_machine(subject) ? machine : user, (uint32_t)subject);
	return text;
}

struct subject_text subject_say(uint64_t subject)
{
	return say("uid", "cid", subject);
}

struct subject_text subject_title(uint64_t subject)
{
	return say("User", "Machine", subject);
}
