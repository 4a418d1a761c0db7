"""The graph and the session of the backend, and the variables that don't have a value in the session yet."""

from __future__ import annotations

import contextlib
import os
import re
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np

from ...config import num_threads
from ..ranges import out_of_range
from .quiet import tf

#: how names of operations begin that check indices
CHECKED = "kbridge_indices"

#: the process in which TensorFlow's threads were started, by the first session
_runtime_pid: int | None = None


def _check_process() -> None:
    global _runtime_pid
    if _runtime_pid is None:
        _runtime_pid = os.getpid()
    elif _runtime_pid != os.getpid():
        raise RuntimeError(
            "This process was forked after the tensorflow backend was used, and TensorFlow's threads don't survive that. "
            "Start worker processes with multiprocessing's 'spawn' method, or use the numpy backend in them."
        )


#: whether graphs of the backend are the process's default graph; whether that one has been used
_shared = False
_shared_before = False


def share_default_graph() -> None:
    """Make TensorFlow's default graph the one that the backend builds into, as programs of version 1 expect. Eager execution is switched off."""
    global _shared
    _shared = True
    tf.compat.v1.experimental.output_all_intermediates(True)


def _new_graph() -> Any:
    global _shared_before
    if not _shared:
        return tf.Graph()
    # the first takes what the program has made already
    if _shared_before:
        tf.compat.v1.reset_default_graph()
    _shared_before = True
    return tf.compat.v1.get_default_graph()


def _config() -> Any:
    """Return the settings of a session.

    It uses as many threads as ``KBRIDGE_NUM_THREADS`` says, if that is set. An operation that is placed on a device that this machine lacks runs on
    another one, as in Keras 1.
    """
    config = tf.compat.v1.ConfigProto(allow_soft_placement=True)
    if threads := num_threads():
        config.intra_op_parallelism_threads = config.inter_op_parallelism_threads = threads
    return config


class State:
    """A graph with its session. ``K.clear_session`` makes a new one."""

    def __init__(self):
        self.graph = _owned(_new_graph())
        self.phase: Any = None
        #: it as a bool, once something has asked
        self.phase_holds: Any = None
        #: whether an op depends on the learning phase, as far as it is known
        self.on_phase: dict[Any, bool] = {}
        #: held by functions that assign variables, so that no update is lost between threads
        self.updating = threading.RLock()
        #: what an operation's indices are called in an error
        self._checked: list[str] = []
        self._session: Any = None
        #: the one before a default session was taken
        self._before: Any = None
        self._waiting: dict[int, tuple[Any, np.ndarray]] = {}
        self._initializers: list = []
        self._lock = threading.RLock()

    @property
    def session(self) -> Any:
        """The session, in which all variables have their values.

        Within ``with session.as_default()`` it is the default session, if that runs the backend's graph.

        Raises:
            RuntimeError: this process was forked after TensorFlow had started its threads.
        """
        _check_process()
        default = tf.compat.v1.get_default_session()
        if default is not None and default is not self._session and default.graph is self.graph:
            before = self._session
            self.adopt(default)
            self._before = before
        elif self._session is not None and self._before is not None and self._session._closed:
            # what was the default session for a while is gone, and its values with it
            self._session, self._before = self._before, None
        if self._session is None or self._waiting or self._initializers:
            with self._lock:
                if self._session is None:
                    self._session = tf.compat.v1.Session(graph=self.graph, config=_config())
                # emptied afterwards: threads that find nothing waiting don't take the lock
                if self._waiting:
                    self._store(list(self._waiting.values()))
                    self._waiting = {}
                if self._initializers:
                    self._session.run(self._initializers)
                    self._initializers = []
        return self._session

    def adopt(self, session: Any) -> None:
        """Use ``session`` from now on. It gets the values that the variables have now."""
        if not isinstance(session, (tf.compat.v1.Session, tf.compat.v1.InteractiveSession)):
            raise TypeError(f"set_session takes a tf.compat.v1.Session, got {session!r}; K.clear_session() starts anew.")
        if session.graph is not self.graph:
            if self.graph.get_operations():
                raise ValueError(
                    "set_session: the session belongs to another graph than the tensors made so far. Set it before you make tensors, "
                    "or make it with tf.compat.v1.Session(graph=K.get_session().graph)."
                )
            self.graph = _owned(session.graph)
        with self._lock:
            if self._session is not None and self._session is not session:
                variables = [v for v in self.graph.get_collection("kbridge") if id(v) not in self._waiting]
                # from the session they are in, not from the one that is the default now
                for variable, value in zip(variables, self._session.run([v._kbridge_read for v in variables])):
                    self.wait(variable, np.array(value))
            self._session = session

    def checked(self, what: str) -> str:
        """Return a name for an operation that checks indices; ``what`` is how an error calls these indices."""
        if what not in self._checked:
            self._checked.append(what)
        return f"{CHECKED}_{self._checked.index(what)}_"

    def as_value_error(self, error: Exception) -> ValueError | None:
        """Return the ValueError to raise in place of ``error``, if that came from an index out of range; None for other errors."""
        found = re.search(r"= (-?\d+) is not in \[0, (\d+)\)", str(error))
        node = re.search(CHECKED + r"_(\d+)_", str(error))
        return out_of_range(self._checked[int(node[1])], int(found[1]), int(found[2])) if found and node else None

    def wait(self, variable: Any, value: np.ndarray) -> None:
        """Remember ``value`` for ``variable``: the session gets it before its next run."""
        with self._lock:
            self._waiting[id(variable)] = (variable, value)

    def initialize(self, operations: list) -> None:
        """Remember initializers of variables that the user made: the session runs them before its next run."""
        with self._lock:
            self._initializers += operations

    def first_value(self, variable: Any) -> np.ndarray:
        """Return the value that is remembered for ``variable``, and forget it."""
        with self._lock:
            return self._waiting.pop(id(variable))[1]

    def values(self, variables: list) -> list[np.ndarray]:
        """Return copies of the variables' values, also of those that the session hasn't got yet."""
        with self._lock:
            found = {id(v): self._waiting[id(v)][1] for v in variables if id(v) in self._waiting}
            missing = [v for v in variables if id(v) not in found]
            if missing:
                found.update(zip(map(id, missing), self.session.run([v._kbridge_read for v in missing])))
        return [np.array(found[id(v)]) for v in variables]

    def assign(self, pairs: list[tuple[Any, np.ndarray]]) -> None:
        """Set variables, given as pairs (variable, value)."""
        with self.updating, self._lock:
            stored = {}
            for variable, value in pairs:
                if self._session is None or id(variable) in self._waiting:
                    self.wait(variable, value)
                else:
                    stored[id(variable)] = (variable, value)
            if stored:
                _check_process()
                self._store(list(stored.values()))

    def _store(self, pairs: list[tuple[Any, np.ndarray]]) -> None:
        self._session.run([v._kbridge_assign for v, _ in pairs], {v._kbridge_initial: value for v, value in pairs})

    def owns(self, graph: Any) -> bool:
        """Return whether ``graph`` is this graph, or the graph of a loop or branch inside it."""
        return outermost(graph) is self.graph


def _owned(graph: Any) -> Any:
    """Mark ``graph`` as the backend's, and return it.

    The mark is a lock. A thread that builds into the graph must hold it, because TensorFlow doesn't let two threads add operations at a time.
    """
    graph._kbridge_building = _Building()
    #: the choices by the learning phase in it (``phases.switch``)
    graph._kbridge_switches = {}
    #: the loops in it whose gradients the backend makes (``loop_gradient``)
    graph._kbridge_loops = {}
    return graph


class _Building:
    """A lock that is held while the backend's graph grows. While it is held, loops and branches keep all values that their gradients need.

    Otherwise a loop that ran once could never be differentiated (predict, then train). TensorFlow knows this as a setting of the
    process only; if it stayed on, functions that a program makes with ``tf.function`` couldn't make variables.
    """

    _count = 0
    _counting = threading.Lock()

    def __init__(self):
        self._lock = threading.RLock()

    def __enter__(self):
        self._lock.acquire()
        self._add(1)

    def __exit__(self, *exc):
        self._add(-1)
        self._lock.release()

    @classmethod
    def _add(cls, number: int) -> None:
        with cls._counting:
            before, cls._count = cls._count, cls._count + number
            if not (before and cls._count):
                tf.compat.v1.experimental.output_all_intermediates(True if cls._count or _shared else None)


@contextlib.contextmanager
def building(graph: Any) -> Iterator[None]:
    """A context for building into a backend's graph from outside it."""
    with graph._kbridge_building, graph.as_default():
        yield


@contextlib.contextmanager
def unfinished(graph: Any) -> Iterator[None]:
    """A context in which a graph grows that the program has finalized. Programs do that so that threads share models, and functions are prepared when they are called."""
    finalized = graph.finalized
    if finalized:
        graph._unsafe_unfinalize()
    try:
        yield
    finally:
        if finalized:
            graph.finalize()


def outermost(graph: Any) -> Any:
    """Return the graph that holds ``graph``, if that is the graph of a loop or branch; else ``graph`` itself."""
    while getattr(graph, "outer_graph", None) is not None:
        graph = graph.outer_graph
    return graph
