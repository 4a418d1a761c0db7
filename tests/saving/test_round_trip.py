"""Any model that can be built comes back from its file with the same predictions, weights and config."""

import tempfile
from pathlib import Path

import numpy as np
import text_forms
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kbridge import backend as K
from kbridge.layers import Activation, Dense, Dropout, Flatten, Input, Permute, RepeatVector, Reshape, merge
from kbridge.models import Model, Sequential, load_model

ACTIVATIONS = st.sampled_from(["linear", "relu", "tanh", "sigmoid", "softplus", "hard_sigmoid"])


@st.composite
def stacks(draw, width=None):
    """A Sequential model on 4 features, perhaps ending in ``width`` units."""
    first = draw(st.integers(1, 4))
    layers = [Dense(first, input_dim=4, activation=draw(ACTIVATIONS), bias=draw(st.booleans()))]
    for _ in range(draw(st.integers(0, 4))):
        kind = draw(st.sampled_from(["dense", "activation", "dropout", "regularized", "sequence", "nested", "frozen"]))
        units = draw(st.integers(1, 5))
        if kind == "dense":
            layers.append(Dense(units, init=draw(st.sampled_from(["uniform", "he_normal", "orthogonal"]))))
        elif kind == "activation":
            layers.append(Activation(draw(ACTIVATIONS)))
        elif kind == "dropout":
            layers.append(Dropout(0.3))
        elif kind == "regularized":
            layers.append(Dense(units, W_regularizer="l2", b_constraint="nonneg", activity_regularizer="activity_l1"))
        elif kind == "sequence":
            layers += [RepeatVector(units), Permute((2, 1)), Reshape((-1, 1)), Flatten()]
            layers.append(Dense(2))
        elif kind == "nested":
            layers += [Dense(3), Sequential([Dense(units, input_dim=3), Activation("tanh")])]
        else:
            layers.append(Dense(units, trainable=False))
    if width is not None:
        layers.append(Dense(width))
    return Sequential(layers)


@st.composite
def graphs(draw):
    """A functional model with shared and nested parts, several inputs and outputs."""
    inputs = [Input((4,)) for _ in range(draw(st.integers(1, 3)))]
    shared = draw(stacks(width=3))
    tensors = [shared(x) for x in inputs]
    for _ in range(draw(st.integers(0, 3))):
        a, b = draw(st.sampled_from(tensors)), draw(st.sampled_from(tensors))
        mode = draw(st.sampled_from(["sum", "mul", "ave", "max", "concat"]))
        joined = merge([a, Dense(3)(b)], mode=mode)
        tensors.append(Dense(3, activation=draw(ACTIVATIONS))(joined))
    outputs = tensors[-draw(st.integers(1, min(2, len(tensors)))) :]
    used = [x for x, y in zip(inputs, tensors, strict=False)]
    final = [merge(tensors[: len(inputs)], mode="sum") if len(inputs) > 1 else tensors[0]]
    return Model(used, [*outputs, *[Dense(1)(t) for t in final]])


@settings(
    max_examples=25 if K.backend() == "numpy" else 6,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
@given(st.one_of(stacks(), graphs()))
def test_saved_and_loaded_it_is_the_same_model(model):
    x = [np.random.RandomState(k).randn(3, 4) for k in range(len(model.inputs))]
    data = x if len(x) > 1 else x[0]
    expected = model.predict(data)
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "m.h5")
        restored = load_model(Path(folder) / "m.h5", compile=False)
        restored.save(Path(folder) / "again.h5")
        again = load_model(Path(folder) / "again.h5", compile=False)
    for other in (restored, again):
        for a, b in zip(_list(expected), _list(other.predict(data)), strict=True):
            np.testing.assert_array_equal(a, b)
        for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
    for form in text_forms.HERE:
        other = text_forms.rebuilt(model, form)
        other.set_weights(model.get_weights())
        for a, b in zip(_list(expected), _list(other.predict(data)), strict=True):
            np.testing.assert_array_equal(a, b)
    K.clear_session()


def _list(x):
    return x if isinstance(x, list) else [x]
