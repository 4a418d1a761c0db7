"""Dot-product attention."""

from __future__ import annotations

from ... import backend as K
from ...initializations import one
from .base import _Simple


class Attention(_Simple):
    """Dot-product attention: softmax(query . key) . value.

    Args:
        use_scale: whether a trained number multiplies the scores.
        score_mode: 'dot', or 'concat' for the sum of tanh(query + key).
        dropout: the fraction of the weights that training drops.
        seed: a whole number that makes the dropout repeatable.
        use_causal_mask: whether a query sees keys up to its own place only; Keras 2's ``causal``, later an argument of the call.
        return_attention_scores: whether the weights come as a second output.

    Input shape:
        [(samples, queries, dim), (samples, keys, dim of values)], and perhaps a key (samples, keys, dim), which is the value if left out.

    Output shape:
        (samples, queries, dim of values), and (samples, queries, keys) with ``return_attention_scores``.

    Raises:
        ValueError: another score mode, or inputs that are no such list.

    References:
        Luong et al. (2015), Effective Approaches to Attention-based Neural Machine Translation, arXiv 1508.04025.
    """

    use_scale: bool
    score_mode: str

    def __init__(
        self, use_scale=False, score_mode="dot", dropout=0.0, seed=None, use_causal_mask=False, return_attention_scores=False, **kwargs
    ):
        super().__init__(**kwargs)
        if score_mode not in ("dot", "concat"):
            raise ValueError(f"Attention {self.name}: score_mode must be 'dot' or 'concat', got {score_mode!r}.")
        self.take(
            use_scale=use_scale, score_mode=score_mode, dropout=dropout, seed=seed, use_causal_mask=use_causal_mask,
            return_attention_scores=return_attention_scores,
        )  # fmt: skip
        self.uses_learning_phase = bool(dropout)
        self.scale_initializer = self.concat_score_weight_initializer = None

    def build(self, input_shape):
        self.scale_initializer = self.concat_score_weight_initializer = one
        self.scale = self.weight("scale", ()) if self.use_scale else None
        self.concat_score_weight = self.weight("concat_score_weight", ()) if self.score_mode == "concat" else None
        self.built = True

    def scores_of(self, query, key):
        if self.score_mode == "dot":
            scores = K.batch_dot(query, key, axes=(2, 2))
            return scores if self.scale is None else scores * self.scale
        joined = K.expand_dims(query, 2) + K.expand_dims(key, 1)
        return self.concat_score_weight * K.sum(K.tanh(joined if self.scale is None else self.scale * joined), axis=-1)
