# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes docs/operations.md for people and protocol/hycan.lock for the test that no number is ever given twice."""

import c
import schema as grammar


def type_cell(schema, f):
    name = f.type_text()
    if f.type in schema.enums:
        name += ": " + ", ".join(n for n, _, _ in schema.enums[f.type].values)
    return name + (", secret" if f.secret else "")


def field_table(schema, fields):
    out = ["| # | field | type | meaning |", "|---|---|---|---|"]
    for f, number, _ in grammar.flatten(schema, fields):
        name = f"`{f.name}`" + ("?" if f.optional else "")
        out.append(f"| {number} | {name} | {type_cell(schema, f)} | {c.document(f).replace('|', '/')} |")
    return out + [""]


def usage(schema, o):
    words = ["hycanctl", o.family, o.verb.replace("_", "-")]
    for f, _, _ in grammar.flatten(schema, o.request):
        option = f.name.replace("_", "-")
        words.append(f"[--{option} …]" if f.optional else f.name.upper())
    return " ".join(words)


def operations_page(schema):
    out = ["# Operations", "", "<!-- Made by scripts/generate from protocol/hycan.schema: change the schema, not this file. -->", "",
           "Every operation of the daemon. A question mark marks a field that may be absent; # is its attribute type on the wire.",
           "Each can also be refused as `malformed`, `unknown`, `denied` or `limit`, which is not repeated here.",
           "“Makes” and “Takes away” name the objects that `object.list` knows: their kind, the fields that tell one from another,",
           "and behind “on” the link that they are gone with.", "",
           "| number | operation | class | access | |", "|---|---|---|---|---|"]
    for o in schema.operations:
        anchor = o.name.replace(".", "")
        out.append(f"| 0x{o.number:04x} | [{o.name}](#{anchor}) | {o.klass} | {o.access} | {o.summary.split('. ')[0].rstrip('.')} |")
    out.append("")
    for o in schema.operations:
        out += [f"## {o.name}", "", o.summary, "", f"    {usage(schema, o)}", ""]
        if o.request:
            out += ["Request:", ""] + field_table(schema, o.request)
        if o.lists:
            out += [f"Answers any number of [{o.lists}](#{o.lists}){', until the client ends it' if o.stream else ''}.", ""]
        elif o.reply:
            out += ["Answer:", ""] + field_table(schema, o.reply)
        for sign, word in (("+", "Makes"), ("-", "Takes away"), ("=", "Makes, and takes away what is not in the list"),
                           ("~", "Renames"), ("*", "Changes")):
            made = [f"`{e.text()}`" for e in o.effects if e.sign == sign]
            if made:
                out += [f"{word}: " + ", ".join(made) + ".", ""]
        if o.refusals:
            out += ["Refusals: " + ", ".join(f"`{r}`" for r in o.refusals) + ".", ""]
    out += ["# Structures", ""]
    for s in schema.structs.values():
        out += [f"## {s.name}", "", s.summary, ""] + field_table(schema, s.fields)
    out += ["# Enumerations", ""]
    for e in schema.enums.values():
        out += [f"## {e.name}", "", f"{e.summary} On the wire: {e.base}.", "", "| name | number | meaning |", "|---|---|---|"]
        out += [f"| {name} | {number} | {summary} |" for name, number, summary in e.values] + [""]
    out += ["# Refusals", "", "| code | name | errno | meaning |", "|---|---|---|---|"]
    out += [f"| {r.number} | {r.name} | {r.errno} | {r.summary} |" for r in schema.refusals]
    return out + [""]


def lock_lines(schema):
    """Everything that may never change once it was released, one fact a line."""
    out = [f"refusal {r.number} {r.name}" for r in schema.refusals]
    for e in schema.enums.values():
        out += [f"enum {e.name} {e.base} {number} {name}" for name, number, _ in e.values]
    for s in schema.structs.values():
        out += [f"struct {s.name} {f.number} {f.name} {f.type_text()}" for f in s.fields]
    for o in schema.operations:
        out.append(f"operation 0x{o.number:04x} {o.name}")
        for side, fields in (("request", o.request), ("reply", o.reply)):
            out += [f"operation 0x{o.number:04x} {side} {number} {f.name} {f.type_text()}"
                    for f, number, _ in grammar.flatten(schema, fields)]
    return out
