"""Models with preprocessing layers (tests/data/preprocessing) give what they give in tf.keras and Keras 3, in prediction and in training."""

from __future__ import annotations

import colorsys
from pathlib import Path

import numpy as np
import preprocessing_cases as cases
import pytest
from installed import needed

from kbridge import backend as K
from kbridge.layers import (
    CategoryEncoding,
    CutMix,
    Dense,
    Discretization,
    Embedding,
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    Hashing,
    Input,
    IntegerLookup,
    MixUp,
    RandAugment,
    RandomContrast,
    RandomCrop,
    RandomErasing,
    RandomFlip,
    RandomHeight,
    RandomHue,
    RandomShear,
    RandomWidth,
    STFTSpectrogram,
    StringLookup,
    TextVectorization,
)
from kbridge.layers.random_regions import beta_quantiles
from kbridge.models import Model, Sequential, load_model, model_from_json
from kbridge.utils.hashing import fingerprint64, siphash64

DATA = Path(__file__).parents[1] / "data" / "preprocessing"
ALL = [*cases.CASES, *cases.CASES3]


@pytest.fixture(autouse=True)
def fresh_session():
    yield
    K.clear_session()


def file(name: str) -> Path:
    return DATA / f"{name}.{'keras' if name in cases.CASES3 else 'h5'}"


def recorded(name: str, what: str) -> list[np.ndarray]:
    with np.load(DATA / f"{name}.npz") as arrays:
        return [arrays[f"{what}/{i}"] for i in range(sum(key.startswith(f"{what}/") for key in arrays.files))]


def check(results, expected, names, atol=1e-5) -> None:
    assert len(results) == len(expected)
    for got, wanted, name in zip(results, expected, names):
        np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=atol, err_msg=name)


@pytest.mark.parametrize("name", ALL)
def test_a_file_predicts_as_there_and_is_saved_again(name, tmp_path):
    model = load_model(file(name), compile=False)
    x, expected = recorded(name, "input"), recorded(name, "predicted")
    check(model.predict(x), expected, model.output_names)
    model.save(tmp_path / "ours.h5")
    again = load_model(tmp_path / "ours.h5", compile=False)
    if K.backend() == "numpy":
        check(again.predict(x), expected, model.output_names)
        rebuilt = model_from_json(model.to_json())
        rebuilt.set_weights(model.get_weights())
        check(rebuilt.predict(x), expected, model.output_names)


def test_new_spectrograms_start_with_the_waves_of_keras_3():
    config = load_model(file("keras3_spectrograms"), compile=False).to_json()
    model = model_from_json(config)
    check(model.predict(recorded("keras3_spectrograms", "input")), recorded("keras3_spectrograms", "predicted"), model.output_names)
    x = Input((None, 2))
    layers = [STFTSpectrogram("angle", 8), STFTSpectrogram("real", 8), STFTSpectrogram("imag", 8, expand_dims=True)]
    sound = recorded("keras3_spectrograms", "input")[0][:, :, :2]
    angle, real, imag = Model(x, [layer(x) for layer in layers]).predict(sound)
    assert angle.shape == real.shape == (2, 4, 10) and imag.shape == (2, 4, 5, 2)
    imag = imag.transpose(0, 1, 3, 2).reshape(2, 4, 10)
    # the first and the last frequency have no imaginary part, but for rounding, by which an angle may turn round
    inside = np.isin(np.arange(10) % 5, (1, 2, 3))
    np.testing.assert_allclose(angle[..., inside], np.arctan2(imag, real)[..., inside], atol=1e-4)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"mode": "power"}, "mode is one of"),
        ({"frame_length": 0}, "frame_length"),
        ({"frame_length": 8, "fft_length": 4}, "at least"),
        ({"window": "kaiser"}, "window"),
    ],
)
def test_what_a_spectrogram_cant_be_is_an_error(options, words):
    with pytest.raises(ValueError, match=words):
        STFTSpectrogram(**options)


@pytest.mark.parametrize("name", ["pictures", "keras3_pictures", "keras3_colors"])
def test_pictures_are_changed_in_training_as_there(name):
    model = load_model(file(name), compile=False)
    changed = K.function([*model.inputs, K.learning_phase()], model.outputs)([*recorded(name, "input"), 1])
    # turned pictures mix their pixels: in float32 a place is known to about 1e-5 of a pixel, whose neighbour differs by up to 255
    check(changed, recorded(name, "changed"), model.output_names, 1e-2)


@pytest.mark.once
@pytest.mark.parametrize("name", ["categories", "pictures", "drawn", "keras3_colors", "keras3_pipelines", "keras3_spectrograms"])
def test_as_onnx_it_predicts_the_same(name, tmp_path):
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    from kbridge.convert import convert
    from kbridge.convert.problems import NotConvertible

    if name == "categories":
        with pytest.raises(NotConvertible, match="onnx-texts"):
            convert(file(name), tmp_path / "model.onnx")
        x, counts = Input((4,), dtype="int64"), Input((4,))
        table, factors = {"vocabulary": [10, 20, 30], "mask_token": 0}, {"output_mode": "tf_idf", "idf_weights": [0.5, 1.5, 2.0]}
        outputs = [IntegerLookup(**table)(x), Discretization([1.0, 9.5], output_mode="multi_hot")(x), IntegerLookup(**table, **factors)(x)]
        outputs += [IntegerLookup(**table, output_mode=mode, max_tokens=5, pad_to_max_tokens=True)(x) for mode in ("count", "multi_hot")]
        model = Model([x, counts], [*outputs, CategoryEncoding(31, output_mode="count")([x, counts])])
        inputs = [cases.WHOLE, np.linspace(0, 2, 12, dtype="float32").reshape(3, 4)]
        expected = model.predict(inputs)
        model.save(tmp_path / "model.h5")
        convert(tmp_path / "model.h5", tmp_path / "model.onnx")
    else:
        inputs, expected = recorded(name, "input"), recorded(name, "predicted")
        convert(file(name), tmp_path / "model.onnx")
    session = runtime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    fed = {i.name: x for i, x in zip(session.get_inputs(), inputs)}
    check(session.run(None, fed), expected, [o.name for o in session.get_outputs()])


@pytest.mark.once
@pytest.mark.parametrize(
    "name",
    [
        "categories",
        "encodings",
        "keras3_texts",
        "keras3_pipelines",
        "keras3_spectrograms",
        "keras3_drawn",
        "keras3_colors",
        "keras3_regions",
    ],
)
def test_in_keras_3_it_predicts_the_same(name, tmp_path):
    keras3 = needed("keras")
    from kbridge.convert import convert

    convert(file(name), tmp_path / "model.keras")
    model = keras3.models.load_model(tmp_path / "model.keras")
    x = [np.asarray(a, object) if a.dtype.kind == "U" else a for a in recorded(name, "input")]
    if any(a.dtype == object for a in x):
        import tensorflow as tf

        x = [tf.constant(a) for a in x]
    check(model(x if len(x) > 1 else x[0], training=False), recorded(name, "predicted"), [str(i) for i in range(99)])


def test_a_model_of_texts_is_trained_saved_and_asked(tmp_path):
    texts = np.array(["good film", "bad film", "good good", "so bad"], dtype=object)
    words = TextVectorization(output_sequence_length=3, max_tokens=10)
    words.adapt(texts)
    assert words.get_vocabulary()[:3] == ["", "[UNK]", "good"]
    x = Input((1,), dtype="string")
    y = Dense(1, activation="sigmoid")(GlobalAveragePooling1D()(Embedding(10, 4)(words(x))))
    model = Model(x, y)
    model.compile("adam", "binary_crossentropy")
    model.fit(texts, np.array([1, 0, 1, 0]), nb_epoch=2, batch_size=2, verbose=0)
    model.save(tmp_path / "model.h5")
    again = load_model(tmp_path / "model.h5")
    asked = ["good so", "bad"]
    np.testing.assert_allclose(again.predict(asked), model.predict(np.array(asked)), rtol=1e-6)
    chain = Sequential([TextVectorization(vocabulary=["a", "b"], input_shape=(1,), input_dtype="string")])
    np.testing.assert_array_equal(chain.predict(["a b b", b"c"]), [[2, 3, 3], [1, 0, 0]])
    with pytest.raises(ValueError, match="takes texts, got 3"):
        chain.predict([3])


def test_chance_stays_within_its_range():
    x = np.stack([cases.PICTURES[0]] * 40) / 255
    a = Input((6, 8, 2))
    layers = [
        RandomFlip("horizontal"),
        RandomCrop(4, 5),
        RandomContrast(0.5, value_range=(0, 1)),
        RandomHeight((0.5, 0.5)),
        RandomWidth((1.0, 1.0)),
    ]
    flipped, cut, contrast, tall, wide = K.function([a, K.learning_phase()], [layer(a) for layer in layers])([x, 1])
    turned = [np.allclose(y, x[0, :, ::-1]) for y in flipped]
    assert 5 < sum(turned) < 35 and all(t or np.allclose(y, x[0]) for t, y in zip(turned, flipped))
    places = {(r, c) for y in cut for r in range(3) for c in range(4) if np.allclose(y, x[0, r : r + 4, c : c + 5])}
    assert cut.shape == (40, 4, 5, 2) and len(places) > 4
    assert contrast.min() >= 0 and contrast.max() <= 1 and len({round(float(y.std()), 4) for y in contrast}) > 20
    np.testing.assert_allclose(tall[:, 2:4].mean(1), x[:, 2:4].mean(1), rtol=1e-4)
    np.testing.assert_allclose(wide[:, :, 0], 0.25 * x[:, :, 1] + 0.75 * x[:, :, 2], rtol=1e-4)


def test_hues_erased_and_mixed_regions():
    # by chance all pictures may be turned to one side
    np.random.seed(3)
    x = np.stack([np.full((6, 5, 3), n) + cases.COLORED[0] * 0.1 for n in range(10, 210, 5)])
    a = Input((6, 5, 3))
    layers = [
        RandomHue((0.5, 0.5)),
        RandomErasing((1.0, 1.0), (0.3, 0.3), fill_value=0.0),
        MixUp(1.0),
        CutMix(),
        RandomErasing(0.0),
        RandomErasing(1.0, (0.5, 0.5)),
    ]
    hue, erased, mixed, cut, kept, noise = K.function([a, K.learning_phase()], [layer(a) for layer in layers])([x, 1])
    # the largest and the least value stay, the colors between them move by a quarter of the circle to either side
    np.testing.assert_allclose(hue.max(-1), x.max(-1), rtol=1e-4)
    np.testing.assert_allclose(hue.min(-1), x.min(-1), rtol=1e-4, atol=1e-3)
    first, moved = (np.array([colorsys.rgb_to_hsv(*pixel)[0] for pixel in y[:, 2, 2]]) for y in (x, hue))
    sides = np.round((moved - first) % 1, 2)
    assert set(sides.tolist()) <= {0.25, 0.75} and len(set(sides.tolist())) == 2
    zeros = (erased == 0).all(-1)
    # sides of 3 rows of 6 and 3 columns of 5
    assert (zeros.sum((1, 2)) == 9).all() and len({tuple(np.argwhere(z)[0]) for z in zeros}) > 4
    np.testing.assert_allclose(kept, x, rtol=1e-6)
    assert noise.min() >= 0 and noise.max() <= 255 and np.unique(noise).size > 1000
    parts = mixed.mean((1, 2, 3)) - x.mean((1, 2, 3))
    assert np.abs(parts).max() > 5 and mixed.min() >= x.min() - 1e-3 and mixed.max() <= x.max() + 1e-3
    sources = [{int(np.argmin(np.abs(x[:, r, c, 0] - y[r, c, 0]))) for r in range(6) for c in range(5)} for y in cut]
    assert all(i in s or len(s) == 1 for i, s in enumerate(sources)) and max(map(len, sources)) == 2


def test_pictures_are_sheared_to_either_side():
    x = np.zeros((40, 5, 5, 1))
    x[:, 2, 2] = 1
    a = Input((5, 5, 1))
    (y,) = K.function([a, K.learning_phase()], [RandomShear((0.5, 0.5), (0.25, 0.25), fill_mode="constant")(a)])([x, 1])
    found = {tuple(np.round(np.trim_zeros(picture.ravel()), 3)) for picture in y}
    # as in Keras 3
    assert found == {(0.25, 0, 0, 0, 0, 0.375, 0.5), (0.125, 0.25, 0, 0, 0, 0.75)}


def test_quantiles_of_the_beta_distribution():
    np.testing.assert_allclose(beta_quantiles(1.0, 5), [0, 0.25, 0.5, 0.75, 1], atol=1e-4)
    # of the arcsine distribution: sin(pi * u / 2) ** 2
    np.testing.assert_allclose(beta_quantiles(0.5, 5), np.sin(np.pi * np.linspace(0, 1, 5) / 2) ** 2, atol=1e-4)
    assert abs(np.var(beta_quantiles(0.2, 20001)) - 1 / (4 * (2 * 0.2 + 1))) < 2e-3


def test_what_only_predicts_is_an_error_in_training():
    x = Input((6, 5, 3))
    model = Model(x, GlobalAveragePooling2D()(RandAugment(name="many")(x)))
    model.compile("sgd", "mse")
    assert model.predict(cases.COLORED).shape == (2, 3)
    with pytest.raises(ValueError, match=r"'many' \(RandAugment\).*predicts-only"):
        model.train_on_batch(cases.COLORED, np.zeros((2, 3)))


def test_hashes_are_the_published_ones():
    """Numbers from tf.strings.to_hash_bucket_fast and to_hash_bucket_strong, of each kind of length."""
    text = b"abc" * 50
    expected = {0: (11160318154034397263, 17104896021885617001), 3: (2640714258260161385, 9680596474439580416), 6: (7031378713507925811, 47172947424928027),
                12: (15024294766091608760, 2904249965898899254), 20: (14273378969641440147, 17460996673087766216), 50: (15048550487440029806, 521028494735824919),
                100: (13008782337738214201, 15363645808829995316)}  # fmt: skip
    assert {n: (fingerprint64(text[:n]), siphash64(text[:n], (3, 5))) for n in expected} == expected


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: StringLookup(vocabulary="words.txt"), "not the path of a file"),
        (lambda: StringLookup(invert=True, vocabulary=["a"]), "invert"),
        (lambda: StringLookup(vocabulary=["a", "a"]), "twice"),
        (lambda: TextVectorization(standardize=str.lower), "standardize must be one of"),
        (lambda: TextVectorization(ragged=True), "ragged"),
        (lambda: Hashing(0), "num_bins"),
        (lambda: IntegerLookup(output_mode="many"), "output_mode"),
        (lambda: Discretization()(Input((3,))), "no boundaries"),
        (lambda: StringLookup()(Input((1,), dtype="string")), "no vocabulary"),
    ],
)
def test_what_these_layers_cant_be_is_an_error(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_factors_of_tokens_come_from_the_rows_of_data():
    numbers = IntegerLookup(output_mode="tf_idf")
    numbers.adapt(np.array([[5, 5, 7], [5, 7, 8], [5, 2, 2]]))
    # log(1 + rows / (1 + rows with the token)), as tf.keras and Keras 3 have it
    assert numbers.get_vocabulary()[1:] == [5, 7, 2, 8]
    np.testing.assert_allclose(numbers.idf_weights, np.log(1 + 3 / np.array([4, 3, 2, 2])), rtol=1e-6)
    words = StringLookup(output_mode="tf_idf")
    words.adapt(np.array(["a", "b", "a"], dtype=object))
    np.testing.assert_allclose(words.idf_weights, np.log(1 + 3 / np.array([3, 2])), rtol=1e-6)


def test_a_token_that_must_be_known_is_named():
    model = Sequential([IntegerLookup(vocabulary=[1, 2], num_oov_indices=0, input_shape=(1,), input_dtype="int64")])
    with pytest.raises(Exception, match="7 isn't in its vocabulary"):
        model.predict(np.array([[7]]))


def test_a_vocabulary_in_a_file_isnt_opened():
    config = '{"class_name": "Sequential", "config": {"name": "s", "layers": [{"class_name": "StringLookup", "config": {"name": "l", "dtype": "int64", '
    config += '"batch_input_shape": [null, 1], "vocabulary": "/etc/passwd"}}]}, "keras_version": "2.9.0"}'
    with pytest.raises(ValueError, match="not the path of a file"):
        model_from_json(config)
