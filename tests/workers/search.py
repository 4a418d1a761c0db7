"""The recipes of docs/distributed.md for search and for prediction with Dask, on a real cluster of processes."""

import os
import tempfile

import joblib
import numpy as np
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV

from kbridge.layers import Dense
from kbridge.models import Sequential, load_model
from kbridge.wrappers.scikit_learn import KerasClassifier

#: models that this process has loaded, by path
loaded: dict = {}


def build(width=3, optimizer="sgd"):
    np.random.seed(1)
    model = Sequential([Dense(width, activation="tanh", input_dim=4), Dense(2, activation="softmax")])
    model.compile(optimizer, "categorical_crossentropy", metrics=["accuracy"])
    return model


class Recording(KerasClassifier):
    """Notes in which process it was trained."""

    def fit(self, x, y, **kwargs):
        open(os.path.join(os.environ["FITTED_IN"], str(os.getpid())), "w").close()
        return super().fit(x, y, **kwargs)


def predict_block(block, path):
    if path not in loaded:
        loaded[path] = load_model(path)
    return loaded[path].predict(block, batch_size=64)


def data():
    rng = np.random.RandomState(0)
    x = rng.rand(120, 4).astype("float32")
    return x, (x.sum(axis=1) > 2).astype(int)


def search(kind, n_jobs):
    settings = {"width": [2, 6]}
    found = kind(
        Recording(build, nb_epoch=3, batch_size=16, verbose=0),
        settings,
        cv=2,
        n_jobs=n_jobs,
        **({"n_iter": 2, "random_state": 0} if kind is RandomizedSearchCV else {}),
    )
    found.fit(*data())
    return found.cv_results_["mean_test_score"]


def others():
    """In how many other processes models were trained since the last call."""
    names = set(os.listdir(os.environ["FITTED_IN"]))
    for name in names:
        os.unlink(os.path.join(os.environ["FITTED_IN"], name))
    return len(names - {str(os.getpid())})


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.environ["FITTED_IN"] = folder
        alone = [search(kind, 1) for kind in (GridSearchCV, RandomizedSearchCV)]
        assert others() == 0
        with joblib.parallel_backend("loky"):
            np.testing.assert_array_equal(search(GridSearchCV, 2), alone[0])
        print("loky", others())
        from dask import array
        from distributed import Client, LocalCluster

        with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster, Client(cluster):
            with joblib.parallel_backend("dask"):
                np.testing.assert_array_equal(search(RandomizedSearchCV, -1), alone[1])
            print("dask", others())
            model = build()
            path = os.path.join(folder, "model.h5")
            model.save(path)
            x = array.from_array(data()[0], chunks=(50, 4))
            predicted = x.map_blocks(predict_block, path, dtype="float32", chunks=(x.chunks[0], (2,)), meta=np.empty((0, 2), "float32"))
            np.testing.assert_allclose(predicted.compute(), model.predict(data()[0]), rtol=1e-6)
        print("predicted", loaded == {})


if __name__ == "__main__":
    main()
