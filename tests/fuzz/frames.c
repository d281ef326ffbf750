/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server: frames and the classic protocol, in pieces, with descriptors.
 *
 *   [mode] [pieces] [descriptors] what the client sends
 *
 * A whole server with its loop, its workers and its policy runs in this process; only handlers, kernel and log are
 * replaced (handlers.c). The client is one more event source in the server's own loop, so a run follows from its input;
 * where there are several, they send the same in different pieces. Every whole request must be answered once, every
 * answer must be one, and no descriptor may stay behind. What a daemon has in its file when it changes the kernel is what
 * its successor would find if it died there: that one must end with nothing half done.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "fuzz.h"
#include "key.h"
#include "ledger.h"
#include "peer.h"
#include "server.h"

/* Bits of the mode. */
enum {
	MODE_PUBLIC = 1, /* a daemon for everybody, with policy and workers; else a private one */
	MODE_LAZY = 2,   /* the client reads nothing until everything is sent */
	MODE_ABRUPT = 4, /* it goes without reading the rest */
	MODE_END = 8,    /* and the server ends at that moment, whatever is under way */
	MODE_MANY = 16,  /* several clients of a public daemon */
	MODE_KEPT = 32,  /* the ledger of a public daemon is in a file, */
	MODE_DIES = 64,  /* and a successor finds it as it was in the middle */
};

#define CLIENTS_MAX 4

static const char policy[] = "deny * link name=lo,fifteen-bytes-x\n"
			     "deny * route prefix=10.0.0.0/8\n"
			     "allow * write name=vcan*,eth* prefix=0.0.0.0/0,::/0\n"
			     "allow * read\n"
			     "deny * masquerade,port\n"
			     "allow * all\n";

/* ---------------------------------------------------------------------------------------------------------- the client */

struct run;

struct client {
	struct run *run;
	int fd;
	struct chance pieces;
	struct chance descriptors; /* 0: none are sent */
	struct material input;
	bool sending;
	struct buffer output; /* what the server answered */
};

struct run {
	struct server *server;
	uint8_t mode;
	int epoll;   /* the clients; one source of the server's loop, so that its peers have their turn too */
	int pipe[2]; /* whose writing end is sent as a descriptor */
	struct client client[CLIENTS_MAX];
	size_t n_clients;
	size_t n_open; /* of them */
};

/* Reads what is there. Returns whether the server closed the connection. */
static bool take_answers(struct client *c)
{
	for (;;) {
		uint8_t *p = buffer_reserve(&c->output, 1 << 16, SIZE_MAX);
		ssize_t n = recv(c->fd, p, 1 << 16, MSG_DONTWAIT);

		CHECK(p);
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			return true;
		if (n < 0)
			return false;
		buffer_commit(&c->output, (size_t)n);
	}
}

/* Sends a piece, with or without descriptors. Returns whether it went. */
static bool send_piece(struct client *c)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(6 * sizeof(int))] = { 0 };
	struct iovec iov = { .iov_base = (void *)c->input.data, .iov_len = 1 + chance_below(&c->pieces, c->input.size) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cmsg = (void *)control;
	size_t n_fds = c->descriptors.state ? chance_below(&c->descriptors, 7) : 0;
	ssize_t n;

	if (n_fds > 0) {
		msg.msg_control = control;
		msg.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
		for (size_t i = 0; i < n_fds; i++)
			memcpy(CMSG_DATA(cmsg) + i * sizeof(int), &c->run->pipe[1], sizeof(int));
	}
	n = sendmsg(c->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n <= 0)
		return n < 0 && errno != EAGAIN ? (c->input.size = 0, true) : false;
	c->input.data += n;
	c->input.size -= (size_t)n;
	return true;
}

static void watch(const struct client *c, int operation, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = (void *)c };

	CHECK(epoll_ctl(c->run->epoll, operation, c->fd, &event) == 0);
}

/* Sends a piece and reads what is there. Returns whether that is all. */
static bool step(struct client *c)
{
	const struct run *run = c->run;
	bool full = c->sending && c->input.size > 0 && !send_piece(c);

	if (c->sending && c->input.size == 0) {
		c->sending = false;
		shutdown(c->fd, run->mode & MODE_ABRUPT ? SHUT_RDWR : SHUT_WR);
		watch(c, EPOLL_CTL_MOD, EPOLLIN);
	}
	if ((c->sending && (run->mode & MODE_LAZY) && !full) || !take_answers(c))
		return false;
	/* it sees the end of what it closed itself at once: the server is waited for */
	return !(run->mode & MODE_ABRUPT) || run->mode & MODE_END || run->server->n_peers == 0;
}

static int on_clients(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct run *run = userdata;
	struct epoll_event ready[CLIENTS_MAX];
	int n = epoll_wait(fd, ready, CLIENTS_MAX, 0);

	(void)source;
	(void)revents;
	for (int i = 0; i < n; i++) {
		if (step(ready[i].data.ptr)) {
			watch(ready[i].data.ptr, EPOLL_CTL_DEL, 0);
			run->n_open--;
		}
	}
	return run->n_open > 0 ? 0 : sd_event_exit(run->server->event, 0);
}

/* ------------------------------------------------------------------------------------------------------- what is expected */

/* How many answers a stream of frames must get: the protocol once more, in a few lines. */
static size_t expected_answers(const uint8_t *p, size_t size)
{
	bool said = false;
	size_t n = 0;

	while (size >= sizeof(struct nlmsghdr)) {
		uint32_t length;
		size_t step;

		memcpy(&length, p, sizeof(length));
		step = length < sizeof(struct nlmsghdr) ? sizeof(struct nlmsghdr) : length;
		if (length < sizeof(struct nlmsghdr) || length > WIRE_REQUEST_MAX || length % 4) {
			n += !said;
			said = length < sizeof(struct nlmsghdr);
		} else if (length > size) {
			break;
		} else {
			n++;
			said = false;
		}
		if (step > size)
			break;
		p += step;
		size -= step;
	}
	return n;
}

static void check_answer(const struct nlmsghdr *header, const uint8_t *attributes, size_t size)
{
	const struct hycan_operation *operation = hycan_operation_by_number(header->nlmsg_type);
	struct wire_decoder decoder = { 0 };
	struct nlmsgerr error;
	void *value;

	if (header->nlmsg_type == NLMSG_ERROR) {
		CHECK(size >= sizeof(error));
		memcpy(&error, attributes, sizeof(error));
		CHECK(error.error <= 0 && (error.error == 0 || size > sizeof(error)));
		return;
	}
	if (header->nlmsg_type == NLMSG_DONE) {
		CHECK(size == 4);
		return;
	}
	CHECK(operation && operation->list == !!(header->nlmsg_flags & NLM_F_MULTI));
	value = malloc(operation->reply->size + 1);
	CHECK(value && wire_decode(&decoder, operation->reply, attributes, size, value) == 0);
	free(value);
}

/* The answers are frames, whole ones; returns how many requests they answer. */
static size_t check_answers(const uint8_t *p, size_t size)
{
	struct nlmsghdr header;
	size_t n = 0;

	while (size > 0) {
		CHECK(size >= sizeof(header));
		memcpy(&header, p, sizeof(header));
		CHECK(header.nlmsg_len >= sizeof(header) && header.nlmsg_len % 4 == 0 && header.nlmsg_len <= size);
		check_answer(&header, p + sizeof(header), header.nlmsg_len - sizeof(header));
		n += header.nlmsg_type == NLMSG_ERROR || header.nlmsg_type == NLMSG_DONE || !(header.nlmsg_flags & NLM_F_MULTI);
		p += header.nlmsg_len;
		size -= header.nlmsg_len;
	}
	return n;
}

static void check_classic(const uint8_t *sent, size_t size, const uint8_t *p, size_t n)
{
	uint16_t length;

	CHECK((n > 0) == (size >= 2 && size >= 2u + sent[1]));
	if (n == 0)
		return;
	CHECK(n >= 4 && p[0] <= 1);
	memcpy(&length, p + 2, sizeof(length));
	CHECK(n == 4u + length && (p[0] == 0 || (length == 0 && p[1] == 0)));
}

static void check_output(struct client *c, const struct material *sent)
{
	const uint8_t *p = buffer_first(&c->output);
	size_t n = buffer_used(&c->output);

	if (sent->size == 0)
		CHECK(n == 0);
	else if (sent->data[0] >= 1 && sent->data[0] <= 3)
		check_classic(sent->data, sent->size, p, n);
	else
		CHECK(check_answers(p, n) == expected_answers(sent->data, sent->size));
}

/* -------------------------------------------------------------------------------------------------------------- a run */

static char directory[] = "/tmp/hycan-fuzz-XXXXXX", policy_path[64], socket_path[64], state_path[64], left_path[64];

static void remove_state(void)
{
	static const char *const endings[] = { "", ".broken", ".new" };
	char path[80];

	for (size_t i = 0; i < N(endings); i++) {
		snprintf(path, sizeof(path), "%s%s", state_path, endings[i]);
		unlink(path);
		snprintf(path, sizeof(path), "%s%s", left_path, endings[i]);
		unlink(path);
	}
}

static void remove_directory(void)
{
	unlink(policy_path);
	unlink(socket_path);
	remove_state();
	rmdir(directory);
}

static void make_directory(void)
{
	static bool made;
	FILE *file;

	if (made)
		return;
	made = true;
	CHECK(mkdtemp(directory));
	snprintf(policy_path, sizeof(policy_path), "%s/policy.conf", directory);
	snprintf(socket_path, sizeof(socket_path), "%s/socket", directory);
	snprintf(state_path, sizeof(state_path), "%s/ledger", directory);
	snprintf(left_path, sizeof(left_path), "%s/left", directory);
	atexit(remove_directory);
	umask(022);
	file = fopen(policy_path, "we");
	CHECK(file && fputs(policy, file) >= 0);
	fclose(file);
}

static void open_private(struct run *run)
{
	struct server_options options = { .private_fd = -1 };
	int pair[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	options.private_fd = pair[1];
	run->client[0].fd = pair[0];
	CHECK(server_open(&options, &run->server) == 0);
}

static void open_public(struct run *run)
{
	struct server_options options = { .private_fd = -1, .policy_path = policy_path, .socket_path = socket_path };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	sigset_t mask;

	if (run->mode & MODE_KEPT) {
		options.state_path = state_path;
		options.state_asked = true;
	}
	/* the fuzzer's signals are its own, and end it */
	sigprocmask(SIG_SETMASK, NULL, &mask);
	CHECK(server_open(&options, &run->server) == 0);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", socket_path);
	for (size_t i = 0; i < run->n_clients; i++) {
		run->client[i].fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		CHECK(connect(run->client[i].fd, (const struct sockaddr *)&address, sizeof(address)) == 0);
	}
}

static int count_object(const struct ledger_object *object, void *userdata)
{
	char text[512];

	key_format(&object->key, text, sizeof(text));
	for (const char *c = text; *c; c++)
		CHECK((unsigned char)*c >= 0x20 && *c != 0x7f);
	CHECK(text[0]);
	++*(size_t *)userdata;
	return 0;
}

/* Nobody holds anything any more, and the ledger tells as many objects as it counts, but for what a worker changes just now. */
static void check_quiet(const struct server *server)
{
	size_t n = 0;

	CHECK(server->n_peers == 0 && server->memory == 0);
	for (int i = 0; i < 1000; i++) {
		n = 0;
		CHECK(ledger_list(server->ledger, count_object, &n) == 0);
		if (n == ledger_count(server->ledger))
			return;
		usleep(1000);
	}
	CHECK(n == ledger_count(server->ledger));
}

static void serve(struct run *run)
{
	sd_event_source *source;

	if (run->mode & MODE_PUBLIC)
		open_public(run);
	else
		open_private(run);
	run->epoll = epoll_create1(EPOLL_CLOEXEC);
	CHECK(sd_event_add_io(run->server->event, &source, run->epoll, EPOLLIN, on_clients, run) >= 0);
	for (size_t i = 0; i < run->n_clients; i++)
		watch(&run->client[i], EPOLL_CTL_ADD, EPOLLIN | EPOLLOUT);
	CHECK(server_run(run->server) >= 0);
	sd_event_source_disable_unref(source);
	for (size_t i = 0; i < run->n_clients; i++) {
		CHECK(take_answers(&run->client[i]) || (run->mode & MODE_END));
		close(run->client[i].fd);
	}
	close(run->epoll);
	if (!(run->mode & MODE_END))
		check_quiet(run->server);
	server_free(&run->server);
}

/* All copies of the descriptor are closed when the other end of the pipe reads its end. */
static void check_closed(int pipe[2])
{
	char byte;

	close(pipe[1]);
	CHECK(read(pipe[0], &byte, 1) == 0);
	close(pipe[0]);
}

/* --------------------------------------------------------------------------------------------------- the daemon's death */

static struct chance death; /* at which change; 0: it lives */

static size_t read_file(const char *path, uint8_t *bytes, size_t room)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, bytes, room);

	if (fd >= 0)
		close(fd);
	return n < 0 ? 0 : (size_t)n;
}

/* What is in the file at this moment. Others write to it meanwhile: only what stands still is a moment. */
void fuzz_changed(void)
{
	static _Thread_local uint8_t once[1 << 18], twice[1 << 18];
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	size_t n;
	int fd;

	pthread_mutex_lock(&lock);
	if (death.state && chance_below(&death, 4) == 0) {
		n = read_file(state_path, once, sizeof(once));
		fd = n > 0 && n < sizeof(once) && read_file(state_path, twice, sizeof(twice)) == n && memcmp(once, twice, n) == 0
		             ? open(left_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)
		             : -1;
		if (fd >= 0) {
			CHECK(write(fd, once, n) == (ssize_t)n);
			close(fd);
			death.state = 0;
		}
	}
	pthread_mutex_unlock(&lock);
}

static int count_unfinished(unsigned int number, const uint8_t *request, size_t size, void *userdata)
{
	(void)number, (void)request, (void)size;
	++*(size_t *)userdata;
	return 0;
}

/* A daemon that only ends what the dead one had begun, and what its clients held. */
static void succeed(void)
{
	struct server_options options = {
		.private_fd = -1, .policy_path = policy_path, .state_path = left_path, .state_asked = true, .only_ends = true
	};
	struct server *server;
	struct ledger *ledger;
	bool broken;
	size_t n = 0;
	sigset_t mask;

	if (access(left_path, F_OK) < 0)
		return;
	sigprocmask(SIG_SETMASK, NULL, &mask);
	CHECK(server_open(&options, &server) == 0);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	CHECK(server_run(server) == 0);
	server_free(&server);
	/* where nothing is left, there is no file either */
	if (access(left_path, F_OK) < 0)
		return;
	CHECK(ledger_open(&ledger) == 0);
	CHECK(ledger_keep(ledger, left_path, &broken) == 0 && !broken);
	CHECK(ledger_unfinished(ledger, count_unfinished, &n) == 0 && n == 0);
	CHECK(ledger_list(ledger, count_object, &n) == 0 && n == ledger_count(ledger));
	ledger_free(&ledger);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct material input = { data, size };
	struct run run = { .mode = material_byte(&input) };
	uint8_t pieces = material_byte(&input), descriptors = material_byte(&input);

	make_directory();
	fuzz_forget_tokens();
	death.state = (run.mode & MODE_PUBLIC) && (run.mode & MODE_KEPT) && (run.mode & MODE_DIES) ? pieces + 1u : 0;
	run.n_clients = run.n_open = (run.mode & MODE_PUBLIC) && (run.mode & MODE_MANY) ? CLIENTS_MAX : 1;
	for (size_t i = 0; i < run.n_clients; i++)
		run.client[i] = (struct client){
			.run = &run, .pieces.state = pieces + i, .descriptors.state = descriptors, .input = input, .sending = true
		};
	CHECK(pipe2(run.pipe, O_CLOEXEC | O_NONBLOCK) == 0);
	serve(&run);
	death.state = 0;
	if ((run.mode & MODE_KEPT) && (run.mode & MODE_DIES))
		succeed();
	if (run.mode & MODE_KEPT)
		remove_state();
	for (size_t i = 0; i < run.n_clients; i++) {
		if (!(run.mode & MODE_ABRUPT) && !(run.mode & MODE_END))
			check_output(&run.client[i], &input);
		buffer_release(&run.client[i].output);
	}
	check_closed(run.pipe);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	struct chance chance = { seed };

	if (size < 3 || max_size < 64 || chance_below(&chance, 2))
		return LLVMFuzzerMutate(data, size, max_size);
	return 3 + mutate_frames(&chance, false, data + 3, size - 3, max_size - 3);
}
