/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sockets at which newcomers are let in. */
#ifndef SERVER_LISTENERS_H
#define SERVER_LISTENERS_H

struct server;
struct server_options;

/* Listens at those that systemd passed, or that the options name. 0 or -errno; why not is in the log. */
int listeners_open(struct server *server, const struct server_options *options);

/* Somebody went: newcomers are let in again, where there was no room for them. */
void listeners_resume(struct server *server);

void listeners_close(struct server *server);

#endif
