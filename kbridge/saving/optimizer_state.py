"""The optimizer's weights and counters in a model file.

Keras 1.2.2 stores ``optimizer.weights`` alone, which for some optimizers lacks the count of updates
that decay and schedules need. kbridge adds those scalars as an attribute that Keras 1 ignores, so that
its own files resume exactly.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..engine.compiled import compiled_positions, train_positions
from .assignment import Assignment
from .errors import ModelFileError
from .hdf5_layout import write_array, write_names, write_numbers, write_text
from .hdf5_names import Places
from .origin import Origin, flip, spatial_axes
from .reading import Group
from .texts import parse_json
from .weights import stored_names

_COUNTERS = "kbridge_optimizer_counters"


#: Which weights the model was compiled to train, if that isn't what ``compile`` would choose now: places among all weights.
_COMPILED = "kbridge_compiled_weights"


class UnfittingState(ModelFileError):
    """A file's optimizer state is that of other weights than those that the model trains."""


def write_state(model, h5) -> None:
    """Put the weights (if there are any yet) and counters of the optimizer of ``model`` into the root ``h5``."""
    from .. import backend as K

    optimizer = model.optimizer
    positions = compiled_positions(model)
    if positions is not None and not _would_be_compiled_alike(model):
        write_numbers(h5, _COMPILED, positions)
    variables = list(getattr(optimizer, "weights", ()))
    if variables:
        group = h5.create_group("optimizer_weights")
        names = stored_names(variables, Places([group.name]), group.name)
        write_names(group, "weight_names", names)
        for name, value in zip(names, K.batch_get_value(variables), strict=True):
            write_array(group, name, value)
    counters = {name: float(K.get_value(variable)) for name, variable in _counters(optimizer).items()}
    if counters:
        write_text(h5, _COUNTERS, json.dumps(counters))


def _would_be_compiled_alike(model) -> bool:
    """Whether ``compile`` would choose the same weights now."""
    from ..training.functions import collect_trainable_weights

    worker = getattr(model, "model", None) or model
    return list(map(id, worker._collected_trainable_weights)) == list(map(id, collect_trainable_weights(worker)))


def _counters(optimizer) -> dict[str, Any]:
    """Scalar variables of ``optimizer`` that neither its config nor its weights hold."""
    from .. import backend as K

    known = {id(variable) for variable in getattr(optimizer, "weights", ())}
    config = optimizer.get_config()
    return {
        name: value
        for name, value in vars(optimizer).items()
        if K.is_variable(value) and K.int_shape(value) == () and name not in config and id(value) not in known
    }


def read_state(model, root: Group, origin: Origin) -> list[Assignment]:
    """The stored values for the weights and counters of the compiled ``model``'s optimizer.

    The model is made to train the weights that it trained when it was saved. UnfittingState says what doesn't fit.
    """
    assignments: list[Assignment] = []
    positions = root.integers(_COMPILED)
    if positions is not None:
        train_positions(model, positions)
    if "optimizer_weights" in root:
        assignments += _stored_weights(model, root.group("optimizer_weights"), origin, root.has_attribute("kbridge_version"))
    text = root.text(_COUNTERS)
    if text is not None:
        stored = parse_json(text, f"{root.path!r}, {_COUNTERS}")
        for name, variable in _counters(model.optimizer).items():
            if isinstance(stored, dict) and isinstance(stored.get(name), (int, float)):
                assignments.append(Assignment(variable, np.asarray(stored[name])))
    return assignments


def _stored_weights(model, group: Group, origin: Origin, is_own: bool) -> list[Assignment]:
    from .. import backend as K

    names = group.names("weight_names") or []
    arrays = [group.array(name) for name in names]
    if not arrays:
        return []
    # An optimizer makes its weights together with the updates of the training function.
    trained = getattr(model, "model", None) or model
    trained._make_train_function()
    variables = list(model.optimizer.weights)
    shapes = [tuple(K.int_shape(variable)) for variable in variables]
    if shapes != [array.shape for array in arrays]:
        stored = [array.shape for array in arrays]
        what = f"{type(model.optimizer).__name__} needs weights of the shapes {_short(shapes)}, but the file has {_short(stored)}"
        if not is_own or _of_other_weights(model, trained, shapes, stored):
            raise UnfittingState(what)
        raise ModelFileError(
            f"{group.path!r}: the optimizer {what}, which doesn't fit any set of the model's weights. load_model(..., "
            "compile=False) leaves the optimizer out."
        )
    axes = _axes_of(variables, trained) if origin.flipped else [None] * len(variables)
    return [Assignment(v, flip(a.read(), axis)) for v, a, axis in zip(variables, arrays, axes, strict=True)]


def _of_other_weights(model, trained, needed: list[tuple], stored: list[tuple]) -> bool:
    """Whether ``stored`` are the shapes of the same optimizer's state for other weights of ``model``."""
    from .. import backend as K

    runs = max(sum(shape != () for shape in needed) // max(len(trained._collected_trainable_weights), 1), 1)
    moments = [shape for shape in stored if shape != ()]
    each = len(moments) // runs
    if stored.count(()) != needed.count(()) or moments != moments[:each] * runs:
        return False
    return not Counter(moments[:each]) - Counter(tuple(K.int_shape(weight)) for weight in model.weights)


def _axes_of(variables: Sequence, model) -> list[tuple[int, ...] | None]:
    """The axes to flip for each optimizer weight: after its scalars come runs shaped like the trained weights."""
    from .. import backend as K

    by_id = spatial_axes(model)
    trained = list(model._collected_trainable_weights)  # in the order in which the optimizer got them
    moments = [k for k, variable in enumerate(variables) if K.int_shape(variable) != ()]
    axes: list[tuple[int, ...] | None] = [None] * len(variables)
    if trained and len(moments) % len(trained) == 0:
        for position, k in enumerate(moments):
            weight = trained[position % len(trained)]
            if K.int_shape(weight) == K.int_shape(variables[k]):
                axes[k] = by_id.get(id(weight))
    return axes


def _short(shapes: list) -> str:
    return f"{len(shapes)}: {shapes[:6]}" + (" ..." if len(shapes) > 6 else "")
