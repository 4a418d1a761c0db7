"""Layers of a program's own, as one writes them for Keras 3: real Keras makes a file with them (``keras3_models.py``), and ``--custom`` reads it."""

import keras
import keras.ops as O
from keras import layers, ops
from keras.layers import Layer
from keras.saving import register_keras_serializable


@register_keras_serializable(package="own")
class Block(Layer):
    """Holds layers as attributes, in a list and in a dict; some are built by the first call, one in ``build``."""

    def __init__(self, units=4, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.first = layers.Dense(units, activation="tanh")
        self.several = [layers.Dense(units), layers.Dense(units)]
        self.named = {"norm": layers.BatchNormalization(), "drop": layers.Dropout(0.3)}

    def build(self, input_shape):
        self.scale = self.add_weight(name="scale", shape=(self.units,), initializer="ones", trainable=True)
        self.count = self.add_weight(name="count", shape=(), initializer="ones", trainable=False)
        self.first.build(input_shape)
        super().build(input_shape)

    def call(self, inputs, training=None):
        x = self.first(inputs)
        for layer in self.several:
            x = ops.relu(layer(x)) + O.mean(x, axis=-1, keepdims=True)
        x = self.named["norm"](x, training=training) * self.scale
        return self.named["drop"](ops.concatenate([x, ops.nn.softmax(x)], axis=-1), training=training) * self.count

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], 2 * self.units)

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@keras.saving.register_keras_serializable(package="own")
class Pair(Layer):
    """Holds a layer of the program's own, and calls it twice."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.block = Block(3)

    def call(self, inputs):
        return self.block(inputs) - self.block(ops.square(inputs))
