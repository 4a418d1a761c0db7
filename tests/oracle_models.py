"""The models of a real Keras 1.2.2 (tests/data/oracle): rows, inputs, expected results, and how each is loaded."""

from __future__ import annotations

import json
import shutil
import tomllib
from functools import cache
from pathlib import Path

import h5py
import numpy as np

HERE = Path(__file__).parent / "oracle"
DATA = Path(__file__).parent / "data" / "oracle"


@cache
def rows() -> dict[str, dict]:
    """Case name -> its row of the index."""
    index = json.loads((DATA / "index.json").read_text())
    return {row["name"]: row for row in index["cases"]}


@cache
def not_yet() -> dict[str, str]:
    """Case name -> what is missing, for cases that can't pass yet."""
    listed = {}
    for line in (HERE / "not_yet.txt").read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            name, _, reason = line.partition(" ")
            listed[name] = reason.strip()
    return listed


@cache
def differences() -> dict[str, dict]:
    """Case name -> what differs by choice: ``reason`` and ``compare`` ('theano', or keys that aren't compared)."""
    table = tomllib.loads((HERE / "differences.toml").read_text())
    return {name: entry for entry in table["difference"] for name in entry["cases"]}


# ---------------------------------------------------------------------- loading

#: Functions by layer name, for layers whose stored bytecode has no name.
BY_LAYER = {"lambda_bytecode_py36": {"lambda_1": "lambda x: x * 0.5"}}

#: Arguments that Keras 1.2.2 forgot to write: case -> layer -> config values. It had to rebuild these models in code.
FORGOTTEN = {
    "reg_eigenvalue": {"dense_1": {"W_regularizer": {"name": "EigenvalueRegularizer", "k": 0.03}}},
    "prelu_shared_axes": {"prelu_1": {"shared_axes": [1, 2]}},
    "parametric_softplus_shared": {"parametricsoftplus_1": {"shared_axes": [1]}},
    "srelu_shared": {"srelu_1": {"shared_axes": [1]}},
}


def custom_objects(row: dict) -> dict:
    """The functions that the row's model refers to, made from their source."""
    from kbridge import backend as K

    sources = {**row.get("custom_objects", {}), **BY_LAYER.get(row["name"], {})}
    return {name: eval(source, {"K": K}) for name, source in sources.items()}


def model_file(row: dict, folder: Path, key: str = "h5") -> Path:
    """The row's file; a completed copy in ``folder`` where Keras 1.2.2 forgot an argument."""
    path = DATA / row[key]
    if row["name"] not in FORGOTTEN:
        return path
    copy = folder / path.name
    shutil.copy(path, copy)
    with h5py.File(copy, "r+") as h5:
        config = json.loads(h5.attrs["model_config"])
        for layer in config["config"]:
            layer["config"].update(FORGOTTEN[row["name"]].get(layer["config"]["name"], {}))
        h5.attrs.create("model_config", json.dumps(config).encode(), shape=(), dtype=h5py.string_dtype("ascii"))
    return copy


# ---------------------------------------------------------------------- inputs and results


class Case:
    """A row with its arrays."""

    def __init__(self, name: str):
        self.row = rows()[name]
        with np.load(DATA / self.row["npz"]) as arrays:
            self.arrays = dict(arrays)
        self.difference = differences().get(name, {})
        self.x = self._one_or_list(self._inputs("x"))
        targets = self._inputs("y")
        self.y = self._one_or_list(targets)
        weights = [self.arrays.get(f"sample_weight/{i}") for i in range(len(targets))]
        self.sample_weight = None if all(w is None for w in weights) else self._one_or_list(weights)
        self.class_weight = self._class_weight(self.row.get("class_weight"))
        self.batch_size = self.row["batch_size"] or self.row["n_samples"]

    def _inputs(self, prefix: str) -> list:
        found = []
        while f"{prefix}/{len(found)}" in self.arrays:
            found.append(self.arrays[f"{prefix}/{len(found)}"])
        return found

    @staticmethod
    def _one_or_list(items: list):
        return items[0] if len(items) == 1 else items

    @staticmethod
    def _class_weight(weights):
        return None if weights is None else {int(label): weight for label, weight in weights.items()}

    @property
    def fit_arguments(self) -> dict | None:
        """What ``fit`` was called with."""
        if "fit" not in self.row:
            return None
        arguments = dict(self.row["fit"])
        if "class_weight" in arguments:
            arguments["class_weight"] = self._class_weight(arguments["class_weight"])
        return arguments

    def expected(self) -> dict[str, np.ndarray]:
        """Result key -> value: TensorFlow's, or Theano's where the list of differences says so."""
        side = "th/" if self.difference.get("compare") == "theano" else "tf/"
        results = {}
        for key, value in self.arrays.items():
            for prefix in ("both/", side):
                if key.startswith(prefix):
                    results[key.removeprefix(prefix)] = value
        ignored = tuple(self.difference.get("not_compared", ()))
        return {key: value for key, value in results.items() if not (ignored and key.startswith(ignored))}

    def tolerance(self, key: str) -> dict[str, float]:
        """rtol and atol for a result."""
        plain = key == "evaluate" or (key.startswith("predict") and not key.startswith("predict_after_train"))
        return self.row["tolerance"]["predict" if plain else "train"]
