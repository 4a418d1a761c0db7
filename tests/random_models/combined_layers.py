"""Random models of layers with options together, as tf_keras or Keras 3 saves and computes them; for ``combinations``."""

from __future__ import annotations

import importlib
import json
import os
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from random_models.combined_options import Options

#: kinds of inputs -> their shapes
INPUTS = {
    "vector": (6,), "series": (6, 4), "ids": (6,), "image": (6, 5, 4), "volume": (4, 4, 3, 2), "film1": (3, 5, 2), "film2": (3, 5, 4, 2),
    "several_series": (3, 5, 4),
}  # fmt: skip


class Maker(Options):
    """One random model."""

    def simple(self, rank: int) -> Any:
        """A layer that keeps its input's shape, or nearly."""
        L = self.L
        what = self.pick(
            "dense", "activation", "normalization", "normalization", "softmax", "relu", "noise", "einsum", "leaky", "prelu", "scale"
        )
        if what == "dense":
            layer = L.Dense(self.pick(3, 4), **self.kernel())
            return L.SpectralNormalization(layer, power_iterations=self.pick(1, 2)) if self.chance(0.15) else layer
        if what == "activation":
            return L.Activation(self.activation())
        if what == "softmax":
            return L.Softmax(axis=self.pick(-1, 1))
        if what == "relu":
            return L.ReLU(**self.some(max_value=(1.0, 6.0), negative_slope=(0.2,), threshold=(0.1,)))
        if what == "noise":
            name = (
                self.pick("Dropout", "GaussianNoise", "GaussianDropout", "AlphaDropout")
                if self.of_keras3 or self.chance(0.8)
                else "AlphaDropout"
            )
            self.drawn = True
            return getattr(L, name)(0.3)
        if what == "einsum":
            letters = "bcdef"[: rank - 1]
            return L.EinsumDense(
                f"a{letters},{letters[-1]}z->a{letters[:-1]}z",
                output_shape=(*[None] * (rank - 2), 3),
                **self.some(bias_axes=("z",), activation=("tanh", "relu")),
            )
        if what == "leaky":
            return L.LeakyReLU(**({"negative_slope": 0.1} if self.of_keras3 else {"alpha": 0.1}))
        if what == "prelu":
            return L.PReLU(shared_axes=self.pick(None, [1])) if rank > 2 else L.PReLU()
        if what == "scale":
            return L.Rescaling(0.5, offset=self.pick(0.0, 1.0))
        return self.normalization(rank)

    def attended(self, x, y) -> Any:
        L, kind = self.L, self.pick("MultiHeadAttention", "MultiHeadAttention", "Attention", "AdditiveAttention", "GroupQueryAttention")
        kind = "MultiHeadAttention" if kind == "GroupQueryAttention" and not self.of_keras3 else kind
        call = {"use_causal_mask": True} if self.chance(0.3) and x.shape[1] == y.shape[1] else {}
        if kind == "MultiHeadAttention":
            layer = L.MultiHeadAttention(
                2,
                3,
                **self.some(value_dim=(2,), use_bias=(False,), output_shape=(5,), kernel_regularizer=("l2",), bias_constraint=("non_neg",)),
            )
            return layer(x, y, **call)
        if kind == "GroupQueryAttention":
            return L.GroupQueryAttention(2, 4, 2, **self.some(use_bias=(False,)))(x, y, **call)
        options = self.some(use_scale=(True, False), **({"score_mode": ("concat",)} if kind == "Attention" else {}))
        return getattr(L, kind)(**options)([x, y], **call)

    def merged(self, x) -> Any:
        L = self.L
        what = self.pick("Add", "Multiply", "Average", "Maximum", "Minimum", "Subtract", "Concatenate", "Dot")
        y = self.simple(len(x.shape))(x)
        if what == "Dot":
            return L.Dot(axes=-1, normalize=self.chance(0.5))([x, y]) if y.shape[-1] == x.shape[-1] and len(x.shape) < 4 else x
        if what == "Concatenate":
            return L.Concatenate(axis=-1)([x, y])
        return getattr(L, what)([x, y]) if x.shape[-1] == y.shape[-1] else x

    def step(self, x, kind: str) -> Any:
        """One more layer."""
        L, rank = self.L, len(x.shape)
        if kind == "film":
            n = rank - 3
            options = {"padding": self.pick("valid", "same"), "return_sequences": self.chance(0.5), **self.channels()}
            options |= self.some(
                go_backwards=(True,),
                use_bias=(False,),
                strides=(2,),
                recurrent_activation=("hard_sigmoid",),
                activation=("relu",),
                unit_forget_bias=(False,),
                kernel_regularizer=("l2",),
            )
            return getattr(L, f"ConvLSTM{n}D")(2, 2, **options)(x)
        if rank == 2:
            what = self.pick("simple", "simple", "merge", "reshape", "repeat")
            if what == "reshape" and x.shape[-1] is not None and x.shape[-1] % 2 == 0:
                return L.Reshape((-1, 2))(x)
            if what == "repeat":
                return L.RepeatVector(3)(x)
            return self.merged(x) if what == "merge" else self.simple(2)(x)
        if rank == 3:
            what = self.pick(
                "time", "time", "conv", "conv", "pool", "simple", "attend", "merge", "distribute", "flatten", "permute", "nested"
            )
            if what == "time":
                return self.over_time(self.chance(0.6))(x)
            if what == "conv":
                layer = self.convolution(1)
                return layer(x)
            if what == "pool":
                return self.pooling(1)(x)
            if what == "attend":
                return self.attended(x, self.simple(3)(x) if self.chance(0.5) else x)
            if what == "merge":
                return self.merged(x)
            if what == "distribute":
                return L.TimeDistributed(self.simple(2))(x)
            if what == "flatten":
                return L.Flatten()(x)
            if what == "permute":
                return L.Permute((2, 1))(x)
            if what == "nested":
                return self.nested(x)
            return self.simple(3)(x)
        n = rank - 2
        if kind == "several_series":
            what = self.pick("series", "series", "dense", "model", "conv")
            if what == "series":
                return L.TimeDistributed(self.over_time(self.chance(0.4)))(x)
            if what == "conv":
                return L.TimeDistributed(self.convolution(1))(x)
            if what == "model":
                return L.TimeDistributed(self.inner(tuple(x.shape[2:])))(x)
            return L.TimeDistributed(self.simple(3))(x)
        what = self.pick("conv", "conv", "conv", "pool", "pool", "simple", "merge", "flatten", "nested")
        if what == "conv" and n < 4:
            return self.convolution(n)(x)
        if what == "pool":
            return self.pooling(n)(x)
        if what == "merge":
            return self.merged(x)
        if what == "flatten":
            return L.Flatten(**self.channels())(x)
        if what == "nested":
            return self.nested(x)
        return self.simple(rank)(x)

    def inner(self, shape: tuple) -> Any:
        """A model of two layers."""
        first = self.k.Input(shape)
        y = first
        for _ in range(2):
            y = self.step(y, "")
        return self.k.Model(first, y)

    def nested(self, x) -> Any:
        model = self.inner(tuple(x.shape[1:]))
        y = model(x)
        return model(x) if self.chance(0.2) else y

    def model(self, most: int = 3) -> Any:
        k, L = self.k, self.L
        kind = self.pick(*INPUTS)
        x = k.Input(INPUTS[kind], dtype="int32" if kind == "ids" else "float32")
        y = x
        if kind == "ids":
            y = L.Embedding(7, 4, mask_zero=self.chance(0.7))(x)
        elif kind not in ("vector", "image", "volume") and self.chance(0.5):
            y = L.Masking()(y)
        where = "film" if kind.startswith("film") else kind
        for _ in range(self.rng.randint(1, most + 1)):
            y = self.step(y, where)
            where = "" if where == "film" or len(y.shape) < 4 else where
        self.kind = kind
        return k.Model(x, y)


def values(kind: str) -> np.ndarray:
    """Three samples; some end in missing steps."""
    draw = np.random.RandomState(len(kind))
    shape = (3, *INPUTS[kind])
    if kind == "ids":
        x = draw.randint(1, 7, shape).astype("int32")
        x[1, 4:] = x[2, :2] = 0
        return x
    x = np.round(draw.normal(size=shape), 2).astype("float32")
    if kind not in ("vector", "image", "volume"):
        x[1, shape[1] - 1 :] = 0
        if kind == "series":
            x[2, :2] = 0
        if kind == "several_series":
            x[0, :, 3:] = x[2, 1, 2:4] = 0
    return x


def write(library: str, folder: Path, count: int, seed: int, first: bool, parts: bool = False) -> None:
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    warnings.filterwarnings("ignore")
    k = importlib.import_module({"keras3": "keras"}.get(library, library))
    made = number = 0
    makers: Any = importlib.import_module("random_models.combined_parts").PartsMaker if parts else Maker
    while made < count and number < 6 * count:
        number += 1
        maker = makers(k, seed * 100_000 + number, first)
        k.backend.clear_session()
        k.utils.set_random_seed(3)
        try:
            model = maker.model()
            draw = np.random.RandomState(number)
            model.set_weights([w + draw.uniform(0.02, 0.2, w.shape) if w.dtype.kind == "f" else w for w in model.get_weights()])
            x = values(maker.kind)
            before = answer(k, model, x)
            if not np.all(np.isfinite(before)) or np.abs(before).max() > 1e4:
                continue
            path = folder / f"{number}.{'keras' if maker.of_keras3 else 'h5'}"
            arrays, fault = {"x": x, "predicted": before}, ""
            if parts:
                target, loss, metrics = maker.compiled(model, before)
                model.compile(optimizer=k.optimizers.SGD(0.01), loss=loss, metrics=metrics, run_eagerly=True)
                arrays |= {"target": target, "evaluated": np.atleast_1d(model.evaluate(x, target, verbose=0))}
                if not np.all(np.isfinite(arrays["evaluated"])) or np.abs(arrays["evaluated"]).max() > 1e4:
                    continue
            model.save(path)
        except Exception as error:
            if "-v" in sys.argv:
                print(number, type(error).__name__, str(error)[:200].replace("\n", " "))
            continue
        if model.trainable_weights and not maker.drawn:
            if not parts:
                target = np.random.RandomState(7).normal(size=before.shape).astype("float32")
                arrays["target"] = target
            try:
                if not parts:
                    model.compile(k.optimizers.SGD(0.1), "mse", run_eagerly=True)
                model.train_on_batch(x, target)
                arrays["trained"] = answer(k, model, x)
            except Exception as error:
                fault = str(error)[:100]
        np.savez(folder / f"{number}.npz", **arrays)
        how = f"{loss if isinstance(loss, str) else loss.get_config()}, {metrics} " if parts else ""
        (folder / f"{number}.txt").write_text(how + describe(model) + (f" (training fails: {fault})" if fault else ""))
        made += 1
    print(library, "wrote", made, "of", number)


def answer(k: Any, model: Any, x: np.ndarray) -> np.ndarray:
    y = model(x, training=False)
    return np.asarray(k.ops.convert_to_numpy(y) if hasattr(k, "ops") else y, "float32")


def describe(model: Any) -> str:
    return json.dumps([short(layer) for layer in model.layers])


def short(layer: Any) -> Any:
    skip = ("name", "trainable", "dtype", "seed", "batch_shape", "batch_input_shape", "sparse", "ragged", "optional", "build_config")
    if hasattr(layer, "layers"):
        return [type(layer).__name__, [short(inner) for inner in layer.layers]]

    def plain(v):
        if isinstance(v, dict):
            return (
                v.get("class_name")
                and {
                    v["class_name"]: {
                        a: plain(b)
                        for a, b in v.get("config", {}).items()
                        if a not in skip and "initializer" not in a and b not in (None, False)
                    }
                }
                or "..."
            )
        return (
            v if isinstance(v, (str, int, float, bool, type(None))) else [plain(i) for i in v] if isinstance(v, (list, tuple)) else str(v)
        )

    return [
        type(layer).__name__,
        {a: plain(b) for a, b in layer.get_config().items() if a not in skip and "initializer" not in a and b not in (None, False)},
    ]
