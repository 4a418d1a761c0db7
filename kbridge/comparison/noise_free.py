"""A copy of a model file in which nothing is random any more, so that backends can agree in training too."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..saving.hdf5_layout import write_text
from ..saving.kinds import HDF5, KERAS3, kind_of
from ..saving.reading import open_file
from ..saving.texts import parse_json

#: layer class -> the setting that makes it random, as Keras 1 and as later versions call it
_NOISE = {
    "Dropout": ("p", "rate"),
    "SpatialDropout1D": ("p", "rate"),
    "SpatialDropout2D": ("p", "rate"),
    "SpatialDropout3D": ("p", "rate"),
    "GaussianDropout": ("p", "rate"),
    "GaussianNoise": ("sigma", "stddev"),
}
#: settings of recurrent layers and embeddings
_FRACTIONS = ("dropout", "dropout_W", "dropout_U")


def noise_free_copy(source: Path, target: Path, floatx: str | None = None) -> None:
    """Copy a model file without dropout and noise; ``floatx`` replaces the dtype of float inputs."""
    import h5py

    if kind_of(source).name == KERAS3:
        _archive_copy(str(source), target, floatx)
        return
    if kind_of(source).name != HDF5:
        # a SavedModel folder: the same model as a file of Keras 1
        from ..convert.files import convert

        kept = target.with_suffix(".source.h5")
        convert(source, kept, to="keras1")
        source = kept
    with open_file(source) as root:
        text = root.text("model_config")
    if text is None:
        raise UsageError(f"{source} holds only weights and no model (no model_config). compare needs a file that holds the model too.")
    shutil.copyfile(source, target)
    target.chmod(0o600)
    config = _settled(parse_json(text, f"{str(source)!r}, model_config"), floatx)
    with h5py.File(target, "r+") as h5:
        del h5.attrs["model_config"]
        write_text(h5, "model_config", json.dumps(config))


def _archive_copy(source: str, target: Path, floatx: str | None) -> None:
    # its package needs a backend, which the process that only asks others has no use for
    from ..saving.keras3.archive import CONFIG, METADATA, OWN, WEIGHTS, open_archive

    with open_archive(source) as archive, zipfile.ZipFile(target, "w") as copy:
        for name in archive.names():
            if name in (CONFIG, OWN):
                copy.writestr(name, json.dumps(_settled(archive.json(name), floatx)))
            elif name in (METADATA, WEIGHTS):
                with copy.open(name, "w", force_zip64=True) as member:
                    for block in archive.blocks(name):
                        member.write(block)
    target.chmod(0o600)


def _settled(value: Any, floatx: str | None) -> Any:
    if isinstance(value, list):
        return [_settled(item, floatx) for item in value]
    if not isinstance(value, dict):
        return value
    changed = {key: _settled(item, floatx) for key, item in value.items()}
    config = changed.get("config")
    if isinstance(config, dict):
        for noise in _NOISE.get(str(changed.get("class_name")), ()):
            if noise in config:
                config[noise] = 0.0
    for name in _FRACTIONS:
        if isinstance(changed.get(name), (int, float)):
            changed[name] = 0.0
    if floatx and str(changed.get("input_dtype")).startswith("float"):
        changed["input_dtype"] = floatx
    return changed
