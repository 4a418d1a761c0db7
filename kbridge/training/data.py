"""Data as a model wants it: a list of arrays that fit its inputs or outputs."""

from __future__ import annotations

import numpy as np

from .. import backend as K


def is_array_like(x) -> bool:
    """Whether ``x`` can be read by batch: it has a shape and takes indices (arrays, HDF5 data)."""
    return hasattr(x, "shape") and hasattr(x, "__getitem__")


def standardize_input_data(data, names, shapes=None, check_batch_axis=True, exception_prefix=""):
    """``data`` as a list of arrays, one for each of ``names``.

    ``data``: one array, nested lists of numbers, a list with an array for each name, or a dict by name.
    Vectors become (samples, 1). ``shapes``: what each array must fit (batch axis included, None: any
    length; a None entry isn't checked). ValueError says which array doesn't fit, starting with
    ``exception_prefix`` ('model input', 'model target').
    """
    if not names:
        return []
    what = exception_prefix or "data"
    if data is None:
        return [None] * len(names)
    if isinstance(data, dict):
        arrays = [_from_dict(data, name, what) for name in names]
    elif isinstance(data, (list, tuple)) and not _is_one_array(data, names):
        arrays = list(data)
        if len(arrays) != len(names):
            raise ValueError(
                f"The list of arrays passed as {what} has {len(arrays)} entries, the model expects {len(names)}: "
                f"{', '.join(names)}."
            )
    else:
        arrays = [data]
        if len(names) > 1:
            raise ValueError(f"The model expects {len(names)} arrays as {what} ({', '.join(names)}), got a single one.")
    arrays = [_as_array(a, name, what) for a, name in zip(arrays, names, strict=True)]
    for i, (array, name) in enumerate(zip(arrays, names, strict=True)):
        if len(array.shape) == 1:
            arrays[i] = np.expand_dims(array, 1)
        if shapes and shapes[i] is not None:
            _check_shape(arrays[i].shape, shapes[i], name, what, check_batch_axis)
    return arrays


def _from_dict(data: dict, name: str, what: str):
    if name not in data:
        raise ValueError(f"No data provided for {name!r} as {what}. Need data for each key in the model; got keys {sorted(data)}.")
    return data[name]


def _is_one_array(data, names) -> bool:
    """Whether a list is one array written as nested lists, rather than one array for each name."""
    if len(data) != len(names):
        return len(names) == 1 and not any(is_array_like(item) for item in data)
    if any(is_array_like(item) and np.ndim(item) > 0 for item in data):
        return False
    # as many items as inputs: they mean several arrays only if they are lists of samples themselves
    return not all(isinstance(item, (list, tuple)) and item and isinstance(item[0], (list, tuple)) or is_array_like(item) and np.ndim(item) > 0 for item in data)  # fmt: skip  # noqa: E501


def _as_array(array, name: str, what: str):
    if is_array_like(array) and not isinstance(array, np.ndarray):
        return array
    try:
        result = np.asarray(array)
    except ValueError as error:
        raise ValueError(f"The {what} {name!r} is no array: its lists have different lengths ({error}).") from None
    if result.dtype.kind not in "biuf":
        raise ValueError(f"The {what} {name!r} must hold numbers, got dtype {result.dtype} (first value {result.ravel()[:1]!r}).")
    return result


def _check_shape(shape, expected, name: str, what: str, check_batch_axis: bool) -> None:
    if len(shape) != len(expected):
        raise ValueError(
            f"Error when checking {what}: expected {name} to have {len(expected)} dimensions {_shown(expected)}, "
            f"but got array with shape {tuple(shape)}."
        )
    for axis, (have, want) in enumerate(zip(shape, expected, strict=True)):
        if axis == 0 and not check_batch_axis:
            continue
        if want is not None and have != want:
            raise ValueError(
                f"Error when checking {what}: expected {name} to have shape {_shown(expected)}, but got array with shape {tuple(shape)}."
            )


def _shown(shape) -> str:
    return "(" + ", ".join("any" if n is None else str(n) for n in shape) + ("," if len(shape) == 1 else "") + ")"


def check_array_lengths(inputs, targets, weights) -> None:
    """ValueError unless all inputs, targets and sample weights have as many samples."""
    lengths = {what: {len_of(a) for a in arrays if a is not None} for what, arrays in
               (("input", inputs), ("target", targets), ("sample weight", weights))}  # fmt: skip
    for what, found in lengths.items():
        if len(found) > 1:
            raise ValueError(f"All {what} arrays should have the same number of samples, got {sorted(found)}.")
    samples = next(iter(lengths["input"]), None)
    for what in ("target", "sample weight"):
        other = next(iter(lengths[what]), None)
        if samples is not None and other is not None and samples != other:
            raise ValueError(f"Input arrays should have the same number of samples as {what} arrays. Found {samples} input samples and {other} {what}s.")


def len_of(array) -> int:
    """The number of samples."""
    return array.shape[0]


def check_loss_and_target_compatibility(targets, losses, output_shapes) -> None:
    """ValueError for targets whose shape can't be right for their loss."""
    from .. import objectives

    for y, loss, shape in zip(targets, losses, output_shapes, strict=True):
        if y is None or shape is None:
            continue
        if loss is objectives.categorical_crossentropy and y.shape[-1] == 1 and shape[-1] != 1:
            raise ValueError(
                f"You are passing a target array of shape {tuple(y.shape)} while using as loss `categorical_crossentropy`. "
                f"It expects one-hot targets of shape (samples, {shape[-1]}). For integer classes use "
                f"`sparse_categorical_crossentropy`, or kbridge.utils.np_utils.to_categorical(classes)."
            )


def make_batches(size: int, batch_size: int) -> list[tuple[int, int]]:
    """(start, stop) of each batch; the last one may be smaller."""
    return [(start, min(size, start + batch_size)) for start in range(0, size, batch_size)]


def batch_shuffle(index_array, batch_size: int):
    """Shuffle whole batches, and keep the samples of an incomplete last batch last."""
    whole = len(index_array) // batch_size * batch_size
    shuffled = np.asarray(index_array[:whole]).reshape(-1, batch_size)
    np.random.shuffle(shuffled)
    return np.append(shuffled.ravel(), index_array[whole:])


def slice_X(X, start=None, stop=None):
    """Samples ``start`` to ``stop`` (or those at the indices ``start``) of an array or a list of arrays."""
    if isinstance(X, list):
        return [slice_array(x, start, stop) for x in X]
    return slice_array(X, start, stop)


def slice_array(x, start, stop=None):
    """As ``slice_X`` for one array; HDF5 data get the sorted list of indices that they need."""
    if x is None:
        return None
    if hasattr(start, "__len__"):
        if isinstance(x, np.ndarray):
            return x[start]
        order = np.argsort(start, kind="stable")
        rows = np.asarray(x[np.asarray(start)[order].tolist()])
        result = np.empty_like(rows)
        result[order] = rows
        return result
    return x[start:stop]


def as_floatx(array):
    """Targets and weights in floatx, without a copy where they are already."""
    return np.asarray(array, dtype=K.floatx())
