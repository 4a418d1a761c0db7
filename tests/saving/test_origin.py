"""The backend that saved a file is told by the file alone."""

import numpy as np
import pytest

from kbridge.saving.origin import find_origin, flip, forced_origin


def test_attribute_decides_over_names():
    assert find_origin("theano", ["a_W:0"]).flipped
    assert not find_origin("tensorflow", ["a_W"]).flipped


def test_names_decide_without_the_attribute():
    assert find_origin(None, ["a_W:0", "scope/a_b:0", "Variable_3:0"]).backend == "tensorflow"
    assert find_origin(None, ["a_W", "param_0"]).backend == "theano"


def test_oldest_layout_is_theanos():
    assert find_origin(None, [], oldest_layout=True).backend == "theano"


def test_mixed_names_go_by_the_majority_and_say_so():
    assert find_origin(None, ["a_W", "b_W", "c_W:0"])[::2] == ("theano", True)
    assert find_origin(None, ["a_W", "c_W:0"])[::2] == ("tensorflow", True)
    assert not find_origin(None, ["a_W:0"]).mixed


def test_callers_word_is_checked():
    assert forced_origin("theano").flipped
    with pytest.raises(ValueError, match="'theano' or 'tensorflow'"):
        forced_origin("cntk")


def test_flip_reverses_the_spatial_axes_alone():
    kernel = np.arange(24).reshape(2, 3, 2, 2)
    assert np.array_equal(flip(kernel, (0, 1)), kernel[::-1, ::-1])
    assert flip(kernel, None) is kernel
