#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Every C file is as clang-format writes it. What is generated is left out: the generator decides there.
cd "$1" || exit 1
command -v clang-format >/dev/null || { echo "SKIPPED: clang-format is not installed"; exit 77; }
find daemon libclient protocol apps tests include docs -name '*.[ch]' ! -path include/hycan/types.h ! -path include/hycan/operations.h \
	-print0 | xargs -0 clang-format --dry-run --Werror
