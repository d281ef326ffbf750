/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The porter: a process of our own that stays outside when the daemon goes into its private view of the file system.
 *
 * It does what can only be done there: opens the policy file, which may have been replaced since; asks the system's
 * databases for users and groups, whose modules nobody knows; finds the
 * network namespaces that a former daemon worked in; and removes the socket's file when the daemon ends. It
 * takes no path from the daemon and no byte from clients, and it has no power over the network.
 *
 * Until it is started, and in a daemon that stays where it is, whoever asks does the same itself.
 */
#ifndef ACCESS_PORTER_H
#define ACCESS_PORTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct porter_options {
	const char *policy_path;                               /* the one file that it opens */
	int (*find_namespace)(uint64_t inode, int *ret_netns); /* looks for a network namespace by its number */
	void (*at_end)(void *userdata);                        /* called in the porter by porter_end(), not when the daemon dies */
	void (*at_exit)(void *userdata);                       /* called in the porter when the daemon is gone, however it went */
	void *userdata;
};

/* Starts it; before the first thread. */
int porter_start(const struct porter_options *options);

/* Lets it do what is to be done at the end, and waits until it has. Returns whether it has. */
bool porter_end(void);

/* Lets it go, and waits until it has. */
void porter_stop(void);

bool porter_is_there(void);

/* Opens the policy file. */
int porter_open_policy(int *ret_fd);

/* Opens a network namespace, by its number. */
int porter_find_namespace(uint64_t inode, int *ret_netns);

/* What lookup.h promises. */
int porter_find_id(const char *name, bool group, id_t *ret_id);
bool porter_find_name(uid_t uid, char *name, size_t size);

#endif
