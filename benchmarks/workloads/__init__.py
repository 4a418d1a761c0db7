"""The workloads, each a module with a ``WORKLOAD``, or several."""

from . import cnn, embedding, files, fit, growth, gru, imports, lstm, mlp, mobilenet, ops, predict, resnet, shapes, tiny_mlp, transformer

WORKLOADS = {
    "tiny_mlp": tiny_mlp.WORKLOAD,
    **mlp.WORKLOADS,
    "cnn": cnn.WORKLOAD,
    "lstm": lstm.WORKLOAD,
    "embedding": embedding.WORKLOAD,
    "resnet": resnet.WORKLOAD,
    "gru": gru.WORKLOAD,
    **mobilenet.WORKLOADS,
    **transformer.WORKLOADS,
    **ops.WORKLOADS,
    **predict.WORKLOADS,
    **fit.WORKLOADS,
    **growth.WORKLOADS,
    "shapes": shapes.WORKLOAD,
    "imports": imports.WORKLOAD,
    "files": files.WORKLOAD,
}
