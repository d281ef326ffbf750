# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes daemon/ops/table.h and table.c: the prototype that each handler must satisfy, and the row that the dispatcher reads."""

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
                  "int op_call(const struct hycan_operation *operation, struct op *op, const void *request, void *reply);", "", "#endif", ""]


def table_source(schema):
    out = c.banner("GPL-2.0-or-later", ["#include <errno.h>", "", '#include "table.h"', "",
                                        "int op_call(const struct hycan_operation *operation, struct op *op, const void *request, void *reply)",
                                        "{", "\tswitch (operation->number) {"])
    for o in schema.operations:
        reply = ", reply" if o.reply else ""
        out += [f"\tcase HYCAN_OPERATION_{c.upper(o.name)}:", f"\t\treturn op_{o.ident}(op, request{reply});"]
    return out + ["\t}", "\treturn -ENOSYS;", "}", ""]


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
