/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starting dnsmasq, hearing what it says, and starting it again. */
#include "instance.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "confine.h"
#include "log.h"

/* Between two starts of what ends at once: first, and at most. Who ran for so long begins anew. */
#define PAUSE_FIRST_US   100000
#define PAUSE_LONGEST_US 30000000
#define LONG_ENOUGH_US   10000000

/* A dnsmasq that was started is asked so often until it answers; others have so long. */
#define ASK_US    UINT64_C(20000)
#define ANSWER_US UINT64_C(1000000)

#define ARGUMENTS_MAX 32
#define ARGUMENT_SIZE 192

struct arguments {
	char text[ARGUMENTS_MAX][ARGUMENT_SIZE];
	char *argv[ARGUMENTS_MAX + 1];
	size_t n;
};

uint64_t instance_now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* ---------------------------------------------------------------------------------------------------------- arguments */

__attribute__((format(printf, 2, 3))) static void add(struct arguments *a, const char *format, ...)
{
	va_list ap;

	if (a->n == ARGUMENTS_MAX)
		return;
	va_start(ap, format);
	vsnprintf(a->text[a->n], ARGUMENT_SIZE, format, ap);
	va_end(ap);
	a->argv[a->n] = a->text[a->n];
	a->n++;
}

static void make_arguments(struct arguments *a, const struct instance *instance, const char *program)
{
	const struct order *zone = &instance->zone;

	a->n = 0;
	add(a, "%s", program);
	add(a, "--keep-in-foreground");
	add(a, "--conf-file=/dev/null");
	add(a, "--pid-file");
	add(a, "--log-facility=-");
	add(a, "--no-hosts");
	add(a, "--hostsdir=%s/hosts", instance->directory);
	/* at its addresses and nowhere else, so that others may have port 53 of others; and only who comes by that link is answered */
	add(a, "--bind-dynamic");
	add(a, "--interface=%s", zone->link);
	add(a, "--except-interface=lo");
	/* what it is asked to see whether it is there */
	add(a, "--txt-record=" INSTANCE_PROBE_NAME ",here");
	/* a name without a dot is this network's, or nobody's */
	add(a, "--domain-needed");
	add(a, "--cache-size=1000");
	/* what it can read again */
	add(a, "--servers-file=%s/servers", instance->directory);
	if (zone->ask_host)
		add(a, "--resolv-file=/etc/resolv.conf");
	else
		add(a, "--no-resolv");
	a->argv[a->n] = NULL;
}

/* ------------------------------------------------------------------------------------------------------------ process */

/* What becomes of the child; it ends with what went wrong. */
__attribute__((noreturn)) static void become(const struct instance *instance, const struct arguments *arguments, int output,
                                             pid_t parent)
{
	sigset_t none;
	int r;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	/* with the processes that it starts for questions over TCP */
	(void)setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0)
		_exit(1);
	if (instance->netns_fd >= 0 && setns(instance->netns_fd, CLONE_NEWNET) < 0) {
		dprintf(STDERR_FILENO, "its network namespace: %s\n", strerror(errno));
		_exit(1);
	}
	r = confine_inherit(UINT64_C(1) << CAP_NET_BIND_SERVICE);
	if (r == 0)
		r = confine_privileges();
	if (r < 0) {
		dprintf(STDERR_FILENO, "its privileges: %s\n", strerror(-r));
		_exit(1);
	}
	execv(arguments->argv[0], arguments->argv);
	dprintf(STDERR_FILENO, "%s: %s\n", arguments->argv[0], strerror(errno));
	_exit(127);
}

int instance_start(struct instance *instance, const char *program)
{
	struct arguments arguments;
	const pid_t parent = getpid();
	int ends[2], r;

	instance->again_us = 0;
	r = instance_check_port(instance);
	if (r == 0)
		r = instance_write_servers(instance);
	if (r < 0)
		return r;
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	make_arguments(&arguments, instance, program);
	instance->started_us = instance_now_us();
	instance->pid = fork();
	if (instance->pid == 0)
		become(instance, &arguments, ends[1], parent);
	close(ends[1]);
	if (instance->pid < 0) {
		instance->pid = 0;
		close(ends[0]);
		return -errno;
	}
	cleanup_close(&instance->output);
	instance->output = ends[0];
	instance->running = instance->zone;
	instance->serves = instance->asked = instance->is_up = false;
	instance->start = instance->more = 0;
	instance->words[0] = '\0';
	instance->n_line = 0;
	log_write(LOG_INFO, "dnsmasq of VLAN %u: started as process %d.", instance->vlan_id, instance->pid);
	return 0;
}

static void forget_process(struct instance *instance)
{
	instance->pid = 0;
	instance->serves = instance->asked = false;
	cleanup_close(&instance->output);
	cleanup_close(&instance->probe);
}

void instance_stop(struct instance *instance)
{
	if (instance->pid > 0) {
		/* it has nothing to say at its end, and nothing to tidy up */
		if (kill(-instance->pid, SIGKILL) < 0)
			kill(instance->pid, SIGKILL);
		while (waitpid(instance->pid, NULL, 0) < 0 && errno == EINTR)
			;
		log_write(LOG_INFO, "dnsmasq of VLAN %u: ended.", instance->vlan_id);
	}
	forget_process(instance);
	instance->again_us = 0;
	instance->pause_us = PAUSE_FIRST_US;
	instance->start_us = 0;
}

/* It is tried again, later each time. */
static void pause_before_start(struct instance *instance)
{
	instance->again_us = instance_now_us() + instance->pause_us;
	instance->pause_us = instance->pause_us * 2 > PAUSE_LONGEST_US ? PAUSE_LONGEST_US : instance->pause_us * 2;
}

void instance_ended(struct instance *instance, int status)
{
	/* what it leaves may listen still */
	(void)kill(-instance->pid, SIGKILL);
	instance_listen(instance);
	if (instance_now_us() - instance->started_us > LONG_ENOUGH_US)
		instance->pause_us = PAUSE_FIRST_US;
	if (WIFSIGNALED(status))
		snprintf(instance->words, sizeof(instance->words), "it was killed by signal %d", WTERMSIG(status));
	else if (!instance->words[0])
		snprintf(instance->words, sizeof(instance->words), "it ended with %d", WEXITSTATUS(status));
	forget_process(instance);
	if (instance->start_us) {
		log_write(LOG_WARNING, "dnsmasq of VLAN %u ended: %s.", instance->vlan_id, instance->words);
		instance->start_us = 0;
		instance->start = -ECHILD;
		return;
	}
	log_write(LOG_WARNING, "dnsmasq of VLAN %u ended: %s. It is started again in %ju ms.", instance->vlan_id, instance->words,
	          (uintmax_t)instance->pause_us / 1000);
	instance->restarts++;
	pause_before_start(instance);
}

/* -------------------------------------------------------------------------------------------------- whether it answers */

void instance_await(struct instance *instance)
{
	instance->start_us = instance_now_us() + instance->patience_us;
	instance->start = 0;
	/* an answer to what it was asked as it ran before tells nothing */
	instance->serves = instance->asked = false;
	instance_ask(instance);
}

static uint64_t look_at_start(struct instance *instance, uint64_t now_us)
{
	if (instance->serves || now_us >= instance->start_us) {
		instance->start_us = 0;
		if (instance->serves)
			return UINT64_MAX;
		instance->start = -ETIMEDOUT;
		instance->asked = false;
		snprintf(instance->words, sizeof(instance->words), "it does not answer");
		return UINT64_MAX;
	}
	/* until it listens nothing that is sent there arrives */
	instance_ask(instance);
	return now_us + ASK_US;
}

uint64_t instance_look(struct instance *instance, uint64_t now_us)
{
	if (instance->start_us)
		return look_at_start(instance, now_us);
	if (!instance->asked && (!instance->pid || instance->is_up || now_us > instance->started_us + instance->patience_us))
		return UINT64_MAX;
	if (!instance->asked)
		instance_ask(instance);
	if (now_us < instance->asked_us + ANSWER_US)
		return instance->asked_us + ANSWER_US;
	instance->serves = instance->asked = false;
	return UINT64_MAX;
}

void instance_try_again(struct instance *instance, const char *program)
{
	int r = instance_start(instance, program);

	if (r < 0) {
		log_write(LOG_WARNING, "dnsmasq of VLAN %u cannot be started: %s. It is tried again in %ju ms.", instance->vlan_id,
		          instance->words[0] ? instance->words : strerror(-r), (uintmax_t)instance->pause_us / 1000);
		pause_before_start(instance);
	}
}

bool instance_differs(const struct instance *instance)
{
	const struct order *a = &instance->zone, *b = &instance->running;
	bool same = a->ask_host == b->ask_host && strcmp(a->link, b->link) == 0;

	for (size_t i = 0; same && i < 2; i++)
		same = resolver_same_prefix(&a->gateway[i], &b->gateway[i]);
	return !same;
}

bool instance_differs_in_servers(const struct instance *instance)
{
	const struct order *a = &instance->zone, *b = &instance->running;
	bool same = strcmp(a->name, b->name) == 0 && a->n_addresses == b->n_addresses;

	for (size_t i = 0; same && i < a->n_addresses; i++)
		same = resolver_same_address(&a->address[i], &b->address[i]);
	return !same;
}

int instance_reload(struct instance *instance)
{
	int r = instance_write_servers(instance);

	if (r < 0)
		return r;
	if (kill(instance->pid, SIGHUP) < 0)
		return -errno;
	instance->running = instance->zone;
	/* it may have had a question in its hands, but reads the file before it takes another one */
	instance->more = 1;
	log_write(LOG_INFO, "dnsmasq of VLAN %u: asks others.", instance->vlan_id);
	return 0;
}

/* --------------------------------------------------------------------------------------------------------- what it says */

static void said(struct instance *instance)
{
	static const char prefix[] = "dnsmasq";
	const char *words = instance->line, *colon = strstr(words, ": ");

	instance->line[instance->n_line] = '\0';
	instance->n_line = 0;
	/* its own name and number in front */
	if (strncmp(words, prefix, sizeof(prefix) - 1) == 0 && colon)
		words = colon + 2;
	if (!*words)
		return;
	/* a word for each host that comes would be too many */
	log_write(LOG_DEBUG, "dnsmasq of VLAN %u: %s", instance->vlan_id, words);
	snprintf(instance->words, sizeof(instance->words), "%s", words);
}

void instance_listen(struct instance *instance)
{
	char bytes[512];
	ssize_t n;

	while (instance->output >= 0 && (n = read(instance->output, bytes, sizeof(bytes))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return;
		for (ssize_t i = 0; i < n; i++)
			if (bytes[i] == '\n')
				said(instance);
			else if (instance->n_line < sizeof(instance->line) - 1)
				instance->line[instance->n_line++] = bytes[i] >= ' ' || bytes[i] < 0 ? bytes[i] : '?';
	}
	if (instance->output >= 0 && instance->n_line)
		said(instance);
	cleanup_close(&instance->output);
}

/* --------------------------------------------------------------------------------------------------------- life and end */

int instance_new(const char *folder, const struct order *order, struct instance **ret_instance)
{
	struct instance *instance = calloc(1, sizeof(*instance));
	int r;

	if (!instance)
		return -ENOMEM;
	*instance = (struct instance){
		.netns = order->netns,
		.vlan_id = order->vlan_id,
		.netns_fd = -1,
		.output = -1,
		.probe = -1,
		.pause_us = PAUSE_FIRST_US,
	};
	r = instance_make_folder(folder, instance);
	if (r < 0) {
		free(instance);
		return r;
	}
	*ret_instance = instance;
	return 0;
}

void instance_free(struct instance **instance)
{
	struct instance *i = *instance;

	if (!i)
		return;
	instance_stop(i);
	instance_remove_folder(i);
	cleanup_close(&i->netns_fd);
	free(i);
	*instance = NULL;
}
