"""Whole models to and from HDF5: architecture, weights, how it was compiled, and the optimizer's state."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Mapping
from typing import Any

from ..budget import weight_budget
from ..engine.conventions import padding_from
from ..files.streams import Writer, path_of
from .adapted import with_summaries
from .assignment import assign, assign_converted, read_weights, stored_layers, stored_values
from .configs import KERAS_VERSION, model_config, whole_model, with_group_names
from .errors import ModelFileError
from .functions import GRAPHS, graphs_of, put_graphs, stored_graphs, with_graphs
from .hdf5_layout import write_text, writing
from .hdf5_names import layer_paths
from .keras2 import is_of_tensorflow, major_version, to_keras1
from .keras2.local_weights import room_for
from .keras3 import check_masks, to_keras2
from .kinds import KERAS3, SAVED_MODEL, kind_of
from .optimizer_state import UnfittingState, read_state, write_state
from .origin import forced_origin
from .reading import Group, failures_named, local_file, open_file
from .texts import dump_json, parse_json, plain
from .unstated import unclear, with_unstated
from .weights import first_shape, is_of_keras2, weights_origin, write_provenance, write_weights

_UNBUILDABLE = "the model can't be built from it"


def save_model(model, filepath: str | os.PathLike | Writer, overwrite: bool = True) -> None:
    """Write a model to a file so that training can go on exactly where it stopped. The file appears whole or not at all.

    Functions of Lambda layers are stored by name and, where they can be followed, as data; custom losses by name.

    Args:
        model: a Sequential or a Model.
        filepath: an HDF5 file, an archive of Keras 3 for a name that ends in '.keras', or a binary stream.
        overwrite: whether an existing file is written over without a question.
    """
    from ..utils.io_utils import ask_to_proceed_with_overwrite

    path = path_of(filepath)
    if path is not None and not overwrite and os.path.exists(path) and not ask_to_proceed_with_overwrite(path):
        return
    if path is not None and path.lower().endswith(".keras"):
        from ..convert.keras3.saving import save_archive

        save_archive(model, path)
        return
    config, graphs = graphs_of(with_graphs(model_config(model)))
    config = dump_json(config)
    training = training_config(model)
    layer_paths([layer.name for layer in stored_layers(model)], "/model_weights", ["/optimizer_weights"])
    with writing(filepath) as h5:
        write_text(h5, "keras_version", KERAS_VERSION)
        write_text(h5, "model_config", config)
        if graphs:
            write_text(h5, GRAPHS, dump_json(graphs))
        write_provenance(h5)
        write_weights(model, h5.create_group("model_weights"))
        if training is not None:
            write_text(h5, "training_config", json.dumps(training))
            write_state(model, h5)


def load_model(
    filepath: str | os.PathLike,
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    original_backend: str | None = None,
):
    """Return the model in a file, compiled and with its optimizer's state if it was saved so. No code in the file is run.

    Args:
        filepath: an HDF5 file of Keras 1 to 3, a ``.keras`` archive, a SavedModel folder, or a binary stream.
        custom_objects: a dict from names to layers, losses, metrics, optimizers and functions that aren't Keras' own; functions of Lambda layers
            may go by the layer's name.
        compile: whether to compile the model as the file says; False leaves the training part of the file alone.
        original_backend: 'theano' or 'tensorflow': the convention of the kernels in the file, where it doesn't say it or says it wrongly.

    Raises:
        ModelFileError: something is wrong with the file; a ValueError whose message says what and where.

    Example:
        >>> import os, tempfile
        >>> from kbridge.layers import Dense
        >>> from kbridge.models import Sequential, load_model
        >>> path = os.path.join(tempfile.mkdtemp(), "model.h5")
        >>> Sequential([Dense(2, input_dim=3)]).save(path)
        >>> load_model(path, compile=False).output_shape
        (None, 2)
    """
    from ..utils.generic_utils import CustomObjectScope, remember

    origin = None if original_backend is None else forced_origin(original_backend)
    with local_file(filepath) as path, CustomObjectScope(dict(custom_objects or {})):
        kind = kind_of(path)
        if kind.name == KERAS3:
            from .keras3.loading import load_archive

            model = load_archive(path, dict(custom_objects or {}), compile)
        elif kind.name == SAVED_MODEL:
            from .checkpoint.loading import load_saved_model

            model = load_saved_model(kind, compile)
        else:
            with open_file(path) as root:
                model = model_in(root, dict(custom_objects or {}), compile, origin)
    remember(custom_objects)
    return model


def model_in(root: Group, custom_objects: dict[str, Any], compile: bool, origin=None):
    """Return the model in the group ``root`` of an HDF5 file.

    Args:
        root: the group.
        custom_objects: classes and functions by name.
        compile: whether to compile the model as the file says.
        origin: the convention of its kernels, where the caller states it.
    """
    keras2 = is_of_keras2(root)
    config, stored = put_graphs(_config(root), stored_graphs(root)), None
    weights = root.group("model_weights")
    origin = origin or weights_origin(root, weights)
    with (
        weight_budget(room_for(config, stored_values(weights))),
        failures_named(root.path, "model_config", _UNBUILDABLE),
        padding_from(origin.padding),
    ):
        if keras2:
            version = root.text("keras_version")
            stored = config if major_version(version) == 3 else None
            config = with_summaries(config, weights)
            # what kbridge wrote means what its layers compute, not what Keras 2 on TensorFlow 1 did
            own = stored is None and root.text("kbridge_version") is not None
            config = to_keras1(config if stored is None else to_keras2(config), warn=False, version=None if own else version)
        names = weights.names("layer_names") or []
        config = with_group_names(config, names)
        if not keras2:
            own = root.text("kbridge_version") is not None
            config = with_unstated(config, lambda name: first_shape(weights, name) if name in names else None, not own)
        model = whole_model(config, root.text("keras_version"))
        if stored is not None:
            check_masks(model, stored)
    # Keras 2 may list the layers of a functional model in another order than kbridge
    same_names = keras2 and not hasattr(model, "add")
    try:
        assign_converted(model, read_weights(model, weights, False, origin, keras2, same_names))
    except ModelFileError as error:
        raise ModelFileError(_with_hint(str(error), config if not keras2 else None)) from error
    if keras2 and not is_of_tensorflow(root.text("keras_version")):
        from .keras2.frozen import freeze_as_compiled

        with failures_named(root.path, "optimizer_weights", "what was trained can't be told from it"):
            several = freeze_as_compiled(model, root)
        if several:
            warnings.warn(
                f"{root.path!r}: models in it were frozen when it was compiled, and the file doesn't tell which: "
                f"{' or '.join(' and '.join(map(repr, names)) for names in several[:4])}. Nothing is frozen; set trainable, and compile. "
                "[differences: frozen-models]",
                stacklevel=3,
            )
    if compile and keras2:
        _compile_keras2(model, root, origin)
    elif compile:
        _compile(model, root, custom_objects, origin)
    return model


def _with_hint(message: str, config: Any) -> str:
    """A message about weights that don't fit, with what the config of Keras 1 doesn't state."""
    hints = [] if config is None else unclear(config)
    return " ".join([message, *(f"Perhaps it's this: {hint}." for hint in hints)])


def _config(root: Group) -> Any:
    text = root.text("model_config")
    if text is None:
        raise ModelFileError(
            f"No model found in config file: {root.path!r} has no model_config. If it holds only weights, use load_weights."
        )
    return parse_json(text, f"{root.path!r}, model_config")


def _compile(model, root: Group, custom_objects: dict[str, Any], origin) -> None:
    from .. import optimizers

    text = root.text("training_config")
    if text is None:
        warnings.warn(f"{root.path!r} holds no training configuration, so the model is not compiled.", stacklevel=3)
        return
    config = parse_json(text, f"{root.path!r}, training_config")
    with failures_named(root.path, "training_config", "the model can't be compiled from it"):
        model.compile(
            optimizer=optimizers.optimizer_from_config(config["optimizer_config"]),
            loss=_custom(config["loss"], custom_objects),
            metrics=_custom(config.get("metrics"), custom_objects),
            weighted_metrics=_custom(config.get("weighted_metrics"), custom_objects),
            loss_weights=config.get("loss_weights"),
            sample_weight_mode=config.get("sample_weight_mode"),
        )
    with failures_named(root.path, "optimizer_weights", "the optimizer can't go on from it"):
        try:
            assign(read_state(model, root, origin))
        except UnfittingState as error:
            warnings.warn(
                f"{root.path!r}: everything is loaded, but the optimizer starts anew: {error}. Were layers frozen after the model "
                "was compiled? [differences: unfitting-state]",
                stacklevel=3,
            )


def _compile_keras2(model, root: Group, origin) -> None:
    """As ``_compile``, as far as Keras 1 has the same; a warning tells what isn't restored."""
    from .. import optimizers
    from .keras2 import optimizer_state, training

    version = root.text("keras_version")
    writer = f"Keras {version}" if version else "Keras 2"

    def told(what: str, slug: str = "") -> None:
        cited = f" [convert: {slug}]" if slug else ""
        warnings.warn(f"{root.path!r} was written by {writer}: {what}.{cited}", stacklevel=4)

    if is_of_tensorflow(version):
        for what, slug in training.differences(model):
            told(what, slug)
    text = root.text("training_config")
    if text is None:
        return told("it holds no training configuration, so the model is not compiled")
    config = parse_json(text, f"{root.path!r}, training_config")
    with failures_named(root.path, "training_config", "the model can't be compiled from it"):
        try:
            of_tensorflow = is_of_tensorflow(version) or major_version(version) == 3
            shapes = [tuple(shape) for shape in getattr(model, "internal_output_shapes", [])]
            arguments, left_out = training.compile_arguments(config, getattr(model, "output_names", [model.name]), of_tensorflow, shapes)
        except training.Unrepresentable as error:
            return told(f"its training state is not restored, and the model is not compiled ({error})", "keras2-training")
        optimizer = optimizers.optimizer_from_config(arguments.pop("optimizer"))
        model.compile(optimizer=optimizer, **arguments)
    if left_out:
        told(f"kbridge doesn't have these metrics and leaves them out: {', '.join(left_out)}", "keras2-metrics")
    if layer := optimizer_state.layer_in_parts(model):
        told(optimizer_state.in_parts_note(model, layer), "keras2-weights-in-parts")
    with failures_named(root.path, "optimizer_weights", "the optimizer can't go on from it"):
        try:
            assign(optimizer_state.read_state(model, root, origin.flipped))
        except training.Unrepresentable as error:
            told(f"the optimizer starts anew ({error})", "keras2-optimizer-state")


def _custom(value: Any, custom_objects: dict[str, Any]) -> Any:
    """``value`` (names in lists and dicts) with the names in ``custom_objects`` replaced."""
    if isinstance(value, dict) and "class_name" in value and "config" in value:
        return value  # an object; its class is looked up where it is made
    if isinstance(value, dict):
        return {key: _custom(item, custom_objects) for key, item in value.items()}
    if isinstance(value, list):
        return [_custom(item, custom_objects) for item in value]
    return custom_objects.get(value, value) if isinstance(value, str) else value


def training_config(model) -> dict[str, Any] | None:
    """How ``model`` was compiled, as the file holds it; None for a model that wasn't."""
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None:
        return None
    return plain(
        {
            "optimizer_config": {"class_name": type(optimizer).__name__, "config": optimizer.get_config()},
            "loss": _as_data(model.loss),
            "metrics": _as_data(model.metrics) or None,
            "sample_weight_mode": model.sample_weight_mode,
            "loss_weights": model.loss_weights,
            **({"weighted_metrics": _as_data(model.weighted_metrics)} if model.weighted_metrics else {}),
        }
    )


def _as_data(value: Any) -> Any:
    """Losses and metrics that are objects as {'class_name', 'config'}, in lists and dicts too."""
    from .. import losses, metrics

    if isinstance(value, dict):
        return {key: _as_data(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_as_data(item) for item in value]
    if isinstance(value, metrics.Metric):
        return metrics.serialize(value)
    return losses.serialize(value) if isinstance(value, losses.Loss) else losses.as_object(value)
