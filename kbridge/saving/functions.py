"""Functions of Lambda and Merge layers in configs: stored by name and as graphs of operations, found again without running anything.

A config holds a function's name and the type ``function``, which Keras 1.2.2 reads too. The graph of what the function computes stands beside the
layer's class, where Keras doesn't look. When a model is loaded, kbridge looks for its function in this order:

1. in ``custom_objects``, under the layer's name or the function's own (a function without a name goes by the layer's name),
2. the graph,
3. bytecode, which Keras 1, 2 and 3 store. It is read as data and never run.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from ..engine.registry import GRAPHS
from ..errors import ModelFileError
from ..operations import Call
from .bytecode import function_name, read_live, read_stored
from .reading import Group
from .texts import parse_json

#: Config keys that may hold a function, by layer class: (key, key of its type).
FUNCTION_KEYS = {
    "Lambda": (("function", "function_type"), ("output_shape", "output_shape_type")),
    "Merge": (("mode", "mode_type"), ("output_shape", "output_shape_type"), ("output_mask", "output_mask_type")),
}

#: Keys of the layer's main function: it goes by the layer's name, others by that name + '_' + key.
_MAIN = ("function", "mode")


#: Where Keras 3 looks for a function that it has only the name of.
_OWN_OF_KERAS = ("keras.activations", "keras.ops", "keras.backend")


class StoredFunction(str):
    """A function's name for a config that is not yet a text: the function itself comes along, so that
    ``from_config(get_config())`` in one process needs no ``custom_objects``."""

    function: Any

    def __new__(cls, name: str, function=None):
        self = super().__new__(cls, name)
        self.function = function
        return self

    def __getnewargs__(self):
        return (str(self), self.function)

    def __deepcopy__(self, memo):
        # a copy of a config has the same functions, as copies of Python's functions are; a method of K's would drag the backend along
        return self


class NeededFunction(NamedTuple):
    """A function that a config refers to."""

    layer: str
    key: str
    #: Its own name where the file tells one.
    name: str | None
    #: What stopped the reader of its bytecode; '' where there is none.
    stopped: str = ""

    @property
    def names(self) -> list[str]:
        """The names that it may have in ``custom_objects``, in order."""
        first = custom_name(self.layer, self.key)
        return [first] if self.name in (None, first) else [first, self.name]


def custom_name(layer: str, key: str) -> str:
    """The name in ``custom_objects`` of the function that layer ``layer`` has under the config key ``key``."""
    return layer if key in _MAIN else f"{layer}_{key}"


def to_config(function, layer: str, key: str) -> StoredFunction:
    """The config value for ``function``: its name, or one made of the layer's where it has none."""
    name = getattr(function, "__name__", "<lambda>")
    return StoredFunction(custom_name(layer, key) if name == "<lambda>" else name, function)


def from_config(value, kind: str, layer: str, key: str, custom_objects: Mapping[str, Any], arguments: Mapping[str, Any] | None = None):
    """The function for a config value of type ``kind`` ('lambda', 'function'); other kinds give the value itself.

    ``arguments``: those that the layer passes on to its function. Raises ModelFileError naming the layer and what to pass,
    if ``custom_objects`` has none and the file holds none that can be read.
    """
    if kind not in ("lambda", "function"):
        return value
    if isinstance(value, StoredFunction) and value.function is not None:
        return value.function
    if callable(value):
        return value
    needed = NeededFunction(layer, key, stored_name(value))
    found = _find(needed, custom_objects)
    if found is not None:
        return found
    function, stopped = _read(value, None, key, arguments)
    if function is None:
        raise missing_functions([needed._replace(stopped=stopped)])
    return function


def stored_name(value) -> str | None:
    """The function's own name in a config value; None for a nameless or unreadable one."""
    name = function_name(value) if is_code(value) else value if isinstance(value, str) else None
    return None if name == "<lambda>" else str(name) if name else None


def is_code(value: Any) -> bool:
    """Whether a config value is bytecode. Keras 1.0 stored it as a text of its own; a name is an identifier."""
    return isinstance(value, (list, tuple, Mapping)) or isinstance(value, str) and not value.isprintable()


def _find(needed: NeededFunction, custom_objects: Mapping[str, Any]):
    for name in needed.names:
        if callable(custom_objects.get(name)):
            return custom_objects[name]
    return None


# ---------------------------------------------------------------------- functions as data


def with_graphs(config: Any) -> Any:
    """``config``, not yet a text, with the graphs of its layers' functions beside their classes.

    A warning says what can't be followed: such a function is stored by its name alone.
    """
    problems: list[str] = []
    config = _with_graphs(config, problems)
    for problem in problems:
        warnings.warn(f"{problem} [differences: stored-code]", stacklevel=4)
    return config


def _with_graphs(config: Any, problems: list[str]) -> Any:
    if isinstance(config, (list, tuple)):
        return type(config)(_with_graphs(item, problems) for item in config)
    if not isinstance(config, dict):
        return config
    new = {key: _with_graphs(value, problems) for key, value in config.items()}
    graphs = {}
    for key, needed, value in _functions_in(config):
        if not isinstance(value, StoredFunction) or value.function is None:
            continue
        graph = getattr(value.function, "graph", None)
        if graph is None:
            arguments = config["config"].get("arguments") if key in _MAIN else None
            graph, stopped = graph_of_live(value.function, arguments, key)
            if graph is None:
                problems.append(
                    f"Layer {needed.layer!r}: its {key} is stored by name only, because kbridge can't write it as data: {stopped}. "
                    f"Loading needs custom_objects={{{str(value)!r}: ...}}."
                )
                continue
        graphs[key] = graph.to_json()
    return {**new, GRAPHS: graphs} if graphs else new


def graph_of_live(function: Any, arguments: Mapping[str, Any] | None = None, key: str = "function") -> tuple[Any, str]:
    """The graph of a layer's function in this program (None if it can't be followed), and what stopped the reader."""
    if getattr(function, "graph", None) is not None:
        return function.graph, ""
    read = read_live(function, arguments, key not in _MAIN)
    return read.graph, read.stopped or ""


def graphs_of(config: Any) -> tuple[Any, dict[str, Any]]:
    """``config`` without the graphs of its layers, and these by the layers' names; layers that share a name keep theirs."""
    found: dict[str, list] = {}
    for value in _dicts(config):
        if isinstance(value.get("config"), dict) and (GRAPHS in value or str(value.get("class_name")) in FUNCTION_KEYS):
            found.setdefault(str(value["config"].get("name")), []).append(value.get(GRAPHS))
    apart = {name: graphs[0] for name, graphs in found.items() if graphs[0] and all(other == graphs[0] for other in graphs)}

    def without(value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            return type(value)(map(without, value))
        if not isinstance(value, dict):
            return value
        inner = value.get("config")
        taken = GRAPHS in value and isinstance(inner, dict) and str(inner.get("name")) in apart
        return {key: without(item) for key, item in value.items() if not (taken and key == GRAPHS)}

    return without(config), apart


def put_graphs(config: Any, graphs: Any) -> Any:
    """``config`` with the graphs that ``graphs_of`` had taken out of it."""
    if isinstance(config, list):
        return [put_graphs(item, graphs) for item in config]
    if not isinstance(config, dict) or not isinstance(graphs, dict):
        return config
    new = {key: put_graphs(value, graphs) for key, value in config.items()}
    inner = config.get("config")
    if str(config.get("class_name")) in FUNCTION_KEYS and isinstance(inner, dict) and isinstance(inner.get("name"), str):
        found = graphs.get(inner["name"])
        if GRAPHS not in new and isinstance(found, dict):
            new[GRAPHS] = found
    return new


def stored_graphs(root: Group) -> Any:
    """The graphs of functions in a model's HDF5 file, by the layers' names."""
    text = root.text(GRAPHS)
    return {} if text is None else parse_json(text, f"{root.path!r}, {GRAPHS}")


def resolved(config: Any, custom_objects: Mapping[str, Any]) -> Any:
    """``config`` with each function that the file tells as data in its place; those in ``custom_objects`` go first.

    One ModelFileError names all functions that neither has.
    """
    missing: list[NeededFunction] = []
    config = _resolved(config, custom_objects, missing)
    if missing:
        raise missing_functions(missing)
    return config


def _resolved(config: Any, custom_objects: Mapping[str, Any], missing: list[NeededFunction]) -> Any:
    if isinstance(config, (list, tuple)):
        return type(config)(_resolved(item, custom_objects, missing) for item in config)
    if not isinstance(config, dict):
        return config
    new = {key: _resolved(value, custom_objects, missing) for key, value in config.items()}
    for key, needed, value in _functions_in(config):
        if callable(getattr(value, "function", value)) or _find(needed, custom_objects) is not None:
            continue
        inner = config["config"]
        function, stopped = _read(value, _graph_in(config, key), key, inner.get("arguments"))
        if function is None and key == "output_shape" and _is_graph(new["config"]):
            # the shape is that of the graph, so that the function which tells it isn't needed
            new["config"] |= {"output_shape": None, "output_shape_type": "raw"}
        elif function is None:
            missing.append(needed._replace(stopped=stopped))
        else:
            new["config"][key] = StoredFunction(needed.name or needed.names[0], function)
    new.pop(GRAPHS, None)
    return new


def _is_graph(config: dict) -> bool:
    """Whether a layer's main function has been read as data."""
    found = (config.get(key) for key in _MAIN)
    return any(getattr(getattr(value, "function", None), "graph", None) is not None for value in found)


def _graph_in(entry: dict, key: str) -> Any:
    graphs = entry.get(GRAPHS)
    return graphs.get(key) if isinstance(graphs, dict) else None


def _read(value: Any, graph: Any, key: str, arguments: Any) -> tuple[Any, str]:
    """The function that a file holds as a graph or as bytecode, and what stopped the reader where it is none."""
    from ..operations import Graph
    from .graph_functions import GraphFunction

    if graph is not None:
        return GraphFunction(Graph.from_json(graph), stored_name(value)), ""
    if not is_code(value):
        return None, ""
    main = key in _MAIN
    read = read_stored(value, arguments if main and isinstance(arguments, Mapping) else None, not main)
    return (None, read.stopped) if read.graph is None else (GraphFunction(read.graph, read.name), "")


def named_function(module: Any, name: Any, arguments: Any = None) -> StoredFunction | None:
    """A function that a file of Keras 2 or 3 tells by its module and name, if it is one of the table of operations."""
    from .bytecode.stored import read_named
    from .graph_functions import GraphFunction

    if not isinstance(module, str) or not isinstance(name, str):
        return None
    # Keras 3 writes 'builtins' for what is its own, whatever module it is in
    for path in _OWN_OF_KERAS if module == "builtins" else (module,):
        graph = read_named(f"{path}.{name}", arguments if isinstance(arguments, Mapping) else None)
        if graph is not None:
            if module == "builtins" and path != _OWN_OF_KERAS[0]:
                warnings.warn(
                    f"A layer in the file uses a function {name!r}, which kbridge takes for {path}.{name}. Keras 3 stores your own "
                    f"functions in the same way: if it is another function, pass custom_objects={{{name!r}: ...}}. [differences: "
                    "stored-code]",
                    stacklevel=2,
                )
            return StoredFunction(name, GraphFunction(graph, name))
    return None


class FunctionAsData(NamedTuple):
    """A layer's function in a file: as an expression, or what stopped the reader."""

    layer: str
    key: str
    text: str | None
    stopped: str


def place_pixels_as_tensorflow_1(config: Any, resize: bool) -> None:
    """Have the functions of Lambda layers enlarge pictures as TensorFlow 1 did, where the first pixels of both pictures coincide.

    ``config``: of Keras 2 itself; a function that resizes gets its graph beside its layer, in place. ``resize``: whether the file is so old that
    ``tf.image.resize`` is TensorFlow 1's too.
    """
    for entry in _dicts(config):
        for key, _, value in _functions_in(entry):
            if key not in _MAIN or _graph_in(entry, key) is not None:
                continue
            function, _ = _read(value, None, key, entry["config"].get("arguments"))
            if function is None:
                continue
            calls = []
            for call in function.graph.calls:
                if call.operation == "resize_images" and call.arguments.get("interpolation") == "bilinear":
                    call = Call(call.operation, {**call.arguments, "half_pixel_centers": False})
                if resize and call.operation == "resize" and not {"antialias", "data_format"} & set(call.arguments):
                    call = Call("resize_by_corners", call.arguments)
                calls.append(call)
            if calls != list(function.graph.calls):
                changed = replace(function.graph, calls=tuple(calls))
                entry[GRAPHS] = {**entry.get(GRAPHS, {}), key: changed.to_json()}


def functions_as_data(config: Any) -> list[FunctionAsData]:
    """Every function that a config holds as a graph or as bytecode."""
    found = []
    for entry in _dicts(config):
        for key, needed, value in _functions_in(entry):
            graph = _graph_in(entry, key)
            function, stopped = getattr(value, "function", None), ""
            if function is None:
                if graph is None and not is_code(value):
                    continue
                function, stopped = _read(value, graph, key, entry["config"].get("arguments"))
            found.append(FunctionAsData(needed.layer, key, None if function is None else repr(function), stopped))
    return found


# ---------------------------------------------------------------------- functions that must be given


def needed_functions(config: Any) -> Iterator[NeededFunction]:
    """Every function that the layers in ``config`` (any part of a model's config) refer to by name or bytecode."""
    for value in _dicts(config):
        for _, needed, stored in _functions_in(value):
            if not callable(getattr(stored, "function", stored)):
                yield needed


def _functions_in(entry: dict) -> Iterator[tuple[str, NeededFunction, Any]]:
    """The functions in the entry of a layer: key, what it is called, and the config's value."""
    inner = entry.get("config")
    for key, type_key in FUNCTION_KEYS.get(str(entry.get("class_name")), ()):
        if isinstance(inner, dict) and inner.get(type_key) in ("lambda", "function"):
            value = inner.get(key)
            yield key, NeededFunction(str(inner.get("name")), key, stored_name(value)), value


def _dicts(config: Any) -> Iterator[dict]:
    """Every dict in a config, outer ones first."""
    pending = [config]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            yield value
            pending.extend(reversed(value.values()))
        elif isinstance(value, (list, tuple)):
            pending.extend(reversed(value))


def missing_functions(missing: list[NeededFunction]) -> ModelFileError:
    """The error for functions that must be given."""
    lines = [
        f"  layer {needed.layer!r}: its {needed.key}"
        + (f", called {needed.name!r} when it was saved" if needed.name else "")
        + (f"; kbridge can't read it as data: {needed.stopped}" if needed.stopped else "")
        for needed in missing
    ]
    example = ", ".join(f"{needed.names[-1]!r}: ..." for needed in missing[:3])
    return ModelFileError(
        "Functions of Lambda and Merge layers are never run from a file. Pass them in custom_objects, "
        "by the layer's name or the function's:\n"
        + "\n".join(lines)
        + f"\nfor example custom_objects={{{example}}} [differences: stored-code]"
    )
