/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes from a peer. */
#ifndef SERVER_INPUT_H
#define SERVER_INPUT_H

struct peer;

/*
 * Reads once, and has carried out what can be now. 0: something came, or nothing can be read; -errno: the connection is
 * broken. Answers are in the server's buffer, and end_turn() in peer.c sends them.
 */
int input_receive(struct peer *peer);

/* Goes on with what came before and had to wait. */
void input_consume(struct peer *peer);

#endif
