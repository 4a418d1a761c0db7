"""HDF5Matrix, save_array and load_array."""

import copy
import pickle

import h5py
import numpy as np
import pytest

from kbridge.layers import Dense
from kbridge.models import Sequential
from kbridge.saving.errors import ModelFileError
from kbridge.utils.io_utils import HDF5Matrix, load_array, save_array

DATA = np.arange(40, dtype="float32").reshape(10, 4)


@pytest.fixture
def path(tmp_path):
    with h5py.File(tmp_path / "data.h5", "w") as h5:
        h5["x"] = DATA
        h5["y"] = DATA.sum(axis=1, keepdims=True) / 100
    return str(tmp_path / "data.h5")


@pytest.mark.parametrize(
    "key",
    [0, -1, np.int64(3), slice(None), slice(1, 4), slice(None, None, 2), slice(None, None, -1), slice(5, 2), [3, 1, 1], [-1, 0],
     np.array([[0, 2], [4, 5]]), np.arange(6) > 2, [], (slice(0, 2), 1), (1, slice(0, 2)), ([2, 0], slice(1, 3))],
)  # fmt: skip
def test_indexing_is_that_of_the_selected_rows(path, key):
    matrix = HDF5Matrix(path, "x", start=2, end=8)
    expected = DATA[2:8][np.asarray(key, dtype=int) if isinstance(key, list) else key]
    np.testing.assert_array_equal(matrix[key], expected)


def test_shape_length_dtype_and_axes(path):
    matrix = HDF5Matrix(path, "x", start=2, end=8)
    assert (matrix.shape, len(matrix), matrix.ndim, matrix.dtype) == ((6, 4), 6, 2, np.float32)


def test_normalizer_is_applied_to_what_is_read(path):
    np.testing.assert_array_equal(HDF5Matrix(path, "x", normalizer=lambda x: x / 2)[1:3], DATA[1:3] / 2)


@pytest.mark.parametrize("key", [6, -7, [0, 6], [-7]])
def test_rows_outside_are_an_index_error(path, key):
    with pytest.raises(IndexError, match="there are only 6"):
        HDF5Matrix(path, "x", start=2, end=8)[key]


def test_bad_ranges_and_names_are_named(path):
    with pytest.raises(ValueError, match="it has 10 rows"):
        HDF5Matrix(path, "x", start=2, end=11)
    with pytest.raises(KeyError, match="There is no data set .*it has"):
        HDF5Matrix(path, "z")


def test_copies_and_pickles(path):
    matrix = HDF5Matrix(path, "x", start=1)
    for other in (copy.deepcopy(matrix), pickle.loads(pickle.dumps(matrix))):
        np.testing.assert_array_equal(other[:], DATA[1:])


def test_training_reads_by_batch(path):
    def trained(x, y):
        np.random.seed(3)
        model = Sequential([Dense(1, input_dim=4)])
        model.compile("sgd", "mse")
        model.fit(x, y, batch_size=3, nb_epoch=2, shuffle=False, verbose=0)
        return model.get_weights(), model.evaluate(x, y, batch_size=4, verbose=0), model.predict(x, batch_size=4)

    from_file = trained(HDF5Matrix(path, "x"), HDF5Matrix(path, "y"))
    from_memory = trained(DATA, DATA.sum(axis=1, keepdims=True) / 100)
    np.testing.assert_array_equal(from_file[0][0], from_memory[0][0])
    assert from_file[1] == from_memory[1]
    np.testing.assert_array_equal(from_file[2], from_memory[2])


def test_shuffled_batches_work(path):
    model = Sequential([Dense(1, input_dim=4)])
    model.compile("sgd", "mse")
    for shuffle in ("batch", True):
        model.fit(HDF5Matrix(path, "x"), HDF5Matrix(path, "y"), batch_size=3, nb_epoch=1, shuffle=shuffle, verbose=0)


def test_array_round_trip(tmp_path):
    for value in (DATA, np.arange(3), np.float32(2), np.zeros((0, 2)), np.array([True, False])):
        save_array(value, tmp_path / "a.h5")
        found = load_array(tmp_path / "a.h5")
        np.testing.assert_array_equal(found, value)
        assert found.dtype == np.asarray(value).dtype


def test_only_numbers_are_saved_and_only_arrays_read(tmp_path):
    with pytest.raises(TypeError, match="numbers"):
        save_array(np.array([{}], dtype=object), tmp_path / "a.h5")
    (tmp_path / "b.h5").write_bytes(b"no")
    with pytest.raises(ModelFileError):
        load_array(tmp_path / "b.h5")
