"""Spatial axes of a layer's input: their ordering, sizes of windows over them, and errors where a window doesn't fit."""

from __future__ import annotations

from .. import backend as K
from ..errors import whole_number


def resolve_ordering(layer, dim_ordering: str) -> str:
    """'th' or 'tf' for a layer's ``dim_ordering``; 'default' is the running setting."""
    if dim_ordering in ("default", None):
        return K.image_dim_ordering()
    if dim_ordering not in ("th", "tf"):
        raise ValueError(f"{type(layer).__name__}: dim_ordering must be 'th', 'tf' or 'default', got {dim_ordering!r}.")
    return dim_ordering


def sizes(value, count: int, owner: str, argument: str) -> tuple[int, ...]:
    """``count`` whole numbers above 0, from a tuple or one number for all."""
    values = (value,) * count if isinstance(value, (int, float)) else tuple(value)
    if len(values) != count:
        raise ValueError(f"{owner}: {argument} needs {count} entries, got {value!r}.")
    return tuple(whole_number(v, owner, argument, 1) for v in values)


def check_border_mode(layer, border_mode: str, allowed=("valid", "same")) -> str:
    """``border_mode`` if it is allowed; else a ValueError that names the layer's class."""
    if border_mode not in allowed:
        raise ValueError(f"{type(layer).__name__}: border_mode must be one of {', '.join(map(repr, allowed))}, got {border_mode!r}.")
    return border_mode


def spatial_axes(dim_ordering: str, count: int) -> range:
    """The spatial axes of a batch in an ordering."""
    return range(2, 2 + count) if dim_ordering == "th" else range(1, 1 + count)


def turned(layer, x):
    """A sequence with its axes of time and features exchanged where the layer has the features first."""
    return K.permute_dimensions(x, (0, 2, 1)) if layer.dim_ordering == "th" else x


def ordering_hint(layer, count: int) -> str:
    """Return a sentence for an error about the shape of images: which setting says where their channels are, what the other one expects."""
    ordering = getattr(layer, "dim_ordering", None)
    if ordering is None or count == 1:  # over time, channels are always last
        return ""
    other = "tf" if ordering == "th" else "th"
    return (
        f" The layer's dim_ordering is {ordering!r}, for inputs (samples, {_AXES[ordering]}); with {other!r} it would expect "
        f"(samples, {_AXES[other]}). Without that argument it is the image_dim_ordering of keras.json."
    )


_AXES = {"th": "channels, ...spatial axes", "tf": "...spatial axes, channels"}


def check_window(layer, shape, axes, windows, border_mode: str) -> None:
    """ValueError if a window is larger than its input; the message tells of the other dim ordering where that is at fault."""
    if border_mode != "valid":
        return
    for axis, window in zip(axes, windows):
        if shape[axis] is not None and shape[axis] < window:
            raise ValueError(
                f"{type(layer).__name__} {layer.name}: a window of {tuple(windows)} doesn't fit into an input of shape "
                f"{tuple(shape)}, because axis {axis} has the length {shape[axis]}.{ordering_hint(layer, len(windows))}"
            )
