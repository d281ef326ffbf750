# SPDX-License-Identifier: GPL-2.0-or-later
"""What the fuzzers begin with: their dictionaries, and for each operation inputs that are right, which they then spoil.

The formats of the inputs are those that the heads of the files in tests/fuzz describe.
"""

import socket
import struct

import schema as grammar

REQUEST, REPLY = 0, 1
LENIENT, STRICT = 0, 1

# Words that a person may write, for the policy, the command line and single values.
TEXTS = {
    "bool": ["on", "off"], "u8": ["7"], "u16": ["100"], "u32": ["1500"], "u64": ["0x10000"], "i32": ["-1"], "port": ["8080"],
    "port_range": ["8000-8010", "80"], "table": ["main", "100"], "permille": ["0.875", "875"], "ifname": ["vcan0", "eth0.100"],
    "string": ["text"], "key": ["AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="], "mac": ["02:00:5e:10:00:01"],
    "address": ["192.0.2.1", "2001:db8::1"], "prefix": ["10.0.0.0/8", "2001:db8::/32", "default"],
    "address_prefix": ["192.0.2.1/24", "fe80::1/64"], "endpoint": ["192.0.2.1:51820", "[fe80::1%3]:51820"], "fd": ["blue"], "payload": ["00"],
}
POLICY_WORDS = ["allow ", "deny ", "* ", "root ", "@hycan ", "@0 ", "1000 ", "all", "read", "write", "name=", "prefix=", "port=",
                "table=", "vcan*", "eth[0-9]", "*.100", "#", ",", "\n", "100-199", "8000-8999"]
LINE_WORDS = ["default", "--", "@", "-", "{", "}", "=", ",", "--json", "--netns", "--timeout=0.5", "--exclusive", "--socket="]


# ------------------------------------------------------------------------------------------------------------- the wire

def attribute(number, payload):
    return struct.pack("HH", 4 + len(payload), number) + payload + b"\0" * (-len(payload) % 4)


def number(schema, f, n):
    """A number in as many bytes as the field has on the wire."""
    if f.type in schema.enums:
        enum = schema.enums[f.type]
        return struct.pack({"u8": "B", "u16": "H", "u32": "I"}[enum.base], enum.values[n % len(enum.values)][1])
    value = f.low if f.low is not None else f.high if f.high is not None and n else 1
    return struct.pack({1: "B", 2: "H", 4: "I", 8: "Q"}[grammar.SCALARS[f.type]], value)


def payload(schema, f, n):
    """The n-th value of a field: the even ones are IPv4, the odd ones IPv6."""
    address = socket.inet_pton(socket.AF_INET6, f"2001:db8:{n}::") if n % 2 else bytes([10, n, 0, 0])
    port = struct.pack("!H", 51820 + n)
    if f.type in schema.structs:
        return attributes(schema, schema.structs[f.type].fields, n, True)
    if f.type in ("ifname", "string"):
        return b"vcan%d\0" % n if f.type == "ifname" or f.length > 5 else b"\0"
    return {
        "bytes": lambda: bytes(f.length), "key": lambda: bytes(range(n, n + 32)), "mac": lambda: bytes([2, 0, 0x5e, 0x10, 0, n]),
        "address": lambda: address, "prefix": lambda: struct.pack("=BBH", 48 if n % 2 else 16, 0, 0) + address,
        "address_prefix": lambda: struct.pack("=BBH", 64 if n % 2 else 24, 0, 0) + address,
        "endpoint": lambda: struct.pack("H", 10) + port + bytes(4) + address + bytes(4) if n % 2
        else struct.pack("H", 2) + port + address + bytes(8),
        "port_range": lambda: struct.pack("HH", 8000, 8000 + n), "fd": lambda: struct.pack("I", 0), "payload": lambda: attribute(1, b"vcan0\0"),
    }.get(f.type, lambda: number(schema, f, n))()


def attributes(schema, fields, n, everything):
    """A structure as attributes; without everything only what is required."""
    out = b""
    for f, position, _ in grammar.flatten(schema, fields):
        if f.optional and not everything:
            continue
        for i in range(2 if f.list and everything else 1):
            out += attribute(position, payload(schema, f, n + i))
    return out


def frame(kind, flags, seq, body):
    return struct.pack("IHHII", 16 + len(body), kind, flags, seq, 0) + body


def reply_fields(schema, o):
    return schema.structs[o.lists].fields if o.lists else o.reply


# ------------------------------------------------------------------------------------------------------------ the inputs

def decode(schema):
    """[operation][mode] attributes"""
    for index, o in enumerate(schema.operations):
        for n, everything in ((0, False), (0, True), (1, True)):
            fds = sum(f.type == "fd" for f in o.request)
            yield f"{o.name}-{n}{'+' if everything else ''}", \
                bytes([index, STRICT | REQUEST << 1 | fds << 2]) + attributes(schema, o.request, n, everything)


def show(schema):
    """[operation][number of answers of a list] attributes"""
    for index, o in enumerate(schema.operations):
        for n in (0, 1):
            yield f"{o.name}-{n}", bytes([index, 2 * n]) + attributes(schema, reply_fields(schema, o), n, True)


def hello(schema):
    return next(o for o in schema.operations if o.name == "session.hello")


def trust(schema, greeting):
    """Streams to a daemon that keeps its ledger in a file, and dies: lifetimes, adoption, transactions, mark and sweep."""
    named = {o.name: o for o in schema.operations}
    writes = [o for o in schema.operations if o.access == "write" and o.runs != "loop" and not o.lists]

    def ask(name, seq, n=0, body=None):
        o = named[name]
        return frame(o.number, 0x605, seq, attributes(schema, o.request, n, False) if body is None else body)

    def step(o, n):
        return attribute(1, attribute(1, struct.pack("H", o.number)) + attribute(2, attributes(schema, o.request, n, False)))

    for index, o in enumerate(writes):
        held = ask("session.lifetime", 2, body=attribute(1, bytes([2 + index % 2])) + (attribute(2, struct.pack("I", 60)) if index % 2 else b""))
        steps = step(o, 0) + step(writes[(index + 1) % len(writes)], 1) + step(writes[(index + 7) % len(writes)], 0)
        stream = greeting + held + ask(o.name, 3) + ask(o.name, 4, 1) + ask("transaction.run", 5, body=steps) + \
            ask("transaction.run", 6, body=steps + attribute(2, b"\1")) + \
            ask("transaction.run", 7, body=steps + attribute(3, struct.pack("I", 60))) + ask("transaction.list", 8, body=b"") + \
            ask("transaction.run", 11, body=steps + attribute(2, b"\1") + attribute(5, b"\1")) + \
            ask("transaction.run", 12, body=steps + attribute(5, b"\1")) + \
            ask("transaction.confirm" if index % 3 else "transaction.cancel", 9) + ask("object.list", 10, body=b"")
        yield f"{o.name}-held", bytes([1 | 32 | 64, index, 0]) + stream
        yield f"{o.name}-adopted", bytes([1 | 16 | 32 | (index % 2) * 64, index, 0]) + greeting + held + \
            ask("object.replace_begin", 3, body=b"") + ask(o.name, 4) + ask("session.adopt", 5, body=attribute(1, b"01" * 16 + b"\0")) + \
            ask(o.name, 6, 1) + ask("session.renew", 7, body=b"") + ask("object.replace_end", 8, body=b"") + \
            ask("object.clear", 9, body=b"")


def frames(schema):
    """[mode][pieces][descriptors] a stream of requests"""
    greeting = frame(hello(schema).number, 5, 1, attributes(schema, hello(schema).request, 0, False))
    whoami = next(o for o in schema.operations if o.name == "session.whoami")
    for index, o in enumerate(schema.operations):
        requests = b"".join(frame(o.number, 0x605, 2 + n, attributes(schema, o.request, n, bool(n))) for n in (0, 1))
        yield o.name, bytes([index % 32, index, any(f.type == "fd" for f in o.request)]) + greeting + requests + \
            frame(whoami.number, 5, 4, b"")
    yield from trust(schema, greeting)
    for operation in (1, 2, 3, 7):
        yield f"classic-{operation}", bytes([operation % 4, 0, 0, operation, 5]) + b"vcan0"


def answers(schema):
    """[mode][pieces][three operations] what the server sends"""
    greeting = frame(hello(schema).number, 0, 1, attributes(schema, hello(schema).reply, 0, True))
    error = frame(2, 0x300, 2, struct.pack("i", -2) + bytes(16) + attribute(1, b"There is none.\0") +
                  attribute(64, struct.pack("I", 6)) + attribute(65, b"name\0"))
    refused = frame(2, 0x300, 1, struct.pack("i", -93) + bytes(16) + attribute(1, b"Version 1 is not spoken here.\0") +
                    attribute(64, struct.pack("I", 12)))
    yield "another-version", bytes(5) + refused
    for index, o in enumerate(schema.operations):
        head = bytes([index % 64, index, index, index, index])
        answer = b""
        for seq in (2, 3):
            body = attributes(schema, reply_fields(schema, o), seq, True)
            if o.lists:
                answer += 2 * frame(o.number, 2, seq, body) + frame(3, 2, seq, bytes(4))
            else:
                answer += frame(o.number, 0, seq, body) if o.reply else frame(2, 0x100, seq, bytes(20))
        yield o.name, head + greeting + answer
        yield f"{o.name}-refused", head + greeting + error


def fields_of(schema):
    """Every list of fields that the tables have, in the order of the operations: requests, then answers."""
    for o in schema.operations:
        yield o.request
        yield reply_fields(schema, o)


def values(schema):
    """[operation][field, of the answer with the high bit] text: every type once"""
    seen = set()
    for index, o in enumerate(schema.operations):
        for f, position, side in [(f, position, 0) for f, position, _ in grammar.flatten(schema, o.request)] + \
                [(f, position, 0x80) for f, position, _ in grammar.flatten(schema, reply_fields(schema, o))]:
            texts = TEXTS.get(f.type, [v[0] for v in schema.enums[f.type].values] if f.type in schema.enums else [])
            for n, text in enumerate(texts):
                if (f.type, n) not in seen:
                    seen.add((f.type, n))
                    yield f"{f.type}-{n}", bytes([index, side | position - 1]) + text.encode()


def word(schema, f):
    """The value of a field as it stands on a command line."""
    if f.type in schema.structs:
        return "{" + " ".join(f"{m.name}={word(schema, m)}" for m, _, _ in
                              grammar.flatten(schema, schema.structs[f.type].fields)) + "}"
    if f.type in schema.enums:
        return schema.enums[f.type].values[0][0]
    if f.low is not None:
        return str(f.low)
    return TEXTS.get(f.type, ["00" * f.length])[0]


def words(schema):
    """[operation] words with a zero byte behind each, one more, and what stands in every file"""
    for index, o in enumerate(schema.operations):
        plain, options = [], []
        for f, _, _ in grammar.flatten(schema, o.request):
            text = "@file" if f.secret else word(schema, f)
            if f.optional:
                options += ["--" + f.name.replace("_", "-"), text]
            else:
                plain.append(text)
        line = plain + options
        yield o.name, bytes([index]) + "".join(w + "\0" for w in line).encode() + b"\0" + TEXTS["key"][0].encode() + b"\n"
        lists = [f for f in o.request if f.list and f.type in schema.structs]
        for f in lists:
            record = word(schema, f)[1:-1]
            yield f"{o.name}-file", bytes([index]) + b"".join(
                (b"@file\0" if m is f else word(schema, m).encode() + b"\0") for m in o.request if not m.optional) + \
                b"\0# from a file\n" + f"{record}\n\n{record} # another\n".encode()


def policy(schema):
    """[operation][who][four bytes: the request] the file"""
    classes = list(dict.fromkeys(o.klass for o in schema.operations))
    for index, o in enumerate(schema.operations):
        kinds = {"ifname": "name=vcan*,eth0", "prefix": "prefix=10.0.0.0/8", "address": "prefix=2001:db8::/32",
                 "port": "port=80", "port_range": "port=8000-8999", "table": "table=main,100-199"}
        marked = [kinds[f.type] for f, _, _ in grammar.flatten(schema, o.request) if f.policy and f.type in kinds]
        text = f"deny alice {o.name} {' '.join(dict.fromkeys(marked))}\nallow @hycan {o.klass},{classes[index % len(classes)]}\n"
        yield o.name, bytes([index, index % 6, index, 0, 0, 1]) + text.encode()


def seeds(schema):
    """Path below the folder of the seeds -> bytes."""
    makers = {"decode": decode, "show": show, "frames": frames, "answers": answers, "values": values, "words": words, "policy": policy}
    return {f"{name}/{which}": data for name, maker in makers.items() for which, data in maker(schema)}


# ------------------------------------------------------------------------------------------------------ the dictionaries

def entry(data):
    return '"' + "".join(chr(b) if 0x20 <= b < 0x7f and chr(b) not in '"\\' else f"\\x{b:02x}" for b in data) + '"'


def wire_dictionary(schema):
    """Numbers of operations and refusals, the heads of attributes, enumerated values."""
    out = {struct.pack("H", o.number) for o in schema.operations} | {struct.pack("H", n) for n in (2, 3, 5, 0x605)}
    fields = [f for group in fields_of(schema) for f in grammar.flatten(schema, group)]
    for s in schema.structs.values():
        fields += grammar.flatten(schema, s.fields)
    for f, position, _ in fields:
        data = payload(schema, f, 0) if f.type not in schema.structs else b""
        out.add(struct.pack("HH", 4 + len(data), position))
        if data and f.type != "bytes":
            out.add(data)
    for enum in schema.enums.values():
        out |= {struct.pack({"u8": "B", "u16": "H", "u32": "I"}[enum.base], v) for _, v, _ in enum.values}
    return ["# Made by scripts/generate from protocol/hycan.schema."] + [entry(data) for data in sorted(out)]


def word_dictionary(schema):
    """What people write."""
    out = set(POLICY_WORDS + LINE_WORDS) | {w for words_ in TEXTS.values() for w in words_}
    for o in schema.operations:
        out |= {o.name, o.klass, o.family, o.verb}
    for group in list(fields_of(schema)) + [s.fields for s in schema.structs.values()]:
        for f, _, _ in grammar.flatten(schema, group):
            out |= {f"{f.name}=", "--" + f.name.replace("_", "-")}
    for enum in schema.enums.values():
        out |= {v[0] for v in enum.values}
    return ["# Made by scripts/generate from protocol/hycan.schema."] + [entry(w.encode()) for w in sorted(out)]
