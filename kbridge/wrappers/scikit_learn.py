"""Sequential models as scikit-learn estimators, for its cross-validation, grid search, pipelines and metrics.

scikit-learn itself is imported only where it asks for its own tags.
"""

from __future__ import annotations

import copy
import inspect
import types
from typing import Any

import numpy as np

from ..errors import nearest
from ..models import Sequential
from ..utils.np_utils import to_categorical

# the names of Keras 1's module
__all__ = [
    "BaseWrapper",
    "KerasClassifier",
    "KerasRegressor",
    "Sequential",
    "copy",
    "inspect",
    "np",
    "to_categorical",
    "types",
]


class BaseWrapper:
    """The base of the estimators: its model is the one that a function makes and compiles.

    Args:
        build_fn: a function that returns a compiled model, an object with a ``__call__`` that does, or None in a subclass that has one.
        sk_params: arguments of ``build_fn`` and of the model's ``fit``, ``predict``, ``predict_classes`` and ``evaluate``. Arguments of those methods
            that are given to ``fit``, ``predict`` and ``score`` here come first.

    Raises:
        ValueError: an argument that neither of them takes.
    """

    #: what older versions of scikit-learn look at
    _estimator_type: str

    def __init__(self, build_fn=None, **sk_params):
        self.build_fn = build_fn
        self.sk_params = sk_params
        self.check_params(sk_params)

    def check_params(self, params) -> None:
        """Raise a ValueError for a name in ``params`` that is no argument of ``build_fn`` or of the model's methods."""
        if self.build_fn is None and not callable(self):
            raise ValueError(f"{type(self).__name__} needs a build_fn: a function that returns a compiled model.")
        builder = _arguments(self._builder())
        methods = (Sequential.fit, Sequential.predict, Sequential.predict_classes, Sequential.evaluate)
        legal = {name for function in methods for name in _arguments(function)} | set(builder) | {"build_fn"}
        legal -= {"self", "x", "y"} - set(builder)
        for name in params:
            if name not in legal:
                raise ValueError(
                    f"{name!r} is not a legal parameter: neither build_fn ({', '.join(builder) or 'no arguments'}) nor the "
                    f"model's fit, predict, predict_classes or evaluate takes it.{nearest(name, legal)}"
                )

    def get_params(self, deep=True, **params) -> dict:
        """Return all parameters, ``build_fn`` among them; ``deep`` is accepted for scikit-learn."""
        return {**self.sk_params, "build_fn": self.build_fn}

    def set_params(self, **params) -> BaseWrapper:
        """Change parameters.

        Raises:
            ValueError: a name that isn't legal; nothing is changed then.
        """
        before = self.build_fn
        try:
            self.build_fn = params.pop("build_fn", before)
            self.check_params(params)
        except ValueError:
            self.build_fn = before
            raise
        self.sk_params = {**self.sk_params, **params}
        return self

    def fit(self, x, y, **kwargs):
        """Build a new model and train it. Return its History.

        Args:
            x: the inputs, an array (samples, ...).
            y: the targets or labels, an array.
            kwargs: arguments of ``Sequential.fit``.
        """
        self.model = self._build()
        return self.model.fit(*self._training_data(x, y), **self.filter_sk_params(Sequential.fit, kwargs))

    def filter_sk_params(self, fn, override=None) -> dict:
        """Return those of the parameters that the function ``fn`` takes, with those of the dict ``override`` in their place."""
        taken = set(_arguments(fn))
        return {name: value for name, value in self.sk_params.items() if name in taken} | (override or {})

    def _builder(self):
        return type(self).__call__ if self.build_fn is None else self.build_fn

    def _build(self):
        if self.build_fn is None:
            build: Any = self  # a subclass is called where no function is given
            return build(**self.filter_sk_params(build.__call__))
        return self.build_fn(**self.filter_sk_params(self.build_fn))

    def _training_data(self, x, y):
        return _inputs(x), np.asarray(y)

    def _fitted_model(self):
        if getattr(self, "model", None) is None:
            raise _not_fitted(f"This {type(self).__name__} is not fitted yet: call fit(x, y) first.")
        return self.model

    # ------------------------------------------------------------------ scikit-learn's own questions

    def __sklearn_is_fitted__(self) -> bool:
        return getattr(self, "model", None) is not None

    def __sklearn_tags__(self):
        from sklearn.utils import ClassifierTags, RegressorTags, Tags, TargetTags

        classifier = self._estimator_type == "classifier"
        return Tags(
            estimator_type=self._estimator_type,
            target_tags=TargetTags(required=True, multi_output=True),
            classifier_tags=ClassifierTags() if classifier else None,
            regressor_tags=None if classifier else RegressorTags(),
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in sorted(self.get_params().items()))})"


class KerasClassifier(BaseWrapper):
    """A classifier for scikit-learn: the model has one sigmoid output (two classes) or a softmax output for each class.

    Labels are the numbers of the outputs, rows with a 1, or any other labels (texts, -1 and 1 ...), which the
    outputs then stand for in sorted order: ``classes_``. The other arguments are those of ``BaseWrapper``.

    Example:
        >>> import numpy as np
        >>> from kbridge.layers import Dense
        >>> from kbridge.models import Sequential
        >>> from kbridge.wrappers.scikit_learn import KerasClassifier
        >>> def build(units=4):
        ...     model = Sequential([Dense(units, activation="relu", input_dim=2), Dense(1, activation="sigmoid")])
        ...     model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        ...     return model
        >>> classifier = KerasClassifier(build, units=3, nb_epoch=1, verbose=0)
        >>> history = classifier.fit(np.ones((4, 2)), np.array(["no", "yes", "no", "yes"]))
        >>> classifier.classes_.tolist()
        ['no', 'yes']
    """

    _estimator_type = "classifier"

    def _training_data(self, x, y):
        y = np.asarray(y)
        width = self.model.output_shape[-1]
        count = max(2, width)
        if y.ndim == 2 and y.shape[1] == 1:
            y = y[:, 0]
        self._encoded = False
        if y.ndim > 1:
            self.classes_ = np.arange(y.shape[1])
        elif _are_numbers_below(count, y):
            self.classes_ = np.arange(count)
        else:
            self.classes_ = np.unique(y)
            self._encoded = True
            if len(self.classes_) > count:
                raise ValueError(
                    f"y has {len(self.classes_)} classes, but the model's output of width {width} can distinguish only {count}."
                )
        return _inputs(x), self._targets(y)

    def _targets(self, y: np.ndarray) -> np.ndarray:
        """Return labels as the model's loss takes them."""
        if y.ndim > 1 and y.shape[1] > 1:
            return y
        y = y.ravel()
        if self._encoded:
            unknown = np.setdiff1d(y, self.classes_)
            if len(unknown):
                raise ValueError(
                    f"y has the class {unknown.tolist()[0]!r}, which wasn't among the classes in fit: {self.classes_.tolist()}."
                )
            y = np.searchsorted(self.classes_, y)
        width = self.model.output_shape[-1]
        loss = self.model.loss
        if getattr(loss, "__name__", loss) == "categorical_crossentropy":
            return to_categorical(y, width)
        return y

    def predict(self, x, **kwargs) -> np.ndarray:
        """Return the class of each sample.

        Args:
            x: the inputs, an array (samples, ...).
            kwargs: arguments of ``Sequential.predict_classes``.
        """
        model = self._fitted_model()
        if self._encoded and len(self.classes_) < model.output_shape[-1]:
            found = self.predict_proba(x, **kwargs).argmax(axis=1)  # the last outputs stand for no class
        else:
            found = model.predict_classes(_inputs(x), **_quiet(self.filter_sk_params(Sequential.predict_classes, kwargs)))
        return self.classes_[np.asarray(found).reshape(len(found))]

    def predict_proba(self, x, **kwargs) -> np.ndarray:
        """Return the probability of each class for each sample, an array (samples, classes).

        Args:
            x: the inputs, an array (samples, ...).
            kwargs: arguments of ``Sequential.predict_classes``.
        """
        model = self._fitted_model()
        probabilities = model.predict_proba(_inputs(x), **_quiet(self.filter_sk_params(Sequential.predict_classes, kwargs)))
        if probabilities.shape[1] == 1:
            probabilities = np.hstack([1 - probabilities, probabilities])
        return probabilities[:, : len(self.classes_)]

    def score(self, x, y, **kwargs) -> float:
        """Return the model's accuracy.

        Args:
            x: the inputs, an array (samples, ...).
            y: the labels, an array.
            kwargs: arguments of ``Sequential.evaluate``.

        Raises:
            ValueError: the model wasn't compiled with that metric.
        """
        model = self._fitted_model()
        arguments = self.filter_sk_params(Sequential.evaluate, kwargs)
        found = model.evaluate(_inputs(x), self._targets(np.asarray(y)), **_quiet(arguments))
        for name, value in zip(model.metrics_names, found if isinstance(found, list) else [found]):
            if name == "acc":
                return float(value)
        raise ValueError('The model doesn\'t compute its accuracy: pass metrics=["accuracy"] to model.compile() in build_fn.')


class KerasRegressor(BaseWrapper):
    """A regressor for scikit-learn; its score is the negative loss of the model: the higher, the better.

    The other arguments are those of ``BaseWrapper``.
    """

    _estimator_type = "regressor"

    def predict(self, x, **kwargs) -> np.ndarray:
        """Return the model's outputs; without their last axis if it has length 1.

        Args:
            x: the inputs, an array (samples, ...).
            kwargs: arguments of ``Sequential.predict``.
        """
        model = self._fitted_model()
        found = model.predict(_inputs(x), **_quiet(self.filter_sk_params(Sequential.predict, kwargs)))
        return found[..., 0] if found.ndim > 1 and found.shape[-1] == 1 else found

    def score(self, x, y, **kwargs) -> float:
        """Return the negative loss.

        Args:
            x: the inputs, an array (samples, ...).
            y: the targets, an array.
            kwargs: arguments of ``Sequential.evaluate``.
        """
        model = self._fitted_model()
        found = model.evaluate(_inputs(x), np.asarray(y), **_quiet(self.filter_sk_params(Sequential.evaluate, kwargs)))
        return -float(found[0] if isinstance(found, list) else found)


def _arguments(function) -> list[str]:
    """The names of what a function, method or object with a ``__call__`` takes."""
    parameters = inspect.signature(function).parameters.values()
    return [p.name for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD) and p.name != "self"]


def _inputs(x):
    """``x`` as the model takes it: one array, or a list of them as it is."""
    return x if isinstance(x, list) else np.asarray(x)


def _quiet(arguments: dict) -> dict:
    """Without a progress bar, unless one was asked for."""
    return {"verbose": 0, **arguments}


def _are_numbers_below(count: int, y: np.ndarray) -> bool:
    """Whether all of ``y`` are whole numbers from 0 to ``count`` - 1."""
    if y.dtype.kind not in "biuf" or not y.size:
        return y.dtype.kind in "biuf"
    return bool(y.min() >= 0 and y.max() < count and np.array_equal(y, np.floor(y)))


def _not_fitted(message: str) -> Exception:
    """scikit-learn's error where it is there, else the ValueError that it is derived from."""
    try:
        from sklearn.exceptions import NotFittedError
    except ImportError:
        return ValueError(message)
    return NotFittedError(message)
