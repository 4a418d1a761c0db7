"""What kbridge writes has the structure of the files of a real Keras 1.2.2, case by case."""

import json

import h5py
import numpy as np
import oracle_models as pack
import pytest

from kbridge import backend as K
from kbridge.models import load_model

#: Attributes of the root that Keras 1.2.2 doesn't write and ignores.
OWN = {"backend", "kbridge_version", "kbridge_backend", "kbridge_optimizer_counters", "kbridge_functions"}

#: Config keys that Keras 1.2.2 forgot to write, and takes as arguments.
ADDED = {"dim_ordering", "shared_axes", "k"}


def marked(name):
    reason = pack.not_yet().get(name)
    return pytest.param(name, marks=[] if reason is None else [pytest.mark.xfail(reason=reason, strict=True)])


@pytest.fixture(autouse=True)
def fresh_session():
    yield
    K.set_image_dim_ordering("tf")
    K.clear_session()


def attribute(group, name):
    """Everything about how an attribute is stored."""
    kind = h5py.h5a.open(group.id, name.encode()).get_type()
    value = group.attrs[name]
    if isinstance(kind, h5py.h5t.TypeStringID):
        return ("string", kind.is_variable_str(), kind.get_cset(), kind.get_strpad(), np.shape(value))
    return (str(np.asarray(value).dtype), np.shape(value))


def names_of(group, name):
    return [n.decode() for n in group.attrs[name].tolist()] if group.attrs[name].size else []


def without(value, keys):
    if isinstance(value, dict):
        return {k: without(v, keys) for k, v in value.items() if k not in keys}
    return [without(v, keys) for v in value] if isinstance(value, list) else value


def without_code(value):
    """Stored functions (bytecode there, names here) and their types replaced by a mark."""
    if isinstance(value, dict):
        kinds = {key[: -len("_type")] for key, kind in value.items() if key.endswith("_type") and kind in ("lambda", "function")}
        return {
            key: "a function" if key in kinds or (key.endswith("_type") and key[:-5] in kinds) else without_code(item)
            for key, item in value.items()
        }
    return [without_code(item) for item in value] if isinstance(value, list) else value


def assert_same_weights(ours, theirs, name=""):
    assert attribute(ours, "layer_names")[:4] == attribute(theirs, "layer_names")[:4]
    assert names_of(ours, "layer_names") == names_of(theirs, "layer_names")
    for layer in names_of(theirs, "layer_names"):
        mine, other = ours[layer], theirs[layer]
        stored = [n if n.endswith(":0") else n + ":0" for n in names_of(other, "weight_names")]
        assert names_of(mine, "weight_names") == stored
        if stored:
            assert attribute(mine, "weight_names")[:4] == attribute(other, "weight_names")[:4]
        else:
            assert attribute(mine, "weight_names") == attribute(other, "weight_names")
        for key, old in zip(stored, names_of(other, "weight_names"), strict=True):
            assert (mine[key].shape, mine[key].dtype) == (other[old].shape, other[old].dtype)


# names, attributes and shapes in a file are the same whatever backend wrote it
@pytest.mark.once
@pytest.mark.parametrize("name", [marked(name) for name in pack.rows()])
def test_saved_again_it_is_the_same_file(name, tmp_path):
    row = pack.rows()[name]
    K.set_image_dim_ordering(row.get("set_image_dim_ordering", "tf"))
    source = pack.model_file(row, tmp_path, "mid_h5" if row.get("resume") else "h5")
    model = load_model(source, custom_objects=pack.custom_objects(row))
    model.save(tmp_path / "ours.h5")
    with h5py.File(tmp_path / "ours.h5") as ours, h5py.File(source) as theirs:
        assert set(ours.attrs) - OWN == set(theirs.attrs)
        assert set(ours) == set(theirs)
        for text in theirs.attrs:
            assert attribute(ours, text) == attribute(theirs, text)
        assert_same_weights(ours["model_weights"], theirs["model_weights"])
        config, expected = (without_code(json.loads(h5.attrs["model_config"])) for h5 in (ours, theirs))
        assert without(config, ADDED) == without(expected, ADDED)
        assert json.loads(ours.attrs["training_config"]) == json.loads(theirs.attrs["training_config"])
        if "optimizer_weights" in theirs:
            mine, other = ours["optimizer_weights"], theirs["optimizer_weights"]
            assert attribute(mine, "weight_names")[:4] == attribute(other, "weight_names")[:4]
            shapes = [[g[n].shape for n in names_of(g, "weight_names")] for g in (mine, other)]
            assert shapes[0] == shapes[1]
