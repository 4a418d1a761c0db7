"""Settings and names: the backend-independent part of ``K`` (``kbridge.backend.common``)."""

import numpy as np

from ..backends import settings
from .spec import Op, checks, expect, expect_error


def common():
    """Imported late: ``kbridge.backend`` chooses a backend when it is imported."""
    from ..backend import common

    return common


def restoring(check):
    """Run a check and put floatx, epsilon and the dim ordering back."""

    def run(K):
        saved = settings.floatx(), settings.epsilon(), settings.image_dim_ordering()
        try:
            check(K)
        finally:
            settings.set_floatx(saved[0])
            settings.set_epsilon(saved[1])
            settings.set_image_dim_ordering(saved[2])

    run.__name__ = check.__name__
    return run


@restoring
def floatx_of_new_tensors(K):
    for dtype in ("float64", "float16", "float32"):
        settings.set_floatx(dtype)
        expect(K.floatx(), dtype, "floatx")
        expect([K.dtype(t) for t in (K.variable([1.0]), K.placeholder((2,)), K.constant(1.0))], [dtype] * 3, "dtypes")
        expect(str(settings.cast_to_floatx([1, 2]).dtype), dtype, "cast_to_floatx")
    expect_error(ValueError, ("float128",), lambda: settings.set_floatx("float128"))


@restoring
def epsilon_of_losses(K):
    settings.set_epsilon(1e-2)
    expect(K.epsilon(), 1e-2, "epsilon")
    loss = K.binary_crossentropy(K.constant(np.array([0.0]), dtype="float64"), K.constant(np.array([1.0]), dtype="float64"))
    expect(K.eval(loss), np.array([-np.log(1e-2)]), "a loss clipped by it")
    for bad in (0.0, -1.0, "x", None):
        expect_error(ValueError, (repr(bad),), lambda bad=bad: settings.set_epsilon(bad))


@restoring
def default_dim_ordering(K):
    x = K.placeholder((None, 3, 4, 5))
    settings.set_image_dim_ordering("th")
    expect(K.image_dim_ordering(), "th", "image_dim_ordering")
    expect(K.int_shape(K.spatial_2d_padding(x)), (None, 3, 6, 7), "th")
    settings.set_image_dim_ordering("tf")
    expect(K.int_shape(K.spatial_2d_padding(x)), (None, 5, 6, 5), "tf")
    expect_error(ValueError, ("channels",), lambda: settings.set_image_dim_ordering("channels"))


def unique_numbers(K):
    prefix = "a prefix of this check"
    first = common().get_uid(prefix)
    expect(common().get_uid(prefix), first + 1, "the next number")


def weight_ordering(K):
    expect(common().legacy_weight_ordering(), False, "at the start")
    expect_error(ValueError, ("yes",), lambda: common().set_legacy_weight_ordering("yes"))


def keras_tensors(K):
    x = K.placeholder((None, 2))
    expect(common().is_keras_tensor(x), False, "a bare placeholder")
    x._keras_history = ("layer", 0, 0)
    expect(common().is_keras_tensor(x), True, "with a history")


OPS = [
    Op(name, checks=checks(*functions))
    for name, *functions in (
        ("floatx", floatx_of_new_tensors),
        ("set_floatx", floatx_of_new_tensors),
        ("cast_to_floatx", floatx_of_new_tensors),
        ("epsilon", epsilon_of_losses),
        ("set_epsilon", epsilon_of_losses),
        ("image_dim_ordering", default_dim_ordering),
        ("set_image_dim_ordering", default_dim_ordering),
        ("get_uid", unique_numbers),
        ("reset_uids", unique_numbers),
        ("is_keras_tensor", keras_tensors),
        ("legacy_weight_ordering", weight_ordering),
        ("set_legacy_weight_ordering", weight_ordering),
    )
]
