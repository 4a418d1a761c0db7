"""More of random models for ``combinations --parts``: functions of tensors, preprocessing layers, and losses and metrics to compile them with."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from random_models.combined_layers import Maker


class PartsMaker(Maker):
    """A random model with functions of tensors and preprocessing layers among its layers, and a way to compile it."""

    def simple(self, rank: int) -> Any:
        return self.preprocessing(rank) if self.chance(0.25) else super().simple(rank)

    def step(self, x, kind: str) -> Any:
        return self.function(x) if self.chance(0.35) and kind != "film" else super().step(x, kind)

    def preprocessing(self, rank: int) -> Any:
        L = self.L
        what = self.pick("Normalization", "Rescaling", *(["Resizing", "CenterCrop", "RandomFlip", "RandomBrightness"] if rank == 4 else []))
        if what == "Normalization":
            return L.Normalization(axis=None, mean=0.3, variance=2.0, **self.some(invert=(True,)))
        if what == "Rescaling":
            return L.Rescaling(self.pick(0.5, 1 / 127.5), offset=self.pick(0.0, -1.0))
        if what == "Resizing":
            return L.Resizing(
                self.pick(4, 7), self.pick(3, 8), **self.some(interpolation=("nearest", "bicubic", "area"), crop_to_aspect_ratio=(True,))
            )
        if what == "CenterCrop":
            return L.CenterCrop(3, 2)
        self.drawn = True
        return L.RandomFlip("horizontal") if what == "RandomFlip" else L.RandomBrightness(0.2)

    def function(self, x) -> Any:
        """A function of tensors, as a program calls it."""
        if self.of_keras3:
            f = importlib.import_module("keras").ops
            own = {
                "clip": f.clip,
                "sum": f.sum,
                "mean": f.mean,
                "max": f.max,
                "transpose": f.transpose,
                "concat": f.concatenate,
                "log": f.log,
            }
            known: Any = f
        else:
            tf = importlib.import_module("tensorflow")
            own = {
                "clip": tf.clip_by_value, "sum": tf.reduce_sum, "mean": tf.reduce_mean, "max": tf.reduce_max, "transpose": tf.transpose,
                "concat": tf.concat, "log": tf.math.log,
            }  # fmt: skip
            known = tf
        rank, last = len(x.shape), -1
        choices = [
            lambda: x * self.pick(0.5, -1.0) + 1.0, lambda: 1.0 - x, lambda: x / (known.abs(x) + 1.0), lambda: known.tanh(x) * x, lambda: known.square(x),
            lambda: known.sqrt(known.abs(x) + 0.1), lambda: own["log"](known.abs(x) + 1.5), lambda: own["clip"](x, -0.5, 0.7), lambda: known.maximum(x, 0.1),
            lambda: known.where(x > 0, x, 0.2 * x), lambda: known.exp(-known.square(x)), lambda: known.stack([x, 2.0 * x], axis=1)[:, 1], lambda: x[..., ::-1],
            lambda: x - own["mean"](x, axis=last, keepdims=True), lambda: x / (own["sum"](known.abs(x), axis=last, keepdims=True) + 1.0),
            lambda: own["concat"]([x, -x], last), lambda: known.cast(x > 0.1, "float32") * x, lambda: known.expand_dims(x, 1)[:, 0],
        ]  # fmt: skip
        if rank > 2:
            choices += [
                lambda: x[:, :1], lambda: x[:, -1], lambda: own["mean"](x, axis=1), lambda: own["max"](x, axis=1, keepdims=True) + x, lambda: x[:, ::2],
                lambda: own["transpose"](x, [0, 2, 1, *range(3, rank)]), lambda: known.reshape(x, (-1, x.shape[1] * x.shape[2], *x.shape[3:])) if None not in x.shape[1:] else x + 0.0,
            ]  # fmt: skip
        return self.pick(*choices)()

    def compiled(self, model: Any, before: np.ndarray) -> tuple[np.ndarray, Any, list]:
        """(targets, loss, metrics) for a model that gives ``before``."""
        k, draw = self.k, np.random.RandomState(7)
        loss, metric = k.losses, k.metrics
        target = draw.normal(size=before.shape).astype("float32")
        one_hot = np.eye(before.shape[-1], dtype="float32")[draw.randint(before.shape[-1], size=before.shape[:-1])]
        reduction = self.some(reduction=("sum", "sum_over_batch_size"))
        # from_logits with an output that has been through softmax or sigmoid is a mistake that tf.keras works around
        activation = getattr(getattr(model.layers[-1], "activation", None), "__name__", type(model.layers[-1]).__name__)
        unbounded = activation in ("linear", "relu", "tanh")
        kind = self.pick("number", "class", "index", "binary") if unbounded else "number"
        if kind == "number":
            chosen = self.pick(
                "mse", "mae", loss.Huber(**reduction) if self.of_keras3 else loss.Huber(delta=0.5, **reduction), loss.LogCosh(**reduction), loss.CosineSimilarity(axis=-1), loss.MeanSquaredError(**reduction),
                loss.Hinge(), loss.MeanAbsolutePercentageError(),
            )  # fmt: skip
            metrics = [
                metric.RootMeanSquaredError(),
                metric.MeanAbsoluteError(),
                metric.CosineSimilarity(axis=-1),
                metric.MeanSquaredLogarithmicError(),
                metric.LogCoshError(),
            ]
            return target, chosen, [self.pick(*metrics)]
        if kind == "binary":
            chosen = self.pick(
                loss.BinaryCrossentropy(from_logits=True, **self.some(label_smoothing=(0.1,)), **reduction),
                loss.BinaryFocalCrossentropy(from_logits=True, gamma=1.5),
            )
            metrics = [
                metric.BinaryAccuracy(threshold=0.2),
                metric.AUC(num_thresholds=20, from_logits=True),
                metric.Precision(thresholds=0.3),
                metric.Recall(thresholds=0.1),
            ]
            return one_hot, chosen, [self.pick(*metrics)]
        if kind == "class":
            chosen = self.pick(loss.CategoricalCrossentropy(from_logits=True, **self.some(label_smoothing=(0.1,)), **reduction), loss.CategoricalHinge(), loss.CategoricalFocalCrossentropy(from_logits=True))  # fmt: skip
            return one_hot, chosen, [self.pick(metric.TopKCategoricalAccuracy(2), metric.CategoricalAccuracy())]
        chosen = loss.SparseCategoricalCrossentropy(from_logits=True, **reduction)
        return (
            one_hot.argmax(-1).astype("int32"),
            chosen,
            [self.pick(metric.SparseCategoricalAccuracy(), metric.SparseTopKCategoricalAccuracy(2))],
        )
