"""Preprocessing layers that models hold, as tf.keras and Keras 3 compute them.

    python tests/preprocessing_cases.py FOLDER [NAME ...]

writes NAME.h5 (tf.keras) or NAME.keras (Keras 3) and NAME.npz, into tests/data/preprocessing: inputs, predictions, and for pictures what
the layers make of them in training, with ranges of one number, so that nothing is left to chance.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

WHOLE = np.array([[10, 5, 30, 0], [7, 20, 20, 2], [30, 10, 2, 1]])
SMALL = np.array([[1, 2, 2], [0, 3, 1], [2, 0, 0]])
NUMBERS = np.array([[-1.0, 0.0, 0.5, 2.0], [5.0, 1.0, 0.99, -3.0], [2.5, 1.5, 0.1, 0.0]], "float32")
WORDS = np.array(
    [["cat", "dog"], ["bird", ""], ["\u00e4", "a longer text, of more than thirty-two and even sixty-four bytes, for the hash"]],
    dtype=object,
)
TEXTS = np.array([["The cat, the  hat!"], ["a Cat x dog's \tTHE"], ["unknown"]], dtype=object)
COLORED = np.round(np.random.RandomState(6).uniform(0, 255, (2, 6, 5, 3)), 1).astype("float32")
PICTURES = np.round(np.random.RandomState(4).uniform(0, 255, (3, 6, 8, 2)), 1).astype("float32")


def categories(k: Any) -> tuple[Any, list]:
    L = k.layers
    w, s, n = k.Input((4,), dtype="int64"), k.Input((3,), dtype="int64"), k.Input((4,))
    table = {"vocabulary": [10, 20, 30]}
    outputs = [
        L.CategoryEncoding(4)(s), L.CategoryEncoding(4, output_mode="count")(s), L.CategoryEncoding(4, output_mode="one_hot")(s[:, :1]),
        L.Discretization([0.0, 1.0, 2.0])(n), L.Discretization([0.0, 1.0, 2.0], output_mode="multi_hot")(n), L.Discretization([0.5], output_mode="count")(n),
        L.IntegerLookup(**table)(w), L.IntegerLookup(**table, num_oov_indices=2, mask_token=0)(w), L.IntegerLookup(**table, output_mode="count")(w), L.IntegerLookup(**table, output_mode="multi_hot", num_oov_indices=2)(w),
        L.Hashing(5)(w), L.Hashing(5, mask_value=0)(w), L.Hashing(7, salt=133)(w), L.Hashing(4, salt=[7, 8], output_mode="count")(w),
    ]  # fmt: skip
    return k.Model([w, s, n], outputs), [WHOLE, SMALL, NUMBERS]


def encodings(k: Any) -> tuple[Any, list]:
    """Lookups, codes and hashes in each mode, masked tokens and several places for unknown ones among them."""
    L = k.layers
    w, s, t = k.Input((4,), dtype="int64"), k.Input((3,), dtype="int64"), k.Input((2,), dtype="string")
    counts, one, word = k.Input((3,)), k.Input((1,), dtype="int64"), k.Input((1,), dtype="string")
    numbers, words = {"vocabulary": [10, 20, 30]}, {"vocabulary": ["cat", "dog", "bird"]}
    factors = {"output_mode": "tf_idf", "idf_weights": [0.5, 1.5, 2.0]}
    several = ({"num_oov_indices": 2}, {"num_oov_indices": 3, "max_tokens": 8, "pad_to_max_tokens": True}, {"mask_token": None})
    outputs = []
    for more in several:
        integers = {**more, "mask_token": 0} if "mask_token" in more else more
        texts = {**more, "mask_token": ""} if "mask_token" in more else more
        for mode in ({"output_mode": "multi_hot"}, {"output_mode": "count"}, factors):
            outputs += [L.IntegerLookup(**numbers, **integers, **mode)(w), L.StringLookup(**words, **texts, **mode)(t)]
        outputs += [
            L.IntegerLookup(**numbers, **integers, output_mode="one_hot")(one),
            L.StringLookup(**words, **texts, output_mode="one_hot")(word),
        ]
    outputs += [
        L.CategoryEncoding(4, output_mode="count")(s, count_weights=counts),
        L.CategoryEncoding(5, output_mode="one_hot")(s[:, 1:2]),
    ]
    for mode in ("multi_hot", "count"):
        outputs += [
            L.Hashing(5, output_mode=mode)(w),
            L.Hashing(4, output_mode=mode, mask_value="")(t),
            L.Hashing(6, output_mode=mode, salt=3)(t),
        ]
    outputs += [L.Hashing(5, output_mode="one_hot")(one), L.Hashing(5, output_mode="one_hot", mask_value="")(word)]
    weights = np.array([[0.5, 1.0, 2.0], [1.0, 1.0, 0.25], [3.0, 0.0, 1.0]], "float32")
    return k.Model([w, s, t, counts, one, word], outputs), [WHOLE, SMALL, WORDS, weights, WHOLE[:, :1], WORDS[:, 1:]]


def texts(k: Any) -> tuple[Any, list]:
    L = k.layers
    w, t = k.Input((2,), dtype="string"), k.Input((1,), dtype="string")
    words, both = ["cat", "dog", "bird"], ["the", "cat", "hat", "a"]
    outputs = [
        L.StringLookup(vocabulary=words)(w), L.StringLookup(vocabulary=words, num_oov_indices=3, mask_token="")(w), L.StringLookup(vocabulary=words, output_mode="multi_hot")(w),
        L.StringLookup(vocabulary=words, output_mode="count", max_tokens=6, pad_to_max_tokens=True)(w), L.Hashing(6)(w), L.Hashing(5, salt=[1, 2])(w), L.Hashing(5, mask_value="")(w),
        L.TextVectorization(vocabulary=both, output_sequence_length=4)(t), L.TextVectorization(vocabulary=both)(t), L.TextVectorization(vocabulary=both, output_mode="count")(t), L.TextVectorization(vocabulary=["the cat", "cat", "hat"], ngrams=2, output_mode="multi_hot")(t),
        L.TextVectorization(vocabulary=["t", "h", "e"], split="character", standardize="lower", output_sequence_length=6)(t), L.TextVectorization(vocabulary=both, standardize=None, output_sequence_length=3, max_tokens=9)(t),
    ]  # fmt: skip
    return k.Model([w, t], outputs), [WORDS, TEXTS]


def pictures(k: Any) -> tuple[Any, list]:
    L = k.layers
    x = k.Input((6, 8, 2))
    outputs = [
        L.RandomRotation((0.25, 0.25), fill_mode="constant", fill_value=3.0)(x), L.RandomRotation((0.1, 0.1))(x), L.RandomRotation((0.07, 0.07), fill_mode="wrap", interpolation="nearest")(x),
        L.RandomTranslation((0.3, 0.3), (-0.2, -0.2))(x), L.RandomTranslation((0.25, 0.25), (0.5, 0.5), fill_mode="constant")(x), L.RandomTranslation(0.0, (0.25, 0.25), fill_mode="nearest")(x),
        L.RandomZoom((0.3, 0.3))(x), L.RandomZoom((-0.4, -0.4), (0.2, 0.2), fill_mode="constant")(x), L.RandomBrightness((0.2, 0.2))(x),
    ]  # fmt: skip
    return k.Model(x, outputs), [PICTURES]


def colors(k: Any) -> tuple[Any, list]:
    """Colors and regions, which only Keras 3 has."""
    L = k.layers
    x = k.Input((6, 5, 3))
    outputs = [
        L.RandomSaturation((0.3, 0.3))(x), L.RandomSaturation((0.8, 0.8))(x), L.RandomColorDegeneration((0.4, 0.4))(x), L.RandomGrayscale(1.0)(x),
        L.RandomSharpness((0.1, 0.1))(x), L.RandomSharpness((0.9, 0.9))(x), L.RandomPosterization((3, 3))(x), L.RandomInvert((1.0, 1.0))(x),
        L.Solarization()(x), L.AutoContrast()(x), L.AutoContrast((0, 1))(x), L.RandomGaussianBlur((1.0, 1.0), 5, (0.7, 0.7))(x),
        L.RandomColorJitter(brightness_factor=(0.2, 0.2), saturation_factor=(0.3, 0.3))(x), L.RandomHue((0.0, 0.0))(x), L.RandomSaturation((-0.2, -0.2))(x),
    ]  # fmt: skip
    return k.Model(x, outputs), [COLORED]


def regions(k: Any) -> tuple[Any, list]:
    """Only predictions count."""
    L = k.layers
    x = k.Input((6, 5, 3))
    outputs = [
        L.RandomHue(0.3)(x), L.RandomErasing()(x), L.RandomErasing(0.5, (0.1, 0.2), 3.0)(x), L.MixUp()(x), L.CutMix()(x), L.RandAugment()(x),
        L.AugMix()(x), L.RandomShear(0.3, (0.1, 0.2))(x), L.RandomPerspective()(x), L.RandomElasticTransform()(x),
    ]  # fmt: skip
    return k.Model(x, outputs), [COLORED]


def drawn(k: Any) -> tuple[Any, list]:
    """Layers whose training can't be without chance: only predictions count."""
    L = k.layers
    x = k.Input((6, 8, 2))
    outputs = [L.RandomFlip()(x), L.RandomFlip("vertical", seed=3)(x), L.RandomContrast(0.3)(x), L.RandomContrast((0.1, 0.4))(x)]
    if not hasattr(k, "ops"):
        outputs += [L.RandomHeight(0.2)(x), L.RandomWidth((0.1, 0.3))(x), L.RandomCrop(4, 5)(x)]
    return k.Model(x, outputs), [PICTURES]


def adapted(k: Any) -> tuple[Any, list]:
    """Vocabularies from data, which only archives of Keras 3 hold."""
    L = k.layers
    w, t, n = k.Input((2,), dtype="string"), k.Input((1,), dtype="string"), k.Input((2,), dtype="int64")
    words, texts, numbers, scaled = L.StringLookup(), L.TextVectorization(output_sequence_length=3), L.IntegerLookup(), L.Normalization()
    words.adapt(["cat", "dog", "cat"])
    texts.adapt(["the cat", "the hat\n new"])
    numbers.adapt(np.array([5, 5, 7]))
    scaled.adapt(np.ones((3, 2)) * [1.0, 2.0])
    model = k.Model([w, t, n], [words(w), texts(t), numbers(n), scaled(k.ops.cast(n, "float32"))])
    return model, [
        np.array([["cat", "x"], ["dog", "cat"]], dtype=object),
        np.array([["hat the cat"], ["new"]], dtype=object),
        np.array([[5, 7], [1, 5]]),
    ]


def pipelines(k: Any) -> tuple[Any, list]:
    """Layers in a row as one, with weights or without; attention that drops some of what it looks at in training."""
    L = k.layers
    x = k.Input((4, 3))
    y = L.Pipeline([L.Rescaling(2.0), L.Dense(2), L.Dropout(0.3), L.Conv1D(3, 2, padding="same"), L.Dense(3)], name="pipe")(x)
    outputs = [y, L.Pipeline([L.Rescaling(0.5, 1.0), L.GaussianNoise(0.1)])(x), L.MultiHeadAttention(2, 3, dropout=0.2, seed=3)(y, x)]
    outputs += [
        L.Attention(dropout=0.2, seed=5)([x, y]),
        L.AdditiveAttention(dropout=0.1)([x, y]),
        L.GroupQueryAttention(2, 2, 1, dropout=0.1, seed=2)(x, y),
    ]
    model = k.Model(x, outputs)
    for i, w in enumerate(model.weights):
        w.assign(np.random.RandomState(i).uniform(-1, 1, w.shape))
    return model, [np.random.RandomState(8).normal(size=(2, 4, 3)).astype("float32")]


def spectrograms(k: Any) -> tuple[Any, list]:
    """Each mode, window, scaling and order of axes."""
    x, y = k.Input((20, 3)), k.Input((2, 20))
    modes = ("log", "magnitude", "psd", "real", "imag", "stft")
    options: list[dict[str, Any]] = [
        *({"mode": mode} for mode in modes), {"expand_dims": True, "mode": "stft"}, {"padding": "same", "fft_length": 16},
        {"window": "hamming", "periodic": True, "scaling": "spectrum"}, {"window": "blackman", "frame_step": None}, {"window": "bartlett"}, {"window": None, "scaling": None},
    ]  # fmt: skip
    outputs = [k.layers.STFTSpectrogram(**{"frame_length": 8, "frame_step": 3, "mode": "magnitude", **own})(x) for own in options]
    first = {"frame_length": 6, "mode": "psd", "data_format": "channels_first"}
    outputs += [k.layers.STFTSpectrogram(**first, expand_dims=expanded)(y) for expanded in (False, True)]
    draw = np.random.RandomState(9)
    return k.Model([x, y], outputs), [draw.normal(size=(2, *shape)).astype("float32") for shape in ((20, 3), (2, 20))]


BUILDERS = {f.__name__: f for f in (categories, encodings, texts, pictures, colors, regions, drawn, adapted, pipelines, spectrograms)}
CASES = [name for name in BUILDERS if name not in ("adapted", "colors", "regions", "pipelines", "spectrograms")]
CASES3 = [f"keras3_{name}" for name in BUILDERS]


def main(folder: str, *names: str) -> None:
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    if len(names) != 1:
        for name in names or (*CASES, *CASES3):
            subprocess.run([sys.executable, __file__, folder, name], check=True)
        return
    name = names[0]
    import tensorflow as tf

    if name in CASES3:
        import keras as k
    else:
        import tf_keras as k
    model, inputs = BUILDERS[name.removeprefix("keras3_")](k)
    model.save(Path(folder) / f"{name}.{'keras' if name in CASES3 else 'h5'}")
    x = [tf.constant(a) for a in inputs]
    predicted = [np.asarray(y) for y in model(x if len(x) > 1 else x[0], training=False)]
    arrays = {f"input/{i}": a.astype(str) if a.dtype == object else a for i, a in enumerate(inputs)}
    arrays |= {f"predicted/{i}": y for i, y in enumerate(predicted)}
    if name.endswith(("pictures", "colors")):
        arrays |= {f"changed/{i}": np.asarray(y) for i, y in enumerate(model(x[0], training=True))}
    np.savez_compressed(Path(folder) / f"{name}.npz", **arrays)


if __name__ == "__main__":
    main(*sys.argv[1:])
