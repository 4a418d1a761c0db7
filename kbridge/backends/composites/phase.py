"""The learning phase (training or test) and conditional values."""

from ._base import Family


class Phase(Family):
    _fixed_phase: int | None = None

    def learning_phase(self):
        """0 or 1 if ``set_learning_phase`` fixed it, else the scalar placeholder that functions take."""
        return self.phase_placeholder() if self._fixed_phase is None else self._fixed_phase

    def set_learning_phase(self, value):
        """Fix the learning phase to 0 (test) or 1 (training) for everything built from now on."""
        if value not in (0, 1):
            raise ValueError(f"The learning phase is 0 (test) or 1 (training), got {value!r}.")
        self._fixed_phase = int(value)

    def _free_learning_phase(self):
        """Let the learning phase be the placeholder again."""
        self._fixed_phase = None

    def in_train_phase(self, x, alt):
        """``x`` in training, ``alt`` in test; each may be a tensor or a function that returns one."""
        if self._fixed_phase is not None:
            return _value(x if self._fixed_phase else alt)
        x, alt = _value(x), _value(alt)
        return x if x is alt else self.phase_switch(x, alt)

    def in_test_phase(self, x, alt):
        """``x`` in test, ``alt`` in training."""
        return self.in_train_phase(alt, x)

    def switch(self, condition, then_expression, else_expression):
        """``then_expression`` where ``condition`` holds, else ``else_expression``.

        The condition is a scalar or broadcasts against the expressions from the left: a condition of
        shape (samples,) chooses whole samples. Expressions may be functions that return a tensor.
        """
        then_value, else_value = _value(then_expression), _value(else_expression)
        if self.dtype(condition) != "bool":
            condition = self.not_equal(condition, 0)
        ndim = max(self.ndim(v) if self.is_tensor(v) else 0 for v in (then_value, else_value))
        rank = self.ndim(condition)
        for axis in range(rank, ndim if rank else 0):
            condition = self.expand_dims(condition, axis)
        return self.where(condition, then_value, else_value)


def _value(x):
    return x() if callable(x) else x
