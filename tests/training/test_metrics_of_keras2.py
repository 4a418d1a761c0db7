"""Metrics that are objects: their values over several batches as tf_keras and Keras 3 computed them (tests/data/keras_training)."""

from __future__ import annotations

import json
from pathlib import Path

import keras_training as cases
import numpy as np
import pytest

from kbridge import backend as K
from kbridge import metrics
from kbridge.layers import Dense
from kbridge.models import Sequential, load_model

DATA = Path(__file__).parents[1] / "data" / "keras_training"


class Anything:
    """A stand-in for a library, to ask for the cases' names alone."""

    __name__ = "keras"

    def __getattr__(self, name):
        return self

    def __call__(self, *args, **kwargs):
        return self


@pytest.mark.parametrize("library", cases.LIBRARIES)
def test_values_are_those_of_keras_over_several_batches(library):
    known = {name: kind for name, (_, kind) in cases.metrics(Anything()).items()}
    with np.load(DATA / f"{library}_metrics.npz") as stored:
        arrays = dict(stored)
    for name in sorted({key.partition("/")[0] for key in arrays}):
        y, out, weights = cases.metric_examples(known[name])
        metric = metrics.deserialize(json.loads(str(arrays[f"{name}/config"])))
        assert metrics.deserialize(metrics.serialize(metric)).get_config() == metric.get_config()
        tensors = [K.placeholder(shape=(None, *a.shape[1:])) for a in (y, out, weights)]
        both = [metric.statistics(*tensors[:2]), metric.statistics(*tensors)]
        sums = K.function(tensors, both)
        totals = [0.0, 0.0]
        for part in (slice(0, 2), slice(2, 5), slice(5, 6)):
            totals = [total + np.asarray(s, "float64") for total, s in zip(totals, sums([y[part], out[part], weights[part]]))]
        for what, total in zip(("plain", "weighted"), totals):
            if what == "weighted" and library == "keras" and "iou" in name:
                continue  # Keras 3 makes whole numbers of their weights
            expected = arrays[f"{name}/{what}"]
            np.testing.assert_allclose(metric.result_of(total), expected, rtol=2e-5, atol=2e-6, err_msg=f"{name} {what}")
    K.clear_session()


def model(**options):
    m = Sequential([Dense(1, input_dim=2, activation="sigmoid", init="one", bias=False)])
    m.compile("sgd", "binary_crossentropy", **options)
    return m


X = np.random.RandomState(2).normal(size=(10, 2))
Y = (np.random.RandomState(3).uniform(size=(10, 1)) > 0.4).astype(float)


def rank_auc(y, p):
    pairs = [(a > b) + 0.5 * (a == b) for a in p[y > 0] for b in p[y == 0]]
    return np.mean(pairs)


def test_an_auc_is_that_of_all_batches():
    m = model(metrics=["accuracy", metrics.AUC(num_thresholds=2000)])
    p = m.predict(X)
    expected = rank_auc(Y[:, 0], p[:, 0])
    of_batches = np.mean([rank_auc(Y[i : i + 5, 0], p[i : i + 5, 0]) for i in (0, 5)])
    assert abs(expected - of_batches) > 0.01
    assert m.metrics_names == ["loss", "acc", "auc"]
    for batch_size in (5, 3, 10):
        assert m.evaluate(X, Y, batch_size=batch_size, verbose=0)[2] == pytest.approx(expected, abs=1e-3)
    assert m.evaluate_generator(((X[i : i + 5], Y[i : i + 5]) for i in (0, 5)), 10)[2] == pytest.approx(expected, abs=1e-3)
    # a batch by itself has its own value
    first = m.test_on_batch(X[:5], Y[:5])
    m.test_on_batch(X[5:], Y[5:])
    assert m.test_on_batch(X[:5], Y[:5]) == first
    assert first[2] == pytest.approx(rank_auc(Y[:5, 0], p[:5, 0]), abs=1e-3)


def test_each_epoch_starts_anew(capsys):
    m = model(metrics=[metrics.AUC(num_thresholds=2000), metrics.TruePositives()])
    K.set_value(m.optimizer.lr, 0.0)
    expected = m.evaluate(X, Y, verbose=0)
    history = m.fit(X, Y, batch_size=3, nb_epoch=2, verbose=1, shuffle=False, validation_data=(X, Y)).history
    for name, value in zip(("auc", "true_positives"), expected[1:]):
        assert history[name] == pytest.approx([value, value])
        assert history[f"val_{name}"] == pytest.approx([value, value])
    assert f"auc: {expected[1]:.4f} - true_positives: {expected[2]:.4f}" in capsys.readouterr().out
    generated = m.fit_generator(((X[i : i + 5], Y[i : i + 5]) for i in (0, 5) * 2), 10, 2, verbose=0, max_q_size=1).history
    assert generated["true_positives"] == pytest.approx([expected[2]] * 2)


def test_weighted_metrics_count_samples_by_their_weights():
    m = model(metrics=["mae"], weighted_metrics=["accuracy", "mae", metrics.AUC()])
    weights = np.linspace(0.1, 2, 10)
    p = m.predict(X)[:, 0]
    values = dict(zip(m.metrics_names, m.evaluate(X, Y, batch_size=4, sample_weight=weights, verbose=0)))
    right, error = (p > 0.5) == Y[:, 0], np.abs(p - Y[:, 0])
    assert values["mean_absolute_error"] == pytest.approx(error.mean(), rel=1e-5)
    assert values["mae"] == pytest.approx((error * weights).sum() / weights.sum(), rel=1e-5)
    assert values["accuracy"] == pytest.approx((right * weights).sum() / weights.sum(), rel=1e-5)


def test_metrics_are_saved_and_loaded(tmp_path):
    m = model(metrics=[metrics.AUC(curve="PR", name="area"), "acc"], weighted_metrics=[metrics.Recall(thresholds=0.4)])
    m.save(tmp_path / "model.h5")
    again = load_model(tmp_path / "model.h5")
    assert again.metrics_names == m.metrics_names == ["loss", "area", "acc", "recall"]
    assert again.evaluate(X, Y, verbose=0) == pytest.approx(m.evaluate(X, Y, verbose=0))


def test_a_metric_by_itself():
    metric = metrics.Precision()
    with pytest.raises(ValueError, match="has no data yet"):
        metric.result()
    metric.update_state([0, 1, 1, 1], [1, 0, 1, 1])
    assert metric.result() == pytest.approx(2 / 3)
    metric.update_state([0, 1, 1, 1], [1, 0, 1, 0])
    assert metric.result() == pytest.approx(3 / 5)
    metric.reset_state()
    assert metric([1.0], [1.0]) == 1


def test_unknown_metrics_are_named():
    with pytest.raises(ValueError, match="Unknown metric: 'AUD'.*AUC"):
        metrics.get({"class_name": "AUD", "config": {}})
    with pytest.raises(ValueError, match="curve must be 'ROC' or 'PR'"):
        metrics.AUC(curve="roc")


def test_a_bound_is_given_by_the_name_that_keras_has_for_it():
    from kbridge.metrics import PrecisionAtRecall, SensitivityAtSpecificity

    assert SensitivityAtSpecificity(specificity=0.8).get_config()["specificity"] == SensitivityAtSpecificity(0.8).specificity == 0.8
    assert PrecisionAtRecall(recall=0.5, num_thresholds=3).get_config() == PrecisionAtRecall(0.5, 3).get_config()
