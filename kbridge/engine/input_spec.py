"""The inputs that a layer accepts: ``InputSpec``, and the check of tensors against it."""

from __future__ import annotations

from typing import Any

from .. import backend as K
from .layer_arguments import is_kbridges
from .node import static_shape, to_list


class InputSpec:
    """The inputs that a layer accepts at one position.

    Args:
        dtype: the only dtype that fits, as a text; None for any.
        shape: the lengths of all axes, None for any length; it sets ``ndim`` too.
        ndim: the number of axes, or a text such as '2+' for at least so many.
        max_ndim: the largest number of axes.
        min_ndim: the least number of axes, as in later Keras; the same as ``ndim='2+'`` for 2.
        axes: the lengths of some axes, as a dict from an axis' number to its length (None for any).

    Raises:
        ValueError: ``ndim`` is a text that doesn't end in '+'.
    """

    def __init__(self, dtype=None, shape=None, ndim=None, max_ndim=None, min_ndim=None, axes=None):
        if min_ndim is not None and ndim is None:
            ndim = f"{min_ndim}+"
        if isinstance(ndim, str) and "+" not in ndim:
            raise ValueError(f"ndim as a string must end in '+', for 'at least', got {ndim!r}.")
        self.dtype = dtype
        self.shape = shape
        self.ndim = len(shape) if shape is not None else ndim
        self.max_ndim = max_ndim
        self.axes = {} if axes is None else {int(axis): length for axis, length in axes.items()}


def built_for(input_shape, *axes: int) -> InputSpec:
    """The spec of a layer whose weights depend on the lengths of ``axes`` of ``input_shape``, for which it was built."""
    kept = [axis % len(input_shape) for axis in axes]
    return InputSpec(shape=tuple(n if axis in kept else None for axis, n in enumerate(input_shape)))


def check_inputs(layer: Any, input: Any) -> None:
    """Raise a ValueError that names the layer if ``input``, a tensor or a list of tensors, doesn't fit its ``input_spec``."""
    if not layer.input_spec:
        return
    specs, inputs = to_list(layer.input_spec), to_list(input)
    # as in Keras 1, the one spec of a program's own layer is for the first of several inputs
    if len(specs) != len(inputs) and (len(specs) > 1 or is_kbridges(type(layer))):
        raise ValueError(f"Layer {layer.name} expects {len(specs)} inputs, but it received {len(inputs)} input tensors: {inputs}.")
    for i, (x, spec) in enumerate(zip(inputs, specs)):
        if spec is None or (x is None and not is_kbridges(type(layer))):
            continue
        if x is None:
            raise not_a_tensor(layer, x)
        shape = static_shape(x)
        ndim = len(shape)
        where = f"Input {i} is incompatible with layer {layer.name}: "
        if isinstance(spec.ndim, str):
            least = int(spec.ndim[:-1])
            if ndim < least:
                raise ValueError(f"{where}expected ndim >= {least}, found ndim={ndim} (shape {tuple(shape)}).")
        elif spec.ndim is not None and ndim != spec.ndim:
            raise ValueError(f"{where}expected ndim={spec.ndim}, found ndim={ndim} (shape {tuple(shape)}).{_built_for(layer)}")
        if getattr(spec, "max_ndim", None) is not None and ndim > spec.max_ndim:
            raise ValueError(f"{where}expected at most {spec.max_ndim} axes, found ndim={ndim} (shape {tuple(shape)}).{_built_for(layer)}")
        for axis, length in getattr(spec, "axes", {}).items():
            if length is not None and -ndim <= axis < ndim and shape[axis] not in (None, length):
                raise ValueError(f"{where}expected length {length} at axis {axis}, found shape={tuple(shape)}.{_built_for(layer)}")
        if spec.dtype is not None and K.dtype(x) != spec.dtype:
            raise ValueError(f"{where}expected dtype={spec.dtype}, found dtype={K.dtype(x)}.")
        if spec.shape is not None and any(
            want is not None and have is not None and want != have for want, have in zip(spec.shape, shape, strict=True)
        ):
            raise ValueError(f"{where}expected shape={tuple(spec.shape)}, found shape={tuple(shape)}.{_built_for(layer)}")


def _built_for(layer: Any) -> str:
    """Return the sentence that an error about an input adds for a layer that has its weights already."""
    shape = layer.__dict__.get("_build_shape")
    if not layer.built or shape is None:
        return ""
    shown = [tuple(s) for s in shape] if isinstance(shape, list) else tuple(shape)
    return f" This {type(layer).__name__} was built for inputs of shape {shown}; for others it takes a layer of its own."


def shape_at_call(layer: Any, x: Any):
    """The shape of what ``layer`` is called on; None for an input of a program's own layer that is left out."""
    if x is None and not is_kbridges(type(layer)):
        return None
    if hasattr(x, "_keras_shape"):
        return x._keras_shape
    if K.is_tensor(x):
        return K.int_shape(x)
    raise not_a_tensor(layer, x)


def not_a_tensor(layer: Any, x: Any) -> TypeError:
    """The error for a layer that was called on something else than a tensor."""
    return TypeError(f"Layer {layer.name} was called on {x!r}, which is not a tensor of the {K.backend()} backend.")
