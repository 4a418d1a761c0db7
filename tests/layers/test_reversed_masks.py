"""``go_backwards`` with ``return_sequences``: outputs come in the order in which they are computed, and so does their mask."""

import numpy as np
import pytest

from kbridge import backend as K
from kbridge.layers import GRU, LSTM, ConvLSTM2D, Input, Masking, SimpleRNN
from kbridge.models import Sequential

X = np.random.RandomState(0).rand(3, 3, 2) + 0.5


def stacked(steps, kind):
    return Sequential([Masking(input_shape=(steps, 2)), kind(3, go_backwards=True, return_sequences=True), kind(4, return_sequences=False)])


@pytest.mark.parametrize("kind", [LSTM, GRU, SimpleRNN])
def test_padding_before_and_after_plays_no_part(kind):
    plain = stacked(3, kind)
    expected = plain.predict(X)
    for padding in ((2, 0), (0, 2)):
        model = stacked(5, kind)
        model.set_weights(plain.get_weights())
        padded = np.pad(X, ((0, 0), padding, (0, 0)))
        np.testing.assert_allclose(model.predict(padded), expected, rtol=1e-5, atol=1e-6)


def test_the_mask_is_turned():
    x = Input((4, 2))
    masking = Masking()
    for go_backwards in (False, True):
        y = GRU(3, go_backwards=go_backwards, return_sequences=True)(masking(x))
        layer, node, position = y._keras_history
        mask = layer.inbound_nodes[node].output_masks[position]
        data = np.array([[[0, 0], [0, 0], [1, 1], [2, 2]]])
        expected = [[1, 1, 0, 0]] if go_backwards else [[0, 0, 1, 1]]
        assert K.function([x], [K.cast(mask, "int32")])([data])[0].tolist() == expected


def test_that_of_images_too():
    layer = ConvLSTM2D(2, 3, 3, go_backwards=True, return_sequences=True, dim_ordering="tf")
    mask = K.variable(np.array([[0, 1, 1]]))
    assert K.eval(layer.compute_mask(None, mask)).tolist() == [[1, 1, 0]]
    assert layer.compute_mask(None, None) is None
