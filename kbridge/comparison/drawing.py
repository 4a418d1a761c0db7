"""The graph of a model's layers as SVG: rows by depth, each layer a link to its row of the table."""

from __future__ import annotations

from collections import defaultdict
from html import escape

from .report import Comparison, Row
from .table import PARTS, number, verdict

#: of a layer's box, and from one box to the next
_WIDTH, _HEIGHT, _RIGHT, _DOWN = 220, 64, 240, 94

#: what each grade of a difference means; the page's style has a colour for each
GRADES = (
    "the same",
    "below a hundredth of the tolerance",
    "within tolerance",
    "up to 100 times the tolerance",
    "more than 100 times the tolerance",
)


def grade(tolerances: float) -> int:
    """The number in ``GRADES`` of a difference that is so many tolerances large."""
    return sum([tolerances > 0, tolerances > 0.01, tolerances > 1, tolerances > 100])


def grades(row: Row) -> dict[str, int]:
    """Return a grade for each thing that was compared in a row; 'alone' is the error that a backend makes here by itself."""
    parts = {part: getattr(row, part) for _, part in PARTS}
    found = {part: grade(d.tolerances) for part, d in parts.items() if d is not None}
    if row.own:
        found["alone"] = max(grade(d.tolerances) for own in row.own.values() for d in (own.output, own.gradient))
    return found


def graph(comparison: Comparison, shown: str) -> str:
    """The drawing, colours left to the page's classes ``grade-0`` to ``grade-4``: first those of the part ``shown``."""
    rows = comparison.layers
    places, bends = _layout(rows)
    width = max(x for x, _ in places) + _WIDTH + 10
    height = max(y for _, y in places) + _HEIGHT + 10
    lines = []
    for row in rows:
        for source in dict.fromkeys(row.sources):
            lines.append(f'<path d="{_path(places[source], bends.get((source, row.index), []), places[row.index])}"/>')
    boxes = [_box(row, shown, *places[row.index]) for row in rows]
    return (
        f'<svg role="group" aria-label="Graph of the layers, from inputs to outputs" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}"><g class="lines" aria-hidden="true">{"".join(lines)}</g>{"".join(boxes)}</svg>'
    )


def _box(row: Row, shown: str, x: float, y: float) -> str:
    found = grades(row)
    colour = f"grade-{found[shown]}" if shown in found else ""
    data = " ".join(f'data-{part}="{n}"' for part, n in found.items())
    numbers = ", ".join(f"{heading} {number(d.abs)}" for heading, part in PARTS[:2] if (d := getattr(row, part)) is not None)
    lines = [row.name, row.class_name, verdict(row) if row.wrong else numbers]
    title = escape(f"{row.name}, {row.class_name}: {numbers}, {verdict(row)}")
    texts = "".join(f'<text x="{x + 9:.0f}" y="{y + 19 + 18 * i:.0f}">{escape(_short(line, 33))}</text>' for i, line in enumerate(lines))
    return (
        f'<a href="#row-{row.index}" class="box {colour}{" wrong" if row.wrong else ""}" {data} aria-label="{title}"><title>{title}</title>'
        f'<rect x="{x:.0f}" y="{y:.0f}" width="{_WIDTH}" height="{_HEIGHT}" rx="6"/>{texts}</a>'
    )


def _short(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def _path(start: tuple[float, float], bends: list[tuple[float, float]], end: tuple[float, float]) -> str:
    """A curve from below one box over the bends to the top of another."""
    middle = _WIDTH / 2
    points = [(start[0] + middle, start[1] + _HEIGHT)]
    for x, y in bends:
        points += [(x + middle, y), (x + middle, y + _HEIGHT)]
    points.append((end[0] + middle, end[1]))
    path = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
    for (x0, y0), (x1, y1) in zip(points, points[1:], strict=False):
        half = (y0 + y1) / 2
        path += f"C{x0:.1f} {half:.1f} {x1:.1f} {half:.1f} {x1:.1f} {y1:.1f}"
    return path


def _layout(rows: list[Row]) -> tuple[list[tuple[float, float]], dict[tuple[int, int], list[tuple[float, float]]]]:
    """(place of each layer, for each line that passes other depths the places it bends at).

    A layer stands one row below the lowest that it takes from. Lines that pass rows get places of their own there.
    Each row is ordered by the mean place of what it takes from, so that few lines cross.
    """
    depths: list[int] = []
    for row in rows:
        depths.append(max((depths[s] + 1 for s in row.sources), default=0))
    levels: dict[int, list] = defaultdict(list)
    above: dict = defaultdict(list)
    chains: dict[tuple[int, int], list] = {}
    for row in rows:
        levels[depths[row.index]].append(row.index)
        for source in dict.fromkeys(row.sources):
            chain = [(source, row.index, depth) for depth in range(depths[source] + 1, depths[row.index])]
            for depth, bend in enumerate(chain, depths[source] + 1):
                levels[depth].append(bend)
            for upper, lower in zip([source, *chain], [*chain, row.index], strict=True):
                above[lower].append(upper)
            if chain:
                chains[source, row.index] = chain
    widest = max(map(len, levels.values()))
    across: dict = {}
    for depth in sorted(levels):
        found = levels[depth]
        wish = {item: sum(across[a] for a in above[item]) / len(above[item]) if above[item] else float(i) for i, item in enumerate(found)}
        found.sort(key=lambda item: wish[item])
        start = (widest - len(found)) / 2
        across.update({item: start + i for i, item in enumerate(found)})
    places: list[tuple[float, float]] = [(5 + across[row.index] * _RIGHT, 5 + depths[row.index] * _DOWN) for row in rows]
    bends: dict[tuple[int, int], list[tuple[float, float]]] = {
        edge: [(5 + across[b] * _RIGHT, 5 + b[2] * _DOWN) for b in chain] for edge, chain in chains.items()
    }
    return places, bends
