"""Random models of tf_keras, saved as ``.h5``: kbridge loads them, predicts what they predict and trains as they train.

    PYTHONPATH=.:tests KBRIDGE_BACKEND=numpy python -m random_models.keras2 300 --seed 7

tf_keras makes the models in a process of its own (``--write FOLDER``), each with what it predicts on several batch sizes and lengths,
and after one more training step.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path

import numpy as np

TESTS = Path(__file__).resolve().parent.parent
#: samples of a batch, length of axes that the model leaves open
BATCHES = ((4, 5), (1, 4), (3, 7))
TOLERANCE = 2e-4
MOST_ELEMENTS = 200


# ---------------------------------------------------------------------- making them, with tf_keras


class Maker:
    """One random model: ``rng`` decides, ``tensors`` grow."""

    def __init__(self, k, seed: int):
        self.k, self.L, self.rng = k, k.layers, np.random.RandomState(seed)
        self.inputs: list = []
        self.ids: list[bool] = []
        self.layers: list = []

    def pick(self, *items):
        return items[self.rng.randint(len(items))]

    def chance(self, p: float) -> bool:
        return bool(self.rng.rand() < p)

    def size(self, most: int = 4) -> int:
        return int(self.rng.randint(1, most + 1))

    def activation(self) -> str:
        return self.pick("linear", "tanh", "sigmoid", "relu", "softplus", "softsign", "elu", "hard_sigmoid", "softmax")

    def weighted(self, axes: int = 2) -> dict:
        r, c, options = self.k.regularizers, self.k.constraints, {}
        if self.chance(0.15):
            options["kernel_regularizer"] = self.pick(r.L1(0.02), r.L2(0.03), r.L1L2(0.01, 0.02))
        if self.chance(0.1):
            options["kernel_constraint"] = self.pick(c.MaxNorm(0.9), c.NonNeg(), c.UnitNorm()) if axes == 2 else c.NonNeg()
        if self.chance(0.1):
            options["bias_regularizer"] = r.L2(0.02)
        if self.chance(0.2):
            options["use_bias"] = False
        return options

    def recurrent(self, returns: bool):
        kind = self.pick("SimpleRNN", "GRU", "LSTM")
        options = {"return_sequences": returns, "go_backwards": self.chance(0.3), "activation": self.pick("tanh", "relu", "sigmoid")}
        if self.chance(0.2):
            penalty = self.k.regularizers.L2(0.02)
            options |= {"kernel_regularizer": penalty, "recurrent_regularizer": penalty}
        if kind != "SimpleRNN":
            options |= {"recurrent_activation": self.pick("sigmoid", "hard_sigmoid"), "implementation": self.pick(1, 2)}
        if kind == "GRU":
            options["reset_after"] = False
        return getattr(self.L, kind)(self.size(), **options)

    def of_any(self):
        L = self.L
        return self.pick(
            lambda: L.Activation(self.activation()), lambda: L.LeakyReLU(0.2), lambda: L.ELU(0.6), lambda: L.ThresholdedReLU(0.3),
            lambda: L.ReLU(), lambda: L.BatchNormalization(momentum=0.8, center=self.chance(0.8), scale=self.chance(0.8)),
            lambda: L.BatchNormalization(epsilon=0.01), lambda: L.Dense(self.size(), activation=self.activation(), **self.weighted()),
            lambda: L.Dropout(0.3), lambda: L.GaussianNoise(0.1), lambda: L.ActivityRegularization(l2=0.01),
        )()  # fmt: skip

    def of_features(self):
        L = self.L
        return self.pick(
            lambda: L.Dense(self.size(6), activation=self.activation(), **self.weighted()),
            lambda: L.RepeatVector(self.size(3)),
            self.of_any,
        )()

    def of_steps(self, shape):
        L = self.L
        known = shape[0] is not None
        choices = [
            lambda: self.recurrent(True), lambda: self.recurrent(self.chance(0.5)), lambda: L.Masking(0.0), lambda: L.Masking(0.0),
            lambda: L.Bidirectional(self.recurrent(self.chance(0.7)), merge_mode=self.pick("concat", "sum", "mul", "ave")),
            lambda: L.TimeDistributed(L.Dense(self.size(), activation=self.activation(), **self.weighted())),
            lambda: L.Conv1D(self.size(), self.size(3), padding="same", strides=self.pick(1, 2), activation=self.activation(), **self.weighted(3)),
            lambda: L.Conv1D(self.size(), 2, dilation_rate=self.pick(1, 2)), lambda: L.GlobalAveragePooling1D(),
            lambda: L.GlobalMaxPooling1D(), lambda: L.ZeroPadding1D(1), lambda: L.UpSampling1D(2), lambda: L.MaxPooling1D(2, padding="same"),
            lambda: L.AveragePooling1D(self.pick(2, 3), strides=self.pick(1, 2, 3), padding="same"), lambda: L.SpatialDropout1D(0.2), self.of_any,
        ]  # fmt: skip
        if known:
            choices += [lambda: L.Flatten(), lambda: L.Permute((2, 1)), lambda: L.Reshape((-1, shape[0])), lambda: L.PReLU()]
        return self.pick(*choices)()

    def of_images(self, shape):
        L = self.L
        choices = [
            lambda: L.Conv2D(self.size(), (self.size(3), self.size(2)), padding="same", strides=self.pick(1, 2), activation=self.activation(), **self.weighted(4)),
            lambda: L.Conv2D(self.size(), 2, padding="same", dilation_rate=2), lambda: L.SeparableConv2D(self.size(), 2, depth_multiplier=self.size(2), padding="same"),
            lambda: L.Conv2DTranspose(self.size(), 2, strides=self.pick(1, 2), padding=self.pick("same", "valid"), activation=self.activation()),
            lambda: L.MaxPooling2D(2, padding="same"), lambda: L.AveragePooling2D((2, 1), strides=self.pick(1, 2), padding="same"),
            lambda: L.GlobalAveragePooling2D(), lambda: L.GlobalMaxPooling2D(), lambda: L.UpSampling2D((2, 1)), lambda: L.ZeroPadding2D(((1, 0), (0, 2))),
            lambda: L.TimeDistributed(L.Conv1D(self.size(), 2, padding="same")), lambda: L.Flatten(), lambda: L.Permute((3, 1, 2)),
            lambda: L.TimeDistributed(self.recurrent(False)), lambda: L.TimeDistributed(L.Flatten()), self.of_any,
        ]  # fmt: skip
        return self.pick(*choices)()

    def of_volumes(self, shape):
        L = self.L
        return self.pick(
            lambda: L.Conv3D(self.size(), 2, padding="same"), lambda: L.AveragePooling3D((1, 2, 1)), lambda: L.GlobalMaxPooling3D(),
            lambda: L.ConvLSTM2D(self.size(), (2, 1), padding="same", return_sequences=self.chance(0.5)), lambda: L.Flatten(),
            lambda: L.TimeDistributed(L.Conv2D(self.size(), 2, padding="same")), self.of_any,
        )()  # fmt: skip

    def layer_for(self, shape):
        makers = {1: lambda s: self.of_features(), 2: self.of_steps, 3: self.of_images, 4: self.of_volumes}
        return makers[len(shape)](shape)

    def merged(self, tensors):
        L, x, y = self.L, *(tensors[i] for i in self.rng.randint(len(tensors), size=2))
        a, b = tuple(x.shape[1:]), tuple(y.shape[1:])
        if len(a) == len(b) == 2 and a[1] == b[1] and self.chance(0.4):
            return L.Dot(axes=2, normalize=self.chance(0.6))([x, y])
        if len(a) == 2 and len(b) == 1 and a[1] == b[0] and self.chance(0.4):
            return L.Dot(axes=(2, 1), normalize=self.chance(0.6))([x, y])
        if a[:-1] == b[:-1] and self.chance(0.4):
            return L.Concatenate()([x, y])
        pairs = zip(reversed(a), reversed(b))
        if all(n == m or 1 in (n, m) for n, m in pairs):
            return self.pick(L.Add, L.Average, L.Multiply, L.Maximum, L.Minimum, L.Subtract)()([x, y])
        return None

    def new_input(self):
        axes = self.pick(1, 1, 2, 2, 2, 3, 4)
        self.ids.append(axes == 2 and self.chance(0.3))
        if self.ids[-1]:
            x = self.k.Input((self.pick(None, 4),))
            self.inputs.append(x)
            return self.L.Embedding(6, self.size(), mask_zero=self.chance(0.6))(x)
        shape = [self.pick(None, 3, 4, 5) if axes == 2 else self.size() + 1, *(self.size() + 1 for _ in range(axes - 1))]
        if axes == 2 and self.chance(0.1):
            shape[0] = 1
        x = self.k.Input(tuple(shape))
        self.inputs.append(x)
        return x

    def nested(self, x):
        inner = Maker(self.k, int(self.rng.randint(2**31)))
        source = self.k.Input(tuple(x.shape[1:]))
        y, layers = source, []
        for _ in range(self.size(3)):
            layer = inner.layer_for(tuple(y.shape[1:]))
            y = layer(y)
            layers.append(layer)
            if not inner.fits(y):
                return None
        if self.chance(0.5):
            model = self.k.Sequential(layers)
            model.build((None, *x.shape[1:]))
            return model
        return self.k.Model(source, y)

    @staticmethod
    def fits(y) -> bool:
        shape = tuple(y.shape[1:])
        return 1 <= len(shape) <= 4 and None not in shape[1:] and 0 not in shape and np.prod([n or 3 for n in shape]) <= MOST_ELEMENTS

    def model(self):
        tensors = [self.new_input() for _ in range(self.pick(1, 1, 2))]
        for _ in range(self.rng.randint(2, 7)):
            x = tensors[-1] if self.chance(0.7) else tensors[self.rng.randint(len(tensors))]
            try:
                if len(tensors) > 1 and self.chance(0.25):
                    y = self.merged(tensors)
                elif self.layers and self.chance(0.08):
                    y = self.pick(*self.layers)(x)
                else:
                    layer = self.nested(x) if self.chance(0.12) else self.layer_for(tuple(x.shape[1:]))
                    y = layer(x) if layer is not None else None
                    self.layers += [layer] if layer is not None else []
            except (ValueError, TypeError, self.k.__dict__.get("errors", ValueError)):
                continue  # tf_keras refuses it
            if y is not None and self.fits(y):
                tensors.append(y)
        return self.k.Model(self.inputs, tensors[-1] if self.chance(0.8) else tensors[-2:])


def feeds(shapes: list[tuple], ids: list[bool], seed: int, samples: int, length: int) -> list[np.ndarray]:
    """Arrays for a model's inputs; some steps are zeros."""
    rng = np.random.RandomState(seed % 2**31 + samples)
    arrays = []
    for shape, whole in zip(shapes, ids):
        full = (samples, *(length if n is None else n for n in shape))
        x = rng.randint(1, 6, full).astype("float32") if whole else rng.normal(size=full).astype("float32")
        if whole or len(full) == 3:
            for row in range(1, samples):
                x[row, full[1] - rng.randint(0, full[1]) :] = 0
        arrays.append(x)
    return arrays


OPTIMIZERS = (
    lambda o: o.SGD(0.05), lambda o: o.SGD(0.05, momentum=0.8, nesterov=True), lambda o: o.Adam(0.01, epsilon=1e-3),
    lambda o: o.legacy.Adagrad(0.05, epsilon=1e-3), lambda o: o.Adamax(0.01, epsilon=1e-3), lambda o: o.legacy.RMSprop(0.01, epsilon=1e-3),
    lambda o: o.Adagrad(0.05),
)  # fmt: skip


def write(folder: Path, first: int, count: int) -> None:
    """Models, what they are fed and what they give, one file each by seed."""
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    warnings.simplefilter("ignore")
    import tensorflow as tf
    import tf_keras as k

    # to trace a function for each model takes longer than its few steps
    tf.config.run_functions_eagerly(True)
    for seed in range(first, first + count):
        k.backend.clear_session()
        k.utils.set_random_seed(seed % 2**31)
        try:
            maker = Maker(k, seed)
            model = maker.model()
            _one(k, maker, model, seed, folder)
        except Exception as error:
            (folder / f"{seed}.json").write_text(json.dumps({"skipped": f"{type(error).__name__}: {str(error)[:200]}"}))


def _one(k, maker: Maker, model, seed: int, folder: Path) -> None:
    rng = np.random.RandomState(seed % 2**31 + 3)
    model.set_weights([w + rng.uniform(0.02, 0.3, w.shape) for w in model.get_weights()])
    if rng.rand() < 0.3:
        for layer in maker.layers:
            layer.trainable = rng.rand() < 0.6
    kept = [i for i, x in enumerate(maker.inputs) if any(x is y for y in model.inputs)]
    shapes = [tuple(maker.inputs[i].shape[1:]) for i in kept]
    ids = [maker.ids[i] for i in kept]
    arrays = {}
    optimizer = OPTIMIZERS[rng.randint(len(OPTIMIZERS))]
    model.compile(optimizer(k.optimizers), "mse")
    x = feeds(shapes, ids, seed, *BATCHES[0])
    y = [rng.uniform(0.1, 0.9, p.shape).astype("float32") for p in _list(model(x))]
    trains = bool(model.trainable_weights)
    if trains and rng.rand() < 0.6:
        model.train_on_batch(x, y)
    model.save(folder / f"{seed}.h5")
    for samples, length in BATCHES:
        for i, p in enumerate(_list(model.predict(feeds(shapes, ids, seed, samples, length), verbose=0))):
            arrays[f"predict/{samples}/{i}"] = p
    if trains:
        arrays["train/loss"] = np.asarray(model.train_on_batch(x, y)).ravel()[:1]
        for i, p in enumerate(_list(model.predict(x, verbose=0))):
            arrays[f"train/{i}"] = p
    arrays |= {f"target/{i}": t for i, t in enumerate(y)}
    np.savez(folder / f"{seed}.npz", **arrays)
    layers = [type(layer).__name__ for layer in model._flatten_layers(include_self=False)]
    told = {"shapes": shapes, "ids": ids, "layers": layers, "trains": trains}
    (folder / f"{seed}.json").write_text(json.dumps(told))


def _list(value) -> list:
    return list(value) if isinstance(value, (list, tuple)) else [value]


# ---------------------------------------------------------------------- reading them, with kbridge

RANDOM = {"Dropout", "GaussianNoise", "SpatialDropout1D"}


def check(folder: Path, seed: int) -> str:
    """'ok', 'ok, trained', 'skipped', 'refused: why', or what is wrong with the model of ``seed``."""
    from kbridge.models import load_model
    from kbridge.saving.errors import ModelFileError

    told = json.loads((folder / f"{seed}.json").read_text())
    if "skipped" in told:
        return f"skipped: {told['skipped']}"
    with np.load(folder / f"{seed}.npz") as stored:
        expected = dict(stored)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model = load_model(folder / f"{seed}.h5")
    except ModelFileError as error:
        return f"refused: {error}"
    shapes = [tuple(s) for s in told["shapes"]]
    reached: dict[str, float] = {}
    for samples, length in BATCHES:
        x = feeds(shapes, told["ids"], seed, samples, length)
        moved = [a if whole else a + np.float32(1e-6) * (a != 0) for a, whole in zip(x, told["ids"])]
        near = _list(model.predict(moved))
        for i, y in enumerate(_list(model.predict(x))):
            carried = float(np.max(np.abs(np.nan_to_num(near[i] - y)), initial=0))
            if problem := _off(y, expected[f"predict/{samples}/{i}"], carried):
                return f"wrong: prediction {i} of {samples} samples {problem}"
            reached[f"{samples}/{i}"] = carried
    texts = [str(w.message) for w in caught]
    if not told["trains"] or RANDOM & set(told["layers"]) or any("convert: keras2" in t for t in texts):
        return "ok"
    if any("not restored" in t or "starts anew" in t for t in texts):
        return f"wrong: {texts}"
    x = feeds(shapes, told["ids"], seed, *BATCHES[0])
    y = [expected[f"target/{i}"] for i in range(len(_list(model.outputs)))]
    loss = float(np.ravel(model.train_on_batch(x, y))[0])
    wanted = float(expected["train/loss"][0])
    if np.isfinite(wanted) and abs(loss - wanted) > 1e-3 * max(1.0, abs(wanted)):
        return f"wrong: the loss of a step is {loss:.6g}, there {wanted:.6g}"
    for i, p in enumerate(_list(model.predict(x))):
        if problem := _off(p, expected[f"train/{i}"], 30 * reached.get(f"{BATCHES[0][0]}/{i}", 0.0), 3.0):
            return f"wrong: after a step prediction {i} {problem}"
    return "ok, trained"


def _off(y, wanted, carried: float, times: float = 1.0) -> str | None:
    if y.shape != wanted.shape:
        return f"has the shape {y.shape}, there {wanted.shape}"
    if not np.isfinite(wanted).all():
        return None
    off = float(np.max(np.abs(y - wanted), initial=0))
    allowed = times * TOLERANCE * max(1.0, float(np.max(np.abs(wanted), initial=0))) + 30 * carried
    return None if off <= allowed else f"is off by {off:.3g}"


def made(folder: Path, first: int, count: int) -> None:
    """Have tf_keras make the models of some seeds."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")]), "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-m", "random_models.keras2", str(count), "--seed", str(first), "--write", str(folder)]
    subprocess.run(command, env=env, check=True, capture_output=True, timeout=60 + 30 * count)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m random_models.keras2", description="Random models of tf_keras, loaded.")
    parser.add_argument("count", type=int, help="models")
    parser.add_argument("--seed", type=int, default=0, help="of the first (default: %(default)s)")
    parser.add_argument("--write", metavar="FOLDER", help="only make them, there (needs tf_keras)")
    args = parser.parse_args()
    if args.write:
        write(Path(args.write), args.seed, args.count)
        return 0
    from kbridge import backend as K

    counts: Counter[str] = Counter()
    start, each = time.time(), 25
    for first in range(args.seed, args.seed + args.count, each):
        with tempfile.TemporaryDirectory() as folder:
            seeds = range(first, min(first + each, args.seed + args.count))
            made(Path(folder), first, len(seeds))
            for seed in seeds:
                try:
                    result = check(Path(folder), seed)
                except Exception as error:
                    frames = traceback.extract_tb(error.__traceback__)
                    result = f"wrong: {type(error).__name__}: {str(error)[:300]} ({Path(frames[-1].filename).name}:{frames[-1].lineno})"
                counts[result.partition(":")[0]] += 1
                if result.startswith(("wrong", "refused", "skipped")):
                    told = json.loads((Path(folder) / f"{seed}.json").read_text())
                    print(f"seed {seed}: {result}\n    {told.get('layers')} {told.get('shapes')}", flush=True)
                K.clear_session()
    print(f"{args.count} models, {time.time() - start:.0f} s: " + ", ".join(f"{n} {name}" for name, n in sorted(counts.items())))
    return int(counts["wrong"] > 0)


if __name__ == "__main__":
    raise SystemExit(main())
