"""Whole models from SavedModel folders of tf.keras: configs, the weights of the checkpoint inside, and how the model was compiled."""

from __future__ import annotations

import warnings
from typing import Any

from ...budget import weight_budget
from ...engine.conventions import padding_from
from ..assignment import assign, assign_converted
from ..configs import whole_model
from ..errors import ModelFileError
from ..keras2 import is_of_tensorflow, to_keras1
from ..keras2 import training as keras2_training
from ..keras2.local_weights import room_for
from ..kinds import Kind
from ..origin import WRITTEN
from ..reading import failures_named
from .bundle import OBJECT_GRAPH, open_bundle
from .matching import Pair, by_objects
from .objects import Objects
from .saved_model import GRAPH, SavedModel, layer_names, read_saved_model
from .vocabularies import with_vocabularies
from .weights import optimizer_state, prefix_of, values


def load_saved_model(kind: Kind, compile: bool = True) -> Any:
    """The model in a SavedModel folder; see ``load_model``. Custom objects come from the scope that is active."""
    saved = read_saved_model(kind.path)
    with failures_named(kind.path, GRAPH, "damaged, or not a SavedModel"):
        config = with_vocabularies(saved.config, saved)
    prefix = prefix_of(kind)
    with open_bundle(prefix) as bundle, failures_named(prefix, problem="damaged, or not the weights of its model"):
        with (
            weight_budget(room_for(config, bundle.values)),
            failures_named(kind.path, "the model's config", "the model can't be built from it"),
            padding_from(WRITTEN),
        ):
            version = saved.version or "2.0.0-tf"
            model = whole_model(to_keras1(config, warn=False, version=version), version)
        if OBJECT_GRAPH not in bundle:
            raise ModelFileError("it has no graph of objects, so kbridge can't find the weights by name.")
        objects = named_objects(saved, Objects(bundle))
        pairs = by_objects(model, objects, objects.model())
        assign_converted(model, values(pairs))
        if compile:
            _compile(model, saved, objects, pairs)
    return model


def named_objects(saved: SavedModel, objects: Objects) -> Objects:
    """The graph of objects with the names that a SavedModel's configs give to layers."""
    for place, name in layer_names(saved).items():
        node = place if isinstance(place, int) else objects.at(place)
        if node is not None:
            objects.names[node] = name
    return objects


def _compile(model: Any, saved: SavedModel, objects: Objects, pairs: list[Pair]) -> None:
    """Compile ``model`` as far as Keras 1 has the same; a warning tells what isn't restored."""
    from ... import optimizers

    def told(what: str, slug: str = "") -> None:
        cited = f" [convert: {slug}]" if slug else ""
        warnings.warn(f"{saved.folder!r} was written by tf.keras: {what}.{cited}", stacklevel=5)

    if is_of_tensorflow(saved.version or "2.0.0-tf"):
        for what, slug in keras2_training.differences(model):
            told(what, slug)
    config = saved.root.get("training_config")
    if not isinstance(config, dict):
        return told("it holds no training configuration, so the model is not compiled")
    with failures_named(saved.folder, "training_config", "the model can't be compiled from it"):
        try:
            shapes = [tuple(shape) for shape in getattr(model, "internal_output_shapes", [])]
            arguments, left_out = keras2_training.compile_arguments(config, getattr(model, "output_names", [model.name]), True, shapes)
        except keras2_training.Unrepresentable as error:
            return told(f"its training state is not restored, and the model is not compiled ({error})", "keras2-training")
        optimizer = optimizers.optimizer_from_config(arguments.pop("optimizer"))
        model.compile(optimizer=optimizer, **arguments)
    if left_out:
        told(f"kbridge doesn't have these metrics and leaves them out: {', '.join(left_out)}", "keras2-metrics")
    with failures_named(saved.folder, "the optimizer's state", "the optimizer can't go on from it"):
        try:
            assign(optimizer_state(model, objects, pairs))
        except keras2_training.Unrepresentable as error:
            told(f"the optimizer starts anew ({error})", "keras2-optimizer-state")
