/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Worlds.
 *
 * The daemon tells that it is ready as it tells systemd (sd_notify(3)), so nobody sleeps and hopes. It dies with the
 * test, whatever happens to the test (PR_SET_PDEATHSIG).
 */
#include "world.h"
#include "clock.h"
#include "held.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* Until a daemon is ready. */
#define DEADLINE_MS (10000 * SLOWEST)

/* What the library waits for an answer if nobody says anything, on a machine on which each answer takes longer. */
#define ANSWER_MS (30000 * SLOWEST)

/* A dnsmasq that does not come up is waited for as long as the test likes. */
#define DNSMASQ_MS "1000000"

/* Folders of a world that are open at once while they are removed. */
#define DEPTH 8

/* ------------------------------------------------------------------------------------------------------------ asserts */

void world_assert_result(const struct hycan *h, int result, int expected, const char *file, int line)
{
	if (result == expected)
		return;
	print_error("%s instead of %s: %s\n", hycan_result_name(result), hycan_result_name(expected), hycan_error_message(h));
	_fail(file, line);
}

void world_assert_contains(const char *text, const char *part, bool expected, const char *file, int line)
{
	if (!!strstr(text, part) == expected)
		return;
	print_error("“%s” %s in: %s\n", part, expected ? "is not" : "is", text);
	_fail(file, line);
}

/* -------------------------------------------------------------------------------------------------------- the daemon */

/* A socket on which the daemon says that it is ready. */
static int notify_socket(char *ret_name, size_t size)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int n;

	assert_true(fd >= 0);
	snprintf(ret_name, size, "@hycan-test-%d", getpid());
	n = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "%s", ret_name + 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n)),
	                 0);
	return fd;
}

static void wait_until_ready(struct world *w, int notify)
{
	int64_t deadline = now_ms() + DEADLINE_MS;
	struct pollfd pollfd = { .fd = notify, .events = POLLIN };
	char message[256];

	for (;;) {
		int status;

		if (waitpid(w->daemon, &status, WNOHANG) == w->daemon) {
			char *log = world_log(w);

			w->daemon = 0;
			fail_msg("The daemon ended with %#x before it was ready: %s", status, log);
		}
		if (now_ms() > deadline)
			fail_msg("The daemon was not ready within %d ms.", DEADLINE_MS);
		if (poll(&pollfd, 1, 100) > 0) {
			ssize_t n = recv(notify, message, sizeof(message) - 1, 0);

			message[n > 0 ? n : 0] = '\0';
			if (strstr(message, "READY=1"))
				return;
		}
	}
}

const char *world_daemon_path(void)
{
	const char *path = getenv("HYCAN_DAEMON");

	return path ? path : HYCAN_DAEMON;
}

/* By vfork(2), since all that a process with sanitizers has mapped takes long to copy. */
static pid_t spawn_daemon(const struct world *w, const char *policy, const struct world_options *options, const char *notify)
{
	const char *daemon = world_daemon_path();
	const char *argv[24] = { daemon, "--log-level", "debug", "--policy", policy, "--dnsmasq-patience", DNSMASQ_MS };
	int log = open(w->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	size_t n = 7;
	pid_t pid;

	for (size_t i = 0; options && options->arguments[i]; i++)
		argv[n++] = options->arguments[i];
	argv[n++] = w->socket;
	setenv("NOTIFY_SOCKET", notify, 1);
	unsetenv("LISTEN_FDS");
	pid = vfork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(log, STDERR_FILENO);
		execv(daemon, (char *const *)argv);
		_exit(127);
	}
	unsetenv("NOTIFY_SOCKET");
	close(log);
	return pid;
}

void world_start_daemon(struct world *w, const struct world_options *options)
{
	char policy[128], name[64];
	int notify = notify_socket(name, sizeof(name));

	snprintf(policy, sizeof(policy), "%s/policy.conf", w->directory);
	if (options && options->policy) {
		int fd = open(policy, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

		assert_true(fd >= 0);
		assert_int_equal(write(fd, options->policy, strlen(options->policy)), strlen(options->policy));
		close(fd);
	}
	w->daemon = spawn_daemon(w, policy, options, name);
	assert_true(w->daemon >= 0);
	wait_until_ready(w, notify);
	close(notify);
	if (options && options->open_to_all) {
		assert_int_equal(chmod(w->directory, 0755), 0);
		assert_int_equal(chmod(w->socket, 0666), 0);
	}
}

int world_stop_daemon(struct world *w, int signal)
{
	int status = 0;

	kill(w->daemon, signal);
	held_end();
	while (waitpid(w->daemon, &status, 0) < 0 && errno == EINTR)
		;
	w->daemon = 0;
	return status;
}

char *world_log(const struct world *w)
{
	char *text = NULL;
	size_t size = 0;
	FILE *memory = open_memstream(&text, &size);
	FILE *file = fopen(w->log, "re");
	int c;

	while (file && (c = getc(file)) != EOF)
		putc(c, memory);
	if (file)
		fclose(file);
	fclose(memory);
	return text;
}

/* ------------------------------------------------------------------------------------------------------------- worlds */

/* The linker puts it in front of the library's own (--wrap). */
int __wrap_hycan_open(struct hycan **ret_h, const char *path);

int __wrap_hycan_open(struct hycan **ret_h, const char *path)
{
	return hycan_open_within(ret_h, path, ANSWER_MS);
}

/* Mounts of this process alone, with no named namespaces but its own. */
static void leave_shared_mounts(void)
{
	static bool left;

	if (left)
		return;
	left = true;
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		fail_msg("The tests need to be root: %s", strerror(errno));
	(void)mkdir("/run/netns", 0755);
	assert_int_equal(mount("tmpfs", "/run/netns", "tmpfs", 0, "mode=755"), 0);
}

/* As “ip link set lo up” does it, which would be two processes for each world. */
static void set_loopback_up(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_LOOPBACK | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &lo), 0);
	close(fd);
}

static int remove_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

struct world *world_start(const struct world_options *options)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	leave_shared_mounts();
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	snprintf(w->directory, sizeof(w->directory), "/tmp/hycan-test-XXXXXX");
	assert_non_null(mkdtemp(w->directory));
	snprintf(w->socket, sizeof(w->socket), "%s/socket", w->directory);
	snprintf(w->log, sizeof(w->log), "%s/log", w->directory);
	set_loopback_up();
	world_start_daemon(w, options);
	assert_done(w->h, hycan_open(&w->h, w->socket));
	return w;
}

int world_begin(void **state)
{
	*state = world_start(NULL);
	return 0;
}

int world_begin_soon(void **state)
{
	*state = world_start(&(struct world_options){ .arguments = { "--drift-patience", "20" } });
	return 0;
}

int world_begin_patiently(void **state)
{
	*state = world_start(&(struct world_options){ .arguments = { "--drift-patience", "1000000" } });
	return 0;
}

int world_end(void **state)
{
	struct world *w = *state;
	int status = 0;

	if (!w)
		return 0;
	hycan_close(w->h);
	if (w->daemon)
		status = world_stop_daemon(w, SIGTERM);
	if (status != 0) {
		char *log = world_log(w);

		print_error("The daemon ended with %#x. Its log:\n%s", status, log);
		free(log);
	}
	(void)nftw(w->directory, remove_file, DEPTH, FTW_DEPTH | FTW_PHYS);
	free(w);
	*state = NULL;
	return status ? -1 : 0;
}

void world_as(uid_t uid, gid_t gid, void (*function)(struct world *w), struct world *w)
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
			_exit(126);
		/* a failed assertion ends the process here instead of jumping into cmocka's copy of the parent */
		setenv("CMOCKA_TEST_ABORT", "1", 1);
		function(w);
		_exit(0);
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (status != 0)
		fail_msg("As uid %u: ended with %#x", uid, status);
}

const char *object_kind_name(enum hycan_object_kind kind)
{
	const struct hycan_structure *reply = hycan_operation_by_name("object.list")->reply;
	const char *name = NULL;

	for (uint16_t i = 0; i < reply->n_fields; i++)
		if (strcmp(reply->field[i].name, "kind") == 0)
			name = hycan_enumerator_name(reply->field[i].enumeration, kind);
	return name ? name : "?";
}
