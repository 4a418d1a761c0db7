"""Record the bytecode of functions.py as every Python that is here stores it: functions.json; and that of public.py as a few do: public.json.

    python make.py ~/.pyenv/versions/*/bin/python

Each Python compiles functions.py and writes ``marshal`` data of the code, which the reader of kbridge takes apart. Python 3.4 and 3.5 are put
together here by hand (``assembled``), for they lay out their records as 3.6 and their instructions as 2.7.
"""

import base64
import json
import marshal
import pathlib
import struct
import subprocess
import sys

HERE = pathlib.Path(__file__).parent

INSIDE = """
import base64, json, marshal, sys, types
names = {}
exec(compile(open(sys.argv[1]).read(), "f", "exec"), names)
found = {}
for name, value in names.items():
    if isinstance(value, types.FunctionType) and not name.startswith("make_"):
        cells = [cell.cell_contents for cell in value.__closure__ or ()]
        found[name] = [base64.b64encode(marshal.dumps(value.__code__)).decode("ascii"), value.__defaults__, cells or None]
print(json.dumps(["%d.%d" % sys.version_info[:2], found]))
"""

#: numbers of the instructions of 3.4 and 3.5 that are used here
NUMBERS = {
    "BINARY_MULTIPLY": 20, "BINARY_ADD": 23, "BINARY_SUBTRACT": 24, "BINARY_SUBSCR": 25, "BINARY_TRUE_DIVIDE": 27, "RETURN_VALUE": 83,
    "UNPACK_SEQUENCE": 92, "LOAD_CONST": 100, "BUILD_TUPLE": 102, "LOAD_ATTR": 106, "POP_JUMP_IF_FALSE": 114, "LOAD_GLOBAL": 116, "LOAD_FAST": 124,
    "STORE_FAST": 125, "CALL_FUNCTION": 131, "BUILD_SLICE": 133, "EXTENDED_ARG": 144,
}  # fmt: skip

BY_HAND = {
    "scale": ("x", "", (None, 127.5, 1.0), "x0 c1 BINARY_TRUE_DIVIDE c2 BINARY_SUBTRACT"),
    "absolute_difference": ("t", "K abs", (None, 0, 1), "g0 a1 x0 c1 BINARY_SUBSCR x0 c2 BINARY_SUBSCR BINARY_SUBTRACT call1"),
    "euclidean": (
        "vects x y",
        "K sqrt maximum sum square epsilon",
        (None, "axis", 1, "keepdims", True),
        "x0 UNPACK_SEQUENCE:2 s1 s2 g0 a1 g0 a2 g0 a3 g0 a4 x1 x2 BINARY_SUBTRACT call1 c1 c2 c3 c4 call513 g0 a5 call0 call2 call1",
    ),
    "euclidean_shape": ("shapes shape1 shape2", "", (None, 0, 1), "x0 UNPACK_SEQUENCE:2 s1 s2 x1 c1 BINARY_SUBSCR c2 BUILD_TUPLE:2"),
    "sampling": (
        "args z_mean z_log_var epsilon",
        "K random_normal shape exp",
        (None, "shape", 0, 3, "mean", 0.0, "stddev", 1.0, 2),
        "x0 UNPACK_SEQUENCE:2 s1 s2 g0 a1 c1 g0 a2 x1 call1 c2 BINARY_SUBSCR c3 BUILD_TUPLE:2 c4 c5 c6 c7 call768 s3 "
        "x1 g0 a3 x2 c8 BINARY_TRUE_DIVIDE call1 x3 BINARY_MULTIPLY BINARY_ADD",
    ),
    "crop": (
        "image",
        "",
        (None, 2, -1),
        "x0 c0 c0 BUILD_SLICE:2 c0 c0 BUILD_SLICE:2 c1 c2 BUILD_SLICE:2 c0 c0 BUILD_SLICE:2 BUILD_TUPLE:4 BINARY_SUBSCR",
    ),
    "branch": ("x", "", (None, 1), "x0 POP_JUMP_IF_FALSE:9 x0 RETURN_VALUE c1"),
}

SHORT = {"x": "LOAD_FAST", "s": "STORE_FAST", "c": "LOAD_CONST", "g": "LOAD_GLOBAL", "a": "LOAD_ATTR", "call": "CALL_FUNCTION"}


def assembled(variables, names, constants, text):
    """A code record of Python 3.4 or 3.5 for a function of one argument."""
    code = b""
    for word in [*text.split(), "RETURN_VALUE"]:
        name, _, argument = word.partition(":")
        if name not in NUMBERS:
            short = name.rstrip("0123456789")
            name, argument = SHORT[short], name[len(short) :]
        code += bytes([NUMBERS[name]]) + (struct.pack("<H", int(argument)) if NUMBERS[name] >= 90 else b"")

    def plain(value):
        return marshal.dumps(value, 2)

    variables = tuple(variables.split())
    record = b"\xe3" + struct.pack("<5i", 1, 0, len(variables), 20, 0x43)
    for value in (code, constants, tuple(names.split()), variables, (), (), "f", "by_hand"):
        record += plain(value)
    return base64.b64encode(record + struct.pack("<i", 1) + plain(b"")).decode("ascii")


def recorded(source):
    found = {}
    for python in sys.argv[1:]:
        done = subprocess.run([python, "-c", INSIDE, str(HERE / source)], capture_output=True, text=True, check=True)
        version, functions = json.loads(done.stdout)
        found[version] = functions
    return found


def main():
    public = recorded("public.py")
    few = {version: public[version] for version in ("2.7", "3.7", "3.11", "3.13")}
    (HERE / "public.json").write_text(json.dumps(few, indent=0, sort_keys=True) + "\n")
    found = recorded("functions.py")
    for version in ("3.4", "3.5"):
        found[version] = {name: [assembled(*parts), None, None] for name, parts in BY_HAND.items()}
    ordered = {version: dict(sorted(found[version].items())) for version in sorted(found, key=lambda v: [int(n) for n in v.split(".")])}
    (HERE / "functions.json").write_text(json.dumps(ordered, indent=0) + "\n")
    print({version: len(functions) for version, functions in ordered.items()})


if __name__ == "__main__":
    main()
