"""Prefix beam search for CTC (Graves and Jaitly, 2014), on arrays."""

from __future__ import annotations

import numpy as np


def beam_search(log_p: np.ndarray, lengths: np.ndarray, beam_width: int, top_paths: int) -> np.ndarray:
    """The best ``top_paths`` labellings of each sample: (samples, top_paths, time + 2) float64.

    A row holds the labels filled up with -1, how many there are, and their log probability. ``log_p``
    (samples, time, classes), the last class is the blank; ``lengths`` (samples,). A sample that has
    fewer labellings gives empty ones of log probability -inf.
    """
    samples, steps = log_p.shape[:2]
    result = np.full((samples, top_paths, steps + 2), -1.0)
    for row, sample, n in zip(result, log_p, lengths):
        for path, (labels, score) in zip(row, search_sample(sample[:n], beam_width, top_paths)):
            path[: len(labels)] = labels
            path[-2:] = len(labels), score
    return result


def search_sample(log_p: np.ndarray, beam_width: int, top_paths: int) -> list[tuple[tuple[int, ...], float]]:
    """The best labellings of one sample (time, classes) with their log probabilities, best first."""
    blank = log_p.shape[1] - 1
    never = -np.inf
    # prefix -> [log p of paths that end in a blank, log p of those that end in its last label]
    beam: dict[tuple[int, ...], list[float]] = {(): [0.0, never]}
    for step in log_p.astype("float64"):
        after: dict[tuple[int, ...], list[float]] = {}

        def add(prefix, kind, value, after=after):
            entry = after.setdefault(prefix, [never, never])
            entry[kind] = np.logaddexp(entry[kind], value)

        for prefix, (ends_blank, ends_label) in beam.items():
            total = np.logaddexp(ends_blank, ends_label)
            add(prefix, 0, total + step[blank])
            if prefix:
                add(prefix, 1, ends_label + step[prefix[-1]])
            for label in range(blank):
                same = bool(prefix) and label == prefix[-1]
                add((*prefix, label), 1, (ends_blank if same else total) + step[label])
        ranked = sorted(after.items(), key=lambda item: -np.logaddexp(item[1][0], item[1][1]))
        beam = dict(ranked[:beam_width])
    best = [(prefix, float(np.logaddexp(ends[0], ends[1]))) for prefix, ends in beam.items()][:top_paths]
    return best + [((), never)] * (top_paths - len(best))
