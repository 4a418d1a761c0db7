"""A comparison as one page of HTML: conclusions, graph, sortable table, histograms; nothing from a network."""

from __future__ import annotations

from html import escape

from .difference import EXPONENTS, Difference
from .drawing import GRADES, grade, graph
from .page_assets import SCRIPT, STYLE
from .report import Comparison, Row
from .table import conclusions, number, parts_of, verdict

_BINS = ("0", *(f"up to 1e{n}" for n in EXPONENTS), "more than 1")


def page(comparison: Comparison) -> str:
    """The page's text."""
    title = escape(f"{comparison.title}: {', '.join(comparison.backends)}")
    mark, kind = ("✓", "ok") if comparison.ok else ("✗", "off")
    *said, last = conclusions(comparison)
    said = [text for text in said if text not in map(str, comparison.causes)]
    shown = "gradient" if comparison.first_output is None and comparison.first_gradient is not None else "output"
    legend = "".join(f'<li><span class="grade-{i}">{text}</span></li>' for i, text in enumerate(GRADES))
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{STYLE}</style></head><body><main>\n'
        f'<h1>{title}</h1><p class="verdict {kind}">{mark} {escape(last)}</p>\n'
        f"<ul>{''.join(f'<li>{escape(text)}</li>' for text in said)}</ul>\n{_causes(comparison)}"
        f'<h2 id="graph">Graph</h2>{_choice(comparison, shown)}<ul class="legend" aria-label="Colours">{legend}</ul>'
        f'<div class="scroll" tabindex="0" role="region" aria-labelledby="graph">{graph(comparison, shown)}</div>\n'
        f'<h2 id="table">Layers</h2>{_table(comparison)}'
        f"<h2>Histograms</h2><p>How many values differ by how much between the backends.</p>{_histograms(comparison)}"
        f"</main><script>{SCRIPT}</script></body></html>\n"
    )


def _choice(comparison: Comparison, shown: str) -> str:
    """Return the control that chooses what the graph's colours show."""
    parts = [(part, {"weights": "gradient of weights", "trained": "trained weights"}.get(part, part)) for _, part in parts_of(comparison)]
    if comparison.causes:
        parts.append(("alone", "error made in the layer itself"))
    options = "".join(
        f'<label><input type="radio" name="colour" value="{part}"{" checked" if part == shown else ""}> {text}</label>'
        for part, text in parts
    )
    return f'<fieldset class="choice"><legend>Colours show:</legend>{options}</fieldset>'


def _causes(comparison: Comparison) -> str:
    if not comparison.causes:
        return ""
    numbers = {row.name: row.index for row in comparison.layers}
    items = []
    for cause in comparison.causes:
        name, text = escape(cause.layer), escape(str(cause)).removeprefix(escape(cause.layer))
        items.append(
            f'<li><a href="#row-{numbers[cause.layer]}">{name}</a>{text}</li>' if cause.layer in numbers else f"<li>{name}{text}</li>"
        )
    return f"<h2>Where and why</h2><ol>{''.join(items)}</ol>\n"


def _table(comparison: Comparison) -> str:
    parts = parts_of(comparison)
    heads = [("#", True), ("layer", False), ("result", False), ("class", False), ("shape", False)]
    for heading, _ in parts:
        heads += [(f"{heading} abs", True), (f"{heading} rel", True)]
    columns = "".join(
        f'<th scope="col"{" data-numbers" if numbers else ""}{" aria-sort=ascending" if name == "#" else ""}>'
        f'<button type="button">{name}</button></th>'
        for name, numbers in heads
    )
    rows = "\n".join(_row(row, parts) for row in comparison.layers)
    what = "of outputs, of the loss's gradients for outputs and weights" + (", of weights after training." if comparison.trained else ".")
    return (
        f"<p>The largest differences between the backends, as they are (abs) and relative to the array's largest value (rel): {what}</p>"
        '<p id="sorted" role="status" class="soft">In graph order</p>'
        f'<div class="scroll" tabindex="0" role="region" aria-labelledby="table"><table id="layers"><caption>Differences by layer</caption>'
        f"<thead><tr>{columns}</tr></thead><tbody>\n{rows}</tbody></table></div>\n"
    )


def _row(row: Row, parts: list[tuple[str, str]]) -> str:
    numbers = ""
    for _, part in parts:
        d: Difference | None = getattr(row, part)
        colour = "" if d is None else f" grade-{grade(d.tolerances)}"
        for value in (None, None) if d is None else (d.abs, d.rel):
            # what doesn't exist is sorted below zero
            key = "-1" if value is None else "Infinity" if value == float("inf") else repr(value)
            numbers += f'<td class="number{colour}" data-key="{key}">{number(value)}</td>'
    kind = "off" if row.wrong else "ok" if row.ok else "carried"
    # the colours beside it tell what is off
    result = verdict(row) if row.wrong or row.ok else "carried" if row.own else "off"
    shape = "×".join(map(str, row.shape)) or "scalar"
    return (
        f'<tr id="row-{row.index}"><td class="number">{row.index}</td><th scope="row">{escape(row.name)}</th>'
        f'<td class="result {kind}">{escape(result)}</td><td>{escape(row.class_name)}</td><td>{shape}</td>{numbers}</tr>'
    )


def _histograms(comparison: Comparison) -> str:
    parts = parts_of(comparison)
    found = []
    for row in comparison.layers:
        shown = [(heading, d) for heading, part in parts if (d := getattr(row, part)) is not None]
        opened = " open" if row.wrong else ""
        found.append(f"<details{opened}><summary>{escape(row.name)}: {escape(verdict(row))}</summary>{_bars(row.name, shown)}</details>")
    return "\n".join(found)


def _bars(name: str, shown: list[tuple[str, Difference]]) -> str:
    """Counts with bars; empty bins are left out."""
    compared = [(heading, d.histogram) for heading, d in shown if d.compared]
    if not compared:
        return "<p>The shapes differ.</p>"
    heads = "".join(f'<th scope="col">{heading}</th>' for heading, _ in compared)
    lines = []
    for i, label in enumerate(_BINS):
        if any(counts[i] for _, counts in compared):
            cells = "".join(f"<td>{_bar(counts, i)}</td>" for _, counts in compared)
            lines.append(f'<tr><th scope="row">{label}</th>{cells}</tr>')
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="Histogram of {escape(name)}"><table><caption>Values by difference'
        f'</caption><thead><tr><th scope="col">difference</th>{heads}</tr></thead><tbody>{"".join(lines)}</tbody></table></div>'
    )


def _bar(counts: list[int], i: int) -> str:
    width = 6 * counts[i] / max(1, *counts)
    return f'{counts[i]}<span class="bar" style="width:{width:.2f}rem"></span>' if counts[i] else ""
