# SPDX-License-Identifier: GPL-2.0-or-later
"""How the schema's words are written in C: names, member types, comments. Shared by the modules that write C."""

import re
import textwrap

SCALARS = {"bool": "bool", "u8": "uint8_t", "u16": "uint16_t", "u32": "uint32_t", "u64": "uint64_t", "i32": "int32_t",
           "port": "uint16_t", "table": "uint32_t", "permille": "uint32_t", "fd": "int"}
VALUES = {"key": "struct hycan_key", "mac": "struct hycan_mac", "address": "struct hycan_address",
          "prefix": "struct hycan_prefix", "address_prefix": "struct hycan_prefix", "endpoint": "struct hycan_endpoint",
          "port_range": "struct hycan_port_range", "payload": "struct hycan_payload"}
TEXTS = ("ifname", "string")


def upper(text):
    return re.sub(r"[^A-Za-z0-9]", "_", text).upper()


def base_type(schema, f):
    """The C type of one value of the field; texts and bytes are arrays of the returned type."""
    if f.type in SCALARS:
        return SCALARS[f.type]
    if f.type in VALUES:
        return VALUES[f.type]
    if f.type in schema.enums:
        return f"enum hycan_{f.type}"
    if f.type in schema.structs:
        return f"struct hycan_{f.type}"
    return "uint8_t" if f.type == "bytes" else "char"


def array_length(f):
    """“[16]” for values that are arrays in C, otherwise nothing."""
    if f.type == "ifname":
        return "[HYCAN_IFNAME_SIZE]"
    if f.type == "string":
        return f"[{f.length + 1}]"
    return f"[{f.length}]" if f.type == "bytes" else ""


def member_lines(schema, f):
    """The members of a structure that hold the field: (declaration, documentation)."""
    base = base_type(schema, f)
    lines = []
    if f.optional:
        lines.append((f"bool has_{f.name};", f"{f.name} is given"))
    if f.list:
        lines.append((f"const {base} *{f.name};", f"{document(f)}; n_{f.name} of them"))
        lines.append((f"size_t n_{f.name};", f"number of {f.name}"))
    else:
        lines.append((f"{base} {f.name}{array_length(f)};", document(f)))
    return lines


def document(f):
    """The field's meaning with what the schema says of its range and its default."""
    text = f.summary
    extra = []
    if f.low is not None:
        extra.append(f"{f.low}..{f.high}")
    if f.default is not None:
        extra.append(f"default {f.default}")
    return text + (f" [{', '.join(extra)}]" if extra else "")


def struct(schema, name, fields, summary):
    """A documented structure definition."""
    lines = comment(summary) + [f"struct {name} {{"]
    for f in fields:
        for declaration, note in member_lines(schema, f):
            lines.append(f"\t{declaration} /**< {note} */" if note else f"\t{declaration}")
    return lines + ["};", ""]


def comment(text, indent=""):
    """A documentation comment of one line or several."""
    wrapped = textwrap.wrap(text, 110 - len(indent))
    if len(wrapped) == 1:
        return [f"{indent}/** {wrapped[0]} */"]
    return [f"{indent}/**"] + [f"{indent} * {line}" for line in wrapped] + [f"{indent} */"]


def banner(licence, what):
    """The first lines of a generated file."""
    return [f"/* SPDX-License-Identifier: {licence} */",
            "/* Made by scripts/generate from protocol/hycan.schema: change the schema, not this file. */", ""] + what
