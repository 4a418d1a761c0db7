"""Modules of old SciPy and scikit-learn that programs import under ``kbridge run``."""

import importlib.util
import sys

import numpy as np
import pytest
from processes import kbridge

from kbridge.compat import removed_modules


def module(name):
    """One of the modules, under a name of its own."""
    pytest.importorskip(name.partition(".")[0])
    spec = importlib.util.spec_from_file_location("former_" + name.replace(".", "_"), removed_modules.MODULES[name])
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@pytest.fixture
def misc():
    pytest.importorskip("PIL")
    return module("scipy.misc")


def test_images_keep_their_bytes_in_a_file(misc, tmp_path):
    image = np.arange(60, dtype="uint8").reshape(4, 5, 3)
    file = str(tmp_path / "a.png")
    misc.imsave(file, image)
    np.testing.assert_array_equal(misc.imread(file), image)
    grey = misc.imread(file, flatten=True)
    assert grey.shape == (4, 5) and grey.dtype == np.float32
    assert misc.imread(file, mode="L").dtype == np.uint8


def test_floats_are_scaled_by_their_own_range(misc, tmp_path):
    file = str(tmp_path / "a.png")
    misc.imsave(file, np.array([[-1.0, 0.0], [1.0, 3.0]]))
    assert misc.imread(file).tolist() == [[0, 64], [128, 255]]
    assert misc.bytescale(np.array([0, 100]), cmin=0, cmax=400).tolist() == [0, 64]
    assert misc.bytescale(np.array([5.0, 5.0])).tolist() == [0, 0]


def test_channels_are_found_where_they_are(misc):
    first = np.arange(3 * 4 * 5, dtype="uint8").reshape(3, 4, 5)
    np.testing.assert_array_equal(misc.fromimage(misc.toimage(first)), first.transpose(1, 2, 0))
    assert misc.toimage(np.zeros((4, 5, 4))).mode == "RGBA"
    with pytest.raises(ValueError, match=r"3 or 4 channels; got shape \(5, 6, 2\)"):
        misc.toimage(np.zeros((5, 6, 2)))


@pytest.mark.parametrize(("size", "shape"), [((2, 6), (2, 6, 3)), (50, (2, 3, 3)), (2.0, (8, 12, 3))])
def test_sizes_are_rows_and_columns_per_cent_or_factors(misc, size, shape):
    assert misc.imresize(np.zeros((4, 6, 3)), size).shape == shape
    with pytest.raises(ValueError, match="interp must be one of nearest"):
        misc.imresize(np.zeros((4, 6, 3)), size, interp="best")


def test_a_quarter_turn(misc):
    image = np.zeros((5, 5), "uint8")
    image[0, 2] = 255
    assert misc.imrotate(image, 90, "nearest")[2, 0] == 255


def test_splits_take_the_samples_at_once():
    cv = module("sklearn.cross_validation")
    folds = cv.KFold(6, n_folds=3, random_state=1)
    assert len(folds) == 3 and [test.tolist() for _, test in folds] == [[0, 1], [2, 3], [4, 5]]
    labels = [0, 0, 0, 1, 1, 1]
    assert all(sorted(np.array(labels)[test]) == [0, 1] for _, test in cv.StratifiedKFold(labels, 3, shuffle=True))
    assert len(list(cv.LeaveOneOut(4))) == len(cv.LeaveOneOut(4)) == 4
    assert len(list(cv.ShuffleSplit(10, n_iter=4, test_size=0.2))) == 4
    assert [len(test) for _, test in cv.StratifiedShuffleSplit(labels, 2, test_size=2)] == [2, 2]
    assert len(cv.LeavePOut(4, 2)) == 6


PROGRAM = """
import subprocess, sys, warnings
warnings.simplefilter("error")
import numpy as np
from scipy.misc import imread, imresize, imsave, logsumexp
from sklearn.cross_validation import StratifiedKFold, cross_val_score, train_test_split
from sklearn.externals import joblib
from sklearn.grid_search import GridSearchCV
from sklearn.learning_curve import learning_curve
from keras.layers import Dense
from keras.models import Sequential
from keras.wrappers.scikit_learn import KerasClassifier
x = np.random.RandomState(0).rand(30, 2)
y = (x[:, 0] > 0.5).astype(int)
def build(units=2):
    model = Sequential([Dense(units, input_dim=2, activation="relu"), Dense(1, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model
estimator = KerasClassifier(build, nb_epoch=1, verbose=0)
print(len(cross_val_score(estimator, x, y, cv=StratifiedKFold(y, 3))), float(logsumexp([0.0, 0.0])) > 0.69)
search = GridSearchCV(estimator, {"units": [2, 3]}, cv=StratifiedKFold(y, 2)).fit(x, y)
print([score.parameters for score in search.grid_scores_], search.grid_scores_[0].cv_validation_scores.shape)
joblib.dump([1], "kept.pkl")
print(joblib.load("kept.pkl"))
if len(sys.argv) == 1:
    sys.exit(subprocess.call([sys.executable, "-c", "from scipy.misc import imread; import sklearn.cross_validation; print('worker')"]))
"""


def test_a_program_and_its_workers_import_them(tmp_path):
    pytest.importorskip("sklearn")
    pytest.importorskip("scipy")
    file = tmp_path / "program.py"
    file.write_text(PROGRAM)
    done = kbridge("run", "--backend", "numpy", str(file), home=tmp_path, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["3 True", "[{'units': 2}, {'units': 3}] (2,)", "[1]", "worker"]


def test_kbridge_itself_leaves_them_alone():
    assert not any(isinstance(finder, removed_modules.Finder) for finder in sys.meta_path)
