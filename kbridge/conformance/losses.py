"""Cross-entropies."""

import numpy as np

from .activations import sigmoid
from .spec import Case, In, Op, bits, checks, expect, one_hot_rows, probabilities

EPSILON = 1e-7
P = In(fill=probabilities)
LOGITS = In()
ONE_HOT = In(fill=one_hot_rows)
CLASSES = In((3,), dtype="int32", low=0, high=4)
UNIT = In(low=0.05, high=0.95)
BITS = In(fill=bits)


def clipped(p):
    return np.clip(p, EPSILON, 1.0 - EPSILON)


def log_softmax(x):
    e = x - x.max(axis=-1, keepdims=True) if x.size else x
    return e - np.log(np.exp(e).sum(axis=-1, keepdims=True))


def categorical(output, target, from_logits=False):
    if from_logits:
        return -np.sum(target * log_softmax(output), axis=-1)
    return -np.sum(target * np.log(clipped(output / output.sum(axis=-1, keepdims=True))), axis=-1)


def sparse(output, target, from_logits=False):
    logp = log_softmax(output if from_logits else np.log(clipped(output)))
    index = target.astype("int64").reshape(output.shape[:-1])
    return -np.take_along_axis(logp, index[..., None], axis=-1)[..., 0]


def binary(output, target, from_logits=False):
    p = sigmoid(output) if from_logits else clipped(output)
    return -(target * np.log(p) + (1.0 - target) * np.log(1.0 - p))


def finite_in_float16(K):
    """Certain and wrong is costly, not infinite, in float16 too."""
    p = K.constant(np.array([[0.0, 1.0]]), dtype="float16")
    target = K.constant(np.array([[1.0, 0.0]]), dtype="float16")
    for loss in (K.binary_crossentropy(p, target), K.categorical_crossentropy(p, target)):
        value = K.eval(loss)
        expect(bool(np.isfinite(value).all() and (value > 5).all()), True, f"finite and above 5: {value}")


OPS = [
    Op(
        "categorical_crossentropy",
        categorical,
        (
            Case((P, ONE_HOT)),
            Case((LOGITS, ONE_HOT), {"from_logits": True}),
            Case((In(low=0.2), ONE_HOT), note="scaled to sum 1 first"),
            Case((In((2, 3, 4), fill=probabilities), In((2, 3, 4), fill=one_hot_rows))),
            Case(
                (In(values=[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]), In(values=[[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]])),
                grad=(),
                float16=False,
                note="clipped, not infinite",
            ),
            Case(
                (In(values=[[1000.0, 0.0], [0.0, 1000.0]]), In(values=[[1.0, 0.0], [1.0, 0.0]])),
                {"from_logits": True},
                grad=(),
                note="large logits",
            ),
        ),
        checks(finite_in_float16),
        rtol=2e-5,
    ),
    Op(
        "sparse_categorical_crossentropy",
        sparse,
        (
            Case((P, CLASSES)),
            Case((LOGITS, CLASSES), {"from_logits": True}),
            Case((P, In((3, 1), dtype="int32", low=0, high=4)), note="classes with a last axis of 1"),
            Case((In((2, 3, 4), fill=probabilities), In((2, 3), dtype="int64", low=0, high=4))),
            Case(
                (P, In((3, 1), low=0, high=4, fill=lambda rng, shape: rng.randint(0, 4, shape))),
                grad=(0,),
                note="classes as floats",
            ),
        ),
    ),
    Op(
        "binary_crossentropy",
        binary,
        (
            Case((UNIT, BITS)),
            Case((LOGITS, BITS), {"from_logits": True}),
            Case(
                (In(values=[0.0, 1.0, 1.0, 0.0]), In(values=[0.0, 1.0, 0.0, 1.0])),
                grad=(),
                rtol=0.02,
                float16=False,
                note="clipped, not infinite (1 - epsilon has few digits in float32)",
            ),
        ),
        checks(finite_in_float16),
        rtol=2e-5,
    ),
]
