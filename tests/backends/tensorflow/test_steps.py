"""Optimizers' steps are one operation each where nothing stands between: the same numbers as by assignments."""

import numpy as np
import pytest

from kbridge.backends import registry

K = registry.load("tensorflow")

FUSED = {"adam": "ResourceApplyAdam", "momentum": "ResourceApplyKerasMomentum", "nesterov": "ResourceApplyKerasMomentum"}


def step(kind, x, g, moments):
    """The updates of one step."""
    if kind == "adam":
        new = K.adam_step(x, g, *moments, K.variable(0.1), K.variable(0.9), K.variable(0.99), 1e-8)
    else:
        new = K.momentum_step(x, g, moments[0], K.variable(0.1), K.variable(0.9), nesterov=kind == "nesterov")
    return list(zip([*moments[: len(new) - 1], x], new, strict=True))


def after(kind, change=lambda updates: updates):
    """(values after three steps, types of the operations that were made for them)."""
    K.clear_session()
    x, *moments = (K.variable(np.linspace(low, 2, 6).reshape(2, 3)) for low in (-1, 0, 0))
    updates = change(step(kind, x, K.square(x) - 1.0, moments))
    before = set(K.get_session().graph.get_operations())
    function = K.function([], [], updates)
    made = {op.type for op in K.get_session().graph.get_operations() if op not in before}
    for _ in range(3):
        function([])
    return [K.get_value(v) for v in (x, *moments)], made


@pytest.mark.parametrize("kind", FUSED)
def test_a_step_is_one_operation_with_the_numbers_of_the_assignments(kind):
    found, made = after(kind)
    assert FUSED[kind] in made and "AssignVariableOp" not in made
    # identities keep the backend from knowing the step
    expected, made = after(kind, lambda updates: [(v, new * 1.0) for v, new in updates])
    assert FUSED[kind] not in made and "AssignVariableOp" in made
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-6, atol=1e-6)


def test_a_weight_with_another_new_value_is_assigned():
    values, made = after("adam", lambda updates: [*updates[:-1], (updates[-1][0], K.clip(updates[-1][1], 0, 1))])
    assert "ResourceApplyAdam" not in made
    assert values[0].min() >= 0 and values[0].max() <= 1


def test_a_step_without_the_updates_of_its_moments_is_assigned():
    values, made = after("momentum", lambda updates: updates[-1:])
    assert FUSED["momentum"] not in made
    np.testing.assert_array_equal(values[1], np.linspace(0, 2, 6).reshape(2, 3).astype("float32"))


def test_steps_use_the_values_from_before_them():
    K.clear_session()
    x, y, v, w = (K.variable(np.full(2, value)) for value in (1.0, 2.0, 0.0, 0.0))
    first = K.momentum_step(x, y * 1.0, v, K.variable(0.5), K.variable(0.0))
    second = K.momentum_step(y, x * 1.0, w, K.variable(0.5), K.variable(0.0))
    (seen,) = K.function([], [x + y], list(zip((v, x, w, y), (*first, *second), strict=True)))([])
    assert seen.tolist() == [3, 3]
    assert (K.get_value(x).tolist(), K.get_value(y).tolist()) == ([0, 0], [1.5, 1.5])
