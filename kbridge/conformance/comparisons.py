"""Comparisons and logic: results are bool."""

import numpy as np

from .spec import Case, In, Op

NAN = float("nan")
DIGITS = In(low=0, high=3, fill=lambda rng, shape: rng.randint(0, 3, shape))
COMPARED = (
    Case((DIGITS, DIGITS), grad=()),
    Case((DIGITS, 1.0), grad=()),
    Case((In(dtype="int32", low=0, high=3), In(dtype="int32", low=0, high=3))),
    Case((In(dtype="int32", low=0, high=3), 1)),
    Case((DIGITS, In((4,), kind="variable", fill=DIGITS.fill)), grad=(), note="broadcast"),
    Case((In(values=[NAN, 1.0]), In(values=[NAN, NAN])), grad=(), note="NaN equals nothing"),
)
BITS = In(dtype="bool")
LOGIC = (Case((BITS, BITS)), Case((BITS, In((4,), dtype="bool", kind="variable"))))

OPS = [
    Op("equal", np.equal, COMPARED, gradient=False),
    Op("not_equal", np.not_equal, COMPARED, gradient=False),
    Op("greater", np.greater, COMPARED, gradient=False),
    Op("greater_equal", np.greater_equal, COMPARED, gradient=False),
    Op("lesser", np.less, COMPARED, gradient=False),
    Op("lesser_equal", np.less_equal, COMPARED, gradient=False),
    Op("logical_and", np.logical_and, LOGIC, gradient=False),
    Op("logical_or", np.logical_or, LOGIC, gradient=False),
    Op("logical_not", np.logical_not, (Case((BITS,)),), gradient=False),
]
