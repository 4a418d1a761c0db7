"""Models with frozen models inside, as real Keras writes them while it trains them: ``python tests/keras2_frozen.py FOLDER [tf_keras]``.

It is run with Keras 2.2.4 (Python 3.6), 2.3.1 (3.7), Keras 3 and tf_keras: nothing here is newer than Python 3.6. So tests/data/frozen was made.
"""

import os
import sys

import numpy as np


def sequential(k, name, units=4):
    """A Sequential model to be called as a layer."""
    L = k.layers
    first = L.Dense(units, input_shape=(3,), activation="tanh", name=name + "_a")
    return k.models.Sequential([first, L.BatchNormalization(name=name + "_n"), L.Dense(2, name=name + "_b")], name=name)


def functional(k, name, units=5):
    """A functional model to be called as a layer."""
    z = k.Input((3,), name=name + "_in")
    y = k.layers.BatchNormalization(name=name + "_n")(k.layers.Dense(units, activation="tanh", name=name + "_a")(z))
    return k.Model(z, k.layers.Dense(2, name=name + "_b")(y), name=name)


def frozen(model):
    """The model, which isn't trained."""
    model.trainable = False
    return model


def in_functional(k):
    x = k.Input((3,))
    return k.Model(x, k.layers.Dense(1, name="top")(frozen(sequential(k, "inner"))(x)))


def in_sequential(k):
    return k.models.Sequential([frozen(functional(k, "base")), k.layers.Dense(1, name="top")])


def one_of_two(k):
    x = k.Input((3,))
    parts = [frozen(functional(k, "base"))(x), sequential(k, "inner")(x)]
    return k.Model(x, k.layers.Dense(1, name="top")(k.layers.concatenate(parts)))


def in_another(k):
    z, x = k.Input((3,)), k.Input((3,))
    outer = k.Model(z, k.layers.Dense(2, name="mid")(frozen(sequential(k, "inner"))(z)), name="outer")
    return k.Model(x, k.layers.Dense(1, name="top")(outer(x)))


def adversarial(k):
    judge = functional(k, "judge")
    judge.compile("adam", "mse")
    z = k.Input((3,))
    return k.Model(z, frozen(judge)(k.layers.Dense(3, name="mid")(sequential(k, "maker")(z))))


def of_equal_shapes(k):
    """Which of them is frozen the file doesn't tell."""
    x = k.Input((3,))
    return k.Model(x, k.layers.Dense(1, name="top")(k.layers.add([frozen(sequential(k, "left"))(x), sequential(k, "right")(x)])))


CASES = [in_functional, in_sequential, one_of_two, in_another, adversarial, of_equal_shapes]


def main(folder, library="keras"):
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import tensorflow as tf

    if tf.__version__.startswith("1."):
        # Keras 2 makes variables that one part of a step may read after another has updated them
        tf.compat.v1.enable_resource_variables()
    k = __import__(library)
    if not os.path.isdir(folder):
        os.makedirs(folder)
    arrays = {}
    for build in CASES:
        name = build.__name__
        k.backend.clear_session()
        model = build(k)
        model.set_weights([np.random.RandomState(i).uniform(0.1, 1, w.shape) for i, w in enumerate(model.get_weights())])
        # Adam of Keras 2.2.4 may read its count of steps before or after it counts, so that it trains now so, now otherwise
        adam = name in ("in_functional", "in_sequential", "adversarial", "of_equal_shapes")
        model.compile(k.optimizers.Adam(0.01) if adam else k.optimizers.SGD(0.02, momentum=0.9), "mse")
        x = np.random.RandomState(1).uniform(-1, 1, (4, 3)).astype("float32")
        y = np.random.RandomState(2).uniform(-1, 1, model.predict(x).shape).astype("float32")
        model.train_on_batch(x, y)
        arrays[name + "/x"], arrays[name + "/y"], arrays[name + "/predicted"] = x, y, model.predict(x)
        model.save(os.path.join(folder, name + ".h5"))
        model.train_on_batch(x, y)
        arrays[name + "/trained"] = model.predict(x)
        arrays[name + "/count"] = len(model.trainable_weights)
        print(k.__version__, name, len(model.trainable_weights), len(model.weights))
    np.savez_compressed(os.path.join(folder, "arrays.npz"), **arrays)


if __name__ == "__main__":
    main(*sys.argv[1:])
