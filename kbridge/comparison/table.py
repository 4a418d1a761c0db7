"""A comparison as text for a terminal."""

from __future__ import annotations

from .report import Comparison, Difference, Row

COLUMNS = ("layer", "class", "shape", "output abs", "output rel", "gradient abs", "weights abs", "result")


def cells(row: Row) -> tuple[str, ...]:
    """A row's texts, for the columns of the table."""
    shape = "x".join(map(str, row.shape))
    off = [
        name
        for name, d in (("output", row.output), ("gradient", row.gradient), ("weights", row.weights))
        if d is not None and not d.ok
    ]
    shown = [number(row.output), f"{row.output.rel:.1e}", number(row.gradient), number(row.weights)]
    return (row.name, row.class_name, shape, *shown, "off: " + ", ".join(off) if off else "ok")


def number(difference: Difference | None) -> str:
    """The largest absolute difference, '-' for none."""
    return "-" if difference is None else f"{difference.abs:.1e}"


def conclusions(comparison: Comparison) -> list[str]:
    """The sentences below the table."""
    said = [f"loss: {', '.join(f'{e} {v:.7g}' for e, v in comparison.losses.items())}"]
    for engine, losses in comparison.train_losses.items():
        said.append(f"training losses on {engine}: {', '.join(f'{v:.7g}' for v in losses)}")
    if comparison.trained is not None:
        said.append(f"weights after training: differ by {comparison.trained.abs:.1e}, {'ok' if comparison.trained.ok else 'off'}")
    said += [str(cause) for cause in comparison.causes]
    said.append("ok: all within tolerance" if comparison.ok else "off: the engines differ")
    return said


def table(comparison: Comparison) -> str:
    """A line for each layer in graph order, then the conclusions."""
    lines = [COLUMNS, *map(cells, comparison.layers)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rows = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join([f"{comparison.title}: {', '.join(comparison.backends)}", "", *rows, "", *conclusions(comparison)])
