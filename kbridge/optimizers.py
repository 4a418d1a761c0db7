"""Optimizers: from gradients to updates of the weights. Hyperparameters are backend variables.

Each class gives its ``weights`` (moments, and the count of updates where Keras 1 stored it) in the
order of Keras 1's files.
"""

from __future__ import annotations

import warnings

import numpy as np

from . import backend as K
from . import config
from .errors import nearest, unknown_argument
from .utils.generic_utils import get_custom_objects, get_from_module, remembered  # noqa: F401  (programs take it from here)


def clip_norm(g, c, n):
    """``g`` scaled to norm ``c`` where its norm ``n`` is above it (c <= 0: unchanged)."""
    if c <= 0:
        return g
    return K.switch(K.greater_equal(n, c), g * c / n, g)


class Optimizer:
    """The base of all optimizers.

    ``clipnorm``: gradients of each weight are scaled down to at most this norm.
    ``clipvalue``: gradients are clipped to [-clipvalue, clipvalue].
    """

    def __init__(self, **kwargs):
        for name, value in kwargs.items():
            if name not in ("clipnorm", "clipvalue"):
                valid = [*type(self).__init__.__code__.co_varnames[1 : type(self).__init__.__code__.co_argcount], "clipnorm", "clipvalue"]
                raise unknown_argument(type(self).__name__, name, valid)
            if value is not None and (isinstance(value, str) or not np.isscalar(value)):
                raise ValueError(f"{type(self).__name__}: {name} must be a number, got {value!r}.")
            setattr(self, name, value)
        self.updates: list = []
        self.weights: list = []

    def get_updates(self, params, constraints, loss) -> list:
        """The updates of one step that lowers ``loss`` by changing ``params``.

        ``constraints`` maps weights to functions that are applied to their new values.
        """
        raise NotImplementedError(f"{type(self).__name__} must define get_updates(params, constraints, loss).")

    def get_gradients(self, loss, params) -> list:
        """The gradients, clipped as asked for. ValueError for a weight that the loss doesn't depend on."""
        if config.workers > 1 and not getattr(K.gradients, "of_all_workers", False):
            warnings.warn(
                f"{type(self).__name__} is used without a model on {config.workers} workers: each makes its own updates, of its own "
                f"gradients. Only what compile, fit and train_on_batch do is shared.",
                stacklevel=3,
            )
        grads = K.gradients(loss, params)
        for p, g in zip(params, grads, strict=True):
            if g is None:
                raise ValueError(
                    f"The loss doesn't depend on the weight {K.tensor_name(p) or p!r}, so it has no gradient. Is its layer "
                    f"connected to an output? Set trainable=False on the layer to leave it out [differences: weights-without-gradient]"
                )
        clipnorm, clipvalue = getattr(self, "clipnorm", 0), getattr(self, "clipvalue", 0)
        if clipnorm and clipnorm > 0:
            norm = K.sqrt(sum(K.sum(K.square(g)) for g in grads))
            grads = [clip_norm(g, clipnorm, norm) for g in grads]
        if clipvalue and clipvalue > 0:
            grads = [K.clip(g, -clipvalue, clipvalue) for g in grads]
        return grads

    def _set(self, p, new, constraints) -> None:
        """Add the update of ``p`` to ``new``, with its constraint if it has one."""
        constraint = _constraint_of(p, constraints)
        self.updates.append(K.update(p, new if constraint is None else constraint(new)))

    def _decayed_lr(self, count=False):
        """The learning rate after decay: lr / (1 + decay * number of updates).

        Updates are counted where decay needs it, or with ``count``; Keras 1's files hold the count.
        """
        if self.initial_decay or count:
            self.updates.append(K.update_add(self.iterations, 1))
        if not self.initial_decay:
            return self.lr
        return self.lr * (1.0 / (1.0 + self.decay * self.iterations))

    def set_weights(self, weights) -> None:
        """Set the optimizer's weights from arrays of the shapes that ``get_weights`` gives."""
        if len(weights) != len(self.weights):
            raise ValueError(f"{type(self).__name__} has {len(self.weights)} weights, got {len(weights)}.")
        for p, value in zip(self.weights, weights, strict=True):
            if tuple(K.int_shape(p)) != np.shape(value):
                raise ValueError(f"Optimizer weight shape {tuple(K.int_shape(p))} not compatible with provided weight shape {np.shape(value)}.")
        K.batch_set_value(list(zip(self.weights, weights, strict=True)))

    def get_weights(self) -> list[np.ndarray]:
        """The values of the optimizer's weights."""
        return K.batch_get_value(self.weights)

    def get_config(self) -> dict:
        """The arguments that make an equal optimizer."""
        return {name: getattr(self, name) for name in ("clipnorm", "clipvalue") if hasattr(self, name)}

    def _config(self, *variables: str, **values) -> dict:
        return {**{name: float(K.get_value(getattr(self, name))) for name in variables}, **values, **Optimizer.get_config(self)}

    @classmethod
    def from_config(cls, config: dict) -> Optimizer:
        """A new optimizer from what ``get_config`` gave."""
        return cls(**config)


def _constraint_of(p, constraints):
    if isinstance(constraints, dict):
        return next((c for q, c in constraints.items() if q is p), None)
    return None


def _fuzz(epsilon, p):
    """``epsilon``, or the least that the dtype of ``p`` shows with full precision: the usual 1e-8 is 0 in float16."""
    return max(epsilon, float(np.finfo(K.dtype(p)).tiny)) if isinstance(epsilon, (int, float)) else epsilon


def _zeros(params) -> list:
    return [K.zeros(K.get_variable_shape(p), dtype=K.dtype(p)) for p in params]


class SGD(Optimizer):
    """Stochastic gradient descent with momentum: v = momentum v - lr g; p = p + v.

    ``nesterov``: p = p + momentum v - lr g (Sutskever et al., 2013). ``decay``: see ``lr``'s decay per update.
    """

    def __init__(self, lr=0.01, momentum=0.0, decay=0.0, nesterov=False, **kwargs):
        super().__init__(**kwargs)
        self.iterations = K.variable(0.0)
        self.lr = K.variable(lr)
        self.momentum = K.variable(momentum)
        self.decay = K.variable(decay)
        self.initial_decay = decay
        self.nesterov = nesterov

    def get_updates(self, params, constraints, loss):
        grads = self.get_gradients(loss, params)
        self.updates = []
        lr = self._decayed_lr()
        moments = _zeros(params)
        self.weights = [self.iterations, *moments]
        for p, g, m in zip(params, grads, moments, strict=True):
            new_m, new_p = K.momentum_step(p, g, m, lr, self.momentum, self.nesterov)
            self.updates.append(K.update(m, new_m))
            self._set(p, new_p, constraints)
        return self.updates

    def get_config(self):
        return self._config("lr", "momentum", "decay", nesterov=self.nesterov)


class RMSprop(Optimizer):
    """Gradients divided by a running root mean square: a = rho a + (1 - rho) g**2; p = p - lr g / (sqrt(a) + epsilon)."""

    def __init__(self, lr=0.001, rho=0.9, epsilon=1e-8, decay=0.0, **kwargs):
        super().__init__(**kwargs)
        self.lr = K.variable(lr)
        self.rho = K.variable(rho)
        self.epsilon = epsilon
        self.decay = K.variable(decay)
        self.initial_decay = decay
        self.iterations = K.variable(0.0)

    def get_updates(self, params, constraints, loss):
        grads = self.get_gradients(loss, params)
        self.updates = []
        lr = self._decayed_lr()
        self.weights = _zeros(params)
        for p, g, a in zip(params, grads, self.weights, strict=True):
            new_a = self.rho * a + (1.0 - self.rho) * K.square(g)
            self.updates.append(K.update(a, new_a))
            self._set(p, p - lr * g / (K.sqrt(new_a) + _fuzz(self.epsilon, p)), constraints)
        return self.updates

    def get_config(self):
        return self._config("lr", "rho", "decay", epsilon=self.epsilon)


class Adagrad(Optimizer):
    """a = a + g**2; p = p - lr g / (sqrt(a) + epsilon) (Duchi et al., 2011)."""

    def __init__(self, lr=0.01, epsilon=1e-8, decay=0.0, **kwargs):
        super().__init__(**kwargs)
        self.lr = K.variable(lr)
        self.epsilon = epsilon
        self.decay = K.variable(decay)
        self.initial_decay = decay
        self.iterations = K.variable(0.0)

    def get_updates(self, params, constraints, loss):
        grads = self.get_gradients(loss, params)
        self.updates = []
        lr = self._decayed_lr()
        self.weights = _zeros(params)
        for p, g, a in zip(params, grads, self.weights, strict=True):
            new_a = a + K.square(g)
            self.updates.append(K.update(a, new_a))
            self._set(p, p - lr * g / (K.sqrt(new_a) + _fuzz(self.epsilon, p)), constraints)
        return self.updates

    def get_config(self):
        return self._config("lr", "decay", epsilon=self.epsilon)


class Adadelta(Optimizer):
    """Steps scaled by the ratio of running means of past updates and gradients (Zeiler, 2012)."""

    def __init__(self, lr=1.0, rho=0.95, epsilon=1e-8, decay=0.0, **kwargs):
        super().__init__(**kwargs)
        self.lr = K.variable(lr)
        self.rho = rho
        self.epsilon = epsilon
        self.decay = K.variable(decay)
        self.initial_decay = decay
        self.iterations = K.variable(0.0)

    def get_updates(self, params, constraints, loss):
        grads = self.get_gradients(loss, params)
        self.updates = []
        lr = self._decayed_lr()
        squares, deltas = _zeros(params), _zeros(params)
        self.weights = squares + deltas
        for p, g, a, d in zip(params, grads, squares, deltas, strict=True):
            new_a = self.rho * a + (1.0 - self.rho) * K.square(g)
            epsilon = _fuzz(self.epsilon, p)
            step = g * K.sqrt(d + epsilon) / K.sqrt(new_a + epsilon)
            self.updates.append(K.update(a, new_a))
            self.updates.append(K.update(d, self.rho * d + (1.0 - self.rho) * K.square(step)))
            self._set(p, p - lr * step, constraints)
        return self.updates

    def get_config(self):
        return self._config("lr", "decay", rho=self.rho, epsilon=self.epsilon)


class Adam(Optimizer):
    """Running means of gradients and of their squares, corrected for their start at 0 (Kingma and Ba, 2015)."""

    def __init__(self, lr=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-8, decay=0.0, **kwargs):
        super().__init__(**kwargs)
        self.iterations = K.variable(0)
        self.lr = K.variable(lr)
        self.beta_1 = K.variable(beta_1)
        self.beta_2 = K.variable(beta_2)
        self.epsilon = epsilon
        self.decay = K.variable(decay)
        self.initial_decay = decay

    def get_updates(self, params, constraints, loss):
        grads = self.get_gradients(loss, params)
        self.updates = []
        lr = self._decayed_lr(count=True)
        t = self.iterations + 1
        lr_t = lr * K.sqrt(1.0 - K.pow(self.beta_2, t)) / (1.0 - K.pow(self.beta_1, t))
        means, squares = _zeros(params), _zeros(params)
        self.weights = [self.iterations, *means, *squares]
        for p, g, m, v in zip(params, grads, means, squares, strict=True):
            new_m, new_v, new_p = K.adam_step(p, g, m, v, lr_t, self.beta_1, self.beta_2, _fuzz(self.epsilon, p))
            self.updates += [K.update(m, new_m), K.update(v, new_v)]
            self._set(p, new_p, constraints)
        return self.updates

    def get_config(self):
        return self._config("lr", "beta_1", "beta_2", "decay", epsilon=self.epsilon)


class Adamax(Optimizer):
    """Adam with the infinity norm in place of the mean square (Kingma and Ba, 2015, section 7)."""

    def __init__(self, lr=0.002, beta_1=0.9, beta_2=0.999, epsilon=1e-8, decay=0.0, **kwargs):
        super().__init__(**kwargs)
        self.iterations = K.variable(0.0)
        self.lr = K.variable(lr)
        self.beta_1 = K.variable(beta_1)
        self.beta_2 = K.variable(beta_2)
        self.epsilon = epsilon
        self.decay = K.variable(decay)
        self.initial_decay = decay

    def get_updates(self, params, constraints, loss):
        grads = self.get_gradients(loss, params)
        self.updates = []
        lr = self._decayed_lr(count=True)
        lr_t = lr / (1.0 - K.pow(self.beta_1, self.iterations + 1))
        means, norms = _zeros(params), _zeros(params)
        self.weights = [self.iterations, *means, *norms]
        for p, g, m, u in zip(params, grads, means, norms, strict=True):
            new_m = self.beta_1 * m + (1.0 - self.beta_1) * g
            new_u = K.maximum(self.beta_2 * u, K.abs(g))
            self.updates += [K.update(m, new_m), K.update(u, new_u)]
            self._set(p, p - lr_t * new_m / (new_u + _fuzz(self.epsilon, p)), constraints)
        return self.updates

    def get_config(self):
        return self._config("lr", "beta_1", "beta_2", "decay", epsilon=self.epsilon)


class Nadam(Optimizer):
    """Adam with Nesterov momentum and a warming schedule of it (Dozat, 2016)."""

    def __init__(self, lr=0.002, beta_1=0.9, beta_2=0.999, epsilon=1e-8, schedule_decay=0.004, **kwargs):
        super().__init__(**kwargs)
        self.iterations = K.variable(0.0)
        self.m_schedule = K.variable(1.0)
        self.lr = K.variable(lr)
        self.beta_1 = K.variable(beta_1)
        self.beta_2 = K.variable(beta_2)
        self.epsilon = epsilon
        self.schedule_decay = schedule_decay

    def get_updates(self, params, constraints, loss):
        grads = self.get_gradients(loss, params)
        self.updates = [K.update_add(self.iterations, 1)]
        t = self.iterations + 1
        momentum_t = self.beta_1 * (1.0 - 0.5 * K.pow(K.cast_to_floatx(0.96), t * self.schedule_decay))
        momentum_next = self.beta_1 * (1.0 - 0.5 * K.pow(K.cast_to_floatx(0.96), (t + 1) * self.schedule_decay))
        schedule = self.m_schedule * momentum_t
        schedule_next = schedule * momentum_next
        self.updates.append(K.update(self.m_schedule, schedule))
        means, squares = _zeros(params), _zeros(params)
        self.weights = [self.iterations, *means, *squares]
        for p, g, m, v in zip(params, grads, means, squares, strict=True):
            g_hat = g / (1.0 - schedule)
            new_m = self.beta_1 * m + (1.0 - self.beta_1) * g
            m_hat = new_m / (1.0 - schedule_next)
            new_v = self.beta_2 * v + (1.0 - self.beta_2) * K.square(g)
            v_hat = new_v / (1.0 - K.pow(self.beta_2, t))
            mixed = (1.0 - momentum_t) * g_hat + momentum_next * m_hat
            self.updates += [K.update(m, new_m), K.update(v, new_v)]
            self._set(p, p - self.lr * mixed / (K.sqrt(v_hat) + _fuzz(self.epsilon, p)), constraints)
        return self.updates

    def get_config(self):
        return self._config("lr", "beta_1", "beta_2", epsilon=self.epsilon, schedule_decay=self.schedule_decay)


class TFOptimizer(Optimizer):
    """A TensorFlow optimizer of the old kind (``compute_gradients``, ``apply_gradients``) behind Keras 1's interface.

    Only for the backend that it belongs to. It keeps its moments to itself, so that they are not saved with a model.
    """

    def __init__(self, optimizer):
        super().__init__()
        if not _is_native(optimizer):
            raise TypeError(f"TFOptimizer wraps an object with compute_gradients and apply_gradients, got {optimizer!r}.")
        if not hasattr(K, "native_optimizer_step"):
            raise ValueError(f"The {K.backend()} backend can't use {optimizer!r}, another framework's optimizer: choose one of kbridge's.")
        self.optimizer = optimizer
        self.iterations = K.variable(0.0)

    def get_updates(self, params, constraints, loss):
        if constraints:
            raise ValueError("A native optimizer can't keep weight constraints; use one of kbridge's own optimizers.")
        grads = self.get_gradients(loss, params)
        self.updates = [K.update_add(self.iterations, 1), K.native_optimizer_step(self.optimizer, grads, params)]
        return self.updates

    def get_config(self):
        raise NotImplementedError("A native optimizer has no config that kbridge could store.")

    @classmethod
    def from_config(cls, config):
        raise NotImplementedError("A native optimizer can't be made from a config: pass TFOptimizer(optimizer).")


def _is_native(optimizer) -> bool:
    return hasattr(optimizer, "compute_gradients") and hasattr(optimizer, "apply_gradients")


sgd = SGD
rmsprop = RMSprop
adagrad = Adagrad
adadelta = Adadelta
adam = Adam
adamax = Adamax
nadam = Nadam

#: name in lower case -> optimizer
CLASSES = {cls.__name__.lower(): cls for cls in (SGD, RMSprop, Adagrad, Adadelta, Adam, Adamax, Nadam)}


def optimizer_from_config(config, custom_objects=None) -> Optimizer:
    """The optimizer of ``{'class_name': ..., 'config': ...}``. ValueError for an unknown name."""
    name = config["class_name"]
    custom = {**get_custom_objects(), **(custom_objects or {})}
    cls = custom.get(name) or CLASSES.get(str(name).lower()) or remembered(name)
    if cls is None:
        raise ValueError(f"Optimizer not found: {name!r}.{nearest(str(name).lower(), [*CLASSES, *custom])}")
    return cls.from_config(config.get("config", {}))


def get(identifier, kwargs=None) -> Optimizer:
    """The optimizer called ``identifier`` (in any case), of a config, or the object itself; a native one gets wrapped."""
    if isinstance(identifier, dict):
        return optimizer_from_config(identifier)
    if isinstance(identifier, str):
        return optimizer_from_config({"class_name": identifier, "config": kwargs or {}})
    if hasattr(identifier, "get_updates"):
        return identifier
    if _is_native(identifier):
        return TFOptimizer(identifier)
    raise ValueError(f"An optimizer is a name or an object with get_updates, got {identifier!r}. Names: {', '.join(CLASSES)}.")
