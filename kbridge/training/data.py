"""Data as a model wants it: a list of arrays that fit its inputs or outputs."""

from __future__ import annotations

import numpy as np

from .. import backend as K
from .compiling import known_name


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
    what = exception_prefix or "data"
    dimensions = [None if shape is None else len(shape) for shape in shapes] if shapes else None
    arrays = one_for_each(data, names, what, dimensions)
    if shapes:
        check_shapes(arrays, names, shapes, what, check_batch_axis)
    return arrays


def one_for_each(data, names, what: str, dimensions=None) -> list:
    """``data`` as a list of array-likes of at least two axes, one for each of ``names``.

    ``dimensions``: the number of axes of each, None where any is right. It decides what a list of one
    list means to a model with one input.
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
            raise ValueError(f"The model expects {len(names)} arrays as {what} ({', '.join(names)}), got a single one.")
    elif len(names) == 1 and _is_one_array(data, dimensions[0] if dimensions else None):
        arrays = [data]
    else:
        arrays = list(data)
        if len(arrays) != len(names):
            raise ValueError(
                f"The list of arrays passed as {what} has {len(arrays)} entries, the model expects {len(names)}: {', '.join(names)}."
            )
    return [_as_array(a, name, what) for a, name in zip(arrays, names, strict=True)]


def _from_dict(data: dict, name: str, what: str):
    if name not in data:
        raise ValueError(
            f"No data provided for {name!r} as {what}. Need data for each key in the model; got keys {sorted(map(str, data))}."
        )
    return data[name]


def _is_one_array(data, dimensions: int | None) -> bool:
    """Whether a list for one name is the array itself, written as nested lists, rather than a list that holds it."""
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
    """``data`` with numbers in at least two axes: an array, or what is read by batch."""
    if hasattr(data, "__next__"):
        raise ValueError(
            f"The {what} {name!r} is {data!r}: for generators there are fit_generator, evaluate_generator and predict_generator."
        )
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
        raise ValueError(f"The {what} {name!r} is no array: its lists have different lengths ({error}).") from None


def _first(data):
    array = np.asarray(data[:1] if len(data.shape) else data).ravel()
    return array[0] if array.size else None


def check_shapes(arrays, names, shapes, what: str, check_batch_axis: bool = True) -> None:
    """ValueError for the first array that doesn't fit its entry of ``shapes`` (None: anything does)."""
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
    """A hint for images whose channels are first where the model has them last, or the other way round."""
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
    """ValueError unless all inputs, targets and sample weights have as many samples."""
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
    """The number of samples."""
    return array.shape[0]


def check_loss_and_target_compatibility(targets, losses, output_shapes) -> None:
    """ValueError for targets whose shape can't be right for their loss."""
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
    """Samples ``start`` to ``stop`` (or those at the indices ``start``) of an array or a list of arrays."""
    if isinstance(X, list):
        return [slice_array(x, start, stop) for x in X]
    return slice_array(X, start, stop)


def slice_array(x, start, stop=None):
    """As ``slice_X`` for one array; what is no array gets the sorted list of indices that HDF5 data need."""
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
            f"{type(x).__name__} can't be read by a list of row numbers ({error}): pass shuffle='batch' or shuffle=False."
        ) from error
    return np.asarray(rows)[places]


class Rows:
    """Rows ``start`` to ``stop`` of data that are read by batch, without reading them yet."""

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
        """Rows by slice (step 1) or by a list of numbers."""
        if isinstance(key, slice):
            start, stop, _ = key.indices(len(self))
            return self._data[start + self._start : stop + self._start]
        return self._data[[number + self._start for number in key]]


def part(x, start: int, stop: int):
    """Samples ``start`` to ``stop`` of an array, or of data that then still are read by batch."""
    if x is None or isinstance(x, np.ndarray) or hasattr(x, "tocsr"):
        return slice_array(x, start, stop)
    return Rows(x, start, stop)
