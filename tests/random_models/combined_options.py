"""Random layers of Keras 2 and Keras 3 with options together, for ``combinations``."""

from __future__ import annotations

from typing import Any

import numpy as np


class Options:
    """Layers with random options: ``rng`` decides. ``first``: channels first too."""

    def __init__(self, k: Any, seed: int, first: bool):
        self.k, self.L, self.rng, self.first = k, k.layers, np.random.RandomState(seed), first
        self.of_keras3 = hasattr(k, "ops")
        self.drawn = False
        self.kind = ""

    def pick(self, *items):
        return items[self.rng.randint(len(items))]

    def chance(self, p: float) -> bool:
        return bool(self.rng.rand() < p)

    def some(self, **options) -> dict:
        """About a third of the options, each with one of its values."""
        return {key: self.pick(*values) for key, values in options.items() if self.chance(0.35)}

    # ------------------------------------------------------------------ options

    def activation(self) -> str:
        # without sparsemax, which Keras 3 computes wrongly
        names = [
            "linear",
            "tanh",
            "relu",
            "sigmoid",
            "softmax",
            "elu",
            "selu",
            "gelu",
            "swish",
            "softplus",
            "softsign",
            "exponential",
            "hard_sigmoid",
        ]
        names += (
            [
                "leaky_relu",
                "relu6",
                "celu",
                "mish",
                "hard_silu",
                "log_softmax",
                "hard_tanh",
                "silu",
                "squareplus",
                "soft_shrink",
                "tanh_shrink",
            ]
            if self.of_keras3
            else ["mish"]
        )
        return self.pick(*names)

    def kernel(self) -> dict:
        return self.some(
            use_bias=(False,), activation=(self.activation(),), kernel_regularizer=("l2", "l1_l2"), bias_regularizer=("l1",), kernel_constraint=("non_neg", "max_norm"),
            activity_regularizer=("l2",), bias_initializer=("ones",),
        )  # fmt: skip

    def channels(self) -> dict:
        return {"data_format": "channels_first"} if self.first and self.chance(0.6) else {}

    def recurrent(self, sequences: bool, kind: str = "") -> Any:
        kind = kind or self.pick("SimpleRNN", "GRU", "LSTM", "cells", "stacked")
        options = self.some(go_backwards=(True,), unroll=(True,))
        cell = self.some(use_bias=(False,), activation=("relu", "sigmoid", "softsign"), kernel_regularizer=("l2",), recurrent_regularizer=("l2",), bias_regularizer=("l2",), kernel_constraint=("non_neg",), recurrent_constraint=("max_norm",))  # fmt: skip
        gated = {**cell, **self.some(recurrent_activation=("hard_sigmoid", "relu", "tanh"))}
        own = {"GRU": self.some(reset_after=(True, False)), "LSTM": self.some(unit_forget_bias=(False,))}
        units = self.pick(2, 3)
        if kind in ("cells", "stacked"):

            def made(units):
                name = self.pick("SimpleRNN", "GRU", "LSTM")
                return getattr(self.L, f"{name}Cell")(units, **(cell if name == "SimpleRNN" else {**gated, **own[name]}))

            inner = made(units) if kind == "cells" else self.L.StackedRNNCells([made(units), made(2)])
            return self.L.RNN(inner, return_sequences=sequences, **options, **self.some(zero_output_for_mask=(True,)))
        options |= self.some(zero_output_for_mask=(True,)) if self.of_keras3 else {}
        return getattr(self.L, kind)(
            units,
            return_sequences=sequences,
            **options,
            **(cell if kind == "SimpleRNN" else {**gated, **own[kind]}),
            **self.some(activity_regularizer=("l2",)),
        )

    def over_time(self, sequences: bool) -> Any:
        if self.chance(0.35):
            layer = self.recurrent(sequences, self.pick("SimpleRNN", "GRU", "LSTM", "cells"))
            options: dict[str, Any] = self.some(merge_mode=("sum", "mul", "ave", "concat"))
            return self.L.Bidirectional(layer, **options)
        return self.recurrent(sequences)

    def normalization(self, rank: int) -> Any:
        L, axis = self.L, self.pick(-1, 1, rank - 1)
        names = ["LayerNormalization", "BatchNormalization", "UnitNormalization", "GroupNormalization"] + (
            ["RMSNormalization"] if self.of_keras3 else []
        )
        name = self.pick(*names)
        if name == "LayerNormalization":
            axes = self.pick(axis, [1, 2], list(range(1, rank))) if rank > 2 else axis
            return L.LayerNormalization(
                axis=axes,
                **self.some(center=(False,), scale=(False,), epsilon=(0.1,), beta_regularizer=("l2",), gamma_constraint=("non_neg",)),
            )
        if name == "BatchNormalization":
            return L.BatchNormalization(
                axis=axis, **self.some(momentum=(0.5,), epsilon=(0.1,), center=(False,), scale=(False,), gamma_regularizer=("l1",))
            )
        if name == "GroupNormalization":
            return L.GroupNormalization(groups=self.pick(1, -1, 2), axis=-1, **self.some(center=(False,), scale=(False,), epsilon=(0.1,)))
        if name == "RMSNormalization":
            return L.RMSNormalization(axis=axis)
        return L.UnitNormalization(axis=self.pick(axis, [1, 2]) if rank > 2 else axis)

    def convolution(self, n: int) -> Any:
        L = self.L
        kinds = [f"Conv{n}D", f"Conv{n}D", f"Conv{n}DTranspose"] + ([f"SeparableConv{n}D", f"DepthwiseConv{n}D"] if n < 3 else [])
        kinds += [f"LocallyConnected{n}D"] if n < 3 and not self.of_keras3 else []
        kind = self.pick(*kinds)
        options: dict[str, Any] = {"padding": self.pick("valid", "same"), **self.channels(), **self.kernel()}
        size = self.pick(1, 2, 3) if n > 1 or self.chance(0.5) else (2,)
        spread = self.pick("none", "strides", "dilation")
        if spread == "strides":
            options["strides"] = self.pick(2, 3)
        if spread == "dilation":
            options["dilation_rate"] = 2
        if kind == "Conv1D" and self.chance(0.3):
            options["padding"] = "causal"
            options.pop("data_format", None)
        if kind.startswith("Conv") and "Transpose" not in kind and self.chance(0.3):
            return getattr(L, kind)(4, size, groups=2, **options)
        if "Transpose" in kind:
            if spread == "strides" and self.chance(0.4) and n > 1:
                options["output_padding"] = 1
            if n == 3:
                options.pop("dilation_rate", None)
            return getattr(L, kind)(3, size, **options)
        if kind.startswith(("Separable", "Depthwise")):
            rename = {"kernel_regularizer": "depthwise_regularizer", "kernel_constraint": "depthwise_constraint"}
            options = {rename.get(key, key): value for key, value in options.items()}
            if options.get("depthwise_constraint") == "max_norm":
                options["depthwise_constraint"] = "non_neg"
            options |= self.some(depth_multiplier=(2, 3))
            return getattr(L, kind)(3, size, **options) if kind.startswith("Sep") else getattr(L, kind)(size, **options)
        if kind.startswith("Local"):
            options.pop("dilation_rate", None)
            options["implementation"] = self.pick(1, 2, 3)
            if options["implementation"] == 1:
                options["padding"] = "valid"
            return getattr(L, kind)(3, size, **options)
        return getattr(L, kind)(self.pick(2, 4), size, **options)

    def pooling(self, n: int) -> Any:
        L, kind = self.L, self.pick("Max", "Average")
        what = self.pick("pool", "pool", "global", "pad", "crop", "up", "adaptive" if self.of_keras3 else "pool")
        if what == "global":
            return getattr(L, f"Global{kind}Pooling{n}D")(**self.channels(), **self.some(keepdims=(True,)))
        if what == "pad":
            return getattr(L, f"ZeroPadding{n}D")(**(self.channels() if n > 1 else {}), padding=self.pick(1, 2))
        if what == "crop":
            return getattr(L, f"Cropping{n}D")(1, **(self.channels() if n > 1 else {}))
        if what == "up":
            return getattr(L, f"UpSampling{n}D")(
                size=self.pick(2, 3), **(self.channels() if n > 1 else {}), **(self.some(interpolation=("bilinear",)) if n == 2 else {})
            )
        if what == "adaptive":
            return getattr(L, f"Adaptive{kind}Pooling{n}D")(self.pick(2, 3), **self.channels())
        return getattr(L, f"{kind}Pooling{n}D")(
            self.pick(2, 3), **self.some(strides=(1, 2)), padding=self.pick("valid", "same"), **self.channels()
        )
