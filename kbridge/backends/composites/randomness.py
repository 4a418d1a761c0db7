"""Random tensors and variables that follow from the two random primitives and NumPy."""

import numpy as np

from ._base import Family


class Randomness(Family):
    def random_binomial(self, shape, p=0.0, dtype=None, seed=None):
        """1 with probability ``p``, else 0; new values at each evaluation.

        Args:
            shape: the lengths of the axes, ints or scalar int tensors.
            p: the probability of 1.
            dtype: the dtype of the result; floatx if left out.
            seed: a whole number that gives one sequence of draws on one backend; None draws it from NumPy's global state.
        """
        draws = self.random_uniform(shape, dtype=self.floatx(), seed=seed)
        return self.cast(self.lesser(draws, p), dtype or self.floatx())

    def dropout(self, x, level, noise_shape=None, seed=None):
        """Set a fraction of a tensor to 0 and scale the rest by 1 / (1 - level).

        Args:
            x: the tensor.
            level: the fraction.
            noise_shape: None entries are as in ``x``; along its axes of length 1 the decision is shared, and along the first axes of ``x`` if it has fewer
                entries. An entry of another length is a ValueError.
            seed: a whole number that gives one sequence of draws on one backend; None draws it from NumPy's global state.
        """
        if not 0.0 <= level < 1.0:
            raise ValueError(f"The dropout level must be in [0, 1), got {level!r}.")
        if level == 0:
            return x
        dynamic = self.shape(x)
        static = self.int_shape(x)
        wanted = tuple(noise_shape) if noise_shape is not None else (None,) * len(static)
        if len(wanted) > len(static):
            raise ValueError(f"noise_shape {wanted} has {len(wanted)} entries, but the input has {len(static)} axes.")
        wanted = (1,) * (len(static) - len(wanted)) + wanted
        if any(isinstance(m, int) and n is not None and m not in (1, n) for m, n in zip(wanted, static, strict=True)):
            raise ValueError(f"noise_shape {tuple(noise_shape)} doesn't broadcast to the input's shape {static}.")
        sizes = [(static[i] if static[i] is not None else dynamic[i]) if size is None else size for i, size in enumerate(wanted)]
        keep = self.lesser(self.random_uniform(sizes, dtype=self.dtype(x), seed=seed), 1.0 - level)
        return x * (self.cast(keep, self.dtype(x)) * (1.0 / (1.0 - level)))

    def random_uniform_variable(self, shape, low, high, dtype=None, name=None, seed=None):
        """A variable with values in [low, high).

        Args:
            shape: the lengths of its axes.
            low: the least value.
            high: the upper limit.
            dtype: the dtype of the result; floatx if left out.
            name: a name for the tensor, or None.
            seed: a whole number that the values are drawn from; NumPy's global state if left out.
        """
        rng = np.random if seed is None else np.random.RandomState(seed)
        return self.variable(rng.uniform(low, high, tuple(shape)), dtype=dtype, name=name)

    def random_normal_variable(self, shape, mean, scale, dtype=None, name=None, seed=None):
        """A variable with normal values.

        Args:
            shape: the lengths of its axes.
            mean: the mean.
            scale: the standard deviation.
            dtype: the dtype of the result; floatx if left out.
            name: a name for the tensor, or None.
            seed: a whole number that the values are drawn from; NumPy's global state if left out.
        """
        rng = np.random if seed is None else np.random.RandomState(seed)
        return self.variable(rng.normal(mean, scale, tuple(shape)), dtype=dtype, name=name)
