"""Which pixels a model's answer hangs on: pictures of gradients.

The absolute gradient of the likeliest class' score by the input, its largest over the channels, as in Simonyan,
Vedaldi, Zisserman: Deep Inside Convolutional Networks (2014).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .. import backend as K
from ..activations import linear
from ..engine.topology import Container
from ..errors import UsageError
from ..extras import needed
from .signature import Tensor, graph_of, inputs_of
from .sources import Item

#: keeps the logarithm of a probability of 0 or 1 finite
TINY = 1e-7


class Saliency:
    """Writes a PNG for each picture: the input, and beside it where the answer comes from.

    Args:
        model: with one input that takes pictures.
        folder: where the files go; it is made if it isn't there.
    """

    def __init__(self, model: Any, folder: Path):
        inputs = inputs_of(model)
        if len(inputs) != 1 or inputs[0].picture() is None:
            raise UsageError("--explain needs a model with a single input, which takes pictures.")
        self.tensor: Tensor = inputs[0]
        self.images = needed("PIL.Image", "images", "--explain")
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        model = graph_of(model)
        score = K.sum(K.max(K.batch_flatten(scores(model)), axis=-1))
        phase = [K.learning_phase()] if model.uses_learning_phase else []
        gradient = K.gradients(score, [model.inputs[0]])[0]
        if gradient is None:
            raise UsageError("--explain needs a gradient, but this model's output has none with respect to its input.")
        self.function = K.function([model.inputs[0], *phase], [gradient])
        self.phase = [0.0] * len(phase)
        self.used: set[str] = set()

    def __call__(self, item: Item, outputs: list[np.ndarray]) -> None:
        """Write the picture of one item."""
        sample = item.values[self.tensor.name]
        gradient = self.function([sample[None], *self.phase])[0][0]
        self._picture(sample, gradient).save(self.folder / self._file_name(item))

    def _picture(self, sample: np.ndarray, gradient: np.ndarray) -> Any:
        height, width, channels = self.tensor.picture() or (None, None, 1)
        if height is None or width is None:
            height, width = sample.shape[1:] if self.tensor.first else sample.shape[:2]
        if len(self.tensor.shape) == 3 and self.tensor.first:
            sample, gradient = sample.transpose(1, 2, 0), gradient.transpose(1, 2, 0)
        sample, gradient = sample.reshape(height, width, channels), gradient.reshape(height, width, channels)
        strength = np.abs(gradient).max(axis=-1)
        # a few pixels of very large gradients would leave all others black
        limit = np.percentile(strength, 99) or strength.max() or 1.0
        heat = np.clip(strength / limit, 0, 1)[..., None] * np.array([255.0, 160.0, 40.0])
        low, high = sample.min(), sample.max()
        seen = (sample - low) / ((high - low) or 1.0) * 255
        seen = np.repeat(seen, 3, axis=-1) if channels == 1 else seen[..., :3]
        both = np.concatenate([seen, np.full((height, max(width // 20, 1), 3), 255.0), heat], axis=1)
        factor = max(1, 256 // height)
        return self.images.fromarray(np.repeat(np.repeat(both, factor, 0), factor, 1).round().astype("uint8"))

    def _file_name(self, item: Item) -> str:
        stem = item.path.stem if item.path is not None else "".join(c if c.isalnum() or c in "-_." else "_" for c in item.name)
        name, number = stem, 1
        while name in self.used:
            number += 1
            name = f"{stem}-{number}"
        self.used.add(name)
        return f"{name}.png"


def scores(model: Any) -> Any:
    """Return the tensor that goes into the model's last softmax or sigmoid; where that is inside of another layer, the log-odds of the output.

    A probability close to 1 hardly has a gradient, the score below it has.
    """
    last, output = model.layers[-1], model.outputs[0]
    if isinstance(last, Container):
        return K.log(output + TINY) - K.log(1 - output + TINY)
    activation = getattr(last, "activation", None)
    if type(last).__name__ != "Softmax" and getattr(activation, "__name__", "") not in ("softmax", "sigmoid"):
        return output
    fed = last.get_input_at(len(last.inbound_nodes) - 1)
    if type(last).__name__ in ("Activation", "Softmax"):
        return fed
    last.activation = linear
    try:
        return last.call(fed)
    finally:
        last.activation = activation
