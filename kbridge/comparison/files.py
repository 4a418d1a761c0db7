"""Two model files against each other: the same layers, settings, connections, and values of weights?"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from ..errors import UsageError
from ..inspection.contents import Contents, open_contents
from ..inspection.layers import entries_of, sources_of
from ..saving.configs import upgrade
from ..saving.keras2 import major_version
from ..saving.keras3 import keras1_config
from .backends import Backends
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
    inputs on each. The other arguments are those of ``compare``. Raises ModelFileError for what is no model file."""
    found = FileComparison([os.fspath(a), os.fspath(b)], [], [], atol, rtol)
    with open_contents(a) as first, open_contents(b) as second:
        _compare_architectures(found, first, second)
        one, two = _weights(first), _weights(second)
        for layer in dict.fromkeys([*one, *two]):
            found.weights += _weight_rows(layer, one.get(layer, {}), two.get(layer, {}), atol, rtol)
    if backends:
        with Backends(progress) as running:
            works = [Work(running, path, custom, original_backend, None) for path in (a, b)]
            found.runs = [_run(works, backend, data, seed, atol, rtol) for backend in backends]
    return found


# ---------------------------------------------------------------------- weights


def _weights(contents: Contents) -> dict[str, dict[str, Any]]:
    """Layer -> name of weight, without what TensorFlow adds and the layer's name -> array."""
    named: dict[str, dict[str, Any]] = {}
    for layer, arrays in contents.weights.items():
        short = [name.rsplit("/", 1)[-1].partition(":")[0].removeprefix(f"{layer}_") for name, _ in arrays]
        # names that differ only in what was cut off are numbered
        labels = [name if short.count(name) == 1 else f"{name} {i}" for i, name in enumerate(short)]
        named[layer] = {label: array for label, (_, array) in zip(labels, arrays, strict=True)}
    return named


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
            first, second = (array.read().astype("float64") for array in pair if array is not None)
            row.difference = difference([first, second], atol, rtol)
            with np.errstate(all="ignore"):
                off = np.abs(first - second)
                row.mean, row.rms = (float(np.mean(off)), float(np.sqrt(np.mean(off**2)))) if off.size else (0.0, 0.0)
            row.changed = int(off.size - np.count_nonzero((first == second) | (np.isnan(first) & np.isnan(second))))
        rows.append(row)
    return rows


# ---------------------------------------------------------------------- architectures


def _compare_architectures(found: FileComparison, first: Contents, second: Contents) -> None:
    configs = [contents.config for contents in (first, second)]
    if None in configs:
        bare = " and ".join(path for path, config in zip(found.files, configs, strict=True) if config is None)
        found.notes.append(f"no architecture in {bare}, only weights")
        found.same = "layers of the same names"
        names = [list(_weights(contents)) for contents in (first, second)]
        found.architecture += _only(names[0], names[1], "only in A: layer") + _only(names[1], names[0], "only in B: layer")
        return
    majors = [major_version(contents.version) or 1 for contents in (first, second)]
    if majors[0] != majors[1]:
        # other versions have other names for the same settings
        configs = [
            upgrade(keras1_config(config, contents.version)) if major > 1 else config
            for config, contents, major in zip(configs, (first, second), majors, strict=True)
        ]
        found.notes.append(f"of Keras {majors[0]} and {majors[1]}: settings are compared as Keras 1 writes them")
    one, two = (_flat(config, "") for config in configs)
    found.architecture += _architecture(one, two, [config.get("class_name") if isinstance(config, dict) else "?" for config in configs])
    found.notes += _training(first.training, second.training)


def _only(names: Sequence[str], others: Sequence[str], text: str) -> list[str]:
    return [f"{text} {name}" for name in names if name not in others]


def _flat(config: Any, prefix: str) -> dict[str, dict]:
    """Layers by name, those of models inside as 'model/layer'."""
    found: dict[str, dict] = {}
    for entry in entries_of(config):
        if not isinstance(entry, dict):
            continue
        stored = entry.get("config")
        settings = stored if isinstance(stored, dict) else {}
        name = prefix + str(entry.get("name") or settings.get("name") or "")
        inner = _flat(entry, f"{name}/")
        settings = {key: value for key, value in settings.items() if not inner or key not in ("layers", "input_layers", "output_layers")}
        found[name] = {"class": entry.get("class_name"), "settings": settings, "inputs": sources_of(entry.get("inbound_nodes"))}
        found |= inner
    return found


def _architecture(one: dict[str, dict], two: dict[str, dict], classes: list[Any]) -> list[str]:
    said = [] if classes[0] == classes[1] else [f"A is a {classes[0]}, B a {classes[1]}"]
    said += [f"only in A: layer {name} ({one[name]['class']})" for name in one if name not in two]
    said += [f"only in B: layer {name} ({two[name]['class']})" for name in two if name not in one]
    both = [name for name in one if name in two]
    for name in both:
        a, b = one[name], two[name]
        if a["class"] != b["class"]:
            said.append(f"layer {name}: {a['class']} in A, {b['class']} in B")
            continue
        said += [f"layer {name}: {text}" for text in _settings(a["settings"], b["settings"])]
        if a["inputs"] != b["inputs"]:
            said.append(f"layer {name}: reads {', '.join(a['inputs']) or 'nothing'} in A, {', '.join(b['inputs']) or 'nothing'} in B")
    if classes == ["Sequential", "Sequential"] and both != [name for name in two if name in one]:
        said.append(f"the order of layers: {', '.join(both)} in A, {', '.join(n for n in two if n in one)} in B")
    return said


def _settings(a: dict, b: dict) -> list[str]:
    def told(settings: dict, key: str) -> str:
        return repr(settings[key]) if key in settings else "not set"

    return [f"{key} is {told(a, key)} in A, {told(b, key)} in B" for key in dict.fromkeys([*a, *b]) if told(a, key) != told(b, key)]


def _training(a: Any, b: Any) -> list[str]:
    if not isinstance(a, dict) or not isinstance(b, dict):
        return [] if a is b else ["only one of the files has training settings"]
    return [f"training: {text}" for text in _settings(*(_with_optimizer(settings) for settings in (a, b)))]


def _with_optimizer(training: dict) -> dict:
    """Training settings with the optimizer's among them."""
    optimizer = training.get("optimizer_config")
    if not isinstance(optimizer, dict) or not isinstance(optimizer.get("config"), dict):
        return training
    others = {key: value for key, value in training.items() if key != "optimizer_config"}
    return {"optimizer": optimizer.get("class_name")} | {f"optimizer's {key}": value for key, value in optimizer["config"].items()} | others


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
