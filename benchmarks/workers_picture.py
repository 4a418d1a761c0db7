"""The picture of ``benchmarks.workers``: how much of the ideal speed is left on many machines, as SVG."""

from __future__ import annotations

from collections.abc import Sequence

COLOURS = ("#c0392b", "#d68910", "#1e8449")
WIDTH, HEIGHT, LEFT, TOP, GAP = 210, 150, 46, 40, 46


def picture(found: dict, machines: Sequence[int]) -> str:
    """A panel for each model: a line for each network, dashed where updates aren't divided."""
    names = list(dict.fromkeys(name for name, _, _ in found))
    networks = list(dict.fromkeys(network for _, network, _ in found))
    total = LEFT + len(names) * (WIDTH + GAP)
    parts = [f'<rect width="{total}" height="{HEIGHT + 110}" fill="white"/>']
    for i, name in enumerate(names):
        left = LEFT + i * (WIDTH + GAP)
        parts.append(f'<text x="{left}" y="{TOP - 12}" font-weight="bold">{name}</text>')
        for level in (0, 0.25, 0.5, 0.75, 1):
            y = TOP + HEIGHT * (1 - level)
            parts.append(
                f'<path d="M{left} {y}h{WIDTH}" stroke="#ddd"/><text x="{left - 6}" y="{y + 4}" text-anchor="end">{level:g}</text>'
            )
        xs = [left + WIDTH * k / (len(machines) - 1) for k in range(len(machines))]
        for x, count in zip(xs, machines):
            parts.append(f'<text x="{x}" y="{TOP + HEIGHT + 16}" text-anchor="middle">{count}</text>')
        for colour, network in zip(COLOURS, networks):
            for update, dash in (("divided", ""), ("whole", ' stroke-dasharray="5 4"')):
                points = " ".join(f"{x:.1f},{TOP + HEIGHT * (1 - v):.1f}" for x, v in zip(xs, found[name, network, update]))
                parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>')
    y = TOP + HEIGHT + 46
    parts.append(f'<text x="{LEFT}" y="{y - 10}">machines, 128 rows on each; part of the ideal speed</text>')
    for i, (colour, network) in enumerate(zip(COLOURS, networks)):
        x = LEFT + 110 * i
        parts.append(f'<path d="M{x} {y + 6}h24" stroke="{colour}" stroke-width="2"/><text x="{x + 30}" y="{y + 10}">{network}</text>')
    x = LEFT + 110 * len(networks)
    parts.append(
        f'<path d="M{x} {y + 6}h24" stroke="#333" stroke-width="2" stroke-dasharray="5 4"/><text x="{x + 30}" y="{y + 10}">updates not divided</text>'
    )
    style = 'font-family="sans-serif" font-size="12" fill="#222"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total} {HEIGHT + 110}" {style}>\n' + "\n".join(parts) + "\n</svg>\n"
