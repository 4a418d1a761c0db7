"""Copies of models from files of later Keras: layers inside of programs' classes keep the defaults of the Keras that wrote the file."""

import copy
import pickle

import numpy as np
import pytest

from kbridge import backend as K
from kbridge.custom_file import objects_in
from kbridge.engine.copying import clone
from kbridge.engine.inside import inner_layers
from kbridge.engine.writer import written_by
from kbridge.layers import Dense, Embedding, Flatten, Input, TimeDistributed, merge
from kbridge.models import Model, Sequential, load_model, model_from_json

OWN = """
from keras import layers

class Inside(layers.Layer):
    def __init__(self, units=2, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.lstm, self.gru = layers.LSTM(units, return_sequences=True), layers.GRU(units)
        self.normal = layers.BatchNormalization()
    def call(self, x, training=None):
        return self.normal(self.gru(self.lstm(x)), training=training)
    def compute_output_shape(self, shape):
        return shape[0], self.units
    def get_config(self):
        return {**super().get_config(), "units": self.units}

class Late(Inside):
    def build(self, shape):
        self.late = layers.LSTM(self.units, return_sequences=True)
        self.built = True
    def call(self, x, training=None):
        return super().call(self.late(x), training=training)

class Gated(layers.LSTM):
    def __init__(self, units, factor=2.0, **kwargs):
        super().__init__(units, return_sequences=True, **kwargs)
        self.factor = factor
    def call(self, x, mask=None, training=None):
        return self.factor * super().call(x, mask=mask)
    def get_config(self):
        config = super().get_config()
        config.pop("return_sequences")
        return {**config, "factor": self.factor}
"""


@pytest.fixture
def own(tmp_path):
    (tmp_path / "own.py").write_text(OWN)
    return objects_in(str(tmp_path / "own.py"))


def model_of(own, version):
    """As ``load_model`` makes it from a file of that version."""
    x = Input((4, 3), name="x")
    steps = Input((2, 4, 3), name="steps")
    with written_by(version):
        inner = Model(
            a := Input((4, 3)),
            own["Late"](2, name="late")(own["Gated"](3, factor=0.5, kernel_regularizer="l2", name="gated")(a)),
            name="inner",
        )
        first = Sequential([own["Inside"](2, name="first", input_shape=(4, 3))], name="stack")
        over = Flatten()(TimeDistributed(own["Inside"](2, name="over"))(steps))
        model = Model([x, steps], Dense(1)(merge([inner(x), first(x), over], mode="concat")))
    model.compile("sgd", "mse")
    return model


def gates(model):
    """The gates' functions of all LSTMs, and whether GRUs have two biases: these differ from Keras to Keras."""
    found = [layer for layer in inner_layers(model) if type(layer).__name__ in ("LSTM", "GRU", "Gated")]
    return [(type(layer).__name__, layer.inner_activation.__name__, getattr(layer, "reset_after", None)) for layer in found]


def by_config(model, objects):
    made = type(model).from_config(model.get_config(), custom_objects=objects)
    made.set_weights(model.get_weights())
    made.compile("sgd", "mse")
    return made


def by_json(model, objects):
    made = model_from_json(model.to_json(), objects)
    made.set_weights(model.get_weights())
    made.compile("sgd", "mse")
    return made


COPIES = {"copy": lambda m, o: copy.copy(m), "deepcopy": lambda m, o: copy.deepcopy(m), "config": by_config, "json": by_json}


#: backends that compile each model take long
VERSIONS = [("2.2.4", "hard_sigmoid"), ("2.11.0", "sigmoid"), ("3.5.0", "sigmoid")][: 3 if K.backend() == "numpy" else 1]


@pytest.mark.parametrize("version, gate", VERSIONS)
def test_copies_predict_and_train_as_the_original(own, version, gate, tmp_path):
    np.random.seed(1)
    model = model_of(own, version)
    x, y = [np.random.randn(4, 4, 3), np.random.randn(4, 2, 4, 3)], np.random.randn(4, 1)
    copies = {name: make(model, own) for name, make in COPIES.items()}
    copies["twice"] = copy.deepcopy(by_json(copies["deepcopy"], own))
    model.save(str(tmp_path / "m.h5"))
    copies["file"] = load_model(str(tmp_path / "m.h5"), own)
    if K.backend() != "numpy":
        copies = {"deepcopy": copies["deepcopy"]}
    assert {name for _, name, _ in gates(model)} == {gate}
    losses = [model.train_on_batch(x, y) for _ in range(3)]
    for name, made in copies.items():
        if name != "copy":
            np.testing.assert_allclose([made.train_on_batch(x, y) for _ in range(3)], losses, rtol=1e-5, err_msg=name)
        assert gates(made) == gates(model), name
        np.testing.assert_allclose(made.predict(x), model.predict(x), rtol=1e-4, atol=1e-5, err_msg=name)


def test_a_layer_that_makes_weights_in_its_call_is_copied_with_them(own):
    model = model_of(own, "2.2.4")
    layer = model.get_layer("inner").get_layer("late")
    made = copy.deepcopy(layer)
    assert gates(made) == gates(layer) and {name for _, name, _ in gates(made)} == {"hard_sigmoid"}
    for a, b in zip(layer.get_weights(), made.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    x = Input((4, 3))
    data = np.random.RandomState(0).randn(2, 4, 3)
    np.testing.assert_allclose(Model(x, made(x)).predict(data), Model(x, layer(x)).predict(data), rtol=1e-5)
    assert not clone(layer).weights and clone(layer).lstm.inner_activation.__name__ == "hard_sigmoid"


def test_a_copied_layer_drops_a_mask_that_the_first_one_never_met():
    from pathlib import Path

    path = Path(__file__).parents[1] / "data" / "keras2" / "shapes.h5"
    layer = next(layer for layer in load_model(path, compile=False).layers if type(layer).__name__ == "Flatten")
    assert layer.drop_mask
    for made in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer)), clone(layer, name="other")):
        words = Input((3,), dtype="int32")
        assert K.int_shape(made(Embedding(4, 2, mask_zero=True)(words))) == (None, 6)


def test_a_layer_over_time_trains_what_its_layer_makes_in_its_call(own):
    model = model_of(own, "3.5.0")
    over = next(layer for layer in model.layers if type(layer).__name__ == "TimeDistributed")
    assert len(over.trainable_weights) == 9 and len(over.weights) == 11
    before = over.get_weights()
    model.train_on_batch([np.ones((2, 4, 3)), np.random.RandomState(0).randn(2, 2, 4, 3)], np.ones((2, 1)))
    # the first step's recurrent weights of a layer alone see zeros
    assert sum(not np.array_equal(a, b) for a, b in zip(before, over.get_weights(), strict=True)) >= 9
