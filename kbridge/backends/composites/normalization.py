"""Batch normalization (Ioffe and Szegedy, 2015)."""

from ._base import Family


class Normalization(Family):
    def batch_normalization(self, x, mean, var, beta, gamma, epsilon=0.001):
        """gamma * (x - mean) / sqrt(var + epsilon) + beta; the statistics broadcast against ``x``.

        Args:
            x: the tensor.
            mean: the mean to subtract.
            var: the variance to divide by.
            beta: what is added at the end.
            gamma: the factor.
            epsilon: a small number that is added to the variance.
        """
        return (x - mean) / self.sqrt(var + epsilon) * gamma + beta

    def normalize_batch_in_training(self, x, gamma, beta, reduction_axes, epsilon=0.001):
        """Normalize a tensor with its own statistics.

        Args:
            x: the tensor.
            gamma: the factor, with the axes that aren't reduced.
            beta: what is added at the end, with the axes that aren't reduced.
            reduction_axes: the axes of the mean and variance.
            epsilon: a small number that is added to the variance.

        Returns:
            The normalized tensor, the mean and the variance; the statistics have the remaining axes.
        """
        axes = [a % self.ndim(x) for a in reduction_axes]
        mean = self.mean(x, axis=axes)
        kept = mean
        for a in sorted(axes):
            kept = self.expand_dims(kept, a)
        centred = x - kept
        var = self.mean(self.square(centred), axis=axes)
        gamma, beta = (self._broadcast_back(t, x, axes) for t in (gamma, beta))
        return self._normalized(x, kept, self._broadcast_back(var, x, axes), gamma, beta, epsilon), mean, var

    def _normalized(self, x, mean, var, gamma, beta, epsilon):
        """``x`` normalized with its own statistics, which have axes of length 1 where it was reduced. A backend may have a gradient of its own for it."""
        # one factor for each feature: fewer passes over x here and in the gradient than to divide and multiply x
        return (x - mean) * (gamma / self.sqrt(var + epsilon)) + beta

    def _broadcast_back(self, statistic, x, axes):
        """``statistic`` with axes of length 1 where ``x`` was reduced, unless it has them already."""
        if self.ndim(statistic) == self.ndim(x):
            return statistic
        for a in sorted(axes):
            statistic = self.expand_dims(statistic, a)
        return statistic
