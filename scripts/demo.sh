#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The main job as a transcript: an unprivileged user gets CAN, a VLAN, WireGuard, routes and NAT from the daemon.
#
#   sudo scripts/demo.sh
#
# Installs what is missing, builds, and works in network namespaces of its own, so the machine's network stays as it is.
# Where the running kernel lacks a kind of link, the same runs on Debian's kernel in an emulated machine, by itself.
# After each step the kernel's own view is shown (ip, wg, nft), not ours.

set -euo pipefail

source=$(dirname -- "$(dirname -- "$(realpath -- "$0")")")
build=${HYCAN_DEMO_BUILD:-$source/build-demo}
user=hycan-demo
stranger=65534
work=
made_user=
made_group=
daemons=()

say() { printf '\n\033[1m%s\033[0m\n' "== $*"; }

# A command, shown as it is typed; runs in namespace $1 as the unprivileged user.
as_user() {
	local netns=$1
	shift
	printf '%s@%s $ %s\n' "$user" "$netns" "$*"
	ip netns exec "demo-$netns" setpriv --reuid "$user" --regid "$user" --init-groups --inh-caps=-all --bounding-set=-all \
		env HYCAN_DAEMON_SOCKET="$work/$netns.sock" PATH="$build/apps/hycanctl:$PATH" "$@"
}

# The kernel's view, as root sees it.
kernel() {
	local netns=$1
	shift
	printf '   (kernel, %s) # %s\n' "$netns" "$*"
	ip netns exec "demo-$netns" "$@" | sed 's/^/   | /'
}

# Nothing comes up at once; every wait has an end.
until_true() {
	for _ in $(seq 300); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.1
	done
	echo "This did not happen within 30 seconds: $*" >&2
	exit 1
}

# shellcheck disable=SC2317  # called by the trap
cleanup() {
	local status=$?
	trap - EXIT
	for pid in "${daemons[@]}"; do
		kill "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	for netns in left right inside; do
		ip netns delete "demo-$netns" 2>/dev/null || true
	done
	[ -n "$made_user" ] && userdel "$user"
	[ -n "$made_group" ] && groupdel hycan
	[ -n "$work" ] && rm -rf "$work"
	exit "$status"
}

# Whether the kernel can make a link by those words of ip-link(8).
kernel_has() {
	local answer
	answer=$(unshare --net ip link add name probe0 "$@" 2>&1) || true
	[[ $answer != *"Unknown device type"* && $answer != *"not supported"* ]]
}

# ---------------------------------------------------------------------------------------------------------- preparations

if [ "$(id -u)" -ne 0 ]; then
	echo "The demonstration starts a daemon and makes network namespaces: run it as root (sudo $0)." >&2
	exit 1
fi
if [ -z "${HYCAN_DEMO_BUILD-}" ]; then
	"$source/scripts/prepare" build demo
	cmake -S "$source" -B "$build" -G Ninja --preset release >/dev/null
	cmake --build "$build" -j "$(nproc)" >/dev/null
fi
missing=
kernel_has type vcan || missing+=" vcan"
kernel_has link lo type vlan id 1 || missing+=" vlan"
kernel_has type wireguard || missing+=" wireguard"
if [ -n "$missing" ] && [ -z "${HYCAN_DEMO_GUEST-}" ]; then
	say "This kernel has no$missing: the demonstration goes on in an emulated machine with Debian's kernel"
	"$source/scripts/prepare" guest
	exec "$source/scripts/guest" run --timeout 900 -- env HYCAN_DEMO_GUEST=1 HYCAN_DEMO_BUILD="$build" "$source/scripts/demo.sh"
fi

trap cleanup EXIT
work=$(mktemp -d)
chmod 755 "$work"
if ! getent group hycan >/dev/null; then
	groupadd --system hycan
	made_group=yes
fi
if ! getent passwd "$user" >/dev/null; then
	useradd --system --user-group --groups hycan --no-create-home --shell /usr/sbin/nologin "$user"
	made_user=yes
fi

# Two machines on one cable, and a container inside the left one.
for netns in left right inside; do
	ip netns add "demo-$netns"
	ip -n "demo-$netns" link set lo up
	# as distributions do: everybody may ping
	ip netns exec "demo-$netns" sh -c 'echo 0 2147483647 > /proc/sys/net/ipv4/ping_group_range'
done
ip link add eth0 netns demo-left type veth peer name eth0 netns demo-right
ip link add eth1 netns demo-left type veth peer name eth0 netns demo-inside
ip -n demo-left address add 192.0.2.1/24 dev eth0
ip -n demo-right address add 192.0.2.2/24 dev eth0
ip -n demo-left address add 172.18.0.1/24 dev eth1
ip -n demo-inside address add 172.18.0.2/24 dev eth0
for link in "left eth0" "left eth1" "right eth0" "inside eth0"; do
	read -r netns name <<<"$link"
	ip -n "demo-$netns" link set "$name" up
done
ip -n demo-inside route add default via 172.18.0.1

cat > "$work/policy.conf" <<'END'
# who         what                                        on what
allow @hycan  read
allow @hycan  vcan,link                                   name=vcan*
allow @hycan  vlan,link,address                           name=eth0,eth0.*
allow @hycan  wireguard,link,address                      name=wg*
allow @hycan  route                                       prefix=10.0.0.0/8
allow @hycan  masquerade                                  prefix=172.18.0.0/16
allow @hycan  port                                        prefix=172.18.0.0/16 port=8000-8999
allow @hycan  forwarding.set
END

say "The daemon, once on each machine; what the group hycan may do"
cat "$work/policy.conf"
for netns in left right; do
	ip netns exec "demo-$netns" "$build/daemon/hycan_daemon" --policy "$work/policy.conf" "$work/$netns.sock" 2> "$work/$netns.log" &
	daemons+=($!)
	until_true test -S "$work/$netns.sock"
done
stat --format '%A %U %G %n' "$work/left.sock"

# ---------------------------------------------------------------------------------------------------------- the main job

say "Who am I? A user without any capability"
as_user left grep CapEff /proc/self/status
as_user left hycanctl session whoami

say "A CAN bus: vcan0, and a frame over it between two processes of that user"
as_user left hycanctl vcan create vcan0
as_user left hycanctl link up vcan0
kernel left ip -details link show vcan0
as_user left candump -n 1 -T 20000 vcan0 > "$work/candump" &
listener=$!
until_true ip netns exec demo-left grep -q '^ *vcan0 ' /proc/net/can/rcvlist_all
as_user left cansend vcan0 123#DEADBEEF
wait "$listener"
cat "$work/candump"
grep -q 'DE AD BE EF' "$work/candump"

say "A VLAN sub-interface with an address"
as_user left hycanctl vlan create eth0 100
as_user left hycanctl address add eth0.100 10.99.0.1/24
as_user left hycanctl link up eth0.100
as_user right hycanctl vlan create eth0 100
as_user right hycanctl address add eth0.100 10.99.0.2/24
as_user right hycanctl link up eth0.100
kernel left ip -details address show eth0.100
until_true ip netns exec demo-left ping -c 1 -W 1 10.99.0.2
as_user left ping -c 1 -W 2 10.99.0.2

say "WireGuard between the two machines"
for netns in left right; do
	install -d -o "$user" "$work/$netns"
	# shellcheck disable=SC2016  # expanded by the inner shell
	ip netns exec "demo-$netns" setpriv --reuid "$user" --regid "$user" --clear-groups \
		sh -c 'umask 077; wg genkey > "$1/key"; wg pubkey < "$1/key" > "$1/key.pub"' sh "$work/$netns"
done
as_user left hycanctl wireguard create wg0
as_user left hycanctl wireguard set wg0 --private-key "@$work/left/key" --listen-port 51820
as_user left hycanctl wireguard peer-set wg0 "@$work/right/key.pub" --endpoint 192.0.2.2:51820 --allowed-ips 10.77.0.2/32
as_user left hycanctl address add wg0 10.77.0.1/24
as_user left hycanctl link up wg0
as_user right hycanctl wireguard create wg0
as_user right hycanctl wireguard set wg0 --private-key "@$work/right/key" --listen-port 51820
as_user right hycanctl wireguard peer-set wg0 "@$work/left/key.pub" --endpoint 192.0.2.1:51820 --allowed-ips 10.77.0.1/32
as_user right hycanctl address add wg0 10.77.0.2/24
as_user right hycanctl link up wg0
until_true ip netns exec demo-left ping -c 1 -W 1 10.77.0.2
as_user left ping -c 2 -W 2 10.77.0.2
kernel left wg show wg0
as_user left hycanctl wireguard get wg0
ip netns exec demo-left wg show wg0 latest-handshakes | grep -qv '\s0$'

say "A route"
as_user left hycanctl route add 10.20.0.0/16 --via 10.99.0.2
kernel left ip route show 10.20.0.0/16

say "Masquerade: the container reaches the other machine, which sees only the outside address"
as_user left hycanctl forwarding set ipv4 on
as_user left hycanctl masquerade add 172.18.0.0/16
kernel left cat /proc/sys/net/ipv4/ip_forward
kernel left nft list table inet hycan
serve='import socket
s = socket.create_server(("", 7000)); c, who = s.accept(); c.sendall(("you are " + who[0] + "\n").encode())'
ip netns exec demo-right python3 -c "$serve" &
until_true ip netns exec demo-right sh -c 'ss -Hltn "sport = 7000" | grep -q .'
ip netns exec demo-inside python3 -c 'import socket
print(socket.create_connection(("192.0.2.2", 7000), 20).makefile().read().strip())' | tee "$work/answer"
grep -q 'you are 192.0.2.1' "$work/answer"

say "A port mapping: a TCP connection from the other machine ends in the container"
as_user left hycanctl port add tcp 8080 172.18.0.2 80
as_user left hycanctl port list
kernel left nft list table inet hycan
serve='import socket
s = socket.create_server(("", 80)); c, _ = s.accept(); c.sendall(b"hello from the container\n")'
ip netns exec demo-inside python3 -c "$serve" &
until_true ip netns exec demo-inside sh -c 'ss -Hltn "sport = 80" | grep -q .'
ip netns exec demo-right python3 -c 'import socket
print(socket.create_connection(("192.0.2.1", 8080), 20).makefile().read().strip())' | tee "$work/answer"
grep -q 'hello from the container' "$work/answer"

say "No more than that: the same user, where no rule allows it"
refused=0
as_user left hycanctl link down eth1 || refused=$?
echo "(exit status $refused)"
[ "$refused" -eq 1 ]

say "A process outside of the group"
printf 'nobody@left $ hycanctl link list\n'
refused=0
ip netns exec demo-left setpriv --reuid "$stranger" --regid "$stranger" --clear-groups \
	env HYCAN_DAEMON_SOCKET="$work/left.sock" "$build/apps/hycanctl/hycanctl" link list || refused=$?
echo "(exit status $refused)"
[ "$refused" -eq 1 ]

say "What the daemon wrote down"
tail -n 8 "$work/left.log"

say "Done: every step was made by uid $(id -u "$user"), which has no capability at all"
