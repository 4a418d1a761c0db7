"""Activations, dropout, noise and reshaping."""

from __future__ import annotations

from ...functions import named_function
from ..options import Options
from ..values import activation, constraint, function_name, initializer, is_activation, ordering, regularizer
from .common import Translated, Translation, features_first


def dropout(options: Options) -> Translated:
    return "Dropout", {"p": options.need("rate"), "noise_shape": options.take("noise_shape"), "seed": options.take("seed")}


def noise(name: str, key: str, old: str) -> Translation:
    def translate(options: Options) -> Translated:
        options.ignore("seed")  # the draws of another backend can't be repeated
        return name, {key: options.need(old)}

    return translate


def spatial_dropout(spatial: int) -> Translation:
    def translate(options: Options) -> Translated:
        options.only("noise_shape", None)
        config = {"p": options.need("rate"), "seed": options.take("seed")}
        return f"SpatialDropout{spatial}D", config if spatial == 1 else {**config, "dim_ordering": ordering(options)}

    return translate


def flatten(options: Options) -> Translated:
    return "Flatten", features_first(ordering(options))


def activation_layer(options: Options) -> Translated:
    value = function_name(options.take("activation"))
    function = None if is_activation(value) else named_function("builtins", value)
    if function is not None:
        # a function of Keras' own that is no activation here, such as keras.ops.sin
        return "Lambda", {"function": function, "function_type": "function"}
    options.put("activation", value)
    return "Activation", {"activation": activation(options)}


def prelu(options: Options) -> Translated:
    config = {"init": initializer(options, "alpha_initializer", "zero"), "shared_axes": options.take("shared_axes")}
    penalties = {
        "alpha_regularizer": regularizer(options, "alpha_regularizer"),
        "alpha_constraint": constraint(options, "alpha_constraint"),
    }
    return "PReLU", {**config, **{key: value for key, value in penalties.items() if value is not None}}
