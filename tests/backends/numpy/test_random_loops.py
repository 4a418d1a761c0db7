"""Random loops of the NumPy backend, judged by the same loop without a loop (``unroll=True``) and by finite differences.

A program is data: which terms a step adds up, and what it captures. Captured tensors depend on each other, terms are views,
products, reductions and nested loops, states are of several shapes, and a function meets several lengths in turn.
"""

import numpy as np
import pytest

from kbridge.backends import registry

pytestmark = pytest.mark.usefixtures("in_double_precision")

K = registry.load("numpy")
SAMPLES, UNITS = 3, 4
TERMS = {
    "product": lambda v: K.dot(v["h"], v["U"]),
    "square of a weight": lambda v: K.dot(v["x"], v["UU"]),
    "slices": lambda v: K.concatenate([v["h"][:, 2:], v["h"][:, :2]]),
    "slices of a product": lambda v: K.concatenate(K.split(K.dot(v["h"], v["U"]), 2)[::-1]),
    "bias": lambda v: v["x"] * v["b"],
    "peephole": lambda v: v["c"] * v["bU"],
    "mean": lambda v: K.mean(v["h"], axis=0, keepdims=True) * v["x"],
    "sum of a state": lambda v: K.expand_dims(K.sum(v["c"], axis=1), 1) * v["x"],
    "turned": lambda v: K.transpose(K.dot(v["U"], K.transpose(v["h"]))),
    "softmax": lambda v: K.softmax(v["c"]) * 2.0,
    "clipped": lambda v: K.clip(v["x"] * 2.0, -1.0, 1.0),
    "chosen": lambda v: K.switch(v["n"] > 1, v["h"] * v["x"], v["x"] * v["b"]),
    "counted": lambda v: K.cast(v["n"], K.dtype(v["x"])) * v["x"],
    "inner loop": lambda v: K.map_fn(lambda row: row * K.sum(v["U"]) + K.sum(v["h"]), v["x"]),
    "inner fold": lambda v: K.foldl(lambda a, row: a * 0.5 + row * v["b"], v["h"], K.zeros((UNITS,), dtype=K.dtype(v["x"]))),
    "whole sequence": lambda v: K.mean(v["X"], axis=1) * v["h"],
    "captured alone": lambda v: v["UU"][:1] * 0.1,
    "batch product": lambda v: K.squeeze(K.batch_dot(K.expand_dims(v["x"], 1), v["bank"], axes=[2, 1]), 1),
}


def program(seed):
    """The terms of the three states' sums, and the form of the loop."""
    rng = np.random.default_rng(seed)
    names = list(TERMS)
    return {
        "h": [names[i] for i in rng.choice(len(names), 3, replace=False)],
        "c": [names[i] for i in rng.choice(len(names), 2, replace=False)],
        "mask": bool(rng.integers(2)),
        "backwards": bool(rng.integers(2)),
        "narrow": bool(rng.integers(2)),
        "start": ["full", "one sample"][rng.integers(2)],
    }


def built(form, x, mask, unroll):
    """(weights, loss, results) of a program on a tensor of sequences: results are values, gradients and gradients of those."""
    rng = np.random.default_rng(7)
    U, b = K.variable(rng.uniform(-0.5, 0.5, (UNITS, UNITS))), K.variable(rng.uniform(-1, 1, (UNITS,)))
    bank = K.variable(rng.uniform(-0.5, 0.5, (SAMPLES, UNITS, UNITS)))
    start = K.variable(rng.uniform(-1, 1, {"full": (SAMPLES, UNITS), "one sample": (1, UNITS)}[form["start"]]))
    outside = {"U": U, "b": b, "UU": K.dot(U, U), "bU": K.dot(K.expand_dims(b, 0), U), "bank": bank, "X": x}

    def step(x_t, states):
        v = {**outside, "x": x_t, "h": states[0], "c": states[1], "n": states[2]}
        new = {}
        for name in "hc":
            total = v[name] * 0.3
            for term in form[name]:
                total = total + TERMS[term](v)
            new[name] = K.tanh(total)
        output = K.sum(new["h"] * new["c"], axis=1, keepdims=True) if form["narrow"] else new["h"]
        return output, [new["h"], new["c"], v["n"] + 1]

    states = [start, x[:, 0] * 0.1, K.cast(K.zeros((1, 1)), "int32")]
    # zeros stand before the first unmasked step of an unrolled loop: the first step of all samples is unmasked
    last, outputs, finals = K.rnn(step, x, states, go_backwards=form["backwards"], mask=mask if form["mask"] else None, unroll=unroll)
    loss = K.sum(K.square(outputs)) + K.sum(last) + K.sum(finals[1] * 0.5)
    weights = [U, b, bank, start]
    found = K.gradients(loss, [*weights, x])
    # x is used by all programs: its gradient's gradient is that of the gradient's loop
    second = K.gradients(K.sum(K.square(found[-1])), [*weights, x])
    slopes = [K.zeros_like(w) if g is None else g for w, g in zip(2 * [*weights, x], [*found, *second])]
    return weights, loss, [loss, last, outputs, *finals, *slopes]


def values(length):
    rng = np.random.default_rng(length)
    mask = rng.integers(0, 2, (SAMPLES, length)).astype(bool)
    mask[:, 0] = mask[:, -1] = True
    return rng.uniform(-1, 1, (SAMPLES, length, UNITS)), mask


@pytest.mark.parametrize("seed", range(12))
def test_a_random_loop_gives_what_it_gives_without_a_loop(seed):
    form = program(seed)
    x, mask = K.placeholder((SAMPLES, None, UNITS)), K.placeholder((SAMPLES, None), dtype="bool")
    *_, results = built(form, x, mask, False)
    function = K.function([x, mask], results)
    kept = []
    for length in (3, 1, 5, 3):
        fed = values(length)
        fixed, fixed_mask = K.placeholder((SAMPLES, length, UNITS)), K.placeholder((SAMPLES, length), dtype="bool")
        *_, flat = built(form, fixed, fixed_mask, True)
        expected = K.function([fixed, fixed_mask], flat)(list(fed))
        found = function(list(fed))
        kept.append((found, expected))
    # afterwards: results of earlier calls stay what they were
    for found, expected in kept:
        for i, (a, b) in enumerate(zip(found, expected)):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9, err_msg=f"result {i} of {form}")


@pytest.mark.parametrize("seed", range(100, 104))
def test_the_gradient_of_a_random_loop_is_its_slope(seed):
    form = program(seed)
    x, mask = K.placeholder((SAMPLES, 4, UNITS)), K.placeholder((SAMPLES, 4), dtype="bool")
    weights, loss, _ = built(form, x, mask, False)
    fed = list(values(4))
    slopes = K.gradients(loss, weights)
    used = [w for w, g in zip(weights, slopes) if g is not None]
    found = K.function([x, mask], [g for g in slopes if g is not None])(fed)
    value = K.function([x, mask], [loss])
    rng = np.random.default_rng(seed)
    for weight, gradient in zip(used, found):
        at, direction, step = K.get_value(weight), rng.uniform(-1, 1, gradient.shape), 1e-6
        either = []
        for sign in (1, -1):
            K.set_value(weight, at + sign * step * direction)
            either.append(value(fed)[0])
        K.set_value(weight, at)
        np.testing.assert_allclose((either[0] - either[1]) / (2 * step), (gradient * direction).sum(), rtol=1e-6, atol=1e-6)
