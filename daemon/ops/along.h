/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What goes along with a change, and what no request would put back. */
#ifndef OPS_ALONG_H
#define OPS_ALONG_H

#include "kernel/sysctl.h"
#include "op.h"

/* Says that values are put back as they were kept. link: those are of that link; or NULL. 0 or -errno. */
int along_say_sysctls(struct op *op, const char *link, const struct kernel_sysctls *sysctls);

/* The same of the neighbours of a link, of a family or of both (0). It may be gone. */
int along_say_neighbours(struct op *op, const char *link, uint8_t family);

/* The same of the place of a rule that is to be removed (kernel_rule_remove()). */
int along_say_rule_place(struct op *op, const struct hycan_rule *wanted);

#endif
