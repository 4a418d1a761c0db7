"""The slope of a quotient in its divisor, as one scalar operation of Theano."""

from __future__ import annotations

from theano.scalar.basic import ScalarOp, upcast_out


class QuotientSlope(ScalarOp):
    """-g * (x / y) / y.

    Written as operations, Theano's optimizations would make -(g * x) / (y * y) of it, and the square of a divisor
    above 2e19 is infinite in float32.
    """

    nin = 3

    def impl(self, g, x, y):
        return -(g * (x / y)) / y

    def c_code(self, node, name, inputs, outputs, sub):
        g, x, y = inputs
        return f"{outputs[0]} = -({g} * ({x} / {y})) / {y};"

    def c_code_cache_version(self):
        return (1,)

    def grad(self, inputs, gradients):
        (g, x, y), (outer,) = inputs, gradients
        slope = self(outer, x, y)
        return [slope, -(outer * g / y) / y, -(slope + slope) * g / y]


quotient_slope = QuotientSlope(upcast_out, name="quotient_slope")
