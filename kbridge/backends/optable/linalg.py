"""Products of matrices."""

import numpy as np

from .table import Case, In, Op

W = In((4, 5), kind="variable")


def batch_dot(x, y, axes=None):
    """For each sample by ``tensordot``; a last axis of 1 where nothing else is left."""
    if axes is None:
        axes = (x.ndim - 1, y.ndim - 1 if y.ndim == 2 else y.ndim - 2)
    ax, ay = (axes, axes) if isinstance(axes, int) else axes
    ax, ay = ax % x.ndim - 1, ay % y.ndim - 1
    rest = [n for i, n in enumerate(x.shape[1:]) if i != ax] + [n for i, n in enumerate(y.shape[1:]) if i != ay]
    result = np.empty((len(x), *(rest or [1])), np.result_type(x, y))
    for i in range(len(x)):
        result[i] = np.tensordot(x[i], y[i], axes=(ax, ay))
    return result


OPS = [
    Op(
        "dot",
        np.dot,
        (
            Case((In(), W)),
            Case((In((2, 3, 4)), W)),
            Case((In((2, 3, 4)), In((6, 4, 5), kind="variable")), note="shape x[:-1] + y[:-2] + y[-1:]"),
            Case((In(), In((4,), kind="variable")), note="a vector"),
            Case((In((4,), kind="variable"), W)),
            Case((In((0, 4)), W), note="no samples"),
        ),
    ),
    Op("batch_matmul", np.matmul, (Case((In((3, 2, 4)), In((3, 4, 5)))), Case((In((3, 1, 4)), In((3, 4, 1)))))),
    Op(
        "batch_dot",
        batch_dot,
        (
            Case((In((3, 4, 5)), In((3, 5, 2)))),
            Case((In((3, 4)), In((3, 4))), {"axes": 1}),
            Case((In((3, 4)), In((3, 4))), {"axes": [1, 1]}),
            Case((In((3, 4)), In((3, 4)))),
            Case((In((3, 4, 5)), In((3, 4, 2))), {"axes": [1, 1]}),
            Case((In((3, 4, 5)), In((3, 2, 5))), {"axes": [2, 2]}),
            Case((In((3, 4, 5)), In((3, 5, 2))), {"axes": (2, 1)}),
            Case((In((3, 4, 5)), In((3, 4, 5))), {"axes": -1}),
            Case((In((3, 4, 5)), In((3, 5))), {"axes": [2, 1]}, note="3-D with 2-D"),
            Case((In((3, 4)), In((3, 4, 5))), {"axes": [1, 1]}, note="2-D with 3-D"),
            Case((In((3, 5)), In((3, 4, 5))), {"axes": [1, 2]}, note="2-D with 3-D"),
            Case((In((2, 3, 4, 5)), In((2, 5, 3))), {"axes": [3, 1]}, note="4-D with 3-D"),
            Case((In((2, 3, 4, 2)), In((2, 2, 4, 3))), {"axes": [2, 2]}, note="4-D with 4-D"),
        ),
    ),
]
