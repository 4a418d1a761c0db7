"""SavedModel folders of tf.keras with vocabularies: in the graph, for one layer in a file.

    python tests/saved_vocabularies.py

is run where tf_keras is installed, and wrote tests/data/saved_vocabularies, with inputs and predictions.
"""

import tempfile
from pathlib import Path

import numpy as np

DATA = Path(__file__).parent / "data" / "saved_vocabularies"
NAMES = ("strings", "integers", "inside", "asset")


def models(k, file):
    """Yield name, model and inputs; ``k`` is tf_keras, ``file`` a vocabulary in a file."""
    words = k.Input((2,), dtype="string")
    found = k.layers.StringLookup(vocabulary=["a", "b", "c"], num_oov_indices=2, mask_token="", output_mode="int")(words)
    yield "strings", k.Model(words, k.layers.Flatten()(k.layers.Embedding(8, 2)(found))), [["a", "c"], ["z", ""]]
    numbers = k.Input((1,), dtype="int64")
    found = k.layers.IntegerLookup(vocabulary=[5, 9, 7], output_mode="one_hot")(numbers)
    yield "integers", k.Model(numbers, k.layers.Dense(2)(found)), [[9], [4], [7]]
    vectors = k.layers.TextVectorization(max_tokens=20, output_mode="multi_hot", ngrams=2)
    vectors.adapt(np.array(["good film yes", "bad film"]))
    inner = k.Sequential([k.Input((1,), dtype="string"), vectors, k.layers.Dense(3)], name="inner")
    texts = k.Input((1,), dtype="string")
    yield "inside", k.Model(texts, k.layers.Dense(1)(inner(texts))), [["good film"], ["bad yes"]]
    words = k.Input((1,), dtype="string")
    found = k.layers.StringLookup(vocabulary=str(file))(words)
    yield "asset", k.Model(words, k.layers.Flatten()(k.layers.Embedding(8, 2)(found))), [["y"], ["z"], ["q"]]


def record() -> None:
    """Write the folders."""
    import tensorflow as tf
    import tf_keras

    arrays = {}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "vocab.txt")
        file.write_text("x\ny\nz\n")
        for name, model, x in models(tf_keras, file):
            arrays[f"{name}/x"], arrays[f"{name}/y"] = np.asarray(x), model.predict(tf.constant(np.asarray(x).tolist()), verbose=0)
            model.save(DATA / name, save_format="tf")
    np.savez(DATA / "predictions.npz", **arrays)


if __name__ == "__main__":
    record()
