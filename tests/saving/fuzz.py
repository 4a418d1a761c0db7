"""Inspect and load mutants of good model files: each must load, or be refused with ModelFileError, in bounded time and memory.

    python tests/saving/fuzz.py [--count N] [--seed S] [--keep FOLDER]

Every mutant is written to a file before it is loaded, so that one which crashes the HDF5 library
stays behind. Exit status 1 and a line for each that ends in anything else.
"""

from __future__ import annotations

import argparse
import base64
import copy
import json
import random
import sys
import tempfile
import time
import warnings
import zipfile
from collections import Counter
from pathlib import Path

import h5py
import numpy as np

SECONDS = 5.0
MEMORY = 3 * 2**30


def bits(raw: bytes, chance: random.Random) -> bytes:
    """A few bits or bytes changed."""
    data = bytearray(raw)
    for _ in range(chance.choice([1, 1, 2, 5, 30])):
        position = chance.randrange(len(data))
        data[position] = data[position] ^ (1 << chance.randrange(8)) if chance.random() < 0.5 else chance.randrange(256)
    return bytes(data)


def truncated(raw: bytes, chance: random.Random) -> bytes:
    return raw[: chance.randrange(len(raw))]


def doubled(raw: bytes, chance: random.Random) -> bytes:
    """A piece copied over another place."""
    data, size = bytearray(raw), chance.choice([8, 64, 512])
    source, target = (chance.randrange(max(len(data) - size, 1)) for _ in range(2))
    data[target : target + size] = data[source : source + size]
    return bytes(data)


def in_config(path: Path, chance: random.Random) -> None:
    """A value of one of the configs replaced by another."""
    with h5py.File(path, "r+") as h5:
        name = chance.choice([name for name in ("model_config", "training_config") if name in h5.attrs])
        config = json.loads(h5.attrs[name])
        places = [*_places(config)]
        holder, key = chance.choice(places)
        other, other_key = chance.choice(places)
        holder[key] = chance.choice([None, -1, 0, 1, 2**40, 0.5, "", "eval", [], {}, [[]], True, copy.deepcopy(other[other_key])])
        h5.attrs[name] = _dumped(config)


def _dumped(config) -> str:
    try:
        return json.dumps(config)
    except (ValueError, RecursionError):  # a value was put into itself
        return "{}"


def _places(value):
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield value, key
        yield from _places(item)


def in_structure(path: Path, chance: random.Random) -> None:
    """Attributes and members swapped, removed or replaced."""
    with h5py.File(path, "r+") as h5:
        groups = [h5]
        h5.visititems(lambda _, item: groups.append(item) if isinstance(item, h5py.Group) else None)
        group, other = chance.choice(groups), chance.choice(groups)
        action = chance.randrange(4)
        if action == 0 and group.attrs:
            name = chance.choice(sorted(group.attrs))
            group.attrs[name] = chance.choice([3, b"x", np.zeros(0), np.array([b"a", b"b"]), np.arange(4), 1e300])
        elif action == 1 and group.attrs and other.attrs:
            group.attrs[chance.choice(sorted(group.attrs))] = other.attrs[chance.choice(sorted(other.attrs))]
        elif action == 2 and len(group):
            del group[chance.choice(sorted(group))]
        elif len(group):
            name = chance.choice(sorted(group))
            del group[name]
            group[name] = chance.choice([np.zeros((3, 3)), np.float32(1), h5py.SoftLink("/x"), h5py.ExternalLink("x", "/x"), other])


def in_function(path: Path, chance: random.Random) -> None:
    """A layer becomes a Lambda whose function is mutated bytecode, or a stored graph is changed."""
    from fuzz_bytecode import RECORDED, changed, places, record

    with h5py.File(path, "r+") as h5:
        if "kbridge_functions" in h5.attrs and chance.random() < 0.5:
            graphs = json.loads(h5.attrs["kbridge_functions"])
            holder, key = chance.choice([*places(graphs)])
            other, other_key = chance.choice([*places(graphs)])
            holder[key] = chance.choice([None, -1, 0, 2**40, 0.5, "", "tile", [], {}, {"ref": 0}, copy.deepcopy(other[other_key])])
            h5.attrs["kbridge_functions"] = _dumped(graphs)
            return
        config = json.loads(h5.attrs["model_config"])
        layers = [entry for entry, key in _places(config) if key == "class_name" and isinstance(entry.get("config"), dict)]
        entry = chance.choice(layers)
        version = chance.choice([*RECORDED])
        code, defaults, closure = RECORDED[version][chance.choice([*RECORDED[version]])]
        raw = chance.choice([base64.b64decode(code), changed(base64.b64decode(code), chance), record(version, chance)])
        entry["class_name"] = "Lambda"
        common = {key: value for key, value in entry["config"].items() if key in ("name", "batch_input_shape", "trainable")}
        stored = [raw.decode("latin-1"), defaults, closure]
        entry["config"] = {
            **common,
            "function": stored,
            "function_type": "lambda",
            "output_shape": None,
            "output_shape_type": "raw",
            "arguments": {},
        }
        h5.attrs["model_config"] = json.dumps(config)


MUTATIONS = {bits: 6, truncated: 1, doubled: 1, in_config: 4, in_structure: 3, in_function: 3}


def in_archive(path: Path, chance: random.Random) -> None:
    """A value of an archive's configs replaced, its weights mutated, or its members packed, repeated or left out."""
    with zipfile.ZipFile(path) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    number = chance.randrange(len(members))
    name, content = members[number]
    if name.endswith(".json"):
        value = json.loads(content)
        holder, key = chance.choice([*_places(value)])
        other, other_key = chance.choice([*_places(value)])
        holder[key] = chance.choice([None, -1, 0, 2**40, 0.5, "", "eval", [], {}, [[]], True, copy.deepcopy(other[other_key])])
        members[number] = name, _dumped(value).encode()
    else:
        members[number] = name, chance.choice([bits, truncated, doubled])(content, chance)
    if chance.random() < 0.2:
        members = chance.choice([members[1:], [*members, members[0]], [*members, ("../x", b"")], members[::-1]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with zipfile.ZipFile(path, "w", chance.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])) as archive:
            for name, content in members:
                archive.writestr(name, content)


def mutate(source: Path, target: Path, chance: random.Random) -> str:
    """Write a mutant of ``source`` to ``target``; the name of what was done."""
    wanted = {bits: 3, truncated: 1, doubled: 1, in_archive: 8} if source.suffix == ".keras" else MUTATIONS
    kind = chance.choices(list(wanted), list(wanted.values()))[0]
    if kind in (bits, truncated, doubled):
        target.write_bytes(kind(source.read_bytes(), chance))
    else:
        target.write_bytes(source.read_bytes())
        kind(target, chance)
    return kind.__name__


def sources(folder: Path) -> tuple[list[Path], list[Path]]:
    """Good files: a trained stack of layers and a graph of them, made here; those of Keras 1 and 2 that other tests use."""
    from kbridge import backend as K
    from kbridge.layers import Activation, Dense, Input, Lambda, merge
    from kbridge.models import Model, Sequential

    stack = Sequential([Dense(3, input_dim=4, W_regularizer="l2"), Activation("relu"), Dense(2)])
    stack.compile("adam", "mse", metrics=["accuracy"])
    stack.train_on_batch(np.ones((2, 4)), np.ones((2, 2)))
    stack.save(folder / "stack.h5")
    a, b = Input((4,)), Input((3,))
    inner = Sequential([Dense(3, input_dim=4)])
    graph = Model([a, b], [Dense(2, name="one")(merge([inner(a), b], mode="concat")), Dense(1, name="two")(b)])
    graph.compile("sgd", {"one": "mse", "two": "mae"}, loss_weights=[1.0, 0.5])
    graph.save(folder / "graph.h5")
    scaled = Sequential([Lambda(lambda x: (x - 3) / 2, input_shape=(4,)), Dense(2), Lambda(lambda x: K.abs(x), output_shape=lambda s: s)])
    scaled.save(folder / "functions.h5")
    data = Path(__file__).parents[1] / "data"
    real = [*data.glob("oracle/cases/*.h5"), *data.glob("keras2/*.h5"), *data.glob("keras3/*[a-z].h5"), *data.glob("keras3/*.keras")]
    real = [path for path in real if not path.name.endswith(".weights.h5")]
    return [folder / f"{name}.h5" for name in ("stack", "graph", "functions")], sorted(real)


def limit_memory() -> None:
    """Let allocations fail before they hurt the machine, where the system can."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="folder for mutants that end otherwise")
    args = parser.parse_args()

    from kbridge import backend as K
    from kbridge.inspection import as_text, inspect_file
    from kbridge.models import load_model
    from kbridge.saving.errors import ModelFileError

    def inspect_and_print(path: Path) -> None:
        as_text(inspect_file(path, weights=True))

    limit_memory()
    warnings.simplefilter("ignore")
    counts: Counter[str] = Counter()
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        good = sources(Path(folder))
        keep = args.keep or Path(folder)
        keep.mkdir(parents=True, exist_ok=True)
        for number in range(args.count):
            mutant = keep / f"mutant_{args.seed}_{number}.h5"
            chance = random.Random(args.seed * 1_000_003 + number)
            kind = mutate(chance.choice(chance.choice(good)), mutant, chance)
            start = time.process_time()
            outcome = "loaded"
            for look in (inspect_and_print, load_model):
                try:
                    look(mutant)
                except ModelFileError:
                    outcome = "refused"
                except Exception as error:
                    outcome = f"{type(error).__name__}: {error}"
                    break
            seconds = time.process_time() - start
            if outcome not in ("loaded", "refused") or seconds > SECONDS:
                bad += 1
                print(f"{mutant.name} ({kind}): {outcome[:300]}, {seconds:.1f} s", flush=True)
            else:
                mutant.unlink()
            counts[f"{kind} {outcome[:7]}"] += 1
            if number % 200 == 199:
                K.clear_session()
    print(", ".join(f"{name}: {count}" for name, count in sorted(counts.items())))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
