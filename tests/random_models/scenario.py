"""What is done with a random model on a backend, and the numbers that come of it: predictions on several batch sizes and lengths,
training steps, freezing, saving and loading in the middle."""

from __future__ import annotations

import os
import tempfile
from typing import Any

import numpy as np

from . import build, promises

#: samples of a batch, length of axes that the model leaves open
BATCHES = ((4, 4), (1, 3), (5, 6))
#: where the number of samples is fixed, and states go on
STATEFUL_BATCHES = ((4, 4), (4, 4), (8, 4))


def inputs(spec: dict, samples: int, length: int, nudge: float = 0.0) -> list[np.ndarray]:
    """Fed arrays, the same for every backend. Some rows end in zeros (masked steps); ``nudge`` moves every number a little."""
    rng = np.random.RandomState(1000 * spec["seed"] % 2**31 + samples)
    arrays = []
    for entry in spec["inputs"]:
        shape = (samples, *[length if n is None else n for n in entry["shape"]])
        if "ids" in entry:
            array = rng.randint(1, entry["ids"], shape)
        else:
            array = np.round(rng.uniform(-1.5, 1.5, shape), 3) + nudge * rng.uniform(-1, 1, shape)
        if array.ndim > 1 and (array.ndim == 3 or "ids" in entry):
            for row in range(1, samples):
                array[row, shape[1] - rng.randint(0, shape[1]) :] = 0
        arrays.append(array.astype("int32" if "ids" in entry else "float64"))
    return arrays


def targets(spec: dict, shapes: list[tuple]) -> list[np.ndarray]:
    rng = np.random.RandomState(7 + spec["seed"] % 2**31)
    found = []
    for shape, loss in zip(shapes, spec["losses"]):
        y = np.round(rng.uniform(0.1, 0.9, shape), 3)
        if loss == "categorical_crossentropy":
            y = np.eye(shape[-1])[rng.randint(0, shape[-1], shape[:-1])]
        elif loss == "sparse_categorical_crossentropy":
            y = rng.randint(0, shape[-1], (*shape[:-1], 1))
        found.append(y)
    return found


def run(spec: dict, nudge: float = 0.0, gradients: bool = False) -> dict[str, np.ndarray]:
    """All numbers by name. ``gradients``: beside them the derivative of the loss in random directions, and by differences."""
    from kbridge import backend as K

    np.random.seed(spec["seed"] % 2**31)
    model, layers = build.model(spec)
    _settle_weights(spec, model)
    found: dict[str, Any] = {f"weights/{i}": w for i, w in enumerate(model.get_weights())}
    for name in spec.get("frozen first", []):
        layers[name].trainable = False
    for i, (samples, length) in enumerate(STATEFUL_BATCHES if "batch" in spec else BATCHES):
        name = f"predict/{i if 'batch' in spec else samples}"
        _add(found, name, model.predict(inputs(spec, samples, length, nudge), batch_size=spec.get("batch", 32)))
    model.reset_states()
    promises.check_states(spec, model, inputs(spec, *BATCHES[0], nudge))
    x = inputs(spec, *BATCHES[0], nudge)
    y = targets(spec, [p.shape for p in _list(model.predict(x))])
    weights = _sample_weights(spec, y)
    _compile(spec, model)
    model.reset_states()
    _add(found, "evaluate", model.test_on_batch(x, y, sample_weight=weights))
    if spec.get("noisy"):
        # what is drawn differs from backend to backend: training must run, its numbers can't be compared
        model.train_on_batch(x, y, sample_weight=weights)
        K.clear_session()
        return found
    if gradients:
        found.update(_directions(spec, model, x, y, weights))
    model.reset_states()
    kept = promises.frozen_weights(spec.get("frozen first", []), layers)
    for step in range(2):
        _add(found, f"train/{step}/loss", model.train_on_batch(x, y, sample_weight=weights))
    promises.check_kept(kept)
    _weights(found, "train", model)
    _add(found, "trained/predict", model.predict(x))
    for name in spec["frozen"]:
        layers[name].trainable = False
    if model.trainable_weights:
        _compile(spec, model)
        kept = promises.frozen_weights(spec["frozen"], layers)
        _add(found, "frozen/loss", model.train_on_batch(x, y, sample_weight=weights))
        promises.check_kept(kept)
        _weights(found, "frozen", model)
    loaded = _saved_and_loaded(model)
    # states aren't in files
    model.reset_states()
    _add(found, "loaded/predict", loaded.predict(x))
    if model.trainable_weights:
        _add(found, "loaded/loss", loaded.train_on_batch(x, y, sample_weight=weights))
        _weights(found, "loaded", loaded)
    promises.check_as_part(loaded, x)
    K.clear_session()
    return found


def _list(value: Any) -> list:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _add(found: dict, name: str, value: Any) -> None:
    for i, item in enumerate(_list(value)):
        found[f"{name}/{i}"] = np.asarray(item)


def _weights(found: dict, name: str, model: Any) -> None:
    # by name: freezing changes the order in which Keras 1 counts them
    for i, value in enumerate(model.get_weights()):
        found[f"{name}/weights/{i}"] = value


def _settle_weights(spec: dict, model: Any) -> None:
    """Weights that are neither all equal nor all zero, the variances of BatchNormalization positive."""
    rng = np.random.RandomState(spec["seed"] % 2**31)
    model.set_weights([np.asarray(w) + rng.uniform(0.02, 0.15, w.shape) for w in model.get_weights()])


def _compile(spec: dict, model: Any) -> None:
    from kbridge import optimizers

    optimizer = getattr(optimizers, spec["optimizer"]["class"])(**spec["optimizer"]["arguments"])
    model.compile(
        optimizer=optimizer,
        loss=list(spec["losses"]),
        metrics=list(spec.get("metrics", [])),
        loss_weights=spec.get("loss_weights"),
        sample_weight_mode=["temporal" if temporal else None for temporal in spec.get("temporal", [False] * len(spec["losses"]))],
    )


def _sample_weights(spec: dict, y: list[np.ndarray]) -> list | None:
    if not spec["sample_weights"]:
        return None
    found = []
    for target, temporal in zip(y, spec.get("temporal", [False] * len(y))):
        weights = np.array([1.0, 0.5, 0.0, 2.0])
        # some time steps count, some don't
        found.append(np.outer(weights, np.arange(target.shape[1]) % 3) if temporal else weights)
    return found


def _saved_and_loaded(model: Any) -> Any:
    from kbridge.models import load_model

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.h5")
        model.save(path)
        return load_model(path)


def _directions(spec: dict, model: Any, x: list, y: list, weights: Any) -> dict[str, np.ndarray]:
    """The loss's derivative along random directions of all trained weights: K.gradients, and central differences.

    Differences with two steps that disagree are at a kink and leave the direction out.
    """
    from kbridge import backend as K

    trained = model.trainable_weights
    if not trained:
        return {}
    x, y, sample_weights = model._standardize_user_data(x, y, weights)
    phase = [K.learning_phase()] if model.uses_learning_phase else []
    fed = [*model.inputs, *model.targets, *model.sample_weights, *phase]
    values = [*x, *y, *sample_weights, *([1.0] if phase else [])]
    loss = K.function(fed, [model.total_loss])
    gradients = K.gradients(model.total_loss, trained)
    some = [i for i, g in enumerate(gradients) if g is not None]
    computed = K.function(fed, [gradients[i] for i in some])(values)
    start = [K.get_value(w) for w in trained]
    rng = np.random.RandomState(spec["seed"] % 2**31 + 3)
    analytic, numeric = [], []
    for _ in range(3):
        direction = [rng.uniform(-1, 1, w.shape) for w in start]

        def difference(step, direction=direction):
            ends = []
            for sign in (1, -1):
                K.batch_set_value([(w, v + sign * step * d) for w, v, d in zip(trained, start, direction)])
                ends.append(float(loss(values)[0]))
            return (ends[0] - ends[1]) / (2 * step)

        first, second = difference(1e-5), difference(3e-6)
        if abs(first - second) <= 1e-5 * max(1.0, abs(first)):
            numeric.append(first)
            analytic.append(sum(float(np.sum(computed[k] * direction[i])) for k, i in enumerate(some)))
    K.batch_set_value(list(zip(trained, start)))
    return {"gradient/analytic": np.array(analytic), "gradient/numeric": np.array(numeric)}
