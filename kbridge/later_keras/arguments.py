"""The arguments of later Keras' layers that have other names, or another order, in Keras 1."""

from __future__ import annotations

from typing import Any

_KERNEL = (
    "activation", "use_bias", "kernel_initializer", "bias_initializer", "kernel_regularizer", "bias_regularizer", "activity_regularizer",
    "kernel_constraint", "bias_constraint",
)  # fmt: skip
_RECURRENT = (
    "use_bias", "kernel_initializer", "recurrent_initializer", "bias_initializer", "kernel_regularizer", "recurrent_regularizer",
    "bias_regularizer", "activity_regularizer", "kernel_constraint", "recurrent_constraint", "bias_constraint", "dropout",
    "recurrent_dropout", "implementation", "return_sequences", "return_state", "go_backwards", "stateful", "unroll", "seed", "time_major",
    "use_cudnn", "zero_output_for_mask",
)  # fmt: skip
_CONVOLUTION = ("filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate")
_LOCAL = ("filters", "kernel_size", "strides", "padding", "data_format")

#: what every layer takes there
COMMON = (
    "name", "trainable", "dtype", "autocast", "input_shape", "batch_input_shape", "batch_shape", "batch_size", "input_dim", "input_length", "weights",
)  # fmt: skip

#: class -> (the arguments that may be given by their places, in order; those that are given by name)
ARGUMENTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "Dense": (("units", *_KERNEL), ()),
    "Embedding": (
        ("input_dim", "output_dim", "embeddings_initializer", "embeddings_regularizer"),
        ("activity_regularizer", "embeddings_constraint", "mask_zero"),
    ),
    "BatchNormalization": (
        ("axis", "momentum", "epsilon", "center", "scale", "beta_initializer", "gamma_initializer", "moving_mean_initializer", "moving_variance_initializer"),
        ("beta_regularizer", "gamma_regularizer", "beta_constraint", "gamma_constraint", "synchronized", "fused", "renorm", "virtual_batch_size"),
    ),
    "SeparableConv2D": (
        (*_CONVOLUTION, "depth_multiplier"),
        (
            "groups", "activation", "use_bias", "depthwise_initializer", "pointwise_initializer", "bias_initializer", "depthwise_regularizer",
            "pointwise_regularizer", "bias_regularizer", "activity_regularizer", "depthwise_constraint", "pointwise_constraint", "bias_constraint",
        ),
    ),
    "SimpleRNN": (("units", "activation"), _RECURRENT),
    "GRU": (("units", "activation", "recurrent_activation"), (*_RECURRENT, "reset_after")),
    "LSTM": (("units", "activation", "recurrent_activation"), (*_RECURRENT, "unit_forget_bias")),
    "CuDNNGRU": (("units",), _RECURRENT),
    "CuDNNLSTM": (("units",), (*_RECURRENT, "unit_forget_bias")),
    "ConvLSTM2D": ((*_CONVOLUTION, "activation", "recurrent_activation"), (*_RECURRENT, "unit_forget_bias")),
    "Dropout": (("rate", "noise_shape", "seed"), ()),
    "GaussianNoise": (("stddev", "seed"), ()),
    "GaussianDropout": (("rate", "seed"), ()),
    "Flatten": (("data_format",), ()),
    "LeakyReLU": (("alpha",), ("negative_slope",)),
    "PReLU": (("alpha_initializer", "alpha_regularizer", "alpha_constraint", "shared_axes"), ()),
}  # fmt: skip
for _n in (1, 2, 3):
    ARGUMENTS |= {
        f"Conv{_n}D": (_CONVOLUTION, ("groups", *_KERNEL)),
        f"MaxPooling{_n}D": (("pool_size", "strides", "padding", "data_format"), ()),
        f"AveragePooling{_n}D": (("pool_size", "strides", "padding", "data_format"), ()),
        f"GlobalMaxPooling{_n}D": (("data_format", "keepdims"), ()),
        f"GlobalAveragePooling{_n}D": (("data_format", "keepdims"), ()),
        f"ZeroPadding{_n}D": (("padding", "data_format"), ()),
        f"Cropping{_n}D": (("cropping", "data_format"), ()),
        f"UpSampling{_n}D": (("size", "data_format", "interpolation"), ()),
        f"SpatialDropout{_n}D": (("rate", "seed", "data_format"), ()),
    }
for _n in (1, 2):
    ARGUMENTS[f"LocallyConnected{_n}D"] = (_LOCAL, (*_KERNEL, "implementation"))

#: shorter names -> those of the classes
SHORTER = {
    **{f"Convolution{_n}D": f"Conv{_n}D" for _n in (1, 2, 3)},
    **{f"MaxPool{_n}D": f"MaxPooling{_n}D" for _n in (1, 2, 3)},
    **{f"AvgPool{_n}D": f"AveragePooling{_n}D" for _n in (1, 2, 3)},
    **{f"GlobalMaxPool{_n}D": f"GlobalMaxPooling{_n}D" for _n in (1, 2, 3)},
    **{f"GlobalAvgPool{_n}D": f"GlobalAveragePooling{_n}D" for _n in (1, 2, 3)},
    "SeparableConvolution2D": "SeparableConv2D",
}  # fmt: skip

#: values of arguments that a config always has and a call may leave out
DEFAULTS: dict[str, dict[str, Any]] = {"LeakyReLU": {"alpha": 0.3}}
