"""Reads the backend-op rows that Keras 1.2.2 computed, and the list of chosen differences."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

DATA = Path(__file__).parent / "data" / "oracle"
#: modules of Keras that rows may name besides functions of the backend
FRONTEND = ("activations", "objectives", "metrics", "constraints", "regularizers")


@cache
def rows() -> dict[str, dict]:
    return {row["id"]: row for row in json.loads((DATA / "backend_ops.json").read_text())}


@cache
def arrays() -> dict[str, np.ndarray]:
    with np.load(DATA / "backend_ops.npz") as z:
        return dict(z)


@cache
def differences() -> dict[str, dict]:
    """Row id -> entry of the list of chosen differences."""
    entries = json.loads((DATA / "differences.json").read_text())
    return {row: entry for entry in entries for row in entry["rows"]}


def is_frontend(row: dict) -> bool:
    return row["op"].partition(".")[0] in FRONTEND


def side(row: dict) -> str:
    """Which oracle defines the row: TensorFlow's, unless the list of differences names Theano's."""
    return differences().get(row["id"], {}).get("follow", "tf")


def expected(row: dict, key: str) -> np.ndarray | None:
    """The oracle's array for 'out/0', 'grad/1' ...; None where it has none."""
    for prefix in ("both", side(row)):
        found = arrays().get(f"{row['id']}/{prefix}/{key}")
        if found is not None:
            return found
    return None


def expects_error(row: dict) -> bool:
    return row["status"][side(row)] != "ok"


class Inputs:
    """A row's arguments, with variables of a backend in place of the arrays."""

    def __init__(self, K: Any, row: dict):
        self.K, self.row = K, row
        self.variables: dict[int, Any] = {}
        self.args = [self._value(a) for a in row["args"]]
        self.kwargs = {k: self._value(v) for k, v in row["kwargs"].items()}

    def array(self, i: int) -> np.ndarray:
        value = arrays()[f"{self.row['id']}/in/{i}"]
        if i == 1 and differences().get(self.row["id"], {}).get("flip_kernel"):
            spatial = (2, 3) if self.row["kwargs"]["dim_ordering"]["literal"] == "th" else (0, 1)
            return np.flip(value, spatial)
        return value

    def _value(self, spec: dict) -> Any:
        if "array" in spec:
            value = self.array(spec["array"])
            self.variables[spec["array"]] = self.K.variable(value, dtype=str(value.dtype))
            return self.variables[spec["array"]]
        if "list" in spec:
            return [self._value(v) for v in spec["list"]]
        if "function" in spec:
            return eval(spec["function"], {"K": self.K})  # noqa: S307 -- sources of our own test data
        return spec["literal"]

    def gradient_arguments(self) -> list[int]:
        """The arguments that the oracle has, or could have, a gradient for."""
        wanted = self.row.get("gradargs")
        return [i for i in self.variables if (wanted is None or i in wanted) and expected(self.row, f"grad/{i}") is not None]

    def without_gradient(self) -> list[int]:
        """Arguments for which the oracle returned None."""
        return (self.row.get("no_gradient") or {}).get(side(self.row)) or []


def assert_equal(got: Any, want: np.ndarray, what: str, rtol: float = 1e-4, atol: float = 1e-5) -> None:
    got = np.asarray(got)
    assert got.shape == want.shape, f"{what} has shape {got.shape}, Keras gave {want.shape}"
    np.testing.assert_allclose(got.astype("float64"), want.astype("float64"), rtol=rtol, atol=atol, err_msg=what)
