"""Activation functions."""

from math import pi, sqrt

from ._base import Family

#: of the self-normalizing activation (Klambauer et al., 2017, arXiv 1706.02515)
SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805


class Activations(Family):
    def relu(self, x, alpha=0.0, max_value=None):
        """max(x, 0), at most ``max_value``, minus ``alpha`` * max(-x, 0).

        ``max_value`` caps the positive part alone, also with a negative ``alpha``; one below 0 leaves 0 of it.
        """
        # zero stands first: at a tie the gradient goes to it, so that relu has gradient 0 at 0
        positive = self.maximum(0.0, x if max_value is None else self.minimum(x, max_value))
        if isinstance(alpha, (int, float)) and alpha == 0:
            return positive
        return positive + alpha * self.minimum(0.0, x)

    def elu(self, x, alpha=1.0):
        """x for x > 0, else alpha * (exp(x) - 1) (Clevert et al., 2015)."""
        negative = self.exp(self.clip(x, None, 0.0)) - 1.0
        if not (isinstance(alpha, (int, float)) and alpha == 1):
            negative = alpha * negative
        return self.where(self.greater(x, 0.0), x, negative)

    def softsign(self, x):
        """x / (1 + abs(x))."""
        return x / (1.0 + self.abs(x))

    def hard_sigmoid(self, x):
        """clip(0.2 x + 0.5, 0, 1)."""
        return self.clip(0.2 * x + 0.5, 0.0, 1.0)

    def leaky_relu(self, x, negative_slope=0.2):
        """x for x > 0, else negative_slope * x."""
        return self.relu(x, alpha=negative_slope)

    def relu6(self, x):
        """min(max(x, 0), 6)."""
        return self.relu(x, max_value=6.0)

    def selu(self, x):
        """scale * elu(x, alpha), with constants that keep mean 0 and variance 1 (Klambauer et al., 2017)."""
        return SELU_SCALE * self.elu(x, SELU_ALPHA)

    def celu(self, x, alpha=1.0):
        """x for x > 0, else alpha * (exp(x / alpha) - 1) (Barron, 2017)."""
        return self.where(self.greater(x, 0.0), x, alpha * self.expm1(self.clip(x, None, 0.0) / alpha))

    def gelu(self, x, approximate=False):
        """x times the standard normal distribution's share below x (Hendrycks and Gimpel, 2016, arXiv 1606.08415).

        ``approximate``: by 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x ** 3))).
        """
        if approximate:
            return 0.5 * x * (1.0 + self.tanh(sqrt(2 / pi) * (x + 0.044715 * x * self.square(x))))
        return 0.5 * x * (1.0 + self.erf(x * sqrt(0.5)))

    def silu(self, x):
        """x * sigmoid(x), also called swish (Ramachandran et al., 2017)."""
        return x * self.sigmoid(x)

    def hard_silu(self, x):
        """x * relu6(x + 3) / 6, also called hard_swish (Howard et al., 2019)."""
        return x * self.clip(x + 3.0, 0.0, 6.0) / 6.0

    def mish(self, x):
        """x * tanh(softplus(x)) (Misra, 2019)."""
        return x * self.tanh(self.softplus(x))

    def log_sigmoid(self, x):
        """log(sigmoid(x)) without overflow."""
        return -self.softplus(-x)

    def hard_tanh(self, x):
        """x held between -1 and 1."""
        return self.clip(x, -1.0, 1.0)

    def soft_shrink(self, x, threshold=0.5):
        """x moved towards 0 by ``threshold``, 0 within it."""
        return x - self.clip(x, -threshold, threshold)

    def hard_shrink(self, x, threshold=0.5):
        """x where abs(x) > threshold, else 0."""
        return self.where(self.greater(self.abs(x), threshold), x, self.zeros_like(x))

    def tanh_shrink(self, x):
        """x - tanh(x)."""
        return x - self.tanh(x)

    def squareplus(self, x, b=4.0):
        """(x + sqrt(x ** 2 + b)) / 2 (Barron, 2021)."""
        return 0.5 * (x + self.sqrt(self.square(x) + b))

    def threshold(self, x, threshold, default_value):
        """x where x > threshold, else ``default_value``."""
        return self.where(self.greater(x, threshold), x, default_value + self.zeros_like(x))

    def glu(self, x, axis=-1):
        """The first half of x along ``axis`` times the sigmoid of the second half (Dauphin et al., 2017)."""
        first, second = self.split(x, 2, axis)
        return first * self.sigmoid(second)

    def log_softmax(self, x, axis=-1):
        """log(softmax(x)) over ``axis`` without overflow."""
        return x - self.logsumexp(x, axis=axis, keepdims=True)

    def sparsemax(self, x, axis=-1):
        """The nearest point to x of the probability simplex over ``axis`` (Martins and Astudillo, 2016, arXiv 1602.02068).

        The threshold comes from every element taken as the last of the support, without sorting: for a candidate z the support is
        all elements >= z, and the right candidates are those whose own threshold lies below them.
        """
        last = self.ndim(x) - 1
        order = [a for a in range(last + 1) if a != axis % (last + 1)] + [axis % (last + 1)]
        z = self.permute_dimensions(x, order)
        z = z - self.stop_gradient(self.max(z, axis=-1, keepdims=True))
        above = self.cast(self.greater_equal(self.expand_dims(z, -2), self.expand_dims(z, -1)), self.dtype(x))
        count = self.sum(above, axis=-1)
        total = self.sum(above * self.expand_dims(z, -2), axis=-1)
        inside = self.cast(self.greater(1.0 + count * z, total), self.dtype(x))
        size = self.sum(inside, axis=-1, keepdims=True)
        tau = (self.sum(inside * z, axis=-1, keepdims=True) - 1.0) / size
        back = [order.index(a) for a in range(last + 1)]
        return self.permute_dimensions(self.maximum(0.0, z - tau), back)
