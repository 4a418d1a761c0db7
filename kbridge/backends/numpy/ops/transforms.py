"""The matrices of Winograd's convolutions, and the calls that apply them.

F(m, r) computes m results of a window of r with n = m + r - 1 multiplications: y = A' [(G g) * (B' d)] with the n
elements d of the input that the m windows see (Winograd, 1980; Lavin and Gray, 2015, arXiv:1509.09308). The matrices
evaluate polynomials at n - 1 points and at infinity: 0, 1, -1 and, where n is 6, 2, -2. B is small whole numbers, so
that it is applied by additions; equal parts of two rows are computed once.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

#: the finite points that polynomials are evaluated at, by the number of multiplications
POINTS = {1: (), 4: (0, 1, -1), 6: (0, 1, -1, 2, -2)}

Arrays = Sequence[np.ndarray]


class Tile(NamedTuple):
    """``results`` of windows of length ``window`` at a time, along one axis."""

    results: int
    window: int

    @property
    def points(self) -> int:
        """Multiplications, and elements of the input that a tile reads."""
        return self.results + self.window - 1


@cache
def kernel_matrix(tile: Tile) -> np.ndarray:
    """G, (points, window), in float64."""
    points = POINTS[tile.points]
    g = np.zeros((tile.points, tile.window))
    for row, p in enumerate(points):
        others = np.prod([float(p - q) for q in points if q != p])
        g[row] = [p**k / others for k in range(tile.window)]
    g[-1, -1] = 1
    return g


@cache
def result_matrix(tile: Tile) -> np.ndarray:
    """A', (results, points), in float64."""
    a = np.zeros((tile.results, tile.points))
    for column, p in enumerate(POINTS[tile.points]):
        a[:, column] = [float(p) ** k for k in range(tile.results)]
    a[-1, -1] = 1
    return a


@cache
def input_matrix(n: int) -> np.ndarray:
    """B', (n, n), in float64."""
    points = POINTS[n]
    b = np.zeros((n, n))
    for row, p in enumerate(points):
        coefficients = np.poly([q for q in points if q != p])[::-1]
        b[row, : len(coefficients)] = coefficients
    b[-1] = np.poly(points)[::-1] if points else 1
    return b


def transform_input(ctx: Any, d: Arrays, v: Arrays, t: Arrays) -> None:
    """v = B' d, of lists of arrays; ``t`` are two arrays to work in."""
    if len(v) == 4:
        ctx.call(np.subtract, d[2], d[0], v[0])
        ctx.call(np.add, d[1], d[2], v[1])
        ctx.call(np.subtract, d[2], d[1], v[2])
        ctx.call(np.subtract, d[3], d[1], v[3])
        return
    four = ctx.scalar(4, v[0].dtype)
    _less(ctx, d[4], four, d[2], t[0])
    _less(ctx, d[3], four, d[1], t[1])
    _both(ctx, t[0], t[1], v[1], v[2])
    ctx.call(np.subtract, d[4], d[2], t[0])
    ctx.call(np.subtract, d[3], d[1], t[1])
    ctx.call(np.add, t[1], t[1], v[5])
    _both(ctx, t[0], v[5], v[3], v[4])
    ctx.call(np.subtract, d[0], d[2], v[0])
    ctx.call(np.multiply, v[0], four, v[0])
    ctx.call(np.add, v[0], t[0], v[0])
    ctx.call(np.add, v[5], v[5], v[5])
    ctx.call(np.subtract, d[5], d[3], t[1])
    ctx.call(np.subtract, t[1], v[5], v[5])


def transform_results(ctx: Any, m: np.ndarray, y: np.ndarray, t: np.ndarray) -> None:
    """y = A' m along the first axes; ``t`` are four arrays of the shape of ``y[0]`` to work in.

    Calls on several arrays at once: threads that make fewer calls seldom wait for each other.
    """
    if len(m) == 4:
        _sums_of_four(ctx, m, y)
        return
    # m1 + m2 and m3 + m4, m1 - m2 and m3 - m4
    pairs = t.reshape(2, 2, *t.shape[1:])
    ctx.call(np.add, m[1:5:2], m[2:5:2], pairs[0])
    ctx.call(np.subtract, m[1:5:2], m[2:5:2], pairs[1])
    # y0 and y2 (and so on) have sums, y1 and y3 differences, with growing powers of 2
    by_two = y.reshape(-1, 2, *y.shape[1:])
    factors = _factors(((1, 2), (4, 8))[: len(by_two)], by_two.ndim, y.dtype)
    ctx.call(np.multiply, pairs[:, 1], factors, by_two)
    ctx.call(np.add, by_two, pairs[:, 0], by_two)
    ends = y[:: len(y) - 1]
    ctx.call(np.add, ends, m[::5], ends)


@cache
def _factors(numbers: tuple, ndim: int, dtype: np.dtype) -> np.ndarray:
    """Numbers along the first axes of ``ndim``."""
    found = np.array(numbers, dtype)
    return found.reshape(*found.shape, *[1] * (ndim - found.ndim))


def _sums_of_four(ctx: Any, m: np.ndarray, y: np.ndarray) -> None:
    ctx.call(np.add, m[0], m[1], y[0])
    ctx.call(np.add, y[0], m[2], y[0])
    ctx.call(np.subtract, m[1], m[2], y[1])
    ctx.call(np.add, y[1], m[3], y[1])


def transform_gradient(ctx: Any, y: np.ndarray, v: np.ndarray, t: np.ndarray) -> None:
    """v = A y along the first axes: what the sums of ``transform_results`` send back; ``t`` are four arrays of the shape of ``y[0]`` to work in."""
    ends = len(v) - 1
    ctx.call(np.copyto, v[::ends], y[:: len(y) - 1])
    if len(v) == 4:
        _gradient_of_four(ctx, y, v)
        return
    # for each of the points 1 and 2 the sums over even powers and over odd ones
    sums = t.reshape(2, 2, *t.shape[1:])
    if len(y) == 4:
        ctx.call(np.multiply, y[2:], _factors((1, 4), sums.ndim, sums.dtype), sums)
        ctx.call(np.add, sums, y[:2], sums)
    else:
        ctx.call(np.copyto, sums, y)
    ctx.call(np.add, sums[1, 1], sums[1, 1], sums[1, 1])
    ctx.call(np.add, sums[:, 0], sums[:, 1], v[1:5:2])
    ctx.call(np.subtract, sums[:, 0], sums[:, 1], v[2:5:2])


def _gradient_of_four(ctx: Any, y: np.ndarray, v: np.ndarray) -> None:
    ctx.call(np.add, y[0], y[1], v[1])
    ctx.call(np.subtract, y[0], y[1], v[2])


def _less(ctx: Any, x: np.ndarray, factor: np.ndarray, y: np.ndarray, out: np.ndarray) -> None:
    """out = x - factor * y."""
    ctx.call(np.multiply, y, factor, out)
    ctx.call(np.subtract, x, out, out)


def _both(ctx: Any, x: np.ndarray, y: np.ndarray, total: np.ndarray, difference: np.ndarray) -> None:
    ctx.call(np.add, x, y, total)
    ctx.call(np.subtract, x, y, difference)
