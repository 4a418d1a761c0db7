"""Options that Keras 2 and 3 gave to all optimizers, in new models; files with them are in tests/saving/test_keras_training.py."""

from __future__ import annotations

import numpy as np
import pytest

from kbridge import backend as K
from kbridge import callbacks, optimizers
from kbridge.layers import Dense
from kbridge.models import Sequential, load_model
from kbridge.optimizers import SGD, Adam, AdamW, LossScaleOptimizer, schedules

X = np.random.RandomState(0).normal(size=(8, 3))
Y = np.random.RandomState(1).normal(size=(8, 2))


@pytest.fixture(autouse=True)
def fresh_session():
    yield
    K.clear_session()


def model(optimizer, **options):
    np.random.seed(4)
    m = Sequential([Dense(2, input_dim=3, **options)])
    m.compile(optimizer, "mse")
    return m


def test_accumulated_gradients_are_those_of_one_larger_batch():
    small, large = model(SGD(0.1, gradient_accumulation_steps=2)), model(SGD(0.1))
    before = small.get_weights()
    small.train_on_batch(X[:4], Y[:4])
    np.testing.assert_array_equal(small.get_weights()[0], before[0])
    small.train_on_batch(X[4:], Y[4:])
    large.train_on_batch(X, Y)
    for got, expected in zip(small.get_weights(), large.get_weights()):
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)


def test_weight_decay_leaves_out_what_is_excluded():
    optimizer = SGD(0.1, weight_decay=0.5)
    m = model(optimizer)
    optimizer.exclude_from_weight_decay(var_list=[m.layers[0].b])
    kernel, bias = m.get_weights()
    m.set_weights([kernel, bias + 1])
    plain = model(SGD(0.1))
    plain.set_weights([kernel, bias + 1])
    m.train_on_batch(X, Y)
    plain.train_on_batch(X, Y)
    np.testing.assert_allclose(m.get_weights()[0], plain.get_weights()[0] - 0.05 * kernel, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(m.get_weights()[1], plain.get_weights()[1], rtol=1e-5)


def test_running_means_become_the_weights_when_fit_ends():
    m, plain = model(SGD(0.1, use_ema=True, ema_momentum=0.5)), model(SGD(0.1))
    seen = []
    log = callbacks.LambdaCallback(on_batch_end=lambda batch, logs: seen.append(plain.get_weights()[0]))
    plain.fit(X, Y, batch_size=4, nb_epoch=2, shuffle=False, verbose=0, callbacks=[log])
    m.fit(X, Y, batch_size=4, nb_epoch=2, shuffle=False, verbose=0)
    mean = seen[0]
    for weight in seen[1:]:
        mean = 0.5 * mean + 0.5 * weight
    np.testing.assert_allclose(m.get_weights()[0], mean, rtol=1e-4, atol=1e-6)


def test_an_infinite_gradient_is_left_out_and_halves_the_scale():
    optimizer = LossScaleOptimizer(SGD(0.1, momentum=0.9), initial_scale=8.0, dynamic_growth_steps=2)
    m = model(optimizer)
    before = m.get_weights()
    m.train_on_batch(X * 1e30, Y)
    np.testing.assert_array_equal(m.get_weights()[0], before[0])
    assert float(K.get_value(optimizer.dynamic_scale)) == 4.0
    m.train_on_batch(X, Y)
    m.train_on_batch(X, Y)
    assert float(K.get_value(optimizer.dynamic_scale)) == 8.0
    plain = model(SGD(0.1, momentum=0.9))
    plain.train_on_batch(X, Y)
    plain.train_on_batch(X, Y)
    np.testing.assert_allclose(m.get_weights()[0], plain.get_weights()[0], rtol=1e-5, atol=1e-6)


def test_options_and_schedules_are_saved(tmp_path):
    rate = schedules.CosineDecay(0.1, 10, warmup_target=0.2, warmup_steps=2)
    m = model(AdamW(rate, weight_decay=0.1, clipnorm_by_weight=1.0, use_ema=True, gradient_accumulation_steps=2))
    m.train_on_batch(X, Y)
    m.save(tmp_path / "model.h5")
    again = load_model(tmp_path / "model.h5")
    assert again.optimizer.get_config() == m.optimizer.get_config()
    for _ in range(2):
        assert again.train_on_batch(X, Y) == pytest.approx(m.train_on_batch(X, Y))
    np.testing.assert_allclose(again.get_weights()[0], m.get_weights()[0], rtol=1e-6)


def test_a_config_without_new_options_is_that_of_keras_1():
    assert set(Adam(0.1, clipnorm=1.0).get_config()) == {"lr", "beta_1", "beta_2", "decay", "epsilon", "clipnorm"}
    assert SGD(global_clipnorm=2.0).get_config()["clipnorm"] == 2.0


@pytest.mark.parametrize(
    ("words", "make"),
    [
        ("'weight_decy'.*weight_decay", lambda: SGD(weight_decy=0.1)),
        ("ema_momentum must lie between 0 and 1", lambda: Adam(use_ema=True, ema_momentum=2)),
        ("gradient_accumulation_steps must be a whole number above 1", lambda: Adam(gradient_accumulation_steps=1)),
        ("clipnorm and global_clipnorm mean the same", lambda: SGD(clipnorm=1.0, global_clipnorm=1.0)),
        ("decay_steps must be a positive number", lambda: schedules.ExponentialDecay(0.1, 0, 0.5)),
        ("one value more than it has boundaries", lambda: schedules.PiecewiseConstantDecay([1], [0.1])),
        ("Unknown learning-rate schedule: 'Cosine'", lambda: SGD({"class_name": "Cosine", "config": {}})),
        ("AdamW needs a weight_decay", lambda: AdamW(weight_decay=None)),
        ("Optimizer not found: 'lionn'.*lion", lambda: optimizers.get("lionn")),
    ],
)
def test_errors_name_what_is_wrong(words, make):
    with pytest.raises((ValueError, TypeError), match=f"(?s){words}"):
        make()


def test_a_callback_cannot_set_what_a_schedule_decides():
    m = model(SGD(schedules.ExponentialDecay(0.1, 5, 0.5)))
    with pytest.raises(ValueError, match="from a schedule, ExponentialDecay"):
        m.fit(X, Y, nb_epoch=1, verbose=0, callbacks=[callbacks.LearningRateScheduler(lambda epoch: 0.1)])
