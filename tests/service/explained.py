#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Proves that the service's log explains the state of the machine.

Each thing in the ledger must have been made by a request that the log tells of, of the user who holds it, in the same
network namespace, and no later line may have taken it away. Run where the service runs, as root.
"""

import json
import subprocess
import sys

MAKES = ("create", "add", "replace", "load", "peer_set", "sync")
TAKES = ("delete", "remove", "peer_remove")


def run(*words):
    return subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout


def what_it_does(line):
    operation = line["HYCAN_OPERATION"].split(".")[1]
    if line["HYCAN_OPERATION"] == "forwarding.set":
        return "made" if "on=on" in line["HYCAN_REQUEST"] else "taken"
    return "made" if operation in MAKES else "taken" if operation in TAKES else None


def last_word(lines, thing):
    for line in reversed(lines):
        same = thing["identity"] in line["HYCAN_OBJECT"].split(", ") and str(thing["netns"]) == line["HYCAN_NETNS"]
        if same and line["HYCAN_RESULT"] == "done" and what_it_does(line):
            return line
    return None


def main():
    output = run("journalctl", "--quiet", "--boot", "--output=json", "_SYSTEMD_UNIT=hycan-daemon.service")
    lines = [line for line in map(json.loads, output.splitlines()) if "HYCAN_OPERATION" in line]
    things = json.loads(run("hycanctl", "--json", "object", "list"))
    wrong = 0
    for thing in things:
        line = last_word(lines, thing)
        if not line or what_it_does(line) != "made" or line["HYCAN_UID"] != str(thing["uid"]):
            print(f"explained: {thing} is not explained by {line}", file=sys.stderr)
            wrong += 1
    print(f"explained: {len(things)} things by {len(lines)} lines, {wrong} are not")
    return 1 if wrong or not things else 0


if __name__ == "__main__":
    sys.exit(main())
