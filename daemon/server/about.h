/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the server does for the operations that are about the server itself. */
#ifndef SERVER_ABOUT_H
#define SERVER_ABOUT_H

#include "op.h"

extern const struct op_server about_server;

#endif
