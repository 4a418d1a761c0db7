"""What ``benchmarks.workers`` runs on each number of workers: steps of a model, with what they take. Worker 0 prints JSON."""

from __future__ import annotations

import json
import sys
import time

import numpy as np

from kbridge import distributed
from kbridge.layers import LSTM, Convolution2D, Dense, Flatten, MaxPooling2D
from kbridge.models import Sequential
from kbridge.training import sharing


def mlp(width: int) -> tuple:
    model = Sequential([Dense(width, activation="relu", input_dim=784), Dense(width, activation="relu"), Dense(10, activation="softmax")])
    return model, (784,)


def cnn() -> tuple:
    model = Sequential(
        [
            Convolution2D(16, 3, 3, activation="relu", input_shape=(28, 28, 1), dim_ordering="tf"),
            Convolution2D(16, 3, 3, activation="relu", dim_ordering="tf"),
            MaxPooling2D(dim_ordering="tf"),
            Flatten(),
            Dense(32, activation="relu"),
            Dense(10, activation="softmax"),
        ]
    )
    return model, (28, 28, 1)


def lstm() -> tuple:
    return Sequential([LSTM(64, input_shape=(30, 32)), Dense(10, activation="softmax")]), (30, 32)


MODELS = {"mlp": lambda: mlp(512), "large mlp": lambda: mlp(2048), "cnn": cnn, "lstm": lstm}


class Clock:
    """Counts the processor time that a worker spends waiting in exchanges, so that it can be left out, and what it sends."""

    def __init__(self, exchange):
        self.waited = 0.0
        self._exchange, whole = exchange, exchange._wait

        def wait(request):
            start = time.process_time()
            whole(request)
            self.waited += time.process_time() - start

        exchange._wait = wait

    def of_updates(self, update) -> list[float]:
        """A list that grows by the processor time of each update, without what it waits."""
        whole, found = update.sum, []

        def summed(*args):
            start, waited = time.process_time(), self.waited
            whole(*args)
            found.append(time.process_time() - start - (self.waited - waited))

        update.sum = summed
        return found

    @property
    def sent(self) -> int:
        return self._exchange.sent


def main(name: str, batch: int, steps: int) -> None:
    np.random.seed(1)
    model, shape = MODELS[name]()
    model.compile("adam", "categorical_crossentropy")
    x, y = np.random.rand(batch, *shape).astype("float32"), np.eye(10, dtype="float32")[np.random.randint(0, 10, batch)]
    team = sharing.current()
    clock = Clock(team.exchange) if team.size > 1 else None
    model.model._make_train_function()
    updates = clock.of_updates(model.model.train_function.update) if clock else [0.0]
    times, sent = [], 0
    for step in range(steps + 2):
        start, waited, before = time.process_time(), clock.waited if clock else 0.0, clock.sent if clock else 0
        model.train_on_batch(x, y)
        if step > 1:
            times.append(time.process_time() - start - (clock.waited - waited if clock else 0.0))
            sent = clock.sent - before if clock else 0
    all_times = team.exchange.gather((times, updates)) if clock else [(times, updates)]
    if distributed.rank() == 0:
        # the workers' minima: other programs only add; a step takes as long as its slowest worker
        ms, update = (1000 * max(min(t[i]) for t in all_times) for i in (0, 1))
        print(json.dumps({"ms": ms, "update": update, "sent": sent, "weights": model.count_params()}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
