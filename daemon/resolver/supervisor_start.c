/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the supervisor comes from: who it becomes, and what it gives up. */
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "confine.h"
#include "log.h"
#include "supervisor.h"
#include "supervisor_state.h"

const char *supervisor_find_program(const char *asked)
{
	static const char *const paths[] = { "/usr/sbin/dnsmasq", "/usr/local/sbin/dnsmasq", "/usr/bin/dnsmasq", "/sbin/dnsmasq" };

	if (asked)
		return access(asked, X_OK) == 0 ? asked : NULL;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		if (access(paths[i], X_OK) == 0)
			return paths[i];
	return NULL;
}

/* A user that has nothing: our own, that of the distribution's dnsmasq, or nobody. */
static void find_user(uid_t *ret_uid, gid_t *ret_gid)
{
	static const char *const names[] = { "hycan-resolver", "dnsmasq", "nobody" };

	*ret_uid = 65534;
	*ret_gid = 65534;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const struct passwd *user = getpwnam(names[i]);

		if (!user || user->pw_uid == 0)
			continue;
		*ret_uid = user->pw_uid;
		*ret_gid = user->pw_gid;
		return;
	}
}

static int confine(void)
{
	uid_t uid;
	gid_t gid;
	int r = 0;

	/* of a service the rest is done by its unit */
	if (geteuid() == 0) {
		find_user(&uid, &gid);
		r = confine_read_only();
		if (r == 0)
			r = confine_become(uid, gid, CONFINE_CAP_RESOLVER);
	}
	if (r == 0)
		r = confine_privileges();
	return r == 0 ? confine_calls_of_programs() : r;
}

static int open_all(struct supervisor *s)
{
	int r = confine();

	if (r == 0 && !mkdtemp(s->folder))
		r = -errno;
	return r;
}

static uint64_t patience(int ms)
{
	return (uint64_t)(ms ? ms : SUPERVISOR_PATIENCE_MS) * 1000;
}

void supervisor_work(int fd, const char *program, int patience_ms)
{
	struct supervisor s = { .program = program, .folder = "/tmp/hycan-resolver.XXXXXX", .listener = -1, .signals = -1 };
	int r;

	(void)prctl(PR_SET_NAME, "hycan_resolver");
	s.peer = fd;
	s.patience_us = patience(patience_ms);
	r = confine_process(fd);
	if (r == 0)
		r = open_all(&s);
	supervisor_answer(&s, r, "");
	if (r == 0)
		r = supervisor_loop(&s);
	/* what the daemon would do at its end is not the supervisor's */
	_exit(r < 0);
}

int supervisor_serve(const char *program, int patience_ms)
{
	struct supervisor s = { .folder = "/tmp/hycan-resolver.XXXXXX", .peer = -1, .signals = -1 };
	int r;

	/* it may be installed later */
	s.program = supervisor_find_program(program);
	if (!s.program)
		s.program = program ? program : "/usr/sbin/dnsmasq";
	s.listener = 3; /* SD_LISTEN_FDS_START, sd_listen_fds(3) */
	s.alone_us = instance_now_us();
	s.patience_us = patience(patience_ms);
	r = confine_process(s.listener);
	if (r == 0)
		r = open_all(&s);
	if (r == 0)
		r = supervisor_loop(&s);
	if (r < 0)
		log_write(LOG_ERR, "The resolver ends: %s", strerror(-r));
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
