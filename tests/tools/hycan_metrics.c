/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hycan_metrics: what it answers, whom it refuses, and that clients of it who are slow or mean keep neither each other nor
 * the daemon from anything.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "world.h"

#define CONNECTIONS 32

#define PATIENCE_MS (20000 * SLOWEST)

static struct program {
	pid_t pid;
	uint16_t port;
} program;

/* Starts it on any port, which it says when it serves. */
static void start(const struct world *w)
{
	char said[128] = "";
	int out[2];
	FILE *file;

	assert_int_equal(pipe(out), 0);
	program.pid = fork();
	assert_true(program.pid >= 0);
	if (program.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(out[1], STDOUT_FILENO);
		close(out[0]);
		close(out[1]);
		execl(HYCAN_METRICS, "hycan_metrics", "--socket", w->socket, "0", NULL);
		_exit(127);
	}
	close(out[1]);
	file = fdopen(out[0], "r");
	assert_non_null(file);
	assert_non_null(fgets(said, sizeof(said), file));
	fclose(file);
	assert_int_equal(sscanf(said, "Serving http://127.0.0.1:%hu/metrics", &program.port), 1);
}

static void end(void)
{
	int status;

	kill(program.pid, SIGTERM);
	assert_int_equal(waitpid(program.pid, &status, 0), program.pid);
	assert_int_equal(status, 0);
}

static int begin(void **state)
{
	(void)world_begin(state);
	start(*state);
	return 0;
}

static int finish(void **state)
{
	end();
	return world_end(state);
}

static int to_it(void)
{
	const struct sockaddr_in address = { .sin_family = AF_INET,
		                             .sin_port = htons(program.port),
		                             .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* What comes until the end; "" when nothing did. */
static char *read_all(int fd)
{
	long long ends = now_ms() + PATIENCE_MS;
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };
	char *text = NULL;
	size_t size = 0;
	FILE *memory = open_memstream(&text, &size);
	char part[4096];
	ssize_t n = 1;

	while (n > 0) {
		assert_true(now_ms() < ends);
		assert_true(poll(&pollfd, 1, PATIENCE_MS) > 0);
		n = recv(fd, part, sizeof(part), 0);
		if (n > 0)
			fwrite(part, 1, (size_t)n, memory);
	}
	fclose(memory);
	close(fd);
	return text;
}

static char *ask(const char *request)
{
	int fd = to_it();

	/* it may have heard enough before the end */
	(void)send(fd, request, strlen(request), MSG_NOSIGNAL);
	return read_all(fd);
}

static void assert_answer(const char *request, const char *part)
{
	char *text = ask(request);

	assert_contains(text, part);
	free(text);
}

#define GET "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"

/* ------------------------------------------------------------------------------------------------------------ answers */

static void the_metrics(void **state)
{
	struct world *w = *state;
	char *text;

	assert_done(w->h, hycan_link_up(w->h, "lo"));
	text = ask(GET);
	assert_contains(text, "HTTP/1.1 200 OK\r\n");
	assert_contains(text, "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n");
	assert_contains(text, "Connection: close\r\n");
	assert_contains(text, "\nhycan_build_info{version=");
	assert_contains(text, "\nhycan_operations_total{operation=\"link.up\",result=\"done\"} 1\n");
	free(text);
	text = ask("HEAD /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
	assert_contains(text, "HTTP/1.1 200 OK\r\n");
	assert_lacks(text, "hycan_build_info");
	free(text);
	assert_answer("GET /metrics HTTP/1.0\r\n\r\n", " 200 OK\r\n");
	assert_answer("GET /metrics?match=all HTTP/1.1\r\nHost: 127.0.0.1:9\r\n\r\n", " 200 OK\r\n");
	assert_answer("GET /metrics HTTP/1.1\r\nHost: [::1]:9\r\n\r\n", " 200 OK\r\n");
}

static void nothing_else(void **state)
{
	static const struct {
		const char *request, *answer;
	} row[] = {
		{ "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", " 404 " },
		{ "GET /metrics/ HTTP/1.1\r\nHost: localhost\r\n\r\n", " 404 " },
		{ "GET /../metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", " 404 " },
		{ "GET /metrics%00 HTTP/1.1\r\nHost: localhost\r\n\r\n", " " },
		{ "POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello", " 405 " },
		{ "PUT /metrics HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		  " 405 " },
		{ "DELETE /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", "Allow: GET, HEAD\r\n" },
		/* a name that only leads here (DNS rebinding) */
		{ "GET /metrics HTTP/1.1\r\nHost: example.org\r\n\r\n", " 403 " },
		{ "GET /metrics HTTP/1.1\r\nHost: localhost.example.org\r\n\r\n", " 403 " },
		{ "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1.example.org\r\n\r\n", " 403 " },
		{ "GET /metrics HTTP/1.1\r\nHost: localhost:80x\r\n\r\n", " 403 " },
		{ "\r\n\r\n\r\n\r\n", "" },
		{ "nonsense\r\n\r\n", "" },
		{ "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++)
		assert_answer(row[i].request, row[i].answer);
	assert_answer(GET, " 200 OK\r\n");
}

/* A header without an end, and a body that nobody wants. */
static void what_is_too_long(void **state)
{
	static const char head[] = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: ",
			  body[] = "POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n";
	char many[65536];
	int fd;

	(void)state;
	memset(many, 'x', sizeof(many));
	for (int i = 0; i < 2; i++) {
		const char *first = i ? body : head;
		bool dropped = false;

		fd = to_it();
		assert_true(send(fd, first, strlen(first), MSG_NOSIGNAL) > 0);
		for (int k = 0; k < 1000 && !dropped; k++)
			dropped = send(fd, many, sizeof(many), MSG_NOSIGNAL) < 0;
		assert_true(dropped);
		close(fd);
	}
	assert_answer(GET, " 200 OK\r\n");
}

/* ------------------------------------------------------------------------------------------------------ slow and mean */

static bool is_closed(int fd)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };
	char c;

	return poll(&pollfd, 1, 0) > 0 && recv(fd, &c, 1, MSG_DONTWAIT | MSG_PEEK) <= 0;
}

/* All the places are taken, by some who say nothing and by some who go on saying something: each has its end. */
static void slow_clients(void **state)
{
	struct world *w = *state;
	const struct timespec pause = { .tv_nsec = 200 * 1000000 };
	long long ends = now_ms() + PATIENCE_MS;
	int fd[CONNECTIONS], n_closed = 0, waiting;
	char *text;

	for (int i = 0; i < CONNECTIONS; i++) {
		fd[i] = to_it();
		assert_int_equal(send(fd[i], "G", 1, MSG_NOSIGNAL), 1);
	}
	waiting = to_it();
	assert_int_equal(send(waiting, GET, strlen(GET), MSG_NOSIGNAL), (ssize_t)strlen(GET));
	/* the daemon is not concerned */
	assert_done(w->h, hycan_link_up(w->h, "lo"));
	while (n_closed < CONNECTIONS) {
		assert_true(now_ms() < ends);
		n_closed = 0;
		for (int i = 0; i < CONNECTIONS; i++) {
			bool closed = is_closed(fd[i]);

			n_closed += closed;
			if (!closed && i % 2)
				(void)send(fd[i], "X", 1, MSG_NOSIGNAL);
		}
		nanosleep(&pause, NULL);
	}
	/* and who has waited is served */
	text = read_all(waiting);
	assert_contains(text, " 200 OK\r\n");
	free(text);
	for (int i = 0; i < CONNECTIONS; i++)
		close(fd[i]);
}

/* Many who ask at once, and do not read: the daemon is asked once in a second. */
static void many_clients(void **state)
{
	struct world *w = *state;
	struct hycan_daemon_status_reply *status;
	long long began = now_ms();
	uint64_t asked = 0;

	for (int i = 0; i < 300; i++) {
		int fd = to_it();

		(void)send(fd, GET, strlen(GET), MSG_NOSIGNAL);
		close(fd);
	}
	assert_answer(GET, " 200 OK\r\n");
	assert_done(w->h, hycan_daemon_status(w->h, &status));
	for (size_t i = 0; i < status->n_operations; i++)
		if (strcmp(status->operations[i].name, "metrics.get") == 0)
			asked = status->operations[i].done;
	free(status);
	assert_in_range(asked, 1, 2 + (now_ms() - began) / 1000);
}

/* -------------------------------------------------------------------------------------------------------- the daemon */

/* What was is told for a second, also that there was nothing. */
static void until_answer(const char *status, const char *words)
{
	long long end = now_ms() + 20000 * SLOWEST;
	char *text = ask(GET);

	while (!strstr(text, status) && now_ms() < end) {
		free(text);
		nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
		text = ask(GET);
	}
	assert_contains(text, status);
	assert_contains(text, words);
	free(text);
}

static void without_a_daemon(void **state)
{
	struct world *w = *state;

	assert_answer(GET, " 200 OK\r\n");
	hycan_close(w->h);
	w->h = NULL;
	assert_int_equal(world_stop_daemon(w, SIGTERM), 0);
	until_answer(" 503 ", "No HyCAN daemon can be reached");
	world_start_daemon(w, NULL);
	assert_done(w->h, hycan_open(&w->h, w->socket));
	until_answer(" 200 OK\r\n", "hycan_");
}

/* ---------------------------------------------------------------------------------------------------- the command line */

static void the_command_line(void **state)
{
	static const struct {
		const char *words, *says;
		int status;
	} row[] = {
		{ "", "where to listen is missing", 2 },
		{ "1 2", "more was given", 2 },
		{ "0.0.0.0:9", "“0.0.0.0:9” is not of the loopback", 2 },
		{ "192.0.2.1:9", "is not of the loopback", 2 },
		{ "[::]:9", "is not of the loopback", 2 },
		{ "[2001:db8::1]:9", "is not of the loopback", 2 },
		{ "[::ffff:127.0.0.1]:9", "is not of the loopback", 2 },
		{ "65536", "is no [ADDRESS:]PORT", 2 },
		{ "-- -1", "is no [ADDRESS:]PORT", 2 },
		{ "port", "is no [ADDRESS:]PORT", 2 },
		{ ":9", "is no [ADDRESS:]PORT", 2 },
		{ "127.1:9", "is no [ADDRESS:]PORT", 2 },
		{ "localhost:9", "is no [ADDRESS:]PORT", 2 },
		{ "::1:9", "is no [ADDRESS:]PORT", 2 },
		{ "[::1:9", "is no [ADDRESS:]PORT", 2 },
		{ "[]:9", "is no [ADDRESS:]PORT", 2 },
		{ "--nonsense", "--help says how", 2 },
		{ "--help", "hycan_metrics [--socket PATH] [ADDRESS:]PORT", 0 },
		{ "--version", "hycan_metrics ", 0 },
	};
	struct world *w = *state;
	char *said;

	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		assert_int_equal(shell_status(&said, "timeout 200 " HYCAN_METRICS " %s", row[i].words), row[i].status);
		assert_contains(said, row[i].says);
		free(said);
	}
	/* a port that is taken */
	assert_int_equal(shell_status(&said, "timeout 200 " HYCAN_METRICS " %u", program.port), 1);
	assert_contains(said, "cannot listen: Address already in use");
	free(said);
	/* the other loopback */
	free(shell(HYCAN_METRICS " '[::1]:%u' >%s/said & pid=$!; until grep -q 'Serving http://\\[::1\\]:' %s/said; do "
	                         "kill -0 $pid || exit 1; sleep 0.05; done; kill $pid; wait $pid",
	           program.port, w->directory, w->directory));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, finish)
		TEST(the_metrics),  TEST(nothing_else),     TEST(what_is_too_long), TEST(slow_clients),
		TEST(many_clients), TEST(without_a_daemon), TEST(the_command_line),
	};

	return cmocka_run_group_tests_name("hycan_metrics", tests, NULL, NULL);
}
