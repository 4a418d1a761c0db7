"""Steps of optimizers: the new values of a weight and of its moments."""

from ._base import Family


class Steps(Family):
    def momentum_step(self, x, gradient, velocity, lr, momentum, nesterov=False):
        """One step of gradient descent with momentum: v = momentum * velocity - lr * gradient; x + v, or x + momentum * v - lr * gradient.

        A backend may compute all these updates as one operation.

        Args:
            x: the weight.
            gradient: its gradient.
            velocity: the velocity before the step, shaped like ``x``.
            lr: the learning rate, a number or a scalar tensor.
            momentum: the part of the velocity that stays.
            nesterov: whether the step looks ahead, which is the second formula.

        Returns:
            The new velocity and the new value of ``x``.
        """
        v = momentum * velocity - lr * gradient
        return v, x + momentum * v - lr * gradient if nesterov else x + v

    def adam_step(self, x, gradient, mean, square, lr, beta_1, beta_2, epsilon):
        """One step of Adam: m = beta_1 * mean + (1 - beta_1) * gradient; s = beta_2 * square + (1 - beta_2) * gradient ** 2;
        x - lr * m / (sqrt(s) + epsilon).

        A backend may compute all these updates as one operation.

        Args:
            x: the weight.
            gradient: its gradient.
            mean: the running mean of gradients before the step, shaped like ``x``.
            square: the running mean of their squares before the step, shaped like ``x``.
            lr: the learning rate, which holds the correction for means that start at 0.
            beta_1: the part of ``mean`` that stays.
            beta_2: the part of ``square`` that stays.
            epsilon: keeps the divisor from 0.

        Returns:
            The new mean, the new square and the new value of ``x``.
        """
        m = beta_1 * mean + (1.0 - beta_1) * gradient
        s = beta_2 * square + (1.0 - beta_2) * self.square(gradient)
        return m, s, x - lr * m / (self.sqrt(s) + epsilon)
