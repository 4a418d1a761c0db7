"""Attention and products of tensors by an equation."""

from .case import Case

QV, QVK, Q = ("series", "other_series"), ("series", "other_series", "other_series"), ("series", "series")
PENALTIES = {"kernel_regularizer": "l2", "bias_regularizer": "l1", "kernel_constraint": "non_neg", "bias_constraint": "non_neg"}
STARTS = {"kernel_initializer": "he_normal", "bias_initializer": "ones"}
SCORES, CAUSAL = {"return_attention_scores": True}, {"use_causal_mask": True}

CASES = [
    Case("Attention", {}, QV), Case("Attention", {"use_scale": True}, QVK), Case("Attention", {"score_mode": "concat"}, QV), Case("Attention", {}, QV, call=SCORES),
    Case("Attention", {"use_scale": True, "score_mode": "concat"}, Q, call=CAUSAL),
    Case("AdditiveAttention", {}, QV), Case("AdditiveAttention", {"use_scale": False}, QVK, call=SCORES), Case("AdditiveAttention", {}, Q, call=CAUSAL),
    *(
        Case("EinsumDense", {"equation": equation, "output_shape": shape, **more}, ("series",))
        for equation, shape, more in (
            ("abc,cd->abd", (None, 3), {"bias_axes": "d"}), ("abc,cde->abde", (None, 2, 3), {"bias_axes": "de", "activation": "relu"}),
            ("...x,xy->...y", 3, {}), ("ab...,bc->ac...", (3,), {}), ("abc,cd->abd", (None, 3), {"bias_axes": "d", **PENALTIES, **STARTS}),
        )
    ),
    *(
        Case("MultiHeadAttention", {"num_heads": 2, "key_dim": 3, **options}, inputs, call=call, spread=True)
        for options, inputs, call in (
            ({}, QV, {}), ({"value_dim": 2}, QVK, SCORES), ({"use_bias": False, "output_shape": 5}, QV, {}),
            ({**PENALTIES, **STARTS}, QV, {}),
        )
    ),
    Case("MultiHeadAttention", {"num_heads": 2, "key_dim": 3, "output_shape": (2, 3)}, Q, call=CAUSAL, spread=True),
    Case("MultiHeadAttention", {"num_heads": 2, "key_dim": 2, "attention_axes": (2,)}, ("image", "image"), spread=True),
    *(
        Case("GroupQueryAttention", {"head_dim": 2, "num_query_heads": 4, "num_key_value_heads": 2, **options}, inputs, call=call, spread=True, library="keras3")
        for options, inputs, call in (({}, QV, {}), ({"use_bias": False}, QVK, SCORES), ({**PENALTIES, **STARTS}, Q, CAUSAL))
    ),
]  # fmt: skip
