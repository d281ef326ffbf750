# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads protocol/hycan.schema into plain objects.

The grammar is described at the head of the schema itself. Whatever is wrong there is reported with file and line, and
nothing is generated. This module knows nothing of C.
"""

import re
from dataclasses import dataclass, field as dataclass_field

import effects

SCALARS = {
    "bool": 1, "u8": 1, "u16": 2, "u32": 4, "u64": 8, "i32": 4, "port": 2, "table": 4, "permille": 4,
}
VALUES = {"ifname", "string", "bytes", "key", "mac", "address", "prefix", "address_prefix", "endpoint", "port_range", "fd", "payload"}
POLICY_TYPES = {"bool", "ifname", "address", "prefix", "address_prefix", "endpoint", "port", "port_range", "table"}
LIMITS = {"u8": 0xFF, "u16": 0xFFFF, "u32": 0xFFFFFFFF, "u64": 0xFFFFFFFFFFFFFFFF, "port": 0xFFFF, "table": 0xFFFFFFFF,
          "permille": 0xFFFFFFFF, "bool": 1, "i32": 0xFFFFFFFF}


class SchemaError(Exception):
    """A sentence that names the file and the line."""


@dataclass
class Enum:
    name: str
    base: str
    summary: str
    values: list = dataclass_field(default_factory=list)  # (name, number, summary)


@dataclass
class Field:
    name: str
    type: str               # scalar, value, enum or struct name
    length: int             # of string(N) and bytes(N)
    list: bool
    optional: bool
    secret: bool
    policy: bool
    low: int | None
    high: int | None
    default: str | None
    summary: str
    spread: str | None = None  # struct that this field came from by ...X
    number: int = 0

    def type_text(self):
        text = f"{self.type}({self.length})" if self.type in ("string", "bytes") else self.type
        return f"[{text}]" if self.list else text


@dataclass
class Struct:
    name: str
    summary: str
    fields: list = dataclass_field(default_factory=list)


@dataclass
class Refusal:
    name: str
    number: int
    errno: str
    summary: str


@dataclass
class Operation:
    number: int
    name: str
    klass: str
    access: str
    runs: str
    summary: str
    line: int
    request: list = dataclass_field(default_factory=list)
    reply: list = dataclass_field(default_factory=list)
    lists: str | None = None
    stream: bool = False  # a list that ends only when the client ends it
    refusals: list = dataclass_field(default_factory=list)
    effects: list = dataclass_field(default_factory=list)

    @property
    def family(self):
        return self.name.split(".")[0]

    @property
    def verb(self):
        return self.name.split(".")[1]

    @property
    def ident(self):
        return self.name.replace(".", "_")


@dataclass
class Schema:
    version: int = 0
    refusals: list = dataclass_field(default_factory=list)
    enums: dict = dataclass_field(default_factory=dict)
    structs: dict = dataclass_field(default_factory=dict)
    operations: list = dataclass_field(default_factory=list)

    def holds_list(self, fields):
        """Whether a value of these fields needs memory beside its own structure."""
        return any(f.list or f.type == "payload" or (f.type in self.structs and self.holds_list(self.structs[f.type].fields)) for f in fields)

    def holds_secret(self, fields):
        return any(f.secret or (f.type in self.structs and self.holds_secret(self.structs[f.type].fields)) for f in fields)


NAME = r"[a-z][a-z0-9_]*"
FIELD = re.compile(
    rf"^({NAME})(\?)?:\s*(@)?(secret\s+)?(\[)?({NAME})(?:\((\d+)\))?(\])?(?:\s+(-?\w+)\.\.(-?\w+))?(?:\s*=\s*(\"[^\"]*\"|[\w.]+))?$")
OPERATION = re.compile(rf"^0x([0-9a-f]{{4}})\s+({NAME})\.({NAME})\s+({NAME})\s+(open|read|write)(?:\s+(loop|slow))?\s*(\(.*)$")
REFUSALS = re.compile(rf"^!\s*({NAME}(?:\s*,\s*{NAME})*)\s*(.*)$")


class Parser:
    def __init__(self, path, text):
        self.path = path
        self.lines = text.split("\n")
        self.at = 0
        self.comment = []
        self.schema = Schema()

    def fail(self, sentence, line=None):
        raise SchemaError(f"{self.path}:{line or self.at}: {sentence}")

    def next_line(self):
        """The next line as (text, comment), or None at the end; a line of comment alone collects in self.comment."""
        while self.at < len(self.lines):
            raw = self.lines[self.at].strip()
            self.at += 1
            if raw.startswith("#"):
                body = raw[1:].strip()
                if body.startswith("---") or body.startswith("SPDX"):
                    self.comment = []
                else:
                    self.comment.append(body)
                continue
            if not raw:
                self.comment = []
                continue
            text, _, note = raw.partition(" #") if '"' not in raw.split(" #")[0] or raw.split(" #")[0].count('"') % 2 == 0 \
                else (raw, "", "")
            return text.strip(), note.strip()
        return None

    def summary(self):
        text = " ".join(self.comment).strip()
        self.comment = []
        return text

    def parse(self):
        while (line := self.next_line()) is not None:
            text, note = line
            summary = self.summary()
            word = text.split()[0]
            if word == "version":
                self.schema.version = int(text.split()[1])
            elif word == "refusal":
                self.refusal(text, note)
            elif word == "enum":
                self.enum(text, summary)
            elif word == "struct":
                self.struct(text, summary)
            elif word.startswith("0x"):
                self.operation(text, summary)
            else:
                self.fail(f"expected version, refusal, enum, struct or an operation, found “{word}”")
        self.check()
        return self.schema

    def refusal(self, text, note):
        match = re.match(rf"^refusal\s+({NAME})\s*=\s*(\d+)\s+(E\w+)$", text)
        if not match:
            self.fail("a refusal is written: refusal NAME = NUMBER ERRNO  # what it means")
        if any(r.number == int(match[2]) or r.name == match[1] for r in self.schema.refusals):
            self.fail(f"refusal {match[1]} = {match[2]} is there already")
        self.schema.refusals.append(Refusal(match[1], int(match[2]), match[3], note))

    def fresh_name(self, name):
        if name in self.schema.enums or name in self.schema.structs or name in SCALARS or name in VALUES:
            self.fail(f"the type {name} is there already")

    def enum(self, text, summary):
        match = re.match(rf"^enum\s+({NAME})\s+(u8|u16|u32)\s*{{$", text)
        if not match:
            self.fail("an enum is written: enum NAME u8|u16|u32 {")
        self.fresh_name(match[1])
        enum = Enum(match[1], match[2], summary)
        while True:
            line = self.next_line() or self.fail(f"enum {enum.name} is not closed")
            if line[0] == "}":
                break
            value = re.match(r"^([\w.]+)\s*=\s*(0x[0-9a-f]+|\d+)$", line[0])
            if not value:
                self.fail("a value is written: NAME = NUMBER  # what it means")
            number = int(value[2], 0)
            if number > LIMITS[enum.base]:
                self.fail(f"{value[1]} does not fit {enum.base}")
            if any(v[0] == value[1] or v[1] == number for v in enum.values):
                self.fail(f"{value[1]} = {number} is there already")
            enum.values.append((value[1], number, line[1]))
        self.comment = []
        self.schema.enums[enum.name] = enum

    def field(self, text, note):
        spread = re.match(rf"^\.\.\.({NAME})$", text)
        if spread:
            return Field(spread[1], spread[1], 0, False, False, False, False, None, None, None, note, spread=spread[1])
        match = FIELD.match(text)
        if not match or bool(match[5]) != bool(match[8]):
            self.fail(f"“{text}” is not a field; it is written: NAME[?]: [@][secret] TYPE [LOW..HIGH] [= DEFAULT]")
        # “@[T]” and “[@T]” mean the same; the at-sign stands before the bracket
        kind = match[6]
        if kind in ("string", "bytes") and not match[7]:
            self.fail(f"{kind} needs a length: {kind}(N)")
        low = int(match[9], 0) if match[9] else None
        high = int(match[10], 0) if match[10] else None
        if low is not None and (kind not in SCALARS or low > high or high > LIMITS[kind]):
            self.fail(f"the range {match[9]}..{match[10]} does not fit the type {kind}")
        if match[11] and not match[2]:
            self.fail(f"{match[1]} has a default and is required: one of both")
        return Field(match[1], kind, int(match[7] or 0), bool(match[5]), bool(match[2]), bool(match[4]), bool(match[3]),
                     low, high, match[11], note)

    def struct(self, text, summary):
        match = re.match(rf"^struct\s+({NAME})\s*{{$", text)
        if not match:
            self.fail("a struct is written: struct NAME {")
        self.fresh_name(match[1])
        struct = Struct(match[1], summary)
        while True:
            line = self.next_line() or self.fail(f"struct {struct.name} is not closed")
            if line[0] == "}":
                break
            struct.fields.append(self.field(*line))
            self.comment = []
        self.schema.structs[struct.name] = struct

    def fields_until_close(self, rest):
        """Fields of a parenthesis that begins in rest; returns them and what follows the closing one."""
        fields = []
        rest = rest.strip()[1:]
        while True:
            rest = rest.strip()
            close = re.match(r"^([^()]*(?:\([0-9]+\)[^()]*)*)\)(.*)$", rest)
            body = close[1] if close else rest
            for part in filter(None, (p.strip() for p in body.split(","))):
                fields.append(self.field(part, ""))
            if close:
                return fields, close[2].strip()
            while True:
                line = self.next_line() or self.fail("a parenthesis is not closed")
                self.comment = []
                if line[0].startswith(")"):
                    return fields, line[0][1:].strip()
                fields.append(self.field(line[0], line[1]))

    def operation(self, text, summary):
        first = self.at
        match = OPERATION.match(text)
        if not match:
            self.fail("an operation is written: 0xNNNN family.verb class open|read|write [loop|slow] (FIELDS) -> REPLY ! REFUSALS")
        row = Operation(int(match[1], 16), f"{match[2]}.{match[3]}", match[4], match[5], match[6] or "", summary, first)
        row.request, rest = self.fields_until_close(match[7])
        if not rest.startswith("->"):
            self.fail(f"{row.name}: “->” and the reply are missing")
        rest = rest[2:].strip()
        if rest.startswith("["):
            lists = re.match(rf"^\[({NAME})\](\.\.\.)?(.*)$", rest) or self.fail(f"{row.name}: a list of answers is written [STRUCT]")
            row.lists, row.stream, rest = lists[1], bool(lists[2]), lists[3].strip()
        elif rest.startswith("("):
            row.reply, rest = self.fields_until_close(rest)
        else:
            self.fail(f"{row.name}: the reply is (), (FIELDS), [STRUCT] or [STRUCT]...")
        if rest.startswith("!"):
            refusals = REFUSALS.match(rest) or self.fail(f"{row.name}: refusals are written: ! NAME, NAME")
            row.refusals, rest = re.split(r"\s*,\s*", refusals[1]), refusals[2]
        row.effects, rest = effects.read(self, row, rest)
        if rest:
            self.fail(f"{row.name}: “{rest}” is too much")
        if not summary:
            self.fail(f"{row.name} has no documentation: write it as a comment above", first)
        for other in self.schema.operations:
            if other.number == row.number or other.name == row.name:
                self.fail(f"{row.name} 0x{row.number:04x}: number or name belongs to {other.name} already", first)
        self.schema.operations.append(row)

    def check(self):
        """What can be known only when everything is read: names of types, numbers of fields."""
        if not self.schema.version:
            self.fail("there is no version line")
        for struct in self.schema.structs.values():
            self.number(struct.fields, f"struct {struct.name}")
        names = {r.name for r in self.schema.refusals}
        for row in self.schema.operations:
            self.number(row.request, row.name, row.line)
            self.number(row.reply, row.name, row.line)
            if row.lists and row.lists not in self.schema.structs:
                self.fail(f"{row.name}: there is no struct {row.lists}", row.line)
            for refusal in row.refusals:
                if refusal not in names:
                    self.fail(f"{row.name}: there is no refusal {refusal}", row.line)
        effects.check(self)

    def number(self, fields, owner, line=None):
        number = 0
        seen = set()
        for f in fields:
            if f.type not in SCALARS | {v: 0 for v in VALUES} and f.type not in self.schema.enums and f.type not in self.schema.structs:
                self.fail(f"{owner}: there is no type {f.type}", line)
            if f.spread and f.spread not in self.schema.structs:
                self.fail(f"{owner}: there is no struct {f.spread}", line)
            if f.policy and f.type not in POLICY_TYPES:
                self.fail(f"{owner}: policy cannot look at {f.name}, a {f.type}", line)
            members = self.schema.structs[f.spread].fields if f.spread else [f]
            for member in members:
                if member.name in seen:
                    self.fail(f"{owner}: the field {member.name} is there twice", line)
                seen.add(member.name)
            if f.spread:
                number += len(members)
            else:
                number += 1
                f.number = number
        # WIRE_FIELDS_MAX in protocol/wire.h
        if number > 63:
            self.fail(f"{owner}: at most 63 fields, and these are {number}", line)


def flatten(schema, fields):
    """The fields as they are on the wire: spread structures replaced by theirs. Yields (field, number, C path)."""
    number = 0
    for f in fields:
        if f.spread:
            for member in schema.structs[f.spread].fields:
                number += 1
                yield member, number, f"{f.name}.{member.name}"
        else:
            number += 1
            yield f, number, f.name


def read(path):
    with open(path, encoding="utf-8") as file:
        return Parser(path, file.read()).parse()
