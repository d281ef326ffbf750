#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# clang-tidy finds nothing, with the checks that .clang-tidy names.
#   tidy.sh SOURCE BUILD
command -v clang-tidy >/dev/null || { echo "SKIPPED: clang-tidy is not installed"; exit 77; }
cd "$1" || exit 1
# gcc's sanitizer options that clang has not are left aside
find daemon libclient protocol apps -name '*.c' -print0 |
	xargs -0 -n 8 -P "$(nproc)" clang-tidy --quiet -p "$2" --warnings-as-errors='*' 2>&1 |
	grep -v 'warnings generated\|^Suppressed\|^Use -header-filter' > "$2/clang-tidy.log"
if grep -q 'error:\|warning:' "$2/clang-tidy.log"; then
	cat "$2/clang-tidy.log"
	exit 1
fi
echo "clang-tidy found nothing"
