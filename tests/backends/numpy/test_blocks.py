"""Chains of elementwise calls in blocks: the same numbers, less storage."""

import numpy as np
import pytest

from kbridge.backends import registry
from kbridge.backends.numpy.executor import blocks, workers
from kbridge.conformance import FAMILIES, harness

K = registry.load("numpy")


def blocked(function):
    """The sizes of the runs that the function's plan has."""
    plan = function._last[1]
    return [len(args[-1]) for call, args in plan.commit if call is np.divide], plan.nbytes


@pytest.fixture
def tiny_blocks(monkeypatch):
    """Blocks so small that tensors of tests have several."""
    monkeypatch.setattr(blocks, "BLOCK", 3)
    monkeypatch.setattr(blocks, "MIN_SIZE", 2)


@pytest.fixture
def two_lanes(cheap_lanes):
    """Plans whose values are cut for two threads wherever they can be."""
    with workers.using(2):
        yield


@pytest.mark.parametrize("family", FAMILIES)
def test_the_parity_matrix_holds_in_tiny_blocks_on_two_threads(family, tiny_blocks, two_lanes):
    found = harness.run(harness.fresh(K), FAMILIES[family].OPS, "float64")
    assert [str(result) for result in found if not result.ok] == []


def adam_step(size):
    """Values of weight and moments after three steps of Adam on ``size`` numbers, and the function."""
    w, m, v = (K.variable(np.linspace(low, 1, size)) for low in (-1, 0, 0))
    g = K.square(w) * 2.0 - 1.0
    m_new, v_new = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * K.square(g)
    function = K.function([], [K.sum(g)], [(m, m_new), (v, v_new), (w, w - 0.01 * m_new / (K.sqrt(v_new) + 1e-8))])
    with workers.using(1):
        for _ in range(3):
            function([])
    return [K.get_value(x) for x in (w, m, v)], function


@pytest.mark.parametrize("size", [blocks.MIN_SIZE, 3 * blocks.BLOCK + 7])
def test_an_update_in_blocks_gives_the_same_bits(size, monkeypatch):
    found, function = adam_step(size)
    sizes, _ = blocked(function)
    assert sizes == [blocks.BLOCK] * (size // blocks.BLOCK) + [size % blocks.BLOCK] * (size % blocks.BLOCK > 0)
    monkeypatch.setattr(blocks, "MIN_SIZE", 10**9)
    expected, whole = adam_step(size)
    assert blocked(whole)[0] == [size]
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, b)


def test_what_only_the_chain_reads_takes_no_storage_of_its_size(monkeypatch):
    size = 20 * blocks.BLOCK
    _, function = adam_step(size)
    monkeypatch.setattr(blocks, "MIN_SIZE", 10**9)
    _, whole = adam_step(size)
    assert blocked(function)[1] < blocked(whole)[1] - 4 * size + 2 * 4 * blocks.BLOCK


def test_the_largest_tensors_have_larger_blocks():
    run = blocks.Chain([])
    size = 2 * blocks.BLOCK * blocks.MAX_BLOCKS
    value = type("Sized", (), {"size": size})()
    run.values.append(value)
    assert run.block == 2 * blocks.BLOCK


def test_a_chain_that_starts_from_fed_values_and_goes_on_to_other_shapes():
    size = 2 * blocks.BLOCK
    x = K.placeholder((2, size // 2))
    y = K.tanh(x * 2.0 + 1.0)
    function = K.function([x], [K.sum(y, axis=1), y, K.transpose(K.exp(-y) * y)])
    for seed in range(2):
        fed = np.random.default_rng(seed).standard_normal((2, size // 2)).astype("float32")
        expected = np.tanh(fed * 2 + 1)
        total, same, turned = function([fed])
        np.testing.assert_allclose(total, expected.sum(axis=1), rtol=1e-4)
        np.testing.assert_allclose(same, expected, rtol=1e-5)
        np.testing.assert_allclose(turned, (np.exp(-expected) * expected).T, rtol=1e-5)
