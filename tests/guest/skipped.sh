#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Runs in the guest the tests that were skipped outside, so that nothing is skipped everywhere.
#
# The idea: a test that is skipped for what this kernel lacks leaves its name in BUILD/skipped, in a file of its program
# (tests/support/chosen.c). Each program that left any runs once more on Debian's kernel, with those tests alone, and there
# none may be skipped. So this comes behind all others, knows what they skipped last, and has no list of its own.
#
# usage: skipped.sh BUILD WHOLE      WHOLE: a regular expression, the tests that another guest runs as a whole

set -euo pipefail

build=$1 whole=$2
guest=$(dirname -- "$(realpath -- "$0")")/../../scripts/guest

cd "$build/skipped"
[[ -n $(find . -type f -print -quit) ]] || {
	echo "skipped: no test has run yet that says whether it was skipped" >&2
	exit 1
}
mapfile -t names < <(find . -type f -size +0 -printf '%P\n' | grep -Ev "$whole" | sort)
((${#names[@]})) || {
	echo "skipped: nothing was"
	exit 0
}
for name in "${names[@]}"; do
	mapfile -t tests <"$name"
	echo "skipped here: $name: ${tests[*]}"
done
exec "$guest" run --timeout 1600 -- env HYCAN_TEST_COMPLETE=1 HYCAN_TEST_AGAIN=1 \
	ctest --test-dir "$build" -R "^($(IFS='|' && echo "${names[*]}"))\$" -j2 --output-on-failure --timeout 1200
