"""The learning phase (training or test) and conditional values."""

import numpy as np

from ._base import Family


class Phase(Family):
    _fixed_phase: int | None = None

    def learning_phase(self):
        """0 or 1 if ``set_learning_phase`` fixed it, else the scalar placeholder that functions take."""
        return self.phase_placeholder() if self._fixed_phase is None else self._fixed_phase

    def set_learning_phase(self, value):
        """Fix the learning phase to ``value`` for everything built from now on: 0 (test) or 1 (training)."""
        if value not in (0, 1):
            raise ValueError(f"The learning phase must be 0 (test) or 1 (training), got {value!r}.")
        self._fixed_phase = int(value)

    def _free_learning_phase(self):
        """Let the learning phase be the placeholder again."""
        self._fixed_phase = None

    def in_train_phase(self, x, alt, training=None):
        """``x`` in training, ``alt`` in test; each may be a tensor or a function that returns one.

        Both have one shape: a number, and axes known to have length 1, are repeated to the other's. ``training``: a bool (or 0 or 1)
        says which it is, as in Keras 2; None asks the learning phase.
        """
        phase = self._fixed_phase if training is None or self.is_tensor(training) else int(training)
        if phase is not None:
            return _value(x if phase else alt)
        x, alt = _value(x), _value(alt)
        if x is alt:
            return x
        shapes = self._alternatives("in_train_phase", x, alt)
        if None not in shapes:
            m, n = shapes
            x, alt = self._repeated(x, m, alt, n), self._repeated(alt, n, x, m)
        return self.phase_switch(x, alt)

    def _repeated(self, x, shape, like, target):
        """``x`` in the shape of ``like`` if it is a number or has axes of length 1 where ``like`` may have others."""
        if any(n == 1 != m for n, m in zip(shape, target)) or (target and not shape):
            return x + self.zeros_like(like)
        return x

    def _alternatives(self, function, x, alt):
        """The shapes of two values of which one is chosen. ValueError if they can't be one shape.

        Different numbers of axes would broadcast from the right, as no one means it who chooses between samples.
        """
        shapes = [self.int_shape(v) if self.is_tensor(v) else np.shape(v) for v in (x, alt)]
        if None in shapes or () in shapes:
            return shapes
        if len(shapes[0]) != len(shapes[1]) or any(None not in (m, n) and m != n and 1 not in (m, n) for m, n in zip(*shapes)):
            raise ValueError(
                f"K.{function} can't choose between values of shapes {shapes[0]} and {shapes[1]}. They must have the same number "
                "of axes, and each axis the same length or length 1; or one value must be a number. [differences: "
                "one-shape-of-two]"
            )
        return shapes

    def in_test_phase(self, x, alt, training=None):
        """``x`` in test, ``alt`` in training, as ``training`` or the learning phase says."""
        return self.in_train_phase(alt, x, training)

    def switch(self, condition, then_expression, else_expression):
        """``then_expression`` where ``condition`` holds, else ``else_expression``.

        The condition is a scalar or broadcasts against the expressions from the left: a condition of
        shape (samples,) chooses whole samples. Expressions may be functions that return a tensor.
        """
        then_value, else_value = _value(then_expression), _value(else_expression)
        if self.dtype(condition) != "bool":
            condition = self.not_equal(condition, 0)
        shapes = self._alternatives("switch", then_value, else_value)
        ndim = max(len(shape or ()) for shape in shapes)
        rank = self.ndim(condition)
        given = self.int_shape(condition)
        for shape in shapes:
            if shape and (rank > ndim or any(None not in (m, n) and m != n and 1 not in (m, n) for m, n in zip(given or (), shape))):
                raise ValueError(
                    f"K.switch: a condition of shape {given} can't choose between values of shape {shape}. Its axes must be the first "
                    "axes of the values. [differences: one-shape-of-two]"
                )
        for axis in range(rank, ndim if rank else 0):
            condition = self.expand_dims(condition, axis)
        return self.where(condition, then_value, else_value)


def _value(x):
    return x() if callable(x) else x
