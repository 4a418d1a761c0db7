"""Random steps of ``K.rnn`` whose inputs, states, masks and constants have an unknown number of samples: a run may give one where others give several.

A program is data. NumPy's loop in float64 is the judge of values and gradients.
"""

import numpy as np
import pytest

from kbridge.backends import registry

pytestmark = pytest.mark.usefixtures("in_double_precision")

NUMPY = registry.load("numpy")
SEVERAL = 4
#: programs of a test, and runs of each
PROGRAMS, RUNS = 12, 4

#: what a step may add up, of its input x, the states a and b, a constant c, a whole sequence, and weights
ROW_BY_ROW = {
    "input": lambda K, v: v["x"],
    "state": lambda K, v: v["a"],
    "other state": lambda K, v: v["b"] * 0.5,
    "product": lambda K, v: K.dot(v["a"], v["w"]),
    "product of the input": lambda K, v: K.dot(v["x"], v["w"]),
    "product of constants": lambda K, v: K.dot(v["c"], v["w"]),
    "gated": lambda K, v: K.sigmoid(v["b"]) * v["x"],
    "both": lambda K, v: v["a"] * v["b"],
    "constant": lambda K, v: v["c"],
    "times a constant": lambda K, v: v["b"] * v["c"],
    "divided": lambda K, v: v["a"] / (2.0 + K.square(v["c"])),
    "bias": lambda K, v: v["x"] * v["bias"],
    "weights": lambda K, v: v["row"],
    "softmax": lambda K, v: K.softmax(v["a"] * 2.0),
    "larger": lambda K, v: K.maximum(v["a"], v["x"]),
    "turned features": lambda K, v: K.concatenate([v["a"][:, 1:], v["a"][:, :1]]),
    "parts": lambda K, v: K.concatenate(K.split(K.dot(v["b"], v["w2"]), 2)[::-1])[:, : v["features"]],
    "relu": lambda K, v: K.relu(v["b"] - 0.1),
    "chosen": lambda K, v: K.switch(K.greater(v["x"], 0.1), v["x"], v["x"] * v["x"]),
    "stopped": lambda K, v: K.stop_gradient(v["b"]) * 0.3,
    "counted": lambda K, v: K.cast(v["n"], K.dtype(v["x"])) * 0.1,
}
OTHERS = {
    "over features": lambda K, v: K.sum(v["b"], axis=1, keepdims=True) * 0.3,
    "mean of a state": lambda K, v: K.mean(v["a"], axis=0, keepdims=True),
    "mean of the input": lambda K, v: K.mean(v["x"], axis=0, keepdims=True),
    "sum of a state": lambda K, v: K.sum(v["b"]) * 0.1,
    "products of samples": lambda K, v: 0.2 * K.dot(K.dot(v["a"], K.transpose(v["a"])), v["a"]),
    "products of samples of the input": lambda K, v: 0.2 * K.dot(K.dot(v["x"], K.transpose(v["x"])), v["x"]),
    "turned": lambda K, v: K.transpose(K.dot(v["w"], K.transpose(v["a"]))),
    "reshaped": lambda K, v: K.reshape(K.expand_dims(v["a"], 1), (-1, v["features"])),
    "number of samples": lambda K, v: v["bias"] * K.cast(K.shape(v["a"])[0], K.dtype(v["x"])) * 0.1,
    "inner loop": lambda K, v: K.rnn(lambda t, s: (K.tanh(t + s[0]), [K.tanh(t + s[0])]), v["X"], [v["a"]])[0],
    "inner loop of which one state is idle": lambda K, v: K.rnn(lambda t, s: (t * v["b"], [s[0] * 0.5]), v["X"], [v["a"]])[2][0],
    "inner loop of products": lambda K, v: K.rnn(lambda t, s: (t, [K.tanh(K.dot(s[0], v["w"]) + t * v["a"])]), v["X"], [v["b"]])[2][0],
    "inner fold": lambda K, v: K.foldl(lambda total, e: total * 0.5 + e * v["x"], v["w"], K.zeros_like(v["a"])),
}
TERMS = {**ROW_BY_ROW, **OTHERS}

#: the new value of a state whose name is s
NEW = {
    "sum": lambda K, v, s, total: K.tanh(v[s] * 0.3 + total),
    "linear": lambda K, v, s, total: v[s] * 0.5 + total * 0.5,
    "without itself": lambda K, v, s, total: K.tanh(total),
    "kept": lambda K, v, s, total: v[s],
    "scaled": lambda K, v, s, total: v[s] * 0.5,
    "other state": lambda K, v, s, total: v["b" if s == "a" else "a"],
    "constant": lambda K, v, s, total: v["c"],
    "zeros": lambda K, v, s, total: K.zeros_like(v[s]),
    "what the other one becomes": lambda K, v, s, total: v.get("new", total),
}
OUTPUTS = {
    "state": lambda K, v, new: new["a"],
    "state before": lambda K, v, new: v["b"],
    "both": lambda K, v, new: new["a"] * new["b"],
    "input": lambda K, v, new: v["x"] * 2.0,
    "constant": lambda K, v, new: v["c"],
    "weights": lambda K, v, new: v["row"],
    "narrow": lambda K, v, new: K.sum(new["a"] * v["x"], axis=1, keepdims=True),
}
#: what has samples of its own
SOURCES = ("x", "a", "b", "c", "mask")


def program(rng, others):
    """The form of a loop. ``others``: whether a step may mix samples, and hold a loop."""
    names = [*ROW_BY_ROW, *(OTHERS if others else [])]
    unroll = rng.random() < 0.3
    return {
        "terms": {s: [names[i] for i in rng.choice(len(names), rng.integers(1, 3), replace=False)] for s in "ab"},
        "new": {s: list(NEW)[rng.integers(len(NEW)) if rng.random() < 0.6 else 0] for s in "ab"},
        "output": list(OUTPUTS)[rng.integers(len(OUTPUTS)) if rng.random() < 0.6 else 0],
        "mask": [None, None, "random", "zeros", "ones"][rng.integers(5)],
        "axes of the mask": int(rng.integers(2, 4)),
        "backwards": bool(rng.integers(2)),
        "unroll": unroll,
        "features": int(rng.choice([1, 3])),
        # a length that is known, or comes with the values
        "length": int(rng.integers(1, 4)) if unroll or rng.random() < 0.5 else None,
        # numbers of samples that are known; 1 is broadcast before the loop
        "known": {s: int(rng.choice([1, SEVERAL])) for s in SOURCES if rng.random() < 0.15},
        # whether whole numbers are the first state or the last, and how many axes they have
        "counter": (bool(rng.random() < 0.2), int(rng.choice([0, 0, 2]))),
        "results": [r for r in ("last", "outputs", "states") if rng.random() < 0.7] or ["outputs"],
    }


def built(K, form):
    """The function of a program: values, and gradients, None where there is none."""
    rng, features, rows = np.random.default_rng(7), form["features"], form["known"]
    length = form["length"]
    tensors = {s: K.placeholder((rows.get(s), features)) for s in "abc"}
    tensors["X"] = K.placeholder((rows.get("x"), length, features))
    mask = K.placeholder((rows.get("mask"), length, 1)[: form["axes of the mask"]], dtype="bool")
    weights = {"w": (features, features), "w2": (features, 2 * features), "bias": (features,), "row": (1, features)}
    weights = {name: K.variable(rng.uniform(-0.7, 0.7, shape)) for name, shape in weights.items()}

    first, axes = form["counter"]
    order = "nab" if first else "abn"
    starts = {**tensors, "n": K.constant(np.zeros((1, 1)[:axes]), "int32")}

    def step(x, states):
        v = {**tensors, **weights, "x": x, "features": features, **dict(zip([*order, "c"], states))}
        new = {}
        for s in "ab":
            total = sum(TERMS[term](K, v) for term in form["terms"][s])
            new[s] = v["new"] = NEW[form["new"][s]](K, v, s, total)
        new["n"] = v["n"] + 1
        return OUTPUTS[form["output"]](K, v, new), [new[s] for s in order]

    last, outputs, finals = K.rnn(
        step, tensors["X"], [starts[s] for s in order], go_backwards=form["backwards"],
        mask=mask if form["mask"] else None, constants=[tensors["c"]], unroll=form["unroll"],
    )  # fmt: skip
    parts = {"last": [last], "outputs": [outputs], "states": [f for f, s in zip(finals, order) if s != "n"]}
    loss = sum(K.sum(K.sin(part) * (2.0 + K.square(part))) for name in form["results"] for part in parts[name])
    gradients = K.gradients(loss, [*tensors.values(), *weights.values()])
    run = K.function([*tensors.values(), mask], [loss, last, outputs, *finals, *(g for g in gradients if g is not None)])
    names = ["loss", "last", "outputs", *order, *(f"d {n}" for n, g in zip((*tensors, *weights), gradients) if g is not None)]

    def named(fed):
        return dict(zip(names, run(fed), strict=True))

    return named


def feeds(rng, form, count):
    """Values of ``count`` runs: the numbers of samples of each source, and what is fed."""
    for _ in range(count):
        rows = {s: form["known"].get(s, int(rng.choice([1, SEVERAL]))) for s in SOURCES}
        length = form["length"] or int(rng.integers(1, 4))
        mask = {"zeros": np.zeros, "ones": np.ones}.get(form["mask"], lambda shape: rng.random(shape) < 0.6)
        shape = (rows["mask"], length, 1)[: form["axes of the mask"]]
        values = [rng.uniform(-1, 1, (rows[s], form["features"])) for s in "abc"]
        yield rows, [*values, rng.uniform(-1, 1, (rows["x"], length, form["features"])), mask(shape).astype(bool)]


def differences(K, form, seed, count=RUNS):
    """What differs from NumPy, and how many runs NumPy takes."""
    found, taken = [], 0
    try:
        right = built(NUMPY, form)
    except ValueError:
        return found, taken
    here = built(K, form)
    for rows, fed in feeds(np.random.default_rng(seed), form, count):
        try:
            wanted = right(fed)
        except ValueError:
            # a state that doesn't keep its shape
            continue
        taken += 1
        try:
            got = here(fed)
        except Exception as error:
            found.append(f"{rows}: {type(error).__name__}: {str(error)[:300]}")
            continue
        for name in {**wanted, **got}:
            a, b = (np.asarray(r.get(name, 0.0)) for r in (got, wanted))
            if name not in wanted or name not in got:
                # no gradient is as good as one of zeros
                if a.any() or b.any():
                    found.append(f"{rows}: {name} only in one: {a} {b}")
            elif a.shape != b.shape or not np.allclose(a, b, rtol=1e-8, atol=1e-9):
                found.append(f"{rows}: {name} {a.shape} {b.shape} " + (f"{np.abs(a - b).max()}" if a.shape == b.shape else ""))
    return found, taken


@pytest.mark.parametrize("others", [False, True], ids=["one by one", "with other operations"])
@pytest.mark.parametrize("number", range(PROGRAMS))
def test_a_random_loop_gives_what_it_gives_on_numpy(K, number, others):
    # other programs with another KBRIDGE_TEST_SEED
    seed = np.random.randint(2**31)
    form = program(np.random.default_rng(seed), others)
    found, _ = differences(K, form, seed)
    assert not found, "\n".join([str(form), *found])


def test_most_programs_are_taken_and_their_samples_differ():
    """NumPy refuses states that don't keep their shape."""
    taken, rows = [], []
    for seed in range(20):
        form = program(np.random.default_rng(seed), others=seed % 2 == 1)
        taken.append(differences(NUMPY, form, seed)[1])
        rows += [{fed[s] for s in "xab"} for fed, _ in feeds(np.random.default_rng(seed), form, RUNS)]
    assert np.sum(taken) > 0.8 * len(rows)
    assert np.mean([len(r) > 1 for r in rows]) > 0.4


@pytest.mark.parametrize("number", range(PROGRAMS))
def test_the_judge_is_right(number):
    """NumPy's gradients of such loops are slopes."""
    seed = np.random.randint(2**31)
    rng = np.random.default_rng(seed)
    form = program(rng, others=number % 2 == 1)
    form["terms"] = {s: [t for t in terms if t != "stopped"] or ["gated"] for s, terms in form["terms"].items()}
    try:
        run = built(NUMPY, form)
        fed = next(feeds(rng, form, 1))[1]
        gradients = run(fed)
    except ValueError:
        # a state that doesn't keep its shape
        return
    for i, name in enumerate("abcX"):
        direction, step = rng.uniform(-1, 1, fed[i].shape), 1e-6
        more, less = (run([v + sign * step * direction if k == i else v for k, v in enumerate(fed)])["loss"] for sign in (1, -1))
        slope = np.sum(gradients.get(f"d {name}", 0.0) * direction)
        np.testing.assert_allclose((more - less) / (2 * step), slope, rtol=1e-5, atol=1e-5, err_msg=f"{name} of {form}")
