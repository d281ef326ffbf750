#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every function that a public header declares is exported by the library, and the library exports nothing else."""

import os
import re
import subprocess
import sys

headers, library = sys.argv[1:]
declared = set()
for name in os.listdir(headers):
    with open(os.path.join(headers, name), encoding="utf-8") as file:
        text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.DOTALL)
    # a function type (hycan_callback) is a typedef and exports nothing
    text = re.sub(r"typedef[^;]*;", "", text)
    declared |= set(re.findall(r"\b(hycan_\w+)\s*\([^;]*\);", text))
symbols = subprocess.run(["nm", "-D", "--defined-only", library], check=True, capture_output=True, text=True).stdout
exported = {line.split()[2].split("@")[0] for line in symbols.splitlines() if line.split()[1] in "TDRBVW"}
missing, extra = declared - exported, exported - declared
for name in sorted(missing):
    print(f"{name} is declared and not exported")
for name in sorted(extra):
    print(f"{name} is exported and not declared")
print(f"{len(declared)} functions are declared, {len(exported)} exported")
sys.exit(1 if missing or extra or len(declared) < 50 else 0)
