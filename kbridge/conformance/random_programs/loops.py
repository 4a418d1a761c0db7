"""Random loops: a turn is grown like a program, from the elements, the states and whatever there is outside."""

from __future__ import annotations

from typing import Any

import numpy as np


def add(g: Any) -> str | None:
    """Try to add a loop to the program that ``g`` grows."""
    return g.rng.choice([_map, _fold, _rnn, _rnn])(g)


def _inside(g: Any, own: list[dict[str, Any]]) -> Any:
    """A generator for one turn; ``own`` are the values of its first one in each call."""
    inner = type(g)(g.rng, g.program, [{**values, **mine} for values, mine in zip(g.values, own)], f"{g.prefix}{g.count}b")
    # a loop inside of a loop, but no deeper
    inner.loops, inner.from_loops = not g.inside and g.rng.random() < 0.2, set(g.from_loops)
    inner.inside = True
    inner.grow(g.rng.randint(1, 4))
    return inner


def _towards(inner: Any, state: str, candidates: list[str]) -> str | None:
    """A name in the shape of ``state`` that depends on it and on one of the ``candidates``."""
    for candidate in inner.rng.sample(candidates, len(candidates)):
        fits = all(_broadcasts_to(m, n) for m, n in zip(inner.shapes(candidate), inner.shapes(state)))
        if not fits:
            continue
        held = inner.add("tanh", [f"@{candidate}"], {})
        kept = inner.add(inner.rng.choice(["mul", "sin", "mul"]), [f"@{state}", 0.5], {}) if held else None
        kept = kept or (inner.add("sin", [f"@{state}"], {}) if held else None)
        return inner.add(inner.rng.choice(["add", "sub", "add", "mul"]), [f"@{kept}", f"@{held}"], {}) if kept else None
    return None


def _broadcasts_to(m: tuple, n: tuple) -> bool:
    try:
        return np.broadcast_shapes(m, n) == n
    except ValueError:
        return False


def _made(inner: Any) -> list[str]:
    return [s[0] for s in inner.steps if np.asarray(inner.values[0][s[0]]).dtype.kind == "f"]


def _map(g: Any) -> str | None:
    x = g.pick(ndim=range(1, 4))
    if x is None:
        return None
    inner = _inside(g, [{"el": v[x][0]} for v in g.values])
    names = _made(inner)
    if not names:
        return None
    return g.add("map_fn", [], {"over": f"@{x}", "body": inner.steps, "result": f"@{names[-1]}"})


def _fold(g: Any) -> str | None:
    x = g.pick(ndim=range(1, 4))
    start = g.rng.choice([None, g.pick(ndim=range(0, 3))])
    if x is None:
        return None
    inner = _inside(g, [{"el": v[x][0], "acc": v[start] if start else v[x][0]} for v in g.values])
    result = _towards(inner, "acc", [*_made(inner), "el"])
    if result is None:
        return None
    parts = {"over": f"@{x}", "start": f"@{start}" if start else None, "body": inner.steps, "result": f"@{result}"}
    return g.add(g.rng.choice(["foldl", "foldr"]), [], parts)


def _rnn(g: Any) -> str | None:
    x = g.pick(ndim=range(3, 5))
    if x is None:
        return None
    samples = [s[0] for s in g.shapes(x)]
    fitting = [n for n in g.names() if g.ndim(n) in (2, 3) and all(s[0] == m for s, m in zip(g.shapes(n), samples))]
    states = [g.rng.choice(fitting) for _ in range(g.rng.randint(0, 2))] if fitting else []
    masks = [n for n in g.names("b") if g.ndim(n) == 2 and all(m == s[:2] for m, s in zip(g.shapes(n), g.shapes(x)))]
    mask = g.rng.choice(masks) if masks and g.rng.random() < 0.7 else None
    inner = _inside(g, [{"el": v[x][:, 0], **{f"state{k}": v[s] for k, s in enumerate(states)}} for v in g.values])
    new = [_towards(inner, f"state{k}", [*_made(inner), "el"]) for k in range(len(states))]
    if None in new:
        return None
    outputs = [n for n in _made(inner) if all(s[:1] == (m,) for s, m in zip(inner.shapes(n), samples))]
    if not outputs:
        return None
    parts = {
        "over": f"@{x}",
        "states": [f"@{s}" for s in states],
        "mask": f"@{mask}" if mask else None,
        "backwards": g.rng.random() < 0.3,
        "unroll": g.lengths(x)[1] is not None and all(not isinstance(n, str) for n in _static(g, x)[1:2]) and g.rng.random() < 0.3,
        "body": inner.steps,
        "result": f"@{outputs[-1]}",
        "new_states": [f"@{s}" for s in new],
        "take": g.rng.choice(["last", "outputs", "outputs", *(["state"] if states else [])]),
    }
    return g.add("rnn", [], parts)


def _static(g: Any, name: str) -> tuple:
    """The announced shape of an input; letters for all else, whose lengths a backend may not know."""
    return g.program.placeholders.get(name, g.program.variables.get(name, ("?",) * g.ndim(name)))
