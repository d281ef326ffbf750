/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values below /proc/sys/net: kept as they are, and put back. Which namespace's they are is decided by the thread that opens them.
 *
 * The name of a link has no white space in it (dev_valid_name(), net/core/dev.c), nor has any other part of a path there.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "netlink.h"
#include "sysctl.h"

#define ROOT "/proc/sys/net/"

/* With the terminating zero. */
#define PATH_SIZE  128
#define VALUE_SIZE 128

/* It is one of a family, and leads nowhere else. */
static bool is_path(const char *path)
{
	return (strncmp(path, "ipv4/", 5) == 0 || strncmp(path, "ipv6/", 5) == 0) && !strstr(path, "/..");
}

static int open_value(const char *path, int flags)
{
	char whole[sizeof(ROOT) + PATH_SIZE];
	int fd;

	if (!is_path(path))
		return -EINVAL;
	snprintf(whole, sizeof(whole), ROOT "%s", path);
	fd = open(whole, flags | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int read_value(const char *path, char value[static VALUE_SIZE])
{
	_cleanup_close_ int fd = open_value(path, O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = read(fd, value, VALUE_SIZE - 1);
	if (n < 0)
		return -errno;
	value[n] = '\0';
	value[strcspn(value, "\n")] = '\0';
	return 0;
}

static int write_value(const char *path, const char *value)
{
	_cleanup_close_ int fd = open_value(path, O_WRONLY);

	if (fd < 0)
		return fd;
	return write(fd, value, strlen(value)) < 0 ? -errno : 0;
}

static int keep(struct kernel_sysctls *sysctls, const char *path, const char *value, bool condition)
{
	char line[PATH_SIZE + VALUE_SIZE + 4], *lines;
	int n;

	n = snprintf(line, sizeof(line), "%s%s %s\n", condition ? "?" : "", path, value);
	lines = realloc(sysctls->lines, sysctls->size + (size_t)n);
	if (!lines)
		return -ENOMEM;
	memcpy(lines + sysctls->size, line, (size_t)n);
	sysctls->lines = lines;
	sysctls->size += (size_t)n;
	return 0;
}

/* A secret that was never set (net.ipv6.conf.LINK.stable_secret) is not told. */
static bool is_untold(int r)
{
	return r == -ENOENT || r == -EIO || r == -EACCES;
}

int kernel_sysctl_keep(struct kernel_scope *scope, struct kernel_sysctls *sysctls, const char *path, bool condition)
{
	char value[VALUE_SIZE];
	int r = kernel_scope_enter(scope);

	if (r < 0)
		return r;
	r = read_value(path, value);
	kernel_scope_leave(scope);
	if (r < 0)
		return is_untold(r) ? 0 : r;
	return keep(sysctls, path, value, condition);
}

/* wanted: or NULL, any. */
static bool is(struct kernel_scope *scope, const char *path, const char *wanted)
{
	char value[VALUE_SIZE];
	bool is;

	if (kernel_scope_enter(scope) < 0)
		return false;
	is = read_value(path, value) == 0 && (!wanted || strcmp(value, wanted) == 0);
	kernel_scope_leave(scope);
	/* it may be a secret itself */
	explicit_bzero(value, sizeof(value));
	return is;
}

bool kernel_sysctl_is_told(struct kernel_scope *scope, const char *path)
{
	return is(scope, path, NULL);
}

bool kernel_sysctl_is(struct kernel_scope *scope, const char *path, const char *value)
{
	return is(scope, path, value);
}

/* What a new link has of its own: without ARP, not what the others have (ipv6_add_dev(), net/ipv6/addrconf.c). */
static bool is_by_link(const char *name)
{
	return strcmp(name, "accept_dad") == 0 || strcmp(name, "use_tempaddr") == 0;
}

static int keep_other(struct kernel_sysctls *sysctls, const char *directory, const char *link, const char *name)
{
	char path[PATH_SIZE], of_new[PATH_SIZE], value[VALUE_SIZE], value_of_new[VALUE_SIZE];
	int r;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s/%s", directory, link, name) >= sizeof(path) ||
	    (size_t)snprintf(of_new, sizeof(of_new), "%s/default/%s", directory, name) >= sizeof(of_new))
		return -ENAMETOOLONG;
	r = read_value(path, value);
	if (r < 0)
		return is_untold(r) ? 0 : r;
	if (!is_by_link(name) && read_value(of_new, value_of_new) == 0 && strcmp(value, value_of_new) == 0)
		return 0;
	return keep(sysctls, path, value, false);
}

static int keep_own(struct kernel_sysctls *sysctls, const char *directory, const char *link)
{
	char path[sizeof(ROOT) + PATH_SIZE];
	const struct dirent *entry;
	DIR *dir;
	int r = 0;

	snprintf(path, sizeof(path), ROOT "%s/%s", directory, link);
	dir = opendir(path);
	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	while (r == 0 && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			r = keep_other(sysctls, directory, link, entry->d_name);
	closedir(dir);
	return r;
}

int kernel_sysctl_keep_own(struct kernel_scope *scope, struct kernel_sysctls *sysctls, const char *directory, const char *link)
{
	int r = kernel_scope_enter(scope);

	if (r < 0)
		return r;
	r = keep_own(sysctls, directory, link);
	kernel_scope_leave(scope);
	return r;
}

void kernel_sysctls_free(struct kernel_sysctls *sysctls)
{
	cleanup_free(&sysctls->lines);
	sysctls->size = 0;
}

/* 0; above 0: a condition does not hold; -errno. */
static int put_back_line(const char *line)
{
	const bool condition = *line == '?';
	char path[PATH_SIZE], value[VALUE_SIZE], is[VALUE_SIZE];
	const size_t length = strcspn(line + condition, " ");
	int r;

	if (length >= sizeof(path) || !line[condition + length])
		return -EINVAL;
	snprintf(path, sizeof(path), "%.*s", (int)length, line + condition);
	snprintf(value, sizeof(value), "%s", line + condition + length + 1);
	r = read_value(path, is);
	if (condition)
		return r < 0 || strcmp(value, is) != 0;
	if (r == 0 && strcmp(value, is) == 0)
		return 0;
	return r < 0 && r != -EIO ? r : write_value(path, value);
}

static int put_back_lines(const char *lines, size_t size)
{
	char line[PATH_SIZE + VALUE_SIZE + 4];
	int failed = 0, r = 0;

	for (size_t n; size > 0 && r <= 0; lines += n, size -= n) {
		const char *end = memchr(lines, '\n', size);

		n = end ? (size_t)(end - lines) + 1 : size;
		/* empty ones fill up the last word */
		if (!end || n == 1 || n > sizeof(line))
			continue;
		snprintf(line, sizeof(line), "%.*s", (int)n - 1, lines);
		r = put_back_line(line);
		failed = failed == 0 && r < 0 && r != -ENOENT ? r : failed;
	}
	return failed;
}

int kernel_sysctl_put_back(struct kernel_scope *scope, const char *lines, size_t size)
{
	int r = netlink_gate(scope);

	if (r != 0)
		return r < 0 ? r : 0;
	r = kernel_scope_enter(scope);
	if (r < 0)
		return r;
	/* twice, since some are only taken, or stay, beside others (addr_gen_mode) */
	(void)put_back_lines(lines, size);
	r = put_back_lines(lines, size);
	kernel_scope_leave(scope);
	return r;
}
