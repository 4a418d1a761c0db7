"""What must hold for each model on each backend by itself, whatever the numbers are; an AssertionError says what doesn't."""

from __future__ import annotations

from typing import Any

import numpy as np


def _list(value: Any) -> list:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _close(a: np.ndarray, b: np.ndarray) -> bool:
    largest = np.max(np.abs(np.nan_to_num(b)), initial=1.0)
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=0, atol=1e-4 * largest, equal_nan=True))


def _same(what: str, got: Any, expected: Any) -> None:
    for i, (a, b) in enumerate(zip(_list(got), _list(expected), strict=True)):
        assert _close(np.asarray(a), np.asarray(b)), f"{what}: output {i} differs by {np.max(np.abs(np.asarray(a) - np.asarray(b)))}"


def frozen_weights(names: list[str], layers: dict[str, Any]) -> list[tuple[str, Any, list[np.ndarray]]]:
    """The layers of frozen nodes with their weights now: the trainable ones of layers, all of models."""
    from kbridge import backend as K

    found = []
    for name in names:
        layer = layers[name]
        weights = layer.weights if hasattr(layer, "layers") else getattr(layer, "_trainable_weights", [])
        if hasattr(layer, "layer"):
            weights = layer.weights
        found.append((name, weights, [np.array(K.get_value(w)) for w in weights]))
    return found


def check_kept(kept: list) -> None:
    """That training left the weights of frozen layers alone; a wrapped normalization's statistics may move."""
    from kbridge import backend as K

    for name, weights, values in kept:
        for weight, value in zip(weights, values, strict=True):
            if "running" not in (K.tensor_name(weight) or ""):
                assert np.array_equal(K.get_value(weight), value), f"the frozen node {name} was trained: {K.tensor_name(weight)}"


def check_states(spec: dict, model: Any, x: list[np.ndarray]) -> None:
    """That predictions go on from the states of the one before, and start anew after a reset, also in a model around."""
    if not model.stateful:
        return
    from kbridge.layers import Input
    from kbridge.models import Model

    outer = [Input(batch_shape=(spec["batch"], *i._keras_shape[1:]), dtype=_dtype(i)) for i in model.inputs]
    around = Model(outer, _list(model(outer if len(outer) > 1 else outer[0])))
    runs = {}
    for name, turns in (("alone", [model, model, model]), ("around", [around, around, around]), ("in turn", [model, around, model])):
        model.reset_states()
        runs[name] = [turn.predict(x, batch_size=spec["batch"]) for turn in turns]
    model.reset_states()
    for name in ("around", "in turn"):
        for got, expected in zip(runs[name], runs["alone"]):
            _same(f"states {name}", got, expected)


def _dtype(tensor: Any) -> str:
    from kbridge import backend as K

    return K.dtype(tensor)


def check_as_part(model: Any, x: list[np.ndarray]) -> None:
    """That the model gives its numbers as a layer, as the first layer of a Sequential and where a graph goes on from its output; and that
    it stays as it is in all of them when it is frozen."""
    from kbridge.layers import Input, Lambda
    from kbridge.models import Model, Sequential

    model.reset_states()
    expected = _list(model.predict(x))
    batch = len(x[0]) if model.stateful else None
    fresh = [Input(batch_shape=(batch, *i._keras_shape[1:]), dtype=_dtype(i)) for i in model.inputs]
    arounds = [("as a layer", Model(fresh, _list(model(fresh if len(fresh) > 1 else fresh[0]))), 1)]
    if len(model.outputs) == 1:
        arounds += [
            ("as the only layer", Sequential([model]), 1),
            ("as the first layer", Sequential([model, Lambda(lambda t: 2 * t)]), 2),
            ("by its output", Model(model.inputs, Lambda(lambda t: 2 * t)(model.output)), 2),
        ]
    model.trainable = False
    before = model.get_weights()
    for name, around, factor in arounds:
        around.reset_states()
        _same(name, around.predict(x), [factor * p for p in expected])
        assert not around.trainable_weights, f"{name}: weights of a frozen model are trainable"
        around.compile("sgd", "mse")
        y = [np.zeros_like(p) for p in expected]
        around.train_on_batch(x, y if len(y) > 1 else y[0])
        after = model.get_weights()
        assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(before, after, strict=True)), f"{name}: the frozen model changed"
    model.trainable = True
