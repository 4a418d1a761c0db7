"""Predicting items from files, and pictures of gradients, on the running backend."""

import json

import numpy as np
import pytest
from numpy.testing import assert_allclose

from kbridge import backend as K
from kbridge.layers import Activation, Convolution2D, Dense, Flatten, Input, merge
from kbridge.models import Model, Sequential
from kbridge.prediction.explain import scores
from kbridge.prediction.pictures import Fitting
from kbridge.prediction.results import JsonLines
from kbridge.prediction.run import predict
from kbridge.prediction.signature import graph_of, inputs_of, outputs_of
from kbridge.prediction.sources import source


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_several_inputs_and_outputs_by_name(tmp_path):
    a, b = Input((3,), name="a"), Input((2, 2), name="b")
    both = merge([a, Flatten()(b)], mode="concat")
    model = Model([a, b], [Dense(2, name="p")(both), Dense(1, name="q")(both)])
    rng = np.random.RandomState(0)
    left, right = rng.rand(5, 3), rng.rand(5, 2, 2)
    np.save(tmp_path / "left.npy", left)
    (tmp_path / "right.json").write_text(json.dumps(right.tolist()))
    items = source([f"b={tmp_path / 'right.json'}", f"a={tmp_path / 'left.npy'}"], inputs_of(model), Fitting())
    results = JsonLines(tmp_path / "out.jsonl", False, outputs_of(model), None, False, 3)
    outcome = predict(model, items, results, size=2)
    results.close()
    expected = model.predict([left, right])
    assert (outcome.predicted, outcome.failed) == (5, [])
    for i, line in enumerate(lines(tmp_path / "out.jsonl")):
        assert_allclose(line["outputs"]["p"], expected[0][i], rtol=1e-5)
        assert_allclose(line["outputs"]["q"], expected[1][i], rtol=1e-5)


@pytest.mark.parametrize("ordering", ["tf", "th"])
@pytest.mark.parametrize("apart", [False, True])
def test_scores_are_what_goes_into_the_last_softmax(ordering, apart):
    shape = (5, 4, 3) if ordering == "tf" else (3, 5, 4)
    end = [Dense(3), Activation("softmax")] if apart else [Dense(3, activation="softmax")]
    layers = [Convolution2D(2, 3, 3, input_shape=shape, dim_ordering=ordering), Flatten(), *end]
    model = Sequential(layers)
    x = np.random.RandomState(1).rand(2, *shape)
    found = K.function([graph_of(model).inputs[0]], [scores(graph_of(model))])([x])[0]
    shifted = np.exp(found - found.max(axis=1, keepdims=True))
    assert_allclose(shifted / shifted.sum(axis=1, keepdims=True), model.predict(x), rtol=1e-4)
    assert np.ptp(found.sum(axis=1)) > 1e-3, "probabilities, which sum to 1"
    # the model itself is as it was
    assert_allclose(model.predict(x).sum(axis=1), 1, rtol=1e-5)


def test_the_picture_of_gradients_shows_where_the_answer_comes_from(tmp_path):
    image = pytest.importorskip("PIL.Image", reason="pillow is not installed (extra 'images')")
    from kbridge.prediction.explain import Saliency

    model = Sequential([Flatten(input_shape=(8, 8, 1)), Dense(2, activation="softmax")])
    kernel = np.zeros((8, 8, 2))
    kernel[2:4, 5:7, 1] = 1
    model.set_weights([kernel.reshape(64, 2), np.zeros(2)])
    image.fromarray((np.random.RandomState(2).rand(8, 8) * 255).astype("uint8")).save(tmp_path / "x.png")
    items = source([str(tmp_path / "x.png")], inputs_of(model), Fitting())
    results = JsonLines(tmp_path / "out.jsonl", False, outputs_of(model), None, True, 1)
    predict(model, items, results, explain=Saliency(model, tmp_path / "maps"))
    results.close()
    shown = np.asarray(image.open(tmp_path / "maps" / "x.png"))[::32, ::32, 0]
    heat = shown[:, -8:] > 128
    assert heat[2:4, 5:7].all() and heat.sum() == 4
