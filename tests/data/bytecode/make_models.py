"""Record models with Lambda layers as tf.keras and Keras 3 save them, with an input and what they predict: models/.

    python make_models.py tf_keras     # models/tf_keras.h5, .npz
    python make_models.py keras        # models/keras.keras, .npz

Run where the library is installed; the functions are stored as bytecode of the Python that runs this.
"""

import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

#: the libraries' functions, as names of the module: what a function takes from round it would be stored with it
K = ops = None

FOLDER = pathlib.Path(__file__).parent / "models"


def scaled_by(by):
    return lambda x: x * by


def doubled_shape(shape):
    return (shape[0], shape[1] * 2)


def model(keras, own):
    layers = keras.layers
    a = keras.Input((6, 8, 3), name="a")
    x = layers.Lambda(lambda x: x / 127.5 - 1.0, name="scale")(a)
    x = layers.Lambda(lambda image: image[:, 1:-1, 2:, :], name="crop")(x)
    x = layers.Lambda(lambda image: tf.image.resize(image, (4, 5)), name="resize")(x)
    x = layers.Lambda(scaled_by(3.0), name="closure")(x)
    x = layers.Dense(4, name="d")(layers.Flatten()(x))
    return keras.Model(a, own(layers, x))


def of_tf_keras(layers, x):
    y = layers.Lambda(lambda t: K.l2_normalize(t, axis=1), name="l2")(x)
    z = layers.Lambda(lambda t: K.abs(t[0] - t[1]), name="difference")([x, y])
    w = layers.Lambda(lambda t: tf.nn.relu6(t), name="relu6")(z)
    return layers.Lambda(lambda t, k: tf.concat([t, t * k], axis=-1), output_shape=doubled_shape, arguments={"k": 2.0}, name="joined")(w)


def of_keras3(layers, x):
    y = layers.Lambda(lambda t: ops.normalize(t, axis=1), name="l2", output_shape=(4,))(x)
    z = layers.Lambda(lambda t: ops.abs(t[0] - t[1]), name="difference", output_shape=(4,))([x, y])
    # stored by its name alone, as a function of Keras' own
    w = layers.Lambda(ops.relu6, name="relu6", output_shape=(4,))(z)
    return layers.Lambda(lambda t, k: ops.concatenate([t, t * k], axis=-1), output_shape=doubled_shape, arguments={"k": 2.0}, name="joined")(w)


def main():
    name = sys.argv[1]
    if name == "tf_keras":
        import tf_keras as keras

        globals()["K"] = keras.backend
        made, suffix = model(keras, of_tf_keras), ".h5"
    else:
        import keras

        globals()["ops"] = keras.ops
        made, suffix = model(keras, of_keras3), ".keras"
    x = (np.random.RandomState(0).rand(2, 6, 8, 3) * 255).astype("float32")
    FOLDER.mkdir(exist_ok=True)
    np.savez_compressed(FOLDER / f"{name}.npz", x=x, y=made.predict(x, verbose=0))
    made.save(FOLDER / f"{name}{suffix}")


if __name__ == "__main__":
    main()
