"""The progress bar of training, evaluation and prediction, as Keras 1 drew it."""

from __future__ import annotations

import sys
import time

import numpy as np


class Progbar:
    """A progress bar with running means of named values.

    In a terminal (and in a notebook) the bar is drawn over itself; where output goes to a file or a pipe only its last state is written.

    Args:
        target: the number of samples; None or below 1 if it is unknown.
        width: the number of characters of the bar.
        verbose: 1 is the bar, 2 a line when it is full, 0 nothing.
        interval: the least time in seconds between two drawings.
    """

    def __init__(self, target, width=30, verbose=1, interval=0.05):
        self.target = int(target) if target and target > 0 else None
        self.width = width
        self.verbose = verbose
        self.interval = interval
        self.start = time.time()
        self.last_update = 0.0
        self.sum_values: dict[str, list] = {}
        self.unique_values: list[str] = []
        #: names whose last value is shown, not the mean
        self.latest: set[str] = set()
        self.total_width = 0
        self.seen_so_far = 0
        self._redraws = _can_redraw(sys.stdout)
        self._open = True

    def update(self, current, values=None, force=False) -> None:
        """Set the progress.

        Args:
            current: the number of samples so far.
            values: (name, value) pairs that hold for the samples since the last call.
            force: whether to draw now.
        """
        new = current - self.seen_so_far
        for name, value in values or []:
            if name not in self.sum_values:
                self.unique_values.append(name)
                self.sum_values[name] = [0.0, 0]
            total = self.sum_values[name]
            if name in self.latest:
                total[:] = np.asarray(value, "float64"), 1
                continue
            total[0] += np.float64(value) * new
            total[1] += new
        self.seen_so_far = current
        if self.target is not None and current >= self.target:
            self.finish()
        elif self.verbose == 1 and self._redraws and self._open:
            now = time.time()
            if force or now - self.last_update >= self.interval:
                self.last_update = now
                self._draw(now)

    def add(self, n, values=None) -> None:
        """Move ``n`` samples on, with ``values`` as for ``update``."""
        self.update(self.seen_so_far + n, values)

    def finish(self) -> None:
        """Show the last state and end the line, also if the target wasn't reached."""
        if not self._open:
            return
        self._open = False
        now = time.time()
        if self.verbose == 1:
            self._draw(now)
            sys.stdout.write("\n")
        elif self.verbose == 2:
            sys.stdout.write(f"{int(now - self.start)}s{self._values()}\n")
        sys.stdout.flush()

    def _draw(self, now: float) -> None:
        current = self.seen_so_far
        line = f"{current:7d}/Unknown" if self.target is None else self._bar(current)
        elapsed = now - self.start
        if self.target is None or not self._open:
            line += f" - {int(elapsed)}s"
        else:
            line += f" - ETA: {int(elapsed / current * (self.target - current)) if current else 0}s"
        line += self._values()
        cover = " " * max(0, self.total_width - len(line))
        self.total_width = len(line)
        sys.stdout.write(("\r" if self._redraws else "") + line + cover)
        sys.stdout.flush()

    def _bar(self, current) -> str:
        filled = min(int(self.width * current / self.target), self.width)
        tip = "=" if current >= self.target else ">"
        bar = "=" * (filled - 1) + tip if filled else ""
        return f"{current:{len(str(self.target))}d}/{self.target} [{bar}{'.' * (self.width - filled)}]"

    def _values(self) -> str:
        text = ""
        for name in self.unique_values:
            total, count = self.sum_values[name]
            mean = np.mean(total / max(1, count))
            text += f" - {name}: {mean:.4f}" if abs(mean) > 1e-3 else f" - {name}: {mean:.4e}"
        return text


def _can_redraw(stream) -> bool:
    """Whether a carriage return goes back to the start of the line: terminals and notebooks."""
    isatty = getattr(stream, "isatty", None)
    return bool(isatty and isatty()) or type(stream).__module__.startswith("ipykernel")
