"""Each layer class, built as in ``tests/data/spec/layers.json``, has the config, shapes and weights it had in Keras 1.2.2."""

import json
from pathlib import Path

import pytest

from kbridge import backend as K
from kbridge import layers

FACTS = json.loads((Path(__file__).parents[1] / "data" / "spec" / "layers.json").read_text())

#: arguments that some layers of Keras 1.2.2 left out of their configs, so that they were lost in files; it reads them
FORGOTTEN = {"dim_ordering", "shared_axes"}


def inner(kind, config):
    """The layer that a wrapper of the facts was given, under the name it has there."""
    return layers.Dense(5, name=config["name"]) if kind == "Dense" else getattr(layers, kind).from_config(config)


def built(cls, fact):
    arguments = dict(fact["kwargs"])
    if "layer" in arguments:
        config = dict(fact["config"]["layer"]["config"])
        if cls == "Bidirectional":
            config["name"] = config["name"].removeprefix("forward_")
        arguments["layer"] = inner(arguments["layer"], config)
    shape = fact["config"]["batch_input_shape"]
    layer = getattr(layers, cls)(batch_input_shape=shape, name=fact["config"]["name"], **arguments)
    layer(layers.Input(batch_shape=shape, dtype=fact["config"]["input_dtype"]))
    return layer


@pytest.mark.parametrize(("cls", "fact"), [(cls, f) for cls, facts in FACTS.items() for f in facts])
def test_a_layer_is_what_it_was(cls, fact):
    layer = built(cls, fact)
    config = json.loads(json.dumps(layer.get_config()))
    assert {k: v for k, v in config.items() if k not in FORGOTTEN - set(fact["config"])} == fact["config"]
    assert list(layer.output_shape) == fact["output_shape"]
    # Dense passes masks on, as in Keras 2; there it refused them. ConvLSTM2D used them there too, but didn't say so
    assert layer.supports_masking == (fact["supports_masking"] or cls in ("Dense", "ConvLSTM2D"))
    assert layer.uses_learning_phase == fact["uses_learning_phase"]
    if fact["input_ndim"]:
        # Flatten takes (samples, n) too, which it refused there
        expected = ["2+"] if cls == "Flatten" else fact["input_ndim"]
        assert [spec.ndim for spec in layer.input_spec] == expected
    trainable = {id(w) for w in layer.trainable_weights}
    made = [
        {"name": w.name.removesuffix(":0"), "shape": list(K.get_value(w).shape), "trainable": id(w) in trainable} for w in layer.weights
    ]
    assert made == [{**w, "name": w["name"].removesuffix(":0")} for w in fact["weights"]]
