"""Whole models and weights from the ``.keras`` archive, and weights from ``.weights.h5``."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from ...budget import weight_budget
from ...engine.registry import get_custom_objects
from ..assignment import assign, assign_converted
from ..configs import whole_model
from ..errors import ModelFileError
from ..keras2.local_weights import room_for
from ..kinds import kind_of, refusal
from ..reading import Group, failures_named
from . import training
from .archive import CONFIG, GROUP, OWN, WEIGHTS, Archive, open_archive, version_of
from .compiled import USUAL_OPTIMIZER, as_of_keras2
from .masks import check_masks
from .models import FUNCTIONAL, keras1_config
from .paths import Node, nodes_of_config, places, stored_names
from .shards import open_shards, shards_listed
from .vocabularies import with_vocabularies
from .weights import Match, match_attributes, match_by_name, match_in_order, match_model, read, stored_values


def load_archive(path: str, custom_objects: dict[str, Any], compile: bool):
    """The model in the archive ``path``; see ``load_model``. It holds the custom objects already."""
    with open_archive(path) as archive:
        version = version_of(archive)
        with archive.hdf5(WEIGHTS) as root:
            config = with_vocabularies(archive.json(CONFIG), archive, root)
            if OWN in archive and GROUP in root:
                from ..model import model_in

                return model_in(root.group(GROUP).with_texts(_own_texts(archive)), custom_objects, compile)
            _refuse_own_model(path, config)
            with weight_budget(room_for(config, stored_values(root))), failures_named(path, CONFIG, "the model can't be built from it"):
                model = whole_model(keras1_config(config, version), version)
                check_masks(model, config)
            nodes = nodes_of_config(config)
            if not nodes and "layers" not in root:
                # what a class of somebody's own made of its config; the order of its weights in Keras isn't known, so neither is the optimizer's
                assign_converted(model, list(read(match_attributes(model, root))))
                if compile and config.get("compile_config"):
                    warnings.warn(
                        f"{path!r} is of a class of its own, so its training state is not restored, and the model is not compiled. "
                        "[convert: keras2-training]",
                        stacklevel=3,
                    )
                return model
            matches = match_model(model, nodes, root)
            assign_converted(model, list(read(matches)))
            if compile:
                _compile(model, config, matches, root, version)
    return model


def _refuse_own_model(path: str, config: Any) -> None:
    """ModelFileError for a subclass of Model whose layers are made by its own code, and not listed in the config."""
    inner = config.get("config") if isinstance(config, Mapping) else None
    name = config.get("registered_name") or config.get("class_name") if isinstance(config, Mapping) else None
    if not isinstance(inner, Mapping) or "layers" in inner or not isinstance(name, str) or name in ("Sequential", *FUNCTIONAL):
        return
    made_by = getattr(get_custom_objects().get(name), "from_config", None)
    if made_by is None or made_by.__module__.partition(".")[0] == __name__.partition(".")[0]:
        raise ModelFileError(
            f"{path!r}, {CONFIG}: the model is of a class of its own, {name!r}, whose code makes its layers; the file doesn't list them, and kbridge doesn't "
            "load subclasses of Model. Build the same layers as a Sequential or functional model, call each like the attribute of the class that holds "
            "it (name=...), and load their weights: model.load_weights(path, by_name=True)."
        )


def _own_texts(archive: Archive) -> dict[str, str]:
    """The texts that kbridge keeps beside Keras 3's."""
    texts = archive.json(OWN)
    if not isinstance(texts, Mapping) or not all(isinstance(value, str) for value in texts.values()):
        raise archive.error(f"{OWN} should be a dict of texts.")
    return dict(texts)


# ---------------------------------------------------------------------- weights alone


def assign_weights(model: Any, root: Group, by_name: bool, nodes: list[Node] | None = None) -> None:
    """Set the weights of ``model`` from those below ``root``. Nothing is set unless everything fits."""
    assign_converted(model, list(read(_matches(model, root, by_name, nodes))))


def _matches(model: Any, root: Group, by_name: bool, nodes: list[Node] | None) -> list[Match]:
    if not nodes and "layers" not in root:
        nodes = None  # the config of a class of somebody's own doesn't say its layers
    if not by_name:
        return match_in_order(model, root, nodes)
    names = stored_names(root) if nodes is None else dict(zip((node.name for node in nodes), places(nodes), strict=True))
    if not names:
        raise ModelFileError(
            f"{root.path!r}: it doesn't say the names of its layers; files of Keras before 3.2 and of tf.keras don't. Load it "
            "without by_name."
        )
    found = match_by_name(model, names, root)
    if not found:
        warnings.warn(
            f"{root.path!r}: by_name=True found no layer of the model, so nothing was loaded. The file has "
            f"{', '.join(list(names)[:8])}; the model has {', '.join(layer.name for layer in model.layers[:8])}.",
            stacklevel=5,
        )
    return found


def load_archived_weights(model: Any, path: str, by_name: bool) -> None:
    """Set the weights of ``model`` from an archive with a whole model."""
    with open_archive(path) as archive, archive.hdf5(WEIGHTS) as root:
        assign_weights(model, root, by_name, nodes_of_config(archive.json(CONFIG)))


def load_shards(model: Any, path: str, by_name: bool) -> None:
    """Set the weights of ``model`` from the files that the JSON file ``path`` lists."""
    files = shards_listed(path)
    if files is None:
        raise refusal(kind_of(path), "a file of weights")
    with open_shards(path, files) as root:
        assign_weights(model, root, by_name)


# ---------------------------------------------------------------------- training


def _compile(model: Any, config: Mapping[str, Any], matches: list[Match], root: Group, version: str | None) -> None:
    """Compile as the file says, as far as kbridge has the same; a warning tells what isn't restored."""
    from ... import optimizers
    from ..keras2 import major_version
    from ..keras2.optimizer_state import in_parts_note, layer_in_parts
    from ..keras2.training import Unrepresentable, compile_arguments, differences

    def told(what: str, slug: str = "") -> None:
        cited = f" [convert: {slug}]" if slug else ""
        warnings.warn(f"{root.path!r} was written by {writer}: {what}.{cited}", stacklevel=5)

    writer = f"tf.keras {version}" if major_version(version) == 2 else f"Keras {version or 3}"

    for what, slug in differences(model, of_keras3=True):
        told(what, slug)
    compiled = config.get("compile_config")
    if not isinstance(compiled, Mapping) or not compiled:
        return told("it holds no training configuration, so the model is not compiled")
    with failures_named(root.path, "compile_config", "the model can't be compiled from it"):
        try:
            shapes = [tuple(shape) for shape in getattr(model, "internal_output_shapes", [])]
            outputs = getattr(model, "output_names", [model.name])
            arguments, left_out = compile_arguments(as_of_keras2(compiled), outputs, True, shapes)
        except Unrepresentable as error:
            return told(f"its training state is not restored, and the model is not compiled ({error})", "keras2-training")
        optimizer = optimizers.optimizer_from_config(arguments.pop("optimizer"))
        model.compile(optimizer=optimizer, **arguments)
    if left_out:
        told(f"kbridge doesn't have these metrics and leaves them out: {', '.join(left_out)}", "keras2-metrics")
    if layer := layer_in_parts(model):
        told(in_parts_note(model, layer), "keras2-weights-in-parts")
    if compiled.get("optimizer") is None:
        return told(
            f"its compile_config names no optimizer, so the model is compiled with {USUAL_OPTIMIZER!r}, as Keras does, and the stored state of the "
            "optimizer isn't taken over; call compile for another optimizer",
            "keras2-optimizer-state",
        )
    stored = compiled["optimizer"]
    if major_version(version) == 2 and isinstance(stored, Mapping) and "legacy" in str(stored.get("module")):
        return told("tf.keras stores no state of its legacy optimizers in archives, so the optimizer starts anew", "keras2-optimizer-state")
    with failures_named(root.path, "optimizer", "the optimizer can't go on from it"):
        try:
            assign(training.read_state(model, root, matches))
        except Unrepresentable as error:
            told(f"the optimizer starts anew ({error})", "keras2-optimizer-state")
