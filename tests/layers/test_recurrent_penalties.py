"""Which regularizer of a GRU or LSTM applies to which weights, in each mode, as in Keras 1.2.2."""

import warnings

import numpy as np
import pytest

from kbridge.layers import GRU, LSTM, Bidirectional, SimpleRNN
from kbridge.models import Sequential, load_model
from kbridge.regularizers import l1, l2

X = np.zeros((2, 3, 2))


def penalties(layer, rates):
    """The sum of the penalties by hand: ``rates`` are those of W, U and b."""
    total = 0.0
    for weight in layer.weights:
        kind = weight.name.split("_")[-2 if layer.consume_less != "gpu" and not isinstance(layer, SimpleRNN) else -1][0]
        value = layer.get_weights()[[id(w) for w in layer.weights].index(id(weight))]
        penalty = {"l1": np.abs(value).sum(), "l2": np.square(value).sum()}
        norm, rate = rates["WUb".index(kind)]
        total += rate * penalty[norm]
    return total


@pytest.mark.parametrize("mode", ["cpu", "mem", "gpu"])
@pytest.mark.parametrize("cell", [SimpleRNN, GRU, LSTM])
def test_each_mode_penalises_as_keras_1_did(cell, mode, tmp_path):
    own = cell is SimpleRNN or mode == "gpu"
    arguments = {"W_regularizer": l2(0.5), "U_regularizer": l1(0.25), "b_regularizer": l2(0.125)}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        layer = cell(2, consume_less=mode, input_shape=(3, 2), **arguments)
        model = Sequential([layer])
    told = [str(w.message) for w in caught if "U_regularizer has no effect" in str(w.message)]
    assert len(told) == (0 if own else 1)
    model.set_weights([np.random.RandomState(i).rand(*w.shape) for i, w in enumerate(model.get_weights())])
    model.compile("sgd", "mse")
    W, U, b = ("l2", 0.5), ("l1", 0.25), ("l2", 0.125)
    expected = penalties(layer, (W, U if own else W, b))
    y = model.predict(X)
    assert model.evaluate(X, y, verbose=0) == pytest.approx(expected, rel=1e-5)
    # and so do files
    path = str(tmp_path / "m.h5")
    model.save(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert load_model(path).evaluate(X, y, verbose=0) == pytest.approx(expected, rel=1e-5)


def test_both_directions():
    model = Sequential([Bidirectional(LSTM(2, consume_less="gpu", U_regularizer=l2(1.0)), input_shape=(3, 2))])
    model.compile("sgd", "mse")
    both = model.layers[0]
    expected = sum(float(np.square(layer.get_weights()[1]).sum()) for layer in (both.forward_layer, both.backward_layer))
    assert model.evaluate(X, model.predict(X), verbose=0) == pytest.approx(expected, rel=1e-5)
