#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads every #include against the table in docs/architecture.md.

The first lock on the doors is CMake's private include directories; this is the second one, and it also holds for system
headers. A file that includes what its room may not know is named with its line.
"""

import fnmatch
import os
import re
import sys

ROOT = sys.argv[1]
SYSTEM = ("hycan/", "HyCAN/", "libmnl/", "libnftnl/", "netlink/", "sodium", "systemd/", "seccomp", "linux/", "tl/", "cmocka")
GENERATED = {"messages.h": "protocol", "table.h": "daemon/ops"}


def table():
    """room -> what it may include, from the document; longest room first."""
    rooms = {}
    with open(os.path.join(ROOT, "docs", "architecture.md"), encoding="utf-8") as file:
        for line in file:
            match = re.match(r"^\| `([^`]+)/` \| (`.*) \|$", line)
            if match:
                rooms[match[1]] = re.findall(r"`([^`]+)`", match[2])
    return dict(sorted(rooms.items(), key=lambda room: -len(room[0])))


def files():
    for top in ("include", "protocol", "daemon", "libclient", "apps"):
        for folder, _, names in os.walk(os.path.join(ROOT, top)):
            for name in names:
                if name.endswith((".c", ".h", ".hpp")):
                    yield os.path.relpath(os.path.join(folder, name), ROOT)


def room_of(path, rooms):
    return next((room for room in rooms if path.startswith(room + "/")), None)


def headers():
    """Name of each of our headers, as it is written in quotes, -> its paths."""
    found = {}
    for path in files():
        if path.endswith((".h", ".hpp")):
            found.setdefault(os.path.basename(path), []).append(path)
    return found


def allowed(include, path, room, rooms, ours):
    may = rooms[room]
    if include.startswith("<"):
        name = include[1:-1]
        if not name.startswith(SYSTEM):
            return True  # libc
        if name.startswith(("hycan/", "HyCAN/")) and "include/" + name.split("/")[0] in may:
            return True
        return any(fnmatch.fnmatch(include, pattern) for pattern in may if pattern.startswith("<"))
    name = os.path.basename(include)
    if name in may:
        return True
    if name in GENERATED:
        return GENERATED[name] in may
    targets = [p for p in ours.get(name, []) if p.endswith(include) or os.path.dirname(p) == os.path.dirname(path)]
    if not targets:
        return False
    # a family of operations is a room of its own
    if room == "daemon/ops":
        for target in targets:
            family = os.path.dirname(os.path.relpath(target, "daemon/ops"))
            if target.startswith("daemon/ops/") and family and os.path.dirname(path) != os.path.dirname(target):
                return False
        if any(target.startswith("daemon/kernel/") for target in targets) and "/" not in include:
            return any(not target.startswith("daemon/kernel/") for target in targets)
    return any(room_of(target, rooms) in may for target in targets)


def main():
    rooms, ours, bad, n = table(), headers(), [], 0
    if len(rooms) < 10:
        print("docs/architecture.md has no table of rooms any more")
        return 1
    for path in files():
        room = room_of(path, rooms)
        with open(os.path.join(ROOT, path), encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                match = re.match(r'^\s*#\s*include\s+([<"][^">]+[>"])', line)
                if not match:
                    continue
                n += 1
                include = match[1] if match[1].startswith("<") else match[1][1:-1]
                if room is None or not allowed(include, path, room, rooms, ours):
                    bad.append(f"{path}:{number}: {match[1]} is not for {room or 'a file outside of every room'}")
    print("\n".join(bad) or f"{n} includes, all as in docs/architecture.md")
    return 1 if bad else 0


sys.exit(main())
