"""Is a config, or a file, of Keras 2?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

#: Config keys that Keras 2 has and Keras 1 hasn't.
_KEYS = frozenset(
    {
        "units", "filters", "kernel_size", "data_format", "use_bias", "kernel_initializer", "rate", "dtype",
        "recurrent_activation", "embeddings_initializer", "stddev", "moving_mean_initializer", "alpha_initializer",
    }
)  # fmt: skip

#: Layers of Keras 2 whose configs may have no key of their own.
_CLASSES = frozenset({"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot", "Functional"})


def major_version(version: str | None) -> int | None:
    """2 for '2.2.4-tf'; None for no version or one that isn't understood."""
    head = (version or "").strip().partition(".")[0]
    return int(head) if head.isdecimal() and len(head) < 4 else None


def is_of_tensorflow(version: Any) -> bool:
    """Whether the Keras of this version trains as TensorFlow's: '2.2.4-tf', 2.4 and later, which no other was, and Keras 3."""
    if (major_version(version) if isinstance(version, str) else 0) == 3:
        return True
    found = re.match(r"2\.(\d{1,3})\b", version) if isinstance(version, str) else None
    return found is not None and (version.endswith("-tf") or int(found[1]) >= 4)


def is_from(version: Any, minor: int, patch: int = 0) -> bool:
    """Whether a version is 2.``minor``.``patch`` or a later Keras 2."""
    found = re.match(r"2\.(\d{1,3})(?:\.(\d{1,3}))?\b", version) if isinstance(version, str) else None
    return found is not None and (int(found[1]), int(found[2] or 0)) >= (minor, patch)


def speaks_keras2(config: Any) -> bool:
    """Whether ``config`` is Keras 2's, by its ``keras_version`` or else by the names in its layers."""
    if isinstance(config, dict) and isinstance(config.get("keras_version"), str):
        return major_version(config["keras_version"]) == 2
    entries = list(named_entries(config))
    if any(isinstance(entry.get("config"), dict) and "input_dtype" in entry["config"] for entry in entries):
        return False  # only Keras 1 writes it, with each input; newer layers have Keras 2's names there too
    return any(_is_of_keras2(entry) for entry in entries)


def named_entries(config: Any) -> Iterator[dict[str, Any]]:
    """The dicts in ``config`` that name a class: layers, models and what their options are. Each may be changed before the next one is asked for."""
    pending = [config]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            if isinstance(value.get("class_name"), str):
                yield value
            pending.extend(value.values())
        elif isinstance(value, (list, tuple)):
            pending.extend(value)


def _is_of_keras2(entry: dict) -> bool:
    from ...utils.generic_utils import get_custom_objects

    name, config = entry["class_name"], entry.get("config")
    if name in get_custom_objects():
        return False  # its options are the user's own
    if name == "Sequential":
        return isinstance(config, dict)
    return name in _CLASSES or isinstance(config, dict) and not _KEYS.isdisjoint(config)
