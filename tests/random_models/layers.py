"""Which layers fit a tensor of a shape, with random arguments: one function a family, a table by number of axes.

A function takes the random source and the shape without the samples (None: unknown length) and returns
(class name, arguments) or None where the layer does not fit.
"""

from __future__ import annotations

ACTIVATIONS = ["linear", "tanh", "sigmoid", "relu", "softplus", "softsign", "hard_sigmoid", "softmax"]
REGULARIZERS = [{"name": "WeightRegularizer", "l1": 0.0, "l2": 0.02}, {"name": "WeightRegularizer", "l1": 0.01, "l2": 0.0}]
CONSTRAINTS = [{"name": "MaxNorm", "m": 0.9, "axis": 0}, {"name": "NonNeg"}, {"name": "UnitNorm", "axis": 0}]


def maybe(rng, chance, **arguments):
    """``arguments`` with that chance, else nothing."""
    return arguments if rng.rand() < chance else {}


def pick(rng, items):
    return items[rng.randint(len(items))]


def units(rng):
    return int(rng.randint(1, 5))


def weighted(rng, bias=True):
    """Arguments that layers with kernels share."""
    return {
        **maybe(rng, 0.15, W_regularizer=pick(rng, REGULARIZERS)),
        **maybe(rng, 0.1, W_constraint=pick(rng, CONSTRAINTS)),
        **maybe(rng, 0.1, activity_regularizer={"name": "ActivityRegularizer", "l1": 0.0, "l2": 0.01}),
        **(maybe(rng, 0.2, bias=False) if bias else {}),
        **maybe(rng, 0.1, b_regularizer=pick(rng, REGULARIZERS)),
    }


def smooth(rng):
    return pick(rng, ACTIVATIONS[:-1])


# ---------------------------------------------------------------------- any number of axes


def activation(rng, shape):
    return "Activation", {"activation": pick(rng, ACTIVATIONS if len(shape) < 3 else ACTIVATIONS[:-1])}


def leaky(rng, shape):
    return "LeakyReLU", {"alpha": 0.2}


def elu(rng, shape):
    return "ELU", {"alpha": 0.7}


def thresholded(rng, shape):
    return "ThresholdedReLU", {"theta": 0.3}


def parametric(rng, shape):
    name = pick(rng, ["PReLU", "ParametricSoftplus", "SReLU"])
    unknown = [i + 1 for i, n in enumerate(shape) if n is None]
    shared = unknown or ([1] if len(shape) > 1 and rng.rand() < 0.4 else [])
    return name, {"shared_axes": shared} if shared else {}


def batch_normalization(rng, shape):
    axes = [i + 1 for i, n in enumerate(shape) if n is not None]
    axis = pick(rng, [*axes, -1] if shape[-1] is not None else axes)
    if rng.rand() < 0.15 and shape[-1] is not None:
        return "BatchNormalization", {"mode": 1}
    return "BatchNormalization", {"axis": axis, "epsilon": 0.01, **maybe(rng, 0.2, mode=2)}


def noise(rng, shape):
    return pick(rng, [("Dropout", {"p": 0.3}), ("GaussianNoise", {"sigma": 0.2}), ("GaussianDropout", {"p": 0.2})])


def penalty(rng, shape):
    return "ActivityRegularization", {"l1": 0.01, "l2": 0.02}


def dense(rng, shape):
    return "Dense", {"output_dim": units(rng), "activation": pick(rng, ACTIVATIONS), **weighted(rng)}


def reshape(rng, shape):
    if None in shape:
        return None
    size = 1
    for n in shape:
        size *= n
    divisors = [d for d in range(1, size + 1) if size % d == 0]
    first = pick(rng, divisors)
    target = pick(rng, [[size], [first, size // first], [first, -1], [-1, first]])
    if len(target) == 2 and rng.rand() < 0.3:
        rest = size // first
        second = pick(rng, [d for d in range(1, rest + 1) if rest % d == 0])
        target = [first, second, rest // second]
    return "Reshape", {"target_shape": target}


def flatten(rng, shape):
    return None if None in shape or len(shape) < 2 else ("Flatten", {})


def permute(rng, shape):
    if len(shape) < 2:
        return None
    order = [int(i) + 1 for i in rng.permutation(len(shape))]
    return "Permute", {"dims": order}


ANY = [activation, activation, leaky, elu, thresholded, parametric, batch_normalization, batch_normalization, noise, penalty]


# ---------------------------------------------------------------------- (features,)


def highway(rng, shape):
    return "Highway", {"activation": smooth(rng), **maybe(rng, 0.2, bias=False)}


def maxout(rng, shape):
    return "MaxoutDense", {"output_dim": units(rng), "nb_feature": 3}


def repeat(rng, shape):
    return "RepeatVector", {"n": int(rng.randint(1, 4))}


# ---------------------------------------------------------------------- (time, features)


def recurrent(rng, shape, sequences=None):
    name = pick(rng, ["SimpleRNN", "LSTM", "GRU"])
    arguments = {
        "output_dim": units(rng),
        "return_sequences": bool(rng.rand() < 0.6) if sequences is None else sequences,
        **maybe(rng, 0.3, go_backwards=True),
        **maybe(rng, 0.5, consume_less=pick(rng, ["cpu", "mem", "gpu"])),
        **maybe(rng, 0.3, activation=pick(rng, ["relu", "sigmoid", "softsign", "linear", "softmax"])),
        **maybe(rng, 0.15, W_regularizer=pick(rng, REGULARIZERS)),
        **maybe(rng, 0.1, dropout_U=0.3),
        **maybe(rng, 0.1, dropout_W=0.3),
    }
    if shape[0] is not None and rng.rand() < 0.2:
        arguments["unroll"] = True
    return name, arguments


def masking(rng, shape):
    return "Masking", {"mask_value": 0.0}


def bidirectional(rng, shape):
    inner = recurrent(rng, shape)
    return "Bidirectional", {"layer": as_data(inner), "merge_mode": pick(rng, ["concat", "sum", "mul", "ave"])}


def time_distributed(rng, shape):
    inner = pick(rng, [dense, highway, activation, maxout, batch_normalization, parametric])(rng, shape[1:])
    return "TimeDistributed", {"layer": as_data(inner)}


def time_distributed_dense(rng, shape):
    return "TimeDistributedDense", {"output_dim": units(rng), "activation": smooth(rng)}


def convolution_1d(rng, shape):
    length = int(rng.randint(1, 4))
    mode = pick(rng, ["valid", "same"])
    if mode == "valid" and shape[0] is not None and shape[0] < 2 * length - 1:
        return None
    arguments = {"nb_filter": units(rng), "filter_length": length, "border_mode": mode, "activation": smooth(rng), **weighted(rng)}
    if rng.rand() < 0.25:
        return "AtrousConvolution1D", {**arguments, "atrous_rate": 2}
    return "Convolution1D", {**arguments, **maybe(rng, 0.3, subsample_length=2)}


def local_1d(rng, shape):
    if shape[0] is None or shape[0] < 3:
        return None
    return "LocallyConnected1D", {"nb_filter": units(rng), "filter_length": 2, **maybe(rng, 0.3, subsample_length=2)}


def pooling_1d(rng, shape):
    if shape[0] is None or shape[0] < 2:
        return None
    name = pick(rng, ["MaxPooling1D", "AveragePooling1D"])
    return name, {"pool_length": 2, **maybe(rng, 0.4, stride=1), **maybe(rng, 0.3, border_mode="same")}


def global_pooling_1d(rng, shape):
    return pick(rng, ["GlobalMaxPooling1D", "GlobalAveragePooling1D"]), {}


def resizing_1d(rng, shape):
    found = pick(rng, [("UpSampling1D", {"length": 2}), ("ZeroPadding1D", {"padding": 1}), ("Cropping1D", {"cropping": [1, 0]})])
    return None if found[0] == "Cropping1D" and (shape[0] is None or shape[0] < 2) else found


# ---------------------------------------------------------------------- images, (rows, columns, channels) or channels first


def spatial(shape, ordering):
    return shape[1:] if ordering == "th" else shape[:-1]


def convolution_2d(rng, shape):
    ordering = pick(rng, ["tf", "tf", "th"])
    rows, columns = int(rng.randint(1, 4)), int(rng.randint(1, 4))
    mode = pick(rng, ["valid", "same"])
    sides = spatial(shape, ordering)
    if None in shape or (mode == "valid" and any(n < 2 * k - 1 for n, k in zip(sides, (rows, columns)))):
        return None
    arguments = {
        "nb_filter": units(rng), "nb_row": rows, "nb_col": columns, "border_mode": mode, "dim_ordering": ordering,
        "activation": smooth(rng), **weighted(rng),
    }  # fmt: skip
    kind = rng.rand()
    if kind < 0.15:
        return "AtrousConvolution2D", {**arguments, "atrous_rate": [2, 2]}
    if kind < 0.3:
        for name in ("W_regularizer", "W_constraint"):
            arguments.pop(name, None)
        return "SeparableConvolution2D", {**arguments, "depth_multiplier": int(rng.randint(1, 3))}
    if kind < 0.4 and mode == "valid":
        return "LocallyConnected2D", arguments
    if kind < 0.5:
        grown = list(sides) if mode == "same" else [n + k - 1 for n, k in zip(sides, (rows, columns))]
        full = [arguments["nb_filter"], *grown] if ordering == "th" else [*grown, arguments["nb_filter"]]
        return "Deconvolution2D", {**arguments, "output_shape": [None, *full]}
    return "Convolution2D", {**arguments, **maybe(rng, 0.3, subsample=[2, 2])}


def pooling_2d(rng, shape):
    ordering = pick(rng, ["tf", "th"])
    if any(n is None or n < 2 for n in spatial(shape, ordering)):
        return None
    name = pick(rng, ["MaxPooling2D", "AveragePooling2D"])
    return name, {"pool_size": [2, 2], "dim_ordering": ordering, **maybe(rng, 0.4, strides=[1, 1]), **maybe(rng, 0.3, border_mode="same")}


def global_pooling_2d(rng, shape):
    return pick(rng, ["GlobalMaxPooling2D", "GlobalAveragePooling2D"]), {"dim_ordering": pick(rng, ["tf", "th"])}


def resizing_2d(rng, shape):
    ordering = pick(rng, ["tf", "th"])
    found = pick(
        rng,
        [("UpSampling2D", {"size": [2, 1]}), ("ZeroPadding2D", {"padding": [1, 0]}), ("Cropping2D", {"cropping": [[1, 0], [0, 0]]})],
    )
    if found[0] == "Cropping2D" and any(n is None or n < 2 for n in spatial(shape, ordering)):
        return None
    return found[0], {**found[1], "dim_ordering": ordering}


def distributed_convolution(rng, shape):
    inner = convolution_1d(rng, shape[1:])
    return None if inner is None else ("TimeDistributed", {"layer": as_data(inner)})


# ---------------------------------------------------------------------- volumes and sequences of images


def convolution_3d(rng, shape):
    ordering = pick(rng, ["tf", "th"])
    mode = pick(rng, ["valid", "same"])
    if None in shape or (mode == "valid" and any(n < 2 for n in spatial(shape, ordering))):
        return None
    return "Convolution3D", {
        "nb_filter": units(rng), "kernel_dim1": 2, "kernel_dim2": int(rng.randint(1, 3)), "kernel_dim3": 2, "border_mode": mode,
        "dim_ordering": ordering, "activation": smooth(rng), **maybe(rng, 0.2, subsample=[2, 2, 1]), **maybe(rng, 0.2, bias=False),
    }  # fmt: skip


def pooling_3d(rng, shape):
    ordering = pick(rng, ["tf", "th"])
    if any(n is None or n < 2 for n in spatial(shape, ordering)):
        return None
    name = pick(rng, ["MaxPooling3D", "AveragePooling3D"])
    return name, {"pool_size": [2, 2, 2], "dim_ordering": ordering, **maybe(rng, 0.3, border_mode="same")}


def global_pooling_3d(rng, shape):
    return pick(rng, ["GlobalMaxPooling3D", "GlobalAveragePooling3D"]), {"dim_ordering": pick(rng, ["tf", "th"])}


def resizing_3d(rng, shape):
    ordering = pick(rng, ["tf", "th"])
    name, arguments = pick(rng, [("UpSampling3D", {"size": [1, 2, 1]}), ("ZeroPadding3D", {"padding": [1, 0, 1]})])
    return name, {**arguments, "dim_ordering": ordering}


def convolutional_lstm(rng, shape):
    if None in shape:
        return None
    return "ConvLSTM2D", {
        "nb_filter": units(rng), "nb_row": 2, "nb_col": 1, "border_mode": pick(rng, ["same", "same", "valid"]),
        "dim_ordering": pick(rng, ["tf", "th"]), "return_sequences": bool(rng.rand() < 0.6), **maybe(rng, 0.3, go_backwards=True),
    }  # fmt: skip


def distributed_image(rng, shape):
    inner = pick(rng, [convolution_2d, pooling_2d, flatten, global_pooling_2d])(rng, shape[1:])
    return None if inner is None else ("TimeDistributed", {"layer": as_data(inner)})


#: number of axes without the samples -> layers
BY_AXES = {
    1: [dense, dense, dense, highway, maxout, repeat, reshape, *ANY],
    2: [
        recurrent, recurrent, recurrent, bidirectional, bidirectional, time_distributed, time_distributed_dense, convolution_1d,
        convolution_1d, local_1d, pooling_1d, global_pooling_1d, resizing_1d, masking, permute, flatten, dense, reshape, *ANY,
    ],
    3: [
        convolution_2d, convolution_2d, convolution_2d, convolution_2d, pooling_2d, global_pooling_2d, resizing_2d, permute, flatten,
        distributed_convolution, reshape, *ANY,
    ],
    4: [
        convolution_3d, convolution_3d, pooling_3d, global_pooling_3d, resizing_3d, convolutional_lstm, convolutional_lstm,
        distributed_image, distributed_image, flatten, *ANY,
    ],
}  # fmt: skip


def as_data(found):
    name, arguments = found
    return {"class": name, "arguments": arguments}


def choose(rng, shape):
    """A layer that may take a tensor of ``shape`` (without the samples), as data."""
    # a kernel needs to know the length of its axis
    fitting = BY_AXES[len(shape)] if None not in shape[1:] else [permute, activation, leaky, elu, penalty, batch_normalization]
    while True:
        found = pick(rng, fitting)(rng, tuple(shape))
        if found is not None:
            return as_data(found)
