"""What random combinations of options found in files of later Keras, and in conversions of them."""

import json

import numpy as np
import pytest
from installed import needed

from kbridge import backend as K
from kbridge.errors import ModelFileError
from kbridge.models import model_from_json


def model_of(class_name: str, shape: tuple, **options):
    """A model of one layer, from a config of tf.keras."""
    layer = {"class_name": class_name, "config": {"name": "one", "batch_input_shape": [None, *shape], **options}}
    config = {"name": "s", "layers": [layer]}
    return model_from_json(json.dumps({"class_name": "Sequential", "config": config, "keras_version": "2.9.0"}))


#: layer, input, how its kernel W becomes the one of Keras, and whether channels come first
KERNELS = [
    ("Conv1D", (6, 3), lambda W: W[:, 0], False),
    ("Conv2D", (6, 6, 3), lambda W: W, False),
    ("Conv2D", (3, 6, 6), lambda W: W.transpose(2, 3, 1, 0), True),
    ("Conv2DTranspose", (6, 6, 3), lambda W: W.transpose(0, 1, 3, 2), False),
    ("Conv2DTranspose", (3, 6, 6), lambda W: W.transpose(2, 3, 0, 1), True),
    ("Conv3D", (3, 4, 4, 4), lambda W: W.transpose(2, 3, 4, 1, 0), True),
]


@pytest.mark.parametrize(("name", "shape", "as_there", "first"), KERNELS)
@pytest.mark.parametrize("axes", [0, -1, [0, -2]])
def test_a_norm_is_that_of_the_axes_of_the_file(name, shape, as_there, first, axes):
    constraint = {"class_name": "UnitNorm", "config": {"axis": axes}}
    options = {"filters": 2, "kernel_size": 2, "kernel_constraint": constraint}
    model = model_of(name, shape, **options, **({"data_format": "channels_first"} if first else {}))
    (layer,) = model.layers
    (W,) = [w for w in layer.trainable_weights if K.ndim(w) > 1]
    found = as_there(K.eval(layer.constraints[W](W)))
    norms = np.sqrt(np.sum(found**2, axis=tuple(axes) if isinstance(axes, list) else axes))
    np.testing.assert_allclose(norms, np.ones_like(norms), rtol=1e-4)


def test_locally_connected_kernels_have_their_axes_by_implementation():
    options = {"filters": 2, "kernel_size": 2, "kernel_constraint": {"class_name": "UnitNorm", "config": {"axis": 0}}}
    (layer,) = model_of("LocallyConnected1D", (4, 3), **options, implementation=3).layers
    np.testing.assert_allclose(np.sum(K.eval(layer.constraints[layer.W](layer.W)) ** 2), 1, rtol=1e-4)
    with pytest.raises(ModelFileError, match="this axis has no place.*keras2-option"):
        model_of("LocallyConnected1D", (4, 3), **options, implementation=2)


@pytest.mark.parametrize("merge_mode", ["concat", "sum"])
def test_both_directions_are_penalised(merge_mode):
    penalty = {"class_name": "L2", "config": {"l2": 0.1}}
    inner = {"class_name": "LSTM", "config": {"name": "inner", "units": 2, "return_sequences": True, "activity_regularizer": penalty}}
    model = model_of("Bidirectional", (4, 3), layer=inner, merge_mode=merge_mode)
    apart = model_of("Bidirectional", (4, 3), layer=inner, merge_mode="concat")
    apart.set_weights(model.get_weights())
    x = np.random.RandomState(0).normal(size=(5, 4, 3)).astype("float32")
    outputs = np.asarray(apart.predict(x))
    model.compile("sgd", "mse")
    y = model.predict(x)
    assert np.isclose(np.ravel(model.test_on_batch(x, y))[0], 0.1 * np.sum(outputs**2) / 5, rtol=1e-4)


def test_what_an_rnn_puts_out_is_penalised():
    cell = {"class_name": "SimpleRNNCell", "config": {"name": "cell", "units": 2}}
    model = model_of("RNN", (4, 3), cell=cell, activity_regularizer={"class_name": "L1", "config": {"l1": 0.1}})
    x = np.random.RandomState(0).normal(size=(5, 4, 3)).astype("float32")
    again = model_from_json(model.to_json())
    again.set_weights(model.get_weights())
    for each in (model, again):
        each.compile("sgd", "mse")
        y = each.predict(x)
        assert np.isclose(np.ravel(each.test_on_batch(x, y))[0], 0.1 * np.abs(y).sum() / 5, rtol=1e-4)


@pytest.mark.once
def test_a_penalty_in_a_model_over_time_is_told():
    from kbridge.layers import Dense, Input, TimeDistributed
    from kbridge.models import Model, Sequential
    from kbridge.saving.keras2.training import differences

    inner = Sequential([Dense(2, input_dim=3, activity_regularizer="l2")])
    x = Input((4, 3))
    model = Model(x, TimeDistributed(inner)(x))
    assert [slug for what, slug in differences(model) if "twice" in what] == ["keras2-activity-regularizer"]
    assert any("as often as there are steps" in what for what, _ in differences(model, of_keras3=True))


@pytest.mark.once
def test_what_keras_3_computes_otherwise_is_told(tmp_path):
    from kbridge.convert import save_keras3
    from kbridge.layers import BatchNormalization, Dense, Input, TimeDistributed
    from kbridge.models import Model
    from kbridge.saving.keras2.training import differences

    x = Input((4, 3))
    model = Model(x, Dense(2, activation="sparsemax")(TimeDistributed(BatchNormalization())(x)))
    assert [slug for _, slug in differences(model, of_keras3=True)] == ["keras2-batch-normalization-steps", "keras2-sparsemax"]
    assert any("keras3-sparsemax" in note for note in save_keras3(model, tmp_path / "m.keras"))


@pytest.mark.once
def test_sparsemax_is_the_same_as_onnx(tmp_path):
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    from kbridge.convert import save_onnx
    from kbridge.layers import Activation
    from kbridge.models import Sequential

    model = Sequential([Activation("sparsemax", input_shape=(3, 5))])
    save_onnx(model, tmp_path / "m.onnx")
    x = np.random.RandomState(0).normal(size=(4, 3, 5)).astype("float32")
    session = runtime.InferenceSession(tmp_path / "m.onnx", providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {session.get_inputs()[0].name: x})
    np.testing.assert_allclose(found, model.predict(x), atol=1e-6)


@pytest.mark.once
def test_names_that_keras_3_gives_to_joined_masks_are_left_to_it(tmp_path):
    """It couldn't load a model with a layer of that name."""
    keras = needed("keras")
    from kbridge.convert import save_keras3
    from kbridge.layers import LSTM, Concatenate, Dense, Input, Masking
    from kbridge.models import Model

    x = Input((4, 3))
    y = Masking()(x)
    model = Model(x, LSTM(2)(Concatenate(name="concatenate")([y, Dense(2)(y)])))
    save_keras3(model, tmp_path / "m.keras")
    values = np.random.RandomState(0).normal(size=(2, 4, 3)).astype("float32")
    values[1, 2:] = 0
    keras.backend.clear_session()
    there = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_allclose(there.predict(values, verbose=0), model.predict(values), atol=1e-6)
    assert there.get_layer("concatenate_layer") is not None


def test_a_mask_of_each_place_of_a_series_of_series():
    """Masking gives one for (samples, time, places); a step that is missing at all places might as well not be there."""
    from kbridge.layers import ConvLSTM1D, Masking
    from kbridge.models import Sequential

    def model(steps):
        return Sequential([Masking(input_shape=(steps, 4, 2)), ConvLSTM1D(3, 2, padding="same")])

    x = np.random.RandomState(0).normal(size=(2, 3, 4, 2)).astype("float32")
    short, long = model(3), model(4)
    long.set_weights(short.get_weights())
    padded = np.concatenate([x[:, :1], np.zeros_like(x[:, :1]), x[:, 1:]], axis=1)
    np.testing.assert_allclose(long.predict(padded), short.predict(x), rtol=1e-5, atol=1e-6)
    partly = padded.copy()
    partly[:, 1, 0] = 1  # one place is there: its state moves on, and with it its neighbours' later ones
    assert np.abs(long.predict(partly) - short.predict(x)).max() > 1e-4
