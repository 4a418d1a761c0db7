"""Layer names that are paths: what can be saved is loaded, in the groups where Keras looks; the rest is refused at once."""

import os

import h5py
import numpy as np
import pytest

from kbridge import backend as K
from kbridge.layers import Dense, Layer
from kbridge.models import Sequential, load_model
from kbridge.saving.errors import ModelFileError
from kbridge.saving.hdf5_names import Places, absolute, layer_paths


def stack(*names):
    layers = [Dense(3, name=name, **({"input_dim": 3} if number == 0 else {})) for number, name in enumerate(names)]
    return Sequential(layers)


def weights(model):
    return [w.copy() for w in model.get_weights()]


PATHS = [
    ("conv1/conv", "conv1"), ("conv1", "conv1/conv"), ("a/b/c", "a/b", "a"), ("/a",), ("a/",), ("./a", "b"), (".",), ("..",), ("../a", "a"),
    ("a//b", "a"), ("/",), ("a/d_W:0", "a"), ("a", "a/a_W:0"), ("a", "a/a_W:0/b"), (".", "._W:0"), (" ", "слой", "層/層"), ("a" * 2000, "b"),
    ("model_weights", "optimizer_weights"), ("/a", "b"), ("a:0", "a"), ("/model_weights/x", "y"), ("layer_names", "weight_names"),
]  # fmt: skip


@pytest.mark.parametrize("names", PATHS, ids=lambda names: " ".join(n[:20] for n in names))
def test_what_is_saved_is_loaded(names, tmp_path):
    model = stack(*names)
    model.compile("adam", "mse")
    model.train_on_batch(np.ones((2, 3)), np.ones((2, 3)))
    expected = weights(model)
    model.save(tmp_path / "m.h5")
    model.save_weights(tmp_path / "w.h5")
    others = [load_model(tmp_path / "m.h5")]
    for by_name in (False, True):
        for file in ("m.h5", "w.h5"):
            others.append(stack(*names))
            others[-1].load_weights(tmp_path / file, by_name=by_name)
    for other in others:
        assert [layer.name for layer in other.layers] == list(names)
        for a, b in zip(expected, other.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
    others[0].train_on_batch(np.ones((2, 3)), np.ones((2, 3)))
    model.train_on_batch(np.ones((2, 3)), np.ones((2, 3)))
    np.testing.assert_allclose(others[0].get_weights()[0], model.get_weights()[0], rtol=1e-6)


@pytest.mark.parametrize("names", PATHS, ids=lambda names: " ".join(n[:20] for n in names))
def test_it_lies_where_keras_looks(names, tmp_path):
    """Keras opens the group of the layer's name, and in it the arrays in ``weight_names``."""
    model = stack(*names)
    model.save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5") as h5:
        group = h5["model_weights"]
        found = []
        for name in group.attrs["layer_names"]:
            layer = group[name.decode()]
            found += [layer[weight.decode()][()] for weight in layer.attrs["weight_names"]]
    for a, b in zip(weights(model), found, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("a", "a/"), "same place"), (("a/", "a"), "same place"), (("./a", "a"), "same place"), (("a//b", "a/b"), "same place"),
        (("/a", "//a"), "same place"), (("a\0b",), "zero bytes"), (("a", "\0"), "zero bytes"), (("\ud800",), "Unicode"), (("a" * 70000,), "too long"),
    ],
)  # fmt: skip
def test_what_no_file_can_hold_is_refused_before_anything_is_written(names, message, tmp_path):
    model = stack(*names)
    model.compile("sgd", "mse")
    path = tmp_path / "m.h5"
    for save in (model.save, model.save_weights):
        with pytest.raises(ValueError, match=message):
            save(path)
        assert os.listdir(tmp_path) == []
        path.write_bytes(b"old")
        with pytest.raises(ValueError, match=message):
            save(path)
        assert path.read_bytes() == b"old"
        path.unlink()


def test_places_that_hold_something_else(tmp_path):
    model = stack("/optimizer_weights")
    model.save_weights(tmp_path / "w.h5")  # where nothing else lies there
    with pytest.raises(ValueError, match="something else"):
        model.save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "g.h5", "w") as h5:
        stack("a").save_weights_to_hdf5_group(h5.create_group("one"))
        stack("a").save_weights_to_hdf5_group(h5.create_group("two"))
        with pytest.raises(ValueError, match="something else"):
            stack("/one/a").save_weights_to_hdf5_group(h5.create_group("three"))
        with pytest.raises(ValueError, match="something else"):
            stack("a").save_weights_to_hdf5_group(h5["one"])


class Odd(Layer):
    """Weights with the names of groups and of each other."""

    NAMES = ("w", "w/b", "w:0/c", "/w", "./w", "..", ".", "a\0b", "w", None)

    def build(self, input_shape):
        self.trainable_weights = [K.variable(np.full(2, k + 1.0), name=name) for k, name in enumerate(self.NAMES)]

    def call(self, x, mask=None):
        return x + sum(K.sum(w) for w in self.trainable_weights)


def test_weights_of_any_names_find_a_place(tmp_path):
    try:
        model = Sequential([Odd(input_shape=(3,), name="odd"), Dense(2, name="odd/w:0"), Dense(2, name="odd/w:0/b:0")])
    except ValueError:
        pytest.skip("the backend has no variables of such names")
    model.save(tmp_path / "m.h5")
    other = load_model(tmp_path / "m.h5", {"Odd": Odd})
    for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_paths():
    assert absolute("/m", "a/./b//c/") == "/m/a/b/c" and absolute("/m", "/a") == "/a" and absolute("/", "..") == "/.."
    assert layer_paths(["a", ".", "/b"], "/m") == ["/m/a", "/m", "/b"]
    places = Places(["/m/a"])
    found = [places.name_for("/m", name) for name in ("w", "w", "w:0/x", "/m/../z", "a", ".", "m/..")]
    assert found == ["w:0", "w_1:0", "w:0_x_1:0", "m/__/z:0", "a:0", "param:0", "m/__:0"]


def test_a_file_with_an_empty_name_is_refused(tmp_path):
    model = stack("a")
    model.save_weights(tmp_path / "w.h5")
    with h5py.File(tmp_path / "w.h5", "r+") as h5:
        h5.attrs["layer_names"] = np.array([b""])
    with pytest.raises(ModelFileError, match="isn't a name"):
        model.load_weights(tmp_path / "w.h5")
