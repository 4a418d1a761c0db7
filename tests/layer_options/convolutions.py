"""Convolutions of all kinds, and locally connected layers."""

from .case import Case

FIRST = {"data_format": "channels_first"}
STARTS = {"kernel_initializer": "he_normal", "bias_initializer": "ones"}
PENALTIES = {"kernel_regularizer": "l2", "bias_regularizer": "l1", "kernel_constraint": "non_neg", "bias_constraint": "non_neg", **STARTS}
#: for kernels called otherwise
DEPTHWISE = {
    "depthwise_regularizer": "l2", "bias_regularizer": "l1", "depthwise_constraint": "non_neg", "bias_constraint": "non_neg",
    "depthwise_initializer": "he_normal", "bias_initializer": "ones",
}  # fmt: skip
SEPARABLE = {**DEPTHWISE, "pointwise_regularizer": "l1", "pointwise_constraint": "non_neg", "pointwise_initializer": "he_normal"}
INPUTS = {1: "series", 2: "image", 3: "volume"}


def each(name: str, spatial: int, common: dict, *options: dict, **more) -> list[Case]:
    return [Case(name, {**common, **own}, (INPUTS[spatial],), **more) for own in options]


def plain(spatial: int) -> list[Case]:
    name, common = f"Conv{spatial}D", {"filters": 4, "kernel_size": 2}
    found = each(
        name, spatial, common, {}, {"strides": 2, "padding": "same", "activation": "relu"}, {"dilation_rate": 2, "use_bias": False},
        {"kernel_size": 3, "padding": "same", "groups": 2}, PENALTIES,
    )  # fmt: skip
    if spatial == 1:
        found += each(name, 1, common, {"padding": "causal", "dilation_rate": 2}, {"padding": "causal", "strides": 2, "kernel_size": 3})
    return found + each(name, spatial, common, {**FIRST, "padding": "same"}, {**FIRST, "strides": 2}, twin=True)


def transposed(spatial: int) -> list[Case]:
    name, common = f"Conv{spatial}DTranspose", {"filters": 3, "kernel_size": 3}
    found = each(
        name, spatial, common, {}, {"strides": 2}, {"strides": 3, "kernel_size": 2, "padding": "same"},
        {"strides": 2, "padding": "same", "output_padding": 0}, {"strides": 2, "output_padding": 1, "activation": "relu"},
        {"dilation_rate": 2, "use_bias": False}, {"dilation_rate": 2, "padding": "same"},
        {"kernel_size": 4, "strides": 2, "padding": "same", "output_padding": 1}, PENALTIES,
    )  # fmt: skip
    return found + each(
        name, spatial, common, {"strides": 2, **FIRST}, {"strides": 2, **FIRST, "padding": "same", "output_padding": 1}, twin=True
    )


def depthwise(spatial: int) -> list[Case]:
    options = (
        {"depth_multiplier": 2, "padding": "same", "activation": "relu"}, {"strides": 2, "use_bias": False}, {"dilation_rate": 2, "padding": "same"},
    )  # fmt: skip
    first = ({**FIRST, "depth_multiplier": 2}, {**FIRST, "padding": "same", "strides": 2})
    names = {
        f"DepthwiseConv{spatial}D": ({"kernel_size": 2}, DEPTHWISE),
        f"SeparableConv{spatial}D": ({"filters": 3, "kernel_size": 2}, SEPARABLE),
    }
    found: list[Case] = []
    for name, (common, penalties) in names.items():
        found += each(name, spatial, common, {}, *options, penalties) + each(name, spatial, common, *first, twin=True)
    return found


def local(spatial: int) -> list[Case]:
    name, common = f"LocallyConnected{spatial}D", {"filters": 3, "kernel_size": 2}
    only = {"library": "tf_keras", "refused": {"keras3": "keras3-no-layer"}}
    found = each(name, spatial, common, {}, {"strides": 2, "activation": "relu", "use_bias": False}, PENALTIES, FIRST, **only)
    for number in (2, 3):
        same = {"implementation": number, "padding": "same", "kernel_size": 3}
        found += each(
            name, spatial, common, {"implementation": number, "strides": 2}, same, {**same, "strides": 2}, {**same, **FIRST},
            {"implementation": number, **FIRST}, **only,
        )  # fmt: skip
    return found


CASES = [case for spatial in (1, 2, 3) for case in plain(spatial) + transposed(spatial)]
CASES += [case for spatial in (1, 2) for case in depthwise(spatial) + local(spatial)]
