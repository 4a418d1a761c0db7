"""The error function, which NumPy lacks.

float32 and float16: x P(x^2) / Q(x^2) on [-3.9, 3.9] with a relative error of 2e-8, fitted for this file by weighted least squares.
float64: a Chebyshev series for log(erfc(x) / t) + x^2 in t = 2 / (2 + x), the form of Numerical Recipes (Press et al., 3rd ed.,
6.2.2), with coefficients computed for this file; near 0 the Maclaurin series, which keeps the relative error at 4e-16.
"""

from __future__ import annotations

from math import factorial, pi, sqrt

import numpy as np

from ..graph import Op, Tensor, make
from .common import as_dtype, as_tensor, cast, is_float
from .elementwise import unary

#: of powers of x^2, lowest first
_P = (1.12837914771, 0.18965464947, 0.0526662683388, 0.00373777793166, 0.000285042012511, 2.06646533752e-6)
_Q = (1.0, 0.501409840674, 0.113813744592, 0.0149131315144, 0.00115722532303, 3.82688905285e-5)
#: beyond this erf is 1 in float32
_END = 3.9
_CHEBYSHEV = (
    -0.651326859890854717, 0.64196979235649026, 0.0194764732041858363, -0.00956151478680863164, -0.000946595344482036866,
    0.000366839497852761452, 0.0000425233248069077716, -0.0000202785781125342432, -1.62429000464702551e-6, 1.3036558355805232e-6,
    1.56264417220661432e-8, -8.52380959149265425e-8, 6.5290544390988515e-9, 5.05934349555146894e-9, -9.91364156493033087e-10,
    -2.27365122293183586e-10, 9.6467911020155268e-11, 2.39403808303911474e-12, -6.8860275264975534e-12, 8.94487927309072572e-13,
    3.13092139934295808e-13, -1.12708223613672524e-13, 3.81090525518923206e-16, 7.10609761360923699e-15, -1.5230282014571043e-15,
    -9.45749457129123401e-17, 1.21023718922427899e-16, -2.81666308774717698e-17,
)  # fmt: skip
_MACLAURIN = tuple((-1) ** k * 2 / sqrt(pi) / (factorial(k) * (2 * k + 1)) for k in range(14))
#: elements computed at a time, so that what is in between stays in the cache
_BLOCK = 1 << 13


def erf(x: np.ndarray, out: np.ndarray) -> None:
    """The error function of ``x`` into ``out``, of one float dtype; NaN stays, infinities give -1 and 1."""
    kernel = _double if x.dtype == np.float64 else _single
    if x.size <= _BLOCK:
        np.copyto(out, kernel(np.atleast_1d(x)).reshape(out.shape), "same_kind")
        return
    flat, result = np.ravel(x), out.reshape(-1)
    for start in range(0, flat.size, _BLOCK):
        result[start : start + _BLOCK] = kernel(flat[start : start + _BLOCK])


def _horner(coefficients, x: np.ndarray) -> np.ndarray:
    total = x * x.dtype.type(coefficients[-1])
    for c in coefficients[-2:0:-1]:
        total += x.dtype.type(c)
        total *= x
    total += x.dtype.type(coefficients[0])
    return total


def _single(x: np.ndarray) -> np.ndarray:
    x = np.clip(x, -_END, _END, dtype=np.float32)
    squared = x * x
    x *= _horner(_P, squared)
    x /= _horner(_Q, squared)
    return np.clip(x, -1, 1, out=x)


def _double(x: np.ndarray) -> np.ndarray:
    size = np.abs(x)
    far = np.minimum(size, 30.0)
    y = 4.0 / (2.0 + far) - 1.0
    later: np.ndarray | float = 0.0
    latest: np.ndarray | float = 0.0
    for c in _CHEBYSHEV[:0:-1]:
        later, latest = 2.0 * y * later - latest + c, later
    exponent = y * later - latest + _CHEBYSHEV[0] - far * far
    result = np.copysign(1.0 - 2.0 / (2.0 + far) * np.exp(exponent), x)
    near = size < 0.5
    return np.where(near, x * _horner(_MACLAURIN, np.where(near, x * x, 0.0)), result)


class Erf(Op):
    """2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x."""

    name = "erf"

    def infer(self, attrs, x):
        return x.shape, x.dtype

    def gradient(self, node, g):
        return [g * (2 / sqrt(pi)) * unary("exp", -unary("square", node.inputs[0]))]

    def emit(self, ctx, attrs, out, x):
        ctx.call(erf, x, out)


ERF = Erf()


def error_function(x) -> Tensor:
    """The error function, elementwise; integers become floatx."""
    x = as_tensor(x)
    return make(ERF, (x if is_float(x.dtype) else cast(x, as_dtype(None)),))
