"""Random models converted to ONNX and Keras 3: what onnxruntime and Keras 3 make of them is what the model predicts, and a training
step gives the same where no note says otherwise.

    PYTHONPATH=.:tests KBRIDGE_BACKEND=numpy python -m random_models.conversion 500 --seed 7
"""

from __future__ import annotations

import argparse
import copy
import os
import re
import tempfile
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from . import build, generator, scenario
from .layers import pick

TOLERANCE = 2e-4
#: how much the inputs are moved to see how far a model carries a rounding
NUDGE = 1e-6


def varied(spec: dict) -> dict:
    """The model with settings here and there that conversions are at risk with; each only where the model can still be built."""
    rng = np.random.RandomState(spec["seed"] % 2**31 + 11)
    for i in range(len(spec["nodes"])):
        changed = copy.deepcopy(spec)
        if _vary(rng, changed["nodes"][i]) and _builds(changed):
            spec = changed
    for i, entry in enumerate(spec["inputs"]):
        if len(entry["shape"]) == 2 and rng.rand() < 0.4:
            changed = _masked(copy.deepcopy(spec), entry["name"])
            spec = changed if _builds(changed) else spec
        # a model inside knows the lengths that it was made for
        if len(entry["shape"]) > 2 and rng.rand() < 0.3 and not any("model" in node for node in spec["nodes"]):
            changed = copy.deepcopy(spec)
            axis = int(rng.randint(len(entry["shape"]) - 1))
            changed["inputs"][i]["shape"][axis] = None
            spec = changed if _builds(changed) else spec
    return spec


def _masked(spec: dict, name: str) -> dict:
    """With a mask on an input, which goes wherever that goes."""
    for node in spec["nodes"]:
        node["inputs"] = [f"masked_{name}" if i == name else i for i in node["inputs"]]
    spec["nodes"].insert(0, {"name": f"masked_{name}", "layer": {"class": "Masking", "arguments": {}}, "inputs": [name]})
    return spec


def _vary(rng, node: dict) -> bool:
    if "model" in node:
        return any([_vary(rng, inner) for inner in node["model"]["nodes"]])
    if "merge" in node:
        mode = node["merge"]["mode"]
        if mode in ("sum", "max") and rng.rand() < 0.5:
            node["merge"]["mode"] = {"sum": "sub", "max": "min"}[mode]
            return True
        return False
    if "layer" not in node:
        return False
    data = node["layer"]
    inner = data["arguments"].get("layer")
    if isinstance(inner, dict) and rng.rand() < 0.5:
        return _vary(rng, {"layer": inner})
    arguments, before = data["arguments"], copy.deepcopy(data["arguments"])
    if arguments.get("border_mode") == "same" and rng.rand() < 0.4:
        arguments["border_origin"] = "theano"
    if "Convolution" in data["class"] and rng.rand() < 0.2:
        arguments["activation"] = pick(rng, ["softmax", "hard_sigmoid"])
    constraint = arguments.get("W_constraint")
    if constraint and "axis" in constraint and "olution" in data["class"]:
        axes = 5 if data["class"] == "Convolution3D" else 4
        arguments["W_constraint"] = {**constraint, "axis": pick(rng, [0, axes - 1, 1, -2, [0, 1], list(range(axes - 1))])}
    if data["class"] == "LeakyReLU" and rng.rand() < 0.5:
        arguments["alpha"] = -0.3
    if data["class"] == "BatchNormalization" and rng.rand() < 0.3:
        arguments[pick(rng, ["center", "scale"])] = False
    if data["class"].startswith(("MaxPooling1D", "AveragePooling1D")) and rng.rand() < 0.4:
        arguments["stride"] = 3
    return arguments != before


def _builds(spec: dict) -> bool:
    try:
        build.model(spec)
    except Exception:
        return False
    return True


class Subject:
    """A random model with weights that are set, some of its layers frozen, and what it predicts."""

    def __init__(self, spec: dict):
        seed, self.spec = spec["seed"], varied(spec)
        np.random.seed(seed % 2**31)
        self.model, layers = build.model(self.spec)
        scenario._settle_weights(self.spec, self.model)
        rng = np.random.RandomState(seed % 2**31 + 5)
        if rng.rand() < 0.2:
            for name in self.spec["frozen"]:
                layers[name].trainable = False
        self.masks = _kept_steps(self.model)

    def batches(self):
        """(inputs, predictions, how far a rounding of the inputs moves them, which steps of them count), batch by batch."""
        for samples, length in scenario.BATCHES:
            x, moved = (scenario.inputs(self.spec, samples, length, nudge) for nudge in (0.0, NUDGE))
            x, moved = ([a.astype("int32" if a.dtype.kind == "i" else "float32") for a in arrays] for arrays in (x, moved))
            try:
                ours, near = scenario._list(self.model.predict(x)), scenario._list(self.model.predict(moved))
            except Exception:
                continue  # a length that doesn't fit
            if any(0 in y.shape or len(y) != samples for y in ours):
                continue  # nothing is left of it, or a Reshape took what was too much for more samples
            yield x, ours, [np.max(np.abs(a - b), initial=0) for a, b in zip(ours, near)], self.masks(x)


def _kept_steps(model):
    from kbridge import backend as K

    masks = _output_masks(model)
    known = [mask for mask in masks if mask is not None]
    function = K.function([*model.inputs, K.learning_phase()], known) if known else None

    def of(x):
        values = iter(function([*x, 0])) if function else iter(())
        return [None if mask is None else np.asarray(next(values)).astype(bool) for mask in masks]

    return of


def _output_masks(model) -> list:
    return [
        layer.inbound_nodes[node].output_masks[tensor]
        for layer, node, tensor in zip(model.output_layers, model.output_layers_node_indices, model.output_layers_tensor_indices)
    ]


def compared(theirs, ours, moves, masks, counted: bool) -> str | None:
    """What differs, in words. ``counted``: only steps that no mask drops."""
    for number, (a, b, move, mask) in enumerate(zip(theirs, ours, moves, masks, strict=True)):
        a = np.asarray(a)
        if a.shape != b.shape:
            return f"output {number} has the shape {a.shape} where {b.shape} was expected"
        if counted and mask is not None:
            a, b = a[mask], b[mask]
        if not np.isfinite(b).all():
            continue
        off = np.max(np.abs(a - b), initial=0)
        if not off <= TOLERANCE * max(1.0, np.max(np.abs(b), initial=0)) + 30 * move:
            return f"output {number} is off by {off:.3g} (a rounding of the inputs: {move:.2g})"
    return None


def in_onnx(subject: Subject, folder: Path) -> str:
    """'ok', 'refused: ID', or what is wrong."""
    import onnxruntime

    from kbridge.convert import NotConvertible, save_onnx

    path = folder / "m.onnx"
    try:
        save_onnx(subject.model, path)
    except NotConvertible as error:
        return _refused(error)
    try:
        import onnx
    except ImportError:
        pass
    else:
        onnx.checker.check_model(str(path), full_check=True)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    for x, ours, moves, masks in subject.batches():
        theirs = session.run(None, {i.name: a for i, a in zip(session.get_inputs(), x, strict=True)})
        if problem := compared(theirs, ours, moves, masks, False):
            return f"wrong: {problem}"
    return "ok"


def in_keras(subject: Subject, folder: Path) -> str:
    """'ok', 'refused: ID', or what is wrong; 'ok, trained' where a training step was compared too."""
    import keras

    from kbridge.convert import NotConvertible, save_keras3

    path = folder / ("m.keras" if subject.spec["seed"] % 2 else "m.h5")
    try:
        notes = save_keras3(subject.model, path)
    except NotConvertible as error:
        return _refused(error)
    loaded = keras.models.load_model(path, compile=False)
    counted = any("keras3-bidirectional-mask" in note for note in notes)
    for x, ours, moves, masks in subject.batches():
        theirs = scenario._list(loaded(x if len(x) > 1 else x[0], training=False))
        if problem := compared(theirs, ours, moves, masks, counted):
            return f"wrong: {problem}"
    # a mask of an output counts in its loss, which this doesn't compare
    masked = any(mask is not None for mask in _output_masks(subject.model))
    told = [note for note in notes if "keras3-activity-regularizer" not in note]
    # and a state goes on from the predictions before
    stateful = "'stateful': True" in repr(subject.spec["nodes"])
    if told or masked or stateful or subject.spec["noisy"] or not subject.model.trainable_weights or _penalises(notes):
        return "ok"
    return in_training(subject, loaded) or "ok, trained"


def _penalises(notes: list[str]) -> bool:
    return any("keras3-activity-regularizer" in note for note in notes)


def in_training(subject: Subject, loaded) -> str | None:
    """What a step of gradient descent gives otherwise."""
    import keras

    from kbridge import optimizers

    x, ours, _, masks = next(subject.batches(), (None,) * 4)
    if x is None:
        return None
    rng = np.random.RandomState(subject.spec["seed"] % 2**31 + 7)
    y = [rng.uniform(0.1, 0.9, p.shape).astype("float32") for p in ours]
    # a model that trains from inputs that differ by a rounding shows how far it carries one
    start = subject.model.get_weights()
    moved = [a if a.dtype.kind == "i" else a + np.float32(NUDGE) for a in x]
    predictions = []
    for inputs in (moved, x):
        subject.model.set_weights(start)
        subject.model.compile(optimizers.SGD(lr=0.05), "mse")
        loss = subject.model.train_on_batch(inputs, y)
        predictions.append(scenario._list(subject.model.predict(x)))
    moves = [np.max(np.abs(a - b), initial=0) for a, b in zip(*predictions)]
    loaded.compile(keras.optimizers.SGD(0.05), "mse")
    theirs = loaded.train_on_batch(x if len(x) > 1 else x[0], y if len(y) > 1 else y[0])
    first, second = (float(np.ravel(value)[0]) for value in (loss, theirs))
    if np.isfinite(first) and abs(first - second) > 1e-3 * max(1.0, abs(first)):
        return f"wrong: the loss of a training step is {second:.6g}, here {first:.6g}"
    after = scenario._list(loaded(x if len(x) > 1 else x[0], training=False))
    problem = compared(after, predictions[1], moves, masks, False)
    return f"wrong: after a training step {problem}" if problem else None


def _refused(error) -> str:
    found = [re.search(r"\[convert: ([a-z0-9-]+)\]$", problem) for problem in error.problems]
    if None in found:
        return f"wrong: a refusal without an id: {error}"
    return "refused: " + ", ".join(sorted({match[1] for match in found if match}))


def check(seed: int, folder: Path) -> tuple[Subject | None, dict[str, str]]:
    """The model of ``seed``, and for each format what came of it; None and nothing where no model comes of the seed."""
    from kbridge import backend as K

    try:
        spec = generator.generate(seed)
    except ValueError:
        return None, {}
    subject = Subject(spec)
    found = {}
    for name, convert in (("onnx", in_onnx), ("keras3", in_keras)):
        try:
            found[name] = convert(subject, folder)
        except Exception as error:
            frames = traceback.extract_tb(error.__traceback__)
            text = " ".join(str(error).split())
            found[name] = f"wrong: {type(error).__name__}: {text[:300]} ({Path(frames[-1].filename).name}:{frames[-1].lineno})"
    K.clear_session()
    return subject, found


def prepare(home: str) -> None:
    """Import Keras 3 with a home of its own, since it writes its settings on import."""
    before = dict(os.environ)
    os.environ.update(KERAS_HOME=home, KERAS_BACKEND="tensorflow", TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")
    try:
        import keras
    finally:
        os.environ.clear()
        os.environ.update(before)
    assert keras.__version__.startswith("3.")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m random_models.conversion", description="Random models in ONNX and Keras 3.")
    parser.add_argument("count", type=int, help="models")
    parser.add_argument("--seed", type=int, default=0, help="of the first (default: %(default)s)")
    parser.add_argument("--verbose", action="store_true", help="tell of each model")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    counts: Counter[str] = Counter()
    start = time.time()
    with tempfile.TemporaryDirectory() as folder:
        prepare(folder)
        for seed in range(args.seed, args.seed + args.count):
            subject, found = check(seed, Path(folder))
            if args.verbose:
                print(seed, found, flush=True)
            counts["not generated"] += subject is None
            for name, result in found.items():
                counts[f"{name} {result.partition(':')[0]}"] += 1
                if result.startswith("wrong"):
                    print(f"seed {seed}, {name}: {result}\n    {_short(subject.spec)}", flush=True)
    print(f"{args.count} models, {time.time() - start:.0f} s: " + ", ".join(f"{n} {name}" for name, n in sorted(counts.items())))
    return int(any("wrong" in name for name in counts))


def _short(spec: dict) -> Any:
    return [spec["inputs"], *([n["name"], {k: v for k, v in n.items() if k not in ("name",)}] for n in spec["nodes"]), spec["outputs"]]


if __name__ == "__main__":
    raise SystemExit(main())
