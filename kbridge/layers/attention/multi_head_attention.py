"""Attention with several heads."""

from __future__ import annotations

from typing import Any

from ... import backend as K
from ...engine.topology import InputSpec
from .called import Called
from .masks import both, causal, mask_list, masked_scores


class MultiHeadAttention(Called):
    """Attention with several heads, over one axis or several.

    Args:
        num_heads: the number of heads.
        key_dim: the length of a head's queries and keys.
        value_dim: the length of a head's values; ``key_dim`` if left out.
        dropout: the fraction of the weights that training drops.
        use_bias: whether the projections have biases.
        output_shape: the lengths of the output's axes behind those of the queries, a number or a tuple; the query's features if left out.
        attention_axes: the axes that are attended over; all but the first and the last if left out.
        use_causal_mask: whether a query sees keys up to its own place only, for attention over one axis.
        return_attention_scores: whether the weights come as a second output.
        kernel_initializer: how the kernels of all projections start.
        bias_initializer: how their biases start.
        kernel_regularizer: a penalty on the kernels.
        bias_regularizer: a penalty on the biases.
        activity_regularizer: a penalty on the output.
        kernel_constraint: a function that is applied to the kernels after each update.
        bias_constraint: a function that is applied to the biases after each update.
        seed: a whole number that makes the dropout repeatable.

    Input shape:
        [query, value], [query, value, key] or [query, value, key, attention mask]: (samples, ..., dim) each, the mask
        (samples, queries, keys) or (samples, heads, queries, keys), False where a query must not look.

    Output shape:
        (samples, ..., query's dim), and (samples, heads, queries, keys) with ``return_attention_scores``.

    Raises:
        ValueError: ``num_heads``, ``key_dim`` or ``value_dim`` isn't a whole number above 0, or lengths are unknown.

    References:
        Vaswani et al. (2017), Attention Is All You Need, arXiv 1706.03762.

    Example:
        >>> from kbridge.layers import Input, MultiHeadAttention
        >>> x = Input((10, 16))
        >>> MultiHeadAttention(num_heads=2, key_dim=8)([x, x])._keras_shape
        (None, 10, 16)
    """

    attention_axes: Any
    return_attention_scores: bool
    use_bias: bool
    use_causal_mask: bool
    dropout: float
    key_dim: int
    num_heads: int
    value_dim: int
    seed: int | None

    supports_masking = True

    def __init__(
        self,
        num_heads,
        key_dim,
        value_dim=None,
        dropout=0.0,
        use_bias=True,
        output_shape=None,
        attention_axes=None,
        use_causal_mask=False,
        return_attention_scores=False,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        for name, count in (("num_heads", num_heads), ("key_dim", key_dim), ("value_dim", value_dim)):
            if count is not None and (not isinstance(count, int) or count < 1):
                raise ValueError(f"{type(self).__name__} {self.name}: {name} must be a whole number above 0, got {count!r}.")
        self.result_shape = (
            None if output_shape is None else tuple(output_shape) if isinstance(output_shape, (list, tuple)) else (output_shape,)
        )
        self.take(
            num_heads=num_heads, key_dim=key_dim, value_dim=value_dim or key_dim, dropout=dropout, use_bias=use_bias,
            attention_axes=attention_axes, use_causal_mask=use_causal_mask, return_attention_scores=return_attention_scores,
            kernel_initializer=kernel_initializer, bias_initializer=bias_initializer, kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer, activity_regularizer=activity_regularizer, kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint, seed=seed,
        )  # fmt: skip
        self.uses_learning_phase = bool(dropout)

    def get_config(self):
        output_shape = None if self.result_shape is None else list(self.result_shape)
        return {**self.stored_arguments(("output_shape",)), "output_shape": output_shape}

    def key_heads(self) -> int:
        """Return how many heads keys and values have."""
        return self.num_heads

    def build(self, input_shape):
        query, value, *rest = input_shape
        key = rest[0] if rest else value
        ndim = len(query)
        self.axes = tuple(sorted(a % ndim for a in self.attention_axes)) if self.attention_axes else tuple(range(1, ndim - 1))
        self.input_spec = [InputSpec(ndim=ndim), InputSpec(ndim=len(value)), *[InputSpec(ndim=len(s)) for s in rest]]
        self._project("query", query, self.num_heads, self.key_dim)
        self._project("key", key, self.key_heads(), self.key_dim)
        self._project("value", value, self.key_heads(), self.value_dim)
        last = self.result_shape or (self.known(query, -1, "number of features"),)
        self.output_kernel = self._add("attention_output_kernel", (self.num_heads, self.value_dim, *last), "kernel")
        self.output_bias = self._add("attention_output_bias", last, "bias") if self.use_bias else None
        self.built = True

    def _add(self, name, shape, kind):
        return self.weight(name, shape, kind=kind)

    def _project(self, name, shape, heads, size) -> None:
        kernel = self._add(f"{name}_kernel", (self.known(shape, -1, f"number of features of the {name}"), heads, size), "kernel")
        setattr(self, f"{name}_kernel", kernel)
        setattr(self, f"{name}_bias", self._add(f"{name}_bias", (heads, size), "bias") if self.use_bias else None)

    def _heads(self, name, x):
        """(samples, ..., heads, size)."""
        y = K.einsum("...d,dhs->...hs", x, getattr(self, f"{name}_kernel"))
        bias = getattr(self, f"{name}_bias")
        return y if bias is None else y + bias

    def call(self, inputs, mask=None):
        """Return the attended values, with ``return_attention_scores`` in a list before the weights.

        Args:
            inputs: the list of query, value, and perhaps key and attention mask.
            mask: the masks of the inputs, (samples, places) each or None.
        """
        query, value, *rest = inputs
        key = rest[0] if rest else value
        chosen = rest[1] if len(rest) > 1 else None
        query_mask, value_mask, key_mask, *_ = mask_list(mask, 4)
        q, k, v = self._heads("query", query), self._heads("key", key), self._heads("value", value)
        if self.key_heads() != self.num_heads:
            shares = self.num_heads // self.key_heads()
            k, v = (K.repeat_elements(t, shares, K.ndim(t) - 2) for t in (k, v))
        result, weights = self._attend(q, k, v, self._allowed(query_mask, value_mask, key_mask, chosen))
        size = len(K.int_shape(self.output_kernel)) - 2
        letters = "opqrt"[:size]
        result = K.einsum(f"...hs,hs{letters}->...{letters}", result, self.output_kernel)
        if self.output_bias is not None:
            result = result + self.output_bias
        return [result, weights] if self.return_attention_scores else result

    def _allowed(self, query_mask, value_mask, key_mask, chosen):
        """Which keys each query may look at: a bool that broadcasts against (samples, heads, queries, keys), or None."""
        allowed = None
        if query_mask is not None:
            allowed = K.cast(K.expand_dims(query_mask, -1), "bool")
        for mask in (value_mask, key_mask):
            if mask is not None:
                allowed = both(allowed, K.cast(K.expand_dims(mask, 1), "bool"))
        if chosen is not None:
            chosen = K.cast(chosen, "bool")
            if K.ndim(chosen) == 4:
                return chosen if allowed is None else K.logical_and(chosen, K.expand_dims(allowed, 1))
            allowed = both(allowed, chosen)
        return None if allowed is None else K.expand_dims(allowed, 1)

    def _attend(self, q, k, v, allowed):
        """Weights and weighted values, for axes that are attended over and others that stay apart."""
        ndim = K.ndim(q)
        apart = [a for a in range(1, ndim - 2) if a not in self.axes]
        names = "abcdefg"[: ndim - 2]
        apart_names = "".join(names[a] for a in (0, *apart))
        seen = "".join(names[a] for a in self.axes)
        keys = "".join(c if i in (0, *apart) else c.upper() for i, c in enumerate(names))
        scores = K.einsum(f"{names}hs,{keys}hs->{apart_names}h{seen}{seen.upper()}", q * (1.0 / float(self.key_dim) ** 0.5), k)
        many = len(self.axes)
        if many == 1:
            if self.use_causal_mask:
                allowed = both(allowed, causal(scores))
            if allowed is not None:
                for _ in apart:
                    allowed = K.expand_dims(allowed, 1)
            weights = K.softmax(masked_scores(scores, allowed))
        else:
            last = [K.ndim(scores) - i for i in range(many, 0, -1)]
            weights = K.exp(scores - K.logsumexp(scores, axis=last, keepdims=True))
        dropped = weights
        if self.dropout:
            dropped = K.in_train_phase(K.dropout(weights, self.dropout, seed=self.seed), weights)
        return K.einsum(f"{apart_names}h{seen}{seen.upper()},{keys}hs->{names}hs", dropped, v), weights

    def compute_mask(self, input, input_mask=None):
        mask = mask_list(input_mask, 2)[0]
        return [mask, None] if self.return_attention_scores else mask

    def get_output_shape_for(self, input_shape):
        query, value, *_ = input_shape
        result = (*query[:-1], *(self.result_shape or query[-1:]))
        if not self.return_attention_scores:
            return result
        axes = tuple(sorted(a % len(query) for a in self.attention_axes)) if self.attention_axes else tuple(range(1, len(query) - 1))
        apart = [query[a] for a in range(1, len(query) - 1) if a not in axes]
        return [result, (query[0], *apart, self.num_heads, *(query[a] for a in axes), *(value[a] for a in axes))]
