"""Functions in bytecode of every Python from 2.7 to 3.13, read as data: what each computes, and what is refused."""

import base64
import json
import marshal
import opcode
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from kbridge import backend as K
from kbridge.models import load_model, model_from_json
from kbridge.saving.bytecode import function_name, opcodes, read_stored
from kbridge.saving.bytecode.expressions import Budget, Malformed, Name
from kbridge.saving.bytecode.stack import Stack
from kbridge.saving.graph_functions import GraphFunction

RECORDED = json.loads((Path(__file__).parents[1] / "data" / "bytecode" / "functions.json").read_text())

EXPRESSIONS = {
    "scale": "x / 127.5 - 1.0",
    "absolute_difference": "abs(t[0] - t[1])",
    "euclidean": "sqrt(maximum(sum(square(vects[0] - vects[1]), axis=1, keepdims=True), 1e-07))",
    "euclidean_shape": "(shapes[0][0], 1)",
    "sampling": "args[0] + exp(args[1] / 2) * random_normal((shape(args[0])[0], 3))",
    "resize": "resize_by_corners(image, (4, 6)) / 255.0 - 0.5",
    "resize_by_k": "resize_by_corners(x, (4, 6)) / 127.5 - 1.0",
    "crop": "image[:, :, 2:-1, :]",
    "normalize": "l2_normalize(x, axis=1)",
    "with_defaults": "mean(x * 2.0, axis=-1)",
    "with_closure": "x * 2.0 + 1.0",
    "steps": "concatenate([x * 2, x * 2 + 1, square(x)[..., ::-1]], axis=1) ** 2.0",
    "doubled_shape": "input_shape[:-1] + (input_shape[-1] * 2,)",
    "half_shape": "(input_shape[0], input_shape[1] // 2)",
    "long_one": "concatenate([" + ", ".join(f"x * {n}.5" for n in range(270)) + "])",
}

#: function -> a part of what the error says
REFUSED = {
    "branch": "control flow",
    "loop": "a loop",
    "inner": "inside of it",
    "unknown_global": "'WIDTH'",
    "unknown_function": "'my_function'",
    "assigns_item": "an assignment to an item",
    "assigns_attribute": "a change of an object",
    "global_statement": "a change of a global name",
    "generator": "a generator",
    "discards": "print",
    "with_block": "with",
    "tries": "try",
    "imports_os": "'os.system'",
    "evaluates": "'eval'",
    "opens": "'open'",
    "climbs": "'__class__'",
    "numpys": "'np.load'",
    "reads_file": "'tf.io.read_file'",
    "calls_lambda": "inside of it",
}


def read(stored, name):
    return read_stored(stored, shapes=name.endswith("_shape"))


@pytest.mark.parametrize("version", RECORDED)
def test_functions_of_each_python_are_read_as_expressions(version):
    found = {name: str(read(stored, name).graph) for name, stored in RECORDED[version].items() if name not in REFUSED}
    assert found == {name: EXPRESSIONS[name] for name in found}
    assert len(found) >= 6


@pytest.mark.parametrize("version", RECORDED)
def test_what_is_no_straight_line_is_refused_with_what_stopped_it(version):
    for name in REFUSED.keys() & RECORDED[version].keys():
        found = read(RECORDED[version][name], name)
        assert found.graph is None, name
        assert REFUSED[name] in found.stopped, (name, found.stopped)


def test_every_function_is_expected_to_be_read_or_refused():
    assert {name for functions in RECORDED.values() for name in functions} == EXPRESSIONS.keys() | REFUSED.keys()


def value(name, inputs, version="3.6"):
    tensors = [K.variable(x) for x in inputs]
    result = GraphFunction(read(RECORDED[version][name], name).graph)(tensors if len(tensors) > 1 else tensors[0])
    return K.eval(result)


def test_functions_compute_what_python_would():
    x, y = np.random.RandomState(0).rand(2, 3, 4).astype("float32")
    picture = np.random.RandomState(1).rand(2, 5, 7, 3).astype("float32")
    for version in ("2.7", "3.13"):
        close = {"rtol": 1e-5, "atol": 1e-6}
        np.testing.assert_allclose(value("scale", [x], version), x / 127.5 - 1, **close)
        np.testing.assert_allclose(value("absolute_difference", [x, y], version), abs(x - y), **close)
        np.testing.assert_allclose(value("euclidean", [x, y], version), np.sqrt(((x - y) ** 2).sum(1, keepdims=True)), **close)
        np.testing.assert_allclose(value("crop", [picture], version), picture[:, :, 2:-1, :], **close)
        np.testing.assert_allclose(value("normalize", [x], version), x / np.sqrt((x**2).sum(1, keepdims=True)), **close)
        np.testing.assert_allclose(value("with_defaults", [x], version), (x * 2).mean(-1), **close)
        np.testing.assert_allclose(value("with_closure", [x], version), x * 2 + 1, **close)
        expected = np.concatenate([x * 2, x * 2 + 1, (x**2)[..., ::-1]], 1) ** 2
        np.testing.assert_allclose(value("steps", [x], version), expected, **close)
        assert value("resize_by_k", [picture], version).shape == (2, 4, 6, 3)
        drawn = value("sampling", [np.zeros((500, 3)), np.full((500, 3), -2.0)], version)
        assert abs(drawn.std() - np.exp(-1)) < 0.05


def test_shapes_are_computed_from_plain_numbers():
    def shape(name, given):
        return GraphFunction(read(RECORDED["3.6"][name], name).graph)(given)

    assert tuple(shape("euclidean_shape", [(None, 4), (None, 4)])) == (None, 1)
    assert tuple(shape("doubled_shape", (None, 3, 4))) == (None, 3, 8)
    assert tuple(shape("half_shape", (None, 9))) == (None, 4)


def test_arguments_of_the_layer_are_taken_in():
    stored = RECORDED["3.8"]["with_defaults"]
    assert str(read_stored(stored, {"by": 5, "axis": [1, 2]}).graph) == "mean(x * 5, axis=[1, 2])"
    assert "'width'" in read_stored(stored, {"width": 5}).stopped


def test_division_of_python_2_rounds_whole_numbers_only():
    def function(shape):
        return shape[0], shape[1] / 2, shape[2] / 2.0, 7 / 2

    # Python 3's instruction as Python 2's, which has the number of its own
    code = bytes([124, 0, 0, 100, 1, 0, 21, 83])  # LOAD_FAST, LOAD_CONST, BINARY_DIVIDE, RETURN_VALUE
    for constant, shapes, expected in ((2, True, "x // 2"), (2.0, True, "x / 2.0"), (2, False, "x / 2")):
        assert str(read_stored(python2(code, constant), shapes=shapes).graph) == expected


def python2(code, constant):
    import struct

    def text(kind, raw):
        return kind + struct.pack("<i", len(raw)) + raw

    number = b"g" + struct.pack("<d", constant) if isinstance(constant, float) else b"i" + struct.pack("<i", constant)
    record = b"c" + struct.pack("<4i", 1, 1, 2, 0x43) + text(b"s", code)
    record += b"(" + struct.pack("<i", 2) + b"N" + number + b"(" + struct.pack("<i", 0)
    record += b"(" + struct.pack("<i", 1) + text(b"t", b"x") + (b"(" + struct.pack("<i", 0)) * 2
    record += text(b"s", b"f") + text(b"t", b"f") + struct.pack("<i", 1) + text(b"s", b"")
    return record.decode("raw_unicode_escape")


def test_forms_in_which_keras_stored_functions():
    """Keras 1's characters, Keras 2's base64 with line breaks, and the records of later tf.keras and Keras 3."""
    code, defaults, closure = RECORDED["3.7"]["with_closure"]
    raw = base64.b64decode(code)
    lines = "\n".join(code[i : i + 76] for i in range(0, len(code), 76)) + "\n"
    record = {
        "class_name": "__lambda__",
        "config": {"code": lines, "defaults": None, "closure": {"class_name": "__tuple__", "items": closure}},
    }
    for stored in ([raw.decode("raw_unicode_escape"), None, closure], [lines, defaults, closure], record):
        assert str(read_stored(stored).graph) == EXPRESSIONS["with_closure"]
        assert function_name(stored) == "<lambda>"
    assert "'by'" in read_stored([code, None, None]).stopped


def test_modules_and_tuples_in_a_closure_of_keras_3_are_names_and_values():
    def make(ops, shape):
        return lambda x: ops.reshape(x, shape)

    code = base64.b64encode(marshal.dumps(make(None, None).__code__)).decode()
    module = {"module": "builtins", "class_name": "module", "config": "keras.ops", "registered_name": "module"}
    closure = [module, {"class_name": "__tuple__", "items": [-1, 2]}]
    assert str(read_stored({"class_name": "__lambda__", "config": {"code": code, "closure": closure}}).graph) == "reshape(x, (-1, 2))"
    closure[0] = {**module, "config": "os"}
    assert "'os.reshape'" in read_stored({"class_name": "__lambda__", "config": {"code": code, "closure": closure}}).stopped


def test_damaged_bytecode_is_refused_or_read_and_never_fails_otherwise():
    for version in ("2.7", "3.5", "3.7", "3.10", "3.13"):
        raw = base64.b64decode(RECORDED[version]["euclidean"][0])
        for position in range(0, len(raw), 3):
            for other in (0, 0xFF, raw[position] ^ 1):
                damaged = raw[:position] + bytes([other]) + raw[position + 1 :]
                read_stored(damaged.decode("latin-1"))
            read_stored(raw[:position].decode("latin-1"))


@pytest.mark.parametrize(
    "function, stopped",
    [
        (lambda x: x ** (9**9) ** (9**9), "64 bits"),
        (lambda x: x + (7**21) ** 3, "64 bits"),
        (lambda x: ((((x,) * 5000) * 5000) * 5000)[0], "5000"),
        (lambda x: list(range(10**9))[x], "range"),
        (lambda x: x << 3, "<<"),
        (lambda x: x + "text", "text"),
        (lambda x: 3, "isn't a tensor"),
        # Python 3.13 has an instruction for the truth of a value before that for its opposite
        (lambda x: not x, "TO_BOOL" if sys.version_info >= (3, 13) else "not"),
        (lambda x: x is None, "is"),
        (lambda x: x + 1j, "complex"),
        (lambda x: x @ b"raw", "bytes"),
        (lambda: 1, "no arguments"),
    ],
)
def test_small_functions_that_ask_for_much_or_for_nothing_are_refused(function, stopped):
    assert stopped in read_stored([marshal.dumps(function.__code__).decode("raw_unicode_escape"), None, None]).stopped


def test_lists_that_double_are_refused_quickly():
    source = "def f(x):\n    a = (x, x)\n" + "    a = (a, a)\n" * 60 + "    return K.concatenate(a)\n"
    names = {}
    exec(compile(source, "f", "exec"), names)
    stored = [marshal.dumps(names["f"].__code__).decode("raw_unicode_escape"), None, None]
    assert "values" in read_stored(stored).stopped


def test_numbers_of_instructions_are_those_of_this_python():
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if version not in opcodes.VERSIONS:
        pytest.fail(f"Python {version} is not in kbridge/saving/bytecode/opcodes.py: functions are stored by name only on it")
    theirs = {number: name for number, name in enumerate(opcode.opname) if not name.startswith("<") and number < 256}
    ours = opcodes.names_of(version)
    assert {number: theirs[number] for number in ours} == ours
    known = {name for name in opcode.opmap if not name.startswith("INSTRUMENTED") and opcode.opmap[name] < 256}
    assert known == set(ours.values())


@pytest.mark.parametrize("file", ["tf_keras.h5", "keras.keras"])
def test_models_with_functions_of_real_libraries_predict_what_they_did_there(file):
    path = Path(__file__).parents[1] / "data" / "bytecode" / "models" / file
    recorded = np.load(path.with_suffix(".npz"))
    model = load_model(path, compile=False)
    np.testing.assert_allclose(model.predict(recorded["x"]), recorded["y"], rtol=1e-4, atol=1e-5)
    assert model.get_layer("joined").output_shape == (None, 8)
    # and go on as kbridge's own
    again = model_from_json(model.to_json())
    again.set_weights(model.get_weights())
    np.testing.assert_allclose(again.predict(recorded["x"]), recorded["y"], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x + K.zeros((10**6, 10**6)),
        lambda x: x + K.sum(K.arange(0, 2 * 10**9)),
        lambda x: tf.linspace(0.0, 1.0, 10**10),  # noqa: F821
        lambda x: K.tile(x, [1, 10**10]),
        lambda x: tf.pad(x, [[0, 0], [0, 10**11]]),  # noqa: F821
        lambda x: K.dot(K.ones((10**5, 1)), K.ones((1, 10**5))),
        lambda x: tf.eye(10**6),  # noqa: F821
        lambda x: tf.math.unsorted_segment_sum(x, x[:, 0], 10**10),  # noqa: F821
    ],
)
def test_functions_that_ask_for_enormous_tensors_are_refused_when_they_are_built(function):
    graph = read_stored([marshal.dumps(function.__code__).decode("raw_unicode_escape"), None, None]).graph
    with pytest.raises(ValueError, match="too large|more than|too much|the limit is|out of bounds"):
        GraphFunction(graph)(K.placeholder(shape=(None, 3)))


def test_a_model_with_functions_of_a_real_keras_1_predicts_what_it_did_there():
    path = Path(__file__).parents[1] / "data" / "bytecode" / "models" / "keras1.h5"
    recorded = np.load(path.with_suffix(".npz"))
    found = load_model(path, compile=False).predict([recorded["a"], recorded["b"]])
    for one, name in zip(found, ("first", "second"), strict=True):
        np.testing.assert_allclose(one, recorded[name], rtol=1e-5, atol=1e-6)


def test_the_stack_swaps_copies_and_rotates_and_refuses_what_it_does_not_hold():
    stack = Stack(SimpleNamespace(code=None, version="3.11", scope=None), {}, Budget())
    stack.stack = one, two, three = [Name(text) for text in "abc"]
    for move, depth, expected in (
        (stack.swap, 3, [three, two, one]),
        (stack.swap, 2, [three, one, two]),
        (stack.copy, 3, [three, one, two, three]),
        (stack.rotate, 3, [three, three, one, two]),
    ):
        move(depth)
        assert stack.stack == expected
        for other in (0, 5):
            with pytest.raises(Malformed):
                move(other)
    for index in (-1, 1, 2):
        with pytest.raises(Malformed, match="that it doesn't hold"):
            stack.at(("only",), index)
