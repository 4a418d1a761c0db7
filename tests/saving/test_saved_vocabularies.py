"""Vocabularies in the graph of a SavedModel (tests/saved_vocabularies.py) are read as data, and what isn't one is refused."""

import random
import shutil
import warnings

import numpy as np
import pytest
import saved_vocabularies as cases

from kbridge.models import load_model
from kbridge.saving.errors import ModelFileError


def loaded(folder):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return load_model(str(folder))


@pytest.mark.parametrize("name", cases.NAMES)
def test_texts_are_looked_up_as_in_tf_keras(name):
    with np.load(cases.DATA / "predictions.npz") as arrays:
        x, y = arrays[f"{name}/x"], arrays[f"{name}/y"]
    x = x.astype(object) if x.dtype.kind == "U" else x
    np.testing.assert_allclose(loaded(cases.DATA / name).predict(x), y, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", [b"../voc.tx", b"/etc/host", b"/dev/zero", b"vocab.tx_"])
def test_a_vocabulary_lies_in_the_folder_assets(tmp_path, name):
    shutil.copytree(cases.DATA / "asset", tmp_path / "saved")
    (tmp_path / "saved" / "voc.tx").write_text("x\ny\nz\n")
    graph = tmp_path / "saved" / "saved_model.pb"
    content = graph.read_bytes()
    assert len(name) == len(b"vocab.txt") and content.count(b"\x12\x09vocab.txt") == 1
    graph.write_bytes(content.replace(b"\x12\x09vocab.txt", b"\x12\x09" + name))
    with pytest.raises(ModelFileError, match="no file in the folder assets"):
        loaded(tmp_path / "saved")


@pytest.mark.once
@pytest.mark.parametrize("name", ["strings", "asset"])
def test_changed_graphs_load_or_are_refused(tmp_path, name):
    shutil.copytree(cases.DATA / name, tmp_path / "saved")
    graph = tmp_path / "saved" / "saved_model.pb"
    content, chance, refused = graph.read_bytes(), random.Random(5), 0
    for _ in range(60):
        changed = bytearray(content)
        for _ in range(chance.choice((1, 4, 40))):
            changed[chance.randrange(len(changed))] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
        if chance.random() < 0.2:
            del changed[chance.randrange(len(changed)) :]
        graph.write_bytes(changed)
        try:
            loaded(tmp_path / "saved")
        except ModelFileError:
            refused += 1
    assert refused
