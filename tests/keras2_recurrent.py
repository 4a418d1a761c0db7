"""Cases of ``keras2_layers`` and ``keras3_models``: each option of the recurrent layers and wrappers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

#: name -> function of the module ``tf_keras`` or ``keras`` that gives a model
CASES: dict[str, Callable[[Any], Any]] = {}


def case(build: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Register a case."""
    CASES[build.__name__] = build
    return build


@case
def cells(k):
    L = k.layers
    x = k.Input((4, 3))
    own_decisions = {"implementation": 1} if k.__name__ == "tf_keras" else {}
    layers = (
        L.RNN(L.SimpleRNNCell(2)), L.RNN(L.LSTMCell(2), return_sequences=True), L.RNN(L.GRUCell(2), go_backwards=True),
        L.RNN(L.GRUCell(2, reset_after=False, recurrent_activation="hard_sigmoid"), return_sequences=True, go_backwards=True),
        L.RNN(L.LSTMCell(2, use_bias=False, activation="relu"), unroll=True), L.RNN(L.GRUCell(2, use_bias=False)),
        L.RNN(L.SimpleRNNCell(2, use_bias=False, activation="linear")), L.RNN(L.LSTMCell(2, unit_forget_bias=False, **own_decisions)),
    )  # fmt: skip
    return k.Model(x, [layer(x) for layer in layers])


@case
def cells_by_themselves(k):
    L = k.layers
    x, h, c = k.Input((3,)), k.Input((2,)), k.Input((2,))
    outputs = [L.SimpleRNNCell(2)(x, [h]), L.GRUCell(2)(x, [h]), L.LSTMCell(2)(x, [h, c])]
    return k.Model([x, h, c], [y for out, states in outputs for y in (out, *states)])


@case
def penalties_of_cells(k):
    L = k.layers
    x = k.Input((4, 3))
    options = {
        "kernel_regularizer": "l2", "recurrent_regularizer": "l1", "bias_regularizer": k.regularizers.L1L2(0.02, 0.03),
        "kernel_constraint": k.constraints.MaxNorm(0.3), "recurrent_constraint": "unit_norm", "bias_constraint": "non_neg",
    }  # fmt: skip
    cells = (L.SimpleRNNCell(2, **options), L.LSTMCell(2, **options), L.GRUCell(2, **options))
    direct = (L.SimpleRNN(2, **options), L.LSTM(2, **options), L.GRU(2, **options))
    return k.Model(x, [L.RNN(cell)(x) for cell in cells] + [layer(x) for layer in direct])


@case
def stacked_cells(k):
    L = k.layers
    x, y, s = k.Input((4, 3)), k.Input((3, 2)), k.Input((2,))
    first, states, last = L.RNN([L.LSTMCell(2), L.GRUCell(3)], return_state=True, return_sequences=True)(x)
    again = L.RNN(L.StackedRNNCells([L.LSTMCell(2), L.GRUCell(3)]))(y, initial_state=[states, last])
    alone, state = L.RNN(L.GRUCell(2), return_state=True)(y, initial_state=s)
    return k.Model([x, y, s], [first, again, alone, state, last, *states])


@case
def masks_of_cells(k):
    L = k.layers
    x = k.Input((4, 3))
    y = L.Masking()(x)
    layers = (
        L.RNN([L.LSTMCell(2), L.SimpleRNNCell(2)], return_sequences=True), L.RNN(L.GRUCell(2), zero_output_for_mask=True),
        L.RNN(L.GRUCell(2), zero_output_for_mask=True, return_sequences=True, go_backwards=True),
        L.GRU(2, zero_output_for_mask=True), L.LSTM(2, zero_output_for_mask=True, return_sequences=True), L.RNN(L.LSTMCell(2), unroll=True),
    )  # fmt: skip
    return k.Model(x, [layer(y) for layer in layers])


@case
def starts_of_masked_sequences(k):
    L = k.layers
    x, h, c = k.Input((4, 3)), k.Input((2,)), k.Input((2,))
    y = L.Masking()(x)
    started = (L.RNN(L.LSTMCell(2), return_sequences=True), L.LSTM(2, return_sequences=True))
    single = (L.GRU(2, return_sequences=True, go_backwards=True), L.SimpleRNN(2, return_sequences=True, unroll=True))
    outputs = [layer(y, initial_state=[h, c]) for layer in started]
    return k.Model([x, h, c], outputs + [layer(y, initial_state=h) for layer in single])


@case
def both_directions(k):
    L = k.layers
    x = k.Input((4, 3))
    layers = [L.Bidirectional(L.GRU(2, return_sequences=mode != "ave"), merge_mode=mode) for mode in ("sum", "mul", "ave")]
    layers += [
        L.Bidirectional(L.LSTM(2), merge_mode="concat", backward_layer=L.LSTM(3, go_backwards=True)), L.Bidirectional(L.RNN(L.LSTMCell(2))),
        L.Bidirectional(L.RNN([L.GRUCell(2), L.SimpleRNNCell(3)], return_sequences=True)),
    ]  # fmt: skip
    if k.__name__ == "tf_keras":
        layers.append(L.Bidirectional(L.SimpleRNN(2, go_backwards=True)))  # Keras 3 refuses to make it
    outputs = [layer(x) for layer in layers]
    outputs += L.Bidirectional(
        L.LSTM(2, return_sequences=True), merge_mode=None, backward_layer=L.GRU(3, return_sequences=True, go_backwards=True)
    )(x)
    outputs += L.Bidirectional(L.GRU(2), merge_mode=None)(x)
    return k.Model(x, outputs)


@case
def states_of_both_directions(k):
    L = k.layers
    x, y = k.Input((4, 3)), k.Input((3, 2))
    last, *states = L.Bidirectional(L.LSTM(2, return_state=True), merge_mode="sum")(x)
    again = L.Bidirectional(L.RNN(L.LSTMCell(2), return_sequences=True))(y, initial_state=states)
    forward, backward, *more = L.Bidirectional(L.GRU(2, return_state=True, return_sequences=True), merge_mode=None)(y)
    return k.Model([x, y], [last, again, forward, backward, *states, *more])


@case
def masks_of_both_directions(k):
    L = k.layers
    x = k.Input((4, 3))
    y = L.Masking()(x)
    layers = (
        L.Bidirectional(L.RNN(L.GRUCell(2), return_sequences=True)), L.Bidirectional(L.LSTM(2), merge_mode="mul"),
        L.Bidirectional(L.LSTM(2, return_sequences=True), backward_layer=L.GRU(2, return_sequences=True, go_backwards=True), merge_mode="ave"),
    )  # fmt: skip
    outputs = [layer(y) for layer in layers]
    return k.Model(x, [*outputs, *L.Bidirectional(L.GRU(2, return_sequences=True), merge_mode=None)(y)])


@case
def convolutional_recurrence(k):
    L = k.layers
    x, y, z = k.Input((3, 6, 2)), k.Input((3, 5, 4, 2)), k.Input((2, 3, 4, 3, 1))
    outputs = [
        L.ConvLSTM1D(2, 3)(x), L.ConvLSTM1D(2, 2, strides=2, padding="same", return_sequences=True)(x),
        L.ConvLSTM1D(2, 2, dilation_rate=2, use_bias=False, activation="relu")(x),
        L.ConvLSTM2D(2, 2, use_bias=False, return_sequences=True)(y), L.ConvLSTM2D(2, (2, 3), strides=(1, 2), padding="same", go_backwards=True)(y),
        L.ConvLSTM2D(2, 2, dilation_rate=(2, 1), recurrent_activation="sigmoid")(y), L.ConvLSTM2D(1, 2, unit_forget_bias=False)(y),
        L.ConvLSTM3D(2, 2)(z), L.ConvLSTM3D(1, (1, 2, 2), strides=(1, 2, 1), padding="same", return_sequences=True, go_backwards=True)(z),
        L.ConvLSTM3D(1, 2, dilation_rate=(1, 2, 1), recurrent_activation="sigmoid", use_bias=False)(z),
    ]  # fmt: skip
    return k.Model([x, y, z], outputs)


@case
def convolutional_states(k):
    L = k.layers
    x, y = k.Input((3, 5, 2)), k.Input((2, 4, 3, 2))
    one, h, c = L.ConvLSTM1D(2, 3, padding="same", return_state=True)(x)
    again = L.ConvLSTM1D(2, 2, padding="same", return_sequences=True)(x, initial_state=[h, c])
    two, *states = L.ConvLSTM2D(2, 2, return_state=True, return_sequences=True)(y)
    penalized = L.ConvLSTM2D(
        2, 2, kernel_regularizer="l2", recurrent_regularizer="l1", bias_regularizer="l2", kernel_constraint=k.constraints.MaxNorm(0.4, axis=[0, 1, 2]),
        recurrent_constraint="non_neg", bias_constraint="non_neg",
    )  # fmt: skip
    other = L.ConvLSTM1D(2, 2, kernel_regularizer="l1", recurrent_constraint="unit_norm", bias_constraint="non_neg")
    return k.Model([x, y], [one, h, c, again, two, *states, penalized(y), other(x)])


@case
def both_directions_of_convolutions(k):
    L = k.layers
    x = k.Input((3, 5, 2))
    pictures = L.Reshape((3, 1, 5, 2))(x)
    layers = (L.Bidirectional(L.ConvLSTM1D(2, 2, return_sequences=True)), L.Bidirectional(L.ConvLSTM1D(1, 2), merge_mode="mul"))
    return k.Model(x, [*(layer(x) for layer in layers), L.Bidirectional(L.ConvLSTM2D(2, 1), merge_mode="ave")(pictures)])


@case
def over_time(k):
    L = k.layers
    x, y = k.Input((2, 3, 4)), k.Input((2, 5, 4, 3))
    inner = k.Input((3, 4))
    model = k.Model(inner, L.Dense(2)(L.GRU(3)(inner)))
    pictures = k.Sequential([L.Conv2D(2, 2, input_shape=(5, 4, 3)), L.MaxPooling2D(), L.Flatten(), L.Dense(2, activation="tanh")])
    outputs = [
        L.TimeDistributed(model)(x), L.TimeDistributed(pictures)(y), L.TimeDistributed(L.LSTM(2))(x), L.TimeDistributed(L.Conv2D(2, 2, strides=2))(y),
        L.TimeDistributed(L.GRU(2, return_sequences=True))(x), L.TimeDistributed(L.Bidirectional(L.LSTM(2)))(x),
        L.TimeDistributed(L.TimeDistributed(L.Dense(2)))(x), L.TimeDistributed(L.RNN(L.GRUCell(2)))(x), L.TimeDistributed(L.LayerNormalization())(x),
        L.TimeDistributed(L.Conv1D(2, 2))(x), L.TimeDistributed(L.SeparableConv2D(2, 2))(y), L.TimeDistributed(L.GlobalAveragePooling2D())(y),
        L.TimeDistributed(L.ConvLSTM1D(2, 2))(y),
    ]  # fmt: skip
    return k.Model([x, y], outputs)


@case
def masks_over_time(k):
    L = k.layers
    x = k.Input((3, 4, 2))
    y = L.Masking()(x)
    steps = L.TimeDistributed(L.LSTM(2))(y)
    sequences = L.TimeDistributed(L.GRU(2, return_sequences=True))(y)
    outputs = [steps, sequences, L.GRU(2)(steps), L.TimeDistributed(L.GRU(2))(sequences), L.LSTM(2)(L.TimeDistributed(L.Dense(2))(steps))]
    return k.Model(x, outputs)
