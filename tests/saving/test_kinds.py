"""What a path is, is told by its content; what can't be read gets an error that says what it seems to be and what to do."""

import gzip
import io
import json
import pickle
import shutil
import struct
import zipfile

import h5py
import numpy as np
import pytest

from kbridge.models import load_model
from kbridge.saving.errors import ModelFileError
from kbridge.saving.kinds import _OTHERS, CHECKPOINT, HDF5, JSON, KERAS3, SAVED_MODEL, TABLE_MAGIC, YAML, kind_of, refusal


def zipped(**members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "/").replace("_DOT_", "."), data)
    return stream.getvalue()


def with_long_counts(data):
    """A zip with the second list of sizes that archives of more than 4 GB have (zip64)."""
    at = data.rindex(b"PK\5\6")
    count, size, start = struct.unpack("<HII", data[at + 10 : at + 20])
    long = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, start)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, at, 1)
    return data[:at] + long + locator + struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)


def hdf5(libver="earliest", block=0):
    stream = io.BytesIO()
    with h5py.File(stream, "w", libver=libver, userblock_size=block) as h5:
        h5["x"] = np.arange(1000.0)
    return stream.getvalue()


def arrays(save, *args, **kwargs):
    stream = io.BytesIO()
    save(stream, *args, **kwargs)
    return stream.getvalue()


def torch_of_old():
    return pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2)


FILES = {
    "hdf5": (hdf5(), HDF5),
    "hdf5 of the latest format": (hdf5("latest"), HDF5),
    "hdf5 behind a block of the user's": (hdf5(block=1024), HDF5),
    "keras 3": (zipped(metadata_DOT_json="{}", config_DOT_json="{}", model_DOT_weights_DOT_h5="x"), KERAS3),
    "keras 3 in a large zip": (
        with_long_counts(zipped(metadata_DOT_json="{}", config_DOT_json="{}", model_DOT_weights_DOT_h5="x")),
        KERAS3,
    ),
    "a zip with an HDF5 signature at 512": (zipped(config_DOT_json=b" " * (512 - 41) + b"\x89HDF\r\n\x1a\n" + b" " * 99), KERAS3),
    "json": (b'\n {"class_name": "Sequential", "config": []}', JSON),
    "json that was encoded twice": (json.dumps(json.dumps({"class_name": "Model"})).encode(), JSON),
    "json in UTF-16": ('\ufeff{"class_name": "Model"}'.encode("utf-16-le"), JSON),
    "yaml": (b"class_name: Sequential\nconfig:\n- class_name: Dense\n", YAML),
    "yaml in flow style": (b"{class_name: Sequential, config: []}", YAML),
    "nothing": (b"", "empty"),
    "half of hdf5": (hdf5()[:5000], "truncated HDF5"),
    "half of hdf5 of the latest format": (hdf5("latest")[:3000], "truncated HDF5"),
    "a few bytes of hdf5": (hdf5()[:20], "truncated HDF5"),
    "half of a zip": (zipped(config_DOT_json="x" * 500)[:300], "truncated zip"),
    "git lfs": (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n", "Git LFS"),
    "html": (b"\n<!DOCTYPE html>\n<html><body>Not found</body></html>", "HTML"),
    "xml": (b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "HTML"),
    "pytorch": (zipped(archive__data_DOT_pkl="x", archive__version="3"), "PyTorch"),
    "pytorch before 1.6": (torch_of_old(), "PyTorch"),
    "a pickle": (pickle.dumps({"a": 1}), "pickle"),
    "a pickle of protocol 0": (pickle.dumps({"a": 1}, 0), "pickle"),
    "onnx": (b"\x08\x08\x12\x07pytorch\x1a\x052.0.0\x3a\x10", "ONNX"),
    "onnx without a producer": (b"\x08\x07\x3a\x10\x0a\x00", "ONNX"),
    "tflite": (b"\x1c\0\0\0TFL3" + b"\0" * 20, "TFLite"),
    "frozen graph": (b"\x0a\x2c\x0a\x07input_1\x12\x0bPlaceholder\x2a\x10\x0a\x05shape", "GraphDef"),
    "tensorflow.js": (b'{"format": "layers-model", "modelTopology": {"class_name": "Sequential"}}', "TensorFlow.js"),
    "safetensors": (len(b'{"a":{}}').to_bytes(8, "little") + b'{"a":{}}' + b"\0" * 8, "safetensors"),
    "npz": (arrays(np.savez, a=np.zeros(3)), "npz"),
    "npy": (arrays(np.save, np.zeros(3)), "npy"),
    "gzip": (gzip.compress(hdf5()), "gzip"),
    "bzip2": (b"BZh91AY&SY", "bzip2"),
    "xz": (b"\xfd7zXZ\0\0\4", "xz"),
    "zstd": (b"\x28\xb5\x2f\xfd\0", "zstd"),
    "7z": (b"7z\xbc\xaf\x27\x1c\0\4", "7z"),
    "rar": (b"Rar!\x1a\x07\x01\x00", "rar"),
    "tar": (b"model.h5".ljust(257, b"\0") + b"ustar\x0000" + b"\0" * 300, "tar"),
    "another zip": (zipped(notes_DOT_txt="x", model_DOT_h5="x"), "zip"),
    "a zip of nothing": (zipped(), "empty zip"),
    "a text of TensorFlow": (b'node {\n  name: "x"\n}\n', "pbtxt"),
    "one table": (b"\0" * 80 + TABLE_MAGIC, "old checkpoint"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0", "picture"),
    "pdf": (b"%PDF-1.5\n", "PDF"),
    "prose": (b"How to train\nyour model\n", "text"),
    "noise": (bytes(range(200, 256)) * 3, "unknown"),
}


@pytest.mark.parametrize("case", FILES)
@pytest.mark.parametrize("name", ["model.h5", "model.json"])
def test_a_file_is_told_by_its_content(case, name, tmp_path):
    data, expected = FILES[case]
    (tmp_path / name).write_bytes(data)
    found = kind_of(tmp_path / name)
    assert found.name == expected
    assert found.path == str(tmp_path / name)


def test_every_kind_that_is_refused_has_a_case_and_advice():
    of_folders = {"empty folder", "folder", "TensorFlow.js folder", "several checkpoints", "checkpoint data"}
    assert set(_OTHERS) == {kind for _, kind in FILES.values()} - {HDF5, KERAS3, JSON, YAML} | of_folders
    assert all(what and advice.endswith(".") for what, advice in _OTHERS.values())


@pytest.mark.parametrize(
    "case, what, advice",
    [
        ("git lfs", "pointer of Git LFS", "git lfs pull"),
        ("html", "web page", "Download the file itself"),
        ("half of hdf5", r"it should have .* bytes and has 5,000", "Download or copy it again"),
        ("pytorch", "PyTorch", "set_weights"),
        ("another zip", "it has 'model.h5'", "Unpack it first"),
        ("tensorflow.js", "TensorFlow.js", "converter"),
    ],
)
def test_the_error_says_what_it_seems_to_be_and_what_to_do(case, what, advice, tmp_path):
    (tmp_path / "model.h5").write_bytes(FILES[case][0])
    error = refusal(kind_of(tmp_path / "model.h5"))
    assert isinstance(error, ModelFileError)
    with pytest.raises(ModelFileError, match=what):
        raise error
    with pytest.raises(ModelFileError, match=advice):
        raise error


# ---------------------------------------------------------------------- folders and checkpoints


def put(folder, *names):
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_bytes(b"\0" * 80 + TABLE_MAGIC if name.endswith(".index") else b"x")
    return folder


def test_all_names_of_a_checkpoint_lead_to_it(tmp_path):
    folder = put(tmp_path / "c", "w.index", "w.data-00000-of-00001")
    prefix = str(folder / "w")
    for name in (prefix, prefix + ".index", prefix + ".data-00000-of-00001", str(folder)):
        assert kind_of(name) == (CHECKPOINT, prefix, "")
    put(folder, "v.index")
    assert kind_of(folder).name == "several checkpoints"
    (folder / "checkpoint").write_text('model_checkpoint_path: "w"\nall_model_checkpoint_paths: "v"\n')
    assert kind_of(folder) == kind_of(folder / "checkpoint") == (CHECKPOINT, prefix, "")


def test_the_list_of_checkpoints_may_have_been_written_elsewhere(tmp_path):
    folder = put(tmp_path / "c", "w.index", "v.index")
    for written in ("/home/other/run 1/w", "C:\\\\runs\\\\w", "../../w"):
        (folder / "checkpoint").write_text(f'model_checkpoint_path: "{written}"\n')
        assert kind_of(folder) == (CHECKPOINT, str(folder / "w"), "")
    (folder / "checkpoint").write_text('model_checkpoint_path: "/etc/other"\n')
    assert kind_of(folder).name == "several checkpoints"
    assert kind_of(folder / "checkpoint").name == "pbtxt"


def test_data_without_the_list_of_tensors_are_no_checkpoint(tmp_path):
    folder = put(tmp_path / "c", "w.data-00000-of-00001")
    assert kind_of(folder / "w.data-00000-of-00001").name == "checkpoint data"


def test_folders_are_told_by_their_members(tmp_path):
    for name in ("saved_model.pb", "keras_metadata.pb"):
        folder = put(tmp_path / name, name)
        assert kind_of(folder) == (SAVED_MODEL, str(folder), "")
    (folder / "keras_metadata.pb").write_bytes(b"\x0a\xff\x29")
    assert kind_of(folder / "keras_metadata.pb") == (SAVED_MODEL, str(folder), "")
    assert kind_of(put(tmp_path / "empty")).name == "empty folder"
    assert kind_of(put(tmp_path / "js", "model.json", "group1-shard1of1.bin")).name == "TensorFlow.js folder"
    found = kind_of(put(tmp_path / "other", "model.h5", "readme.txt"))
    assert (found.name, found.detail) == ("folder", "it has model.h5")
    shutil.rmtree(folder)
    with pytest.raises(FileNotFoundError, match="There is no file"):
        kind_of(folder)


@pytest.mark.parametrize(
    "name, content, message",
    [
        ("readme.md", "# A model\n\nIt has layers.\n" * 300, "is a text, but neither JSON nor YAML of a model"),
        ("settings.yaml", "batch: 32\nepochs: 5\n", "is a text, but neither JSON nor YAML of a model"),
        (
            "m.weights.json",
            '{"metadata": {}, "weight_map": {"/a": ["m_00000.weights.h5"]}}',
            "is JSON (a list of files with weights.*Build the model",
        ),
        ("m.json", '{"class_name": "Sequential", "config": []}', "is JSON, an architecture without weights. model_from_json"),
    ],
)
def test_texts_are_told_apart(name, content, message, tmp_path):
    (tmp_path / name).write_text(content)
    with pytest.raises(ModelFileError, match=message.replace("(a", "\\(a")):
        load_model(tmp_path / name)


def test_a_servers_answer_in_json_is_told_from_a_model(tmp_path):
    from kbridge.models import load_model, model_from_json

    (tmp_path / "m.json").write_text('{"message": "Not Found", "status": 404}')
    with pytest.raises(ModelFileError, match=r"no 'class_name'\. Its keys are message, status\. A server may have sent an error"):
        load_model(tmp_path / "m.json")
    with pytest.raises(ModelFileError, match="its keys are 'message', 'status'. A server may have sent an error"):
        model_from_json((tmp_path / "m.json").read_text())


def test_weights_alone_are_not_converted_and_the_error_says_how(tmp_path):
    from kbridge.convert import convert
    from kbridge.layers import Dense
    from kbridge.models import Sequential

    Sequential([Dense(2, input_dim=3)]).save_weights(tmp_path / "w.h5")
    with pytest.raises(ModelFileError, match=r"holds weights but no layers\. Name the architecture .* \(--weights FILE\)"):
        convert(tmp_path / "w.h5", tmp_path / "m.keras")
