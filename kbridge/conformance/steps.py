"""Steps of optimizers."""

import numpy as np

from .spec import Case, In, Op

X, GRADIENT, MOMENT = In(kind="variable"), In(kind="fixed"), In(kind="variable")
#: a mean of squares
SQUARE = In(low=0.5, kind="variable")


def momentum_step(x, gradient, velocity, lr, momentum, nesterov=False):
    """Sutskever et al. (2013), with the learning rate inside of the velocity."""
    v = momentum * velocity - lr * gradient
    return v, x + (momentum * v - lr * gradient if nesterov else v)


def adam_step(x, gradient, mean, square, lr, beta_1, beta_2, epsilon):
    """Kingma and Ba (2015), with ``lr`` already corrected."""
    m = mean + (1 - beta_1) * (gradient - mean)
    s = square + (1 - beta_2) * (gradient**2 - square)
    return m, s, x - lr * m / (np.sqrt(s) + epsilon)


OPS = [
    Op(
        "momentum_step",
        momentum_step,
        (Case((X, GRADIENT, MOMENT, 0.1, 0.5)), Case((X, GRADIENT, MOMENT, 0.1, 0.5), {"nesterov": True})),
        note="new velocity and new weight",
    ),
    Op(
        "adam_step",
        adam_step,
        (Case((X, GRADIENT, MOMENT, SQUARE, 0.1, 0.5, 0.75, 0.25)),),
        note="new mean, mean of squares and weight",
    ),
]
