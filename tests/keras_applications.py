"""The architectures of ``keras.applications`` with weights by a rule: as tf_keras and Keras 3 predict, and as kbridge does.

    python tests/keras_applications.py make tf_keras|keras FOLDER [NAME ...]    writes LIBRARY-NAME.json.gz (all of SMALL if no name)
    python tests/keras_applications.py check FOLDER [FILE ...]                  loads them with kbridge, and compares

A file holds the config, the names and shapes of the weights as an .h5 file has them, and predictions; no weights: each is made of
its name. tests/data/keras_applications has some of the smallest. ``make`` with other names (``ResNet152``, ``all``) tries the rest.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
import tempfile
import time
import zlib
from pathlib import Path
from typing import Any

import numpy as np

#: the smallest of each family -> arguments
SMALL: dict[str, dict[str, Any]] = {
    "MobileNet": {"alpha": 0.25}, "MobileNetV2": {"alpha": 0.35}, "MobileNetV3Small": {"alpha": 0.75}, "MobileNetV3Large": {"alpha": 0.75},
    "EfficientNetB0": {}, "EfficientNetV2B0": {}, "DenseNet121": {}, "ResNet50": {}, "ResNet50V2": {}, "ResNetRS50": {}, "NASNetMobile": {},
    "ConvNeXtTiny": {}, "InceptionV3": {}, "InceptionResNetV2": {}, "Xception": {}, "VGG16": {}, "RegNetX002": {}, "RegNetY002": {},
}  # fmt: skip

#: the least input that an architecture takes, where that isn't 32
SIZES = {"InceptionV3": 75, "InceptionResNetV2": 75, "Xception": 71}


def value(layer: str, name: str, shape: tuple[int, ...]) -> np.ndarray:
    """A weight, of the name that a file gives it."""
    draw = np.random.RandomState(zlib.crc32(f"{layer}/{name}".encode()))
    u = draw.uniform(-1, 1, shape).astype("float32")
    kind = name.rpartition("/")[2].partition(":")[0]
    if kind in ("gamma", "moving_variance", "variance"):
        return 1 + 0.1 * u
    if len(shape) < 2:
        return 0.1 * u
    fan = np.prod(shape[:-2] if kind == "depthwise_kernel" else shape[:-1])
    return u * np.float32(np.sqrt(4.5 / max(fan, 1)))


def picture(size: int) -> np.ndarray:
    """Two pictures with values from 0 to 255."""
    return np.random.RandomState(5).uniform(0, 255, (2, size, size, 3)).astype("float32")


# ---------------------------------------------------------------------- made where the library is


def make(library: str, folder: str, *names: str) -> None:
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    k = __import__(library)
    known = [n for n in dir(k.applications) if n[0].isupper()]
    chosen = known if names == ("all",) else [name for name in names or SMALL if name in known]
    for name in chosen:
        k.backend.clear_session()
        size = SIZES.get(name, 32)
        build = getattr(k.applications, name)
        model = build(weights=None, input_shape=(size, size, 3), classes=7, classifier_activation=None, **SMALL.get(name, {}))
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / "model.h5"
            model.save(path)
            kept = fill(path)
            model.load_weights(path)
        kept["size"] = size
        kept["predicted"] = model.predict(picture(size), verbose=0).tolist()
        with gzip.GzipFile(Path(folder) / f"{library}-{name}.json.gz", "wb", mtime=0) as file:
            file.write(json.dumps(kept).encode())
        print(name, flush=True)


def fill(path: Path) -> dict[str, Any]:
    """Put the weights of the rule into a file; what it holds besides."""
    import h5py

    with h5py.File(path, "r+") as h5:
        texts = {key: h5.attrs[key] for key in ("keras_version", "backend", "model_config")}
        root, layers = h5["model_weights"], []
        for layer in map(_text, root.attrs["layer_names"]):
            names = [_text(name) for name in root[layer].attrs["weight_names"]]
            layers.append([layer, [[name, list(root[layer][name].shape)] for name in names]])
            for name in names:
                root[layer][name][...] = value(layer, name, root[layer][name].shape)
    return {**{key: _text(text) for key, text in texts.items()}, "layers": layers}


def _text(name: Any) -> str:
    return name.decode() if isinstance(name, bytes) else str(name)


# ---------------------------------------------------------------------- checked everywhere


def recorded(source: Path) -> dict[str, Any]:
    """What a file holds."""
    return json.loads(gzip.decompress(source.read_bytes()))


def write(kept: dict[str, Any], path: Path) -> None:
    """The .h5 file that the library wrote."""
    import h5py

    with h5py.File(path, "w") as h5:
        for key in ("keras_version", "backend", "model_config"):
            h5.attrs[key] = kept[key]
        root = h5.create_group("model_weights")
        for key in ("keras_version", "backend"):
            root.attrs[key] = kept[key]
        root.attrs["layer_names"] = [layer.encode() for layer, _ in kept["layers"]]
        for layer, weights in kept["layers"]:
            group = root.require_group(layer)  # names with a slash lie inside of others
            group.attrs["weight_names"] = [name.encode() for name, _ in weights] or np.zeros(0)
            for name, shape in weights:
                group[name] = value(layer, name, tuple(shape))


def error(source: Path, folder: Path) -> float:
    """How far kbridge's predictions are off, as a fraction of the largest."""
    from kbridge.models import load_model

    kept = recorded(source)
    path = folder / "model.h5"
    write(kept, path)
    got, expected = load_model(path, compile=False).predict(picture(kept["size"])), np.asarray(kept["predicted"])
    return float(np.abs(got - expected).max() / np.abs(expected).max())


def check(folder: str, *files: str) -> int:
    bad = 0
    for source in sorted(Path(folder).glob("*.json.gz")):
        if files and source.name.removesuffix(".json.gz") not in files:
            continue
        started = time.perf_counter()
        with tempfile.TemporaryDirectory() as scratch:
            try:
                off = error(source, Path(scratch))
                said = f"off by {off:.1e}"
            except Exception as problem:
                off, said = 1.0, f"{type(problem).__name__}: {str(problem)[:200]}"
        bad += off > 1e-4
        print(
            f"{source.name.removesuffix('.json.gz')}: {said} ({time.perf_counter() - started:.0f} s){'' if off <= 1e-4 else '  BAD'}",
            flush=True,
        )
    return bad


if __name__ == "__main__":
    command, *rest = sys.argv[1:]
    sys.exit(make(*rest) if command == "make" else min(check(*rest), 1))
