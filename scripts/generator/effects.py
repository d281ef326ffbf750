# SPDX-License-Identifier: GPL-2.0-or-later
"""What rows of the schema say they make and take away in the kernel: reading it, and finding the fields that are meant.

The ledger compares what different rows say of one kind, so all of them must tell one object from another by values of
the same types, in the same order.
"""

import re
from dataclasses import dataclass, field as dataclass_field

SIZES = {"bool": 1, "u8": 1, "u16": 2, "u32": 4, "u64": 8, "i32": 4, "port": 2, "table": 4, "permille": 4, "ifname": 16, "key": 32,
         "mac": 6, "address": 17, "prefix": 18, "address_prefix": 18, "port_range": 4}
IDENTITY_MAX = 254  # LEDGER_IDENTITY_MAX in daemon/ledger/ledger.h
PARTS_MAX = 24      # OP_PARTS_MAX in daemon/ops/op.h

NAME = r"[a-z][a-z0-9_]*"
EFFECT = re.compile(rf"^([+=~*-])\s*({NAME})(?:\(([^()]*)\))?(?:\s+(on|to)\s+({NAME}(?:\.{NAME})?))?(?:\s+(if|unless)\s+({NAME}))?"
                    rf"(?:\s+(settled))?(?:\s+(alone))?(?:\s+(.*))?$")


@dataclass
class Effect:
    """What an operation makes (+), takes away (-), changes (*), states to be all there is (=), or renames (~)."""
    sign: str
    kind: str
    names: list             # of the fields that tell one object from another: “name”, “list.name”
    on: str | None          # field with the name of the link that it is gone with; of ~, with the new name
    condition: str | None   # bool of the request on which it depends
    unless: bool            # it is so when that is false, and not when it is true
    settled: bool           # the handler says which one
    alone: bool             # not where others hold it, too
    items: str | None = None  # the list of which each item is one
    parts: list = dataclass_field(default_factory=list)  # (field's position, whether in an item of the list)
    on_part: tuple | None = None
    condition_position: int = -1

    def text(self):
        condition = f" {'unless' if self.unless else 'if'} {self.condition}" if self.condition else ""
        on = f" {'to' if self.sign == '~' else 'on'} {self.on}" if self.on else ""
        alone = " alone" if self.alone else ""
        return self.kind + (f"({', '.join(self.names)})" if self.names else "") + on + condition + alone


def read(parser, row, rest):
    """The effects at the beginning of rest, and what follows them."""
    found = []
    while rest[:1] in ("+", "-", "=", "~", "*"):
        match = EFFECT.match(rest) or parser.fail(f"{row.name}: “{rest}” is not an object; it is written: +|-|=|* KIND(FIELDS) [on FIELD] "
                                                              "[if|unless FIELD] [settled] [alone]")
        if (match[1] == "~") != (match[4] == "to"):
            parser.fail(f"{row.name}: “~” goes with “to”, everything else with “on”")
        names = [name.strip() for name in match[3].split(",")] if match[3] is not None else []
        found.append(Effect(match[1], match[2], names, match[5], match[7], match[6] == "unless", bool(match[8]), bool(match[9])))
        rest = match[10] or ""
    return found, rest


def flat(schema, fields):
    """The fields as they are on the wire, in the order of the generated tables."""
    for f in fields:
        yield from schema.structs[f.spread].fields if f.spread else [f]


def check(parser):
    schema = parser.schema
    kinds = {name for name, _, _ in schema.enums["object_kind"].values} if "object_kind" in schema.enums else set()
    types = {}  # kind -> types of what tells one from another, and where that was said first
    for row in schema.operations:
        for effect in row.effects:
            if effect.kind not in kinds:
                parser.fail(f"{row.name}: there is no kind {effect.kind} in enum object_kind", row.line)
            if row.access != "write":
                parser.fail(f"{row.name}: only an operation that writes makes a {effect.kind} or takes it away", row.line)
            said = [f.type_text() for f in resolve(parser, row, effect)]
            first, where = types.setdefault(effect.kind, (said, row.name)) if effect.names else (said, "")
            if said != first:
                parser.fail(f"{row.name}: a {effect.kind} is told from others by {', '.join(first)} in {where}, and by "
                            f"{', '.join(said)} here", row.line)
    for kind in {e.kind for row in schema.operations for e in row.effects if e.sign in "+="}:
        made = next(row for row in schema.operations for e in row.effects if e.kind == kind and e.sign in "+=")
        if not any(can_take(parser, made, kind, row, e) for row, e in taking(schema, kind)):
            parser.fail(f"{made.name}: nothing takes away the {kind} that it makes, by what tells one from another alone", made.line)


def taking(schema, kind):
    """The rows that take one object of a kind away, with what they say of it."""
    return [(row, e) for row in schema.operations for e in row.effects if e.kind == kind and e.sign == "-" and e.names]


def can_take(parser, made, kind, row, effect):
    """Whether a request that takes an object away can be made of nothing but what tells it from others."""
    request = list(flat(parser.schema, row.request))
    given = {position for position, item in effect.parts if not item}
    if len(given) != len(effect.parts):
        return False
    for position, f in enumerate(request):
        told_by_condition = effect.unless and position == effect.condition_position
        if position not in given and not (f.optional or f.list or told_by_condition):
            return False
    maker = next(e for e in made.effects if e.kind == kind and e.sign in "+=")
    fields = list(flat(parser.schema, made.request))
    for (at, item), (position, _) in zip(maker.parts, effect.parts):
        known = item or not fields[at].optional or fields[at].default
        if not known and not request[position].optional:
            return False
    return not effect.condition or effect.unless


def resolve(parser, row, effect):
    """Finds the fields that an effect names; returns those that tell one object from another."""
    request = list(flat(parser.schema, row.request))
    names = [f.name for f in request] if effect.names == ["..."] else effect.names
    if not effect.names and (effect.sign != "-" or not effect.on):
        parser.fail(f"{row.name}: what tells one {effect.kind} from another is missing: {effect.kind}(FIELDS)", row.line)
    fields = [resolve_name(parser, row, effect, request, name, effect.parts) for name in names]
    if effect.on:
        on = []
        if resolve_name(parser, row, effect, request, effect.on, on).type != "ifname":
            parser.fail(f"{row.name}: {effect.on} is no name of a link", row.line)
        effect.on_part = on[0]
    if effect.condition:
        at = next((i for i, f in enumerate(request) if f.name == effect.condition and f.type == "bool" and not f.list), None)
        if at is None:
            parser.fail(f"{row.name}: {effect.condition} is no bool of the request", row.line)
        effect.condition_position = at
    if effect.sign == "*" and effect.on:
        parser.fail(f"{row.name}: what is changed stays where it is: “*” goes without “on”", row.line)
    if effect.alone and effect.sign not in "*~":
        parser.fail(f"{row.name}: “alone” is for what is changed or renamed (“*”, “~”): whoever takes away what others hold lets go of it", row.line)
    if effect.sign == "=" and (not effect.items or not effect.on or effect.on_part[1]):
        parser.fail(f"{row.name}: “=” needs a list, and one link that all of it is on", row.line)
    if effect.sign == "~" and (effect.kind != "link" or [f.type for f in fields] != ["ifname"] or effect.items):
        parser.fail(f"{row.name}: “~” is for a link that one field names", row.line)
    if len(fields) > PARTS_MAX or sum(size(parser, row, f) for f in fields) > IDENTITY_MAX:
        parser.fail(f"{row.name}: that is too much to tell one {effect.kind} from another", row.line)
    return fields


def resolve_name(parser, row, effect, request, name, parts):
    holder, _, member = name.rpartition(".")
    if holder:
        found = next((f for f in request if f.name == holder and f.list and f.type in parser.schema.structs), None)
        if not found or effect.items not in (None, holder):
            parser.fail(f"{row.name}: {holder} is not the list of {effect.kind}", row.line)
        effect.items = holder
        request = list(flat(parser.schema, parser.schema.structs[found.type].fields))
    for position, f in enumerate(request):
        if f.name == member:
            parts.append((position, bool(holder)))
            return f
    return parser.fail(f"{row.name}: there is no field {name}", row.line)


def size(parser, row, f):
    """Bytes that a value takes in an identity."""
    if f.list or f.secret or not (f.type in SIZES or f.type in parser.schema.enums or f.type == "string"):
        parser.fail(f"{row.name}: {f.name} cannot tell one object from another", row.line)
    return 1 + (f.length + 1 if f.type == "string" else SIZES.get(f.type, 4))
