"""Connectionist temporal classification (Graves et al., 2006), in log space.

The last class is the blank. All functions follow TensorFlow's side of Keras 1: a probability p counts
as log(p + 1e-8), scaled to sum 1 over the classes. The ``ctc_*`` functions that only the Theano backend
of Keras 1 had work on one sample and are built from the same parts.
"""

from __future__ import annotations

from collections import namedtuple

import numpy as np

from ._base import Family
from .ctc_beam import beam_search

#: log of a probability that stands for 0: finite, so that differences stay defined
NEVER = -1e30

#: integer labels as coordinates and values, as TensorFlow's sparse tensors hold them
SparseLabels = namedtuple("SparseLabels", ["indices", "values", "dense_shape"])


class Ctc(Family):
    def ctc_batch_cost(self, y_true, y_pred, input_length, label_length):
        """-log p(labels) for each sample, (samples, 1); infinite where the labels don't fit into the time.

        Args:
            y_true: the labels, (samples, most labels).
            y_pred: the probabilities, (samples, time, classes); the last class is the blank.
            input_length: the number of time steps of each sample, (samples, 1).
            label_length: the number of labels of each sample, (samples, 1).
        """
        log_p = self._ctc_log_probabilities(y_pred)
        labels = self.cast(y_true, "int32")
        lengths = self._vector(label_length)
        return self.expand_dims(self._ctc_cost(labels, log_p, self._vector(input_length), lengths), 1)

    def ctc_decode(self, y_pred, input_length, greedy=True, beam_width=100, top_paths=1):
        """The most probable labels of each sample.

        Args:
            y_pred: the probabilities, (samples, time, classes); the last class is the blank.
            input_length: the number of time steps of each sample, (samples,).
            greedy: whether to take the best class at each step, with repeats and blanks removed; else a beam search.
            beam_width: the number of prefixes that the beam search keeps.
            top_paths: the number of labellings that the beam search gives.

        Returns:
            A list of int64 tensors (samples, longest), filled up with -1; and a float tensor: greedy, minus the sum of the best log p + 1e-8,
            (samples, 1); beam search, the log probabilities (samples, top_paths).
        """
        if not greedy and top_paths > beam_width:
            raise ValueError(f"ctc_decode: top_paths must be at most beam_width, got {top_paths} and {beam_width}.")
        lengths = self._vector(input_length)
        if not greedy:
            log_p = self._ctc_log_probabilities(y_pred)
            return self._ctc_beam_search(log_p, lengths, beam_width, top_paths)
        log_p = self.log(y_pred + 1e-8)
        steps = self.shape(y_pred)[1]
        inside = self.lesser(self.expand_dims(self.arange(steps), 0), self.expand_dims(lengths, 1))
        best = self.cast(self.argmax(log_p, axis=-1), "int32")
        before = self.concatenate([best[:, :1] * 0 - 1, best[:, :-1]], axis=1)
        blank = self.shape(y_pred)[2] - 1
        keep = self.logical_and(inside, self.logical_and(self.not_equal(best, before), self.not_equal(best, blank)))
        score = self.sum(self.max(log_p, axis=-1) * self.cast(inside, self.dtype(log_p)), axis=1, keepdims=True)
        return [self.cast(self._to_front(best, keep, -1), "int64")], -score

    def ctc_label_dense_to_sparse(self, labels, label_lengths):
        """The first ``label_lengths`` labels of each row as ``(indices, values, dense_shape)``: int64
        (row, position) pairs in reading order, their values, and the shape of ``labels``.

        TensorFlow gives its own SparseTensor, which has the same attributes.
        """
        rows, width = self.shape(labels)[0], self.shape(labels)[1]
        positions = self.expand_dims(self.arange(width), 0)
        keep = self.lesser(positions, self.expand_dims(self._vector(label_lengths), 1))
        everything = self.reshape(self.cast(keep, "int32"), (1, -1))

        def chosen(x):
            return self._to_front(self.reshape(x, (1, -1)), self.equal(everything, 1), 0)[0]

        zero = self.zeros_like(self.cast(labels, "int32"))
        row = zero + self.expand_dims(self.arange(rows), 1)
        indices = self.transpose(self.stack([chosen(row), chosen(zero + positions)]))
        return SparseLabels(self.cast(indices, "int64"), chosen(labels), self.cast(self.shape(labels), "int64"))

    # ------------------------------------------------------------------ one sample, as on Theano

    def ctc_cost(self, predict, Y):
        """-log p(labels ``Y`` (length,)) of one sample ``predict`` (time, classes) of probabilities; a scalar."""
        log_p = self.expand_dims(self._ctc_log_probabilities(predict), 0)
        steps, length = self.shape(predict)[0], self.shape(Y)[0]
        labels = self.expand_dims(self.cast(Y, "int32"), 0)
        return self._ctc_cost(labels, log_p, self.expand_dims(steps, 0), self.expand_dims(length, 0))[0]

    def ctc_interleave_blanks(self, Y):
        """-1 (the last class, the blank) before, between and after the labels ``Y`` (length,)."""
        return self._interleave(self.expand_dims(Y, 0), -1)[0]

    def ctc_create_skip_idxs(self, Y):
        """Positions i of the labels with blanks ``Y`` (2 n + 1,) from which a path may jump to i + 2:
        those of labels that differ from the next one."""
        here, after = Y[1:-2:2], Y[3::2]
        index = self.arange(self.shape(here)[0]) * 2 + 1
        keep = self.not_equal(here, after)
        return self._to_front(self.expand_dims(index, 0), self.expand_dims(keep, 0), 0)[0]

    def ctc_update_log_p(self, skip_idxs, zeros, active, log_p_curr, log_p_prev):
        """One step of the forward recursion over the first ``active`` positions.

        Args:
            skip_idxs: positions from which a path may jump, as ``ctc_create_skip_idxs`` gives them.
            zeros: a vector of zeros, as long as there are positions.
            active: how many positions could be reached so far.
            log_p_curr: the classes' log probabilities at this step, by position.
            log_p_prev: the previous result.

        Returns:
            How many positions can be reached now, and their log probabilities, 0 behind them.
        """
        size = self.shape(zeros)[0]
        index = self.arange(size)
        skips = self.sum(self.one_hot(skip_idxs + 2, size, dtype=self.dtype(zeros)), axis=0)
        from_skip = self.sum(self.one_hot(skip_idxs, size, dtype=self.dtype(zeros)), axis=0)
        reached = self.lesser(index, active)
        usable = self.logical_and(self.greater(from_skip, 0), reached)
        furthest = self.max(self.where(usable, index + 3, 0))
        active_next = self.minimum(self.maximum(active + 1, furthest), size)
        never = zeros + self._never(zeros)
        prev = self.where(reached, log_p_prev, never)
        log_p = self._ctc_step(self.expand_dims(log_p_curr, 0), self.expand_dims(prev, 0), self.expand_dims(self.greater(skips, 0), 0))[0]
        return active_next, self.where(self.lesser(index, active_next), log_p, zeros)

    def ctc_path_probs(self, predict, Y, alpha=1e-4):
        """For labels with blanks ``Y`` (2 n + 1,) of one sample ``predict`` (time, classes): the log
        probability of all paths through each (time, position), and a mask of those that exist.

        The classes' probabilities are mixed with a share ``alpha`` of the uniform 1 / (2 n + 1).
        """
        classes = self.shape(predict)[1]
        positions = self.shape(Y)[0]
        index = self.where(self.lesser(Y, 0), Y + classes, Y)
        by_position = self.dot(predict, self.transpose(self.one_hot(index, classes, dtype=self.dtype(predict))))
        share = alpha / self.cast(positions, self.dtype(predict))
        log_p = self.expand_dims(self.log(by_position * (1.0 - alpha) + share), 0)
        skip = self._skips(self.expand_dims(index, 0), classes - 1)
        forward = self._ctc_forward(log_p, skip)
        backward_skip = self._skips(self.expand_dims(self.reverse(index, 0), 0), classes - 1)
        backward = self._ctc_forward(self.reverse(log_p, [1, 2]), backward_skip)
        log_probs = (forward + self.reverse(backward, [1, 2]) - log_p)[0]
        mask = self.greater(log_probs, self._never(predict) / 2)
        return self.where(mask, log_probs, self.zeros_like(log_probs)), mask

    # ------------------------------------------------------------------ parts

    def _ctc_log_probabilities(self, p):
        log_p = self.log(p + 1e-8)
        return log_p - self.logsumexp(log_p, axis=-1, keepdims=True)

    def _ctc_cost(self, labels, log_p, input_length, label_length):
        """(samples,) of integer ``labels``, ``log_p`` (samples, time, classes) and both lengths (samples,)."""
        classes = self.shape(log_p)[2]
        used = self.lesser(self.expand_dims(self.arange(self.shape(labels)[1]), 0), self.expand_dims(label_length, 1))
        checked = self._in_range(self.where(used, labels, self.zeros_like(labels)), classes, "ctc_batch_cost: the label")
        labels = self.where(used, checked, labels)
        extended = self._interleave(labels, classes - 1)
        positions = self.shape(extended)[1]
        codes = self.one_hot(extended, classes, dtype=self.dtype(log_p))
        by_position = self.batch_dot(log_p, codes, axes=[2, 2])
        inside = self.lesser(self.expand_dims(self.arange(self.shape(log_p)[1]), 0), self.expand_dims(input_length, 1))
        last = self._ctc_forward(by_position, self._skips(extended, classes - 1), inside, last=True)
        ends = self.one_hot(label_length * 2, positions) + self.one_hot(label_length * 2 - 1, positions)
        total = self.logsumexp(self.where(self.greater(ends, 0), last, self._never(last)), axis=1)
        return self.where(self.lesser(total, self._never(last) / 2), float("inf"), -total)

    def _ctc_forward(self, log_p, skip, mask=None, last=False):
        """Log probabilities of all paths that end in each position: (samples, time, positions), or of
        the last step alone. ``skip`` (samples, positions): may the step come from two positions before?"""
        start = self.zeros_like(log_p[:, 0])
        start = self.concatenate([start[:, :1], start[:, 1:] + self._never(log_p)], axis=1)

        def step(log_p_t, states):
            log_p_new = self._ctc_step(log_p_t, states[0], states[1])
            return log_p_new, [log_p_new]

        final, every, _ = self.rnn(step, log_p, [start], mask=mask, constants=[skip])
        return final if last else every

    def _ctc_step(self, log_p_t, prev, skip):
        """log(p_t * (prev here + prev one before + prev two before where ``skip``))."""
        never = self._never(prev)
        border = prev[:, :1] * 0.0 + never
        one = self.concatenate([border, prev[:, :-1]], axis=1)
        two = self.where(skip, self.concatenate([border, one[:, :-1]], axis=1), never)
        top = self.stop_gradient(self.maximum(self.maximum(prev, one), two))
        return self.log(self.exp(prev - top) + self.exp(one - top) + self.exp(two - top)) + top + log_p_t

    def _skips(self, extended, blank):
        """Bool (samples, positions): a label, and another one than two positions before."""
        before = self.concatenate([extended[:, :2] * 0 + blank, extended[:, :-2]], axis=1)
        return self.logical_and(self.not_equal(extended, blank), self.not_equal(extended, before))

    def _interleave(self, labels, blank):
        """(samples, n) to (samples, 2 n + 1): ``blank`` before, between and after."""
        rows, width = self._size(labels, 0), self._size(labels, 1)
        column = self.expand_dims(labels, 2)
        pairs = self.concatenate([column * 0 + blank, column], axis=2)
        flat = self.reshape(pairs, (rows, width * 2))
        end = self.zeros_like(self.sum(labels, axis=1, keepdims=True)) + blank
        return self.concatenate([flat, end], axis=1)

    def _to_front(self, x, keep, fill):
        """The values of each row of ``x`` (rows, n) where ``keep``, moved to the front; ``fill`` behind
        them. As wide as the longest row. Integers."""
        place = self.cumsum(self.cast(keep, "int32"), axis=1) - 1
        place = self.where(keep, place, -1)
        width = self.shape(x)[1]
        hits = self.equal(self.expand_dims(place, 2), self.reshape(self.arange(width), (1, 1, -1)))
        moved = self.sum(self.where(hits, self.expand_dims(x - fill, 2), self.zeros_like(self.expand_dims(x, 2))), axis=1)
        longest = self.max(self.sum(self.cast(keep, "int32"), axis=1))
        return (moved + fill)[:, :longest]

    def _ctc_beam_search(self, log_p, lengths, beam_width, top_paths):
        """Runs on the host, because its prefixes have no fixed shape. One array comes back: for each path
        its labels, how many there are, and their log probability."""

        def search(log_p_value, length_value):
            return beam_search(log_p_value, length_value, beam_width, top_paths)

        def shape(log_p_shape, lengths_shape):
            steps = log_p_shape[1]
            return (log_p_shape[0], top_paths, None if steps is None else steps + 2)

        found = self.host_call(search, [log_p, lengths], "float64", shape)
        paths = []
        for i in range(top_paths):
            longest = self.max(self.cast(found[:, i, -2], "int32"))
            paths.append(self.cast(found[:, i, :-2][:, :longest], "int64"))
        return paths, self.cast(found[:, :, -1], self.dtype(log_p))

    def _vector(self, lengths):
        """Lengths (samples,) or (samples, 1) as int32 (samples,)."""
        lengths = self.cast(lengths, "int32")
        return self.reshape(lengths, (-1,)) if self.ndim(lengths) != 1 else lengths

    def _never(self, x):
        return NEVER if self.dtype(x) != "float16" else float(np.finfo("float16").min)
