"""Reductions that follow from others."""

import numpy as np

from ._base import Family


class Statistics(Family):
    def var(self, x, axis=None, keepdims=False):
        """The variance (divisor n) of ``x`` over ``axis``; ``keepdims`` leaves the reduced axes with length 1."""
        if not self.dtype(x).startswith("float"):
            x = self.cast(x, self.floatx())
        centred = x - self.mean(x, axis=axis, keepdims=True)
        return self.mean(self.square(centred), axis=axis, keepdims=keepdims)

    def std(self, x, axis=None, keepdims=False):
        """The standard deviation (divisor n) of ``x`` over ``axis``; ``keepdims`` leaves the reduced axes with length 1."""
        return self.sqrt(self.var(x, axis=axis, keepdims=keepdims))

    def logsumexp(self, x, axis=None, keepdims=False):
        """log(sum(exp(x))) over ``axis``, without overflow; ``keepdims`` leaves the reduced axes with length 1."""
        top = self.stop_gradient(self.max(x, axis=axis, keepdims=True))
        result = self.log(self.sum(self.exp(x - top), axis=axis, keepdims=True)) + top
        if keepdims:
            return result
        axes = range(self.ndim(x)) if axis is None else [axis] if isinstance(axis, int) else axis
        for a in sorted((a % self.ndim(x) for a in axes), reverse=True):
            result = self.squeeze(result, a)
        return result

    def l2_normalize(self, x, axis):
        """x / sqrt(max(sum(x ** 2, axis), 1e-12)); in float16 its smallest normal number stands for 1e-12."""
        norm2 = self.sum(self.square(x), axis=axis, keepdims=True)
        return x / self.sqrt(self.maximum(norm2, max(1e-12, float(np.finfo(self.dtype(x)).tiny))))

    def in_top_k(self, predictions, targets, k):
        """For each row of ``predictions`` (samples, classes): is the class ``targets`` (samples,)
        among the ``k`` largest? Ties count as in; a class out of range is never in. Bool (samples,)."""
        targets = self.cast(targets, "int32")
        known = self.logical_and(self.greater_equal(targets, 0), self.lesser(targets, self._size(predictions, 1)))
        chosen = self.sum(
            predictions * self.one_hot(targets, self._size(predictions, 1), dtype=self.dtype(predictions)),
            axis=1,
            keepdims=True,
        )
        larger = self.sum(self.cast(self.greater(predictions, chosen), "int32"), axis=1)
        return self.logical_and(known, self.lesser(larger, k))
