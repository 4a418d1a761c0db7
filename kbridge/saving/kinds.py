"""Tells what a path is by its content and not by its name: a model that can be read, or what it seems to be instead.

``kind_of`` answers; ``refusal`` makes the error for what can't be read, which says what to do. Only the beginning, the end and the
list of a zip's members are looked at, and nothing is unpacked.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterator
from typing import NamedTuple

from .answers import without_model
from .errors import ModelFileError

#: What can be read.
HDF5, KERAS3, JSON, YAML, CHECKPOINT, SAVED_MODEL = "HDF5", "Keras 3", "JSON", "YAML", "checkpoint", "SavedModel"
READABLE = (HDF5, KERAS3, JSON, YAML, CHECKPOINT, SAVED_MODEL)

HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
#: The last eight bytes of the table in which a checkpoint lists its tensors.
TABLE_MAGIC = bytes.fromhex("57fb808b247547db")

#: what JSON may be besides an architecture
SHARDS = "a list of files with weights, NAME_00000.weights.h5 and so on"

_HEAD = 4096
#: Folders below the one with a list of checkpoints.
_MOST_STEPS = 20
#: Bytes at the end of a zip that may hold the record of its end: 22, and a comment.
_ZIP_END = 22 + 65_535
_ZIP_MEMBERS = 10_000

_CONVERT = "Open it where it was made and save the model to an .h5 or .keras file."
_AGAIN = "Download or copy it again, and compare its size with that of the source."
_UNPACK = "Unpack it first, then load what is inside."

#: what a file seems to be -> what it is called in a message, and what to do
_OTHERS: dict[str, tuple[str, str]] = {
    "empty": ("an empty file", _AGAIN),
    "empty folder": ("an empty folder", "Name the model's file, or a folder with a SavedModel or a checkpoint of TensorFlow in it."),
    "folder": (
        "a folder without a model",
        "Name the model's file, or a folder with a SavedModel (saved_model.pb) or a checkpoint (*.index) of TensorFlow in it.",
    ),
    "TensorFlow.js folder": ("a folder of TensorFlow.js (model.json)", "Convert it with TensorFlow.js' own converter to a Keras .h5 file."),
    "several checkpoints": ("a folder with several checkpoints, and no file 'checkpoint' that names one", "Name one of them: FOLDER/NAME.index."),
    "truncated HDF5": ("the beginning of an HDF5 file whose end is missing", _AGAIN),
    "truncated zip": ("the beginning of a zip archive whose end is missing", _AGAIN),
    "Git LFS": ("a pointer of Git LFS, a small text that stands for the file", "Fetch the file itself: git lfs pull, or download it from the web page."),
    "HTML": ("a web page (HTML or XML), as a server sends it instead of the file", "Download the file itself: the link leads to a page about it, or to an error."),
    "PyTorch": (
        "a file of PyTorch, which holds weights and Python objects but no layers of Keras",
        "Load it with PyTorch; its weights can be copied layer by layer with set_weights (kernels have other axes), or the model exported to ONNX.",
    ),
    "pickle": (
        "a Python pickle, which can run any code when it is loaded and is never opened here",
        "Open it, if you trust it, with the program that wrote it, and save the model with model.save(), or its arrays with numpy.savez.",
    ),
    "ONNX": ("an ONNX model", "kbridge writes ONNX but doesn't read it: run it with onnxruntime, or load the Keras file that it was made from."),
    "TFLite": ("a TensorFlow Lite model, whose layers are compiled away", "Load the Keras file that it was made from."),
    "GraphDef": (
        "a graph of TensorFlow (.pb), which has operations but no layers of Keras",
        "Load the Keras file, the SavedModel folder or the checkpoint that it was made from.",
    ),
    "TensorFlow.js": ("the model.json of TensorFlow.js, whose weights lie in other files", "Convert it with TensorFlow.js' own converter to a Keras .h5 file."),
    "safetensors": ("a safetensors file: arrays with names, and no layers", "Build the model, read the arrays with the package safetensors, and set them with set_weights."),
    "npz": ("a file of NumPy's arrays (.npz), without layers", "Build the model, and set them with model.set_weights([arrays[name] for name in ...])."),
    "npy": ("an array of NumPy (.npy), without layers", "Build the model, and set its weights with set_weights."),
    "gzip": ("a file packed with gzip", f"{_UNPACK} (gunzip, or tar xzf for a .tar.gz)."),
    "bzip2": ("a file packed with bzip2", _UNPACK),
    "xz": ("a file packed with xz", _UNPACK),
    "zstd": ("a file packed with zstd", _UNPACK),
    "7z": ("a 7z archive", _UNPACK),
    "rar": ("a RAR archive", _UNPACK),
    "tar": ("a tar archive", f"{_UNPACK} (tar xf)."),
    "zip": ("a zip archive, but none of Keras 3 (it has no config.json)", _UNPACK),
    "empty zip": ("a zip archive without files", _AGAIN),
    "pbtxt": ("a text of TensorFlow (a graph or a list of checkpoints)", "Name the folder of the SavedModel or the checkpoint's .index file."),
    "checkpoint data": ("a part of a checkpoint of TensorFlow: tensors without the list of them", "The file of the same name that ends in .index must lie beside it."),
    "old checkpoint": (
        "a checkpoint of TensorFlow before 1.0 (one file, version 1)",
        "Load it with TensorFlow 1 and save it again; since version 1.0 it writes checkpoints that can be read (NAME.index, NAME.data-...).",
    ),
    "picture": ("a picture", "Name the model's file."),
    "PDF": ("a PDF document", "Name the model's file."),
    "text": ("a text, but neither JSON nor YAML of a model", "Name the model's file; a model that a program defines is built by running that program."),
    "unknown": ("not a file that kbridge knows", f"It may be damaged, or of another program. {_CONVERT}"),
}  # fmt: skip

#: beginnings of files
_MAGIC = (
    (b"\x1f\x8b", "gzip"), (b"BZh", "bzip2"), (b"\xfd7zXZ\0", "xz"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"), (b"\x93NUMPY", "npy"), (b"%PDF-", "PDF"), (b"\x89PNG\r\n\x1a\n", "picture"), (b"\xff\xd8\xff", "picture"),
    (b"GIF8", "picture"), (b"version https://git-lfs", "Git LFS"), (b"PK\x05\x06", "empty zip"),
    # the long number with which files of PyTorch before 1.6 begin, pickled
    (b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", "PyTorch"),
)  # fmt: skip
_OLD_PICKLES = re.compile(rb"(\(dp?\d*\n|\(lp?\d*\n|c(__builtin__|builtins|copy_reg|copyreg|numpy[\w.]*|keras[\w.]*|__main__)\n|\(i)")


class Kind(NamedTuple):
    """The kind of a path.

    Attributes:
        name: one of READABLE, or of what can't be read.
        path: the path itself; of a checkpoint the prefix of its files' names, of a SavedModel its folder.
        detail: more about what can't be read, or nothing.
    """

    name: str
    path: str
    detail: str = ""

    @property
    def readable(self) -> bool:
        """Whether a model or its weights can be read from it."""
        return self.name in READABLE


def kind_of(path: str | os.PathLike) -> Kind:
    """Return the kind of ``path``: a file, a folder, or the prefix that the files of a checkpoint share. FileNotFoundError if there is nothing."""
    path = os.fspath(path)
    if os.path.isdir(path):
        return _of_folder(path)
    if os.path.exists(path) and not os.path.isfile(path):
        raise ModelFileError(f"{path!r} is neither a file nor a folder.")
    if not os.path.exists(path):
        if os.path.isfile(path + ".index"):
            return Kind(CHECKPOINT, path)
        raise FileNotFoundError(f"There is no file {path!r}.")
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        head = file.read(_HEAD)
        return _of_file(path, file, size, head)


def refusal(kind: Kind, wanted: str = "a model file") -> ModelFileError:
    """The error for what isn't ``wanted``: what it is or seems to be, and what to do, as the user who named it needs to hear it."""
    if kind.detail == SHARDS:
        what, advice = "JSON", "Build the model with the same layers, then model.load_weights takes it."
    elif kind.name == JSON and (other := without_model(kind.path)) is not None:
        what, advice = "JSON", other
    elif kind.readable:
        what = {
            HDF5: "an HDF5 file", KERAS3: "a whole model of Keras 3 (.keras)", JSON: "JSON, an architecture without weights",
            YAML: "YAML, an architecture without weights", CHECKPOINT: "a checkpoint of TensorFlow: weights without layers",
            SAVED_MODEL: "a SavedModel folder of TensorFlow",
        }[kind.name]  # fmt: skip
        advice = {
            JSON: "model_from_json builds the model, load_weights gives it its weights.",
            YAML: "model_from_yaml builds the model, load_weights gives it its weights.",
            CHECKPOINT: "Build the model with the same layers, by its program or from its JSON, then model.load_weights takes it.",
        }.get(kind.name, f"Here {wanted} is needed.")
    else:
        what, advice = _OTHERS[kind.name]
    detail = f" ({kind.detail})" if kind.detail else ""
    return ModelFileError(f"{kind.path!r} is {what}{detail}. {advice}")


# ---------------------------------------------------------------------- folders


def _of_folder(path: str) -> Kind:
    members = set()
    with os.scandir(path) as entries:
        for number, entry in enumerate(entries):
            members.add(entry.name)
            if number > 100_000:
                break
    if "saved_model.pb" in members or "keras_metadata.pb" in members or "saved_model.pbtxt" in members:
        return Kind(SAVED_MODEL, path)
    if "checkpoint" in members and (named := _named_in(os.path.join(path, "checkpoint"))):
        return Kind(CHECKPOINT, named)
    prefixes = sorted(name.removesuffix(".index") for name in members if name.endswith(".index"))
    if len(prefixes) == 1:
        return Kind(CHECKPOINT, os.path.join(path, prefixes[0]))
    if prefixes:
        return Kind("several checkpoints", path, ", ".join(prefixes[:5]) + (" ..." if len(prefixes) > 5 else ""))
    if not members:
        return Kind("empty folder", path)
    if "model.json" in members and any(name.endswith(".bin") for name in members):
        return Kind("TensorFlow.js folder", path)
    models = sorted(name for name in members if name.endswith((".h5", ".hdf5", ".keras", ".json", ".yaml")))
    return Kind("folder", path, f"it has {', '.join(models[:5])}" if models else "")


def _named_in(path: str) -> str | None:
    """The prefix of the checkpoint that a file 'checkpoint' names, in its own folder; None if there is none."""
    with open(path, "rb") as file:
        text = file.read(2**20)
    found = re.search(rb'^model_checkpoint_path: "((?:[^"\\]|\\.)*)"', text, re.MULTILINE)
    if not found:
        return None
    name = re.sub(rb"\\([0-7]{3})", lambda m: bytes([int(m[1], 8) & 255]), found[1])
    # the path of the machine that wrote it tells nothing here: the files lie beside the list, or below it
    written = re.sub(rb"\\(.)", rb"\1", name).decode("utf8", "replace")
    folder = os.path.dirname(path)
    steps = [step for step in re.split(r"[/\\]", written) if step not in ("", ".", "..")]
    for first in range(max(len(steps) - _MOST_STEPS, 0), len(steps)):
        prefix = os.path.join(folder, *steps[first:])
        if os.path.isfile(prefix + ".index"):
            return prefix
    return None


# ---------------------------------------------------------------------- files


def _of_file(path: str, file, size: int, head: bytes) -> Kind:
    if not size:
        return Kind("empty", path)
    for number, (data, detail) in enumerate(_signatures(file, size, head)):
        if data == HDF5_SIGNATURE:
            return Kind("truncated HDF5" if detail else HDF5, path, detail)
        if number > 40:
            break
    if head.startswith(b"PK\x03\x04"):
        return _of_zip(path, file, size)
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return Kind(name, path)
    if head[4:8] == b"TFL3":
        return Kind("TFLite", path)
    if head[257:262] == b"ustar":
        return Kind("tar", path)
    if _is_safetensors(head, size):
        return Kind("safetensors", path)
    if size >= 48 and (_tail(file, size, 8) == TABLE_MAGIC or path.endswith(".index")):
        if path.endswith(".index"):
            return Kind(CHECKPOINT, path.removesuffix(".index"))
        return Kind("old checkpoint", path)
    if found := re.search(r"\.data-\d{5}-of-\d{5}$", path):
        prefix = path[: found.start()]
        return Kind(CHECKPOINT, prefix) if os.path.isfile(prefix + ".index") else Kind("checkpoint data", path)
    if re.match(rb"\x80[\x02-\x05]", head):
        return Kind("pickle", path, "perhaps of PyTorch" if b"torch" in head else "")
    if os.path.basename(path) in ("saved_model.pb", "keras_metadata.pb") and head[:1] in (b"\x08", b"\x0a"):
        return Kind(SAVED_MODEL, os.path.dirname(path) or ".")
    return _of_text(path, file, size, head) or _of_protobuf(path, head) or Kind("unknown", path)


def _tail(file, size: int, count: int) -> bytes:
    file.seek(max(size - count, 0))
    return file.read(count)


def _signatures(file, size: int, head: bytes) -> Iterator[tuple[bytes, str]]:
    """Return the bytes where HDF5's signature may stand, and, if they are that, what is wrong with the file's length.

    It stands at 0, 512, 1024, 2048 ...: a block of the user's own may precede it. In a zip an HDF5 file may lie there by chance.
    """
    offset = 0
    while offset < size:
        file.seek(offset)
        block = file.read(64)
        if block.startswith(HDF5_SIGNATURE):
            yield HDF5_SIGNATURE, _missing_end(block, size)
            return
        if head.startswith(b"PK"):
            return
        yield block[:8], ""
        offset = offset * 2 or 512


def _missing_end(block: bytes, size: int) -> str:
    """Return the end of the file that the superblock tells, if the file is shorter."""
    at = {0: 40, 1: 44, 2: 28, 3: 28}.get(block[8] if len(block) > 8 else -1)
    if at is None or len(block) < at + 8:
        return f"it has only {size} bytes" if len(block) < 48 else ""
    declared = int.from_bytes(block[at : at + 8], "little")
    # an address that isn't known is all ones; a huge one is damage of another kind, which reading names
    return f"it should have {declared:,} bytes and has {size:,}" if size < declared < 2**50 else ""


def _of_zip(path: str, file, size: int) -> Kind:
    names = zip_names(file, size)
    if names is None:
        return Kind("truncated zip", path, f"it has {size:,} bytes")
    if "config.json" in names:
        return Kind(KERAS3, path)
    last = {name.rsplit("/", 1)[-1] for name in names}
    if "data.pkl" in last:
        return Kind("PyTorch", path)
    if names and all(name.endswith(".npy") for name in names):
        return Kind("npz", path)
    inside = next(
        (n for n in names if n.rsplit("/", 1)[-1] in ("saved_model.pb", "model.weights.h5") or n.endswith((".h5", ".keras", ".index"))),
        None,
    )
    return Kind("zip", path, f"it has {inside[:80]!r}" if inside else "")


def zip_names(file, size: int) -> list[str] | None:
    """The names in a zip's list of members, at most some thousands of them; None if the list is missing, as in a part of a file."""
    tail = _tail(file, size, _ZIP_END)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < 22:
        return None
    count, length, start = struct.unpack("<HII", tail[at + 10 : at + 20])
    if start == 0xFFFFFFFF or count == 0xFFFF:
        locator = tail.rfind(b"PK\x06\x06", 0, at)
        if locator < 0 or at - locator < 56:
            return None
        count, length, start = struct.unpack("<QQQ", tail[locator + 32 : locator + 56])
    if start + length > size or length > 2**26:
        return None
    file.seek(start)
    listed = file.read(length)
    names: list[str] = []
    position = 0
    while position + 46 <= len(listed) and listed[position : position + 4] == b"PK\x01\x02" and len(names) < _ZIP_MEMBERS:
        name, extra, comment = struct.unpack("<HHH", listed[position + 28 : position + 34])
        names.append(listed[position + 46 : position + 46 + name].decode("utf8", "replace"))
        position += 46 + name + extra + comment
    return names


def _is_safetensors(head: bytes, size: int) -> bool:
    length = int.from_bytes(head[:8], "little")
    return 2 <= length <= size - 8 and head[8:10] in (b'{"', b"{}")


# ---------------------------------------------------------------------- texts and protocol buffers


def _of_text(path: str, file, size: int, head: bytes) -> Kind | None:
    """The kind of a text; None for what isn't one."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if head.startswith(mark):
            text = head[len(mark) :].decode(encoding, "ignore")
            break
    else:
        if b"\0" in head:
            return None
        text = head.decode("utf8", "ignore")
        if len(text.encode()) < len(head) - 3 or any(ord(c) < 32 and c not in "\t\n\r\f" for c in text):
            return None
    text = text.lstrip()
    lower = text[:2000].lower()
    if _OLD_PICKLES.match(head):
        return Kind("pickle", path)
    if lower.startswith(("<!doctype", "<html", "<?xml", "<head", "<body", "<!--", "<script", "<svg")):
        return Kind("HTML", path)
    if text.startswith("model_checkpoint_path:"):
        named = _named_in(path)
        return Kind(CHECKPOINT, named) if named else Kind("pbtxt", path, "the checkpoint that it names is not beside it")
    if re.match(r"(node|saved_model_schema_version|versions|library|meta_graphs)\s*[:{]", text):
        return Kind("pbtxt", path)
    if text.startswith(("{", "[", '"')):
        return _of_json(path, file, size, text)
    if re.match(r"(---|%YAML|#|!!|[\w'\"]+\s*:(\s|$)|-\s)", text) and re.search(
        r"\b(class_name|layers|config)['\"]?\s*:", _start(file, size, text)
    ):
        return Kind(YAML, path)
    return Kind("text", path)


def _start(file, size: int, text: str) -> str:
    """The first megabyte of a text, of which ``text`` is known."""
    if size <= _HEAD:
        return text
    file.seek(0)
    return file.read(2**20).decode("utf8", "ignore")


def _of_json(path: str, file, size: int, text: str) -> Kind:
    whole = _start(file, size, text)
    if re.search(r'"(modelTopology|weightsManifest)"\s*:', whole):
        return Kind("TensorFlow.js", path)
    # YAML in flow style begins alike, without quotes round its keys
    if re.search(r'"weight_map"\s*:', whole):
        return Kind(JSON, path, SHARDS)
    flow = re.match(r"[{\[]\s*(\w+\s*:\s|\{\s*\w+\s*:\s|!!)", text)
    return Kind(YAML if flow else JSON, path)


def _of_protobuf(path: str, head: bytes) -> Kind | None:
    """A graph of TensorFlow, or an ONNX model, by their first fields."""
    # ir_version, then the producer's name or version, the graph or the operator sets
    if re.match(rb"\x08[\x01-\x20](\x12[\x00-\x7f][\w.\- +]*|\x1a|\x22|\x2a|\x32|\x3a|\x42)", head):
        return Kind("ONNX", path)
    # node { name, op }, the first one's name, or an operation of that kind right behind it
    found = re.match(rb"\x0a[\x00-\xff](?:[\x01-\x7f])?\x0a([\x01-\x7f])", head, re.DOTALL)
    if found:
        end = found.end() + found[1][0]
        if head[end : end + 1] == b"\x12" and re.fullmatch(rb"[\w./\-]+", head[found.end() : end]):
            return Kind("GraphDef", path)
    return None
