#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Runs one fuzzer: over its seeds and its corpus, and then for a while on its own.
#
#   run.sh BUILD NAME             a few seconds, as a test; nothing is kept
#   run.sh BUILD NAME SECONDS     as long as that; what it finds stays in BUILD/fuzz/found/NAME
#   run.sh BUILD all SECONDS      all of them, one after the other
#
# Further words are libFuzzer's options. An input that breaks something is kept in BUILD/fuzz/broken, and the same
# program with the name of that file runs it again.

set -eu

source=$(dirname -- "$(realpath -- "$0")")
build=$1
name=$2
shift 2

if [ "$name" = all ]; then
	for program in "$build"/fuzz/*; do
		[ -f "$program" ] && "$0" "$build" "${program##*/}" "$@"
	done
	exit
fi
program=$build/fuzz/$name
if [ ! -x "$program" ]; then
	echo "SKIPPED: $program is not built: that needs clang with libFuzzer (scripts/prepare fuzz)"
	exit 77
fi
case $name in
apply | policy | values | words) dictionary=words ;;
*) dictionary=wire ;;
esac

mkdir -p "$build/fuzz/broken" "$build/generated/fuzz/seeds/$name"
if [ $# -gt 0 ]; then
	seconds=$1
	shift
	found=$build/fuzz/found/$name
	mkdir -p "$found"
	set -- -max_total_time="$seconds" -print_final_stats=1 "$@"
else
	found=$(mktemp -d)
	trap 'rm -rf "$found"' EXIT
	set -- -max_total_time=5 -runs=20000 -verbosity=0
fi

# new inputs go into the first folder
ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1 \
	"$program" -dict="$build/generated/fuzz/$dictionary.dict" -artifact_prefix="$build/fuzz/broken/$name-" \
	-error_exitcode=1 -max_len=8192 -timeout=100 -rss_limit_mb=2048 "$@" "$found" "$source/corpus/$name" "$build/generated/fuzz/seeds/$name"
