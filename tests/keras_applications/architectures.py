"""Which architectures there are, how each is made as small as its builder allows, and the rule for weights and pictures."""

from __future__ import annotations

import contextlib
import importlib
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

#: architectures -> arguments that make them smaller
SMALL: dict[str, dict[str, Any]] = {
    "MobileNet": {"alpha": 0.25},
    "MobileNetV2": {"alpha": 0.35},
    "MobileNetV3Small": {"alpha": 0.75},
    "MobileNetV3Large": {"alpha": 0.75},
}

#: the least input that an architecture takes, where that isn't 32
SIZES = {"InceptionV3": 75, "InceptionResNetV2": 75, "Xception": 71}

#: one of each family, which is also written in the formats that few are
FIRST = (
    "MobileNet", "MobileNetV2", "MobileNetV3Small", "EfficientNetB0", "EfficientNetV2B0", "DenseNet121", "ResNet50", "ResNet50V2", "ResNetRS50",
    "NASNetMobile", "ConvNeXtTiny", "InceptionV3", "InceptionResNetV2", "Xception", "VGG16", "RegNetX002", "RegNetY002",
)  # fmt: skip


def _stacks(first: str, later: str) -> Callable[[Any], Any]:
    """What makes the blocks of a small ResNet; the libraries call these functions otherwise."""

    def of_module(module: Any) -> Any:
        stack = getattr(module, first, None) or getattr(module, later)
        return lambda x: stack(stack(x, 4, 2, stride1=1, name="stack1"), 6, 2, name="stack2")

    return of_module


def _inverted(module: Any) -> Any:
    """What makes the blocks of a small MobileNetV3: with and without squeezing, a shortcut and a step of two."""

    def stack(x, kernel, activation, se_ratio):
        block = module._inverted_res_block
        x = block(x, 1, 8, 3, 2, se_ratio, module.relu, 0)
        x = block(x, 3, 8, kernel, 1, se_ratio, activation, 1)
        return block(x, 3, 16, kernel, 2, None, activation, 2)

    return stack


#: members of families that the library builds of any size: name -> (module, builder, arguments, or functions of the module that give them)
TINY: dict[str, tuple[str, str, dict[str, Any]]] = {
    "TinyDenseNet": ("densenet", "DenseNet", {"blocks": [1, 2, 1, 1]}),
    "TinyNASNet": ("nasnet", "NASNet", {"penultimate_filters": 24 * 4, "num_blocks": 1, "stem_block_filters": 4}),
    "TinyEfficientNet": ("efficientnet", "EfficientNet", {"width_coefficient": 0.25, "depth_coefficient": 0.3, "default_size": 32}),
    "TinyEfficientNetV2": (
        "efficientnet_v2", "EfficientNetV2", {"width_coefficient": 0.25, "depth_coefficient": 0.3, "default_size": 32, "model_name": "efficientnetv2-b0"},
    ),
    "TinyConvNeXt": ("convnext", "ConvNeXt", {"depths": [1, 2, 1, 1], "projection_dims": [8, 16, 24, 32], "drop_path_rate": 0.2, "layer_scale_init_value": 0.5}),
    "TinyRegNetX": ("regnet", "RegNet", {"depths": [1, 1, 2, 1], "widths": [8, 16, 16, 24], "group_width": 8, "block_type": "X", "default_size": 32}),
    "TinyRegNetY": ("regnet", "RegNet", {"depths": [1, 1, 2, 1], "widths": [8, 16, 16, 24], "group_width": 8, "block_type": "Y", "default_size": 32}),
    "TinyResNet": (
        "resnet", "ResNet", {"stack_fn": _stacks("stack1", "stack_residual_blocks_v1"), "preact": False, "use_bias": True, "model_name": "resnet"},
    ),
    "TinyResNetV2": (
        "resnet", "ResNet", {"stack_fn": _stacks("stack2", "stack_residual_blocks_v2"), "preact": True, "use_bias": True, "model_name": "resnetv2"},
    ),
    "TinyMobileNetV3": ("mobilenet_v3", "MobileNetV3", {"stack_fn": _inverted, "last_point_ch": 24}),
    "TinyResNetRS": (
        "resnet_rs", "ResNetRS", {"depth": 50, "block_args": [{"input_filters": 8 * 2**i, "num_repeats": 1 + (i == 1)} for i in range(4)]},
    ),
}  # fmt: skip

#: architectures that the library builds of one size only, with as many times fewer filters: name -> (module, builder, how many)
NARROW = {
    "NarrowVGG16": ("vgg16", "VGG16", 16), "NarrowXception": ("xception", "Xception", 32), "NarrowInceptionV3": ("inception_v3", "InceptionV3", 16),
    "NarrowInceptionResNetV2": ("inception_resnet_v2", "InceptionResNetV2", 16),
}  # fmt: skip


class _Narrow:
    """The module ``layers`` of a library, whose layers get fewer filters or units."""

    def __init__(self, layers: Any, times: int):
        self.layers, self.times = layers, times

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.layers, name)
        # a convolution with a bias, in InceptionResNetV2, has as many filters as what it is added to
        return (
            found
            if name not in ("Conv2D", "SeparableConv2D", "Dense")
            else lambda n, *args, **kwargs: found(n if kwargs.get("use_bias") or n < self.times else n // self.times, *args, **kwargs)
        )


@contextlib.contextmanager
def _narrow(module: Any, times: int) -> Iterator[None]:
    layers = module.layers
    module.layers = _Narrow(layers, times)
    try:
        yield
    finally:
        module.layers = layers


def architectures(k: Any) -> list[str]:
    """Those that a library has."""
    return [name for name in dir(k.applications) if name[0].isupper()]


def size(name: str) -> int:
    """How large pictures are."""
    return SIZES.get(name.removeprefix("Narrow"), 32)


def build(k: Any, name: str) -> Any:
    """A model of 7 classes that gives what would go into the softmax."""
    options: dict[str, Any] = {"weights": None, "input_shape": (size(name), size(name), 3), "classes": 7, "classifier_activation": None}
    if name in NARROW:
        place, function, times = NARROW[name]
        module = importlib.import_module(f"{k.__name__}.src.applications.{place}")
        with _narrow(module, times):
            return getattr(module, function)(**options)
    if name not in TINY:
        return getattr(k.applications, name)(**options, **SMALL.get(name, {}))
    place, function, arguments = TINY[name]
    module = importlib.import_module(f"{k.__name__}.src.applications.{place}")
    arguments = {key: value(module) if callable(value) else value for key, value in arguments.items()}
    found = getattr(module, function)
    # the blocks are found by this name; Keras 3 calls the argument otherwise
    named = {"name" if key == "model_name" and k.__name__ == "keras" else key: value for key, value in arguments.items()}
    return found(**options, **named)


def value(layer: str, name: str, shape: tuple[int, ...]) -> np.ndarray:
    """A weight, of the name that a file gives it."""
    draw = np.random.RandomState(zlib.crc32(f"{layer}/{name}".encode()))
    u = draw.uniform(-1, 1, shape).astype("float32")
    kind = name.rpartition("/")[2].partition(":")[0]
    if kind in ("gamma", "moving_variance", "variance"):
        return 1 + 0.1 * u
    if len(shape) < 2:
        return 0.1 * u
    fan = np.prod(shape[:-2] if kind == "depthwise_kernel" else shape[:-1])
    return u * np.float32(np.sqrt(4.5 / max(fan, 1)))


def picture(size: int) -> np.ndarray:
    """Two pictures with values from 0 to 255."""
    return np.random.RandomState(5).uniform(0, 255, (2, size, size, 3)).astype("float32")
