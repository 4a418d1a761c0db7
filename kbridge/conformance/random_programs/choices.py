"""Random calls for the next step of a program: each function gives (call, args, kwargs), or None where nothing fits."""

from __future__ import annotations

from typing import Any

import numpy as np

SMOOTH = ["tanh", "sigmoid", "square", "sin", "cos", "softplus", "exp", "neg", "tanh", "sin"]
KINKED = ["abs", "relu", "elu", "hard_sigmoid", "softsign", "sqrt", "log", "sign", "round"]
VIEWS = ("permute_dimensions", "transpose", "reverse", "at", "repeat_elements", "rnn")
REDUCTIONS = ["sum", "sum", "mean", "max", "min", "prod", "std", "var", "logsumexp"]

Chosen = tuple[str, list, dict] | None


def unary(g: Any) -> Chosen:
    x = g.pick()
    return (g.rng.choice(SMOOTH), [f"@{x}"], {}) if x else None


def kinked(g: Any) -> Chosen:
    x = g.pick()
    return (g.rng.choice(KINKED), [f"@{x}"], {}) if x else None


def relu(g: Any) -> Chosen:
    x, scalar = g.pick(), g.pick(ndim=range(1))
    top = g.rng.choice([None, 0.7, f"@{scalar}" if scalar else 0.4])
    return ("relu", [f"@{x}"], {"alpha": g.rng.choice([0.0, 0.3]), "max_value": top}) if x else None


def clip(g: Any) -> Chosen:
    x, low, high = g.pick(), g.pick(ndim=range(1)), g.pick(ndim=range(1))
    bounds = [g.rng.choice([-0.6, None, f"@{low}" if low else -0.2]), g.rng.choice([0.5, None, f"@{high}" if high else 0.9])]
    return ("clip", [f"@{x}", *bounds], {}) if x else None


def _broadcast(m: tuple, n: tuple) -> bool:
    try:
        np.broadcast_shapes(m, n)
    except ValueError:
        return False
    return True


def binary(g: Any) -> Chosen:
    pair = g.matching(_broadcast)
    call = g.rng.choice(["add", "sub", "mul", "mul", "div", "maximum", "minimum", "greater", "lesser"])
    if pair is None or g.rng.random() < 0.15:
        x = g.pick()
        number = g.rng.choice([0.5, -1.5, 2.0])
        return (call, g.rng.sample([f"@{x}", number], 2) if call != "div" else [f"@{x}", number], {}) if x else None
    return call, [f"@{name}" for name in pair], {}


def itself(g: Any) -> Chosen:
    x = g.pick()
    return (g.rng.choice(["mul", "add", "sub"]), [f"@{x}", f"@{x}"], {}) if x else None


def chosen(g: Any) -> Chosen:
    pair = g.matching(lambda m, n: m == n)
    if pair is None:
        return None
    if g.rng.random() < 0.4 and not g.inside:
        return "in_train_phase", [f"@{name}" for name in pair], {}
    conditions = [c for c in g.names("b") if all(m in ((), n) for m, n in zip(g.shapes(c), g.shapes(pair[0])))]
    return ("switch", [f"@{g.rng.choice(conditions)}", *(f"@{name}" for name in pair)], {}) if conditions else None


def _axes(g: Any, name: str) -> Any:
    ndim = g.ndim(name)
    kind = g.rng.random()
    if kind < 0.2 or ndim == 0:
        return None
    if kind < 0.7:
        return g.rng.randrange(-ndim, ndim)
    return sorted(g.rng.sample(range(ndim), g.rng.randint(1, ndim)))


def reduction(g: Any) -> Chosen:
    x = g.pick(ndim=range(1, 5))
    return (g.rng.choice(REDUCTIONS), [f"@{x}"], {"axis": _axes(g, x), "keepdims": g.rng.random() < 0.4}) if x else None


def reduced_view(g: Any) -> Chosen:
    """A reduction of what lies in another order than its elements."""
    views = [step[0] for step in g.steps if step[1] in VIEWS and g.ndim(step[0]) > 1 and step[0] in g.names()]
    if not views:
        return None
    x = g.rng.choice(views)
    return g.rng.choice(["sum", "mean", "max", "std"]), [f"@{x}"], {"axis": _axes(g, x), "keepdims": g.rng.random() < 0.3}


def along(g: Any) -> Chosen:
    x = g.pick(ndim=range(1, 5))
    if x is None:
        return None
    axis = g.rng.randrange(-g.ndim(x), g.ndim(x))
    call = g.rng.choice(["cumsum", "argmax", "argmin", "l2_normalize", "softmax"])
    if call == "softmax":
        return ("softmax", [f"@{x}"], {}) if g.ndim(x) > 1 else None
    return call, [f"@{x}"], {"axis": axis}


def permuted(g: Any) -> Chosen:
    x = g.pick("f", "i", "b", ndim=range(2, 5))
    return ("permute_dimensions", [f"@{x}", tuple(g.rng.sample(range(g.ndim(x)), g.ndim(x)))], {}) if x else None


def reversed_(g: Any) -> Chosen:
    x = g.pick(ndim=range(1, 5))
    return ("reverse", [f"@{x}", sorted(g.rng.sample(range(g.ndim(x)), g.rng.randint(1, g.ndim(x))))], {}) if x else None


def reshaped(g: Any) -> Chosen:
    x = g.pick(ndim=range(1, 5))
    if x is None:
        return None
    lengths = g.lengths(x)
    forms: list[tuple[str, Any]] = [("reshape", (-1,)), ("reshape", (1, -1))]
    if lengths[-1]:
        forms += [("reshape", (-1, lengths[-1])), ("reshape", (-1, 1, lengths[-1]))]
    if len(lengths) > 2 and lengths[-1] and lengths[-2]:
        forms.append(("reshape", (-1, lengths[-1], lengths[-2])))
    if len(lengths) > 1:
        forms += [("batch_flatten", None), ("transpose", None)]
    call, shape = g.rng.choice(forms)
    return call, [f"@{x}"] if shape is None else [f"@{x}", shape], {}


def axis_changed(g: Any) -> Chosen:
    x = g.pick(ndim=range(0, 4))
    if x is None:
        return None
    ones = [a for a, n in enumerate(g.lengths(x)) if n == 1]
    if ones and g.rng.random() < 0.5:
        return "squeeze", [f"@{x}", g.rng.choice(ones)], {}
    return "expand_dims", [f"@{x}", g.rng.randint(-1, g.ndim(x))], {}


def repeated(g: Any) -> Chosen:
    x = g.pick(ndim=range(1, 4))
    if x is None:
        return None
    call = g.rng.choice(["repeat_elements", "tile", "repeat", "pad"])
    if call == "repeat_elements":
        return call, [f"@{x}", g.rng.randint(2, 3), g.rng.randrange(g.ndim(x))], {}
    if call == "tile":
        return call, [f"@{x}", tuple(g.rng.randint(1, 2) for _ in range(g.ndim(x)))], {}
    if call == "repeat":
        return (call, [f"@{x}", 2], {}) if g.ndim(x) == 2 else None
    return call, [f"@{x}", tuple((g.rng.randint(0, 1), g.rng.randint(0, 1)) for _ in range(g.ndim(x)))], {}


def joined(g: Any) -> Chosen:
    axis = g.rng.randrange(3)
    pair = g.matching(lambda m, n: len(m) == len(n) > axis and all(a == axis or i == j for a, (i, j) in enumerate(zip(m, n))))
    return ("concatenate", [[f"@{name}" for name in pair]], {"axis": axis}) if pair else None


def stacked(g: Any) -> Chosen:
    pair = g.matching(lambda m, n: m == n)
    return ("stack", [[f"@{name}" for name in pair]], {}) if pair else None


def indexed(g: Any) -> Chosen:
    x = g.pick(ndim=range(1, 5))
    if x is None:
        return None
    shortest = [min(n) for n in zip(*g.shapes(x))]
    parts: list[Any] = []
    vectors = [i for i in g.names("i") if g.ndim(i) in (0, 1)]
    sizes = g.sizes(0)
    for n in shortest[: g.rng.randint(1, len(shortest))]:
        kind = g.rng.random()
        if kind < 0.25:
            parts.append(g.rng.randrange(-n, n))
        elif kind < 0.4:
            parts.append(("array", [g.rng.randrange(-n, n) for _ in range(2)]))
        elif kind < 0.5 and vectors:
            parts.append(f"@{g.rng.choice(vectors)}")
        elif kind < 0.6 and sizes:
            parts.append(("slice", None, f"@{g.rng.choice(sizes)}", None))
        else:
            parts.append(
                g.rng.choice(
                    [
                        ("slice", None, None, None),
                        ("slice", None, None, -1),
                        ("slice", 1, None, None),
                        ("slice", None, -1, None),
                        ("slice", None, None, 2),
                    ]
                )
            )
    if g.rng.random() < 0.3:
        parts.insert(g.rng.randint(0, len(parts)), None)
    if g.rng.random() < 0.2:
        parts.insert(g.rng.randint(0, len(parts)), ...)
    return "at", [f"@{x}", *parts], {}


def gathered(g: Any) -> Chosen:
    x, i = g.pick(ndim=range(1, 4)), g.pick("i", ndim=range(1, 3))
    if i and g.rng.random() < 0.4:
        return "one_hot", [f"@{i}", 5], {}
    return ("gather", [f"@{x}", f"@{i}"], {}) if x and i else None


def size(g: Any) -> Chosen:
    x = g.pick(ndim=range(1, 5))
    return ("size", [f"@{x}", g.rng.randrange(g.ndim(x))], {}) if x else None


def sized(g: Any) -> Chosen:
    x, sizes = g.pick(ndim=range(1, 3)), g.sizes(0)
    return ("repeated_to", [f"@{x}", f"@{g.rng.choice(sizes)}", g.rng.randrange(g.ndim(x))], {}) if x and sizes else None


def as_float(g: Any) -> Chosen:
    x = g.pick("i", "b")
    return ("as_float", [f"@{x}"], {}) if x else None


def product(g: Any) -> Chosen:
    pair = g.matching(lambda m, n: len(m) > 0 and len(n) > 1 and m[-1] == n[-2])
    return ("dot", [f"@{name}" for name in pair], {}) if pair else None


def batch_product(g: Any) -> Chosen:
    pair = g.matching(lambda m, n: len(m) == len(n) == 3 and m[0] == n[0] and m[2] == n[1])
    return ("batch_dot", [f"@{name}" for name in pair], {"axes": (2, 1)}) if pair else None


def image(g: Any) -> Chosen:
    x = g.pick(ndim=range(3, 5))
    # the shape of a kernel is known
    kernels = [
        n for n in g.program.variables if x and g.ndim(n) == g.ndim(x) and all(k[-2] == s[-1] for k, s in zip(g.shapes(n), g.shapes(x)))
    ]
    if not x:
        return None
    mode = g.rng.choice(["valid", "same"])
    if g.ndim(x) == 4 and (not kernels or g.rng.random() < 0.4):
        return (
            "pool2d",
            [f"@{x}", (2, 2)],
            {"strides": (1, 1), "border_mode": mode, "dim_ordering": "tf", "pool_mode": g.rng.choice(["max", "avg"])},
        )
    if not kernels:
        return None
    if g.ndim(x) == 3:
        return "conv1d", [f"@{x}", f"@{g.rng.choice(kernels)}"], {"stride": 1, "border_mode": mode}
    return "conv2d", [f"@{x}", f"@{g.rng.choice(kernels)}"], {"strides": (1, 1), "border_mode": mode, "dim_ordering": "tf"}


#: the frequent ones come more than once
CHOICES = [
    unary, unary, unary, kinked, relu, clip, *[binary] * 6, itself, chosen, chosen, *[reduction] * 4, *[reduced_view] * 3, along, along, permuted, permuted,
    reversed_, reshaped, reshaped, axis_changed, repeated, joined, stacked, indexed, indexed, gathered, size, sized, as_float,
    product, product, batch_product, image,
]  # fmt: skip
