"""``kbridge compare A.h5 B.h5``: architectures and weights of two files, and what both compute."""

import json

import numpy as np
import pytest
from processes import ROOT, kbridge

from kbridge.comparison.files import compare_files
from kbridge.layers import Dense, Dropout, Input, merge
from kbridge.models import Model, Sequential
from kbridge.saving.errors import ModelFileError

CASES = ROOT / "tests" / "data" / "oracle" / "cases"


def branched(first="left", outputs=2, **options):
    np.random.seed(0)
    x = Input((4,), name="x")
    left, right = Dense(3, name="left", **options)(x), Dense(3, name="right")(x)
    inner = Sequential([Dense(3, input_dim=3, activation="tanh", name="hidden"), Dropout(0.2, name="drop")], name="inner")
    model = Model(x, Dense(outputs, name="end")(inner(merge([left, right] if first == "left" else [right, left], name="both"))))
    model.compile("sgd", "mse")
    return model


@pytest.fixture
def files(tmp_path):
    """Writes two models: their paths."""

    def write(*models):
        paths = [tmp_path / f"{name}.h5" for name, _ in zip("ab", models, strict=False)]
        for path, model in zip(paths, models, strict=True):
            model.save(str(path))
        return paths

    return write


def test_the_same_model_is_the_same(files):
    found = compare_files(*files(branched(), branched()))
    assert found.ok and not found.architecture and not found.notes
    assert {(row.layer, row.name, row.changed) for row in found.weights} >= {("left", "W", 0), ("end", "b", 0)}


def test_statistics_tell_how_far_weights_are_apart(files):
    one, two = branched(), branched()
    W, b = two.layers[1].get_weights()
    W[0, 0] += 0.5
    two.layers[1].set_weights([W, b])
    found = compare_files(*files(one, two))
    assert not found.ok and not found.architecture
    (row,) = [row for row in found.weights if not row.ok]
    assert (row.layer, row.name, row.changed) == ("left", "W", 1)
    np.testing.assert_allclose([row.difference.abs, row.mean, row.rms], [0.5, 0.5 / 12, 0.5 / 12**0.5], rtol=1e-5)
    assert compare_files(*files(one, two), atol=0.6).ok


def test_other_settings_layers_and_connections_are_named(files):
    found = compare_files(*files(branched(), branched(activation="relu"))).architecture
    assert found == ["layer left: activation is 'linear' in A, 'relu' in B"]
    found = compare_files(*files(branched(), branched("right"))).architecture
    assert found == ["layer both: reads left, right in A, right, left in B"]
    inner = branched()
    inner.layers[4].layers[-1].p = 0.4
    assert compare_files(*files(branched(), inner)).architecture == ["layer inner/drop: p is 0.2 in A, 0.4 in B"]
    small = Sequential([Dense(3, input_dim=4, name="left")])
    found = compare_files(*files(branched(), small)).architecture
    assert {"A is a Model, B a Sequential", "only in A: layer inner/hidden (Dense)"} <= set(found)


def test_other_shapes_of_weights_are_off(files):
    found = compare_files(*files(branched(outputs=2), branched(outputs=5)), atol=1e9)
    assert [(row.name, row.shapes, row.ok) for row in found.weights if row.layer == "end"] == [
        ("W", [[3, 2], [3, 5]], False),
        ("b", [[2], [5]], False),
    ]
    assert "layer end: output_dim is 2 in A, 5 in B" in found.architecture


def test_training_settings_are_notes(files):
    other = branched()
    other.compile("adam", "mae")
    found = compare_files(*files(branched(), other))
    assert found.ok
    assert {"training: optimizer is 'SGD' in A, 'Adam' in B", "training: loss is 'mse' in A, 'mae' in B"} <= set(found.notes)


def test_weights_alone_can_be_compared_with_a_model(files, tmp_path):
    model = branched()
    (path,) = files(model)
    model.save_weights(str(tmp_path / "w.h5"))
    found = compare_files(path, tmp_path / "w.h5")
    assert found.ok and found.notes == [f"no architecture in {tmp_path / 'w.h5'}, only weights"]


def test_what_is_no_model_is_refused(files, tmp_path):
    (path,) = files(branched())
    (tmp_path / "text.h5").write_text("nothing")
    with pytest.raises(ModelFileError, match=r"text\.h5.*neither JSON nor YAML"):
        compare_files(path, tmp_path / "text.h5")


def test_with_a_backend_both_compute_the_same_inputs(files):
    one, two = branched(), branched()
    weights = two.layers[4].get_weights()
    weights[0] = weights[0] + 0.1
    two.layers[4].set_weights(weights)
    (run,) = compare_files(*files(one, two), atol=1e-5, backends=["numpy"]).runs
    assert not run.ok
    assert [name for name, d in run.layers.items() if not d.ok][0] == "inner/hidden"
    (run,) = compare_files(*files(one, branched(outputs=3)), backends=["numpy"]).runs
    assert not run.ok and "shapes (4, 3) and (4, 2)" in run.problem


def test_the_command_prints_a_table_and_ends_with_a_status(files, tmp_path):
    a, b = map(str, files(branched(), branched(activation="relu")))
    same = kbridge("compare", a, a, "--json", str(tmp_path / "out.json"), home=tmp_path)
    assert same.returncode == 0 and "ok: the same" in same.stdout
    assert json.loads((tmp_path / "out.json").read_text())["ok"] is True
    other = kbridge("compare", a, b, home=tmp_path)
    assert other.returncode == 1 and "activation is 'linear' in A, 'relu' in B" in other.stdout
    unfit = kbridge("compare", a, b, "--train-steps", "2", home=tmp_path)
    assert unfit.returncode == 1 and "--train-steps can only be used with one model" in unfit.stderr
    real = kbridge("compare", str(CASES / "fit_bn.h5"), str(CASES / "gru_cpu.h5"), home=tmp_path)
    assert real.returncode == 1 and "only in A: layer batchnormalization_1" in real.stdout
