/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the operations about forwarding have in common, and those about networks, which need it. */
#ifndef OPS_FORWARDING_H
#define OPS_FORWARDING_H

#include "op.h"

/* Turns what kernel/forwarding.h returns into a refusal, where one can say more than the errno. link may be NULL. */
int forwarding_refuse(struct op *op, enum hycan_family family, const char *link, int r);

/* The links that there are, in the memory of the request. Collected, since a list asks nothing meanwhile. */
struct forwarding_links {
	char (*name)[HYCAN_IFNAME_SIZE];
	size_t n;
};
int forwarding_list_links(struct op *op, struct forwarding_links *ret_links);

/*
 * The switch of a whole namespace. Whether networks need it is part of what is decided on, and so is who asks for it still: who changes
 * either, or turns the switch, does it between these two.
 */
void forwarding_lock(void);
void forwarding_unlock(void);

/* On, for who asks for it with forwarding.set, and off where he was the last one, unless networks need it. 0, -errno, or the refusal. */
int forwarding_ask(struct op *op, enum hycan_family family, bool *ret_changed);
int forwarding_let_go(struct op *op, enum hycan_family family, bool *ret_changed);

/*
 * The same of one link. Where it is on since all are, by those who asked for that or by networks, who asks holds it all the same, and it is
 * on when all are turned off; and who lets go of it leaves it on as long as all are. Between the two, as well.
 */
int forwarding_ask_link(struct op *op, enum hycan_family family, const char *link, bool *ret_changed);
int forwarding_let_go_link(struct op *op, enum hycan_family family, const char *link, bool *ret_changed);

/*
 * What the kernel sets along with the switch: says how it is put back, once the switch is what it is now. links: those, too, of which the
 * value is another one. Before it is turned. 0 or -errno.
 */
int forwarding_say_along(struct op *op, enum hycan_family family, bool links);

/* On for networks; sets changed where it was not. And off where they had turned it on, and nobody else needs it. */
int forwarding_need(struct op *op, enum hycan_family family, bool *changed);
int forwarding_release(struct op *op, enum hycan_family family);

#endif
