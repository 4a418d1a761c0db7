"""Layers round other layers: ``TimeDistributed`` and ``Bidirectional``."""

from __future__ import annotations

import warnings
from typing import Any

from .. import backend as K
from ..engine.copying import clone
from ..engine.entries import layer_entry, numbering
from ..engine.inside import joined_kinds, unique
from ..engine.layer import object_list_uid
from ..engine.node import as_shapes, to_list
from ..engine.registry import layer_from_config
from ..engine.topology import InputSpec, Layer

__all__ = ["Bidirectional", "InputSpec", "K", "Layer", "TimeDistributed", "Wrapper"]


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
            raise TypeError(f"{type(self).__name__} wraps a layer, got {layer!r} of type {type(layer).__name__}.")
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
                f"{type(self).__name__} {self.name!r} has weights of its own ({', '.join(str(K.tensor_name(w)) for w in dropped)}) "
                "from before it called Wrapper.build, which lists those of the inner layer instead, as in Keras 1: they are "
                "not trained. Make them after that call. [differences: wrapper-weights]",
                stacklevel=2,
            )
            self.__dict__["_dropped_weights"] = dropped
        # an inner layer that isn't built yet goes on telling its weights by itself
        lists = bool(inner) or all(layer.built for layer in self._inner)
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
            raise RuntimeError(f"{type(self).__name__} {self.name} is not stateful: it has no states to reset.")
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


class TimeDistributed(Wrapper):
    """Apply a layer to each time step, with the same weights.

    Args:
        layer: a layer that takes (samples, ...).
        mask_inside: whether a mask of several axes (samples, time, ...) reaches the layer, step by step, and the layer's mask comes out, as in
            Keras 2. In Keras 1 the layer gets none. It is stored only where it is True.

    Input shape:
        (samples, time, ...), with at least 3 axes.

    Output shape:
        (samples, time, ...), the steps as the layer puts them out.

    Raises:
        TypeError: ``layer`` is no layer.
        ValueError: the input has fewer than 3 axes.

    Example:
        >>> from kbridge.layers import Convolution2D, TimeDistributed
        >>> from kbridge.models import Sequential
        >>> frames = TimeDistributed(Convolution2D(4, 3, 3, dim_ordering="tf"), input_shape=(10, 8, 8, 1))
        >>> Sequential([frames]).output_shape
        (None, 10, 6, 6, 4)
    """

    supports_masking = True

    def __init__(self, layer, mask_inside=False, **kwargs):
        super().__init__(layer, **kwargs)
        self.mask_inside = bool(mask_inside)

    def build(self, input_shape):  # type: ignore[override]  # that of a wrapper has no need of the shape
        if len(input_shape) < 3:
            raise ValueError(
                f"TimeDistributed {self.name} needs an input (samples, time, ...) with at least 3 axes, got shape {tuple(input_shape)}."
            )
        self.input_spec = [InputSpec(shape=tuple(input_shape))]
        self.layer.build_once(self._step_shape(input_shape))
        super().build()

    @staticmethod
    def _step_shape(input_shape) -> tuple:
        """The shape of what the inner layer gets: all steps of all samples as one batch."""
        batch, time, *features = input_shape
        return (None if batch is None or time is None else batch * time, *features)

    def get_output_shape_for(self, input_shape):
        step = self.layer.get_output_shape_for(self._step_shape(input_shape))
        return (*input_shape[:2], *step[1:])

    def _steps(self, inputs):
        """All steps of all samples as one batch."""
        shape = getattr(inputs, "_keras_shape", None) or K.int_shape(inputs)
        steps = K.reshape(inputs, (-1, *_sizes(inputs, shape, 2)))
        steps._keras_shape = self._step_shape(shape)
        return steps

    def _mask_of_steps(self, mask):
        """The mask that the inner layer gets."""
        if not self.mask_inside or mask is None or K.ndim(mask) < 3:
            return None
        return K.reshape(mask, (-1, *_sizes(mask, K.int_shape(mask), 2)))

    def call(self, inputs, mask=None):
        """Return the layer's outputs for all steps, (samples, time, ...)."""
        shape = getattr(inputs, "_keras_shape", None) or K.int_shape(inputs)
        steps = self._steps(inputs)
        self.layer.assert_input_compatibility(steps)
        outputs = self.layer.call(steps, mask=self._mask_of_steps(mask)) if self.mask_inside else self.layer.call(steps)
        regularizer = getattr(self.layer, "activity_regularizer", None)
        if regularizer is not None and not self.layer.get_losses_for(steps):
            self.layer.add_loss(regularizer(outputs), steps)
        self._take_over(self.layer, steps, inputs)
        step = self.layer.get_output_shape_for(self._step_shape(shape))
        return self._over_time(outputs, inputs, shape, step)

    @staticmethod
    def _over_time(x, inputs, shape, step):
        """Return the outputs of all steps as (samples, time, ...)."""
        time = K.shape(inputs)[1] if shape[1] is None else shape[1]
        return K.reshape(x, (-1, time, *_sizes(x, step, 1)))

    def compute_mask(self, input, input_mask=None):
        mask = input_mask
        if not self.mask_inside or mask is not None and K.ndim(mask) < 3:
            return mask
        inside = self._mask_of_steps(mask)
        passed = self.layer.compute_mask(self._steps(input), inside) if inside is None or self.layer.supports_masking else None
        if passed is not None:
            shape = getattr(input, "_keras_shape", None) or K.int_shape(input)
            return self._over_time(passed, input, shape, K.int_shape(passed))
        while mask is not None and K.ndim(mask) > 2:
            mask = K.any(mask, axis=-1)
        return mask

    def get_config(self):
        config = super().get_config()
        return {**config, "mask_inside": True} if self.mask_inside else config


def _sizes(x, shape, first: int) -> list:
    """The lengths of the axes of ``x`` from ``first`` on, taken at run time where ``shape`` doesn't know them."""
    return [K.shape(x)[axis] if shape[axis] is None else shape[axis] for axis in range(first, len(shape))]


class Bidirectional(Wrapper):
    """Run a recurrent layer forwards and a copy of it backwards over the input, and join their outputs.

    A call takes ``initial_state``, tensors for the forward layer and then for the backward layer.

    Args:
        layer: a recurrent layer.
        merge_mode: how the outputs are joined: 'concat' (side by side), 'sum', 'mul' or 'ave' (element by element), or None for a list of both.
        weights: arrays that the weights start with, the forward layer's first.
        zero_output_for_mask: whether the outputs of masked steps are 0, as in tf.keras, instead of those of the step before. This and the next one
            are options of Keras 2, stored only where they are used.
        backward_layer: the layer that runs in the other direction in place of a copy: a recurrent layer with the other ``go_backwards`` and the same
            ``return_sequences``, ``return_state`` and ``stateful``.

    Input shape:
        (samples, time, ...), as the layer takes it; behind it, in a list, perhaps initial states.

    Output shape:
        The layer's, with 'concat' twice as long along the last axis.

    Raises:
        TypeError: ``layer`` isn't recurrent.
        ValueError: another ``merge_mode``, or a ``backward_layer`` that doesn't fit.

    References:
        Schuster and Paliwal (1997), Bidirectional Recurrent Neural Networks.

    Example:
        >>> from kbridge.layers import LSTM, Bidirectional
        >>> from kbridge.models import Sequential
        >>> Sequential([Bidirectional(LSTM(4), input_shape=(5, 3))]).output_shape
        (None, 8)
    """

    supports_masking = True
    MERGE_MODES = ("sum", "mul", "ave", "concat", None)

    def __init__(self, layer, merge_mode="concat", weights=None, zero_output_for_mask=False, backward_layer=None, **kwargs):
        if merge_mode not in self.MERGE_MODES:
            raise ValueError(f"Bidirectional: merge_mode must be one of {', '.join(map(repr, self.MERGE_MODES))}, got {merge_mode!r}.")
        super().__init__(layer, **kwargs)
        if not hasattr(layer, "go_backwards") or not hasattr(layer, "return_sequences"):
            raise TypeError(f"Bidirectional {self.name} wraps a recurrent layer, got {type(layer).__name__} {layer.name!r}.")
        self.merge_mode = merge_mode
        self.zero_output_for_mask = zero_output_for_mask
        self.forward_layer = clone(layer, name=f"forward_{layer.name}", trainable=True)
        self._own_backward = backward_layer is not None
        if backward_layer is None:
            self.backward_layer = clone(layer, name=f"backward_{layer.name}", go_backwards=not layer.go_backwards, trainable=True)
        else:
            self._check_backward(backward_layer)
            self.backward_layer = clone(backward_layer, name=f"backward_{backward_layer.name}")
        if weights is not None:
            half = len(weights) // 2
            self.forward_layer.initial_weights, self.backward_layer.initial_weights = weights[:half], weights[half:]
        self.return_sequences = layer.return_sequences

    def _check_backward(self, layer) -> None:
        """ValueError if ``layer`` can't be the other direction."""
        if not isinstance(layer, Layer) or not hasattr(layer, "go_backwards"):
            raise TypeError(f"Bidirectional {self.name}: backward_layer is a recurrent layer, got {layer!r}.")
        if layer.go_backwards == self.layer.go_backwards:
            raise ValueError(
                f"Bidirectional {self.name}: the layer and its backward_layer both have go_backwards={layer.go_backwards}; one of them must "
                "have the other."
            )
        for name in ("return_sequences", "return_state", "stateful"):
            own, other = (bool(getattr(item, name, False)) for item in (self.layer, layer))
            if own != other:
                raise ValueError(f"Bidirectional {self.name}: {name} must be the same in both directions, got {own} and backwards {other}.")

    @classmethod
    def from_config(cls, config, custom_objects=None):
        if config.get("backward_layer") is not None:
            config = {**config, "backward_layer": layer_from_config(config["backward_layer"], custom_objects)}
        layer = super().from_config(config, custom_objects)
        directions = config["layer"].get("trainable_directions")
        if isinstance(directions, (list, tuple)) and len(directions) == 2:
            layer.forward_layer.trainable, layer.backward_layer.trainable = map(bool, directions)
        return layer

    @property
    def _inner(self) -> list[Any]:
        return [self.forward_layer, self.backward_layer]

    @property
    def _is_trained(self) -> bool:
        # the layer that was given isn't called, but to freeze it freezes the two that were made of it
        return self.trainable and self.layer.trainable

    def __call__(self, x, mask=None, initial_state=None):
        if initial_state is not None:
            x = [to_list(x)[0], *to_list(initial_state)]
        return super().__call__(x, mask)

    def assert_input_compatibility(self, input):
        """The first input is the sequence; the others are initial states, those of the forward layer first."""
        super().assert_input_compatibility(to_list(input)[0])

    def _for_each(self, inputs) -> list:
        """Return the inputs of each direction: the sequence, and its half of the initial states."""
        sequence, *states = to_list(inputs)
        if not states:
            return [sequence, sequence]
        # its own backward layer may have another number of states
        counts = [len(layer.states) if self.built else len(states) // 2 for layer in self._inner]
        if len(states) != sum(counts):
            raise ValueError(
                f"Bidirectional {self.name} takes initial states for both directions, those of the forward layer first; got {len(states)}."
            )
        return [[sequence, *states[: counts[0]]], [sequence, *states[counts[0] :]]]

    def build(self, input_shape):  # type: ignore[override]  # that of a wrapper has no need of the shape
        if input_shape and isinstance(input_shape[0], (list, tuple)):
            input_shape = input_shape[0]
        for layer in self._inner:
            layer.build_once(input_shape)
        batch, _, *rest = input_shape
        # a shared one runs over inputs of any length, as in Keras 1
        self.input_spec = [InputSpec(shape=(batch if self.stateful else None, None, *rest))]
        super().build()

    def get_output_shape_for(self, input_shape):
        if input_shape and isinstance(input_shape[0], (list, tuple)):
            input_shape = input_shape[0]
        shape, *states = as_shapes(self.forward_layer.get_output_shape_for(input_shape))
        other, *more = as_shapes(self.backward_layer.get_output_shape_for(input_shape))
        if self.merge_mode is None:
            return [shape, other, *states, *more]
        merged = (*shape[:-1], shape[-1] + other[-1]) if self.merge_mode == "concat" else shape
        return [merged, *states, *more] if states else merged

    def call(self, inputs, mask=None):
        """Return the joined outputs of both directions, with ``return_state`` in a list before the states of both."""
        for_forward, for_backward = self._for_each(inputs)
        mask = to_list(mask)[0]
        forward, *states = to_list(self.forward_layer.call(for_forward, mask))
        backward, *more = to_list(self.backward_layer.call(for_backward, mask))
        for layer in self._inner:
            self._take_over(layer, inputs, inputs)
        if self.return_sequences:
            if self.zero_output_for_mask and mask is not None:
                forward, backward = (self._kept(layer, x, mask) for layer, x in zip(self._inner, (forward, backward), strict=True))
            backward = K.reverse(backward, 1)
        merged = self._merged(forward, backward)
        return [*to_list(merged), *states, *more] if states else merged

    def _merged(self, forward, backward):
        if self.merge_mode == "concat":
            return K.concatenate([forward, backward])
        if self.merge_mode == "mul":
            return forward * backward
        if self.merge_mode is None:
            return [forward, backward]
        return (forward + backward) / 2 if self.merge_mode == "ave" else forward + backward

    @staticmethod
    def _kept(layer, output, mask):
        """The outputs of one direction, in the order of its steps, with 0 at masked steps."""
        kept = K.reverse(mask, 1) if layer.go_backwards else mask
        kept = K.reshape(kept, (-1, K.shape(kept)[1], *[1] * (K.ndim(output) - 2)))
        return output * K.cast(kept, K.dtype(output))

    def compute_mask(self, input, mask=None):
        kept = to_list(mask)[0] if self.return_sequences else None
        states = sum(len(layer.states) for layer in self._inner) if getattr(self.forward_layer, "return_state", False) else 0
        if not states and self.merge_mode is not None:
            return kept
        return [kept] * (2 if self.merge_mode is None else 1) + [None] * states

    def get_config(self):
        config = {**super().get_config(), "merge_mode": self.merge_mode}
        directions = [layer.trainable for layer in self._inner]
        if directions != [self.layer.trainable] * 2:
            # beside the inner layer's config, where Keras 1 doesn't look
            config["layer"]["trainable_directions"] = directions
        if self._own_backward:
            entry = layer_entry(self.backward_layer)
            entry["config"] = {**entry["config"], "name": self.backward_layer.name.removeprefix("backward_")}
            config["backward_layer"] = entry
        return {**config, "zero_output_for_mask": True} if self.zero_output_for_mask else config


def _same(one: list, other: list) -> bool:
    return list(map(id, one)) == list(map(id, other))
