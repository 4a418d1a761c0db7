"""Attention whose heads share keys and values."""

from __future__ import annotations

from .multi_head_attention import MultiHeadAttention


class GroupQueryAttention(MultiHeadAttention):
    """Attention whose heads share keys and values in groups.

    The other arguments are those of ``MultiHeadAttention``, as are inputs and outputs.

    Args:
        head_dim: the length of a head's queries, keys and values.
        num_query_heads: the number of heads of the queries.
        num_key_value_heads: the number of heads of keys and values; it divides that of the queries.

    Input shape:
        [query, value] or [query, value, key], (samples, ..., dim) each.

    Output shape:
        (samples, ..., query's dim).

    Raises:
        ValueError: ``num_key_value_heads`` doesn't divide ``num_query_heads``.

    References:
        Ainslie et al. (2023), GQA, arXiv 2305.13245.
    """

    num_key_value_heads: int

    def __init__(self, head_dim, num_query_heads, num_key_value_heads, **kwargs):
        if num_query_heads % num_key_value_heads:
            raise ValueError(
                f"GroupQueryAttention: num_query_heads={num_query_heads} must be a multiple of num_key_value_heads={num_key_value_heads}."
            )
        super().__init__(num_heads=num_query_heads, key_dim=head_dim, **kwargs)
        self.take(head_dim=head_dim, num_query_heads=num_query_heads, num_key_value_heads=num_key_value_heads)

    def key_heads(self):
        """Return how many heads keys and values have."""
        return self.num_key_value_heads

    def get_config(self):
        own = {name: value for name, value in super().get_config().items() if name not in ("num_heads", "key_dim", "value_dim")}
        return {key: value for key, value in own.items() if key not in ("output_shape", "attention_axes") or value is not None}
