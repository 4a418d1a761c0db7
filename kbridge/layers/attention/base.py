"""The base of attention without heads."""

from __future__ import annotations

from ... import backend as K
from .called import Called
from .masks import both, causal, mask_list, masked_scores


class _Simple(Called):
    """The base of attention without heads: scores of queries and keys, softmax, a mean of the values."""

    return_attention_scores: bool
    use_causal_mask: bool
    dropout: float
    seed: int | None

    supports_masking = True

    def _check(self, inputs) -> list:
        if not isinstance(inputs, (list, tuple)) or len(inputs) not in (2, 3):
            raise ValueError(f"{type(self).__name__} {self.name} takes a list [query, value] or [query, value, key], got {inputs!r:.100}.")
        return list(inputs)

    def scores_of(self, query, key):
        """Return the scores of ``query`` and ``key``, (samples, queries, keys)."""
        raise NotImplementedError

    def call(self, inputs, mask=None):
        """Return the mean of the values for each query, with ``return_attention_scores`` in a list before the weights of the mean."""
        query, value, *rest = self._check(inputs)
        key = rest[0] if rest else value
        query_mask, value_mask, *_ = mask_list(mask, 3)
        scores = self.scores_of(query, key)
        allowed = None if value_mask is None else K.cast(K.expand_dims(value_mask, 1), "bool")
        if self.use_causal_mask:
            allowed = both(allowed, causal(scores))
        weights = K.softmax(masked_scores(scores, allowed))
        if self.dropout:
            weights = K.in_train_phase(K.dropout(weights, self.dropout, seed=self.seed), weights)
        result = K.batch_dot(weights, value, axes=(2, 1))
        if query_mask is not None:
            result = result * K.cast(K.expand_dims(query_mask, -1), K.dtype(result))
        return [result, weights] if self.return_attention_scores else result

    def compute_mask(self, input, input_mask=None):
        mask = mask_list(input_mask, 2)[0]
        return [mask, None] if self.return_attention_scores else mask

    def get_output_shape_for(self, input_shape):
        query, value, *_ = input_shape
        result = (*query[:-1], value[-1])
        return [result, (*query[:-1], value[1])] if self.return_attention_scores else result
