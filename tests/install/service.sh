#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The last step of an installation: when it starts the service, and when not. What it would call is intercepted.

# shellcheck source=tests/install/common.bash
. "$(dirname "$0")/common.bash"

configure() { # ON|OFF
	"$CMAKE" -S "$SOURCE" -B "$scratch/build-$1" -G "$GENERATOR" -DHYCAN_ENABLE_SERVICE="$1" -DBUILD_HYCAN_TEST=OFF \
		-DCMAKE_INSTALL_PREFIX=/usr/local >"$scratch/log" 2>&1 || fail "configuring: $(<"$scratch/log")"
}

# Runs the step as an installation of /usr/local would.
enable() { # ON|OFF [PREFIX]
	: >"$scratch/called"
	"$CMAKE" -DCMAKE_INSTALL_PREFIX="${2:-/usr/local}" -P "$scratch/build-$1/systemd/enable.cmake" >"$scratch/said" 2>&1
}

expect_nothing() { # WHAT-IT-SAYS
	[[ ! -s $scratch/called ]] || fail "this was called: $(<"$scratch/called")"
	grep -q "$1" "$scratch/said" || fail "it does not say '$1': $(<"$scratch/said")"
}

intercept systemctl systemd-sysusers systemd-tmpfiles
configure ON
configure OFF

DESTDIR=$scratch/root enable ON
[[ ! -s $scratch/called && ! -s $scratch/said ]] || fail "with DESTDIR: $(cat "$scratch/called" "$scratch/said")"

enable OFF
expect_nothing "HYCAN_ENABLE_SERVICE is off"

# The rest needs a system with systemd, and one without: each has a /run of its own.
unshare --mount true 2>/dev/null || skip "only root can pretend that systemd runs"

pretend() { # FOLDER-IN-RUN COMMAND...
	# shellcheck disable=SC2016
	unshare --mount bash -euc 'mount -t tmpfs tmpfs /run; mkdir -p "/run/$1"; shift; "$@"' - "$@"
}
export CMAKE scratch
export -f enable

pretend nothing bash -euc 'enable ON'
expect_nothing "systemd does not run here"
grep -q '/usr/local/sbin/hycan_daemon /run/hycan_daemon.sock' "$scratch/said" || fail "it does not say how else"

pretend systemd/system bash -euc 'enable ON /opt/hycan'
expect_nothing "systemd does not look into /opt/hycan/lib/systemd/system"

pretend systemd/system bash -euc 'enable ON /usr'
expect_nothing "the unit is for the prefix /usr/local"

pretend systemd/system bash -euc 'enable ON'
diff -u - "$scratch/called" <<-END || fail "these are not the commands"
	systemd-sysusers /usr/local/lib/sysusers.d/hycan.conf
	systemd-tmpfiles --create /usr/local/lib/tmpfiles.d/hycan.conf
	systemctl daemon-reload
	systemctl enable --now hycan-daemon.socket hycan-resolver.socket
	systemctl enable hycan-daemon.service
	systemctl try-restart hycan-resolver.service
	systemctl restart hycan-daemon.service
END
grep -q 'are enabled and run' "$scratch/said" || fail "it does not say so: $(<"$scratch/said")"

# A step that fails is told, and the files stay installed.
echo 'echo no such luck >&2; exit 1' >>"$scratch/shims/systemctl"
pretend systemd/system bash -euc 'enable ON' || fail "a service that does not start fails the installation"
grep -q 'no such luck' "$scratch/said" || fail "the reason is lost: $(<"$scratch/said")"
grep -q 'journalctl -u hycan-daemon' "$scratch/said" || fail "it does not say what to do: $(<"$scratch/said")"
