"""Recurrent layers, those of cuDNN and convolutional ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..options import Options
from ..values import activation, border_mode, constraint, initializer, ordering, pair_or_number, regularizer
from .common import Translated, Translation, affine, kernel_lengths


def _steps(options: Options, places: Sequence[int] | None = None) -> dict[str, Any]:
    """Return the options that all recurrent layers have."""
    config: dict[str, Any] = {
        **affine(options, places, "tanh"),
        "inner_init": initializer(options, "recurrent_initializer", "orthogonal"),
        "U_regularizer": regularizer(options, "recurrent_regularizer"),
        "U_constraint": constraint(options, "recurrent_constraint", places),
        "dropout_W": options.take("dropout", 0.0),
        "dropout_U": options.take("recurrent_dropout", 0.0),
    }
    for key in ("return_sequences", "return_state", "go_backwards", "stateful", "unroll", "zero_output_for_mask"):
        config[key] = bool(options.take(key, False))
    if config["go_backwards"] and config["return_sequences"]:
        config["mask_as_it_came"] = True
    return config


def recurrent(name: str) -> Translation:
    def translate(options: Options) -> Translated:
        config: dict[str, Any] = {"output_dim": options.need("units"), **_steps(options)}
        # Keras 2 itself has no time_major: there outputs start with the initial state, as in Keras 1
        config["zeros_before_mask"] = "time_major" in options
        config["time_major"] = bool(options.take("time_major", False))
        if name == "GRU" and options.take("reset_after", False):
            config["reset_after"] = True
        if name != "SimpleRNN":
            config["inner_activation"] = activation(options, "recurrent_activation", "hard_sigmoid")
        if name == "LSTM":
            config["forget_bias_init"] = _forget_bias(options)
        joined = options.take("implementation", 1) == 2
        config["consume_less"] = "gpu" if name != "SimpleRNN" and _one_matrix(options, config, joined) else "cpu"
        return name, config

    return translate


def _one_matrix(options: Options, config: dict[str, Any], joined: bool) -> bool:
    """Whether a layer here must have the weights of all gates in one matrix, as ``joined`` says that it has there.

    Both have one dropout decision for all gates then, else one for each.
    """
    kernel, recurrent = config["W_regularizer"], config["U_regularizer"]
    if joined or kernel == recurrent or config.get("reset_after"):
        return joined
    if config["dropout_W"] or config["dropout_U"]:
        raise options.error(
            "recurrent_regularizer",
            recurrent,
            f"while kernel_regularizer={kernel!r}: with dropout and implementation 1, one regularizer holds for both kernels here",
        )
    # without dropout it computes the same, with a regularizer for each
    return True


def _forget_bias(options: Options) -> str:
    return "one" if options.take("unit_forget_bias", True) else "zero"


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
    dim_ordering = ordering(options)
    return "ConvLSTM2D", {
        "nb_filter": options.need("filters"),
        **kernel_lengths(pair_or_number(options, "kernel_size", 2)),
        "subsample": pair_or_number(options, "strides", 2),
        "dilation_rate": pair_or_number(options, "dilation_rate", 2),
        "border_mode": border_mode(options),
        "dim_ordering": dim_ordering,
        **_steps(options, () if dim_ordering == "th" else None),
        "forget_bias_init": _forget_bias(options),
        "inner_activation": activation(options, "recurrent_activation", "hard_sigmoid"),
        "zeros_before_mask": True,
    }
