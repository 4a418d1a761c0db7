"""Muon: orthogonalized steps for matrices, Adam for all else."""

from __future__ import annotations

import math
import re

from .. import backend as K
from .base import Optimizer, learning_rate


class Muon(Optimizer):
    """Momentum whose step for a matrix is made nearly orthogonal by a few Newton-Schulz iterations.

    Weights with other than two axes, and those that are left out, are trained by Adam. The other arguments are those of ``Optimizer``.

    Args:
        lr: the learning rate, a number or a schedule.
        adam_beta_1: Adam's ``beta_1``.
        adam_beta_2: Adam's ``beta_2``.
        epsilon: keeps divisors from 0.
        weight_decay: the weight decay of the matrices.
        adam_weight_decay: the weight decay of the weights that Adam trains.
        adam_lr_ratio: Adam's learning rate as a fraction of ``lr``.
        momentum: the part of the running sum of gradients that stays at each update.
        ns_steps: the number of iterations.
        nesterov: whether a step looks ahead by the momentum.
        muon_a: the coefficient of x in an iteration.
        muon_b: the coefficient of x ** 3.
        muon_c: the coefficient of x ** 5.
        rms_rate: the root mean square of a step for each unit of the learning rate; None for that of the paper.
        exclude_layers: patterns (regular expressions) of the names of weights that Adam trains.
        exclude_embeddings: whether Adam trains the weights of Embedding layers.

    References:
        Jordan et al. (2024), Muon: An Optimizer for Hidden Layers in Neural Networks.
    """

    def __init__(
        self, lr=0.001, adam_beta_1=0.9, adam_beta_2=0.999, epsilon=1e-7, weight_decay=0.004, adam_weight_decay=0.004, adam_lr_ratio=1.0,
        momentum=0.95, ns_steps=5, nesterov=True, muon_a=3.4445, muon_b=-4.775, muon_c=2.0315, rms_rate=0.2, exclude_layers=None,
        exclude_embeddings=True, **kwargs,
    ):  # fmt: skip
        super().__init__(weight_decay=weight_decay, **kwargs)
        self.iterations = K.variable(0.0)
        self.lr = learning_rate(lr)
        self.adam_beta_1, self.adam_beta_2, self.epsilon = adam_beta_1, adam_beta_2, epsilon
        self.adam_weight_decay, self.adam_lr_ratio = adam_weight_decay, adam_lr_ratio
        self.momentum, self.ns_steps, self.nesterov = momentum, ns_steps, nesterov
        self.muon_a, self.muon_b, self.muon_c, self.rms_rate = muon_a, muon_b, muon_c, rms_rate
        self.exclude_layers = list(exclude_layers or ())
        self.exclude_embeddings = exclude_embeddings

    def uses_adam(self, p) -> bool:
        """Whether the weight ``p`` is trained by Adam."""
        name = (K.tensor_name(p) or "").lower()
        if len(K.get_variable_shape(p)) != 2 or any(re.search(pattern, name) for pattern in self.exclude_layers):
            return True
        return self.exclude_embeddings and "embedding" in name

    def _step(self, params, grads, constraints):
        lr, t = self._decayed_lr(count=True), self._steps() + 1
        self.weights.append(self.iterations)
        moments = self._moment("momentum", params)
        squares = [self._moment("velocity", [p])[0] if self.uses_adam(p) else None for p in params]
        self.moments["velocity"] = squares
        for p, g, m, v in zip(params, grads, moments, squares, strict=True):
            if v is None:
                new_m = self.momentum * m + g
                step = lr * self._scale(p) * self._orthogonal(g + self.momentum * new_m if self.nesterov else new_m, p)
                decay = self._option("weight_decay")
            else:
                new_m = self.adam_beta_1 * m + (1.0 - self.adam_beta_1) * g
                new_v = self.adam_beta_2 * v + (1.0 - self.adam_beta_2) * K.square(g)
                self.updates.append(K.update(v, new_v))
                first, second = (1.0 - K.pow(K.constant(beta), t) for beta in (self.adam_beta_1, self.adam_beta_2))
                step = self.adam_lr_ratio * lr * (new_m / first) / (K.sqrt(new_v / second) + self.epsilon)
                decay = self.adam_weight_decay
            self.updates.append(K.update(m, new_m))
            kept = p - p * (lr * float(decay)) if decay and not self._keeps(p) else p
            self._set_as_it_is(p, kept - step, constraints)

    def _scale(self, p) -> float:
        rows, columns = K.get_variable_shape(p)
        return math.sqrt(max(1.0, rows / columns)) if self.rms_rate is None else math.sqrt(max(rows, columns)) * self.rms_rate

    def _orthogonal(self, g, p):
        """A matrix with the singular vectors of ``g`` and singular values near 1."""
        rows, columns = K.get_variable_shape(p)
        x = K.transpose(g) if rows > columns else g
        x = x / (K.sqrt(K.sum(K.square(x))) + self.epsilon)
        for _ in range(self.ns_steps):
            square = K.dot(x, K.transpose(x))
            x = self.muon_a * x + K.dot(self.muon_b * square + self.muon_c * K.dot(square, square), x)
        return K.transpose(x) if rows > columns else x

    def get_config(self):
        names = (
            "adam_beta_1", "adam_beta_2", "epsilon", "weight_decay", "adam_weight_decay", "adam_lr_ratio", "momentum", "ns_steps", "nesterov",
            "muon_a", "muon_b", "muon_c", "rms_rate", "exclude_layers", "exclude_embeddings",
        )  # fmt: skip
        return {**self._config("lr"), **{name: getattr(self, name) for name in names}}
