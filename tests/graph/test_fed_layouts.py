"""Arrays are fed as they lie in memory: at odd addresses, in the other byte order, backwards, read-only, with gaps."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from kbridge import backend as K

VALUES = np.arange(12, dtype="float32").reshape(3, 4)


def unaligned(dtype):
    room = np.zeros(VALUES.size * np.dtype(dtype).itemsize + 1, "uint8")
    found = room[1:].view(dtype).reshape(VALUES.shape)
    found[:] = VALUES
    assert not found.flags.aligned
    return found


LAYOUTS = {
    "unaligned": unaligned("float32"),
    "unaligned, another dtype": unaligned("float64"),
    "the other byte order": VALUES.astype(VALUES.dtype.newbyteorder()),
    "backwards": VALUES[::-1, ::-1].copy()[::-1, ::-1],
    "columns first": np.asfortranarray(VALUES),
    "gaps": np.repeat(np.repeat(VALUES, 2, 0), 3, 1)[::2, ::3],
    "read-only": np.frombuffer(VALUES.tobytes(), "float32").reshape(VALUES.shape),
    "one row for all": np.broadcast_to(VALUES[:1], VALUES.shape),
}


@pytest.fixture(scope="module")
def function():
    x = K.placeholder((None, 4))
    return K.function([x], [K.dot(x, K.constant(np.eye(4)[:, :2])), K.sum(K.exp(x / 12), axis=0), x[1:]])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_function_takes_them(function, layout):
    given = LAYOUTS[layout]
    expected = np.array(given, "float32")
    for found, right in zip(function([given]), [expected[:, :2], np.exp(expected / 12).sum(0), expected[1:]]):
        assert_allclose(found, right, rtol=1e-5)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_variable_takes_them(layout):
    given = LAYOUTS[layout]
    variable = K.variable(given)
    assert_allclose(K.get_value(variable), np.array(given))
    K.set_value(variable, given)
    assert_allclose(K.eval(variable * 2), 2 * np.array(given, "float32"))


@pytest.mark.parametrize(
    "way",
    [
        lambda x: x,
        lambda x: K.reshape(x, (4, 3)),
        lambda x: K.stop_gradient(K.expand_dims(x, 0)),
        lambda x: K.switch(K.constant(True), x, 2 * x),
    ],
)
@pytest.mark.parametrize("place", range(0, 64, 16))
def test_a_variable_keeps_its_value_when_the_array_that_was_fed_changes(way, place):
    x = K.placeholder((3, 4))
    variable = K.variable(np.zeros(K.int_shape(way(x))))
    room = np.zeros(128 + VALUES.nbytes, "uint8")
    start = -room.ctypes.data % 64 + place
    given = room[start : start + VALUES.nbytes].view("float32").reshape(VALUES.shape)
    given[:] = VALUES
    K.function([x], [], updates=[(variable, way(x))])([given])
    given[:] = 99
    assert_allclose(K.get_value(variable).ravel(), VALUES.ravel())
