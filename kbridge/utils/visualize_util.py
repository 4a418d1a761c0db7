"""Drawings of models, by pydot and Graphviz; both are asked for when a drawing is made."""

from __future__ import annotations

import os
import shutil

from ..extras import needed
from ..files.atomic import write_bytes


def model_to_dot(model, show_shapes=False, show_layer_names=True):
    """Return a ``pydot.Dot`` with a node for each layer and an edge for each connection. It needs the extra ``plot``.

    Args:
        model: a Sequential or a Model.
        show_shapes: whether nodes tell the shapes of inputs and outputs.
        show_layer_names: whether nodes tell the layers' names.
    """
    pydot = needed("pydot", "plot", "Drawing models")
    if hasattr(model, "flattened_layers"):  # a Sequential: its inner model has the input too
        if not model.built:
            model.build()
        model = model.model
    dot = pydot.Dot()
    dot.set("rankdir", "TB")
    dot.set("concentrate", "True")
    dot.set_node_defaults(shape="record")
    for layer in model.layers:
        dot.add_node(pydot.Node(str(id(layer)), label=_label(layer, show_shapes, show_layer_names)))
    drawn = {id(layer) for layer in model.layers}
    for layer in model.layers:
        for number, node in enumerate(layer.inbound_nodes):
            if f"{layer.name}_ib-{number}" not in model.container_nodes:
                continue
            for source in node.inbound_layers:
                if id(source) in drawn:
                    dot.add_edge(pydot.Edge(str(id(source)), str(id(layer))))
    return dot


def plot(model, to_file="model.png", show_shapes=False, show_layer_names=True) -> None:
    """Draw a model into a file. It needs the extra ``plot``, and Graphviz.

    The other arguments are those of ``model_to_dot``.

    Args:
        model: a Sequential or a Model.
        to_file: the file; its extension chooses among Graphviz's formats (png, svg, pdf ...).

    Raises:
        OSError: Graphviz is missing or fails.
    """
    extension = os.path.splitext(os.fspath(to_file))[1][1:].lower() or "png"
    dot = model_to_dot(model, show_shapes, show_layer_names)
    if shutil.which("dot") is None:
        raise OSError("Drawing models needs the program dot of Graphviz on the PATH. On Debian or Ubuntu: apt install graphviz.")
    try:
        drawing = dot.to_string().encode("utf8") if extension == "dot" else dot.create(format=extension)
    except (AssertionError, OSError) as error:
        raise OSError(f"Graphviz can't draw {os.fspath(to_file)!r} as {extension!r}: {error}") from error
    write_bytes(to_file, drawing)


def _label(layer, show_shapes: bool, show_layer_names: bool) -> str:
    kind = type(layer).__name__
    inner = getattr(layer, "layer", None)
    if inner is not None:  # a wrapper
        kind = f"{kind}({type(inner).__name__})"
    label = f"{_escaped(layer.name)}: {kind}" if show_layer_names else kind
    if not show_shapes:
        return label
    return f"{label}|{{input:|output:}}|{{{{{_shape(layer, 'input_shape')}}}|{{{_shape(layer, 'output_shape')}}}}}"


def _shape(layer, which: str) -> str:
    try:
        return _escaped(str(getattr(layer, which)))
    except (AttributeError, ValueError):
        # a layer that was called several times, with different shapes
        shapes = dict.fromkeys(str(getattr(node, which + "s")[0]) for node in layer.inbound_nodes)
        return _escaped(", ".join(shapes) or "?")


def _escaped(text: str) -> str:
    """``text`` without the meaning that a record label gives to some characters."""
    return "".join("\\" + character if character in '\\{}|<>"' else character for character in text)
