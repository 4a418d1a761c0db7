"""The base of recurrent layers, and of a program's own ones."""

from __future__ import annotations

from ... import backend as K
from ...engine.topology import InputSpec
from ...errors import one_length
from ..recurrence import Recurrence, sequence_shape

CONSUME_LESS = ("cpu", "mem", "gpu")


class Recurrent(Recurrence):
    """The base of recurrent layers, and of a program's own ones.

    A subclass defines ``step(x, states) -> (output, new states)``, and may override ``get_initial_states``, ``get_constants`` (tensors that each
    step gets behind its states) and ``preprocess_input``. A call takes ``initial_state``, a list of tensors (samples, output_dim).

    Args:
        weights: arrays that the weights start with.
        return_sequences: whether the outputs of all steps are returned, or that of the last one.
        go_backwards: whether the steps run from the last to the first; the outputs come in the order in which they are computed.
        stateful: whether a batch goes on from the states of the batch before; it needs a full ``batch_input_shape``.
        unroll: whether the steps are written out instead of a loop, for short sequences of known length.
        consume_less: how the products with the inputs are made: 'cpu' all steps at once, 'mem' step by step, 'gpu' with all gates in one matrix.
        input_dim: the number of features, in place of ``input_shape``.
        input_length: the number of time steps beside ``input_dim``; None if it differs.
        return_state: whether the states after the last step come as further outputs. This and the next ones are options of Keras 2, stored only
            where they are used.
        time_major: whether input and sequences are (time, samples, ...).
        zero_output_for_mask: whether the outputs of masked steps are 0, not those of the step before.
        mask_as_it_came: whether with ``go_backwards`` and ``return_sequences`` the mask is handed on in the order of the inputs, as Keras 2 does,
            not in that of the outputs.
        zeros_before_mask: whether outputs before the first unmasked step are 0, as in tf.keras and Keras 3, not the first initial state.

    Input shape:
        (samples, time, input_dim).

    Output shape:
        (samples, output_dim), with ``return_sequences`` (samples, time, output_dim).

    Raises:
        ValueError: another ``consume_less``, or an unknown length where one is needed.
    """

    dropout_U: float
    dropout_W: float
    output_dim: int

    supports_masking = True

    def __init__(
        self,
        weights=None,
        return_sequences=False,
        go_backwards=False,
        stateful=False,
        unroll=False,
        consume_less="cpu",
        input_dim=None,
        input_length=None,
        return_state=False,
        time_major=False,
        zero_output_for_mask=False,
        mask_as_it_came=False,
        zeros_before_mask=False,
        **kwargs,
    ):
        if consume_less not in CONSUME_LESS:
            raise ValueError(f"{type(self).__name__}: consume_less must be 'cpu', 'mem' or 'gpu', got {consume_less!r}.")
        self.return_sequences = return_sequences
        self.initial_weights = weights
        self.go_backwards = go_backwards
        self.stateful = stateful
        self.unroll = unroll
        self.consume_less = consume_less
        self.return_state = return_state
        self.time_major = time_major
        self.zero_output_for_mask = zero_output_for_mask
        self.mask_as_it_came = mask_as_it_came
        self.zeros_before_mask = zeros_before_mask
        self.input_spec = [InputSpec(ndim=3)]
        self.input_dim = one_length(input_dim, type(self).__name__, "input_dim", 1)
        self.input_length = one_length(input_length, type(self).__name__, "input_length")
        if self.input_dim and "input_shape" not in kwargs and "batch_input_shape" not in kwargs:
            kwargs["input_shape"] = (self.input_length, self.input_dim)
        super().__init__(**kwargs)

    def state_shapes(self, input_shape):
        return [(self.output_dim,)] * len(self.states)

    def step_output_shape(self, input_shape):
        return (self.output_dim,)

    def get_initial_states(self, x):
        """Return zeros (samples, output_dim) for each state, for the input ``x``."""
        zeros = K.sum(K.zeros_like(x), axis=(1, 2))
        return [K.tile(K.expand_dims(zeros), [1, self.output_dim]) for _ in self.states]

    def _build_states(self, input_shape, count: int) -> None:
        input_shape = sequence_shape(input_shape)
        self.input_spec = [InputSpec(shape=input_shape)]
        self.input_dim = input_shape[2]
        if self.input_dim is None:
            raise ValueError(f"{type(self).__name__} {self.name}: the number of features must be known, got shape {tuple(input_shape)}.")
        self.states = [None] * count
        self._make_states(input_shape)

    def _add(self, part: str, shape, initializer, regularizer):
        constraint = getattr(self, f"{part[0]}_constraint", None)
        weight = self.add_weight(shape, initializer=initializer, name=f"{self.name}_{part}", regularizer=regularizer, constraint=constraint)
        setattr(self, part, weight)
        return weight

    def _dropout_constants(self, x, count: int) -> list:
        """Masks for states and for inputs: (B_U, B_W), each ``count`` of them (one alone for 1)."""

        def masks(level, size):
            if not 0.0 < level < 1.0:
                return [K.cast_to_floatx(1.0)] * count
            ones = K.tile(K.expand_dims(K.sum(K.zeros_like(x), axis=(1, 2)) + 1.0), [1, size])
            return [K.in_train_phase(K.dropout(ones, level), ones) for _ in range(count)]

        for_states = masks(self.dropout_U, self.output_dim)
        # 'cpu' drops inputs when it preprocesses them
        for_inputs = masks(self.dropout_W if self.consume_less != "cpu" else 0.0, self.input_dim)
        return [for_states[0], for_inputs[0]] if count == 1 else [for_states, for_inputs]

    def get_config(self):
        config = {
            "return_sequences": self.return_sequences,
            "go_backwards": self.go_backwards,
            "stateful": self.stateful,
            "unroll": self.unroll,
            "consume_less": self.consume_less,
        }
        if not self.stateful:  # batch_input_shape says both then
            config.update(input_dim=self.input_dim, input_length=self.input_length)
        return {**super().get_config(), **config, **self.given_options()}


def time_distributed_dense(x, w, b=None, dropout=None, input_dim=None, output_dim=None, timesteps=None):
    """Return x w + b at each time step, with one dropout decision for all steps.

    Args:
        x: the input, (samples, time, input_dim).
        w: the matrix, (input_dim, output_dim).
        b: the bias, (output_dim,), or None.
        dropout: the fraction of the features to drop in training, or None.
        input_dim: accepted for programs of Keras 1, and not needed.
        output_dim: accepted for programs of Keras 1, and not needed.
        timesteps: accepted for programs of Keras 1, and not needed.
    """
    if dropout is not None and 0.0 < dropout < 1.0:
        keep = K.in_train_phase(K.dropout(K.ones_like(x[:, 0, :]), dropout), K.ones_like(x[:, 0, :]))
        x = x * K.expand_dims(keep, 1)
    x = K.dot(x, w)
    return x if b is None else x + b
