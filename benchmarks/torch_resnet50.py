"""ResNet50 in plain PyTorch, with the layers and names of ``kbridge.applications``."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn
from torch.nn import functional

#: for each stage its filters, and the number of its blocks
STAGES = {2: ((64, 64, 256), 3), 3: ((128, 128, 512), 4), 4: ((256, 256, 1024), 6), 5: ((512, 512, 2048), 3)}


class Normalized(nn.Module):
    """A convolution and a batch normalization."""

    def __init__(
        self, names: tuple[str, str], norm: tuple[float, float], size: int, channels: int, filters: int, stride: int = 1, padding: int = 0
    ):
        super().__init__()
        self.names = names
        self.conv = nn.Conv2d(channels, filters, size, stride, padding)
        self.norm = nn.BatchNorm2d(filters, *norm)

    def forward(self, x):
        return self.norm(self.conv(x))


class Block(nn.Module):
    """Three convolutions, and the sum with what came in."""

    def __init__(self, name: str, norm: tuple[float, float], channels: int, filters: tuple[int, ...], stride: int, shortcut: bool):
        super().__init__()

        def part(suffix: str, *args: int) -> Normalized:
            return Normalized((f"res{name}_branch{suffix}", f"bn{name}_branch{suffix}"), norm, *args)

        self.first = part("2a", 1, channels, filters[0], stride)
        self.second = part("2b", 3, filters[0], filters[1], 1, 1)
        self.third = part("2c", 1, filters[1], filters[2])
        self.shortcut = part("1", 1, channels, filters[2], stride) if shortcut else nn.Identity()

    def forward(self, x):
        h = self.third(self.second(self.first(x).relu()).relu())
        return (h + self.shortcut(x)).relu()


class ResNet50(nn.Module):
    """The network up to the logits; ``epsilon`` and ``momentum`` are those of ``BatchNorm2d``."""

    def __init__(self, classes: int = 1000, epsilon: float = 1e-3, momentum: float = 0.01):
        super().__init__()
        norm = epsilon, momentum
        blocks, channels = [], 64
        for stage, (filters, count) in STAGES.items():
            for i, letter in enumerate("abcdef"[:count]):
                blocks.append(Block(f"{stage}{letter}", norm, channels, filters, 1 if i or stage == 2 else 2, not i))
                channels = filters[-1]
        self.start = Normalized(("conv1", "bn_conv1"), norm, 7, 3, 64, 2, 3)
        self.blocks = nn.Sequential(*blocks)
        self.output = nn.Linear(channels, classes)

    def forward(self, x):
        h = functional.max_pool2d(self.start(x).relu(), 3, 2)
        return self.output(functional.avg_pool2d(self.blocks(h), 7).flatten(1))

    def by_keras_name(self) -> Iterator[tuple[str, nn.Module]]:
        """The layers with weights, and how kbridge calls them."""
        for module in self.modules():
            if isinstance(module, Normalized):
                yield module.names[0], module.conv
                yield module.names[1], module.norm
        yield "fc1000", self.output
