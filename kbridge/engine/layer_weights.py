"""``LayerWeights``: the part of ``Layer`` that makes, lists, reads and sets weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import backend as K
from ..budget import spend
from . import later
from .inside import ordered_weights, weight_kinds


class LayerWeights:
    """The part of every ``Layer`` that has its weights: its own, and those of layers that a program's layer holds."""

    name: Any
    trainable: Any
    built: Any
    constraints: dict[Any, Any]
    add_loss: Callable[..., None]
    _trainable_weights: list[Any]
    _non_trainable_weights: list[Any]
    _regularizers: list[Any]

    @property
    def trainable_weights(self) -> list:
        """The variables that training changes, as a list; empty for a layer with ``trainable=False``."""
        if not getattr(self, "trainable", True):
            return []
        return later.with_held(self, self._trainable_weights, lambda held: held.trainable_weights)

    @trainable_weights.setter
    def trainable_weights(self, weights) -> None:
        self.__dict__["_trainable_weights"] = list(weights)

    @property
    def non_trainable_weights(self) -> list:
        """The variables that training doesn't change, as a list; all of them for a layer with ``trainable=False``."""
        if getattr(self, "trainable", True):
            return later.with_held(self, self._non_trainable_weights, lambda held: held.non_trainable_weights)
        return later.with_held(self, self._trainable_weights + self._non_trainable_weights, lambda held: held.weights)

    @non_trainable_weights.setter
    def non_trainable_weights(self, weights) -> None:
        self.__dict__["_non_trainable_weights"] = list(weights)

    def _weight_kinds(self) -> tuple[list, list]:
        """The weights that are trained unless something is frozen, and those that never are; see ``inside.weight_kinds``."""
        trained = later.with_held(self, self._trainable_weights, lambda held: weight_kinds(held)[0])
        return trained, later.with_held(self, self._non_trainable_weights, lambda held: weight_kinds(held)[1])

    @property
    def weights(self) -> list:
        """All weights: those that are trained now, then the others."""
        return self.trainable_weights + self.non_trainable_weights

    @property
    def regularizers(self) -> list:
        """Regularizers with a parameter of their own (``set_param``), as layers of Keras 1.0 list them."""
        return self._regularizers

    @regularizers.setter
    def regularizers(self, regularizers) -> None:
        self.__dict__["_regularizers"] = list(regularizers)

    def add_weight(self, *args, **kwargs):
        """Make a variable and register it as a weight of this layer.

        Keras 1 calls it with (shape, initializer, name, ...), Keras 2 with (name, shape, dtype, initializer, ...): a text that comes first is
        the name.

        Args:
            shape: the lengths of the weight's axes, a tuple.
            initializer: a function of a shape, or the name of one; 'glorot_uniform' if left out.
            name: the weight's name.
            trainable: whether training changes it; True if left out.
            regularizer: a penalty on it: an object, a config or a name.
            constraint: a function that is applied to it after each update: an object, a config or a name.
            dtype: its dtype; floatx if left out.

        Returns:
            The variable.

        Raises:
            TypeError: an argument that it doesn't have.
        """
        given = later.weight_options(self, args, kwargs)
        name, dtype = given.get("name"), given.get("dtype")
        weight = later.as_variable(_initialized(later.initializer_of(given.get("initializer")), given["shape"], name), name, dtype)
        regularizer = later.regularizer_of(given.get("regularizer"))
        if regularizer is not None:
            self.add_loss(regularizer(weight))
        constraint = later.constraint_of(given.get("constraint"))
        if constraint is not None:
            self.constraints[weight] = constraint
        (self._trainable_weights if given.get("trainable", True) else self._non_trainable_weights).append(weight)
        return weight

    def get_weights(self) -> list[np.ndarray]:
        """Return the values of the layer's weights, as NumPy arrays, in the order that ``weights`` has if nothing is frozen."""
        return K.batch_get_value(ordered_weights(self))

    def set_weights(self, weights) -> None:
        """Set the layer's weights from arrays.

        Args:
            weights: a list of arrays, of the shapes and in the order that ``get_weights`` gives.

        Raises:
            ValueError: the number of arrays or the shape of one differs; nothing is set then.
        """
        own = ordered_weights(self)
        if len(own) != len(weights):
            unbuilt = "" if self.built else " It gets its weights when it is first called."
            raise ValueError(
                f"Layer {self.name!r} has {len(own)} weights, got {len(weights)}.{unbuilt} Expected shapes: "
                f"{[K.int_shape(w) for w in own]}, got {[np.shape(w) for w in weights]}."
            )
        for weight, value in zip(own, weights, strict=True):
            if tuple(K.int_shape(weight)) != np.shape(value):
                raise ValueError(
                    f"Layer {self.name!r}: weight {K.tensor_name(weight)!r} has shape {tuple(K.int_shape(weight))}, "
                    f"got a value of shape {np.shape(value)}."
                )
        K.batch_set_value(list(zip(own, weights, strict=True)))

    def count_params(self) -> int:
        """Return how many numbers all weights hold together.

        Raises:
            RuntimeError: the layer isn't built yet.
        """
        if not self.built:
            raise RuntimeError(f"Layer {self.name!r} has no weights yet. It makes them when it is first called or gets an input shape.")
        return sum(K.count_params(w) for w in self.weights)


def _initialized(initializer, shape: tuple, name: str | None):
    """Call an initialization that may or may not take a ``name``."""
    spend(shape)
    try:
        return initializer(shape, name=name)
    except TypeError as error:
        if "name" not in str(error):
            raise
    return initializer(shape)
