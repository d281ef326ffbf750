/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Comparing the ledger with our table of nf_tables, for whoever asks whether all is well (op.h, op_server.compare). */
#ifndef SERVER_COMPARE_H
#define SERVER_COMPARE_H

#include "op.h"

int compare_table(struct op *op, enum hycan_object_kind kind, op_amiss *found, void *userdata);

#endif
