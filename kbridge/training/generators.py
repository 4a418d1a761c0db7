"""Batches from generators, read ahead by threads or processes."""

from __future__ import annotations

import multiprocessing
import queue
import threading
import traceback
import warnings
from typing import Any

import numpy as np

from .data import len_of
from .loop import callback_list


class GeneratorEnqueuer:
    """Reads a generator ahead into a queue, in ``nb_worker`` threads, or processes with ``pickle_safe``.

    An error in the generator is raised by the next ``get``; the end of a finite one too.
    """

    def __init__(self, generator, pickle_safe=False):
        self._generator = generator
        self._pickle_safe = pickle_safe
        self._workers: list = []
        self._stop: Any = None
        self._lock = threading.Lock()
        self.queue: Any = None

    def start(self, nb_worker=1, max_q_size=10, wait_time=0.05) -> None:
        """Start the workers. ``wait_time``: seconds between looks at a full queue."""
        self.wait_time = wait_time
        max_q_size = max(1, max_q_size)
        if self._pickle_safe:
            # forked workers each go on with a copy of the generator, which needs no pickling
            context = multiprocessing.get_context("fork" if "fork" in multiprocessing.get_all_start_methods() else None)
            self.queue = context.Queue(maxsize=max_q_size)
            self._stop = context.Event()
        else:
            self.queue = queue.Queue(maxsize=max_q_size)
            self._stop = threading.Event()
        for number in range(max(1, nb_worker)):
            if self._pickle_safe:
                seed = int(np.random.randint(0, 2**31 - 1))
                worker = context.Process(target=self._work, args=(seed + number,), daemon=True)
            else:
                worker = threading.Thread(target=self._work, daemon=True)
            self._workers.append(worker)
            worker.start()

    def _work(self, seed=None) -> None:
        if seed is not None:
            np.random.seed(seed % 2**32)
        while not self._stop.is_set():
            try:
                if self._pickle_safe:
                    item = ("batch", next(self._generator))
                else:
                    with self._lock:
                        item = ("batch", next(self._generator))
            except StopIteration:
                item = ("end", None)
            except BaseException as error:  # whatever the user's generator raises must reach training
                item = ("error", (error if not self._pickle_safe else None, f"{type(error).__name__}: {error}", traceback.format_exc()))
            self._put(item)
            if item[0] != "batch":
                return

    def _put(self, item) -> None:
        while not self._stop.is_set():
            try:
                self.queue.put(item, timeout=self.wait_time)
                return
            except queue.Full:
                continue

    def is_running(self) -> bool:
        """Whether workers were started and not stopped."""
        return self._stop is not None and not self._stop.is_set()

    def get(self):
        """The next batch. Raises the generator's error, or StopIteration when it and all workers have ended."""
        ended = 0
        while True:
            try:
                kind, value = self.queue.get(timeout=self.wait_time)
            except queue.Empty:
                if not any(w.is_alive() for w in self._workers) and self.queue.empty():
                    if ended or not self._pickle_safe:
                        raise StopIteration from None
                    raise RuntimeError("The worker processes that read the generator died.") from None
                continue
            if kind == "batch":
                return value
            if kind == "error":
                error, summary, text = value
                if error is not None:
                    raise error
                raise RuntimeError(f"The generator failed in a worker process with {summary}\n{text}")
            ended += 1
            if ended >= len(self._workers):
                raise StopIteration

    def stop(self, timeout=None) -> None:
        """Stop the workers and wait for them (at most ``timeout`` seconds each)."""
        if self._stop is None:
            return
        self._stop.set()
        for worker in self._workers:
            if self._pickle_safe:
                worker.join(timeout if timeout is not None else 1.0)
                if worker.is_alive():
                    worker.terminate()
                    worker.join(1.0)
            else:
                worker.join(timeout if timeout is not None else 5.0)
        if self._pickle_safe:
            self.queue.close()
            self.queue.cancel_join_thread()
        self._workers = []


def batch_of(output, with_targets: bool) -> tuple:
    """(x, y, sample_weight) of what a generator gave. ValueError for anything else."""
    if isinstance(output, tuple) and len(output) in (2, 3):
        return output if len(output) == 3 else (*output, None)
    if not with_targets and not isinstance(output, tuple):
        return output, None, None
    expected = "a tuple (x, y) or (x, y, sample_weight)"
    if not with_targets:
        expected = "inputs, or " + expected
    got = f"a tuple of {len(output)}" if isinstance(output, tuple) else type(output).__name__
    raise ValueError(f"The output of the generator should be {expected}. Found: {got}.")


def batch_length(x) -> int:
    """The number of samples of a batch: an array, a list or a dict of arrays."""
    if isinstance(x, list):
        x = x[0]
    elif isinstance(x, dict):
        x = next(iter(x.values()))
    return len_of(x) if hasattr(x, "shape") else len(x)


def fit_generator(model, generator, samples_per_epoch, nb_epoch, verbose, callbacks, validation_data, nb_val_samples, class_weight, max_q_size, nb_worker, pickle_safe, initial_epoch):  # fmt: skip  # noqa: E501
    """Train on batches from ``generator`` until each epoch has seen ``samples_per_epoch`` samples."""
    from .model import labels_of

    from_generator = hasattr(validation_data, "__next__") or hasattr(validation_data, "next")
    if from_generator and not nb_val_samples:
        raise ValueError("When validation_data is a generator, nb_val_samples must say how many samples to take from it.")
    out_labels = labels_of(model.metrics_names)
    params = {
        "nb_epoch": nb_epoch,
        "nb_sample": samples_per_epoch,
        "verbose": verbose,
        "do_validation": validation_data is not None,
        "metrics": out_labels + [f"val_{n}" for n in out_labels],
    }
    callbacks, history, seen = callback_list(model, callbacks, params, verbose)
    fixed = None
    if validation_data is not None and not from_generator:
        if not isinstance(validation_data, tuple) or len(validation_data) not in (2, 3):
            raise ValueError(f"validation_data should be a tuple (x, y) or (x, y, sample_weight), or a generator. Found: {type(validation_data).__name__}.")
        val_x, val_y, *rest = validation_data
        fixed = model._standardize_user_data(val_x, val_y, rest[0] if rest else None)
        model.validation_data = [*fixed[0], *fixed[1], *fixed[2]]
    callbacks.on_train_begin()
    seen.stop_training = False
    enqueuer = GeneratorEnqueuer(_iterator(generator), pickle_safe=pickle_safe)
    try:
        enqueuer.start(nb_worker=nb_worker, max_q_size=max_q_size)
        for epoch in range(initial_epoch, nb_epoch):
            callbacks.on_epoch_begin(epoch)
            seen_samples = number = 0
            while seen_samples < samples_per_epoch:
                x, y, sample_weight = batch_of(_next(enqueuer, seen_samples, samples_per_epoch), with_targets=True)
                size = batch_length(x)
                logs = {"batch": number, "size": size}
                callbacks.on_batch_begin(number, logs)
                outs = model.train_on_batch(x, y, sample_weight=sample_weight, class_weight=class_weight)
                for label, value in zip(out_labels, outs if isinstance(outs, list) else [outs], strict=True):
                    logs[label] = value
                callbacks.on_batch_end(number, logs)
                seen_samples += size
                number += 1
                if seen.stop_training and seen_samples < samples_per_epoch:
                    break
            if seen_samples > samples_per_epoch:
                warnings.warn(
                    "Epoch comprised more than `samples_per_epoch` samples, which might affect learning results. "
                    "Set `samples_per_epoch` correctly to avoid this warning.",
                    stacklevel=3,
                )
            epoch_logs: dict = {}
            if validation_data is not None:
                if from_generator:
                    values = evaluate_generator(model, validation_data, nb_val_samples, max_q_size, 1, False)
                else:
                    from .loop import test_loop

                    val_ins = [*fixed[0], *fixed[1], *fixed[2], *model._phase_value(0)]
                    model._make_test_function()
                    values = test_loop(model.test_function, val_ins, 32, verbose=0)
                values = values if isinstance(values, list) else [values]
                epoch_logs.update({f"val_{label}": v for label, v in zip(out_labels, values, strict=True)})
            callbacks.on_epoch_end(epoch, epoch_logs)
            if seen.stop_training:
                break
    finally:
        enqueuer.stop()
    callbacks.on_train_end()
    return history


def evaluate_generator(model, generator, val_samples, max_q_size, nb_worker, pickle_safe):
    """Means of loss and metrics over ``val_samples`` samples of a generator."""
    done, totals, sizes = 0, [], []
    enqueuer = GeneratorEnqueuer(_iterator(generator), pickle_safe=pickle_safe)
    try:
        enqueuer.start(nb_worker=nb_worker, max_q_size=max_q_size)
        while done < val_samples:
            x, y, sample_weight = batch_of(_next(enqueuer, done, val_samples), with_targets=True)
            outs = model.test_on_batch(x, y, sample_weight=sample_weight)
            totals.append(outs if isinstance(outs, list) else [outs])
            sizes.append(batch_length(x))
            done += sizes[-1]
    finally:
        enqueuer.stop()
    means = [np.average([t[i] for t in totals], weights=sizes) for i in range(len(totals[0]))]
    return means[0] if len(means) == 1 else means


def predict_generator(model, generator, val_samples, max_q_size, nb_worker, pickle_safe):
    """Outputs for ``val_samples`` samples of a generator."""
    done, parts = 0, []
    enqueuer = GeneratorEnqueuer(_iterator(generator), pickle_safe=pickle_safe)
    try:
        enqueuer.start(nb_worker=nb_worker, max_q_size=max_q_size)
        while done < val_samples:
            x, _, _ = batch_of(_next(enqueuer, done, val_samples), with_targets=False)
            outs = model.predict_on_batch(x)
            parts.append(outs if isinstance(outs, list) else [outs])
            done += batch_length(x)
    finally:
        enqueuer.stop()
    results = [np.concatenate([p[i] for p in parts])[:val_samples] for i in range(len(parts[0]))]
    return results[0] if len(results) == 1 else results


def _iterator(generator):
    """Something that ``next`` works on: generators, iterators, and Keras 1's with a ``next`` method."""
    if hasattr(generator, "__next__"):
        return generator
    if hasattr(generator, "next"):
        return iter(generator.next, object())
    return iter(generator)


def _next(enqueuer, done, wanted):
    try:
        return enqueuer.get()
    except StopIteration:
        raise ValueError(f"The generator ended after {done} samples, {wanted} were asked for. Generators of batches should go on forever.") from None
