"""Convolutions of all kinds."""

from .case import Case

T, F = True, False
FIRST = {"data_format": "channels_first"}
PENALTIES = {"kernel_regularizer": "l2", "bias_regularizer": "l1", "kernel_constraint": "non_neg", "bias_constraint": "non_neg"}


def transposed(name, x, one):
    return [
        Case(name, {"filters": 3, "kernel_size": 3, **options}, (x,))
        for options in (
            {}, {"strides": 2}, {"strides": 3, "kernel_size": 2, "padding": "same"}, {"strides": 2, "padding": "same", "output_padding": 0},
            {"strides": 2, "output_padding": 1, "activation": "relu"}, {"dilation_rate": 2, "use_bias": False},
            {"dilation_rate": 2, "padding": "same"}, {"kernel_size": 4, "strides": 2, "padding": "same", "output_padding": 1},
            {**PENALTIES, "kernel_initializer": "he_normal", "bias_initializer": "ones"},
        )
    ] + [Case(name, {"filters": 3, "kernel_size": 3, "strides": 2, **FIRST, **more}, (x,), twin=True) for more in ({}, {"padding": "same", "output_padding": 1})]  # fmt: skip


CASES = [
    *transposed("Conv1DTranspose", "series", 1), *transposed("Conv2DTranspose", "image", 2), *transposed("Conv3DTranspose", "volume", 3),
]  # fmt: skip
