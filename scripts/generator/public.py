# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the public headers: <hycan/types.h> with the nouns, <hycan/operations.h> with a function for each operation."""

import c


def types_header(schema):
    out = c.banner("BSD-3-Clause", ["/**", " * @file", " * The nouns of HyCAN: what operations take and answer.", " *",
                                    " * A member X that may be absent has a has_X before it. Lists are a pointer and n_X. Numbers are in host byte order.",
                                    " */",
                                    "#ifndef HYCAN_TYPES_H", "#define HYCAN_TYPES_H", "", "#include <stdbool.h>", "#include <stddef.h>",
                                    "#include <stdint.h>", "", "#include <hycan/values.h>", "", "#ifdef __cplusplus", 'extern "C" {', "#endif", "",
                                    "/** Version of the protocol, sent in session.hello. */", f"#define HYCAN_PROTOCOL_VERSION {schema.version}", "",
                                    "/** Why a request was refused. */", "enum hycan_refusal {"])
    for r in schema.refusals:
        out.append(f"\tHYCAN_REFUSAL_{c.upper(r.name)} = {r.number}, /**< {r.summary} */")
    out += ["};", "", "/** Numbers of the operations (nlmsg_type). */", "enum hycan_operation_number {"]
    for o in schema.operations:
        out.append(f"\tHYCAN_OPERATION_{c.upper(o.name)} = 0x{o.number:04x}, /**< {o.name} */")
    out += ["};", ""]
    for e in schema.enums.values():
        out += c.comment(e.summary) + [f"enum hycan_{e.name} {{"]
        for name, number, summary in e.values:
            note = f" /**< {summary} */" if summary else ""
            out.append(f"\tHYCAN_{c.upper(e.name)}_{c.upper(name)} = {number},{note}")
        out += ["};", ""]
    for s in ordered(schema):
        out += c.struct(schema, f"hycan_{s.name}", s.fields, s.summary)
    for o in schema.operations:
        optional = options(o)
        if optional:
            out += c.struct(schema, f"hycan_{o.ident}_options", optional, f"What {o.name} can be given beside what it needs.")
        if len(o.reply) > 1 or schema.holds_list(o.reply):
            out += c.struct(schema, f"hycan_{o.ident}_reply", o.reply, f"What {o.name} answers.")
    return out + ["#ifdef __cplusplus", "}", "#endif", "", "#endif", ""]


def ordered(schema):
    """Structures, each after those that it holds."""
    done, out = set(), []

    def visit(struct):
        if struct.name in done:
            return
        done.add(struct.name)
        for f in struct.fields:
            if f.type in schema.structs:
                visit(schema.structs[f.type])
        out.append(struct)

    for s in schema.structs.values():
        visit(s)
    return out


def options(o):
    return [f for f in o.request if f.optional and not f.spread]


def parameters(schema, o):
    """The parameters that carry the request: (C declaration, documentation)."""
    out = []
    for f in o.request:
        if f.spread:
            out.append((f"const struct hycan_{f.type} *{f.name}", f"what to {o.verb.split('_')[0]}; see struct hycan_{f.type}"))
        elif f.optional:
            continue
        elif f.list:
            out.append((f"const {c.base_type(schema, f)} *{f.name}", c.document(f)))
            out.append((f"size_t n_{f.name}", f"number of {f.name}"))
        elif f.type in c.TEXTS:
            out.append((f"const char *{f.name}", c.document(f)))
        elif f.type in c.VALUES or f.type in schema.structs:
            out.append((f"const {c.base_type(schema, f)} *{f.name}", c.document(f)))
        else:
            out.append((f"{c.base_type(schema, f)} {f.name}", c.document(f)))
    if options(o):
        out.append((f"const struct hycan_{o.ident}_options *options", "what may be given beside; NULL for nothing"))
    return out


def results(schema, o):
    """The parameters that take the answer: (C declaration, documentation)."""
    if o.stream:
        return [("hycan_callback *callback", f"gets each answer, a struct hycan_{o.lists}, and at the end none (n is 0)"),
                ("void *userdata", "what it is given")]
    if o.lists:
        return [(f"struct hycan_{o.lists} **ret_{o.lists}s", "an array in one block of memory: free() it; NULL to ignore it"),
                (f"size_t *ret_n", "how many there are")]
    if not o.reply:
        return []
    if schema.holds_list(o.reply):
        return [(f"struct hycan_{o.ident}_reply **ret_reply", "the answer in one block of memory: free() it; NULL to ignore it")]
    if len(o.reply) > 1:
        return [(f"struct hycan_{o.ident}_reply *ret_reply", "the answer; NULL to ignore it")]
    f = o.reply[0]
    return [(f"{c.base_type(schema, f)} *ret_{f.name}", f"{c.document(f) or f.name}; NULL to ignore it")]


def declaration(o, params, suffix=""):
    inner = ", ".join(["struct hycan *h"] + params)
    return f"int hycan_{o.ident}{suffix}({inner})"


def function_comment(o, params, tail):
    lines = ["/**"] + [f" * {part}" for part in c.textwrap.wrap(o.summary, 112)] + [" *"]
    for decl, note in params:
        name = decl.split("*")[-1].split()[-1]
        lines.append(f" * @param {name} {note}")
    refusals = f" Refusals of its own: {', '.join('HYCAN_REFUSAL_' + c.upper(r) for r in o.refusals)}." if o.refusals else ""
    return lines + [f" * {part}" for part in c.textwrap.wrap(tail + refusals, 112)] + [" */"]


def operations_header(schema):
    out = c.banner("BSD-3-Clause", [
        "/**", " * @file", " * Every operation of the daemon as a function, and the same without waiting (…_async).", " *",
        " * Each returns 0 when it is done; a number above 0, one of enum hycan_refusal, when the daemon refused; -errno when",
        " * the connection failed: -ETIMEDOUT after the deadline of hycan_set_timeout(), -ECONNRESET when the daemon went away",
        " * and it is not known whether the request was carried out. hycan_error_message() has the sentence. What is returned",
        " * through a pointer is untouched unless the call returns 0.", " *",
        " * The …_async functions return when the request is in the buffer; see hycan_callback for the answer.", " */",
        "#ifndef HYCAN_OPERATIONS_H", "#define HYCAN_OPERATIONS_H", "", "#include <hycan/client.h>", "#include <hycan/types.h>", "",
        "#ifdef __cplusplus", 'extern "C" {', "#endif", ""])
    for o in schema.operations:
        if o.name == "session.hello":
            continue
        params, rets = parameters(schema, o), results(schema, o)
        out += function_comment(o, params + rets, "Returns 0 when the request is in the buffer, or -errno." if o.stream else
                                "Returns 0, a refusal, or -errno.")
        out += [declaration(o, [p[0] for p in params + rets]) + ";", ""]
        if o.stream:
            continue
        out += [f"/** {o.name} without waiting: @p callback gets the answer. Returns 0 or -errno. */"]
        out += [declaration(o, [p[0] for p in params] + ["hycan_callback *callback", "void *userdata"], "_async") + ";", ""]
    return out + ["#ifdef __cplusplus", "}", "#endif", "", "#endif", ""]


def client_source(schema):
    """libclient/operations.c: fills the request, sends it, hands out the answer."""
    out = c.banner("BSD-3-Clause", ["#include <stdlib.h>", "#include <string.h>", "", "#include <hycan/operations.h>", "",
                                    '#include "messages.h"', '#include "request.h"', ""])
    for o in schema.operations:
        if o.name == "session.hello":
            continue
        out += client_functions(schema, o)
    return out


def fill(schema, o):
    lines = []
    for f in o.request:
        if f.optional and not f.spread:
            continue
        by_pointer = f.spread or f.type in c.VALUES or f.type in schema.structs
        if f.list:
            lines += [f"\tif (!{f.name} && n_{f.name} > 0)", f"\t\treturn request_missing(h, \"{f.name}\");",
                      f"\trequest.{f.name} = {f.name};", f"\trequest.n_{f.name} = n_{f.name};"]
        elif by_pointer:
            lines += [f"\tif (!{f.name})", f"\t\treturn request_missing(h, \"{f.name}\");", f"\trequest.{f.name} = *{f.name};"]
        elif f.type in c.TEXTS:
            lines += [f"\tr = request_text(h, \"{f.name}\", request.{f.name}, sizeof(request.{f.name}), {f.name});",
                      "\tif (r < 0)", "\t\treturn r;"]
        else:
            lines.append(f"\trequest.{f.name} = {f.name};")
    optional = options(o)
    if optional:
        lines.append("\tif (options) {")
        for f in optional:
            lines.append(f"\t\trequest.has_{f.name} = options->has_{f.name};")
            if f.type in c.TEXTS or f.type == "bytes":
                lines.append(f"\t\tmemcpy(request.{f.name}, options->{f.name}, sizeof(request.{f.name}));")
            else:
                lines.append(f"\t\trequest.{f.name} = options->{f.name};")
            if f.list:
                lines.append(f"\t\trequest.n_{f.name} = options->n_{f.name};")
        lines.append("\t}")
    return lines


def client_functions(schema, o):
    """The asynchronous function fills the request; the blocking one waits for what that sent."""
    params, rets = [p[0] for p in parameters(schema, o)], [p[0] for p in results(schema, o)]
    names = [p.split("*")[-1].split()[-1] for p in params]
    needs_r = any(f.type in c.TEXTS and not f.optional and not f.spread for f in o.request)
    wipe = o.request and schema.holds_secret(o.request)
    send = f"hycan_send(h, &operation_{o.ident}, &request, callback, userdata)"
    out = [declaration(o, params + ["hycan_callback *callback", "void *userdata"], "" if o.stream else "_async"), "{",
           f"\tstruct hycan_{o.ident}_request request = {{ 0 }};"]
    out += (["\tint r;"] if needs_r or wipe else []) + [""] + fill(schema, o)
    if wipe:
        out += [f"\tr = {send};", "\texplicit_bzero(&request, sizeof(request));", "\treturn r;", "}", ""]
    else:
        out += [f"\treturn {send};", "}", ""]
    if o.stream:
        return out
    return out + [declaration(o, params + rets), "{"] + blocking_body(schema, o, names)


def blocking_body(schema, o, names):
    call = f"hycan_{o.ident}_async({', '.join(['h'] + names + ['request_answered', '&answer'])})"
    if o.lists or schema.holds_list(o.reply):
        to = f"ret_{o.lists}s" if o.lists else "ret_reply"
        count = ["\tif (r == 0 && ret_n)", "\t\t*ret_n = answer.n;"] if o.lists else []
        return ["\tstruct request_answer answer = { 0 };", f"\tint r = request_wait(h, {call}, &answer);", ""] + count + [
            f"\tif (r == 0 && {to})", f"\t\t*{to} = answer.reply;", "\telse", "\t\tfree(answer.reply);", "\treturn r;", "}", ""]
    if not o.reply:
        return ["\tstruct request_answer answer = { 0 };", "", f"\treturn request_wait(h, {call}, &answer);", "}", ""]
    to, value = ("ret_reply", "reply") if len(o.reply) > 1 else (f"ret_{o.reply[0].name}", f"reply.{o.reply[0].name}")
    return [f"\tstruct hycan_{o.ident}_reply reply;", "\tstruct request_answer answer = { .to = &reply, .size = sizeof(reply) };",
            f"\tint r = request_wait(h, {call}, &answer);", "", f"\tif (r == 0 && {to})", f"\t\t*{to} = {value};",
            "\treturn r;", "}", ""]
