/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The listening socket: the one that systemd passed, or one of our own. */
#ifndef SERVER_LISTEN_H
#define SERVER_LISTEN_H

/* The socket that systemd passed (sd_listen_fds(3)). -ENOENT: it passed none; -EINVAL: not one Unix stream socket. */
int listen_passed(int *ret_fd);

/*
 * Makes a socket of mode 0660 and group hycan. What a dead daemon of ours left there is replaced; a living one, and
 * anything else, is left alone: -EADDRINUSE. Why not is in the log.
 */
int listen_at(const char *path, int *ret_fd);

#endif
