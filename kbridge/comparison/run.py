"""Compare a model on several backends: ask each for every layer, and where they part for each layer alone."""

from __future__ import annotations

import contextlib
import importlib.util
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .. import config
from ..backends import registry
from ..errors import UsageError
from .backends import Answer, BackendError, Backends
from .noise_free import noise_free_copy
from .report import Comparison, Row

#: NumPy in float64 decides which backend is right
JUDGE = "numpy"
#: how many small changes are tried where a gradient may jump: each finds a jump that rounding can reach in half of all cases
_JITTERS = 6


def compare(
    model: Any,
    backends: Sequence[str] | None = None,
    data: Any = None,
    targets: Any = None,
    loss: str | None = None,
    train_steps: int = 0,
    atol: float = 1e-4,
    rtol: float = 1e-4,
    custom: str | os.PathLike | None = None,
    original_backend: str | None = None,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
    running: Backends | None = None,
) -> Comparison:
    """Run a model on the same data on each backend, and compare what they compute layer by layer. Dropout and noise are off.

    An array is within tolerance if it differs by at most ``atol + rtol * (its largest absolute value)``.

    Args:
        model: a model or the path of a model file.
        backends: the names of at least two backends; the first is what the others are compared with. Numpy, tensorflow and theano if left out, as far
            as they are installed; the result names those that aren't.
        data: the inputs, an array or a list of one for each input; drawn if left out.
        targets: the targets, an array or a list of one for each output; drawn if left out.
        loss: the name of a loss; the model's own if left out, or 'mse'.
        train_steps: the number of batches to train on, to compare losses and weights too.
        atol: the absolute tolerance.
        rtol: the relative tolerance.
        custom: a Python file that defines the model's own layers and functions; it is run on each backend.
        original_backend: 'theano' or 'tensorflow', as for ``load_model``.
        seed: a whole number from which data and targets are drawn.
        progress: a function that is called with a line of text now and then.
        running: the processes of the backends, for several comparisons in a row.

    Returns:
        A ``Comparison``.

    Raises:
        UsageError: a backend can't run the model; the message is the backend's.
    """
    left_out = []
    if backends is None:
        # each of these is named like the module it needs
        backends = [name for name in registry.BUILT_IN if importlib.util.find_spec(name)]
        left_out = [name for name in registry.BUILT_IN if name not in backends]
        if len(backends) < 2:
            extras = " or ".join(f"pip install '.[{name}]'" for name in left_out)
            raise UsageError(
                f"compare needs at least two backends, but only {', '.join(backends)} is installed: {extras}, in the clone of kbridge."
            )
    if isinstance(backends, str):
        backends = backends.split(",")
    if len(backends) < 2 or len(set(backends)) < len(backends):
        raise UsageError(f"compare needs at least two different backends, got {', '.join(backends) or 'none'}.")
    for name in backends:
        config.checked("backend", name, "backends")
    if train_steps < 0 or atol < 0 or rtol < 0:
        raise UsageError(f"train_steps, atol and rtol can't be negative, got {train_steps}, {atol:g} and {rtol:g}.")
    if custom is not None and not os.path.isfile(custom):
        raise UsageError(f"There is no file {os.fspath(custom)} with custom objects.")
    with contextlib.ExitStack() as stack:
        running = running or stack.enter_context(Backends(progress))
        work = Work(running, model, custom, original_backend, loss)
        comparison = work.compare(list(backends), data, targets, train_steps, atol, rtol, seed)
    comparison.left_out = left_out
    return comparison


class Work:
    """The files of one comparison, and what is asked of the backends."""

    def __init__(self, running: Backends, model, custom, original_backend, loss):
        self.running, self.folder = running, running.folder
        source = Path(model) if isinstance(model, (str, os.PathLike)) else self.folder / "given.h5"
        if not isinstance(model, (str, os.PathLike)):
            model.save(str(source))
        elif not source.exists():
            raise UsageError(f"There is no model file {source}.")
        self.title = os.fspath(model) if isinstance(model, (str, os.PathLike)) else model.name
        self.job = {"loss": loss, "custom": os.path.abspath(custom) if custom else None, "original_backend": original_backend}
        self.number = sum(1 for _ in self.folder.glob("*-float32.h5"))
        noise_free_copy(source, self._model("float32"))
        noise_free_copy(source, self._model("float64"), "float64")

    def _model(self, floatx: str) -> Path:
        return self.folder / f"{self.number}-{floatx}.h5"

    def ask(self, backends: Sequence[str], task: str, floatx: str = "float32", **more) -> dict[str, Answer]:
        """Return each backend's answer."""
        job = self.job | {"task": task, "model": str(self._model(floatx)), "floatx": floatx, **more}
        try:
            return self.running.ask_all(backends, job)
        except BackendError as error:
            custom = self.job["custom"]
            if error.missing:
                text = f"it needs custom objects: {', '.join(error.missing)}. "
                text += (
                    f"{custom} doesn't define them." if custom else "Give a file that defines them: --custom FILE.py, or custom= in Python."
                )
            else:
                # the user knows the file that was copied, not the copy
                text = str(error).replace(job["model"], self.title)
            raise UsageError(text if error.usage else f"{error.backend} can't run {self.title}: {text}") from error

    def draw(self, data, targets, seed) -> tuple[str, dict[str, np.ndarray]]:
        """Inputs and targets, as given or drawn: (their file, they)."""
        given, names = _listed({"x": data, "y": targets})
        _, drawn = self.ask([JUDGE], "draw", data=self._store("given", given), names=names, seed=seed)[JUDGE]
        return self._store("data", drawn), drawn

    def compare(self, backends, data, targets, steps, atol, rtol, seed) -> Comparison:
        batch, drawn = self.draw(data, targets, seed)
        answers = self.ask(backends, "layers", data=batch)
        facts, found = answers[backends[0]][0], {backend: arrays for backend, (_, arrays) in answers.items()}
        rows = [Row.of(i, fact, found, atol, rtol) for i, fact in enumerate(facts["layers"])]
        comparison = Comparison(self.title, backends, rows, atol, rtol)
        comparison.add_ends(found)
        if not comparison.ok:
            self._why(comparison, batch, drawn, found)
        if steps:
            self._train(comparison, steps, batch)
        return comparison

    def _store(self, name: str, arrays: dict) -> str:
        if not arrays:
            return ""
        path = self.folder / f"{name}.npz"
        np.savez(path, **arrays)
        return str(path)

    def _why(self, comparison: Comparison, batch: str, drawn: dict, found: dict) -> None:
        """Every layer alone on each backend, from the judge's input and gradient; unless gradients just jump."""
        _, judge = self.ask([JUDGE], "layers", "float64", data=batch)[JUDGE]
        if comparison.first_output is None:
            for jumps in self._jumps("layers", judge, batch):
                comparison.tolerate(found, jumps)
                if comparison.ok:
                    return
        given = self._store("judge", judge | {name: y for name, y in drawn.items() if name.startswith("y/")})
        _, right = self.ask([JUDGE], "alone", "float64", data=given)[JUDGE]
        alone = {backend: arrays for backend, (_, arrays) in self.ask(comparison.backends, "alone", data=given).items()}
        comparison.add_owns(right, alone, {})
        if comparison.gradients_alone_off:
            for jumps in self._jumps("alone", right, given):
                comparison.add_owns(right, alone, jumps)
                if not comparison.gradients_alone_off:
                    break
        comparison.add_causes(judge, found)

    def _jumps(self, task: str, exact: dict, data: str) -> Iterator[dict[str, float]]:
        """How far each gradient in float64 moves when inputs and weights change by a rounding error, the more the longer
        one asks.

        Where it jumps, as a ReLU's at zero or a max pooling's with two equal values, rounding decides on which side
        of the jump a backend is, and none is wrong.
        """
        jumps: dict[str, float] = {}
        gradients = {k: v for k, v in exact.items() if k.partition("/")[2].startswith(("gradient/", "weight/"))}
        for jitter in range(_JITTERS):
            told = "do gradients jump here?"
            _, moved = self.ask([JUDGE], task, "float64", data=data, jitter=jitter, told=told)[JUDGE]
            _note_jumps(jumps, gradients, moved)
            yield jumps

    def _train(self, comparison: Comparison, steps: int, batch: str) -> None:
        answers = self.ask(comparison.backends, "train", data=batch, steps=steps)
        comparison.train_losses = {backend: facts["losses"] for backend, (facts, _) in answers.items()}
        weights = {backend: _by_name(answer) for backend, answer in answers.items()}
        agreed = comparison.ok
        comparison.add_training(weights, {})
        if not agreed or comparison.ok:
            return
        # in float32, whose rounding is what decides
        exact = _by_name(self.ask([JUDGE], "train", data=batch, steps=steps)[JUDGE])
        jumps: dict[str, float] = {}
        for jitter in range(_JITTERS):
            told = "does training jump here?"
            moved = _by_name(self.ask([JUDGE], "train", data=batch, steps=steps, jitter=jitter, told=told)[JUDGE])
            _note_jumps(jumps, exact, moved)
            comparison.add_training(weights, jumps)
            if comparison.ok:
                return


def _note_jumps(jumps: dict[str, float], exact: dict[str, np.ndarray], moved: dict[str, np.ndarray]) -> None:
    """Enlarge ``jumps`` where ``moved`` is farther away: two backends may be on different sides, and more than one value
    may have jumped."""
    for name, value in exact.items():
        if value.size:
            jumps[name] = max(jumps.get(name, 0.0), 2 * float(np.max(np.abs(moved[name] - value))))


def _by_name(answer: Answer) -> dict[str, np.ndarray]:
    """Trained weights by 'layer/number'."""
    facts, arrays = answer
    return {name: arrays[str(i)] for i, name in enumerate(facts["weights"])}


def _listed(given: dict[str, Any]) -> tuple[dict[str, np.ndarray], dict[str, list[str]]]:
    """(arrays by prefix and number, by prefix the names that the user gave them)."""
    arrays: dict[str, np.ndarray] = {}
    names = {}
    for prefix, value in given.items():
        if isinstance(value, Mapping):
            names[prefix] = [str(name) for name in value]
            value = list(value.values())
        listed = [] if value is None else list(value) if isinstance(value, (list, tuple)) else [value]
        arrays |= {f"{prefix}/{i}": np.asarray(v) for i, v in enumerate(listed)}
    return arrays, names
