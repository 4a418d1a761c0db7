"""Ops that work element by element, with broadcasting.

Most are one ufunc: a row of the tables at the end gives the ufunc, the dtype rule and the gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import settings
from ..graph import Op, Tensor, make
from ..operators import IMPLEMENTATIONS
from .common import BOOL, INT32, as_dtype, as_tensor, as_tensors, broadcast, is_float, sum_to


def clip_ufunc() -> Callable:
    """NumPy's clip as a ufunc: a tenth of the call overhead of maximum and minimum, and keeps NaN."""
    for module in ("_core", "core"):
        umath = getattr(getattr(np, module, None), "umath", None)
        if hasattr(umath, "clip"):
            return umath.clip
    return lambda x, low, high, out: np.clip(x, low, high, out=out)


CLIP = clip_ufunc()


class Elementwise(Op):
    """One ufunc. ``rule`` gives the gradients of the inputs, before they are summed to their shapes."""

    inplace = True
    elementwise = True

    def __init__(self, name: str, ufunc: Callable, rule: Callable | None = None, dtype: np.dtype | None = None):
        self.name = name
        self.ufunc = ufunc
        self.rule = rule
        self.dtype = dtype

    def infer(self, attrs, *inputs):
        shape = inputs[0].shape
        for other in inputs[1:]:
            shape = broadcast(shape, other.shape, f"operands of {self.name}")
        return shape, self.dtype or inputs[0].dtype

    def gradient(self, node, g):
        if self.rule is None or not is_float(node.dtype):
            return [None] * len(node.inputs)
        grads = self.rule(node, g, *node.inputs)
        if not isinstance(grads, tuple):
            grads = (grads,)
        return [None if d is None else sum_to(d, x) for d, x in zip(grads, node.inputs)]

    def simplify(self, value):
        return _simplify_arithmetic(self.name, value)

    def emit(self, ctx, attrs, out, *inputs):
        ctx.call(self.ufunc, *inputs, out)


def _simplify_arithmetic(name: str, value: Any) -> Any:
    """x + 0, x - 0, x * 1, x / 1, where no broadcasting would be lost; sums that ops know better.

    x * 0 too for the zeros of a gradient that doesn't exist; any other 0 makes NaN of NaN and infinity.
    """
    for x in value.inputs:
        if x.const is not None or x.op is FILL:
            break
    else:
        # most calls: none of the operands is known
        if name == "add" and x.op is value.inputs[0].op and x.shape == value.inputs[0].shape:
            return x.op.sum_of(value.inputs[0], x)
        return None
    if name in ("add", "multiply") and len(value.inputs) == 2:
        x, y = value.inputs
        for this, other in ((x, y), (y, x)):
            if name == "add" and this.is_constant(0) and other.shape == value.shape:
                return other
            if name == "multiply" and this.is_constant(1) and other.shape == value.shape:
                return other
            if name == "multiply" and this.zeros and this.shape == value.shape:
                return this
        if name == "add" and x.op is y.op and x.shape == y.shape:
            return x.op.sum_of(x, y)
    elif name in ("subtract", "divide"):
        x, y = value.inputs
        if y.is_constant(0 if name == "subtract" else 1) and x.shape == value.shape:
            return x
        if name == "divide" and x.zeros and x.shape == value.shape:
            return x
    elif name == "negative" and value.inputs[0].zeros:
        return value.inputs[0]
    return None


class Composed(Elementwise):
    """An elementwise function that takes several ufunc calls: ``program(ctx, out, *inputs)``.

    ``inplace`` holds: every program reads its inputs in its first call only.
    """

    def __init__(self, name: str, program: Callable, rule: Callable | None = None):
        super().__init__(name, None, rule)
        self.program = program

    def emit(self, ctx, attrs, out, *inputs):
        self.program(ctx, out, *inputs)


class Cast(Op):
    """Change the dtype; ``attrs`` is the dtype's name."""

    name = "cast"
    elementwise = True

    def infer(self, attrs, x):
        return x.shape, np.dtype(attrs)

    def gradient(self, node, g):
        x = node.inputs[0]
        return [cast(g, x.dtype) if is_float(x.dtype) and is_float(node.dtype) else None]

    def simplify(self, value):
        return value.inputs[0] if value.inputs[0].dtype == value.dtype else None

    def emit(self, ctx, attrs, out, x):
        if out.dtype == BOOL:
            ctx.call(np.not_equal, x, ctx.scalar(0, x.dtype), out)
        else:
            ctx.call(np.copyto, out, x, "unsafe")


class Where(Op):
    """Choose by a condition."""

    name = "where"
    elementwise = True

    def infer(self, attrs, condition, x, y):
        shape = broadcast(x.shape, y.shape, "values of where")
        return broadcast(condition.shape, shape, "condition and values of where"), x.dtype

    def gradient(self, node, g):
        condition, x, y = node.inputs
        if not is_float(node.dtype):
            return [None] * 3
        zero = as_tensor(0, g.dtype)
        return [None, sum_to(where(condition, g, zero), x), sum_to(where(condition, zero, g), y)]

    def emit(self, ctx, attrs, out, condition, x, y):
        # By bits: NumPy's own masked copies are ten times as slow on mixed conditions.
        bits = np.dtype(f"int{8 * out.itemsize}")
        x, y, result = ctx.view(x, lambda a: a.view(bits)), ctx.view(y, lambda a: a.view(bits)), out.view(bits)
        mask = ctx.scratch(condition.shape, bits)
        ctx.call(np.copyto, mask, condition)
        if _is_zero(x):
            ctx.call(np.subtract, mask, ctx.scalar(1, bits), mask)
            ctx.call(np.bitwise_and, y, mask, result)
            return
        ctx.call(np.negative, mask, mask)
        if _is_zero(y):
            ctx.call(np.bitwise_and, x, mask, result)
            return
        ctx.call(np.bitwise_xor, x, y, result)
        ctx.call(np.bitwise_and, result, mask, result)
        ctx.call(np.bitwise_xor, result, y, result)


def _is_zero(array: np.ndarray) -> bool:
    """Whether this is the constant 0."""
    return array.ndim == 0 and _is_fixed(array) and not array.any()


def _is_fixed(array: np.ndarray) -> bool:
    """Whether this is a constant: neither it nor what it is a view of can be written to."""
    return not array.flags.writeable and (array.base is None or not array.base.flags.writeable)


def _is_infinite(bound: Tensor) -> bool:
    value = bound.constant_value()
    return value is not None and bool(np.isinf(value))


class Clip(Op):
    """max(min(x, high), low) for scalar bounds: a lower bound above the upper one wins; NaN stays NaN. ``attrs``: whether this is
    a relu, whose gradient at the lower bound is 0."""

    name = "clip"
    inplace = True
    elementwise = True

    def infer(self, attrs, x, low, high):
        return x.shape, x.dtype

    def gradient(self, node, g):
        x, low, high = node.inputs
        if not is_float(node.dtype):
            return [None] * 3
        tests = []
        if not _is_infinite(low):
            # relu: the gradient at 0 itself is 0, that of any other clip is 1 at its bounds
            tests.append(greater(x, low) if node.attrs else greater_equal(x, low))
        if not _is_infinite(high):
            tests.append(less_equal(x, high))
        if not tests:
            return [g, None, None]
        inside = tests[0] if len(tests) == 1 else binary("logical_and", *tests)
        return [g * cast(inside, g.dtype), self._share(g, node, low), self._share(g, node, high)]

    @staticmethod
    def _share(g, node, bound):
        """The gradient of a bound: all of ``g`` where the result is that bound. None for a number."""
        x, low, high = node.inputs
        if bound.constant_value() is not None:
            return None
        if bound is low:
            taken = binary("logical_or", binary("less", x, low), binary("less", high, low))
        else:
            taken = binary("logical_and", greater(x, high), greater_equal(high, low))
        return sum_to(g * cast(taken, g.dtype), bound)

    def emit(self, ctx, attrs, out, x, low, high):
        if _is_fixed(low) and _is_fixed(high):
            high = np.maximum(low, high)
        else:
            # bounds that are only known in a run: NumPy's clip lets the upper one win
            top = ctx.scratch((), out.dtype)
            ctx.call(CLIP, high, low, ctx.scalar(_limits(out.dtype)[1], out.dtype), top)
            high = top
        ctx.call(CLIP, x, low, high, out)


class StopGradient(Op):
    """The same values, constant for gradients."""

    name = "stop_gradient"
    view = True

    def infer(self, attrs, x):
        return x.shape, x.dtype

    def simplify(self, value):
        return value.inputs[0]


class Print(Op):
    """The same values; running it prints them."""

    name = "print"
    pure = False

    def infer(self, attrs, x):
        return x.shape, x.dtype

    def gradient(self, node, g):
        return [g]

    def emit(self, ctx, attrs, out, x):
        ctx.call(np.copyto, out, x)
        ctx.call(_show, attrs, out)


def _show(message: str, value: np.ndarray) -> None:
    print(message, value)


class PhaseSwitch(Op):
    """The first input in training, the second in test; ``inputs[2]`` is the learning phase.

    Plans are made for one learning phase, so the side not taken is never computed.
    """

    name = "phase_switch"
    chooses = True
    static = (2,)

    def infer(self, attrs, x, alt, phase):
        if x.dtype != alt.dtype or len(x.shape) != len(alt.shape):
            raise ValueError(f"The two phases differ: shapes {x.shape} and {alt.shape}, dtypes {x.dtype} and {alt.dtype}.")
        return tuple(m if m == n else None for m, n in zip(x.shape, alt.shape)), x.dtype

    def gradient(self, node, g):
        x, alt, phase = node.inputs
        # zeros in the shape of the side itself: lengths that are unknown until a run may differ
        return [make(self, (g, zeros_like(x), phase)), make(self, (zeros_like(alt), g, phase)), None]

    def simplify(self, value):
        x, alt, phase = value.inputs
        return x if phase.constant_value() else alt


class Fill(Op):
    """0 or 1 (``attrs``: the number, the dtype's name, and "value" for a 0 that counts as a number) in the shape of the input."""

    name = "fill_like"
    fills = True
    shape_only = (0,)

    def infer(self, attrs, x):
        return x.shape, np.dtype(attrs[1])

    def emit(self, ctx, attrs, out, x):
        ctx.call(np.copyto, out, ctx.scalar(attrs[0], out.dtype))


CAST, WHERE, CLIP_OP, STOP, PRINT, PHASE, FILL = Cast(), Where(), Clip(), StopGradient(), Print(), PhaseSwitch(), Fill()


# ---------------------------------------------------------------------- functions on tensors


def unary(name: str, x: Any) -> Tensor:
    """A row of UNARY; integers and booleans become floatx where the function is not exact on them."""
    x = as_tensor(x)
    if name == "round" and not is_float(x.dtype):
        return x
    if not is_float(x.dtype) and name not in EXACT:
        x = cast(x, as_dtype(None))
    return make(UNARY[name], (x,))


def binary(name: str, x: Any, y: Any) -> Tensor:
    """A row of BINARY on operands that are first promoted to one dtype."""
    x, y = as_tensors(x, y)
    if x.dtype == BOOL and name in ARITHMETIC:
        x, y = cast(x, INT32), cast(y, INT32)
    if name in ("divide", "arctan2") and not is_float(x.dtype):
        x, y = cast(x, as_dtype(None)), cast(y, as_dtype(None))
    if name.startswith("logical"):
        x, y = cast(x, BOOL), cast(y, BOOL)
    return make(BINARY[name], (x, y))


def cast(x: Any, dtype: Any) -> Tensor:
    """``x`` in another dtype; itself if it has it already."""
    x = as_tensor(x)
    dtype = np.dtype(dtype)
    return x if x.dtype == dtype else make(CAST, (x,), dtype.name)


def where(condition: Any, x: Any, y: Any) -> Tensor:
    """``x`` where ``condition`` holds, else ``y``."""
    x, y = as_tensors(x, y)
    return make(WHERE, (cast(condition, BOOL), x, y))


def clip(x: Any, low: Any, high: Any, relu: bool = False) -> Tensor:
    """``x`` held between ``low`` and ``high``, of which the lower one wins; None is no bound. ``relu``: gradient 0 at ``low``."""
    x = as_tensor(x)
    limits = _limits(x.dtype)
    low, high = (
        cast(as_tensor(limit if bound is None else bound, x.dtype), x.dtype) for bound, limit in ((low, limits[0]), (high, limits[1]))
    )
    if high.ndim:
        x, high = binary("minimum", x, high), as_tensor(limits[1], x.dtype)
    if low.ndim:
        return binary("maximum", clip(x, None, high), low)
    bottom, top = low.constant_value(), high.constant_value()
    if bottom is not None and top is not None and top < bottom:
        high = low
    return make(CLIP_OP, (x, low, high), relu)


def _limits(dtype: np.dtype) -> tuple:
    if is_float(dtype):
        return -np.inf, np.inf
    info = np.iinfo(dtype)
    return info.min, info.max


def zeros(x: Tensor, dtype: Any = None) -> Tensor:
    """Zeros in the shape of ``x``, as values: times NaN they are NaN."""
    return make(FILL, (x,), (0, np.dtype(dtype or x.dtype).name, "value"))


def zeros_like(x: Tensor, dtype: Any = None) -> Tensor:
    """Zeros in the shape of ``x`` that stand for nothing at all: times anything they are 0."""
    return make(FILL, (x,), (0, np.dtype(dtype or x.dtype).name))


def ones_like(x: Tensor, dtype: Any = None) -> Tensor:
    """Ones in the shape of ``x``."""
    return make(FILL, (x,), (1, np.dtype(dtype or x.dtype).name))


def stop_gradient(x: Any) -> Tensor:
    """``x``, constant for gradients."""
    return make(STOP, (as_tensor(x),))


def greater(x, y):
    return binary("greater", x, y)


def greater_equal(x, y):
    return binary("greater_equal", x, y)


def less_equal(x, y):
    return binary("less_equal", x, y)


# ---------------------------------------------------------------------- programs and gradients


def _flat(node, g, x):
    return zeros_like(x)


def _sigmoid(ctx, out, x):
    one = ctx.scalar(1, out.dtype)
    ctx.call(np.negative, x, out)
    ctx.call(np.exp, out, out)
    ctx.call(np.add, out, one, out)
    ctx.call(np.divide, one, out, out)


def _softplus(ctx, out, x):
    ctx.call(np.logaddexp, x, ctx.scalar(0, out.dtype), out)


def _sqrt(ctx, out, x):
    ctx.call(CLIP, x, ctx.scalar(0, out.dtype), ctx.scalar(np.inf, out.dtype), out)
    ctx.call(np.sqrt, out, out)


def _maximum(ctx, out, x, y):
    # clip: np.maximum takes its out by keyword only, and is slower
    ctx.call(CLIP, x, y, ctx.scalar(_limits(out.dtype)[1], out.dtype), out)


def _minimum(ctx, out, x, y):
    ctx.call(CLIP, x, ctx.scalar(_limits(out.dtype)[0], out.dtype), y, out)


def _sqrt_gradient(node, g, x):
    half = 0.5 * g / where(greater(node, 0), node, 1)
    return where(greater(node, 0), half, as_tensor(0, g.dtype))


def _power_gradient(node, g, x, a):
    dx = g * a * binary("power", x, a - 1)
    positive = greater(x, 0)
    log_x = unary("log", where(positive, x, as_tensor(1, x.dtype)))
    return dx, where(positive, g * node * log_x, as_tensor(0, g.dtype))


def _angle_gradient(node, g, y, x):
    squared = unary("square", x) + unary("square", y)
    return g * x / squared, -g * y / squared


def _first_at_ties(compare: str) -> Callable:
    def rule(node, g, x, y):
        zero = as_tensor(0, g.dtype)
        first = binary(compare, x, y)
        return where(first, g, zero), where(first, zero, g)

    return rule


UNARY: dict[str, Elementwise] = {
    op.name: op
    for op in (
        Elementwise("negative", np.negative, lambda node, g, x: -g),
        Elementwise("absolute", np.absolute, lambda node, g, x: g * unary("sign", x)),
        Elementwise("sign", np.sign, _flat),
        Elementwise("round", np.rint, _flat),
        Elementwise("floor", np.floor, _flat),
        Elementwise("ceil", np.ceil, _flat),
        Elementwise("exp", np.exp, lambda node, g, x: g * node),
        Elementwise("expm1", np.expm1, lambda node, g, x: g * (node + 1.0)),
        Elementwise("log1p", np.log1p, lambda node, g, x: g / (1.0 + x)),
        Elementwise("log", np.log, lambda node, g, x: g / x),
        Composed("sqrt", _sqrt, _sqrt_gradient),
        Elementwise("square", np.square, lambda node, g, x: g * (2.0 * x)),
        Elementwise("sin", np.sin, lambda node, g, x: g * unary("cos", x)),
        Elementwise("cos", np.cos, lambda node, g, x: -g * unary("sin", x)),
        Elementwise("tan", np.tan, lambda node, g, x: g * (1.0 + unary("square", node))),
        Elementwise("arcsin", np.arcsin, lambda node, g, x: g / unary("sqrt", 1.0 - unary("square", x))),
        Elementwise("arccos", np.arccos, lambda node, g, x: -g / unary("sqrt", 1.0 - unary("square", x))),
        Elementwise("arctan", np.arctan, lambda node, g, x: g / (1.0 + unary("square", x))),
        Elementwise("sinh", np.sinh, lambda node, g, x: g * unary("cosh", x)),
        Elementwise("cosh", np.cosh, lambda node, g, x: g * unary("sinh", x)),
        Elementwise("arcsinh", np.arcsinh, lambda node, g, x: g / unary("sqrt", 1.0 + unary("square", x))),
        Elementwise("arccosh", np.arccosh, lambda node, g, x: g / unary("sqrt", unary("square", x) - 1.0)),
        Elementwise("arctanh", np.arctanh, lambda node, g, x: g / (1.0 - unary("square", x))),
        Elementwise("tanh", np.tanh, lambda node, g, x: g * (1.0 - unary("square", node))),
        Composed("sigmoid", _sigmoid, lambda node, g, x: g * (node * (1.0 - node))),
        Composed("softplus", _softplus, lambda node, g, x: g * unary("sigmoid", x)),
        Elementwise("logical_not", np.logical_not, dtype=BOOL),
    )
}

#: functions that integers keep their dtype in
EXACT = {"negative", "absolute", "sign", "round", "floor", "ceil", "square", "logical_not"}

ARITHMETIC = {"add", "subtract", "multiply", "divide", "floor_divide", "remainder", "power"}

BINARY: dict[str, Elementwise] = {
    op.name: op
    for op in (
        Elementwise("add", np.add, lambda node, g, x, y: (g, g)),
        Elementwise("subtract", np.subtract, lambda node, g, x, y: (g, -g)),
        Elementwise("multiply", np.multiply, lambda node, g, x, y: (g * y, g * x)),
        Elementwise("divide", np.divide, lambda node, g, x, y: (g / y, -(g * (node / y)))),
        Elementwise("floor_divide", np.floor_divide),
        Elementwise("remainder", np.remainder, lambda node, g, x, y: (g, -g * binary("floor_divide", x, y))),
        Elementwise("power", np.power, _power_gradient),
        Elementwise("arctan2", np.arctan2, _angle_gradient),
        Composed("maximum", _maximum, _first_at_ties("greater_equal")),
        Composed("minimum", _minimum, _first_at_ties("less_equal")),
        *(
            Elementwise(name, getattr(np, name), dtype=BOOL)
            for name in (
                "equal", "not_equal", "greater", "greater_equal", "less", "less_equal", "logical_and", "logical_or",
            )
        ),
    )
}  # fmt: skip


def _power(x: Any, a: Any) -> Tensor:
    """``x ** a``, through cheaper ops for the exponents 1, 2 and 0.5 and for negative integers."""
    if isinstance(x, Tensor) and isinstance(a, (int, float)) and not isinstance(a, bool):
        if a == 1:
            return x
        if a == 2:
            return unary("square", x)
        if a < 0 and not is_float(x.dtype):
            x = cast(x, settings.floatx())
    return binary("power", x, a)


for _name in ("negative", "absolute", "logical_not"):
    IMPLEMENTATIONS[_name] = lambda x, _name=_name: unary(_name, x if _name != "logical_not" else cast(x, BOOL))
for _name in (*ARITHMETIC, "logical_and", "logical_or", "less", "less_equal", "greater", "greater_equal"):
    IMPLEMENTATIONS[_name] = lambda x, y, _name=_name: binary(_name, x, y)
IMPLEMENTATIONS["power"] = _power
