"""Read mutants of stored functions: each must give a graph or say what stopped the reader, in bounded time and memory.

    python tests/saving/fuzz_bytecode.py [--count N] [--seed S]

Three kinds: recorded functions of all Pythons with bytes changed; records with random instructions, constants and names of one Python, which get
further into the reader than random bytes do; and stored graphs with values changed. Exit status 1 and a line for each that ends otherwise.
"""

from __future__ import annotations

import argparse
import base64
import copy
import json
import marshal
import random
import struct
import sys
import time
import tracemalloc
from collections import Counter
from pathlib import Path

SECONDS = 3.0
MEMORY = 200 * 2**20

RECORDED = json.loads((Path(__file__).parents[1] / "data" / "bytecode" / "functions.json").read_text())

#: what real functions hold, and what hostile ones would
CONSTANTS = (
    None, True, 0, 1, 2, -1, 3, 64, 1000, 2**62, -(2**63), 1e308, 0.5, float("inf"), "axis", "x", "float32", "os", (1, 2), (0, (1, (2,))), ("axis",), ("a", "b"),
    (), ..., b"raw", 10**18,
)  # fmt: skip
NAMES = (
    "K", "tf", "np", "keras", "abs", "sum", "concatenate", "reshape", "image", "resize_images", "resize", "random_normal", "shape", "zeros", "ones", "tile",
    "repeat_elements", "range", "len", "float", "int", "tuple", "list", "eval", "exec", "__import__", "open", "os", "system", "__class__", "__globals__", "format",
    "func_globals", "load", "backend", "pow", "math", "exp", "get_shape", "as_list", "dtype", "T", "__builtins__", "getattr", "one_hot", "eye", "arange", "linspace",
)  # fmt: skip
LIKELY = (
    "LOAD_FAST", "LOAD_CONST", "LOAD_GLOBAL", "LOAD_ATTR", "LOAD_METHOD", "CALL", "CALL_FUNCTION", "CALL_METHOD", "BINARY_OP", "BINARY_ADD", "BINARY_MULTIPLY",
    "BINARY_POWER", "BINARY_SUBSCR", "BUILD_TUPLE", "BUILD_LIST", "BUILD_SLICE", "STORE_FAST", "DUP_TOP", "COPY", "SWAP", "ROT_TWO", "UNPACK_SEQUENCE", "PUSH_NULL",
    "KW_NAMES", "CALL_FUNCTION_KW", "CALL_KW", "LIST_EXTEND", "BUILD_MAP", "CALL_FUNCTION_EX", "COMPARE_OP", "IMPORT_NAME", "IMPORT_FROM", "EXTENDED_ARG",
)  # fmt: skip


def changed(raw: bytes, chance: random.Random) -> bytes:
    """Bytes of a recorded function with a few of them changed, a piece copied elsewhere, or cut."""
    data = bytearray(raw)
    kind = chance.randrange(10)
    if kind == 0:
        return bytes(data[: chance.randrange(len(data))])
    if kind == 1:
        size = chance.choice([4, 8, 32])
        source, target = (chance.randrange(max(len(data) - size, 1)) for _ in range(2))
        data[target : target + size] = data[source : source + size]
        return bytes(data)
    for _ in range(chance.choice([1, 1, 2, 4, 10])):
        position = chance.randrange(len(data))
        data[position] = chance.choice([data[position] ^ (1 << chance.randrange(8)), chance.randrange(256), 0, 0xFF])
    return bytes(data)


def record(version: str, chance: random.Random) -> bytes:
    """A function of one Python with random instructions."""
    from kbridge.saving.bytecode.opcodes import HAVE_ARGUMENT, caches_of, names_of

    numbers = {name: number for number, name in names_of(version).items()}
    likely = [name for name in LIKELY if name in numbers]
    code = b""
    for _ in range(chance.choice([3, 8, 20, 60, 300])):
        name = chance.choice(likely) if chance.random() < 0.95 else chance.choice(sorted(numbers))
        argument = chance.choice([0, 0, 1, 1, 2, 3, chance.randrange(12), chance.randrange(256)])
        number = numbers[name]
        if version in ("2.7", "3.4", "3.5"):
            code += bytes([number]) + (struct.pack("<H", argument) if number >= HAVE_ARGUMENT else b"")
        else:
            code += bytes([number, argument]) + b"\0\0" * caches_of(version).get(name, 0)
    code += bytes([numbers["RETURN_VALUE"]]) + (b"" if version in ("2.7", "3.4", "3.5") else b"\0")

    def plain(value):
        return marshal.dumps(value, 2)

    variables = ("x", "y", "z")
    old = version == "2.7"

    def text(value):
        raw = value.encode()
        return (b"s" if old else b"u") + struct.pack("<i", len(raw)) + raw

    def names(values):
        return b"(" + struct.pack("<i", len(values)) + b"".join(map(text, values))

    constants = plain(tuple(chance.choice(CONSTANTS) for _ in range(12)))
    head = names([chance.choice(NAMES) for _ in range(12)])
    body = b"s" + struct.pack("<i", len(code)) + code + constants + head + names(variables)
    start = {"2.7": (1, 3, 9, 0x43), "3.8": (1, 0, 0, 3, 9, 0x43), "3.11": (1, 0, 0, 9, 0x43)}
    if old:
        integers = start["2.7"]
    elif version in ("3.11", "3.12", "3.13"):
        integers = start["3.11"]
        body += b"s" + struct.pack("<i", 3) + b"\x20" * 3
    else:
        integers = start["3.8"] if version in ("3.8", "3.9", "3.10") else (1, 0, 3, 9, 0x43)
    if integers is not start["3.11"]:
        body += names(()) * 2
    body += text("f") + text("f") + (text("f") if integers is start["3.11"] else b"") + struct.pack("<i", 1)
    body += (b"s" + struct.pack("<i", 0)) * (2 if integers is start["3.11"] else 1)
    return b"c" + struct.pack(f"<{len(integers)}i", *integers) + body


def places(value):
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield value, key
        yield from places(item)


def changed_graph(graphs: list, chance: random.Random):
    """A stored graph with a value replaced by another."""
    graph = copy.deepcopy(chance.choice(graphs))
    for _ in range(chance.choice([1, 1, 2, 5])):
        holder, key = chance.choice([*places(graph)])
        other, other_key = chance.choice([*places(graph)])
        replacements = [
            None,
            -1,
            0,
            2**40,
            2**70,
            0.5,
            "",
            "abs",
            "pow",
            "tile",
            "eval",
            [],
            {},
            [[]],
            True,
            {"ref": 0},
            {"ref": -1},
            {"ref": 99},
        ]
        holder[key] = copy.deepcopy(chance.choice([*replacements, other[other_key]]))
    return graph


def attempt(number: int, seed: int, graphs: list) -> str:
    """Read one mutant; the kind of its end."""
    from kbridge.errors import ModelFileError
    from kbridge.operations import Graph
    from kbridge.saving.bytecode import function_name, read_stored

    chance = random.Random(seed * 1_000_003 + number)
    kind = chance.choice(["changed", "changed", "made", "made", "graph"])
    shapes = chance.random() < 0.3
    if kind == "graph":
        try:
            str(Graph.from_json(changed_graph(graphs, chance)))
            return "graph read"
        except ModelFileError:
            return "graph refused"
    version = chance.choice([*RECORDED])
    defaults = closure = None
    if kind == "changed":
        code, defaults, closure = RECORDED[version][chance.choice([*RECORDED[version]])]
        raw = changed(base64.b64decode(code), chance)
    else:
        raw = record(version, chance)
    text = raw.decode("latin-1") if chance.random() < 0.5 else base64.b64encode(raw).decode()
    stored = chance.choice(
        [[text, defaults, closure], {"class_name": "__lambda__", "config": {"code": text, "defaults": defaults, "closure": closure}}]
    )
    function_name(stored)
    found = read_stored(stored, {"by": 3} if chance.random() < 0.2 else None, shapes)
    if found.graph is not None:
        str(found.graph)
        json.dumps(found.graph.to_json())
        return f"{kind} read"
    assert found.stopped
    return f"{kind} refused"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    from kbridge.saving.bytecode import read_stored

    read = [read_stored(stored, shapes=name.endswith("_shape")).graph for name, stored in RECORDED["3.8"].items() if name != "long_one"]
    graphs = [graph.to_json() for graph in read if graph is not None]
    counts: Counter[str] = Counter()
    bad = 0
    tracemalloc.start()
    for number in range(args.count):
        tracemalloc.reset_peak()
        start = time.process_time()
        try:
            outcome = attempt(number, args.seed, graphs)
        except Exception as error:
            outcome = f"{type(error).__name__}: {error}"
        seconds, peak = time.process_time() - start, tracemalloc.get_traced_memory()[1]
        if not outcome.endswith((" read", " refused")) or seconds > SECONDS or peak > MEMORY:
            bad += 1
            print(f"{number}: {outcome[:300]}, {seconds:.1f} s, {peak / 2**20:.0f} MB", flush=True)
            outcome = "bad"
        counts[outcome] += 1
    print(", ".join(f"{name}: {count}" for name, count in sorted(counts.items())))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
