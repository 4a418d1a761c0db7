"""A recurrent layer in both directions."""

from __future__ import annotations

from typing import Any

from ... import backend as K
from ...engine.copying import clone
from ...engine.entries import layer_entry
from ...engine.node import as_shapes, to_list
from ...engine.registry import layer_from_config
from ...engine.topology import InputSpec, Layer
from ..recurrence import zeroed
from .wrapper import Wrapper


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
            raise TypeError(f"Bidirectional {self.name} needs a recurrent layer to wrap, got {type(layer).__name__} {layer.name!r}.")
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
            raise TypeError(f"Bidirectional {self.name}: backward_layer must be a recurrent layer, got {layer!r}.")
        if layer.go_backwards == self.layer.go_backwards:
            raise ValueError(
                f"Bidirectional {self.name}: the layer and its backward_layer must have different go_backwards, but both have "
                f"{layer.go_backwards}."
            )
        for name in ("return_sequences", "return_state", "stateful"):
            own, other = (bool(getattr(item, name, False)) for item in (self.layer, layer))
            if own != other:
                raise ValueError(
                    f"Bidirectional {self.name}: {name} must be the same in both directions, got {own} forwards and {other} backwards."
                )

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

    def __call__(self, x, mask=None, initial_state=None, *, training=None):
        if initial_state is not None:
            x = [to_list(x)[0], *to_list(initial_state)]
        return super().__call__(x, mask, training=training)

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
                f"Bidirectional {self.name} needs initial states for both directions, first those of the forward layer; got {len(states)}."
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
                forward, backward = (zeroed(x, mask, layer.go_backwards) for layer, x in zip(self._inner, (forward, backward), strict=True))
        self._penalise(self.forward_layer, [forward, *states], inputs)
        self._penalise(self.backward_layer, [backward, *more], inputs)
        if self.return_sequences:
            backward = K.reverse(backward, 1)
        merged = self._merged(forward, backward)
        return [*to_list(merged), *states, *more] if states else merged

    @staticmethod
    def _penalise(layer, outputs: list, inputs) -> None:
        """Add the penalty of what a direction puts out."""
        penalty = getattr(layer, "activity_regularizer", None)
        if penalty is not None and not layer.get_losses_for(inputs):
            layer.add_loss([penalty(output) for output in outputs], inputs)

    def _merged(self, forward, backward):
        if self.merge_mode == "concat":
            return K.concatenate([forward, backward])
        if self.merge_mode == "mul":
            return forward * backward
        if self.merge_mode is None:
            return [forward, backward]
        return (forward + backward) / 2 if self.merge_mode == "ave" else forward + backward

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
