#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# -DBUILD_HYCAN_DAEMON=OFF: the client side alone, without a library that only the daemon needs.

# shellcheck source=tests/install/common.bash
. "$(dirname "$0")/common.bash"

build=$scratch/build
"$CMAKE" -S "$SOURCE" -B "$build" -G "$GENERATOR" -DBUILD_HYCAN_DAEMON=OFF -DBUILD_HYCAN_TEST=OFF \
	-DCMAKE_BUILD_TYPE=Debug -DCMAKE_INSTALL_PREFIX="$PREFIX" -DCMAKE_INSTALL_LIBDIR="$LIBDIR" >"$scratch/log" 2>&1 ||
	fail "configuring: $(<"$scratch/log")"
! grep -qE 'libnftnl|libsystemd' "$build/CMakeCache.txt" || fail "the client asks for a library of the daemon"
"$CMAKE" --build "$build" -j2 >"$scratch/log" 2>&1 || fail "building: $(<"$scratch/log")"
install_below_root "$build"
client_files debug | expect_files
DEVELOPER=OFF
check_consumers
