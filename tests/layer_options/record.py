"""Runs the cases where the libraries are installed.

    cd tests; python -m layer_options.record tf_keras|keras3 [FAMILY ...]
    cd tests; python -m layer_options.record arguments

The former writes LIBRARY_FAMILY.npz into tests/data/layer_options (inputs, predictions, predictions after one step of training, and of
Keras 3 the layers' configs and weights), and of tf_keras LIBRARY_FAMILY.h5; the latter arguments.json: the arguments of all layers,
and names.json: the names of losses, metrics, optimizers ...
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import sys
from pathlib import Path

import numpy as np

from .case import FAMILIES, INPUTS, Case, cases, names_of_inputs, samples, targets, values

DATA = Path(__file__).parents[1] / "data" / "layer_options"


def main(library: str, *families: str) -> None:
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # tf_keras takes some classes from tensorflow.keras, which should be its own
    os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
    DATA.mkdir(exist_ok=True)
    if library == "arguments":
        return write_arguments()
    k = importlib.import_module({"keras3": "keras"}.get(library, library))
    for family in families or [family for family in FAMILIES if cases(family, library)]:
        record(k, library, family)
    return None


def record(k, library: str, family: str) -> None:
    """One model of all cases of a family."""
    k.backend.clear_session()
    k.utils.set_random_seed(1)
    table = cases(family, library)
    names = names_of_inputs(table)
    inputs = inputs_of(k, names)
    layers, outputs, counts = [], [], []
    for number, case in enumerate(table):
        try:
            layer, made = built(k, case, inputs, f"case_{number}")
        except Exception as error:
            raise ValueError(f"{library} refuses {case.text}: {str(error)[:300]}") from error
        layers.append(layer)
        outputs += made
        counts.append(len(made))
    model = k.Model([inputs[n] for n in names], outputs)
    draw = np.random.RandomState(5)
    for layer in layers:
        layer.set_weights([w + draw.uniform(0.02, 0.2, w.shape) if w.dtype.kind == "f" else w for w in layer.get_weights()])
    stored = [[np.asarray(w) for w in weights_of(layer)] for layer in layers]
    x = [values(n) for n in names]
    # without graphs: tracing hundreds of loops takes longer than all else
    model.compile(k.optimizers.SGD(0.1), ["mse"] * len(model.outputs), run_eagerly=True)
    before = listed(model.predict(x, verbose=0))
    arrays = {"counts": np.array(counts)} | {f"predicted/{i}": a for i, a in enumerate(before)}
    configs = [stored_config(layer, case) for layer, case in zip(layers, table, strict=True)]
    if library == "tf_keras":
        path = DATA / f"{library}_{family}.h5"
        if any(case.twin for case in table):
            # without the twins' Permute layers: as it would have been saved where channels first can be computed
            write_h5(k, path, table, names, configs, stored)
        else:
            model.save(path, include_optimizer=False)
    else:
        arrays["configs"] = np.array(json.dumps(configs))
        arrays |= {f"weights/{i}/{j}": w for i, row in enumerate(stored) for j, w in enumerate(row)}
    if model.trainable_weights and not any(case.drawn for case in table):
        model.train_on_batch(x, targets(before))
        arrays |= {f"trained/{i}": a for i, a in enumerate(listed(model.predict(x, verbose=0)))}
    arrays = {key: a.astype("float32") if a.dtype == "float64" else a for key, a in arrays.items()}
    np.savez_compressed(DATA / f"{library}_{family}.npz", **arrays)
    print(library, family, len(table), "cases", sum(f.stat().st_size for f in DATA.glob(f"{library}_{family}.*")) // 1024, "KB")


def inputs_of(k, names: list[str]) -> dict:
    """The inputs of a model, by name."""
    return {n: k.Input(INPUTS[n], samples(n), dtype="int32" if n.startswith("whole") else "float32", name=n) for n in names}


def built(k, case: Case, inputs, name: str):
    """(the layer, its outputs)"""
    options = dict(case.options)
    if case.wrapped is not None:
        inner, more = case.wrapped
        options["layer"] = class_of(k, inner)(**more, name=f"{name}_inner")
    for key, part in case.parts.items():
        several = part if isinstance(part, list) else [part]
        made = [class_of(k, inner)(**more, name=f"{name}_{key}_{i}") for i, (inner, more) in enumerate(several)]
        options[key] = made if isinstance(part, list) else made[0]
    turned = case.twin and options.pop("data_format", None) == "channels_first"
    L, layer = k.layers, class_of(k, case.layer)(**options, name=name)
    x = [inputs[n] for n in case.inputs]
    if case.masked:
        x = [L.Embedding(7, 4, mask_zero=True)(t) if n.startswith("whole") else L.Masking()(t) for n, t in zip(case.inputs, x)]
    over_time = case.layer.startswith("ConvLSTM")
    if turned:
        x = [to_last(L, t, over_time and place == 0) for place, t in enumerate(x)]
    call = dict(case.call)
    if case.states:
        x, call["initial_state"] = x[: -case.states], x[-case.states :]
    y = listed(layer(*x, **call) if case.spread else layer(x if len(x) > 1 else x[0], **call))
    if turned:
        sequences = over_time and bool(case.options.get("return_sequences"))
        y = [to_first(L, t, sequences and place == 0) for place, t in enumerate(y)]
    return layer, y


def to_last(L, t, over_time: bool):
    """``t`` with its channels, which come first, behind ``over_time``, in the end."""
    first, *rest = range(1 + over_time, len(t.shape))
    return L.Permute((*range(1, first), *rest, first))(t)


def to_first(L, t, over_time: bool):
    """``t`` with its last axis as the first, or behind that of time."""
    if len(t.shape) < 3:
        return t
    *rest, last = range(1, len(t.shape))
    return L.Permute((*rest[:over_time], last, *rest[over_time:]))(t)


def class_of(k, name: str):
    """A layer's class, which the module of an architecture may define."""
    found = getattr(k.layers, name, None)
    module = "inception_resnet_v2" if name == "CustomScaleLayer" else "convnext"
    return found or getattr(importlib.import_module(f"{k.__name__}.src.applications.{module}"), name)


def weights_of(layer) -> list:
    """The weights in the order of files; Keras 3 lists those of a wrapper between those of the layer inside."""
    wraps = type(layer).__name__ == "SpectralNormalization"
    return sorted(layer.weights, key=lambda w: not w.trainable) if wraps else layer.get_weights()


def stored_config(layer, case: Case) -> dict:
    """The config, with the channels where the case has them."""
    config = json.loads(json.dumps(layer.get_config(), default=plain))
    if case.twin:
        config["data_format"] = "channels_first"
    # as it is called in files, which may be another name than the class's own
    return {"class_name": case.layer, "config": config}


def plain(value):
    """What JSON lacks."""
    if hasattr(value, "get_config"):
        return {"class_name": type(value).__name__, "config": value.get_config()}
    return value.tolist() if hasattr(value, "tolist") else str(value)


def listed(value) -> list:
    """What is nested (the states of stacked cells) in one list."""
    return [part for item in value for part in listed(item)] if isinstance(value, (list, tuple)) else [value]


def write_h5(k, path: Path, table, names, configs, stored) -> None:
    """The model without twins, written by the library: it needs no kernels for that."""
    inputs = inputs_of(k, names)
    outputs, layers = [], []
    for number, case in enumerate(table):
        layer, made = built(k, Case(**{**vars(case), "twin": False}), inputs, f"case_{number}")
        layers.append(layer)
        outputs += made
    model = k.Model([inputs[n] for n in names], outputs)
    for layer, weights in zip(layers, stored, strict=True):
        layer.set_weights(weights)
    model.save(path)


def write_arguments() -> None:
    """The arguments of all layers of both libraries."""
    found: dict[str, dict[str, list[str]]] = {}
    for library, module in (("tf_keras", "tf_keras"), ("keras3", "keras")):
        k = importlib.import_module(module)
        classes = {n: c for n, c in vars(k.layers).items() if inspect.isclass(c) and issubclass(c, k.layers.Layer)}
        found[library] = {
            n: [
                a
                for a, p in inspect.signature(c.__init__).parameters.items()
                if a != "self" and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
            ]
            for n, c in sorted(classes.items())
        }
    names = {}
    for library, module in (("tf_keras", "tf_keras"), ("keras3", "keras")):
        k = importlib.import_module(module)
        parts = ("losses", "metrics", "optimizers", "regularizers", "constraints", "initializers", "activations")
        places = {part: getattr(k, part) for part in parts} | {"schedules": k.optimizers.schedules}
        names[library] = {
            part: sorted(n for n, f in vars(place).items() if (inspect.isclass(f) or inspect.isfunction(f)) and n[0] != "_")
            for part, place in places.items()
        }
    (DATA / "names.json").write_text(json.dumps(names, indent=1, sort_keys=True) + "\n")
    (DATA / "arguments.json").write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
