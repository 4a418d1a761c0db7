"""Looking rows up, one-hot codes, ranges."""

import numpy as np

from .spec import Case, In, Op

ROWS = In((5, 3), kind="variable")


def gather(reference, indices):
    return reference[indices]


def one_hot(indices, nb_classes, dtype="float64"):
    return (indices[..., None] == np.arange(nb_classes)).astype(dtype)


OPS = [
    Op(
        "gather",
        gather,
        (
            Case((ROWS, In((4,), dtype="int32", low=0, high=5))),
            Case((ROWS, In((2, 3), dtype="int32", low=0, high=5))),
            Case((ROWS, In(values=[1, 1, 1, 4], dtype="int64")), note="repeated indices add up"),
            Case((In((5, 3), kind="fixed"), In((2, 2), dtype="int32", low=0, high=5))),
            Case((ROWS, 2), note="a number"),
            Case((In((5, 2, 3), kind="variable"), np.array([3, 0]))),
        ),
    ),
    Op(
        "one_hot",
        one_hot,
        (
            Case((In((3,), dtype="int32", low=0, high=4), 4)),
            Case((In((2, 3), dtype="int64", low=0, high=5), 5)),
            Case((In(values=[0, 7, -1], dtype="int32"), 3), note="an index outside gives zeros"),
        ),
        gradient=False,
    ),
    Op(
        "arange",
        lambda start, stop=None, step=1, dtype="int32": (
            np.arange(start, stop, step).astype(dtype) if stop is not None else np.arange(start).astype(dtype)
        ),
        (
            Case((5,)),
            Case((2, 9, 3)),
            Case((1, 3), {"dtype": "float32"}, dtype="float32"),
            Case((5, 0, -2)),
            Case((In((), values=4, dtype="int32", kind="variable"),), static=False, note="a tensor as bound"),
        ),
        gradient=False,
    ),
]
