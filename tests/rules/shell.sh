#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Nothing is to be found by shellcheck in any shell script.
command -v shellcheck >/dev/null || { echo "SKIPPED: shellcheck is not installed"; exit 77; }
cd "$1" || exit 1
grep -rlE '^#!.*\b(ba)?sh\b' scripts tests .ci 2>/dev/null | xargs shellcheck --external-sources
