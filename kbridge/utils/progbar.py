"""The progress bar of training, evaluation and prediction, as Keras 1 drew it."""

from __future__ import annotations

import sys
import time

import numpy as np


class Progbar:
    """A bar over ``target`` samples with running means of named values.

    ``verbose``: 1 is the bar, 2 a line when it is full, 0 nothing. ``interval`` is the least time in
    seconds between two drawings. In a terminal (and in a notebook) the bar is drawn over itself; where
    output goes to a file or a pipe only the full bar is written.
    """

    def __init__(self, target, width=30, verbose=1, interval=0.05):
        self.target = target
        self.width = width
        self.verbose = verbose
        self.interval = interval
        self.start = time.time()
        self.last_update = 0.0
        self.sum_values: dict[str, list] = {}
        self.unique_values: list[str] = []
        self.total_width = 0
        self.seen_so_far = 0
        self._redraws = _can_redraw(sys.stdout)

    def update(self, current, values=None, force=False) -> None:
        """Set the progress to ``current``. ``values`` are (name, value) pairs that hold for the samples since
        the last call; ``force`` draws now."""
        for name, value in values or []:
            if name not in self.sum_values:
                self.unique_values.append(name)
                self.sum_values[name] = [value * (current - self.seen_so_far), current - self.seen_so_far]
            else:
                total = self.sum_values[name]
                total[0] += value * (current - self.seen_so_far)
                total[1] += current - self.seen_so_far
        self.seen_so_far = current
        now = time.time()
        done = self.target is not None and current >= self.target
        if self.verbose == 1:
            if done or (self._redraws and (force or now - self.last_update >= self.interval)):
                self._draw(current, now, done)
                self.last_update = now
        elif self.verbose == 2 and done:
            sys.stdout.write(f" - {now - self.start:.0f}s{self._values(only_known=True)}\n")
            sys.stdout.flush()

    def add(self, n, values=None) -> None:
        """Move ``n`` samples on."""
        self.update(self.seen_so_far + n, values)

    def _draw(self, current, now: float, done: bool) -> None:
        if self.target:
            digits = len(str(self.target))
            filled = int(self.width * current / self.target)
            bar = "=" * max(filled - 1, 0) + ("=" if done else ">" if filled else "")
            line = f"{current:{digits}d}/{self.target} [{bar[: self.width]}{'.' * (self.width - filled)}]"
        else:
            line = f"{current:7d}/Unknown"
        elapsed = now - self.start
        if done or not self.target:
            line += f" - {elapsed:.0f}s"
        else:
            rate = elapsed / current if current else 0.0
            line += f" - ETA: {rate * (self.target - current):.0f}s"
        line += self._values()
        cover = " " * max(0, self.total_width - len(line))
        self.total_width = len(line)
        sys.stdout.write(("\r" if self._redraws else "") + line + cover + ("\n" if done else ""))
        sys.stdout.flush()

    def _values(self, only_known: bool = False) -> str:
        text = ""
        for name in self.unique_values:
            total, count = self.sum_values[name]
            mean = np.mean(total / max(1, count))
            text += f" - {name}: {mean:.4f}" if abs(mean) > 1e-3 or only_known else f" - {name}: {mean:.4e}"
        return text


def _can_redraw(stream) -> bool:
    """Whether a carriage return goes back to the start of the line: terminals and notebooks."""
    isatty = getattr(stream, "isatty", None)
    return bool(isatty and isatty()) or type(stream).__module__.startswith("ipykernel")
