"""``kbridge parity``: run the op specs on the backends installed here and print how far each is off.

One line for each function, backend and dtype: the largest absolute and relative errors of values
(against the NumPy reference) and of gradients (against central differences), and ok or off.
"""

from __future__ import annotations

import argparse
import html
import importlib
import os
import sys
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from .. import config
from ..backends import registry
from ..conformance import FAMILIES, TABLE, harness
from ..conformance.random_programs import campaign
from .old_flags import OldFlag

COLUMNS = ("op", "backend", "dtype", "forward abs", "forward rel", "gradient abs", "gradient rel", "cases", "result")


def add_parser(subparsers) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "parity",
        description="Check the functions of K on the backends that are installed here. kbridge compares values with plain NumPy and gradients with central "
        "differences. It also checks dtypes, static shapes, empty batches and other behaviour. The exit status is 1 if anything is off.",
    )
    parser.add_argument("ops", nargs="*", metavar="OP", help="the functions or families to check. Default: all")
    parser.add_argument("--backends", metavar="A,B", help="the backends to check. Default: all that are installed")
    parser.add_argument("--engines", dest="backends", action=OldFlag, now="--backends", help=argparse.SUPPRESS)
    parser.add_argument(
        "--dtypes", metavar="A,B", help="some of float16, float32 and float64. Default: float32,float64; with --long all three"
    )
    parser.add_argument("--off", action="store_true", help="print only the functions that fail")
    parser.add_argument(
        "--compiled", action="store_true", help="let backends compile for speed, as in normal use; this takes longer to start"
    )
    parser.add_argument(
        "--long",
        action="store_true",
        help=f"check more: compiled, also in float16, and each case {len(harness.BATCHES)} more times with other values and batch sizes",
    )
    parser.add_argument("--random", metavar="N", type=int, help="check N random programs of backend functions instead of the op specs")
    parser.add_argument("--seed", type=int, default=0, help="the seed of the first random program. Default: %(default)s")
    parser.add_argument("--html", metavar="FILE", type=Path, help="write the table as an HTML page")
    parser.set_defaults(run=run)


@dataclass
class Line:
    """All cases and checks of one function on one backend in one dtype."""

    op: str
    backend: str
    dtype: str
    results: list[harness.Result] = field(default_factory=list)

    @property
    def problems(self) -> list[str]:
        return [f"{r.id}: {p}" for r in self.results for p in r.problems]

    def cells(self) -> tuple[str, ...]:
        errors = []
        for kind in ("forward_error", "gradient_error"):
            pairs = [e for r in self.results if (e := getattr(r, kind)) is not None]
            errors += [f"{max(e[i] for e in pairs):.1e}" if pairs else "-" for i in (0, 1)]
        return (self.op, self.backend, self.dtype, *errors, str(len(self.results)), "off" if self.problems else "ok")


def run(args: argparse.Namespace) -> int:
    """Print the table; 1 if anything is off or nothing could be checked."""
    dtypes = (
        args.dtypes.split(",") if args.dtypes else list(harness.TOLERANCE) if args.long and args.random is None else ["float32", "float64"]
    )
    unknown = [d for d in dtypes if d not in harness.TOLERANCE]
    if unknown:
        raise SystemExit(f"Unknown dtypes: {', '.join(unknown)}. Known: {', '.join(harness.TOLERANCE)}.")
    if args.random is not None:
        return run_random(args, dtypes)
    ops = chosen_ops(args.ops)
    lines: list[Line] = []
    notes: list[str] = []
    started = time.perf_counter()
    widths = [max(len(COLUMNS[0]), *map(len, ops)), 10, 7, 11, 11, 12, 12, 5, 6]
    show(COLUMNS, widths)
    for K in chosen(args.backends, notes):
        for dtype in dtypes:
            for line in check(K, ops, dtype, args.compiled or args.long, len(harness.BATCHES) if args.long else 0):
                lines.append(line)
                if line.problems or not args.off:
                    show(line.cells(), widths)
                for problem in line.problems:
                    print(f"    {problem}", flush=True)
    for note in notes:
        print(note)
    off = sum(bool(line.problems) for line in lines)
    summary = f"{len(lines)} lines, {off} off, in {time.perf_counter() - started:.0f} s."
    print(summary)
    if args.html:
        args.html.write_text(page(lines, notes, summary), encoding="utf-8")
        print(f"Written to {args.html}.")
    return 1 if off or not lines else 0


def run_random(args: argparse.Namespace, dtypes: list[str]) -> int:
    """Random programs, judged by NumPy in float64 and finite differences; each failure is shown as a small test."""
    notes: list[str] = []
    started = time.perf_counter()
    if args.ops or "float16" in dtypes:
        raise SystemExit("--random can't be used with names of functions, and only with the dtypes float32 and float64.")
    backends = list(chosen(args.backends, notes))
    counts = campaign.run(backends, range(args.seed, args.seed + args.random), dtypes, args.compiled)
    for note in notes:
        print(note)
    print(
        f"Random programs from seed {args.seed} on, {time.perf_counter() - started:.0f} s: "
        + ", ".join(f"{n} {name}" for name, n in sorted(counts.items()))
    )
    return int(not counts or any(name.endswith("off") for name in counts))


def chosen_ops(words: list[str]) -> list[str]:
    """Names of rows, from names of rows and families."""
    names: list[str] = []
    for word in words or list(FAMILIES):
        if word in TABLE:
            names.append(word)
        elif word in FAMILIES:
            names += [op.name for op in FAMILIES[word].OPS]
        else:
            raise SystemExit(f"There is no function or family {word!r}. The families are {', '.join(FAMILIES)}.")
    return names


def chosen(asked: str | None, notes: list[str]) -> Iterator:
    """The backends to check; those that can't be loaded leave a note, or stop if they were asked for."""
    for name in asked.split(",") if asked else registry.names():
        try:
            K = registry.load(name)
        except (registry.BackendUnavailable, ValueError) as error:
            if asked:
                raise SystemExit(str(error)) from None
            notes.append(f"{name} was not checked: {error}")
        else:
            use(K)
            yield K


def use(K) -> None:
    """Make ``K`` the backend of ``kbridge.backend``, unless there is one: some rows import it, and the backend that
    keras.json names need not be installed here."""
    if "kbridge.backend" not in sys.modules:
        os.environ["KBRIDGE_BACKEND"] = K.name
        config.startup.cache_clear()
        importlib.import_module("kbridge.backend")


def check(K, names: list[str], dtype: str, compiled: bool, draws: int = 0) -> Iterator[Line]:
    """One family after the other, so that lines appear as they are known; ``draws`` more of each case."""
    for family in FAMILIES.values():
        ops = [op for op in family.OPS if op.name in names]
        if not ops:
            continue
        backend = harness.fresh(K)
        with nullcontext() if compiled else harness.quick(backend):
            results = harness.run(backend, ops, dtype)
            if dtype != "float16":
                results += harness.run_checks(backend, ops, dtype)
            for draw in range(1, draws + 1):
                results += harness.run(harness.fresh(K), ops, dtype, draw=draw)
        for op in ops:
            mine = [r for r in results if r.op == op.name]
            if mine:
                yield Line(op.name, K.name, dtype, mine)


def show(cells: tuple[str, ...], widths: list[int]) -> None:
    print("  ".join(cell.ljust(width) for cell, width in zip(cells, widths)).rstrip(), flush=True)


STYLE = """
body { font: 14px/1.4 system-ui, sans-serif; margin: 2em; }
table { border-collapse: collapse; }
th, td { padding: .15em .8em; text-align: left; border-bottom: 1px solid #ddd; font-variant-numeric: tabular-nums; }
th { position: sticky; top: 0; background: #fff; }
tr.off td { background: #fdd; }
"""


def page(lines: list[Line], notes: list[str], summary: str) -> str:
    """The table as an HTML page of its own."""
    head = "".join(f"<th>{html.escape(c)}</th>" for c in COLUMNS)
    body = []
    for line in lines:
        cells = "".join(f"<td>{html.escape(c)}</td>" for c in line.cells())
        body.append(f'<tr class="{line.cells()[-1]}">{cells}</tr>')
        body += [f'<tr class="off"><td colspan="{len(COLUMNS)}">{html.escape(p)}</td></tr>' for p in line.problems]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>kbridge parity</title>'
        f"<style>{STYLE}</style></head>"
        f"<body><h1>Backend functions, backend by backend</h1><p>{html.escape(summary)} "
        "Values are compared with plain NumPy references, gradients with central differences in float64.</p>"
        + "".join(f"<p>{html.escape(n)}</p>" for n in notes)
        + f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table></body></html>\n"
    )
