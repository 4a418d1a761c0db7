"""A model that is a class of somebody's own, as Keras 3 saves it.

    cd tests; python own_class.py

is run where Keras 3 is installed, and wrote tests/data/own_class: the model, its weights alone, and an input with its prediction.
"""

from pathlib import Path

import numpy as np

DATA = Path(__file__).parent / "data" / "own_class"


def record() -> None:
    """Write the files."""
    import keras

    keras.utils.set_random_seed(1)

    class Head(keras.layers.Layer):
        def __init__(self, units, **kwargs):
            super().__init__(**kwargs)
            self.dense = keras.layers.Dense(units)

        def call(self, x):
            return self.dense(x)

    @keras.saving.register_keras_serializable(package="mine")
    class Net(keras.Model):
        def __init__(self, units=4, **kwargs):
            super().__init__(**kwargs)
            self.units = units
            self.first = keras.layers.Dense(units, activation="relu")
            self.blocks = [keras.layers.Dense(units, activation="tanh"), keras.layers.Dense(3)]
            self.head = Head(2)

        def call(self, x):
            x = self.first(x)
            for block in self.blocks:
                x = block(x)
            return self.head(x)

        def get_config(self):
            return {**super().get_config(), "units": self.units}

    net = Net(5)
    x = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
    net.compile("adam", "mse")
    net.fit(x, np.ones((3, 2)), verbose=0)
    DATA.mkdir(exist_ok=True)
    np.savez(DATA / "net.npz", x=x, y=net.predict(x, verbose=0))
    net.save(DATA / "net.keras")
    net.save_weights(DATA / "net.weights.h5")


if __name__ == "__main__":
    record()
