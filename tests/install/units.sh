#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The units as systemd reads them: without a word it does not know, and locked down as far as is promised.

# shellcheck source=tests/install/common.bash
. "$(dirname "$0")/common.bash"

command -v systemd-analyze >/dev/null || skip "systemd-analyze is not installed"

# Where the units look for the daemon there may be none, or another.
units=(hycan-{daemon,resolver}.{service,socket})
for service in hycan-{daemon,resolver}.service; do
	sed -E "s|^(Exec[A-Z][a-z]*=)$PREFIX/sbin/hycan_daemon|\1$BUILD/daemon/hycan_daemon|" "$BUILD/systemd/$service" \
		>"$scratch/$service"
done
cp "$SOURCE"/systemd/*.socket "$scratch"
(cd "$scratch" && systemd-analyze verify --man=no "${units[@]}" 2>"$scratch/said") || fail "$(<"$scratch/said")"
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
# who starts programs and speaks to the network is exposed more, and is another user
systemd-analyze security --offline=true --threshold=20 --no-pager "$scratch/hycan-resolver.service" >"$scratch/said" ||
	fail "the exposure of the resolver is above 2.0: $(grep -v ✓ "$scratch/said")"
tail -n 1 "$scratch/said"

mkdir -p "$scratch/root/etc"
systemd-sysusers --root="$scratch/root" "$SOURCE/systemd/hycan.sysusers.conf"
grep -q '^hycan:' "$scratch/root/etc/group" || fail "no group hycan"
grep -q '^hycan-daemon:.*:/usr/sbin/nologin$' "$scratch/root/etc/passwd" || fail "no user hycan-daemon who cannot log in"
grep -q '^hycan-resolver:.*:/usr/sbin/nologin$' "$scratch/root/etc/passwd" || fail "no user hycan-resolver who cannot log in"
systemd-tmpfiles --root="$scratch/root" --create "$SOURCE/systemd/hycan.tmpfiles.conf"
[[ $(stat -c '%a %U' "$scratch/root/etc/hycan") == "755 root" ]] || fail "/etc/hycan: $(stat "$scratch/root/etc/hycan")"
