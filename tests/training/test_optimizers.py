"""Optimizers: each step as in its paper, options, weights, configs, and what users write themselves."""

import numpy as np
import pytest

from kbridge import backend as K
from kbridge import optimizers
from kbridge.constraints import maxnorm, nonneg
from kbridge.layers import Dense
from kbridge.models import Sequential, load_model

RNG = np.random.RandomState(0)
X = RNG.randn(16, 3).astype("float32")
Y = (X @ [[1.0], [-2.0], [0.5]] + 0.3).astype("float32")
START = [np.array([[0.1], [0.2], [-0.3]]), np.array([0.05])]


def model_with(optimizer, **layer):
    model = Sequential([Dense(1, input_dim=3, **layer)])
    model.compile(optimizer, "mse")
    model.set_weights(START)
    return model


def gradients(w, b):
    error = X.astype("float64") @ w + b - Y
    return [2 * X.T.astype("float64") @ error / len(X), 2 * error.mean(axis=0)]


# Each reference: (weights, gradients, state, number of the step from 1) -> new weights, in double precision.


def sgd(p, g, s, t, lr=0.05, momentum=0.0, nesterov=False):
    s["v"] = v = momentum * s.get("v", 0.0) - lr * g
    return p + momentum * v - lr * g if nesterov else p + v


def rmsprop(p, g, s, t, lr=0.01, rho=0.8):
    s["a"] = a = rho * s.get("a", 0.0) + (1 - rho) * g**2
    return p - lr * g / (np.sqrt(a) + 1e-8)


def adagrad(p, g, s, t, lr=0.1):
    s["a"] = a = s.get("a", 0.0) + g**2
    return p - lr * g / (np.sqrt(a) + 1e-8)


def adadelta(p, g, s, t, rho=0.9, eps=1e-6):
    s["a"] = a = rho * s.get("a", 0.0) + (1 - rho) * g**2
    d = s.get("d", 0.0)
    step = g * np.sqrt(d + eps) / np.sqrt(a + eps)
    s["d"] = rho * d + (1 - rho) * step**2
    return p - step


def adam(p, g, s, t, lr=0.02, b1=0.8, b2=0.99):
    s["m"] = m = b1 * s.get("m", 0.0) + (1 - b1) * g
    s["v"] = v = b2 * s.get("v", 0.0) + (1 - b2) * g**2
    return p - lr * np.sqrt(1 - b2**t) / (1 - b1**t) * m / (np.sqrt(v) + 1e-8)


def adamax(p, g, s, t, lr=0.02, b1=0.9, b2=0.99):
    s["m"] = m = b1 * s.get("m", 0.0) + (1 - b1) * g
    s["u"] = u = np.maximum(b2 * s.get("u", 0.0), np.abs(g))
    return p - lr / (1 - b1**t) * m / (u + 1e-8)


def nadam(p, g, s, t, lr=0.02, b1=0.9, b2=0.99, d=0.004):
    mu, mu_next = (b1 * (1 - 0.5 * 0.96 ** (n * d)) for n in (t, t + 1))
    s["schedule"] = schedule = s.get("schedule", 1.0) * mu
    s["m"] = m = b1 * s.get("m", 0.0) + (1 - b1) * g
    s["v"] = v = b2 * s.get("v", 0.0) + (1 - b2) * g**2
    mixed = (1 - mu) * g / (1 - schedule) + mu_next * m / (1 - schedule * mu_next)
    return p - lr * mixed / (np.sqrt(v / (1 - b2**t)) + 1e-8)


CASES = {
    "sgd": (lambda: optimizers.SGD(0.05), sgd, {}),
    "momentum": (lambda: optimizers.SGD(0.05, momentum=0.9), sgd, {"momentum": 0.9}),
    "nesterov": (lambda: optimizers.SGD(0.05, momentum=0.9, nesterov=True), sgd, {"momentum": 0.9, "nesterov": True}),
    "rmsprop": (lambda: optimizers.RMSprop(0.01, rho=0.8), rmsprop, {}),
    "adagrad": (lambda: optimizers.Adagrad(0.1), adagrad, {}),
    "adadelta": (lambda: optimizers.Adadelta(rho=0.9, epsilon=1e-6), adadelta, {}),
    "adam": (lambda: optimizers.Adam(0.02, 0.8, 0.99), adam, {}),
    "adamax": (lambda: optimizers.Adamax(0.02, 0.9, 0.99), adamax, {}),
    "nadam": (lambda: optimizers.Nadam(0.02, 0.9, 0.99), nadam, {}),
}


def trained(optimizer, steps=4, **layer):
    model = model_with(optimizer, **layer)
    for _ in range(steps):
        model.train_on_batch(X, Y)
    return model.get_weights()


def by_hand(reference, steps=4, change=lambda gs: gs, lr_at=None, **options):
    weights, states = [w.copy() for w in START], [{}, {}]
    for t in range(1, steps + 1):
        if lr_at:
            options["lr"] = lr_at(t)
        grads = change(gradients(*weights))
        weights = [reference(p, g, s, t, **options) for p, g, s in zip(weights, grads, states)]
    return weights


def assert_close(found, expected):
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("name", CASES)
def test_steps_are_those_of_the_definition(name):
    make, reference, options = CASES[name]
    assert_close(trained(make()), by_hand(reference, **options))


@pytest.mark.parametrize(
    ("name", "make", "lr"),
    [
        ("sgd", lambda: optimizers.SGD(0.05, decay=0.5), 0.05),
        ("rmsprop", lambda: optimizers.RMSprop(0.01, rho=0.8, decay=0.5), 0.01),
        ("adagrad", lambda: optimizers.Adagrad(0.1, decay=0.5), 0.1),
        ("adam", lambda: optimizers.Adam(0.02, 0.8, 0.99, decay=0.5), 0.02),
        ("adamax", lambda: optimizers.Adamax(0.02, 0.9, 0.99, decay=0.5), 0.02),
    ],
)
def test_decay_lowers_the_learning_rate_with_each_update(name, make, lr):
    expected = by_hand(CASES[name][1], lr_at=lambda t: lr / (1 + 0.5 * (t - 1)))
    assert_close(trained(make()), expected)


def clipped_by_norm(grads, limit=0.7):
    norm = np.sqrt(sum((g**2).sum() for g in grads))
    return [g * limit / norm if norm >= limit else g for g in grads]


def test_clipnorm_limits_the_norm_of_all_gradients_together():
    assert_close(trained(optimizers.SGD(0.05, clipnorm=0.7)), by_hand(sgd, change=clipped_by_norm))
    assert_close(trained(optimizers.SGD(0.05, clipnorm=1e6)), by_hand(sgd))


def test_clipvalue_limits_each_gradient_value():
    expected = by_hand(sgd, change=lambda grads: [np.clip(g, -0.2, 0.2) for g in grads])
    assert_close(trained(optimizers.SGD(0.05, clipvalue=0.2)), expected)


def test_constraints_are_applied_after_each_step():
    w, b = trained("sgd", steps=1, W_constraint=nonneg(), b_constraint=maxnorm(0.01))
    np.testing.assert_allclose(w, np.maximum(by_hand(sgd, steps=1, lr=0.01)[0], 0), rtol=1e-5)
    assert w.min() == 0
    assert abs(b[0]) <= 0.01 + 1e-6


def test_the_learning_rate_can_be_changed_between_batches():
    model = model_with(optimizers.SGD(0.05))
    K.set_value(model.optimizer.lr, 0.0)
    model.train_on_batch(X, Y)
    assert_close(model.get_weights(), START)
    K.set_value(model.optimizer.lr, 0.05)
    model.train_on_batch(X, Y)
    assert_close(model.get_weights(), by_hand(sgd, steps=1))


CONFIGS = {
    "SGD": {"lr": 0.01, "momentum": 0.0, "decay": 0.0, "nesterov": False},
    "RMSprop": {"lr": 0.001, "rho": 0.9, "decay": 0.0, "epsilon": 1e-8},
    "Adagrad": {"lr": 0.01, "decay": 0.0, "epsilon": 1e-8},
    "Adadelta": {"lr": 1.0, "rho": 0.95, "decay": 0.0, "epsilon": 1e-8},
    "Adam": {"lr": 0.001, "beta_1": 0.9, "beta_2": 0.999, "decay": 0.0, "epsilon": 1e-8},
    "Adamax": {"lr": 0.002, "beta_1": 0.9, "beta_2": 0.999, "decay": 0.0, "epsilon": 1e-8},
    "Nadam": {"lr": 0.002, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8, "schedule_decay": 0.004},
}
#: sizes of what each optimizer keeps for the two weights of Dense(1) on 3 inputs
KEPT = {
    "SGD": [(), (3, 1), (1,)],
    "RMSprop": [(3, 1), (1,)],
    "Adagrad": [(3, 1), (1,)],
    "Adadelta": [(3, 1), (1,), (3, 1), (1,)],
    "Adam": [(), (3, 1), (1,), (3, 1), (1,)],
    "Adamax": [(), (3, 1), (1,), (3, 1), (1,)],
    "Nadam": [(), (3, 1), (1,), (3, 1), (1,)],
}


@pytest.mark.parametrize("name", CONFIGS)
def test_defaults_configs_and_weights_are_those_of_keras_1(name):
    for identifier in (name, name.lower()):
        optimizer = optimizers.get(identifier)
        assert optimizer.get_config() == pytest.approx(CONFIGS[name], rel=1e-6)
    optimizer = getattr(optimizers, name)(clipnorm=1.0, clipvalue=0.5)
    assert optimizer.get_config() == pytest.approx({**CONFIGS[name], "clipnorm": 1.0, "clipvalue": 0.5}, rel=1e-6)
    assert type(optimizer).from_config(optimizer.get_config()).get_config() == optimizer.get_config()
    model = model_with(name.lower())
    model.train_on_batch(X, Y)
    values = model.optimizer.get_weights()
    # weights are sorted by name: dense_1_W, dense_1_b
    assert [v.shape for v in values] == KEPT[name]
    model.optimizer.set_weights([v + 1 for v in values])
    for before, after in zip(values, model.optimizer.get_weights()):
        np.testing.assert_allclose(after, before + 1)


def test_weights_that_do_not_fit_are_refused():
    model = model_with("adam")
    model.train_on_batch(X, Y)
    with pytest.raises(ValueError, match="Adam has 5 weights, got 4"):
        model.optimizer.set_weights(model.optimizer.get_weights()[:4])
    with pytest.raises(ValueError, match=r"\(3, 1\).*\(3, 2\)"):
        model.optimizer.set_weights([0, np.zeros((3, 2)), *model.optimizer.get_weights()[2:]])


class Lion(optimizers.Optimizer):
    """A user's optimizer, written as for Keras 1."""

    def __init__(self, lr=0.01, **kwargs):
        super().__init__(**kwargs)
        self.__dict__.update(locals())
        self.lr = K.variable(lr)

    def get_updates(self, params, constraints, loss):
        grads = self.get_gradients(loss, params)
        self.updates = []
        for p, g in zip(params, grads):
            new_p = p - self.lr * K.sign(g)
            if p in constraints:
                new_p = constraints[p](new_p)
            self.updates.append(K.update(p, new_p))
        return self.updates

    def get_config(self):
        return {"lr": float(K.get_value(self.lr)), **super().get_config()}


def test_an_optimizer_of_the_user_trains_and_is_loaded(tmp_path):
    model = model_with(Lion(0.1), W_constraint=nonneg())
    model.train_on_batch(X, Y)
    expected = [p - 0.1 * np.sign(g) for p, g in zip(START, gradients(*START))]
    assert_close(model.get_weights(), [np.maximum(expected[0], 0), expected[1]])
    path = str(tmp_path / "model.h5")
    model.save(path)
    again = load_model(path, custom_objects={"Lion": Lion})
    assert isinstance(again.optimizer, Lion)
    assert float(K.get_value(again.optimizer.lr)) == pytest.approx(0.1)


class EverySecond(optimizers.Optimizer):
    """Wraps an optimizer, as programs that accumulate gradients do, and adds an update of its own."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner
        self.calls = K.variable(0.0)

    def get_updates(self, params, constraints, loss):
        self.updates = [*self.inner.get_updates(params, constraints, loss), K.update_add(self.calls, 1)]
        return self.updates


def test_a_wrapper_uses_the_updates_of_another_optimizer():
    model = model_with(EverySecond(optimizers.SGD(0.05)))
    for _ in range(4):
        model.train_on_batch(X, Y)
    assert_close(model.get_weights(), by_hand(sgd))
    assert float(K.get_value(model.optimizer.calls)) == 4


class Native:
    """Looks like an optimizer of TensorFlow 1."""

    def compute_gradients(self, loss, var_list=None):
        raise NotImplementedError

    def apply_gradients(self, grads_and_vars, global_step=None):
        raise NotImplementedError


@pytest.mark.skipif(hasattr(K, "native_optimizer_step"), reason="this backend can use native optimizers")
def test_an_optimizer_of_another_framework_is_refused():
    for wrap in (optimizers.TFOptimizer, optimizers.get):
        with pytest.raises(ValueError, match=f"{K.backend()} backend can't use"):
            wrap(Native())


@pytest.mark.parametrize(
    ("words", "error", "make"),
    [
        ("'adaam'.*Did you mean 'adam'", ValueError, lambda: optimizers.get("adaam")),
        ("with get_updates", ValueError, lambda: optimizers.get(3)),
        ("'learning_rate'.*Keras 2.*lr", TypeError, lambda: optimizers.Adam(learning_rate=0.1)),
        ("Adam has no argument 'momentum'", TypeError, lambda: optimizers.Adam(momentum=0.1)),
        ("clipnorm must be a number", ValueError, lambda: optimizers.SGD(clipnorm="1")),
        ("TFOptimizer needs an object", TypeError, lambda: optimizers.TFOptimizer("adam")),
    ],
)
def test_bad_arguments(words, error, make):
    with pytest.raises(error, match=words):
        make()


def test_the_names_in_small_letters_are_the_classes():
    for name in CONFIGS:
        assert getattr(optimizers, name.lower()) is getattr(optimizers, name)
