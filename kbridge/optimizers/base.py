"""The base of all optimizers: gradients, their clipping, and the options that any optimizer takes."""

from __future__ import annotations

import inspect
import re
import warnings
from typing import Any

import numpy as np

from .. import backend as K
from .. import config
from ..errors import unknown_argument
from .schedules import LearningRateSchedule, rate_of, stored_rate


def clip_norm(g, c, n):
    """Return the gradient ``g`` scaled to norm ``c`` where its norm ``n`` is above it; unchanged if c <= 0."""
    if c <= 0:
        return g
    return K.switch(K.greater_equal(n, c), g * c / n, g)


#: option of every optimizer -> the value that stands for leaving it out
_OPTIONS = {
    "clipnorm": None,
    "clipvalue": None,
    "global_clipnorm": None,
    "clipnorm_by_weight": None,
    "weight_decay": None,
    "use_ema": False,
    "ema_momentum": 0.99,
    "ema_overwrite_frequency": None,
    "gradient_accumulation_steps": None,
}


class Optimizer:
    """The base of all optimizers, with the options that each of them takes.

    Args:
        clipnorm: the norm to which all gradients together are scaled down; Keras 2 calls it ``global_clipnorm``.
        clipvalue: gradients are clipped to [-clipvalue, clipvalue].
        global_clipnorm: another name of ``clipnorm``.
        clipnorm_by_weight: the norm to which the gradient of each weight is scaled down; Keras 2 calls it ``clipnorm``.
        weight_decay: each update first makes the weights smaller by ``weight_decay`` times the learning rate times the weight
            (Loshchilov and Hutter, 2019); ``exclude_from_weight_decay`` names weights that stay.
        use_ema: whether to keep a running mean of each weight; it takes the weight's place when ``fit`` ends.
        ema_momentum: the part of the running mean that stays at each update, 0.99 if left out.
        ema_overwrite_frequency: the number of updates after which the means take the weights' place during training; None for never.
        gradient_accumulation_steps: the number of batches whose gradients are averaged for one update; None for an update with each batch.

    Raises:
        TypeError: an option that isn't there.
        ValueError: a value that doesn't fit; the message names the option.
    """

    #: how often weights were changed, a variable
    iterations: Any
    #: the learning rate, a variable or a schedule
    lr: Any
    #: how much it shrinks with each update, a variable
    decay: Any

    def __init__(self, **kwargs):
        given = {**_OPTIONS, **kwargs}
        for name, value in given.items():
            if name not in _OPTIONS:
                arguments = [n for n, p in inspect.signature(type(self).__init__).parameters.items() if p.kind is p.POSITIONAL_OR_KEYWORD]
                raise unknown_argument(type(self).__name__, name, [*arguments[1:], *_OPTIONS])
            if value is not None and (isinstance(value, str) or not np.isscalar(value)):
                raise ValueError(f"{type(self).__name__}: {name} must be a number, got {value!r}.")
        if given["global_clipnorm"] is not None:
            if given["clipnorm"] is not None:
                raise ValueError(f"{type(self).__name__}: clipnorm and global_clipnorm mean the same here. Give only one of them.")
            kwargs["clipnorm"] = given["global_clipnorm"]
        for name in ("ema_overwrite_frequency", "gradient_accumulation_steps"):
            if given[name] is not None and (given[name] != int(given[name]) or given[name] < (2 if name.startswith("g") else 1)):
                raise ValueError(
                    f"{type(self).__name__}: {name} must be a whole number above {1 if name.startswith('g') else 0}, got {given[name]!r}."
                )
        if not 0 <= given["ema_momentum"] <= 1:
            raise ValueError(f"{type(self).__name__}: ema_momentum must lie between 0 and 1, got {given['ema_momentum']!r}.")
        for name, value in kwargs.items():
            if name != "global_clipnorm":
                setattr(self, name, value)
        self.updates: list = []
        self.weights: list = []
        #: name of a moment -> its variable for each weight that is trained, None where a weight has none
        self.moments: dict[str, list] = {}
        self._not_decayed: list = []

    # ------------------------------------------------------------------ updates

    def get_updates(self, params, constraints, loss) -> list:
        """Return the updates of one step that lowers the loss, as a list of pairs (variable, new value).

        Args:
            params: the weights to change, variables.
            constraints: a dict from weights to functions that are applied to their new values.
            loss: a scalar tensor.
        """
        return self.updates_from(params, self.get_gradients(loss, params), constraints)

    def updates_from(self, params, grads, constraints) -> list:
        """Return the updates of one step with gradients that are known.

        Args:
            params: the weights to change, variables.
            grads: their gradients, tensors.
            constraints: a dict from weights to functions that are applied to their new values.
        """
        self.updates, self.weights, self.moments = [], [], {}
        every = self._option("gradient_accumulation_steps")
        sums, whole = [], None
        if every:
            sums = zeros(params)
            count = self.iterations + 1
            whole = K.equal(K.floor(count / float(every)) * float(every), count)
            grads = [(g + s) / float(every) for g, s in zip(grads, sums, strict=True)]
        self._step(list(params), list(grads), constraints)
        if self._option("use_ema"):
            self._average(params)
        if every:
            self.moments["gradient_accumulator"] = sums
            self.weights += sums
            counts = [pair for pair in self.updates if pair[0] is self.iterations]
            waiting = [(v, K.switch(whole, new, v)) for v, new in self.updates if v is not self.iterations]
            kept = [K.update(s, K.switch(whole, K.zeros_like(s), g * float(every))) for s, g in zip(sums, grads, strict=True)]
            self.updates = [*counts, *waiting, *kept]
        return self.updates

    def _step(self, params, grads, constraints) -> None:
        """Add the updates of ``params`` and of the moments to ``self.updates``, and the moments to ``self.weights``."""
        raise NotImplementedError(f"{type(self).__name__} must define get_updates(params, constraints, loss).")

    def raw_gradients(self, loss, params) -> list:
        """Return the gradients of ``loss`` by ``params`` as they are.

        Raises:
            ValueError: the loss doesn't depend on a weight; the message names it.
        """
        if config.workers > 1 and not getattr(K.gradients, "of_all_workers", False):
            warnings.warn(
                f"{type(self).__name__} is used without a model on {config.workers} workers, so each worker makes its own updates "
                "from its own gradients. Only compile, fit and train_on_batch share them.",
                stacklevel=4,
            )
        grads = K.gradients(loss, params)
        for p, g in zip(params, grads, strict=True):
            if g is None:
                raise ValueError(
                    f"The loss doesn't depend on the weight {K.tensor_name(p) or p!r}, so it has no gradient. Is its layer "
                    f"connected to an output? Set trainable=False on the layer to leave it out [differences: weights-without-gradient]"
                )
        return grads

    def get_gradients(self, loss, params) -> list:
        """Return the gradients of ``loss`` by ``params``, clipped as asked for.

        Raises:
            ValueError: the loss doesn't depend on a weight; the message names it.
        """
        return self.clipped(self.raw_gradients(loss, params))

    def clipped(self, grads) -> list:
        """Return the gradients ``grads``, clipped as asked for."""
        each, clipnorm, clipvalue = (getattr(self, name, 0) for name in ("clipnorm_by_weight", "clipnorm", "clipvalue"))
        if each and each > 0:
            grads = [clip_norm(g, each, K.sqrt(K.sum(K.square(g)))) for g in grads]
        if clipnorm and clipnorm > 0:
            norm = K.sqrt(sum(K.sum(K.square(g)) for g in grads))
            grads = [clip_norm(g, clipnorm, norm) for g in grads]
        if clipvalue and clipvalue > 0:
            grads = [K.clip(g, -clipvalue, clipvalue) for g in grads]
        return grads

    def _option(self, name: str):
        return getattr(self, name, _OPTIONS[name])

    def _moment(self, name: str, params, start: float = 0.0) -> list:
        """A new variable of the shape of each of ``params``, which starts at ``start``; they are among ``weights`` from then on."""
        made = [K.variable(np.full(K.get_variable_shape(p), start), dtype=K.dtype(p)) if start else zeros([p])[0] for p in params]
        self.moments[name] = made
        self.weights += made
        return made

    def _decayed(self, p):
        """``p`` after weight decay."""
        factor = self._option("weight_decay")
        if not factor or self._keeps(p):
            return p
        return p - p * (self._rate * float(factor))

    def _keeps(self, p) -> bool:
        name = K.tensor_name(p) or ""
        return any(item is p or isinstance(item, str) and re.search(item, name) for item in self._not_decayed)

    def exclude_from_weight_decay(self, var_list=None, var_names=None) -> None:
        """Leave weights out of ``weight_decay``. Call it before the model is trained; it isn't stored with the model.

        Args:
            var_list: variables that stay as they are.
            var_names: patterns (regular expressions) that are found in the names of such variables.
        """
        self._not_decayed += [*(var_list or ()), *(var_names or ())]

    def _set(self, p, new, constraints) -> None:
        """Add the update of ``p`` to ``new``, with weight decay, and its constraint if it has one."""
        factor = self._option("weight_decay")
        if factor and not self._keeps(p):
            new = new - p * (self._rate * float(factor))
        self._set_as_it_is(p, new, constraints)

    def _set_as_it_is(self, p, new, constraints) -> None:
        constraint = _constraint_of(p, constraints)
        self.updates.append(K.update(p, new if constraint is None else constraint(new)))

    def _average(self, params) -> None:
        """Add the running means of the weights to the updates, and what they overwrite."""
        averages = self._moment("average", params)
        momentum, often = float(self._option("ema_momentum")), self._option("ema_overwrite_frequency")
        old = K.cast(K.not_equal(self.iterations, 0), K.floatx()) * momentum
        whole = None
        if often:
            count = self.iterations + 1
            whole = K.equal(K.floor(count / float(often)) * float(often), count)
        for p, average in zip(params, averages, strict=True):
            place = next(i for i, (variable, _) in enumerate(self.updates) if variable is p)
            new = self.updates[place][1]
            mean = old * average + (1.0 - old) * new
            self.updates.append(K.update(average, mean))
            if whole is not None:
                self.updates[place] = K.update(p, K.switch(whole, mean, new))

    def finish_training(self, params) -> None:
        """End a call of ``fit`` on ``params``: with ``use_ema`` the running means become the weights."""
        averages = self.moments.get("average")
        if averages:
            K.batch_set_value(list(zip(params, K.batch_get_value(averages), strict=True)))

    # ------------------------------------------------------------------ the learning rate

    def _steps(self):
        """The number of updates so far."""
        every = self._option("gradient_accumulation_steps")
        return K.floor(self.iterations / float(every)) if every else self.iterations

    def _decayed_lr(self, count=False):
        """The learning rate after decay: lr / (1 + decay * number of updates), or as its schedule has it.

        Updates are counted where that needs it, or with ``count``; Keras 1's files hold the count.
        """
        scheduled = isinstance(self.lr, LearningRateSchedule)
        decay = getattr(self, "initial_decay", 0.0)
        if decay or count or scheduled or self._option("use_ema") or self._option("gradient_accumulation_steps"):
            self.updates.append(K.update_add(self.iterations, 1))
        rate = self.lr(K.cast(self._steps(), K.floatx())) if scheduled else self.lr
        self._rate = rate * (1.0 / (1.0 + self.decay * self._steps())) if decay else rate
        return self._rate

    # ------------------------------------------------------------------ state and config

    def set_weights(self, weights) -> None:
        """Set the optimizer's moments and counts.

        Args:
            weights: a list of arrays of the shapes that ``get_weights`` gives.

        Raises:
            ValueError: the number of arrays or the shape of one differs.
        """
        if len(weights) != len(self.weights):
            raise ValueError(f"{type(self).__name__} has {len(self.weights)} weights, got {len(weights)}.")
        for p, value in zip(self.weights, weights, strict=True):
            if tuple(K.int_shape(p)) != np.shape(value):
                raise ValueError(
                    f"Optimizer weight shape {tuple(K.int_shape(p))} not compatible with provided weight shape {np.shape(value)}."
                )
        K.batch_set_value(list(zip(self.weights, weights, strict=True)))

    def get_weights(self) -> list[np.ndarray]:
        """Return the values of the optimizer's moments and counts, as NumPy arrays."""
        return K.batch_get_value(self.weights)

    def get_config(self) -> dict:
        """Return the arguments that make an equal optimizer, as a dict."""
        found = {name: getattr(self, name) for name in ("clipnorm", "clipvalue") if hasattr(self, name)}
        later = {name: self._option(name) for name in _OPTIONS if name not in ("clipnorm", "clipvalue", "global_clipnorm")}
        return {**found, **{name: value for name, value in later.items() if value != _OPTIONS[name]}}

    def _config(self, *variables: str, **values) -> dict:
        stored = {name: stored_rate(getattr(self, name)) for name in variables}
        return {**stored, **values, **Optimizer.get_config(self)}

    @classmethod
    def from_config(cls, config: dict) -> Optimizer:
        """Return a new optimizer from ``config``, a dict that ``get_config`` gave."""
        return cls(**config)


def _constraint_of(p, constraints):
    if isinstance(constraints, dict):
        return next((c for q, c in constraints.items() if q is p), None)
    return None


def _fuzz(epsilon, p):
    """``epsilon``, or the least that the dtype of ``p`` shows with full precision: the usual 1e-8 is 0 in float16."""
    return max(epsilon, float(np.finfo(K.dtype(p)).tiny)) if isinstance(epsilon, (int, float)) else epsilon


def zeros(params) -> list:
    """A variable of zeros of the shape and dtype of each of ``params``."""
    return [K.zeros(K.get_variable_shape(p), dtype=K.dtype(p)) for p in params]


def learning_rate(lr):
    """Return a variable for a number ``lr``, or the schedule that it is: an optimizer keeps this as ``lr``."""
    rate = rate_of(lr)
    return rate if isinstance(rate, LearningRateSchedule) else K.variable(rate)
