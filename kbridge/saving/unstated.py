"""Settings that Keras 1 left out of its configs, from what the rest of a file tells."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

#: Layers that Keras 1 saved without their dim_ordering; without it they follow the setting of the program that loads them.
_WITHOUT_ORDERING = ("ZeroPadding2D", "ZeroPadding3D", "Cropping2D", "Cropping3D", "UpSampling2D", "UpSampling3D")

#: Layers that Keras 1 saved without their shared_axes, along which each of their weights has one entry.
_WITHOUT_SHARED_AXES = ("PReLU", "SReLU", "ParametricSoftplus")


def with_unstated(config: Any, shape_of: Callable[[str], Sequence[int] | None], orderings: bool = True) -> Any:
    """``config``, a whole model's of Keras 1, with settings that it doesn't state.

    Args:
        config: the config, which stays as it is.
        shape_of: the shape of the first weight that the file has for a layer of a name; None where there is none.
        orderings: whether layers without a dim_ordering are looked at. kbridge writes one that isn't the setting's, so that its own files need it not.

    Layers without a dim_ordering take the one that all others in the file state. If these don't agree, or there are none, nothing is added.
    """
    stated = {inner["dim_ordering"] for _, inner in _layers(config) if inner.get("dim_ordering") in ("th", "tf")}
    ordering = stated.pop() if orderings and len(stated) == 1 else None

    def completed(value: Any) -> Any:
        if isinstance(value, list):
            return [completed(item) for item in value]
        if not isinstance(value, dict):
            return value
        new = {key: completed(item) for key, item in value.items()}
        name, inner = new.get("class_name"), new.get("config")
        if not isinstance(inner, dict):
            return new
        if ordering is not None and name in _WITHOUT_ORDERING:
            inner.setdefault("dim_ordering", ordering)
        if name in _WITHOUT_SHARED_AXES and inner.get("shared_axes") is None:
            axes = [axis for axis, n in enumerate(shape_of(str(inner.get("name"))) or (), 1) if n == 1]
            if axes:
                inner["shared_axes"] = axes
        return new

    return completed(config)


def unclear(config: Any) -> list[str]:
    """A sentence about the layers that have no dim_ordering in ``config``, so that the setting of the program decides; none if all have one."""
    names = [str(inner.get("name")) for name, inner in _layers(config) if name in _WITHOUT_ORDERING and "dim_ordering" not in inner]
    if not names:
        return []
    listed = ", ".join(map(repr, names[:4])) + (" ..." if len(names) > 4 else "")
    return [
        f"the dim_ordering of {listed} isn't in the file: load it with the image_dim_ordering ('th' or 'tf') of the program that wrote it "
        "(kbridge.backend.set_image_dim_ordering, or keras.json)"
    ]


def _layers(config: Any) -> Iterator[tuple[Any, dict]]:
    """(class, config) of every layer in a config."""
    pending = [config]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            if isinstance(value.get("config"), dict) and "class_name" in value:
                yield value["class_name"], value["config"]
            pending.extend(reversed(value.values()))
        elif isinstance(value, list):
            pending.extend(reversed(value))
