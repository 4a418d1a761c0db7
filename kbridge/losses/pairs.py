"""Losses whose targets aren't shaped as the outputs: CTC of sequences, Circle of a batch's samples with each other."""

from __future__ import annotations

from .. import backend as K
from .classes import Loss


class CTC(Loss):
    """Minus the logarithm of the probability of a sequence of labels, wherever in time they stand.

    Args:
        reduction: see ``Loss``.
        name: kept as it is.

    Input shape:
        Targets (samples, most labels), whole numbers above 0 with zeros behind the last label; outputs (samples, time, classes), logits in
        which class 0 is the blank.

    Output shape:
        (samples,) before the reduction.

    References:
        Graves et al. (2006), Connectionist Temporal Classification.
    """

    #: the number of axes of targets
    target_ndim = 2

    def __init__(self, reduction="sum_over_batch_size", name="ctc"):
        super().__init__(reduction, name)

    def call(self, y_true, y_pred):
        there = K.cast(K.greater(y_true, 0), K.floatx())
        time = K.reshape(K.ones_like(y_pred[:, :1, 0]), (-1, 1)) * K.cast(K.shape(y_pred)[1], K.floatx())
        # the blank is the last class of K.ctc_batch_cost
        turned = K.concatenate([y_pred[:, :, 1:], y_pred[:, :, :1]], axis=-1)
        labels = K.maximum(y_true - 1.0, 0.0)
        cost = K.ctc_batch_cost(labels, K.softmax(turned), K.cast(time, "int32"), K.cast(K.sum(there, axis=1, keepdims=True), "int32"))
        return K.squeeze(cost, 1)


class Circle(Loss):
    """Draw samples of one label together and others apart, those that are furthest from it most.

    With s the product of two samples and m the margin, a pair of one label has the weight p = max(1 + m - s, 0), another pair n = max(s + m, 0);
    a sample's loss is log(1 + sum(exp(gamma n (s - m))) sum(exp(gamma p (1 - m - s)))), 0 where no other sample has its label.

    Args:
        gamma: the scale.
        margin: how far from 1 and 0 pairs may stay.
        remove_diagonal: whether a sample isn't a pair with itself.
        reduction: see ``Loss``.
        name: kept as it is.

    Input shape:
        Targets (samples,) or (samples, 1), labels; outputs (samples, features) of length 1.

    Output shape:
        (samples,) before the reduction.

    References:
        Sun et al. (2020), Circle Loss, arXiv 2002.10857.
    """

    target_ndim = 2

    def __init__(self, gamma=80.0, margin=0.4, remove_diagonal=True, reduction="sum_over_batch_size", name="circle"):
        super().__init__(reduction, name)
        self.gamma, self.margin, self.remove_diagonal = gamma, margin, remove_diagonal

    def _pairs(self, y_true):
        """1 for samples of one label, and for those of them that are drawn together."""
        label = K.reshape(y_true, (-1, 1))
        alike = K.cast(K.equal(label, K.transpose(label)), K.floatx())
        if not self.remove_diagonal:
            return alike, alike
        place = K.reshape(K.arange(0, K.shape(label)[0]), (-1, 1))
        return alike, alike * (1.0 - K.cast(K.equal(place, K.transpose(place)), K.floatx()))

    def mask(self, y_true, mask=None):
        """Return which samples count: those of ``mask`` for which another one in ``y_true`` has the same label."""
        counts = K.cast(K.greater(K.sum(self._pairs(y_true)[1], axis=1), 0.0), K.floatx())
        return counts if mask is None else counts * K.cast(mask, K.floatx())

    def call(self, y_true, y_pred):
        alike, pairs = self._pairs(y_true)
        s, gamma, m = K.dot(y_pred, K.transpose(y_pred)), float(self.gamma), float(self.margin)
        near = gamma * K.maximum(1.0 + m - s, 0.0) * (1.0 - m - s)
        far = gamma * K.maximum(s + m, 0.0) * (s - m)
        return K.softplus(_log_of_sum(near, pairs) + _log_of_sum(far, 1.0 - alike))

    def get_config(self):
        return {**super().get_config(), "gamma": self.gamma, "margin": self.margin, "remove_diagonal": self.remove_diagonal}


def _log_of_sum(x, kept):
    """log(sum(exp(x))) of each row over those that are ``kept``; about -1e9 where none is."""
    x = kept * x - (1.0 - kept) * 1e9
    top = K.stop_gradient(K.max(x, axis=1, keepdims=True))
    return K.squeeze(top + K.log(K.sum(K.exp(x - top), axis=1, keepdims=True)), 1)


def ctc(y_true, y_pred):
    """Return the CTC loss of each sample, as ``CTC`` computes it, for the labels ``y_true`` and the outputs ``y_pred``."""
    return CTC().call(y_true, y_pred)


def circle(y_true, y_pred, gamma=80.0, margin=0.4, remove_diagonal=True):
    """Return the circle loss of each sample.

    The other arguments are those of ``Circle``.

    Args:
        y_true: the labels, (samples,) or (samples, 1).
        y_pred: the outputs, (samples, features), each of length 1.
    """
    return Circle(gamma, margin, remove_diagonal).call(y_true, y_pred)
