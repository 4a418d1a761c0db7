"""Steps of optimizers: the new values of a weight and of its moments."""

from ._base import Family


class Steps(Family):
    def momentum_step(self, x, gradient, velocity, lr, momentum, nesterov=False):
        """(new velocity, new x): v = momentum * velocity - lr * gradient and x + v, or x + momentum * v - lr * gradient
        with ``nesterov``. As a whole the pairs of updates may be one operation of the backend."""
        v = momentum * velocity - lr * gradient
        return v, x + momentum * v - lr * gradient if nesterov else x + v

    def adam_step(self, x, gradient, mean, square, lr, beta_1, beta_2, epsilon):
        """(new mean, new square, new x): m = beta_1 * mean + (1 - beta_1) * gradient,
        s = beta_2 * square + (1 - beta_2) * gradient**2 and x - lr * m / (sqrt(s) + epsilon). ``lr`` holds the correction
        for moments that start at 0. As a whole the pairs of updates may be one operation of the backend."""
        m = beta_1 * mean + (1.0 - beta_1) * gradient
        s = beta_2 * square + (1.0 - beta_2) * self.square(gradient)
        return m, s, x - lr * m / (self.sqrt(s) + epsilon)
