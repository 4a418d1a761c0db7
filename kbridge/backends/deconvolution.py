"""Checks that the input, the kernel and the output shape of a transposed convolution fit each other, alike by all backends."""

from __future__ import annotations


def check_deconvolution(what: str, x_shape, filters, channels, spans, strides, border_mode: str, output_shape) -> None:
    """ValueError unless ``output_shape`` comes from an input of ``x_shape``, both channels last, entries None where unknown.

    ``what``: the function's name. The kernel takes ``filters`` from the input and gives ``channels``; ``spans`` and
    ``strides`` are spatial, the former with the kernel's holes.
    """
    *places, have = x_shape[1:]
    *wanted, out = output_shape[1:]
    shown = tuple(n if isinstance(n, int) else None for n in output_shape)
    if None not in (have, filters) and have != filters:
        raise ValueError(f"{what}: the kernel takes {filters} channels, but the input (channels last) has shape {tuple(x_shape)}.")
    if isinstance(out, int) and channels not in (None, out):
        raise ValueError(f"{what}: the kernel returns {channels} channels, but the output (channels last) should have shape {shown}.")
    for i, (n, span, stride, found) in enumerate(zip(wanted, spans, strides, places)):
        if not isinstance(n, int) or found is None:
            continue
        padded = {"valid": n, "same": n + span - 1, "full": n + 2 * (span - 1)}[border_mode]
        positions = max((padded - span) // int(stride) + 1, 0)
        if positions != found:
            raise ValueError(
                f"{what}: an output of shape {shown} needs an input with {positions} positions along spatial axis {i}, got {found}."
            )


def spans_of(sizes, dilation) -> list[int]:
    """The lengths of a kernel of ``sizes`` with ``dilation`` - 1 holes between its values."""
    return [(k - 1) * int(d) + 1 for k, d in zip(sizes, dilation, strict=True)]
