"""A layer of one's own: attention over time, on a task that shows where it looks.

Each sequence is random numbers with one step marked; the answer is the number at the marked step.
"""

import sys

import numpy as np

from kbridge import backend as K
from kbridge.engine.topology import Layer
from kbridge.layers import Dense, Input, TimeDistributed
from kbridge.models import Model

STEPS = 12


class Attention(Layer):
    """The weighted mean of (samples, time, features) over time; the weights are a softmax of learned scores.

    The additive form of Bahdanau, Cho and Bengio (2014): score = v . tanh(W x).
    """

    def __init__(self, units, **kwargs):
        self.units = units
        super().__init__(**kwargs)

    def build(self, input_shape):
        self.W = self.add_weight((input_shape[-1], self.units), initializer="glorot_uniform", name=f"{self.name}_W")
        self.v = self.add_weight((self.units, 1), initializer="glorot_uniform", name=f"{self.name}_v")
        super().build(input_shape)

    def weights_of_steps(self, x):
        scores = K.dot(K.tanh(K.dot(x, self.W)), self.v)
        return K.softmax(K.squeeze(scores, -1))

    def call(self, x, mask=None):
        return K.sum(x * K.expand_dims(self.weights_of_steps(x)), axis=1)

    def get_output_shape_for(self, input_shape):
        return (input_shape[0], input_shape[2])

    def get_config(self):
        return {**super().get_config(), "units": self.units}


def sequences(count):
    """(numbers and marks (count, STEPS, 2), the marked numbers (count, 1), the marked steps (count,))."""
    numbers, marked = np.random.uniform(-1, 1, (count, STEPS)), np.random.randint(0, STEPS, count)
    marks = np.eye(STEPS)[marked]
    return np.stack([numbers, marks], axis=-1), numbers[np.arange(count), marked, None], marked


np.random.seed(12)
x, y, _ = sequences(4000)
x_test, y_test, marked = sequences(500)

sequence = Input(shape=(STEPS, 2))
hidden = TimeDistributed(Dense(16, activation="tanh"))(sequence)
attention = Attention(16)
model = Model(sequence, Dense(1)(attention(hidden)))
model.compile(loss="mse", optimizer="adam")
model.fit(x, y, nb_epoch=25, batch_size=32, verbose=2, validation_data=(x_test, y_test))

looks = K.function([model.input], [attention.weights_of_steps(hidden)])([x_test])[0]
again = Model.from_config(model.get_config(), custom_objects={"Attention": Attention})
again.set_weights(model.get_weights())
assert np.allclose(again.predict(x_test), model.predict(x_test)), "the copy of the model predicts something else"
error, looked = model.evaluate(x_test, y_test, verbose=0), np.mean(looks.argmax(axis=1) == marked)
print("marked step, attention to each step in percent:")
for step, weights in zip(marked[:4], looks[:4]):
    print(f"{step + 1:3}:", " ".join(f"{100 * w:3.0f}" for w in weights))
print(f"Squared error {error:.4f} (0.01 or less expected; without attention 0.33); it looks at the marked step in {looked:.0%}.")
if error > 0.01 or looked < 0.95:
    sys.exit(1)
