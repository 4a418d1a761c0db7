"""Freezing changes neither which value a weight gets nor what a file says: by names, in any order that Keras wrote."""

import copy
import itertools
import warnings

import h5py
import numpy as np
import pytest

from kbridge import backend as K
from kbridge.engine.inside import inner_layers
from kbridge.layers import (
    GRU,
    BatchNormalization,
    Bidirectional,
    Dense,
    Input,
    Layer,
    SimpleRNN,
    TimeDistributed,
    Wrapper,
)
from kbridge.models import Model, Sequential, load_model


def nested(prefix="", named=True):
    """Three layers of equal shapes inside a model inside a model."""

    def name(text):
        return {"name": prefix + text} if named else {}

    x = Input((3,))
    inner = Model(x, Dense(3, **name("c"))(BatchNormalization(**name("b"))(Dense(3, **name("a"))(x))), **name("inner"))
    y = Input((3,))
    return Model(y, Dense(3, **name("out"))(inner(y)))


def over_time(prefix="", named=True):
    def name(text):
        return {"name": prefix + text} if named else {}

    inner = Sequential([Dense(3, input_dim=3, **name("a")), Dense(3, **name("c"))], **name("inner"))
    return Sequential([TimeDistributed(inner, input_shape=(2, 3), **name("steps"))])


def both_ways(prefix="", named=True):
    def name(text):
        return {"name": prefix + text} if named else {}

    return Sequential([Bidirectional(GRU(3, **name("r")), input_shape=(2, 3), **name("two"))])


MODELS = {"nested": nested, "over_time": over_time, "both_ways": both_ways}


def parts(model):
    """The layers inside the layers of ``model`` that have weights and hold no other layer."""
    found = [layer for layer in inner_layers(model) if len(inner_layers(layer)) == 1 and layer.weights]
    return sorted(found, key=lambda layer: layer.name == "out")


def freezings(model):
    found = parts(model)
    return list(itertools.product([True, False], repeat=min(len(found), 3)))


def freeze(model, which):
    for layer, trainable in zip(parts(model), which, strict=False):
        layer.trainable = trainable


def fill(model):
    """Other values in each weight."""
    for number, layer in enumerate(parts(model)):
        layer.set_weights([np.full(w.shape, 10 * number + k + 1.0) for k, w in enumerate(layer.get_weights())])


def values(model):
    return [w for layer in parts(model) for w in layer.get_weights()]


def assert_equal(one, other):
    assert len(one) == len(other)
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("build", MODELS.values(), ids=MODELS)
def test_freezing_between_get_and_set_changes_nothing(build):
    model = build()
    fill(model)
    expected, stored = values(model), model.get_weights()
    for which in freezings(model):
        freeze(model, which)
        assert_equal(model.get_weights(), stored)
        model.set_weights(stored)
        assert_equal(values(model), expected)
        for layer in model.layers:
            layer.set_weights(layer.get_weights())
        assert_equal(values(model), expected)
        assert_equal(values(copy.deepcopy(model)), expected)


@pytest.mark.parametrize("by_name", [False, True])
@pytest.mark.parametrize("build", MODELS.values(), ids=MODELS)
def test_files_of_models_that_were_frozen_otherwise(build, by_name, tmp_path):
    path = tmp_path / "w.h5"
    model = build()
    fill(model)
    for saved in freezings(model):
        freeze(model, saved)
        model.save_weights(path)
        for loaded in freezings(model):
            other = build()
            freeze(other, loaded)
            other.load_weights(path, by_name=by_name)
            assert_equal(values(other), values(model))


@pytest.mark.parametrize("build", MODELS.values(), ids=MODELS)
def test_whole_models(build, tmp_path):
    model = build()
    fill(model)
    for saved in freezings(model):
        freeze(model, saved)
        model.save(tmp_path / "m.h5")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            other = load_model(tmp_path / "m.h5")
        assert_equal(values(other), values(model))
        assert len(other.trainable_weights) == len(model.trainable_weights)


def as_keras_1(path, reorder, rename=lambda name: name):
    """Make ``path`` what Keras 1 would have written: without what kbridge adds, the arrays of each layer in another order."""
    with h5py.File(path, "r+") as h5:
        for key in ("kbridge_version", "kbridge_backend"):
            del h5.attrs[key]
        for group in h5.values():
            if "kbridge_positions" in group.attrs:
                del group.attrs["kbridge_positions"]
            names = [name.decode() for name in group.attrs["weight_names"]]
            arrays = [group[name][()] for name in names]
            for name in names:
                del group[name]
            order = reorder(names)
            group.attrs["weight_names"] = np.array([rename(names[k]).encode() for k in order])
            for k in order:
                group[rename(names[k])] = arrays[k]


def frozen_last(*frozen):
    """The order of Keras 1 where the layers ``frozen`` were frozen."""
    return lambda names: sorted(range(len(names)), key=lambda k: names[k].startswith(frozen) or "running" in names[k])


@pytest.mark.parametrize("frozen", [(), ("a_",), ("c_",), ("a_", "b_")])
@pytest.mark.parametrize("suffix", [":0", "", "_1:0"])
def test_files_of_keras_1_in_either_order_by_their_names(frozen, suffix, tmp_path):
    model = nested()
    fill(model)
    model.save_weights(tmp_path / "w.h5")
    as_keras_1(tmp_path / "w.h5", frozen_last(*frozen) if frozen else frozen_last("-"), lambda name: name[:-2] + suffix)
    for loaded in freezings(model):
        other = nested()
        freeze(other, loaded)
        other.load_weights(tmp_path / "w.h5")
        assert_equal(values(other), values(model))


@pytest.mark.parametrize("frozen", [(), (0,), (1,)])
def test_names_of_automatically_named_layers_are_compared_by_their_rank(frozen, tmp_path):
    model = over_time(named=False)
    fill(model)
    model.save_weights(tmp_path / "w.h5")
    names = [K.tensor_name(w) for w in model.layers[0].get_weights() and model.layers[0].weights]
    first = tuple(names[2 * k][:-1] for k in frozen) or ("-",)
    as_keras_1(tmp_path / "w.h5", frozen_last(*first))
    for loaded in freezings(model):
        other = over_time(named=False)
        assert K.tensor_name(other.weights[0]) != names[0]
        freeze(other, loaded)
        other.load_weights(tmp_path / "w.h5")
        assert_equal(values(other), values(model))


def test_where_names_do_not_tell_the_order_is_that_of_what_is_frozen_now_and_a_warning_says_so(tmp_path):
    model = over_time()
    fill(model)
    expected = values(model)
    model.save_weights(tmp_path / "w.h5")
    as_keras_1(tmp_path / "w.h5", lambda names: [2, 3, 0, 1], lambda name: {"a": "q", "c": "z"}[name[0]] + name[1:])
    other = over_time()
    freeze(other, [False, True])
    with pytest.warns(UserWarning, match=r"don't show their order.*order-of-weights"):
        other.load_weights(tmp_path / "w.h5")
    assert_equal(values(other), expected)


def test_the_order_in_a_file_is_that_in_which_keras_1_reads_it(tmp_path):
    model = nested()
    next(layer for layer in parts(model) if layer.name == "a").trainable = False
    model.save_weights(tmp_path / "w.h5")
    with h5py.File(tmp_path / "w.h5") as h5:
        names = [name.decode()[:-2] for name in h5["inner"].attrs["weight_names"]]
    # what a real Keras 1.2.2 listed for this model
    assert names == ["b_gamma", "b_beta", "c_W", "c_b", "a_W", "a_b", "b_running_mean", "b_running_std"]


@pytest.mark.parametrize("positions", ["[0, 0, 1, 2]", "[3, 2, 1, 9]", "{}", "[0]", "[1e999]", "[true, 1, 2, 3]"])
def test_positions_that_are_none_are_an_error(positions, tmp_path):
    model = over_time()
    freeze(model, [False, True])
    model.save_weights(tmp_path / "w.h5")
    with h5py.File(tmp_path / "w.h5", "r+") as h5:
        h5["steps"].attrs["kbridge_positions"] = positions
    with pytest.raises(ValueError, match="kbridge_positions"):
        model.load_weights(tmp_path / "w.h5")


class Pair(Layer):
    """Two layers side by side, which lists their weights by itself."""

    def __init__(self, **kwargs):
        self.one, self.two = Dense(3, name="one"), Dense(3, name="two")
        super().__init__(**kwargs)

    def build(self, input_shape):
        self.one.build_once(input_shape)
        self.two.build_once(input_shape)
        self.built = True

    @property
    def trainable_weights(self):
        return self.one.trainable_weights + self.two.trainable_weights

    @property
    def non_trainable_weights(self):
        return self.one.non_trainable_weights + self.two.non_trainable_weights

    def call(self, x, mask=None):
        return self.one.call(x) + self.two.call(x)


def test_layers_that_list_the_weights_of_others_by_themselves(tmp_path):
    model = Sequential([Pair(input_shape=(3,))])
    fill(model)
    stored, expected = model.get_weights(), values(model)
    model.layers[0].one.trainable = False
    assert_equal(model.get_weights(), stored)
    model.save_weights(tmp_path / "w.h5")
    other = Sequential([Pair(input_shape=(3,))])
    other.load_weights(tmp_path / "w.h5")
    assert_equal(values(other), expected)
    assert model.layers[0].one.trainable is False and other.layers[0].one.trainable is True


# ---------------------------------------------------------------------- wrappers of one's own


def own(layer):
    return K.zeros((2,), name="own")


class Assigned(TimeDistributed):
    def build(self, input_shape):
        super().build(input_shape)
        self.w = own(self)
        self.trainable_weights = [self.w]


class Added(TimeDistributed):
    def build(self, input_shape):
        super().build(input_shape)
        self.w = own(self)
        self.trainable_weights += [self.w]


class Appended(TimeDistributed):
    def build(self, input_shape):
        super().build(input_shape)
        self.w = own(self)
        self.trainable_weights.append(self.w)


class First(TimeDistributed):
    def build(self, input_shape):
        super().build(input_shape)
        self.w = own(self)
        self.trainable_weights = [self.w] + self.layer.trainable_weights


class Registered(TimeDistributed):
    def build(self, input_shape):
        super().build(input_shape)
        self.w = self.add_weight((2,), "zero", name="own")


class Kept(TimeDistributed):
    def build(self, input_shape):
        super().build(input_shape)
        self.w = self.add_weight((2,), "zero", name="own", trainable=False)


class NotTrained(TimeDistributed):
    def build(self, input_shape):
        super().build(input_shape)
        self.w = own(self)
        self.non_trainable_weights = [self.w]


class Before(TimeDistributed):
    def build(self, input_shape):
        self.w = own(self)
        self.trainable_weights = [self.w]
        super().build(input_shape)


class Alone(Wrapper):
    def build(self, input_shape=None):
        self.layer.build_once((input_shape[0], *input_shape[2:]))
        self.w = own(self)
        self.trainable_weights = [self.w]
        self.built = True

    def call(self, x, mask=None):
        return x


#: class -> (trainable, non-trainable) as a real Keras 1.2.2 lists them for a wrapped BatchNormalization
OF_KERAS_1 = {
    Assigned: (["own"], ["bn_running_mean", "bn_running_std"]),
    Added: (["bn_gamma", "bn_beta", "own"], ["bn_running_mean", "bn_running_std"]),
    Appended: (["bn_gamma", "bn_beta", "own"], ["bn_running_mean", "bn_running_std"]),
    First: (["own", "bn_gamma", "bn_beta"], ["bn_running_mean", "bn_running_std"]),
    Registered: (["bn_gamma", "bn_beta", "own"], ["bn_running_mean", "bn_running_std"]),
    Kept: (["bn_gamma", "bn_beta"], ["bn_running_mean", "bn_running_std", "own"]),
    NotTrained: (["bn_gamma", "bn_beta"], ["own"]),
    Before: (["bn_gamma", "bn_beta"], ["bn_running_mean", "bn_running_std"]),
    Alone: (["own"], []),
}


def wrapped(cls):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Sequential([cls(BatchNormalization(name="bn"), input_shape=(2, 3), name="wrapper")])


def names(weights):
    return [K.tensor_name(w) for w in weights]


@pytest.mark.parametrize("cls", OF_KERAS_1, ids=lambda cls: cls.__name__)
def test_wrappers_list_what_keras_1_lists(cls):
    layer = wrapped(cls).layers[0]
    assert (names(layer.trainable_weights), names(layer.non_trainable_weights)) == OF_KERAS_1[cls]
    layer.layer.trainable = False
    assert sorted(names(layer.weights)) == sorted(sum(OF_KERAS_1[cls], []))
    assert not any(name.startswith("bn") for name in names(layer.trainable_weights))
    layer.layer.trainable = True
    layer.trainable = False
    assert (layer.trainable_weights, sorted(names(layer.weights))) == ([], sorted(sum(OF_KERAS_1[cls], [])))


@pytest.mark.parametrize("cls", OF_KERAS_1, ids=lambda cls: cls.__name__)
def test_files_of_such_wrappers_from_keras_1_load_and_files_of_ours_lose_nothing(cls, tmp_path):
    path, stored = tmp_path / "w.h5", sum(OF_KERAS_1[cls], [])
    shape = {name: (2,) if name == "own" else (3,) for name in stored}
    with h5py.File(path, "w") as h5:
        h5.attrs["layer_names"] = np.array([b"wrapper"])
        h5.create_group("wrapper").attrs["weight_names"] = np.array([name.encode() for name in stored])
        for number, name in enumerate(stored):
            h5["wrapper"][name] = np.full(shape[name], number + 1.0, "float32")
    model = wrapped(cls)
    model.load_weights(path)
    for number, weight in enumerate(model.layers[0].weights):
        assert K.get_value(weight).flat[0] == number + 1.0
    bn = model.layers[0].layer
    bn.set_weights([np.full(3, 5.0 + k) for k in range(4)])
    K.set_value(model.layers[0].w, np.array([7.0, 8.0]))
    model.save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5") as h5:
        assert [name.decode()[:-2] for name in h5["model_weights/wrapper"].attrs["weight_names"]] == stored
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        others = [load_model(tmp_path / "m.h5", {cls.__name__: cls}), copy.deepcopy(model)]
    for other in others:
        assert_equal(other.layers[0].layer.get_weights(), bn.get_weights())
        np.testing.assert_array_equal(K.get_value(other.layers[0].w), [7.0, 8.0])


def test_a_frozen_layer_that_a_wrapper_lists_is_trained_once_it_is_no_longer_frozen():
    for cls in (Added, First, Registered):
        layer = cls(Dense(3, name="d", trainable=False), input_shape=(2, 3))
        Sequential([layer])
        assert names(layer.trainable_weights) == ["own"]
        assert names(layer.non_trainable_weights) == ["d_W", "d_b"]
        layer.layer.trainable = True
        assert sorted(names(layer.trainable_weights)) == ["d_W", "d_b", "own"]


def test_weights_that_a_wrapper_lists_too_early_are_told_of():
    with pytest.warns(UserWarning, match=r"own.*before it called Wrapper.build.*wrapper-weights"):
        Sequential([Before(Dense(3), input_shape=(2, 3))])


def test_directions_of_bidirectional():
    layer = Bidirectional(SimpleRNN(1, name="r"), input_shape=(2, 1))
    model = Sequential([layer])
    layer.forward_layer.set_weights([[[1.0]], [[2.0]], [3.0]])
    layer.backward_layer.set_weights([[[4.0]], [[5.0]], [6.0]])
    layer.forward_layer.trainable = False
    assert [float(w.flat[0]) for w in model.get_weights()] == [1, 2, 3, 4, 5, 6]
    assert names(layer.weights)[0] == "backward_r_W"  # as in Keras 1
