"""Recurrent layers, those of cuDNN and convolutional ones."""

from __future__ import annotations

from ..options import Options
from ..values import activation, border_mode, constraint, initializer, ordering, pair_or_number, regularizer, zeros
from .common import Translated, Translation, kernel_lengths


def recurrent(name: str) -> Translation:
    def translate(options: Options) -> Translated:
        zeros(options)
        reset_after = bool(options.take("reset_after", False)) if name == "GRU" else False
        kernel, recurrent = regularizer(options, "kernel_regularizer"), regularizer(options, "recurrent_regularizer")
        dropout = options.take("dropout", 0.0), options.take("recurrent_dropout", 0.0)
        # both have one dropout decision for all gates with implementation 2, else one for each
        joined = options.take("implementation", 1) == 2 and name != "SimpleRNN"
        if name != "SimpleRNN" and kernel != recurrent and not joined and not reset_after:
            if any(dropout):
                raise options.error(
                    "recurrent_regularizer", recurrent,
                    f"while kernel_regularizer={kernel!r}: with dropout and implementation 1 here one holds for both",
                )  # fmt: skip
            # without dropout it computes the same, with a regularizer for each
            joined = True
        config = {
            "output_dim": options.need("units"),
            "activation": activation(options, default="tanh"),
            "init": initializer(options, "kernel_initializer", "glorot_uniform"),
            "inner_init": initializer(options, "recurrent_initializer", "orthogonal"),
            "W_regularizer": kernel,
            "U_regularizer": recurrent,
            "b_regularizer": regularizer(options, "bias_regularizer"),
            "dropout_W": dropout[0],
            "dropout_U": dropout[1],
            "consume_less": "gpu" if joined else "cpu",
            "activity_regularizer": regularizer(options, "activity_regularizer"),
            "W_constraint": constraint(options, "kernel_constraint"),
            "U_constraint": constraint(options, "recurrent_constraint"),
            "b_constraint": constraint(options, "bias_constraint"),
            "bias": bool(options.take("use_bias", True)),
        }
        # Keras 2 itself has no time_major: there outputs start with the initial state, as in Keras 1
        config["zeros_before_mask"] = "time_major" in options
        for key in ("return_state", "time_major", "zero_output_for_mask"):
            config[key] = bool(options.take(key, False))
        if reset_after:
            config["reset_after"] = True
        for key in ("return_sequences", "go_backwards", "stateful", "unroll"):
            config[key] = bool(options.take(key, False))
        if config["go_backwards"] and config["return_sequences"]:
            config["mask_as_it_came"] = True
        if name != "SimpleRNN":
            config["inner_activation"] = activation(options, "recurrent_activation", "hard_sigmoid")
        if name == "LSTM":
            config["forget_bias_init"] = "one" if options.take("unit_forget_bias", True) else "zero"
        return name, config

    return translate


def of_cudnn(name: str) -> Translation:
    """A layer that only a GPU could run, as the one that computes the same: its activations and the reset gate are fixed."""

    def translate(options: Options) -> Translated:
        translated, config = recurrent(name)(options)
        return translated, {
            **config,
            "activation": "tanh",
            "inner_activation": "sigmoid",
            **({"reset_after": True} if name == "GRU" else {}),
        }

    return translate


def conv_lstm(options: Options) -> Translated:
    options.only("time_major", False)
    options.ignore("implementation", "seed")
    zeros(options)
    dim_ordering = ordering(options)
    moved = dim_ordering == "th"
    config = {
        "nb_filter": options.need("filters"),
        **kernel_lengths(pair_or_number(options, "kernel_size", 2)),
        "subsample": pair_or_number(options, "strides", 2),
        "dilation_rate": pair_or_number(options, "dilation_rate", 2),
        "border_mode": border_mode(options),
        "dim_ordering": dim_ordering,
        "init": initializer(options, "kernel_initializer", "glorot_uniform"),
        "inner_init": initializer(options, "recurrent_initializer", "orthogonal"),
        "forget_bias_init": "one" if options.take("unit_forget_bias", True) else "zero",
        "activation": activation(options, default="tanh"),
        "inner_activation": activation(options, "recurrent_activation", "hard_sigmoid"),
        "W_regularizer": regularizer(options, "kernel_regularizer"),
        "U_regularizer": regularizer(options, "recurrent_regularizer"),
        "b_regularizer": regularizer(options, "bias_regularizer"),
        "activity_regularizer": regularizer(options, "activity_regularizer"),
        "W_constraint": constraint(options, "kernel_constraint", moved),
        "U_constraint": constraint(options, "recurrent_constraint", moved),
        "b_constraint": constraint(options, "bias_constraint"),
        "dropout_W": options.take("dropout", 0.0),
        "dropout_U": options.take("recurrent_dropout", 0.0),
        "bias": bool(options.take("use_bias", True)),
        "zeros_before_mask": True,
    }
    for key in ("return_sequences", "return_state", "go_backwards", "stateful", "unroll", "zero_output_for_mask"):
        config[key] = bool(options.take(key, False))
    if config["go_backwards"] and config["return_sequences"]:
        config["mask_as_it_came"] = True
    return "ConvLSTM2D", config
