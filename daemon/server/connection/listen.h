/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The listening socket: the one that systemd passed, or one of our own. */
#ifndef SERVER_LISTEN_H
#define SERVER_LISTEN_H

#include <stdint.h>
#include <sys/stat.h>

struct handover;

/*
 * The sockets that systemd passed (sd_listen_fds(3)): a Unix one, and one of vsock(7) or -1; and beside them what a former
 * daemon left with systemd. -ENOENT: it passed no socket; -EINVAL: others, or too many.
 */
int listen_passed(int *ret_fd, int *ret_vsock, struct handover *handover);

/* Makes one of vsock on that port. Why not is in the log. */
int listen_vsock(uint32_t port, int *ret_fd);

#define LISTEN_DEFAULT "/tmp/hycan_daemon.sock"

/*
 * Makes a socket of mode 0660 and group hycan. What a dead daemon of ours left there is replaced; a living one, and
 * anything else, is left alone: -EADDRINUSE. Why not is in the log.
 */
int listen_at(const char *path, int *ret_fd, struct stat *ret_file);

/* Removes the file, if it is still that one: while its socket is open, no other can have its inode. */
void listen_remove(const char *path, const struct stat *file);

#endif
