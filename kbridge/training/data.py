"""Turns the data that a user gives into the arrays that a model takes, and checks them."""

from __future__ import annotations

import numpy as np

from .. import backend as K
from .compiling import known_name


def is_array_like(x) -> bool:
    """Return whether ``x`` can be read batch by batch: it has a shape and takes indices, as arrays and HDF5 data sets do."""
    return hasattr(x, "shape") and hasattr(x, "__getitem__")


def standardize_input_data(data, names, shapes=None, check_batch_axis=True, exception_prefix=""):
    """Return data as a list of arrays, one for each name. Vectors become (samples, 1).

    Args:
        data: one array, nested lists of numbers, a list with an array for each name, or a dict by name.
        names: the names of the model's inputs or outputs.
        shapes: the shape that each array must have, with the batch axis; None stands for any length, and in place of a shape for any shape.
        check_batch_axis: whether the number of samples is checked too.
        exception_prefix: how an error calls the data: 'model input', 'model target'.

    Raises:
        ValueError: an array that doesn't fit; the message says which.
    """
    what = exception_prefix or "data"
    dimensions = [None if shape is None else len(shape) for shape in shapes] if shapes else None
    arrays = one_for_each(data, names, what, dimensions)
    if shapes:
        check_shapes(arrays, names, shapes, what, check_batch_axis)
    return arrays


def one_for_each(data, names, what: str, dimensions=None) -> list:
    """Return ``data`` as a list of array-likes with at least two axes, one for each of ``names``.

    ``dimensions`` is a list with the number of axes that each must have, or None where any is right. A list of one list can be read in two ways
    by a model with one input; this number decides.
    """
    if not names:
        return []
    if data is None:
        return [None] * len(names)
    if isinstance(data, dict):
        arrays = [_from_dict(data, name, what) for name in names]
    elif not isinstance(data, (list, tuple)):
        arrays = [data]
        if len(names) > 1:
            raise ValueError(f"The model expects a list of {len(names)} arrays as {what} ({', '.join(names)}), got a single array.")
    elif len(names) == 1 and _is_one_array(data, dimensions[0] if dimensions else None):
        arrays = [data]
    else:
        arrays = list(data)
        if len(arrays) != len(names):
            raise ValueError(f"The model expects {len(names)} arrays as {what} ({', '.join(names)}), got a list of {len(arrays)}.")
    return [_as_array(a, name, what) for a, name in zip(arrays, names, strict=True)]


def _from_dict(data: dict, name: str, what: str):
    if name not in data:
        raise ValueError(
            f"No data provided for {name!r} as {what}. Need data for each key in the model; got keys {sorted(map(str, data))}."
        )
    return data[name]


def _is_one_array(data, dimensions: int | None) -> bool:
    """Return whether a list for one name is an array that is written as nested lists; else it is a list that holds the array."""
    if len(data) != 1:
        return not any(is_array_like(item) and len(item.shape) for item in data)
    if is_array_like(data[0]):
        return not len(data[0].shape)
    depth = _depth(data)
    return depth < 3 if dimensions is None else depth <= dimensions


def _depth(data) -> int:
    depth = 0
    while isinstance(data, (list, tuple)):
        depth += 1
        data = data[0] if data else None
    return depth + (len(data.shape) if is_array_like(data) else 0)


def _as_array(data, name: str, what: str):
    """Return ``data`` as an array of numbers with at least two axes, or as an object that is read batch by batch."""
    if type(data) is np.ndarray and data.ndim > 1 and data.dtype.kind in "biuf":
        return data
    if hasattr(data, "__next__"):
        raise ValueError(f"The {what} {name!r} is {data!r}. For generators use fit_generator, evaluate_generator or predict_generator.")
    if hasattr(data, "tocsr"):  # a scipy sparse matrix: rows can be taken from this format
        return data.tocsr()
    if hasattr(data, "to_numpy"):  # a table, whose indices mean columns
        data = data.to_numpy()
    if not is_array_like(data) or isinstance(data, np.generic):
        data = _nested(data, name, what)
    dtype = getattr(data, "dtype", None)
    if not isinstance(dtype, np.dtype):
        # another library's array, which has types of its own
        pass
    elif dtype.kind == "O":
        try:
            data = np.asarray(data).astype(K.floatx())
        except (TypeError, ValueError):
            raise ValueError(f"The {what} {name!r} must hold numbers, got objects such as {_first(data)!r}.") from None
    elif dtype.kind not in "biuf":
        raise ValueError(f"The {what} {name!r} must hold numbers, got dtype {dtype} (first value {_first(data)!r}).")
    if len(data.shape) == 0:
        raise ValueError(f"The {what} {name!r} is the single number {data}, not an array of samples.")
    if len(data.shape) == 1:
        return np.expand_dims(data if isinstance(data, np.ndarray) else np.asarray(data[:]), 1)
    return data


def _nested(data, name: str, what: str) -> np.ndarray:
    try:
        return np.asarray(data)
    except ValueError as error:
        raise ValueError(f"The {what} {name!r} isn't an array: its lists have different lengths ({error}).") from None


def _first(data):
    array = np.asarray(data[:1] if len(data.shape) else data).ravel()
    return array[0] if array.size else None


def check_shapes(arrays, names, shapes, what: str, check_batch_axis: bool = True) -> None:
    """Check arrays against the shapes that they must have.

    Args:
        arrays: the arrays.
        names: their names, for the error.
        shapes: the shape that each must have; None for any.
        what: how the error calls the data.
        check_batch_axis: whether the number of samples is checked too.

    Raises:
        ValueError: the first array that doesn't fit.
    """
    for array, name, expected in zip(arrays, names, shapes, strict=True):
        if array is None or expected is None:
            continue
        shape = tuple(array.shape)
        if len(shape) != len(expected):
            raise ValueError(
                f"Error when checking {what}: expected {name} to have {len(expected)} dimensions {_shown(expected)}, "
                f"but got array with shape {shape}."
            )
        first = 0 if check_batch_axis else 1
        if any(want is not None and have != want for have, want in zip(shape[first:], expected[first:])):
            raise ValueError(
                f"Error when checking {what}: expected {name} to have shape {_shown(expected)}, but got array with shape {shape}."
                f"{_channels_elsewhere(shape, expected)}"
            )


def _shown(shape) -> str:
    return "(" + ", ".join("any" if n is None else str(n) for n in shape) + ("," if len(shape) == 1 else "") + ")"


def _channels_elsewhere(shape, expected) -> str:
    """Return a hint for images that have their channels first where the model has them last, or the other way round."""
    if len(shape) < 4:
        return ""
    for moved, found, wanted in (
        ((0, *range(2, len(shape)), 1), "first", "last"),
        ((0, len(shape) - 1, *range(1, len(shape) - 1)), "last", "first"),
    ):
        if all(want in (None, shape[axis]) for axis, want in zip(moved[1:], expected[1:])):
            settings = {"first": "'th'", "last": "'tf'"}
            return (
                f" It would fit with its channels {wanted}: its axes are those of dim_ordering {settings[found]} (channels {found}), the "
                f"model's those of {settings[wanted]}. Where a layer isn't given its own, image_dim_ordering of keras.json is used."
            )
    return ""


def check_array_lengths(inputs, targets, weights) -> None:
    """Raise a ValueError unless all inputs, targets and sample weights have the same number of samples."""
    if len({len_of(a) for arrays in (inputs, targets, weights) for a in arrays if a is not None}) < 2:
        return
    groups = {"input": inputs, "target": targets, "sample weight": weights}
    lengths = {what: {len_of(a) for a in arrays if a is not None} for what, arrays in groups.items()}
    for what, found in lengths.items():
        if len(found) > 1:
            raise ValueError(f"All {what} arrays should have the same number of samples, got {sorted(found)}.")
    samples = next(iter(lengths["input"]), None)
    for what in ("target", "sample weight"):
        other = next(iter(lengths[what]), None)
        if samples is not None and other is not None and samples != other:
            raise ValueError(
                f"Input arrays should have the same number of samples as {what} arrays. Found {samples} input samples and {other} {what}s."
            )


def len_of(array) -> int:
    """Return the number of samples in ``array``."""
    return array.shape[0]


def check_loss_and_target_compatibility(targets, losses, output_shapes) -> None:
    """Raise a ValueError for targets whose shape their loss can't take."""
    for y, loss, shape in zip(targets, losses, output_shapes, strict=True):
        if y is None or shape is None:
            continue
        if known_name(loss) == "categorical_crossentropy" and y.shape[-1] == 1 and shape[-1] != 1:
            raise ValueError(
                f"You are passing a target array of shape {tuple(y.shape)} while using as loss `categorical_crossentropy`. "
                f"It expects one-hot targets of shape (samples, {shape[-1]}). For integer classes use "
                f"`sparse_categorical_crossentropy`, or kbridge.utils.np_utils.to_categorical(classes)."
            )


def slice_X(X, start=None, stop=None):
    """Return some samples of an array, or of each array in a list.

    Args:
        X: the array, or the list.
        start: the first sample, or a list of the samples' indices.
        stop: the sample behind the last one.
    """
    if isinstance(X, list):
        return [slice_array(x, start, stop) for x in X]
    return slice_array(X, start, stop)


def slice_array(x, start, stop=None):
    """Return what ``slice_X`` returns, for one array. HDF5 data are read by a sorted list of indices, which is all that they take."""
    if x is None:
        return None
    if not hasattr(start, "__len__"):
        return x[start:stop]
    if isinstance(x, np.ndarray) or hasattr(x, "tocsr"):
        return x[start]
    numbers, places = np.unique(start, return_inverse=True)
    try:
        rows = x[numbers.tolist()]
    except TypeError as error:
        raise TypeError(
            f"{type(x).__name__} can't be read in a random order, by a list of row numbers ({error}). Pass shuffle='batch' or "
            "shuffle=False."
        ) from error
    return np.asarray(rows)[places]


class Rows:
    """A part of data that are read batch by batch: the rows from ``start`` to ``stop``. Making it reads nothing."""

    def __init__(self, data, start: int, stop: int):
        self._data = data
        self._start = start
        self.shape = (stop - start, *data.shape[1:])

    @property
    def dtype(self):
        return self._data.dtype

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key):
        """Return rows by a slice with the step 1, or by a list of numbers."""
        if isinstance(key, slice):
            start, stop, _ = key.indices(len(self))
            return self._data[start + self._start : stop + self._start]
        return self._data[[number + self._start for number in key]]


def part(x, start: int, stop: int):
    """Return the samples from ``start`` to ``stop`` of an array. Data that are read batch by batch stay so."""
    if x is None or isinstance(x, np.ndarray) or hasattr(x, "tocsr"):
        return slice_array(x, start, stop)
    return Rows(x, start, stop)
