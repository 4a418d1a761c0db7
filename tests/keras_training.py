"""Compiled models of tf_keras and Keras 3 in the midst of training, and what their losses and metrics give.

    python tests/keras_training.py tf_keras|keras FOLDER [losses | NAME ...]

writes LIBRARY.zip (for each case NAME.h5, a compiled model after three steps) and LIBRARY.npz (its weights after five more steps that
the library itself did with the loaded file), and LIBRARY_losses.npz, LIBRARY_metrics.npz: configs as JSON, values, gradients. So
tests/data/keras_training was made; there they are read where there is no TensorFlow.
"""

from __future__ import annotations

import io
import json
import os
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

LIBRARIES = ("tf_keras", "keras")


# ---------------------------------------------------------------------- optimizers


def optimizers(k) -> dict[str, Callable[[], Any]]:
    """Name of a case -> function that makes an optimizer of the library ``k``."""
    o, s = k.optimizers, k.optimizers.schedules
    cases = {
        "sgd": lambda: o.SGD(0.1),
        "sgd_momentum": lambda: o.SGD(0.05, momentum=0.9),
        "sgd_nesterov": lambda: o.SGD(0.05, momentum=0.8, nesterov=True),
        "rmsprop": lambda: o.RMSprop(0.02, rho=0.8),
        "rmsprop_centered": lambda: o.RMSprop(0.02, momentum=0.5, centered=True),
        "rmsprop_large_epsilon": lambda: o.RMSprop(0.02, epsilon=0.1),
        "adagrad": lambda: o.Adagrad(0.1, epsilon=0.05),
        "adadelta": lambda: o.Adadelta(1.0, epsilon=1e-3),
        "adam": lambda: o.Adam(0.02, epsilon=0.01),
        "adam_amsgrad": lambda: o.Adam(0.05, beta_2=0.5, amsgrad=True),
        "adamax": lambda: o.Adamax(0.05),
        "nadam": lambda: o.Nadam(0.03),
        "adamw": lambda: o.AdamW(0.02, weight_decay=0.1),
        "lion": lambda: o.Lion(0.02),
        "ftrl": lambda: o.Ftrl(
            0.3, l1_regularization_strength=0.01, l2_regularization_strength=0.1, l2_shrinkage_regularization_strength=0.05, beta=0.2
        ),
        "clipnorm": lambda: o.SGD(0.3, clipnorm=0.1),
        "global_clipnorm": lambda: o.SGD(0.3, global_clipnorm=0.1),
        "clipvalue": lambda: o.Adam(0.02, clipvalue=0.01),
        "weight_decay": lambda: o.SGD(0.1, momentum=0.9, weight_decay=0.2),
        "ema": lambda: o.SGD(0.1, use_ema=True, ema_momentum=0.7),
        "ema_overwrite": lambda: o.Adam(0.05, use_ema=True, ema_momentum=0.5, ema_overwrite_frequency=3),
        "exponential": lambda: o.SGD(s.ExponentialDecay(0.3, 2, 0.7, staircase=True)),
        "cosine": lambda: o.Adam(s.CosineDecay(0.01, 5, alpha=0.1, warmup_target=0.1, warmup_steps=4)),
        "restarts": lambda: o.SGD(s.CosineDecayRestarts(0.3, 2, t_mul=2.0, m_mul=0.9, alpha=0.1), momentum=0.5),
        "piecewise": lambda: o.SGD(s.PiecewiseConstantDecay([2, 4], [0.3, 0.2, 0.1])),
        "polynomial": lambda: o.SGD(s.PolynomialDecay(0.3, 3, 0.01, power=2.0, cycle=True)),
        "inverse_time": lambda: o.RMSprop(s.InverseTimeDecay(0.05, 2, 0.5)),
    }
    if k.__name__ == "tf_keras":
        old = o.legacy
        cases |= {
            "adafactor": lambda: o.Adafactor(0.5),
            "legacy_sgd": lambda: old.SGD(0.1, momentum=0.9, decay=0.1),
            "legacy_rmsprop": lambda: old.RMSprop(0.02, epsilon=0.1),
            "legacy_rmsprop_momentum": lambda: old.RMSprop(0.02, momentum=0.5, epsilon=0.1, centered=True),
            "legacy_adagrad": lambda: old.Adagrad(0.1, epsilon=0.05),
            "legacy_adadelta": lambda: old.Adadelta(1.0, epsilon=1e-3),
            "legacy_adam": lambda: old.Adam(0.05, amsgrad=True, beta_2=0.5, decay=0.1),
            "legacy_adamax": lambda: old.Adamax(0.05),
            "legacy_nadam": lambda: old.Nadam(0.03),
            "legacy_ftrl": lambda: old.Ftrl(0.3, l1_regularization_strength=0.01, beta=0.2),
            "legacy_schedule": lambda: old.SGD(s.ExponentialDecay(0.3, 2, 0.7)),
            "loss_scale": lambda: k.mixed_precision.LossScaleOptimizer(o.Adam(0.02)),
        }
    else:
        cases |= {
            "lamb": lambda: o.Lamb(0.05, weight_decay=0.1),
            "muon": lambda: o.Muon(0.02),
            "schedule_free": lambda: o.ScheduleFreeAdamW(0.05, warmup_steps=4, weight_decay=0.1),
            "accumulation": lambda: o.Adam(0.05, gradient_accumulation_steps=2),
            "loss_scale": lambda: o.LossScaleOptimizer(o.SGD(0.1, momentum=0.5), dynamic_growth_steps=4),
        }
    return cases


def plain_model(k):
    """Two Dense layers."""
    layers = k.layers
    return k.Sequential([layers.Input((4,)), layers.Dense(5, "tanh"), layers.Dense(2)])


def one_weight_model(k):
    """A Dense layer without biases."""
    return k.Sequential([k.layers.Input((4,)), k.layers.Dense(2, use_bias=False)])


#: cases of tf_keras that are also written as an archive and as a checkpoint
OTHER_FORMATS = ("nadam", "adafactor", "loss_scale")

#: cases of tf_keras whose state its own loading loses: the model that was saved goes on
LOST = ("loss_scale", "nadam")


def layered_model(k):
    """Layers whose weights are laid out otherwise, one of them frozen, and a model inside."""
    layers = k.layers
    x = k.Input((6, 4))
    inner = k.Sequential([layers.Input((4, 3)), layers.LSTM(3), layers.Dense(3)])
    y = layers.Conv1D(3, 3, use_bias=False)(x)
    y = layers.BatchNormalization()(y)
    y = inner(y)
    y = layers.Dense(3, activation="tanh", trainable=False)(y)
    return k.Model(x, layers.Dense(2, kernel_constraint="non_neg")(y))


#: cases with other models: the optimizer, and what else goes to ``compile``
def others(k) -> dict[str, tuple[Callable, Callable, dict[str, Any]]]:
    o, losses, metrics = k.optimizers, k.losses, k.metrics
    return {
        "layers": (layered_model, lambda: o.Adam(0.02), {"loss": "mean_squared_error", "metrics": ["mean_absolute_error"]}),
        "objects": (
            plain_model, lambda: o.SGD(0.1),
            {
                "loss": losses.Huber(), "metrics": [metrics.AUC(num_thresholds=20), metrics.Precision(thresholds=0.1), metrics.RootMeanSquaredError()],
                "weighted_metrics": [metrics.MeanAbsoluteError()],
            },
        ),
        "logits": (plain_model, lambda: o.SGD(0.1), {"loss": losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1), "metrics": ["accuracy"]}),
        "summed": (plain_model, lambda: o.SGD(0.01), {"loss": losses.MeanSquaredError(reduction="sum"), "loss_weights": None}),
    }  # fmt: skip


def batches(shape: tuple[int, ...], count: int = 8) -> list[tuple[np.ndarray, np.ndarray]]:
    """(x, y) of each batch of eight samples, y in 0 to 1 that sum to 1."""
    draw = np.random.RandomState(11)
    found = []
    for _ in range(count):
        x = np.round(draw.normal(size=(8, *shape)), 3).astype("float32")
        y = np.round(draw.uniform(0.1, 0.9, (8, 1)), 3)
        found.append((x, np.concatenate([y, 1 - y], 1).astype("float32")))
    return found


def others_of(k, folder: Path, names: tuple[str, ...]) -> tuple[dict[str, np.ndarray], dict[str, bytes]]:
    """What there is of cases that aren't made anew: arrays, and files by name."""
    arrays: dict[str, np.ndarray] = {}
    files: dict[str, bytes] = {}
    if names:
        with np.load(folder / f"{k.__name__}.npz") as found:
            arrays = {key: found[key] for key in found.files if key.partition("/")[0] not in names}
        with zipfile.ZipFile(folder / f"{k.__name__}.zip") as archive:
            files = {name: archive.read(name) for name in archive.namelist() if name.rpartition(".")[0] not in names}
    return arrays, files


def make_training(k, folder: Path, names: tuple[str, ...]) -> None:
    cases = {name: (plain_model, make, {"loss": "mean_squared_error"}) for name, make in optimizers(k).items()} | others(k)
    if k.__name__ == "tf_keras":
        # its Nadam multiplies what corrects the momentum once for each weight
        cases["nadam"] = (one_weight_model, *cases["nadam"][1:])
    arrays, kept = others_of(k, folder, names)
    with zipfile.ZipFile(folder / f"{k.__name__}.zip", "w", zipfile.ZIP_DEFLATED) as archive, tempfile.TemporaryDirectory() as scratch:
        for name, content in kept.items():
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
        for name, (build, optimizer, options) in cases.items():
            if names and name not in names:
                continue
            k.backend.clear_session()
            k.utils.set_random_seed(3)
            model = build(k)
            model.compile(optimizer(), **options)
            data = batches(model.input_shape[1:])
            for x, y in data[:3]:
                model.train_on_batch(x, y)
            # Keras 3 itself can't go on from its .h5: the optimizer that it loads knows none of the weights; nor does it save an
            # optimizer in an archive after it wrote an .h5
            endings = (".h5",) if k.__name__ == "tf_keras" else (".keras", ".h5")
            paths = [Path(scratch) / f"{name}{ending}" for ending in endings]
            for path in paths:
                model.save(path)
                archive.writestr(zipfile.ZipInfo(path.name, (2020, 1, 1, 0, 0, 0)), path.read_bytes(), zipfile.ZIP_DEFLATED)
            if k.__name__ == "tf_keras" and name in OTHER_FORMATS:
                model.save(Path(scratch) / f"{name}.keras")
                model.save_weights(Path(scratch) / name)
                for path in [
                    *Path(scratch).glob(f"{name}.keras"),
                    *Path(scratch).glob(f"{name}.index"),
                    *Path(scratch).glob(f"{name}.data*"),
                ]:
                    archive.writestr(zipfile.ZipInfo(path.name, (2020, 1, 1, 0, 0, 0)), path.read_bytes(), zipfile.ZIP_DEFLATED)
            again = model if k.__name__ == "tf_keras" and name in LOST else k.models.load_model(paths[0])
            for x, y in data[3:]:
                again.train_on_batch(x, y)
            arrays |= {f"{name}/{i}": w for i, w in enumerate(again.get_weights())}
            x, y = (np.concatenate(parts) for parts in zip(*data, strict=True))
            weights = np.linspace(0.5, 1.5, len(x)).astype("float32")
            arrays[f"{name}/evaluated"] = np.asarray(again.evaluate(x, y, sample_weight=weights, batch_size=8, verbose=0))
    np.savez_compressed(folder / f"{k.__name__}.npz", **arrays)


# ---------------------------------------------------------------------- losses and metrics


def losses(k) -> dict[str, tuple[Any, str]]:
    """Name -> (loss, kind of the targets)."""
    n = k.losses
    cases = {
        "mse": (n.MeanSquaredError(), "values"), "mae_sum": (n.MeanAbsoluteError(reduction="sum"), "values"),
        "mape": (n.MeanAbsolutePercentageError(), "values"), "msle": (n.MeanSquaredLogarithmicError(), "shares"),
        "huber": (n.Huber(), "values"), "log_cosh": (n.LogCosh(), "values"), "poisson": (n.Poisson(), "shares"),
        "kl": (n.KLDivergence(), "shares"), "cosine": (n.CosineSimilarity(), "values"),
        "hinge": (n.Hinge(), "signs"), "hinge_of_zeros": (n.Hinge(), "labels"), "squared_hinge": (n.SquaredHinge(), "labels"),
        "categorical_hinge": (n.CategoricalHinge(), "classes"),
        "binary": (n.BinaryCrossentropy(), "labels"), "binary_logits": (n.BinaryCrossentropy(from_logits=True, label_smoothing=0.2), "labels_of_logits"),
        "binary_axis": (n.BinaryCrossentropy(axis=1), "labels"),
        "categorical": (n.CategoricalCrossentropy(), "classes"), "smoothed": (n.CategoricalCrossentropy(label_smoothing=0.3), "classes"),
        "categorical_logits": (n.CategoricalCrossentropy(from_logits=True), "classes_of_logits"),
        "categorical_axis": (n.CategoricalCrossentropy(axis=1), "shares"),
        "sparse": (n.SparseCategoricalCrossentropy(), "indices"),
        "sparse_logits": (n.SparseCategoricalCrossentropy(from_logits=True), "indices_of_logits"),
        "sparse_ignored": (n.SparseCategoricalCrossentropy(ignore_class=1), "indices"),
        "focal": (n.BinaryFocalCrossentropy(), "labels"),
        "focal_balanced": (n.BinaryFocalCrossentropy(apply_class_balancing=True, alpha=0.4, gamma=1.5, from_logits=True), "labels_of_logits"),
        "categorical_focal": (n.CategoricalFocalCrossentropy(alpha=0.5, gamma=1.0, label_smoothing=0.1), "classes"),
    }  # fmt: skip
    if k.__name__ == "keras":
        cases |= {
            "dice": (n.Dice(), "labels"), "dice_axis": (n.Dice(axis=(1, 2)), "labels"), "tversky": (n.Tversky(alpha=0.3, beta=0.6), "labels"),
            "tversky_axis": (n.Tversky(axis=(1,)), "labels"), "generalized": (n.CategoricalGeneralizedCrossEntropy(q=0.7), "places"),
            "ctc": (n.CTC(), "sequences_of_logits"), "circle": (n.Circle(gamma=10.0), "samples"), "circle_itself": (n.Circle(1.0, 0.3, remove_diagonal=False, reduction="sum"), "samples"),
            "mean_by_weights": (n.MeanSquaredError(reduction="mean_with_sample_weight"), "values"),
        }  # fmt: skip
    return cases


def examples(kind: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Targets, outputs and weights of samples."""
    kind, _, logits = kind.partition("_of_")
    draw = np.random.RandomState(4)
    shape = (6, 3, 4)
    out = draw.normal(size=shape)
    if not logits and kind in ("classes", "indices", "places", "shares"):
        out = np.exp(out) / np.exp(out).sum(-1, keepdims=True)
    elif not logits and kind == "labels":
        out = 1 / (1 + np.exp(-out))
    index = draw.randint(0, 4, shape[:2])
    if kind == "samples":  # vectors of length 1, and labels
        out = draw.normal(size=(6, 4))
        out, index = out / np.linalg.norm(out, axis=1, keepdims=True), np.array([0, 1, 0, 2, 1, 0])
    sequences = np.array([[1, 2], [3, 0], [2, 1], [1, 0], [3, 1], [2, 0]])
    y = {
        "values": draw.normal(size=shape), "shares": draw.dirichlet(np.ones(4), shape[:2]), "signs": draw.choice([-1.0, 1.0], shape),
        "labels": draw.randint(0, 2, shape), "classes": np.eye(4)[index], "indices": index[..., None], "places": index, "samples": index, "sequences": sequences,
    }[kind]  # fmt: skip
    return y.astype("float32"), np.round(out, 4).astype("float32"), np.round(draw.uniform(0.5, 2, 6), 2).astype("float32")


def make_losses(k, folder: Path) -> None:
    import tensorflow as tf

    arrays: dict[str, np.ndarray] = {}
    for name, (loss, kind) in losses(k).items():
        y, out, weights = examples(kind)
        arrays[f"{name}/config"] = np.asarray(json.dumps(k.losses.serialize(loss)))
        for what, weight in (("plain", None), ("weighted", weights[:, None])):
            if what == "weighted" and name.startswith(("dice", "tversky", "categorical_axis", "binary_axis")):
                continue
            weight = weights if weight is not None and kind in ("samples", "sequences_of_logits") else weight
            with tf.GradientTape() as tape:
                given = tf.constant(out)
                tape.watch(given)
                value = loss(tf.constant(y), given, sample_weight=weight)
            arrays[f"{name}/{what}"] = value.numpy()
            arrays[f"{name}/{what}_gradient"] = tape.gradient(value, given).numpy()
    np.savez_compressed(folder / f"{k.__name__}_losses.npz", **arrays)


def metrics(k) -> dict[str, tuple[Any, str]]:
    """Name -> (metric, kind of the targets)."""
    m = k.metrics
    cases = {
        "auc": (m.AUC(num_thresholds=50), "labels"), "auc_pr": (m.AUC(curve="PR", num_thresholds=30), "labels"),
        "auc_major": (m.AUC(summation_method="majoring", num_thresholds=11), "labels"), "auc_minor": (m.AUC(summation_method="minoring"), "labels"),
        "auc_labels": (m.AUC(multi_label=True, num_labels=4, label_weights=[0.1, 0.2, 0.3, 0.4], num_thresholds=20), "labels2"),
        "auc_logits": (m.AUC(from_logits=True), "labels_of_logits"), "precision": (m.Precision(), "labels"), "recall": (m.Recall(thresholds=0.3), "labels"),
        "precisions": (m.Precision(thresholds=[0.2, 0.6]), "labels"), "recall_top": (m.Recall(top_k=2), "classes2"), "precision_class": (m.Precision(class_id=1), "labels"),
        "positives": (m.TruePositives(), "labels"), "negatives": (m.TrueNegatives(thresholds=[0.4, 0.5]), "labels"),
        "false_positives": (m.FalsePositives(), "labels"), "false_negatives": (m.FalseNegatives(), "labels"),
        "sensitivity": (m.SensitivityAtSpecificity(0.6), "labels"), "specificity": (m.SpecificityAtSensitivity(0.6, num_thresholds=40), "labels"),
        "precision_at": (m.PrecisionAtRecall(0.6), "labels"), "recall_at": (m.RecallAtPrecision(0.5), "labels"),
        "binary_accuracy": (m.BinaryAccuracy(threshold=0.3), "labels"), "categorical_accuracy": (m.CategoricalAccuracy(), "classes"),
        "sparse_accuracy": (m.SparseCategoricalAccuracy(), "indices"), "top": (m.TopKCategoricalAccuracy(k=2), "classes"),
        "sparse_top": (m.SparseTopKCategoricalAccuracy(k=2), "indices"), "accuracy": (m.Accuracy(), "whole"),
        "mean_iou": (m.MeanIoU(3), "whole2"), "iou": (m.IoU(3, [0, 2]), "whole2"), "binary_iou": (m.BinaryIoU([1], threshold=0.4), "labels1"),
        "one_hot_iou": (m.OneHotIoU(4, [1, 2]), "classes2"), "one_hot_mean_iou": (m.OneHotMeanIoU(4), "classes2"),
        "f1": (m.F1Score(), "classes2"), "fbeta": (m.FBetaScore(average="macro", beta=2.0, threshold=0.4), "labels2"),
        "f1_micro": (m.F1Score(average="micro"), "classes2"), "f1_weighted": (m.F1Score(average="weighted"), "classes2"),
        "rmse": (m.RootMeanSquaredError(), "values"), "mae": (m.MeanAbsoluteError(), "values"), "mse": (m.MeanSquaredError(), "values"),
        "mape": (m.MeanAbsolutePercentageError(), "values"), "msle": (m.MeanSquaredLogarithmicError(), "shares"), "cosine": (m.CosineSimilarity(), "values"),
        "kl": (m.KLDivergence(), "shares"), "poisson": (m.Poisson(), "shares"), "log_cosh": (m.LogCoshError(), "values"), "hinge": (m.Hinge(), "labels"),
        "squared_hinge": (m.SquaredHinge(), "signs"), "categorical_hinge": (m.CategoricalHinge(), "classes"),
        "binary_crossentropy": (m.BinaryCrossentropy(label_smoothing=0.1), "labels"), "categorical_crossentropy": (m.CategoricalCrossentropy(from_logits=True), "classes_of_logits"),
        "sparse_crossentropy": (m.SparseCategoricalCrossentropy(), "indices"), "r2": (m.R2Score(), "values2"), "r2_none": (m.R2Score(class_aggregation=None), "values2"),
        "r2_variance": (m.R2Score(class_aggregation="variance_weighted_average"), "values2"),
    }  # fmt: skip
    if k.__name__ == "keras":
        cases |= {"pearson": (m.PearsonCorrelation(), "values"), "concordance": (m.ConcordanceCorrelation(), "values")}
    return cases


def metric_examples(kind: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """As ``examples``; kinds that end in 2 have no steps, in 1 one value, 'whole' are class indices on both sides."""
    flat, narrow, kind = kind.endswith("2"), kind.endswith("1"), kind.rstrip("12")
    if kind == "whole":
        draw = np.random.RandomState(8)
        y, out = draw.randint(0, 3, (2, 6, 1)).astype("float32")
        return y, out, np.round(draw.uniform(0.5, 2, 6), 2).astype("float32")
    y, out, weights = examples(kind)
    if narrow:
        return y[:, 0, :1], out[:, 0, :1], weights
    return (y[:, 0], out[:, 0], weights) if flat else (y, out, weights)


def make_metrics(k, folder: Path) -> None:
    arrays: dict[str, np.ndarray] = {}
    for name, (metric, kind) in metrics(k).items():
        y, out, weights = metric_examples(kind)
        arrays[f"{name}/config"] = np.asarray(json.dumps(k.metrics.serialize(metric), default=list))
        for what in ("plain", "weighted"):
            metric.reset_state()
            for part in (slice(0, 2), slice(2, 5), slice(5, 6)):
                weight = weights[part] if what == "weighted" else None
                if weight is not None and y.ndim == 3:
                    weight = weight[:, None]
                metric.update_state(y[part], out[part], sample_weight=weight)
            arrays[f"{name}/{what}"] = np.asarray(metric.result())
    np.savez_compressed(folder / f"{k.__name__}_metrics.npz", **arrays)


def opened(archive: Path, name: str) -> io.BytesIO:
    """A file of an archive."""
    with zipfile.ZipFile(archive) as z:
        return io.BytesIO(z.read(name))


def main(library: str, folder: str, *names: str) -> None:
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    k = __import__(library)
    if names != ("losses",):
        make_training(k, Path(folder), names)
    if not names or names == ("losses",):
        make_losses(k, Path(folder))
        make_metrics(k, Path(folder))


if __name__ == "__main__":
    main(*sys.argv[1:])
