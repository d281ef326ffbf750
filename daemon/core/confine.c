/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stages that need nothing but a few calls: what is inherited, capabilities, no_new_privs.
 *
 * Capabilities are read and set by the kernel's own calls: two structures are less than a library.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cleanup.h"
#include "confine.h"
#include "confine_stage.h"
#include "log.h"

/* What sd_listen_fds(3) calls SD_LISTEN_FDS_START. */
#define FIRST_FD 3

int confine_parse(const char *text, unsigned int *ret_stages)
{
	static const struct {
		const char *name;
		unsigned int stages;
	} names[] = {
		{ "process", CONFINE_PROCESS },       { "view", CONFINE_VIEW },   { "capabilities", CONFINE_CAPABILITIES },
		{ "privileges", CONFINE_PRIVILEGES }, { "calls", CONFINE_CALLS }, { "all", CONFINE_ALL },
	};
	unsigned int stages = 0;

	for (const char *at = text; at; at = *at ? at + 1 : NULL) {
		size_t length = strcspn(at, ","), i;

		for (i = 0; i < sizeof(names) / sizeof(*names); i++)
			if (strlen(names[i].name) == length && memcmp(names[i].name, at, length) == 0)
				break;
		if (i == sizeof(names) / sizeof(*names))
			return -EINVAL;
		stages |= names[i].stages;
		at += length;
	}
	*ret_stages = stages;
	return 0;
}

/* ------------------------------------------------------------------------------------------------- what is inherited */

/* What somebody will ask for; a name that ends in “_” stands for all that begin so. */
static bool is_known(const char *variable)
{
	static const char *const known[] = {
		"NOTIFY_SOCKET",     "WATCHDOG_",    "LISTEN_",       "FDSTORE",      "JOURNAL_STREAM",
		"RUNTIME_DIRECTORY", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS",
	};
	size_t length = strcspn(variable, "=");

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		size_t size = strlen(known[i]);

		if (known[i][size - 1] == '_' ? length >= size && memcmp(variable, known[i], size) == 0
		                              : length == size && memcmp(variable, known[i], size) == 0)
			return true;
	}
	return false;
}

/* What is left out is wiped: people pass passwords to their containers this way. */
static void clean_environment(void)
{
	char **to = environ;

	for (char **from = environ; from && *from; from++) {
		if (is_known(*from))
			*to++ = *from;
		else
			explicit_bzero(*from, strlen(*from));
	}
	if (to)
		*to = NULL;
}

static void close_from(int first, int last)
{
	if (first > last || close_range((unsigned int)first, (unsigned int)last, 0) == 0)
		return;
	/* an older kernel */
	if (last == INT32_MAX)
		last = (int)sysconf(_SC_OPEN_MAX);
	for (int fd = first; fd <= last; fd++)
		close(fd);
}

/* Something is open as 0, 1 and 2, so that nothing of ours ever is, to which others write their complaints. */
static int open_standard(void)
{
	for (int fd = 0; fd < FIRST_FD; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR | O_NOCTTY) != fd)
			return -EBADF;
	return 0;
}

/* How many descriptors systemd passed. */
static int n_passed(void)
{
	const char *pid = getenv("LISTEN_PID"), *n = getenv("LISTEN_FDS");
	long count = pid && n && strtol(pid, NULL, 10) == getpid() ? strtol(n, NULL, 10) : 0;

	return count > 0 && count < INT32_MAX - FIRST_FD ? (int)count : 0;
}

int confine_process(int fd)
{
	const struct rlimit none = { 0 };
	int first = FIRST_FD + n_passed(), r;

	(void)setrlimit(RLIMIT_CORE, &none);
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return -errno;
	clean_environment();
	r = open_standard();
	if (r < 0)
		return r;
	if (fd >= first) {
		close_from(first, fd - 1);
		first = fd + 1;
	}
	close_from(first, INT32_MAX);
	return 0;
}

/* ------------------------------------------------------------------------------------------------------ capabilities */

static int get_capabilities(struct capabilities *ret_capabilities)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	ret_capabilities->effective = data[0].effective | (uint64_t)data[1].effective << 32;
	ret_capabilities->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	ret_capabilities->inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
	return 0;
}

static int set_capabilities(uint64_t capabilities)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {
		{ .effective = (uint32_t)capabilities, .permitted = (uint32_t)capabilities },
		{ .effective = (uint32_t)(capabilities >> 32), .permitted = (uint32_t)(capabilities >> 32) },
	};

	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

bool confine_may(int capability)
{
	struct capabilities now;

	return get_capabilities(&now) == 0 && (now.effective >> capability & 1);
}

/* What no program that it started could get either. */
static int drop_bounding(uint64_t keep)
{
	for (int i = 0; i < 64; i++) {
		int r = prctl(PR_CAPBSET_READ, i);

		/* the kernel knows no more of them */
		if (r < 0)
			break;
		if (r > 0 && !(keep >> i & 1) && prctl(PR_CAPBSET_DROP, i) < 0)
			return -errno;
	}
	return 0;
}

int confine_capabilities(uint64_t keep)
{
	/* being root gives no capability, and that stays so */
	const unsigned long rootless = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
	                               SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE |
	                               SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
	struct capabilities now;
	int r;

	r = get_capabilities(&now);
	if (r < 0)
		return r;
	if (now.effective >> CAP_SETPCAP & 1) {
		r = drop_bounding(keep);
		if (r == 0 && prctl(PR_SET_SECUREBITS, rootless) < 0)
			r = -errno;
		if (r < 0)
			return r;
	} else {
		log_write(LOG_DEBUG, "Confinement: the bounding set is what it was, without CAP_SETPCAP.");
	}
	/* it is older than any kernel that is supported, but a filter may forbid it; nothing is started that would inherit */
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (!((now.effective | now.permitted | now.inheritable) & ~keep)) {
		log_write(LOG_DEBUG, "Confinement: capabilities: there are no others already.");
		return 0;
	}
	return set_capabilities(now.permitted & keep);
}

int confine_become(uid_t uid, gid_t gid, uint64_t keep)
{
	struct capabilities now;
	int r = get_capabilities(&now);

	if (r == 0 && now.effective >> CAP_SETPCAP & 1)
		r = drop_bounding(keep);
	if (r < 0)
		return r;
	if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 || prctl(PR_SET_KEEPCAPS, 1) < 0 || setresuid(uid, uid, uid) < 0)
		return -errno;
	return set_capabilities(now.permitted & keep);
}

int confine_inherit(uint64_t keep)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };
	struct capabilities now;
	int r = get_capabilities(&now);

	if (r < 0)
		return r;
	keep &= now.permitted;
	for (int i = 0; i < 2; i++)
		data[i].effective = data[i].permitted = data[i].inheritable = (uint32_t)(keep >> 32 * i);
	if (syscall(SYS_capset, &header, data) < 0 || prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return -errno;
	for (int i = 0; i < 64; i++)
		if (keep >> i & 1 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0) < 0)
			return -errno;
	return 0;
}

/* ------------------------------------------------------------------------------------------------------ no_new_privs */

int confine_privileges(void)
{
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1) {
		log_write(LOG_DEBUG, "Confinement: privileges: no new ones can be gained already.");
		return 0;
	}
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}
