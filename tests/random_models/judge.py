"""Whether a backend's numbers of a model are right: NumPy in float64 and finite differences judge; a failure shrinks itself."""

from __future__ import annotations

import copy
import pprint
from collections.abc import Callable, Iterator

import numpy as np

from .generator import noisy, prune
from .worker import Failed, Worker

#: of the largest number of an array; float32 through some layers and training steps
TOLERANCE = 2e-4
#: how much the inputs are moved to see how far the model's own numbers carry a rounding
NUDGE = 3e-7


def reference(judge: Worker, spec: dict) -> tuple[dict[str, np.ndarray], list[str]]:
    """The judge's numbers, and where its gradients differ from finite differences."""
    found = judge.run(spec, gradients=True)
    wrong = []
    if "gradient/analytic" in found:
        analytic, numeric = found["gradient/analytic"], found["gradient/numeric"]
        if not np.allclose(analytic, numeric, rtol=1e-4, atol=1e-6):
            wrong.append(f"gradient: K.gradients gives {analytic}, differences {numeric}")
    return found, wrong


def differences(judge: Worker, backend: Worker, spec: dict, expected: dict[str, np.ndarray]) -> list[str]:
    """Where ``backend`` differs from ``expected`` by more than rounding can explain."""
    got = backend.run(spec)
    names = [name for name in expected if not name.startswith("gradient/")]
    suspects = [name for name in names if not _close(got.get(name), expected[name], 0.0)]
    if suspects:
        # a kink or a badly conditioned model: there a rounding of the inputs alone changes as much
        moved = judge.run(spec, nudge=NUDGE)
        suspects = [n for n in suspects if not _close(got.get(n), expected[n], 30 * _largest(moved[n] - expected[n]))]
    return [f"{name}: {_told(got.get(name))}, expected {_told(expected[name])}" for name in suspects]


def _largest(array: np.ndarray) -> float:
    return float(np.max(np.abs(array))) if array.size else 0.0


def _close(got: np.ndarray | None, expected: np.ndarray, more: float) -> bool:
    if got is None or got.shape != expected.shape:
        return False
    return bool(np.all(np.isnan(got) == np.isnan(expected))) and (
        _largest(np.nan_to_num(got) - np.nan_to_num(expected)) <= TOLERANCE * max(1.0, _largest(np.nan_to_num(expected))) + more
    )


def _told(array: np.ndarray | None) -> str:
    if array is None:
        return "missing"
    text = np.array2string(array.ravel()[:6], precision=6, separator=", ")
    return f"{text} of shape {array.shape}"


def problems(judge: Worker, backend: Worker | None, spec: dict) -> list[str]:
    """All that is wrong with one model, in words; empty if nothing is."""
    try:
        expected, wrong = reference(judge, spec)
    except Failed as error:
        return [f"judge: {error}"]
    if wrong or backend is None:
        return wrong
    try:
        return differences(judge, backend, spec, expected)
    except Failed as error:
        return [str(error)]


def kind(problem: str) -> tuple:
    """What two problems share that are one: the kind of number that is off, or the error and its place."""
    name, _, rest = problem.partition(": ")
    if name in ("judge", "numpy", "tensorflow", "theano"):
        words = rest.removeprefix(f"{name}: ").split(":")
        return name, words[0] if name != "judge" else rest.split(":")[1], problem.rpartition("(")[2]
    return (name.partition("/")[0],)


def shrunk(spec: dict, still_fails: Callable[[dict], bool], most: int = 60) -> dict:
    """A smaller model that fails in the same way."""
    tried = 0
    progress = True
    while progress and tried < most:
        progress = False
        for smaller in _smaller(spec):
            tried += 1
            if tried > most:
                break
            if still_fails(smaller):
                spec, progress = smaller, True
                break
    return spec


def _smaller(spec: dict) -> Iterator[dict]:
    for node in spec["nodes"]:
        if [node["name"]] != spec["outputs"]:
            fewer = {key: spec[key][:1] for key in ("losses", "loss_weights") if key in spec}
            yield _changed(spec, outputs=[node["name"]], **fewer, **({"temporal": [False]} if "temporal" in spec else {}))
    for node in spec["nodes"]:
        if "shared" in node or any("shared" in n and n["shared"] == node["name"] for n in spec["nodes"]):
            continue
        for name in node["inputs"]:
            yield _changed(_without(spec, node["name"], name))
    if spec.get("frozen"):
        yield _changed(spec, frozen=[])
    for key in ("frozen first", "metrics", "temporal", "loss_weights"):
        if key in spec:
            smaller = copy.deepcopy(spec)
            del smaller[key]
            yield smaller
    if spec.get("sample_weights"):
        yield _changed(spec, sample_weights=False)
    if set(spec["losses"]) != {"mse"}:
        yield _changed(spec, losses=["mse"] * len(spec["losses"]))
    if spec["optimizer"] != {"class": "SGD", "arguments": {"lr": 0.05}}:
        yield _changed(spec, optimizer={"class": "SGD", "arguments": {"lr": 0.05}})
    for i, node in enumerate(spec["nodes"]):
        for name in list(node.get("layer", {}).get("arguments", {})):
            smaller = copy.deepcopy(spec)
            del smaller["nodes"][i]["layer"]["arguments"][name]
            yield smaller


def _without(spec: dict, name: str, instead: str) -> dict:
    """Without a node: who read it reads ``instead``."""
    smaller = copy.deepcopy(spec)
    smaller["nodes"] = [n for n in smaller["nodes"] if n["name"] != name]
    for node in smaller["nodes"]:
        node["inputs"] = [instead if i == name else i for i in node["inputs"]]
    smaller["outputs"] = [instead if o == name else o for o in smaller["outputs"]]
    return smaller


def _changed(spec: dict, **parts) -> dict:
    smaller = {**copy.deepcopy(spec), **parts}
    prune(smaller)
    smaller["noisy"] = noisy(smaller)
    return smaller


def as_test(spec: dict, backend: str) -> str:
    """The model as a test to paste."""
    literal = pprint.pformat(spec, width=120, sort_dicts=False)
    return (
        "from random_models import judge\nfrom random_models.worker import Worker\n\n\ndef test_it():\n"
        f'    spec = {literal}\n    with Worker("numpy", "float64") as numpy64, Worker({backend!r}) as backend:\n'
        "        assert judge.problems(numpy64, backend, spec) == []\n"
    )
