"""Layers of Keras 2: the class and the config of the Keras 1 layer that computes the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...utils.generic_utils import get_custom_objects
from ..functions import named_function
from .options import Options
from .values import (
    activation,
    bare_name,
    border_mode,
    constraint,
    initializer,
    is_activation,
    ordering,
    pair_or_number,
    regularizer,
    zeros,
)

#: What a translation gives: the class's name in Keras 1, and its config without what all layers have.
Translated = tuple[str, dict[str, Any]]
Translation = Callable[[Options], Translated]


# ---------------------------------------------------------------------- dense, embedding, normalization


def _affine(options: Options, moved_axes: bool = False) -> dict[str, Any]:
    """Return the options of layers with a kernel, a bias and an activation."""
    zeros(options)
    return {
        "init": initializer(options, "kernel_initializer", "glorot_uniform"),
        "activation": activation(options),
        "W_regularizer": regularizer(options, "kernel_regularizer"),
        "b_regularizer": regularizer(options, "bias_regularizer"),
        "activity_regularizer": regularizer(options, "activity_regularizer"),
        "W_constraint": constraint(options, "kernel_constraint", moved_axes),
        "b_constraint": constraint(options, "bias_constraint"),
        "bias": bool(options.take("use_bias", True)),
    }


def _dense(options: Options) -> Translated:
    return "Dense", {"output_dim": options.need("units"), **_affine(options)}


def _embedding(options: Options) -> Translated:
    return "Embedding", {
        "input_dim": options.need("input_dim"),
        "output_dim": options.need("output_dim"),
        "init": initializer(options, "embeddings_initializer", "uniform"),
        "W_regularizer": regularizer(options, "embeddings_regularizer"),
        "activity_regularizer": regularizer(options, "activity_regularizer"),
        "W_constraint": constraint(options, "embeddings_constraint"),
        "mask_zero": bool(options.take("mask_zero", False)),
        "input_length": options.take("input_length"),
    }


def _batch_normalization(options: Options) -> Translated:
    for key in ("virtual_batch_size", "adjustment"):
        options.only(key, None)
    options.only("renorm", False)
    options.ignore("synchronized", "fused", "renorm_clipping", "renorm_momentum")
    zeros(options, "moving_mean_initializer", "zero")
    zeros(options, "moving_variance_initializer", "one")
    axis = options.take("axis", -1)
    if isinstance(axis, (list, tuple)):
        if len(axis) != 1:
            raise options.error("axis", axis)
        axis = axis[0]
    config = {
        "axis": axis,
        "momentum": options.take("momentum", 0.99),
        "epsilon": options.take("epsilon", 1e-3),
        "mode": 0,
        "beta_init": initializer(options, "beta_initializer", "zero"),
        "gamma_init": initializer(options, "gamma_initializer", "one"),
        "beta_regularizer": regularizer(options, "beta_regularizer"),
        "gamma_regularizer": regularizer(options, "gamma_regularizer"),
    }
    for key in ("beta_constraint", "gamma_constraint"):
        if (value := constraint(options, key)) is not None:
            config[key] = value
    return "BatchNormalization", config | {key: False for key in ("center", "scale") if not options.take(key, True)}


# ---------------------------------------------------------------------- convolutions


def _convolution(spatial: int) -> Translation:
    def translate(options: Options) -> Translated:
        dim_ordering = ordering(options)
        groups = options.take("groups", 1)
        rates = pair_or_number(options, "dilation_rate", spatial)
        # Keras 1 has layers of their own for holes over one and two axes
        atrous = any(rate != 1 for rate in rates) and spatial < 3 and groups == 1
        size = pair_or_number(options, "kernel_size", spatial)
        steps = pair_or_number(options, "strides", spatial)
        modes = ("valid", "same", "causal") if spatial == 1 else ("valid", "same")
        config: dict[str, Any] = {"nb_filter": options.need("filters"), "border_mode": options.only("padding", *modes)}
        if spatial == 1:
            config |= {"filter_length": size[0], "subsample_length": steps[0], **_features_first(dim_ordering)}
        else:
            config |= {**_kernel_lengths(size), "subsample": steps, "dim_ordering": dim_ordering}
        if groups != 1:
            config["groups"] = groups
        if not atrous and any(rate != 1 for rate in rates):
            config["dilation_rate"] = rates
        if atrous:
            config["atrous_rate"] = rates[0] if spatial == 1 else rates
        config |= _affine(options, moved_axes=spatial == 1 or dim_ordering == "th")
        return f"{'Atrous' if atrous else ''}Convolution{spatial}D", config

    return translate


def _features_first(dim_ordering: str) -> dict[str, str]:
    """The option of layers over time, which have the features last without it."""
    return {"dim_ordering": "th"} if dim_ordering == "th" else {}


def _kernel_lengths(size: list[int]) -> dict[str, int]:
    names = ("nb_row", "nb_col") if len(size) == 2 else ("kernel_dim1", "kernel_dim2", "kernel_dim3")
    return dict(zip(names, size, strict=True))


def _transposed_convolution(options: Options) -> Translated:
    """Keras 1's layer, or where that lacks an option the one of Keras 2."""
    rates = pair_or_number(options, "dilation_rate", 2)
    if options.get("output_padding") is not None or any(rate != 1 for rate in rates):
        from ...formats.transposed import read
        from ...layers import Conv2DTranspose

        return "Conv2DTranspose", {**read(Conv2DTranspose)(options), "dilation_rate": rates}
    options.only("output_padding", None)
    options.only("groups", 1)
    dim_ordering = ordering(options)
    filters = options.need("filters")
    return "Deconvolution2D", {
        "nb_filter": filters,
        **_kernel_lengths(pair_or_number(options, "kernel_size", 2)),
        "subsample": pair_or_number(options, "strides", 2),
        "border_mode": border_mode(options),
        "dim_ordering": dim_ordering,
        "output_shape": [None, filters, None, None] if dim_ordering == "th" else [None, None, None, filters],
        **_affine(options, moved_axes=True),
    }


def _separable_convolution(options: Options) -> Translated:
    rates = pair_or_number(options, "dilation_rate", 2)
    options.only("groups", 1)
    options.ignore("kernel_initializer")  # of the base class; no kernel has it
    for key in ("kernel_regularizer", "kernel_constraint"):
        options.only(key, None)
    start = initializer(options, "depthwise_initializer", "glorot_uniform")
    if initializer(options, "pointwise_initializer", "glorot_uniform") != start:
        options.unknown_initializers.append(f"{options.name}.pointwise_initializer")
    dim_ordering = ordering(options)
    config = {
        "nb_filter": options.need("filters"),
        **_kernel_lengths(pair_or_number(options, "kernel_size", 2)),
        "subsample": pair_or_number(options, "strides", 2),
        "border_mode": border_mode(options),
        "dim_ordering": dim_ordering,
        "depth_multiplier": options.take("depth_multiplier", 1),
    }
    if any(rate != 1 for rate in rates):
        config["dilation_rate"] = rates
    for part in ("depthwise", "pointwise"):
        config[f"{part}_regularizer"] = regularizer(options, f"{part}_regularizer")
        config[f"{part}_constraint"] = constraint(options, f"{part}_constraint", moved_axes=dim_ordering == "th")
    affine = {k: v for k, v in _affine(options).items() if k not in ("init", "W_regularizer", "W_constraint")}
    return "SeparableConvolution2D", {**config, **affine, "init": start}


def _locally_connected(spatial: int) -> Translation:
    def translate(options: Options) -> Translated:
        implementation = options.only("implementation", 1, 2, 3)
        mode = options.only("padding", *(("valid",) if implementation == 1 else ("valid", "same")))
        size, steps = pair_or_number(options, "kernel_size", spatial), pair_or_number(options, "strides", spatial)
        config: dict[str, Any] = {"nb_filter": options.need("filters"), "border_mode": mode}
        if implementation != 1:
            config["implementation"] = implementation
        if spatial == 1:
            config |= {"filter_length": size[0], "subsample_length": steps[0], **_features_first(ordering(options))}
        else:
            config |= {**_kernel_lengths(size), "subsample": steps, "dim_ordering": ordering(options)}
        return f"LocallyConnected{spatial}D", config | _affine(options)

    return translate


# ---------------------------------------------------------------------- pooling, padding, resizing


def _pooling(name: str, spatial: int) -> Translation:
    def translate(options: Options) -> Translated:
        size = pair_or_number(options, "pool_size", spatial, 2)
        strides = options.take("strides")
        steps = size if strides is None else [strides] * spatial if isinstance(strides, int) else list(strides)
        mode = border_mode(options)
        if spatial == 1:
            return name, {"pool_length": size[0], "stride": steps[0], "border_mode": mode, **_features_first(ordering(options))}
        return name, {"pool_size": size, "strides": steps, "border_mode": mode, "dim_ordering": ordering(options)}

    return translate


def _global_pooling(name: str, spatial: int) -> Translation:
    def translate(options: Options) -> Translated:
        kept: dict[str, Any] = {"keepdims": True} if options.take("keepdims", False) else {}
        if spatial == 1:
            kept |= _features_first(ordering(options))
            return name, {**kept, "use_mask": True} if name == "GlobalAveragePooling1D" else kept
        return name, {**kept, "dim_ordering": ordering(options)}

    return translate


def _zero_padding(spatial: int) -> Translation:
    def translate(options: Options) -> Translated:
        padding = options.take("padding", 1)
        if spatial == 1:
            pair = padding if isinstance(padding, int) else list(padding)
            return "ZeroPadding1D", {"padding": pair, **_features_first(ordering(options))}
        pairs = [[p, p] if isinstance(p, int) else list(p) for p in ([padding] * spatial if isinstance(padding, int) else padding)]
        if spatial == 3:
            sides = [before if before == after else [before, after] for before, after in pairs]
            return "ZeroPadding3D", {"padding": sides, "dim_ordering": ordering(options)}
        return "ZeroPadding2D", {"padding": sum(pairs, []), "dim_ordering": ordering(options)}

    return translate


def _cropping(spatial: int) -> Translation:
    def translate(options: Options) -> Translated:
        cropping = options.take("cropping", 1)
        if spatial == 1:
            pair = [cropping] * 2 if isinstance(cropping, int) else list(cropping)
            return "Cropping1D", {"cropping": pair, **_features_first(ordering(options))}
        entries = [cropping] * spatial if isinstance(cropping, int) else cropping
        pairs = [[c, c] if isinstance(c, int) else list(c) for c in entries]
        return f"Cropping{spatial}D", {"cropping": pairs, "dim_ordering": ordering(options)}

    return translate


def _upsampling(spatial: int) -> Translation:
    def translate(options: Options) -> Translated:
        if spatial == 1:
            return "UpSampling1D", {"length": options.take("size", 2), **_features_first(ordering(options))}
        config = {"size": pair_or_number(options, "size", spatial, 2), "dim_ordering": ordering(options)}
        interpolation = options.take("interpolation", "nearest") if spatial == 2 else "nearest"
        return f"UpSampling{spatial}D", config if interpolation == "nearest" else {**config, "interpolation": interpolation}

    return translate


# ---------------------------------------------------------------------- recurrent layers


def _recurrent(name: str) -> Translation:
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


def _of_cudnn(name: str) -> Translation:
    """A layer that only a GPU could run, as the one that computes the same: its activations and the reset gate are fixed."""

    def translate(options: Options) -> Translated:
        translated, config = _recurrent(name)(options)
        return translated, {
            **config,
            "activation": "tanh",
            "inner_activation": "sigmoid",
            **({"reset_after": True} if name == "GRU" else {}),
        }

    return translate


def _conv_lstm(options: Options) -> Translated:
    options.only("time_major", False)
    options.ignore("implementation", "seed")
    zeros(options)
    dim_ordering = ordering(options)
    moved = dim_ordering == "th"
    config = {
        "nb_filter": options.need("filters"),
        **_kernel_lengths(pair_or_number(options, "kernel_size", 2)),
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


# ---------------------------------------------------------------------- the rest


def _renamed(name: str, **keys: str) -> Translation:
    """A layer whose options (Keras 1 name=Keras 2 name) differ at most by their names."""

    def translate(options: Options) -> Translated:
        return name, {new: options.need(old) for new, old in keys.items()}

    return translate


def _dropout(options: Options) -> Translated:
    return "Dropout", {"p": options.need("rate"), "noise_shape": options.take("noise_shape"), "seed": options.take("seed")}


def _noise(name: str, key: str, old: str) -> Translation:
    def translate(options: Options) -> Translated:
        options.ignore("seed")  # the draws of another backend can't be repeated
        return name, {key: options.need(old)}

    return translate


def _spatial_dropout(spatial: int) -> Translation:
    def translate(options: Options) -> Translated:
        options.only("noise_shape", None)
        config = {"p": options.need("rate"), "seed": options.take("seed")}
        return f"SpatialDropout{spatial}D", config if spatial == 1 else {**config, "dim_ordering": ordering(options)}

    return translate


def _flatten(options: Options) -> Translated:
    return "Flatten", _features_first(ordering(options))


def _activation(options: Options) -> Translated:
    value = options.take("activation")
    function = None if is_activation(value) else named_function("builtins", value)
    if function is not None:
        # a function of Keras' own that is no activation here, such as keras.ops.sin
        return "Lambda", {"function": function, "function_type": "function"}
    options.put("activation", value)
    return "Activation", {"activation": activation(options)}


def _prelu(options: Options) -> Translated:
    config = {"init": initializer(options, "alpha_initializer", "zero"), "shared_axes": options.take("shared_axes")}
    penalties = {
        "alpha_regularizer": regularizer(options, "alpha_regularizer"),
        "alpha_constraint": constraint(options, "alpha_constraint"),
    }
    return "PReLU", {**config, **{key: value for key, value in penalties.items() if value is not None}}


def _merge(mode: str) -> Translation:
    return lambda options: ("Merge", {"mode": mode, "broadcast": True})


def _concatenate(options: Options) -> Translated:
    return "Merge", {"mode": "concat", "concat_axis": options.take("axis", -1)}


def _dot(options: Options) -> Translated:
    axes = options.need("axes")
    return "Merge", {"mode": "normalized_dot" if options.take("normalize", False) else "dot", "dot_axes": axes}


def _lambda(options: Options) -> Translated:
    modules = {"function": options.take("module"), "output_shape": options.take("output_shape_module")}
    options.ignore("function_module")
    options.only("mask", None)
    arguments = options.take("arguments") or {}
    config: dict[str, Any] = {"arguments": arguments}
    for key in ("function", "output_shape"):
        value, kind, module = options.take(key), options.take(f"{key}_type", "raw"), modules[key]
        if isinstance(value, dict):
            # later tf.keras and Keras 3 write the code with its class, and a named function with its module
            kind = "lambda"
            if value.get("class_name") == "function" and isinstance(value.get("config"), str):
                kind, module, value = "function", value.get("module"), value["config"]
        if kind == "function" and key == "function" and not {str(value), bare_name(value), options.name} & set(get_custom_objects()):
            value = named_function(module, value, arguments) or value
        config |= {key: _stored(value) if kind == "lambda" else value, f"{key}_type": kind}
    return "Lambda", config


def _stored(value: Any) -> list:
    """A stored function as [code, defaults, closure], which are only ever read as data."""
    if isinstance(value, dict):
        inner = value.get("config")
        value = [inner.get(key) for key in ("code", "defaults", "closure")] if isinstance(inner, dict) else None
    value = list(value) if isinstance(value, (list, tuple)) else [value]
    return [*value, None, None, None][:3]


TRANSLATIONS: dict[str, Translation] = {
    "Dense": _dense,
    "Embedding": _embedding,
    "BatchNormalization": _batch_normalization,
    "BatchNormalizationV1": _batch_normalization,
    "BatchNormalizationV2": _batch_normalization,
    "Conv1D": _convolution(1),
    "Conv2D": _convolution(2),
    "Conv3D": _convolution(3),
    "Conv2DTranspose": _transposed_convolution,
    "SeparableConv2D": _separable_convolution,
    "LocallyConnected1D": _locally_connected(1),
    "LocallyConnected2D": _locally_connected(2),
    "SimpleRNN": _recurrent("SimpleRNN"),
    "GRU": _recurrent("GRU"),
    "LSTM": _recurrent("LSTM"),
    "CuDNNGRU": _of_cudnn("GRU"),
    "CuDNNLSTM": _of_cudnn("LSTM"),
    "ConvLSTM2D": _conv_lstm,
    "Dropout": _dropout,
    "GaussianNoise": _noise("GaussianNoise", "sigma", "stddev"),
    "GaussianDropout": _noise("GaussianDropout", "p", "rate"),
    "Flatten": _flatten,
    "Reshape": _renamed("Reshape", target_shape="target_shape"),
    "Permute": _renamed("Permute", dims="dims"),
    "RepeatVector": _renamed("RepeatVector", n="n"),
    "Masking": _renamed("Masking", mask_value="mask_value"),
    "ActivityRegularization": _renamed("ActivityRegularization", l1="l1", l2="l2"),
    "Activation": _activation,
    "LeakyReLU": _renamed("LeakyReLU", alpha="alpha"),
    "ELU": _renamed("ELU", alpha="alpha"),
    "ThresholdedReLU": _renamed("ThresholdedReLU", theta="theta"),
    "PReLU": _prelu,
    "Add": _merge("sum"),
    "Multiply": _merge("mul"),
    "Average": _merge("ave"),
    "Maximum": _merge("max"),
    "Minimum": _merge("min"),
    "Subtract": _merge("sub"),
    "Concatenate": _concatenate,
    "Dot": _dot,
    "Lambda": _lambda,
}
for _n in (1, 2, 3):
    TRANSLATIONS |= {
        f"MaxPooling{_n}D": _pooling(f"MaxPooling{_n}D", _n),
        f"AveragePooling{_n}D": _pooling(f"AveragePooling{_n}D", _n),
        f"GlobalMaxPooling{_n}D": _global_pooling(f"GlobalMaxPooling{_n}D", _n),
        f"GlobalAveragePooling{_n}D": _global_pooling(f"GlobalAveragePooling{_n}D", _n),
        f"ZeroPadding{_n}D": _zero_padding(_n),
        f"Cropping{_n}D": _cropping(_n),
        f"UpSampling{_n}D": _upsampling(_n),
        f"SpatialDropout{_n}D": _spatial_dropout(_n),
    }
