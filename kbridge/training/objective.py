"""The objective of a model's training: the total loss, with the tensors of all that is logged beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..backends.ranges import counting
from .compiling import collect_metrics, metric_tensors
from .weighting import weighted_objective


def objective_of(model: Any, scaled: Callable[[Any], Any] = lambda penalty: penalty) -> tuple:
    """(total loss, names of what is logged, the tensors of all of these but the total).

    ``scaled``: what is added to the loss for a penalty of the layers.
    """
    names, weights, masks = model.output_names, model._loss_factors, output_masks(model)
    total, labels, tensors = None, ["loss"], []
    for i, name in enumerate(names):
        weighted = weighted_objective(model.loss_functions[i])
        output_loss = weighted(model.targets[i], model.outputs[i], model.sample_weights[i], masks[i])
        if len(names) > 1:
            tensors.append(output_loss)
            labels.append(f"{name}_loss")
        plain = isinstance(weights[i], (int, float)) and weights[i] == 1
        term = output_loss if plain else weights[i] * output_loss
        total = term if total is None else total + term
    for penalty in model.losses:
        total = total + scaled(penalty)

    model.metrics_of_outputs = {}
    listed = [collect_metrics(each, names) for each in (model.metrics, model.weighted_metrics)]
    for i, name in enumerate(names):
        asked = [(metric, False) for metric in listed[0][i]] + [(metric, True) for metric in listed[1][i]]
        for metric, by_weights in asked:
            with counting(model.targets[i], model.sample_weights[i], masks[i]):
                found = metric_tensors(
                    metric, model.loss_functions[i], model.internal_output_shapes[i], model.targets[i], model.outputs[i], masks[i],
                    model.sample_weights[i] if by_weights else None,
                )  # fmt: skip
            for label, tensor, gathers in found:
                if gathers is not None:
                    model.metrics_of_outputs[len(labels)] = gathers
                labels.append(label if len(names) == 1 else f"{name}_{label}")
                tensors.append(tensor)
    return total, labels, tensors


def output_masks(model: Any) -> list:
    """The mask of each output, None for one that has none."""
    return [
        layer.inbound_nodes[n].output_masks[t]
        for layer, n, t in zip(model.output_layers, model.output_layers_node_indices, model.output_layers_tensor_indices, strict=True)
    ]
