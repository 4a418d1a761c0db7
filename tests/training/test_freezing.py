"""Models that are frozen inside others: what is trained, and what trainable_weights and summary say is trained."""

import copy
import warnings

import numpy as np
import pytest

from kbridge.layers import (
    LSTM,
    BatchNormalization,
    Bidirectional,
    Dense,
    Flatten,
    Input,
    Merge,
    SimpleRNN,
    TimeDistributed,
    merge,
)
from kbridge.models import Model, Sequential

RNG = np.random.RandomState(3)
X, Y = RNG.rand(6, 3).astype("float32"), RNG.rand(6, 2).astype("float32")
SEQUENCES = RNG.rand(6, 4, 3).astype("float32")


def sequential():
    return Sequential([Dense(3, input_dim=3), BatchNormalization()])


def functional():
    x = Input((3,))
    return Model(x, BatchNormalization()(Dense(3)(x)))


def first(inner):
    return Sequential([inner, Dense(2)]), X, 1


def alone(inner):
    return Sequential([inner]), X, 0


def first_of_the_first(inner):
    return Sequential([Sequential([inner]), Dense(2)]), X, 1


def later(inner):
    return Sequential([Dense(3, input_dim=3), inner, Dense(2)]), X, 2


def branch(inner):
    return Sequential([Merge([inner, Sequential([Dense(3, input_dim=3)])]), Dense(2)]), [X, X], 2


def branch_of_a_branch(inner):
    side = Sequential([Dense(3, input_dim=3)])
    deep = Sequential([Merge([Sequential([inner]), side])])
    return Sequential([Merge([deep, Sequential([Dense(3, input_dim=3)])]), Dense(2)]), [X, X, X], 3


def merged_layers(inner):
    side = Sequential([Dense(3, input_dim=3)])
    return Model([inner.input, side.input], Dense(2)(Merge([inner, side]).output)), [X, X], 2


def merged_outputs(inner):
    x = Input((3,))
    return Model([inner.input, x], Dense(2)(merge([inner.output, Dense(3)(x)]))), [X, X], 2


def output_used(inner):
    return Model(inner.input, Dense(2)(inner.output)), X, 1


def called(inner):
    x = Input((3,))
    return Model(x, Dense(2)(inner(x))), X, 1


def called_in_a_called_model(inner):
    x, z = Input((3,)), Input((3,))
    return Model(z, Dense(2)(Model(x, Dense(3)(inner(x)))(z))), X, 2


def output_used_in_a_called_model(inner):
    z = Input((3,))
    return Model(z, Dense(2)(Model(inner.input, Dense(3)(inner.output))(z))), X, 2


def time_distributed(inner):
    return Sequential([TimeDistributed(inner, input_shape=(4, 3)), Flatten(), Dense(2)]), SEQUENCES, 1


def time_distributed_around(inner):
    model = Sequential([inner, Dense(3)])
    return Sequential([TimeDistributed(model, input_shape=(4, 3)), Flatten(), Dense(2)]), SEQUENCES, 2


PLACES = [
    first, alone, first_of_the_first, later, branch, branch_of_a_branch, merged_layers, merged_outputs, output_used, called,
    called_in_a_called_model, output_used_in_a_called_model, time_distributed, time_distributed_around,
]  # fmt: skip


def changed(before, after):
    return [not np.array_equal(a, b) for a, b in zip(before, after, strict=True)]


def step(model, x):
    shape = (6, *model.output_shape[1:])
    model.train_on_batch(x, RNG.rand(*shape))


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", [sequential, functional])
@pytest.mark.parametrize("place", PLACES)
def test_a_frozen_model_stays_as_it_is_wherever_it_stands(place, kind, when, capsys):
    inner = kind()
    if when == "before":
        inner.trainable = False
    model, x, dense_layers = place(inner)
    inner.trainable = False
    assert len(model.trainable_weights) == 2 * dense_layers
    assert len(model.non_trainable_weights) + len(model.trainable_weights) == len(model.weights)
    model.summary()
    trained = sum(int(np.prod(w.shape)) for w in model.get_weights()) - sum(w.size for w in inner.get_weights())
    assert f"Trainable params: {trained:,}\n" in capsys.readouterr().out
    model.compile("sgd", "mse")
    inside, everything = inner.get_weights(), model.get_weights()
    step(model, x)
    # neither the weights nor the statistics of the batch normalization
    assert not any(changed(inside, inner.get_weights()))
    kernels = [w.ndim == 2 for w in everything]
    moved = changed(everything, model.get_weights())
    assert (
        sum(m for m, kernel in zip(moved, kernels) if kernel) == dense_layers >= sum(m for m, kernel in zip(moved, kernels) if not kernel)
    )
    # compiled again after it was unfrozen it is trained, all of it
    inner.trainable = True
    assert len(model.trainable_weights) == 2 * dense_layers + 4
    model.compile("sgd", "mse")
    step(model, x)
    kernel, _, *normalization = changed(inside, inner.get_weights())
    # the bias before a normalization has the gradient 0, or what rounding makes of it
    assert kernel and all(normalization)


@pytest.mark.parametrize("place", [first, branch, output_used, called, time_distributed])
def test_layers_keep_their_own_flags_under_a_model_that_is_frozen_and_unfrozen(place):
    inner = functional()
    inner.layers[1].trainable = False
    model, x, dense_layers = place(inner)
    inner.trainable = False
    inner.trainable = True
    assert len(model.trainable_weights) == 2 * dense_layers + 2
    model.compile("sgd", "mse")
    before = inner.get_weights()
    step(model, x)
    dense = {id(w) for w in inner.layers[1].weights}
    assert changed(before, inner.get_weights()) == [id(w) not in dense for layer in inner.layers for w in layer.weights]


def test_freezing_counts_when_the_model_is_compiled(capsys):
    inner = sequential()
    model, x, _ = first(inner)
    model.compile("sgd", "mse")
    inner.trainable = False
    before = inner.get_weights()
    step(model, x)
    assert all(changed(before, inner.get_weights())[:2])
    model.summary()
    printed = capsys.readouterr().out
    assert "Trainable params: 8\n" in printed
    assert "Trained as compiled: 26 " in printed


def test_a_frozen_discriminator_behind_a_generator():
    generator, discriminator = Sequential([Dense(3, input_dim=3)]), Sequential([Dense(2, input_dim=3)])
    discriminator.compile("sgd", "mse")
    discriminator.trainable = False
    both = Sequential([generator, discriminator])
    both.compile("sgd", "mse")
    before = generator.get_weights(), discriminator.get_weights()
    both.train_on_batch(X, Y)
    assert changed(before[0], generator.get_weights()) == [True, True]
    assert changed(before[1], discriminator.get_weights()) == [False, False]
    discriminator.train_on_batch(X, Y)
    assert changed(before[1], discriminator.get_weights()) == [True, True]


def test_the_model_itself_may_be_frozen_and_its_parts_trained_elsewhere():
    x = Input((3,))
    code = Dense(3)(x)
    encoder, autoencoder = Model(x, code), Model(x, Dense(3)(code))
    autoencoder.trainable = False
    assert len(encoder.trainable_weights) == 2
    encoder.trainable = False
    autoencoder.trainable = True
    assert len(autoencoder.trainable_weights) == 2
    # the same graph under another model
    assert len(Model(x, code).trainable_weights) == 2


def test_a_layer_that_is_called_outside_the_frozen_model_too_is_trained():
    x, shared = Input((3,)), Dense(3)
    inner = Model(x, Dense(3)(shared(x)))
    inner.trainable = False
    other = Input((3,))
    for output in (inner.output, inner(x)):
        model = Model([x, other], Dense(2)(merge([output, shared(other)])))
        assert {id(w) for w in shared.trainable_weights} < {id(w) for w in model.trainable_weights}
        assert len(model.trainable_weights) == 4


def test_layers_of_a_frozen_model_that_isnt_there_as_a_whole_are_trained_with_a_warning():
    x = Input((3,))
    middle = Dense(3, name="middle")(x)
    classifier = Model(x, Dense(2)(middle), name="classifier")
    classifier.trainable = False
    model = Model(x, Dense(2)(middle))
    with pytest.warns(UserWarning, match=r"'classifier' is frozen, but only a part .* 'middle'.*frozen-models"):
        model.compile("sgd", "mse")
    assert len(model.trainable_weights) == 4
    classifier.get_layer("middle").trainable = False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.compile("sgd", "mse")
    assert len(model.trainable_weights) == 2


@pytest.mark.parametrize("make", [first, branch, output_used, called])
def test_copies_are_frozen_alike(make):
    inner = functional()
    model, x, _ = make(inner)
    inner.trainable = False
    model.compile("adam", "mse")
    step(model, x)
    twin = copy.deepcopy(model)
    assert len(twin.trainable_weights) == len(model.trainable_weights)
    y = RNG.rand(6, 2)
    assert twin.train_on_batch(x, y) == pytest.approx(model.train_on_batch(x, y), rel=1e-5)
    for a, b in zip(model.get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("frozen, trained", [("all", 0), ("layer", 0), ("forward_layer", 3), ("backward_layer", 3)])
@pytest.mark.parametrize("when", ["before", "after"])
def test_bidirectional_freezes_at_every_level(frozen, trained, when):
    cell = SimpleRNN(2)
    if when == "before" and frozen == "layer":
        cell.trainable = False
    both = Bidirectional(cell, input_shape=(4, 3))
    model = Sequential([both])
    (both if frozen == "all" else getattr(both, frozen)).trainable = False
    model.compile("sgd", "mse")
    assert len(model.trainable_weights) == trained
    before = model.get_weights()
    step(model, SEQUENCES)
    assert sum(changed(before, model.get_weights())) == trained
    cell.trainable = both.trainable = both.forward_layer.trainable = both.backward_layer.trainable = True
    assert len(model.trainable_weights) == 6


@pytest.mark.parametrize("level", ["outer", "wrapper", "model", "layer"])
def test_wrappers_of_models_of_wrappers_freeze_at_every_level(level):
    layer = Dense(3)
    steps = Sequential([TimeDistributed(layer, input_shape=(4, 3))])
    wrapper = TimeDistributed(steps, input_shape=(2, 4, 3))
    outer = Sequential([wrapper, TimeDistributed(LSTM(2)), Flatten()])
    {"outer": outer, "wrapper": wrapper, "model": steps, "layer": layer}[level].trainable = False
    model = Sequential([outer, Dense(2)])
    model.compile("sgd", "mse")
    before = layer.get_weights()
    model.train_on_batch(RNG.rand(6, 2, 4, 3), Y)
    assert not any(changed(before, layer.get_weights()))
    assert len(model.trainable_weights) == (2 if level == "outer" else 14)
