"""`python bare.py FILE OUT`: the floor of a builder on troposphere, which only imports and emits.

FILE is run.py's: the names of the modules that the build needs, and the dictionaries that it emitted.
"""

import marshal
import os
import sys

import msgspec

with open(sys.argv[1], "rb") as file:
    modules, templates = marshal.load(file)
for module in modules:
    __import__(module)
for path, body in templates.items():
    target = os.path.join(sys.argv[2], path)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with open(target, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(body), indent=1) + b"\n")
