#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Proves that scripts/guest keeps its promises: the kernel, the devices, the exit status, the clean failure.
#
# The idea: each `check_` function runs on the host, and starts a guest which runs an `inside_` function of this same
# file. Run without arguments it checks everything; with names of checks, those.
#
# It deliberately knows nothing of HyCAN's daemon: when this fails, the harness is at fault.

set -euo pipefail

self=$(realpath -- "$0")
guest=$(dirname -- "$self")/../../scripts/guest
scratch=

fail() {
	echo "smoke: $*" >&2
	exit 1
}

wait_for() { # COMMAND [ARG...]
	local deadline=$((SECONDS + 200))

	until "$@"; do
		((SECONDS < deadline)) || fail "waited in vain for: $*"
		sleep 0.1
	done
}

expect_status() { # STATUS COMMAND [ARG...]
	local expected=$1 status=0

	"${@:2}" || status=$?
	((status == expected)) || fail "exit status $status instead of $expected: ${*:2}"
}

# candump is ready when its socket stands in the kernel's list of receivers; a device without any stands in brackets.
exchange_frame() { # SENDER RECEIVER
	local received

	candump -n 1 -T 20000 "$2" >/run/candump &
	wait_for grep -q "^ *$2 " /proc/net/can/rcvlist_all
	cansend "$1" 123#DEADBEEF
	wait $!
	received=$(</run/candump)
	[[ $received == *"$2  123   [4]  DE AD BE EF"* ]] || fail "from $1 to $2 came '$received'"
}

# -- in the guest -----------------------------------------------------------------------------------------------------

inside_links() {
	[[ $(uname -r) == *-amd64 && $(uname -v) == *Debian* ]] || fail "this is not Debian's kernel: $(uname -rv)"
	[[ $PWD == "$1" ]] || fail "the working directory is $PWD instead of $1"
	[[ $SMOKE == "two  words" ]] || fail "the environment did not come through"
	ip -brief link show lo | grep -qw UP || fail "lo is down"

	ip link add vcan0 type vcan
	ip link set vcan0 up
	exchange_frame vcan0 vcan0
	ip link add dummy0 type dummy
	ip link add link dummy0 name dummy0.7 type vlan id 7
	ip link add wg0 type wireguard
	ip link add name veth0 type veth peer name veth1
	ip link add bridge0 type bridge
	nft -f - <<-END
		table ip smoke {
			chain postrouting {
				type nat hook postrouting priority srcnat
				oifname "dummy0" masquerade
			}
		}
	END
	ip netns add smoke
	ip link set veth1 netns smoke
	modprobe ip_gre
	[[ -z $(ip -brief -netns smoke link show type gre) ]] || fail "loading a module made a link in a namespace"
	[[ $(runuser -u nobody -- id -un) == nobody ]] || fail "no other user than root"
}

inside_autoload() {
	! lsmod | grep -qE '^(vcan|wireguard) ' || fail "the modules are loaded already"
	ip link add vcan0 type vcan
	ip link add wg0 type wireguard
}

inside_can() {
	local name

	for name in can0 can1; do
		ip link set "$name" type can bitrate 500000
		ip link set "$name" up
	done
	exchange_frame can0 can1
	exchange_frame can1 can0
}

inside_systemd() {
	[[ $(ps -o comm= -p 1) == systemd ]] || fail "PID 1 is not systemd"
	[[ $(systemctl is-system-running --wait) == running ]] || fail "systemd is $(systemctl is-system-running)"
	cat >/run/systemd/system/smoke.service <<-END
		[Service]
		ExecStart=/bin/sh -c 'echo the service speaks; exec sleep infinity'
	END
	systemctl start smoke.service
	systemctl is-active --quiet smoke.service || fail "a service does not start"
	systemctl stop smoke.service
	journalctl --quiet --unit smoke.service | grep -q 'the service speaks' || fail "the journal does not hear the service"
	exit 42
}

# -- on the host ------------------------------------------------------------------------------------------------------

check_links() {
	SMOKE="two  words" "$guest" run -- "$self" inside links "$PWD"
}

check_autoload() {
	"$guest" run --modules "" -- "$self" inside autoload
}

check_can() {
	"$guest" run --can -- "$self" inside can
}

check_systemd() {
	expect_status 42 "$guest" run --systemd -- "$self" inside systemd
}

# A process that is left behind holds the output open; a megabyte is more than any pipe holds.
check_output() {
	expect_status 7 "$guest" run --modules "" -- \
		bash -c 'sleep infinity & head -c 1000000 /dev/zero | tr "\0" x; echo; echo last >/dev/stderr; exit 7' >"$scratch/output"
	[[ $(wc -c <"$scratch/output") == 1000006 && $(tail -n 1 "$scratch/output") == last ]] || fail "output is lost"
}

check_writable() {
	mkdir "$scratch/shared" "$scratch/private"
	"$guest" run --modules "" --writable "$scratch/shared" -- touch "$scratch/shared/kept" "$scratch/private/lost"
	[[ -e $scratch/shared/kept ]] || fail "a file in a writable folder did not come back"
	[[ ! -e $scratch/private/lost ]] || fail "the guest wrote to the host"
}

check_timeout() {
	expect_status 124 "$guest" run --timeout 10 -- sleep infinity 2>"$scratch/errors"
	grep -q 'within 10 seconds' "$scratch/errors" || fail "a timeout is not told: $(<"$scratch/errors")"
}

# An hour of the guest's, which has nothing to do in it.
check_icount() {
	"$guest" run --icount --timeout 120 -- sleep 3600
}

check_panic() {
	expect_status 125 "$guest" run -- sh -c 'echo c >/proc/sysrq-trigger' 2>"$scratch/errors"
	grep -q 'sysrq triggered crash' "$scratch/errors" || fail "the kernel's last words are missing"
	grep -q 'kernel panicked' "$scratch/errors" || fail "a panic is not told"
}

check_refusal() {
	expect_status 125 "$guest" run --modules nonsense -- true 2>"$scratch/errors"
	grep -q 'nonsense' "$scratch/errors" || fail "the missing module is not named"
	expect_status 125 "$guest" run --memory 1 -- true 2>/dev/null
}

if [[ ${1:-} == inside ]]; then
	"inside_$2" "${@:3}"
	exit
fi

scratch=$(mktemp -d --tmpdir hycan-smoke.XXXXXX)
trap 'rm -rf "$scratch"' EXIT

(($#)) || set -- links autoload can output writable timeout icount panic refusal systemd
for check; do
	started=$SECONDS
	"check_$check"
	echo "smoke: $check: well ($((SECONDS - started)) s)"
done
