"""Files in Keras 2's layout that attack: nothing in them runs, is imported or takes memory, and ``inspect`` tells."""

import base64
import json
import marshal
import shutil

import h5py
import pytest
from processes import ROOT

from kbridge.inspection import inspect_file
from kbridge.models import load_model
from kbridge.saving.errors import ModelFileError

GOOD = ROOT / "tests" / "data" / "keras2" / "dense_layers.h5"


def with_first_dense(path, change):
    """A copy of the good file at ``path``, of which ``change`` altered the config of the first Dense."""
    shutil.copy(GOOD, path)
    with h5py.File(path, "r+") as h5:
        config = json.loads(h5.attrs["model_config"])
        change(next(layer for layer in config["config"]["layers"] if layer["class_name"] == "Dense"))
        h5.attrs["model_config"] = json.dumps(config)
    return path


def evil_code(marker):
    code = compile(f"lambda x: __import__('pathlib').Path({str(marker)!r}).touch()", "evil", "eval").co_consts[0]
    return base64.b64encode(marshal.dumps(code)).decode()


@pytest.mark.parametrize(
    "stored",
    [
        lambda code: {"function": [code, None, None], "function_type": "lambda"},
        lambda code: {"function": {"class_name": "__lambda__", "config": {"code": code, "defaults": None, "closure": None}}},
    ],
    ids=["keras", "tf.keras"],
)
def test_bytecode_never_runs(stored, tmp_path):
    marker = tmp_path / "ran"

    def change(layer):
        own = {"name": layer["config"]["name"], "output_shape": None, "output_shape_type": "raw", "arguments": {}}
        layer.update(class_name="Lambda", config={**own, **stored(evil_code(marker))})

    path = with_first_dense(tmp_path / "m.h5", change)
    with pytest.raises(ModelFileError, match="never run from a file"):
        load_model(path)
    facts = inspect_file(path)
    assert (facts["safe"], facts["loads"]) == (False, False)
    assert "bytecode" in facts["unsafe"][0]
    assert len(facts["needs"]["functions"]) == 1
    assert not marker.exists()


SYSTEM = {"module": "os", "class_name": "system", "config": {"command": "false"}, "registered_name": "system"}


@pytest.mark.parametrize(
    "change",
    [
        lambda layer: layer.update(SYSTEM),
        lambda layer: layer["config"].update(activation={**SYSTEM, "class_name": "function", "config": "system"}),
        lambda layer: layer["config"].update(kernel_regularizer=SYSTEM),
        lambda layer: layer["config"].update(kernel_constraint=SYSTEM),
    ],
    ids=["layer", "activation", "regularizer", "constraint"],
)
def test_no_module_is_imported_because_a_file_names_it(change, tmp_path):
    path = with_first_dense(tmp_path / "m.h5", change)
    with pytest.raises(ModelFileError, match="system"):
        load_model(path)
    facts = inspect_file(path)
    assert (facts["safe"], facts["loads"]) == (False, False)
    assert "'os'" in facts["unsafe"][0]


@pytest.mark.parametrize("units", [2**20, 2**40])
def test_a_layer_larger_than_the_file_is_refused_before_memory_is_taken(units, tmp_path):
    path = with_first_dense(tmp_path / "m.h5", lambda layer: layer["config"].update(units=units))
    with pytest.raises(ModelFileError, match="more weights than the file holds"):
        load_model(path)


@pytest.mark.parametrize("units", [-1, 0, 2.5, "3", None, [3], True])
def test_sizes_that_are_none_are_refused(units, tmp_path):
    path = with_first_dense(tmp_path / "m.h5", lambda layer: layer["config"].update(units=units))
    with pytest.raises(ModelFileError):
        load_model(path)


def test_deep_nesting_is_refused(tmp_path):
    def change(layer):
        inner = dict(layer, config=dict(layer["config"]))
        for level in range(150):
            inner = {"class_name": "TimeDistributed", "config": {"name": f"t{level}", "layer": inner}}
        layer.update(inner)

    path = with_first_dense(tmp_path / "m.h5", change)
    with pytest.raises(ModelFileError, match="nested"):
        load_model(path)
    with pytest.raises(ModelFileError, match="nested"):
        inspect_file(path)
