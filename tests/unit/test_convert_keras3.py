"""Models converted to Keras 3 are loaded by the Keras 3 that TensorFlow brings, and predict what they predicted here."""

import json
import os
import random
import zipfile

import numpy as np
import oracle_models
import pytest

from kbridge import backend as K
from kbridge.convert import NotConvertible, save_keras3
from kbridge.layers import (
    LSTM,
    Activation,
    BatchNormalization,
    Bidirectional,
    Convolution1D,
    Convolution2D,
    Convolution3D,
    Deconvolution2D,
    Dense,
    Dropout,
    Embedding,
    Input,
    Masking,
    TimeDistributed,
    merge,
)
from kbridge.models import Model, Sequential, load_model

#: what Keras 3 lacks: case -> what the error says
REFUSED = {
    "merge_cos_3d": "'cos'",
    "merge_masked": "different masks", "local1d": "LocallyConnected1D", "local2d_th": "LocallyConnected2D",
    "local2d_stride_th": "LocallyConnected2D", "local2d_tf": "LocallyConnected2D", "local2d_stride_tf": "LocallyConnected2D",
    "bn_mode1": "mode 1", "bn_mode2": "mode 2", "bn_mode2_shared": "mode 2", "srelu": "SReLU", "srelu_shared": "SReLU",
    "parametric_softplus": "ParametricSoftplus", "parametric_softplus_shared": "ParametricSoftplus",
}  # fmt: skip


@pytest.fixture(scope="module")
def keras(tmp_path_factory):
    """The real Keras 3, with a home of its own, since it writes its settings on import."""
    pytest.importorskip("tensorflow", reason="Keras 3 comes with TensorFlow")
    before = dict(os.environ)
    os.environ.update(KERAS_HOME=str(tmp_path_factory.mktemp("keras")), KERAS_BACKEND="tensorflow", TF_CPP_MIN_LOG_LEVEL="3")
    try:
        import keras
    finally:
        os.environ.clear()
        os.environ.update(before)
    assert keras.__version__.startswith("3.")
    yield keras
    keras.backend.clear_session()


def check(keras, model, x, path, tolerance=1e-5, batch_size=32, kept=...):
    """Convert, load with Keras 3, and compare the predictions (those at ``kept``)."""
    notes = save_keras3(model, path)
    loaded = keras.models.load_model(path, compile=False)
    xs = x if isinstance(x, list) else [x]
    ours = model.predict(x, batch_size=batch_size)
    ours = ours if isinstance(ours, list) else [ours]
    # by batches, as states of recurrent layers go from one to the next
    for start in range(0, len(xs[0]), batch_size):
        batch = [values[start : start + batch_size] for values in xs]
        theirs = loaded(batch if len(batch) > 1 else batch[0], training=False)
        theirs = theirs if isinstance(theirs, (list, tuple)) else [theirs]
        for a, b in zip(theirs, ours, strict=True):
            expected = b[start : start + batch_size]
            assert np.asarray(a).shape == expected.shape
            np.testing.assert_allclose(np.asarray(a)[kept], expected[kept], rtol=tolerance, atol=tolerance)
    return loaded, notes


def usable(row):
    return "ok" in row["oracle_status"].values()


@pytest.mark.parametrize("name", [name for name, row in oracle_models.rows().items() if usable(row)])
def test_every_model_of_the_oracle_predicts_the_same_or_says_why_not(name, keras, tmp_path):
    case = oracle_models.Case(name)
    K.set_image_dim_ordering(case.row.get("set_image_dim_ordering", "tf"))
    try:
        file = oracle_models.model_file(case.row, tmp_path)
        model = load_model(file, custom_objects=oracle_models.custom_objects(case.row), compile=False)
        if name in REFUSED:
            with pytest.raises(NotConvertible, match=REFUSED[name]):
                save_keras3(model, tmp_path / "m.keras")
            assert not (tmp_path / "m.keras").exists()
        else:
            # both formats have the same config; each gets every second case
            suffix = "keras" if sum(name.encode()) % 2 else "h5"
            # a stateful model predicts from where it stands: it starts again for each
            check(keras, model, case.x, tmp_path / f"m.{suffix}", batch_size=case.batch_size)
    finally:
        K.set_image_dim_ordering("tf")
        K.clear_session()


def graph(seed):
    """A random graph of layers of one class and shape, some of them shared, some in nested models."""
    chance = random.Random(seed)
    inputs = [Input((3,)) for _ in range(chance.randrange(1, 4))]
    tensors, layers = list(inputs), []
    for _ in range(chance.randrange(4, 14)):
        x = chance.choice(tensors)
        if len(tensors) > 1 and chance.random() < 0.3:
            x = merge(chance.sample(tensors, 2), mode=chance.choice(["sum", "mul", "max", "ave"]))
        if chance.random() < 0.2 and layers:
            tensors.append(chance.choice(layers)(x))
            continue
        if chance.random() < 0.15:
            a = Input((3,))
            layer = Model(a, merge([Dense(3, activation="tanh")(a), Dense(3)(a)], mode="sum"))
        elif chance.random() < 0.15:
            layer = Sequential([Dense(3, input_dim=3, activation="tanh"), Dense(3)])
        else:
            layer = Dense(3, activation=chance.choice(["tanh", "relu", "sigmoid", "hard_sigmoid"]))
        layers.append(layer)
        tensors.append(layer(x))
    return Model(inputs, chance.sample(tensors, min(2, len(tensors))) if seed % 2 else tensors[-1])


def connected(seed):
    try:
        return graph(seed)
    except ValueError:  # an input that nothing reads can't be left out here
        return None


@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_layers_of_one_class_keep_their_weights_in_any_graph(suffix, keras, tmp_path):
    np.random.seed(4)
    checked = 0
    for seed in range(40):
        model = connected(seed)
        if model is None:
            continue
        x = [np.random.rand(5, 3).astype("f") for _ in model.inputs]
        check(keras, model, x if len(x) > 1 else x[0], tmp_path / f"m.{suffix}")
        checked += 1
    assert checked > 20


@pytest.mark.parametrize("suffix", ["keras", "h5"])
@pytest.mark.parametrize("frozen", [False, True])
def test_weights_of_nested_models_that_are_partly_frozen(suffix, frozen, keras, tmp_path):
    inner = Sequential([Dense(4, input_dim=4), BatchNormalization(), Dense(4), BatchNormalization()], name="inner")
    inner.layers[0].trainable = False
    inner.trainable = not frozen
    model = Sequential([Dense(4, input_dim=4), inner, BatchNormalization(), Dense(2)])
    model.set_weights([np.random.RandomState(i).rand(*w.shape) + 0.5 for i, w in enumerate(model.get_weights())])
    loaded, _ = check(keras, model, np.random.rand(5, 4).astype("f"), tmp_path / f"m.{suffix}")
    assert len(loaded.trainable_weights) == len(model.trainable_weights)


def randomized(model):
    """The model with other weights; those of one axis stay positive, as variances must be."""
    random = np.random.RandomState(1)
    model.set_weights([random.rand(*w.shape) + 0.1 if w.ndim == 1 else random.normal(size=w.shape) for w in model.get_weights()])
    return model


@pytest.mark.parametrize("ordering", ["th", "tf"])
@pytest.mark.parametrize("border", ["valid", "same", "full"])
def test_convolutions_of_all_paddings_in_both_orderings(ordering, border, keras, tmp_path):
    shape = (2, 7, 6) if ordering == "th" else (7, 6, 2)
    options = {"border_mode": border, "dim_ordering": ordering, "activation": "hard_sigmoid"}
    model = Sequential([Convolution2D(3, 3, 2, subsample=(2, 1), input_shape=shape, **options), Activation("hard_sigmoid")])
    check(keras, randomized(model), np.random.rand(2, *shape).astype("f"), tmp_path / "m.keras")
    if border != "full":
        volume = (2, 4, 4, 5) if ordering == "th" else (4, 4, 5, 2)
        model = Sequential([Convolution3D(3, 2, 2, 2, input_shape=volume, **options)])
        check(keras, randomized(model), np.random.rand(2, *volume).astype("f"), tmp_path / "m.keras")
    model = Sequential([Convolution1D(3, 2, border_mode=border, input_shape=(5, 2))])
    check(keras, randomized(model), np.random.rand(2, 5, 2).astype("f"), tmp_path / "m.keras")


@pytest.mark.parametrize("ordering", ["th", "tf"])
@pytest.mark.parametrize("border,lengths", [("valid", (9, 11)), ("valid", (10, 12)), ("same", (8, 10)), ("same", (7, 9))])
def test_transposed_convolutions_reach_the_stated_shape(ordering, border, lengths, keras, tmp_path):
    shape, out = ((2, 4, 5), (None, 3, *lengths)) if ordering == "th" else ((4, 5, 2), (None, *lengths, 3))
    layer = Deconvolution2D(3, 3, 3, out, subsample=(2, 2), border_mode=border, dim_ordering=ordering, input_shape=shape)
    check(keras, randomized(Sequential([layer])), np.random.rand(2, *shape).astype("f"), tmp_path / "m.keras")


@pytest.mark.parametrize("mode", ["sum", "mul", "concat", "ave", None])
def test_both_directions_and_layers_over_time(mode, keras, tmp_path):
    x = Input((4, 3))
    both = Bidirectional(LSTM(3, return_sequences=True, inner_activation="sigmoid"), merge_mode=mode)(Masking()(x))
    both = merge(both, mode="sum") if mode is None else both
    inner = Sequential([Dense(3, input_dim=3 * (2 if mode == "concat" else 1)), BatchNormalization(), Activation("hard_sigmoid")])
    model = randomized(Model(x, TimeDistributed(Activation("hard_sigmoid"))(TimeDistributed(inner)(both))))
    values = np.random.rand(2, 4, 3).astype("f")
    values[0, 2:] = 0
    for suffix in ("keras", "h5"):
        _, notes = check(keras, model, values, tmp_path / f"m.{suffix}", kept=values.any(axis=-1))
        assert [note.rpartition("[")[2] for note in notes] == [
            "convert: keras3-bidirectional-mask]",
            "convert: keras3-batch-normalization-steps]",
        ]


def test_what_matters_in_training_is_noted_and_all_problems_are_listed(tmp_path):
    model = Sequential([Embedding(5, 3, input_length=4, dropout=0.2), LSTM(2, activation="hard_sigmoid", name="wrong")])
    with pytest.raises(NotConvertible, match="'wrong'"):
        save_keras3(model, tmp_path / "m.keras")
    model = Sequential([Embedding(5, 3, input_length=4, dropout=0.2), Dropout(0.5), LSTM(2)])
    assert ["dropout 0.2" in note for note in save_keras3(model, tmp_path / "m.keras")] == [True]


class Doubled(Dense):
    pass


def test_layers_of_ones_own_are_refused_by_name(tmp_path):
    model = Sequential([Doubled(3, input_dim=2, name="mine"), BatchNormalization(mode=2, name="theirs")])
    with pytest.raises(NotConvertible) as caught:
        save_keras3(model, tmp_path / "m.keras")
    assert [name in str(caught.value) for name in ("'mine' (Doubled)", "'theirs'")] == [True, True]
    assert not list(tmp_path.iterdir())


def test_the_archive_has_no_paths_and_a_config_without_code(tmp_path):
    save_keras3(Sequential([Dense(3, input_dim=2)]), tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as archive:
        assert archive.namelist() == ["metadata.json", "config.json", "model.weights.h5"]
        assert json.loads(archive.read("config.json"))["class_name"] == "Sequential"
