"""The base of layers that use other layers."""

from __future__ import annotations

import warnings
from typing import Any

from ... import backend as K
from ...engine.entries import layer_entry, numbering
from ...engine.inside import joined_kinds, unique
from ...engine.later import held_layers
from ...engine.node import object_list_uid
from ...engine.registry import layer_from_config
from ...engine.topology import Layer


class Wrapper(Layer):
    """The base of layers that use another layer, whose weights, losses and updates count as their own.

    A subclass that works with several inner layers names them in ``_inner``.

    Args:
        layer: the inner layer.

    Raises:
        TypeError: ``layer`` is no layer.
    """

    #: whether the wrapper has states of its own
    _stateful = False

    def __init__(self, layer, **kwargs):
        if not isinstance(layer, Layer):
            raise TypeError(f"{type(self).__name__} needs a layer to wrap, got {layer!r} of type {type(layer).__name__}.")
        self.layer: Any = layer
        self.uses_learning_phase = layer.uses_learning_phase
        super().__init__(**kwargs)

    @property
    def _inner(self) -> list[Any]:
        return [self.layer]

    def build(self, input_shape=None):
        """Take over the inner layers' weights, and mark the wrapper as built; a subclass builds its inner layers first.

        As in Keras 1, what a subclass adds to its weights afterwards, or assigns to ``trainable_weights``, counts as it
        is; what it listed before is replaced.

        Args:
            input_shape: accepted, and not used here.
        """
        trained, never = joined_kinds(self._inner)
        inner = {id(w) for w in (*trained, *never)}
        dropped = [w for w in self._trainable_weights + self._non_trainable_weights if id(w) not in inner]
        if dropped:
            warnings.warn(
                f"{type(self).__name__} {self.name!r} made its own weights ({', '.join(str(K.tensor_name(w)) for w in dropped)}) "
                "before it called Wrapper.build. As in Keras 1, this call lists those of the inner layer instead, so its own "
                "weights are not trained. Make them after the call. [differences: wrapper-weights]",
                stacklevel=2,
            )
            self.__dict__["_dropped_weights"] = dropped
        # an inner layer that isn't built yet goes on telling its weights by itself
        lists = bool(inner) or all(layer.built for layer in self._inner)
        if any(item.of_later_keras and held_layers(item) for item in self._inner):
            # so does one that holds layers, which make theirs when they are called
            trained, never, lists = [], [], False
        self.__dict__.update(_trainable_weights=trained, _non_trainable_weights=never, _lists_weights=lists)
        self.built = True

    # ------------------------------------------------------------------ what the inner layers hold

    #: whether the lists of weights hold those of the inner layers too: ``build`` was called, or a subclass assigned one
    _lists_weights = False

    def _weight_kinds(self) -> tuple[list, list]:
        trained, never = ([], []) if self._lists_weights else joined_kinds(self._inner)
        return self._trainable_weights + trained, never + self._non_trainable_weights

    @property
    def _is_trained(self) -> bool:
        return self.trainable

    @property
    def trainable_weights(self) -> list:
        if not self._is_trained:
            return []
        trained_inside = [w for layer in self._inner for w in layer.trainable_weights]
        if not self._lists_weights:
            return self._trainable_weights + trained_inside
        frozen = {id(w) for w in joined_kinds(self._inner)[0]} - {id(w) for w in trained_inside}
        if frozen.isdisjoint(map(id, self._trainable_weights)):
            return self._trainable_weights  # the list itself: programs append to it
        return [w for w in self._trainable_weights if id(w) not in frozen]

    @trainable_weights.setter
    def trainable_weights(self, weights) -> None:
        new = list(weights)
        if self._lists_weights:
            # what is frozen stays listed: who assigns couldn't see it
            seen = self.trainable_weights
            shown = {id(w) for w in (*seen, *new)}
            if any(id(w) not in shown for w in self._trainable_weights):
                if _same(new[: len(seen)], seen):
                    new = self._trainable_weights + new[len(seen) :]
                elif _same(new[len(new) - len(seen) :], seen):
                    new = new[: len(new) - len(seen)] + self._trainable_weights
                else:
                    new += [w for w in self._trainable_weights if id(w) not in shown]
        self.__dict__.update(_trainable_weights=new, _lists_weights=True)

    @property
    def non_trainable_weights(self) -> list:
        trained = {id(w) for w in self.trainable_weights}
        kinds = self._weight_kinds()
        return [w for w in kinds[0] if id(w) not in trained] + kinds[1]

    @non_trainable_weights.setter
    def non_trainable_weights(self, weights) -> None:
        listed = {id(w) for w in self._weight_kinds()[0]}
        if not self._lists_weights:
            self.__dict__.update(_trainable_weights=self._weight_kinds()[0], _lists_weights=True)
        self.__dict__["_non_trainable_weights"] = [w for w in weights if id(w) not in listed]

    @property
    def constraints(self) -> dict:
        """The constraints of all weights, by weight."""
        merged = dict(self.__dict__["constraints"])
        for layer in self._inner:
            merged.update(getattr(layer, "constraints", {}))
        return merged

    @constraints.setter
    def constraints(self, constraints) -> None:
        self.__dict__["constraints"] = dict(constraints)

    @property
    def losses(self) -> list:
        """The penalties of the inner layers' weights and of the outputs of all calls."""
        return unique(self.__dict__["losses"] + [x for layer in self._inner for x in layer.losses])

    @losses.setter
    def losses(self, losses) -> None:
        self.__dict__["losses"] = list(losses)

    @property
    def updates(self) -> list:
        """The updates of the inner layers."""
        return unique(self.__dict__["updates"] + [x for layer in self._inner for x in layer.updates])

    @updates.setter
    def updates(self, updates) -> None:
        self.__dict__["updates"] = list(updates)

    def get_losses_for(self, inputs) -> list:
        return unique(super().get_losses_for(inputs) + self._of_inner("get_losses_for", inputs))

    def get_updates_for(self, inputs) -> list:
        return unique(super().get_updates_for(inputs) + self._of_inner("get_updates_for", inputs))

    def get_state_updates_for(self, inputs) -> list:
        own = super().get_updates_for(inputs) if self._stateful else []
        return unique(own + self._of_inner("get_state_updates_for", inputs))

    @property
    def stateful(self) -> bool:
        """Whether this layer or one inside it carries states from batch to batch."""
        return self._stateful or any(getattr(layer, "stateful", False) for layer in self._inner)

    @stateful.setter
    def stateful(self, value) -> None:
        self._stateful = bool(value)

    def reset_states(self) -> None:
        """Set the states of the stateful layers inside to zero."""
        if not self.stateful:
            raise RuntimeError(f"{type(self).__name__} {self.name} is not stateful, so it has no states to reset.")
        for layer in self._inner:
            if getattr(layer, "stateful", False):
                layer.reset_states()

    def _of_inner(self, method: str, inputs) -> list:
        """Return what ``method`` of the inner layers gives for the tensors that they were called on for ``inputs``."""
        if inputs is None:
            calls = [(layer, None) for layer in self._inner]
        else:
            calls = self._calls_within.get(object_list_uid(inputs), [])
        return [item for layer, tensors in calls for item in getattr(layer, method)(tensors)]

    def _take_over(self, layer: Layer, inner_input, own_input) -> None:
        """Make what ``layer`` added, and may add, for ``inner_input`` depend on this layer's input."""
        self._calls_within.setdefault(object_list_uid(own_input), []).append((layer, inner_input))

    # ------------------------------------------------------------------ configuration

    def get_config(self):
        with numbering(self):
            return {**super().get_config(), "layer": layer_entry(self.layer)}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Return a new layer.

        Args:
            config: a dict that ``get_config`` gave.
            custom_objects: classes of layers by name, for those of a program's own.
        """
        config = dict(config)
        return cls(layer_from_config(config.pop("layer"), custom_objects), **config)


def _same(one: list, other: list) -> bool:
    return list(map(id, one)) == list(map(id, other))
