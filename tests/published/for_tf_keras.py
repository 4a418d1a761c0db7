"""Layers as people publish them for tf.keras, of the usual kinds: tf_keras makes files with them (``python -m published.make``), ``--custom`` reads these."""

import numpy as np
import tensorflow as tf
import tensorflow.keras.backend as K
from tensorflow import keras
from tensorflow.keras import initializers, layers, regularizers
from tensorflow.keras.layers import Dense, Layer


class WordAttention(Layer):
    """Attention over steps with weights of its own."""

    def __init__(self, return_sequences=False, W_reg=None, bias=True, **kwargs):
        self.return_sequences, self.bias = return_sequences, bias
        self.init = initializers.get("glorot_uniform")
        self.W_reg = regularizers.get(W_reg)
        super().__init__(**kwargs)

    def build(self, input_shape):
        assert len(input_shape) == 3
        self.W = self.add_weight(
            name=f"{self.name}_W", shape=(input_shape[-1], input_shape[-1]), initializer=self.init, regularizer=self.W_reg
        )
        if self.bias:
            self.b = self.add_weight(shape=(input_shape[-1],), initializer="zero", name=f"{self.name}_b")
        self.u = self.add_weight(shape=(input_shape[-1], 1), initializer=self.init, name=f"{self.name}_u")
        super().build(input_shape)

    def call(self, x, mask=None):
        e = K.dot(x, self.W)
        if self.bias:
            e += self.b
        a = K.exp(K.squeeze(K.dot(K.tanh(e), self.u), axis=-1))
        if mask is not None:
            a *= K.cast(mask, K.floatx())
        a /= K.cast(K.sum(a, axis=1, keepdims=True) + K.epsilon(), K.floatx())
        weighted = x * K.expand_dims(a, axis=-1)
        return weighted if self.return_sequences else K.sum(weighted, axis=1)

    def compute_output_shape(self, input_shape):
        return input_shape if self.return_sequences else (input_shape[0], input_shape[-1])

    def get_config(self):
        config = {"return_sequences": self.return_sequences, "W_reg": regularizers.serialize(self.W_reg), "bias": self.bias}
        return dict(list(super().get_config().items()) + list(config.items()))


class Linear(keras.layers.Layer):
    def __init__(self, units=5, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.w = self.add_weight(shape=(input_shape[-1], self.units), initializer="random_normal", trainable=True)
        self.b = self.add_weight(shape=(self.units,), initializer="random_normal", trainable=True)

    def call(self, inputs):
        return tf.matmul(inputs, self.w) + self.b

    def get_config(self):
        return {**super().get_config(), "units": self.units}


class SelfAttention(Layer):
    """Heads by reshapes and transposes."""

    def __init__(self, d_model=8, num_heads=2, **kwargs):
        super().__init__(**kwargs)
        self.num_heads, self.d_model = num_heads, d_model
        self.depth = d_model // num_heads
        self.wq, self.wk, self.wv = (tf.keras.layers.Dense(units=d_model, use_bias=False) for _ in range(3))
        self.dense = tf.keras.layers.Dense(d_model)

    def split_heads(self, x, batch_size):
        x = tf.reshape(x, (batch_size, -1, self.num_heads, self.depth))
        return tf.transpose(x, perm=[0, 2, 1, 3])

    def call(self, x):
        batch_size = tf.shape(x)[0]
        q, k, v = (self.split_heads(w(x), batch_size) for w in (self.wq, self.wk, self.wv))
        logits = tf.matmul(q, k, transpose_b=True) / tf.math.sqrt(tf.cast(tf.shape(k)[-1], tf.float32))
        attended = tf.matmul(tf.nn.softmax(logits, axis=-1), v)
        attended = tf.transpose(attended, perm=[0, 2, 1, 3])
        return self.dense(tf.reshape(attended, (batch_size, -1, self.d_model)))

    def get_config(self):
        return {**super().get_config(), "d_model": self.d_model, "num_heads": self.num_heads}


class PositionalEmbedding(tf.keras.layers.Layer):
    def __init__(self, vocab_size=9, d_model=6, **kwargs):
        super().__init__(**kwargs)
        self.vocab_size, self.d_model = vocab_size, d_model
        self.embedding = tf.keras.layers.Embedding(vocab_size, d_model)
        angles = np.arange(16)[:, np.newaxis] / (10000 ** (np.arange(d_model // 2)[np.newaxis, :] / (d_model // 2)))
        self.pos_encoding = tf.cast(np.concatenate([np.sin(angles), np.cos(angles)], axis=-1), dtype=tf.float32)

    def call(self, x):
        length = tf.shape(x)[1]
        x = self.embedding(x)
        x *= tf.math.sqrt(tf.cast(self.d_model, tf.float32))
        return x + self.pos_encoding[tf.newaxis, :length, :]

    def get_config(self):
        return {**super().get_config(), "vocab_size": self.vocab_size, "d_model": self.d_model}


class Sampling(layers.Layer):
    def call(self, inputs):
        z_mean, z_log_var = inputs
        batch, dim = tf.shape(z_mean)[0], tf.shape(z_mean)[1]
        epsilon = tf.keras.backend.random_normal(shape=(batch, dim))
        return z_mean + tf.exp(0.5 * (z_log_var - 60.0)) * epsilon


class InstanceNormalization(Layer):
    def __init__(self, epsilon=1e-5, **kwargs):
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def build(self, input_shape):
        self.scale = self.add_weight(
            name="scale", shape=input_shape[-1:], initializer=tf.random_normal_initializer(1.0, 0.02), trainable=True
        )
        self.offset = self.add_weight(name="offset", shape=input_shape[-1:], initializer="zeros", trainable=True)

    def call(self, x):
        mean, variance = tf.nn.moments(x, axes=[1, 2], keepdims=True)
        return self.scale * (x - mean) * tf.math.rsqrt(variance + self.epsilon) + self.offset

    def get_config(self):
        return {**super().get_config(), "epsilon": self.epsilon}


class GraphConvolution(Layer):
    def __init__(self, units=4, activation="relu", kernel_regularizer=None, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.activation = tf.keras.activations.get(activation)
        self.kernel_regularizer = tf.keras.regularizers.get(kernel_regularizer)

    def build(self, input_shape):
        self.kernel = self.add_weight(
            "kernel", (input_shape[0][-1], self.units), initializer="glorot_uniform", regularizer=self.kernel_regularizer
        )
        self.bias = self.add_weight("bias", (self.units,), initializer="zeros")

    def call(self, inputs):
        features, adjacency = inputs
        return self.activation(tf.matmul(adjacency, tf.matmul(features, self.kernel)) + self.bias)

    def get_config(self):
        return {
            **super().get_config(), "units": self.units, "activation": tf.keras.activations.serialize(self.activation),
            "kernel_regularizer": tf.keras.regularizers.serialize(self.kernel_regularizer),
        }  # fmt: skip


class PixelShuffle(Layer):
    def __init__(self, factor=2, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor
        self.conv = layers.Conv2D(3 * factor**2, 3, padding="same")
        self.up = layers.Conv2DTranspose(3, 4, strides=2, padding="same", use_bias=False)
        self.pad = layers.ZeroPadding2D(padding=((1, 0), (0, 1)))

    def call(self, x):
        return tf.nn.depth_to_space(self.conv(x), self.factor) + self.up(x) + self.up(self.pad(x))[:, 2:, :-2]

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


class Minibatch(Layer):
    """A gate on steps, of K's functions with Keras 2's arguments."""

    def build(self, input_shape):
        dim = int(input_shape[-1])
        self.kernel = self.add_weight(name="kernel", shape=(dim, dim), initializer="orthogonal")
        self.built = True

    def call(self, x):
        turned = K.permute_dimensions(x, (0, 2, 1))
        gate = K.softmax(K.batch_dot(x, turned, axes=[2, 1]), axis=-1)
        y = K.l2_normalize(K.batch_dot(gate, K.dot(x, self.kernel)), axis=-1)
        return K.concatenate([y, K.repeat_elements(K.expand_dims(K.max(x, axis=1), axis=1), K.int_shape(x)[1], axis=1)], axis=-1)


class Encoder(Layer):
    """Recurrent layers with the defaults of tf.keras."""

    def __init__(self, units=3, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.gru = tf.keras.layers.GRU(units, return_sequences=True, recurrent_initializer="glorot_uniform")
        self.lstm = tf.keras.layers.LSTM(units)
        self.norm = tf.keras.layers.BatchNormalization()

    def call(self, x, training=False):
        return self.norm(self.lstm(self.gru(x)), training=training)

    def get_config(self):
        return {**super().get_config(), "units": self.units}


class EncoderLayer(tf.keras.layers.Layer):
    def __init__(self, dim=4, **kwargs):
        super().__init__(**kwargs)
        self.dim = dim
        self.mha = tf.keras.layers.MultiHeadAttention(num_heads=2, key_dim=dim)
        self.ffn = tf.keras.Sequential(
            [tf.keras.layers.Dense(2 * dim, activation=tf.nn.relu), tf.keras.layers.Dense(dim), tf.keras.layers.Dropout(0.1)]
        )
        self.layernorm = tf.keras.layers.LayerNormalization(epsilon=1e-6)
        self.add = tf.keras.layers.Add()

    def call(self, x):
        x = self.layernorm(self.add([x, self.mha(query=x, value=x, key=x)]))
        return self.add([x, self.ffn(x)])

    def get_config(self):
        return {**super().get_config(), "dim": self.dim}


class ScaledDense(Dense):
    """A subclass of a layer of Keras."""

    def __init__(self, units, factor=2.0, **kwargs):
        super().__init__(units, **kwargs)
        self.factor = factor

    def call(self, inputs):
        return self.factor * super().call(inputs)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


class MaskedTokens(Layer):
    """The mask of an Embedding follows its tensor inside."""

    def __init__(self, words=9, dim=3, **kwargs):
        super().__init__(**kwargs)
        self.words, self.dim = words, dim
        self.embedding = layers.Embedding(words, dim, mask_zero=True)
        self.recurrent = layers.LSTM(dim, return_sequences=True)
        self.pool = layers.GlobalAveragePooling1D()

    def call(self, x):
        return self.pool(self.recurrent(self.embedding(x)))

    def get_config(self):
        return {**super().get_config(), "words": self.words, "dim": self.dim}


def mish(x):
    return x * tf.math.tanh(tf.math.softplus(x))


def dice_loss(y_true, y_pred, smooth=1.0):
    y_true_f, y_pred_f = K.flatten(y_true), K.flatten(y_pred)
    return 1 - (2.0 * K.sum(y_true_f * y_pred_f) + smooth) / (K.sum(y_true_f) + K.sum(y_pred_f) + smooth)


def rmse(y_true, y_pred):
    return tf.sqrt(tf.reduce_mean(tf.square(y_pred - y_true)))


#: name -> (shapes of the inputs, function of these that gives the output)
CASES = {
    "word_attention": ([(5, 4)], lambda x: WordAttention(W_reg="l2")(x)),
    "linear": ([(4,)], lambda x: Linear()(x)),
    "self_attention": ([(5, 8)], lambda x: SelfAttention()(x)),
    "positional_embedding": ([(6,)], lambda x: PositionalEmbedding()(x)),
    "sampling": ([(4,)], lambda x: Sampling()([Dense(3)(x), Dense(3)(x)])),
    "instance_normalization": ([(4, 5, 3)], lambda x: InstanceNormalization()(x)),
    "graph_convolution": ([(5, 3), (5, 5)], lambda x, y: GraphConvolution()([x, y])),
    "pixel_shuffle": ([(4, 5, 2)], lambda x: PixelShuffle()(x)),
    "minibatch": ([(4, 3)], lambda x: Minibatch()(x)),
    "encoder": ([(5, 3)], lambda x: Encoder()(x)),
    "encoder_layer": ([(5, 4)], lambda x: EncoderLayer()(x)),
    "masked_tokens": ([(6,)], lambda x: MaskedTokens()(x)),
    "scaled_dense": ([(4,)], lambda x: ScaledDense(3, factor=3.0, activation=mish, kernel_initializer="he_normal")(x)),
}
