"""Compiles C++ modules of a function side by side.

Theano makes the operations of a function one after the other, and runs the compiler for each that its cache lacks.
When the first is lacking, the sources of all others are made here too, and compiled by as many processes as there are
cores, into folders of their own; Theano then finds each ready. Where the cache has all, nothing of this runs.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ....cores import allowed_cores

#: more compilers at once would want too much memory
MOST = 8


def cores() -> int:
    """How many this process may use."""
    return min(allowed_cores(), MOST)


class _Function:
    """The modules of a function that is being made."""

    def __init__(self, nodes: Sequence[Any]):
        self.nodes = nodes
        self.jobs: dict[str, Future] | None = None
        self.pool: ThreadPoolExecutor | None = None
        self.folder: str | None = None

    def close(self) -> None:
        if self.pool is not None:
            self.pool.shutdown(cancel_futures=True)
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


class Ahead:
    """``compile_str`` is Theano's; :meth:`compiled` stands in its place."""

    def __init__(self, compile_str: Callable):
        self.compile_str = compile_str
        self.functions: list[_Function] = []

    @contextmanager
    def function(self, nodes: Sequence[Any]) -> Iterator[None]:
        """While a function of these nodes is made."""
        self.functions.append(_Function(nodes))
        try:
            yield
        finally:
            self.functions.pop().close()

    def compiled(self, module_name: str, src_code: str, location: str, **options: Any) -> Any:
        """The module: what was compiled for it, or compiled now."""
        from theano.link.c.cmodule import dlimport

        current = self.functions[-1] if self.functions else None
        if current is not None and current.jobs is None and cores() > 1:
            self._start(current, module_name)
        job = current.jobs.pop(module_name, None) if current is not None and current.jobs else None
        found = job.result() if job is not None else None
        if found is None or not options.get("py_module", True):
            return self.compile_str(module_name=module_name, src_code=src_code, location=location, **options)
        for file in found.iterdir():
            shutil.move(str(file), location)
        return dlimport(str(next(f for f in Path(location).iterdir() if f.stem == module_name)))

    def _start(self, current: _Function, but: str) -> None:
        """Begin to compile what the cache lacks, but for the module that is compiled now."""
        import theano

        jobs: dict[str, Future] = {}
        current.jobs = jobs
        for node in current.nodes:
            found = _lacking(node)
            if found is None or found["module_name"] in (but, *jobs):
                continue
            if current.pool is None or current.folder is None:
                current.folder = tempfile.mkdtemp(prefix="ahead-", dir=theano.config.base_compiledir)
                # the process itself waits for the compiler of the first module
                current.pool = ThreadPoolExecutor(cores())
            jobs[found["module_name"]] = current.pool.submit(self._compile, found, current.folder)

    def _compile(self, arguments: dict[str, Any], folder: str) -> Path | None:
        """The folder with a compiled module; None if it can't be: Theano will find out why."""
        location = Path(folder) / arguments["module_name"]
        try:
            location.mkdir()
            self.compile_str(location=str(location), py_module=False, **arguments)
        except Exception:  # noqa: BLE001 -- it is tried again, and says then what is wrong
            return None
        return location


def _lacking(node: Any) -> dict[str, Any] | None:
    """The compiler's arguments for a node whose module the cache lacks; None if it has it or there is no C code."""
    from theano.graph.fg import FunctionGraph
    from theano.graph.op import COp
    from theano.link.c.basic import CLinker, get_module_cache
    from theano.link.c.cmodule import get_module_hash

    if not isinstance(node.op, COp) or type(node.op).make_thunk is not COp.make_thunk or _float16(node):
        return None
    try:
        node.op.prepare_node(node, storage_map=None, compute_map=None, impl="c")
        linker = CLinker().accept(FunctionGraph(node.inputs, node.outputs), no_recycling=[])
        cache = get_module_cache()
        key = linker.cmodule_key()
        if key in cache.entry_from_key:
            return None
        source = linker.get_src_code()
        if get_module_hash(source, key) in cache.module_hash_to_key_data:
            return None
        return {
            "module_name": linker.get_dynamic_module().code_hash,
            "src_code": source,
            "include_dirs": linker.header_dirs(),
            "lib_dirs": linker.lib_dirs(),
            "libs": linker.libraries(),
            "preargs": linker.compile_args(),
        }
    except Exception:  # noqa: BLE001 -- no C code, or it can't be made: that is Theano's own affair
        return None


def _float16(node: Any) -> bool:
    return any(getattr(x.type, "dtype", "") == "float16" for x in (*node.inputs, *node.outputs))


def install(ahead: Ahead) -> None:
    """Tell it which functions are made."""
    import theano
    from theano.link.vm import VMLinker

    original = VMLinker.make_all

    def make_all(self, *args, **kwargs):
        compiles = theano.config.cxx and self.c_thunks is not False
        with ahead.function(self.schedule(self.fgraph) if compiles else []):
            return original(self, *args, **kwargs)

    VMLinker.make_all = make_all
