"""One engine's part of a comparison: ``python -m kbridge.comparison.worker JOB.json`` in a process of its own.

The job names the model's file, what to compute and where to write it; arrays go through .npz files without pickles.
"""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path
from typing import Any

import numpy as np


def main(path: str) -> None:
    """Do what the job says."""
    job = json.loads(Path(path).read_text())
    from .. import backend as K

    K.set_floatx(job["floatx"])
    tasks = {"draw": draw, "layers": layers, "train": train, "again": again}
    facts, arrays = tasks[job["task"]](job)
    np.savez(job["out"] + ".npz", **arrays)
    Path(job["out"] + ".json").write_text(json.dumps(facts))


def _model(job: dict) -> Any:
    from ..models import load_model

    custom = {}
    if job["custom"]:
        custom = {k: v for k, v in runpy.run_path(job["custom"]).items() if not k.startswith("_")}
    return load_model(job["model"], custom_objects=custom, original_backend=job["original_backend"])


def _data(job: dict) -> dict[str, np.ndarray]:
    with np.load(job["data"], allow_pickle=False) as arrays:
        return {name: _as_floatx(arrays[name], job["floatx"]) for name in arrays.files}


def _as_floatx(x: np.ndarray, floatx: str) -> np.ndarray:
    return x.astype(floatx) if x.dtype.kind == "f" else x


def _listed(data: dict, prefix: str) -> list[np.ndarray]:
    return [data[f"{prefix}/{i}"] for i in range(sum(name.startswith(f"{prefix}/") for name in data))]


def _loss_functions(job: dict, model, names: list[str]) -> list:
    from ..training.compiling import losses_of

    return losses_of(job["loss"] or getattr(model, "loss", None) or "mse", names)


def _phase() -> tuple[list, list]:
    from .. import backend as K

    phase = K.learning_phase()
    return ([], []) if isinstance(phase, int) else ([phase], [0.0])


def draw(job: dict) -> tuple[dict, dict]:
    """Inputs and targets, as given or drawn."""
    from .. import backend as K
    from ..training.compiling import name_of
    from .inputs import draw_inputs, draw_targets
    from .layers import calls_of, graph_of

    model = _model(job)
    calls, outputs, _ = calls_of(model)
    graph = graph_of(model)
    given = _data(job) if job["data"] else {}
    x = _listed(given, "x") or draw_inputs(calls, len(graph.inputs), job["seed"])
    if len(x) != len(graph.inputs):
        raise ValueError(f"The model has {len(graph.inputs)} inputs ({', '.join(graph.input_names)}), got {len(x)} arrays of data.")
    y = _listed(given, "y")
    if not y:
        names = [name_of(f) for f in _loss_functions(job, model, graph.output_names)]
        phase, values = _phase()
        y = draw_targets(names, K.function([*graph.inputs, *phase], outputs)([*x, *values]), job["seed"])
    arrays = {f"x/{i}": v for i, v in enumerate(x)} | {f"y/{i}": v for i, v in enumerate(y)}
    return {}, arrays


def layers(job: dict) -> tuple[dict, dict]:
    """Output and gradients of every call of a layer, in inference."""
    from .. import backend as K
    from ..training.weighting import weighted_objective
    from .layers import calls_of, graph_of

    model, data = _model(job), _data(job)
    calls, outputs, masks = calls_of(model)
    graph = graph_of(model)
    with K.graph_scope():
        targets = [K.placeholder(ndim=np.ndim(y), dtype=str(y.dtype)) for y in _listed(data, "y")]
        functions = _loss_functions(job, model, graph.output_names)
        terms = [weighted_objective(f)(y, p, None, m) for f, y, p, m in zip(functions, targets, outputs, masks, strict=True)]
        loss = sum(terms[1:], terms[0])
        wanted: dict[str, Any] = {"loss": loss}
        for i, call in enumerate(calls):
            wanted |= {f"output/{i}/{j}": y for j, y in enumerate(call.outputs)}
            # a mask has no name of its own in the model: only a later run of one layer needs it
            wanted |= {f"mask/{i}/{j}": m for j, m in enumerate(call.masks) if m is not None}
        gradients = _gradients(loss, {k: y for k, y in wanted.items() if k.startswith("output/")}, "gradient/")
        weights = {f"{i}/{j}": w for i, call in enumerate(calls) for j, w in enumerate(call.layer.trainable_weights)}
        wanted |= gradients | _gradients(loss, weights, "weight/")
    phase, values = _phase()
    function = K.function([*graph.inputs, *targets, *phase], list(wanted.values()))
    results = function([*_listed(data, "x"), *_listed(data, "y"), *values])
    facts = [
        {"name": c.name, "class_name": type(c.layer).__name__, "sources": c.sources, "positions": c.positions} for c in calls
    ]
    return {"layers": facts}, dict(zip(wanted, map(np.asarray, results), strict=True))


def _gradients(loss, tensors: dict, prefix: str) -> dict[str, Any]:
    """Gradients by name, of the float tensors that the loss depends on."""
    from .. import backend as K

    tensors = {k: t for k, t in tensors.items() if K.dtype(t).startswith("float")}
    found = K.gradients(loss, list(tensors.values())) if tensors else []
    return {prefix + k.removeprefix("output/"): g for k, g in zip(tensors, found, strict=True) if g is not None}


def again(job: dict) -> tuple[dict, dict]:
    """One call of a layer alone, from given inputs and a given gradient of its outputs."""
    from .. import backend as K
    from ..engine.node import single, to_list
    from .layers import calls_of

    calls, _, _ = calls_of(_model(job))
    call, data = calls[job["call"]], _data(job)
    x, upstream = _listed(data, "x"), _listed(data, "upstream")
    with K.graph_scope():
        inputs = []
        for tensor in call.inputs:
            inputs.append(K.placeholder(shape=tensor._keras_shape, dtype=K.dtype(tensor)))
            inputs[-1]._keras_shape = tensor._keras_shape
        masks = [None if m is None else K.placeholder(ndim=K.ndim(m), dtype=K.dtype(m)) for m in call.masks]
        outputs = to_list(call.layer.call(single(inputs), mask=single(masks)))
        ups = [K.placeholder(ndim=u.ndim) for u in upstream]
        terms = [K.sum(y * u) for y, u in zip(outputs, ups, strict=False)]
        wanted = {f"output/{j}": y for j, y in enumerate(outputs)}
        if terms:
            loss = sum(terms[1:], terms[0])
            wanted |= _gradients(loss, dict(zip(map(str, range(len(inputs))), inputs, strict=True)), "gradient/")
            weights = {str(j): w for j, w in enumerate(call.layer.trainable_weights)}
            wanted |= _gradients(loss, weights, "weight/")
    phase, values = _phase()
    given = [m for m in masks if m is not None]
    function = K.function([*inputs, *given, *ups, *phase], list(wanted.values()))
    results = function([*x, *_listed(data, "mask"), *upstream, *values])
    return {}, dict(zip(wanted, map(np.asarray, results), strict=True))


def train(job: dict) -> tuple[dict, dict]:
    """Losses of some training steps, and the weights after them."""
    model, data = _model(job), _data(job)
    if job["loss"] or getattr(model, "optimizer", None) is None:
        optimizer = getattr(model, "optimizer", None) or "sgd"
        model.compile(optimizer, job["loss"] or "mse")
    x, y = _listed(data, "x"), _listed(data, "y")
    losses = []
    for _ in range(job["steps"]):
        result = model.train_on_batch(x[0] if len(x) == 1 else x, y[0] if len(y) == 1 else y)
        losses.append(float(np.ravel(result)[0]))
    arrays = {f"trained/{i}": w for i, w in enumerate(model.get_weights())}
    return {"losses": losses}, arrays


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except Exception as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(1)
