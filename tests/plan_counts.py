"""How much the plans of some models do, counted: what guards the speed of the NumPy backend without a clock.

``PYTHONPATH=.:tests KBRIDGE_BACKEND=numpy .venv-test/bin/python -m plan_counts`` prints the counts beside those of the table, and with ``--write``
renews the table, tests/data/plan_counts.json. Numbers that grow need a reason in the commit that renews it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

TABLE = Path(__file__).parent / "data" / "plan_counts.json"


def instructions(plan: Any) -> Iterator[tuple[Callable, list, int]]:
    """(function, arguments, how often) of all calls; those of a loop's turn as often as it turns."""
    from kbridge.backends.numpy.executor.turns import Turns

    for function, args in (*plan.body, *plan.commit):
        if isinstance(function, Turns):
            for inner, inner_args in function.instructions:
                yield inner, inner_args, function.length
        else:
            yield function, args, 1


def counts(plan: Any) -> dict[str, int]:
    """Calls, megabytes allocated, megabytes that calls read and write, millions of multiplications in products."""
    from kbridge.backends.numpy.executor.threads import multiplications

    calls = moved = 0
    for _, args, times in instructions(plan):
        calls += times
        # what is repeated along an axis lies in memory once
        moved += times * sum(stored(a) for a in (getattr(a, "array", a) for a in args) if isinstance(a, np.ndarray))
    products = multiplications((*plan.body, *plan.commit))[1]
    return {
        "calls": calls,
        "allocated MB": round(plan.nbytes / 1e6, 2),
        "moved MB": round(moved / 1e6, 2),
        "million multiplications": round(products / 1e6, 2),
    }


def stored(array: np.ndarray) -> int:
    """Bytes of the elements of an array that lie in memory."""
    return array.itemsize * int(np.prod([n for n, step in zip(array.shape, array.strides) if step], dtype=np.int64)) if array.size else 0


def _trained(make: Callable) -> Any:
    model, x, y = make()
    model.train_on_batch(x, y)
    return getattr(model, "model", model).train_function._last[1]


def _predicted(make: Callable, samples: int) -> Any:
    model, x, _ = make()
    model.predict_on_batch(x[:samples])
    return getattr(model, "model", model).predict_function._last[1]


def _resnet50(train: bool) -> Any:
    from kbridge.applications import ResNet50

    model = ResNet50(weights=None)
    x = np.zeros((1, 224, 224, 3), "float32")
    if train:
        model.compile("sgd", "categorical_crossentropy")
        return _trained(lambda: (model, x, np.eye(1, 1000, dtype="float32")))
    return _predicted(lambda: (model, x, None), 1)


def works() -> dict[str, Callable[[], Any]]:
    """What makes the plan of each work."""
    from benchmarks.workloads import cnn, lstm, mlp, resnet, tiny_mlp

    return {
        "tiny_mlp": lambda: _trained(tiny_mlp.kbridge_model),
        "mlp": lambda: _trained(mlp.kbridge_model),
        "mlp_adam": lambda: _trained(lambda: mlp.kbridge_model(adam=True)),
        "cnn": lambda: _trained(cnn.kbridge_model),
        "lstm": lambda: _trained(lstm.kbridge_model),
        "resnet": lambda: _trained(resnet.kbridge_model),
        "predict_cnn": lambda: _predicted(cnn.kbridge_model, 1),
        "predict_lstm": lambda: _predicted(lstm.kbridge_model, 1),
        "predict_resnet50": lambda: _resnet50(False),
        "train_resnet50": lambda: _resnet50(True),
    }


def measured(names: Iterable[str] = ()) -> dict[str, dict[str, int]]:
    """The counts of these works, or of all, on one thread."""
    from kbridge.backends.numpy.executor import workers

    with workers.using(1):
        return {name: counts(make()) for name, make in works().items() if not names or name in names}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m plan_counts", description=__doc__)
    parser.add_argument("works", nargs="*", help="which (default: all)")
    parser.add_argument("--write", action="store_true", help="renew the table")
    args = parser.parse_args()
    table = json.loads(TABLE.read_text()) if TABLE.exists() else {}
    found = measured(args.works)
    for name, row in found.items():
        print(name, *(f"{kind} {count} ({table.get(name, {}).get(kind, 'new')})" for kind, count in row.items()), sep=", ")
    if args.write:
        TABLE.write_text(json.dumps({**table, **found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
