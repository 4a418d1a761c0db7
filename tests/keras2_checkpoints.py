"""Checkpoints and SavedModel folders of the models in tests/data/keras2 and keras2_layers, as the legacy package ``tf-keras`` writes them.

    python tests/keras2_checkpoints.py FOLDER [NAME ...]

writes FOLDER/keras2/NAME and FOLDER/keras2_layers/NAME with the files of a checkpoint and the architecture as JSON, and for some a folder
saved_model in it, without saved_model.pb: that holds operations, megabytes that kbridge never looks at. So tests/data/checkpoints was made; what the models predict is
recorded with the HDF5 files.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

DATA = Path(__file__).parent / "data"
#: models that are saved as a folder, too
SAVED = (
    "dense_layers", "conv2d", "embedding_and_masks", "nested_models", "nested_in_sequential", "wrappers", "frozen_parts", "training_adam",
    "training_rmsprop", "training_sgd_nesterov", "training_adam_legacy", "untrained_adagrad", "heads", "depthwise", "gru_reset_after", "normalizations",
)  # fmt: skip
#: a model that is too large for one more form
LEFT_OUT = ("mobile_net_2",)


def sources() -> list[Path]:
    """The HDF5 files, of which each model is made."""
    found = [*DATA.glob("keras2/*.h5"), *DATA.glob("keras2_layers/*.h5")]
    return sorted(path for path in found if path.stem not in LEFT_OUT)


def callbacks(folder: Path) -> None:
    """What tf.keras' ModelCheckpoint and BackupAndRestore write in two epochs: weights of each epoch and the best, and whole models."""
    import numpy as np
    import tf_keras as k

    k.utils.set_random_seed(3)
    model = k.Sequential([k.layers.Dense(4, activation="tanh", input_shape=(3,)), k.layers.BatchNormalization(), k.layers.Dense(2)])
    model.compile("adam", "mse")
    x = np.random.RandomState(0).rand(12, 3).astype("float32")
    path = str(folder / "callbacks")
    kept = k.callbacks.ModelCheckpoint
    made = [
        kept(path + "/weights-{epoch:02d}", save_weights_only=True), kept(path + "/best/weights", "loss", save_weights_only=True, save_best_only=True),
        kept(path + "/whole-{epoch:02d}"), k.callbacks.BackupAndRestore(path + "/backup", delete_checkpoint=False),
    ]  # fmt: skip
    predicted = []
    made.append(k.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: predicted.append(np.asarray(model(x, training=False)))))
    model.fit(x, x[:, :2] * x[:, 1:], 4, epochs=2, verbose=0, callbacks=made)
    (folder / "callbacks" / "model.json").write_text(model.to_json())
    for name in ("saved_model.pb", "fingerprint.pb"):
        for found in (folder / "callbacks").glob(f"whole-*/{name}"):
            found.unlink()
    np.savez_compressed(folder / "callbacks" / "predictions.npz", x=x, epoch_1=predicted[0], epoch_2=predicted[1])


def mixed_class(layers):
    """A class with weights of its own and layers, of the module ``layers`` of tf_keras or kbridge."""

    class Mixed(layers.Layer):
        def __init__(self, units=3, **options):
            super().__init__(**options)
            self.units = units
            self.last = layers.Dense(units)
            self._others = [layers.Dense(units, activation="tanh"), layers.Dense(units)]

        def build(self, input_shape):
            self.scale = self.add_weight(name="factor", shape=(self.units,), initializer="ones", trainable=True)
            super().build(input_shape)

        def call(self, inputs, training=None):
            for layer in (*self._others, self.last):
                inputs = layer(inputs)
            return inputs * self.scale

        def get_config(self):
            return dict(super().get_config(), units=self.units)

    return Mixed


def mixed(folder: Path) -> None:
    """A checkpoint of a trained model with a class of the user's own that has both weights and layers."""
    import numpy as np
    import tf_keras as k

    k.utils.set_random_seed(5)
    model = k.Sequential([k.layers.Input((3,)), mixed_class(k.layers)(3, name="mixed")])
    model.compile("sgd", "mse")
    x = np.random.RandomState(0).rand(4, 3).astype("float32")
    model.fit(x, x * 2, 1, epochs=2, verbose=0)
    model.save_weights(str(folder / "mixed" / "weights"))
    np.savez_compressed(folder / "mixed" / "predictions.npz", x=x, predicted=model.predict(x, verbose=0))


def exported(folder: Path) -> None:
    """The variables of a trained model that Keras 3 exports; saved_model.pb is left out."""
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import keras as k
    import numpy as np

    k.utils.set_random_seed(3)
    start = k.Input((4,), name="start")
    sides = [k.layers.Dense(4, name="left", activation="tanh")(start), k.layers.Dense(4, name="right")(start)]
    joined = k.layers.BatchNormalization(name="norm")(k.layers.Dropout(0.5, name="drop")(k.layers.Add(name="add")(sides)))
    inner = k.Sequential([k.layers.Input((4,)), k.layers.Dense(4, name="deep")], name="inner")
    model = k.Model(start, k.layers.Dense(2, name="out")(inner(joined)), name="exported")
    model.compile("adam", "mse")
    x = np.random.RandomState(0).rand(4, 4).astype("float32")
    model.fit(x, x[:, :2], epochs=2, verbose=0)
    model.export(str(folder / "exported"), verbose=False)
    for name in ("saved_model.pb", "fingerprint.pb", "assets"):
        found = folder / "exported" / name
        shutil.rmtree(found) if found.is_dir() else found.unlink(missing_ok=True)
    (folder / "exported" / "model.json").write_text(model.to_json())
    np.savez_compressed(folder / "exported" / "predictions.npz", x=x, predicted=model.predict(x, verbose=0))


def tensors(folder: Path) -> None:
    """A checkpoint of tensors of all types and in pieces, in several files, and an array with what it holds."""
    import numpy as np
    import tensorflow as tf

    chance = np.random.RandomState(1)
    whole = chance.uniform(-1, 1, (5, 4)).astype("float32")
    large = chance.uniform(-1, 1, (70, 40)).astype("float32")
    values = {
        kind: (chance.uniform(0, 9, (2, 3)) - 3 * (kind[0] in "if")).astype(kind)
        for kind in ("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool")
    }
    values |= {"scalar": np.float32(2.5), "empty": np.zeros((0, 3), "float32"), "large": large}
    names, parts, data = [], [], []
    for name, value in values.items():
        names, parts, data = [*names, name], [*parts, ""], [*data, tf.constant(value)]
    names, parts, data = [*names, "bfloat16"], [*parts, ""], [*data, tf.cast(tf.constant(whole), tf.bfloat16)]
    for rows in (slice(0, 2), slice(2, 5)):
        names, parts, data = (
            [*names, "in/pieces"],
            [*parts, f"5 4 {rows.start},{rows.stop - rows.start}:-"],
            [*data, tf.constant(whole[rows])],
        )
    for columns in (slice(0, 30), slice(30, 40)):
        names, parts, data = (
            [*names, "along two"],
            [*parts, f"70 40 0,70:{columns.start},{columns.stop - columns.start}"],
            [*data, tf.constant(large[:, columns])],
        )
    names, parts, data = [*names, "text"], [*parts, ""], [*data, tf.constant([b"one", b"two"])]
    names, parts, data = [*names, "complex"], [*parts, ""], [*data, tf.constant([1 + 2j], tf.complex64)]
    folder.mkdir(parents=True, exist_ok=True)
    half = len(names) // 2
    pieces = [str(folder / f"part{i}") for i in range(2)]
    for piece, kept in zip(pieces, (slice(None, half), slice(half, None))):
        tf.raw_ops.SaveV2(prefix=piece, tensor_names=names[kept], shape_and_slices=parts[kept], tensors=data[kept])
    tf.raw_ops.MergeV2Checkpoints(checkpoint_prefixes=pieces, destination_prefix=str(folder / "tensors"))
    np.savez(
        folder / "values.npz",
        **values,
        bfloat16=tf.cast(data[names.index("bfloat16")], tf.float32),
        **{"in/pieces": whole, "along two": large},
    )


def main(folder: Path, names: list[str]) -> None:
    """Write all, or those of ``names``."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import tf_keras as keras

    if not names or "tensors" in names:
        tensors(folder / "tensors")
    if not names or "callbacks" in names:
        callbacks(folder)
    if not names or "mixed" in names:
        mixed(folder)
    if not names or "exported" in names:
        exported(folder)
    for path in sources():
        if names and path.stem not in names:
            continue
        keras.backend.clear_session()
        model = keras.models.load_model(path)
        target = folder / path.parent.name / path.stem
        target.mkdir(parents=True, exist_ok=True)
        (target / "model.json").write_text(model.to_json())
        model.save_weights(target / "weights", save_format="tf")
        if path.stem in SAVED:
            model.save(target / "saved_model", save_format="tf")
            for name in ("saved_model.pb", "fingerprint.pb", "assets"):
                found = target / "saved_model" / name
                shutil.rmtree(found) if found.is_dir() else found.unlink(missing_ok=True)
        print(path.stem, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
