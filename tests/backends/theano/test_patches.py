"""Each repair of Theano is needed: a piece of Theano code works with all of them and fails without the one."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

#: patch -> (code that needs it, THEANO_FLAGS)
NEEDS = {
    "increments_at_indices": (
        """
        w, i = T.fmatrix(), T.ivector()
        g = theano.function([w, i], theano.grad(w[i].sum(), w), mode="FAST_RUN")
        assert g(np.ones((3, 2), "float32"), np.array([1, 1], "int32")).tolist() == [[0, 0], [2, 2], [0, 0]]
        """,
        "",
    ),
    "integer_constants": (
        """
        assert (theano.tensor.mul(T.fmatrix(), 300)).dtype == "float32"
        assert (theano.tensor.mul(T.imatrix(), -70000)).dtype == "int32"
        """,
        "cxx=",
    ),
    "strides_of_empty_matrices": (
        """
        x, w, b = T.fmatrix(), T.fmatrix(), T.fmatrix()
        f = theano.function([x, w, b], b * np.float32(0.5) + T.dot(x, w), mode="FAST_RUN")
        assert f(np.zeros((0, 4), "float32"), np.ones((4, 3), "float32"), np.zeros((0, 3), "float32")).shape == (0, 3)
        g = theano.function([x, w], T.dot(x.T, w), mode="FAST_RUN")
        assert not g(np.zeros((0, 4), "float32"), np.ones((0, 3), "float32")).any()
        """,
        "",
    ),
    "lists_as_indices": (
        """
        x = T.fmatrix()
        found = theano.function([x], T.topk(x, 2, sorted=False), mode="FAST_COMPILE")(np.array([[3, 1, 2]], "float32"))
        assert sorted(found[0]) == [2, 3]
        from theano.tensor.signal.pool import pool_2d
        image = T.ftensor4()
        found = theano.function([image], pool_2d(image, (2, 2), ignore_border=True), mode="FAST_COMPILE")
        assert found(np.arange(4, dtype="float32").reshape(1, 1, 2, 2)).ravel() == 3
        """,
        "cxx=",
    ),
    "keys_of_ops_without_properties": (
        """
        from theano.graph.fg import FunctionGraph
        from theano.link.c.basic import CLinker
        from theano.tensor.blas import Dot22
        x, y = T.fmatrix(), T.fmatrix()
        key = CLinker().accept(FunctionGraph([x, y], [Dot22()(x, y)])).cmodule_key()
        assert key[0], "an empty version: compiled anew in each process"
        """,
        "",
    ),
    "versions_of_external_code": (
        """
        import hashlib
        op = T.fvector().dimshuffle("x", 0).owner.op
        codes = "\\0".join(op.func_codes).encode()
        assert op.c_code_cache_version()[0] == hashlib.sha256(codes).hexdigest(), "a version that other processes don't have"
        """,
        "cxx=",
    ),
    "random_numbers_without_a_compiler": (
        """
        from theano.sandbox.rng_mrg import MRG_RandomStream
        x = MRG_RandomStream(1).uniform((3,), nstreams=2)
        assert 0 < theano.function([], x, mode="FAST_COMPILE")().mean() < 1
        """,
        "cxx=",
    ),
    "batched_products_without_blas": (
        """
        x, y = T.ftensor3(), T.ftensor3()
        f = theano.function([x, y], T.batched_dot(x, y), mode="FAST_RUN")
        assert f(np.ones((2, 3, 4), "float32"), np.ones((2, 4, 5), "float32")).shape == (2, 3, 5)
        """,
        "blas__ldflags=",
    ),
    "silence_about_float16": (
        """
        import contextlib, io
        x = T.TensorType("float16", (False,))()
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            theano.function([x], T.sum(x), mode="FAST_RUN")
        assert printed.getvalue() == "", printed.getvalue()
        """,
        "",
    ),
    "broadcast_hints_on_new_expressions": (
        """
        x = T.fmatrix()
        assert T.addbroadcast(T.exp(x), 1).type.broadcastable == (False, True)
        """,
        "cxx=",
    ),
    "gradient_of_division": (
        """
        x, y = T.fscalars("xy")
        g = theano.grad(x / y, y)
        for mode in ("FAST_COMPILE", "FAST_RUN"):
            found = theano.function([x, y], g, mode=mode)(np.float32(1e30), np.float32(1e25))
            assert abs(found / -1e-20 - 1) < 1e-5, (mode, found)
        """,
        "",
    ),
    "scan_in_python": (
        """
        x = T.fvector()
        f = theano.function([x], theano.scan(lambda e, s: s + e, sequences=x, outputs_info=[np.float32(0)])[0])
        assert f(np.ones(3, "float32")).tolist() == [1, 2, 3]
        """,
        "",
    ),
    "lengths_of_merged_loops": (
        """
        flat = T.fvector()
        x = flat.reshape((3, 2))
        def last_sum(x):
            return theano.scan(lambda e, s: 2 * [s + e], sequences=x, outputs_info=[None, T.zeros((2,))])[0][0][-1]
        f = theano.function([flat], [last_sum(x), last_sum(x[::-1])], mode="FAST_RUN")
        found = f(np.ones(6, "float32"))
        assert [list(v) for v in found] == [[3, 3], [3, 3]], found
        """,
        "cxx=",
    ),
    "subtensors_with_axes_left": (
        """
        theano.config.on_opt_error = "raise"
        x = T.TensorType("float32", (True, False, True))()
        f = theano.function([x], x[::-1].dimshuffle(1, 2), mode="FAST_RUN")
        assert f(np.ones((1, 3, 1), "float32")).shape == (3, 1)
        """,
        "cxx=",
    ),
    "algebra_of_floats": (
        """
        x = T.fvector()
        values = np.array([np.nan, np.inf, -np.inf, 0, 2], "float32")
        formulas = [
            lambda x: x - x, lambda x: x * 0, lambda x: x / x, lambda x: 0 / x, lambda x: x + 1 - x, lambda x: x * 3 / x,
            lambda x: (x * 0).sum(), lambda x: x / np.float32(1e25) / np.float32(1e25),
        ]
        for mode in ("FAST_COMPILE", "FAST_RUN"):
            f = theano.function([x], [f(x) for f in formulas] + [T.eq(x, x), T.neq(x, x), T.ge(x, x)], mode=mode)
            with np.errstate(all="ignore"):
                expected = [f(values) for f in formulas] + [values == values, values != values, values >= values]
            for found, right in zip(f(values), expected):
                np.testing.assert_array_equal(found, right)
        n = T.lscalar()
        shapes = theano.function([n], n * 0 + (n - n), mode="FAST_RUN").maker.fgraph
        assert not shapes.apply_nodes or all(str(node.op) == "DeepCopyOp" for node in shapes.apply_nodes), "integers cancel"
        """,
        "cxx=",
    ),
    "constants_in_python": (
        """
        from theano.graph.op import COp
        x, ways, original = T.fvector(), [], COp.make_thunk
        def make_thunk(self, node, storage_map, compute_map, no_recycling, impl=None):
            if all(i.owner is None and hasattr(i, "data") for i in node.inputs):
                ways.append(impl)
            return original(self, node, storage_map, compute_map, no_recycling, impl=impl)
        COp.make_thunk = make_thunk
        ones = T.constant(np.ones((3, 2), "float32"))
        f = theano.function([x], x + T.exp(ones).sum(axis=1), mode="FAST_RUN")
        assert ways and set(ways) == {"py"}, ways
        np.testing.assert_allclose(f(np.zeros(3, "float32")), np.full(3, 2 * np.e), rtol=1e-6)
        """,
        "",
    ),
    "elementwise_on_arrays": (
        """
        xs = [T.fvector() for _ in range(40)]
        x, y = xs[:2]
        i = T.ivector()
        for mode in ("FAST_COMPILE", "FAST_RUN"):
            one = np.ones(2, "float32")
            assert theano.function(xs, T.add(*xs), mode=mode)(*[one] * 40).tolist() == [40, 40]
            f = theano.function([x, y], theano.grad((x / y).sum(), [x, y]), mode=mode)
            found = f(np.array([1, 2], "float32"), np.array([0, 4], "float32"))
            assert [list(g) for g in found] == [[np.inf, 0.25], [-np.inf, -0.125]], found
            f = theano.function([i], [T.cast(i, "uint8"), T.cast(i, "int8"), T.cast(i, "bool")], mode=mode)
            found = [list(v) for v in f(np.array([300, -1, 0], "int32"))]
            assert found == [[44, 255, 0], [44, -1, 0], [True, True, False]], found
        # operations that were fused, as a compiler would have them
        from theano.scalar import Composite, float32, int32
        from theano.tensor.elemwise import Elemwise
        a, b = float32(), float32()
        fused = Elemwise(Composite([a, b], [a / b + a * a * b, (a + b) / b]))
        found = theano.function([x, y], fused(x, y), mode="FAST_COMPILE")(np.array([2, 1], "float32"), np.array([4, 0], "float32"))
        assert [list(v) for v in found] == [[16.5, np.inf], [1.5, np.inf]], found
        """,
        "cxx=",
    ),
}

# kbridge.backends.theano itself would apply all patches when it is imported
PREAMBLE = """
import sys, types
package = types.ModuleType("kbridge.backends.theano")
package.__path__ = ["kbridge/backends/theano"]
sys.modules[package.__name__] = package
from kbridge.backends.theano.setup import ensure
ensure(without={without!r})
import numpy as np, theano, theano.tensor as T
"""


def run(code: str, without: list[str], flags: str) -> subprocess.CompletedProcess:
    script = PREAMBLE.format(without=without) + textwrap.dedent(code)
    environment = {**os.environ, "THEANO_FLAGS": flags}
    return subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True)


def test_every_patch_is_here():
    from kbridge.backends.theano.setup.patches import PATCHES

    assert {p.__name__ for p in PATCHES} == set(NEEDS)
    assert all(p.__doc__ for p in PATCHES)


@pytest.mark.parametrize("patch", NEEDS)
def test_is_needed(patch):
    code, flags = NEEDS[patch]
    assert run(code, [patch], flags).returncode != 0


@pytest.mark.parametrize("flags", sorted({flags for _, flags in NEEDS.values()}))
def test_all_together_make_it_work(flags):
    done = run("\n".join(textwrap.dedent(code) for code, f in NEEDS.values() if f == flags), [], flags)
    assert done.returncode == 0, done.stderr[-2000:]


def test_a_second_process_compiles_nothing():
    """Whatever Python's hash of texts is there. The cache is that of all tests, so that the first one compiles little."""
    code = """
        from theano.link.c.cmodule import GCC_compiler
        from kbridge.layers import Dense
        from kbridge.models import Sequential
        compiled, original = [], GCC_compiler.compile_str
        GCC_compiler.compile_str = staticmethod(lambda *args, **kwargs: (compiled.append(args), original(*args, **kwargs))[1])
        model = Sequential([Dense(3, input_dim=2, activation="tanh")])
        model.compile("sgd", "mse")
        model.train_on_batch(np.zeros((2, 2)), np.zeros((2, 3)))
        print("compiled", len(compiled))
    """
    counts = []
    for seed in ("1", "2"):
        variables = {"PYTHONHASHSEED": seed, "KBRIDGE_BACKEND": "theano", "THEANO_FLAGS": "optimizer=fast_compile"}
        head = "import kbridge.backend\nimport numpy as np\n"
        done = subprocess.run(
            [sys.executable, "-c", head + textwrap.dedent(code)],
            env={**os.environ, **variables, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        counts.append(int(done.stdout.split()[-1]))
    assert counts[1] == 0
