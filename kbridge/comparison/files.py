"""Two model files against each other: the same layers, settings, connections, and values of weights?"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..custom_file import objects_in
from ..errors import UsageError
from ..inspection.contents import Contents, open_contents
from ..saving.configs import upgrade
from ..saving.errors import ModelFileError
from ..saving.keras2 import major_version
from ..saving.keras3 import keras1_config, speaks_keras3
from ..saving.kinds import JSON, YAML, kind_of
from ..saving.origin import forced_origin
from ..saving.texts import parse_json, parse_yaml
from .architecture import differences, layers_in, of_training, only, training_apart
from .backends import Backends
from .built import build, exact, labels, predictions_apart, weights_of_text
from .difference import Difference, difference, together
from .report import PHASES, plain
from .run import Work
from .table import aligned, number


@dataclass
class WeightRow:
    """One array of both files; no difference where the shapes differ or one file lacks it."""

    layer: str
    name: str
    shapes: list[list[int] | None]
    difference: Difference | None = None
    #: of the absolute differences
    mean: float | None = None
    rms: float | None = None
    #: how many values are not the same
    changed: int | None = None

    @property
    def ok(self) -> bool:
        """Whether both files have it, within tolerance."""
        return self.difference is not None and self.difference.ok


@dataclass
class Run:
    """Both models on one backend with the same inputs; ``layers``: differences of outputs of layers of the same name."""

    backend: str
    predictions: Difference | None
    layers: dict[str, Difference]
    #: why it couldn't be run
    problem: str | None = None

    @property
    def ok(self) -> bool:
        """Whether the predictions agree."""
        return self.predictions is not None and self.predictions.ok


@dataclass
class FileComparison:
    """The result of ``compare_files``."""

    files: list[str]
    #: differences of the architectures as sentences
    architecture: list[str]
    weights: list[WeightRow]
    atol: float
    rtol: float
    #: what is worth knowing but no difference: training settings, a file without an architecture
    notes: list[str] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    #: what was compared of architectures that don't differ
    same: str = "the same layers, settings and connections"

    @property
    def ok(self) -> bool:
        """Whether architectures and weights agree, and predictions if a backend was asked."""
        return not self.architecture and all(row.ok for row in self.weights) and all(run.ok for run in self.runs)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values; infinities and NaN are texts, which JSON can hold."""
        return plain({"ok": self.ok, **asdict(self)})

    def to_json(self) -> str:
        """As JSON."""
        return json.dumps(self.to_dict(), indent=1, allow_nan=False)

    def __str__(self) -> str:
        a, b = self.files
        lines = [f"A: {a}", f"B: {b}", ""]
        lines += [f"architecture: {text}" for text in self.architecture or [self.same]]
        lines += [f"note: {text}" for text in self.notes]
        cells = [["layer", "weight", "shape", "values changed", "max", "rel", "mean", "rms", "result"], *map(_cells, self.weights)]
        lines += ["", *aligned(cells), ""]
        for run in self.runs:
            lines += _said(run)
        within = f"atol {self.atol:g}, rtol {self.rtol:g}"
        return "\n".join([*lines, f"ok: the same ({within})" if self.ok else f"DIFFERENT ({within})"])


def _cells(row: WeightRow) -> list[str]:
    one, two = ("none" if shape is None else "x".join(map(str, shape)) or "scalar" for shape in row.shapes)
    shape = one if one == two else f"{one} and {two}"
    if row.difference is None:
        return [row.layer, row.name, shape, *["-"] * 5, "off"]
    d = row.difference
    return [row.layer, row.name, shape, str(row.changed), *map(number, (d.abs, d.rel, row.mean, row.rms)), "ok" if d.ok else "off"]


def _said(run: Run) -> list[str]:
    if run.predictions is None:
        return [f"on {run.backend}: not compared: {run.problem}"]
    first = next((name for name, d in run.layers.items() if not d.ok), None)
    found = f"on {run.backend}: predictions differ by {number(run.predictions.abs)}, {'ok' if run.ok else 'off'}"
    return [found + (f"; the first layer whose output is out of tolerance: {first}" if first else "")]


def compare_files(
    a: str | os.PathLike,
    b: str | os.PathLike,
    atol: float = 0.0,
    rtol: float = 0.0,
    backends: Sequence[str] = (),
    data: Any = None,
    custom: str | os.PathLike | None = None,
    original_backend: str | None = None,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> FileComparison:
    """Layers, settings, connections and weights by layer name; with ``backends`` also what both compute from the same
    inputs on each. The other arguments are those of ``compare``. Raises ModelFileError for what is no model file.

    Where the files aren't the same word for word, kbridge builds both models and compares these: each Keras spells settings and lays out
    weights in its own way. A model that kbridge can't build is compared as its file spells it, which a note says.
    """
    found = FileComparison([os.fspath(a), os.fspath(b)], [], [], atol, rtol)
    with _opened(a) as first, _opened(b) as second:
        _compare_stored(found, first, second)
        dtypes = {str(array.dtype) for contents in (first, second) for _, _, array in contents.arrays}
        bare = [contents.config is None for contents in (first, second)]
    if not found.ok and not all(bare):
        _compare_built(found, bare, dtypes, custom, original_backend)
    if backends:
        with Backends(progress) as running:
            works = [Work(running, path, custom, original_backend, None) for path in (a, b)]
            found.runs = [_run(works, backend, data, seed, atol, rtol) for backend in backends]
    return found


@contextlib.contextmanager
def _opened(path: str | os.PathLike) -> Iterator[Contents]:
    """Open what a file holds; an architecture has the weights that lie beside it."""
    kind = kind_of(path).name
    if kind not in (JSON, YAML):
        with open_contents(path) as contents:
            yield contents
        return
    text = Path(path).read_bytes()
    config = upgrade((parse_json if kind == JSON else parse_yaml)(text, repr(os.fspath(path))))
    version = config.get("keras_version") if isinstance(config, dict) else None
    version = version if isinstance(version, str) else "3" if speaks_keras3(config) else None
    beside = weights_of_text(path)
    if beside is None:
        yield Contents(os.fspath(path), config, None, version, forced_origin("tensorflow"), {})
        return
    with open_contents(beside) as contents:
        yield dataclasses.replace(contents, path=os.fspath(path), config=config, training=None, version=version)


# ---------------------------------------------------------------------- as the files spell it


def _compare_stored(found: FileComparison, first: Contents, second: Contents) -> None:
    _compare_architectures(found, first, second)
    one, two = _weights(first), _weights(second)
    for path, contents in zip(found.files, (first, second), strict=True):
        if contents.config is not None and not contents.weights and (one or two):
            found.notes.append(f"no weights in {path}, only an architecture")
            return
    _compare_weights(found, one, two)


def _weights(contents: Contents) -> dict[str, dict[str, Any]]:
    """Layer -> name of weight, without what TensorFlow adds and the layer's name -> array."""
    return {
        layer: dict(zip(labels(layer, [name for name, _ in arrays]), [array for _, array in arrays], strict=True))
        for layer, arrays in contents.weights.items()
    }


def _compare_architectures(found: FileComparison, first: Contents, second: Contents) -> None:
    configs = [contents.config for contents in (first, second)]
    if None in configs:
        bare = " and ".join(path for path, config in zip(found.files, configs, strict=True) if config is None)
        found.notes.append(f"no architecture in {bare}, only weights")
        found.same = "layers of the same names"
        names = [list(_weights(contents)) for contents in (first, second)]
        found.architecture += only(names[0], names[1], "only in A: layer") + only(names[1], names[0], "only in B: layer")
        return
    majors = [major_version(contents.version) or 1 for contents in (first, second)]
    if majors[0] != majors[1]:
        # other versions have other names for the same settings
        with contextlib.suppress(ModelFileError):  # what can't be translated is told where the models are built
            configs = [
                upgrade(keras1_config(config, contents.version)) if major > 1 else config
                for config, contents, major in zip(configs, (first, second), majors, strict=True)
            ]
        found.notes.append(f"of Keras {majors[0]} and {majors[1]}: settings are compared as Keras 1 writes them")
    classes = [config.get("class_name") if isinstance(config, dict) else "?" for config in configs]
    found.architecture += differences(layers_in(configs[0]), layers_in(configs[1]), classes)
    found.notes += training_apart(first.training, second.training)


# ---------------------------------------------------------------------- as kbridge builds it


def _compare_built(found: FileComparison, bare: list[bool], dtypes: set[str], custom: Any, original_backend: str | None) -> None:
    """Put in the place of what was found the comparison of the models that kbridge builds of the files."""
    objects = objects_in(None if custom is None else os.fspath(custom))
    models = []
    with exact(dtypes):
        for i, path in enumerate(found.files):
            architecture, weights = (found.files[1 - i], path) if bare[i] else (path, None)
            try:
                models.append(build(architecture, objects, original_backend, weights))
            except (UsageError, ValueError, TypeError, ImportError, OSError, MemoryError) as error:
                first_line = str(error).strip().partition("\n")[0]
                found.notes.append(f"compared as the files spell it, since kbridge can't build the model of {path}: {first_line}")
                return
    one, two = models
    apart = [] if any(bare) else differences(one.layers, two.layers, [one.class_name, two.class_name])
    found.architecture = [text for text in apart if not of_training(text)]
    lesser = [f"in training or for new weights only: {text}" for text in apart if of_training(text)]
    found.weights = []
    if not any(note.startswith("no weights in ") for note in found.notes):
        _compare_weights(found, one.weights, two.weights)
    spelled = " settings are compared as Keras 1 writes them"
    if found.architecture and (off := _predict(one.model, two.model)) is not None and off < 1e-4:
        lesser.append(f"both predict the same from random inputs, within {off:.1g} of the largest value")
    kept = [note.removesuffix(f":{spelled}") for note in found.notes]
    found.notes = [*kept, *lesser, f"the files differ in what they write: kbridge built both models and compared these;{spelled}"]


def _predict(one: Any, two: Any) -> float | None:
    """How far the predictions of two models are apart; None where they can't be compared."""
    try:
        return predictions_apart(one, two, 0)
    except (UsageError, ValueError, TypeError, ImportError, MemoryError):
        return None  # a layer that this backend can't compute


def _compare_weights(found: FileComparison, one: Mapping[str, dict], two: Mapping[str, dict]) -> None:
    for layer in dict.fromkeys([*one, *two]):
        found.weights += _weight_rows(layer, one.get(layer, {}), two.get(layer, {}), found.atol, found.rtol)


def _weight_rows(layer: str, one: dict, two: dict, atol: float, rtol: float) -> list[WeightRow]:
    if list(one) != list(two) and len(one) == len(two):
        # the same weights under other names, as after renaming: their order tells which is which
        two = dict(zip(one, two.values(), strict=True))
    rows = []
    for name in dict.fromkeys([*one, *two]):
        pair = [one.get(name), two.get(name)]
        shapes = [None if array is None else list(array.shape) for array in pair]
        row = WeightRow(layer, name, shapes)
        if shapes[0] is not None and shapes[0] == shapes[1]:
            first, second = (_values(array).astype("float64") for array in pair)
            row.difference = difference([first, second], atol, rtol)
            with np.errstate(all="ignore"):
                off = np.abs(first - second)
                row.mean, row.rms = (float(np.mean(off)), float(np.sqrt(np.mean(off**2)))) if off.size else (0.0, 0.0)
            row.changed = int(off.size - np.count_nonzero((first == second) | (np.isnan(first) & np.isnan(second))))
        rows.append(row)
    return rows


def _values(array: Any) -> np.ndarray:
    """The values of an array in a file, or of one in memory."""
    return np.asarray(array if isinstance(array, (np.ndarray, np.generic)) else array.read())


# ---------------------------------------------------------------------- on a backend


def _run(works: list[Work], backend: str, data: Any, seed: int, atol: float, rtol: float) -> Run:
    batch, _ = works[0].draw(data, None, seed)
    answers = []
    for work in works:
        try:
            answers.append(work.ask([backend], "layers", data=batch)[backend])
        except UsageError as error:
            return Run(backend, None, {}, str(error))
    names = [[layer["name"] for layer in facts["layers"]] for facts, _ in answers]
    found: dict[str, Difference] = {}
    for i, name in enumerate(names[0]):
        if name in names[1]:
            keys = [f"{PHASES[0]}/output/{i}/0", f"{PHASES[0]}/output/{names[1].index(name)}/0"]
            found[name] = difference([arrays[key] for (_, arrays), key in zip(answers, keys, strict=True)], atol, rtol)
    predictions = together([arrays for _, arrays in answers], (f"{PHASES[0]}/prediction/",), atol, rtol)
    return Run(backend, predictions, found)
