"""Training, evaluation and prediction on batches that a generator yields."""

from __future__ import annotations

import threading
import warnings
from contextlib import contextmanager

import numpy as np

from . import sharing
from .compiling import labels_of
from .data import is_array_like, one_for_each
from .enqueuer import GeneratorEnqueuer
from .loop import Mean, callback_list, finish, stateful_labels, test_loop, validation_logs
from .running import running_of


def fit_generator(model, generator, samples_per_epoch, nb_epoch, verbose, callbacks, validation_data, nb_val_samples, class_weight, max_q_size, nb_worker, pickle_safe, initial_epoch):  # fmt: skip  # noqa: E501
    """Train on batches from ``generator`` until each epoch has seen ``samples_per_epoch`` samples."""
    labels = labels_of(model.metrics_names)
    params = {
        "nb_epoch": nb_epoch,
        "nb_sample": samples_per_epoch,
        "verbose": verbose,
        "do_validation": validation_data is not None,
        "metrics": labels + [f"val_{label}" for label in labels],
        "stateful_metrics": stateful_labels(model, labels),
    }
    callbacks, history, seen = callback_list(model, callbacks, params, verbose)
    team = sharing.current()
    generator = team.generator(generator)
    shared = team.batches_of(model, generator)
    team.begin(model, {**params, "initial_epoch": initial_epoch})
    # one generator may serve both; no two threads may be inside it
    turns = {id(generator): threading.Lock()}
    with _validation(model, validation_data, nb_val_samples, max_q_size, turns.get(id(validation_data))) as validate:
        callbacks.on_train_begin()
        seen.stop_training = False
        running = running_of(model)
        with _ahead(generator, max_q_size, nb_worker, pickle_safe, turns[id(generator)]) as batches:
            for epoch in range(initial_epoch, nb_epoch):
                callbacks.on_epoch_begin(epoch)
                running.reset()
                done = number = 0
                while done < samples_per_epoch:
                    x, y, sample_weight = _next(batches, done, samples_per_epoch)
                    size = shared.size(batch_length(x, model.input_names))
                    logs = {"batch": number, "size": size}
                    callbacks.on_batch_begin(number, logs)
                    with model.gathering(running):
                        outs = shared.train(x, y, sample_weight, class_weight)
                    logs.update(zip(labels, outs if isinstance(outs, list) else [outs]))
                    callbacks.on_batch_end(number, logs)
                    done += size
                    number += 1
                    seen.stop_training = team.agree(seen.stop_training)
                    if seen.stop_training:
                        break
                if done > samples_per_epoch:
                    warnings.warn(
                        "Epoch comprised more than `samples_per_epoch` samples, which might affect learning results. "
                        "Set `samples_per_epoch` correctly to avoid this warning.",
                        stacklevel=4,
                    )
                logs = validation_logs(labels, validate()) if validate else {}
                team.check(model)
                callbacks.on_epoch_end(epoch, logs)
                seen.stop_training = team.agree(seen.stop_training)
                if seen.stop_training:
                    break
    finish(model)
    callbacks.on_train_end()
    team.end(model)
    return history


@contextmanager
def _validation(model, data, nb_val_samples, max_q_size, turn):
    """A function that evaluates the model on the validation data, or None. A generator is read on from epoch to epoch."""
    model.validation_data = None
    if data is None:
        yield None
    elif hasattr(data, "__next__") or hasattr(data, "next"):
        if not nb_val_samples:
            raise ValueError("When validation_data is a generator, nb_val_samples must say how many samples to take from it.")
        with _ahead(data, max_q_size, turn=turn) as batches:
            shared = sharing.current().batches_of(model, data)
            yield lambda: _evaluate(model, batches, nb_val_samples, shared)
    else:
        if not isinstance(data, (tuple, list)) or len(data) not in (2, 3):
            raise ValueError(
                f"validation_data should be a tuple (x, y) or (x, y, sample_weight), or a generator. Found: {type(data).__name__}."
            )
        x, y, *rest = data
        x, y, weights = model._standardize_user_data(x, y, rest[0] if rest else None)
        model.validation_data = values = [*x, *y, *weights, *model._phase_value(0)]
        # a stateful model takes one size of batch only
        batch_size = model.internal_input_shapes[0][0] or 32
        yield lambda: sharing.current().evaluate(model, test_loop, values, batch_size)


def evaluate_generator(model, generator, val_samples, max_q_size, nb_worker, pickle_safe):
    """Means of loss and metrics over ``val_samples`` samples of a generator."""
    with _ahead(generator, max_q_size, nb_worker, pickle_safe) as batches:
        return _evaluate(model, batches, val_samples, sharing.OneBatch(model))


def _evaluate(model, batches, val_samples, shared):
    mean = Mean(running_of(model))
    done = number = 0
    while done < val_samples:
        x, y, sample_weight = _next(batches, done, val_samples)
        rows = batch_length(x, model.input_names)
        done += shared.size(rows)
        if shared.mine(number):
            with model.gathering(None):
                outs = model.test_on_batch(x, y, sample_weight=sample_weight)
            mean.add(outs if isinstance(outs, list) else [outs], rows)
        number += 1
    return shared.sums(mean).result()


def predict_generator(model, generator, val_samples, max_q_size, nb_worker, pickle_safe):
    """Outputs for ``val_samples`` samples of a generator; what the last batch has above that is left out."""
    done, parts = 0, []
    with _ahead(generator, max_q_size, nb_worker, pickle_safe) as batches:
        while done < val_samples:
            x, _, _ = _next(batches, done, val_samples, with_targets=False)
            outs = model.predict_on_batch(x)
            parts.append(outs if isinstance(outs, list) else [outs])
            done += batch_length(x, model.input_names)
    results = [np.concatenate(outputs)[:val_samples] for outputs in zip(*parts, strict=True)]
    return results[0] if len(results) == 1 else results


@contextmanager
def _ahead(generator, max_q_size, nb_worker=1, pickle_safe=False, turn=None):
    """An enqueuer that reads ``generator``, stopped at the end whatever happens."""
    enqueuer = GeneratorEnqueuer(_iterator(generator), pickle_safe=pickle_safe, turn=turn)
    try:
        enqueuer.start(nb_worker=nb_worker, max_q_size=max_q_size)
        yield enqueuer
    finally:
        enqueuer.stop()


def _iterator(generator):
    """Something that ``next`` works on: generators, iterators, and Keras 1's with a ``next`` method."""
    if hasattr(generator, "__next__"):
        return generator
    if hasattr(generator, "next"):
        return iter(generator.next, object())
    if not hasattr(generator, "__iter__"):
        raise TypeError(f"The model expects a generator of batches, got {generator!r}.")
    return iter(generator)


def _next(batches: GeneratorEnqueuer, done: int, wanted: int, with_targets: bool = True) -> tuple:
    """(x, y, sample_weight) of the next batch."""
    try:
        output = batches.get()
    except StopIteration:
        raise ValueError(
            f"The generator ended after {done} samples, but {wanted} were needed. A generator of batches should never end."
        ) from None
    return batch_of(output, with_targets)


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


def batch_length(x, names) -> int:
    """The number of samples of a batch: an array, nested lists, or a list or a dict of arrays."""
    if not is_array_like(x):
        x = one_for_each(x, names, "model input")[0]
    return x.shape[0]
