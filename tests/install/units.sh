#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The units as systemd reads them: without a word it does not know, and locked down as far as is promised.

# shellcheck source=tests/install/common.bash
. "$(dirname "$0")/common.bash"

command -v systemd-analyze >/dev/null || skip "systemd-analyze is not installed"

# Where the units look for the daemon there may be none, or another.
sed -E "s|^(Exec[A-Z][a-z]*=)$PREFIX/sbin/hycan_daemon|\1$BUILD/daemon/hycan_daemon|" \
	"$BUILD/systemd/hycan-daemon.service" >"$scratch/hycan-daemon.service"
cp "$SOURCE/systemd/hycan-daemon.socket" "$scratch"
systemd-analyze verify --man=no "$scratch/hycan-daemon.service" "$scratch/hycan-daemon.socket" 2>"$scratch/said" ||
	fail "$(<"$scratch/said")"
! grep hycan "$scratch/said" || fail "systemd finds fault with the units"

if [[ $WITH_METRICS == ON ]]; then
	sed -E "s|^(Exec[A-Z][a-z]*=)$PREFIX/bin/hycan_metrics|\1$BUILD/apps/hycan_metrics/hycan_metrics|" \
		"$BUILD/systemd/hycan-metrics.service" >"$scratch/hycan-metrics.service"
	systemd-analyze verify --man=no "$scratch/hycan-metrics.service" 2>"$scratch/said" || fail "$(<"$scratch/said")"
	! grep hycan "$scratch/said" || fail "systemd finds fault with the unit of the metrics"
fi

systemd-analyze --help | grep -q -e --offline || skip "this systemd-analyze has no --offline"
systemd-analyze security --offline=true --threshold=15 --no-pager "$scratch/hycan-daemon.service" >"$scratch/said" ||
	fail "the exposure is above 1.5: $(grep -v ✓ "$scratch/said")"
tail -n 1 "$scratch/said"
if [[ $WITH_METRICS == ON ]]; then
	systemd-analyze security --offline=true --threshold=15 --no-pager "$scratch/hycan-metrics.service" >"$scratch/said" ||
		fail "the exposure of the metrics is above 1.5: $(grep -v ✓ "$scratch/said")"
	tail -n 1 "$scratch/said"
fi

mkdir -p "$scratch/root/etc"
systemd-sysusers --root="$scratch/root" "$SOURCE/systemd/hycan.sysusers.conf"
grep -q '^hycan:' "$scratch/root/etc/group" || fail "no group hycan"
grep -q '^hycan-daemon:.*:/usr/sbin/nologin$' "$scratch/root/etc/passwd" || fail "no user hycan-daemon who cannot log in"
systemd-tmpfiles --root="$scratch/root" --create "$SOURCE/systemd/hycan.tmpfiles.conf"
[[ $(stat -c '%a %U' "$scratch/root/etc/hycan") == "755 root" ]] || fail "/etc/hycan: $(stat "$scratch/root/etc/hycan")"
