"""Embedding whose table also turns vectors back into scores of numbers: the layer ``ReversibleEmbedding``."""

from __future__ import annotations

from typing import Any

from .. import backend as K
from ..errors import whole_number
from .configured import Configured

__all__ = ["ReversibleEmbedding"]


class ReversibleEmbedding(Configured):
    """An embedding that can be called in reverse: vectors are multiplied by its table and become a score for each number.

    ``layer(x)`` looks numbers up. ``layer(y, reverse=True)`` projects vectors, as at the end of a language model (Press and Wolf 2016,
    https://arxiv.org/abs/1608.05859). In the config of a model, a call in reverse has its input twice.

    Args:
        input_dim: the number of rows of the table; the numbers are below it.
        output_dim: the length of a vector.
        tie_weights: whether a call in reverse uses the same table. If not, it has one of its own, ``reverse_embeddings``, of the shape
            (output_dim, input_dim), without a penalty or constraint.
        embeddings_initializer: how the tables start.
        embeddings_regularizer: a penalty on the table.
        embeddings_constraint: a function that is applied to the table after each update.
        mask_zero: whether 0 stands for a missing step, which layers after this one skip. A call in reverse has no mask.
        logit_soft_cap: a number c that keeps scores between -c and c: c tanh(score / c). None doesn't.
        activity_regularizer: a penalty on the output of each call.

    Input shape:
        Numbers (samples, ...), looked up; vectors (samples, ..., output_dim) for a call in reverse.

    Output shape:
        (samples, ..., output_dim); for a call in reverse (samples, ..., input_dim).

    Raises:
        ValueError: a size that isn't a whole number above 0, a soft cap that isn't above 0, or vectors of another length.
    """

    input_dim: int
    output_dim: int
    tie_weights: bool
    mask_zero: bool
    logit_soft_cap: float | None
    embeddings_initializer: Any

    def __init__(
        self, input_dim, output_dim, tie_weights=True, embeddings_initializer="uniform", embeddings_regularizer=None, embeddings_constraint=None,
        mask_zero=False, logit_soft_cap=None, activity_regularizer=None, **kwargs,
    ):  # fmt: skip
        kwargs.setdefault("input_dtype", "int32")
        if "input_shape" not in kwargs and "batch_input_shape" not in kwargs:
            kwargs["input_shape"] = (None,)
        super().__init__(**kwargs)
        if logit_soft_cap is not None and not logit_soft_cap > 0:
            raise ValueError(f"ReversibleEmbedding {self.name}: logit_soft_cap must be above 0 or None, got {logit_soft_cap!r:.80}.")
        self.take(
            input_dim=whole_number(input_dim, "ReversibleEmbedding", "input_dim", 1),
            output_dim=whole_number(output_dim, "ReversibleEmbedding", "output_dim", 1),
            tie_weights=bool(tie_weights), embeddings_initializer=embeddings_initializer, embeddings_regularizer=embeddings_regularizer,
            embeddings_constraint=embeddings_constraint, mask_zero=bool(mask_zero), logit_soft_cap=logit_soft_cap,
            activity_regularizer=activity_regularizer,
        )  # fmt: skip
        self.embeddings = self.reverse_embeddings = None

    def __call__(self, x, mask=None, *, reverse=False, training=None):
        """Return the vectors of numbers, or the scores of vectors with ``reverse=True``."""
        return super().__call__([x, x] if reverse else x, mask, training=training)

    def build(self, input_shape):
        self.embeddings = self.weight("embeddings", (self.input_dim, self.output_dim))
        if not self.tie_weights:
            self.reverse_embeddings = self.add_weight(
                (self.output_dim, self.input_dim), self.embeddings_initializer, f"{self.name}_reverse_embeddings"
            )
        self.built = True

    def call(self, x, mask=None):
        """Return the rows that the numbers name; the scores if the same tensor comes in twice."""
        if not isinstance(x, list):
            return K.gather(self.embeddings, x if K.dtype(x).startswith("int") else K.cast(x, "int32"))
        self.get_output_shape_for([K.int_shape(item) for item in x])  # which tells a wrong length
        scores = K.dot(x[0], K.transpose(self.embeddings) if self.tie_weights else self.reverse_embeddings)
        return scores if self.logit_soft_cap is None else K.tanh(scores / self.logit_soft_cap) * self.logit_soft_cap

    def compute_mask(self, x, mask=None):
        return K.not_equal(x, 0) if self.mask_zero and not isinstance(x, list) else None

    def get_output_shape_for(self, input_shape):
        if not isinstance(input_shape, list):
            return (*input_shape, self.output_dim)
        if len(input_shape) != 2 or input_shape[0][-1] not in (None, self.output_dim):
            raise ValueError(
                f"ReversibleEmbedding {self.name}: a call in reverse takes one tensor, whose last axis has the length of output_dim, "
                f"{self.output_dim}; got the shapes {input_shape}."
            )
        return (*input_shape[0][:-1], self.input_dim)
