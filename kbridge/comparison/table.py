"""A comparison as text for a terminal."""

from __future__ import annotations

from .difference import Difference
from .report import Comparison, Row

#: heading and part of a row; each is shown as an absolute and a relative difference
PARTS = (("output", "output"), ("gradient", "gradient"), ("weights", "weights"), ("trained", "trained"))


def parts_of(comparison: Comparison) -> list[tuple[str, str]]:
    """Those of ``PARTS`` that were compared."""
    return [part for part in PARTS if part[1] != "trained" or comparison.trained is not None]


def number(value: float | None) -> str:
    """A difference; '-' for none."""
    return "-" if value is None else "0" if value == 0 else f"{value:.1e}"


def verdict(row: Row) -> str:
    """'ok', or what is off and who made that error."""
    if row.wrong:
        # who is wrong here by itself, which may be hidden in the whole
        return f"WRONG on {', '.join(row.wrong)}"
    if row.ok:
        return "ok (jump)" if row.jumps else "ok"
    return f"off: {', '.join(row.off)}" + (" (carried)" if row.own else "")


def cells(row: Row, parts: list[tuple[str, str]]) -> list[str]:
    """A row's texts, for the columns of the table."""
    numbers = []
    for _, part in parts:
        d: Difference | None = getattr(row, part)
        numbers += ["-", "-"] if d is None else [number(d.abs), number(d.rel)]
    return [row.name, row.class_name, "x".join(map(str, row.shape)) or "scalar", *numbers, verdict(row)]


def conclusions(comparison: Comparison) -> list[str]:
    """The sentences below the table."""
    c = comparison
    said = [f"predictions: {_judged(c.predictions)}"]
    said.append(f"loss: {_judged(c.loss_difference)} ({', '.join(f'{e} {v:.7g}' for e, v in c.losses.items())})")
    if c.trained is not None and c.train_loss_difference is not None:
        steps = len(next(iter(c.train_losses.values())))
        last = ", ".join(f"{e} {v[-1]:.7g}" for e, v in c.train_losses.items())
        said.append(f"training losses of {steps} steps: {_judged(c.train_loss_difference)} (the last: {last})")
        said.append(f"weights after {steps} steps: {_judged(c.trained)}")
    if any(row.jumps for row in c.layers):
        said.append(
            "jump: it differs, but not more than NumPy's own result changes when inputs and weights change by a rounding error. "
            "Examples: a gradient where a ReLU is at zero, or Adam's steps where a gradient would be zero without rounding"
        )
    said += [str(cause) for cause in c.causes]
    if c.left_out:
        said.append(f"not compared: {', '.join(c.left_out)} (not installed)")
    within = f"atol {c.atol:g}, rtol {c.rtol:g}"
    said.append(f"ok: all within tolerance ({within})" if c.ok else f"DIFFERENT: not all within tolerance ({within})")
    return said


def _judged(difference: Difference) -> str:
    return f"{number(difference.abs)}, {'ok' if difference.ok else 'off'}"


def table(comparison: Comparison) -> str:
    """A line for each layer in graph order, then the conclusions."""
    parts = parts_of(comparison)
    heads = ["layer", "class", "shape"]
    for heading, _ in parts:
        heads += [heading, "rel"]
    lines = [[*heads, "result"], *(cells(row, parts) for row in comparison.layers)]
    return "\n".join([f"{comparison.title}: {', '.join(comparison.backends)}", "", *aligned(lines), "", *conclusions(comparison)])


def aligned(lines: list[list[str]]) -> list[str]:
    """Cells in columns."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
