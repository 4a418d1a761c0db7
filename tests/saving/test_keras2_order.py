"""Files of Keras 2 and tf.keras with models inside: their weights in either order, by their names."""

import h5py
import numpy as np
import pytest

from kbridge.engine.inside import inner_layers
from kbridge.layers import BatchNormalization, Bidirectional, Dense, Input, SimpleRNN, TimeDistributed
from kbridge.models import Model, Sequential

#: the arrays of a model with the layers a, b and c inside, layer by layer
ARRAYS = {
    "a/kernel": np.full((3, 3), 1.0), "a/bias": np.full(3, 2.0),
    "b/gamma": np.full(3, 3.0), "b/beta": np.full(3, 4.0), "b/moving_mean": np.full(3, 5.0), "b/moving_variance": np.full(3, 6.0),
    "c/kernel": np.full((3, 3), 7.0), "c/bias": np.full(3, 8.0),
}  # fmt: skip


def nested(names="abc"):
    x = Input((3,))
    a, b, c = Dense(3, name=names[0]), BatchNormalization(name=names[1]), Dense(3, name=names[2])
    inner = Model(x, c(b(a(x))), name="inner")
    y = Input((3,))
    return Model(y, inner(y)), [a, b, c]


def write(path, layer, arrays):
    with h5py.File(path, "w") as h5:
        h5.attrs["keras_version"], h5.attrs["backend"] = b"2.4.0", b"tensorflow"
        h5.attrs["layer_names"] = np.array([layer.encode()])
        h5.create_group(layer).attrs["weight_names"] = np.array([name.encode() for name in arrays])
        for name, value in arrays.items():
            h5[layer][name] = value.astype("float32")


def in_order(frozen, listed=False):
    """As Keras 2 lists them where the layers ``frozen`` are frozen; ``listed``: layer by layer."""
    names = list(ARRAYS)
    return names if listed else sorted(names, key=lambda name: name[0] in frozen or "moving" in name)


@pytest.mark.parametrize("frozen", ["", "a", "c", "ab", "abc"])
@pytest.mark.parametrize("listed", [False, True])
@pytest.mark.parametrize("style", ["{}:0", "inner/{}:0", "{}_1:0", "renumbered"])
def test_either_order_by_names(frozen, listed, style, tmp_path):
    names = in_order(frozen, listed)
    if style == "renumbered":
        stored = {f"x_{'abc'.index(n[0]) + 8}{n[1:]}:0": ARRAYS[n] for n in names}
    else:
        stored = {style.format(n): ARRAYS[n] for n in names}
    write(tmp_path / "w.h5", "inner", stored)
    for now in ["", "a", "b", "c"]:
        model, layers = nested(["x_1", "x_2", "x_3"] if style == "renumbered" else "abc")
        for layer, name in zip(layers, "abc", strict=True):
            layer.trainable = name not in now
        model.load_weights(tmp_path / "w.h5")
        found = [w for layer in layers for w in layer.get_weights()]
        for expected, value in zip(ARRAYS.values(), found, strict=True):
            np.testing.assert_array_equal(value, expected)


def test_names_that_tell_nothing_are_told_of(tmp_path):
    names = ["c/kernel", "c/bias", "a/kernel", "a/bias"]
    write(tmp_path / "w.h5", "inner", {f"q{k}:0": ARRAYS[name] for k, name in enumerate(names)})
    inner = Sequential([Dense(3, input_dim=3, name="a"), Dense(3, name="c")], name="inner")
    inner.layers[0].trainable = False
    with pytest.warns(UserWarning, match="order-of-weights"):
        Sequential([inner]).load_weights(tmp_path / "w.h5")
    assert [float(w.flat[0]) for layer in inner.layers for w in layer.get_weights()] == [1, 2, 7, 8]


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4, 5], [3, 4, 5, 0, 1, 2]])
def test_directions(order, tmp_path):
    """As tf.keras names them; the first direction was frozen, or not."""
    names = [
        f"two/{way}_r/simple_rnn_cell{number}/{weight}:0"
        for number, way in (("_1", "forward"), ("_2", "backward"))
        for weight in ("kernel", "recurrent_kernel", "bias")
    ]
    values = [np.full(shape, 1.0 + k) for k, shape in enumerate([(1, 1), (1, 1), (1,)] * 2)]
    write(tmp_path / "w.h5", "two", {names[k]: values[k] for k in order})
    for frozen in (None, 0, 1):
        layer = Bidirectional(SimpleRNN(1, name="r"), input_shape=(2, 1), name="two")
        model = Sequential([layer])
        if frozen is not None:
            layer._inner[frozen].trainable = False
        model.load_weights(tmp_path / "w.h5")
        assert [float(w.flat[0]) for w in model.get_weights()] == [1, 2, 3, 4, 5, 6]


def test_models_over_time(tmp_path):
    inner = Sequential([Dense(3, input_dim=3, name="a"), Dense(3, name="c")], name="inner")
    model = Sequential([TimeDistributed(inner, input_shape=(2, 3), name="steps")])
    names = ["c/kernel", "c/bias", "a/kernel", "a/bias"]
    write(tmp_path / "w.h5", "steps", {f"{name}:0": ARRAYS[name] for name in names})
    model.load_weights(tmp_path / "w.h5")
    assert [float(w.flat[0]) for layer in inner.layers for w in layer.get_weights()] == [1, 2, 7, 8]
    assert len(inner_layers(model)) > 3
