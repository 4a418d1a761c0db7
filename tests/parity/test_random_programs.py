"""Random programs of backend functions with fixed seeds, and the tools around them. More: ``kbridge parity --random 1000 --seed 7``."""

from __future__ import annotations

import numpy as np
import pytest
from parity import matrix
from parity.found_programs import FOUND

from kbridge.backends import registry
from kbridge.conformance import harness
from kbridge.conformance.random_programs import Expected, Program, as_test, campaign, generate, problems, shrunk

#: backend -> programs; those that build a graph and compile it take longest
COUNTS = {"numpy": 200, "tensorflow": 24, "theano": 24}
#: programs of one test
EACH = 20
#: programs that Theano compiles
COMPILED = range(3)

PARTS = [
    pytest.param(name, range(first, min(first + EACH, COUNTS[name])), id=f"{name}-{first}")
    for name in matrix.BACKENDS
    for first in range(0, COUNTS.get(name, 0), EACH)
]


@pytest.mark.parametrize(("name", "seeds"), PARTS)
def test_random_programs_give_what_numpy_and_finite_differences_give(name, seeds):
    shown: list[str] = []
    K = registry.load(name)
    # float64 for the judge's sake; float32 is what people use
    for dtype in ("float64", "float32") if name == "numpy" else ("float64",):
        campaign.run([K], seeds, [dtype], show=shown.append)
    assert not shown, "\n".join(shown)


@pytest.mark.parametrize("name", matrix.BACKENDS)
def test_programs_that_showed_a_fault_once(name):
    for number, program in enumerate(FOUND):
        assert not problems(harness.fresh(registry.load(name)), program, "float64"), number


@pytest.mark.parametrize("name", [n for n in matrix.BACKENDS if n == "theano"])
def test_random_programs_that_are_compiled_for_speed(name):
    shown: list[str] = []
    campaign.run([registry.load(name)], COMPILED, ["float64"], compiled=True, show=shown.append)
    assert not shown, "\n".join(shown)


def test_a_seed_gives_one_program_whose_source_is_the_program():
    program, _ = generate(5)
    assert generate(5)[0] == program
    assert eval(program.source(), {"Program": Program}) == program


def test_most_programs_have_several_steps_and_gradients_and_many_have_loops_and_updates():
    programs = [generate(seed)[0] for seed in range(40)]
    text = [p.source() for p in programs]
    assert np.mean([len(p.steps) >= 3 for p in programs]) > 0.5
    assert np.mean([bool(p.gradients) for p in programs]) > 0.5
    assert sum(any(f"'{loop}'" in t for loop in ("rnn", "foldl", "foldr", "map_fn")) for t in text) >= 8
    assert sum(bool(p.updates) for p in programs) >= 3


PLANTED = Program(
    placeholders={"x0": ("n", 3), "x1": ("n", 4, 2)},
    variables={"w0": (3,)},
    steps=[
        ("t1", "tanh", ["@x0"], {}),
        ("t2", "permute_dimensions", ["@x1", (1, 0, 2)], {}),
        ("t3", "sum", ["@t2"], {"axis": -1}),
        ("t4", "mul", ["@t1", "@w0"], {}),
        ("t5", "cos", ["@t4"], {}),
    ],
    outputs=["t5", "t3"],
    loss=[("t5", "sum"), ("t3", "sin")],
    gradients=["x0", "w0", "t1", "x1"],
    updates={"w0": "w0"},
    calls=[{"n": 2, "phase": 0}, {"n": 3, "phase": 0}],
)


class Wrong:
    """The NumPy backend with one function that is wrong."""

    def __init__(self, name, function):
        self.K = registry.load("numpy")
        self.wrong = {name: function}

    def __getattr__(self, name):
        return self.wrong.get(name) or getattr(self.K, name)


def test_wrong_values_are_found_and_made_small():
    K = Wrong("cos", lambda x: registry.load("numpy").cos(x) + 0.01)
    assert not problems(K.K, PLANTED)
    found = problems(K, PLANTED)
    assert any("t5" in p for p in found)
    small = shrunk(PLANTED, lambda p: any("is" in q for q in _problems(K, p)))
    assert [s[1] for s in small.steps] == ["cos"] and len(small.calls) == 1
    source = as_test(small, "numpy", "float64")
    namespace: dict = {}
    exec(source, namespace)
    namespace["test_random_program_0_on_numpy"]()


def test_wrong_gradients_are_found():
    def tanh(x):
        K = registry.load("numpy")
        return K.stop_gradient(x) * 0 + K.tanh(K.stop_gradient(x))

    assert any("gradient" in p for p in problems(Wrong("tanh", tanh), PLANTED))


def test_a_wrong_static_shape_and_results_that_change_later_are_found():
    K = registry.load("numpy")
    assert any("announced" in p for p in problems(Wrong("int_shape", lambda x: (7,) * len(K.int_shape(x))), PLANTED))
    kept: list = []

    class Function:
        def __init__(self, inputs, outputs, updates=()):
            self.function = K.function(inputs, outputs, updates=updates)

        def __call__(self, arrays):
            results = self.function(arrays)
            for old in kept:
                for a in old:
                    a[...] = 0
            kept.append(results)
            return results

    assert any("changed in later calls" in p for p in problems(Wrong("function", Function), PLANTED))


def _problems(K, program):
    try:
        expected = Expected(program)
    except Exception:
        return []
    with harness.floatx("float64"):
        return problems(K, program, "float64", expected)


def test_the_command_runs_any_number(capsys):
    from kbridge.cli import main

    assert main(["parity", "--random", "3", "--seed", "7", "--backends", "numpy", "--dtypes", "float64"]) == 0
    assert "3 numpy float64 ok" in capsys.readouterr().out
