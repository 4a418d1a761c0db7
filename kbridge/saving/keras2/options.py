"""The options of one layer in a config of Keras 2: each must be taken, so that none is lost unnoticed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import ModelFileError

_MISSING = object()


class Options:
    """The options in a layer's config. ``take`` gives an option's value; ``finish`` complains about those not taken."""

    def __init__(self, class_name: str, config: Mapping[str, Any]):
        self.class_name = class_name
        self.name = str(config.get("name"))
        self._left = {str(key): value for key, value in config.items()}
        #: Initializers that kbridge lacks, for a warning: weights that are loaded don't need them.
        self.unknown_initializers: list[str] = []
        #: entry of a layer inside this one ({'class_name', 'config'}) -> its translation
        self.translate: Callable[[Any], dict[str, Any]] = _untranslated

    def __contains__(self, key: str) -> bool:
        return key in self._left

    def take(self, key: str, default: Any = None) -> Any:
        """The value of ``key``; lists for tuples."""
        return self._left.pop(key, default)

    def put(self, key: str, value: Any) -> None:
        """Put back what was taken."""
        self._left[key] = value

    def get(self, key: str, default: Any = None) -> Any:
        """The value of ``key``, which is still to be taken."""
        return self._left.get(key, default)

    def need(self, key: str) -> Any:
        """The value of ``key``, which must be there."""
        value = self._left.pop(key, _MISSING)
        if value is _MISSING:
            raise ModelFileError(f"Layer {self.name!r} ({self.class_name}): its config has no {key!r}.")
        return value

    def only(self, key: str, *allowed: Any) -> Any:
        """The value of ``key`` (the first of ``allowed`` where it is missing), which must be one of ``allowed``."""
        value = self._left.pop(key, allowed[0])
        if value not in allowed:
            raise self.error(key, value)
        return value

    def all_ones(self, key: str) -> None:
        """``key`` must be 1, or a list of ones."""
        value = self._left.pop(key, 1)
        if value != 1 and (not isinstance(value, (list, tuple)) or any(n != 1 for n in value)):
            raise self.error(key, value)

    def ignore(self, *keys: str) -> None:
        """These say nothing about what the layer computes."""
        for key in keys:
            self._left.pop(key, None)

    def error(self, key: str, value: Any, why: str = "which can't be represented here") -> ModelFileError:
        """An error about an option."""
        text = repr(value)
        return ModelFileError(
            f"Layer {self.name!r} ({self.class_name} of a later Keras) has {key}={text if len(text) < 100 else text[:97] + '...'}, {why}. "
            f"[convert: keras2-option]"
        )

    def finish(self) -> None:
        """ModelFileError if an option is left that nobody has taken; a penalty or constraint that isn't there says nothing."""
        for key, value in self._left.items():
            if value is not None or not key.endswith(("_regularizer", "_constraint")):
                raise self.error(key, value)


def _untranslated(entry: Any) -> dict[str, Any]:
    raise ModelFileError(f"The config of a layer holds another layer, which this layer doesn't have: {entry!r:.100}.")
