"""Cross-entropies on probabilities or logits."""

import numpy as np

from .. import ranges
from ._base import Family


class Losses(Family):
    def categorical_crossentropy(self, output, target, from_logits=False):
        """-sum(target * log(p)) over the last axis, where p are the probabilities ``output``, or with ``from_logits`` those of its logits.

        Probabilities are first scaled to sum 1 and clipped to [epsilon, 1 - epsilon]; logits go through log-softmax.
        """
        if from_logits:
            return self.sum(target * (self.logsumexp(output, axis=-1, keepdims=True) - output), axis=-1)
        p = output / self.sum(output, axis=-1, keepdims=True)
        p = self._inside(p)
        return -self.sum(target * self.log(p), axis=-1)

    def sparse_categorical_crossentropy(self, output, target, from_logits=False):
        """``categorical_crossentropy`` with integer classes; ``from_logits`` as there.

        ``target`` has the shape of ``output`` without its last axis (or with a last axis of 1), and a class out of range is a ValueError. Probabilities
        are clipped to [epsilon, 1 - epsilon] and then scaled to sum 1.
        """
        if not from_logits:
            output = self.log(self._inside(output))
        classes = self._size(output, self.ndim(output) - 1)
        index = self.cast(target, "int32")
        if self.ndim(target) == self.ndim(output):
            index = self.squeeze(index, self.ndim(target) - 1)
        index = self._valid_labels(index, classes)
        chosen = self.sum(output * self.one_hot(index, classes, dtype=self.dtype(output)), axis=-1)
        return self.logsumexp(output, axis=-1) - chosen

    def _valid_labels(self, index, classes):
        """The labels, of which those that count in a model's loss are in range when they are used."""
        what = "sparse_categorical_crossentropy: the label"
        counted = ranges.counted()
        if counted is not None:
            if self.ndim(index) != self.ndim(counted.y_true) - 1:
                # a loss of the user's own has rearranged them: which of them count isn't known
                return index
            every = index
            weights = None if counted.weights is None else self.not_equal(counted.weights, 0)
            for counts in (weights, counted.mask):
                if counts is None:
                    continue
                if self.ndim(counts) > self.ndim(index):
                    return every
                for _ in range(self.ndim(index) - self.ndim(counts)):
                    counts = self.expand_dims(counts)
                index = self.where(counts, index, self.zeros_like(index))
            if index is not every:
                return self.where(self.equal(index, every), self._in_range(index, classes, what), every)
        return self._in_range(index, classes, what)

    def binary_crossentropy(self, output, target, from_logits=False):
        """-(t * log(p) + (1 - t) * log(1 - p)) of ``target`` t, elementwise, where p are the probabilities ``output``, or with ``from_logits`` those of its
        logits. Probabilities are clipped to [epsilon, 1 - epsilon].
        """
        if from_logits:
            return self.relu(output) - output * target + self.softplus(-self.abs(output))
        p = self._inside(output)
        return -(target * self.log(p) + (1.0 - target) * self.log(1.0 - p))

    def _inside(self, p):
        """``p`` clipped to [epsilon, 1 - epsilon]; epsilon is at least what 1 - epsilon can show in the dtype."""
        epsilon = max(self.epsilon(), float(np.finfo(self.dtype(p)).epsneg))
        return self.clip(p, epsilon, 1.0 - epsilon)
