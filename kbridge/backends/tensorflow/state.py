"""The engine's graph and session, and variables that wait for their first value."""

from __future__ import annotations

import os
import threading
from typing import Any

import numpy as np

from .quiet import tf


class State:
    """One graph with its session. ``K.clear_session`` makes a new one."""

    def __init__(self):
        self.graph = tf.Graph()
        self.phase: Any = None
        #: whether an op depends on the learning phase, as far as it is known
        self.on_phase: dict[Any, bool] = {}
        self._session: Any = None
        self._pid = os.getpid()
        self._waiting: dict[int, tuple[Any, np.ndarray]] = {}
        self._lock = threading.RLock()

    @property
    def session(self) -> Any:
        """The session, in which all variables have their values. RuntimeError in a forked process."""
        if os.getpid() != self._pid:
            raise RuntimeError(
                "This process was forked after the tensorflow backend was used, and a TensorFlow session does not "
                "survive that. Start workers with multiprocessing's 'spawn' method, or use the numpy backend in them."
            )
        with self._lock:
            if self._session is None:
                self._session = tf.compat.v1.Session(graph=self.graph)
            if self._waiting:
                waiting, self._waiting = list(self._waiting.values()), {}
                feed = {v._kbridge_initial: value for v, value in waiting}
                self._session.run([v.initializer for v, _ in waiting], feed)
        return self._session

    @session.setter
    def session(self, session: Any) -> None:
        if session.graph is not self.graph:
            if self.graph.get_operations():
                raise ValueError("set_session: the session belongs to another graph than the tensors made so far; set it before.")
            self.graph = session.graph
        self._session = session

    def wait(self, variable: Any, value: np.ndarray) -> None:
        """Give ``variable`` a value before the next run."""
        with self._lock:
            self._waiting[id(variable)] = (variable, value)

    def values(self, variables: list) -> list[np.ndarray]:
        """The values of variables, those not yet set in the session included."""
        with self._lock:
            found = {id(v): self._waiting[id(v)][1] for v in variables if id(v) in self._waiting}
            missing = [v for v in variables if id(v) not in found]
            if missing:
                found.update(zip(map(id, missing), self.session.run([v._kbridge_read for v in missing])))
        return [np.array(found[id(v)]) for v in variables]

    def assign(self, pairs: list[tuple[Any, np.ndarray]]) -> None:
        """Set values."""
        with self._lock:
            run = [(v, value) for v, value in pairs if self._session is not None and id(v) not in self._waiting]
            for v, value in pairs:
                if not any(v is r for r, _ in run):
                    self.wait(v, value)
            if run:
                self.session.run([v.initializer for v, _ in run], {v._kbridge_initial: value for v, value in run})

    def owns(self, graph: Any) -> bool:
        """Whether ``graph`` is this one or that of a loop or branch inside it."""
        while graph is not None:
            if graph is self.graph:
                return True
            graph = getattr(graph, "outer_graph", None)
        return False
