"""``kbridge.compare`` names the layer where a backend goes wrong, and no other, wherever in a model it stands."""

import numpy as np
import pytest

import kbridge as kb
from kbridge.layers import (
    GRU,
    LSTM,
    Activation,
    AveragePooling2D,
    BatchNormalization,
    Convolution2D,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    Input,
    MaxPooling2D,
    TimeDistributed,
    merge,
)
from kbridge.models import Model, Sequential


def stack(*layers):
    return Sequential(list(layers))


def dense_stack():
    return stack(Dense(5, input_dim=4, name="a"), Activation("relu", name="b"), Activation("tanh", name="wrong"), Dense(2, name="c"))


def convolutions():
    first = Convolution2D(4, 3, 3, border_mode="same", input_shape=(8, 8, 2), name="a")
    return stack(first, Convolution2D(3, 3, 3, border_mode="same", name="wrong"), Flatten(name="b"), Dense(2, name="c"))


def normalized():
    # running means and variances are those of trained models: not 0 and 1
    model = stack(Dense(5, input_dim=4, name="a"), BatchNormalization(name="wrong"), Dropout(0.5, name="b"), Dense(2, name="c"))
    model.layers[1].set_weights([np.linspace(0.5, 1, 5), np.zeros(5), np.linspace(-1, 1, 5), np.linspace(0.1, 0.3, 5)])
    return model


def pooled():
    first = Convolution2D(4, 3, 3, input_shape=(8, 8, 2), name="a")
    return stack(
        first, MaxPooling2D(name="b"), AveragePooling2D((3, 3), (1, 1), "same", name="wrong"), Flatten(name="c"), Dense(2, name="d")
    )


def branches():
    x = Input((4,), name="x")
    left = Dense(3, activation="relu", name="left")(Dense(5, name="deeper")(x))
    right = Dense(3, activation="tanh", name="wrong")(x)
    both = merge([left, right], mode="concat", name="both")
    return Model(x, [Dense(2, name="one")(both), Dense(1, name="two")(left)])


def nested():
    def inner(name, middle):
        return Sequential([Dense(4, input_dim=4, name="a"), Dense(4, activation=middle, name="wrong"), Dense(4, name="c")], name=name)

    x = Input((4,), name="x")
    return Model(x, Dense(2, name="end")(inner("outer", "tanh")(inner("first", "relu")(x))))


def nested_convolution():
    inner = convolutions()
    inner.name = "inner"
    x = Input((8, 8, 2), name="x")
    return Model(x, Dense(2, name="end")(inner(x)))


def shared():
    x, y = Input((4,), name="x"), Input((4,), name="y")
    layer = Dense(3, activation="tanh", name="wrong")
    return Model([x, y], Dense(1, name="end")(merge([layer(x), layer(y)], mode="sum", name="both")))


def recurrent():
    first = LSTM(4, activation="softsign", inner_activation="sigmoid", return_sequences=True, input_shape=(6, 3), name="a")
    return stack(first, GRU(3, activation="softplus", inner_activation="hard_sigmoid", name="wrong"), Dense(2, name="c"))


def embedded():
    return stack(
        Embedding(7, 3, input_length=5, name="wrong"), TimeDistributed(Dense(2, name="in"), name="b"), Flatten(name="c"), Dense(1, name="d")
    )


def softmax():
    model = stack(Dense(4, input_dim=3, name="a"), Activation("softmax", name="wrong"), Dense(3, name="b"))
    return model


#: mistake, model, what is blamed: (layer, kind), outputs first
CASES = [
    ("gradient tanh", dense_stack, [("wrong", "gradient")]),
    ("value tanh", dense_stack, [("wrong", "output"), ("wrong", "gradient")]),
    ("padding", convolutions, [("wrong", "output"), ("wrong", "gradient")]),
    ("epsilon", normalized, [("wrong", "output"), ("wrong", "gradient")]),
    ("training epsilon", normalized, [("wrong", "output"), ("wrong", "gradient")]),
    ("gradient batch_normalization", normalized, [("wrong", "gradient")]),
    ("value conv2d", lambda: stack(Dense(3, input_shape=(5, 5, 2), name="a"), Convolution2D(2, 3, 3, name="wrong"), Flatten(name="b")), [("wrong", "output"), ("wrong", "gradient")]),
    ("gradient tanh", branches, [("wrong", "gradient")]),
    ("value tanh", branches, [("wrong", "output"), ("wrong", "gradient")]),
    ("gradient tanh", nested, [("outer/wrong", "gradient")]),
    ("value tanh", nested, [("outer/wrong", "output"), ("outer/wrong", "gradient")]),
    ("padding", nested_convolution, [("inner/wrong", "output"), ("inner/wrong", "gradient")]),
    ("gradient tanh", shared, [("wrong (call 2)", "gradient"), ("wrong", "gradient")]),
    ("value tanh", shared, [("wrong", "output"), ("wrong (call 2)", "output"), ("wrong (call 2)", "gradient"), ("wrong", "gradient")]),
    ("gradient hard_sigmoid", recurrent, [("wrong", "gradient")]),
    ("value hard_sigmoid", recurrent, [("wrong", "output"), ("wrong", "gradient")]),
    ("value softsign", recurrent, [("a", "output"), ("a", "gradient")]),
    ("gradient gather", embedded, [("wrong", "gradient")]),
    ("gradient softmax", softmax, [("wrong", "gradient")]),
    ("gradient pool2d", lambda: stack(Dense(3, input_shape=(6, 6, 2), name="a"), MaxPooling2D(name="wrong"), Flatten(name="b")), [("wrong", "gradient")]),
    ("gradient square", dense_stack, [("loss", "gradient")]),
    ("value square", dense_stack, [("loss", "output"), ("loss", "gradient")]),
]  # fmt: skip


@pytest.mark.parametrize(("mistake", "build", "blamed"), CASES, ids=[f"{m}-{getattr(b, '__name__', '')}" for m, b, _ in CASES])
def test_the_layer_with_a_mistake_is_named_and_no_other(mistake, build, blamed, plant, tmp_path):
    np.random.seed(3)
    model = build()
    model.compile("sgd", "mse")
    path = tmp_path / "model.h5"
    model.save(str(path))
    plant(mistake)
    result = kb.compare(path, ["numpy", "planted"])
    assert not result.ok
    assert [(cause.layer, cause.kind) for cause in result.causes] == blamed, str(result)
    assert all(cause.backends == ["planted"] for cause in result.causes)
    assert all(cause.only_in_training == (mistake == "training epsilon") for cause in result.causes)
    assert all(("planted in training" in str(cause)) == (mistake == "training epsilon") for cause in result.causes)
    names = {row.name for row in result.layers if row.wrong}
    assert names == {name for name, _ in blamed} - {"loss"}
    outputs = [name for name, kind in blamed if kind == "output" and name != "loss"]
    assert (result.first_output.name if result.first_output else None) == (outputs[0] if outputs else None)
