"""Whatever stands in a zip that looks like Keras 3's, loading and inspecting it ends in a ModelFileError, in bounded memory."""

from __future__ import annotations

import io
import json
import struct
import warnings
import zipfile
from pathlib import Path

import h5py
import pytest

from kbridge.inspection import inspect_file
from kbridge.models import load_model
from kbridge.saving.errors import ModelFileError

DATA = Path(__file__).parents[1] / "data" / "keras3"
NAMES = ("metadata.json", "config.json", "model.weights.h5")


@pytest.fixture
def members() -> dict[str, bytes]:
    with zipfile.ZipFile(DATA / "stacks.keras") as archive:
        return {name: archive.read(name) for name in NAMES}


def written(path: Path, members, method: int = zipfile.ZIP_STORED) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that are there twice
        with zipfile.ZipFile(path, "w", method) as archive:
            for name, content in members.items() if isinstance(members, dict) else members:
                archive.writestr(name, content)
    return path


def refused(path: Path, match: str) -> None:
    for read in (load_model, inspect_file):
        with pytest.raises(ModelFileError, match=match):
            read(path)


def patched(path: Path, name: str, at: int, value: bytes, local: bool) -> None:
    """Change a field of a member's record: in its own place, or in the archive's list."""
    raw = bytearray(path.read_bytes())
    signature, start = (b"PK\x03\x04", 30) if local else (b"PK\x01\x02", 46)
    position = 0
    while True:
        position = raw.index(signature, position)
        if raw[position + start :].startswith(name.encode()):
            break
        position += 4
    raw[position + at : position + at + len(value)] = value
    path.write_bytes(raw)


def test_compressed_archives_are_read(members, tmp_path):
    path = written(tmp_path / "m.keras", members, zipfile.ZIP_DEFLATED)
    for ours, theirs in zip(load_model(path, compile=False).get_weights(), load_model(DATA / "stacks.keras", compile=False).get_weights()):
        assert (ours == theirs).all()


def test_a_signature_of_hdf5_inside_changes_nothing(members, tmp_path):
    """At a multiple of 512 bytes, where an HDF5 file may begin, lies what looks like one."""
    padding = b" " * (512 - 30 - len("a.txt")) + b"\x89HDF\r\n\x1a\n" + members["model.weights.h5"][8:]
    path = written(tmp_path / "m.keras", {"a.txt": padding, **members})
    assert path.read_bytes()[512:520] == b"\x89HDF\r\n\x1a\n"
    assert load_model(path, compile=False).count_params() > 0


@pytest.mark.parametrize("name", ["../model.weights.h5", "/etc/passwd", "a/../../b", "C:\\x", "..\\x"])
def test_names_that_lead_out_of_the_archive_are_refused(name, members, tmp_path):
    refused(written(tmp_path / "m.keras", {**members, name: b"x"}), "leads out of the archive")


def test_members_that_are_there_twice_are_refused(members, tmp_path):
    refused(written(tmp_path / "m.keras", [*members.items(), ("config.json", b"{}")]), "two members with the name")


@pytest.mark.parametrize("name", NAMES)
def test_encrypted_members_are_refused(name, members, tmp_path):
    path = written(tmp_path / "m.keras", members)
    patched(path, name, 8, b"\x01\x00", local=False)
    refused(path, "encrypted")


@pytest.mark.parametrize(
    "at, local, value",
    [(24, False, 2**31), (20, False, 2**31), (24, False, 5), (22, True, 7), (18, True, 9), (42, False, 5), (42, False, 2**30)],
)
def test_sizes_and_places_that_lie_are_refused(at, local, value, members, tmp_path):
    path = written(tmp_path / "m.keras", members)
    patched(path, "model.weights.h5", at, struct.pack("<I", value), local)
    refused(path, "m.keras")


def test_bombs_are_refused_before_they_are_unpacked(members, tmp_path):
    path = written(tmp_path / "m.keras", {**members, "model.weights.h5": bytes(2**28)}, zipfile.ZIP_DEFLATED)
    refused(path, "don't compress so well")


def test_a_config_that_is_too_large_is_refused(members, tmp_path):
    path = written(tmp_path / "m.keras", {**members, "config.json": b"[" + b" " * 2**27 + b"]"}, zipfile.ZIP_DEFLATED)
    refused(path, "don't compress so well|limit")


@pytest.mark.parametrize("cut", [100, 3000, 20000])
def test_truncated_archives_are_refused(cut, tmp_path):
    (tmp_path / "m.keras").write_bytes((DATA / "stacks.keras").read_bytes()[:-cut])
    refused(tmp_path / "m.keras", "m.keras")


def test_an_archive_in_an_archive_is_refused(members, tmp_path):
    refused(written(tmp_path / "m.keras", {**members, "model.weights.h5": (DATA / "stacks.keras").read_bytes()}), "m.keras")


@pytest.mark.parametrize("missing", ["config.json", "model.weights.h5"])
def test_missing_members_are_named(missing, members, tmp_path):
    del members[missing]
    refused(written(tmp_path / "m.keras", members), missing)


@pytest.mark.parametrize(
    "change",
    [
        lambda config: config.update(config=[]),
        lambda config: config["config"].update(layers={}),
        lambda config: config["config"]["layers"].append(None),
        lambda config: config["config"]["layers"][1].update(config=None),
        lambda config: config["config"]["layers"][1].update(class_name=3),
        lambda config: config["config"]["layers"][1].update(module="os", class_name="system"),
        lambda config: config["config"]["layers"][2]["config"].update(units=10**9),
        lambda config: config["config"]["layers"][2]["config"].update(units="eval"),
        lambda config: config["config"]["layers"][2]["config"].update(activation={"class_name": "__lambda__", "config": {"code": "x"}}),
        lambda config: config["config"]["layers"][2]["config"].update(dtype={"class_name": "DTypePolicy", "config": {"name": "float99"}}),
        lambda config: config["config"]["layers"].pop(),
    ],
)
def test_configs_that_make_no_sense_are_refused(change, members, tmp_path):
    config = json.loads(members["config.json"])
    change(config)
    path = written(tmp_path / "m.keras", {**members, "config.json": json.dumps(config).encode()})
    with pytest.raises(ModelFileError):
        load_model(path)
    inspect_file(path)  # tells of it, and no more


def test_weights_that_lie_elsewhere_are_refused(members, tmp_path):
    import h5py

    (tmp_path / "w.h5").write_bytes(members["model.weights.h5"])
    for link in (h5py.SoftLink("/layers/dense_1"), h5py.ExternalLink("other.h5", "/layers")):
        with h5py.File(tmp_path / "w.h5", "r+") as h5:
            del h5["layers/dense"]
            h5["layers/dense"] = link
        path = written(tmp_path / "m.keras", {**members, "model.weights.h5": (tmp_path / "w.h5").read_bytes()})
        with pytest.raises(ModelFileError, match="links"):
            load_model(path)


@pytest.mark.parametrize("inside", [True, False], ids=["in itself", "twice on each level"])
def test_groups_at_several_places_are_refused_at_once(members, inside, tmp_path):
    """Walking through a group that is a member of itself would never end, and through 40 levels of pairs hardly."""
    stored = io.BytesIO()
    with h5py.File(stored, "w") as h5:
        last = h5.create_group("layers/sequential/layers/dense")
        if inside:
            last["cell"] = h5["layers"]
        for _ in range(0 if inside else 40):
            last = last.create_group("a")
            last.parent["b"] = last
    path = written(tmp_path / "m.keras", {**members, "model.weights.h5": stored.getvalue()})
    refused(path, "each group of a model file must have one place")
    (tmp_path / "m.weights.h5").write_bytes(stored.getvalue())
    model = load_model(DATA / "stacks.keras", compile=False)
    with pytest.raises(ModelFileError, match="is the same group as"):
        model.load_weights(tmp_path / "m.weights.h5")
