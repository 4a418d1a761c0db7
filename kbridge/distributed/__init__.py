"""The same program on many workers: training over MPI that gives the numbers of one process.

``mpiexec -n 4 kbridge run --distributed script.py``, ``kbridge run --workers 4 script.py``, or
``KBRIDGE_DISTRIBUTED=mpi mpiexec -n 4 python script.py``. The program needs nothing of what is here; it may ask which
worker it is, and share predictions. Where one process runs alone, all of this works as with one worker.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..training import sharing

__all__ = ["evaluate", "gather", "own", "predict", "rank", "size"]


def rank() -> int:
    """The number of this worker: 0 to ``size() - 1``. Worker 0 prints and writes files."""
    return sharing.current().rank


def size() -> int:
    """The number of workers; 1 where a process runs alone."""
    return sharing.current().size


class Own:
    """Marks a generator whose batches are this worker's own (see ``own``)."""

    def __init__(self, generator: Iterable):
        self._batches: Iterator = iter(generator)

    def __iter__(self) -> Own:
        return self

    def __next__(self):
        return next(self._batches)


def own(generator: Iterable) -> Own:
    """Say that ``generator`` gives each worker batches of its own, for ``fit_generator``.

    Without it every worker runs the same generator and takes its rows of each batch. With it a step is made of one batch
    from each worker, and ``samples_per_epoch`` counts the samples of all.

    Args:
        generator: a generator or iterator of batches, which reads what belongs to this worker (by ``rank()``, say).

    Returns:
        An iterator over the same batches.
    """
    return generator if isinstance(generator, Own) else Own(generator)


def gather(model) -> None:
    """Make every worker have the whole state of the optimizer of ``model``, which large models divide among the workers.

    ``fit`` does it at its end. A program that trains by ``train_on_batch`` calls it on all workers before it saves the model.
    """
    team = sharing.current()
    if team.size > 1:
        team.gather(getattr(model, "model", None) or model, everywhere=True)


def __getattr__(name: str):
    if name in ("predict", "evaluate"):
        from . import inference

        return getattr(inference, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
