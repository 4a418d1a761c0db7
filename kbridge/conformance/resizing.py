"""Images of another size."""

import numpy as np

from .spec import Case, In, Op, checks, expect, expect_error


def resize(x, size, interpolation="bilinear", dim_ordering="tf", antialias=False, half_pixel_centers=True):
    """Pixel by pixel, from the definition of each kernel."""
    x = np.moveaxis(x, 1, -1) if dim_ordering == "th" else x
    for axis, n in zip((1, 2), size):
        x = _along(x, axis, int(x.shape[axis] * n) if isinstance(n, float) else n, interpolation, antialias, half_pixel_centers)
    return np.moveaxis(x, -1, 1) if dim_ordering == "th" else x


def _along(x, axis, after, interpolation, antialias, half_pixel_centers):
    before = x.shape[axis]
    scale = before / after
    rows = []
    for j in range(after):
        if not half_pixel_centers:
            place = min(j * scale, before - 1)
            low, part = int(place), place - int(place) if interpolation == "bilinear" else 0.0
            rows.append((1 - part) * np.take(x, low, axis) + part * np.take(x, min(low + 1, before - 1), axis))
            continue
        weights = [_weight(i, j, scale, interpolation, max(scale, 1.0) if antialias else 1.0, before) for i in range(before)]
        total = sum(w * np.take(x, i, axis) for i, w in enumerate(weights))
        rows.append(total / sum(weights))
    return np.stack(rows, axis)


def _weight(i, j, scale, interpolation, wide, before):
    if interpolation == "nearest":
        return float(i == min(int((j + 0.5) * scale), before - 1))
    if interpolation == "area":
        return max(0.0, min((j + 1) * scale, i + 1) - max(j * scale, i))
    d = abs((j + 0.5) * scale - 0.5 - i) / wide
    if interpolation == "bilinear":
        return max(0.0, 1 - d)
    if interpolation == "bicubic":  # Keys, 1981, with a = -1/2
        if d < 1:
            return 1.5 * d**3 - 2.5 * d**2 + 1
        return -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2 if d < 2 else 0.0
    if interpolation == "mitchellcubic":  # B = C = 1/3
        if d < 1:
            return (7 * d**3 - 12 * d**2 + 16 / 3) / 6
        return (-7 / 3 * d**3 + 12 * d**2 - 20 * d + 32 / 3) / 6 if d < 2 else 0.0
    if interpolation == "gaussian":
        return float(np.exp(-(d**2) / (2 * 0.5**2))) if d < 1.5 else 0.0
    radius = int(interpolation[-1])
    return float(np.sinc(d) * np.sinc(d / radius)) if d < radius else 0.0


def unknown_lengths(K):
    """A factor resizes axes whose length comes with the call."""
    x = K.placeholder((None, None, 3, 1))
    y = K.resize(x, (2.0, 6), dim_ordering="tf")
    expect(K.int_shape(y)[2:], (6, 1), "static shape")
    f = K.function([x], [y])
    for rows in (2, 5):
        value = np.arange(rows * 3.0).reshape(1, rows, 3, 1)
        expect(f([value])[0], resize(value, (2 * rows, 6)), f"{rows} rows")


def unknown_words(K):
    """An interpolation that doesn't exist, a size that isn't a pair."""
    x = K.placeholder((None, 4, 4, 1))
    expect_error(ValueError, ("bogus", "bilinear"), lambda: K.resize(x, (2, 2), "bogus"))
    expect_error(ValueError, ("two numbers",), lambda: K.resize(x, (2, 0)))
    expect_error(ValueError, ("half_pixel_centers", "'bicubic'"), lambda: K.resize(x, (2, 2), "bicubic", half_pixel_centers=False))


NAMES = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5", "gaussian", "mitchellcubic", "area")
OPS = [
    Op(
        "resize",
        resize,
        (
            *(Case((In((2, 4, 3, 2)), (8, 5), name), {"dim_ordering": "tf"}) for name in NAMES),
            *(Case((In((2, 7, 6, 1)), (3, 4), name), {"dim_ordering": "tf"}) for name in NAMES),
            *(Case((In((1, 9, 8, 1)), (4, 3), n), {"dim_ordering": "tf", "antialias": True}) for n in ("bilinear", "bicubic", "lanczos3")),
            Case((In((2, 2, 4, 3)), (8, 3), "bilinear"), {"dim_ordering": "th"}),
            *(
                Case((In((2, 4, 3, 2)), size, name), {"dim_ordering": "tf", "half_pixel_centers": False})
                for name in ("nearest", "bilinear")
                for size in ((8, 5), (3, 2))
            ),
            Case((In((2, 4, 3, 2)), (2.0, 1.5)), {"dim_ordering": "tf"}, note="factors"),
            Case((In((2, 2, 3, 1)), (2.0, 3.0)), {"dim_ordering": "tf"}, note="factors that are the lengths"),
            *(Case((In((2, 4, 3, 2)), size, n), {"dim_ordering": "tf"}, note="one axis stays") for n in NAMES for size in ((4, 6), (8, 3))),
        ),
        checks(unknown_lengths, unknown_words),
        rtol=1e-4,
        atol=1e-5,
    ),
]
