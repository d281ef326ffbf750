#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Installs into a running system, and lets the service do everything under its lock-down: in the guest, with systemd.
#
# The idea: the system-call filter kills instead of refusing, so whatever the daemon calls and the unit does not list
# ends it, and the checks after that fail. Without an argument this starts the guest, which runs it with "inside".
#
# With sanitizers the lock-down cannot be kept (they map memory as they like): then it stays away, and the daemon alone
# is tested.

set -euo pipefail

self=$(realpath -- "$0")
drop_in=/etc/systemd/system/hycan-daemon.service.d/test.conf
policy=/etc/hycan/policy.conf
socket=/run/hycan_daemon.sock

fail() {
	echo "service: $*" >&2
	systemctl status --no-pager --full hycan-daemon.service hycan-daemon.socket >&2 || true
	journalctl --no-pager --unit hycan-daemon.service --lines 40 >&2 || true
	exit 1
}

wait_for() { # WHAT COMMAND...
	local deadline=$((SECONDS + 300))

	until "${@:2}"; do
		((SECONDS < deadline)) || fail "waited in vain: $1"
		sleep 0.2
	done
}

as() { # USER COMMAND...
	setpriv --reuid "$1" --regid "$1" --init-groups -- "${@:2}"
}

refused() { # SENTENCE COMMAND...
	local said status=0

	said=$("${@:2}" 2>&1) || status=$?
	((status != 0)) || fail "this was not refused: ${*:2}"
	[[ $said == *"$1"* ]] || fail "'$1' is not in the refusal of ${*:2}: $said"
}

main_pid() {
	systemctl show --property MainPID --value hycan-daemon.service
}

is_replaced() { # FORMER-PID
	local now

	now=$(main_pid)
	[[ $now != 0 && $now != "$1" ]] && systemctl is-active --quiet hycan-daemon.service
}

journal_has() {
	journalctl --quiet --unit hycan-daemon.service --grep "$1" >/dev/null
}

# -- in the guest -----------------------------------------------------------------------------------------------------

install_it() {
	local said

	said=$("$CMAKE" --install "$BUILD" 2>&1) || fail "$said"
	if [[ $said != *"are enabled and run"* ]]; then
		# a build that leaves the service alone says what to do
		[[ $said == *"HYCAN_ENABLE_SERVICE is off"* ]] || fail "the installation says: $said"
		sed -n '/these commands do it/,$ { /^     s/p }' <<<"$said" >/run/commands
		[[ $(wc -l </run/commands) == 7 ]] || fail "the installation does not say what to do: $said"
		bash -eu /run/commands
	fi
	systemctl is-enabled --quiet hycan-daemon.socket hycan-daemon.service || fail "it is not enabled"
	systemctl is-active --quiet hycan-daemon.socket hycan-daemon.service || fail "it does not run"
	[[ $(stat -c '%a %U %G' $socket) == "660 root hycan" ]] || fail "the socket: $(stat -c '%a %U %G' $socket)"
	useradd --no-create-home --groups hycan member
	useradd --no-create-home stranger
}

# From here on a call that is not in the filter kills; and a daemon that the emulator lets wait is not taken for one that hangs.
tighten() {
	mkdir -p "${drop_in%/*}"
	printf '[Service]\nWatchdogSec=5min\n' >$drop_in
	if [[ $DEVELOPER == ON ]]; then
		cat >>$drop_in <<-END
			SystemCallFilter=
			MemoryDenyWriteExecute=no
			LimitCORE=infinity
		END
	else
		# and the two calls that the unit refuses, as docs/security.md allows them
		printf 'SystemCallFilter=sched_getattr sched_setattr\nSystemCallErrorNumber=kill\n' >>$drop_in
	fi
	# what starts dnsmasq is refused more than it needs: the C library looks up users
	mkdir -p /etc/systemd/system/hycan-resolver.service.d
	[[ $DEVELOPER != ON ]] || sed /WatchdogSec/d $drop_in >/etc/systemd/system/hycan-resolver.service.d/test.conf
	systemctl daemon-reload
	systemctl restart hycan-daemon.service
}

check_process() {
	local status

	status=$(<"/proc/$(main_pid)/status")
	[[ $(ps -o user= -p "$(main_pid)") == hycan-d* ]] || fail "it runs as $(ps -o user= -p "$(main_pid)")"
	# CAP_NET_ADMIN, CAP_NET_BIND_SERVICE and CAP_SYS_ADMIN
	grep -q '^CapEff:.*0000000000201400$' <<<"$status" || fail "it has $(grep ^CapEff <<<"$status")"
	grep -q '^CapBnd:.*0000000000201400$' <<<"$status" || fail "it may get $(grep ^CapBnd <<<"$status")"
	grep -q '^NoNewPrivs:.*1$' <<<"$status" || fail "it may gain privileges"
	[[ $DEVELOPER == ON ]] || grep -q '^Seccomp:.*2$' <<<"$status" || fail "its system calls are not filtered"
}

check_built_in_policy() {
	as member hycanctl vcan create vcan0 >/dev/null
	as member hycanctl link up vcan0
	ip link show vcan0 up | grep -q vcan0 || fail "vcan0 is not up"
	refused "no rule of the built-in policy allows it" as member hycanctl vlan create vcan0 5
	refused "Permission denied" as stranger hycanctl link list
}

# Every family, in this namespace and in another.
check_operations() {
	ip netns add other
	hycanctl vxcan create vx0 vx1 >/dev/null
	ip link add dummy0 type dummy
	hycanctl link up dummy0
	hycanctl vlan create dummy0 7 >/dev/null
	hycanctl address add dummy0.7 10.99.0.1/24
	hycanctl link up dummy0.7
	hycanctl route add 10.20.0.0/16 --via 10.99.0.2
	ip route show 10.20.0.0/16 | grep -q 'via 10.99.0.2 dev dummy0.7' || fail "no route"
	hycanctl rule add ipv4 --from 10.99.0.0/24 --table 100
	ip rule | grep -q '10.99.0.0/24 lookup 100' || fail "no rule"
	hycanctl wireguard create wg0 >/dev/null
	hycanctl wireguard create wg1 >/dev/null
	hycanctl wireguard peer-set wg1 CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk= --allowed-ips 10.9.0.0/24
	hycanctl link rename vx0 vx2
	hycanctl apply - <<<'{"steps": [{"operation": "vcan.create", "name": "vcan20"}, {"operation": "link.up", "name": "vcan20"}]}'
	hycanctl masquerade add 172.18.0.0/16
	hycanctl port add tcp 8080 172.18.0.2 80
	nft list table inet hycan | grep -q 8080 || fail "no port mapping"
	hycanctl forwarding set ipv4 on
	[[ $(</proc/sys/net/ipv4/ip_forward) == 1 ]] || fail "IPv4 is not forwarded"
	hycanctl forwarding set ipv6 on --interface dummy0
	[[ $(</proc/sys/net/ipv6/conf/dummy0/forwarding) == 1 ]] || fail "IPv6 is not forwarded by dummy0"

	hycanctl --netns other vcan create vcan9 >/dev/null
	hycanctl --netns other link up lo
	hycanctl --netns other forwarding set ipv4 on
	hycanctl --netns other masquerade add 172.19.0.0/16
	ip -n other link show vcan9 >/dev/null || fail "nothing arrives in another namespace"
	[[ $(ip netns exec other cat /proc/sys/net/ipv4/ip_forward) == 1 ]] || fail "no forwarding in another namespace"
	! ip link show vcan9 2>/dev/null || fail "what was meant for another namespace is in ours"
	refused "" as member hycanctl --netns other link list

	hycanctl link list >/dev/null
	hycanctl route list >/dev/null
	hycanctl session whoami >/dev/null
	hycanctl daemon status >/dev/null
	hycanctl link delete wg0
	! ip link show wg0 2>/dev/null || fail "wg0 is still there"
}

check_reload() {
	local before

	before=$(main_pid)
	printf 'allow stranger vlan name=dummy0*\nallow @hycan read\n' >$policy
	systemctl reload hycan-daemon.service
	wait_for "the new policy" journal_has "policy was read again"
	# member is still in the group, and the file says nothing of vcan
	refused "no rule of $policy allows it" as member hycanctl vcan create vcan5
	usermod --append --groups hycan stranger
	as stranger hycanctl vlan create dummy0 8 >/dev/null
	refused "$policy:1" as stranger hycanctl vlan create vcan0 8

	printf 'allow stranger vlan\nallow nobody-at-all read\n' >$policy
	! systemctl reload hycan-daemon.service 2>/dev/null || fail "a reload with a broken file succeeds"
	wait_for "what is wrong, in the journal" journal_has "$policy:2: there is no user .*nobody-at-all"
	refused "$policy:1" as stranger hycanctl vlan create vcan0 8
	# also for those who know nothing of systemctl reload
	kill -HUP "$(main_pid)"
	wait_for "the old policy stays" journal_has "The policy stays as it was"
	refused "$policy:1" as stranger hycanctl vlan create vcan0 8
	[[ $(main_pid) == "$before" ]] || fail "a reload started another daemon"
	rm $policy
	systemctl reload hycan-daemon.service
}

check_activation() {
	systemctl stop hycan-daemon.service
	[[ $(systemctl show --property Result --value hycan-daemon.service) == success ]] || fail "it does not end cleanly"
	[[ -S $socket ]] || fail "with the service the socket went"
	as member hycanctl link up vcan0
	systemctl is-active --quiet hycan-daemon.service || fail "a client does not start the service"
}

check_restart() {
	local before

	before=$(main_pid)
	kill -KILL "$before"
	wait_for "another daemon after a crash" is_replaced "$before"
	as member hycanctl link up vcan0

	# one that hangs is noticed soon here
	sed -i 's/^WatchdogSec=.*/WatchdogSec=20s/' $drop_in
	systemctl daemon-reload
	# which counts how often it was started
	systemctl reset-failed hycan-daemon.service
	systemctl restart hycan-daemon.service
	before=$(main_pid)
	kill -STOP "$before"
	wait_for "another daemon after one that hangs" is_replaced "$before"
	wait_for "a word of the watchdog" journal_has "Watchdog timeout"
	as member hycanctl link up vcan0
	sed -i 's/^WatchdogSec=.*/WatchdogSec=5min/' $drop_in
	systemctl daemon-reload
	systemctl reset-failed hycan-daemon.service
	systemctl restart hycan-daemon.service
}

# Whoever reads the log knows who made what is there.
explained() { # KIND...
	"$PYTHON" "${self%/*}/explained.py" "$@" || fail "the log does not explain what is there"
}

check_explained() {
	explained link address route rule wireguard_peer masquerade port forwarding
}

# Connections over restarts, stops and crashes, and what the log says of each change.
check_clients() {
	EXPLAINED="$PYTHON ${self%/*}/explained.py" "$BUILD/tests/service/test-service-restarts" || fail "clients"
}

# The one dnsmasq.
dnsmasq_pid() {
	pgrep --uid hycan-resolver --exact dnsmasq
}

# Names come from a service of its own, which outlives the daemon for a while.
check_names() {
	local pid

	! systemctl is-active --quiet hycan-resolver.service || fail "it runs before there are names"
	ip link add up0 type veth peer name up1
	ip link set up0 up
	ip link set up1 up
	hycanctl network create 100 10.9.0.0/24 10.9.0.1 blue --parent up0
	hycanctl dns set 100 '{web 10.9.0.2}{mail 10.9.0.5}{old 10.9.0.6}' --domain blue.example || fail "there are no names"
	hycanctl dns remove_host 100 old
	hycanctl health || fail "they are not told"
	pid=$(dnsmasq_pid) || fail "there is no dnsmasq"
	grep -q '^CapEff:.*0000000000000400$' "/proc/$pid/status" || fail "it has $(grep ^CapEff "/proc/$pid/status")"
	systemctl restart hycan-daemon.service
	hycanctl dns add_host 100 db 10.9.0.3
	systemctl kill --signal KILL --kill-whom main hycan-daemon.service
	wait_for "the daemon after a kill" hycanctl dns add_host 100 late 10.9.0.4
	hycanctl health
	[[ $(dnsmasq_pid) == "$pid" ]] || fail "dnsmasq is another one"
	[[ $(ls /tmp/systemd-private-*-hycan-resolver.service-*/tmp/hycan-resolver.*/*/hosts) == $'db\nlate\nmail\nweb' ]] ||
		fail "the hosts are $(ls /tmp/systemd-private-*-hycan-resolver.service-*/tmp/hycan-resolver.*/*/hosts)"
	# without it the daemon says so, and starts it again when it is needed
	systemctl kill --signal KILL --kill-whom all hycan-resolver.service
	wait_for "the names after a kill" hycanctl health
	explained network dns dns_host
	hycanctl network delete 100
	! dnsmasq_pid || fail "dnsmasq is left"
	ip link delete up0
}

# As systemd itself counts it, of the unit as it runs.
check_exposure() {
	local exposure

	rm -f $drop_in
	systemctl daemon-reload
	exposure=$(systemd-analyze security --no-pager hycan-daemon.service | sed -n 's/.*hycan-daemon.service: \([0-9.]*\) .*/\1/p')
	echo "service: the exposure is $exposure"
	[[ ${exposure/./} -le 15 ]] || fail "the exposure is above 1.5: $exposure"
}

# Broken at the start: it does not start, and says why.
check_broken_start() {
	printf 'allow everybody all\n' >$policy
	! systemctl restart hycan-daemon.service 2>/dev/null || fail "it starts with a broken policy"
	wait_for "why it does not start, in the journal" journal_has "$policy:1: there is no user .*everybody"
	systemctl stop hycan-daemon.service hycan-daemon.socket
	rm $policy
	systemctl reset-failed hycan-daemon.service hycan-daemon.socket
	systemctl start hycan-daemon.service
	as member hycanctl link up vcan0
}

check_end() {
	systemctl stop hycan-daemon.socket hycan-daemon.service
	[[ ! -e $socket ]] || fail "the socket file is left over"
	! journal_has "31/SYS" || fail "a system call is missing in the filter"
}

# -- on the host ------------------------------------------------------------------------------------------------------

if [[ ${1:-} != inside ]]; then
	exec "$(dirname "$self")/../../scripts/guest" run --systemd --timeout 1700 -- "$self" inside
fi

PATH=$PREFIX/sbin:$PREFIX/bin:$PATH
install_it
tighten
for check in process built_in_policy operations explained reload activation restart process names broken_start clients end exposure; do
	started=$SECONDS
	"check_$check"
	echo "service: $check: well ($((SECONDS - started)) s)"
done
