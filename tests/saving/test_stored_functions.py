"""Functions in configs: stored by name, never unmarshalled, found by the layer's name or their own."""

import base64
import json
import marshal
import pickle
import struct

import numpy as np
import pytest

from kbridge.models import model_from_json
from kbridge.saving.bytecode import function_name
from kbridge.saving.errors import ModelFileError
from kbridge.saving.functions import StoredFunction, from_config, needed_functions, resolved, to_config


def scale(x, by=2.0):
    return [x * by for _ in range(3)]


def as_stored(function):
    """As Keras 1 put a function into a config."""
    return [marshal.dumps(function.__code__).decode("raw_unicode_escape"), None, None]


def python2_code(name: bytes) -> str:
    """Bytecode of Python 2.7 for a function of one argument called ``name``."""

    def text(value):
        return b"s" + struct.pack("<i", len(value)) + value

    record = b"c" + struct.pack("<4i", 1, 1, 2, 0x43) + text(b"|\x00\x00d\x01\x00\x14S")
    record += b"(" + struct.pack("<i", 2) + b"N" + b"g" + struct.pack("<d", 2.0)  # constants
    record += b"(" + struct.pack("<i", 0)  # names
    record += b"(" + struct.pack("<i", 1) + b"t" + struct.pack("<i", 1) + b"x"  # variables
    record += (b"(" + struct.pack("<i", 0)) * 2  # free and cell variables
    record += text(b"script.py") + b"t" + struct.pack("<i", len(name)) + name + struct.pack("<i", 3) + text(b"")
    return record.decode("raw_unicode_escape")


def test_name_of_this_pythons_code_is_found():
    assert function_name(as_stored(scale)[0]) == "scale"
    assert function_name(as_stored(lambda x: x)[0]) == "<lambda>"


def test_name_of_python_2_code_is_found():
    assert function_name(python2_code(b"scale_shift")) == "scale_shift"


def test_name_survives_json():
    assert function_name(json.loads(json.dumps(as_stored(scale)))[0]) == "scale"


@pytest.mark.parametrize("junk", ["", "c", "\xe3" * 50, "(" * 200, "x\u1234", "[\xff\xff\xff\x7f", "\xe3\x01\x00\x00\x00"])
def test_junk_has_no_name(junk):
    assert function_name(junk) is None


def test_damaged_code_never_raises():
    stored = as_stored(scale)[0]
    for position in range(len(stored)):
        for other in ("\x00", "\xff", "("):
            function_name(stored[:position] + other + stored[position + 1 :])
        function_name(stored[:position])


def test_function_is_stored_by_name_and_comes_along_in_memory():
    value = to_config(scale, "lambda_1", "function")
    assert json.dumps(value) == '"scale"'
    assert from_config(value, "function", "lambda_1", "function", {}) is scale
    copied = pickle.loads(pickle.dumps(value))
    assert (copied, copied.function) == ("scale", scale)


def test_nameless_function_goes_by_the_layers_name():
    assert to_config(lambda x: x, "half", "function") == "half"
    assert to_config(lambda x: x, "half", "output_shape") == "half_output_shape"


@pytest.mark.parametrize("key", ["scale", "layer"])
def test_stored_code_is_found_under_both_names(key):
    assert from_config(as_stored(scale), "lambda", "layer", "function", {key: scale}) is scale


def test_layers_name_wins():
    other = abs
    assert from_config(as_stored(scale), "lambda", "layer", "function", {"scale": scale, "layer": other}) is other


def test_other_types_of_values_pass_through():
    assert from_config([None, 3], "raw", "layer", "output_shape", {}) == [None, 3]
    assert from_config(None, "raw", "layer", "output_shape", {}) is None


def layer(class_name, **config):
    return {"class_name": class_name, "config": config}


NESTED = layer(
    "Sequential",
)
NESTED["config"] = [
    layer(
        "TimeDistributed",
        name="td",
        layer=layer("Lambda", name="half", function=as_stored(lambda x: x), function_type="lambda"),
    ),
    layer("Lambda", name="named", function=as_stored(scale), function_type="lambda", output_shape=None, output_shape_type="raw"),
    layer("Merge", name="m", mode="sum", mode_type="raw", output_shape=as_stored(scale), output_shape_type="lambda"),
]


def test_needed_functions_are_listed_at_any_depth():
    found = [(needed.layer, needed.key, needed.names) for needed in needed_functions(NESTED)]
    assert found == [
        ("half", "function", ["half"]),
        ("named", "function", ["named", "scale"]),
        ("m", "output_shape", ["m_output_shape", "scale"]),
    ]


def test_error_names_every_layer_that_needs_a_function():
    with pytest.raises(ModelFileError) as caught:
        resolved(NESTED, {})
    message = str(caught.value)
    for word in ("'named'", "'scale'", "'m'", "custom_objects", "can't read it as data"):
        assert word in message
    assert "'half'" not in message  # it can be read
    resolved(NESTED, {"half": scale, "scale": scale})


def test_a_text_is_no_function():
    with pytest.raises(ModelFileError, match="named"):
        from_config("scale", "function", "named", "function", {"scale": "not callable"})


def test_stored_function_is_a_plain_text_for_json():
    assert json.dumps({"f": StoredFunction("name", scale)}) == '{"f": "name"}'


def enlarged(x):
    return K.resize_images(x, 1, 2, "channels_last", interpolation="bilinear")  # noqa: F821 - the file's own


def resized(x):
    return tf.image.resize(x, (1, 4))  # noqa: F821


@pytest.mark.parametrize(("version", "function", "centred"), [("2.2.4", enlarged, False), ("2.2.4", resized, False), ("2.3.1", enlarged, False), ("2.3.1", resized, True), ("2.4.0", enlarged, True)])  # fmt: skip
def test_pixels_lie_where_the_file_s_keras_placed_them(version, function, centred):
    stored = [base64.b64encode(marshal.dumps(function.__code__)).decode(), None, None]
    layer = {"name": "l", "batch_input_shape": [None, 1, 2, 1], "function": stored, "function_type": "lambda", "output_shape": None, "output_shape_type": "raw", "arguments": {}}  # fmt: skip
    layers = [{"class_name": "Lambda", "config": layer}]
    text = json.dumps({"class_name": "Sequential", "config": {"name": "s", "layers": layers}, "keras_version": version})
    result = model_from_json(text).predict(np.array([0.0, 1.0]).reshape(1, 1, 2, 1))
    np.testing.assert_allclose(result.ravel(), [0, 0.25, 0.75, 1] if centred else [0, 0.5, 1, 1], atol=1e-6)
