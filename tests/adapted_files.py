"""Models with preprocessing layers that have learned by ``adapt``, as real Keras writes them: ``python tests/adapted_files.py tf_keras|keras FOLDER``.

So ``tests/data/adapted`` was made, with Keras 3.15 and tf_keras 2.21; what a library can't write or read again isn't there.
"""

import os
import sys

import numpy as np


def texts(k, mode, **options):
    """TextVectorization, adapted unless it has its vocabulary."""
    x = np.array([["a cat sat"], ["the dog sat sat"], ["a a dog cat"]])
    layer = k.layers.TextVectorization(output_mode=mode, **options)
    if not options:
        layer.adapt(x)
    return layer, k.Input((1,), dtype="string"), x


def words(k):
    layer, x = k.layers.StringLookup(output_mode="tf_idf"), np.array([["a", "b"], ["b", "c"], ["b", "b"]])
    layer.adapt(x)
    return layer, k.Input((2,), dtype="string"), x


def numbers(k):
    layer, x = k.layers.IntegerLookup(output_mode="tf_idf"), np.array([[3, 4], [4, 9], [4, 4]])
    layer.adapt(x)
    return layer, k.Input((2,), dtype="int64"), x


def intervals(k):
    layer, x = k.layers.Discretization(num_bins=4, output_mode="one_hot"), np.random.RandomState(0).normal(size=(200, 1)).astype("float32")
    layer.adapt(x)
    return layer, k.Input((1,)), x[:9]


GIVEN = {"vocabulary": ["a", "cat", "dog", "sat"], "idf_weights": [0.5, 0.25, 2.0, 1.0]}
CASES = {
    "tv_idf": lambda k: texts(k, "tf_idf"), "given": lambda k: texts(k, "tf_idf", **GIVEN), "sl": words, "il": numbers, "disc": intervals,
}  # fmt: skip


def main(library, folder):
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    if library == "tf_keras":
        os.environ["TF_USE_LEGACY_KERAS"] = "1"
    k = __import__(library)
    import tensorflow as tf

    arrays = {}
    for name, build in CASES.items():
        try:
            layer, end, x = build(k)
            dense = k.layers.Dense(2)
            model = k.Model(end, dense(layer(end)))
            dense.set_weights([np.random.RandomState(1).uniform(-1, 1, w.shape) for w in dense.get_weights()])
            predicted = model.predict(tf.constant(x) if x.dtype.kind == "U" else x, verbose=0)
            for suffix in ("h5", "keras"):
                model.save(f"{folder}/{library}_{name}.{suffix}")
        except (NotImplementedError, tf.errors.InvalidArgumentError) as error:
            print(library, name, type(error).__name__)
            continue
        arrays |= {f"{name}/x": x, f"{name}/p": predicted}
    np.savez(f"{folder}/{library}.npz", **arrays)


if __name__ == "__main__":
    main(*sys.argv[1:])
