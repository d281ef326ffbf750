/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What masquerade and port mappings share: our table of nf_tables. */
#ifndef KERNEL_NAT_H
#define KERNEL_NAT_H

#include <stdbool.h>
#include <stdint.h>

#include "scope.h"

/*
 * Removes from our table the sets and chains that nothing is in any more. It has to count, so it is for when something is
 * taken back and nothing may be left of it; else what is empty stays until the table goes. 0 or -errno.
 */
int kernel_nat_tidy(struct kernel_scope *scope);

/* Whether our table has all rules that belong to the sets in it; true where there is no table. 0 or -errno. */
int kernel_nat_check(struct kernel_scope *scope, bool *ret_whole);

/*
 * A number that is another one when somebody has changed the rule set since: for those who read several things of it, and say how they
 * go together. 0 or -errno; -EOPNOTSUPP: this kernel has no nf_tables.
 */
int kernel_nat_generation(struct kernel_scope *scope, uint32_t *ret_generation);

/*
 * A turn at our table: for who reads it, decides, and changes it, again as long as kernel_nat_turn_again() says so of what became of it:
 * somebody else was faster (-ERESTART; of a reading -EINTR), and there is patience left. Of turns in turns the outer one is begun again.
 * Another request's turn is at the same time, until one has lost too often.
 */
struct kernel_scope *kernel_nat_turn_begin(struct kernel_scope *scope);
bool kernel_nat_turn_again(struct kernel_scope *scope, int r);
void kernel_nat_turn_end(struct kernel_scope **scope);

/* Puts the rules anew where a former release made them. 0 or -errno. */
int kernel_nat_renew(struct kernel_scope *scope, bool *ret_renewed);

#endif
