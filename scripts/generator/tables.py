# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes protocol/messages.h and messages.c: the request and answer structures, and the tables that the codec walks."""

import json

import c
import schema as grammar
from public import ordered

KINDS = {"bool": "BOOL", "u8": "UNSIGNED", "u16": "UNSIGNED", "u32": "UNSIGNED", "u64": "UNSIGNED", "i32": "SIGNED", "port": "PORT",
         "port_range": "PORT_RANGE", "table": "TABLE", "permille": "PERMILLE", "ifname": "IFNAME", "string": "STRING", "bytes": "BYTES",
         "key": "KEY", "mac": "MAC", "address": "ADDRESS", "prefix": "PREFIX", "address_prefix": "ADDRESS_PREFIX",
         "endpoint": "ENDPOINT", "fd": "FD", "payload": "PAYLOAD"}
WIRE = {"port_range": 4, "ifname": 15, "key": 32, "mac": 6, "fd": 4}


def messages_header(schema):
    out = c.banner("BSD-3-Clause", ["/* The request and the answer of each operation as structures, and the tables that describe them. */",
                                    "#ifndef PROTOCOL_MESSAGES_H", "#define PROTOCOL_MESSAGES_H", "", "#include <hycan/schema.h>",
                                    "#include <hycan/types.h>", "", f"#define N_OPERATIONS {len(schema.operations)}",
                                    "/* the largest structure of a request, and of an answer */",
                                    "#define MESSAGE_SIZE_MAX sizeof(union message)", ""])
    for o in schema.operations:
        out += [f"struct hycan_{o.ident}_request {{"]
        for f in o.request:
            out += [f"\t{declaration}" for declaration, _ in c.member_lines(schema, f)]
        if not o.request:
            out.append("\tchar nothing;")
        out += ["};", ""]
        if len(o.reply) == 1 and not schema.holds_list(o.reply):
            out += [f"struct hycan_{o.ident}_reply {{"]
            out += [f"\t{declaration}" for declaration, _ in c.member_lines(schema, o.reply[0])] + ["};", ""]
    out += ["/* room for any request or answer */", "union message {"]
    for o in schema.operations:
        out.append(f"\tstruct hycan_{o.ident}_request {o.ident}_request;")
        if o.reply:
            out.append(f"\tstruct hycan_{o.ident}_reply {o.ident}_reply;")
    out += ["};", ""]
    out += [f"extern const struct hycan_operation operation_{o.ident};" for o in schema.operations] + [""]
    out += [f"extern const struct hycan_structure structure_{s.name};" for s in schema.structs.values()]
    return out + ["", "/* the errno that stands in the error frame of each refusal */", "int refusal_errno(int refusal);", "",
                  "/* the word for each refusal: “not_found” */", "const char *refusal_name(int refusal);", "", "#endif", ""]


def text(value):
    return json.dumps(value, ensure_ascii=False) if value else "NULL"


def default_number(schema, f):
    if f.default is None or f.default.startswith('"'):
        return 0
    if f.type in schema.enums:
        for name, number, _ in schema.enums[f.type].values:
            if name == f.default:
                return number
        raise grammar.SchemaError(f"{f.name}: {f.type} has no {f.default}")
    return int(f.default, 0)


def field_row(schema, owner, f, number, path):
    """One row of a field table; owner is the C structure, path the member in it."""
    enum, struct = schema.enums.get(f.type), schema.structs.get(f.type)
    kind = "ENUM" if enum else "STRUCT" if struct else KINDS[f.type]
    flags = [n for n, on in (("OPTIONAL", f.optional), ("LIST", f.list), ("SECRET", f.secret), ("POLICY", f.policy),
                             ("RANGE", f.low is not None)) if on]
    base = c.base_type(schema, f)
    one = f"sizeof({base})" if f.list or not c.array_length(f) else f"sizeof((({owner} *)0)->{path})"
    prefix, _, last = path.rpartition(".")
    dot = f"{prefix}." if prefix else ""
    wire = f.length if f.type in ("string", "bytes") else grammar.SCALARS.get(enum.base if enum else f.type, WIRE.get(f.type, 0))
    default = f.default.strip('"') if f.default else None
    parts = [f".name = {text(f.name)}", f".type_name = {text(f.type_text())}", f".summary = {text(c.document(f))}",
             f".type = HYCAN_TYPE_{kind}", f".number = {number}", f".wire_size = {wire}", f".size = {one}",
             f".offset = offsetof({owner}, {path})"]
    if flags:
        parts.append(".flags = " + " | ".join(f"HYCAN_FIELD_{x}" for x in flags))
    if f.optional:
        parts.append(f".has_offset = offsetof({owner}, {dot}has_{last})")
    if f.list:
        parts.append(f".count_offset = offsetof({owner}, {dot}n_{last})")
    if f.low is not None:
        parts.append(f".low = {f.low}u, .high = {f.high}u")
    if default:
        parts.append(f".default_text = {text(default)}, .default_number = {default_number(schema, f)}")
    if enum:
        parts.append(f".enumeration = &enumeration_{f.type}")
    if struct:
        parts.append(f".structure = &structure_{f.type}")
    return "\t{" + ", ".join(parts) + "},"


def blank(schema, ident, owner, fields):
    """What a request is where nothing is given: the defaults that are numbers."""
    members = []
    for f, _, path in grammar.flatten(schema, fields):
        if f.default and not f.default.startswith('"'):
            prefix, _, last = path.rpartition(".")
            members += [f".{prefix + '.' if prefix else ''}has_{last} = true", f".{path} = {default_number(schema, f)}"]
    return [f"static const {owner} blank_{ident} = {{{', '.join(members)}}};", ""] if members else []


def structure(schema, ident, name, owner, fields, static):
    flat = list(grammar.flatten(schema, fields))
    rows = [field_row(schema, owner, f, number, path) for f, number, path in flat]
    required = sum(1 << number for f, number, _ in flat if not f.optional and not f.list)
    derives = any(f.default and f.default.startswith('"') for f, _, _ in flat)
    defaults = blank(schema, ident, owner, fields)
    out = []
    if rows:
        out += [f"static const struct hycan_field fields_{ident}[] = {{"] + rows + ["};", ""] + defaults
    out += [f"{'static ' if static else ''}const struct hycan_structure structure_{ident} = {{",
            f"\t.name = {text(name)},", f"\t.field = {f'fields_{ident}' if rows else 'NULL'},", f"\t.n_fields = {len(rows)},",
            f"\t.has_lists = {str(schema.holds_list(fields)).lower()},", f"\t.has_secrets = {str(schema.holds_secret(fields)).lower()},",
            f"\t.derives = {str(derives).lower()},", f"\t.size = {f'sizeof({owner})' if rows else '0'},",
            f"\t.required = 0x{required:x}u,", f"\t.blank = {f'&blank_{ident}' if defaults else 'NULL'},", "};", ""]
    return out


def messages_source(schema):
    out = c.banner("BSD-3-Clause", ["#include <errno.h>", "#include <string.h>", "", '#include "messages.h"', ""])
    for e in schema.enums.values():
        out += [f"static const struct hycan_enumerator enumerators_{e.name}[] = {{"]
        out += [f"\t{{{text(name)}, {number}, {text(summary) if summary else text(name)}}}," for name, number, summary in e.values]
        out += ["};", "", f"static const struct hycan_enumeration enumeration_{e.name} = {{", f"\t{text(e.name)},",
                f"\tenumerators_{e.name},", f"\t{len(e.values)},", "};", ""]
    for s in ordered(schema):
        out += structure(schema, s.name, s.name, f"struct hycan_{s.name}", s.fields, False)
    for o in schema.operations:
        out += structure(schema, f"{o.ident}_request", o.name, f"struct hycan_{o.ident}_request", o.request, True)
        if not o.lists:
            out += structure(schema, f"{o.ident}_reply", o.name, f"struct hycan_{o.ident}_reply", o.reply, True)
    for index, o in enumerate(schema.operations):
        reply = f"structure_{o.lists}" if o.lists else f"structure_{o.ident}_reply"
        runs = {"loop": "LOOP", "slow": "SLOW", "": "FAST"}[o.runs]
        out += [f"const struct hycan_operation operation_{o.ident} = {{", f"\t.name = {text(o.name)},", f"\t.policy_class = {text(o.klass)},",
                f"\t.summary = {text(o.summary)},", f"\t.request = &structure_{o.ident}_request,", f"\t.reply = &{reply},",
                f"\t.number = 0x{o.number:04x},", f"\t.index = {index},", f"\t.list = {str(bool(o.lists)).lower()},",
                f"\t.stream = {str(o.stream).lower()},",
                f"\t.access = HYCAN_ACCESS_{o.access.upper()},", f"\t.runs = HYCAN_RUNS_{runs},", "};", ""]
    out += ["static const struct hycan_operation *const operations[N_OPERATIONS] = {"]
    out += [f"\t&operation_{o.ident}," for o in schema.operations] + ["};", ""]
    out += ["const struct hycan_operation *const *hycan_operations(size_t *ret_n)", "{", "\t*ret_n = N_OPERATIONS;",
            "\treturn operations;", "}", ""]
    out += ["const struct hycan_operation *hycan_operation_by_number(uint16_t number)", "{", "\tswitch (number) {"]
    for o in schema.operations:
        out += [f"\tcase 0x{o.number:04x}:", f"\t\treturn &operation_{o.ident};"]
    out += ["\t}", "\treturn NULL;", "}", ""]
    out += ["const struct hycan_operation *hycan_operation_by_name(const char *name)", "{", "\tfor (size_t i = 0; i < N_OPERATIONS; i++)",
            "\t\tif (strcmp(operations[i]->name, name) == 0)", "\t\t\treturn operations[i];", "\treturn NULL;", "}", ""]
    out += ["static const struct {", "\tconst char *name;", "\tint error;", "} refusals[] = {"]
    out += [f"\t[HYCAN_REFUSAL_{c.upper(r.name)}] = {{{text(r.name)}, {r.errno}}}," for r in schema.refusals] + ["};", ""]
    out += ["int refusal_errno(int refusal)", "{",
            "\tif (refusal < 1 || (size_t)refusal >= sizeof(refusals) / sizeof(*refusals))", "\t\treturn EIO;",
            "\treturn refusals[refusal].error;", "}", ""]
    return out + ["const char *refusal_name(int refusal)", "{",
                  "\tif (refusal < 1 || (size_t)refusal >= sizeof(refusals) / sizeof(*refusals))", '\t\treturn "failed";',
                  "\treturn refusals[refusal].name;", "}", ""]
