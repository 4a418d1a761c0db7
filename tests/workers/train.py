"""Trains the models of ``cases``: python train.py FILE [--equal] [--float64] CASE ...; worker 0 writes what came out to FILE."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import numpy as np  # noqa: E402

from kbridge import backend as K  # noqa: E402
from kbridge import distributed  # noqa: E402
from kbridge.training import sharing  # noqa: E402


def average_equally():
    """What a mean of the workers' gradients would give, as other systems compute it."""
    from kbridge.distributed.step import SharedStep

    SharedStep._of_all = lambda self, rows, shares, sums: (1.0 / self.exchange.size, shares)


def main(path, *words):
    if "--float64" in words:
        K.set_floatx("float64")
    from workers.cases import CASES, OF_WORKER

    if "--equal" in words:
        average_equally()
    found = {"workers": np.asarray(distributed.size())}
    for name in words:
        if name.startswith("--"):
            continue
        team = sharing.current()
        team.batch_is_of_worker = name in OF_WORKER
        np.random.seed(1337)
        for key, value in (CASES | OF_WORKER)[name]().items():
            found[f"{name}/{key}"] = value
    if distributed.rank() == 0:
        np.savez(path, **found)


main(*sys.argv[1:])
