"""Files of Keras 2.2.4 and 2.3.1 themselves (the package ``keras``, on TensorFlow 1): recurrent layers, those of cuDNN, separable convolutions.

    python3.6 tests/keras2_real.py tests/data/keras2_real   (keras==2.2.4 tensorflow==1.14 "h5py<3" "numpy<1.17")
    python3.7 tests/keras2_real.py tests/data/keras2_real   (keras==2.3.1 tensorflow==1.15 "h5py<3" "numpy<1.19")

writes for each case VERSION_NAME.h5 and VERSION_NAME.npz: inputs, predictions, and predictions after a step of training. The layers of cuDNN run
on a GPU only: their models are built and saved, and what predicts is the model of LSTM and GRU that Keras loads from the same file with its own
conversion of their weights.
"""

import os
import sys

import numpy as np

#: name -> function of the module ``keras`` that gives a model
CASES = {}
#: name -> the same model with layers that run without a GPU
WITHOUT_GPU = {}


def case(build):
    """Register a case."""
    CASES[build.__name__] = build
    return build


@case
def gru(k):
    L = k.layers
    x = k.Input((5, 3))
    layers = (
        L.GRU(4, reset_after=True), L.GRU(4), L.GRU(3, reset_after=True, return_sequences=True, go_backwards=True),
        L.GRU(2, reset_after=True, use_bias=False, recurrent_activation="sigmoid"), L.GRU(2, implementation=2, recurrent_activation="sigmoid"),
        L.Bidirectional(L.GRU(2, reset_after=True, return_sequences=True)),
        L.GRU(2, reset_after=True, kernel_regularizer="l2", recurrent_regularizer="l1", bias_regularizer="l2"),
    )  # fmt: skip
    return k.Model(x, [layer(x) for layer in layers])


@case
def lstm(k):
    L = k.layers
    x, y = k.Input((5, 3)), k.Input((4, 2))
    masked = L.Masking()(x)
    encoded, h, c = L.LSTM(3, return_state=True)(masked)
    decoded = L.LSTM(3, return_sequences=True)(y, initial_state=[h, c])
    started = L.LSTM(3, return_sequences=True, implementation=2)(masked, initial_state=[h, c])
    both = L.Bidirectional(L.LSTM(2, return_sequences=True), merge_mode="ave")(masked)
    single, state = L.GRU(2, reset_after=True, return_state=True, return_sequences=True)(masked)
    backwards = L.LSTM(2, use_bias=False, go_backwards=True, return_sequences=True, recurrent_activation="sigmoid")(x)
    return k.Model([x, y], [encoded, decoded, started, both, single, state, backwards, L.TimeDistributed(L.Dense(2))(masked)])


@case
def cells(k):
    L = k.layers
    x = k.Input((4, 3))
    outputs = [
        L.RNN(cell, return_sequences=True)(x) for cell in (L.SimpleRNNCell(2), L.LSTMCell(2), L.GRUCell(2), L.GRUCell(2, reset_after=True))
    ]
    return k.Model(x, outputs + [L.RNN([L.LSTMCell(2), L.GRUCell(3)])(x), L.SimpleRNN(2)(x)])


@case
def cudnn(k, gru=None, lstm=None):
    L = k.layers
    gru, lstm = gru or L.CuDNNGRU, lstm or L.CuDNNLSTM
    x = k.Input((5, 3))
    encoded, h, c = lstm(3, return_state=True, name="encoder")(x)
    decoded = lstm(3, return_sequences=True, name="decoder")(x, initial_state=[h, c])
    layers = (
        gru(4, name="a"), gru(2, return_sequences=True, go_backwards=True, name="b"), lstm(2, unit_forget_bias=False, name="c"),
        L.Bidirectional(lstm(2, return_sequences=True), name="d"), L.Bidirectional(gru(2), merge_mode="sum", name="e"),
    )  # fmt: skip
    return k.Model(x, [encoded, decoded, h] + [layer(x) for layer in layers])


def _without_gpu(k):
    def gru(units, **options):
        return k.layers.GRU(units, recurrent_activation="sigmoid", reset_after=True, **options)

    def lstm(units, **options):
        return k.layers.LSTM(units, recurrent_activation="sigmoid", **options)

    return cudnn(k, gru, lstm)


WITHOUT_GPU["cudnn"] = _without_gpu


@case
def separable(k):
    L = k.layers
    x, y = k.Input((8, 3)), k.Input((7, 6, 3))
    outputs = [
        L.SeparableConv1D(4, 3, activation="tanh")(x), L.SeparableConv1D(2, 3, strides=2, padding="same", depth_multiplier=2)(x),
        L.SeparableConv1D(2, 2, dilation_rate=2, use_bias=False)(x), L.SeparableConv2D(4, 3, depth_multiplier=2, activation="relu")(y),
        L.SeparableConv2D(2, (2, 3), strides=2, padding="same", use_bias=False)(y), L.SeparableConv2D(2, 2, dilation_rate=2)(y),
        L.DepthwiseConv2D(3, depth_multiplier=2)(y),
    ]  # fmt: skip
    return k.Model([x, y], outputs)


def inputs(shapes):
    """Three samples for each input; those of sequences have steps of zeros before and behind."""
    draw = np.random.RandomState(4)
    arrays = [np.round(draw.normal(size=(3,) + tuple(shape[1:])), 3).astype("float32") for shape in shapes]
    arrays[0][1, 3:], arrays[0][2, :1] = 0, 0
    return arrays


def targets(results):
    draw = np.random.RandomState(7)
    return [np.round(draw.normal(size=y.shape), 3).astype("float32") for y in results]


def listed(value):
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _new_session(k, tf):
    """A session that places only what it runs: an operation of cuDNN may stand in its graph."""
    k.backend.clear_session()
    options = tf.compat.v1.GraphOptions(place_pruned_graph=True)
    k.backend.set_session(tf.compat.v1.Session(config=tf.compat.v1.ConfigProto(graph_options=options)))


def main(folder, *names):
    import keras as k

    version = k.__version__.replace(".", "")
    import tensorflow as tf

    for name in names or CASES:
        _new_session(k, tf)
        np.random.seed(1)
        model = CASES[name](k)
        draw = np.random.RandomState(5)
        model.set_weights([w + draw.uniform(0.02, 0.2, w.shape) for w in model.get_weights()])
        path = os.path.join(folder, f"{version}_{name}")
        model.save(path + ".h5")
        if name in WITHOUT_GPU:
            _new_session(k, tf)
            model = WITHOUT_GPU[name](k)
            model.load_weights(path + ".h5", by_name=True)
        x = inputs([k.backend.int_shape(tensor) for tensor in model.inputs])
        before = listed(model.predict(x))
        arrays = {f"input/{i}": a for i, a in enumerate(x)}
        arrays.update({f"predicted/{i}": a for i, a in enumerate(before)})
        model.compile(k.optimizers.SGD(0.1), "mse")
        model.train_on_batch(x, targets(before))
        arrays.update({f"trained/{i}": a for i, a in enumerate(listed(model.predict(x)))})
        np.savez_compressed(path + ".npz", **arrays)


if __name__ == "__main__":
    main(*sys.argv[1:])
