"""Compiled functions: values are converted and checked before Theano sees them."""

from __future__ import annotations

import inspect
import re
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import theano
import theano.tensor as T
from theano.compile.sharedvalue import SharedVariable
from theano.graph.basic import Constant, Variable, ancestors
from theano.graph.fg import MissingInputError

from ..ones import Ones
from . import outer  # noqa: F401 -- known to Theano by its import
from .calls import direct_call
from .operators import native
from .static import int_shape
from .tensors import as_tensor, is_sparse, with_pattern
from .unweighted import without_weights

#: the name of the learning phase placeholder
PHASE = "keras_learning_phase"

#: arguments of theano.function that a caller may give
OPTIONS = tuple(n for n in inspect.signature(theano.function).parameters if n not in ("inputs", "outputs", "updates"))

#: Python's frames that Theano may need for a small graph: the shapes in the bodies of loops are long chains of choices
FRAMES = 10_000

#: Theano compiles with much global state: one function at a time
_compiling = threading.RLock()


class Made(NamedTuple):
    """A function that Theano compiled, what calls it with a list of values, and which of all inputs these are (None: all)."""

    theano: Any
    call: Callable[[Sequence], list]
    takes: list[int] | None


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
        #: the shape of each input's last value: the same needn't be checked again
        self._fitted: list[Any] = [None] * len(self.inputs)
        self._lock = threading.Lock()
        self._options = {"on_unused_input": "ignore", **options}
        #: which input is the learning phase; a function is made for each of its values that is given, without what only the other needs
        self._phase = next((i for i, x in enumerate(self.inputs) if x.name == PHASE and x.ndim == 0), None)
        #: weights of samples that are often ones: which input each is, and which are the targets that they belong to
        self._weights = [(i, self.inputs.index(x._weights_of)) for i, x in enumerate(self.inputs) if self._has_target(x)]
        if "givens" in options:
            self._phase, self._weights = None, []
        self._ones = Ones()
        self._read_only_ones: np.ndarray | None = None
        self._made: dict[tuple[int | None, bool], Made] = {}
        if self._phase is None and not self._weights:
            self._for(None, False)
        elif self._lacks():
            raise self._missing()

    def _has_target(self, x: Variable) -> bool:
        return getattr(x, "_weights_of", None) in self.inputs

    def _for(self, phase: int | None, ones: bool) -> Made:
        """Return the function for a learning phase of 0, 1, or (None) one that is an input like any other, and for weights of samples that are all 1, or any."""
        made = self._made.get((phase, ones))
        if made is None:
            made = self._made[phase, ones] = self._make(phase, ones)
        return made

    def _make(self, phase: int | None, ones: bool) -> Made:
        # Theano takes no value for a variable, only for what stands in its place
        fed = [x.type() if isinstance(x, SharedVariable) else x for x in self.inputs]
        givens = [(x, new) for x, new in zip(self.inputs, fed) if new is not x]
        left_out = set()
        if phase is not None and self._phase is not None:
            known = fed[self._phase]
            givens.append((known, T.constant(np.asarray(phase, dtype=known.dtype))))
            left_out.add(self._phase)
        if ones:
            shares = [share for i, _ in self._weights for share in getattr(self.inputs[i], "_shares", ())]
            givens += without_weights([(fed[i], fed[target]) for i, target in self._weights], shares)
            left_out.update(i for i, _ in self._weights)
        options = dict(self._options)
        if givens:
            options["givens"] = [*dict(options.get("givens") or ()).items(), *givens]
        takes = [i for i in range(len(fed)) if i not in left_out]
        with _compiling, native(), _room_for(self.outputs, self.updates):
            try:
                function = theano.function([fed[i] for i in takes], self.outputs, updates=self.updates, **options)
            except MissingInputError as error:
                raise self._missing() from error
        return Made(function, direct_call(function, len(takes)), takes if left_out else None)

    def __call__(self, inputs: Sequence[Any]) -> list[Any]:
        if len(inputs) != len(self.inputs):
            raise ValueError(f"The function takes {len(self.inputs)} inputs, got {len(inputs)}.")
        # an array of the dtype and of a known shape is the common case: a small model's step feels each call
        values = [
            v if type(v) is np.ndarray and v.dtype is d and v.shape == s and v.flags.aligned else self._convert(i, v)
            for i, (v, d, s) in enumerate(zip(inputs, self._dtypes, self._fitted))
        ]
        with self._lock:
            made = self._chosen(values)
            try:
                results = made.call(values if made.takes is None else [values[i] for i in made.takes])
            except ValueError as error:
                raise self._explained(error, values) from error
        # numbers as numbers, as from the other backends
        return [r[()] if isinstance(r, np.ndarray) and r.ndim == 0 else r for r in results]

    def _chosen(self, values: list) -> Made:
        """The function for these values. One more is compiled only where no other can take them, except for weights: the first batch whose weights aren't
        ones needs a function that takes any, and batches of ones are given to it if they haven't one of their own by then."""
        phase = None if self._phase is None else int(values[self._phase])
        if phase not in (0, 1):
            phase = None
        ones = bool(self._weights) and self._are_ones(values)
        made = self._made.get((phase, ones))
        if made is None and ones:
            made = self._made.get((phase, False))
        return made or self._for(phase, ones)

    def _are_ones(self, values: list) -> bool:
        """Whether all weights of samples are 1, and as many as the targets."""
        for i, target in self._weights:
            weights = values[i]
            if weights.shape != values[target].shape[: weights.ndim]:
                return False
            if weights is not self._read_only_ones:
                if not self._ones.fill(weights):
                    return False
                if not weights.flags.writeable and weights.base is None:
                    # training gives the same array for each batch of a size
                    self._read_only_ones = weights
        return True

    def _convert(self, i: int, value: Any) -> Any:
        shape, dtype = self._shapes[i], self._dtypes[i]
        if dtype is None:
            return self._sparse(i, value)
        array = value
        try:
            if type(value) is not np.ndarray or value.dtype != dtype:
                array = np.asarray(value.toarray() if hasattr(value, "toarray") else value, dtype=dtype)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{self._describe(i)} can't take {type(value).__name__} {value!r:.80}: {error}") from None
        if array.shape != shape and (array.ndim != len(shape) or any(n is not None and n != m for n, m in zip(shape, array.shape))):
            raise ValueError(f"{self._describe(i)} can't take a value of shape {array.shape}.")
        self._fitted[i] = array.shape
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
