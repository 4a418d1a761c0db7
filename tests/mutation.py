"""Changes the code in small ways, one at a time, and looks whether the tests notice: a random sample of mutants of one room.

    python tests/mutation.py ROOM [--count 60] [--seed 1] [--seconds 10] [--results FILE] [--map FOLDER] [-- arguments of pytest in the first run]

The changes are Cosmic Ray's (``pip install -r tests/mutation.txt``). A first run of the room's tests on NumPy, under coverage, writes down
which test runs which line and how long it takes (in ``.cache/mutation``; delete it after changes). Each mutant then meets tests that run its
line, the quickest test functions first, for about ``--seconds``. What survives is printed as a difference, and so is what no test of the room
runs. A survivor isn't yet a fault of the tests: it may compute the same, or a test of another room may find it.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import json
import multiprocessing
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
#: room -> its code and its tests
ROOMS = {
    "saving": ("kbridge/saving", "tests/saving"),
    "training": ("kbridge/training", "tests/training"),
    "executor": ("kbridge/backends/numpy/executor", "tests/backends/numpy"),
}
#: operators that need arguments
UNUSED = ("core/VariableInserter", "core/VariableReplacer")
#: what no operator changes; asking two hundred of them takes long
UNCHANGED = (
    "name",
    "newline",
    "string",
    "endmarker",
    "trailer",
    "arglist",
    "atom_expr",
    "argument",
    "param",
    "simple_stmt",
    "expr_stmt",
    "funcdef",
)
UNCHANGED_SIGNS = tuple("()[]{},:.=")
MEMORY = 8 * 2**30


class Mutant(NamedTuple):
    """One change: the how-manieth place of an operator in a module, and where that is."""

    module: str
    operator: str
    occurrence: int
    line: int


def copied(folder: Path) -> None:
    """The files of the working tree that git knows, in ``folder``."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)


def _pytest(folder: Path, arguments: list[str], log: Path) -> None:
    """Run pytest in this process, which was forked for it, and end with its exit status."""
    os.setsid()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    with log.open("w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.chdir(folder)
    sys.path[:0] = [str(folder)]
    os.environ["PYTHONPATH"] = str(folder)
    import pytest

    os._exit(int(pytest.main(["-q", "-p", "no:cacheprovider", *arguments])))


def run(folder: Path, arguments: list[str], log: Path, seconds: float | None = None) -> int | None:
    """The exit status of pytest in a new process; None if it took longer than ``seconds``."""
    process = multiprocessing.get_context("fork").Process(target=_pytest, args=(folder, arguments, log))
    process.start()
    process.join(seconds)
    code = process.exitcode
    if code is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.join()
    return code


def mapped(room: str, folder: Path, store: Path, arguments: list[str]) -> tuple[dict[str, dict[int, set[str]]], dict[str, float]]:
    """Which tests run each line of each module, and the seconds of each test. A line of import time has no tests of its own."""
    from coverage import CoverageData

    code, tests = ROOMS[room]
    data, times = store / f"{room}.coverage", store / f"{room}.xml"
    if not (data.exists() and times.exists()):
        store.mkdir(parents=True, exist_ok=True)
        os.environ["COVERAGE_FILE"] = str(data)
        options = [f"--cov={code}", "--cov-context=test", "--cov-report=", f"--junitxml={times}"]
        print(f"Which test of {tests} runs which line: {store / room}.log", flush=True)
        run(folder, [*options, tests, *arguments], store / f"{room}.log")
    seconds = {}
    for case in ElementTree.parse(times).iter("testcase"):
        if len(case) == 0 or case[0].tag.startswith("system"):
            seconds[f"{case.get('classname', '').replace('.', '/')}.py::{case.get('name')}"] = float(case.get("time", 0))
    read = CoverageData(str(data))
    read.read()
    lines: dict[str, dict[int, set[str]]] = {}
    for path in read.measured_files():
        found = read.contexts_by_lineno(path)
        module = path[path.index(code) :]
        lines[module] = {n: {c.rpartition("|")[0] for c in contexts if c} & seconds.keys() for n, contexts in found.items()}
    return lines, seconds


def _annotations(tree: ast.AST) -> set[int]:
    """The lines and columns that annotations take, which nothing evaluates."""
    places = set()
    for node in ast.walk(tree):
        for name in ("annotation", "returns"):
            inner = getattr(node, name, None)
            for part in ast.walk(inner) if inner is not None else ():
                if hasattr(part, "lineno"):
                    places |= {
                        (line, column)
                        for line in range(part.lineno, part.end_lineno + 1)
                        for column in range(part.col_offset, part.end_col_offset)
                    }
    return places


def places(source: str, module: str) -> Iterator[list[Mutant]]:
    """The mutants of each place of a module."""
    import cosmic_ray.plugins
    from cosmic_ray.ast import ast_nodes, get_ast

    annotations, found, seen = _annotations(ast.parse(source)), defaultdict(list), Counter()
    operators = {name: cosmic_ray.plugins.get_operator(name) for name in cosmic_ray.plugins.operator_names() if name not in UNUSED}
    instances = {name: operator() for name, operator in operators.items()}
    for node in ast_nodes(get_ast(source)):
        if node.type in UNCHANGED or node.type == "operator" and node.value in UNCHANGED_SIGNS:
            continue
        for name, operator in instances.items():
            for start, _ in operator.mutation_positions(node):
                if start not in annotations:
                    found[start].append(Mutant(module, name, seen[name], start[0]))
                seen[name] += 1
    yield from found.values()


def first_line(tree: ast.AST, line: int) -> int:
    """The line where the innermost statement that has ``line`` begins."""
    return max((n.lineno for n in ast.walk(tree) if isinstance(n, ast.stmt) and n.lineno <= line <= n.end_lineno), default=line)


def chosen(tests: set[str], seconds: dict[str, float], limit: float) -> list[str]:
    """Tests for about ``limit`` seconds: the quickest case of each function first, then the second of each."""
    functions = defaultdict(list)
    for test in sorted(tests, key=lambda name: (seconds[name], name)):
        functions[test.partition("[")[0]].append(test)
    ranked = sorted((rank, seconds[test], test) for cases in functions.values() for rank, test in enumerate(cases))
    found, total = [], 0.0
    for _, needs, test in ranked:
        if found and total + needs > limit:
            continue
        found.append(test)
        total += needs
    return found


def mutated(source: str, mutant: Mutant) -> str | None:
    """The changed source; None if it doesn't compile or is the same."""
    import cosmic_ray.plugins
    from cosmic_ray.mutating import mutate_code

    try:
        changed = mutate_code(source, cosmic_ray.plugins.get_operator(mutant.operator)(), mutant.occurrence)
        same = changed is None or ast.dump(ast.parse(changed)) == ast.dump(ast.parse(source))
    except (SyntaxError, AttributeError):
        # Cosmic Ray can't change "except module.Error", and writes "<not in>" for instance
        return None
    return None if same else changed


def sample(room: str, count: int, seed: int) -> list[tuple[Mutant, str]]:
    """Mutants of ``count`` places with their sources, each place as likely as any other."""
    chance = random.Random(f"{room} {seed}")
    modules = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / ROOMS[room][0]).rglob("*.py"))
    sources = {module: (ROOT / module).read_text(encoding="utf-8") for module in modules}
    choices = [place for module in modules for place in places(sources[module], module)]
    chance.shuffle(choices)
    found: list[tuple[Mutant, str]] = []
    for place in choices:
        if len(found) == count:
            break
        mutant = chance.choice(place)
        changed = mutated(sources[mutant.module], mutant)
        if changed is not None:
            found.append((mutant, changed))
    return found


def difference(before: str, after: str) -> str:
    return "\n".join(
        line for line in difflib.unified_diff(before.split("\n"), after.split("\n"), lineterm="", n=1) if line[:3] not in ("---", "+++")
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("room", choices=ROOMS)
    parser.add_argument("--count", type=int, default=60, help="how many mutants")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=10, help="of tests for each mutant, as long as they took in the first run")
    parser.add_argument("--results", type=Path, help="a file that gets a line of JSON for each mutant")
    parser.add_argument("--map", type=Path, default=ROOT / ".cache" / "mutation", help="where to keep which test runs which line")
    given = sys.argv[1:]
    end = given.index("--") if "--" in given else len(given)
    options = parser.parse_args(given[:end])
    home = tempfile.mkdtemp()
    os.environ.update(KBRIDGE_BACKEND="numpy", OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", TF_CPP_MIN_LOG_LEVEL="3", HOME=home)
    # what the tests import beside kbridge is imported once, in the process that all others are forked from
    import h5py  # noqa: F401
    import hypothesis  # noqa: F401
    import numpy  # noqa: F401
    import pytest  # noqa: F401

    folder = Path(tempfile.mkdtemp(prefix="kbridge-mutation-"))
    copied(folder)
    lines, seconds = mapped(options.room, folder, options.map.resolve(), given[end + 1 :])
    if run(folder, ["-x", *chosen(set(seconds), seconds, 3 * options.seconds)], folder / "whole.log") != 0:
        sys.exit(f"The tests fail without any change:\n{(folder / 'whole.log').read_text()[-3000:]}")
    outcomes: Counter[str] = Counter()
    log = folder / "mutant.log"
    for number, (mutant, changed) in enumerate(sample(options.room, options.count, options.seed), 1):
        path, source = folder / mutant.module, (ROOT / mutant.module).read_text(encoding="utf-8")
        of_module = lines.get(mutant.module, {})
        first = first_line(ast.parse(source), mutant.line)
        ran = [of_module[n] for n in range(first, mutant.line + 1) if n in of_module]
        tests = set().union(*ran) if ran else set()
        if ran and not tests:
            tests = set().union(*of_module.values())
        picked = chosen(tests, seconds, options.seconds)
        if not picked:
            outcome = "not run"
        else:
            path.write_text(changed, encoding="utf-8")
            # Python tells by time and size whether its compiled file is old
            os.utime(path, (number, number))
            code = run(folder, ["-x", *picked], log, 60 + 6 * options.seconds)
            # 2: the tests don't even import; anything else isn't the tests' word
            outcome = {None: "timeout", 0: "survived", 1: "killed", 2: "killed"}.get(code, "killed by a crash")
            path.write_text(source, encoding="utf-8")
        outcomes[outcome] += 1
        row: dict[str, Any] = {
            **mutant._asdict(),
            "outcome": outcome,
            "tests": len(picked),
            "of": len(tests),
            "difference": difference(source, changed),
        }
        if outcome in ("survived", "not run"):
            print(
                f"{number}. {mutant.module}:{mutant.line} {outcome} ({len(picked)} of {len(tests)} tests)\n{row['difference']}\n",
                flush=True,
            )
        if options.results:
            with options.results.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
    shutil.rmtree(folder)
    shutil.rmtree(home)
    print(", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common()))


if __name__ == "__main__":
    main()
