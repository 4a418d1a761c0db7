"""Activation functions."""

from ._base import Family


class Activations(Family):
    def relu(self, x, alpha=0.0, max_value=None):
        """max(x, 0), at most ``max_value``, minus ``alpha`` * max(-x, 0).

        ``max_value`` caps the positive part alone, also with a negative ``alpha``; one below 0 leaves 0 of it.
        """
        # zero stands first: at a tie the gradient goes to it, so that relu has gradient 0 at 0
        positive = self.maximum(0.0, x if max_value is None else self.minimum(x, max_value))
        if isinstance(alpha, (int, float)) and alpha == 0:
            return positive
        return positive + alpha * self.minimum(0.0, x)

    def elu(self, x, alpha=1.0):
        """x for x > 0, else alpha * (exp(x) - 1) (Clevert et al., 2015)."""
        negative = self.exp(self.clip(x, None, 0.0)) - 1.0
        if not (isinstance(alpha, (int, float)) and alpha == 1):
            negative = alpha * negative
        return self.where(self.greater(x, 0.0), x, negative)

    def softsign(self, x):
        """x / (1 + abs(x))."""
        return x / (1.0 + self.abs(x))

    def hard_sigmoid(self, x):
        """clip(0.2 x + 0.5, 0, 1)."""
        return self.clip(0.2 * x + 0.5, 0.0, 1.0)
