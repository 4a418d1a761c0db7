"""Models drawn by pydot and Graphviz."""

import shutil
from xml.etree import ElementTree

import pytest
from processes import output

from kbridge.layers import LSTM, Activation, Bidirectional, Dense, Input, merge
from kbridge.models import Model, Sequential
from kbridge.utils import visualize_util
from kbridge.utils.visualize_util import model_to_dot, plot

pytest.importorskip("pydot")
needs_graphviz = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")


def model():
    a, b = Input(shape=(4,), name="a"), Input(shape=(4,), name="b{<|>}")
    shared = Dense(3, name="shared")
    both = merge([shared(a), shared(b)], mode="concat", name="both")
    return Model([a, b], Dense(1, name="end")(both))


def labels(dot):
    return sorted(node.get_label().strip('"') for node in dot.get_nodes() if node.get_label())


def test_nodes_are_layers_and_edges_connections():
    dot = model_to_dot(model())
    assert labels(dot) == ["a: InputLayer", "b\\{\\<\\|\\>\\}: InputLayer", "both: Merge", "end: Dense", "shared: Dense"]
    # both calls of the shared layer go into the Merge
    assert len(dot.get_edges()) == 5
    assert labels(model_to_dot(model(), show_layer_names=False)) == ["Dense", "Dense", "InputLayer", "InputLayer", "Merge"]


def test_shapes_are_shown():
    assert "end: Dense|{input:|output:}|{{(None, 6)}|{(None, 1)}}" in labels(model_to_dot(model(), show_shapes=True))
    assert "both: Merge|{input:|output:}|{{[(None, 3), (None, 3)]}|{(None, 6)}}" in labels(model_to_dot(model(), show_shapes=True))


def test_a_layer_of_two_shapes_and_a_wrapper():
    shared, wrapped = Activation("relu", name="shared"), Bidirectional(LSTM(2), name="wrapped")
    a, b = Input(shape=(4, 3)), Input(shape=(5, 3))
    found = labels(model_to_dot(Model([a, b], [wrapped(shared(a)), shared(b)]), show_shapes=True))
    assert "shared: Activation|{input:|output:}|{{(None, 4, 3), (None, 5, 3)}|{(None, 4, 3), (None, 5, 3)}}" in found
    assert "wrapped: Bidirectional(LSTM)|{input:|output:}|{{(None, 4, 3)}|{(None, 4)}}" in found


def test_only_the_model_s_own_part_of_the_graph_is_drawn():
    a = Input(shape=(4,))
    middle = Dense(3, name="middle")(a)
    Dense(2, name="elsewhere")(middle)
    dot = model_to_dot(Model(a, middle))
    assert len(labels(dot)) == 2 and len(dot.get_edges()) == 1


def test_a_sequential_model_is_drawn_from_its_input():
    dot = model_to_dot(Sequential([Dense(3, input_dim=2, name="one"), Dense(1, name="two")]))
    assert len(labels(dot)) == 3 and len(dot.get_edges()) == 2


@needs_graphviz
def test_a_picture_is_written(tmp_path):
    from PIL import Image

    plot(model(), tmp_path / "model.png", show_shapes=True)
    with Image.open(tmp_path / "model.png") as picture:
        assert picture.format == "PNG" and min(picture.size) > 100
        assert len(picture.convert("L").getcolors()) > 2
    plot(model(), str(tmp_path / "model.svg"))
    texts = [e.text for e in ElementTree.parse(tmp_path / "model.svg").iter() if e.tag.endswith("text")]
    assert {"a: InputLayer", "b{<|>}: InputLayer", "shared: Dense"} <= set(texts)
    plot(model(), tmp_path / "model.dot")
    assert "shared: Dense" in (tmp_path / "model.dot").read_text()


@needs_graphviz
def test_formats_that_graphviz_doesnt_know_are_named(tmp_path):
    with pytest.raises(OSError, match="'nothing'"):
        plot(model(), tmp_path / "model.nothing")
    assert list(tmp_path.iterdir()) == []


def test_without_graphviz_the_error_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(visualize_util.shutil, "which", lambda name: None)
    with pytest.raises(OSError, match="apt install graphviz"):
        plot(model(), tmp_path / "model.png")


def test_without_pydot_the_error_names_the_extra(tmp_path):
    code = """
import sys
sys.modules["pydot"] = None
from kbridge.layers import Dense
from kbridge.models import Sequential
from kbridge.utils.visualize_util import plot
try:
    plot(Sequential([Dense(1, input_dim=1)]))
except ImportError as error:
    print(error)
"""
    assert "pip install '.[plot]'" in output(code, tmp_path)
