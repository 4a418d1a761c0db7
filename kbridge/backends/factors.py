"""Products of all factors but one or two, along the last axis of arrays: what the derivatives of a product are made of.

Nothing is divided by, so that zeros among the factors do no harm.
"""

from __future__ import annotations

import numpy as np


def product_of_others(x: np.ndarray) -> np.ndarray:
    """For each factor the product of the others."""
    before, after = np.ones_like(x), np.ones_like(x)
    np.multiply.accumulate(x[..., :-1], axis=-1, out=before[..., 1:])
    np.multiply.accumulate(x[..., :0:-1], axis=-1, out=after[..., -2::-1])
    return before * after


def slope_of_others(x: np.ndarray, g: np.ndarray) -> np.ndarray:
    """For each factor i the sum over the others j of g[j] times the product of all but i and j.

    That is how ``product_of_others`` changes with x in the direction g. Instead of n * n products, the prefixes and suffixes are
    multiplied as pairs (product, its slope), in log2(n) steps over the whole.
    """
    before, before_slope = _prefixes(x, g)
    after, after_slope = (a[..., ::-1] for a in _prefixes(x[..., ::-1], g[..., ::-1]))
    return before_slope * after + before * after_slope


def _prefixes(x: np.ndarray, g: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The product of what comes before each place, and its slope."""
    product, slope = np.ones_like(x), np.zeros_like(x)
    product[..., 1:], slope[..., 1:] = x[..., :-1], g[..., :-1]
    step = 1
    while step < x.shape[-1]:
        slope[..., step:] = slope[..., :-step] * product[..., step:] + product[..., :-step] * slope[..., step:]
        product[..., step:] = product[..., :-step] * product[..., step:]
        step *= 2
    return product, slope
