/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The private view of the file system: a mount namespace whose root is an empty, read-only tmpfs with a few places of the
 * former one in it, at their own paths.
 *
 * The places are taken as detached copies before anything is mounted (open_tree(2)), so the new root may cover any of
 * them. Being root is no help in it: what is not there cannot be opened, and what makes mounts is forbidden by the stages
 * after this one.
 *
 * What this file does not do: serve what is needed from outside later (files that are replaced, as the policy and the
 * system's users are): access/porter.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cleanup.h"
#include "confine.h"
#include "confine_stage.h"
#include "log.h"

#define PLACES_MAX 16

#ifndef MNT_DETACH
#define MNT_DETACH 2
#endif

struct place {
	const char *path;
	bool writable;
	int tree; /* the detached copy */
	bool is_folder;
};

struct view {
	struct place place[PLACES_MAX];
	size_t n;
};

/* The calls have no names in older C libraries, and <sys/mount.h> is at odds with <linux/mount.h> in newer ones. */
static int open_tree(const char *path)
{
	return (int)syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
}

static int move_mount(int tree, int directory, const char *path)
{
	return (int)syscall(SYS_move_mount, tree, "", directory, path, MOVE_MOUNT_F_EMPTY_PATH);
}

static int set_attributes(int fd, unsigned int flags, struct mount_attr *attributes)
{
	return (int)syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH | flags, attributes, sizeof(*attributes));
}

static void view_done(struct view *view)
{
	for (size_t i = 0; i < view->n; i++)
		cleanup_close(&view->place[i].tree);
}

/* A place that is not there is not in the view either. */
static int add_place(struct view *view, const char *path, bool writable)
{
	struct mount_attr attributes = {
		.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | (writable ? 0 : MOUNT_ATTR_RDONLY),
		.propagation = MS_PRIVATE,
	};
	_cleanup_close_ int tree = open_tree(path);
	struct stat st;

	if (tree < 0 && (errno == ENOENT || errno == ENOTDIR)) {
		log_write(LOG_DEBUG, "Confinement: view: there is no %s.", path);
		return 0;
	}
	if (tree < 0 || set_attributes(tree, AT_RECURSIVE, &attributes) < 0 || fstat(tree, &st) < 0)
		return -errno;
	if (view->n == PLACES_MAX)
		return -E2BIG;
	view->place[view->n++] =
		(struct place){ .path = path, .writable = writable, .tree = steal_fd(&tree), .is_folder = S_ISDIR(st.st_mode) };
	return 0;
}

static int add_places(struct view *view, const char *const *folders)
{
	static const struct {
		const char *path;
		bool writable;
	} places[] = {
#if CONFINE_SANITIZER
		{ "/proc", false },
#else
		/* the namespace that the process lives in, for its number and to come back to */
		{ "/proc/self/ns/net", false },
		{ "/proc/thread-self/ns/net", false },
		/* of which boot a ledger is */
		{ "/proc/sys/kernel/random/boot_id", false },
#endif
		/* forwarding.set */
		{ "/proc/sys/net", true },
		{ "/run/systemd/journal", false },
	};
	const char *notify = getenv("NOTIFY_SOCKET");
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(places) / sizeof(*places); i++)
		r = add_place(view, places[i].path, places[i].writable);
	/* another kind of name is no file */
	if (r == 0 && notify && *notify == '/')
		r = add_place(view, notify, false);
	for (; r == 0 && folders && *folders; folders++)
		r = add_place(view, *folders, true);
	return r;
}

/* An empty tmpfs, mounted nowhere. */
static int make_root(int *ret_root)
{
	_cleanup_close_ int context = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
	int root;

	if (context < 0 || syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "mode", "0755", 0) < 0 ||
	    syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "size", "64k", 0) < 0 ||
	    syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	root = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	if (root < 0)
		return -errno;
	*ret_root = root;
	return 0;
}

/* Makes what a place is mounted on, with the folders above it. */
static int make_point(int root, const struct place *place)
{
	char path[PATH_MAX];
	int fd;

	if (snprintf(path, sizeof(path), "%s", place->path + 1) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	for (char *p = strchr(path, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (*path && mkdirat(root, path, 0755) < 0 && errno != EEXIST)
			return -errno;
		*p = '/';
	}
	if (place->is_folder)
		return mkdirat(root, path, 0755) < 0 && errno != EEXIST ? -errno : 0;
	fd = openat(root, path, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0444);
	if (fd < 0)
		return errno == ENXIO ? 0 : -errno;
	close(fd);
	return 0;
}

/* What is there now goes out of sight. */
static int change_root(int root)
{
	if (fchdir(root) < 0)
		return -errno;
	if (syscall(SYS_pivot_root, ".", ".") == 0)
		/* the former root is on top of the new one */
		return syscall(SYS_umount2, ".", MNT_DETACH) < 0 || chdir("/") < 0 ? -errno : 0;
	if (errno != EINVAL)
		return -errno;
	/* The root is that of the kernel's first file system, or of a chroot(2): neither goes away. */
	return syscall(SYS_mount, ".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 || chdir("/") < 0 ? -errno : 0;
}

static int build(const struct view *view)
{
	struct mount_attr read_only = { .attr_set = MOUNT_ATTR_RDONLY };
	_cleanup_close_ int root = -1;
	int r;

	r = make_root(&root);
	if (r < 0)
		return r;
	/* it can be anywhere, since nothing of the former root is needed any more; this is there where the first place is */
	if (move_mount(root, AT_FDCWD, "/proc") < 0)
		return -errno;
	for (size_t i = 0; i < view->n; i++) {
		r = make_point(root, &view->place[i]);
		if (r < 0)
			return r;
		if (move_mount(view->place[i].tree, root, view->place[i].path + 1) < 0)
			return -errno;
	}
	r = change_root(root);
	if (r < 0)
		return r;
	return set_attributes(root, 0, &read_only) < 0 ? -errno : 0;
}

bool confine_is_done(void)
{
	struct statvfs root;

	return prctl(PR_GET_SECCOMP) == 2 && statvfs("/", &root) == 0 && root.f_flag & ST_RDONLY;
}

/* It cannot be done here. */
static int leave_out(const char *reason)
{
	log_write(LOG_NOTICE, "Confinement: view: left out: %s; the file system is seen as it is.", reason);
	return 0;
}

/* A mount namespace of our own, of which others see nothing. Sets its root; where it cannot be had that is untouched. */
static int leave_others(int *ret_root)
{
	struct mount_attr private = { .propagation = MS_PRIVATE };
	_cleanup_close_ int root = -1;
	struct stat tasks;

	if (!confine_may(CAP_SYS_ADMIN))
		return leave_out("there is no CAP_SYS_ADMIN");
	/* “.”, “..” and a folder for each thread: another one would keep the view that it has */
	if (stat("/proc/self/task", &tasks) < 0)
		return -errno;
	if (tasks.st_nlink > 3)
		return -EBUSY;
	if (unshare(CLONE_NEWNS) < 0)
		return errno == EPERM && prctl(PR_GET_SECCOMP) == 2 ? leave_out("a filter forbids it") : -errno;
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -errno;
	if (set_attributes(root, AT_RECURSIVE, &private) < 0)
		return errno == ENOSYS ? leave_out("the kernel is older than 5.12") : -errno;
	*ret_root = steal_fd(&root);
	return 0;
}

int confine_view(const char *const *folders)
{
	_cleanup_(view_done) struct view view = { 0 };
	_cleanup_close_ int root = -1;
	int r;

	if (confine_is_done()) {
		log_write(LOG_DEBUG, "Confinement: view: the file system is read-only already, and calls are filtered.");
		return 0;
	}
	r = leave_others(&root);
	if (r < 0 || root < 0)
		return r;
	r = add_places(&view, folders);
	if (r == 0)
		r = build(&view);
	return r;
}

int confine_read_only(void)
{
	struct mount_attr read_only = { .attr_set = MOUNT_ATTR_RDONLY };
	_cleanup_close_ int root = -1;
	int r = leave_others(&root);

	if (r < 0 || root < 0)
		return r;
	if (set_attributes(root, AT_RECURSIVE, &read_only) < 0)
		return -errno;
	if (syscall(SYS_mount, "tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=1777,size=64m") < 0)
		return -errno;
	return 0;
}
