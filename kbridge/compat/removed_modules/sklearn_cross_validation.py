"""``sklearn.cross_validation`` as it was up to scikit-learn 0.19: splits that take the number of samples, or the classes, at once."""

from __future__ import annotations

import numpy as np
from sklearn import model_selection
from sklearn.model_selection import check_cv, cross_val_predict, cross_val_score, permutation_test_score, train_test_split

__all__ = [
    "KFold", "LeaveOneOut", "LeavePOut", "ShuffleSplit", "StratifiedKFold", "StratifiedShuffleSplit", "check_cv", "cross_val_predict",
    "cross_val_score", "permutation_test_score", "train_test_split",
]  # fmt: skip


class _Split:
    """An iterable of (train, test) indices."""

    def __init__(self, split, y):
        self._split, self._y = split, np.asarray(y)

    def __iter__(self):
        return iter(self._split.split(np.zeros((len(self._y), 1)), self._y))

    def __len__(self):
        return self._split.get_n_splits(np.zeros((len(self._y), 1)), self._y)


def _seed(shuffle, random_state):
    # today a seed without shuffling is an error; it had no effect
    return {"shuffle": shuffle, "random_state": random_state if shuffle else None}


class KFold(_Split):
    """``n`` samples in ``n_folds`` parts, each of which is the test part once."""

    def __init__(self, n, n_folds=3, shuffle=False, random_state=None):
        super().__init__(model_selection.KFold(n_folds, **_seed(shuffle, random_state)), np.zeros(n))
        self.n, self.n_folds, self.shuffle, self.random_state = n, n_folds, shuffle, random_state


class StratifiedKFold(_Split):
    """The same with the classes ``y`` spread evenly."""

    def __init__(self, y, n_folds=3, shuffle=False, random_state=None):
        super().__init__(model_selection.StratifiedKFold(n_folds, **_seed(shuffle, random_state)), y)
        self.y, self.n_folds, self.shuffle, self.random_state = self._y, n_folds, shuffle, random_state


class ShuffleSplit(_Split):
    """``n_iter`` random splits of ``n`` samples."""

    def __init__(self, n, n_iter=10, test_size=0.1, train_size=None, random_state=None):
        split = model_selection.ShuffleSplit(n_iter, test_size=test_size, train_size=train_size, random_state=random_state)
        super().__init__(split, np.zeros(n))
        self.n, self.n_iter, self.test_size, self.train_size, self.random_state = (
            n,
            n_iter,
            test_size,
            train_size,
            random_state,
        )


class StratifiedShuffleSplit(_Split):
    """The same with the classes ``y`` spread evenly."""

    def __init__(self, y, n_iter=10, test_size=0.1, train_size=None, random_state=None):
        split = model_selection.StratifiedShuffleSplit(n_iter, test_size=test_size, train_size=train_size, random_state=random_state)
        super().__init__(split, y)
        self.y, self.n_iter, self.test_size, self.train_size, self.random_state = (
            self._y,
            n_iter,
            test_size,
            train_size,
            random_state,
        )


class LeaveOneOut(_Split):
    """Each of ``n`` samples is the test part once."""

    def __init__(self, n):
        super().__init__(model_selection.LeaveOneOut(), np.zeros(n))
        self.n = n


class LeavePOut(_Split):
    """Each ``p`` of ``n`` samples are the test part once."""

    def __init__(self, n, p):
        super().__init__(model_selection.LeavePOut(p), np.zeros(n))
        self.n, self.p = n, p
