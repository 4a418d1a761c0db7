"""Labels and indices out of range are errors with the value and the range; what doesn't count may be anything."""

import numpy as np
import pytest

from kbridge import backend as K
from kbridge.layers import Dense, Embedding, Flatten, Input, Masking, TimeDistributed
from kbridge.models import Model, Sequential

RNG = np.random.RandomState(0)
X = RNG.rand(4, 3).astype("float32")
STEPS = RNG.rand(2, 3, 3).astype("float32") + 0.5


def classifier(loss="sparse_categorical_crossentropy", **arguments):
    model = Sequential([Dense(3, activation="softmax", input_dim=3)])
    model.compile("sgd", loss, **arguments)
    return model


def of_steps(masked=False, **arguments):
    layers = [Masking(input_shape=(3, 3))] if masked else []
    model = Sequential([*layers, TimeDistributed(Dense(3, activation="softmax"), input_shape=(3, 3))])
    model.compile("sgd", "sparse_categorical_crossentropy", **arguments)
    return model


def own(y_true, y_pred):
    return K.sparse_categorical_crossentropy(y_pred, y_true)


@pytest.mark.parametrize("loss", ("sparse_categorical_crossentropy", own))
@pytest.mark.parametrize("wrong", (-1, 3, 100))
def test_a_label_out_of_range_is_an_error_and_nothing_is_trained(loss, wrong):
    model = classifier(loss)
    before = model.get_weights()
    y = np.array([[0], [1], [wrong], [2]])
    for run in (model.train_on_batch, model.test_on_batch):
        with pytest.raises(ValueError, match=f"label is out of range: got {wrong}, allowed are 0 to 2.*index-range"):
            run(X, y)
    with pytest.raises(ValueError, match=f"got {wrong},"):
        model.fit(X, y, nb_epoch=1, verbose=0)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_samples_without_weight_may_have_any_label():
    model, y = classifier(metrics=["accuracy", "sparse_categorical_crossentropy"]), np.array([[0], [-1], [2], [7]])
    weights = np.array([1.0, 0.0, 2.0, 0.0])
    p = model.predict(X)
    expected = -(np.log(p[0, 0]) + 2 * np.log(p[2, 2])) / 2
    assert model.test_on_batch(X, y, sample_weight=weights)[0] == pytest.approx(expected, rel=1e-4)
    assert model.train_on_batch(X, y, sample_weight=weights)[0] == pytest.approx(expected, rel=1e-4)
    with pytest.raises(ValueError, match="got 7,"):
        model.train_on_batch(X, y, sample_weight=np.array([1.0, 0.0, 2.0, 0.5]))


def test_steps_without_weight_may_have_any_label():
    model = of_steps(sample_weight_mode="temporal")
    y = np.array([[0, -1, 2], [5, 1, -7]])[..., None]
    weights = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
    p = model.predict(STEPS)
    expected = -np.mean(np.log([p[0, 0, 0], p[0, 2, 2], p[1, 1, 1]]))
    assert model.train_on_batch(STEPS, y, sample_weight=weights) == pytest.approx(expected, rel=1e-4)
    with pytest.raises(ValueError, match="got -7,"):
        model.train_on_batch(STEPS, y, sample_weight=np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 0.1]]))


def test_masked_steps_may_have_any_label():
    model = of_steps(masked=True)
    x = STEPS.copy()
    x[0, 2] = x[1, 1:] = 0
    y = np.array([[0, 1, 99], [2, -1, -1]])[..., None]
    p = model.predict(x)
    expected = -np.mean(np.log([p[0, 0, 0], p[0, 1, 1], p[1, 0, 2]]))
    assert model.train_on_batch(x, y) == pytest.approx(expected, rel=1e-4)
    with pytest.raises(ValueError, match="got 99,"):
        model.train_on_batch(STEPS, y)


def test_a_loss_that_flattens_the_labels_still_works():
    def flat(y_true, y_pred):
        return K.mean(K.sparse_categorical_crossentropy(K.reshape(y_pred, (-1, 3)), K.flatten(y_true)))

    model = Sequential([TimeDistributed(Dense(3, activation="softmax"), input_shape=(3, 3))])
    model.compile("sgd", flat)
    y = np.array([[0, 1, 2], [2, 1, 0]])[..., None]
    expected = -np.mean(np.log(np.take_along_axis(model.predict(STEPS), y, axis=2)))
    assert model.train_on_batch(STEPS, y) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("wrong", (-1, 5))
@pytest.mark.parametrize("dropout", (0.0, 0.3))
@pytest.mark.parametrize("dtype", ("int32", "int64", "float32"))
def test_an_embeddings_index_out_of_range(wrong, dropout, dtype):
    a = Input((2,), dtype=dtype)
    model = Model(a, Dense(1)(Flatten()(Embedding(5, 2, input_length=2, dropout=dropout)(a))))
    model.compile("sgd", "mse")
    good, bad = np.array([[0, 4], [1, 2]]), np.array([[0, 1], [wrong, 2]])
    model.train_on_batch(good, np.zeros((2, 1)))
    before = model.get_weights()
    for run in (lambda: model.predict(bad), lambda: model.train_on_batch(bad, np.zeros((2, 1)))):
        with pytest.raises(ValueError, match=f"index is out of range: got {wrong}, allowed are 0 to 4.*index-range"):
            run()
    for x, y in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(x, y)


def test_gather_and_labels_in_plain_functions():
    table, at = K.variable(np.arange(6.0).reshape(3, 2)), K.placeholder((None,), dtype="int32")
    f = K.function([at], [K.gather(table, at)])
    assert f([[2, 0]])[0].tolist() == [[4.0, 5.0], [0.0, 1.0]]
    assert f([np.zeros((0,))])[0].shape == (0, 2)
    for wrong in (-1, 3):
        with pytest.raises(ValueError, match=f"K.gather.*got {wrong}, allowed are 0 to 2"):
            f([[0, wrong]])
    p, y = K.placeholder((None, 3)), K.placeholder((None, 1), dtype="int32")
    loss = K.function([p, y], [K.sparse_categorical_crossentropy(p, y)])
    np.testing.assert_allclose(loss([[[0.5, 0.25, 0.25]], [[1]]])[0], [-np.log(0.25)], rtol=1e-5)
    with pytest.raises(ValueError, match="label is out of range: got 3, allowed are 0 to 2"):
        loss([[[0.5, 0.25, 0.25]], [[3]]])


def test_one_hot_codes_and_top_k_out_of_range():
    at = K.placeholder((None,), dtype="int32")
    assert K.function([at], [K.one_hot(at, 2)])([[-1, 0, 2]])[0].tolist() == [[0.0, 0.0], [1.0, 0.0], [0.0, 0.0]]
    p = K.variable([[-1.0, -2.0], [3.0, 2.0], [1.0, 2.0]])
    assert K.function([at], [K.in_top_k(p, at, 2)])([[-1, 1, 2]])[0].tolist() == [False, True, False]
