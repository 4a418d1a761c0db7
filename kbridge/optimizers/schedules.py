"""Learning rates that depend on the number of updates: objects that an optimizer takes as ``lr``."""

from __future__ import annotations

import math
from typing import Any

from .. import backend as K
from ..errors import nearest
from ..utils.generic_utils import get_custom_objects, remembered


class LearningRateSchedule:
    """The base of schedules: learning rates that depend on the number of updates. An optimizer takes one as ``lr``."""

    def __call__(self, step):
        """Return the learning rate, a tensor, for ``step``: the number of updates so far, a scalar tensor."""
        raise NotImplementedError(f"{type(self).__name__} must define __call__(step).")

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal schedule, as a dict."""
        raise NotImplementedError(f"{type(self).__name__} must define get_config(), so that it can be saved.")

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> LearningRateSchedule:
        """Return a new schedule from ``config``, a dict that ``get_config`` gave."""
        return cls(**config)


class _Schedule(LearningRateSchedule):
    """A schedule whose arguments are its attributes."""

    _arguments: tuple[str, ...] = ()

    def get_config(self):
        return {name: getattr(self, name) for name in self._arguments}

    def _positive(self, name: str) -> None:
        value = getattr(self, name)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value <= 0:
            raise ValueError(f"{type(self).__name__}: {name} must be a positive number, got {value!r}.")


class ExponentialDecay(_Schedule):
    """initial_learning_rate * decay_rate ** (step / decay_steps).

    Args:
        initial_learning_rate: the learning rate of the first update.
        decay_steps: the number of updates in which the rate is multiplied by ``decay_rate`` once.
        decay_rate: the factor.
        staircase: whether the exponent is rounded down, so that the rate stays for ``decay_steps`` updates.
        name: a name that is stored with the schedule.

    Raises:
        ValueError: ``decay_steps`` isn't above 0.
    """

    _arguments = ("initial_learning_rate", "decay_steps", "decay_rate", "staircase", "name")

    def __init__(self, initial_learning_rate, decay_steps, decay_rate, staircase=False, name="ExponentialDecay"):
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name
        self._positive("decay_steps")

    def __call__(self, step):
        done = step / float(self.decay_steps)
        return self.initial_learning_rate * K.pow(K.constant(self.decay_rate), K.floor(done) if self.staircase else done)


class InverseTimeDecay(_Schedule):
    """initial_learning_rate / (1 + decay_rate * step / decay_steps).

    The other arguments are those of ``ExponentialDecay``.

    Args:
        decay_rate: the factor of the time.
    """

    _arguments = ("initial_learning_rate", "decay_steps", "decay_rate", "staircase", "name")

    def __init__(self, initial_learning_rate, decay_steps, decay_rate, staircase=False, name="InverseTimeDecay"):
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name
        self._positive("decay_steps")

    def __call__(self, step):
        done = step / float(self.decay_steps)
        return self.initial_learning_rate / (1.0 + self.decay_rate * (K.floor(done) if self.staircase else done))


class PiecewiseConstantDecay(_Schedule):
    """The first of ``values`` up to and including the first of ``boundaries``, then the second up to the second, and so on.

    Args:
        boundaries: increasing numbers of updates, a list.
        values: the learning rates, one more than there are boundaries.
        name: a name that is stored with the schedule.

    Raises:
        ValueError: the lengths don't fit, or boundaries that don't increase.
    """

    _arguments = ("boundaries", "values", "name")

    def __init__(self, boundaries, values, name="PiecewiseConstant"):
        if len(values) != len(boundaries) + 1:
            raise ValueError(
                f"PiecewiseConstantDecay needs one value more than it has boundaries, got {len(values)} values and "
                f"{len(boundaries)} boundaries."
            )
        if list(boundaries) != sorted(boundaries):
            raise ValueError(f"PiecewiseConstantDecay: boundaries must increase, got {list(boundaries)}.")
        self.boundaries = list(boundaries)
        self.values = list(values)
        self.name = name

    def __call__(self, step):
        rate = float(self.values[0])
        for bound, before, after in zip(self.boundaries, self.values, self.values[1:], strict=False):
            rate = rate + (float(after) - float(before)) * K.cast(K.greater(step, float(bound)), K.floatx())
        return rate


class PolynomialDecay(_Schedule):
    """From ``initial_learning_rate`` to ``end_learning_rate`` as (1 - step / decay_steps) ** power.

    Args:
        initial_learning_rate: the learning rate of the first update.
        decay_steps: the number of updates until the end is reached.
        end_learning_rate: the rate from then on.
        power: the exponent.
        cycle: whether the decay starts over with twice, three times ... ``decay_steps`` instead of staying at the end.
        name: a name that is stored with the schedule.

    Raises:
        ValueError: ``decay_steps`` isn't above 0.
    """

    _arguments = ("initial_learning_rate", "decay_steps", "end_learning_rate", "power", "cycle", "name")

    def __init__(self, initial_learning_rate, decay_steps, end_learning_rate=0.0001, power=1.0, cycle=False, name="PolynomialDecay"):
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.end_learning_rate = end_learning_rate
        self.power = power
        self.cycle = cycle
        self.name = name
        self._positive("decay_steps")

    def __call__(self, step):
        whole = float(self.decay_steps)
        if self.cycle:
            done = step / (whole * K.maximum(K.ceil(step / whole), 1.0))
        else:
            done = K.minimum(step, whole) / whole
        return (self.initial_learning_rate - self.end_learning_rate) * K.pow(1.0 - done, float(self.power)) + self.end_learning_rate


class CosineDecay(_Schedule):
    """Half a cosine from the initial rate to ``alpha`` times it, after a linear warm-up if asked for.

    Args:
        initial_learning_rate: the learning rate of the first update.
        decay_steps: the number of updates of the cosine.
        alpha: the fraction of the rate that is left at the end.
        name: a name that is stored with the schedule.
        warmup_target: the rate that the warm-up ends with and the cosine starts from; None for no warm-up.
        warmup_steps: the number of updates of the warm-up.

    Raises:
        ValueError: ``decay_steps`` isn't above 0.

    References:
        Loshchilov and Hutter (2017), SGDR, arXiv 1608.03983.
    """

    _arguments = ("initial_learning_rate", "decay_steps", "alpha", "name", "warmup_target", "warmup_steps")

    def __init__(self, initial_learning_rate, decay_steps, alpha=0.0, name="CosineDecay", warmup_target=None, warmup_steps=0):
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.alpha = alpha
        self.name = name
        self.warmup_target = warmup_target
        self.warmup_steps = warmup_steps
        self._positive("decay_steps")

    def __call__(self, step):
        if self.warmup_target is None:
            return self._cosine(step, self.initial_learning_rate)
        first = float(self.warmup_steps)
        slope = (self.warmup_target - self.initial_learning_rate) / first if first else 0.0
        return K.switch(K.lesser(step, first), self.initial_learning_rate + slope * step, self._cosine(step - first, self.warmup_target))

    def _cosine(self, step, start):
        whole = float(self.decay_steps)
        cosine = 0.5 * (1.0 + K.cos(math.pi * K.minimum(step, whole) / whole))
        return start * ((1.0 - self.alpha) * cosine + self.alpha)


class CosineDecayRestarts(_Schedule):
    """Cosines that start over; each is ``t_mul`` times as long and ``m_mul`` times as high as the one before.

    Args:
        initial_learning_rate: the learning rate of the first update.
        first_decay_steps: the number of updates of the first cosine.
        t_mul: the factor of the lengths.
        m_mul: the factor of the heights.
        alpha: the least fraction of the initial rate.
        name: a name that is stored with the schedule.

    Raises:
        ValueError: ``first_decay_steps`` isn't above 0.

    References:
        Loshchilov and Hutter (2017), SGDR, arXiv 1608.03983.
    """

    _arguments = ("initial_learning_rate", "first_decay_steps", "t_mul", "m_mul", "alpha", "name")

    def __init__(self, initial_learning_rate, first_decay_steps, t_mul=2.0, m_mul=1.0, alpha=0.0, name="SGDRDecay"):
        self.initial_learning_rate = initial_learning_rate
        self.first_decay_steps = first_decay_steps
        self.t_mul = t_mul
        self.m_mul = m_mul
        self.alpha = alpha
        self.name = name
        self._positive("first_decay_steps")

    def __call__(self, step):
        done, longer = step / float(self.first_decay_steps), float(self.t_mul)
        if longer == 1.0:
            restarts = K.floor(done)
            done = done - restarts
        else:
            restarts = K.floor(K.log(1.0 - done * (1.0 - longer)) / math.log(longer))
            length = K.pow(K.constant(longer), restarts)
            done = (done - (1.0 - length) / (1.0 - longer)) / length
        cosine = 0.5 * K.pow(K.constant(float(self.m_mul)), restarts) * (1.0 + K.cos(math.pi * done))
        return self.initial_learning_rate * ((1.0 - self.alpha) * cosine + self.alpha)


#: name -> schedule
CLASSES = {
    cls.__name__: cls
    for cls in (ExponentialDecay, InverseTimeDecay, PiecewiseConstantDecay, PolynomialDecay, CosineDecay, CosineDecayRestarts)
}


def serialize(schedule: LearningRateSchedule) -> dict[str, Any]:
    """Return {'class_name', 'config'} of ``schedule``."""
    return {"class_name": type(schedule).__name__, "config": schedule.get_config()}


def deserialize(config: dict[str, Any], custom_objects=None) -> LearningRateSchedule:
    """Return a schedule.

    Args:
        config: {'class_name': ..., 'config': ...}.
        custom_objects: classes by name, for those that aren't Keras' own.

    Raises:
        ValueError: an unknown name.
    """
    custom = {**get_custom_objects(), **(custom_objects or {})}
    name = config.get("class_name")
    bare = str(name).rpartition(">")[2]
    cls = custom.get(name) or custom.get(bare) or CLASSES.get(bare) or remembered(bare)
    if cls is None:
        raise ValueError(f"Unknown learning-rate schedule: {name!r}.{nearest(bare, [*CLASSES, *custom])}")
    inner = dict(config.get("config") or {})
    if cls in CLASSES.values() and inner.get("name") is None:
        inner.pop("name", None)
    return cls.from_config(inner)


def rate_of(lr):
    """Return a number or a schedule from ``lr``, an optimizer's argument: a number, a schedule, or the config of one."""
    return deserialize(lr) if isinstance(lr, dict) else lr


def stored_rate(value):
    """Return what a config holds of ``value``: a variable's value as a float, or a schedule as data."""
    return serialize(value) if isinstance(value, LearningRateSchedule) else float(K.get_value(value))
