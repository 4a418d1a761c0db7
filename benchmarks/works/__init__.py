"""The works, each a module with a ``WORK``, or several."""

from . import cnn, embedding, fit, growth, imports, lstm, mlp, ops, predict, resnet, shapes, tiny_mlp

WORKS = {
    "tiny_mlp": tiny_mlp.WORK,
    **mlp.WORKS,
    "cnn": cnn.WORK,
    "lstm": lstm.WORK,
    "embedding": embedding.WORK,
    "resnet": resnet.WORK,
    **ops.WORKS,
    **predict.WORKS,
    **fit.WORKS,
    **growth.WORKS,
    "shapes": shapes.WORK,
    "imports": imports.WORK,
}
