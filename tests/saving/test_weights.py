"""save_weights and load_weights: order, names, old layouts, and the errors for what doesn't fit."""

import h5py
import numpy as np
import pytest

from kbridge.layers import Activation, Dense, Input, merge
from kbridge.models import Model, Sequential
from kbridge.saving.errors import ModelFileError


def stack(*sizes, names=None):
    layers = []
    for number, size in enumerate(sizes[1:]):
        options = {"input_dim": sizes[0]} if number == 0 else {}
        layers.append(Dense(size, name=names[number] if names else None, **options))
        layers.append(Activation("tanh"))
    return Sequential(layers)


def assert_equal_weights(a, b):
    assert len(a.get_weights()) == len(b.get_weights())
    for x, y in zip(a.get_weights(), b.get_weights(), strict=True):
        np.testing.assert_array_equal(x, y)


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "weights.h5")


def test_round_trip(path):
    a, b = stack(4, 3, 2), stack(4, 3, 2)
    a.save_weights(path)
    b.load_weights(path)
    assert_equal_weights(a, b)


def test_weights_of_a_full_model_file_are_read(path):
    a, b = stack(4, 3, 2), stack(4, 3, 2)
    a.save(path)
    b.load_weights(path)
    assert_equal_weights(a, b)


def test_names_carry_the_suffix_of_tensorflow_and_the_file_says_what_wrote_it(path):
    stack(4, 3, names=["d"]).save_weights(path)
    with h5py.File(path) as h5:
        assert h5["d"].attrs["weight_names"].tolist() == [b"d_W:0", b"d_b:0"]
        assert h5.attrs["backend"] == "tensorflow"
        assert "kbridge_version" in h5.attrs
        assert "keras_version" not in h5.attrs


def test_by_name_loads_the_layers_of_that_name_alone(path):
    a = stack(4, 3, 2, names=["shared", "a"])
    b = stack(4, 3, 5, names=["shared", "b"])
    before = b.get_weights()
    a.save_weights(path)
    b.load_weights(path, by_name=True)
    np.testing.assert_array_equal(b.get_weights()[0], a.get_weights()[0])
    np.testing.assert_array_equal(b.get_weights()[2], before[2])


def test_by_name_warns_when_nothing_matches(path):
    stack(4, 3, names=["a"]).save_weights(path)
    with pytest.warns(UserWarning, match="nothing was loaded"):
        stack(4, 3, names=["b"]).load_weights(path, by_name=True)


def test_nested_model_is_one_group(path):
    def build():
        inner = Sequential([Dense(3, input_dim=4, name="in1"), Dense(2, name="in2")], name="inner")
        a, b = Input((4,)), Input((4,))
        return Model([a, b], Dense(1, name="out")(merge([inner(a), inner(b)], mode="concat")))

    one, other = build(), build()
    one.save_weights(path)
    with h5py.File(path) as h5:
        assert h5["inner"].attrs["weight_names"].tolist() == [b"in1_W:0", b"in1_b:0", b"in2_W:0", b"in2_b:0"]
        assert sum(name == b"inner" for name in h5.attrs["layer_names"]) == 1
    other.load_weights(path)
    assert_equal_weights(one, other)


def test_different_number_of_layers_is_an_error(path):
    stack(4, 3, 2).save_weights(path)
    with pytest.raises(ModelFileError, match="containing 2 layers into a model with 3 layers"):
        stack(4, 3, 2, 2).load_weights(path)


def test_different_number_of_weights_names_both_layers(path):
    Sequential([Dense(3, input_dim=4, bias=False, name="saved")]).save_weights(path)
    with pytest.raises(
        ModelFileError,
        match=r'Layer #0 \(named "current" in the current model\) was found to correspond to layer saved in the save file. '
        r"However the new layer current expects 2 weights, but the saved weights have 1 elements",
    ):
        stack(4, 3, names=["current"]).load_weights(path)


def test_different_shape_names_layer_weight_and_both_shapes(path):
    stack(4, 3, names=["a"]).save_weights(path)
    with pytest.raises(ModelFileError, match=r"a_W.*\(5, 3\).*\(4, 3\)"):
        stack(5, 3, names=["a"]).load_weights(path)


def test_nothing_is_set_when_something_does_not_fit(path):
    stack(4, 3, 2).save_weights(path)
    model = stack(4, 3, 5)
    before = model.get_weights()
    with pytest.raises(ModelFileError):
        model.load_weights(path)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_file_without_weights_is_named(path):
    with h5py.File(path, "w") as h5:
        h5["x"] = 1
    with pytest.raises(ModelFileError, match="layer_names"):
        stack(4, 3).load_weights(path)


@pytest.mark.parametrize("count_all_layers", [True, False])
def test_layout_of_keras_0_is_read(path, count_all_layers):
    model, values = stack(4, 3, 2), [np.random.rand(*s).astype("float32") for s in ((4, 3), (3,), (3, 2), (2,))]
    with h5py.File(path, "w") as h5:
        groups = [values[:2], [], values[2:], []] if count_all_layers else [values[:2], values[2:]]
        h5.attrs["nb_layers"] = len(groups)
        for number, params in enumerate(groups):
            group = h5.create_group(f"layer_{number}")
            group.attrs["nb_params"] = len(params)
            for k, value in enumerate(params):
                group[f"param_{k}"] = value
    model.load_weights(path)
    for expected, found in zip(values, model.get_weights(), strict=True):
        np.testing.assert_array_equal(expected, found)


def test_file_of_theano_loads(path):
    model = stack(4, 3, names=["d"])
    with h5py.File(path, "w") as h5:
        h5.attrs["layer_names"] = np.array([b"d", b"activation_1"])
        h5.create_group("d").attrs["weight_names"] = np.array([b"d_W", b"d_b"])
        h5["d/d_W"], h5["d/d_b"] = np.ones((4, 3), "f4"), np.zeros(3, "f4")
        h5.create_group("activation_1").attrs["weight_names"] = np.zeros(0)
    model.load_weights(path)
    assert model.get_weights()[0].sum() == 12


def test_names_over_64_kb_round_trip(path):
    names = [f"a_layer_with_quite_a_long_name_{k:04d}" * 8 for k in range(300)]
    layers = [Activation("linear", name=name, **({"input_shape": (1,)} if k == 0 else {})) for k, name in enumerate(names)]
    model = Sequential([*layers, Dense(1)])
    model.save_weights(path)
    with h5py.File(path) as h5:
        assert "layer_names" not in h5.attrs
        assert "layer_names0" in h5.attrs
    before = model.get_weights()
    model.set_weights([w * 0 for w in before])
    model.load_weights(path)
    np.testing.assert_array_equal(model.get_weights()[0], before[0])


def test_overwrite_false_asks_and_keeps_the_file_on_no(path, monkeypatch):
    a, b = stack(4, 3), stack(4, 3)
    a.save_weights(path)
    questions = []
    answers = iter(["what", "n", "y"])
    monkeypatch.setattr("builtins.input", lambda question: questions.append(question) or next(answers))
    b.save_weights(path, overwrite=False)
    assert questions[0] == f"[WARNING] {path} already exists - overwrite? [y/n] "
    assert len(questions) == 2
    check = stack(4, 3)
    check.load_weights(path)
    assert_equal_weights(check, a)
    b.save_weights(path, overwrite=False)
    check.load_weights(path)
    assert_equal_weights(check, b)


def test_overwrite_false_without_a_terminal_is_an_error(path, monkeypatch):
    model = stack(4, 3)
    model.save_weights(path)

    def closed(_):
        raise EOFError

    monkeypatch.setattr("builtins.input", closed)
    with pytest.raises(FileExistsError, match="overwrite=True"):
        model.save_weights(path, overwrite=False)


def test_frozen_layers_inside_a_nested_model_keep_their_places():
    def build(wrap):
        inner = Sequential([Dense(3, input_dim=4, trainable=False), Dense(2)])
        return wrap(inner)

    def functional(inner):
        a = Input((4,))
        return Model(a, Dense(1)(inner(a)))

    for wrap in (functional, lambda inner: Sequential([inner, Dense(1)])):
        one, other = build(wrap), build(wrap)
        other.set_weights(one.get_weights())
        assert_equal_weights(one, other)
