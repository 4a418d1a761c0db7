"""Named ways to bring the values of pictures, 0 to 255, to what a model was trained on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..models import Sequential
from .signature import all_layers, inputs_of

#: means of ImageNet's blue, green and red values, which the networks trained in Caffe have subtracted
CAFFE_MEANS = (103.939, 116.779, 123.68)
#: means and standard deviations of ImageNet's red, green and blue values between 0 and 1, as torchvision's networks have them
TORCH_MEANS, TORCH_STDS = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def _symmetric(x: np.ndarray) -> np.ndarray:
    return x / 127.5 - 1


def _caffe(x: np.ndarray) -> np.ndarray:
    return x[..., ::-1] - np.asarray(CAFFE_MEANS, x.dtype)


def _torch(x: np.ndarray) -> np.ndarray:
    return (x / 255 - np.asarray(TORCH_MEANS, x.dtype)) / np.asarray(TORCH_STDS, x.dtype)


#: name -> what it does to pixels (height, width, channels); the imagenet ways are for colours
WAYS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "0..1": lambda x: x / 255,
    "-1..1": _symmetric,
    "imagenet-caffe": _caffe,
    "imagenet-tf": _symmetric,
    "imagenet-torch": _torch,
    "teachable-machine": _symmetric,
}

#: ways that are defined for three channels alone
FOR_COLOURS = ("imagenet-caffe", "imagenet-torch")

#: layers that scale what they get by themselves
SCALING_LAYERS = ("Rescaling", "Normalization", "BatchNormalization", "Lambda", "TFOpLambda")


@dataclass(frozen=True)
class Scaling:
    """``way`` (a name of ``WAYS``) first, then ``x * scale + shift``."""

    way: str | None = None
    scale: float = 1.0
    shift: float = 0.0

    @property
    def nothing(self) -> bool:
        """Whether values stay as they are."""
        return self.way is None and self.scale == 1 and self.shift == 0

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """Pixels (height, width, channels) of a float dtype, scaled."""
        if self.way in FOR_COLOURS and pixels.shape[-1] != 3:
            raise ValueError(f"--scaling {self.way} needs 3 channels, but the model takes {pixels.shape[-1]}.")
        if self.way is not None:
            pixels = WAYS[self.way](pixels)
        return pixels if self.scale == 1 and self.shift == 0 else pixels * self.scale + self.shift


def hint(model: Any, scaling: Scaling) -> str | None:
    """Return what a user should hear before pictures are fed: that nothing scales their values, or that two do."""
    if not any(x.picture() for x in inputs_of(model)):
        return None
    if scaling.nothing and of_teachable_machine(model):
        return "the model looks like one from Teachable Machine, which needs --scaling teachable-machine; now values go in from 0 to 255"
    first: Any = next((layer for layer in all_layers(model) if type(layer).__name__ != "InputLayer"), None)
    own = type(first).__name__ in SCALING_LAYERS
    if own and not scaling.nothing and type(first).__name__ in ("Rescaling", "Normalization"):
        return f"the model begins with a {type(first).__name__} layer ({first.name!r}), which scales values itself. Are they scaled twice?"
    if not own and scaling.nothing:
        return "values go into the model from 0 to 255, but most models were trained with --scaling 0..1 or -1..1"
    return None


def of_teachable_machine(model: Any) -> bool:
    """Whether a model of pictures has the form of Teachable Machine's files: a network with a pooling layer behind it, then two Dense
    layers, of which the last has a softmax and no bias; both parts are models inside of the model."""
    parts: list[Any] = model.layers if isinstance(model, Sequential) else []
    if len(parts) != 2 or not all(isinstance(part, Sequential) for part in parts):
        return False
    names = [[type(layer).__name__ for layer in part.layers if type(layer).__name__ != "InputLayer"] for part in parts]
    last = parts[1].layers[-1]
    return (
        names[0][-1:] == ["GlobalAveragePooling2D"]
        and names[1] == ["Dense", "Dense"]
        and not last.bias
        and getattr(last.activation, "__name__", "") == "softmax"
    )
