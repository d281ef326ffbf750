/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hycan_daemon: the door. Reads the command line and opens the server; everything else is in the rooms.
 */
#include <errno.h>
#include <getopt.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "confine.h"
#include "log.h"
#include "policy.h"
#include "server.h"
#include "supervisor.h"
#include "vsock.h"

static const char usage[] =
	"hycan_daemon [OPTIONS] [SOCKET_PATH]\n"
	"\n"
	"Owns every network change of this machine, and makes those that policy allows its clients.\n"
	"Without SOCKET_PATH it serves the socket that systemd passed, else " LISTEN_DEFAULT ".\n"
	"\n"
	"  --policy FILE      who may do what; at first " POLICY_PATH ", see hycan-policy(5)\n"
	"  --check-config     read the policy, say what is wrong with it, and end\n"
	"  --log-level LEVEL  emerg … debug, or 0 … 7; at first info\n"
	"  --private FD       serve the connected socket FD alone, with the caller's rights, and end with it\n"
	"  --handover         at SIGTERM leave the connections with systemd, for the next daemon\n"
	"  --stopped          take away what connections and leases held that a daemon left with systemd, and end\n"
	"  --state FILE       where the ledger outlives the daemon, or “none”; at first $RUNTIME_DIRECTORY/ledger\n"
	"                     under systemd, else SOCKET_PATH.d/ledger\n"
	"  --vsock[=PORT]     also serve other machines over vsock, those that policy allows something; at first port 50052\n"
	"  --dnsmasq FILE     what tells the names of networks; at first where it mostly is\n"
	"  --dnsmasq-patience MS  how long one that was started has until it answers; at first 20000\n"
	"  --resolver SOCKET  a service starts dnsmasq, which is reached there; else a process of the daemon's own does\n"
	"  --resolver-service be that service, on the socket that systemd passed\n"
	"  --event-buffer KIB how far the kernel may be ahead of those who hear of changes; at first 16384\n"
	"  --drift-patience MS  how long after something went it is looked for; at first 200\n"
	"  --worker-patience MS  how long a request may take until another worker takes its place; at first 500\n"
	"  --unconfined[=STAGE,…]\n"
	"                     leave out its confinement, or of it: process, view, capabilities, privileges, calls\n"
	"  --help             this text\n"
	"  --version          the release\n"
	"\n"
	"SIGTERM ends it, SIGHUP makes it read the policy again.\n";

enum {
	OPTION_POLICY = 256,
	OPTION_CHECK,
	OPTION_LOG_LEVEL,
	OPTION_PRIVATE,
	OPTION_UNCONFINED,
	OPTION_STATE,
	OPTION_EVENT_BUFFER,
	OPTION_DRIFT_PATIENCE,
	OPTION_WORKER_PATIENCE,
	OPTION_HANDOVER,
	OPTION_VSOCK,
	OPTION_STOPPED,
	OPTION_DNSMASQ,
	OPTION_DNSMASQ_PATIENCE,
	OPTION_RESOLVER,
	OPTION_RESOLVER_SERVICE,
	OPTION_HELP,
	OPTION_VERSION,
};

/* The exit status for a command line that makes no sense; and none yet. */
enum { EXIT_WRONG = 2, GO_ON = -1 };

static const struct option long_options[] = {
	{ "policy", required_argument, NULL, OPTION_POLICY },
	{ "check-config", no_argument, NULL, OPTION_CHECK },
	{ "log-level", required_argument, NULL, OPTION_LOG_LEVEL },
	{ "private", required_argument, NULL, OPTION_PRIVATE },
	{ "unconfined", optional_argument, NULL, OPTION_UNCONFINED },
	{ "vsock", optional_argument, NULL, OPTION_VSOCK },
	{ "handover", no_argument, NULL, OPTION_HANDOVER },
	{ "stopped", no_argument, NULL, OPTION_STOPPED },
	{ "dnsmasq", required_argument, NULL, OPTION_DNSMASQ },
	{ "dnsmasq-patience", required_argument, NULL, OPTION_DNSMASQ_PATIENCE },
	{ "resolver", required_argument, NULL, OPTION_RESOLVER },
	{ "resolver-service", no_argument, NULL, OPTION_RESOLVER_SERVICE },
	{ "state", required_argument, NULL, OPTION_STATE },
	{ "event-buffer", required_argument, NULL, OPTION_EVENT_BUFFER },
	{ "drift-patience", required_argument, NULL, OPTION_DRIFT_PATIENCE },
	{ "worker-patience", required_argument, NULL, OPTION_WORKER_PATIENCE },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ 0 },
};

static int check_config(const char *option)
{
	const char *path = option ? option : POLICY_PATH;
	struct policy *policy = NULL;
	char reason[512];

	if (policy_read(path, &policy, reason, sizeof(reason)) < 0) {
		fprintf(stderr, "%s\n", reason);
		return EXIT_FAILURE;
	}
	if (policy_is_built_in(policy))
		fprintf(stderr, "There is no %s: the built-in policy holds.\n", path);
	policy_free(&policy);
	return EXIT_SUCCESS;
}

/* A stage fails: the daemon ends. It says which one, since the administrator may know why. */
static int confined(const char *stage, int r)
{
	if (r < 0)
		log_write(LOG_ERR, "Cannot start: confinement: %s: %s. It can be left out: --unconfined=%s", stage, strerror(-r),
		          stage);
	return r;
}

/* Everything is open, and no thread is there yet. */
static int confine(struct server *server, const struct server_options *options, unsigned int stages)
{
	_cleanup_free_ char *path = options->state_path ? strdup(options->state_path) : NULL;
	const char *folders[] = { path ? dirname(path) : NULL, NULL };
	int r = 0;

	/* also where the view is left as it is: no module for users and groups can be loaded later, and nothing removed */
	if (stages & (CONFINE_VIEW | CONFINE_CALLS))
		r = confined("view", server_start_porter(server));
	/* it starts programs, and is confined in its own way */
	if (r == 0)
		server_start_resolver(server);
	if (r == 0 && stages & CONFINE_VIEW)
		r = confined("view", confine_view(folders));
	if (r == 0 && stages & CONFINE_CAPABILITIES)
		r = confined("capabilities", confine_capabilities(CONFINE_CAP_NETWORK));
	if (r == 0 && stages & CONFINE_PRIVILEGES)
		r = confined("privileges", confine_privileges());
	if (r == 0 && stages & CONFINE_CALLS)
		r = confined("calls", confine_calls());
	return r;
}

static int serve(const struct server_options *options, unsigned int stages)
{
	_cleanup_(server_free) struct server *server = NULL;
	int r;

	if (stages & CONFINE_PROCESS && confined("process", confine_process(options->private_fd)) < 0)
		return EXIT_FAILURE;
	r = server_open(options, &server);
	if (r < 0) {
		log_write(LOG_ERR, "Cannot start: %s", strerror(-r));
		return EXIT_FAILURE;
	}
	if (confine(server, options, stages) < 0)
		return EXIT_FAILURE;
	r = server_run(server);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int parse_number(const char *text, int *ret_number)
{
	char *end;
	long number = strtol(text, &end, 10);

	if (*end || end == text || number < 0 || number > 1 << 20)
		return -EINVAL;
	*ret_number = (int)number;
	return 0;
}

static int parse_vsock(const char *text, uint32_t *ret_port)
{
	unsigned long long number = VSOCK_PORT_DEFAULT;
	char *end;

	if (text) {
		number = strtoull(text, &end, 10);
		if (*end || *text < '0' || *text > '9' || number == 0 || number > VSOCK_PORT_MAX)
			return -EINVAL;
	}
	*ret_port = (uint32_t)number;
	return 0;
}

/* Makes the folder of a file. false: it is not for us alone. */
static bool make_folder(const char *file)
{
	_cleanup_free_ char *copy = strdup(file);
	const char *folder = copy ? dirname(copy) : NULL;
	struct stat st;

	if (!folder)
		return false;
	if (mkdir(folder, 0700) == 0 || (errno == EEXIST && lstat(folder, &st) == 0 && S_ISDIR(st.st_mode) &&
	                                 st.st_uid == geteuid() && !(st.st_mode & (S_IWGRP | S_IWOTH))))
		return true;
	log_write(LOG_WARNING, "%s cannot be used by uid %u alone: the ledger ends with this daemon.", folder, geteuid());
	return false;
}

/* What a file is called from wherever the daemon is later: confined, it has another root. What is empty stays so. */
static char *absolute(const char *path)
{
	_cleanup_free_ char *folder = path && *path && *path != '/' ? getcwd(NULL, 0) : NULL;
	char *name;

	if (!folder)
		return path ? strdup(path) : NULL;
	return asprintf(&name, "%s/%s", folder, path) < 0 ? NULL : name;
}

/* The ledger's file; NULL: none. */
static char *find_state(const char *asked, const char *socket_path)
{
	const char *directory = getenv("RUNTIME_DIRECTORY");
	char *path;

	if (asked)
		return strcmp(asked, "none") == 0 ? NULL : absolute(asked);
	/* the first of several */
	if (directory && directory[0] == '/')
		return asprintf(&path, "%.*s/ledger", (int)strcspn(directory, ":"), directory) < 0 ? NULL : path;
	if (!socket_path && getenv("LISTEN_FDS"))
		return NULL;
	/* a folder of its own, since the confined daemon sees the whole of it and can change it */
	if (asprintf(&path, "%s.d/ledger", socket_path ? socket_path : LISTEN_DEFAULT) < 0)
		return NULL;
	if (!make_folder(path))
		cleanup_free(&path);
	return path;
}

/* What the command line says. */
struct arguments {
	struct server_options options;
	const char *state;
	unsigned int without; /* stages of the confinement */
	bool check;
	bool serves_names;
};

/* The exit status for a command line that makes no sense, behind a sentence. */
__attribute__((format(printf, 1, 2))) static int wrong(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	return EXIT_WRONG;
}

static int read_level(const char *value)
{
	int level;

	if (log_level_parse(value, &level) < 0)
		return wrong("“%s” is no log level: emerg, alert, crit, err, warning, notice, info, debug or 0 to 7", value);
	log_set_level(level);
	return GO_ON;
}

static int read_event_buffer(const char *value, int *ret_bytes)
{
	int kib;

	if (parse_number(value, &kib) < 0 || kib == 0)
		return wrong("“%s” is no number of KiB between 1 and 1048576", value);
	*ret_bytes = kib * 1024;
	return GO_ON;
}

static int read_patience(const char *value, int *ret_ms)
{
	if (parse_number(value, ret_ms) < 0 || *ret_ms == 0)
		return wrong("“%s” is no number of milliseconds, from 1 on", value);
	return GO_ON;
}

/* GO_ON, or the exit status. */
static int read_option(struct arguments *a, int option, const char *value)
{
	struct server_options *options = &a->options;

	switch (option) {
	case OPTION_POLICY:
		options->policy_path = value;
		return GO_ON;
	case OPTION_CHECK:
		a->check = true;
		return GO_ON;
	case OPTION_LOG_LEVEL:
		return read_level(value);
	case OPTION_PRIVATE:
		return parse_number(value, &options->private_fd) < 0 ? wrong("“%s” is no descriptor", value) : GO_ON;
	case OPTION_UNCONFINED:
		if (confine_parse(value ? value : "all", &a->without) < 0)
			return wrong(
				"“%s” is no stage: all, process, view, capabilities, privileges, calls, or several with commas",
				value);
		return GO_ON;
	case OPTION_STOPPED:
		options->only_ends = true;
		return GO_ON;
	case OPTION_HANDOVER:
		options->hands_over = true;
		return GO_ON;
	case OPTION_VSOCK:
		return parse_vsock(value, &options->vsock_port) < 0 ? wrong("“%s” is no port of vsock: 1 to 4294967294", value)
		                                                    : GO_ON;
	case OPTION_DNSMASQ:
		options->dnsmasq = value;
		return GO_ON;
	case OPTION_DNSMASQ_PATIENCE:
		return read_patience(value, &options->dnsmasq_ms);
	case OPTION_RESOLVER:
		options->resolver = value;
		return GO_ON;
	case OPTION_RESOLVER_SERVICE:
		a->serves_names = true;
		return GO_ON;
	case OPTION_STATE:
		a->state = value;
		return GO_ON;
	case OPTION_EVENT_BUFFER:
		return read_event_buffer(value, &options->event_buffer);
	case OPTION_DRIFT_PATIENCE:
		return read_patience(value, &options->drift_patience_ms);
	case OPTION_WORKER_PATIENCE:
		return read_patience(value, &options->worker_patience_ms);
	case OPTION_HELP:
		return fputs(usage, stdout) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	case OPTION_VERSION:
		return puts("hycan_daemon " HYCAN_VERSION) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	default:
		return wrong("hycan_daemon --help lists the options");
	}
}

int main(int argc, char **argv)
{
	struct arguments a = { .options.private_fd = -1 };
	_cleanup_free_ char *socket_path = NULL, *policy_path = NULL, *state_path = NULL;
	int r = GO_ON, c;

	while (r == GO_ON && (c = getopt_long(argc, argv, "", long_options, NULL)) >= 0)
		r = read_option(&a, c, optarg);
	if (r != GO_ON)
		return r;
	if (argc - optind > 1)
		return wrong("“%s” is too much: one socket path is the most", argv[optind + 1]);
	if (a.check)
		return check_config(a.options.policy_path);
	if (a.serves_names)
		return supervisor_serve(a.options.dnsmasq, a.options.dnsmasq_ms);
	a.options.socket_path = socket_path = absolute(argv[optind]);
	a.options.policy_path = policy_path = absolute(a.options.policy_path);
	state_path = a.options.private_fd < 0 ? find_state(a.state, a.options.socket_path) : NULL;
	a.options.state_path = state_path;
	a.options.state_asked = a.state != NULL;
	return serve(&a.options, CONFINE_ALL & ~a.without);
}
