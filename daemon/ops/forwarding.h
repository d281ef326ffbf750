/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the operations about forwarding have in common. */
#ifndef OPS_FORWARDING_H
#define OPS_FORWARDING_H

#include "op.h"

/* Turns what kernel/forwarding.h returns into a refusal, where one can say more than the errno. link may be NULL. */
int forwarding_refuse(struct op *op, enum hycan_family family, const char *link, int r);

#endif
