"""Cross-entropies on probabilities or logits."""

import numpy as np

from ._base import Family


class Losses(Family):
    def categorical_crossentropy(self, output, target, from_logits=False):
        """-sum(target * log(p)) over the last axis. Probabilities are first scaled to sum 1 and
        clipped to [epsilon, 1 - epsilon]; logits go through log-softmax."""
        if from_logits:
            return self.sum(target * (self.logsumexp(output, axis=-1, keepdims=True) - output), axis=-1)
        p = output / self.sum(output, axis=-1, keepdims=True)
        p = self._inside(p)
        return -self.sum(target * self.log(p), axis=-1)

    def sparse_categorical_crossentropy(self, output, target, from_logits=False):
        """``categorical_crossentropy`` with integer classes: ``target`` has the shape of ``output``
        without its last axis (or with a last axis of 1). Probabilities are clipped to
        [epsilon, 1 - epsilon] and then scaled to sum 1."""
        if not from_logits:
            output = self.log(self._inside(output))
        classes = self.shape(output)[self.ndim(output) - 1]
        index = self.cast(target, "int32")
        if self.ndim(target) == self.ndim(output):
            index = self.squeeze(index, self.ndim(target) - 1)
        chosen = self.sum(output * self.one_hot(index, classes, dtype=self.dtype(output)), axis=-1)
        return self.logsumexp(output, axis=-1) - chosen

    def binary_crossentropy(self, output, target, from_logits=False):
        """-(t * log(p) + (1 - t) * log(1 - p)), elementwise. Probabilities are clipped to
        [epsilon, 1 - epsilon]."""
        if from_logits:
            return self.relu(output) - output * target + self.softplus(-self.abs(output))
        p = self._inside(output)
        return -(target * self.log(p) + (1.0 - target) * self.log(1.0 - p))

    def _inside(self, p):
        """``p`` clipped to [epsilon, 1 - epsilon]; epsilon is at least what 1 - epsilon can show in the dtype."""
        epsilon = max(self.epsilon(), float(np.finfo(self.dtype(p)).epsneg))
        return self.clip(p, epsilon, 1.0 - epsilon)
