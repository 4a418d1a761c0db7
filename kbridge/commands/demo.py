"""``kbridge demo``: train the tutorial's network on handwritten digits, save it, load it again."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time

from .. import config
from ..backends import registry

GOAL = 0.95
EPOCHS = 15
SHADES = " .:-=+*#%@"


def add_parser(subparsers) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "demo",
        description="Train the network of the tutorial (64 relu, 10 softmax) on 1437 handwritten digits of 8x8 pixels, "
        "test it on 360 others, save it and load it again. kbridge doesn't read your keras.json for this.",
    )
    parser.add_argument("--backend", default="numpy", help="numpy (default), tensorflow or theano")
    parser.add_argument("--output", default="my_model.h5", help="where to save the model. Default: %(default)s")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the demo; 1 if the accuracy stays below 95 % or the loaded model differs."""
    choose(args.backend)
    import numpy as np

    from .. import backend as K
    from ..callbacks import LambdaCallback
    from ..datasets import digits
    from ..layers.core import Activation, Dense
    from ..models import Sequential, load_model
    from ..utils.np_utils import to_categorical

    np.random.seed(1)
    (x_train, y_train), (x_test, y_test) = digits.load_data()
    mean, deviation = x_train.mean(), x_train.std()
    X_train, X_test = ((x.reshape(len(x), 64).astype("float32") - mean) / deviation for x in (x_train, x_test))
    Y_train, Y_test = to_categorical(y_train, 10), to_categorical(y_test, 10)

    model = Sequential()
    model.add(Dense(output_dim=64, input_dim=64))
    model.add(Activation("relu"))
    model.add(Dense(output_dim=10))
    model.add(Activation("softmax"))
    model.compile(loss="categorical_crossentropy", optimizer="sgd", metrics=["accuracy"])
    print(f"Training on {len(X_train)} handwritten digits, with the {K.backend()} backend\n", flush=True)
    begin = time.perf_counter()
    # compilation, which takes Theano a while the first time, comes before the training begins
    times = []
    clock = LambdaCallback(on_train_begin=lambda logs: times.append(time.perf_counter()))
    model.fit(X_train, Y_train, nb_epoch=EPOCHS, batch_size=4, verbose=1, callbacks=[clock])
    compiling, training = times[0] - begin, time.perf_counter() - times[0]
    loss, accuracy = model.evaluate(X_test, Y_test, verbose=0)
    extra = f" and {compiling:.0f} s of compiling" if compiling > 1 else ""
    print(f"\n{accuracy:.1%} of {len(X_test)} other digits are right, after {training:.1f} s of training{extra}:\n")

    chosen = [int(np.flatnonzero(y_test == digit)[0]) for digit in (0, 2, 4, 6, 8)]
    _draw(x_test[chosen], model.predict_classes(X_test[chosen], verbose=0), y_test[chosen])

    model.save(args.output)
    again = load_model(args.output)
    same = bool(np.array_equal(model.predict(X_test), again.predict(X_test)))
    print(f"\nSaved to {args.output} and loaded again: the predictions are {'identical' if same else 'DIFFERENT'}.", flush=True)
    if accuracy < GOAL:
        print(f"The accuracy is below {GOAL:.0%}.", file=sys.stderr)
    return 0 if same and accuracy >= GOAL else 1


def choose(backend: str) -> None:
    """Make ``backend`` the one of this process, whatever keras.json and the environment say."""
    os.environ["KBRIDGE_BACKEND"] = config.checked("backend", backend, "--backend")
    with tempfile.TemporaryDirectory() as empty:
        os.environ["KERAS_HOME"] = empty
        config.startup.cache_clear()
        config.startup()
        registry.load(backend)


def _draw(images, answers, truths) -> None:
    """Pictures side by side, two characters a pixel, with the model's answers below."""
    for row in range(images.shape[1]):
        print("  ".join("".join(2 * SHADES[int(v) * (len(SHADES) - 1) // 16] for v in image[row]) for image in images))
    notes = [f"the model says {answer}" if answer == truth else f"says {answer}, is {truth}" for answer, truth in zip(answers, truths)]
    print("  ".join(f"{note:^16}" for note in notes))
