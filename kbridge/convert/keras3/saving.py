"""``model.save("x.keras")``: Keras 3's archive, with kbridge's own config and layout in it, so that the very same model comes back.

The archive has one more member, kbridge.json, and its HDF5 file one more group, ``_kbridge``, which is laid out as a file of
Keras 1. Arrays that are the same in both layouts are stored once, under two names.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from ...saving.configs import KERAS_VERSION, model_config
from ...saving.functions import GRAPHS, graphs_of, with_graphs
from ...saving.hdf5_layout import write_text
from ...saving.keras3.archive import GROUP, OWN
from ...saving.model import training_config
from ...saving.optimizer_state import write_state
from ...saving.texts import dump_json
from ...saving.weights import write_provenance, write_weights
from ..problems import NotConvertible
from .files import put_weights, write_keras
from .models import converted
from .training import compiled


def weights_writer(model: Any, taken: Sequence[str]) -> Callable[[Any], None] | None:
    """Return a function that writes the weights as Keras 3 has them into an open file, at whose paths ``taken`` something else lies.

    None, with a warning, for a model that Keras 3 can't express.
    """
    try:
        part, _ = converted(model)
        if any(path.split("/")[1] in ("layers", "vars") for path in taken):
            raise NotConvertible("Keras 3", ["a layer is called 'layers' or 'vars', as the groups that it reads"])
    except NotConvertible as error:
        warnings.warn(
            "The file has only Keras 1's layout, so Keras 3 can't read it, although its name NAME.weights.h5 promises that: "
            f"{'; '.join(error.problems)}",
            stacklevel=5,
        )
        return None
    return lambda h5: put_weights(part, h5)


def save_archive(model: Any, path: str | os.PathLike, training: bool = True) -> list[str]:
    """Write ``model`` to the ``.keras`` file ``path``; returns notes of what Keras 3 does otherwise.

    Raises NotConvertible, which names each layer that Keras 3 can't express; ``.h5`` holds those too.
    """
    try:
        part, notes = converted(model)
    except NotConvertible as error:
        raise NotConvertible(
            "Keras 3", error.problems, hint="model.save('NAME.h5') writes a Keras 1 file, which can hold the model."
        ) from None
    config, graphs = graphs_of(with_graphs(model_config(model)))
    own = {"keras_version": KERAS_VERSION, "model_config": dump_json(config)}
    if graphs:
        own[GRAPHS] = dump_json(graphs)
    there = None
    settings = training_config(model) if training else None
    if settings is not None:
        own["training_config"] = json.dumps(settings)
        there, more = compiled(model, lambda: converted(model)[0])
        notes = [*notes, *more]

    def put_own(h5: Any) -> None:
        group = h5.create_group(GROUP)
        write_text(group, "keras_version", KERAS_VERSION)
        write_provenance(group)
        write_weights(model, group.create_group("model_weights"))
        if settings is not None:
            write_state(model, group)

    write_keras(part, path, there, {OWN: json.dumps(own)}, put_own)
    return notes
