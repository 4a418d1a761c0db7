"""Models as estimators of scikit-learn."""
# ruff: noqa: E402

import pickle

import numpy as np
import pytest
from processes import output

from kbridge.layers import Dense
from kbridge.models import Sequential
from kbridge.wrappers.scikit_learn import BaseWrapper, KerasClassifier, KerasRegressor

pytest.importorskip("sklearn", reason="scikit-learn is not installed (extra 'sklearn')")

from sklearn.base import clone, is_classifier, is_regressor
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, KFold, cross_val_predict, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

RNG = np.random.RandomState(0)
X = RNG.normal(size=(90, 4)).astype("float32")
Y = np.arange(90) % 3
X[np.arange(90), Y] += 3
TARGET = X @ [1.0, -2.0, 0.5, 0.0]


def classifier(hidden=8, loss="categorical_crossentropy", outputs=3, lr=0.1):
    from kbridge.optimizers import Adam

    activation = "softmax" if outputs > 1 else "sigmoid"
    model = Sequential([Dense(hidden, input_dim=4, activation="relu"), Dense(outputs, activation=activation)])
    model.compile(Adam(lr=lr), loss, metrics=["accuracy"])
    return model


def regressor(lr=0.05):
    from kbridge.optimizers import Adam

    model = Sequential([Dense(1, input_dim=4)])
    model.compile(Adam(lr=lr), "mse")
    return model


def fitted(estimator, y, **arguments):
    np.random.seed(0)
    history = estimator.fit(X, y, nb_epoch=15, batch_size=15, verbose=0, **arguments)
    assert len(history.history["loss"]) == 15
    return estimator


# ---------------------------------------------------------------------- on their own


@pytest.mark.parametrize(
    "loss, labels, classes",
    [
        ("categorical_crossentropy", Y, [0, 1, 2]),
        ("categorical_crossentropy", np.eye(3)[Y], [0, 1, 2]),
        ("sparse_categorical_crossentropy", Y.astype(float), [0, 1, 2]),
        ("categorical_crossentropy", np.array(["bad", "good", "ugly"])[Y], ["bad", "good", "ugly"]),
        ("sparse_categorical_crossentropy", Y * 10 - 5, [-5, 5, 15]),
        ("categorical_crossentropy", Y[:, None], [0, 1, 2]),
    ],
)
def test_classes_of_any_kind(loss, labels, classes):
    estimator = fitted(KerasClassifier(classifier, loss=loss), labels)
    assert estimator.classes_.tolist() == classes
    found = estimator.predict(X)
    expected = np.array(classes)[Y]
    assert found.shape == (90,) and np.mean(found == expected) > 0.9
    assert estimator.score(X, labels) == pytest.approx(np.mean(found == expected), abs=1e-6)
    probabilities = estimator.predict_proba(X)
    assert probabilities.shape == (90, 3)
    assert np.array_equal(np.array(classes)[probabilities.argmax(1)], found)


@pytest.mark.parametrize("names", [[0, 1], ["no", "yes"], [-1, 1], [1, 2], [False, True]])
def test_two_classes_by_one_output(names):
    labels = np.array(names)[(Y == 0).astype(int)]
    estimator = fitted(KerasClassifier(classifier, outputs=1, loss="binary_crossentropy"), labels)
    assert np.mean(estimator.predict(X) == labels) > 0.9
    assert estimator.predict_proba(X).shape == (90, 2)
    np.testing.assert_allclose(estimator.predict_proba(X).sum(1), 1, rtol=1e-6)
    assert estimator.score(X, labels) > 0.9


def test_numbers_that_are_classes_stay_as_they_are():
    """A fold may lack a class, and Keras 1 programs count from 1 with an output to spare."""
    estimator = fitted(KerasClassifier(classifier, outputs=4), Y + 1)
    assert estimator.classes_.tolist() == [0, 1, 2, 3] and set(estimator.predict(X)) <= {1, 2, 3}
    some = Y < 2
    estimator = KerasClassifier(classifier, nb_epoch=1, verbose=0)
    estimator.fit(X[some], Y[some])
    assert estimator.predict_proba(X).shape == (90, 3)


def test_fewer_names_than_outputs():
    estimator = fitted(KerasClassifier(classifier, outputs=5), np.array(["a", "b", "c"])[Y])
    assert estimator.predict_proba(X).shape == (90, 3) and set(estimator.predict(X)) == {"a", "b", "c"}


def test_too_many_and_unknown_classes_are_named():
    with pytest.raises(ValueError, match="3 classes, but the model's output of width 1 can distinguish only 2"):
        KerasClassifier(classifier, outputs=1, loss="binary_crossentropy").fit(X, np.array(["a", "b", "c"])[Y])
    estimator = fitted(KerasClassifier(classifier), np.array(["a", "b", "c"])[Y])
    with pytest.raises(ValueError, match="'z'"):
        estimator.score(X, ["z"] * 90)


def test_regression():
    estimator = KerasRegressor(regressor, nb_epoch=60, batch_size=10, verbose=0)
    estimator.fit(X, TARGET)
    assert estimator.predict(X).shape == (90,) and estimator.predict(X[:1]).shape == (1,)
    np.testing.assert_allclose(estimator.predict(X), TARGET, atol=0.3)
    assert estimator.score(X, TARGET) == pytest.approx(-np.mean((estimator.predict(X) - TARGET) ** 2), rel=1e-3)


def test_parameters_are_divided_among_the_functions():
    estimator = KerasClassifier(classifier, hidden=5, nb_epoch=2, batch_size=10, verbose=0)
    assert estimator.get_params() == {"build_fn": classifier, "hidden": 5, "nb_epoch": 2, "batch_size": 10, "verbose": 0}
    assert estimator.filter_sk_params(classifier) == {"hidden": 5}
    assert estimator.filter_sk_params(Sequential.fit, {"nb_epoch": 7}) == {"nb_epoch": 7, "batch_size": 10, "verbose": 0}
    assert estimator.set_params(hidden=6).get_params()["hidden"] == 6
    assert "hidden=6" in repr(estimator)


def test_parameters_that_nothing_takes_are_named():
    with pytest.raises(ValueError, match="'hiden' is not a legal parameter.*Did you mean 'hidden'"):
        KerasClassifier(classifier, hiden=5)
    estimator = KerasClassifier(classifier)
    with pytest.raises(ValueError, match="'hidden'"):
        estimator.set_params(build_fn=regressor, hidden=3)
    assert estimator.get_params() == {"build_fn": classifier}
    with pytest.raises(ValueError, match="needs a build_fn"):
        KerasClassifier()


def test_build_fn_may_be_an_object_or_the_class_itself():
    class Builder:
        def __call__(self, hidden):
            return classifier(hidden)

    class Own(KerasClassifier):
        def __call__(self, hidden):
            return classifier(hidden)

    for estimator in (KerasClassifier(Builder(), hidden=3), Own(hidden=3)):
        assert isinstance(estimator, BaseWrapper)
        estimator.fit(X, Y, nb_epoch=1, verbose=0)
        assert estimator.model.layers[0].output_dim == 3


def test_what_is_missing_is_said():
    with pytest.raises(NotFittedError, match="call fit"):
        KerasRegressor(regressor).predict(X)

    def without_metrics():
        model = classifier()
        model.compile("sgd", "categorical_crossentropy")
        return model

    estimator = KerasClassifier(without_metrics, nb_epoch=1, verbose=0)
    estimator.fit(X, Y)
    with pytest.raises(ValueError, match="metrics="):
        estimator.score(X, Y)


def test_scikit_learn_is_not_imported_for_it(tmp_path):
    code = """
import sys
sys.modules["sklearn"] = None
import numpy as np
from kbridge.layers import Dense
from kbridge.models import Sequential
from kbridge.wrappers.scikit_learn import KerasRegressor
def build():
    model = Sequential([Dense(1, input_dim=2)])
    model.compile("sgd", "mse")
    return model
estimator = KerasRegressor(build, nb_epoch=1, verbose=0)
try:
    estimator.predict(np.ones((1, 2)))
except ValueError as error:
    print(error)
estimator.fit(np.ones((4, 2)), np.ones(4))
print(estimator.score(np.ones((4, 2)), np.ones(4)) <= 0)
"""
    assert output(code, tmp_path).splitlines() == ["This KerasRegressor is not fitted yet: call fit(x, y) first.", "True"]


# ---------------------------------------------------------------------- inside scikit-learn


def test_kinds_and_copies():
    estimator = KerasClassifier(classifier, hidden=5)
    assert is_classifier(estimator) and not is_regressor(estimator)
    assert is_regressor(KerasRegressor(regressor))
    copied = clone(estimator)
    assert copied is not estimator and copied.get_params() == estimator.get_params()
    trained = fitted(estimator, Y)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(trained)).predict_proba(X), trained.predict_proba(X))


def test_cross_validation():
    estimator = KerasClassifier(classifier, nb_epoch=15, batch_size=15, verbose=0)
    np.random.seed(1)
    scores = cross_val_score(estimator, X, np.array(["a", "b", "c"])[Y], cv=3)
    assert scores.shape == (3,) and scores.min() > 0.8
    assert cross_val_score(estimator, X, Y, cv=3, scoring="roc_auc_ovr").min() > 0.9
    assert cross_val_predict(estimator, X, Y, cv=3, method="predict_proba").shape == (90, 3)
    estimator = KerasRegressor(regressor, nb_epoch=60, batch_size=10, verbose=0)
    assert cross_val_score(estimator, X, TARGET, cv=KFold(3), scoring="r2").min() > 0.9


def test_grid_search_finds_the_better_parameters():
    np.random.seed(2)
    search = GridSearchCV(
        KerasClassifier(classifier, batch_size=15, verbose=0),
        {"nb_epoch": [1, 15], "hidden": [4, 8], "lr": [1e-6, 0.1]},
        cv=2,
    )
    search.fit(X, Y)
    assert search.best_params_["lr"] == 0.1 and search.best_params_["nb_epoch"] == 15
    assert search.best_score_ > 0.8 and np.mean(search.predict(X) == Y) > 0.9
    # a regressor's score grows as its loss falls
    search = GridSearchCV(KerasRegressor(regressor, nb_epoch=20, batch_size=10, verbose=0), {"lr": [1e-6, 0.05]}, cv=2)
    assert search.fit(X, TARGET).best_params_ == {"lr": 0.05}


def test_a_pipeline():
    pipeline = make_pipeline(StandardScaler(), KerasClassifier(classifier, nb_epoch=15, batch_size=15, verbose=0))
    np.random.seed(3)
    pipeline.fit(X, Y)
    assert pipeline.score(X, Y) > 0.9
    assert set(pipeline.predict(X)) == {0, 1, 2}
