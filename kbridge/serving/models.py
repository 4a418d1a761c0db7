"""Served models: a file, or a folder of numbered versions; new ones are read while the old one answers.

A version takes over when it has answered a test input. If it can't be read or doesn't answer, the old one goes on and
the log says why.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import UsageError
from ..prediction.labels import beside, fitting, read_labels
from ..prediction.opening import open_model
from ..prediction.scaling import hint
from ..prediction.signature import Tensor, all_layers, inputs_of, outputs_of
from .problems import not_found
from .settings import Settings

log = logging.getLogger("kbridge.serving")

#: what files of a folder of versions are models
SUFFIXES = (".h5", ".hdf5", ".keras")
#: the length of an open axis in the test input
TEST_LENGTH = 8


@dataclass
class Version:
    """A model that answers.

    Attributes:
        name, number: what addresses call it.
        model: the model.
        inputs, outputs: what it takes and gives.
        labels: names of its classes, or None.
        hint: what is odd about the values that pictures get, or None.
        path, stamp: its file, and what the file system said of it when it was read.
    """

    name: str
    number: int
    model: Any
    inputs: list[Tensor]
    outputs: list[Tensor]
    labels: list[str] | None
    hint: str | None
    path: Path
    stamp: tuple
    loaded: float = field(default_factory=time.time)

    def predict(self, arrays: list[np.ndarray]) -> list[np.ndarray]:
        """The outputs for a batch; ``arrays`` in the order of ``inputs``."""
        found = self.model.predict_on_batch(arrays)
        return [np.asarray(x) for x in (found if isinstance(found, list) else [found])]

    def about(self) -> dict[str, Any]:
        """Return the facts that the page shows."""
        return {
            "name": self.name,
            "version": self.number,
            "inputs": [_told(x) for x in self.inputs],
            "outputs": [_told(x) for x in self.outputs],
            "labels": self.labels,
            "hint": self.hint,
            "parameters": int(self.model.count_params()),
            "layers": [
                {"name": layer.name, "class": type(layer).__name__, "shape": _shape_of(layer), "parameters": int(layer.count_params())}
                for layer in all_layers(self.model)
            ],
        }


class Served:
    """A name with its versions. ``versions`` is replaced as a whole, so that a reader sees one state."""

    def __init__(self, name: str, path: str, settings: Settings):
        self.name, self.path, self.settings = name, Path(path), settings
        self.versions: dict[int, Version] = {}
        self.failed: dict[Path, tuple] = {}
        self.lock = threading.Lock()

    def version(self, number: int | None = None) -> Version:
        """The version of that number, or the newest. Problem 404 if there is none."""
        versions = self.versions
        if number is None and versions:
            return versions[max(versions)]
        if number not in versions:
            wanted = "Latest" if number is None else "Specific"
            raise not_found(f"Servable not found for request: {wanted}({self.name}{'' if number is None else f', {number}'})")
        return versions[number]

    def refresh(self, must: bool = False) -> None:
        """Read what is new; with ``must`` raise what can't be read, else log it."""
        with self.lock:
            for number, path in self._there().items():
                stamp = stamp_of(path)
                current = self.versions.get(number)
                if (current is not None and current.stamp == stamp) or self.failed.get(path) == stamp:
                    continue
                try:
                    version = self._read(number, path, stamp)
                except Exception as error:  # noqa: BLE001 -- the model that serves must go on whatever a new file does
                    self.failed[path] = stamp
                    if must:
                        raise
                    log.error("model %s version %s: %s is not taken: %s", self.name, number, path, error)
                    continue
                self.failed.pop(path, None)
                # of a folder the newest version serves, as with TensorFlow Serving
                kept = {n: v for n, v in self.versions.items() if n > number}
                self.versions = {**kept, number: version} if not kept else kept
                log.info("model %s version %s: loaded from %s", self.name, number, path)

    def _there(self) -> dict[int, Path]:
        """Version -> path of what should be served."""
        if not self.path.is_dir() or (self.path / "saved_model.pb").exists():
            # always 1: processes that started before and after the file was replaced must agree
            return {1: self.path}
        numbered = {int(p.stem): p for p in self.path.iterdir() if p.stem.isdecimal() and (p.is_dir() or p.suffix in SUFFIXES)}
        if not numbered:
            raise UsageError(
                f"{str(self.path)!r} holds no version: it should hold files or folders with numbers as names, such as '1.h5' or '1'."
            )
        newest = max(numbered)
        return {newest: inner(numbered[newest])}

    def _read(self, number: int, path: Path, stamp: tuple) -> Version:
        model, notes = open_model(str(path), self.settings.custom)
        for note in notes:
            log.warning("model %s: %s", self.name, note)
        inputs, outputs = inputs_of(model), outputs_of(model)
        advice = hint(model, self.settings.fitting().scaling)
        if advice is not None:
            log.info("model %s: hint: %s", self.name, advice)
        version = Version(self.name, number, model, inputs, outputs, self._labels(path, outputs), advice, path, stamp)
        version.predict([np.zeros((1, *(n or TEST_LENGTH for n in x.shape)), x.dtype) for x in inputs])
        return version

    def _labels(self, path: Path, outputs: list[Tensor]) -> list[str] | None:
        given = self.settings.labels.get(self.name)
        found = Path(given) if given else beside(str(path))
        if found is None:
            return None
        labels = read_labels(found)
        if fitting(labels, outputs):
            return labels
        if given:
            raise UsageError(f"The model {self.name!r} returns {', '.join(map(str, outputs))}, but {given!r} has {len(labels)} labels.")
        return None


class Repository:
    """All served models."""

    def __init__(self, settings: Settings):
        self.models = {name: Served(name, path, settings) for name, path in settings.models.items()}
        #: what was logged of the models whose files aren't as they should be: it is said once, not at each look
        self.said: dict[str, str] = {}

    def load(self) -> None:
        """Read all models. UsageError or ModelFileError for the first that can't be."""
        for served in self.models.values():
            if not served.path.exists():
                raise UsageError(f"There is no file {str(served.path)!r} for model {served.name!r}.")
            try:
                served.refresh(must=True)
            except UsageError:
                raise
            except Exception as error:
                raise UsageError(f"The model {served.name!r} ({served.path}) fails for a test input: {error}") from error

    def refresh(self) -> None:
        """Look for new versions of all models."""
        for served in self.models.values():
            try:
                served.refresh()
                self.said.pop(served.name, None)
            except (UsageError, OSError) as error:
                if self.said.get(served.name) != str(error):
                    log.error("model %s: %s", served.name, error)
                self.said[served.name] = str(error)

    def version(self, name: str, number: int | None = None) -> Version:
        """A model by name. Problem 404 if there is none."""
        if name not in self.models:
            raise not_found(f"Servable not found for request: Latest({name}); there are {', '.join(self.models)}")
        return self.models[name].version(number)


def inner(path: Path) -> Path:
    """The model in a version's folder: the folder itself if it is a SavedModel, else its only file."""
    if not path.is_dir() or (path / "saved_model.pb").exists():
        return path
    files = [p for p in path.iterdir() if p.is_file() and p.suffix in SUFFIXES]
    if len(files) != 1:
        raise UsageError(f"{str(path)!r} should hold a single model file, .h5 or .keras, but it holds {len(files)}.")
    return files[0]


def stamp_of(path: Path) -> tuple:
    """Return a value that changes when a file is written."""
    found = path.stat()
    return (found.st_mtime_ns, found.st_size, found.st_ino)


def _told(x: Tensor) -> dict[str, Any]:
    return {"name": x.name, "shape": list(x.shape), "dtype": x.dtype, "picture": x.picture()}


def _shape_of(layer: Any) -> Any:
    try:
        return layer.output_shape
    except AttributeError:
        # a layer that is called several times has several
        return None
