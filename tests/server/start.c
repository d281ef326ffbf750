/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Starting: what is at the socket's path already, what was passed by systemd or on the command line, and what is left
 * behind at the end.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

#include "health.h"
#include "raw.h"
#include "world.h"

enum { TYPE_LINK_UP = 0x0303 };

static struct raw_frame frame;

/* A further daemon, beside that of the world. */
struct start {
	const char *arguments[6]; /* up to a NULL */
	int passed[3];            /* descriptors, from 3 on in the daemon; 0: none more */
	bool listen;              /* they are passed as systemd does */
	int error;                /* its standard error; 0: the file other.log */
};

static pid_t start(const struct world *w, const struct start *s)
{
	const char *argv[16] = { world_daemon_path(), "--policy", "/nonexistent" };
	size_t n = 3, n_passed = 0;
	char log[128], number[16];
	pid_t child = fork();

	assert_true(child >= 0);
	if (child > 0)
		return child;
	snprintf(log, sizeof(log), "%s/other.log", w->directory);
	dup2(s->error ? s->error : open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600), STDERR_FILENO);
	while (n_passed < 3 && s->passed[n_passed]) {
		/* out of the way of each other first */
		int high = fcntl(s->passed[n_passed], F_DUPFD, 100);

		dup2(high, (int)(3 + n_passed++));
	}
	for (size_t i = 0; s->arguments[i]; i++)
		argv[n++] = s->arguments[i];
	unsetenv("NOTIFY_SOCKET");
	if (s->listen) {
		snprintf(number, sizeof(number), "%zu", n_passed);
		setenv("LISTEN_FDS", number, 1);
		snprintf(number, sizeof(number), "%d", getpid());
		setenv("LISTEN_PID", number, 1);
	}
	execv(argv[0], (char *const *)argv);
	_exit(127);
}

static int wait_for(pid_t daemon)
{
	int status;

	assert_int_equal(waitpid(daemon, &status, 0), daemon);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void assert_other_says(const struct world *w, const char *text)
{
	char *log = shell("cat %s/other.log", w->directory);

	assert_contains(log, text);
	free(log);
}

/* It does not start, and says why. */
static void assert_fails(const struct world *w, const struct start *s, int status, const char *text)
{
	assert_int_equal(wait_for(start(w, s)), status);
	assert_other_says(w, text);
}

static void assert_path_fails(const struct world *w, const char *path, const char *text)
{
	assert_fails(w, &(struct start){ .arguments = { path } }, 1, text);
}

/* It serves that path. */
static void assert_serves(const char *path)
{
	struct raw raw = { .fd = -1 };
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	memcpy(address.sun_path, path, strlen(path));
	raw.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	/* first what is dead is still there, then nothing, then a socket that does not listen yet */
	for (int i = 0; connect(raw.fd, (struct sockaddr *)&address, sizeof(address)) < 0; i++) {
		assert_true(errno == ECONNREFUSED || errno == ENOENT);
		assert_true(i < 6000);
		usleep(10000);
	}
	raw_close(&raw);
	raw = raw_open(path);
	raw_assert_alive(&raw);
	raw_close(&raw);
}

static void end(pid_t daemon)
{
	kill(daemon, SIGTERM);
	assert_int_equal(wait_for(daemon), 0);
}

/* ------------------------------------------------------------------------------------------------------------ the path */

static void test_living(void **state)
{
	struct world *w = *state;
	char text[128];

	snprintf(text, sizeof(text), "(pid %d) serves %s already", w->daemon, w->socket);
	assert_path_fails(w, w->socket, text);
	assert_serves(w->socket);
}

/* From where it has no number, none is made up. */
static void test_living_out_of_sight(void **state)
{
	struct world *w = *state;
	char text[192], *said;
	int status = shell_status(&said, "unshare --pid --fork %s --policy /nonexistent %s", world_daemon_path(), w->socket);

	snprintf(text, sizeof(text), "A daemon serves %s already, which cannot be named", w->socket);
	assert_int_equal(status, 1);
	assert_contains(said, text);
	free(said);
	assert_serves(w->socket);
}

static void test_dead(void **state)
{
	struct world *w = *state;
	char *mode;
	pid_t daemon;

	(void)world_stop_daemon(w, SIGKILL);
	daemon = start(w, &(struct start){ .arguments = { w->socket } });
	assert_serves(w->socket);
	mode = shell("stat -c %%a %s", w->socket);
	assert_string_equal(mode, "660\n");
	free(mode);
	end(daemon);
	assert_int_equal(shell_status(NULL, "test -e %s", w->socket), 1);
}

static int bound(int type, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void test_something_else(void **state)
{
	struct world *w = *state;
	char path[128], socket[128];
	int fd;

	snprintf(path, sizeof(path), "%s/path", w->directory);
	snprintf(socket, sizeof(socket), "%s/elsewhere", w->directory);

	free(shell("echo precious > %s", path));
	assert_path_fails(w, path, "is no socket");
	free(shell("grep -q precious %s && rm %s && mkdir %s", path, path, path));
	assert_path_fails(w, path, "is no socket");
	/* a link to what a dead daemon has left, and one to nothing */
	close(bound(SOCK_STREAM, socket));
	free(shell("rmdir %s && ln -s %s %s", path, socket, path));
	assert_path_fails(w, path, "is no socket");
	free(shell("rm %s && ln -s /nonexistent/socket %s", path, path));
	assert_path_fails(w, path, "is no socket");
	free(shell("test -L %s && test -S %s && rm %s", path, socket, path));
	/* somebody else's, dead as it may be */
	close(bound(SOCK_STREAM, path));
	free(shell("chown 1234 %s", path));
	assert_path_fails(w, path, "belongs to uid 1234");
	free(shell("test -S %s && rm %s", path, path));
	/* of another kind, and alive */
	fd = bound(SOCK_DGRAM, path);
	assert_path_fails(w, path, "is not a socket that a dead daemon");
	free(shell("test -S %s && rm %s", path, path));
	close(fd);
	/* bound, with a backlog that is full */
	fd = bound(SOCK_STREAM, path);
	assert_int_equal(listen(fd, 0), 0);
	assert_path_fails(w, path, "serves");
	assert_path_fails(w, path, "serves");
	assert_path_fails(w, path, "serves");
	close(fd);
	assert_path_fails(w, "/nonexistent/socket", "cannot be made: No such file or directory");
}

static void test_lengths(void **state)
{
	struct world *w = *state;
	char path[256];
	pid_t daemon;

	memset(path, 'x', sizeof(path));
	memcpy(path, w->directory, strlen(w->directory));
	path[strlen(w->directory)] = '/';
	path[108] = '\0';
	assert_path_fails(w, path, "is longer than the 107 bytes");
	path[107] = '\0';
	daemon = start(w, &(struct start){ .arguments = { path } });
	assert_serves(path);
	end(daemon);
	assert_int_equal(shell_status(NULL, "test -e %s", path), 1);
	/* not the abstract name of 108 zeros, to which everybody could connect */
	assert_path_fails(w, "", "is empty");
}

/* From the folder in which it was started; it needs that no more. */
static void test_relative(void **state)
{
	struct world *w = *state;
	char path[256], folder[256];
	struct hycan *h = NULL;
	pid_t daemon;

	assert_non_null(getcwd(folder, sizeof(folder)));
	assert_int_equal(chdir(w->directory), 0);
	daemon = start(w, &(struct start){ .arguments = { "near" } });
	assert_int_equal(chdir(folder), 0);
	snprintf(path, sizeof(path), "%s/near", w->directory);
	assert_serves(path);
	assert_done(h, hycan_open(&h, path));
	assert_well(h);
	hycan_close(h);
	end(daemon);
	free(shell("! test -e %s/near && ! test -e %s/near.d/ledger", w->directory, w->directory));
}

/* What is there at the end need not be what was made at the start. */
static void test_leaves_what_is_not_its_own(void **state)
{
	struct world *w = *state;
	pid_t other;

	free(shell("rm %s", w->socket));
	other = start(w, &(struct start){ .arguments = { w->socket } });
	assert_serves(w->socket);
	assert_int_equal(world_stop_daemon(w, SIGTERM), 0);
	assert_serves(w->socket);
	end(other);
	assert_int_equal(shell_status(NULL, "test -e %s", w->socket), 1);
}

/* A group with a thousand members is a group. */
static void test_large_group(void **state)
{
	struct world *w = *state;
	char path[128], *group;
	pid_t daemon;

	free(shell("{ grep -v ^hycan: /etc/group; printf hycan:x:54321:; seq -s , -f user%%g 1000; } > %s/group && "
	           "mount --bind %s/group /etc/group",
	           w->directory, w->directory));
	snprintf(path, sizeof(path), "%s/grouped", w->directory);
	daemon = start(w, &(struct start){ .arguments = { path } });
	assert_serves(path);
	group = shell("stat -c %%g %s", path);
	assert_string_equal(group, "54321\n");
	free(group);
	end(daemon);
	free(shell("umount /etc/group"));
}

/* --------------------------------------------------------------------------------------------------------- descriptors */

static void test_private(void **state)
{
	struct world *w = *state;
	int pair[2], pipes[2];
	struct raw raw;
	pid_t daemon;

	assert_fails(w, &(struct start){ .arguments = { "--private", "77" } }, 1, "Bad file descriptor");
	assert_fails(w, &(struct start){ .arguments = { "--private", "-1" } }, 2, "is no descriptor");
	assert_fails(w, &(struct start){ .arguments = { "--private", "3x" } }, 2, "is no descriptor");
	assert_fails(w, &(struct start){ .arguments = { "--private", "" } }, 2, "is no descriptor");
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	assert_fails(w, &(struct start){ .arguments = { "--private", "3" }, .passed = { pipes[0] } }, 1, "non-socket");
	close(pipes[0]);
	close(pipes[1]);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	daemon = start(w, &(struct start){ .arguments = { "--private", "3" }, .passed = { pair[0] } });
	close(pair[0]);
	raw = (struct raw){ .fd = pair[1] };
	raw_begin(&raw, &frame, 0x0101);
	raw_put(&frame, 1, &(uint32_t){ 1 }, 4);
	(void)raw_ask(&raw, &frame);
	raw_assert_alive(&raw);
	/* it ends with its peer */
	raw_close(&raw);
	assert_int_equal(wait_for(daemon), 0);
}

static void test_passed(void **state)
{
	struct world *w = *state;
	char path[128];
	int fd, other, pipes[2];
	pid_t daemon;

	snprintf(path, sizeof(path), "%s/passed", w->directory);
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	assert_fails(w, &(struct start){ .passed = { pipes[0] }, .listen = true }, 1, "one listening Unix stream socket");
	close(pipes[0]);
	close(pipes[1]);
	fd = bound(SOCK_STREAM, path);
	assert_fails(w, &(struct start){ .passed = { fd }, .listen = true }, 1, "one listening Unix stream socket");
	assert_int_equal(listen(fd, 10), 0);
	other = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_fails(w, &(struct start){ .passed = { other }, .listen = true }, 1, "one listening Unix stream socket");
	assert_fails(w, &(struct start){ .passed = { fd, other }, .listen = true }, 1, "systemd passed 2 descriptors");
	close(other);

	daemon = start(w, &(struct start){ .passed = { fd }, .listen = true });
	assert_serves(path);
	/* whoever else has it may be faster: the daemon must not wait in accept(2) */
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	close(fd);
	end(daemon);
	/* the file is systemd's */
	free(shell("test -S %s", path));
}

/* A socket of vsock(7) beside the Unix one, as a drop-in for the socket unit gives it. */
static void test_passed_vsock(void **state)
{
	struct world *w = *state;
	const struct sockaddr_vm any = { .svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY, .svm_port = VMADDR_PORT_ANY };
	int vsock, other, fd;
	char path[128];
	pid_t daemon;

	need_success("vsock", "python3 -c 'import socket; socket.socket(socket.AF_VSOCK)'");
	snprintf(path, sizeof(path), "%s/passed", w->directory);
	fd = bound(SOCK_STREAM, path);
	assert_int_equal(listen(fd, 10), 0);
	vsock = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);
	other = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(vsock, (const struct sockaddr *)&any, sizeof(any)), 0);
	assert_int_equal(bind(other, (const struct sockaddr *)&any, sizeof(any)), 0);
	/* it does not listen yet; it is alone; there are two */
	assert_fails(w, &(struct start){ .passed = { fd, vsock }, .listen = true }, 1, "systemd passed 2 descriptors");
	assert_int_equal(listen(vsock, 10), 0);
	assert_int_equal(listen(other, 10), 0);
	assert_fails(w, &(struct start){ .passed = { vsock }, .listen = true }, 1, "one listening Unix stream socket");
	assert_fails(w, &(struct start){ .passed = { fd, vsock, other }, .listen = true }, 1, "systemd passed 3 descriptors");

	daemon = start(w, &(struct start){ .passed = { vsock, fd }, .listen = true });
	assert_serves(path);
	assert_true(fcntl(vsock, F_GETFL) & O_NONBLOCK);
	close(other);
	close(vsock);
	close(fd);
	end(daemon);
	assert_other_says(w, " of vsock is served for machines");
}

static void test_words(void **state)
{
	struct world *w = *state;
	char policy[128];

	assert_fails(w, &(struct start){ .arguments = { "--nonsense" } }, 2, "--help lists the options");
	assert_fails(w, &(struct start){ .arguments = { "/tmp/a", "/tmp/b" } }, 2, "“/tmp/b” is too much");
	assert_fails(w, &(struct start){ .arguments = { "--log-level", "loud" } }, 2, "“loud” is no log level");
	assert_fails(w, &(struct start){ .arguments = { "--vsock=0" } }, 2, "“0” is no port of vsock");
	assert_fails(w, &(struct start){ .arguments = { "--vsock=4294967295" } }, 2, "“4294967295” is no port of vsock");
	assert_fails(w, &(struct start){ .arguments = { "--vsock=x" } }, 2, "“x” is no port of vsock");
	assert_fails(w, &(struct start){ .arguments = { "--help" } }, 0, "");
	assert_fails(w, &(struct start){ .arguments = { "--version" } }, 0, "");
	snprintf(policy, sizeof(policy), "%s/test.conf", w->directory);
	assert_fails(w, &(struct start){ .arguments = { "--check-config", "--policy", policy } }, 0,
	             "test.conf: the built-in policy holds");
	free(shell("echo 'allow root all' > %s", policy));
	assert_fails(w, &(struct start){ .arguments = { "--check-config", "--policy", policy } }, 0, "");
	free(shell("echo 'allow root everything' >> %s", policy));
	assert_fails(w, &(struct start){ .arguments = { "--check-config", "--policy", policy } }, 1, "test.conf:2: “everything”");
	/* nor does it start with that */
	assert_fails(w, &(struct start){ .arguments = { "--policy", policy, "/nonexistent/socket" } }, 1,
	             "test.conf:2: “everything”");
	free(shell("rm %s && mkfifo %s", policy, policy));
	assert_fails(w, &(struct start){ .arguments = { "--check-config", "--policy", policy } }, 1, "this is no file");
}

/* A log that nobody reads is no reason to stop. */
static void test_nobody_reads_the_log(void **state)
{
	struct world *w = *state;
	char path[128], text[65536];
	int pipes[2];
	struct raw raw;
	pid_t daemon;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/unread", w->directory);
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	assert_true(fcntl(pipes[0], F_SETPIPE_SZ, 4096) >= 4096);
	daemon = start(w, &(struct start){ .arguments = { path }, .error = pipes[1] });
	close(pipes[1]);
	assert_serves(path);
	raw = raw_open(path);
	for (size_t i = 0; i < 1000; i++) {
		raw_begin(&raw, &frame, TYPE_LINK_UP);
		raw_put(&frame, 1, "lo", 3);
		assert_int_equal(raw_ask(&raw, &frame).error, 0);
	}
	/* what did not fit is counted */
	n = read(pipes[0], text, sizeof(text) - 1);
	assert_true(n > 0);
	assert_int_equal(raw_ask(&raw, &frame).error, 0);
	n = read(pipes[0], text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	assert_contains(text, "messages were lost");
	raw_close(&raw);
	end(daemon);
	close(pipes[0]);
}

/* When there are no descriptors newcomers wait; and are served when there are some again, though nobody left. */
static void test_descriptors_return(void **state)
{
	enum { CLIENTS = 10 };
	struct world *w = *state;
	struct raw raw[CLIENTS] = { [0] = raw_open(w->socket) };
	struct rlimit before, none;
	struct pollfd pollfd;
	int next = 0;
	const uint8_t hello[] = { 24, 0, 0, 0, 1, 1, 5, 0, 1, 0, 0, 0, 0, 0, 0, 0, 8, 0, 1, 0, 1, 0, 0, 0 };

	assert_int_equal(prlimit(w->daemon, RLIMIT_NOFILE, NULL, &before), 0);
	/* what a request needs is open; one more, and no other */
	raw_assert_alive(&raw[0]);
	while (shell_status(NULL, "test -e /proc/%d/fd/%d", w->daemon, next) == 0)
		next++;
	none = (struct rlimit){ .rlim_cur = (rlim_t)next + 1, .rlim_max = before.rlim_max };
	assert_int_equal(prlimit(w->daemon, RLIMIT_NOFILE, &none, NULL), 0);
	for (size_t i = 1; i < CLIENTS; i++) {
		raw[i] = raw_connect(w->socket);
		raw_send(&raw[i], hello, sizeof(hello));
		raw_assert_alive(&raw[0]);
	}
	shell_until(60, "test -e /proc/%d/fd/%d", w->daemon, next);
	pollfd = (struct pollfd){ .fd = raw[CLIENTS - 1].fd, .events = POLLIN };
	assert_int_equal(poll(&pollfd, 1, 0), 0);
	assert_int_equal(prlimit(w->daemon, RLIMIT_NOFILE, &before, NULL), 0);
	assert_int_equal(poll(&pollfd, 1, 60000), 1);
	for (size_t i = 0; i < CLIENTS; i++)
		raw_close(&raw[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_living, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_living_out_of_sight, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_dead, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_something_else, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_relative, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_lengths, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_leaves_what_is_not_its_own, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_large_group, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_private, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_passed, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_passed_vsock, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_words, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_nobody_reads_the_log, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_descriptors_return, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("start", tests, NULL, NULL);
}
