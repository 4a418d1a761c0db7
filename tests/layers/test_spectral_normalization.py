"""Kernels whose largest singular value is held at 1, and the layers of residual branches."""

import numpy as np
import pytest
from layers.helper import check_layer

from kbridge import backend as K
from kbridge.layers import LSTM, Convolution2D, Dense, GlobalAveragePooling2D, LayerScale, SpectralNormalization, StochasticDepth
from kbridge.models import Sequential, load_model
from kbridge.optimizers import SGD

KERNEL = np.random.RandomState(0).normal(size=(6, 4))


def largest(kernel) -> float:
    return float(np.linalg.svd(np.reshape(kernel, (-1, np.shape(kernel)[-1])), compute_uv=False)[0])


def test_they_keep_what_layers_promise():
    check_layer(SpectralNormalization, {"layer": Dense(3), "power_iterations": 2}, (4,), reference=lambda x, W, b, u: x @ W + b)
    check_layer(LayerScale, {"init_values": 0.1, "projection_dim": 3}, (2, 3), reference=lambda x, gamma: x * gamma)
    check_layer(StochasticDepth, {"drop_path_rate": 0.5}, (2, 3), reference=lambda x: x)


def test_the_kernel_is_divided_by_its_largest_singular_value():
    layer = SpectralNormalization(Dense(4, bias=False), power_iterations=30, input_shape=(6,))
    Sequential([layer])
    layer.set_weights([KERNEL, np.ones((1, 4))])
    layer.normalize()
    np.testing.assert_allclose(layer.get_weights()[0], KERNEL / largest(KERNEL), rtol=1e-4)


@pytest.mark.parametrize("ordering", ["tf", "th"])
def test_before_each_step_of_training_in_both_orderings(ordering, tmp_path):
    shape = (5, 5, 2) if ordering == "tf" else (2, 5, 5)
    model = Sequential(
        [
            SpectralNormalization(Convolution2D(3, 2, 2, dim_ordering=ordering), power_iterations=20, input_shape=shape),
            GlobalAveragePooling2D(dim_ordering=ordering),
        ]
    )
    model.compile(SGD(0.0), "mse")
    kernel = np.random.RandomState(1).normal(size=(2, 2, 2, 3))
    weights = model.get_weights()
    weights[0] = kernel if ordering == "tf" else kernel.transpose(3, 2, 0, 1)
    model.set_weights(weights)
    x = np.random.RandomState(2).normal(size=(2, *shape))
    before = model.predict(x)
    model.train_on_batch(x, np.zeros((2, 3)))
    np.testing.assert_allclose(model.predict(x), before / largest(kernel), rtol=1e-3, atol=1e-5)
    model.save(tmp_path / "m.h5")
    np.testing.assert_allclose(load_model(tmp_path / "m.h5").predict(x), model.predict(x), rtol=1e-6)
    model.save(tmp_path / "m.keras")
    np.testing.assert_allclose(load_model(tmp_path / "m.keras").predict(x), model.predict(x), rtol=1e-5, atol=1e-6)


def test_a_kernel_of_zeros_stays():
    layer = SpectralNormalization(Dense(4, bias=False), input_shape=(6,))
    Sequential([layer])
    layer.set_weights([KERNEL * 0, np.ones((1, 4))])
    layer.normalize()
    np.testing.assert_array_equal(layer.get_weights()[0], 0)
    np.testing.assert_array_equal(layer.get_weights()[1], 1)


def test_a_layer_without_a_kernel_is_an_error_that_names_both():
    with pytest.raises(ValueError, match="SpectralNormalization sn needs a layer with a kernel, but the LSTM 'memory' has none"):
        Sequential([SpectralNormalization(LSTM(3, name="memory"), name="sn", input_shape=(4, 2))])


def test_samples_are_dropped_whole_and_the_others_scaled_up():
    layer = StochasticDepth(0.25, input_shape=(2, 3))
    model = Sequential([layer])
    y = K.function([model.input, K.learning_phase()], [model.output])([np.ones((400, 2, 3)), 1])[0]
    assert all(np.ptp(sample) == 0 for sample in y)
    np.testing.assert_allclose(np.unique(y[:, 0, 0]), [0.0, 4 / 3], rtol=1e-6)
    assert 0.15 < np.mean(y[:, 0, 0] == 0) < 0.35


@pytest.mark.parametrize("value", [1.0, -0.1])
def test_a_fraction_out_of_range_is_an_error(value):
    with pytest.raises(ValueError, match=f"drop_path_rate must be at least 0 and below 1, got {value}"):
        StochasticDepth(value)
