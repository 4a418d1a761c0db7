"""Compiled functions: values are converted and checked before Theano sees them."""

from __future__ import annotations

import inspect
import re
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import theano
import theano.tensor as T
from theano.compile.sharedvalue import SharedVariable
from theano.graph.basic import Constant, Variable, ancestors
from theano.graph.fg import MissingInputError

from . import branches  # noqa: F401 -- known to Theano by its import
from .operators import native
from .static import int_shape
from .tensors import as_tensor, is_sparse, with_pattern

#: the name of the learning phase placeholder
PHASE = "keras_learning_phase"

#: arguments of theano.function that a caller may give
OPTIONS = tuple(n for n in inspect.signature(theano.function).parameters if n not in ("inputs", "outputs", "updates"))

#: Python's frames that Theano may need for a small graph: the shapes in the bodies of loops are long chains of choices
FRAMES = 10_000

#: Theano compiles with much global state: one function at a time
_compiling = threading.RLock()


class Function:
    """The object that ``K.function`` returns: call it with one value for each input. Calls from several threads take turns."""

    def __init__(self, inputs: Sequence[Variable], outputs: Sequence, updates: Sequence = (), **options: Any):
        unknown = sorted(set(options) - set(OPTIONS))
        if unknown:
            raise ValueError(f"Unknown arguments of K.function: {', '.join(unknown)}. Theano knows: {', '.join(OPTIONS)}.")
        self.inputs = list(inputs)
        self.outputs = [as_tensor(o) for o in outputs]
        self.updates = checked_updates(updates)
        self._shapes = [int_shape(x) for x in self.inputs]
        self._dtypes = [None if is_sparse(x) else np.dtype(x.dtype) for x in self.inputs]
        self._lock = threading.Lock()
        self._options = {"on_unused_input": "ignore", **options}
        #: which input is the learning phase; a function is made for each of its values that is given, without what only the other needs
        self._phase = next((i for i, x in enumerate(self.inputs) if x.name == PHASE and x.ndim == 0), None)
        if "givens" in options:
            self._phase = None
        self._made: dict[int | None, Any] = {}
        if self._phase is None:
            self._for_phase(None)
        elif self._lacks():
            raise self._missing()

    def _for_phase(self, phase: int | None) -> Any:
        """Theano's function where the learning phase is 0, 1, or (None) an input like any other."""
        made = self._made.get(phase)
        if made is None:
            made = self._made[phase] = self._make(phase)
        return made

    def _make(self, phase: int | None) -> Any:
        # Theano takes no value for a variable, only for what stands in its place
        fed = [x.type() if isinstance(x, SharedVariable) else x for x in self.inputs]
        givens = [(x, new) for x, new in zip(self.inputs, fed) if new is not x]
        if phase is not None and self._phase is not None:
            known = fed.pop(self._phase)
            givens.append((known, T.constant(np.asarray(phase, dtype=known.dtype))))
        options = dict(self._options)
        if givens:
            options["givens"] = [*dict(options.get("givens") or ()).items(), *givens]
        with _compiling, native(), _room_for(self.outputs, self.updates):
            try:
                return theano.function(fed, self.outputs, updates=self.updates, **options)
            except MissingInputError as error:
                raise self._missing() from error

    def __call__(self, inputs: Sequence[Any]) -> list[Any]:
        if len(inputs) != len(self.inputs):
            raise ValueError(f"The function takes {len(self.inputs)} inputs, got {len(inputs)}.")
        values = [self._convert(i, v) for i, v in enumerate(inputs)]
        with self._lock, np.errstate(all="ignore"):
            function, given = (self._for_phase(None), values) if self._phase is None else self._of(values, self._phase)
            try:
                results = function(*given)
            except ValueError as error:
                raise self._explained(error, values) from error
        # numbers as numbers, as from the other backends
        return [r[()] if isinstance(r, np.ndarray) and r.ndim == 0 else r for r in results]

    def _of(self, values: list, index: int) -> tuple[Any, list]:
        """The function for the learning phase that stands among ``values`` at ``index``, and the values that it takes."""
        phase = int(values[index])
        if phase not in (0, 1):
            return self._for_phase(None), values
        return self._for_phase(phase), [*values[:index], *values[index + 1 :]]

    def _convert(self, i: int, value: Any) -> Any:
        shape, dtype = self._shapes[i], self._dtypes[i]
        if dtype is None:
            return self._sparse(i, value)
        array = value
        try:
            # an array of the dtype is the common case: a small model's step feels each call
            if type(value) is not np.ndarray or value.dtype != dtype:
                array = np.asarray(value.toarray() if hasattr(value, "toarray") else value, dtype=dtype)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{self._describe(i)} can't take {type(value).__name__} {value!r:.80}: {error}") from None
        if array.shape != shape and (array.ndim != len(shape) or any(n is not None and n != m for n, m in zip(shape, array.shape))):
            raise ValueError(f"{self._describe(i)} can't take a value of shape {array.shape}.")
        # Theano's C code takes no values at odd addresses, as they come out of files and network packets
        return array if array.flags.aligned else np.require(array, requirements="A")

    def _sparse(self, i: int, value: Any) -> Any:
        from scipy.sparse import csr_matrix

        matrix = csr_matrix(value).astype(self.inputs[i].dtype)
        if any(n is not None and n != m for n, m in zip(self._shapes[i], matrix.shape)):
            raise ValueError(f"{self._describe(i)} can't take a matrix of shape {matrix.shape}.")
        return matrix

    def _explained(self, error: ValueError, values: list) -> ValueError:
        """The error, or one that says why an axis of length 1 isn't broadcast."""
        if not re.search("dimension mis-?match", str(error), re.IGNORECASE):
            return error
        short = [
            f"axis {axis} of {self._describe(i).rstrip(',')}"
            for i, (x, value) in enumerate(zip(self.inputs, values))
            if not is_sparse(x)
            for axis, (n, b) in enumerate(zip(np.shape(value), x.type.broadcastable))
            if n == 1 and not b
        ]
        if not short:
            return error
        return ValueError(
            f"{str(error).splitlines()[0]} Theano broadcasts an axis of length 1 only where the length is known before the function is "
            f"built, and it isn't for {'; '.join(short)}. Build it from a placeholder whose shape has a 1 there, or give "
            f"it values of full length (numpy.broadcast_to). [differences: theano-broadcasting]"
        )

    def _lacks(self) -> list[Variable]:
        """The placeholders that outputs depend on, and that are no inputs."""
        reached = ancestors([*self.outputs, *(new for _, new in self.updates)])
        return [v for v in reached if v.owner is None and not isinstance(v, (Constant, SharedVariable)) and v not in self.inputs]

    def _missing(self) -> ValueError:
        """The error where outputs depend on placeholders that are no inputs."""
        found = self._lacks()
        if any(v.name == PHASE for v in found):
            return ValueError(
                "The function depends on the learning phase: put K.learning_phase() among its inputs and feed 0 (test) or 1 (training)."
            )
        return ValueError(f"The function depends on placeholders that are not among its inputs: {', '.join(map(str, found))}.")

    def _describe(self, i: int) -> str:
        x = self.inputs[i]
        name = f" {x.name!r}" if x.name else ""
        kind = "variable" if isinstance(x, SharedVariable) else "placeholder"
        return f"Input {i}, the {kind}{name} with shape {self._shapes[i]} and dtype {x.dtype},"


@contextmanager
def _room_for(outputs: Sequence[Variable], updates: Sequence) -> Iterator[None]:
    """Theano copies a graph by recursion, a call a node: let Python go as deep as this graph can be."""
    before = sys.getrecursionlimit()
    nodes = sum(1 for _ in ancestors([*outputs, *(new for _, new in updates)]))
    sys.setrecursionlimit(max(before, FRAMES + 4 * nodes))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def checked_updates(updates: Sequence) -> list[tuple[SharedVariable, Variable]]:
    """(variable, new value) pairs, the values in the variable's dtype and broadcasting pattern."""
    checked = []
    for update in updates:
        if not (isinstance(update, tuple) and len(update) == 2 and isinstance(update[0], SharedVariable)):
            raise TypeError(f"An update must be a pair (variable, new value), as K.update makes it, got {update!r}.")
        variable, new = update
        new = as_tensor(new, variable.dtype)
        shape, wanted = int_shape(new), int_shape(variable)
        if len(shape) != len(wanted) or any(None not in (n, m) and n != m for n, m in zip(shape, wanted)):
            raise ValueError(f"The update of the variable {variable.name or ''} has the wrong shape: {shape} instead of {wanted}.")
        if not is_sparse(new):
            new = with_pattern(T.cast(new, variable.dtype), variable.type.broadcastable)
        checked.append((variable, new))
    return checked
