"""Functions in files that would keep a reader busy for hours, fill the memory, or stop it with an error of Python's: each is refused at once."""

import base64
import functools
import json
import marshal
import struct
import time
import tracemalloc

import pytest

from kbridge import budget
from kbridge.errors import ModelFileError
from kbridge.models import model_from_json
from kbridge.operations import Graph
from kbridge.saving.bytecode import read_stored
from kbridge.saving.bytecode.opcodes import HAVE_ARGUMENT, names_of

pytestmark = pytest.mark.once


# ---------------------------------------------------------------------- records by hand


def text(value, kind=b"u"):
    raw = value if isinstance(value, bytes) else value.encode()
    return kind + struct.pack("<i", len(raw)) + raw


def many(records):
    return b"(" + struct.pack("<i", len(records)) + b"".join(records)


def instructions(*pairs, version="3.6"):
    """The bytes of (name, argument) pairs."""
    numbers = {name: number for number, name in names_of(version).items()}
    code = b""
    for name, argument in pairs:
        assert argument == 0 or numbers[name] >= HAVE_ARGUMENT
        code += bytes([numbers["EXTENDED_ARG"], argument >> 8]) * (argument > 255) + bytes([numbers[name], argument & 255])
    return text(code, b"s")


def function(code, constants=(b"N",), names=(), variables=("x", "y"), arguments=1, positional_only=b"", file=None):
    """A code object's record as Python 3.6 writes it, or with ``positional_only`` 3.9."""
    head = struct.pack("<i", arguments) + positional_only + struct.pack("<4i", 0, len(variables), 9, 0x43)
    lists = [many([*map(text, part)]) for part in (names, variables, (), ())]
    return (
        b"c"
        + head
        + code
        + many(list(constants))
        + b"".join(lists)
        + (file or text("f"))
        + text("f")
        + struct.pack("<i", 1)
        + text(b"", b"s")
    )


def stopped(raw, *stored, **kwargs):
    """What stops the reader of a record, which takes it little time and memory."""
    tracemalloc.start()
    start = time.process_time()
    read = read_stored([base64.b64encode(raw).decode(), *stored], **kwargs)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert time.process_time() - start < 5 and peak < 60 * 2**20, (time.process_time() - start, peak)
    return read.stopped


RETURN = ("RETURN_VALUE", 0)
INFINITY = marshal.dumps(float("inf"), 2)
OLD = struct.pack("<i", 0)


def test_text_as_the_instructions_of_a_thousand_functions():
    # each of them would keep its own copy of a megabyte
    first = text("a" * 500_000, b"\xf5")
    inner = [function(first if i == 0 else b"r" + struct.pack("<i", 0), constants=[b"N"]) for i in range(1500)]
    assert "damaged" in stopped(function(instructions(("LOAD_FAST", 0), RETURN), constants=inner))


@pytest.mark.parametrize(
    "double, version", [([("DUP_TOP", 0), ("LIST_EXTEND", 1)], OLD), ([("DUP_TOP", 0), ("BUILD_LIST_UNPACK", 2)], b"")]
)
def test_lists_that_double_on_the_way(double, version):
    code = instructions(("LOAD_FAST", 0), ("BUILD_LIST", 1), *double * 40, RETURN, version="3.9" if version else "3.6")
    assert "more than kbridge follows" in stopped(function(code, positional_only=version))


def test_slices_of_slices():
    code = instructions(
        ("LOAD_FAST", 0), ("LOAD_CONST", 0), *[("DUP_TOP", 0), ("DUP_TOP", 0), ("BUILD_SLICE", 3)] * 60, ("BINARY_SUBSCR", 0), RETURN
    )
    assert "more than 5000 values" in stopped(function(code))


def test_a_function_that_makes_thousands_of_long_lists():
    numbers = marshal.dumps(tuple(range(4000)), 2)
    item = [("LOAD_FAST", 1), ("LOAD_CONST", 0), ("LOAD_CONST", 0), ("BUILD_SLICE", 2), ("BINARY_SUBSCR", 0)]
    code = instructions(("LOAD_CONST", 1), ("STORE_FAST", 1), *item * 60, ("BUILD_TUPLE", 60), ("POP_TOP", 0), ("LOAD_FAST", 0), RETURN)
    assert stopped(function(code, constants=[b"N", numbers])) is None  # nothing is made of what isn't used
    code = instructions(
        ("LOAD_CONST", 1), ("STORE_FAST", 1), ("LOAD_GLOBAL", 0), *item * 60, ("BUILD_TUPLE", 60), ("CALL_FUNCTION", 1), RETURN
    )
    assert "values" in stopped(function(code, constants=[b"N", numbers], names=["len"]))


@pytest.mark.parametrize("names", [["keras." + "src." * 200_000 + "x"], ["a" * 900_000]])
def test_names_of_a_megabyte(names):
    code = instructions(("LOAD_GLOBAL", 0), *[("DUP_TOP", 0), ("LOAD_ATTR", 0)] * 400, RETURN)
    assert "damaged" in stopped(function(code, names=names))


def test_attributes_of_attributes_make_no_endless_name():
    code = instructions(("LOAD_GLOBAL", 0), *[("DUP_TOP", 0), ("LOAD_ATTR", 0)] * 400, RETURN)
    assert "more than 500 characters" in stopped(function(code, names=["a" * 400]))


def test_constants_nested_deeper_than_the_reader_nests():
    # tuples that refer to those before them, put together where nobody looks, and then used as a constant
    steps, made = 100, [b"\xa9\0"]
    made += [b"\xa9\x01" + b")\x01" * 40 + b"r" + struct.pack("<i", i) for i in range(steps)]
    inner = function(instructions(("LOAD_FAST", 0), RETURN), file=b"(" + struct.pack("<i", len(made)) + b"".join(made))
    code = instructions(("LOAD_CONST", 1), RETURN)
    assert "damaged" in stopped(function(code, constants=[inner, b"r" + struct.pack("<i", steps)]))


@pytest.mark.parametrize("value", [INFINITY, marshal.dumps(float("nan"), 2)])
def test_bits_of_what_is_no_whole_number(value):
    code = instructions(("LOAD_FAST", 0), ("LOAD_CONST", 0), ("UNARY_INVERT", 0), ("BINARY_ADD", 0), RETURN)
    assert "isn't whole" in stopped(function(code, constants=[value]))


def test_defaults_and_arguments_that_are_deep_or_long():
    deep = [0]
    for _ in range(900):
        deep = [deep]
    identity = function(instructions(("LOAD_FAST", 0), RETURN))
    assert "nested" in stopped(identity, deep, None)
    assert "nested" in stopped(identity, None, None, arguments={"y": deep})
    negative = function(instructions(("LOAD_FAST", 1), ("UNARY_NEGATIVE", 0), RETURN), arguments=2)
    assert "64 bits" in stopped(negative, [10**5000], None)


def test_the_name_of_an_argument_is_a_name():
    hidden = "x / 127.5 \x1b[8m"
    assert "should have a name" in stopped(function(instructions(("LOAD_FAST", 0), RETURN), variables=(hidden, "y")))
    with pytest.raises(ModelFileError, match="should have a name"):
        Graph.from_json({"inputs": [hidden], "calls": [], "result": {"ref": 0}})
    assert stopped(function(instructions(("LOAD_FAST", 0), RETURN), variables=(".0", "y"))) is None


# ---------------------------------------------------------------------- graphs


def ref(number):
    return {"ref": number}


def graph(*calls):
    return {"inputs": ["x"], "calls": list(calls), "result": ref(len(calls))}


def test_the_text_of_a_long_graph_grows_no_faster_than_the_graph():
    calls = [["cast", {"x": ref(i), "dtype": "q" * 2000}] for i in range(2000)]
    assert len(str(Graph.from_json(graph(*calls)))) < 2 * 2000 * 2100


def lambda_model(stored, shape):
    layer = {"name": "l", "function": "f", "function_type": "lambda", "output_shape": None, "output_shape_type": "raw", "arguments": {}}
    layer |= {"trainable": True, "batch_input_shape": [None, *shape], "input_dtype": "float32"}
    entry = {"class_name": "Lambda", "config": layer, "kbridge_functions": {"function": stored}}
    return json.dumps({"class_name": "Sequential", "keras_version": "1.2.2", "config": [entry]})


def added(*calls):
    """Constants, and the sum of the last one with the input."""
    return graph(*calls, ["sum", {"x": ref(len(calls))}], ["add", {"x": ref(0), "y": ref(len(calls) + 1)}])


@pytest.mark.parametrize(
    "stored, shape",
    [
        (graph(["pad", {"x": ref(0), "padding": [[0, 0], [2**33, 0]], "mode": "edge"}]), (4,)),
        (graph(["pad", {"x": ref(0), "padding": [[0, 0], [-5, 0]]}]), (4,)),
        (graph(["repeat_elements", {"x": ref(0), "repeats": [2**33, 1, 1, 1], "axis": 1}]), (4,)),
        (graph(["local_response_normalization", {"x": ref(0)}]), (200_000,)),
        (graph(["band_part", {"x": ref(0), "lower": 2**62, "upper": 1}]), (30_000, 30_000)),
        (graph(["diag", {"x": ref(0)}]), (200_000,)),
        (graph(["diag_part", {"x": ref(0)}]), (30_000, 30_000)),
        (
            graph(["resize_by_corners", {"x": ref(0), "size": [29_999, 30_000], "method": "nearest", "align_corners": True}]),
            (30_000, 30_000, 1),
        ),
        (added(["one_hot", {"indices": [1, 2, 3], "count": 2**28}]), (4,)),
    ],
)
def test_constants_that_no_file_holds_are_counted_before_they_are_made(stored, shape):
    tracemalloc.start()
    with pytest.raises(ModelFileError, match="too large|can't pad"):
        model_from_json(lambda_model(stored, shape))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 300 * 2**20


def test_constants_of_all_functions_of_a_model_are_counted_together(monkeypatch):
    monkeypatch.setattr(budget, "_Budget", functools.partial(budget._Budget, constants=2**20))
    stored = graph(["full", {"shape": [2**9, 2**9], "value": 2}], ["sum", {"x": ref(1)}], ["add", {"x": ref(0), "y": ref(2)}])
    config = json.loads(lambda_model(stored, (4,)))
    config["config"] = [{**entry, "config": {**entry["config"], "name": f"l{i}"}} for i in range(9) for entry in config["config"]]
    with pytest.raises(ModelFileError, match="constants that its layers make"):
        model_from_json(json.dumps(config))


@pytest.mark.parametrize(
    "name, options, shape",
    [
        ("Resizing", {"height": 65536, "width": 8}, (8192, 8, 1)),
        ("Resizing", {"height": 8, "width": 8, "interpolation": "nearest"}, (65535, 8, 1)),
        ("CenterCrop", {"height": 2**40, "width": 8}, (8, 8, 1)),
        ("UpSampling2D", {"size": [2**20, 2**20], "interpolation": "bilinear"}, (32, 32, 1)),
        ("AdaptiveAveragePooling2D", {"output_size": [2**15, 8]}, (8192, 8, 1)),
        ("MelSpectrogram", {"fft_length": 2**20, "sequence_length": 2**20, "num_mel_bins": 8, "sampling_rate": 16000}, (2**20,)),
        ("CategoryEncoding", {"num_tokens": 2**28, "output_mode": "multi_hot"}, (1,)),
        ("IntegerLookup", {"num_oov_indices": 2**30, "vocabulary": [1, 2]}, (1,)),
    ],
)
def test_constants_of_layers_are_counted_before_they_are_made(name, options, shape):
    inputs = {"class_name": "InputLayer", "config": {"batch_shape": [None, *shape], "dtype": "float32", "name": "i"}}
    layers = [inputs, {"class_name": name, "config": {"name": "l", "trainable": True, "dtype": "float32", **options}}]
    layers = [{"module": "keras.layers", "registered_name": None, **layer} for layer in layers]
    config = {"name": "s", "trainable": True, "dtype": "float32", "layers": layers}
    tracemalloc.start()
    with pytest.raises(ModelFileError, match="constants that its layers make"):
        model_from_json(json.dumps({"module": "keras", "class_name": "Sequential", "config": config, "registered_name": None}))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100 * 2**20


def test_a_sum_of_thousands_of_layers_is_built_without_comparing_each_with_each():
    inputs = {"class_name": "InputLayer", "name": "i", "config": {"name": "i", "batch_input_shape": [None, 3], "input_dtype": "float32"}}
    layers = [{**inputs, "inbound_nodes": []}]
    names = [f"a{k}" for k in range(4000)]
    for name in names:
        config = {"name": name, "activation": "linear"}
        layers.append({"class_name": "Activation", "name": name, "config": config, "inbound_nodes": [[["i", 0, 0]]]})
    merged = [[name, 0, 0] for name in names]
    layers.append(
        {"class_name": "Merge", "name": "m", "config": {"name": "m", "mode": "sum", "mode_type": "raw"}, "inbound_nodes": [merged]}
    )
    config = {"name": "x", "layers": layers, "input_layers": [["i", 0, 0]], "output_layers": [["m", 0, 0]]}
    start = time.process_time()
    assert model_from_json(json.dumps({"class_name": "Model", "keras_version": "1.2.2", "config": config})).output_shape == (None, 3)
    assert time.process_time() - start < 8
