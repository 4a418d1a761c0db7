"""``theano.tensor.shared_randomstreams`` as it was up to Theano 1.0."""

from theano.sandbox.rng_mrg import MRG_RandomStream
from theano.tensor import argsort, cast, floor

__all__ = ["RandomStreams"]


class RandomStreams(MRG_RandomStream):
    """Random tensors whose states are updated by the functions that use them; other numbers than those of then."""

    def __init__(self, seed=None):
        super().__init__(12345 if seed is None else abs(int(seed)) % 2**31 or 1)

    def uniform(self, size=(), low=0.0, high=1.0, ndim=None, dtype=None, **options):
        """Numbers between ``low`` and ``high``."""
        return super().uniform(size, low, high, ndim, dtype, **options)

    def normal(self, size=(), avg=0.0, std=1.0, ndim=None, dtype=None, **options):
        """Numbers of a normal distribution."""
        return super().normal(size, avg, std, ndim, dtype, **options)

    def binomial(self, size=(), n=1, p=0.5, ndim=None, dtype="int64", prob=None):
        """1 with probability ``p``, else 0; ``n`` of them added up."""
        p = p if prob is None else prob
        draws = [super(RandomStreams, self).binomial(size, 1, p, ndim, dtype) for _ in range(n)]
        return sum(draws[1:], draws[0])

    def random_integers(self, size=(), low=0, high=1, ndim=None, dtype="int64"):
        """Whole numbers from ``low`` to ``high``, both included."""
        return cast(low + floor(self.uniform(size, 0.0, 1.0, ndim) * (high - low + 1)), dtype)

    def permutation(self, size=(), n=1, ndim=None, dtype="int64"):
        """The numbers below ``n`` in random order, along a new last axis."""
        size = (size,) if isinstance(size, int) else tuple(size)
        return cast(argsort(self.uniform((*size, n)), axis=-1), dtype)

    def shuffle_row_elements(self, input):
        """``input`` with the elements of each vector along the last axis in one random order."""
        return input[..., self.permutation((), input.shape[-1])]
