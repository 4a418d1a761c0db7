"""Caps on what a model file may make kbridge do. Real files stay far below them."""

from __future__ import annotations

from ..budget import MAX_STATES, MAX_WORK  # noqa: F401

#: Bytes of one text attribute, JSON or YAML document.
MAX_TEXT = 64 * 2**20

#: Levels of lists and dicts in a config.
MAX_DEPTH = 200

#: Values (of any kind) in a config, after YAML aliases are followed.
MAX_VALUES = 5_000_000

#: Bits of a whole number in a config. A longer one isn't a float of any kind, and can't be printed.
MAX_BITS = 1_000

#: Layers in a model, nested ones included.
MAX_LAYERS = 20_000

#: Weights (arrays) in a file.
MAX_ARRAYS = 200_000

#: Parts into which one attribute of names may be split.
MAX_ATTRIBUTE_PARTS = 1_000

#: Axes of a stored array.
MAX_AXES = 32

#: How many times larger than its compressed form a large array may be, and all arrays together than the file.
MAX_EXPANSION = 100
