#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# An installation of this build, daemon and all, below another root.

# shellcheck source=tests/install/common.bash
. "$(dirname "$0")/common.bash"

install_below_root "$BUILD"
{
	client_files "$(build_type "$BUILD")"
	[[ $WITH_DAEMON != ON ]] || daemon_files
} | expect_files
check_consumers

if [[ $WITH_DAEMON == ON ]]; then
	grep -q "^ExecStart=$PREFIX/sbin/hycan_daemon --handover --resolver /run/hycan_resolver.sock$" "$scratch/root$PREFIX/lib/systemd/system/hycan-daemon.service" ||
		fail "the unit starts something else than what was installed"
	"$scratch/root$PREFIX/sbin/hycan_daemon" --version | grep -q '^hycan_daemon [0-9]' || fail "the daemon does not run"
fi
