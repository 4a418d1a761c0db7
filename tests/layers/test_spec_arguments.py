"""Every constructor argument of every layer of Keras 1.2.2 is taken, stands in the config and comes back from there.

``tests/data/spec/layers.json`` says how each class can be built, ``api.json`` which arguments it takes.
"""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from kbridge import layers

SPEC = Path(__file__).parents[1] / "data" / "spec"
pytestmark = pytest.mark.usefixtures("channels_last")

FACTS = json.loads((SPEC / "layers.json").read_text())
CLASSES = json.loads((SPEC / "api.json").read_text())["classes"]

#: never in a config: values of weights, and layers, which have configs of their own
NOT_IN_CONFIG = {"weights", "layer"}

#: an argument, or a class and its argument -> a value that is the default nowhere
VALUES = {
    "activation": "softsign", "inner_activation": "softsign", "border_mode": "same", "bias": False, "dim_ordering": "th",
    "subsample_length": 2, "atrous_rate": 3, "subsample": (2, 2), "Convolution3D.subsample": (2, 2, 2), "AtrousConvolution2D.atrous_rate": (3, 3),
    "nb_filter": 3, "filter_length": 2, "nb_row": 2, "nb_col": 4, "kernel_dim1": 2, "kernel_dim2": 3, "kernel_dim3": 2,
    "output_dim": 4, "input_dim": 9, "input_length": 8, "nb_feature": 2, "depth_multiplier": 3,
    "length": 3, "size": (3, 3), "UpSampling3D.size": (3, 3, 3), "padding": (2, 2), "ZeroPadding1D.padding": 2, "ZeroPadding3D.padding": (2, 2, 2),
    "cropping": ((1, 0), (2, 1)), "Cropping1D.cropping": (1, 2), "Cropping3D.cropping": ((1, 0), (2, 1), (0, 1)),
    "Deconvolution2D.output_shape": (None, 5, 12, 12), "pool_length": 3, "stride": 3, "pool_size": (3, 3), "strides": (3, 3),
    "AveragePooling3D.pool_size": (3, 3, 3), "AveragePooling3D.strides": (3, 3, 3),
    "MaxPooling3D.pool_size": (3, 3, 3), "MaxPooling3D.strides": (3, 3, 3),
    "return_sequences": True, "go_backwards": True, "stateful": True, "unroll": True, "consume_less": "mem",
    "alpha": 0.5, "theta": 0.5, "l1": 0.2, "l2": 0.2, "p": 0.3, "sigma": 0.3, "dropout": 0.3, "dropout_W": 0.3, "dropout_U": 0.3,
    "alpha_init": 0.5, "beta_init": "one", "ParametricSoftplus.beta_init": 4.0, "shared_axes": [1], "noise_shape": (3, 1), "seed": 5,
    "mask_value": 2.0, "mask_zero": True, "dims": (1, 2), "n": 5, "target_shape": (2, 12),
    "epsilon": 0.1, "mode": 1, "axis": 1, "momentum": 0.5, "merge_mode": "sum",
}  # fmt: skip


def value_of(cls: str, argument: str):
    for key in (f"{cls}.{argument}", argument):
        if key in VALUES:
            return VALUES[key]
    if argument.endswith("init"):
        return "he_uniform"
    if argument.endswith("_regularizer"):
        return "l2"
    if argument.endswith("_constraint"):
        return "nonneg"
    raise KeyError(f"no value for {cls}'s argument {argument}")


def arguments_of(cls: str) -> dict:
    """The arguments of a class and of those that it gives its other keywords to, with their defaults."""
    (path,) = [p for p in CLASSES if p.startswith("keras.layers.") and p.endswith(f".{cls}")]
    found = {}
    for part in (path, *CLASSES[path]["bases"]):  # what a recurrent layer gives to Recurrent
        text = CLASSES[part]["methods"].get("__init__") if part.split(".")[-1] in ("Recurrent", cls) else None
        if text is None:
            continue
        there = ast.parse(f"def {text}: pass").body[0].args
        defaults = [None] * (len(there.args) - len(there.defaults)) + there.defaults
        for argument, default in zip(there.args[1:], defaults[1:], strict=True):
            found.setdefault(argument.arg, ast.literal_eval(default) if default is not None else None)
    return found


#: the only value that Keras 1 takes too is the default
ONE_VALUE = {("LocallyConnected1D", "border_mode"), ("LocallyConnected2D", "border_mode")}

CASES = [(cls, name) for cls in FACTS for name in arguments_of(cls) if name not in NOT_IN_CONFIG and (cls, name) not in ONE_VALUE]


def plain(value):
    """As it stands in a JSON file."""
    return json.loads(json.dumps(value))


def options_of(cls: str) -> dict:
    options = dict(FACTS[cls][0]["kwargs"])
    options.pop("dim_ordering", None)
    if "layer" in options:
        options["layer"] = layers.LSTM(5) if cls == "Bidirectional" else layers.Dense(5)
    return options


@pytest.mark.parametrize(("cls", "argument"), CASES)
def test_an_argument_stands_in_the_config_and_comes_back(cls, argument):
    layer_class, value = getattr(layers, cls), value_of(cls, argument)
    usual = plain(layer_class(**options_of(cls)).get_config())
    layer = layer_class(**{**options_of(cls), argument: value})
    config = plain(layer.get_config())
    if argument.endswith(("_regularizer", "_constraint")):
        assert config[argument]["name"] and usual.get(argument) is None
    else:
        assert config[argument] == plain(value)
        assert usual.get(argument) != config[argument]
    for stored in (layer.get_config(), config):
        assert plain(layer_class.from_config(stored).get_config()) == config


@pytest.mark.parametrize("cls", FACTS)
def test_arguments_that_are_left_out_have_the_values_of_keras_1(cls):
    config = plain(getattr(layers, cls)(**options_of(cls)).get_config())
    given = FACTS[cls][0]["kwargs"]
    said = {name: default for name, default in arguments_of(cls).items() if name in config and name not in (*given, "layer", "kwargs")}
    for name, default in said.items():
        if default is None:  # perhaps worked out from other arguments when the fact's layer was built
            assert config[name] in (None, FACTS[cls][0]["config"].get(name)), name
        elif isinstance(default, float):
            assert config[name] == pytest.approx(default, rel=1e-6), name
        else:
            assert config[name] == plain("tf" if default == "default" else default), name
