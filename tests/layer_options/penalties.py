"""Penalties of what layers put out, which both libraries divide by the number of samples."""

from .case import Case

L2, BOTH = {"activity_regularizer": "l2"}, {"activity_regularizer": {"class_name": "L1L2", "config": {"l1": 0.02, "l2": 0.03}}}
ONLY = {"library": "tf_keras"}

CASES = [
    Case("Dense", {"units": 2, "activation": "tanh", **L2}), Case("Dense", {"units": 2, **BOTH}, ("series",)),
    Case("ActivityRegularization", {"l1": 0.1, "l2": 0.2}, ("vector",)),
    *(
        Case(name, {**options, **L2}, (x,))
        for n, x in ((1, "series"), (2, "image"), (3, "volume"))
        for name, options in (
            (f"Conv{n}D", {"filters": 2, "kernel_size": 2}), (f"Conv{n}DTranspose", {"filters": 2, "kernel_size": 2}),
            *(((f"DepthwiseConv{n}D", {"kernel_size": 2}), (f"SeparableConv{n}D", {"filters": 2, "kernel_size": 2})) if n < 3 else ()),
        )
    ),
    *(
        Case(f"LocallyConnected{n}D", {"filters": 2, "kernel_size": 2, **L2}, (x,), refused={"keras3": "keras3-no-layer"}, **ONLY)
        for n, x in ((1, "series"), (2, "image"))
    ),
    Case("Embedding", {"input_dim": 7, "output_dim": 3, **L2}, ("whole_series",), **ONLY),
    Case("EinsumDense", {"equation": "abc,cd->abd", "output_shape": (None, 3), **L2}, ("series",), **ONLY),
    # Keras 3 penalizes more of attention, and nothing in TimeDistributed, which is a warning
    Case("MultiHeadAttention", {"num_heads": 2, "key_dim": 3, **L2}, ("series", "other_series"), spread=True, **ONLY),
    Case("TimeDistributed", {}, ("series",), parts={"layer": ("Dense", {"units": 2, **L2})}, **ONLY),
]  # fmt: skip
