"""What a model predicts before and after a step of training, at as little cost of compiling as the backend allows."""

from __future__ import annotations

import numpy as np

from kbridge import backend as K
from kbridge.engine.inside import inner_layers
from kbridge.optimizers import SGD


def listed(found) -> list:
    return list(found) if isinstance(found, (list, tuple)) else [found]


def predicted_and_trained(model, x: list, targets: list, **options) -> tuple[list, list]:
    """The outputs for ``x``, and those after a step of SGD(0.1) on the mean squared errors to ``targets``, of the outputs' shapes.

    ``options`` go to ``compile``. On NumPy, where nothing is compiled, the model's own methods do it, and so for models whose loss has more in
    it: masks, weights of losses, states, updates that run before a step. Elsewhere most of the time would go into compiling the loss of some fifty
    outputs and its gradient one by one: there the same loss is one expression, and the function of the step gives the answers too where they
    aren't others while it learns.
    """
    masked = any(mask is not None for mask in listed(model.output_mask))
    # a state goes on from what was predicted before the step
    first = any(hasattr(layer, "updates_before_step") or getattr(layer, "stateful", False) for layer in inner_layers(model))
    if K.backend() == "numpy" or masked or first or options:
        model.compile(SGD(0.1), "mse", **options)
        before = listed(model.predict(x))
        model.train_on_batch(x, targets)
        return before, listed(model.predict(x))
    targets = listed(targets)
    wanted, share = K.placeholder(ndim=1), K.placeholder(ndim=1)
    flat = K.concatenate([K.cast(K.reshape(y, (-1,)), K.floatx()) for y in model.outputs], axis=0)
    loss = K.sum(share * K.square(flat - wanted))
    for more in model.losses:
        loss = loss + K.sum(more)
    optimizer, params = SGD(0.1), model.trainable_weights
    updates = [*optimizer.get_updates(params, model.constraints, loss), *model.updates]
    phase = [K.learning_phase()] if model.uses_learning_phase else []
    step = K.function([*model.inputs, wanted, share, *phase], [loss] if phase else model.outputs, updates=updates)
    fed = [*listed(x), np.concatenate([t.ravel() for t in targets]), np.concatenate([np.full(t.size, 1 / t.size) for t in targets])]
    if phase:
        before = listed(model.predict(x))
        step([*fed, 1])
        return before, listed(model.predict(x))
    # the outputs are computed from the weights before each step
    return step(fed), step(fed)
