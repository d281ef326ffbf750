/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A question and its answer are one datagram each, on a socket pair that nobody else has. The daemon's end is closed by the
 * kernel when the daemon ends: that is how the porter knows.
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "cleanup.h"
#include "confine.h"
#include "datagram.h"
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

/* ---------------------------------------------------------------------------------------------------- in the porter */

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
	return datagram_send(fd, &answer, sizeof(answer), file);
}

__attribute__((noreturn)) static void work(int fd, const struct porter_options *options)
{
	struct question question;
	struct answer ready = { 0 };
	int r;

	(void)prctl(PR_SET_NAME, "hycan_porter");
	r = confine_process(fd);
	/* systemd's filter forbids to give up more than its unit gives */
	if (r == 0 && !confine_is_done())
		r = confine_capabilities(CONFINE_CAP_OUTSIDE);
	if (r == 0)
		r = confine_privileges();
	ready.result = r;
	r = datagram_send(fd, &ready, sizeof(ready), -1);
	while (r == 0 && ready.result == 0) {
		r = datagram_receive(fd, &question, sizeof(question), 0, NULL);
		if (r == 0)
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

int porter_start(const struct porter_options *options)
{
	_cleanup_close_ int none = -1;
	struct answer ready;
	int fd, r;

	porter.pid = datagram_fork(&fd);
	if (porter.pid < 0)
		return porter.pid;
	if (porter.pid == 0)
		work(fd, options);
	porter.fd = fd;
	/* nobody is served while it still has all that it was born with */
	r = datagram_receive(porter.fd, &ready, sizeof(ready), 0, &none);
	if (r == 0)
		r = ready.result;
	if (r < 0)
		porter_stop();
	return r;
}

static int ask(const struct question *question, struct answer *answer, int *passed)
{
	int r;

	pthread_mutex_lock(&porter.lock);
	r = datagram_send(porter.fd, question, sizeof(*question), -1);
	if (r == 0)
		r = datagram_receive(porter.fd, answer, sizeof(*answer), 0, passed);
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
