"""``sklearn.grid_search`` as it was up to scikit-learn 0.19: searches have ``grid_scores_``."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from sklearn import model_selection
from sklearn.model_selection import ParameterGrid, ParameterSampler

__all__ = ["GridSearchCV", "ParameterGrid", "ParameterSampler", "RandomizedSearchCV"]


class Score(NamedTuple):
    """The result of a search for one choice of parameters."""

    parameters: dict
    mean_validation_score: float
    cv_validation_scores: np.ndarray

    def __repr__(self) -> str:
        return f"mean: {self.mean_validation_score:.5f}, std: {np.std(self.cv_validation_scores):.5f}, params: {self.parameters!r}"


class _Scores:
    #: what scikit-learn's search has found
    cv_results_: dict
    n_splits_: int

    @property
    def grid_scores_(self):
        """A ``Score`` for each choice."""
        results = self.cv_results_
        folds = [results[f"split{i}_test_score"] for i in range(self.n_splits_)]
        return [
            Score(parameters, results["mean_test_score"][i], np.array([fold[i] for fold in folds]))
            for i, parameters in enumerate(results["params"])
        ]


class GridSearchCV(_Scores, model_selection.GridSearchCV):
    """Every choice of parameters."""


class RandomizedSearchCV(_Scores, model_selection.RandomizedSearchCV):
    """Some random choices of parameters."""
