"""Graphs end with ``clear_session``, whatever was built in them: nothing of the process holds them."""

import gc
import weakref

import pytest

from kbridge.backends import registry
from kbridge.conformance import FAMILIES, harness

K = registry.load("tensorflow")


def built(op) -> None:
    """The first and the last case of an op, with gradients."""
    for index in {0, len(op.cases) - 1}:
        harness.Trial(K, op, index, "float32", True)


@pytest.mark.parametrize("family", [name for name, family in FAMILIES.items() if any(op.cases for op in family.OPS)])
def test_no_op_keeps_its_graph(family):
    from tensorflow.python.framework import ops

    K.clear_session()
    registered = len(ops.gradient_registry._registry)
    with harness.floatx("float32"):
        for op in FAMILIES[family].OPS:
            if op.cases and (op.backends is None or K.name in op.backends):
                built(op)
    graph = weakref.ref(K._state.graph)
    K.clear_session()
    gc.collect()
    assert graph() is None
    assert len(ops.gradient_registry._registry) == registered
