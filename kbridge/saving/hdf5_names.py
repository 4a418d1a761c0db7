"""Where in an HDF5 file layers and weights lie that have any names.

Keras puts a layer into the group of its name, as HDF5 understands it: a path, absolute if it begins with '/', in which
empty steps and '.' mean nothing ('..' is a name like others). What can't lie there is refused before anything is written.
Weights may have other names than their variables, since their order counts, so that they always find a place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .hdf5_layout import MAX_ATTRIBUTE


def steps_of(name: str) -> list[str]:
    """The names that a path goes through."""
    return [step for step in name.split("/") if step not in ("", ".")]


def absolute(base: str, name: str) -> str:
    """The path of ``name``, seen from the group ``base``, from the root on."""
    return "/" + "/".join(([] if name.startswith("/") else steps_of(base)) + steps_of(name))


def layer_paths(names: Sequence[str], base: str, kept: Iterable[str] = ()) -> list[str]:
    """The paths of the groups of layers in the group ``base``. ValueError for names that no file can hold.

    ``kept``: paths that hold something else.
    """
    paths: dict[str, str] = {}
    for name in names:
        check_name(name)
        path = absolute(base, name)
        if path in paths:
            other = "both have this name" if paths[path] == name else f"{paths[path]!r} means the same place"
            raise ValueError(
                f"Layer {name!r} can't be saved together with another layer: {other} in an HDF5 file, where '/' separates groups."
            )
        if path in kept:
            raise ValueError(f"Layer {name!r} can't be saved: a model file holds something else at {path!r}.")
        paths[path] = name
    return list(paths)


def check_name(name: str) -> None:
    """ValueError for a layer's name that HDF5 can't hold."""
    if not isinstance(name, str) or not name:
        raise ValueError(f"A layer needs a text as its name to be saved, got {name!r}.")
    try:
        encoded = name.encode("utf8")
    except UnicodeEncodeError:
        raise ValueError(f"Layer {name!r} can't be saved: its name isn't valid Unicode.") from None
    if "\0" in name:
        raise ValueError(f"Layer {name!r} can't be saved: names in HDF5 can't hold zero bytes.")
    if len(encoded) > MAX_ATTRIBUTE:
        raise ValueError(
            f"Layer {name[:60]!r}... can't be saved: its name has {len(encoded)} bytes, which is too long for an HDF5 attribute."
        )


class Places:
    """The paths that are taken in a file, for weights that look for one."""

    def __init__(self, groups: Iterable[str]):
        self._groups: set[str] = {"/"}
        self._arrays: set[str] = set()
        for path in groups:
            self._groups.update(_with_parents(path))

    def name_for(self, group: str, wanted: str) -> str:
        """A name for an array in ``group`` that is free, ``wanted`` + ':0' if possible; it is taken from now on."""
        base = _possible(wanted)
        name, number = base, 1
        while not self._free(path := absolute(group, name + ":0")):
            # something that lies on the way there can't be avoided by another last step
            name = f"{base.replace('/', '_')}_{number}"
            number += 1
        self._arrays.add(path)
        self._groups.update(_with_parents(path)[1:])
        return name + ":0"

    def _free(self, path: str) -> bool:
        own, *parents = _with_parents(path)
        return own not in self._groups and own not in self._arrays and self._arrays.isdisjoint(parents)


def _with_parents(path: str) -> list[str]:
    """``path``, and what it lies in, from the inside out."""
    steps = steps_of(path)
    return ["/" + "/".join(steps[:count]) for count in range(len(steps), -1, -1)]


def _possible(name: str) -> str:
    """``name`` as HDF5 can hold it below a group."""
    name = "/".join("__" if step == ".." else step for step in steps_of(name.replace("\0", "_").encode("utf8", "replace").decode("utf8")))
    return name if name and len(name.encode("utf8")) < MAX_ATTRIBUTE - 100 else "param"
