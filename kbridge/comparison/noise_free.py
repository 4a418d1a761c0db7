"""A copy of a model file in which nothing is random any more, so that backends can agree in training too."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..saving.hdf5_layout import write_text
from ..saving.kinds import HDF5, kind_of
from ..saving.reading import open_file
from ..saving.texts import parse_json

#: layer class -> the setting that makes it random
_NOISE = {
    "Dropout": "p",
    "SpatialDropout1D": "p",
    "SpatialDropout2D": "p",
    "SpatialDropout3D": "p",
    "GaussianDropout": "p",
    "GaussianNoise": "sigma",
}
#: settings of recurrent layers and embeddings
_FRACTIONS = ("dropout", "dropout_W", "dropout_U")


def noise_free_copy(source: Path, target: Path, floatx: str | None = None) -> None:
    """Copy a model file without dropout and noise; ``floatx`` replaces the dtype of float inputs."""
    import h5py

    if kind_of(source).name != HDF5:
        # a SavedModel folder, or an archive: the same model as a file of Keras 1
        from ..convert.files import convert

        kept = target.with_suffix(".source.h5")
        convert(source, kept, to="keras1")
        source = kept
    with open_file(source) as root:
        text = root.text("model_config")
    if text is None:
        raise UsageError(f"{source} has weights alone, without a model (no model_config): compare needs the model saved with them.")
    shutil.copyfile(source, target)
    target.chmod(0o600)
    config = _settled(parse_json(text, f"{str(source)!r}, model_config"), floatx)
    with h5py.File(target, "r+") as h5:
        del h5.attrs["model_config"]
        write_text(h5, "model_config", json.dumps(config))


def _settled(value: Any, floatx: str | None) -> Any:
    if isinstance(value, list):
        return [_settled(item, floatx) for item in value]
    if not isinstance(value, dict):
        return value
    changed = {key: _settled(item, floatx) for key, item in value.items()}
    config = changed.get("config")
    if isinstance(config, dict):
        noise = _NOISE.get(str(changed.get("class_name")))
        if noise in config:
            config[noise] = 0.0
    for name in _FRACTIONS:
        if isinstance(changed.get(name), (int, float)):
            changed[name] = 0.0
    if floatx and str(changed.get("input_dtype")).startswith("float"):
        changed["input_dtype"] = floatx
    return changed
