"""A comparison as one page of HTML: conclusions, graph, sortable table, histograms; nothing from a network."""

from __future__ import annotations

import html

from .report import Comparison, Difference, Row
from .table import COLUMNS, cells, conclusions

_STYLE = """
:root{color-scheme:light dark;--ok:#1a7f37;--off:#b3261e;--line:#8886}
body{font:1rem/1.5 system-ui,sans-serif;margin:1rem auto;max-width:75rem;padding:0 1rem}
@media(prefers-color-scheme:dark){:root{--ok:#57d27a;--off:#ff8a80}}
.scroll{overflow-x:auto}table{border-collapse:collapse}th,td{border-bottom:1px solid var(--line);padding:.3rem .6rem;text-align:left}
th button{font:inherit;font-weight:bold;background:none;border:0;color:inherit;cursor:pointer;padding:.3rem 0}
.ok{color:var(--ok)}.off{color:var(--off);font-weight:bold}svg text{fill:currentColor;font-size:12px}
:focus-visible{outline:3px solid Highlight;outline-offset:2px}
"""
_SCRIPT = """
document.querySelectorAll('th button').forEach((button, column) => button.addEventListener('click', () => {
  const head = button.parentElement, body = document.querySelector('tbody');
  const down = head.getAttribute('aria-sort') === 'ascending';
  document.querySelectorAll('th').forEach(th => th.removeAttribute('aria-sort'));
  head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
  const key = row => row.cells[column].dataset.key;
  const rows = [...body.rows].sort((a, b) => key(a).localeCompare(key(b), undefined, {numeric: true}));
  const number = row => parseFloat(key(row));
  if (rows.every(row => key(row) === '-' || !isNaN(number(row))))
    rows.sort((a, b) => (isNaN(number(a)) ? -1 : number(a)) - (isNaN(number(b)) ? -1 : number(b)));
  body.append(...(down ? rows.reverse() : rows));
}));
"""


def page(comparison: Comparison) -> str:
    """The page's text."""
    title = html.escape(f"{comparison.title}: {', '.join(comparison.backends)}")
    said = "".join(f"<li>{html.escape(text)}</li>" for text in conclusions(comparison))
    head = "".join(f'<th scope="col"><button type="button">{name}</button></th>' for name in COLUMNS)
    rows = "".join(map(_row, comparison.layers))
    verdict = "ok" if comparison.ok else "off"
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{_STYLE}</style></head><body><main>'
        f'<h1>{title}</h1><p class="{verdict}">{verdict}, with atol {comparison.atol:g} and rtol {comparison.rtol:g}</p>'
        f"<ul>{said}</ul><h2>Layers</h2>"
        f'<div class="scroll" tabindex="0" role="region" aria-label="Table of layers"><table><caption>Largest differences between '
        f"the engines</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
        f'<h2>Graph</h2><div class="scroll" tabindex="0" role="region" aria-label="Graph of layers">{_graph(comparison.layers)}</div>'
        f"<h2>Histograms</h2>{_histograms(comparison.layers)}</main><script>{_SCRIPT}</script></body></html>\n"
    )


def _row(row: Row) -> str:
    name, *others = cells(row)
    verdict = "ok" if row.ok else "off"
    data = "".join(
        f'<td data-key="{html.escape(text)}"{f" class={verdict}" if i == len(others) - 1 else ""}>{html.escape(text)}</td>'
        for i, text in enumerate(others)
    )
    return f'<tr><th scope="row" data-key="{html.escape(name)}">{html.escape(name)}</th>{data}</tr>'


def _graph(rows: list[Row]) -> str:
    """Layers below each other in graph order, arcs from each to where it is used."""
    parts = []
    for row in rows:
        y = 40 * row.index
        for source in row.sources:
            top, bend = 40 * source + 28, 130 - 30 * min(row.index - source - 1, 4)
            parts.append(f'<path d="M130 {top}C{bend} {top + 12} {bend} {y - 12} 130 {y}" fill="none" stroke="currentColor"/>')
        verdict = "ok" if row.ok else "off"
        label = html.escape(f"{row.name}: {verdict}")
        parts.append(
            f'<rect class="{verdict}" x="120" y="{y}" width="300" height="28" rx="5" fill="none" stroke="currentColor" '
            f'stroke-width="2"/><text x="130" y="{y + 19}">{label}</text>'
        )
    names = html.escape("; ".join(f"{row.name} {'ok' if row.ok else 'off'}" for row in rows))
    return f'<svg role="img" aria-label="{names}" width="430" height="{40 * len(rows)}">{"".join(parts)}</svg>'


def _histograms(rows: list[Row]) -> str:
    """For each layer, how many output values differ by how much."""
    return "".join(f"<details><summary>{html.escape(row.name)}</summary>{_bars(row.output)}</details>" for row in rows)


def _bars(difference: Difference) -> str:
    if not difference.histogram:
        return "<p>The shapes differ.</p>"
    most = max(*difference.histogram, 1)
    lines = []
    for i, count in enumerate(difference.histogram):
        label = f"up to 1e{i - 12}" if i < 13 else "more than 1"
        lines.append(
            f'<text x="0" y="{18 * i + 13}">{label}</text><rect x="90" y="{18 * i + 2}" width="{200 * count / most:.1f}" height="13" '
            f'fill="currentColor"/><text x="300" y="{18 * i + 13}">{count}</text>'
        )
    return f'<svg role="img" aria-label="Values by difference: {difference.histogram}" width="380" height="256">{"".join(lines)}</svg>'
