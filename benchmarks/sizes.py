"""Installed size of a package and all that it needs: ``python -m benchmarks.sizes``.

Only what is installed in this environment is counted, from the files that each distribution has recorded.
"""

from __future__ import annotations

from importlib.metadata import Distribution, PackageNotFoundError, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

#: what is compared: distributions; kbridge itself is counted from its requirements and its source
COMPARED = {
    "kbridge on NumPy": ("numpy", "h5py"),
    "kbridge on Theano": ("numpy", "h5py", "theano-pymc"),
    "kbridge on TensorFlow": ("numpy", "h5py", "tensorflow"),
    "Keras 3 on TensorFlow": ("keras", "tensorflow"),
    "Keras 3 on JAX": ("keras", "jax", "jaxlib"),
    "PyTorch": ("torch",),
}


def needed(names: tuple[str, ...]) -> dict[str, Distribution]:
    """The distributions and all that they require here, extras aside. PackageNotFoundError for one of ``names``."""
    found: dict[str, Distribution] = {}
    waiting = list(names)
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in found:
            continue
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            if name in map(canonicalize_name, names):
                raise
            continue
        for text in found[name].requires or ():
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(requirement.name)
    return found


def size(item: Distribution) -> int:
    """Bytes of its files."""
    paths = (item.locate_file(file) for file in item.files or ())
    return sum(path.stat().st_size for path in paths if path.is_file())  # type: ignore[attr-defined]


def main() -> None:
    from pathlib import Path

    import kbridge

    own = sum(f.stat().st_size for f in Path(kbridge.__file__).parent.rglob("*.py"))
    for title, names in COMPARED.items():
        try:
            items = needed(names)
        except PackageNotFoundError as error:
            print(f"{title:24} {error.args[0]} is not installed")
            continue
        total = sum(map(size, items.values())) + (own if title.startswith("kbridge") else 0)
        print(f"{title:24}{total / 1e6:>8.0f} MB in {len(items):>3} packages")


if __name__ == "__main__":
    main()
