"""Optimizers' steps as one operation each, in place of the assignments of all their new values.

A step gives the new values as tensors, like any other function of ``K``, and notes on the weight's what operation would do
the same. ``Function`` uses it where all the step's updates are among its own as they came from here: a weight with a
constraint, say, gets another value, and is assigned.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .quiet import tf
from .tensors import Mixin, as_tensor, is_tensor


@dataclass
class Step:
    """``apply(*operands)`` builds what stores the new value of each variable in ``pairs``."""

    pairs: list[tuple[Any, Any]]
    operands: list
    apply: Callable


class StepPrimitives(Mixin):
    """momentum_step and adam_step."""

    def momentum_step(self, x, gradient, velocity, lr, momentum, nesterov=False):
        new = super().momentum_step(x, gradient, velocity, lr, momentum, nesterov)

        def apply(lr, gradient, momentum):
            return tf.raw_ops.ResourceApplyKerasMomentum(
                var=x.handle, accum=velocity.handle, lr=lr, grad=gradient, momentum=momentum, use_nesterov=bool(nesterov)
            )

        _note((velocity, x), new, (lr, gradient, momentum), apply)
        return new

    def adam_step(self, x, gradient, mean, square, lr, beta_1, beta_2, epsilon):
        new = super().adam_step(x, gradient, mean, square, lr, beta_1, beta_2, epsilon)

        def apply(lr, gradient, beta_1, beta_2, epsilon):
            # lr is corrected already, as TensorFlow would by these powers
            none = tf.zeros([], x.dtype)
            return tf.raw_ops.ResourceApplyAdam(
                var=x.handle, m=mean.handle, v=square.handle, beta1_power=none, beta2_power=none,
                lr=lr, beta1=beta_1, beta2=beta_2, epsilon=epsilon, grad=gradient,
            )  # fmt: skip

        _note((mean, square, x), new, (lr, gradient, beta_1, beta_2, epsilon), apply)
        return new


def _note(variables: Sequence, new: Sequence, operands: Sequence, apply: Callable) -> None:
    """Note the step on the weight's new value, if TensorFlow's operation knows its variables and operands."""
    dtype, shape = new[-1].dtype, new[-1].shape
    if dtype not in (tf.float32, tf.float64) or not shape.is_fully_defined():
        return
    if not all(isinstance(v, tf.Variable) and v.dtype == dtype and v.shape == shape for v in variables):
        return
    tensors = [as_tensor(o, dtype) for o in operands]
    if all(t.dtype == dtype for t in tensors) and all(t.shape == (shape if o is operands[1] else []) for o, t in zip(operands, tensors)):
        new[-1]._kbridge_step = Step(list(zip(variables, new)), tensors, apply)


def steps_among(pairs: Sequence[tuple], inputs: Sequence) -> tuple[list[Step], list[tuple]]:
    """The steps whose updates are all among ``pairs``, and the other pairs. Variables that are fed (``inputs``) don't
    have the value that an operation would change."""
    given = {id(variable): new for variable, new in pairs}
    fed = {id(x) for x in inputs}

    def whole(step):
        return all(given.get(id(v)) is new and fed.isdisjoint((id(v), id(new))) for v, new in step.pairs)

    steps = [step for _, new in pairs if is_tensor(new) and (step := getattr(new, "_kbridge_step", None)) and whole(step)]
    done = {id(v) for step in steps for v, _ in step.pairs}
    return steps, [pair for pair in pairs if id(pair[0]) not in done]
