/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks the system's databases (nsswitch.conf(5)): at start and when the policy is read, never for a request. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>

#include "cleanup.h"
#include "lookup.h"
#include "porter.h"

/* Largest entry of a user or a group, with all its members. */
#define NSS_BUFFER_MAX (16u << 20)

static int lookup_user(const char *name, char *buffer, size_t size, id_t *ret_id)
{
	struct passwd entry, *found = NULL;
	int r = getpwnam_r(name, &entry, buffer, size, &found);

	if (found)
		*ret_id = found->pw_uid;
	return found ? 0 : r == 0 ? -ESRCH : -r;
}

static int lookup_group(const char *name, char *buffer, size_t size, id_t *ret_id)
{
	struct group entry, *found = NULL;
	int r = getgrnam_r(name, &entry, buffer, size, &found);

	if (found)
		*ret_id = found->gr_gid;
	return found ? 0 : r == 0 ? -ESRCH : -r;
}

int lookup_id(const char *name, bool group, id_t *ret_id)
{
	if (porter_is_there())
		return porter_find_id(name, group, ret_id);
	for (size_t size = 4096; size <= NSS_BUFFER_MAX; size *= 4) {
		_cleanup_free_ char *buffer = malloc(size);
		int r;

		if (!buffer)
			return -ENOMEM;
		r = group ? lookup_group(name, buffer, size, ret_id) : lookup_user(name, buffer, size, ret_id);
		if (r != -ERANGE)
			/* getpwnam(3) lists what “not found” may be called */
			return r == -ENOENT || r == -EBADF || r == -EPERM ? -ESRCH : r;
	}
	return -ERANGE;
}

static void close_file(FILE **file)
{
	if (*file)
		(void)fclose(*file);
}

bool lookup_name(uid_t uid, char *name, size_t size)
{
	_cleanup_(close_file) FILE *file = NULL;
	struct passwd entry, *found = NULL;
	char text[4096];

	if (porter_is_there())
		return porter_find_name(uid, name, size);
	file = fopen("/etc/passwd", "re");
	while (file && fgetpwent_r(file, &entry, text, sizeof(text), &found) == 0)
		if (found->pw_uid == uid)
			return snprintf(name, size, "%s", found->pw_name) < (int)size;
	return false;
}
