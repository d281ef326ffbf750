/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A network with NAT, a host name and two port mappings, created and deleted again: through the daemon, and the usual way,
 * by a script of ip, iptables and a dnsmasq that is started anew. In turn, so that both have the same minute. Where there is
 * no dnsmasq, without the name on both sides.
 *
 * The script does no more than has to be, each command once; what tools that are written so also do (look first, take back
 * what was done when a step fails) it leaves out. Its shell is already there when the time begins.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <hycan/client.h>
#include <hycan/operations.h>
#include <hycan/values.h>

#include "bench.h"

#define ROUNDS 10u

#define VLAN_ID 100

/*
 * The usual way: a shell with two functions, which says when it is done with one. A dnsmasq that is told to end while it still starts
 * leaves its pid behind, and lets the shell go on before it has started: on one processor that is mostly so.
 */
static const char script[] =
	"set -e\n"
	"cd \"$1\"\n"
	"restart() {\n"
	"	if [ -s dnsmasq.pid ]; then\n"
	"		read -r pid <dnsmasq.pid\n"
	"		kill $pid\n"
	"		while kill -0 $pid 2>/dev/null; do :; done\n"
	"		: >dnsmasq.pid\n"
	"	fi\n"
	"	[ $1 = 0 ] || dnsmasq --conf-file=/dev/null --pid-file=$PWD/dnsmasq.pid --user=root --no-resolv --no-hosts \\\n"
	"		--bind-dynamic --interface=net100 --addn-hosts=$PWD/hosts\n"
	"}\n"
	"rules() {\n"
	"	iptables -w -t nat $1 POSTROUTING -s 10.100.0.0/24 ! -o net100 -j MASQUERADE\n"
	"	iptables -w -t nat $1 PREROUTING -p tcp --dport 8080 -m addrtype --dst-type LOCAL -j DNAT --to-destination "
	"10.100.0.2:80\n"
	"	iptables -w -t nat $1 PREROUTING -p tcp --dport 8443 -m addrtype --dst-type LOCAL -j DNAT --to-destination "
	"10.100.0.2:443\n"
	"	iptables -w $1 FORWARD -i net100 -j ACCEPT\n"
	"	iptables -w $1 FORWARD -o net100 -m conntrack --ctstate RELATED,ESTABLISHED,DNAT -j ACCEPT\n"
	"}\n"
	"while read -r what; do\n"
	"	if [ $what = create ]; then\n"
	"		ip link add link up0 name net100 type vlan id 100\n"
	"		ip addr add 10.100.0.1/24 dev net100\n"
	"		ip link set net100 up\n"
	"		echo 1 >/proc/sys/net/ipv4/ip_forward\n"
	"		rules -A\n"
	"		[ $2 = 0 ] || { echo '10.100.0.2 web' >hosts; restart 1; }\n"
	"	else\n"
	"		[ $2 = 0 ] || restart 0\n"
	"		rules -D\n"
	"		ip link del net100\n"
	"	fi\n"
	"	echo done\n"
	"done\n";

struct shell {
	FILE *to, *from;
};

static void open_shell(struct shell *s, const char *folder, bool names)
{
	int in[2], out[2];
	pid_t pid;

	if (pipe(in) < 0 || pipe(out) < 0)
		bench_fail("There is no pipe.");
	pid = fork();
	if (pid == 0) {
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		close(in[1]);
		close(out[0]);
		execl("/bin/sh", "sh", "-c", script, "sh", folder, names ? "1" : "0", (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	s->to = fdopen(in[1], "w");
	s->from = fdopen(out[0], "r");
}

static void by_script(struct shell *s, const char *what)
{
	char said[64] = "";

	fprintf(s->to, "%s\n", what);
	(void)fflush(s->to);
	if (!fgets(said, sizeof(said), s->from) || strcmp(said, "done\n") != 0)
		bench_fail("The script of ip, iptables and dnsmasq failed to %s.", what);
}

static void check(struct hycan *h, int r)
{
	if (r != 0)
		bench_fail("%s", hycan_error_message(h));
}

static void create(struct hycan *h, bool names)
{
	struct hycan_network network = { .vlan_id = VLAN_ID, .network_name = "bench", .has_parent = true, .parent = "up0" };
	const struct hycan_dns_set_options own = { .has_own_only = true, .own_only = true };
	struct hycan_port_mapping mapping = { .protocol = HYCAN_TRANSPORT_TCP };
	const struct hycan_dns_host host = { .name = "web", .addresses = &mapping.to_address, .n_addresses = 1 };

	(void)hycan_prefix_parse("10.100.0.0/24", &network.subnet);
	(void)hycan_address_parse("10.100.0.1", &network.gateway);
	(void)hycan_address_parse("10.100.0.2", &mapping.to_address);
	check(h, hycan_network_create(h, &network, NULL, NULL));
	mapping.host_port = (struct hycan_port_range){ 8080, 8080 };
	mapping.to_port = 80;
	check(h, hycan_port_add(h, &mapping));
	mapping.host_port = (struct hycan_port_range){ 8443, 8443 };
	mapping.to_port = 443;
	check(h, hycan_port_add(h, &mapping));
	if (names)
		check(h, hycan_dns_set(h, VLAN_ID, &host, 1, &own));
}

static void say(const char *what, bool names, struct sample *ours, struct sample *theirs)
{
	double a = (double)sample_percentile(ours, 0.5) / 1e6, b = (double)sample_percentile(theirs, 0.5) / 1e6;

	printf("%s a network with NAT%s and two mappings: p50 %.2f ms; ip, iptables%s %.2f ms: %.1f times as long\n", what,
	       names ? ", a host name" : "", a, names ? ", dnsmasq" : "", b, b / a);
}

void bench_router(struct bench *b)
{
	struct sample ours[2] = { 0 }, theirs[2] = { 0 };
	char folder[] = "/dev/shm/hycan-bench-XXXXXX", command[64];
	const bool names = system("command -v dnsmasq >/dev/null") == 0;
	struct shell shell;
	struct hycan *h;

	/* iptables of today asks the kernel for these only when it is too late */
	if (system("exec 2>/dev/null; ip link add up0 type veth peer name up1 && ip link set up0 up && ip link set up1 up && "
	           "ip link add link up0 name probe0 type vlan id 1 && ip link del probe0 && "
	           "{ modprobe -aq nft_compat xt_MASQUERADE xt_addrtype xt_conntrack || true; } && "
	           "iptables -w -t nat -A POSTROUTING -s 192.0.2.0/24 -j MASQUERADE && iptables -w -t nat -F POSTROUTING") != 0) {
		printf("router: left out: it needs VLANs (scripts/guest run -- …) and iptables\n\n");
		return;
	}
	if (!mkdtemp(folder))
		bench_fail("No directory in /dev/shm.");
	bench_start_daemon(b);
	if (hycan_open(&h, b->socket) < 0)
		bench_fail("%s", hycan_error_message(h));
	open_shell(&shell, folder, names);
	for (unsigned int i = 0; i < ROUNDS / b->scale + 2; i++) {
		uint64_t t[5];

		t[0] = bench_now_ns();
		create(h, names);
		t[1] = bench_now_ns();
		check(h, hycan_network_delete(h, VLAN_ID, NULL));
		t[2] = bench_now_ns();
		by_script(&shell, "create");
		t[3] = bench_now_ns();
		by_script(&shell, "delete");
		t[4] = bench_now_ns();
		/* what is loaded at first use is */
		for (int k = 0; k < 2 && i > 0; k++) {
			sample_add(&ours[k], t[k + 1] - t[k]);
			sample_add(&theirs[k], t[k + 3] - t[k + 2]);
		}
	}
	say("creating", names, &ours[0], &theirs[0]);
	say("deleting", names, &ours[1], &theirs[1]);
	putchar('\n');
	fclose(shell.to);
	fclose(shell.from);
	hycan_close(h);
	bench_stop_daemon(b);
	for (int k = 0; k < 2; k++) {
		sample_free(&ours[k]);
		sample_free(&theirs[k]);
	}
	snprintf(command, sizeof(command), "rm -rf %s; ip link del up0", folder);
	(void)!system(command);
}
