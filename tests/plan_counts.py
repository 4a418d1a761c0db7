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
from unittest import mock

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


def shared(plan: Any) -> dict[str, int]:
    """Of a plan for several threads: its forks, and calls and millions of multiplications on the longest path through all threads."""
    from kbridge.backends.numpy.executor.threads import multiplications

    commit = plan._commit_part
    runs = [plan.body, commit._first, *_longest(commit._lanes), commit._last]
    return {
        "forks": len(plan.forks) + bool(commit._lanes),
        "calls, longest path": sum(path(run, _calls) for run in runs),
        "million multiplications, longest path": round(sum(path(run, lambda call: multiplications([call])[1]) for run in runs) / 1e6, 2),
    }


def path(calls: Iterable[tuple[Callable, list]], weigh: Callable[[tuple[Callable, list]], int]) -> int:
    """What calls weigh: of those of a fork, one lane's, the heaviest."""
    from kbridge.backends.numpy.executor.stages import Stages
    from kbridge.backends.numpy.executor.workers import Fork

    total = 0
    for call in calls:
        if isinstance(call[0], Fork):
            total += sum(max(path(lane, weigh) for lane in part.lanes) for part in call[0].parts())
            between = [stage.after for stage in call[0].stages] if isinstance(call[0], Stages) else []
            total += sum(path(after, weigh) for after in between)
        else:
            total += weigh(call)
    return total


def _calls(call: tuple[Callable, list]) -> int:
    from kbridge.backends.numpy.executor.turns import Turns

    return call[0].length * len(call[0].instructions) if isinstance(call[0], Turns) else 1


def _longest(lanes: list[list]) -> list[list]:
    """The lane with most calls, in a list; none of no lanes."""
    return [max(lanes, key=len)] if lanes else []


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


def _network(name: str, samples: int) -> Any:
    import kbridge.applications

    model = getattr(kbridge.applications, name)(weights=None)
    side = 299 if name == "InceptionV3" else 224
    return _predicted(lambda: (model, np.zeros((samples, side, side, 3), "float32"), None), samples)


def _trained_resnet50() -> Any:
    from kbridge.applications import ResNet50

    model = ResNet50(weights=None)
    model.compile("sgd", "categorical_crossentropy")
    return _trained(lambda: (model, np.zeros((1, 224, 224, 3), "float32"), np.eye(1, 1000, dtype="float32")))


def works() -> dict[str, Callable[[], Any]]:
    """What makes the plan of each work."""
    from benchmarks.workloads import cnn, embedding, gru, lstm, mlp, mobilenet, resnet, tiny_mlp

    return {
        "tiny_mlp": lambda: _trained(tiny_mlp.kbridge_model),
        "mlp": lambda: _trained(mlp.kbridge_model),
        "mlp_adam": lambda: _trained(lambda: mlp.kbridge_model(adam=True)),
        "cnn": lambda: _trained(cnn.kbridge_model),
        "lstm": lambda: _trained(lstm.kbridge_model),
        "gru": lambda: _trained(lambda: gru.kbridge_model(reset_after=False)),
        "gru_reset_after": lambda: _trained(lambda: gru.kbridge_model(reset_after=True)),
        "embedding": lambda: _trained(embedding.kbridge_model),
        "resnet": lambda: _trained(resnet.kbridge_model),
        "mobilenet": lambda: _trained(lambda: mobilenet.kbridge_model(8)),
        "predict_cnn": lambda: _predicted(cnn.kbridge_model, 1),
        "predict_lstm": lambda: _predicted(lstm.kbridge_model, 1),
        "predict_mobilenet": lambda: _predicted(lambda: mobilenet.kbridge_model(1), 1),
        "predict_vgg16": lambda: _network("VGG16", 1),
        "predict_resnet50": lambda: _network("ResNet50", 1),
        "predict_resnet50_8": lambda: _network("ResNet50", 8),
        "predict_inceptionv3": lambda: _network("InceptionV3", 1),
        "train_resnet50": _trained_resnet50,
    }


#: those whose plan for two threads is counted too
SHARED = (
    "cnn",
    "lstm",
    "gru",
    "embedding",
    "resnet",
    "mobilenet",
    "predict_resnet50",
    "predict_resnet50_8",
    "predict_inceptionv3",
)


def names() -> list[str]:
    """The rows of the table."""
    return [*works(), *(f"{name}, 2 threads" for name in SHARED)]


def measured(chosen: Iterable[str] = ()) -> dict[str, dict[str, int]]:
    """The counts of these rows, or of all."""
    from kbridge.backends.numpy.executor import workers

    found = {}
    for name in chosen or names():
        work, _, more = name.partition(", ")
        with workers.using(2 if more else 1):
            plan = works()[work]()
        found[name] = shared(plan) if more else counts(plan)
    return found


def on_any_processor(here: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    """Bounds for processors with and without small products, of which ``here`` are those of one kind."""
    from kbridge.backends.numpy import blas

    small = blas.small_products()
    with mock.patch.object(blas, "small_products", lambda: not small):
        other = measured(here)
    return {name: {kind: max(count, other[name][kind]) for kind, count in row.items()} for name, row in here.items()}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m plan_counts", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"which (default: all): {'; '.join(names())}")
    parser.add_argument("--write", action="store_true", help="renew the table")
    args = parser.parse_args()
    if unknown := [name for name in args.rows if name not in names()]:
        parser.error(f"no such row: {'; '.join(unknown)}; there are: {'; '.join(names())}")
    table = json.loads(TABLE.read_text()) if TABLE.exists() else {}
    found = measured(args.rows)
    for name, row in found.items():
        print(name, *(f"{kind} {count} ({table.get(name, {}).get(kind, 'new')})" for kind, count in row.items()), sep=", ")
    if args.write:
        table |= on_any_processor(found)
        TABLE.write_text(json.dumps({name: table[name] for name in names() if name in table}, indent=1) + "\n")


if __name__ == "__main__":
    main()
