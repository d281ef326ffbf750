/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hycan_daemon: the door. Reads the command line and opens the server; everything else is in the rooms.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "cleanup.h"
#include "log.h"
#include "policy.h"
#include "server.h"

static const char usage[] = "hycan_daemon [OPTIONS] [SOCKET_PATH]\n"
			    "\n"
			    "Owns every network change of this machine, and makes those that policy allows its clients.\n"
			    "Without SOCKET_PATH it serves the socket that systemd passed, else " LISTEN_DEFAULT ".\n"
			    "\n"
			    "  --policy FILE      who may do what; at first " POLICY_PATH ", see hycan-policy(5)\n"
			    "  --check-config     read the policy, say what is wrong with it, and end\n"
			    "  --log-level LEVEL  emerg … debug, or 0 … 7; at first info\n"
			    "  --private FD       serve the connected socket FD alone, with the caller's rights, and end with it\n"
			    "  --help             this text\n"
			    "  --version          the release\n"
			    "\n"
			    "SIGTERM ends it, SIGHUP makes it read the policy again.\n";

enum {
	OPTION_POLICY = 256,
	OPTION_CHECK,
	OPTION_LOG_LEVEL,
	OPTION_PRIVATE,
	OPTION_HELP,
	OPTION_VERSION,
};

static const struct option long_options[] = {
	{ "policy", required_argument, NULL, OPTION_POLICY },
	{ "check-config", no_argument, NULL, OPTION_CHECK },
	{ "log-level", required_argument, NULL, OPTION_LOG_LEVEL },
	{ "private", required_argument, NULL, OPTION_PRIVATE },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ 0 },
};

static int check_config(const char *path)
{
	struct policy *policy = NULL;
	char reason[512];

	if (policy_read(path ? path : POLICY_PATH, &policy, reason, sizeof(reason)) < 0) {
		fprintf(stderr, "%s\n", reason);
		return EXIT_FAILURE;
	}
	policy_free(&policy);
	return EXIT_SUCCESS;
}

/* Keys pass through this process: none may end up in a file. */
static void forbid_core_dumps(void)
{
	const struct rlimit none = { 0 };

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0);
}

static int serve(const struct server_options *options)
{
	_cleanup_(server_free) struct server *server = NULL;
	int r;

	forbid_core_dumps();
	r = server_open(options, &server);
	if (r < 0) {
		log_write(LOG_ERR, "Cannot start: %s", strerror(-r));
		return EXIT_FAILURE;
	}
	r = server_run(server);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int parse_fd(const char *text, int *ret_fd)
{
	char *end;
	long fd = strtol(text, &end, 10);

	if (*end || end == text || fd < 0 || fd > 1 << 20)
		return -EINVAL;
	*ret_fd = (int)fd;
	return 0;
}

int main(int argc, char **argv)
{
	struct server_options options = { .private_fd = -1 };
	bool check = false;
	int level, c;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) >= 0) {
		switch (c) {
		case OPTION_POLICY:
			options.policy_path = optarg;
			break;
		case OPTION_CHECK:
			check = true;
			break;
		case OPTION_LOG_LEVEL:
			if (log_level_parse(optarg, &level) < 0) {
				fprintf(stderr,
				        "“%s” is no log level: emerg, alert, crit, err, warning, notice, info, debug or 0 to 7\n",
				        optarg);
				return 2;
			}
			log_set_level(level);
			break;
		case OPTION_PRIVATE:
			if (parse_fd(optarg, &options.private_fd) < 0) {
				fprintf(stderr, "“%s” is no descriptor\n", optarg);
				return 2;
			}
			break;
		case OPTION_HELP:
			fputs(usage, stdout);
			return EXIT_SUCCESS;
		case OPTION_VERSION:
			puts("hycan_daemon " HYCAN_VERSION);
			return EXIT_SUCCESS;
		default:
			fputs("hycan_daemon --help lists the options\n", stderr);
			return 2;
		}
	}
	if (argc - optind > 1) {
		fprintf(stderr, "“%s” is too much: one socket path is the most\n", argv[optind + 1]);
		return 2;
	}
	options.socket_path = argv[optind];
	if (check)
		return check_config(options.policy_path);
	return serve(&options);
}
