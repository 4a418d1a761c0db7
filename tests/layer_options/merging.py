"""Layers that join tensors, reshape them, or look them up."""

from .case import Case

SAME, WIDE = ("series", "series"), ("series", "other_features")
CASES = [
    *(Case(name, {}, SAME) for name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")),
    *(Case(name, {}, ("vector", "series_of_6")) for name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")),
    Case("Add", {}, ("series", "narrow_series", "series")), Case("Multiply", {}, ("narrow_series", "series")),
    Case("Concatenate", {}, WIDE), Case("Concatenate", {"axis": 1}, ("series", "other_series")), Case("Concatenate", {"axis": -2}, ("series", "other_series")),
    Case("Dot", {"axes": 2}, ("series", "other_series")), Case("Dot", {"axes": (2, 2), "normalize": True}, ("series", "other_series")),
    Case("Dot", {"axes": 1}, ("vector", "vector")), Case("Dot", {"axes": [1, 2]}, ("vector", "series_of_6")), Case("Dot", {"axes": -1, "normalize": True}, ("vector", "vector")),
    Case("Flatten", {}, ("image",)), Case("Flatten", {"data_format": "channels_first"}, ("image",)), Case("Flatten", {}, ("vector",)),
    Case("Flatten", {"data_format": "channels_first"}, ("series",)),
    Case("Reshape", {"target_shape": (4, 7)}, ("series",)), Case("Reshape", {"target_shape": (-1, 2)}, ("image",)), Case("Reshape", {"target_shape": (2, -1, 2)}, ("series",)),
    Case("Permute", {"dims": (2, 1)}, ("series",)), Case("Permute", {"dims": (3, 1, 2)}, ("image",)), Case("RepeatVector", {"n": 3}, ("vector",)),
    Case("Embedding", {"input_dim": 7, "output_dim": 3}, ("whole_series",)),
    Case("Embedding", {"input_dim": 7, "output_dim": 3, "embeddings_initializer": "normal", "embeddings_regularizer": "l2", "embeddings_constraint": "non_neg"}, ("whole_series",)),
    Case("Embedding", {"input_dim": 7, "output_dim": 3, "mask_zero": True}, ("whole_series",)),
    Case("Embedding", {"input_dim": 7, "output_dim": 3, "input_length": 5}, ("whole_series",), library="tf_keras"),
    Case("Masking", {"mask_value": 0.0}, ("series",)), Case("Masking", {}, ("series",)),
]  # fmt: skip
