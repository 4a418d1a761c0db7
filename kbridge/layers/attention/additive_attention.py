"""Additive attention."""

from __future__ import annotations

from ... import backend as K
from .base import _Simple


class AdditiveAttention(_Simple):
    """Additive attention: softmax(sum(scale * tanh(query + key))) . value.

    The other arguments are those of ``Attention``, as are inputs and outputs.

    Args:
        use_scale: whether there is a trained weight for each feature.

    Input shape:
        [(samples, queries, dim), (samples, keys, dim)], and perhaps a key (samples, keys, dim).

    Output shape:
        (samples, queries, dim), and (samples, queries, keys) with ``return_attention_scores``.

    References:
        Bahdanau et al. (2014), Neural Machine Translation by Jointly Learning to Align and Translate, arXiv 1409.0473.
    """

    use_scale: bool

    def __init__(self, use_scale=True, dropout=0.0, seed=None, use_causal_mask=False, return_attention_scores=False, **kwargs):
        super().__init__(**kwargs)
        self.take(
            use_scale=use_scale, dropout=dropout, seed=seed, use_causal_mask=use_causal_mask,
            return_attention_scores=return_attention_scores, scale_initializer="glorot_uniform",
        )  # fmt: skip
        self.uses_learning_phase = bool(dropout)

    def build(self, input_shape):
        value = input_shape[1]
        self.scale = self.weight("scale", (self.known(value, -1, "number of features"),)) if self.use_scale else None
        self.built = True

    def scores_of(self, query, key):
        joined = K.tanh(K.expand_dims(query, 2) + K.expand_dims(key, 1))
        return K.sum(joined if self.scale is None else self.scale * joined, axis=-1)
