"""The functions of batches that a model is trained, tested and asked by, and which weights a step changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import backend as K
from ..backends.garbage import paused
from ..engine.inside import inner_layers
from ..engine.later import lasting_names


def collect_trainable_weights(layer) -> list:
    """The trainable weights, each once, in the order in which Keras 1 gave them to optimizers: by name.

    Files hold the optimizers' moments in it. Names ended in ':0' on TensorFlow, which tells where
    'dense_1_b' stands beside 'dense_1_b2'.
    """
    unique = {id(w): w for w in layer.trainable_weights}
    lasting = lasting_names(layer)
    return sorted(unique.values(), key=lambda w: f"{lasting.get(id(w)) or K.tensor_name(w) or ''}:0")


def make_train_function(model: Any) -> Callable:
    """A step on a batch as a function: loss, metrics and gradients, and the updates of the weights and layers."""
    params = model._collected_trainable_weights
    updates = list(model.updates)
    with paused():
        if params:
            updates = [*model.optimizer.get_updates(params, model.constraints, model.total_loss), *updates]
        train = K.function(
            [*model.inputs, *model.targets, *model.sample_weights, *model._phase_input()],
            [model.total_loss, *model.metrics_tensors],
            updates=updates,
            **model._function_kwargs,
        )
    before = before_step(model)
    if before is None:
        return train

    def step(values):
        before([])
        return train(values)

    return step


def before_step(model: Any) -> Callable | None:
    """Return a function without arguments for what some layers do before each step of training, such as to normalize their weights; or None."""
    layers = [layer for layer in inner_layers(model) if hasattr(layer, "updates_before_step")]
    if not layers:
        return None
    return K.function([], [], updates=[update for layer in layers for update in layer.updates_before_step()])


def make_test_function(model: Any) -> Callable:
    """Loss and metrics of a batch as a function, without a step."""
    return K.function(
        [*model.inputs, *model.targets, *model.sample_weights, *model._phase_input()],
        [model.total_loss, *model.metrics_tensors],
        updates=model.state_updates,
        **model._function_kwargs,
    )


def make_predict_function(model: Any) -> Callable:
    """The outputs of a batch as a function."""
    return K.function(
        [*model.inputs, *model._phase_input()],
        model.outputs,
        updates=model.state_updates,
        **getattr(model, "_function_kwargs", {}),
    )
