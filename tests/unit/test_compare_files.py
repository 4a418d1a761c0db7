"""``kbridge compare A.h5 B.h5``: architectures and weights of two files, and what both compute."""

import itertools
import json

import h5py
import numpy as np
import pytest
from processes import ROOT, kbridge

from kbridge import activations
from kbridge import backend as K
from kbridge.comparison.files import compare_files
from kbridge.convert import convert
from kbridge.layers import (
    GRU,
    LSTM,
    RNN,
    Attention,
    Bidirectional,
    Dense,
    Dropout,
    Embedding,
    GRUCell,
    Highway,
    Input,
    LayerNormalization,
    MultiHeadAttention,
    TimeDistributed,
    UpSampling2D,
    merge,
)
from kbridge.models import Model, Sequential, load_model
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


# ---------------------------------------------------------------------- other formats

#: formats that ``convert`` writes and that can be compared: file name -> format
FORMATS = {"one.h5": "keras1", "two.h5": "keras2", "three.keras": "keras3", "three.h5": "keras3", "text.json": "json"}


def of_sequences():
    words, states = Input((4,), name="words"), Input((3,), name="state")
    x = Embedding(6, 3, input_length=4, mask_zero=True, name="embedding")(words)
    y = Bidirectional(LSTM(2, consume_less="gpu", name="both"), name="wrapped")(x)
    plain = Embedding(6, 3, name="plain")(words)
    z = LSTM(3, consume_less="mem", name="lstm")([plain, states, states])
    scores = MultiHeadAttention(2, 2, return_attention_scores=True, name="heads")([plain, plain, plain])
    attended = Attention(name="attended")([plain, plain])
    steps = TimeDistributed(Dense(2, name="step"), name="steps")(RNN(GRUCell(2, name="cell"), return_sequences=True, name="rnn")(plain))
    joined = merge([plain, attended], mode="dot", dot_axes=-1, name="dot")
    normal = LayerNormalization(name="normal")(plain)
    inner = Sequential([GRU(2, reset_after=True, consume_less="gpu", input_shape=(4, 3), name="gru"), Dense(2, name="dense")], name="inner")
    inner.trainable = False
    ends = [GRU(2, name="end")(x), y, z, *scores, steps, joined, normal, inner(plain)]
    return Model([words, states], ends)


@pytest.fixture(scope="module")
def in_all_formats(tmp_path_factory):
    folder = tmp_path_factory.mktemp("formats")
    np.random.seed(3)
    of_sequences().save(str(folder / "model.h5"))
    for name, to in FORMATS.items():
        convert(folder / "model.h5", folder / name, to)
    return folder


@pytest.mark.parametrize("one, two", list(itertools.combinations(["model.h5", *FORMATS], 2)))
def test_one_model_is_the_same_in_all_formats(one, two, in_all_formats):
    found = compare_files(in_all_formats / one, in_all_formats / two)
    assert found.ok, str(found)
    assert {row.layer for row in found.weights} >= {"wrapped", "heads", "lstm"}


@pytest.mark.parametrize("name", FORMATS)
def test_real_differences_are_found_in_all_formats(name, in_all_formats, tmp_path):
    changed = load_model(in_all_formats / "model.h5", compile=False)
    dense = changed.get_layer("steps").layer
    dense.set_weights([dense.get_weights()[0] + 0.5, dense.get_weights()[1]])
    changed.get_layer("end").activation = activations.relu
    changed.get_layer("normal").epsilon = 0.25
    changed.get_layer("inner").trainable = True
    changed.save(str(tmp_path / "changed.h5"))
    convert(tmp_path / "changed.h5", tmp_path / name, FORMATS[name])
    found = compare_files(in_all_formats / "model.h5", tmp_path / name)
    assert {(row.layer, row.changed) for row in found.weights if not row.ok} == {("steps", 4)}
    assert set(found.architecture) == {
        "layer end: activation is 'tanh' in A, 'relu' in B",
        "layer normal: epsilon is 0.001 in A, 0.25 in B",
        "layer inner/gru: trainable is False in A, True in B",
        "layer inner/dense: trainable is False in A, True in B",
    }


@pytest.mark.parametrize("name", ["lstm", "nested_models", "masks_of_taggers"])
def test_files_of_later_keras_are_the_same_once_converted(name, tmp_path):
    source = ROOT / "tests" / "data" / "keras2" / f"{'recurrent' if name == 'lstm' else name}.h5"
    convert(source, tmp_path / "one.h5", "keras1")
    convert(source, tmp_path / "three.keras", "keras3")
    for other in ("one.h5", "three.keras"):
        assert compare_files(source, tmp_path / other).ok


def test_a_layer_that_became_several_is_named_and_the_predictions_compared(tmp_path):
    Sequential([Highway(input_shape=(4,), name="high")]).save(str(tmp_path / "one.h5"))
    convert(tmp_path / "one.h5", tmp_path / "two.h5", "keras2")
    found = compare_files(tmp_path / "one.h5", tmp_path / "two.h5")
    assert not found.ok and any("high" in text for text in found.architecture)
    assert any("both predict the same from random inputs" in note for note in found.notes)


def test_values_of_float64_are_not_rounded(tmp_path):
    model = Sequential([LSTM(2, input_shape=(2, 3), name="lstm")])
    model.save(str(tmp_path / "one.h5"))
    convert(tmp_path / "one.h5", tmp_path / "two.h5", "keras2")
    with h5py.File(tmp_path / "two.h5", "r+") as h5:
        group = h5["model_weights/lstm/lstm/lstmcell"]
        kernel = group["kernel:0"][()].astype("float64")
        kernel[0, 0] += 1e-12
        del group["kernel:0"]
        group["kernel:0"] = kernel
    assert [row.changed for row in compare_files(tmp_path / "one.h5", tmp_path / "two.h5").weights if not row.ok] == [1]
    assert K.floatx() == "float32"


def test_an_architecture_alone_is_compared_without_weights(files, tmp_path):
    model = branched()
    (path,) = files(model)
    (tmp_path / "m.json").write_text(model.to_json())
    found = compare_files(path, tmp_path / "m.json")
    assert found.ok and not found.weights and any("no weights in" in note for note in found.notes)


def test_an_option_that_is_off_in_one_file_alone_is_a_difference():
    from kbridge.comparison.architecture import settings_apart

    assert settings_apart({"use_bias": False}, {}) == ["use_bias is False in A, not set in B"]
    assert settings_apart({"unroll": False, "seed": None}, {"zero_output_for_mask": False}) == []
    assert settings_apart({"dtype": {"shared_object_id": 1, "name": "a"}}, {"dtype": {"name": "a"}}) == []
    model = Sequential([UpSampling2D(interpolation="bilinear", input_shape=(3, 3, 1), dim_ordering="tf")])
    other = Sequential([UpSampling2D(interpolation="bilinear", half_pixel_centers=False, input_shape=(3, 3, 1), dim_ordering="tf")])
    one, two = ({key: value for key, value in m.layers[0].get_config().items() if key != "name"} for m in (model, other))
    assert settings_apart(one, two) == ["half_pixel_centers is not set in A, False in B"]


def test_a_file_of_keras_2_that_kbridge_wrote_enlarges_pictures_as_the_model_did(tmp_path):
    model = Sequential([UpSampling2D(interpolation="bilinear", input_shape=(3, 3, 1), dim_ordering="tf")])
    model.save(str(tmp_path / "one.h5"))
    convert(tmp_path / "one.h5", tmp_path / "two.h5", "keras2")
    x = np.random.RandomState(0).randn(1, 3, 3, 1)
    np.testing.assert_allclose(load_model(tmp_path / "two.h5", compile=False).predict(x), model.predict(x), rtol=1e-5)
    assert compare_files(tmp_path / "one.h5", tmp_path / "two.h5").ok
