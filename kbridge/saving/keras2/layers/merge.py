"""Layers that join several inputs."""

from __future__ import annotations

from ..options import Options
from .common import Translated, Translation


def merge(mode: str) -> Translation:
    return lambda options: ("Merge", {"mode": mode, "broadcast": True})


def concatenate(options: Options) -> Translated:
    return "Merge", {"mode": "concat", "concat_axis": options.take("axis", -1)}


def dot(options: Options) -> Translated:
    axes = options.need("axes")
    return "Merge", {"mode": "normalized_dot" if options.take("normalize", False) else "dot", "dot_axes": axes}
