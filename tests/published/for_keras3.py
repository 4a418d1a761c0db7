"""Layers as people publish them for Keras 3, of the usual kinds: real Keras makes files with them (``python -m published.make``), ``--custom`` reads these."""

import keras
import numpy as np
from keras import layers, ops
from keras.layers import Dense, Dropout, Layer
from keras.saving import register_keras_serializable


@register_keras_serializable(package="published")
class TransformerBlock(layers.Layer):
    def __init__(self, dim=8, heads=2, hidden=12, rate=0.1, **kwargs):
        super().__init__(**kwargs)
        self.dim, self.heads, self.hidden, self.rate = dim, heads, hidden, rate
        self.attention = layers.MultiHeadAttention(num_heads=heads, key_dim=dim // heads)
        self.feed_forward = keras.Sequential([layers.Dense(hidden, activation="gelu"), layers.Dense(units=dim)])
        self.norm1 = layers.LayerNormalization(epsilon=1e-6)
        self.norm2 = layers.LayerNormalization(epsilon=1e-6)
        self.drop1 = layers.Dropout(rate)
        self.drop2 = layers.Dropout(rate=rate)

    def call(self, inputs, training=None):
        attended = self.drop1(self.attention(inputs, inputs), training=training)
        x = self.norm1(inputs + attended)
        return self.norm2(x + self.drop2(self.feed_forward(x), training=training))

    def get_config(self):
        config = super().get_config()
        config.update({"dim": self.dim, "heads": self.heads, "hidden": self.hidden, "rate": self.rate})
        return config


@register_keras_serializable(package="published")
class CausalBlock(Layer):
    """With keywords in the call of the attention, and its scores."""

    def __init__(self, dim=8, **kwargs):
        super().__init__(**kwargs)
        self.dim = dim
        self.attention = layers.MultiHeadAttention(2, dim, dropout=0.1)

    def call(self, x, training=False):
        y, scores = self.attention(query=x, value=x, key=x, use_causal_mask=True, return_attention_scores=True, training=training)
        return y + ops.mean(scores, axis=(1, 2, 3), keepdims=True)[:, 0]

    def get_config(self):
        return {**super().get_config(), "dim": self.dim}


@register_keras_serializable(package="published")
class TokensAndPositions(Layer):
    def __init__(self, length=6, words=11, dim=8, **kwargs):
        super().__init__(**kwargs)
        self.length, self.words, self.dim = length, words, dim
        self.token_emb = layers.Embedding(input_dim=words, output_dim=dim)
        self.pos_emb = layers.Embedding(input_dim=length, output_dim=dim)

    def call(self, x):
        positions = ops.arange(start=0, stop=ops.shape(x)[-1], step=1)
        return self.token_emb(x) + self.pos_emb(positions)

    def get_config(self):
        return {**super().get_config(), "length": self.length, "words": self.words, "dim": self.dim}


@register_keras_serializable(package="published")
class Sinusoids(Layer):
    """Angles from NumPy, made in ``build``."""

    def build(self, input_shape):
        _, length, dim = input_shape
        places = np.arange(length)[:, np.newaxis] / 10000.0 ** (2 * (np.arange(dim) // 2)[np.newaxis] / dim)
        places[:, 0::2], places[:, 1::2] = np.sin(places[:, 0::2]), np.cos(places[:, 1::2])
        self.places = ops.convert_to_tensor(places[np.newaxis], dtype="float32")

    def call(self, x):
        scale = ops.sqrt(ops.cast(ops.shape(x)[-1], "float32"))
        return x * scale + self.places[:, : ops.shape(x)[1], :]


@register_keras_serializable(package="published")
class PatchEmbedding(Layer):
    def __init__(self, size=4, dim=8, **kwargs):
        super().__init__(**kwargs)
        self.size, self.dim = size, dim
        self.project = layers.Conv2D(filters=dim, kernel_size=size, strides=size, padding="valid", kernel_initializer="lecun_normal")

    def build(self, input_shape):
        count = (input_shape[1] // self.size) * (input_shape[2] // self.size)
        self.class_token = self.add_weight(shape=(1, 1, self.dim), initializer="zeros", name="class_token")
        self.places = self.add_weight(
            name="places", shape=(1, count + 1, self.dim), initializer=keras.initializers.TruncatedNormal(stddev=0.02), trainable=True
        )
        self.count = count

    def call(self, pictures):
        x = ops.reshape(self.project(pictures), (-1, self.count, self.dim))
        token = ops.broadcast_to(self.class_token, (ops.shape(x)[0], 1, self.dim))
        return ops.concatenate([token, x], axis=1) + self.places

    def get_config(self):
        return {**super().get_config(), "size": self.size, "dim": self.dim}


@register_keras_serializable(package="published")
class Sampling(Layer):
    """Draws a code; with so low a variance that what it gives is the mean."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seed_generator = keras.random.SeedGenerator(1337)

    def call(self, inputs):
        mean, log_variance = inputs
        batch = ops.shape(mean)[0]
        dim = ops.shape(mean)[1]
        noise = keras.random.normal(shape=(batch, dim), seed=self.seed_generator)
        return mean + ops.exp(0.5 * (log_variance - 60.0)) * noise


@register_keras_serializable(package="published")
class Bahdanau(Layer):
    def __init__(self, units=5, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.W1, self.W2, self.V = Dense(units, use_bias=False), Dense(units), Dense(1)

    def call(self, states):
        query = ops.expand_dims(states[:, -1, :], 1)
        score = self.V(ops.tanh(self.W1(query) + self.W2(states)))
        return ops.sum(ops.softmax(score, axis=1) * states, axis=1)

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@register_keras_serializable(package="published")
class Capsules(Layer):
    """Routing by agreement, in a Python loop."""

    def __init__(self, capsules=3, dim=4, routings=3, kernel_initializer="glorot_uniform", **kwargs):
        super().__init__(**kwargs)
        self.capsules, self.dim, self.routings = capsules, dim, routings
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape):
        self.W = self.add_weight(
            shape=[self.capsules, input_shape[1], self.dim, input_shape[2]], initializer=self.kernel_initializer, name="W"
        )
        self.built = True

    def call(self, inputs):
        votes = ops.einsum("cndi,bni->bcnd", self.W, inputs)
        logits = ops.zeros_like(votes[..., 0])
        for turn in range(self.routings):
            weights = ops.softmax(logits, axis=1)
            out = self.squash(ops.sum(ops.expand_dims(weights, -1) * votes, axis=2))
            if turn < self.routings - 1:
                logits = logits + ops.sum(votes * ops.expand_dims(out, 2), axis=-1)
        return out

    def squash(self, vectors, axis=-1):
        squared = ops.sum(ops.square(vectors), axis, keepdims=True)
        return squared / (1 + squared) / ops.sqrt(squared + keras.backend.epsilon()) * vectors

    def compute_output_shape(self, input_shape):
        return (None, self.capsules, self.dim)

    def get_config(self):
        config = {"capsules": self.capsules, "dim": self.dim, "routings": self.routings}
        config["kernel_initializer"] = keras.initializers.serialize(self.kernel_initializer)
        return dict(list(super().get_config().items()) + list(config.items()))


@register_keras_serializable(package="published")
class SqueezeExcite(Layer):
    def __init__(self, ratio=2, **kwargs):
        super().__init__(**kwargs)
        self.ratio = ratio

    def build(self, input_shape):
        channels = input_shape[-1]
        self.pool = layers.GlobalAveragePooling2D(keepdims=True)
        self.down = layers.Dense(channels // self.ratio, activation="relu", kernel_initializer="he_normal", use_bias=False)
        self.up = layers.Dense(channels, activation=keras.activations.sigmoid, use_bias=False)
        self.multiply = layers.Multiply()
        self.pool.build(input_shape)
        self.down.build((None, 1, 1, channels))
        self.up.build((None, 1, 1, channels // self.ratio))

    def call(self, x):
        return self.multiply([x, self.up(self.down(self.pool(x)))])

    def get_config(self):
        return {**super().get_config(), "ratio": self.ratio}


@register_keras_serializable(package="published")
class ResidualBlock(Layer):
    def __init__(self, filters=4, stride=2, **kwargs):
        super().__init__(**kwargs)
        self.filters, self.stride = filters, stride
        self.conv1 = layers.Conv2D(
            filters, 3, strides=stride, padding="same", use_bias=False, kernel_regularizer=keras.regularizers.L2(1e-4)
        )
        self.bn1 = layers.BatchNormalization(momentum=0.9)
        self.act = layers.Activation("relu")
        self.conv2 = layers.Conv2D(filters, (3, 3), padding="same", kernel_initializer=keras.initializers.HeNormal())
        self.bn2 = layers.BatchNormalization(axis=-1)
        self.depth = layers.DepthwiseConv2D(3, padding="same")
        self.separable = layers.SeparableConv2D(filters, kernel_size=3, padding="same")
        self.shortcut = layers.Conv2D(filters, 1, strides=stride)
        self.pool = layers.MaxPooling2D(pool_size=2, strides=1, padding="same")
        self.add = layers.Add()

    def call(self, x, training=None):
        y = self.act(self.bn1(self.conv1(x), training=training))
        y = self.bn2(self.separable(self.depth(self.conv2(y))), training=training)
        return ops.relu(self.add([self.pool(y), self.shortcut(x)]))

    def get_config(self):
        return {**super().get_config(), "filters": self.filters, "stride": self.stride}


@register_keras_serializable(package="published")
class GatedResidual(Layer):
    def __init__(self, units=6, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.elu = layers.Dense(units, activation="elu")
        self.linear = layers.Dense(units)
        self.drop = Dropout(0.2)
        self.gate, self.value = layers.Dense(units, activation="sigmoid"), layers.Dense(units)
        self.norm = layers.LayerNormalization()
        self.project = layers.Dense(units)
        self.leaky = layers.LeakyReLU(negative_slope=0.1)

    def call(self, inputs):
        x = self.drop(self.linear(self.elu(inputs)))
        x = self.gate(x) * self.value(x)
        return self.norm(self.leaky(self.project(inputs)) + x)

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@register_keras_serializable(package="published")
class RootMeanSquare(Layer):
    def __init__(self, epsilon=1e-6, gamma_regularizer=None, gamma_constraint=None, **kwargs):
        super().__init__(**kwargs)
        self.epsilon = epsilon
        self.gamma_regularizer = keras.regularizers.get(gamma_regularizer)
        self.gamma_constraint = keras.constraints.get(gamma_constraint)

    def build(self, input_shape):
        self.gamma = self.add_weight(
            name="gamma", shape=input_shape[-1:], initializer="ones", regularizer=self.gamma_regularizer, constraint=self.gamma_constraint
        )

    def call(self, x):
        return x * ops.rsqrt(ops.mean(ops.square(x), axis=-1, keepdims=True) + self.epsilon) * self.gamma

    def get_config(self):
        return {
            **super().get_config(), "epsilon": self.epsilon, "gamma_regularizer": keras.regularizers.serialize(self.gamma_regularizer),
            "gamma_constraint": keras.constraints.serialize(self.gamma_constraint),
        }  # fmt: skip


@register_keras_serializable(package="published")
class SpatialAttention(Layer):
    def __init__(self, size=3, **kwargs):
        super().__init__(**kwargs)
        self.size = size
        self.conv = layers.Conv2D(1, size, padding="same", activation="sigmoid", kernel_initializer="he_normal", use_bias=False)

    def call(self, x):
        both = ops.concatenate([ops.mean(x, axis=-1, keepdims=True), ops.max(x, axis=-1, keepdims=True)], axis=-1)
        return x * self.conv(both)

    def get_config(self):
        return {**super().get_config(), "size": self.size}


@register_keras_serializable(package="published")
class Recurrent(Layer):
    def __init__(self, units=4, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.lstm = layers.LSTM(units, return_sequences=True, recurrent_dropout=0.1)
        self.gru = layers.Bidirectional(layers.GRU(units, return_sequences=True))
        self.each = layers.TimeDistributed(layers.Dense(3))
        self.last = layers.SimpleRNN(units)

    def call(self, x, training=None):
        return self.last(self.each(self.gru(self.lstm(x, training=training))))

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@register_keras_serializable(package="published")
class CrossAttention(Layer):
    """Called with two tensors."""

    def __init__(self, heads=2, dim=8, **kwargs):
        super().__init__(**kwargs)
        self.heads, self.dim = heads, dim
        self.attention = layers.MultiHeadAttention(num_heads=heads, key_dim=dim, value_dim=3)
        self.norm = layers.LayerNormalization()

    def call(self, x, context):
        return self.norm(layers.add([x, self.attention(query=x, key=context, value=context)]))

    def get_config(self):
        return {**super().get_config(), "heads": self.heads, "dim": self.dim}


@register_keras_serializable(package="published")
class CausalConv1D(layers.Conv1D):
    """A subclass of a layer of Keras."""

    def __init__(self, filters, kernel_size, dilation_rate=1, **kwargs):
        kwargs.pop("padding", None)
        super().__init__(filters, kernel_size, padding="causal", dilation_rate=dilation_rate, **kwargs)

    def call(self, inputs):
        return ops.tanh(super().call(inputs))


@register_keras_serializable(package="published")
class MaskedTokens(Layer):
    """The mask of an Embedding follows its tensor inside."""

    def __init__(self, words=9, dim=3, **kwargs):
        super().__init__(**kwargs)
        self.words, self.dim = words, dim
        self.embedding = layers.Embedding(words, dim, mask_zero=True)
        self.recurrent = layers.GRU(dim, return_sequences=True)
        self.pool = layers.GlobalAveragePooling1D()

    def call(self, x):
        return self.pool(self.recurrent(self.embedding(x)))

    def get_config(self):
        return {**super().get_config(), "words": self.words, "dim": self.dim}


@register_keras_serializable(package="published")
def scaled_gelu(x):
    return 1.5 * keras.activations.gelu(x, approximate=True)


@register_keras_serializable(package="published")
def focal(y_true, y_pred, gamma=2.0):
    y_pred = ops.clip(y_pred, 1e-7, 1.0 - 1e-7)
    return -ops.mean(y_true * ops.power(1.0 - y_pred, gamma) * ops.log(y_pred), axis=-1)


#: name -> (shapes of the inputs, function of these that gives the output)
CASES = {
    "transformer_block": ([(6, 8)], lambda x: TransformerBlock()(x)),
    "causal_block": ([(5, 8)], lambda x: CausalBlock()(x)),
    "tokens_and_positions": ([(6,)], lambda x: TokensAndPositions()(x)),
    "sinusoids": ([(5, 6)], lambda x: Sinusoids()(x)),
    "patch_embedding": ([(8, 8, 3)], lambda x: PatchEmbedding()(x)),
    "sampling": ([(4,)], lambda x: Sampling()([Dense(3)(x), Dense(3)(x)])),
    "bahdanau": ([(5, 4)], lambda x: Bahdanau()(x)),
    "capsules": ([(4, 3)], lambda x: Capsules()(x)),
    "squeeze_excite": ([(5, 4, 6)], lambda x: SqueezeExcite()(x)),
    "residual_block": ([(6, 5, 3)], lambda x: ResidualBlock()(x)),
    "gated_residual": ([(5,)], lambda x: GatedResidual()(x)),
    "root_mean_square": (
        [(5,)],
        lambda x: RootMeanSquare(gamma_regularizer="l2", gamma_constraint="non_neg")(Dense(4, activation=scaled_gelu)(x)),
    ),
    "spatial_attention": ([(5, 4, 3)], lambda x: SpatialAttention()(x)),
    "recurrent": ([(5, 3)], lambda x: Recurrent()(x)),
    "cross_attention": ([(5, 4), (3, 6)], lambda x, y: CrossAttention()(x, y)),
    "masked_tokens": ([(6,)], lambda x: MaskedTokens()(x)),
    "causal_conv": ([(7, 3)], lambda x: CausalConv1D(4, 2, dilation_rate=2, activation="relu")(x)),
}
