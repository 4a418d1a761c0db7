"""RNN with cells of kbridge's and of one's own, convolutional LSTMs, Bidirectional with a backward layer, TimeDistributed with masks inside."""

from __future__ import annotations

import numpy as np
import pytest
from layers.helper import check_layer

from kbridge import backend as K
from kbridge.layers import (
    GRU,
    LSTM,
    RNN,
    Bidirectional,
    ConvLSTM1D,
    ConvLSTM2D,
    ConvLSTM3D,
    Dense,
    GRUCell,
    Input,
    Layer,
    LSTMCell,
    Masking,
    SimpleRNN,
    SimpleRNNCell,
    StackedRNNCells,
    TimeDistributed,
)  # fmt: skip
from kbridge.models import Model, load_model, model_from_json

X = np.random.RandomState(3).normal(size=(2, 4, 3)).astype("float32")
X[1, 2:] = 0


def listed(value):
    return value if isinstance(value, list) else [value]


def predicted(outputs, x, *arrays):
    return [np.asarray(y) for y in listed(Model(x, outputs).predict([X, *arrays] if arrays else X))]


class Leaky(Layer):
    """h' = h / 2 + x W, plus a constant where one is given; starts with ones if ``start`` says so."""

    def __init__(self, units, start=0.0, **kwargs):
        self.units, self.start = units, start
        self.state_size = units
        super().__init__(**kwargs)

    def build(self, input_shape):
        shape = input_shape[0] if isinstance(input_shape, list) else input_shape
        self.kernel = self.add_weight((shape[-1], self.units), "glorot_uniform", name=f"{self.name}_kernel")
        self.built = True

    def call(self, inputs, states, constants=None):
        h = states[0] / 2 + K.dot(inputs, self.kernel)
        h = h if constants is None else h + constants[0]
        return h, [h]

    def get_initial_state(self, inputs=None, batch_size=None, dtype=None):
        return [K.ones((batch_size, self.units)) * self.start]

    def get_config(self):
        return {**super().get_config(), "units": self.units, "start": self.start}


class Sum:
    """The sum of what came in, which is no layer."""

    def __init__(self, size, scale=1.0):
        self.state_size, self.scale = size, scale

    def call(self, inputs, states):
        h = states[0] + self.scale * inputs
        return h, [h]

    def get_initial_state(self, batch_size=None, **_):
        return K.ones((batch_size, self.state_size))

    def get_config(self):
        return {"size": self.state_size, "scale": self.scale}


class Unsaved:
    state_size = 3

    def call(self, inputs, states):
        return inputs + states[0], [inputs]


def leaky(x, kernel, start=0.0, constant=0.0):
    h, every = np.full((len(x), kernel.shape[1]), start, "float32"), []
    for t in range(x.shape[1]):
        h = h / 2 + x[:, t] @ kernel + constant
        every.append(h)
    return np.stack(every, axis=1)


@pytest.mark.parametrize("cell", [
    (SimpleRNNCell, {}), (LSTMCell, {"unit_forget_bias": False}), (GRUCell, {"reset_after": False, "use_bias": False}), (GRUCell, {"activation": "relu"}),
])  # fmt: skip
def test_a_layer_with_a_cell_keeps_what_layers_promise(cell):
    cls, options = cell
    check_layer(RNN, {"cell": cls(2, **options), "return_sequences": True}, (3, 2), sequential=False, trains=False)


@pytest.mark.parametrize("options", [{}, {"go_backwards": True, "return_sequences": True}, {"unroll": True}])
def test_a_cell_in_a_sequence_is_the_layer_of_that_kind(options):
    x = Input((4, 3))
    y = Masking()(x)
    cells = [RNN(LSTMCell(2), **options), RNN(GRUCell(2), **options), RNN(SimpleRNNCell(2), **options)]
    same = {"inner_activation": "sigmoid", "consume_less": "gpu", **options}
    layers = [LSTM(2, **same), GRU(2, reset_after=True, **same), SimpleRNN(2, **options)]
    model = Model(x, [layer(y) for pair in zip(cells, layers, strict=True) for layer in pair])
    gru = cells[1].get_weights()
    layers[0].set_weights(cells[0].get_weights())
    layers[1].set_weights([*gru[:2], *gru[2]])
    layers[2].set_weights(cells[2].get_weights())
    results = model.predict(X)
    for got, wanted in zip(results[::2], results[1::2], strict=True):
        np.testing.assert_allclose(got, wanted, atol=1e-6)


def test_a_cell_of_ones_own_runs_is_stored_and_starts_as_it_says(tmp_path):
    x, c = Input((4, 3)), Input((2,))
    plain, started, with_constant = RNN(Leaky(2), return_sequences=True), RNN(Leaky(2, start=1.0)), RNN([LSTMCell(3), Leaky(2)])
    constant = RNN(Leaky(2), return_sequences=True)
    model = Model([x, c], [plain(x), started(x), with_constant(x), constant(x, constants=c)])
    added = np.array([[1.0, 2.0], [3.0, -1.0]], "float32")
    results = model.predict([X, added])
    np.testing.assert_allclose(results[0], leaky(X, plain.get_weights()[0]), atol=1e-5)
    np.testing.assert_allclose(results[1], leaky(X, started.get_weights()[0], 1.0)[:, -1], atol=1e-5)
    np.testing.assert_allclose(results[3], leaky(X, constant.get_weights()[0], 0.0, added), atol=1e-5)
    model.save(tmp_path / "own.h5")
    again = load_model(tmp_path / "own.h5", custom_objects={"Leaky": Leaky})
    for got, wanted in zip(again.predict([X, added]), results, strict=True):
        np.testing.assert_allclose(got, wanted, atol=1e-6)


def test_a_cell_that_is_no_layer_runs_and_is_stored(tmp_path):
    x = Input((4, 3))
    sums = RNN(Sum(3, 2.0), return_sequences=True, return_state=True)
    among = RNN([Sum(3), SimpleRNNCell(2)])
    outputs = [*sums(x), among(x)]
    assert sums.cell.scale == 2.0 and sums.weights == [] and len(among.weights) == 3
    model = Model(x, outputs)
    results = model.predict(X)
    wanted = 1 + 2 * np.cumsum(X, axis=1)
    np.testing.assert_allclose(results[0], wanted, atol=1e-5)
    np.testing.assert_allclose(results[1], wanted[:, -1], atol=1e-5)
    model.save(tmp_path / "own.h5")
    again = load_model(tmp_path / "own.h5", custom_objects={"Sum": Sum})
    for got, wanted in zip(again.predict(X), results, strict=True):
        np.testing.assert_allclose(got, wanted, atol=1e-6)
    last = RNN(Unsaved())
    np.testing.assert_allclose(predicted(last(x), x)[0], X[:, 3] + X[:, 2], atol=1e-6)
    with pytest.raises(TypeError, match="Unsaved.*has no get_config"):
        last.get_config()
    with pytest.raises(TypeError, match="RNN runs a cell"):
        RNN(Sum)


def test_states_come_out_go_in_and_are_kept():
    x = Input(batch_shape=(2, 4, 3))
    layer = RNN([LSTMCell(2), GRUCell(3)], return_state=True)
    last, *states = layer(x)
    assert [K.int_shape(s)[1:] for s in states] == [(2,), (2,), (3,)]
    model = Model(x, [last, *layer(x, initial_state=states)])
    kept = RNN(layer.cell, stateful=True)
    stateful = Model(x, kept(x))
    first, twice, *_ = model.predict(X)
    np.testing.assert_allclose(stateful.predict(X), first, atol=1e-6)
    np.testing.assert_allclose(stateful.predict(X), twice, atol=1e-6)
    kept.reset_states()
    np.testing.assert_allclose(stateful.predict(X), first, atol=1e-6)
    kept.reset_states([np.ones((2, 2)), np.ones((2, 2)), np.ones((2, 3))])
    assert np.abs(stateful.predict(X) - first).max() > 1e-3
    with pytest.raises(ValueError, match="states of the shapes"):
        kept.reset_states([np.ones((2, 2))])
    with pytest.raises(ValueError, match="needs 3 initial states, got 1"):
        layer(x, initial_state=[states[0]])


def test_time_first_is_the_same_with_axes_exchanged():
    x = Input((4, 3))
    cell = GRUCell(2)
    wanted = predicted(RNN(cell, return_sequences=True)(x), x)[0]
    turned = Input(batch_shape=(4, None, 3))
    got = Model(turned, RNN(cell, return_sequences=True, time_major=True)(turned)).predict(X.transpose(1, 0, 2), batch_size=4)
    np.testing.assert_allclose(got.transpose(1, 0, 2), wanted, atol=1e-6)


@pytest.mark.parametrize("implementation", [1, 2])
def test_dropout_of_a_cell_is_one_decision_for_all_steps(implementation):
    x = Input((4, 3))
    # a cell without a state: its output is what of the input is kept at a step
    cell = SimpleRNNCell(3, dropout=0.5, kernel_initializer="identity", recurrent_initializer="zero", activation="linear")
    gated = GRUCell(2, dropout=0.3, recurrent_dropout=0.4, implementation=implementation)
    kept, y = RNN(cell, return_sequences=True)(x), RNN([LSTMCell(2), gated], return_sequences=True)(x)
    assert kept._uses_learning_phase and y._uses_learning_phase
    run = K.function([x, K.learning_phase()], [kept, y])
    ones = np.ones((20, 4, 3), "float32")
    tested, trained = run([ones, 0]), run([ones, 1])
    np.testing.assert_allclose(tested[0], ones, atol=1e-6)
    assert set(np.unique(trained[0].round(5))) == {0.0, 2.0}
    np.testing.assert_array_equal(trained[0], np.repeat(trained[0][:, :1], 4, axis=1))
    assert np.abs(trained[1] - tested[1]).max() > 1e-3


def test_several_cells_in_a_file_and_their_errors():
    x = Input((4, 3))
    model = Model(x, RNN(StackedRNNCells([SimpleRNNCell(2), SimpleRNNCell(2)]))(x))
    again = model_from_json(model.to_json())
    again.set_weights(model.get_weights())
    np.testing.assert_allclose(again.predict(X), model.predict(X), atol=1e-6)
    with pytest.raises(TypeError, match="RNN runs a cell"):
        RNN(Dense(2))
    with pytest.raises(ValueError, match="list of cells"):
        StackedRNNCells([])
    with pytest.raises(ValueError, match="units"):
        LSTMCell(0)
    with pytest.raises(ValueError, match="recurrent_dropout"):
        GRUCell(2, recurrent_dropout=1.5)


@pytest.mark.parametrize("cls, shape", [(ConvLSTM1D, (2, 5, 2)), (ConvLSTM3D, (2, 3, 2, 3, 1))])
def test_channels_first_is_the_same_with_axes_moved(cls, shape):
    x = Input(shape)
    data = np.random.RandomState(1).normal(size=(2, *shape)).astype("float32")
    options = {"return_sequences": True, "return_state": True, "strides": 1, "dropout": 0.1, "recurrent_dropout": 0.1}
    last, first = (cls(2, 2, padding="same", data_format=f"channels_{which}", **options) for which in ("last", "first"))
    moved = np.moveaxis(data, -1, 2)
    y = Input(moved.shape[1:])
    model = Model([x, y], [*last(x), *first(y)])
    first.set_weights(last.get_weights())
    results = model.predict([data, moved])
    for number, (one, other) in enumerate(zip(results[:3], results[3:], strict=True)):
        np.testing.assert_allclose(np.moveaxis(other, 1 if number else 2, -1), one, atol=1e-5)
    model.compile("sgd", "mse")
    model.train_on_batch([data, moved], [np.zeros_like(r) for r in results])


def test_convolutional_lstms_keep_their_state_and_tell_what_does_not_fit():
    shape, data = (2, 2, 5, 2), np.random.RandomState(1).normal(size=(2, 2, 5, 2)).astype("float32")
    x = Input(batch_shape=shape)
    plain = ConvLSTM1D(2, 2, return_state=True)
    last, h, c = plain(x)
    twice = plain(x, initial_state=[h, c])[0]
    first, second = Model(x, [last, twice]).predict(data, batch_size=2)
    kept = ConvLSTM1D(2, 2, stateful=True)
    model = Model(x, kept(x))
    kept.set_weights(plain.get_weights())
    np.testing.assert_allclose(model.predict(data, batch_size=2), first, atol=1e-6)
    np.testing.assert_allclose(model.predict(data, batch_size=2), second, atol=1e-6)
    with pytest.raises(ValueError, match="don't fit"):
        ConvLSTM1D(2, 4, dilation_rate=2)(x)
    with pytest.raises(ValueError, match="padding"):
        ConvLSTM3D(2, 2, padding="causal")
    with pytest.raises(ValueError, match="initial states of shape"):
        plain(x, initial_state=[Input((3, 2)), c])
    frames = Input((2, 4, 4, 1))
    outputs = ConvLSTM2D(2, 2, 2, bias=False, return_state=True, dilation_rate=2, dim_ordering="tf")(frames)
    assert [K.int_shape(y)[1:] for y in outputs] == [(2, 2, 2)] * 3


def test_another_layer_goes_backwards():
    x = Input((4, 3))
    with pytest.raises(ValueError, match="go_backwards"):
        Bidirectional(LSTM(2), backward_layer=LSTM(2))
    with pytest.raises(ValueError, match="return_sequences"):
        Bidirectional(LSTM(2), backward_layer=LSTM(2, go_backwards=True, return_sequences=True))
    layer = Bidirectional(LSTM(2, return_state=True), backward_layer=GRU(3, go_backwards=True, return_state=True))
    outputs = layer(x)
    again = layer(x, initial_state=outputs[1:])
    assert [K.int_shape(y)[1] for y in outputs] == [5, 2, 2, 3]
    model = Model(x, [*outputs, *again])
    rebuilt = model_from_json(model.to_json())
    rebuilt.set_weights(model.get_weights())
    for got, wanted in zip(rebuilt.predict(X), model.predict(X), strict=True):
        np.testing.assert_allclose(got, wanted, atol=1e-6)
    with pytest.raises(ValueError, match="both directions"):
        layer(x, initial_state=outputs[1:3])


def test_a_mask_reaches_the_layer_over_time_only_if_it_says_so():
    x = Input((2, 4, 3))
    y = Masking()(x)
    layer = LSTM(2)
    plain, inside = TimeDistributed(layer), TimeDistributed(layer, mask_inside=True)
    data = np.ones((1, 2, 4, 3), "float32")
    data[0, 1, 2:] = 0
    model = Model(x, [plain(y), inside(y), TimeDistributed(GRU(2))(x)])
    without, within, _ = model.predict(data)
    np.testing.assert_allclose(within[0, 0], without[0, 0], atol=1e-6)
    short = Input((2, 3))
    alone = Model(short, LSTM(2)(short))
    alone.set_weights(layer.get_weights())
    np.testing.assert_allclose(within[0, 1], alone.predict(data[:, 1, :2])[0], atol=1e-6)
    assert np.abs(within[0, 1] - without[0, 1]).max() > 1e-3
    assert K.ndim(inside.compute_mask(x, y._keras_history[0].inbound_nodes[0].output_masks[0])) == 2
    rebuilt = model_from_json(model.to_json())
    assert sorted(layer.mask_inside for layer in rebuilt.layers if isinstance(layer, TimeDistributed)) == [False, False, True]
