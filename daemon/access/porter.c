/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A question and its answer are one datagram each, on a socket pair that nobody else has. The daemon's end is closed by the
 * kernel when the daemon ends: that is how the porter knows.
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "cleanup.h"
#include "confine.h"
#include "lookup.h"
#include "policy.h"
#include "porter.h"

enum question_what {
	QUESTION_POLICY,
	QUESTION_USER,
	QUESTION_GROUP,
	QUESTION_NAME,
	QUESTION_NAMESPACE,
	QUESTION_END,
};

struct question {
	enum question_what what;
	uid_t uid;
	uint64_t inode;
	char name[256];
};

struct answer {
	int result; /* 0 or -errno */
	id_t id;
	char name[256];
};

static struct porter {
	int fd; /* the daemon's end, or -1 */
	pid_t pid;
	pthread_mutex_t lock; /* one question at a time */
} porter = { .fd = -1, .lock = PTHREAD_MUTEX_INITIALIZER };

/* Room for one descriptor beside a datagram. */
union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int))];
};

/* ---------------------------------------------------------------------------------------------------- in the porter */

static int send_answer(int fd, const struct answer *answer, int passed)
{
	struct iovec part = { .iov_base = (void *)answer, .iov_len = sizeof(*answer) };
	union control control = { .bytes = { 0 } };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	if (passed >= 0) {
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &passed, sizeof(int));
	}
	return sendmsg(fd, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int answer_question(int fd, struct question *question, const struct porter_options *options)
{
	_cleanup_close_ int file = -1;
	struct answer answer = { 0 };

	question->name[sizeof(question->name) - 1] = '\0';
	switch (question->what) {
	case QUESTION_POLICY:
		answer.result = policy_open(options->policy_path, &file);
		break;
	case QUESTION_USER:
	case QUESTION_GROUP:
		answer.result = lookup_id(question->name, question->what == QUESTION_GROUP, &answer.id);
		break;
	case QUESTION_NAME:
		answer.result = lookup_name(question->uid, answer.name, sizeof(answer.name)) ? 0 : -ESRCH;
		break;
	case QUESTION_NAMESPACE:
		answer.result = options->find_namespace(question->inode, &file);
		break;
	case QUESTION_END:
		options->at_end(options->userdata);
		break;
	}
	return send_answer(fd, &answer, file);
}

__attribute__((noreturn)) static void work(int fd, const struct porter_options *options)
{
	struct question question;
	struct answer ready = { 0 };
	ssize_t n;
	int r;

	(void)prctl(PR_SET_NAME, "hycan_porter");
	r = confine_process(fd);
	/* systemd's filter forbids to give up more than its unit gives */
	if (r == 0 && !confine_is_done())
		r = confine_capabilities(CONFINE_CAP_OUTSIDE);
	if (r == 0)
		r = confine_privileges();
	ready.result = r;
	r = send_answer(fd, &ready, -1);
	while (r == 0 && ready.result == 0) {
		n = recv(fd, &question, sizeof(question), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n != (ssize_t)sizeof(question))
			break;
		r = answer_question(fd, &question, options);
	}
	options->at_exit(options->userdata);
	/* what the daemon would do at its end is not the porter's */
	_exit(0);
}

/* ---------------------------------------------------------------------------------------------------- in the daemon */

bool porter_is_there(void)
{
	return porter.fd >= 0;
}

void porter_stop(void)
{
	if (!porter_is_there())
		return;
	cleanup_close(&porter.fd);
	while (waitpid(porter.pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static int receive_answer(struct answer *answer, int *passed)
{
	struct iovec part = { .iov_base = answer, .iov_len = sizeof(*answer) };
	union control control;
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control) };
	const struct cmsghdr *header;
	ssize_t n;

	do
		n = recvmsg(porter.fd, &message, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(*answer))
		return n < 0 ? -errno : -EPIPE;
	header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_type == SCM_RIGHTS && header->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(passed, CMSG_DATA(header), sizeof(int));
	return 0;
}

int porter_start(const struct porter_options *options)
{
	_cleanup_close_ int none = -1;
	struct answer ready;
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	porter.pid = fork();
	if (porter.pid == 0)
		work(pair[1], options);
	close(pair[1]);
	if (porter.pid < 0) {
		close(pair[0]);
		return -errno;
	}
	porter.fd = pair[0];
	/* nobody is served while it still has all that it was born with */
	r = receive_answer(&ready, &none);
	if (r == 0)
		r = ready.result;
	if (r < 0)
		porter_stop();
	return r;
}

static int ask(const struct question *question, struct answer *answer, int *passed)
{
	int r = 0;

	pthread_mutex_lock(&porter.lock);
	if (send(porter.fd, question, sizeof(*question), MSG_NOSIGNAL) < 0)
		r = -errno;
	if (r == 0)
		r = receive_answer(answer, passed);
	pthread_mutex_unlock(&porter.lock);
	return r < 0 ? r : answer->result;
}

bool porter_end(void)
{
	const struct question question = { .what = QUESTION_END };
	_cleanup_close_ int fd = -1;
	struct answer answer;

	return porter_is_there() && ask(&question, &answer, &fd) == 0;
}

/* A question whose answer is a descriptor. */
static int ask_for_file(const struct question *question, int *ret_fd)
{
	_cleanup_close_ int fd = -1;
	struct answer answer;
	int r;

	r = ask(question, &answer, &fd);
	if (r < 0)
		return r;
	if (fd < 0)
		return -EBADMSG;
	*ret_fd = steal_fd(&fd);
	return 0;
}

int porter_open_policy(int *ret_fd)
{
	const struct question question = { .what = QUESTION_POLICY };

	return ask_for_file(&question, ret_fd);
}

int porter_find_namespace(uint64_t inode, int *ret_netns)
{
	const struct question question = { .what = QUESTION_NAMESPACE, .inode = inode };

	return ask_for_file(&question, ret_netns);
}

int porter_find_id(const char *name, bool group, id_t *ret_id)
{
	struct question question = { .what = group ? QUESTION_GROUP : QUESTION_USER };
	_cleanup_close_ int fd = -1;
	struct answer answer;
	int r;

	/* nobody has such a name */
	if (snprintf(question.name, sizeof(question.name), "%s", name) >= (int)sizeof(question.name))
		return -ESRCH;
	r = ask(&question, &answer, &fd);
	if (r == 0)
		*ret_id = answer.id;
	return r;
}

bool porter_find_name(uid_t uid, char *name, size_t size)
{
	const struct question question = { .what = QUESTION_NAME, .uid = uid };
	_cleanup_close_ int fd = -1;
	struct answer answer;

	return ask(&question, &answer, &fd) == 0 && snprintf(name, size, "%s", answer.name) < (int)size;
}
