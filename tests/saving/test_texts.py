"""JSON and YAML of configs: what earlier versions wrote is understood, what a text shouldn't hold is refused."""

import json
import re
import time

import numpy as np
import pytest
from installed import installed

from kbridge.inspection import inspect_file
from kbridge.models import model_from_json, model_from_yaml
from kbridge.saving import limits
from kbridge.saving.errors import ModelFileError
from kbridge.saving.texts import check_size, dump_json, dump_yaml, parse_json, parse_yaml, plain

CONFIG = {
    "class_name": "Sequential",
    "config": [{"class_name": "Dense", "config": {"batch_input_shape": (None, 2), "p": 0.5}}],
}


def test_json_encoded_twice_is_understood():
    assert parse_json(json.dumps(json.dumps(CONFIG))) == json.loads(json.dumps(CONFIG))


def test_bytes_are_understood():
    assert parse_json(b'{"a": 1}') == {"a": 1}


@pytest.mark.parametrize("text", ["", "{", "nonsense", '{"a": }', "[" * 100_000, "\x00"])
def test_broken_json_is_one_error(text):
    with pytest.raises(ModelFileError):
        parse_json(text, "the file")


def test_nesting_is_capped():
    deep = "[" * (limits.MAX_DEPTH + 5) + "]" * (limits.MAX_DEPTH + 5)
    with pytest.raises(ModelFileError, match="levels deep"):
        parse_json(deep)


def test_number_of_layers_is_capped():
    with pytest.raises(ModelFileError, match="layers"):
        check_size([{"class_name": "Dense"}] * (limits.MAX_LAYERS + 1), "config")


@pytest.mark.needs("yaml")
def test_yaml_round_trip_keeps_tuples():
    text = dump_yaml(CONFIG)
    assert "batch_input_shape: !!python/tuple\n" in text
    assert parse_yaml(text) == CONFIG


@pytest.mark.needs("yaml")
def test_yaml_keys_are_sorted_in_block_style():
    assert dump_yaml({"b": 1, "a": [1, {"d": None, "c": True}]}) == "a:\n- 1\n- c: true\n  d: null\nb: 1\n"


@pytest.mark.needs("yaml")
def test_yaml_of_python_2_is_understood():
    assert parse_yaml("a: !!python/unicode 'x'\nb: !!python/long '3'\nc: !!python/tuple [null, 2]\n") == {
        "a": "x",
        "b": 3,
        "c": (None, 2),
    }


@pytest.mark.needs("yaml")
@pytest.mark.parametrize(
    "text",
    [
        "!!python/object/apply:os.system ['true']",
        "!!python/object/new:type ['a', !!python/tuple [], {}]",
        "!!python/name:os.system",
        "!!python/module:os",
        "a: [1, 2",
        "!!python/tuple 3",
        "!!python/long x",
        "!!python/object/apply:os.ListWrapper [[1]]",
        "!!python/object/apply:tensorflow.data_structures.ListWrapper [3]",
        "!!python/object/apply:numpy.load ['x.npy']",
        "!!python/object/apply:numpy.core.multiarray.scalar [!!python/object/apply:numpy.dtype {args: [O8, 0, 1]}, !!binary AAAAAAAAAAA=]",
        "!!python/object/apply:numpy.core.multiarray.scalar [!!python/object/apply:numpy.dtype {args: [f4, 0, 1]}, !!binary AAAA]",
        "!!python/object/apply:numpy.core.multiarray.scalar [f4, !!binary AADAQA==]",
        "!!python/object/apply:numpy.core.multiarray.scalar [!!python/object/apply:numpy.dtype {args: [f4], state: [3, '>']}, !!binary AADAQA==]",
        "!!python/object/apply:numpy.core.multiarray._reconstruct {args: [], state: [1, [1000000, 1000000], !!python/object/apply:numpy.dtype {args: [f4]}, false, !!binary AAAA]}",
    ],
)
def test_yaml_that_asks_for_more_than_data_is_refused(text):
    with pytest.raises(ModelFileError):
        parse_yaml(text)


@pytest.mark.needs("yaml")
def test_numbers_of_numpy_and_lists_of_tensorflow_are_read_as_data():
    f4 = "!!python/object/apply:numpy.dtype {args: [f4, 0, 1], state: [3, <, null, null, null, -1, -1, 0]}"
    text = (
        f"a: !!python/object/apply:numpy.core.multiarray.scalar [{f4}, !!binary AADAQA==]\n"
        f"b: !!python/object/apply:numpy.core.multiarray._reconstruct {{args: [], state: [1, [2], {f4}, false, !!binary AADAQAAAAAA=]}}\n"
        "c: !!python/object/apply:tensorflow.python.training.tracking.data_structures.ListWrapper [[1, 2]]\n"
    )
    assert parse_yaml(text) == {"a": 6.0, "b": [6.0, 0.0], "c": [1, 2]}


@pytest.mark.needs("yaml")
def test_yaml_aliases_that_multiply_are_refused():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 10)}]" for k in range(1, 10)]
    with pytest.raises(ModelFileError, match="values"):
        parse_yaml("\n".join(lines))


@pytest.mark.needs("yaml")
def test_yaml_that_contains_itself_is_refused():
    with pytest.raises(ModelFileError, match="deep"):
        parse_yaml("&a [*a]")


def test_numpy_values_become_plain_ones():
    value = {"a": np.float32(0.5), "b": np.arange(2), "c": (np.int64(3), None), "d": np.dtype("float32").type}
    assert plain(value) == {"a": 0.5, "b": [0, 1], "c": (3, None), "d": "float32"}
    assert dump_json({"a": np.float32(0.1)}) == '{"a": 0.10000000149011612}'


def test_what_no_text_can_hold_is_named():
    with pytest.raises(TypeError, match="object"):
        plain({"a": object()})


def test_json_options_are_passed_on():
    assert dump_json({"a": 1}, indent=1) == '{\n "a": 1\n}'


@pytest.mark.parametrize(
    "config, message",
    [
        (
            {"name": "Sequential", "layers": [{"name": "Dense", "output_dim": 3, "input_shape": [4]}], "loss": "mse"},
            "a Sequential model of Keras before 1.0",
        ),
        ({"name": "Graph", "nodes": {}, "node_config": [], "input_config": []}, "a Graph model of Keras before 1.0"),
        (
            [{"class_name": "Dense", "config": {"output_dim": 3, "batch_input_shape": [None, 4], "name": "d"}}],
            "a list of layers.*Sequential.from_config",
        ),
    ],
)
def test_texts_of_before_1_0_and_lists_of_layers_say_what_they_are(config, message, tmp_path):
    for read in (model_from_json, model_from_yaml) if installed("yaml") else (model_from_json,):
        with pytest.raises(ModelFileError, match=message):
            read(json.dumps(config))
    (tmp_path / "old.json").write_text(json.dumps(config))
    assert any(re.search(message, problem) for problem in inspect_file(str(tmp_path / "old.json"))["problems"])


TUPLES = "a0: &a0 !!python/tuple [1, 2]\n" + "".join(f"a{i}: &a{i} !!python/tuple [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 40))
MERGED = "a0: &a0 {x: 1}\n" + "".join(f"a{i}: &a{i} {{<<: [*a{i - 1}, *a{i - 1}]}}\n" for i in range(1, 40))


@pytest.mark.needs("yaml")
@pytest.mark.parametrize(
    "text",
    [
        TUPLES + "? *a39\n: 1\n",  # Python computes the hash of a tuple in a tuple again and again
        MERGED,
        "units: 1" + ":1" * 400_000,  # parts of sixty, multiplied out
        "units: 1" + ":1" * 4000 + ".5",
        "units: 0x" + "f" * 20_000,
        "units: " + "9" * 5000,
    ],
)
def test_yaml_that_computes_long_is_refused_at_once(text):
    start = time.process_time()
    with pytest.raises(ModelFileError):
        parse_yaml(text)
    assert time.process_time() - start < 5


@pytest.mark.needs("yaml")
def test_aliases_may_not_make_a_short_text_long():
    lines = ["a0: &a0 [1, 2, 3, 4]", *(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]" for i in range(1, 16))]
    with pytest.raises(ModelFileError, match="more than 100[0-9]* values"):
        parse_yaml("\n".join(lines))


def test_json_that_takes_far_more_memory_than_its_text_is_refused_before_it_is_read():
    with pytest.raises(ModelFileError, match="more than 5000000 values"):
        parse_json("[" + "[]," * limits.MAX_VALUES + "[]]")


def test_numbers_that_no_float_holds_and_no_message_can_print_are_refused():
    for text in ("9" * 4000, "-" + "9" * 4000):
        with pytest.raises(ModelFileError, match="more than 1000 bits"):
            parse_json('{"units": ' + text + "}")
    assert parse_json('{"units": ' + "9" * 200 + "}")
