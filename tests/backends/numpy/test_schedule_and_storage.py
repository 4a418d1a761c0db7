"""The passes of a plan on random graphs: the schedule respects dependencies, live values share no memory, the numbers are those of
one op after the other."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kbridge.backends import registry
from kbridge.backends.numpy.executor import blocks, costs, plan, workers
from kbridge.backends.numpy.executor.blocks import Chain
from kbridge.backends.numpy.executor.branches import Branches
from kbridge.backends.numpy.executor.evaluation import compute
from kbridge.backends.numpy.executor.regions import Region
from kbridge.backends.numpy.executor.shares import Shares
from kbridge.backends.numpy.graph import Variable
from kbridge.conformance import harness
from kbridge.conformance.random_programs import generate
from kbridge.conformance.random_programs.build import Built

K = registry.load("numpy")


@pytest.fixture(scope="module")
def made():
    """What the passes of each new plan give: (schedule, storage)."""
    found = []
    original = plan.allocate

    def allocate(schedule, arenas):
        storage = original(schedule, arenas)
        check(schedule, storage)
        found.append((schedule, storage))
        return storage

    plan.allocate = allocate
    yield found
    plan.allocate = original


def check(schedule, storage):
    """Both properties, found anew from the operands: nothing here is taken from the passes' own counts."""
    items = []
    for item in [*schedule.body, *schedule.snapshots, *schedule.commit]:
        items += item.items if isinstance(item, (Region, Branches, Shares)) else [item]
    position, order = {}, []
    for at, item in enumerate(items):
        for v in item.values if isinstance(item, Chain) else [item]:
            if v not in position:
                position[v] = at
                order.append(v)
    for v in order:
        for operand in v.operands():
            leaf = operand.const is not None or operand.leaf is not None
            if not leaf:
                source = operand.inputs[0] if operand.op.result else operand
                assert position[source] <= position[v], f"{v.op} comes before {source.op}, which it reads"
                assert position[source] < position[v] or any(
                    isinstance(i, Chain) and i.values.index(source) < i.values.index(v) for i in [items[position[v]]]
                )
    results = {r for loop in schedule.turns for r in loop.scan.requested}
    owner = {}
    for v in [*order, *results]:
        base = v
        while base.op.view and base not in storage.copied and base.const is None and base.leaf is None:
            base = base.operands()[0]
        owner[v] = base
    last = {}
    for v in order:
        for operand in v.operands():
            base = owner.get(operand, operand)
            last[base] = max(last.get(base, -1), position[v])
    kept = {owner.get(v, v) for v in (*schedule.outputs, *(value for _, value in schedule.saved))}
    for base in kept:
        last[base] = len(items)
    own = [v for v in [*order, *results] if owner[v] is v and v in storage.arrays and v.const is None and v.leaf is None and v.scan is None]
    for v in results:
        position[v] = position[v.inputs[0]]
    for a in own:
        for b in own:
            if a is b or position[a] > position[b] or (position[a] == position[b] and not (a in results and b in results)):
                continue
            # a is still read after b has been computed; results of one loop may be parts of one another
            if last.get(a, -1) > position[b] and not (a in results and b in results and a.inputs[0] is b.inputs[0]):
                assert not np.may_share_memory(storage.arrays[a], storage.arrays[b]), f"{a.op} and {b.op} are both live"
    variables = {v.leaf for v in order if isinstance(v.leaf, Variable)}
    for a in own:
        if a not in schedule.targets:
            assert not any(np.may_share_memory(storage.arrays[a], variable.value) for variable in variables)


def plainly(schedule, fed):
    """The body's values by one op after the other, each in an array of its own; loops are left out."""
    known = dict(zip(schedule.fed, fed))
    for item in (i for part in schedule.body for i in (part.items if isinstance(part, (Region, Branches)) else [part])):
        for v in item.values if isinstance(item, Chain) else [item]:
            inputs = [
                i.const if i.const is not None else i.leaf.value if isinstance(i.leaf, Variable) and i not in known else known.get(i)
                for i in v.inputs
            ]
            known[v] = np.array(compute(v, inputs))
    return known


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), blocked=st.booleans(), lanes=st.integers(1, 2))
def test_random_programs_are_scheduled_and_placed_right(made, seed, blocked, lanes):
    before = blocks.BLOCK, blocks.MIN_SIZE, costs.LEAST_PART, costs.CALL, costs.BYTE
    if blocked:
        blocks.BLOCK, blocks.MIN_SIZE = 3, 2
    costs.LEAST_PART = costs.CALL = costs.BYTE = 0.0
    try:
        with harness.floatx("float64"), workers.using(lanes):
            program, _ = generate(seed)
            built = Built(harness.fresh(K), program)
            del made[:]
            arrays = built.fed(0)
            results = built.function(arrays)
    finally:
        blocks.BLOCK, blocks.MIN_SIZE, costs.LEAST_PART, costs.CALL, costs.BYTE = before
    schedule, _ = made[-1]
    drawn = any(not v.op.pure and v.leaf is None and v.const is None for v in schedule.live)
    if schedule.turns or drawn or program.updates:
        # numbers of these are judged in tests/parity/test_random_programs.py
        return
    fed = [np.ascontiguousarray(a, v.dtype).reshape(v.shape) for a, v in zip(arrays, schedule.fed)]
    known = plainly(schedule, fed)
    for v, found in zip(schedule.outputs, results):
        right = v.const if v.const is not None else known[v] if v in known else v.leaf.value
        np.testing.assert_allclose(found, right, rtol=1e-12, atol=1e-12)


def test_the_check_finds_memory_that_is_shared_too_early(made):
    x = K.placeholder((None, 4))
    f = K.function([x], [K.sum(K.exp(x), axis=0) + K.sum(K.sin(x) * K.exp(x), axis=0)])
    f([np.ones((3, 4))])
    schedule, storage = made[-1]
    exp, sin = (next(v for v in schedule.body if v.op.name == name) for name in ("exp", "sin"))
    storage.arrays[sin] = storage.arrays[exp]
    with pytest.raises(AssertionError, match="are both live"):
        check(schedule, storage)


def test_the_check_finds_an_order_that_is_wrong(made):
    x = K.placeholder((None, 4))
    f = K.function([x], [K.sum(K.exp(x), axis=0)])
    f([np.ones((3, 4))])
    schedule, storage = made[-1]
    schedule.body.reverse()
    with pytest.raises(AssertionError, match="comes before"):
        check(schedule, storage)
