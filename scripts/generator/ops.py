# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes daemon/ops/table.h, table.c and effects.c: the prototype that each handler must satisfy, what calls it, and what it
makes and takes away."""

import os

import c
import schema as grammar


def prototype(o):
    reply = f", struct hycan_{o.ident}_reply *reply" if o.reply else ""
    return f"int op_{o.ident}(struct op *op, const struct hycan_{o.ident}_request *request{reply})"


def table_header(schema):
    out = c.banner("GPL-2.0-or-later", ["/* The handlers: one for each operation, in daemon/ops/FAMILY/VERB.c. */", "#ifndef OPS_TABLE_H",
                                        "#define OPS_TABLE_H", "", '#include "messages.h"', '#include "op.h"', ""])
    for o in schema.operations:
        out += [f"/* {line}" if i == 0 else f" * {line}" for i, line in enumerate(c.textwrap.wrap(o.summary, 110))]
        out[-1] += " */"
        out += [prototype(o) + ";", ""]
    return out + ["/* Carries out an operation whose request is legal and allowed. */",
                  "int op_call(const struct hycan_operation *operation, struct op *op, const void *request, void *reply);", "",
                  "/* What an operation makes and takes away in the kernel. */",
                  "const struct op_effect *op_effects(const struct hycan_operation *operation, size_t *ret_n);", "",
                  "/* The row that makes objects of a kind, and by which their identity is read; NULL: there is none. */",
                  "const struct op_effect *op_effect_of_kind(enum hycan_object_kind kind);", "",
                  "/* The row whose request takes an object of a kind away, given nothing but its identity; NULL: there is none. */",
                  "const struct op_effect *op_effect_that_takes(enum hycan_object_kind kind);", "", "#endif", ""]


def table_source(schema):
    out = c.banner("GPL-2.0-or-later", ["#include <errno.h>", "", '#include "table.h"', "",
                                        "int op_call(const struct hycan_operation *operation, struct op *op, const void *request, void *reply)",
                                        "{", "\tswitch (operation->number) {"])
    for o in schema.operations:
        reply = ", reply" if o.reply else ""
        out += [f"\tcase HYCAN_OPERATION_{c.upper(o.name)}:", f"\t\treturn op_{o.ident}(op, request{reply});"]
    return out + ["\t}", "\treturn -ENOSYS;", "}", ""]


def effect_text(schema, o, effect):
    does = {"+": "OP_MAKES", "-": "OP_TAKES", "=": "OP_REPLACES", "~": "OP_RENAMES", "*": "OP_CHANGES"}[effect.sign]
    names = [f.name for f, _, _ in grammar.flatten(schema, o.request)]
    on, on_item = effect.on_part or (-1, False)
    parts = ", ".join(f"{{{position}, {str(item).lower()}}}" for position, item in effect.parts)
    return (f"\t{{&operation_{o.ident}, HYCAN_OBJECT_KIND_{c.upper(effect.kind)}, {does}, {names.index(effect.items) if effect.items else -1}, "
            f"{{{on}, {str(on_item).lower()}}}, {effect.condition_position}, {str(effect.unless).lower()}, {str(effect.settled).lower()}, "
            f"{str(effect.alone).lower()}, {len(effect.parts)}, {{{parts or '{0}'}}}}},")


def effects_source(schema):
    out = c.banner("GPL-2.0-or-later", ['#include "table.h"', ""])
    for o in (o for o in schema.operations if o.effects):
        out += [f"static const struct op_effect effects_{o.ident}[] = {{"] + [effect_text(schema, o, e) for e in o.effects] + ["};", ""]
    out += ["const struct op_effect *op_effects(const struct hycan_operation *operation, size_t *ret_n)", "{",
            "\tswitch (operation->number) {"]
    for o in (o for o in schema.operations if o.effects):
        out += [f"\tcase HYCAN_OPERATION_{c.upper(o.name)}:", f"\t\t*ret_n = {len(o.effects)};", f"\t\treturn effects_{o.ident};"]
    out += ["\t}", "\t*ret_n = 0;", "\treturn NULL;", "}", ""]
    return out + effect_by_kind(schema, "op_effect_of_kind", "makes", "+") + effect_by_kind(schema, "op_effect_that_takes", "takes away", "-")


def effect_by_kind(schema, function, does, signs):
    """A function from a kind to the first effect of that sign that tells one object from another."""
    out = [f"const struct op_effect *{function}(enum hycan_object_kind kind)", "{", "\tswitch (kind) {"]
    for kind, _, _ in schema.enums["object_kind"].values if "object_kind" in schema.enums else []:
        found = next(((o, i) for o in schema.operations for i, e in enumerate(o.effects) if e.kind == kind and e.sign in signs and e.names), None)
        if not found:
            raise grammar.SchemaError(f"no operation {does} a {kind}, which is in enum object_kind")
        out += [f"\tcase HYCAN_OBJECT_KIND_{c.upper(kind)}:", f"\t\treturn &effects_{found[0].ident}[{found[1]}];"]
    return out + ["\t}", "\treturn NULL;", "}", ""]


def handlers(schema, root):
    """The handlers' files, each of which must be there; a missing one stops the build with its name."""
    files = []
    for o in schema.operations:
        for room in ("daemon/ops", "tests/ops"):
            path = f"{room}/{o.family}/{o.verb}.c"
            if not os.path.exists(os.path.join(root, path)):
                raise grammar.SchemaError(f"{o.name} has no {path}: write it, or remove the row")
        files.append(f"daemon/ops/{o.family}/{o.verb}.c")
    return files


def check_cases(schema, path):
    """The fault sweep must try each row, or the build stops."""
    with open(path, encoding="utf-8") as file:
        tried = {line.split()[1] for line in file if line.startswith("case ")}
    for o in schema.operations:
        if o.name not in tried:
            raise grammar.SchemaError(f"{o.name} has no case in {os.path.basename(path)} of the fault sweep: write “case {o.name}” and what it needs")
