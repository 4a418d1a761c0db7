"""ReversibleEmbedding: lookups, and calls in reverse."""

import numpy as np
import pytest
from layers.helper import check_layer

from kbridge.layers import GRU, Dense, Input, ReversibleEmbedding
from kbridge.models import Model, load_model, model_from_json

NUMBERS = np.array([[0, 3, 1], [2, 2, 0]], "int32")


def test_numbers_are_looked_up():
    options = {"input_dim": 5, "output_dim": 4, "mask_zero": True, "embeddings_regularizer": "l2"}
    check_layer(ReversibleEmbedding, options, (3,), dtype="int32", data=[NUMBERS], reference=lambda x, table: table[x])


@pytest.mark.parametrize("tied", [True, False])
def test_vectors_become_scores(tied, tmp_path):
    x = Input((3,), dtype="int32")
    table = ReversibleEmbedding(5, 4, tie_weights=tied, logit_soft_cap=2.0, name="table")
    model = Model(x, table(Dense(4, activation="tanh")(table(x)), reverse=True))
    rows, *other, kernel, bias = (w + 0.3 for w in model.get_weights())
    model.set_weights([rows, *other, kernel, bias])
    scores = np.tanh(rows[NUMBERS] @ kernel + bias) @ (rows.T if tied else other[0])
    predicted = model.predict(NUMBERS)
    np.testing.assert_allclose(predicted, 2 * np.tanh(scores / 2), rtol=1e-5, atol=1e-6)
    assert model.output_shape == (None, 3, 5)
    model.save(tmp_path / "model.h5")
    again = load_model(tmp_path / "model.h5", compile=False)
    np.testing.assert_array_equal(again.predict(NUMBERS), predicted)
    assert model_from_json(model.to_json()).to_json() == model.to_json()


def test_a_tied_table_learns_from_both_calls():
    x = Input((3,), dtype="int32")
    table = ReversibleEmbedding(5, 4, embeddings_initializer="ones")
    model = Model(x, table(table(x), reverse=True))
    model.compile("sgd", "mse")
    model.train_on_batch(NUMBERS, np.zeros((2, 3, 5), "float32"))
    rows = np.ones((5, 4))
    slope = 2 * (rows[NUMBERS] @ rows.T) / 30
    gradient = np.einsum("btn,btd->nd", slope, rows[NUMBERS])
    np.add.at(gradient, NUMBERS, slope @ rows)
    np.testing.assert_allclose(model.get_weights()[0], rows - 0.01 * gradient, rtol=1e-5)


def test_scores_have_no_mask():
    x = Input((3,), dtype="int32")
    table = ReversibleEmbedding(5, 4, mask_zero=True)
    vectors = table(x)
    scores = table(vectors, reverse=True)
    states = GRU(2)(scores)
    assert [t._keras_history[0].get_output_mask_at(t._keras_history[1]) is None for t in (vectors, scores, states)] == [False, True, True]


@pytest.mark.parametrize(
    ("options", "words"),
    [({"input_dim": 0}, "input_dim"), ({"output_dim": 2.5}, "output_dim"), ({"logit_soft_cap": 0}, "logit_soft_cap must be above 0")],
)
def test_what_cant_be_is_an_error(options, words):
    with pytest.raises((TypeError, ValueError), match=words):
        ReversibleEmbedding(**{"input_dim": 5, "output_dim": 4, **options})


def test_vectors_of_another_length_are_an_error():
    with pytest.raises(ValueError, match="length of output_dim, 4"):
        ReversibleEmbedding(5, 4)(Input((3, 2)), reverse=True)
