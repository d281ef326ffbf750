/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the operations about masquerade and port mappings have in common. */
#ifndef OPS_NAT_H
#define OPS_NAT_H

#include "op.h"

/* Turns what kernel/masquerade.h and kernel/port.h return into a refusal, where one can say more than the errno. */
int nat_refuse(struct op *op, int r);

#endif
