#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Broken schemas must fail on the right line, with a sentence that says what is wrong."""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(sys.argv[1], "scripts", "generator"))

import schema  # noqa: E402

GOOD = "version 1\n# Says hello.\n0x0101  a.b  a  read  (x: u32) -> ()\n"
KINDS = "version 1\nenum object_kind u8 {\nlink = 1\naddress = 2\n}\nstruct way {\nx: u32\nover: ifname\n}\n"
MAKES = KINDS + "# Makes one.\n0x0101  a.b  a  write  (x: u32, l: ifname, w: [way], k: secret key) -> ()  + address(x) on l\n"
TAKES = "# Takes it.\n0x0103  a.d  a  write  (x: u32, y?: bool) -> ()  - address(x)\n"
ALSO = "# Also.\n0x0102  a.c  a  write  (x: u16, l: ifname) -> ()  "
BROKEN = [
    ("", 1, "no version"),
    ("version 1\nnonsense\n", 2, "expected version"),
    ("version 1\nrefusal a = 1\n", 2, "a refusal is written"),
    ("version 1\nrefusal a = 1 EIO\nrefusal b = 1 EIO\n", 3, "there already"),
    ("version 1\nenum a u9 {\n}\n", 2, "an enum is written"),
    ("version 1\nenum a u8 {\nx = 300\n}\n", 3, "does not fit u8"),
    ("version 1\nenum a u8 {\nx = 1\ny = 1\n}\n", 4, "there already"),
    ("version 1\nenum a u8 {\nx = 1\n", 4, "not closed"),
    ("version 1\nstruct u8 {\n}\n", 2, "the type u8 is there already"),
    ("version 1\nstruct a {\nx u8\n}\n", 3, "is not a field"),
    ("version 1\nstruct a {\nx: string\n}\n", 3, "needs a length"),
    ("version 1\nstruct a {\nx: u8 5..300\n}\n", 3, "does not fit"),
    ("version 1\nstruct a {\nx: u8 = 5\n}\n", 3, "a default and is required"),
    ("version 1\nstruct a {\nx: [u8\n}\n", 3, "is not a field"),
    (GOOD.replace("# Says hello.\n", ""), 2, "no documentation"),
    (GOOD + GOOD[10:], 5, "belongs to a.b already"),
    (GOOD.replace("u32", "u33"), 3, "there is no type u33"),
    (GOOD.replace("x: u32", "x: u32, x: u8"), 3, "there twice"),
    (GOOD.replace("x: u32", "x: @u32"), 3, "policy cannot look at"),
    (GOOD.replace("-> ()", ""), 3, "the reply are missing"),
    (GOOD.replace("-> ()", "-> [c]"), 3, "there is no struct c"),
    (GOOD.replace("-> ()", "-> () ! c"), 3, "there is no refusal c"),
    (GOOD.replace("-> ()", "-> () and more"), 3, "is too much"),
    (GOOD.replace("x: u32", "...c"), 3, "there is no"),
    (GOOD.replace("read", "look"), 3, "an operation is written"),
    (GOOD.replace("-> ()", "-> () !"), 3, "refusals are written"),
    (MAKES.replace("+ address", "+ route"), 11, "there is no kind route"),
    (GOOD.replace("read", "write").replace("-> ()", "-> () + link(x)"), 3, "there is no kind link"),
    (MAKES.replace("write", "read"), 11, "only an operation that writes"),
    (MAKES.replace("address(x)", "address(y)"), 11, "there is no field y"),
    (MAKES.replace("address(x)", "address"), 11, "what tells one address from another is missing"),
    (MAKES.replace("address(x)", "address(k)"), 11, "k cannot tell one object from another"),
    (MAKES.replace("address(x)", "address(w)"), 11, "w cannot tell one object from another"),
    (MAKES.replace("address(x)", "address(l.x)"), 11, "l is not the list of address"),
    (MAKES.replace("address(x)", "address(w.y)"), 11, "there is no field w.y"),
    (MAKES.replace("on l", "on x"), 11, "x is no name of a link"),
    (MAKES.replace("on l", "on w.x"), 11, "w.x is no name of a link"),
    (MAKES.replace("on l", "on l, x"), 11, "is too much"),
    (MAKES.replace("+ address(x)", "+ address(x"), 11, "is not an object"),
    (MAKES.replace("+ address", "= address"), 11, "needs a list, and one link"),
    (MAKES.replace("+ address(x) on l", "= address(w.x) on w.over"), 11, "needs a list, and one link"),
    (MAKES + ALSO + "~ link(l) on l\n", 13, "“~” goes with “to”"),
    (MAKES + ALSO + "- link(l) to l\n", 13, "“~” goes with “to”"),
    (MAKES + ALSO + "~ address(x) to l\n", 13, "“~” is for a link"),
    (MAKES + ALSO + "- address(x)\n", 13, "is told from others by u32 in a.b, and by u16 here"),
    (MAKES + ALSO + "- address\n", 13, "what tells one address from another is missing"),
    (MAKES, 11, "nothing takes away the address that it makes"),
    (MAKES + TAKES.replace("y?", "y"), 11, "nothing takes away"),
    (MAKES + TAKES.replace("y?", "y").replace("- address(x)", "- address(x) if y"), 11, "nothing takes away"),
    (MAKES.replace("x: u32, l", "x?: u32, l") + TAKES, 11, "nothing takes away"),
    (MAKES + TAKES.replace("- address(x)", "- address(x) unless x"), 13, "x is no bool of the request"),
    (MAKES + TAKES.replace("- address(x)", "* address(x) on l"), 13, "there is no field l"),
    (MAKES.replace("+ address", "* address"), 11, "goes without “on”"),
    (MAKES + TAKES.replace("(x)", "(x) alone"), 13, "“alone” is for what is changed"),
    (MAKES + TAKES + ALSO + "* link(l) alone settled\n", 15, "is too much"),
    (GOOD.replace("(x: u32)", "(" + ", ".join(f"x{i}: u8" for i in range(64)) + ")"), 3, "at most 63 fields"),
]


def main():
    for good in (GOOD, MAKES + TAKES, MAKES.replace("+ address(x) on l", "= address(w.x) on l") + TAKES,
                 MAKES.replace("(x) on l", "(w.x) on w.over") + TAKES, MAKES + TAKES + ALSO + "- address on l  - link(l)\n",
                 MAKES + TAKES + ALSO + "~ link(l) to l\n", MAKES + TAKES + ALSO + "* link(l)\n", MAKES + TAKES + ALSO + "* link(l) alone  * link(l) settled alone\n",
                 MAKES + TAKES.replace("y?", "y").replace("- address(x)", "- address(x) unless y settled")):
        schema.Parser("good", good).parse()
    failed = 0
    for text, line, sentence in BROKEN:
        try:
            schema.Parser("broken", text).parse()
            said = "was accepted"
        except schema.SchemaError as error:
            said = str(error)
        # what is found at the end of the file is told with its last line
        if sentence not in said or not (said.startswith(f"broken:{line}:") or not text):
            print(f"{text!r}:\n  expected line {line}: … {sentence} …\n  got {said}")
            failed += 1
    print(f"{len(BROKEN) - failed} of {len(BROKEN)} broken schemas were refused as they should be")
    return 1 if failed else 0


sys.exit(main())
