"""Rows of functions that work element by element."""

import numpy as np

from .table import Case, In, Op

ONE = (Case((In(),)), Case((In((2, 3, 2)),)), Case((In((0, 4)),)))
POSITIVE = (Case((In(low=0.1),)),)

OPS = [
    Op("abs", np.abs, ONE),
    Op("square", np.square, ONE),
    Op("exp", np.exp, ONE),
    Op("log", np.log, POSITIVE),
    Op("tanh", np.tanh, ONE),
]
