"""Models converted to ONNX run in onnxruntime and give what they give here."""

import numpy as np
import oracle_models
import pytest

from kbridge import backend as K
from kbridge.convert import NotConvertible, convert, save_onnx
from kbridge.layers import (
    GRU,
    LSTM,
    Activation,
    AveragePooling2D,
    BatchNormalization,
    Bidirectional,
    Convolution1D,
    Convolution2D,
    Deconvolution2D,
    Dense,
    Embedding,
    GlobalAveragePooling2D,
    GlobalMaxPooling1D,
    Input,
    Lambda,
    Masking,
    MaxPooling2D,
    SeparableConvolution2D,
    SimpleRNN,
    TimeDistributed,
    merge,
)
from kbridge.models import Model, Sequential, load_model
from kbridge.saving.errors import ModelFileError

onnxruntime = pytest.importorskip("onnxruntime")


def refusal(name):
    """What the error says for a model that can't be converted, None for others."""
    return "stateful" if "stateful" in name else None


def run(path, x):
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    types = {"tensor(float)": "float32", "tensor(int32)": "int32"}
    xs = x if isinstance(x, list) else [x]
    return session.run(None, {i.name: v.astype(types[i.type]) for i, v in zip(session.get_inputs(), xs, strict=True)})


def check(model, x, path):
    """Convert, run, and compare."""
    notes = save_onnx(model, path)
    ours = model.predict(x)
    for a, b in zip(run(path, x), ours if isinstance(ours, list) else [ours], strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)
    return notes


def usable(row):
    return "ok" in row["oracle_status"].values()


@pytest.mark.parametrize("name", [name for name, row in oracle_models.rows().items() if usable(row)])
def test_every_model_of_the_oracle_gives_the_same_or_says_why_not(name, tmp_path):
    case = oracle_models.Case(name)
    K.set_image_dim_ordering(case.row.get("set_image_dim_ordering", "tf"))
    try:
        file = oracle_models.model_file(case.row, tmp_path)
        model = load_model(file, custom_objects=oracle_models.custom_objects(case.row), compile=False)
        if refusal(name):
            with pytest.raises(NotConvertible, match=refusal(name)):
                save_onnx(model, tmp_path / "m.onnx")
            assert not (tmp_path / "m.onnx").exists()
        else:
            check(model, case.x, tmp_path / "m.onnx")
    finally:
        K.set_image_dim_ordering("tf")
        K.clear_session()


def randomized(model):
    """The model with other weights; those of one axis stay positive, as variances must be."""
    random = np.random.RandomState(1)
    model.set_weights([random.rand(*w.shape) + 0.1 if w.ndim == 1 else random.normal(size=w.shape) * 0.5 for w in model.get_weights()])
    return model


@pytest.mark.parametrize("ordering", ["th", "tf"])
@pytest.mark.parametrize("border", ["valid", "same", "full"])
@pytest.mark.parametrize("lengths", [(11, 9), (None, None)])
def test_padding_in_both_orderings_with_known_and_unknown_lengths(ordering, border, lengths, tmp_path):
    shape = (2, *lengths) if ordering == "th" else (*lengths, 2)
    pooled = "valid" if border == "full" else border
    model = Sequential(
        [
            Convolution2D(3, 3, 2, subsample=(2, 1), border_mode=border, dim_ordering=ordering, input_shape=shape),
            MaxPooling2D((2, 2), (1, 1), border_mode=pooled, dim_ordering=ordering),
            AveragePooling2D((2, 2), (2, 1), border_mode="same", dim_ordering=ordering),
            SeparableConvolution2D(2, 2, 1, depth_multiplier=2, border_mode=pooled, dim_ordering=ordering),
            GlobalAveragePooling2D(dim_ordering=ordering),
        ]
    )
    x = np.random.RandomState(0).rand(3, *((2, 11, 9) if ordering == "th" else (11, 9, 2)))
    check(randomized(model), x.astype("f"), tmp_path / "m.onnx")


@pytest.mark.parametrize("ordering", ["th", "tf"])
@pytest.mark.parametrize("border,lengths", [("valid", (9, 11)), ("valid", (10, 12)), ("same", (8, 10)), ("same", (7, 9))])
def test_transposed_convolutions_reach_the_stated_shape(ordering, border, lengths, tmp_path):
    shape, out = ((2, 4, 5), (None, 3, *lengths)) if ordering == "th" else ((4, 5, 2), (None, *lengths, 3))
    layer = Deconvolution2D(3, 3, 3, out, subsample=(2, 2), border_mode=border, dim_ordering=ordering, input_shape=shape)
    check(randomized(Sequential([layer])), np.random.rand(2, *shape).astype("f"), tmp_path / "m.onnx")


ACTIVATIONS = ["linear", "relu", "tanh", "sigmoid", "hard_sigmoid", "softplus", "softsign", "elu"]


@pytest.mark.parametrize("inner", ACTIVATIONS)
@pytest.mark.parametrize("outer", ACTIVATIONS)
def test_activations_inside_of_recurrent_layers(inner, outer, tmp_path):
    x = Input((None, 3))
    options = {"activation": outer, "inner_activation": inner, "return_sequences": True}
    outputs = [LSTM(2, **options)(x), GRU(2, consume_less="gpu", **options)(x), SimpleRNN(2, activation=outer, go_backwards=True)(x)]
    model = randomized(Model(x, outputs))
    model.set_weights([w * 0.5 for w in model.get_weights()])
    check(model, np.random.RandomState(2).rand(2, 4, 3).astype("f"), tmp_path / "m.onnx")


@pytest.mark.parametrize("mode", ["sum", "mul", "concat", "ave", None])
def test_both_directions_and_models_over_time_of_any_length(mode, tmp_path):
    x = Input((None, 3))
    both = Bidirectional(LSTM(3, return_sequences=True), merge_mode=mode)(x)
    both = merge(both, mode="sum") if mode is None else both
    inner = Sequential([Dense(3, input_dim=3 * (2 if mode == "concat" else 1)), BatchNormalization(), Activation("softmax")])
    model = randomized(Model(x, [TimeDistributed(inner)(both), both]))
    check(model, np.random.rand(2, 5, 3).astype("f"), tmp_path / "m.onnx")


def test_shared_layers_and_nested_models_with_several_inputs_and_outputs(tmp_path):
    a, b = Input((4,), name="a"), Input((4,), name="b")
    shared = Dense(4, activation="tanh")
    nested = Model([a, b], [merge([shared(a), shared(b)], mode="mul"), shared(b)])
    p, q = Input((4,), name="p"), Input((4,), name="q")
    first, second = nested([p, q])
    third, _ = nested([second, first])
    model = randomized(Model([q, p], [third, first, p]))
    check(model, [np.random.rand(3, 4).astype("f") for _ in range(2)], tmp_path / "m.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "m.onnx"), providers=["CPUExecutionProvider"])
    assert [i.name for i in session.get_inputs()] == ["q", "p"]
    assert len({o.name for o in session.get_outputs()} | {"q", "p"}) == 5
    # a layer that is used often stores its weights once
    assert (tmp_path / "m.onnx").read_bytes().count(np.ascontiguousarray(model.get_weights()[0]).tobytes()) == 1


def test_words_of_whole_numbers_and_any_batch_size(tmp_path):
    model = randomized(Sequential([Embedding(7, 4, input_length=5), Convolution1D(3, 2), GlobalMaxPooling1D(), Dense(2)]))
    for count in (1, 6):
        check(model, np.random.RandomState(count).randint(0, 7, (count, 5)), tmp_path / "m.onnx")


def test_all_problems_are_listed_with_their_layers(tmp_path):
    model = Sequential(
        [
            Masking(input_shape=(4, 3)),
            LSTM(2, return_sequences=True, activation="softmax", name="masked"),
            Sequential(
                [
                    LSTM(2, input_shape=(4, 2), return_sequences=True, inner_activation="softmax", name="within"),
                    Lambda(lambda x: [x for _ in "1"][0], name="mine"),
                ],
                name="inner",
            ),
            GRU(2, activation="softmax", name="soft"),
        ]
    )
    with pytest.raises(NotConvertible) as caught:
        save_onnx(model, tmp_path / "m.onnx")
    assert [("'masked'" in p, "'within'" in p, "'mine'" in p, "'soft'" in p) for p in caught.value.problems] == [
        (True, False, False, False), (False, True, False, False), (False, False, True, False), (False, False, False, True),
    ]  # fmt: skip
    assert list(tmp_path.iterdir()) == []


def test_files_are_converted_and_refused(tmp_path):
    randomized(Sequential([Dense(3, input_dim=2)])).save(tmp_path / "m.h5")
    assert convert(tmp_path / "m.h5", tmp_path / "m.onnx") == []
    assert run(tmp_path / "m.onnx", np.ones((4, 2)))[0].shape == (4, 3)
    (tmp_path / "bad.h5").write_bytes(b"no model")
    with pytest.raises(ModelFileError):
        convert(tmp_path / "bad.h5", tmp_path / "bad.onnx")
    assert not (tmp_path / "bad.onnx").exists()
