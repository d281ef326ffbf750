/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one effect of a request made, told to the ledger: for record.c alone. */
#ifndef SERVER_RECORD_MADE_H
#define SERVER_RECORD_MADE_H

struct key_view;

/* As record_done(). What the scribe has written down (record_items()) is done. */
int record_made(const struct key_view *v);

/* What is in the list stays, whoever made it; everything else that the ledger has on the link is gone. */
void record_rest(const struct key_view *v);

#endif
