"""Load and inspect mutants of checkpoints, SavedModel folders, .keras archives, JSON and YAML: each must load, or be refused with
ModelFileError, in bounded time and memory.

    python tests/saving/fuzz_formats.py [--count N] [--seed S] [--keep FOLDER] [--only checkpoint,table,...]

Tables and tensors carry checksums, behind which changed bytes would never be seen; so most mutants get new checksums.
Exit status 1 and a line for each that ends in anything else.
"""

from __future__ import annotations

import argparse
import copy
import io
import json
import random
import shutil
import struct
import sys
import tempfile
import time
import warnings
import zipfile
from collections import Counter
from pathlib import Path

from fuzz import _dumped, _places, bits, doubled, limit_memory, truncated

DATA = Path(__file__).parents[1] / "data"
SECONDS = 5.0
NUMBERS = (0, 1, 2, 3, 7, 127, 128, 255, 2**31 - 1, 2**31, 2**32, 2**53, 2**63 - 1, 2**63, 2**64 - 1)


# ---------------------------------------------------------------------- writing what is read


def varint(value: int) -> bytes:
    """A number in seven bits a byte."""
    data = bytearray()
    while value > 127:
        data.append(value & 127 | 128)
        value >>= 7
    return bytes([*data, value])


def table(entries: list[tuple[bytes, bytes]], chance: random.Random | None = None) -> bytes:
    """A table of LevelDB with one block, now and then with a wrong length in it."""
    from kbridge.saving.checkpoint.checksum import masked_crc
    from kbridge.saving.kinds import TABLE_MAGIC

    def block(pairs):
        data = bytearray()
        for key, value in pairs:
            lengths = [0, len(key), len(value)]
            if chance is not None and chance.random() < 0.01:
                lengths[chance.randrange(3)] = chance.choice(NUMBERS)
            data += b"".join(map(varint, lengths)) + key + value
        restarts = 1 if chance is None or chance.random() < 0.98 else chance.choice(NUMBERS) % 2**32
        data += struct.pack("<II", 0, restarts) + b"\0"
        return bytes(data) + struct.pack("<I", masked_crc(bytes(data)))

    first = block(entries)
    second = block([(b"~", varint(0) + varint(len(first) - 5))])
    footer = varint(0) + varint(0) + varint(len(first)) + varint(len(second) - 5)
    return first + second + footer.ljust(40, b"\0") + TABLE_MAGIC


def mutated_message(data: bytes, chance: random.Random, depth: int = 0) -> bytes:
    """A protocol buffer with a field changed, left out, doubled or moved; of one that is none, some bits."""
    from kbridge.saving.checkpoint import wire

    try:
        fields = [(n, k, v if isinstance(v, int) else bytes(v)) for n, k, v in wire.fields(data)]
    except ValueError:
        fields = []
    if not fields:
        return bits(data, chance) if data and chance.random() < 0.7 else bytes(chance.randrange(256) for _ in range(chance.randrange(9)))
    place = chance.randrange(len(fields))
    number, kind, value = fields[place]
    action = chance.randrange(8)
    if action == 0:
        del fields[place]
    elif action == 1:
        fields.insert(chance.randrange(len(fields)), fields[place])
    elif action == 2:
        fields[place] = (chance.choice([1, 2, 3, 4, 5, 6, 7, 8, 15, 2**28]), kind, value)
    elif kind == wire.BYTES and depth < 6:
        fields[place] = (number, kind, mutated_message(value, chance, depth + 1))
    else:
        fields[place] = (
            (number, wire.VARINT, chance.choice(NUMBERS)) if kind != wire.FIXED32 else (number, kind, chance.choice(NUMBERS) % 2**32)
        )
    return b"".join(map(_field, fields))


def _field(field) -> bytes:
    number, kind, value = field
    head = varint(number << 3 | kind)
    if kind == 2:
        return head + varint(len(value)) + value
    return head + (varint(value) if kind == 0 else value.to_bytes(8 if kind == 1 else 4, "little"))


# ---------------------------------------------------------------------- mutants


def in_table(folder: Path, prefix: str, chance: random.Random) -> None:
    """Records of the list of tensors changed, left out or exchanged, under right checksums."""
    from kbridge.saving.checkpoint.table import entries

    path = folder / f"{prefix}.index"
    found = [(key, bytes(value)) for key, value in entries(memoryview(path.read_bytes()))]
    for _ in range(chance.choice([1, 1, 2, 4])):
        place, other = chance.randrange(len(found)), chance.randrange(len(found))
        key, value = found[place]
        action = chance.randrange(6)
        if action == 0 and len(found) > 1:
            del found[place]
        elif action == 1:
            found[place] = (key, found[other][1])
        elif action == 2:
            found[place] = (bits(key, chance) if key else key, value)
        else:
            found[place] = (key, mutated_message(value, chance))
    if chance.random() < 0.9:
        found.sort()
    path.write_bytes(table(found, chance))


def in_objects(folder: Path, prefix: str, chance: random.Random) -> None:
    """The graph of objects changed: other children, names, keys and slots."""
    from kbridge.saving.checkpoint.bundle import OBJECT_GRAPH, open_bundle
    from kbridge.saving.checkpoint.table import entries

    with open_bundle(str(folder / prefix)) as bundle:
        if OBJECT_GRAPH not in bundle:
            return in_table(folder, prefix, chance)
        graph, entry = bundle.text(OBJECT_GRAPH), bundle._entries[OBJECT_GRAPH]
        count = bundle._count
    for _ in range(chance.choice([1, 2, 5])):
        graph = mutated_message(graph, chance)
    data_path = folder / f"{prefix}.data-{entry.shard:05d}-of-{count:05d}"
    data = data_path.read_bytes()
    stored = varint(len(graph)) + b"\0\0\0\0" + graph
    record = varint(1 << 3) + varint(7) + varint(2 << 3 | 2) + varint(0)
    record += varint(3 << 3) + varint(entry.shard) + varint(4 << 3) + varint(len(data)) + varint(5 << 3) + varint(len(stored))
    data_path.write_bytes(data + stored)
    path = folder / f"{prefix}.index"
    found = [(key, record if key == OBJECT_GRAPH.encode() else bytes(value)) for key, value in entries(memoryview(path.read_bytes()))]
    path.write_bytes(table(found))


def in_bytes(path: Path, chance: random.Random) -> None:
    """Bits, pieces or the end of a file changed."""
    kind = chance.choice([bits, bits, truncated, doubled])
    path.write_bytes(kind(path.read_bytes(), chance))


def in_metadata(folder: Path, chance: random.Random) -> None:
    """The records of a SavedModel changed: as messages, or a value of a config."""
    path = next(p for name in ("keras_metadata.pb", "saved_model.pb") if (p := folder / name).exists())
    raw = path.read_bytes()
    if path.name == "keras_metadata.pb" and chance.random() < 0.6:
        start, end = raw.index(b"{"), raw.index(b"}2")
        config = json.loads(raw[start : end + 1])
        # the texts in front have lengths of their own, so that a longer or shorter one is a damaged record as well
        text = changed_json(config, chance).encode()
        record = (
            varint(3 << 3 | 2)
            + varint(4)
            + b"root"
            + varint(4 << 3 | 2)
            + varint(20)
            + b"_tf_keras_sequential"
            + varint(5 << 3 | 2)
            + varint(len(text))
            + text
        )
        path.write_bytes(varint(1 << 3 | 2) + varint(len(record)) + record)
    else:
        path.write_bytes(mutated_message(raw, chance))


def changed_json(config, chance: random.Random) -> str:
    """A config as JSON with some values replaced by others."""
    for _ in range(chance.choice([1, 1, 2])):
        places = [*_places(config)]
        if not places:
            break
        holder, key = chance.choice(places)
        other, other_key = chance.choice(places)
        holder[key] = chance.choice([None, -1, 0, 1, 2**40, 0.5, "", "eval", [], {}, [[]], True, copy.deepcopy(other[other_key])])
    return _dumped(config)


def in_archive(path: Path, chance: random.Random) -> None:
    """Members of a zip changed, left out, twice, or with lying sizes."""
    with zipfile.ZipFile(path) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    place = chance.randrange(len(members))
    name, data = members[place]
    action = chance.randrange(7)
    if action == 0:
        del members[place]
    elif action == 1:
        members.append(members[place])
    elif action == 2:
        members[place] = (chance.choice(["../x", "/etc/x", "a/../b", name + "/", ""]) or "x", data)
    elif name.endswith(".json") and action < 6:
        members[place] = (name, changed_json(json.loads(data), chance).encode())
    else:
        members[place] = (name, bits(data, chance) if data else data)
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with zipfile.ZipFile(stream, "w", chance.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])) as archive:
            for member, content in members:
                archive.writestr(member, content)
    raw = bytearray(stream.getvalue())
    if chance.random() < 0.2 and (found := raw.find(b"PK\x01\x02")) >= 0:
        struct.pack_into("<I", raw, found + chance.choice([20, 24, 42]), chance.choice(NUMBERS) % 2**32)
    path.write_bytes(raw)


# ---------------------------------------------------------------------- sources and looks


class Formats:
    """Good files of each format, and how a mutant of one is made and looked at."""

    def __init__(self, folder: Path):
        from kbridge.layers import Dense
        from kbridge.models import Sequential, model_from_json

        self.folder = folder
        self.checkpoints = [
            DATA / "checkpoints" / "keras2" / name for name in ("training_adam", "training_rmsprop_legacy", "wrappers", "nested_models")
        ]
        self.models = {}
        for path in self.checkpoints:
            model = model_from_json((path / "model.json").read_text())
            model.compile("adam", "mse")
            self.models[path] = model
        self.pieces = DATA / "checkpoints" / "tensors"
        self.saved = [DATA / "checkpoints" / "keras2" / name / "saved_model" for name in ("training_adam", "dense_layers")]
        self.json = [p / "model.json" for p in self.checkpoints]
        stack = Sequential([Dense(3, input_shape=(4,), W_regularizer="l2"), Dense(2)])
        self.yaml = [folder / "good.yaml", *sorted(DATA.glob("old/*/perceptron.yaml"))]
        self.yaml[0].write_text(stack.to_yaml())
        self.archives = sorted(DATA.glob("keras3/*.keras"))[:12] or sorted(DATA.glob("**/*.keras"))[:12]

    def checkpoint(self, target: Path, chance: random.Random):
        """A mutant of a checkpoint, loaded into its model."""
        source = chance.choice(self.checkpoints)
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("saved_model"))
        kind = chance.choice([in_table, in_table, in_objects, in_objects, in_bytes])
        if kind is in_bytes:
            in_bytes(chance.choice(sorted(target.glob("weights.*"))), chance)
        else:
            kind(target, "weights", chance)
        return kind.__name__, lambda: self.models[source].load_weights(target / "weights"), target

    def pieced(self, target: Path, chance: random.Random):
        """A mutant of a checkpoint with tensors of all types and in pieces, all read."""
        from kbridge.saving.checkpoint.bundle import open_bundle

        shutil.copytree(self.pieces, target)
        in_table(target, "tensors", chance)

        def look():
            with open_bundle(str(target / "tensors")) as bundle:
                for name in bundle.names:
                    if bundle.is_weight(name):
                        bundle.tensor(name).read()

        return "in_table", look, target / "tensors"

    def saved_model(self, target: Path, chance: random.Random):
        """A mutant of a SavedModel folder."""
        from kbridge.models import load_model

        shutil.copytree(chance.choice(self.saved), target)
        kind = chance.choice(["in_metadata", "in_metadata", "in_objects", "in_bytes"])
        if kind == "in_metadata":
            in_metadata(target, chance)
        elif kind == "in_objects":
            in_objects(target / "variables", "variables", chance)
        else:
            in_bytes(chance.choice(sorted(p for p in target.rglob("*") if p.is_file())), chance)
        return kind, lambda: load_model(target), target

    def text(self, target: Path, chance: random.Random):
        """A mutant of an architecture in JSON or YAML."""
        from kbridge.models import model_from_json, model_from_yaml

        source = chance.choice([*self.json, *self.yaml])
        read, path = (
            (model_from_json, target.with_suffix(".json")) if source.suffix == ".json" else (model_from_yaml, target.with_suffix(".yaml"))
        )
        if source.suffix == ".json" and chance.random() < 0.7:
            path.write_text(changed_json(json.loads(source.read_text()), chance))
            kind = "in_config"
        else:
            path.write_bytes(source.read_bytes())
            in_bytes(path, chance)
            kind = "in_bytes"
        return kind, lambda: read(path.read_bytes()), path

    def archive(self, target: Path, chance: random.Random):
        """A mutant of a .keras archive."""
        from kbridge.models import load_model

        path = target.with_suffix(".keras")
        path.write_bytes(chance.choice(self.archives).read_bytes())
        kind = chance.choice([in_archive, in_archive, in_bytes])
        kind(path, chance)
        return kind.__name__, lambda: load_model(path), path


#: format -> how often
SHARES = {"checkpoint": 8, "pieced": 3, "saved_model": 2, "text": 2, "archive": 2}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="folder for mutants that end otherwise")
    parser.add_argument("--only", help="formats, separated by commas")
    args = parser.parse_args()

    from kbridge import backend as K
    from kbridge.inspection import as_text, inspect_file
    from kbridge.saving.errors import ModelFileError

    limit_memory()
    warnings.simplefilter("ignore")
    counts: Counter[str] = Counter()
    bad = 0
    names = args.only.split(",") if args.only else list(SHARES)
    with tempfile.TemporaryDirectory() as folder:
        formats = Formats(Path(folder))
        keep = args.keep or Path(folder)
        keep.mkdir(parents=True, exist_ok=True)
        names = [name for name in names if name != "archive" or formats.archives]
        for number in range(args.count):
            chance = random.Random(args.seed * 1_000_003 + number)
            format_name = chance.choices(names, [SHARES[name] for name in names])[0]
            target = keep / f"mutant_{args.seed}_{number}"
            kind, look, path = getattr(formats, format_name)(target, chance)
            start = time.process_time()
            outcome = "loaded"
            for step in (look, lambda path=path: as_text(inspect_file(path, weights=True))):
                try:
                    step()
                except (ModelFileError, FileNotFoundError):
                    outcome = "refused" if step is look else outcome
                except Exception as error:
                    outcome = f"{type(error).__name__}: {error}"
                    break
            seconds = time.process_time() - start
            if outcome not in ("loaded", "refused") or seconds > SECONDS:
                bad += 1
                print(f"{target.name} ({format_name}, {kind}): {outcome[:300]}, {seconds:.1f} s", flush=True)
            else:
                for left in keep.glob(f"{target.name}*"):
                    shutil.rmtree(left) if left.is_dir() else left.unlink()
            counts[f"{format_name} {kind} {outcome[:7]}"] += 1
            if number % 500 == 499:
                print(f"... {number + 1} mutants, {bad} bad", file=sys.stderr, flush=True)
            if number % 200 == 199:
                K.clear_session()
    print(", ".join(f"{name}: {count}" for name, count in sorted(counts.items())))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
