"""Models and data for which many workers must give the numbers of one. Each function trains and returns what is compared."""

import os

import numpy as np

from kbridge import backend as K
from kbridge import distributed
from kbridge.callbacks import ReduceLROnPlateau
from kbridge.engine.topology import Layer
from kbridge.layers import (
    GRU,
    LSTM,
    Activation,
    Convolution2D,
    Dense,
    Embedding,
    Flatten,
    Input,
    Masking,
    MaxPooling2D,
    TimeDistributed,
)
from kbridge.models import Model, Sequential
from kbridge.optimizers import SGD, Adam, RMSprop
from kbridge.regularizers import activity_l1, l2


def result(model, history=None, extra=()):
    """Weights, optimizer's state and history as named arrays."""
    found = {f"weight {i}": w for i, w in enumerate(model.get_weights())}
    found |= {f"state {i}": w for i, w in enumerate(model.optimizer.get_weights())}
    if history is not None:
        found |= {f"history {name}": np.asarray(values) for name, values in history.history.items()}
    return found | {f"extra {i}": np.asarray(value) for i, value in enumerate(extra)}


def weighted_mlp():
    """Samples and classes that count more or not at all; the last batch has three rows."""
    rng = np.random.RandomState(1)
    x, y = rng.rand(43, 6), rng.randint(0, 3, 43)
    model = Sequential([Dense(7, activation="tanh", input_dim=6), Dense(3, activation="softmax")])
    model.compile(Adam(lr=0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    weights = rng.rand(43) * (rng.rand(43) > 0.4)
    history = model.fit(x, y[:, None], batch_size=8, nb_epoch=2, verbose=0, sample_weight=weights, validation_data=(x[:13], y[:13, None]))
    again = model.fit(x, y[:, None], batch_size=10, nb_epoch=2, verbose=0, class_weight={0: 0.0, 1: 2.0, 2: 0.5})
    return result(model, history, again.history["loss"])


def last_row_alone():
    """A last batch of one row, Nesterov's momentum, decay and clipped values, a constraint, whole batches shuffled."""
    rng = np.random.RandomState(2)
    x, y = rng.rand(25, 5), rng.rand(25, 2)
    model = Sequential([Dense(6, input_dim=5, activation="relu", W_constraint="maxnorm"), Dense(2)])
    model.compile(SGD(lr=0.1, momentum=0.9, decay=0.01, nesterov=True, clipvalue=0.05), "mse", metrics=["mae"])
    callbacks = [ReduceLROnPlateau("loss", patience=0, epsilon=0.5, verbose=0)]
    return result(model, model.fit(x, y, batch_size=6, nb_epoch=3, verbose=0, shuffle="batch", validation_split=0.2, callbacks=callbacks))


def masked_steps():
    """Steps that are masked, and steps of weight 0."""
    rng = np.random.RandomState(3)
    x, y = rng.rand(11, 5, 3), rng.rand(11, 5, 2)
    for row, length in enumerate(rng.randint(1, 6, 11)):
        x[row, length:] = 0
    model = Sequential([Masking(input_shape=(5, 3)), GRU(4, return_sequences=True), TimeDistributed(Dense(2))])
    model.compile(RMSprop(lr=0.01), "mse", metrics=["mae"], sample_weight_mode="temporal")
    weights = rng.rand(11, 5) * (rng.rand(11, 5) > 0.3)
    return result(model, model.fit(x, y, batch_size=4, nb_epoch=2, verbose=0, sample_weight=weights))


def two_outputs():
    """Two outputs with weights and losses of their own, one input of words with a mask."""
    rng = np.random.RandomState(4)
    words, numbers = rng.randint(0, 9, (19, 6)), rng.rand(19, 3)
    text, other = Input((6,), dtype="int32"), Input((3,))
    code = LSTM(4)(Embedding(9, 5, mask_zero=True)(text))
    first = Dense(1, activation="sigmoid", name="first")(code)
    second = Dense(4, name="second")(Dense(3, activation="tanh")(other))
    model = Model([text, other], [first, second])
    model.compile("adam", {"first": "binary_crossentropy", "second": "mse"}, loss_weights={"second": 0.3}, metrics=["accuracy"])
    targets = {"first": rng.randint(0, 2, 19), "second": rng.rand(19, 4)}
    weights = {"first": (rng.rand(19) > 0.5) * 1.0, "second": rng.rand(19)}
    return result(model, model.fit([words, numbers], targets, batch_size=6, nb_epoch=2, verbose=0, sample_weight=weights))


class Penalised(Layer):
    """Adds a loss that is a mean over the batch."""

    def call(self, x, mask=None):
        self.add_loss(0.1 * K.mean(K.square(x)), x)
        return x


def penalties():
    """Penalties on weights, sums and means over a batch, and a norm of all gradients that is clipped."""
    rng = np.random.RandomState(5)
    x, y = rng.rand(22, 4), rng.rand(22, 1)
    model = Sequential([Dense(6, input_dim=4, W_regularizer=l2(0.01), activity_regularizer=activity_l1(0.02)), Penalised(), Dense(1)])
    model.compile(SGD(lr=0.1, clipnorm=0.3), "mse")
    return result(model, model.fit(x, y, batch_size=8, nb_epoch=2, verbose=0, validation_split=0.25))


def images():
    """Convolutions, and a generator that all workers run, with validation by another one."""
    rng = np.random.RandomState(6)
    model = Sequential(
        [
            Convolution2D(3, 3, 3, input_shape=(6, 6, 1), activation="relu", dim_ordering="tf"),
            MaxPooling2D(dim_ordering="tf"),
            Flatten(),
            Dense(2),
            Activation("softmax"),
        ]
    )
    model.compile("adadelta", "categorical_crossentropy", metrics=["accuracy"])

    def batches(seed, sizes):
        rng = np.random.RandomState(seed)
        while True:
            for size in sizes:
                yield rng.rand(size, 6, 6, 1), np.eye(2)[rng.randint(0, 2, size)]

    history = model.fit_generator(
        batches(7, (5, 8, 3)), 16, 2, verbose=0, class_weight={0: 1.0, 1: 0.0}, validation_data=batches(8, (4, 2)), nb_val_samples=10
    )
    x = rng.rand(7, 6, 6, 1)
    return result(model, history, [model.evaluate(x, np.eye(2)[[0, 1, 0, 1, 1, 0, 0]], verbose=0), *model.predict(x).ravel()])


class RunningMean(Layer):
    """Keeps a moving average of its inputs' means, and takes it from them: an update that all workers must share."""

    def build(self, input_shape):
        self.mean = self.add_weight((input_shape[-1],), "zero", name="running", trainable=False)
        super().build(input_shape)

    def call(self, x, mask=None):
        self.add_update([K.moving_average_update(self.mean, K.mean(x, axis=0), 0.9)], x)
        return x - self.mean


def steps_by_hand():
    """A loop over ``train_on_batch`` with two models that share layers, as for GANs, and updates of a layer."""
    rng = np.random.RandomState(9)
    maker = Sequential([Dense(5, input_dim=2, activation="tanh"), Dense(3)])
    judge = Sequential([RunningMean(input_shape=(3,)), Dense(4, activation="relu"), Dense(1, activation="sigmoid")])
    judge.compile("adam", "binary_crossentropy")
    judge.trainable = False
    both = Sequential([maker, judge])
    both.compile("adam", "binary_crossentropy")
    losses = []
    for _ in range(4):
        made = maker.predict(rng.rand(5, 2))
        real = rng.rand(6, 3)
        losses.append(judge.train_on_batch(np.concatenate([made, real]), np.array([0.0] * 5 + [1.0] * 6)))
        losses.append(both.train_on_batch(rng.rand(9, 2), np.ones(9), sample_weight=rng.rand(9)))
    for model in (judge, both):
        distributed.gather(model)
    return result(judge, None, losses) | {f"maker {i}": w for i, w in enumerate(maker.get_weights())}


def carried_states():
    """A stateful model, whose batch is divided among the workers: each carries the states of its rows."""
    rng = np.random.RandomState(10)
    workers = int(os.environ.get("OF_WORKERS", "1"))
    rows = 12 if distributed.size() == 1 else 12 // workers
    x, y = rng.rand(36, 4, 2), rng.rand(36, 1)
    model = Sequential([LSTM(3, stateful=True, batch_input_shape=(rows, 4, 2)), Dense(1)])
    model.compile("rmsprop", "mse")
    history = model.fit(x, y, batch_size=rows, nb_epoch=2, verbose=0, shuffle=False, validation_data=(x[:12], y[:12]))
    return result(model, history)


CASES = {f.__name__: f for f in (weighted_mlp, last_row_alone, masked_steps, two_outputs, penalties, images, steps_by_hand)}
#: those that need KBRIDGE_DISTRIBUTED_BATCH=worker
OF_WORKER = {"carried_states": carried_states}
