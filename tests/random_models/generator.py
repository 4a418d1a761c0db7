"""Makes a random model as plain data (JSON): inputs, nodes, outputs, losses, an optimizer, which layers are frozen.

Shapes and masks come from building the model along the way, so that every model is valid; the data alone says all.
"""

from __future__ import annotations

import numpy as np

from . import layers
from .layers import maybe, pick

OPTIMIZERS = [
    {"class": "SGD", "arguments": {"lr": 0.05}},
    {"class": "SGD", "arguments": {"lr": 0.05, "momentum": 0.9, "nesterov": True, "decay": 0.01}},
    {"class": "RMSprop", "arguments": {"lr": 0.01, "epsilon": 1e-3}},
    {"class": "Adagrad", "arguments": {"lr": 0.02, "epsilon": 1e-3}},
    {"class": "Adadelta", "arguments": {"epsilon": 1e-3}},
    {"class": "Adam", "arguments": {"lr": 0.01, "epsilon": 1e-3}},
    {"class": "Adamax", "arguments": {"lr": 0.01, "epsilon": 1e-3}},
    {"class": "Nadam", "arguments": {"lr": 0.01, "epsilon": 1e-3}},
    {"class": "SGD", "arguments": {"lr": 0.05, "clipnorm": 0.5}},
]
LOSSES = ["mse", "mse", "mae", "msle", "squared_hinge", "hinge", "poisson", "cosine_proximity", "kullback_leibler_divergence"]
METRICS = ["mse", "mae", "mape", "hinge", "squared_hinge", "binary_accuracy", "precision", "fmeasure"]
MERGES = ["sum", "mul", "ave", "max", "concat", "dot", "cos"]
#: layers that draw numbers while training
NOISY = ("Dropout", "GaussianNoise", "GaussianDropout")


def generate(seed: int) -> dict:
    """The model of ``seed``."""
    from .build import Graph

    rng = np.random.RandomState(seed)
    nested = rng.rand() < 0.25
    spec: dict = {"seed": int(seed), "inputs": [], "nodes": [], "outputs": []}
    for i in range(int(pick(rng, [1, 1, 1, 2]))):
        spec["inputs"].append(_input(rng, f"in{i}"))
    graph = Graph(spec)
    _grow(rng, spec, graph, steps=int(rng.randint(2, 8)), nested=nested)
    used = {name for node in spec["nodes"] for name in node["inputs"]}
    leaves = [node["name"] for node in spec["nodes"] if node["name"] not in used]
    spec["outputs"] = leaves[-3:] if rng.rand() < 0.3 else leaves[-1:]
    prune(spec)
    spec["losses"] = [pick(rng, LOSSES) for _ in spec["outputs"]]
    spec["optimizer"] = pick(rng, OPTIMIZERS)
    spec["sample_weights"] = bool(rng.rand() < 0.3)
    spec["frozen"] = [node["name"] for node in spec["nodes"] if "shared" not in node and rng.rand() < 0.3]
    spec["noisy"] = noisy(spec)
    # from numbers of their own, so that the models of the seeds stay as they were
    _more(np.random.RandomState(seed + 2**20), spec, graph)
    return spec


def _more(rng, spec: dict, graph) -> None:
    """Classification losses, weights of losses and of time steps, metrics, states, layers frozen from the start."""
    for i, name in enumerate(spec["outputs"]):
        shape = graph.shape(name)
        if len(shape) > 2 or shape[-1] is None or rng.rand() > 0.3:
            continue
        loss = pick(rng, ["binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy"])
        units, end = (1, "sigmoid") if loss == "binary_crossentropy" else (3, "softmax")
        layer = {"class": "Dense", "arguments": {"output_dim": units, "activation": end}}
        if _add(spec, graph, {"layer": layer, "inputs": [name]}):
            spec["outputs"][i], spec["losses"][i] = spec["nodes"][-1]["name"], loss
    shapes = [graph.shape(name) for name in spec["outputs"]]
    if rng.rand() < 0.3:
        spec["loss_weights"] = [round(float(rng.uniform(0.2, 2)), 2) for _ in spec["outputs"]]
    if rng.rand() < 0.5:
        spec["metrics"] = list(dict.fromkeys(pick(rng, METRICS) for _ in range(2)))
    if rng.rand() < 0.5:
        spec["temporal"] = [len(shape) > 1 and bool(rng.rand() < 0.6) for shape in shapes]
    if rng.rand() < 0.3:
        spec["frozen first"] = [node["name"] for node in spec["nodes"] if "shared" not in node and rng.rand() < 0.3]
    if rng.rand() < 0.2 and not spec["noisy"]:
        _make_stateful(rng, spec)


def _make_stateful(rng, spec: dict) -> None:
    """Fix the number of samples, and let some recurrent layers go on from batch to batch."""
    spec["batch"] = 4
    for node in spec["nodes"]:
        if "model" in node:
            _make_stateful(rng, node["model"])
        layer = node.get("layer", {})
        cell = layer["arguments"]["layer"] if layer.get("class") == "Bidirectional" else layer
        if cell.get("class") in ("SimpleRNN", "GRU", "LSTM") and rng.rand() < 0.7:
            cell["arguments"]["stateful"] = True


def noisy(spec: dict) -> bool:
    """Whether the model draws numbers while training."""
    text = repr(spec["nodes"])
    return any(f"'{name}'" in text for name in NOISY) or "dropout_" in text


def prune(spec: dict) -> None:
    """Drop what no output needs."""
    needed = set(spec["outputs"])
    for node in reversed(spec["nodes"]):
        if node["name"] in needed:
            needed.update(node["inputs"])
            needed.update([node["shared"]] if "shared" in node else [])
    spec["nodes"] = [node for node in spec["nodes"] if node["name"] in needed]
    spec["inputs"] = [entry for entry in spec["inputs"] if entry["name"] in needed]
    names = {node["name"] for node in spec["nodes"]}
    for key in ("frozen", "frozen first"):
        if key in spec or key == "frozen":
            spec[key] = [name for name in spec.get(key, []) if name in names]


def _input(rng, name: str) -> dict:
    axes = int(pick(rng, [1, 2, 2, 2, 3, 3, 4]))
    if axes == 2 and rng.rand() < 0.3:
        return {"name": name, "shape": [pick(rng, [None, 4])], "ids": 6, "mask_zero": bool(rng.rand() < 0.5)}
    length = pick(rng, [None, 3, 4, 5]) if axes == 2 else int(rng.randint(2, 5))
    return {"name": name, "shape": [length, *[int(n) for n in rng.randint(2, 5, axes - 1)]] if axes > 1 else [int(rng.randint(2, 6))]}


def _grow(rng, spec: dict, graph, steps: int, nested: bool) -> None:
    for entry in spec["inputs"]:
        if "ids" in entry:
            arguments = {"input_dim": entry["ids"], "output_dim": int(rng.randint(1, 4)), "mask_zero": entry["mask_zero"]}
            _add(spec, graph, {"layer": {"class": "Embedding", "arguments": arguments}, "inputs": [entry["name"]]})
    for _ in range(steps):
        for attempt in range(30):
            node = _proposal(rng, spec, graph, nested and attempt < 3)
            if node is not None and _add(spec, graph, node):
                break


def _add(spec: dict, graph, node: dict) -> bool:
    node = {"name": f"n{len(spec['nodes'])}", **node}
    if not graph.add(node):
        return False
    spec["nodes"].append(node)
    return True


def _proposal(rng, spec: dict, graph, nested: bool) -> dict | None:
    names = [name for name in graph.tensors if not graph.is_ids(name)]
    # mostly go on from the newest tensor: deep rather than wide
    name = names[-1] if rng.rand() < 0.7 else pick(rng, names)
    shape = graph.shape(name)
    if len(names) > 1 and rng.rand() < 0.2:
        return _merge(rng, graph, name, names)
    layered = [n for n in spec["nodes"] if "layer" in n or "model" in n]
    if layered and rng.rand() < 0.08:
        again = pick(rng, layered)
        if [graph.shape(i) for i in again["inputs"]] == [shape]:
            return {"shared": again["name"], "inputs": [name]}
    if len(shape) not in layers.BY_AXES:
        return None
    if nested and rng.rand() < 0.25:
        return _nested(rng, shape, name)
    return {"layer": layers.choose(rng, shape), "inputs": [name]}


def _nested(rng, shape, name: str) -> dict | None:
    """A model of its own on a tensor of ``shape``; Sequential where it is a chain, for half of them."""
    from .build import Graph

    spec: dict = {"inputs": [{"name": "in0", "shape": list(shape)}], "nodes": [], "outputs": []}
    graph = Graph(spec)
    _grow(rng, spec, graph, steps=int(rng.randint(1, 4)), nested=False)
    if not spec["nodes"]:
        return None
    spec["outputs"] = [spec["nodes"][-1]["name"]]
    prune(spec)
    chain = all(node["inputs"] == [before["name"]] for before, node in zip([spec["inputs"][0], *spec["nodes"]], spec["nodes"]))
    plain = all("layer" in node for node in spec["nodes"])
    if chain and plain and rng.rand() < 0.5:
        spec["sequential"] = True
    return {"model": spec, "inputs": [name]}


def _merge(rng, graph, name: str, names: list[str]) -> dict | None:
    other, mode = pick(rng, names), pick(rng, MERGES)
    x, y = graph.shape(name), graph.shape(other)
    if mode == "dot" or mode == "cos":
        if len(x) == len(y) == 1 and x == y:
            return {"merge": {"mode": mode, "dot_axes": 1}, "inputs": [name, other]}
        if mode == "dot" and len(x) == len(y) == 2 and x[1] == y[1]:
            return {"merge": {"mode": mode, "dot_axes": 2}, "inputs": [name, other]}
        return None
    if mode == "concat":
        if len(x) != len(y):
            return None
        axis = int(rng.randint(1, len(x) + 1))
        same = all(i + 1 == axis or n == m for i, (n, m) in enumerate(zip(x, y)))
        if not same or x[axis - 1] is None or y[axis - 1] is None:
            return None
        return {"merge": {"mode": mode, "concat_axis": axis}, "inputs": [name, other]}
    if x != y or None in x[1:]:
        return None
    return {"merge": {"mode": mode, **maybe(rng, 0, unused=0)}, "inputs": [name, other]}
