"""Embedding of whole numbers as vectors."""

from __future__ import annotations

from .. import backend as K
from .. import constraints, initializations, regularizers
from ..engine.topology import Layer
from ..errors import one_length, whole_number
from .dense import config_of

__all__ = ["Embedding", "K", "Layer", "constraints", "initializations", "regularizers"]

#: classes that look numbers up, whatever type these come in
EMBEDDINGS = ("Embedding", "ReversibleEmbedding")


class Embedding(Layer):
    """Turn whole numbers into vectors that are learned: number i becomes row i of W.

    Args:
        input_dim: the number of rows of W; the inputs are below it.
        output_dim: the length of a vector.
        init: how W starts: the name of an initialization or a function of a shape.
        input_length: the number of time steps; needed where a layer after this one must know it (``Flatten``), None if it differs.
        W_regularizer: a penalty on W.
        activity_regularizer: a penalty on the output.
        W_constraint: a function that is applied to W after each update.
        mask_zero: whether 0 stands for a missing step, which layers after this one skip.
        weights: arrays that the weights start with, [W].
        dropout: the fraction of the numbers (not of the elements) whose vectors are 0 in training, at least 0 and below 1.

    Input shape:
        (samples, time), whole numbers; their dtype is int32 if left out.

    Output shape:
        (samples, time, output_dim).

    Raises:
        ValueError: a size that isn't a whole number above 0, or ``dropout`` outside of [0, 1).

    Example:
        >>> from kbridge.layers import Embedding
        >>> from kbridge.models import Sequential
        >>> model = Sequential([Embedding(1000, 16, input_length=20)])
        >>> model.output_shape, model.count_params()
        ((None, 20, 16), 16000)
    """

    def __init__(
        self,
        input_dim,
        output_dim,
        init="uniform",
        input_length=None,
        W_regularizer=None,
        activity_regularizer=None,
        W_constraint=None,
        mask_zero=False,
        weights=None,
        dropout=0.0,
        **kwargs,
    ):
        self.input_dim = whole_number(input_dim, "Embedding", "input_dim", 1)
        self.output_dim = whole_number(output_dim, "Embedding", "output_dim", 1)
        self.init = initializations.get(init)
        self.input_length = one_length(input_length, "Embedding", "input_length")
        self.mask_zero = mask_zero
        if not 0 <= dropout < 1:
            raise ValueError(f"Embedding: dropout must be at least 0 and below 1, got {dropout!r}.")
        self.dropout = dropout
        self.W_constraint = constraints.get(W_constraint)
        self.W_regularizer = regularizers.get(W_regularizer)
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.uses_learning_phase = 0.0 < dropout < 1.0
        self.initial_weights = weights
        kwargs.setdefault("input_dtype", "int32")
        if "input_shape" not in kwargs and "batch_input_shape" not in kwargs:
            kwargs["input_shape"] = (self.input_length,)
        super().__init__(**kwargs)

    def build(self, input_shape):
        self.W = self.add_weight(
            (self.input_dim, self.output_dim),
            initializer=self.init,
            name=f"{self.name}_W",
            regularizer=self.W_regularizer,
            constraint=self.W_constraint,
        )
        self.built = True

    def compute_mask(self, x, mask=None):
        return K.not_equal(x, 0) if self.mask_zero else None

    def get_output_shape_for(self, input_shape):
        # input_length is for inputs whose length isn't known otherwise
        lengths = list(input_shape[1:])
        if lengths == [None]:
            lengths = [self.input_length]
        return (input_shape[0], *lengths, self.output_dim)

    def call(self, x, mask=None):
        """Return the rows of W that the input names, (samples, time, output_dim)."""
        if not K.dtype(x).startswith("int"):
            x = K.cast(x, "int32")
        W = self.W
        if 0.0 < self.dropout < 1.0:
            keep = 1.0 - self.dropout
            drawn = K.random_binomial((self.input_dim,), p=keep)
            W = K.in_train_phase(W * (K.expand_dims(drawn) * (1.0 / keep)), W)
        return K.gather(W, x)

    def get_config(self):
        config = {
            "input_dim": self.input_dim,
            "output_dim": self.output_dim,
            "init": self.init.__name__,
            "input_length": self.input_length,
            "mask_zero": self.mask_zero,
            "activity_regularizer": config_of(self.activity_regularizer),
            "W_regularizer": config_of(self.W_regularizer),
            "W_constraint": config_of(self.W_constraint),
            "dropout": self.dropout,
        }
        return {**super().get_config(), **config}
