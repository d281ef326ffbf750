#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The compiler's own analyzer finds nothing, and an optimised build has no warning.

    analyze.py SOURCE BUILD

Each file of the daemon, the library and the programs is compiled as a release is, without the sanitizers that the
commands of BUILD/compile_commands.json may have, with gcc's -fanalyzer. No object file is kept.
"""

import concurrent.futures
import json
import os
import shlex
import subprocess
import sys

ROOMS = ("daemon", "libclient", "protocol", "apps")
RELEASE = ["-O2", "-D_FORTIFY_SOURCE=2", "-fanalyzer", "-Werror"]


def is_gcc(compiler):
    version = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=False)
    return version.returncode == 0 and "Free Software Foundation" in version.stdout


def commands(source, build):
    """Source file -> (folder, command): the compiler and what it is told, but for sanitizers and for where the object goes."""
    rooms = tuple(os.path.join(source, room, "") for room in ROOMS) + (os.path.join(build, "generated", ""),)
    found = {}
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        entries = json.load(file)
    for entry in entries:
        if not entry["file"].startswith(rooms):
            continue
        words = [w for w in shlex.split(entry["command"]) if not w.startswith(("-fsanitize", "-fno-sanitize", "-O"))]
        if os.path.basename(words[0]) == "ccache":
            words.pop(0)
        at = words.index("-o")
        del words[at : at + 2]
        found[entry["file"]] = (entry["directory"], words)
    return found


def analyze(job):
    path, (folder, words) = job
    result = subprocess.run(words + RELEASE + ["-o", "/dev/null"], cwd=folder, capture_output=True, text=True, check=False)
    return path if result.returncode else None, result.stderr


def main():
    found = commands(os.path.realpath(sys.argv[1]), os.path.realpath(sys.argv[2]))
    if not found:
        print("There is no command for any file of the house")
        return 1
    if not is_gcc(next(iter(found.values()))[1][0]):
        print("SKIPPED: the compiler is not gcc")
        return 77
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        results = list(pool.map(analyze, found.items()))
    for path, text in results:
        if path:
            print(text, end="")
    bad = [path for path, _ in results if path]
    print(f"{len(found)} files: " + (f"findings in {len(bad)}" if bad else "the analyzer found nothing"))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
