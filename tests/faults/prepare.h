/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The world in which a case is tried. */
#ifndef FAULTS_PREPARE_H
#define FAULTS_PREPARE_H

#include "ask.h"
#include "world.h"

/* Whether what the case needs is there. */
bool case_is_possible(const struct fault_case *c);

/* Makes what the case needs in the world. */
void case_prepare(const struct fault_case *c, struct world *w, struct case_token *token);

/* Nobody asks any more: gives back what it needed, and ends the world; returns what world_end() does. */
int case_end_world(struct world *w, struct case_token *token);

#endif
