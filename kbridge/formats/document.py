"""``docs/layers.md`` from the layers and their registrations: every layer with the Keras versions whose files hold it.

Write it with ``python -m kbridge.formats.document docs/layers.md``; a test checks that the file in the repository is
what this module gives.
"""

from __future__ import annotations

import inspect
import sys
from pathlib import Path

from .. import layers
from ..engine.topology import Layer
from . import registry

INTRODUCTION = """\
# Layers

<!-- Written by `python -m kbridge.formats.document docs/layers.md`; don't edit by hand. -->

This page lists all layers. They compute, train, save and load on NumPy, TensorFlow and Theano.

The last column says from which Keras a layer comes, and so whose argument names it has.

- *Keras 1*: files of later versions with this layer are read into it, also if the layer has another name there (`Convolution2D` is
  `Conv2D` in later versions).
- *A later version*: this version introduced the layer, and files of this version and of later ones can hold it.

If a file asks for an option that kbridge doesn't have, the error names the layer, the option, its value, and what you can do instead, if there
is a way. [Differences](differences.md) and [Model files](convert.md) list what behaves differently.
"""

#: characters of a summary
MOST = 160

#: module or package of kbridge.layers -> the family of its layers of Keras 1
FAMILIES = {
    "core": "Core", "dense": "Core", "merge": "Core", "input_layer": "Core", "convolutional": "Convolutions", "convolutional_recurrent": "Recurrent",
    "recurrent": "Recurrent", "pooling": "Pooling", "resizing": "Resizing, padding, cropping", "local": "Locally connected", "embeddings": "Embedding",
    "normalization": "Normalization", "noise": "Noise", "advanced_activations": "Activations", "wrappers": "Wrappers",
}  # fmt: skip


def markdown() -> str:
    """The page."""
    rows: dict[str, dict[str, str]] = {}
    for cls in public():
        registered = registry().get(cls.__name__)
        since = registered.since if registered else "Keras 1"
        family = registered.family if registered else FAMILIES.get(cls.__module__.split(".")[2], "More")
        rows.setdefault(family[:1].upper() + family[1:], {})[cls.__name__] = f"| `{cls.__name__}` | {summary(cls)} | {since} |\n"
    parts = [INTRODUCTION]
    for family in sorted(rows, key=lambda name: (name == "More", name)):
        parts.append(
            f"## {family}\n\n| layer | what | files of |\n|---|---|---|\n" + "".join(rows[family][name] for name in sorted(rows[family]))
        )
    return "\n".join(parts)


def public() -> list[type]:
    """The layer classes of ``kbridge.layers``, each once."""
    found = {
        value for name, value in vars(layers).items() if inspect.isclass(value) and issubclass(value, Layer) and not name.startswith("_")
    }
    return sorted(found - {Layer}, key=lambda cls: cls.__name__)


def summary(cls: type) -> str:
    """The first paragraph of the class' docstring, or its first sentence if that is long."""
    text = " ".join((cls.__doc__ or "").strip().partition("\n\n")[0].split())
    if len(text) > MOST:
        text = text.partition(". ")[0]
    return text.rstrip(".").replace("|", "\\|").replace("``", "`")


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(markdown(), encoding="utf-8")
