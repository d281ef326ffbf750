#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Proves that the service's log explains the state of the machine.

Each thing in the ledger must have been made by a request that the log tells of, of the user who holds it, in the same
network namespace, and no later line may have taken it away. A thing of a list is told by the request, since the line names the
first of them. Run where the service runs, as root.

    explained.py [KIND...]                  there must be things of these kinds
    explained.py --gone IDENTITY...         these were made, are there no more, and the log says why
"""

import json
import subprocess
import sys

MAKES = ("create", "add", "replace", "load", "peer_set", "sync", "dns.set", "add_host", "rename")
TAKES = ("delete", "remove", "peer_remove", "unset", "remove_host")


def run(*words):
    return subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout


def what_it_does(line):
    # nobody's request: what a stranger took away is gone, and what he changed is there
    if line["HYCAN_OPERATION"] == "drift":
        return "taken" if line["HYCAN_RESULT"] == "gone" else None
    if line["HYCAN_RESULT"] != "done":
        return None
    words = (line["HYCAN_OPERATION"], line["HYCAN_OPERATION"].split(".")[1])
    if line["HYCAN_OPERATION"] == "forwarding.set":
        return "made" if "on=on" in line["HYCAN_REQUEST"] else "taken"
    return "made" if set(words) & set(MAKES) else "taken" if set(words) & set(TAKES) else None


def is_about(line, thing):
    """Whether a line names the thing, or the request has it in its list."""
    for name in line["HYCAN_OBJECT"].split(", "):
        if thing["identity"] in (name, name.partition(" to ")[2]):
            return True
    word = thing["identity"].split()
    return thing["kind"] == "dns_host" and line["HYCAN_OPERATION"] == "dns.set" and \
        f"vlan_id={word[0]} " in line["HYCAN_REQUEST"] and f"{{name={word[1]} " in line["HYCAN_REQUEST"]


def last_word(lines, thing):
    for line in reversed(lines):
        same = str(thing["netns"]) == line["HYCAN_NETNS"] and is_about(line, thing)
        if same and what_it_does(line):
            return line
    return None


def is_accounted_for(lines, identity):
    """Whether the log says of something that it was made, and last that it went."""
    does = [what_it_does(line) for line in lines if identity in line["HYCAN_OBJECT"].split(", ")]
    does = [word for word in does if word]
    return "made" in does and does[-1] == "taken"


def main():
    gone = sys.argv[2:] if sys.argv[1:2] == ["--gone"] else []
    output = run("journalctl", "--quiet", "--boot", "--output=json", "_SYSTEMD_UNIT=hycan-daemon.service")
    lines = [line for line in map(json.loads, output.splitlines()) if "HYCAN_OPERATION" in line]
    things = json.loads(run("hycanctl", "--json", "object", "list"))
    wrong = 0
    for thing in things:
        line = last_word(lines, thing)
        if not line or what_it_does(line) != "made" or line["HYCAN_UID"] != str(thing["uid"]):
            print(f"explained: {thing} is not explained by {line}", file=sys.stderr)
            wrong += 1
    for identity in gone:
        if identity in {thing["identity"] for thing in things} or not is_accounted_for(lines, identity):
            print(f"explained: why {identity} is gone is not explained", file=sys.stderr)
            wrong += 1
    for kind in set([] if gone else sys.argv[1:]) - {thing["kind"] for thing in things}:
        print(f"explained: there is no {kind}", file=sys.stderr)
        wrong += 1
    print(f"explained: {len(things)} things by {len(lines)} lines, {wrong} are not")
    return 1 if wrong or not things else 0


if __name__ == "__main__":
    sys.exit(main())
