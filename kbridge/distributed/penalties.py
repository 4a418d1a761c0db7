"""Penalties of the layers in a shared loss: those on weights, those that are sums over a batch, and those that are means.

A worker's loss is weighed with its part of the batch's rows. That is right for penalties that don't depend on rows, and for
means over them. A sum over rows (an activity regularizer's) has to be divided by that part first.
"""

from __future__ import annotations

import warnings

import numpy as np

from .. import backend as K
from ..regularizers import L1L2Regularizer

SUM, MEAN = "sum", "mean"


class Penalties:
    """The penalties of ``model`` that depend on its inputs, each with a factor that is fed.

    What others than kbridge's layers add (``add_loss``, regularizers of a program) is tried: it is computed for some rows, and
    for these rows twice. A sum doubles, a mean stays.

    Attributes:
        factors: the placeholders of the factors.
    """

    def __init__(self, model):
        self._model = model
        layers = list(_all_layers(model))
        of_weights = {id(loss) for layer in layers for loss in layer.get_losses_for(None)}
        of_regularizers = {
            id(loss)
            for layer in layers
            if type(getattr(layer, "activity_regularizer", None)) is L1L2Regularizer and type(layer).__module__.startswith("kbridge.")
            for losses in getattr(layer, "_per_input_losses", {}).values()
            for loss in losses
        }
        self._kinds: list[str | None] = []
        self._tensors: list = []
        self.factors: list = []
        self._factor_of: dict[int, object] = {}
        for loss in model.losses:
            if id(loss) in of_weights or not K.is_tensor(loss):
                continue
            factor = K.placeholder(shape=())
            self._factor_of[id(loss)] = factor
            self.factors.append(factor)
            self._tensors.append(loss)
            self._kinds.append(SUM if id(loss) in of_regularizers else None)

    def scaled(self, penalty):
        """Return the term that is added to the loss for ``penalty``."""
        factor = self._factor_of.get(id(penalty))
        return penalty if factor is None else penalty * factor

    def values(self, step, arrays: list, phase: list, factor: float) -> list[float]:
        """Return the values to feed for the factors, if one over this worker's part of the batch is ``factor``."""
        if None in self._kinds:
            self._kinds = step.exchange.object_of_first(self._tried(arrays, phase))
        return [factor if kind == SUM else 1.0 for kind in self._kinds]

    def _tried(self, arrays: list, phase: list) -> list[str | None]:
        model = self._model
        function = K.function([*model.inputs, *model._phase_input()], self._tensors)
        rows = [np.asarray(a[:]) if not hasattr(a, "tocsr") else a.toarray() for a in arrays[: len(model.inputs)]]
        phase = [0.0 for _ in phase]
        try:
            once = function([*rows, *phase])
            twice = function([*(np.concatenate([a, a]) for a in rows), *phase])
        except Exception as error:  # whatever a model's own layers raise for another size of batch
            warnings.warn(
                f"{model.name}: kbridge can't find out whether a loss of a layer is a sum or a mean over a batch ({error}), and "
                "takes it for a sum.",
                stacklevel=4,
            )
            return [kind or SUM for kind in self._kinds]
        return [kind or _kind(float(np.sum(a)), float(np.sum(b)), model.name) for kind, a, b in zip(self._kinds, once, twice, strict=True)]


def _kind(once: float, twice: float, name: str) -> str:
    if abs(twice - once) <= 0.1 * abs(once):
        return MEAN
    if abs(twice - 2 * once) > 0.1 * abs(twice):
        warnings.warn(f"{name}: a loss of a layer is neither a sum nor a mean over a batch ({once:.4g} for some rows, {twice:.4g} for "
"the same rows twice). The workers' losses are averaged.", stacklevel=5)  # fmt: skip
        return MEAN
    return SUM


def _all_layers(container):
    for layer in container.layers:
        yield layer
        if hasattr(layer, "layers"):
            yield from _all_layers(layer)
