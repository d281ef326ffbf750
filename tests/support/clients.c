/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clients.h"
#include "clock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEADLINE_MS 30000

struct hycan *client_open(const struct world *w)
{
	struct hycan *h = NULL;

	assert_done(h, hycan_open(&h, w->socket));
	return h;
}

void clients_wait(struct hycan *h, uint32_t n)
{
	const struct timespec moment = { .tv_nsec = 10000000 };
	const int64_t deadline = now_ms() + DEADLINE_MS * SLOWEST;
	uint32_t clients;

	for (;;) {
		struct hycan_daemon_status_reply *status = NULL;

		assert_done(h, hycan_daemon_status(h, &status));
		clients = status->clients;
		free(status);
		if (clients == n)
			return;
		assert_true(now_ms() < deadline);
		nanosleep(&moment, NULL);
	}
}

void client_hold_while_connected(struct hycan *h, uint32_t grace)
{
	const struct hycan_session_lifetime_options options = { .has_grace = true, .grace = grace };

	assert_done(h, hycan_session_lifetime(h, HYCAN_LIFETIME_CONNECTION, &options));
}

void client_hold_lease(struct hycan *h, uint32_t seconds)
{
	const struct hycan_session_lifetime_options options = { .has_seconds = true, .seconds = seconds };

	assert_done(h, hycan_session_lifetime(h, HYCAN_LIFETIME_LEASE, &options));
}

void client_choose_drift(struct hycan *h, enum hycan_drift drift)
{
	const struct hycan_session_lifetime_options options = { .has_drift = true, .drift = drift };

	assert_done(h, hycan_session_lifetime(h, HYCAN_LIFETIME_PERMANENT, &options));
}

void client_choose_drift_again(struct hycan *h, enum hycan_drift drift)
{
	assert_int_equal(hycan_session_renew(h, NULL), -ECONNRESET);
	client_choose_drift(h, drift);
}

void client_add(struct hycan *h, const char *address)
{
	const struct hycan_link_address a = { .link = "va", .address = prefix_of(address) };

	assert_done(h, hycan_address_add(h, &a));
}

int client_remove(struct hycan *h, const char *address)
{
	const struct hycan_prefix a = prefix_of(address);

	return hycan_address_remove(h, "va", &a);
}

bool address_is_there(const char *address)
{
	return shell_status(NULL, "ip -o address show dev va | grep -qF ' %s '", address) == 0;
}

void address_until_gone(const char *address)
{
	shell_until(30, "! ip -o address show dev va | grep -F ' %s '", address);
}

struct hycan_object *object_of(struct hycan *h, const char *address)
{
	struct hycan_object *objects = NULL, *found = NULL;
	char identity[64];
	size_t n = 0;

	snprintf(identity, sizeof(identity), "va %s", address);
	assert_done(h, hycan_object_list(h, NULL, &objects, &n));
	for (size_t i = 0; i < n && !found; i++)
		if (strcmp(objects[i].identity, identity) == 0) {
			found = malloc(sizeof(*found));
			assert_non_null(found);
			*found = objects[i];
		}
	free(objects);
	return found;
}

int netns_without_name(void)
{
	char name[32], path[64];
	int fd;

	snprintf(name, sizeof(name), "hycan-%d", (int)getpid());
	snprintf(path, sizeof(path), "/run/netns/%s", name);
	free(shell("ip netns add %s && ip -n %s link set lo up", name, name));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	free(shell("ip netns delete %s", name));
	return fd;
}

pid_t client_fork(struct world *w, void (*function)(struct hycan *h, void *userdata), void *userdata)
{
	int done[2];
	pid_t pid;
	char c;

	assert_int_equal(pipe(done), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		setenv("CMOCKA_TEST_ABORT", "1", 1);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(done[0]);
		function(client_open(w), userdata);
		if (write(done[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(done[1]);
	assert_int_equal(read(done[0], &c, 1), 1);
	close(done[0]);
	return pid;
}

void client_kill(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	assert_true(WIFSIGNALED(status));
}
