"""Attention: of queries to keys and values, with several heads, with masks.

Query, value and key come as one list, as in Keras 2: [query, value] or [query, value, key]. A mask among the keywords of Keras 2's call
(``attention_mask``) is one more input here: a layer's inputs are all that a graph knows.
"""

from __future__ import annotations

from typing import Any

from .. import backend as K
from ..engine.topology import InputSpec
from .configured import Configured

__all__ = ["AdditiveAttention", "Attention", "GroupQueryAttention", "MultiHeadAttention"]


def _masked(scores, allowed):
    """Scores with so low a number where ``allowed`` (bool, broadcast) is False that softmax gives 0."""
    if allowed is None:
        return scores
    low = 6e4 if K.dtype(scores) == "float16" else 1e9
    return scores - low * (1.0 - K.cast(allowed, K.dtype(scores)))


def _causal(scores):
    """(1.., queries, keys): each query sees keys up to its own place."""
    shape = K.shape(scores)
    ndim = K.ndim(scores)
    rows, columns = K.arange(0, shape[ndim - 2]), K.arange(0, shape[ndim - 1])
    allowed = K.greater_equal(K.expand_dims(rows, 1), K.expand_dims(columns, 0))
    for _ in range(ndim - 2):
        allowed = K.expand_dims(allowed, 0)
    return allowed


def _both(first, second):
    if first is None or second is None:
        return second if first is None else first
    return K.logical_and(first, second)


def _as_list(mask, count: int) -> list:
    masks = list(mask) if isinstance(mask, (list, tuple)) else [mask]
    return masks + [None] * (count - len(masks))


class _Simple(Configured):
    """The base of attention without heads: scores of queries and keys, softmax, a mean of the values."""

    return_attention_scores: bool
    use_causal_mask: bool
    dropout: float
    seed: int | None

    supports_masking = True

    def _check(self, inputs) -> list:
        if not isinstance(inputs, (list, tuple)) or len(inputs) not in (2, 3):
            raise ValueError(f"{type(self).__name__} {self.name} takes [query, value] or [query, value, key], got {inputs!r:.100}.")
        return list(inputs)

    def scores_of(self, query, key):
        """Return the scores of ``query`` and ``key``, (samples, queries, keys)."""
        raise NotImplementedError

    def call(self, inputs, mask=None):
        """Return the mean of the values for each query, with ``return_attention_scores`` in a list before the weights of the mean."""
        query, value, *rest = self._check(inputs)
        key = rest[0] if rest else value
        query_mask, value_mask, *_ = _as_list(mask, 3)
        scores = self.scores_of(query, key)
        allowed = None if value_mask is None else K.cast(K.expand_dims(value_mask, 1), "bool")
        if self.use_causal_mask:
            allowed = _both(allowed, _causal(scores))
        weights = K.softmax(_masked(scores, allowed))
        if self.dropout:
            weights = K.in_train_phase(K.dropout(weights, self.dropout, seed=self.seed), weights)
        result = K.batch_dot(weights, value, axes=(2, 1))
        if query_mask is not None:
            result = result * K.cast(K.expand_dims(query_mask, -1), K.dtype(result))
        return [result, weights] if self.return_attention_scores else result

    def compute_mask(self, input, input_mask=None):
        mask = _as_list(input_mask, 2)[0]
        return [mask, None] if self.return_attention_scores else mask

    def get_output_shape_for(self, input_shape):
        query, value, *_ = input_shape
        result = (*query[:-1], value[-1])
        return [result, (*query[:-1], value[1])] if self.return_attention_scores else result


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
            raise ValueError(f"Attention {self.name}: score_mode is {score_mode!r}, allowed are 'dot' and 'concat'.")
        self.take(
            use_scale=use_scale, score_mode=score_mode, dropout=dropout, seed=seed, use_causal_mask=use_causal_mask,
            return_attention_scores=return_attention_scores,
        )  # fmt: skip
        self.uses_learning_phase = bool(dropout)
        self.scale_initializer = self.concat_score_weight_initializer = None

    def build(self, input_shape):
        from ..initializations import one

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


class MultiHeadAttention(Configured):
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
                raise ValueError(f"{type(self).__name__} {self.name}: {name} is a whole number above 0, got {count!r}.")
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
        query_mask, value_mask, key_mask, *_ = _as_list(mask, 4)
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
                allowed = _both(allowed, K.cast(K.expand_dims(mask, 1), "bool"))
        if chosen is not None:
            chosen = K.cast(chosen, "bool")
            if K.ndim(chosen) == 4:
                return chosen if allowed is None else K.logical_and(chosen, K.expand_dims(allowed, 1))
            allowed = _both(allowed, chosen)
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
                allowed = _both(allowed, _causal(scores))
            if allowed is not None:
                for _ in apart:
                    allowed = K.expand_dims(allowed, 1)
            weights = K.softmax(_masked(scores, allowed))
        else:
            last = [K.ndim(scores) - i for i in range(many, 0, -1)]
            weights = K.exp(scores - K.logsumexp(scores, axis=last, keepdims=True))
        dropped = weights
        if self.dropout:
            dropped = K.in_train_phase(K.dropout(weights, self.dropout, seed=self.seed), weights)
        return K.einsum(f"{apart_names}h{seen}{seen.upper()},{keys}hs->{names}hs", dropped, v), weights

    def compute_mask(self, input, input_mask=None):
        mask = _as_list(input_mask, 2)[0]
        return [mask, None] if self.return_attention_scores else mask

    def get_output_shape_for(self, input_shape):
        query, value, *_ = input_shape
        result = (*query[:-1], *(self.result_shape or query[-1:]))
        if not self.return_attention_scores:
            return result
        axes = tuple(sorted(a % len(query) for a in self.attention_axes)) if self.attention_axes else tuple(range(1, len(query) - 1))
        apart = [query[a] for a in range(1, len(query) - 1) if a not in axes]
        return [result, (query[0], *apart, self.num_heads, *(query[a] for a in axes), *(value[a] for a in axes))]


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
                f"GroupQueryAttention: num_key_value_heads={num_key_value_heads} doesn't divide num_query_heads={num_query_heads}."
            )
        super().__init__(num_heads=num_query_heads, key_dim=head_dim, **kwargs)
        self.take(head_dim=head_dim, num_query_heads=num_query_heads, num_key_value_heads=num_key_value_heads)

    def key_heads(self):
        """Return how many heads keys and values have."""
        return self.num_key_value_heads

    def get_config(self):
        own = {name: value for name, value in super().get_config().items() if name not in ("num_heads", "key_dim", "value_dim")}
        return {key: value for key, value in own.items() if key not in ("output_shape", "attention_axes") or value is not None}
