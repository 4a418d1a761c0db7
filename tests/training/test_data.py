"""Data as users have them: lists, dicts, tables, sparse matrices, files."""

import numpy as np
import pytest

from kbridge import objectives
from kbridge.engine.training import (
    batch_shuffle,
    check_array_lengths,
    check_loss_and_target_compatibility,
    make_batches,
    slice_X,
    standardize_input_data,
    standardize_sample_weights,
)
from kbridge.layers import Dense, Flatten, Input, merge
from kbridge.models import Model, Sequential
from kbridge.training.data import Rows, part

X = np.arange(24, dtype="float32").reshape(6, 4) / 10
Y = X[:, :2] * 2


def dense(inputs=4, outputs=2, loss="mse"):
    model = Sequential([Dense(outputs, input_dim=inputs, name="out", init="one")])
    model.compile("sgd", loss)
    return model


def two_inputs():
    a, b = Input((2,), name="a"), Input((2,), name="b")
    model = Model([a, b], merge([a, b], mode="sum"))
    model.compile("sgd", "mse")
    return model


# ---------------------------------------------------------------------- lists


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ([[1, 1], [0, 100]], [2, 100]),  # two samples, as in the tutorial
        ([[1, 1]], [2]),  # one sample
        (((1, 1), (0, 100)), [2, 100]),
        ([np.array([[1, 1], [0, 100]])], [2, 100]),  # a list with the array of the only input
        ([[[1, 1], [0, 100]]], [2, 100]),  # the same as lists
        ([[np.float32(1), 1.5]], [2.5]),
    ],
)
def test_lists_are_data_of_a_model_with_one_input(data, expected):
    assert dense(2, 1).predict(data).ravel().tolist() == expected


def test_a_flat_list_is_one_feature_of_several_samples():
    assert dense(1, 1).predict([1, 2, 3]).ravel().tolist() == [1, 2, 3]


def test_deep_lists_are_understood_by_the_dimensions_of_the_input():
    model = Sequential([Flatten(input_shape=(2, 2)), Dense(1, init="one")])
    one_sample = [[[1, 2], [3, 4]]]
    assert model.predict(one_sample).tolist() == [[10]]
    assert model.predict([one_sample]).tolist() == [[10]]
    assert model.predict(one_sample * 2).tolist() == [[10], [10]]


def test_lists_go_through_fit_evaluate_and_batches():
    model = dense(2, 1)
    data = [[1, 1], [0, 100]], [[2], [100]]
    assert model.evaluate(*data, verbose=0) == 0
    assert model.fit(*data, nb_epoch=2, verbose=0).history["loss"] == [0, 0]
    assert model.fit(*data, nb_epoch=1, verbose=0, validation_data=data).history["val_loss"] == [0]
    assert model.train_on_batch(*data) == 0
    assert model.test_on_batch(*data) == 0
    assert model.predict_on_batch(data[0]).tolist() == [[2], [100]]
    generator = iter([data] * 20)
    assert model.fit_generator(generator, samples_per_epoch=4, nb_epoch=2, verbose=0).history["loss"] == [0, 0]


def test_labels_may_be_a_flat_list():
    model = dense(loss="sparse_categorical_crossentropy")
    assert np.isfinite(model.fit(X, [0, 1, 1, 0, 1, 0], nb_epoch=1, verbose=0).history["loss"]).all()


def test_several_inputs_take_a_list_or_a_dict():
    model = two_inputs()
    a, b = np.ones((3, 2)), np.full((3, 2), 2.0)
    for data in ([a, b], (a, b), [a.tolist(), b.tolist()], {"a": a, "b": b, "not used": None}):
        assert model.predict(data).tolist() == [[3, 3]] * 3


# ---------------------------------------------------------------------- other containers


class Table:
    """Like a table of pandas: indices mean columns."""

    def __init__(self, values):
        self._values = values
        self.shape = values.shape
        self.dtype = values.dtype

    def __getitem__(self, key):
        raise KeyError(key)

    def to_numpy(self):
        return self._values


def test_tables_give_their_values():
    losses = [dense().fit(x, y, nb_epoch=2, verbose=0, shuffle=False).history for x, y in ((Table(X), Table(Y)), (X, Y))]
    assert losses[0] == losses[1]


def test_objects_that_are_numbers_are_taken():
    np.testing.assert_allclose(dense().predict(X.astype(object)), dense().predict(X))


def test_integers_and_booleans_are_numbers():
    np.testing.assert_allclose(dense().predict(np.ones((2, 4), bool)), 4)
    np.testing.assert_allclose(dense().predict(np.ones((2, 4), "uint8")), 4)


@pytest.mark.parametrize("kind", ["csr", "csc", "coo"])
def test_sparse_matrices_are_read_by_batch(kind):
    sparse = pytest.importorskip("scipy.sparse")
    data = getattr(sparse, f"{kind}_matrix")(X)
    for sparse_input in (False, True):
        x = Input((4,), sparse=sparse_input)
        model = Model(x, Dense(2, init="one")(x))
        model.compile("sgd", "mse")
        np.testing.assert_allclose(model.predict(data, batch_size=4), X.sum(1, keepdims=True).repeat(2, 1), rtol=1e-6)
        history = model.fit(data, Y, batch_size=4, nb_epoch=2, verbose=0, validation_split=0.4)
        assert np.isfinite(history.history["val_loss"]).all()


class Reads:
    """Array-like data of which a record is kept of what was read, and how (as HDF5: increasing numbers only)."""

    def __init__(self, values):
        self.values = values
        self.shape = values.shape
        self.dtype = values.dtype
        self.reads = []

    def __len__(self):
        return len(self.values)

    def __getitem__(self, key):
        if isinstance(key, slice):
            rows = list(range(len(self)))[key]
        else:
            assert isinstance(key, list)
            assert all(b > a for a, b in zip(key, key[1:]))
            rows = key
        self.reads.append(rows)
        return self.values[rows]


@pytest.mark.parametrize("shuffle", [True, False, "batch"])
def test_data_that_are_no_arrays_are_read_by_batch(shuffle):
    model, like = dense(), dense()
    x, y = Reads(X), Reads(Y)
    np.random.seed(3)
    history = model.fit(x, y, batch_size=2, nb_epoch=2, verbose=0, shuffle=shuffle)
    assert max(len(rows) for rows in x.reads + y.reads) == 2
    assert sorted(sum(x.reads, [])) == sorted([*range(6)] * 2)
    if shuffle == "batch":
        assert all(rows[1] == rows[0] + 1 for rows in x.reads)
    np.random.seed(3)
    expected = like.fit(X, Y, batch_size=2, nb_epoch=2, verbose=0, shuffle=shuffle)
    np.testing.assert_allclose(history.history["loss"], expected.history["loss"], rtol=1e-6)


def test_split_data_evaluation_and_prediction_are_read_by_batch_too():
    model = dense()
    x, y = Reads(X), Reads(Y)
    model.fit(x, y, batch_size=2, nb_epoch=1, verbose=0, validation_split=0.34)
    assert max(len(rows) for rows in x.reads + y.reads) == 2
    assert sorted(sum(x.reads, [])) == [*range(6)]
    np.testing.assert_allclose(model.predict(x, batch_size=2), model.predict(X), rtol=1e-6)
    assert model.evaluate(x, y, batch_size=2, verbose=0) == pytest.approx(model.evaluate(X, Y, verbose=0))
    assert max(len(rows) for rows in x.reads + y.reads) == 2


def test_data_that_take_slices_only_say_what_to_do():
    class Slices(Reads):
        def __getitem__(self, key):
            if not isinstance(key, slice):
                raise TypeError("slices only")
            return super().__getitem__(key)

    with pytest.raises(TypeError, match="shuffle='batch'"):
        dense().fit(Slices(X), Y, nb_epoch=1, verbose=0)
    assert dense().fit(Slices(X), Y, nb_epoch=1, verbose=0, shuffle="batch").epoch == [0]


def test_rows_are_a_window_on_other_data():
    rows = part(Reads(X), 2, 5)
    assert isinstance(rows, Rows)
    assert (rows.shape, len(rows), rows.dtype) == ((3, 4), 3, X.dtype)
    np.testing.assert_array_equal(rows[1:], X[3:5])
    np.testing.assert_array_equal(rows[[0, 2]], X[[2, 4]])


# ---------------------------------------------------------------------- the functions of keras.engine.training


def test_standardized_data_are_arrays_with_two_axes_at_least():
    vector, matrix = standardize_input_data([[1, 2, 3], np.ones((3, 2))], ["a", "b"], [(None, 1), (None, 2)])
    assert vector.shape == (3, 1)
    assert matrix.shape == (3, 2)
    assert standardize_input_data(None, ["a", "b"]) == [None, None]
    assert standardize_input_data(X, []) == []


def test_make_batches_covers_all_samples():
    assert make_batches(7, 3) == [(0, 3), (3, 6), (6, 7)]
    assert make_batches(0, 3) == []


def test_batch_shuffle_keeps_batches_together_and_the_rest_last():
    np.random.seed(0)
    shuffled = batch_shuffle(np.arange(11), 3)
    assert shuffled[9:].tolist() == [9, 10]
    batches = shuffled[:9].reshape(3, 3)
    assert sorted(batches[:, 0]) == [0, 3, 6] != batches[:, 0].tolist()
    assert (np.diff(batches, axis=1) == 1).all()


def test_targets_and_shapes_that_are_not_known_are_left_to_the_loss():
    for target, shape in ((None, (None, 3)), (np.zeros((2, 1)), None)):
        check_loss_and_target_compatibility([target], [objectives.categorical_crossentropy], [shape])


def test_a_list_of_one_array_of_weights_is_that_of_the_one_output():
    weights = np.array([1.0, 2.0])
    assert standardize_sample_weights([weights], ["out"])[0] is weights
    assert standardize_sample_weights([1.0], ["out"]) == [[1.0]]


def test_slice_X_takes_ranges_and_indices():
    assert slice_X([X, None], 1, 3)[1] is None
    np.testing.assert_array_equal(slice_X([X], 1, 3)[0], X[1:3])
    np.testing.assert_array_equal(slice_X(X, [3, 0, 3]), X[[3, 0, 3]])
    np.testing.assert_array_equal(slice_X(Reads(X), [3, 0, 3]), X[[3, 0, 3]])


@pytest.mark.parametrize(
    ("words", "run"),
    [
        (r"2 arrays as model input \(a, b\), got a single array", lambda: two_inputs().predict(X)),
        (r"expects 1 arrays.*list of 2", lambda: dense().predict([X, X])),
        (r"expects 2 arrays.*a, b.*list of 3", lambda: two_inputs().predict([X, X, X])),
        (r"No data provided for 'b'.*\['a'\]", lambda: two_inputs().predict({"a": X[:, :2]})),
        (r"same number of samples, got \[2, 3\]", lambda: two_inputs().predict([X[:2, :2], X[:3, :2]])),
        (r"input 'a' needs data, got None", lambda: two_inputs().predict(None)),
        (r"'out' needs targets, got None", lambda: dense().fit(X, None)),
        (r"single number 3", lambda: dense().predict(3)),
        (r"must hold numbers, got objects such as", lambda: dense().predict(np.array([["a", 1, 2, None]], dtype=object))),
        (r"must hold numbers, got dtype complex64", lambda: dense().predict(X * 1j)),
        (r"For generators use fit_generator", lambda: dense().fit(iter([X]), Y)),
        (r"All target arrays.*\[5, 6\]", lambda: check_array_lengths([X], [Y, Y[:5]], [])),
        (r"6 input samples and 5 sample weights", lambda: check_array_lengths([X], [Y], [np.ones(5)])),
    ],
)
def test_errors_name_the_input_and_what_came(words, run):
    with pytest.raises(ValueError, match=f"(?s){words}"):
        run()
