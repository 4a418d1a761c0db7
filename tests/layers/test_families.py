"""Convolution, pooling, recurrent and the other families: what every layer promises, for their main options.

The values are compared with a real Keras 1.2.2 in ``tests/oracle``.
"""

import numpy as np
import pytest
from layers.helper import check_layer

from kbridge import layers
from kbridge.models import Sequential

TH, TF = {"dim_ordering": "th"}, {"dim_ordering": "tf"}

CASES = [
    ("Convolution1D", {"nb_filter": 3, "filter_length": 2, "border_mode": "same"}, (5, 2)),
    ("Convolution1D", {"nb_filter": 3, "filter_length": 3, "subsample_length": 2}, (None, 2)),
    ("AtrousConvolution1D", {"nb_filter": 3, "filter_length": 2, "atrous_rate": 2}, (6, 2)),
    ("Convolution2D", {"nb_filter": 3, "nb_row": 2, "nb_col": 3, "activation": "tanh", **TH}, (2, 5, 6)),
    ("Convolution2D", {"nb_filter": 3, "nb_row": 2, "nb_col": 3, "border_mode": "same", "subsample": (2, 2), **TF}, (5, 6, 2)),
    ("Convolution2D", {"nb_filter": 2, "nb_row": 2, "nb_col": 2, "border_mode": "full", "bias": False, **TF}, (4, 4, 2)),
    ("Convolution2D", {"nb_filter": 2, "nb_row": 3, "nb_col": 3, **TF}, (None, None, 2)),
    ("AtrousConvolution2D", {"nb_filter": 2, "nb_row": 2, "nb_col": 2, "atrous_rate": (2, 2), **TF}, (6, 6, 2)),
    ("Deconvolution2D", {"nb_filter": 2, "nb_row": 3, "nb_col": 3, "output_shape": (None, 2, 6, 6), **TH}, (3, 4, 4)),
    ("SeparableConvolution2D", {"nb_filter": 3, "nb_row": 2, "nb_col": 2, "depth_multiplier": 2, **TF}, (4, 4, 2)),
    ("Convolution3D", {"nb_filter": 2, "kernel_dim1": 2, "kernel_dim2": 2, "kernel_dim3": 2, **TF}, (3, 4, 3, 2)),
    ("UpSampling1D", {"length": 2}, (3, 2)),
    ("UpSampling2D", {"size": (2, 3), **TH}, (2, 3, 2)),
    ("UpSampling3D", {**TF}, (2, 2, 2, 2)),
    ("ZeroPadding1D", {"padding": {"left_pad": 1, "right_pad": 2}}, (3, 2)),
    ("ZeroPadding2D", {"padding": (1, 2, 0, 3), **TF}, (3, 4, 2)),
    ("ZeroPadding3D", {"padding": (1, 0, 2), **TF}, (2, 2, 2, 1)),
    ("Cropping1D", {"cropping": (1, 2)}, (6, 2)),
    ("Cropping2D", {"cropping": ((1, 1), (0, 2)), **TH}, (2, 5, 6)),
    ("Cropping3D", {**TF}, (4, 5, 4, 1)),
    ("MaxPooling1D", {"pool_length": 2, "border_mode": "same"}, (5, 2)),
    ("AveragePooling1D", {"pool_length": 3, "stride": 1}, (5, 2)),
    ("MaxPooling2D", {"pool_size": (2, 2), "strides": (1, 2), **TH}, (2, 4, 5)),
    ("AveragePooling2D", {"border_mode": "same", **TF}, (5, 4, 2)),
    ("MaxPooling3D", {**TF}, (4, 4, 4, 1)),
    ("AveragePooling3D", {**TH}, (1, 4, 4, 4)),
    ("GlobalMaxPooling1D", {}, (4, 2)),
    ("GlobalAveragePooling1D", {}, (None, 2)),
    ("GlobalMaxPooling2D", {**TH}, (2, 3, 4)),
    ("GlobalAveragePooling2D", {**TF}, (3, 4, 2)),
    ("GlobalMaxPooling3D", {**TF}, (2, 3, 2, 2)),
    ("GlobalAveragePooling3D", {**TH}, (2, 3, 2, 2)),
    ("LocallyConnected1D", {"nb_filter": 3, "filter_length": 2}, (5, 2)),
    ("LocallyConnected2D", {"nb_filter": 2, "nb_row": 2, "nb_col": 2, **TH}, (2, 4, 3)),
    ("SimpleRNN", {"output_dim": 3, "return_sequences": True}, (None, 2)),
    ("GRU", {"output_dim": 3, "consume_less": "mem", "dropout_W": 0.2, "dropout_U": 0.2}, (4, 2)),
    ("GRU", {"output_dim": 3, "consume_less": "gpu", "go_backwards": True}, (4, 2)),
    ("LSTM", {"output_dim": 3, "unroll": True, "return_sequences": True}, (3, 2)),
    ("LSTM", {"output_dim": 3, "consume_less": "gpu"}, (None, 2)),
    ("LSTM", {"output_dim": 3, "dropout_W": 0.2, "dropout_U": 0.2}, (4, 2)),
    ("ConvLSTM2D", {"nb_filter": 2, "nb_row": 2, "nb_col": 2, "border_mode": "same", **TF}, (3, 3, 3, 1)),
    ("LeakyReLU", {"alpha": 0.2}, (4,)),
    ("ELU", {"alpha": 0.5}, (4,)),
    ("ThresholdedReLU", {"theta": 0.3}, (4,)),
    ("PReLU", {"shared_axes": [1]}, (None, 4)),
    ("ParametricSoftplus", {}, (4,)),
    ("SReLU", {}, (4,)),
    ("BatchNormalization", {"axis": 1}, (2, 3, 4)),
    ("BatchNormalization", {"mode": 1}, (4,)),
    ("BatchNormalization", {"mode": 2}, (4,)),
    ("GaussianNoise", {"sigma": 0.3}, (4,)),
    ("GaussianDropout", {"p": 0.3}, (4,)),
]


@pytest.mark.parametrize(("name", "kwargs", "shape"), CASES, ids=[f"{n}-{i}" for i, (n, _, _) in enumerate(CASES)])
def test_every_layer_keeps_its_promises(name, kwargs, shape):
    # a threshold that no input reaches gets no gradient
    check_layer(getattr(layers, name), kwargs, shape, trains=name != "SReLU")


def test_embedding_keeps_its_promises():
    check_layer(layers.Embedding, {"input_dim": 5, "output_dim": 3, "input_length": 4}, (4,), dtype="int32")


@pytest.mark.parametrize(
    ("words", "make"),
    [
        (r"Convolution2D c.*\(3, 3\).*doesn't fit.*\(None, 2, 9, 9\).*'tf'.*'th'",
         lambda: layers.Convolution2D(2, 3, 3, name="c", input_shape=(2, 9, 9), dim_ordering="tf")),
        (r"border_mode must be one of 'valid', 'same', got 'full'", lambda: layers.MaxPooling2D(border_mode="full")),
        (r"consume_less must be.*'fpga'", lambda: layers.LSTM(2, consume_less="fpga")),
        (r"stateful.*batch_input_shape such as \(32, 4, 2\)", lambda: layers.LSTM(2, stateful=True, input_shape=(4, 2))),
        (r"unroll=True needs a known number", lambda: layers.GRU(2, unroll=True, input_shape=(None, 2))),
        (r"dim_ordering must be 'th', 'tf'.*'xx'", lambda: layers.Convolution2D(2, 3, 3, dim_ordering="xx")),
        (r"mode must be 0, 1 or 2, got 3", lambda: layers.BatchNormalization(mode=3)),
        (r"removes more than an input", lambda: layers.Cropping1D((3, 2), input_shape=(4, 1))),
        (r"output_dim must be a whole number of at least 1, got 0", lambda: layers.LSTM(0)),
    ],
)  # fmt: skip
def test_errors_name_layer_and_argument(words, make):
    with pytest.raises(ValueError, match=f"(?s){words}"):
        Sequential([make()])


def test_states_go_on_from_batch_to_batch_until_they_are_reset():
    model = Sequential([layers.GRU(3, stateful=True, batch_input_shape=(2, 4, 2))])
    x = np.random.RandomState(0).randn(2, 4, 2)
    first, second = model.predict(x, batch_size=2), model.predict(x, batch_size=2)
    assert not np.allclose(first, second)
    model.reset_states()
    np.testing.assert_allclose(model.predict(x, batch_size=2), first, rtol=1e-6)


def test_masked_steps_change_nothing():
    model = Sequential([layers.Masking(0.0, input_shape=(None, 2)), layers.LSTM(3)])
    x = np.random.RandomState(0).randn(2, 3, 2)
    padded = np.concatenate([x, np.zeros((2, 2, 2))], axis=1)
    np.testing.assert_allclose(model.predict(padded), model.predict(x), rtol=1e-5, atol=1e-6)
