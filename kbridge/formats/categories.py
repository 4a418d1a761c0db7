"""Formats of the layers that turn numbers and texts to categories."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..layers import CategoryEncoding, Discretization, Hashing, IntegerLookup, StringLookup, TextVectorization
from . import Formats
from .common import as_it_is, same

FAMILY = "Preprocessing"


def _read(cls: type, *silent: str) -> Any:
    """Options under the same names; those that say how a table is kept are left out."""
    plain = same(
        cls, "vocabulary_size", "has_input_vocabulary", "vocabulary_dtype" if cls is not IntegerLookup else "", *silent, sparse=False
    )

    def read(options: Any) -> dict[str, Any]:
        options.only("oov_method", "floormod", None)
        if cls is not Hashing:
            options.only("salt", None)
        config = plain(options)
        for key in ("mask_token", "oov_token", "mask_value"):
            if isinstance(config.get(key), dict):
                inner = config[key].get("config", config[key])
                config[key] = inner.get("value") if isinstance(inner, dict) else None
        return config

    return read


def _one_hot(c: Any, places: Any, tokens: int, mode: str, shape: tuple, factors: Any = None, weights: Any = None) -> Any:
    """ONNX: whole numbers (int32) of ``shape`` as the layers' modes have them."""
    g = c.graph
    if mode == "int":
        return places
    if mode == "one_hot" and len(shape) > 1 and shape[-1] == 1:
        places = g.squeeze(places, len(shape) - 1)
    elif mode != "one_hot" and len(shape) < 2:
        places = g.unsqueeze(places, 1)
    codes = g.op("Cast", g.op("Equal", g.unsqueeze(places, -1), g.constant(np.arange(tokens, dtype="int32"))), to=1)
    if mode == "one_hot":
        return codes
    if weights is not None:
        codes = g.op("Mul", codes, g.unsqueeze(g.op("Cast", weights, to=1), -1))
    if mode == "multi_hot":
        return g.op("ReduceMax", codes, axes=[-2], keepdims=0)
    counts = g.op("ReduceSum", codes, g.integers(-2), keepdims=0)
    return counts if mode == "count" else g.op("Mul", counts, np.asarray(factors, "float32"))


def _encoding_onnx(c, layer, call):
    weights = call.inputs[1] if len(call.inputs) > 1 else None
    return _one_hot(c, c.graph.op("Cast", call.inputs[0], to=6), layer.num_tokens, layer.output_mode, call.shapes[0], weights=weights)


def _discretization_onnx(c, layer, call):
    g = c.graph
    bounds = np.asarray(layer.bin_boundaries, "float32")
    above = g.op("GreaterOrEqual", g.unsqueeze(g.op("Cast", call.x, to=1), -1), bounds)
    places = g.op("ReduceSum", g.op("Cast", above, to=6), g.integers(-1), keepdims=0)
    return _one_hot(c, places, len(bounds) + 1, layer.output_mode, call.shape)


def _lookup_onnx(c, layer, call):
    from ..convert.problems import refusal

    if layer.invert or layer.num_oov_indices != 1 or not layer.vocabulary:
        raise refusal(layer, "onnx-lookup", "a table with several indices for unknown tokens, or an inverted one")
    g = c.graph
    known = g.op("Equal", g.unsqueeze(g.op("Cast", call.x, to=7), -1), g.constant(np.asarray(layer.vocabulary, "int64")))
    places = np.arange(len(layer.vocabulary), dtype="int32") + 1  # from the place of unknown ones on
    found = g.op("ReduceSum", g.op("Mul", g.op("Cast", known, to=6), g.constant(places)), g.integers(-1), keepdims=0)
    if layer._masks():
        masked = g.op("Equal", g.op("Cast", call.x, to=7), g.constant(np.asarray(layer.mask_token, "int64")))
        found = g.op("Where", masked, g.constant(np.asarray(0, "int32")), g.op("Add", found, g.constant(np.asarray(1, "int32"))))
    elif layer.mask_token is not None:
        masked = g.op("Equal", g.op("Cast", call.x, to=7), g.constant(np.asarray(layer.mask_token, "int64")))
        found = g.op("Where", masked, g.constant(np.asarray(-1, "int32")), found)
    return _one_hot(c, found, layer._tokens(), layer.output_mode, call.shape, layer._factors())


def _no_onnx(c, layer, call):
    from ..convert.problems import refusal

    raise refusal(layer, "onnx-texts", "texts or hashes, for which ONNX has no operators")


def _encoding_keras3(context, layer, shapes):
    parts = as_it_is("num_tokens", "output_mode", "sparse")(context, layer, shapes)
    if len(shapes) > 1:
        parts[0].takes, parts[0].by_place = ("inputs", "count_weights"), 1
    return parts


def _with_tokens(*names: str) -> Any:
    """A writer for Keras 3 of a layer with a vocabulary."""
    plain = as_it_is(*names)

    def write(context: Any, layer: Any, shapes: Any) -> list:
        from ..convert.keras3.parts import Part

        parts = plain(context, layer, shapes)
        parts[0].config["vocabulary"] = list(layer.vocabulary or [])
        # Keras 3 names the dtype of places, or of vectors
        parts[0].config["dtype"] = "int64" if layer.output_mode == "int" else "float32"
        if layer.output_mode == "tf_idf":
            parts[0].kept["idf_weights"] = factors = np.asarray(layer._factors(), "float32")
            if isinstance(layer, TextVectorization):
                parts[0].inner["_lookup_layer"] = Part("StringLookup", {"name": "string_lookup"}, kept={"idf_weights": factors})
        return parts

    return write


def _hashing_keras3(context, layer, shapes):
    parts = as_it_is("num_bins", "mask_value", "salt", "output_mode", "sparse")(context, layer, shapes)
    parts[0].config["dtype"] = "int64" if layer.output_mode == "int" else "float32"
    return parts


def _discretization_keras3(context, layer, shapes):
    parts = as_it_is("bin_boundaries", "output_mode", "sparse")(context, layer, shapes)
    parts[0].config |= {"num_bins": None, "epsilon": 0.01, "dtype": "int64" if layer.output_mode == "int" else "float32"}
    del parts[0].config["trainable"]  # which its constructor doesn't take
    return parts


TABLE = ("max_tokens", "num_oov_indices", "mask_token", "oov_token", "idf_weights", "invert", "output_mode", "sparse", "pad_to_max_tokens")
LAYERS = [
    Formats(
        CategoryEncoding, FAMILY, "tf.keras 2.3", {"CategoryEncoding": _read(CategoryEncoding)}, (), _encoding_keras3, _encoding_onnx,
    ),
    Formats(Discretization, FAMILY, "tf.keras 2.3", {"Discretization": _read(Discretization)}, (), _discretization_keras3, _discretization_onnx),
    Formats(IntegerLookup, FAMILY, "tf.keras 2.4", {"IntegerLookup": _read(IntegerLookup)}, (), _with_tokens(*TABLE, "vocabulary_dtype"), _lookup_onnx),
    Formats(StringLookup, FAMILY, "tf.keras 2.4", {"StringLookup": _read(StringLookup)}, (), _with_tokens(*TABLE, "encoding"), _no_onnx),
    Formats(Hashing, FAMILY, "tf.keras 2.3", {"Hashing": _read(Hashing)}, (), _hashing_keras3, _no_onnx),
    Formats(
        TextVectorization, FAMILY, "tf.keras 2.1", {"TextVectorization": _read(TextVectorization)}, (),
        _with_tokens(
            "max_tokens", "standardize", "split", "ngrams", "output_mode", "output_sequence_length", "pad_to_max_tokens", "idf_weights", "sparse",
            "ragged", "encoding",
        ), _no_onnx,
    ),
]  # fmt: skip
