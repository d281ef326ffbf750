#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Everything that can fail, in one command: installs what is missing, builds, starts the daemon, runs every tier of the
# tests, cleans up whatever happens, prints a summary. Fails when anything failed.
#
#   sudo scripts/test_with_daemon.sh [CTEST OPTION…]            builds with sanitizers in ./build
#   cd build && sudo ../scripts/test_with_daemon.sh             uses that build as it is configured

set -euo pipefail

source=$(dirname -- "$(dirname -- "$(realpath -- "$0")")")
scratch=
daemon=

# shellcheck disable=SC2317  # called by the traps
cleanup() {
	local status=$?
	trap - EXIT INT TERM
	if [ -n "$daemon" ]; then
		kill "$daemon" 2>/dev/null || true
		wait "$daemon" 2>/dev/null || true
	fi
	[ -n "$scratch" ] && rm -rf "$scratch"
	exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

if [ "$(id -u)" -ne 0 ]; then
	echo "The tests make network namespaces and start the daemon: run this as root (sudo $0)." >&2
	exit 1
fi

"$source/scripts/prepare" build test guest fuzz

if [ -f CMakeCache.txt ]; then
	build=$PWD
	# a build without tests is made one with tests, and stays otherwise as it is
	cmake -DBUILD_HYCAN_TEST=ON "$build" >/dev/null
else
	build=$source/build
	cmake -S "$source" -B "$build" -G Ninja --preset development >/dev/null
fi
cmake --build "$build" -j "$(nproc)"
"$source/scripts/guest" prepare

# The daemon as one starts it by hand, asked by the tool as one asks it by hand.
scratch=$(mktemp -d)
mkfifo "$scratch/ready"
# shellcheck disable=SC2016  # expanded by the inner shell
unshare --net sh -c 'echo > "$1/ready"; exec "$0" "$1/socket"' "$build/daemon/hycan_daemon" "$scratch" &
daemon=$!
read -r _ < "$scratch/ready"
for _ in $(seq 200); do
	[ -S "$scratch/socket" ] && "$build/apps/hycanctl/hycanctl" --socket "$scratch/socket" session whoami >/dev/null 2>&1 && break
	kill -0 "$daemon" 2>/dev/null || { echo "The daemon ended before it answered." >&2; exit 1; }
	sleep 0.1
done
"$build/apps/hycanctl/hycanctl" --socket "$scratch/socket" daemon status

# one more than there are processors: the tests wait for the kernel and for each other half of their time
result=0
ctest --test-dir "$build" -j "$(($(nproc) + 1))" --output-on-failure "$@" || result=$?

"$build/apps/hycanctl/hycanctl" --socket "$scratch/socket" link list
kill "$daemon"
ended=0
wait "$daemon" || ended=$?
daemon=
if [ "$ended" -ne 0 ]; then
	echo "The daemon that was started by hand ended with $ended."
	result=1
fi
if [ "$result" -eq 0 ]; then
	echo "All tiers passed; $build holds the build."
else
	echo "Something failed; ctest --test-dir $build --rerun-failed --output-on-failure shows it again."
fi
exit "$result"
