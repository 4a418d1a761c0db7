"""Repairs of Theano's own modules for NumPy 2 and Python 3.11 to 3.13. Each function is one repair; its docstring says
what breaks without it."""

from __future__ import annotations

import hashlib
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterable
from typing import Any

import numpy

from . import algebra, arrays
from .inc_code import INC_CODE

#: C++ before the products' check of strides; {v} is the matrix
STRIDES_OF_EMPTY = """
    npy_intp kbridge_S{v}[2];
    if (N{v}[0] == 0 || N{v}[1] == 0) {{
        kbridge_S{v}[1] = type_size;
        kbridge_S{v}[0] = type_size * (N{v}[1] > 0 ? N{v}[1] : 1);
        S{v} = kbridge_S{v};
    }}
"""


def _rewritten(function: Callable, *replacements: tuple[str, str]) -> Callable:
    """The function, compiled again from its source with some of it replaced."""
    source = textwrap.dedent(inspect.getsource(function))
    for old, new in replacements:
        if old not in source:
            raise RuntimeError(f"This Theano's {function.__qualname__} is not the one that kbridge knows. Install theano-pymc 1.1.2.")
        source = source.replace(old, new)
    names: dict = {}
    exec(compile(source, inspect.getfile(function), "exec"), function.__globals__, names)  # noqa: S102
    return names[function.__name__]


def increments_at_indices() -> None:
    """The C code of ``inc_subtensor(x[index], y)`` doesn't compile: see ``inc_code``."""
    from theano.tensor import subtensor

    subtensor.inc_code = lambda: INC_CODE
    subtensor.AdvancedIncSubtensor1.c_code_cache_version = lambda self: (8, "kbridge", 1)


def integer_constants() -> None:
    """``numpy.asarray(300, "int8")`` raises where it wrapped; Theano then takes 300 for a uint64, and every
    float32 expression with an int above 127 becomes float64."""
    import theano
    from theano.scalar.basic import NumpyAutocaster

    original = NumpyAutocaster.__call__

    def autocast(self, x):
        if type(x) is int and theano.config.cast_policy != "numpy" and all("int" in d for d in self.dtypes):
            for dtype in self.dtypes:
                limits = numpy.iinfo(dtype)
                if limits.min <= x <= limits.max:
                    return numpy.asarray(x, dtype=dtype)
            raise OverflowError(f"{x} doesn't fit into any integer dtype.")
        return original(self, x)

    NumpyAutocaster.__call__ = autocast


def strides_of_empty_matrices() -> None:
    """NumPy gives every empty array strides (0, 0); the products of matrices refuse them: "no unit stride"."""
    from theano.tensor.blas import GemmRelated

    repair = "".join(STRIDES_OF_EMPTY.format(v=v) for v in "xyz")
    version = GemmRelated.build_gemm_version
    GemmRelated.check_strides = repair + GemmRelated.check_strides
    GemmRelated.build_gemm_version = lambda self: (*version(self), "kbridge", 1)


def lists_as_indices() -> None:
    """NumPy no longer takes a list for a tuple of indices: topk, and pooling without a compiler."""
    from theano.tensor.signal import pool

    sort: Any = sys.modules["theano.tensor.sort"]  # the attribute of theano.tensor is a function
    sort._topk_py_impl = _rewritten(sort._topk_py_impl, (")[idx]", ")[tuple(idx)]"))
    pool.Pool.perform = _rewritten(
        pool.Pool.perform,
        ("yk[[region_slices[i][r[i]] for i in range(nd)]]", "yk[tuple([region_slices[i][r[i]] for i in range(nd)])]"),
    )
    pool.AveragePoolGrad.perform = _rewritten(pool.AveragePoolGrad.perform, ("gxk[region_slice]", "gxk[tuple(region_slice)]"))


def keys_of_ops_without_properties() -> None:
    """An op whose ``__props__`` is empty (Dot22, Softmax) counts as one without a version and is compiled anew
    in every process."""
    from theano.link.c.basic import CLinker

    CLinker.cmodule_key_ = _rewritten(
        CLinker.cmodule_key_,
        ("version.append(node.op.__props__)", 'version.append(("__props__",) + tuple(node.op.__props__))'),
    )


def versions_of_external_code() -> None:
    """DimShuffle's version is Python's hash of a text, another one in each process: all of them are compiled anew there."""
    from theano.graph.op import ExternalCOp

    def c_code_cache_version(self):
        version: tuple = (hashlib.sha256("\0".join(self.func_codes).encode()).hexdigest(),)
        if hasattr(self, "params_type"):
            version += (self.params_type.c_code_cache_version(),)
        return version

    ExternalCOp.c_code_cache_version = c_code_cache_version


def random_numbers_without_a_compiler() -> None:
    """NumPy refuses the mask 0xFFFFFFFF for an int32 in the Python version of the MRG generator."""
    from theano.sandbox import rng_mrg

    original = rng_mrg.mrg_next_value

    def next_value(rstate, new_rstate, NORM, mask, offset):
        return original(rstate, new_rstate, NORM, -1 if mask == 0xFFFFFFFF else mask, offset)

    rng_mrg.mrg_next_value = next_value


def batched_products_without_blas() -> None:
    """The C code of BatchedDot calls ``sgemm_`` also where no BLAS is linked: an undefined symbol."""
    import theano
    from theano.tensor.blas import BatchedDot

    if theano.config.blas__ldflags:
        return

    def no_code(self, *args, **kwargs):
        raise NotImplementedError("BatchedDot is compiled only with a BLAS")

    BatchedDot.c_code = no_code


def silence_about_float16() -> None:
    """Theano prints a line for every operation that it runs in Python for want of float16 in C."""
    from theano.graph.op import COp

    COp.make_c_thunk = _rewritten(COp.make_c_thunk, ('print(f"Disabling C code for {self} due to unsupported float16")', "pass"))


def broadcast_hints_on_new_expressions() -> None:
    """``addbroadcast`` and the like try to simplify at once, and ask the graph, which isn't made yet, how often its
    input is used. Optimizing the graph does the same later."""
    from theano.tensor import opt

    opt.apply_rebroadcast_opt = lambda result: result


def gradient_of_division() -> None:
    """The gradient of a division squares the divisor: above 2e19 that is infinite in float32, and the gradient wrong."""
    from theano.scalar.basic import TrueDiv

    from .quotient import quotient_slope

    original = TrueDiv.grad

    def grad(self, inputs, gradients):
        (x, y), (g,) = inputs, gradients
        if not all(v.dtype.startswith("float") for v in (x, y, g)):
            return original(self, inputs, gradients)
        return [g / y, quotient_slope(g, x, y)]

    TrueDiv.grad = grad


def scan_in_python() -> None:
    """Theano's C loop for scan, made by an old Cython, doesn't compile on Python 3.11, and scan doesn't catch
    that. Its absence it does: it loops in Python."""
    sys.modules["theano.scan.scan_perform_ext"] = None  # type: ignore[assignment]


def lengths_of_merged_loops() -> None:
    """Two scans over the same number of steps are merged into one, where each output still asks for room by its own
    scan's number. Another optimization keeps the last steps only of an output that asks by the merged scan's number,
    and reads all outputs as if they did: of the others it reads the first step instead of the last."""
    # theano.scan is a function, so that an import statement doesn't reach the modules behind it
    merge = sys.modules["theano.scan.opt"].ScanMerge
    merge.merge = _rewritten(
        merge.merge,
        (
            "outer_ins += rename(nd.op.outer_nitsot(nd.inputs), idx)",
            "outer_ins += [nodes[0].inputs[0] if n is nd.inputs[0] else n for n in nd.op.outer_nitsot(nd.inputs)]",
        ),
    )


def subtensors_with_axes_left() -> None:
    """Theano drops an axis of length 1 of ``x[i:j]`` by an index 0, and overlooks those axes that are sliced: the
    tensor has an axis too many, and a failed optimization is printed with a traceback."""
    from theano.tensor.opt_uncanonicalize import local_dimshuffle_subtensor

    original = local_dimshuffle_subtensor.fn

    def same_type_only(fgraph, node):
        found = original(fgraph, node)
        return found if found and found[0].type == node.outputs[0].type else False

    local_dimshuffle_subtensor.fn = same_type_only


def algebra_of_floats() -> None:
    """Theano cancels floats as if none were NaN or infinite: see ``algebra``."""
    algebra.install()


def elementwise_on_arrays() -> None:
    """Without a compiler a division by 0 and a cast out of range raise, and a sum of 32 tensors does; see ``arrays``."""
    arrays.install()


def constants_in_python() -> None:
    """Operations on constants are run once, and Theano compiles a module for each: half the modules of a small model."""
    from theano.compile.ops import Rebroadcast, Shape, Shape_i
    from theano.scalar.basic import ScalarOp
    from theano.tensor import basic, elemwise, opt, subtensor

    light = (
        elemwise.Elemwise, elemwise.DimShuffle, elemwise.CAReduce, ScalarOp, Rebroadcast, Shape, Shape_i, opt.MakeVector,
        basic.Alloc, basic.Reshape, basic.Join, basic.ARange, basic.TensorFromScalar, basic.ScalarFromTensor,
        subtensor.Subtensor, subtensor.IncSubtensor,
    )  # fmt: skip
    for op in light:
        op.python_constant_folding = lambda self, node: True


PATCHES: tuple[Callable[[], None], ...] = (
    increments_at_indices,
    integer_constants,
    strides_of_empty_matrices,
    lists_as_indices,
    keys_of_ops_without_properties,
    versions_of_external_code,
    random_numbers_without_a_compiler,
    batched_products_without_blas,
    silence_about_float16,
    broadcast_hints_on_new_expressions,
    gradient_of_division,
    scan_in_python,
    lengths_of_merged_loops,
    subtensors_with_axes_left,
    algebra_of_floats,
    constants_in_python,
    elementwise_on_arrays,
)


def apply(without: Iterable[str] = ()) -> None:
    """All repairs; ``without`` names those to leave out, so that tests can show what each is for."""
    for patch in PATCHES:
        if patch.__name__ not in without:
            patch()
