/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In place of open(2): no file of this machine is opened. One is there when its name has “blue” in it. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int __wrap_open(const char *path, int flags, ...);

/* Of a descriptor only its number matters. */
int __wrap_open(const char *path, int flags, ...)
{
	(void)flags;
	if (strstr(path, "blue"))
		return fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	errno = ENOENT;
	return -1;
}
