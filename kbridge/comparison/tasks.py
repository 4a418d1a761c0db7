"""The tasks of a worker process: inputs to compare with, all layers, each layer alone, training steps."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from .. import backend as K
from ..custom_file import objects_in
from ..engine.container import Container
from ..engine.node import single, to_list
from ..errors import UsageError
from ..models import load_model
from ..training.compiling import loss_weights_of, losses_of, name_of
from ..training.weighting import weighted_objective
from .inputs import draw_inputs, draw_targets
from .layers import Call, calls_of, graph_of
from .report import PHASES

#: how much inputs and weights are changed to see whether a gradient jumps: some rounding errors of float32
_JITTER = 3e-6

Progress = Callable[[str], None]
Results = tuple[dict, dict[str, np.ndarray]]


class _Loaded(NamedTuple):
    """A model taken apart."""

    key: tuple
    model: Any
    graph: Container
    calls: list[Call]
    outputs: list
    masks: list


_last: list[_Loaded] = []


def _model(job: dict) -> Any:
    return load_model(job["model"], custom_objects=objects_in(job["custom"]), original_backend=job["original_backend"])


def _loaded(job: dict, progress: Progress) -> _Loaded:
    """The job's model; kept for the next job, which mostly asks for the same."""
    key = (job["model"], job["floatx"], job["custom"], job["original_backend"])
    if not (_last and _last[0].key == key):
        _last.clear()
        K.clear_session()
        progress("loading the model")
        model = _model(job)
        _last.append(_Loaded(key, model, graph_of(model), *calls_of(model)))
    return _last[0]


def _data(job: dict) -> dict[str, np.ndarray]:
    with np.load(job["data"], allow_pickle=False) as arrays:
        data = {name: _as_floatx(arrays[name], job["floatx"]) for name in arrays.files}
    # targets and the gradients that come from above stay
    names = [name for name in data if name.startswith(("x/", *(f"{phase}/output/" for phase in PHASES)))]
    return data | dict(zip(names, _jittered([data[name] for name in names], job), strict=True))


def _jittered(arrays: list[np.ndarray], job: dict) -> list[np.ndarray]:
    """Floats changed a little, as the job's number of a jitter says; unchanged without one."""
    if job.get("jitter") is None:
        return arrays
    random = np.random.default_rng(job["jitter"])
    return [x * (1 + _JITTER * random.uniform(-1, 1, x.shape)) if x.dtype.kind == "f" else x for x in arrays]


@contextlib.contextmanager
def _jittered_weights(model, job: dict) -> Iterator[None]:
    before = model.get_weights()
    model.set_weights(_jittered(before, job))
    yield
    model.set_weights(before)


def _as_floatx(x: np.ndarray, floatx: str) -> np.ndarray:
    return x.astype(floatx) if x.dtype.kind == "f" else x


def _listed(data: dict, prefix: str) -> list[np.ndarray]:
    return [data[f"{prefix}/{i}"] for i in range(sum(name.startswith(f"{prefix}/") for name in data))]


def _loss_of(job: dict, loaded: _Loaded, targets: list, outputs: list, masks: list) -> Any:
    """The sum of the outputs' losses, with the model's weights of them."""
    names = loaded.graph.output_names
    functions = _loss_functions(job, loaded.model, names)
    weights = loss_weights_of(getattr(loaded.model, "loss_weights", None), names)
    parts = zip(functions, weights, targets, outputs, masks, strict=True)
    terms = [w * weighted_objective(f)(y, p, None, m) for f, w, y, p, m in parts]
    return sum(terms[1:], terms[0])


def _loss_functions(job: dict, model, names: list[str]) -> list:
    return losses_of(job["loss"] or getattr(model, "loss", None) or "mse", names)


def _phases(uses_phase: bool) -> tuple[list, dict[str, list]]:
    """(the learning phase, if there is one, as inputs; name of each phase to run in -> its values)."""
    phase = K.learning_phase()
    if isinstance(phase, int):
        return [], {PHASES[phase]: []}
    return [phase], {name: [float(value)] for value, name in enumerate(PHASES) if uses_phase or not value}


def _run(inputs: list, wanted: dict[str, Any], values: Callable[[str], list], uses_phase: bool, progress: Progress) -> dict:
    """The values of ``wanted`` in each phase, whose name comes before theirs."""
    phase_inputs, phases = _phases(uses_phase)
    progress("compiling")
    function = K.function([*inputs, *phase_inputs], list(wanted.values()))
    found: dict[str, np.ndarray] = {}
    for name, phase in phases.items():
        progress(f"computing ({name})")
        results = function([*values(name), *phase])
        found |= {f"{name}/{key}": np.asarray(value) for key, value in zip(wanted, results, strict=True)}
    return found


def _gradients(loss, tensors: dict, prefix: str) -> dict[str, Any]:
    """Gradients by name, of the float tensors that the loss depends on."""
    tensors = {k: t for k, t in tensors.items() if K.dtype(t).startswith("float")}
    found = K.gradients(loss, list(tensors.values())) if tensors else []
    return {f"{prefix}/{k}": g for k, g in zip(tensors, found, strict=True) if g is not None}


def draw(job: dict, progress: Progress) -> Results:
    """Inputs and targets, as given or drawn."""
    loaded = _loaded(job, progress)
    graph, given = loaded.graph, _data(job) if job["data"] else {}
    x = _given(given, "x", job, graph.input_names) or draw_inputs(loaded.calls, len(graph.inputs), job["seed"])
    _check("data", "input", graph.input_names, [t._keras_shape for t in graph.inputs], x)
    losses = [name_of(f) for f in _loss_functions(job, loaded.model, graph.output_names)]
    y = _given(given, "y", job, graph.output_names)
    if y:
        shapes = [t._keras_shape for t in graph.outputs]
        classes = [(*s[:-1], 1) if loss == "sparse_categorical_crossentropy" else s for s, loss in zip(shapes, losses, strict=True)]
        _check("targets", "output", graph.output_names, classes, y)
    else:
        wanted = {str(i): t for i, t in enumerate(loaded.outputs)}
        found = _run(graph.inputs, wanted, lambda phase: x, False, progress)
        y = draw_targets(losses, list(found.values()), job["seed"])
    if len({len(array) for array in x + y}) != 1:
        raise UsageError(f"data and targets must have the same number of samples, got {', '.join(str(len(a)) for a in x + y)}.")
    return {}, {f"x/{i}": v for i, v in enumerate(x)} | {f"y/{i}": v for i, v in enumerate(y)}


def _given(given: dict[str, np.ndarray], prefix: str, job: dict, names: list[str]) -> list[np.ndarray]:
    """The user's arrays, by name where their names are the model's, else in the order they came in."""
    arrays, called = _listed(given, prefix), job["names"].get(prefix, [])
    return [arrays[called.index(name)] for name in names] if sorted(called) == sorted(names) else arrays


def _check(given: str, what: str, names: list[str], shapes: list[tuple], arrays: list[np.ndarray]) -> None:
    """As many arrays as the model has inputs or outputs, and each of a shape that fits."""
    if len(arrays) != len(names):
        raise UsageError(f"the model has {len(names)} {what}s ({', '.join(names)}), but the {given} hold {len(arrays)} arrays.")
    for name, shape, x in zip(names, shapes, arrays, strict=True):
        if x.dtype.kind not in "fiub":
            raise UsageError(f"the {given} for the model's {what} {name} must be numbers, got {x.dtype}.")
        if len(shape) != x.ndim or any(n not in (None, m) for n, m in zip(shape, x.shape, strict=True)):
            raise UsageError(f"the model's {what} {name} has the shape {shape}, but the {given} have {x.shape}.")


def layers(job: dict, progress: Progress) -> Results:
    """Output and gradients of every call of a layer, the loss and the predictions."""
    loaded, data = _loaded(job, progress), _data(job)
    calls = loaded.calls
    with K.graph_scope():
        targets = [K.placeholder(ndim=np.ndim(y), dtype=str(y.dtype)) for y in _listed(data, "y")]
        loss = _loss_of(job, loaded, targets, loaded.outputs, loaded.masks)
        wanted: dict[str, Any] = {"loss": loss}
        wanted |= {f"prediction/{i}": y for i, y in enumerate(loaded.outputs)}
        # masks aren't compared: the run of each layer alone takes them, and the loss's
        wanted |= {f"mask/loss/{i}": m for i, m in enumerate(loaded.masks) if m is not None}
        tensors: dict[str, Any] = {}
        weights: dict[str, Any] = {}
        for i, call in enumerate(calls):
            tensors |= {f"{i}/{j}": y for j, y in enumerate(call.outputs)}
            weights |= {f"{i}/{j}": w for j, w in enumerate(call.layer.trainable_weights)}
            wanted |= {f"mask/{i}/{j}": m for j, m in enumerate(call.masks) if m is not None}
        wanted |= {f"output/{key}": y for key, y in tensors.items()}
        wanted |= _gradients(loss, tensors, "gradient") | _gradients(loss, weights, "weight")
    inputs = [*_listed(data, "x"), *_listed(data, "y")]
    with _jittered_weights(loaded.model, job):
        found = _run([*loaded.graph.inputs, *targets], wanted, lambda phase: inputs, loaded.graph.uses_learning_phase, progress)
    facts = [{"name": c.name, "class_name": type(c.layer).__name__, "sources": c.sources, "positions": c.positions} for c in calls]
    return {"layers": facts}, found


def alone(job: dict, progress: Progress) -> Results:
    """Each call of a layer from given inputs and given gradients of its outputs, and the loss from given predictions.

    The data are those that ``layers`` computed elsewhere.
    """
    loaded, data = _loaded(job, progress), _data(job)
    first = next(phase for phase in PHASES if f"{phase}/loss" in data)
    feeds: dict[str, Any] = {}
    wanted: dict[str, Any] = {}
    with K.graph_scope():
        for i, call in enumerate(loaded.calls):
            if call.inputs:
                wanted |= _call_alone(i, call, data, first, feeds)
        predictions = {str(i): _fed(y, f"prediction/{i}", feeds) for i, y in enumerate(loaded.outputs)}
        targets = [_fed_like(y, f"target/{i}", feeds) for i, y in enumerate(_listed(data, "y"))]
        masks = [None if m is None else _fed(m, f"mask/loss/{i}", feeds) for i, m in enumerate(loaded.masks)]
        loss = _loss_of(job, loaded, targets, list(predictions.values()), masks)
        wanted |= {"output/loss/0": loss} | _gradients(loss, predictions, "gradient/loss")
    given = {f"{phase}/target/{i}": y for phase in PHASES for i, y in enumerate(_listed(data, "y"))} | data

    def values(phase: str) -> list:
        return [given[f"{phase}/{key}"] for key in names.values()]

    # a tensor that several layers take is fed once for each of them
    names = {key: key.split(" ")[0] for key in feeds}
    with _jittered_weights(loaded.model, job):
        return {}, _run(list(feeds.values()), wanted, values, loaded.graph.uses_learning_phase, progress)


def _call_alone(i: int, call: Call, data: dict, phase: str, feeds: dict[str, Any]) -> dict[str, Any]:
    """Return the tensors to compute of one call; the placeholders that it takes come into ``feeds`` under the data's names."""
    sources = zip(call.inputs, call.sources, call.positions, strict=True)
    inputs = {str(j): _fed(x, f"output/{s}/{p} {i}/{j}", feeds) for j, (x, s, p) in enumerate(sources)}
    masks = [None if m is None else _fed(m, f"mask/{i}/{j}", feeds) for j, m in enumerate(call.masks)]
    outputs = to_list(call.layer.call(single(list(inputs.values())), mask=single(masks)))
    wanted = {f"output/{i}/{j}": y for j, y in enumerate(outputs)}
    upstream = {j: data.get(f"{phase}/gradient/{i}/{j}") for j in range(len(outputs))}
    terms = [K.sum(outputs[j] * _fed_like(u, f"gradient/{i}/{j}", feeds)) for j, u in upstream.items() if u is not None]
    if terms:
        total = sum(terms[1:], terms[0])
        weights = {str(j): w for j, w in enumerate(call.layer.trainable_weights)}
        wanted |= _gradients(total, inputs, f"gradient/{i}") | _gradients(total, weights, f"weight/{i}")
    return wanted


def _fed(tensor, name: str, feeds: dict[str, Any]) -> Any:
    """A placeholder like ``tensor``, noted under ``name``."""
    shape = getattr(tensor, "_keras_shape", None)
    sizes = {"ndim": K.ndim(tensor)} if shape is None else {"shape": shape}
    feeds[name] = K.placeholder(dtype=K.dtype(tensor), **sizes)
    if shape is not None:
        feeds[name]._keras_shape = shape
    return feeds[name]


def _fed_like(value: np.ndarray, name: str, feeds: dict[str, Any]) -> Any:
    feeds[name] = K.placeholder(ndim=value.ndim, dtype=str(value.dtype))
    return feeds[name]


def train(job: dict, progress: Progress) -> Results:
    """Losses of some training steps, and each layer's weights after them."""
    _last.clear()
    K.clear_session()
    progress("loading the model")
    model, data = _model(job), _data(job)
    if job["loss"] or getattr(model, "optimizer", None) is None:
        model.compile(getattr(model, "optimizer", None) or "sgd", job["loss"] or "mse")
    x, y = _listed(data, "x"), _listed(data, "y")
    model.set_weights(_jittered(model.get_weights(), job))
    losses = []
    for step in range(job["steps"]):
        progress(f"training step {step + 1} of {job['steps']}")
        result = model.train_on_batch(single(x), single(y))
        losses.append(float(np.ravel(result)[0]))
    weights = {f"{name}/{j}": w for name, layer in _flat(model, "") for j, w in enumerate(layer.get_weights())}
    # names of layers may hold any character, names of files not
    return {"losses": losses, "weights": list(weights)}, {str(i): w for i, w in enumerate(weights.values())}


def _flat(model, prefix: str) -> list[tuple[str, Any]]:
    """(name as ``calls_of`` gives it, layer) of all layers, those of models inside too."""
    found: list[tuple[str, Any]] = []
    for layer in graph_of(model).layers:
        name = prefix + layer.name
        found += _flat(layer, f"{name}/") if isinstance(layer, Container) else [(name, layer)]
    return found
