"""The dropout masks of recurrent layers: one for all time steps of a call, another in the next call."""

from __future__ import annotations

import numpy as np
import pytest

from kbridge import backend as K
from kbridge.layers import GRU, LSTM, Input, SimpleRNN

UNITS, STEPS = 16, 4


def outputs_of(layer, weights):
    """A function that gives the layer's outputs in training for an input of ones."""
    x = Input((STEPS, UNITS))
    y = layer(x)
    layer.set_weights(weights)
    f = K.function([x, K.learning_phase()], [y])
    return lambda: f([np.ones((2, STEPS, UNITS)), 1])[0]


@pytest.mark.parametrize("mode", ["cpu", "mem", "gpu"])
def test_dropout_of_inputs(mode):
    layer = SimpleRNN(UNITS, activation="linear", dropout_W=0.5, return_sequences=True, consume_less=mode)
    f = outputs_of(layer, [np.eye(UNITS), np.zeros((UNITS, UNITS)), np.zeros(UNITS)])
    found = f()
    assert set(np.unique(found)) == {0.0, 2.0}
    if mode != "cpu":
        # by the time steps' own products with W, as Keras 1 has it, "cpu" may draw for each step
        np.testing.assert_array_equal(found, np.broadcast_to(found[:, :1], found.shape))
    assert not np.array_equal(f(), found)


@pytest.mark.parametrize("mode", ["cpu", "mem", "gpu"])
def test_dropout_of_states(mode):
    layer = SimpleRNN(UNITS, activation="linear", dropout_U=0.5, return_sequences=True, consume_less=mode)
    f = outputs_of(layer, [np.eye(UNITS), np.eye(UNITS), np.zeros(UNITS)])
    found = f()
    # h = 1 + 2 h where the mask keeps the state, else 1
    kept = found[:, 1] == 3.0
    turns = np.arange(1, STEPS + 1)[None, :, None]
    np.testing.assert_array_equal(found, np.where(kept[:, None], 2.0**turns - 1, 1.0))
    assert kept.any() and not kept.all()
    assert not np.array_equal(f(), found)


@pytest.mark.parametrize("kind", [GRU, LSTM])
@pytest.mark.parametrize("mode", ["mem", "gpu"])
def test_gates_see_one_mask_of_the_inputs(kind, mode):
    """Where a layer forgets all at each step, its output tells the mask of that step."""
    layer = kind(UNITS, dropout_W=0.5, return_sequences=True, consume_less=mode)
    x = Input((STEPS, UNITS))
    y = layer(x)
    # a GRU forgets by its gate z, which comes first; an LSTM by its gate f, the second of its one bias in "gpu"
    forgets = {GRU: ("b_z", 0), LSTM: ("b_f", 1)}[kind]
    for w in layer.trainable_weights:
        value = K.get_value(w)
        if "_U" in w.name:
            value[:] = 0.0
        if forgets[0] in w.name:
            value[:] = -100.0
        elif value.shape == (UNITS * (3 if kind is GRU else 4),):
            value[forgets[1] * UNITS : (forgets[1] + 1) * UNITS] = -100.0
        K.set_value(w, value)
    f = K.function([x, K.learning_phase()], [y])
    (found,) = f([np.ones((2, STEPS, UNITS)), 1])
    np.testing.assert_allclose(found, np.broadcast_to(found[:, :1], found.shape), rtol=1e-4, atol=1e-5)
    assert not np.allclose(f([np.ones((2, STEPS, UNITS)), 1])[0], found)
