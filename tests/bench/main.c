/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hycan_bench: runs every measurement in a network namespace of its own and prints the figures. */
#include "bench.h"

#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <hycan/client.h>
#include <hycan/operations.h>

static const char usage[] =
	"hycan_bench [--daemon FILE] [--smoke] [footprint|call|pipeline|routes|resync|vlans|networks|soak|router …]\n"
	"\n"
	"Measures the daemon beside the direct way, in a network namespace of its own. Needs to be root.\n"
	"\n"
	"  --daemon FILE  the daemon that is measured; at first the one that was built along\n"
	"  --smoke        everything a hundredth as often: shows that it runs, the figures mean nothing\n";

uint64_t bench_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

void bench_fail(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(EXIT_FAILURE);
}

void sample_add(struct sample *s, uint64_t ns)
{
	if (s->n == s->room) {
		s->room = s->room ? s->room * 2 : 4096;
		s->ns = realloc(s->ns, s->room * sizeof(*s->ns));
		if (!s->ns)
			bench_fail("There is no memory for the durations.");
	}
	s->ns[s->n++] = ns;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

uint64_t sample_percentile(struct sample *s, double share)
{
	if (s->n == 0)
		return 0;
	qsort(s->ns, s->n, sizeof(*s->ns), compare);
	return s->ns[(size_t)((double)(s->n - 1) * share)];
}

void sample_free(struct sample *s)
{
	free(s->ns);
	*s = (struct sample){ 0 };
}

void bench_pin(pid_t pid, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	if (cpu >= 0)
		CPU_SET(cpu, &set);
	for (int i = 0; cpu < 0 && i < CPU_SETSIZE; i++)
		CPU_SET(i, &set);
	if (sched_setaffinity(pid, sizeof(set), &set) < 0)
		bench_fail("CPU %d cannot be chosen: %s", cpu, strerror(errno));
}

void bench_flush_routes(const char *link)
{
	char command[96];

	snprintf(command, sizeof(command), "ip link set %s down && ip link set %s up", link, link);
	if (system(command) != 0)
		bench_fail("The routes cannot be removed.");
}

uint64_t bench_start_daemon(struct bench *b)
{
	uint64_t start = bench_now_ns(), ns;
	struct hycan *h = NULL;

	b->pid = fork();
	if (b->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl(b->daemon, b->daemon, "--log-level", "err", "--policy", b->policy ? b->policy : "/nonexistent", b->socket,
		      (char *)NULL);
		_exit(127);
	}
	while (hycan_open(&h, b->socket) < 0) {
		if (waitpid(b->pid, NULL, WNOHANG) == b->pid || bench_now_ns() - start > UINT64_C(20000000000))
			bench_fail("%s does not start: %s", b->daemon, hycan_error_message(h));
		hycan_close(h);
	}
	if (hycan_session_whoami(h, NULL) != 0)
		bench_fail("The daemon does not answer: %s", hycan_error_message(h));
	ns = bench_now_ns() - start;
	hycan_close(h);
	return ns;
}

void bench_stop_daemon(struct bench *b)
{
	kill(b->pid, SIGTERM);
	waitpid(b->pid, NULL, 0);
}

static void print_machine(void)
{
	struct utsname name;
	char line[256], model[256] = "unknown processor";
	FILE *file = fopen("/proc/cpuinfo", "re");

	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, "model name", 10) == 0 && strchr(line, ':'))
			snprintf(model, sizeof(model), "%.*s", (int)strcspn(strchr(line, ':') + 2, "\n"), strchr(line, ':') + 2);
	if (file)
		fclose(file);
	uname(&name);
	printf("machine: %s, %ld processors, Linux %s\n\n", model, sysconf(_SC_NPROCESSORS_ONLN), name.release);
}

/* The directory, and the ledger in it. */
static void bench_remove(const char *directory)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", directory);
	if (system(command) != 0)
		fprintf(stderr, "%s cannot be removed.\n", directory);
}

/* Without names everything is measured. */
static bool wanted(char **argv, const char *name)
{
	bool found = !argv[optind];

	for (char **p = argv + optind; *p && !found; p++)
		found = strcmp(*p, name) == 0;
	return found;
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "daemon", required_argument, NULL, 'd' },
		                                 { "smoke", no_argument, NULL, 's' },
		                                 { "help", no_argument, NULL, 'h' },
		                                 { 0 } };
	/* as the service has it: the ledger is beside the socket, and in memory */
	char socket[] = "/dev/shm/hycan-bench-XXXXXX/socket";
	struct bench b = { .daemon = HYCAN_DAEMON, .socket = socket, .scale = 1 };
	char *slash;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (c == 'd')
			b.daemon = optarg;
		else if (c == 's')
			b.scale = 100;
		else {
			fputs(usage, c == 'h' ? stdout : stderr);
			return c == 'h' ? EXIT_SUCCESS : 2;
		}
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (unshare(CLONE_NEWNET) < 0)
		bench_fail("A network namespace cannot be made: %s. Run it as root.", strerror(errno));
	slash = strrchr(socket, '/');
	*slash = '\0';
	if (!mkdtemp(socket))
		bench_fail("No directory in /dev/shm: %s", strerror(errno));
	*slash = '/';
	if (system("ip link set lo up") != 0)
		bench_fail("ip(8) is needed (package iproute2).");
	print_machine();
	if (wanted(argv, "footprint"))
		bench_footprint(&b);
	if (wanted(argv, "call")) {
		bench_call(&b, BENCH_ONE_CPU);
		if (sysconf(_SC_NPROCESSORS_ONLN) > 1)
			bench_call(&b, BENCH_TWO_CPUS);
		bench_call(&b, BENCH_ANY_CPU);
	}
	for (unsigned int clients = 1; clients <= 1000 && wanted(argv, "pipeline"); clients *= 10)
		bench_pipeline(&b, clients);
	if (wanted(argv, "routes"))
		bench_routes(&b);
	if (wanted(argv, "resync"))
		bench_resync(&b);
	if (wanted(argv, "vlans"))
		bench_vlans(&b);
	if (wanted(argv, "networks"))
		bench_networks(&b);
	for (int rests = 0; rests < 2 && wanted(argv, "soak"); rests++) {
		bench_soak(&b, BENCH_ONE_CPU, rests);
		if (sysconf(_SC_NPROCESSORS_ONLN) > 1)
			bench_soak(&b, BENCH_TWO_CPUS, rests);
	}
	if (wanted(argv, "router"))
		bench_router(&b);
	*slash = '\0';
	bench_remove(socket);
	return EXIT_SUCCESS;
}
