"""Random combinations of options of the layers of Keras 2 and Keras 3, as these libraries save and compute them.

    PYTHONPATH=.:tests KBRIDGE_BACKEND=numpy python -m random_models.combinations tf_keras 100 --seed 7

The library writes the models in a process of its own (``--write FOLDER``; ``--python`` chooses which), each with what it predicts, and after one step
of training. Then each is loaded here, and converted to ONNX and Keras 3 with ``--convert``.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import traceback
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from random_models.combined_layers import write

TOLERANCE, AFTER_TRAINING = 2e-5, 2e-4


def apart(got: np.ndarray, wanted: np.ndarray) -> float:
    if got.shape != wanted.shape:
        return float("inf")
    difference = np.abs(got - wanted) / (1 + np.abs(wanted))
    return float("inf") if np.isnan(difference).any() else float(difference.max(initial=0.0))


def check(folder: Path, convert: bool, only: str = "") -> int:
    from one_step import predicted_and_trained

    from kbridge import backend as K
    from kbridge.models import load_model
    from kbridge.optimizers import SGD

    bad = 0
    worst = dict.fromkeys(("predicted", "evaluated", "trained", "onnx", "keras3"), 0.0)
    counts: dict[str, int] = {}
    for path in sorted(folder.glob("*.npz"), key=lambda p: int(p.stem)):
        if only and path.stem != only:
            continue
        with np.load(path) as file:
            arrays = dict(file)
        source = next(p for p in (path.with_suffix(".h5"), path.with_suffix(".keras")) if p.exists())
        x = arrays["x"]

        def fault(what: str, path: Path = path) -> None:
            nonlocal bad
            bad += 1
            print(f"{path.stem}: {what}\n    {path.with_suffix('.txt').read_text()[:1500]}", flush=True)

        def compared(what: str, got: Any, limit: float, wanted: np.ndarray) -> None:
            off = apart(np.asarray(got), wanted)
            if off > limit and what in ("evaluated", "trained") and any("[convert: " in str(w.message) for w in told):  # noqa: B023 - it is called in this turn
                # a warning has said that it trains otherwise
                counts[f"{what} told"] = counts.get(f"{what} told", 0) + 1
                return
            counts[what] = counts.get(what, 0) + 1
            worst[what] = max(worst[what], off if off <= limit else 0)
            if off > limit:
                fault(f"{what} off by {off:.2g}")

        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            try:
                model = load_model(source, compile=False)
                compared("predicted", model.predict(x), TOLERANCE, arrays["predicted"])
                if "evaluated" in arrays:
                    K.clear_session()
                    model = load_model(source)
                    compared(
                        "evaluated", np.atleast_1d(model.evaluate(x, arrays["target"], verbose=0)), AFTER_TRAINING, arrays["evaluated"]
                    )
                    if "trained" in arrays:
                        # Keras 3 doesn't store the optimizer
                        model.compile(SGD(lr=0.01), model.loss)
                        model.train_on_batch(x, arrays["target"])
                        compared("trained", model.predict(x), AFTER_TRAINING, arrays["trained"])
                elif "trained" in arrays:
                    _, after = predicted_and_trained(model, [x], [arrays["target"]])
                    compared("trained", after[0], AFTER_TRAINING, arrays["trained"])
                if convert:
                    K.clear_session()
                    converted(load_model(source, compile=False), x, arrays["predicted"], folder, compared, counts)
            except Exception as error:
                if "-v" in sys.argv:
                    traceback.print_exc()
                fault(f"{type(error).__name__}: {str(error)[-400:]}")
        K.clear_session()
    print(K.backend(), "checked", counts, "faults", bad, "greatest", {key: f"{value:.1e}" for key, value in worst.items()}, flush=True)
    return bad


def converted(model: Any, x: np.ndarray, wanted: np.ndarray, folder: Path, compared: Any, counts: dict) -> None:
    from kbridge.convert import save_keras3, save_onnx
    from kbridge.convert.problems import NotConvertible

    for name, save, suffix in (("onnx", save_onnx, "onnx"), ("keras3", save_keras3, "keras")):
        target = folder / f"converted.{suffix}"
        try:
            save(model, target)
        except NotConvertible as error:
            text = str(error)
            ids = f"{name} refused " + ",".join(sorted({part.split("]")[0] for part in text.split("[convert: ")[1:]}))
            counts[ids] = counts.get(ids, 0) + 1
            continue
        if name == "onnx":
            import onnxruntime

            session = onnxruntime.InferenceSession(target, providers=["CPUExecutionProvider"])
            got = session.run(
                None, {session.get_inputs()[0].name: x.astype("int32" if "int32" in session.get_inputs()[0].type else "float32")}
            )[0]
        else:
            import keras

            keras.backend.clear_session()
            there = keras.models.load_model(target)
            got = keras.ops.convert_to_numpy(there(x, training=False))
        compared(name, got, TOLERANCE, wanted)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library", choices=("tf_keras", "keras3"))
    parser.add_argument("count", type=int, nargs="?", default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", action="store_true", help="channels first too, which a library computes on PyTorch only")
    parser.add_argument("--parts", action="store_true", help="functions of tensors, preprocessing layers, losses and metrics too")
    parser.add_argument("--convert", action="store_true")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--read", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("-v", action="store_true")
    args = parser.parse_args()
    if args.write:
        args.write.mkdir(parents=True, exist_ok=True)
        write(args.library, args.write, args.count, args.seed, args.first, args.parts)
        return 0
    if args.read:
        return min(check(args.read, args.convert, args.only), 1)
    with tempfile.TemporaryDirectory() as scratch:
        command = [
            args.python,
            __file__,
            args.library,
            str(args.count),
            "--seed",
            str(args.seed),
            "--write",
            scratch,
            *(["--first"] * args.first),
            *(["--parts"] * args.parts),
        ]
        subprocess.run(command, check=True)
        return min(check(Path(scratch), args.convert), 1)


if __name__ == "__main__":
    sys.exit(main())
