"""Variables, values and updates."""

import warnings

import numpy as np

from .. import settings, updates
from ._base import Family

#: arguments of theano.function that don't change results
HOW_TO_COMPUTE = {"accept_inplace", "allow_input_downcast", "mode", "name", "on_unused_input", "profile", "rebuild_strict"}


class Values(Family):
    floatx = staticmethod(settings.floatx)
    epsilon = staticmethod(settings.epsilon)
    image_dim_ordering = staticmethod(settings.image_dim_ordering)

    def _without_options(self, options):
        """For backends whose functions take no options: warn of Theano's that only say how to compute, ValueError for others."""
        unknown = sorted(set(options) - HOW_TO_COMPUTE)
        if unknown:
            raise ValueError(f"Unknown arguments of K.function: {', '.join(unknown)}.")
        if options:
            named = ", ".join(sorted(options))
            warnings.warn(f"K.function: the {self.name} backend ignores {named}, because it has no options of Theano.", stacklevel=3)

    def ndim(self, x):
        """The number of axes of ``x``."""
        return len(self.int_shape(x))

    def eval(self, x):
        """The value of ``x``, a tensor that depends on no placeholder, as an array."""
        if self.is_variable(x) and not self.is_sparse(x):
            return self.get_value(x)
        return self.function([], [x])([])[0]

    def zeros(self, shape, dtype=None, name=None):
        """A variable of zeros with a ``shape``, a ``dtype`` (floatx if left out) and perhaps a ``name``."""
        return self.variable(np.zeros(tuple(shape), dtype or self.floatx()), dtype=dtype, name=name)

    def ones(self, shape, dtype=None, name=None):
        """A variable of ones with a ``shape``, a ``dtype`` (floatx if left out) and perhaps a ``name``."""
        return self.variable(np.ones(tuple(shape), dtype or self.floatx()), dtype=dtype, name=name)

    def eye(self, size, dtype=None, name=None):
        """A variable with the identity matrix (size, size), with a ``dtype`` (floatx if left out) and perhaps a ``name``."""
        return self.variable(np.eye(size), dtype=dtype, name=name)

    def count_params(self, x):
        """The number of values in ``x``, a tensor of fully known shape."""
        return int(np.prod(self.get_variable_shape(x), dtype=np.int64))

    def get_variable_shape(self, x):
        """The shape of the variable ``x`` as a tuple."""
        return self.int_shape(x)

    def batch_get_value(self, xs):
        """The values of several variables ``xs``, as a list of arrays."""
        return [self.get_value(x) for x in xs]

    def batch_set_value(self, tuples):
        """Set several variables; ``tuples`` is a list of pairs (variable, value)."""
        for x, value in tuples:
            self.set_value(x, value)

    def update(self, x, new_x):
        """An update for ``function``: the variable ``x`` becomes ``new_x``."""
        return updates.Update((x, new_x))

    def update_add(self, x, increment):
        """An update for ``function``: ``x`` grows by ``increment``; several add up."""
        return self._update(updates.INCREMENT, x, increment)

    def update_sub(self, x, decrement):
        """An update for ``function``: ``x`` shrinks by ``decrement``; several add up."""
        return self._update(updates.DECREMENT, x, decrement)

    def moving_average_update(self, variable, value, momentum):
        """An update for ``function``: variable * momentum + value * (1 - momentum); several follow each other."""
        return self._update(updates.MOVING_AVERAGE, variable, value, momentum)

    def _update(self, kind, variable, *amounts):
        return updates.Update((variable, updates.result(kind, variable, amounts)), kind, amounts)

    def _one_for_each(self, pairs):
        """The updates that a function is given, one for each variable."""
        return updates.one_for_each(pairs, self._described)

    def _described(self, variable):
        """A variable in an error message."""
        if not self.is_variable(variable):
            return repr(variable)
        name = self.tensor_name(variable)
        return f"the variable {name!r}" if name else f"a variable without a name, of shape {self.int_shape(variable)}"

    def foldr(self, fn, elems, initializer=None, name=None):
        """``foldl`` from the last element to the first.

        Args:
            fn: a function of two tensors that returns the new accumulator.
            elems: the tensor.
            initializer: the accumulator before the last element; the last element itself if left out.
            name: accepted on every backend, and not used.
        """
        return self.foldl(fn, self.reverse(elems, 0), initializer=initializer, name=name)
