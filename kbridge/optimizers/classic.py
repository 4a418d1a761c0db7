"""The optimizers of Keras 1, with the options that Keras 2 and 3 added to them."""

from __future__ import annotations

from .. import backend as K
from .base import Optimizer, _fuzz, learning_rate


def _root(square, epsilon, inside: bool):
    """The square root of ``square`` with ``epsilon`` added before or after it is taken."""
    return K.sqrt(square + epsilon) if inside else K.sqrt(square) + epsilon


def _unless(optimizer, **usual) -> dict:
    """The attributes that differ from what is ``usual``, so that a config says no more than Keras 1 knows where it can."""
    return {name: getattr(optimizer, name) for name, value in usual.items() if getattr(optimizer, name) != value}


class SGD(Optimizer):
    """Stochastic gradient descent with momentum: v = momentum v - lr g; p = p + v.

    The other arguments are those of ``Optimizer``.

    Args:
        lr: the learning rate, a number or a schedule.
        momentum: the part of the last step that stays.
        decay: the learning rate is divided by 1 + decay * number of updates.
        nesterov: whether the step looks ahead, p = p + momentum v - lr g.

    References:
        Sutskever et al. (2013), On the Importance of Initialization and Momentum in Deep Learning.

    Example:
        >>> from kbridge.layers import Dense
        >>> from kbridge.models import Sequential
        >>> from kbridge.optimizers import SGD
        >>> model = Sequential([Dense(1, input_dim=2)])
        >>> model.compile(optimizer=SGD(lr=0.1, momentum=0.9), loss="mse")
    """

    def __init__(self, lr=0.01, momentum=0.0, decay=0.0, nesterov=False, **kwargs):
        super().__init__(**kwargs)
        self.iterations = K.variable(0.0)
        self.lr = learning_rate(lr)
        self.momentum = K.variable(momentum)
        self.decay = K.variable(decay)
        self.initial_decay = decay
        self.nesterov = nesterov

    def _step(self, params, grads, constraints):
        lr = self._decayed_lr()
        self.weights.append(self.iterations)
        moments = self._moment("momentum", params)
        for p, g, m in zip(params, grads, moments, strict=True):
            new_m, new_p = K.momentum_step(p, g, m, lr, self.momentum, self.nesterov)
            self.updates.append(K.update(m, new_m))
            self._set(p, new_p, constraints)

    def get_config(self):
        return self._config("lr", "momentum", "decay", nesterov=self.nesterov)


class RMSprop(Optimizer):
    """Gradients divided by a running root mean square: a = rho a + (1 - rho) g ** 2; p = p - lr g / (sqrt(a) + epsilon).

    The other arguments are those of ``Optimizer``.

    Args:
        lr: the learning rate, a number or a schedule.
        rho: the part of the running mean that stays at each update.
        epsilon: keeps the divisor from 0.
        decay: the learning rate is divided by 1 + decay * number of updates.
        momentum: steps are gathered as m = momentum m + step; p = p - m.
        centered: whether the square of the gradients' running mean is taken off a, which makes it a variance.
        epsilon_inside: whether to divide by sqrt(a + epsilon), as Keras 3 does.

    References:
        Tieleman and Hinton (2012), Neural Networks for Machine Learning, lecture 6.5.
    """

    def __init__(self, lr=0.001, rho=0.9, epsilon=1e-8, decay=0.0, momentum=0.0, centered=False, epsilon_inside=False, **kwargs):
        super().__init__(**kwargs)
        self.lr = learning_rate(lr)
        self.rho = K.variable(rho)
        self.epsilon = epsilon
        self.decay = K.variable(decay)
        self.initial_decay = decay
        self.momentum = momentum
        self.centered = centered
        self.epsilon_inside = epsilon_inside
        self.iterations = K.variable(0.0)

    def _step(self, params, grads, constraints):
        lr = self._decayed_lr()
        squares = self._moment("velocity", params)
        moments = self._moment("momentum", params) if self.momentum else [None] * len(params)
        means = self._moment("average_gradient", params) if self.centered else [None] * len(params)
        for p, g, a, m, mean in zip(params, grads, squares, moments, means, strict=True):
            new_a = self.rho * a + (1.0 - self.rho) * K.square(g)
            self.updates.append(K.update(a, new_a))
            if mean is not None:
                new_mean = self.rho * mean + (1.0 - self.rho) * g
                self.updates.append(K.update(mean, new_mean))
                new_a = new_a - K.square(new_mean)
            step = lr * g / _root(new_a, _fuzz(self.epsilon, p), self.epsilon_inside)
            if m is not None:
                step = self.momentum * m + step
                self.updates.append(K.update(m, step))
            self._set(p, p - step, constraints)

    def get_config(self):
        later = _unless(self, momentum=0.0, centered=False, epsilon_inside=False)
        return self._config("lr", "rho", "decay", epsilon=self.epsilon, **later)


class Adagrad(Optimizer):
    """Gradients divided by the root of the sum of all squares so far: a = a + g ** 2; p = p - lr g / (sqrt(a) + epsilon).

    The other arguments are those of ``Optimizer``.

    Args:
        lr: the learning rate, a number or a schedule.
        epsilon: keeps the divisor from 0.
        decay: the learning rate is divided by 1 + decay * number of updates.
        initial_accumulator_value: the number that the sums a start from.
        epsilon_inside: whether to divide by sqrt(a + epsilon), as Keras 3 does.

    References:
        Duchi et al. (2011), Adaptive Subgradient Methods for Online Learning and Stochastic Optimization.
    """

    def __init__(self, lr=0.01, epsilon=1e-8, decay=0.0, initial_accumulator_value=0.0, epsilon_inside=False, **kwargs):
        super().__init__(**kwargs)
        self.lr = learning_rate(lr)
        self.epsilon = epsilon
        self.decay = K.variable(decay)
        self.initial_decay = decay
        self.initial_accumulator_value = initial_accumulator_value
        self.epsilon_inside = epsilon_inside
        self.iterations = K.variable(0.0)

    def _step(self, params, grads, constraints):
        lr = self._decayed_lr()
        for p, g, a in zip(params, grads, self._moment("accumulator", params, self.initial_accumulator_value), strict=True):
            new_a = a + K.square(g)
            self.updates.append(K.update(a, new_a))
            self._set(p, p - lr * g / _root(new_a, _fuzz(self.epsilon, p), self.epsilon_inside), constraints)

    def get_config(self):
        later = _unless(self, initial_accumulator_value=0.0, epsilon_inside=False)
        return self._config("lr", "decay", epsilon=self.epsilon, **later)


class Adadelta(Optimizer):
    """Steps scaled by the ratio of running means of past updates and gradients.

    The other arguments are those of ``Optimizer``.

    Args:
        lr: a factor of the steps, a number or a schedule.
        rho: the part of the running means that stays at each update.
        epsilon: keeps the divisor from 0.
        decay: ``lr`` is divided by 1 + decay * number of updates.

    References:
        Zeiler (2012), ADADELTA, arXiv 1212.5701.
    """

    def __init__(self, lr=1.0, rho=0.95, epsilon=1e-8, decay=0.0, **kwargs):
        super().__init__(**kwargs)
        self.lr = learning_rate(lr)
        self.rho = rho
        self.epsilon = epsilon
        self.decay = K.variable(decay)
        self.initial_decay = decay
        self.iterations = K.variable(0.0)

    def _step(self, params, grads, constraints):
        lr = self._decayed_lr()
        squares, deltas = self._moment("accumulated_grad", params), self._moment("accumulated_delta_var", params)
        for p, g, a, d in zip(params, grads, squares, deltas, strict=True):
            new_a = self.rho * a + (1.0 - self.rho) * K.square(g)
            epsilon = _fuzz(self.epsilon, p)
            step = g * K.sqrt(d + epsilon) / K.sqrt(new_a + epsilon)
            self.updates.append(K.update(a, new_a))
            self.updates.append(K.update(d, self.rho * d + (1.0 - self.rho) * K.square(step)))
            self._set(p, p - lr * step, constraints)

    def get_config(self):
        return self._config("lr", "decay", rho=self.rho, epsilon=self.epsilon)


class Adam(Optimizer):
    """Steps from running means of gradients and of their squares, corrected for their start at 0.

    The other arguments are those of ``Optimizer``.

    Args:
        lr: the learning rate, a number or a schedule.
        beta_1: the part of the mean of gradients that stays at each update.
        beta_2: the part of the mean of squares that stays at each update.
        epsilon: keeps the divisor from 0.
        decay: the learning rate is divided by 1 + decay * number of updates.
        amsgrad: whether to divide by the largest mean of squares so far (Reddi et al., 2018).

    References:
        Kingma and Ba (2015), Adam, arXiv 1412.6980.

    Example:
        >>> from kbridge.optimizers import Adam
        >>> from kbridge.optimizers.schedules import ExponentialDecay
        >>> optimizer = Adam(lr=ExponentialDecay(0.01, decay_steps=100, decay_rate=0.5))
    """

    def __init__(self, lr=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-8, decay=0.0, amsgrad=False, **kwargs):
        super().__init__(**kwargs)
        self.amsgrad = amsgrad
        self.iterations = K.variable(0)
        self.lr = learning_rate(lr)
        self.beta_1 = K.variable(beta_1)
        self.beta_2 = K.variable(beta_2)
        self.epsilon = epsilon
        self.decay = K.variable(decay)
        self.initial_decay = decay

    def _step(self, params, grads, constraints):
        lr = self._decayed_lr(count=True)
        t = self._steps() + 1
        lr_t = lr * K.sqrt(1.0 - K.pow(self.beta_2, t)) / (1.0 - K.pow(self.beta_1, t))
        self.weights.append(self.iterations)
        means, squares = self._moment("momentum", params), self._moment("velocity", params)
        largest = self._moment("velocity_hat", params) if self.amsgrad else [None] * len(params)
        for p, g, m, v, top in zip(params, grads, means, squares, largest, strict=True):
            epsilon = _fuzz(self.epsilon, p)
            new_m, new_v, new_p = K.adam_step(p, g, m, v, lr_t, self.beta_1, self.beta_2, epsilon)
            self.updates += [K.update(m, new_m), K.update(v, new_v)]
            if top is not None:
                new_top = K.maximum(top, new_v)
                self.updates.append(K.update(top, new_top))
                new_p = p - lr_t * new_m / (K.sqrt(new_top) + epsilon)
            self._set(p, new_p, constraints)

    def get_config(self):
        return self._config("lr", "beta_1", "beta_2", "decay", epsilon=self.epsilon, **_unless(self, amsgrad=False))


class Adamax(Optimizer):
    """Adam with the infinity norm in place of the mean square.

    The other arguments are those of ``Optimizer``.

    Args:
        lr: the learning rate, a number or a schedule.
        beta_1: the part of the mean of gradients that stays at each update.
        beta_2: the part of the norm that stays at each update.
        epsilon: keeps the divisor from 0.
        decay: the learning rate is divided by 1 + decay * number of updates.

    References:
        Kingma and Ba (2015), Adam, section 7, arXiv 1412.6980.
    """

    def __init__(self, lr=0.002, beta_1=0.9, beta_2=0.999, epsilon=1e-8, decay=0.0, **kwargs):
        super().__init__(**kwargs)
        self.iterations = K.variable(0.0)
        self.lr = learning_rate(lr)
        self.beta_1 = K.variable(beta_1)
        self.beta_2 = K.variable(beta_2)
        self.epsilon = epsilon
        self.decay = K.variable(decay)
        self.initial_decay = decay

    def _step(self, params, grads, constraints):
        lr = self._decayed_lr(count=True)
        lr_t = lr / (1.0 - K.pow(self.beta_1, self._steps() + 1))
        self.weights.append(self.iterations)
        means, norms = self._moment("momentum", params), self._moment("norm", params)
        for p, g, m, u in zip(params, grads, means, norms, strict=True):
            new_m = self.beta_1 * m + (1.0 - self.beta_1) * g
            new_u = K.maximum(self.beta_2 * u, K.abs(g))
            self.updates += [K.update(m, new_m), K.update(u, new_u)]
            self._set(p, p - lr_t * new_m / (new_u + _fuzz(self.epsilon, p)), constraints)

    def get_config(self):
        return self._config("lr", "beta_1", "beta_2", "decay", epsilon=self.epsilon)


class Nadam(Optimizer):
    """Adam with Nesterov momentum that warms up.

    The other arguments are those of ``Optimizer``.

    Args:
        lr: the learning rate, a number or a schedule.
        beta_1: the part of the mean of gradients that stays at each update.
        beta_2: the part of the mean of squares that stays at each update.
        epsilon: keeps the divisor from 0.
        schedule_decay: how fast the momentum warms up.

    References:
        Dozat (2016), Incorporating Nesterov Momentum into Adam.
    """

    def __init__(self, lr=0.002, beta_1=0.9, beta_2=0.999, epsilon=1e-8, schedule_decay=0.004, **kwargs):
        super().__init__(**kwargs)
        self.iterations = K.variable(0.0)
        self.m_schedule = K.variable(1.0)
        self.lr = learning_rate(lr)
        self.beta_1 = K.variable(beta_1)
        self.beta_2 = K.variable(beta_2)
        self.epsilon = epsilon
        self.schedule_decay = schedule_decay

    def _step(self, params, grads, constraints):
        lr = self._decayed_lr(count=True)
        t = self._steps() + 1
        momentum_t = self.beta_1 * (1.0 - 0.5 * K.pow(K.cast_to_floatx(0.96), t * self.schedule_decay))
        momentum_next = self.beta_1 * (1.0 - 0.5 * K.pow(K.cast_to_floatx(0.96), (t + 1) * self.schedule_decay))
        schedule = self.m_schedule * momentum_t
        schedule_next = schedule * momentum_next
        self.updates.append(K.update(self.m_schedule, schedule))
        self.weights.append(self.iterations)
        means, squares = self._moment("momentum", params), self._moment("velocity", params)
        for p, g, m, v in zip(params, grads, means, squares, strict=True):
            g_hat = g / (1.0 - schedule)
            new_m = self.beta_1 * m + (1.0 - self.beta_1) * g
            m_hat = new_m / (1.0 - schedule_next)
            new_v = self.beta_2 * v + (1.0 - self.beta_2) * K.square(g)
            v_hat = new_v / (1.0 - K.pow(self.beta_2, t))
            mixed = (1.0 - momentum_t) * g_hat + momentum_next * m_hat
            self.updates += [K.update(m, new_m), K.update(v, new_v)]
            self._set(p, p - lr * mixed / (K.sqrt(v_hat) + _fuzz(self.epsilon, p)), constraints)

    def get_config(self):
        return self._config("lr", "beta_1", "beta_2", epsilon=self.epsilon, schedule_decay=self.schedule_decay)


class TFOptimizer(Optimizer):
    """A TensorFlow optimizer of the old kind (``compute_gradients``, ``apply_gradients``) behind Keras 1's interface.

    It works on the backend that it belongs to only, and keeps its moments to itself, so that they are not saved with a model.

    Args:
        optimizer: the TensorFlow optimizer.

    Raises:
        TypeError: an object without these methods.
        ValueError: the backend can't use it.
    """

    def __init__(self, optimizer):
        super().__init__()
        if not _is_native(optimizer):
            raise TypeError(f"TFOptimizer needs an object with compute_gradients and apply_gradients, got {optimizer!r}.")
        if not hasattr(K, "native_optimizer_step"):
            raise ValueError(f"The {K.backend()} backend can't use {optimizer!r}, an optimizer of another framework. Use one of kbridge's.")
        self.optimizer = optimizer
        self.iterations = K.variable(0.0)

    def get_updates(self, params, constraints, loss):
        if constraints:
            raise ValueError("TFOptimizer can't apply the constraints of weights. Use one of kbridge's own optimizers.")
        grads = self.get_gradients(loss, params)
        self.updates = [K.update_add(self.iterations, 1), K.native_optimizer_step(self.optimizer, grads, params)]  # type: ignore[attr-defined]  # TensorFlow alone has it; the constructor asks
        return self.updates

    def get_config(self):
        raise NotImplementedError("A TFOptimizer has no config that kbridge can store.")

    @classmethod
    def from_config(cls, config):
        """Raise NotImplementedError: a native optimizer can't be made from a ``config``."""
        raise NotImplementedError("A TFOptimizer can't be made from a config. Pass TFOptimizer(optimizer).")


def _is_native(optimizer) -> bool:
    return hasattr(optimizer, "compute_gradients") and hasattr(optimizer, "apply_gradients")
