"""ReversibleEmbedding, called either way; both in one model are in ``keras3_models.py``."""

from .case import Case

TABLE = {"input_dim": 7, "output_dim": 3}
PENALTIES = {"embeddings_regularizer": "l2", "embeddings_constraint": "non_neg", "embeddings_initializer": "normal"}
REVERSE = {"reverse": True}

CASES = [
    *(Case("ReversibleEmbedding", TABLE | options, ("whole_series",), library="keras3") for options in ({}, PENALTIES, {"mask_zero": True})),
    *(
        Case("ReversibleEmbedding", TABLE | options, (x,), call=REVERSE, library="keras3")
        for x in ("vectors", "wide_state")
        for options in ({}, {"tie_weights": False, "trainable": False}, {"logit_soft_cap": 0.5}, {"reverse_dtype": "float32", **PENALTIES})
    ),
    Case("ReversibleEmbedding", TABLE | PENALTIES | {"tie_weights": False, "logit_soft_cap": 2, "trainable": False}, ("vectors",), call=REVERSE, library="keras3"),
]  # fmt: skip
