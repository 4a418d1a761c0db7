"""Attention: of queries to keys and values, with several heads, with masks.

Query, value and key come as one list, as in Keras 2: [query, value] or [query, value, key]. A mask among the keywords of Keras 2's call
(``attention_mask``) is one more input here: a layer's inputs are all that a graph knows.
"""

from __future__ import annotations

from .additive_attention import AdditiveAttention
from .attention import Attention
from .group_query_attention import GroupQueryAttention
from .multi_head_attention import MultiHeadAttention

__all__ = ["AdditiveAttention", "Attention", "GroupQueryAttention", "MultiHeadAttention"]
