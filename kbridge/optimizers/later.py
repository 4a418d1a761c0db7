"""The optimizers that Keras 2 and 3 added."""

from __future__ import annotations

from .. import backend as K
from .base import Optimizer, _fuzz, learning_rate
from .classic import Adam, _unless


class AdamW(Adam):
    """Adam with weight decay beside the gradients: p = p - lr weight_decay p before each step.

    The other arguments are those of ``Adam``.

    Args:
        epsilon: keeps the divisor from 0.
        weight_decay: the factor of the decay.

    Raises:
        ValueError: ``weight_decay`` is None.

    References:
        Loshchilov and Hutter (2019), Decoupled Weight Decay Regularization, arXiv 1711.05101.
    """

    def __init__(self, lr=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, decay=0.0, amsgrad=False, weight_decay=0.004, **kwargs):
        if weight_decay is None:
            raise ValueError("AdamW needs a weight_decay, got None. Without weight decay, use Adam.")
        super().__init__(lr, beta_1, beta_2, epsilon, decay, amsgrad, weight_decay=weight_decay, **kwargs)

    def get_config(self):
        return {**super().get_config(), "weight_decay": self._option("weight_decay")}


class ScheduleFreeAdamW(Optimizer):
    """AdamW without a schedule: the weights are the running mean of what it steps through.

    z = z - lr_t g / (sqrt(v) + epsilon), then p = p + (z - p) / t at update t, in which v is the mean of squares without its bias and lr_t rises
    to lr over the first ``warmup_steps`` updates. As in Keras 3, gradients are those of p. The other arguments are those of ``Optimizer``.

    Args:
        lr: the learning rate, a number or a schedule.
        beta_1: the part of p in where the paper takes gradients; kept, and without effect, as in Keras 3.
        beta_2: the part of the mean of squares that stays at each update.
        epsilon: keeps the divisor from 0.
        warmup_steps: how many updates the learning rate takes to rise.

    References:
        Defazio et al. (2024), The Road Less Scheduled, arXiv 2405.15682.
    """

    def __init__(self, lr=0.0025, beta_1=0.9, beta_2=0.999, epsilon=1e-8, warmup_steps=0, **kwargs):
        super().__init__(**kwargs)
        self.iterations = K.variable(0.0)
        self.lr = learning_rate(lr)
        self.beta_1 = K.variable(beta_1)
        self.beta_2 = K.variable(beta_2)
        self.epsilon, self.warmup_steps = epsilon, warmup_steps

    def _step(self, params, grads, constraints):
        lr = self._decayed_lr(count=True)
        t = self._steps() + 1
        lr_t = lr * K.minimum(1.0, t / float(self.warmup_steps)) if self.warmup_steps else lr
        self.weights.append(self.iterations)
        points, squares = self._moment("momentum", params), self._moment("velocity", params)
        # the points start where the weights are
        K.batch_set_value(list(zip(points, K.batch_get_value(params), strict=True)))
        for p, g, z, v in zip(params, grads, points, squares, strict=True):
            new_v = self.beta_2 * v + (1.0 - self.beta_2) * K.square(g)
            new_z = z - lr_t * g / (K.sqrt(new_v / (1.0 - K.pow(self.beta_2, t))) + self.epsilon)
            self.updates += [K.update(v, new_v), K.update(z, new_z)]
            smaller = self._decayed(p)
            self._set_as_it_is(p, smaller + (new_z - smaller) / t, constraints)

    def get_config(self):
        return self._config("lr", "beta_1", "beta_2", epsilon=self.epsilon, warmup_steps=self.warmup_steps)


class Lion(Optimizer):
    """Steps of the same size in each direction, by the sign of the momentum.

    p = p - lr sign(beta_1 m + (1 - beta_1) g); m = beta_2 m + (1 - beta_2) g. The other arguments are those of ``Optimizer``.

    Args:
        lr: the learning rate, a number or a schedule; three to ten times less than Adam's suits.
        beta_1: the momentum's part in a step.
        beta_2: the part of the running mean that stays at each update.

    References:
        Chen et al. (2023), Symbolic Discovery of Optimization Algorithms, arXiv 2302.06675.
    """

    def __init__(self, lr=0.0001, beta_1=0.9, beta_2=0.99, **kwargs):
        super().__init__(**kwargs)
        self.iterations = K.variable(0.0)
        self.lr = learning_rate(lr)
        self.beta_1 = K.variable(beta_1)
        self.beta_2 = K.variable(beta_2)

    def _step(self, params, grads, constraints):
        lr = self._decayed_lr(count=True)
        self.weights.append(self.iterations)
        for p, g, m in zip(params, grads, self._moment("momentum", params), strict=True):
            self.updates.append(K.update(m, self.beta_2 * m + (1.0 - self.beta_2) * g))
            self._set(p, p - lr * K.sign(self.beta_1 * m + (1.0 - self.beta_1) * g), constraints)

    def get_config(self):
        return self._config("lr", "beta_1", "beta_2")


class Ftrl(Optimizer):
    """Follow the regularized leader: weights that don't matter become exactly 0.

    The other arguments are those of ``Optimizer``.

    Args:
        lr: the learning rate, a number or a schedule.
        learning_rate_power: how the learning rate falls with the sums of squares, 0 (not at all) or negative.
        initial_accumulator_value: the number that these sums start from.
        l1_regularization_strength: the penalty of absolute values.
        l2_regularization_strength: the penalty of squares.
        l2_shrinkage_regularization_strength: a penalty of squares that counts as part of the gradient.
        beta: the paper's beta, which smooths the first steps.

    Raises:
        ValueError: a positive ``learning_rate_power``, or a negative ``initial_accumulator_value``.

    References:
        McMahan et al. (2013), Ad Click Prediction: a View from the Trenches.
    """

    def __init__(
        self, lr=0.001, learning_rate_power=-0.5, initial_accumulator_value=0.1, l1_regularization_strength=0.0,
        l2_regularization_strength=0.0, l2_shrinkage_regularization_strength=0.0, beta=0.0, **kwargs,
    ):  # fmt: skip
        super().__init__(**kwargs)
        if learning_rate_power > 0:
            raise ValueError(f"Ftrl: learning_rate_power must be 0 or negative, got {learning_rate_power!r}.")
        if initial_accumulator_value < 0:
            raise ValueError(f"Ftrl: initial_accumulator_value must not be negative, got {initial_accumulator_value!r}.")
        self.iterations = K.variable(0.0)
        self.lr = learning_rate(lr)
        self.learning_rate_power = learning_rate_power
        self.initial_accumulator_value = initial_accumulator_value
        self.l1_regularization_strength = l1_regularization_strength
        self.l2_regularization_strength = l2_regularization_strength
        self.l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength
        self.beta = beta

    def _step(self, params, grads, constraints):
        lr, power = self._decayed_lr(count=True), -float(self.learning_rate_power)
        l1, shrinkage = float(self.l1_regularization_strength), float(self.l2_shrinkage_regularization_strength)
        l2 = self.l2_regularization_strength + self.beta / (2.0 * lr) if self.beta else self.l2_regularization_strength
        self.weights.append(self.iterations)
        sums = self._moment("accumulator", params, self.initial_accumulator_value)
        for p, g, n, z in zip(params, grads, sums, self._moment("linear", params), strict=True):
            weight = self._decayed(p)
            new_n = n + K.square(g)
            slope = g + 2.0 * shrinkage * weight if shrinkage else g
            new_z = z + slope - (K.pow(new_n, power) - K.pow(n, power)) / lr * weight
            self.updates += [K.update(n, new_n), K.update(z, new_z)]
            divisor = K.pow(new_n, power) / lr + 2.0 * l2
            self._set_as_it_is(p, (K.clip(new_z, -l1, l1) - new_z) / divisor, constraints)

    def get_config(self):
        names = (
            "learning_rate_power", "initial_accumulator_value", "l1_regularization_strength", "l2_regularization_strength",
            "l2_shrinkage_regularization_strength", "beta",
        )  # fmt: skip
        return self._config("lr", **{name: getattr(self, name) for name in names})


class Lamb(Optimizer):
    """Adam whose step for each weight is scaled by the ratio of the norms of weight and step.

    The other arguments are those of ``Optimizer``.

    Args:
        lr: the learning rate, a number or a schedule.
        beta_1: the part of the mean of gradients that stays at each update.
        beta_2: the part of the mean of squares that stays at each update.
        epsilon: keeps the divisor from 0.

    References:
        You et al. (2020), Large Batch Optimization for Deep Learning, arXiv 1904.00962.
    """

    def __init__(self, lr=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, **kwargs):
        super().__init__(**kwargs)
        self.iterations = K.variable(0.0)
        self.lr = learning_rate(lr)
        self.beta_1 = K.variable(beta_1)
        self.beta_2 = K.variable(beta_2)
        self.epsilon = epsilon

    def _step(self, params, grads, constraints):
        lr, t = self._decayed_lr(count=True), self._steps() + 1
        self.weights.append(self.iterations)
        means, squares = self._moment("momentum", params), self._moment("velocity", params)
        for p, g, m, v in zip(params, grads, means, squares, strict=True):
            new_m = self.beta_1 * m + (1.0 - self.beta_1) * g
            new_v = self.beta_2 * v + (1.0 - self.beta_2) * K.square(g)
            self.updates += [K.update(m, new_m), K.update(v, new_v)]
            root = K.sqrt(new_v / (1.0 - K.pow(self.beta_2, t))) + _fuzz(self.epsilon, p)
            step = new_m / (1.0 - K.pow(self.beta_1, t)) / root
            weight = self._decayed(p)
            size, length = K.sqrt(K.sum(K.square(weight))), K.sqrt(K.sum(K.square(step)))
            both = K.cast(K.greater(size * length, 0.0), K.dtype(p))
            ratio = both * size / (length + (1.0 - both)) + (1.0 - both)
            self._set_as_it_is(p, weight - ratio * lr * step, constraints)

    def get_config(self):
        return self._config("lr", "beta_1", "beta_2", epsilon=self.epsilon)


class Adafactor(Optimizer):
    """Adam with means of squares by row and by column only, and steps relative to the size of the weights.

    The other arguments are those of ``Optimizer``.

    Args:
        lr: the learning rate, a number or a schedule.
        beta_2_decay: the exponent of the number of updates in the factor of the running means.
        epsilon_1: a small number that is added to the squares of gradients.
        epsilon_2: the least size of a weight that its steps are relative to.
        clip_threshold: the root mean square that steps are scaled down to.
        relative_step: whether the learning rate also falls with the root of the number of updates.

    References:
        Shazeer and Stern (2018), Adafactor, arXiv 1804.04235.
    """

    def __init__(self, lr=0.001, beta_2_decay=-0.8, epsilon_1=1e-30, epsilon_2=1e-3, clip_threshold=1.0, relative_step=True, **kwargs):
        super().__init__(**kwargs)
        self.iterations = K.variable(0.0)
        self.lr = learning_rate(lr)
        self.beta_2_decay = beta_2_decay
        self.epsilon_1 = epsilon_1
        self.epsilon_2 = epsilon_2
        self.clip_threshold = clip_threshold
        self.relative_step = relative_step

    def _step(self, params, grads, constraints):
        lr, t = self._decayed_lr(count=True), self._steps() + 1
        self.weights.append(self.iterations)
        if self.relative_step:
            lr = K.minimum(lr, 1.0 / K.sqrt(t))
        factor = 1.0 - K.pow(t, float(self.beta_2_decay))
        shapes = [tuple(K.get_variable_shape(p)) for p in params]
        rows, columns, squares = ([K.zeros(shape, dtype=K.dtype(p)) if shape is not None else None for p, shape in zip(params, kind, strict=True)] for kind in (
            [s[:-1] if len(s) > 1 else None for s in shapes], [(*s[:-2], s[-1]) if len(s) > 1 else None for s in shapes],
            [s if len(s) < 2 else None for s in shapes],
        ))  # fmt: skip
        self.moments = {"r": rows, "c": columns, "v": squares}
        self.weights += [v for three in zip(rows, columns, squares, strict=True) for v in three if v is not None]
        for p, g, r, c, v in zip(params, grads, rows, columns, squares, strict=True):
            square = K.square(g) + max(self.epsilon_1, float(_fuzz(0.0, p)))
            if v is None:
                new_r = factor * r + (1.0 - factor) * K.mean(square, axis=-1)
                new_c = factor * c + (1.0 - factor) * K.mean(square, axis=-2)
                self.updates += [K.update(r, new_r), K.update(c, new_c)]
                divisor = K.expand_dims(new_r / K.mean(new_r, axis=-1, keepdims=True), -1) * K.expand_dims(new_c, -2)
            else:
                divisor = factor * v + (1.0 - factor) * square
                self.updates.append(K.update(v, divisor))
            step = g / K.sqrt(divisor)
            step = step / K.maximum(_size(step) / float(self.clip_threshold), 1.0)
            weight = self._decayed(p)
            self._set_as_it_is(p, weight - lr * K.maximum(_size(weight), float(self.epsilon_2)) * step, constraints)

    def get_config(self):
        names = ("beta_2_decay", "epsilon_1", "epsilon_2", "clip_threshold", "relative_step")
        return self._config("lr", **{name: getattr(self, name) for name in names})


def _size(x):
    """The root mean square."""
    return K.sqrt(K.mean(K.square(x)))


class LossScaleOptimizer(Optimizer):
    """Another optimizer, for gradients that are too small for float16: the loss is multiplied, the gradients are divided again.

    A step with a gradient that is infinite or no number is left out and halves the factor; ``dynamic_growth_steps`` good steps
    double it.

    Args:
        inner_optimizer: the optimizer, or its name or config.
        initial_scale: the first factor.
        dynamic_growth_steps: the steps until the factor grows.
        dynamic: whether the factor changes at all.
    """

    def __init__(self, inner_optimizer, initial_scale=2.0**15, dynamic_growth_steps=2000, dynamic=True):
        from . import get

        super().__init__()
        self.inner_optimizer = get(inner_optimizer)
        self.initial_scale = initial_scale
        self.dynamic_growth_steps = dynamic_growth_steps
        self.dynamic = dynamic
        self.dynamic_scale = K.variable(initial_scale)
        self.step_counter = K.variable(0.0)

    @property
    def iterations(self):
        """The inner optimizer's count of updates."""
        return self.inner_optimizer.iterations

    @property
    def lr(self):
        """The inner optimizer's learning rate."""
        return self.inner_optimizer.lr

    def get_updates(self, params, constraints, loss):
        inner = self.inner_optimizer
        scaled = [g / self.dynamic_scale for g in self.raw_gradients(loss * self.dynamic_scale, params)]
        largest = 3e38 if K.floatx() != "float16" else 6e4
        finite = 1.0
        for g in scaled:
            finite = finite * K.cast(K.lesser(K.sum(K.abs(g)), largest), K.floatx())
        good = K.greater(finite, 0.5)
        updates = inner.updates_from(params, inner.clipped(scaled), constraints)
        self.updates = [(v, K.switch(good, new, v)) for v, new in updates]
        self.moments = inner.moments
        self.weights = [*inner.weights, self.step_counter, self.dynamic_scale] if self.dynamic else inner.weights
        if self.dynamic:
            count = self.step_counter + 1.0
            grown = K.greater_equal(count, float(self.dynamic_growth_steps))
            steps = K.switch(grown, K.zeros_like(count), count)
            scale = K.switch(grown, self.dynamic_scale * 2.0, self.dynamic_scale)
            self.updates += [
                K.update(self.step_counter, K.switch(good, steps, K.zeros_like(count))),
                K.update(self.dynamic_scale, K.switch(good, scale, self.dynamic_scale * 0.5)),
            ]
        return self.updates

    def finish_training(self, params):
        self.inner_optimizer.finish_training(params)

    def get_config(self):
        inner = {"class_name": type(self.inner_optimizer).__name__, "config": self.inner_optimizer.get_config()}
        usual = _unless(self, initial_scale=2.0**15, dynamic_growth_steps=2000, dynamic=True)
        return {"inner_optimizer": inner, **usual}
