"""Python 2 source as Python 3, in memory, for ``kbridge run --py2``; what changed is said on standard error.

The work is that of fissix, which goes on where lib2to3 (gone in Python 3.13) stopped. It is told of no change that only
tidies. What ``/`` meant can't be read out of a program: lines with it are named.
"""

from __future__ import annotations

import ast
import difflib
import importlib.abc
import importlib.machinery
import importlib.util
import io
import os
import re
import sys
import sysconfig
import tokenize
import warnings
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import UsageError

#: fixers that only tidy, or are for other things than programs
LEFT_OUT = {"asserts", "buffer", "idioms", "paren_print", "set_literal", "ws_comma"}
#: what print and exec statements need; wrong for source that Python 3 can parse, where print(a, b) means what it says
STATEMENTS = {"print", "exec"}
#: changed lines that are shown of one file
SHOWN = 40


@cache
def _tool(statements: bool) -> Any:
    try:
        with warnings.catch_warnings():
            # lib2to3's grammar machinery warns of its own end
            warnings.simplefilter("ignore")
            from fissix import refactor
    except ImportError as error:
        raise UsageError(f"--py2 needs fissix ({error}): pip install '.[py2]', in the clone of kbridge.") from None
    names = refactor.get_fixers_from_package("fissix.fixes")
    out = LEFT_OUT if statements else LEFT_OUT | STATEMENTS
    chosen = [name for name in names if name.rpartition(".fix_")[2] not in out]
    return refactor.RefactoringTool(chosen, {"print_function": not statements})


def decode(data: bytes) -> str:
    """The text of a source file: by its coding line, else as UTF-8, else as Latin-1, which Python 2 let pass in comments."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        text = data.decode(encoding)
    except (SyntaxError, UnicodeDecodeError):
        text = data.decode("latin-1")
    return io.IncrementalNewlineDecoder(None, translate=True).decode(text.removeprefix("\ufeff"), final=True)


def translate(source: str, name: str) -> str:
    """``source`` as Python 3. SyntaxError if it is neither Python 2 nor 3."""
    text = _without_mixed_tabs(source if source.endswith("\n") else source + "\n")
    statements = not _parses(text)
    tool = _tool(statements)
    try:
        new = str(tool.refactor_string(text, name))
    except SyntaxError:
        raise
    except Exception as error:
        line = getattr(error, "context", (None, (None, None)))[1][0]
        raise SyntaxError(f"--py2 can't read this as Python 2: {error}", (name, line, None, None)) from None
    _report(source, new, name)
    return new


def _parses(text: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(text)
        except SyntaxError:
            return False
    return True


def _without_mixed_tabs(text: str) -> str:
    """Indentation in spaces where tabs and spaces are mixed, which Python 2 took to be 8 wide."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except SyntaxError:
        indents = [re.match(r"[ \t]*", line).group() for line in text.splitlines()]  # type: ignore[union-attr]
        if any("\t" in i for i in indents) and any(" " in i for i in indents):
            lines = text.splitlines(keepends=True)
            return "".join(indent.expandtabs(8) + line[len(indent) :] for indent, line in zip(indents, lines))
    return text


def _report(old: str, new: str, name: str) -> None:
    changes = []
    before, after = old.splitlines(), new.splitlines()
    for kind, i1, i2, j1, j2 in difflib.SequenceMatcher(a=before, b=after, autojunk=False).get_opcodes():
        if kind != "equal":
            was, now = (_joined(lines) for lines in (before[i1:i2], after[j1:j2]))
            if i2 - i1 == j2 - j1:
                changes += [(i1 + k + 1, before[i1 + k].strip(), after[j1 + k].strip()) for k in range(i2 - i1)]
            else:
                changes.append((i1 + 1, was, now))
    changes = [change for change in changes if change[1] != change[2]]
    divisions = [] if "division" in _futures(old) else _divisions(new)
    if not changes and not divisions:
        return
    print(f"kbridge: {name}, read as Python 2: {len(changes)} change{'' if len(changes) == 1 else 's'}", file=sys.stderr)
    for line, was, now in changes[:SHOWN]:
        print(f"  line {line}: {was}  ->  {now or '(nothing)'}", file=sys.stderr)
    if len(changes) > SHOWN:
        print(f"  ... and {len(changes) - SHOWN} more", file=sys.stderr)
    if divisions:
        lines = ", ".join(map(str, divisions[:SHOWN])) + (" ..." if len(divisions) > SHOWN else "")
        print(f"  / was left alone, and gives fractions of whole numbers too; // rounds down (lines {lines})", file=sys.stderr)


def _joined(lines: list[str]) -> str:
    return "; ".join(line.strip() for line in lines)


def _futures(source: str) -> str:
    return " ".join(re.findall(r"^from __future__ import (.*)$", source, re.M))


def _divisions(source: str) -> list[int]:
    """The lines with a / between anything but numbers with a point."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []
    lines = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.BinOp, ast.AugAssign)) and isinstance(node.op, ast.Div):
            sides = [node.left, node.right] if isinstance(node, ast.BinOp) else [node.value]
            if not any(isinstance(side, ast.Constant) and isinstance(side.value, float) for side in sides):
                lines.add(node.lineno)
    return sorted(lines)


class _Loader(importlib.machinery.SourceFileLoader):
    """Translates a module; nothing is kept on disk."""

    def get_code(self, fullname):
        path = self.get_filename(fullname)
        return compile(translate(decode(self.get_data(path)), path), path, "exec", dont_inherit=True)


class _Finder(importlib.abc.MetaPathFinder):
    """Finds the program's own modules: those in its folder or below, and what else isn't installed (in ``../lib``, on PYTHONPATH)
    unless it uses what only Python 3 can read."""

    def __init__(self, folder: str):
        self.folder = Path(os.path.realpath(folder))

    def find_spec(self, fullname, path=None, target=None):
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is None or type(spec.loader) is not importlib.machinery.SourceFileLoader or not spec.origin:
            return None
        origin = Path(os.path.realpath(spec.origin))
        if _installed(origin) or (not origin.is_relative_to(self.folder) and _is_python3_only(decode(origin.read_bytes()))):
            return None
        spec.loader = _Loader(fullname, spec.origin)
        return spec


def _installed(origin: Path) -> bool:
    if {"site-packages", "dist-packages"} & set(origin.parts):
        return True
    return any(origin.is_relative_to(os.path.realpath(place)) for place in (*_LIBRARIES, str(_KBRIDGE)))


_LIBRARIES = {str(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib")}
_KBRIDGE = Path(__file__).resolve().parents[1]

_PYTHON3_ONLY = (
    ast.JoinedStr, ast.AnnAssign, ast.Nonlocal, ast.AsyncFunctionDef, ast.YieldFrom, ast.MatMult, ast.NamedExpr, ast.Match,
)  # fmt: skip


def _is_python3_only(text: str) -> bool:
    """Whether Python 3 can read the source and Python 2 could not."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    for node in ast.walk(tree):
        if isinstance(node, _PYTHON3_ONLY):
            return True
        if isinstance(node, ast.arguments) and (node.kwonlyargs or node.posonlyargs):
            return True
        if isinstance(node, (ast.FunctionDef, ast.arg)) and getattr(node, "returns" if isinstance(node, ast.FunctionDef) else "annotation"):
            return True
        if (isinstance(node, ast.Raise) and node.cause) or (isinstance(node, ast.ClassDef) and node.keywords):
            return True
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super" and not node.args:
            return True
    return False


def install(folder: str) -> None:
    """Translate the program's modules, those in ``folder`` first of all. UsageError without fissix."""
    _tool(True)
    # pytest would read and compile test files by itself
    os.environ["PYTEST_ADDOPTS"] = " ".join([*os.environ.get("PYTEST_ADDOPTS", "").split(), "--assert=plain"])
    sys.meta_path.insert(0, _Finder(folder))
