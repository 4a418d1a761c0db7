"""Custom objects, looking things up by name, and stored functions that are never run."""

import marshal

import pytest

from kbridge.layers.core import Dense
from kbridge.models import Sequential
from kbridge.utils.generic_utils import (
    CustomObjectScope,
    custom_object_scope,
    func_dump,
    func_load,
    get_custom_objects,
    get_from_module,
    make_tuple,
)


class Special(Dense):
    """A layer of one's own."""


def test_custom_objects_are_known_inside_their_scope_only():
    config = Sequential([Special(2, input_dim=3)]).get_config()
    with custom_object_scope({"Special": Special}, {"other": 3}):
        assert get_custom_objects()["other"] == 3
        with CustomObjectScope({"other": 4}):
            assert get_custom_objects()["other"] == 4
        assert get_custom_objects()["other"] == 3
        assert type(Sequential.from_config(config).layers[0]) is Special
    assert "Special" not in get_custom_objects()
    with pytest.raises(ValueError, match="Unknown layer: 'Special'.*custom_objects"):
        Sequential.from_config(config)


def test_a_scope_ends_also_after_an_error():
    with pytest.raises(KeyError), CustomObjectScope({"x": 1}):
        raise KeyError
    assert "x" not in get_custom_objects()


def test_names_are_looked_up_in_a_module():
    table = {"thing": dict, "other": len}
    assert get_from_module("thing", table, "thing") is dict
    assert get_from_module("thing", table, "thing", instantiate=True, kwargs={"a": 1}) == {"a": 1}
    assert get_from_module({"name": "thing", "a": 2}, table, "thing") == {"a": 2}
    assert get_from_module(None, table, "thing") is None
    with pytest.raises(ValueError, match="Invalid thing: 'thng'.*Did you mean 'thing'"):
        get_from_module("thng", table, "thing")


def test_functions_are_stored_by_name_and_never_run_from_bytecode():
    def scale(x, factor=2):
        return x * factor

    name, defaults, closure = func_dump(scale)
    assert (name, defaults, closure) == ("scale", (2,), None)
    assert func_load(name, globs={"scale": scale}) is scale
    with CustomObjectScope({"scale": scale}):
        assert func_load([name, [2], None]) is scale
    code = marshal.dumps(scale.__code__).decode("raw_unicode_escape")
    with pytest.raises(ValueError, match="never run"):
        func_load(code)
    with pytest.raises(ValueError, match="never run"):
        func_load("scale")


def test_make_tuple():
    assert make_tuple(1, 2) == (1, 2)
