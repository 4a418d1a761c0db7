"""Updates of tables of which a batch names a few rows: the same numbers as with the gradient as an array of the table's size."""

import random

import numpy as np
import pytest

from kbridge import backend, optimizers
from kbridge.backends import registry
from kbridge.backends.numpy.executor import blocks, named_rows, shares, workers
from kbridge.backends.numpy.scatter import MAX_ROUNDS, add_up, fill_rows, places_of

K = registry.load("numpy")
RNG = np.random.default_rng(5)
with_optimizers = pytest.mark.skipif(backend.backend() != "numpy", reason="optimizers use the backend that is set")


@pytest.fixture(params=[1, 2])
def threads(request, cheap_lanes, monkeypatch):
    """Small tables count as large ones, and small parts as worth a thread."""
    monkeypatch.setattr(blocks, "BLOCK", 50)
    monkeypatch.setattr(blocks, "MIN_SIZE", 100)
    monkeypatch.setattr(shares, "BLOCK", 70)
    monkeypatch.setattr(shares, "UNIT", 2)
    monkeypatch.setattr(named_rows, "ROWS", 5)
    with workers.using(request.param):
        yield


def with_and_without(run, schedules, monkeypatch):
    """(what ``run`` returns, the same with gradients as large as tables, the rows of the first plan with some)."""
    del schedules[:]
    found = run()
    rows = next((s.rows for s in schedules if s.rows), [])
    del schedules[:]
    with monkeypatch.context() as patch:
        patch.setattr(named_rows, "ROWS", 10**9)
        expected = run()
    assert not any(s.rows for s in schedules)
    return found, expected, rows


def same(found, expected, why="", rounding=0.0):
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=rounding, atol=rounding, err_msg=str(why))


OPTIMIZERS = {
    "SGD": dict(lr=0.1),
    "SGD, momentum": dict(lr=0.1, momentum=0.9),
    "SGD, nesterov": dict(lr=0.1, momentum=0.9, nesterov=True),
    "RMSprop": {},
    "RMSprop, centered": dict(centered=True, momentum=0.5),
    "Adagrad": dict(lr=0.1),
    "Adadelta": {},
    "Adam": {},
    "Adam, amsgrad": dict(amsgrad=True),
    "Adamax": {},
    "Nadam": {},
    "Adam, clipvalue": dict(clipvalue=0.1),
    "Adam, clipnorm": dict(clipnorm=0.1),
    "Adam, weight_decay": dict(weight_decay=0.01),
    "Adam, use_ema": dict(use_ema=True),
    "SGD, gradient_accumulation_steps": dict(lr=0.1, gradient_accumulation_steps=2),
}
#: the gradient isn't 0 elsewhere, or plays a part in all rows
DENSE = {"Adam, clipnorm"}
#: sums that are no new values: which of their products BLAS rounds depends on where they lie
ROUNDING = {"Nadam": 1e-6}


def trained(name, penalty=0.0, tables=1, shared=False):
    """All numbers after some steps on batches with words that come several times, in any order."""
    random_numbers = np.random.default_rng(1)
    kind = getattr(optimizers, name.split(",")[0])
    made = [K.variable(random_numbers.uniform(-1, 1, (90 + 7 * i, 3))) for i in range(tables)]
    weights = K.variable(random_numbers.uniform(-1, 1, (3, 2)))
    words = [K.placeholder((None, 4), dtype="int32") for _ in range(2 if shared else tables)]
    inputs = [K.gather(made[0 if shared else i], w) for i, w in enumerate(words)]
    y = K.tanh(K.dot(sum(K.sum(x, axis=1) for x in inputs), weights))
    loss = K.mean(K.square(y - 0.3)) + sum(penalty * K.sum(K.square(t)) for t in made)
    try:
        optimizer = kind(**OPTIMIZERS[name])
    except TypeError:
        pytest.skip("no such optimizer")
    updates = optimizer.get_updates([*made, weights], {}, loss)
    step = K.function(words, [loss], updates)
    losses = []
    for _ in range(5):
        # few words of many: some come often
        losses.append(step([random_numbers.choice([2, 3, 5, 80, 89, 40], (3, 4)).astype("int32") for _ in words])[0])
    return [*losses, *(K.get_value(v) for v in [*made, weights, *optimizer.weights])]


@with_optimizers
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers_give_the_same_numbers(name, threads, schedules, monkeypatch):
    found, expected, rows = with_and_without(lambda: trained(name), schedules, monkeypatch)
    same(found, expected, rounding=ROUNDING.get(name, 0.0))
    assert bool(rows) == (name not in DENSE)


@with_optimizers
@pytest.mark.parametrize("name", ["SGD, momentum", "Adam"])
def test_regularized_tables_two_tables_and_one_for_two_inputs(name, threads, schedules, monkeypatch):
    for arguments in (dict(penalty=0.01), dict(tables=2), dict(shared=True)):
        found, expected, rows = with_and_without(lambda: trained(name, **arguments), schedules, monkeypatch)  # noqa: B023
        same(found, expected, arguments)
        if "tables" in arguments:
            assert len({row.variable for row in rows}) >= 4


def program(seed):
    """Random updates from the gradient of a table, of several variables that read one another."""
    choose, values = random.Random(seed), np.random.default_rng(seed)
    variables = [K.variable(values.uniform(0.5, 1.5, (60, 2))) for _ in range(3)]
    number = K.variable(0.5)
    words = K.placeholder((None,), dtype="int32")
    x = K.placeholder((None, 2))
    # negative ones count from the end
    picked = variables[0][words]
    loss = K.sum(picked * x) if choose.random() < 0.5 else K.sum(K.square(picked) * x)
    g = K.gradients(loss, [variables[0]])[0]
    known = [g, *variables]
    for _ in range(choose.randrange(1, 6)):
        a, b = choose.choice([g, known[-1]]), choose.choice(known)
        kind = choose.randrange(8)
        new = [
            lambda a, b: a + b,
            lambda a, b: 0.9 * b - number * a,
            lambda a, b: b * K.square(a) - a,
            lambda a, b: b / (K.sqrt(K.square(a)) + 0.5),
            lambda a, b: K.maximum(K.abs(a), b),
            lambda a, b: K.switch(K.greater(number, 0.1), b, a),
            lambda a, b: K.clip(a, -0.2, 0.3) * b,
            lambda a, b: K.exp(a) * b,
        ][kind](a, b)
        known.append(new)
    new_values = choose.sample(known[1:], min(len(known) - 1, 3))
    updates = list(zip(choose.sample(variables, len(new_values)), new_values))
    if choose.random() < 0.3:
        updates.append((number, number * 0.5))
    outputs = [variables[1] + 0.0] if choose.random() < 0.3 else [known[-1]] if choose.random() < 0.2 else []
    return [*variables, number], K.function([words, x], outputs, updates)


def run_program(seed):
    values = np.random.default_rng(seed)
    variables, function = program(seed)
    found = []
    for _ in range(3):
        count = int(values.integers(1, 10))
        found += function([values.integers(-60, 60, count).astype("int32"), values.uniform(-1, 1, (count, 2))])
    return [*found, *(K.get_value(v) for v in variables)]


def test_random_updates_give_the_same_numbers(threads, schedules, monkeypatch):
    taken = 0
    for seed in range(150):
        found, expected, rows = with_and_without(lambda: run_program(seed), schedules, monkeypatch)  # noqa: B023
        same(found, expected, seed, 3e-6)
        taken += bool(rows)
    assert taken > 50, taken


def test_an_update_without_a_gradient_elsewhere_leaves_the_table_alone(threads, schedules):
    table, words = K.variable(np.ones((50, 4))), K.placeholder((2,), dtype="int32")
    loss = K.sum(K.gather(table, words))
    K.function([words], [], [(table, table - 0.5 * K.gradients(loss, [table])[0])])([np.array([7, 7], "int32")])
    assert [v for item in schedules[-1].commit for v in blocks.values_of(item) if v.size == 200] == [] and len(schedules[-1].rows) == 1
    assert K.get_value(table).sum() == 50 * 4 - 4


def test_a_word_outside_is_an_error_and_changes_nothing(threads):
    table, words = K.variable(np.ones((50, 4))), K.placeholder((None,), dtype="int32")
    loss = K.sum(K.gather(table, words))
    step = K.function([words], [], [(table, table - 0.5 * K.gradients(loss, [table])[0])])
    for wrong in (50, -51):
        with pytest.raises(ValueError, match="out of range"):
            step([np.array([3, wrong], "int32")])
    assert (K.get_value(table) == 1).all()


@pytest.mark.parametrize("most", [1, 2, 5, 3 * MAX_ROUNDS])
def test_sums_of_rows_are_those_of_the_whole_table(most):
    for rest in ((), (3,), (2, 2)):
        indices = RNG.permutation(np.repeat(RNG.permutation(np.arange(-20, 20))[:10] % 20 - 20, RNG.integers(1, most + 1, 10)))
        rows = RNG.standard_normal((len(indices), *rest)).astype("float32")
        whole, found, places = np.empty((20, *rest), "float32"), np.empty(rows.shape, "float32"), np.empty(len(indices), np.intp)
        fill_rows(whole, indices, rows)
        places_of(places, indices, 20)
        add_up(found, places, rows)
        np.testing.assert_array_equal(found, whole[indices])
