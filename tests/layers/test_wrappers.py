"""TimeDistributed, Bidirectional, and wrappers of one's own."""

import numpy as np
import pytest
from layers.helper import check_layer

from kbridge import backend as K
from kbridge.engine.topology import Input, Layer
from kbridge.layers.core import Activation, Dense, Dropout, Flatten, Masking, Reshape
from kbridge.layers.normalization import BatchNormalization
from kbridge.layers.pipeline import Pipeline
from kbridge.layers.recurrent import LSTM
from kbridge.layers.wrappers import Bidirectional, TimeDistributed, Wrapper
from kbridge.models import Model, Sequential


@pytest.mark.parametrize("shape", [(3, 4), (None, 4)])
def test_time_distributed_dense(shape):
    layer, _ = check_layer(TimeDistributed, {"layer": Dense(2, activation="tanh")}, shape, reference=lambda x, w, b: np.tanh(x @ w + b))
    assert [K.tensor_name(w) for w in layer.weights] == [f"{layer.layer.name}_W", f"{layer.layer.name}_b"]
    assert list(layer.get_config())[-1] == "layer"


def test_time_distributed_over_known_batches():
    check_layer(TimeDistributed, {"layer": Dense(2)}, batch_shape=(3, 4, 5), reference=lambda x, w, b: x @ w + b)


def test_time_distributed_layers_that_change_the_number_of_axes():
    check_layer(TimeDistributed, {"layer": Flatten()}, (2, 3, 4), reference=lambda x: x.reshape(len(x), 2, 12))
    check_layer(TimeDistributed, {"layer": Reshape((2, 2))}, (3, 4), reference=lambda x: x.reshape(len(x), 3, 2, 2))
    check_layer(TimeDistributed, {"layer": Activation("softmax")}, (3, 4))
    check_layer(TimeDistributed, {"layer": Dropout(0.5)}, (3, 4), reference=lambda x: x)


def test_time_distributed_models():
    inner = Sequential([Dense(3, input_dim=4, activation="relu"), Dense(2)])
    layer, _ = check_layer(
        TimeDistributed, {"layer": inner}, (5, 4), reference=lambda x, w, b, v, c: np.maximum(x @ w + b, 0) @ v + c, trains=False
    )
    x = Input((5, 4))
    model = Model(x, layer(x))
    model.compile("sgd", "mse")
    before = model.get_weights()
    model.train_on_batch(np.ones((2, 5, 4)), np.full((2, 5, 2), 9.0))
    assert not np.array_equal(before[-1], model.get_weights()[-1])


def test_time_distributed_takes_over_penalties():
    x = Input((3, 4))
    layer = TimeDistributed(Dense(2, W_regularizer="l2", activity_regularizer="activity_l1"))
    model = Model(x, layer(x))
    data = np.random.RandomState(0).normal(size=(2, 3, 4))
    w, _ = layer.get_weights()
    total = np.sum(K.function([x], model.losses)([data]))
    assert total == pytest.approx(0.01 * np.square(w).sum() + 0.01 * np.abs(model.predict(data)).sum(), rel=1e-4)


def test_time_distributed_takes_over_constraints_and_freezing():
    layer = TimeDistributed(Dense(2, W_constraint="nonneg"), input_shape=(3, 4))
    model = Sequential([layer])
    assert list(model.constraints) == [layer.layer.W]
    layer.layer.trainable = False
    assert model.trainable_weights == [] and len(model.non_trainable_weights) == 2
    layer.layer.trainable = True
    layer.trainable = False
    assert model.trainable_weights == [] and len(layer.weights) == 2


def test_time_distributed_initial_weights():
    weights = [np.ones((4, 2)), np.zeros(2)]
    model = Sequential([TimeDistributed(Dense(2, weights=weights), input_shape=(3, 4))])
    np.testing.assert_array_equal(model.get_weights()[0], weights[0])


def test_time_distributed_keeps_masks():
    x = Input((3, 4))
    y = TimeDistributed(Dense(2))(Masking()(x))
    assert y._keras_history[0].inbound_nodes[0].output_masks[0] is not None


def test_what_cannot_be_wrapped():
    with pytest.raises(ValueError, match=r"timedistributed_\d+.*at least 3 axes"):
        TimeDistributed(Dense(2))(Input((4,)))
    with pytest.raises(TypeError, match="needs a layer to wrap"):
        TimeDistributed("dense")
    with pytest.raises(TypeError, match="needs a recurrent layer to wrap"):
        Bidirectional(Dense(2))
    with pytest.raises(ValueError, match="merge_mode"):
        Bidirectional(Sum(2), merge_mode="add")


class Sum(Layer):
    """A recurrent layer in short: running sums of x W."""

    supports_masking = True

    def __init__(self, output_dim, return_sequences=True, go_backwards=False, **kwargs):
        self.output_dim = output_dim
        self.return_sequences = return_sequences
        self.go_backwards = go_backwards
        super().__init__(**kwargs)

    def build(self, input_shape):
        self.W = self.add_weight((input_shape[2], self.output_dim), "glorot_uniform", name=f"{self.name}_W")
        self.count = self.add_weight((1,), "zero", name=f"{self.name}_count", trainable=False)

    def call(self, x, mask=None):
        self.add_update(K.update_add(self.count, 1.0), x)
        x = K.dot(K.reverse(x, 1) if self.go_backwards else x, self.W)
        return K.cumsum(x, axis=1) if self.return_sequences else K.sum(x, axis=1)

    def compute_mask(self, input, input_mask=None):
        return input_mask if self.return_sequences else None

    def get_output_shape_for(self, input_shape):
        return (*input_shape[:2], self.output_dim) if self.return_sequences else (input_shape[0], self.output_dim)

    def get_config(self):
        return {
            **super().get_config(),
            "output_dim": self.output_dim,
            "return_sequences": self.return_sequences,
            "go_backwards": self.go_backwards,
        }


JOIN = {
    "concat": lambda a, b: np.concatenate([a, b], axis=-1),
    "sum": lambda a, b: a + b,
    "mul": lambda a, b: a * b,
    "ave": lambda a, b: (a + b) / 2,
    None: lambda a, b: [a, b],
}


@pytest.mark.parametrize("merge_mode", JOIN)
@pytest.mark.parametrize("sequences", [True, False])
def test_bidirectional(merge_mode, sequences):
    def reference(x, w, count, v, count2):
        forward, backward = np.cumsum(x @ w, axis=1), np.cumsum((x @ v)[:, ::-1], axis=1)
        parts = (forward, backward[:, ::-1]) if sequences else (forward[:, -1], backward[:, -1])
        return JOIN[merge_mode](*parts)

    # weights of a layer: the trainable ones first
    def in_order(x, w, v, count, count2):
        return reference(x, w, count, v, count2)

    layer, _ = check_layer(
        Bidirectional,
        {"layer": Sum(3, return_sequences=sequences), "merge_mode": merge_mode},
        (4, 2),
        reference=in_order,
        custom_objects={"Sum": Sum},
        sequential=merge_mode is not None,
    )
    inner = layer.layer.name
    assert [K.tensor_name(w) for w in layer.trainable_weights] == [f"forward_{inner}_W", f"backward_{inner}_W"]
    assert layer.backward_layer.go_backwards and not layer.forward_layer.go_backwards
    assert list(layer.get_config())[-2:] == ["layer", "merge_mode"]


def test_bidirectional_runs_the_updates_of_both_directions():
    model = Sequential([Bidirectional(Sum(2), input_shape=(3, 2))])
    assert len(model.updates) == 2
    model.compile("sgd", "mse")
    model.train_on_batch(np.ones((1, 3, 2)), np.ones((1, 3, 4)))
    assert [float(K.get_value(layer.count)[0]) for layer in model.layers[0]._inner] == [1, 1]


def test_bidirectional_splits_its_initial_weights():
    weights = [np.full((2, 1), 1.0), np.zeros(1), np.full((2, 1), 2.0), np.zeros(1)]
    layer = Bidirectional(Sum(1), weights=weights)
    layer(Input((3, 2)))
    assert K.get_value(layer.forward_layer.W)[0, 0] == 1 and K.get_value(layer.backward_layer.W)[0, 0] == 2


def test_bidirectional_keeps_masks_of_sequences_only():
    x = Masking()(Input((3, 2)))
    assert Bidirectional(Sum(1))(x)._keras_history[0].inbound_nodes[0].output_masks[0] is not None
    assert Bidirectional(Sum(1, return_sequences=False))(x)._keras_history[0].inbound_nodes[0].output_masks == [None]


class Twice(Wrapper):
    def build(self, input_shape=None):
        if not self.layer.built:
            self.layer.build(input_shape)
            self.layer.built = True
        super().build()

    def call(self, x, mask=None):
        return 2 * self.layer.call(x)

    def get_output_shape_for(self, input_shape):
        return self.layer.get_output_shape_for(input_shape)


def test_wrappers_of_ones_own():
    check_layer(Twice, {"layer": Dense(3)}, (4,), reference=lambda x, w, b: 2 * (x @ w + b), custom_objects={"Twice": Twice})


def test_a_pipeline_is_its_layers_in_a_row():
    layers = [Dense(3, activation="tanh"), BatchNormalization(), Dropout(0.5), Dense(2, W_regularizer="l2", activity_regularizer="l2")]
    layer, _ = check_layer(Pipeline, {"layers": layers}, (4,))
    x = Input((4,))
    row = Sequential([Dense(3, activation="tanh", input_dim=4), *layers[1:]])
    row.layers[0].set_weights(layers[0].get_weights())
    model = Model(x, layer(x))
    X = np.random.RandomState(1).normal(size=(5, 4)).astype("float32")
    np.testing.assert_allclose(model.predict(X), row.predict(X), atol=1e-6)
    assert len(model.losses) == len(row.losses) == 2 and len(model.updates) == len(row.updates) == 2 and model.uses_learning_phase
    assert [len(layer.trainable_weights), len(layer.non_trainable_weights)] == [6, 2]


def test_masks_go_through_a_pipeline_and_come_out(tmp_path):
    from kbridge.convert import save_keras3, save_onnx
    from kbridge.convert.problems import NotConvertible

    x = Input((3, 2))
    kept, last = Pipeline([Masking(), Dropout(0.1), LSTM(2, return_sequences=True)]), LSTM(1)
    model = Model(x, [kept(x), last(kept(x))])
    X = np.ones((1, 3, 2), "float32")
    X[0, 2] = 0
    sequence, end = model.predict(X)
    np.testing.assert_array_equal(sequence[0, 2], sequence[0, 1])
    np.testing.assert_allclose(end, Model(x, last(kept(x))).predict(X), atol=1e-6)
    assert model.output_mask[0] is not None
    for save, name in ((save_keras3, "m.keras"), (save_onnx, "m.onnx")):
        with pytest.raises(NotConvertible, match="pipeline-mask"):
            save(model, tmp_path / name)


@pytest.mark.parametrize(("layers", "error"), [([], ValueError), (Dense(2), ValueError), ([np.tanh], TypeError)])
def test_what_a_pipeline_cant_hold_is_an_error(layers, error):
    with pytest.raises(error, match="Pipeline takes"):
        Pipeline(layers)
