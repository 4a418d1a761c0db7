"""``Model``: a container that can be compiled, trained, evaluated and asked for predictions.

What is minimized is in ``objective.py``, the functions of batches in ``functions.py``, what is done with a user's data in ``user_data.py``.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any

from .. import backend as K
from .. import optimizers
from ..backends.ones import mark_often_ones
from ..engine.freezing import warn_of_partly_frozen
from ..engine.topology import Container
from ..errors import whole_number
from . import sharing
from .arguments import compile_options, keras1_arguments
from .compiling import labels_of, loss_weights_of, losses_of, not_compiled, target_shape, unchanged_on_error, weight_modes_of
from .functions import collect_trainable_weights, make_predict_function, make_test_function
from .loop import fit_loop, predict_loop, test_loop
from .objective import objective_of
from .running import Running, running_of
from .user_data import inputs_only, standardize_user_data, with_validation


class Model(Container):
    """A graph of layers from ``input`` to ``output`` that can be compiled, trained, evaluated and asked for predictions.

    The other arguments are those of ``Container``.

    Args:
        input: the tensor with which the graph begins, as ``Input`` gives it, or a list of them.
        output: the tensor with which it ends, or a list of them.

    Example:
        >>> import numpy as np
        >>> from kbridge.layers import Dense, Input
        >>> from kbridge.models import Model
        >>> x = Input(shape=(3,))
        >>> model = Model(input=x, output=Dense(1)(x))
        >>> model.compile(optimizer="sgd", loss="mse")
        >>> history = model.fit(np.ones((8, 3)), np.ones((8, 1)), nb_epoch=2, verbose=0)
        >>> len(history.history["loss"])
        2
    """

    validation_data = None
    training_data = None
    callback_model: Any = None
    #: place among the outputs of the training and test functions -> a metric that gathers an epoch
    metrics_of_outputs: dict = {}
    _gathering: object = False

    # ------------------------------------------------------------------ compilation

    def compile(self, optimizer, loss, metrics=None, loss_weights=None, sample_weight_mode=None, weighted_metrics=None, **kwargs) -> None:
        """Choose how to train. If it raises, the model stays as it was compiled before.

        Args:
            optimizer: a name or an Optimizer.
            loss: a name, a function (y_true, y_pred) or a ``losses.Loss``; a list or a dict of them for several outputs.
            metrics: a list of names, functions or ``metrics.Metric`` objects; a dict of such lists by output's name for several outputs.
            loss_weights: the factors of the outputs' losses, a list or a dict; 1 each if left out.
            sample_weight_mode: 'temporal' for weights of time steps (samples, time), None for weights of samples; a list or a dict for several outputs.
            weighted_metrics: metrics that count samples by their weights, as ``metrics``.
            kwargs: arguments of ``K.function``.

        Raises:
            ValueError: an unknown name, or lists and dicts that don't fit the outputs.
        """
        options = compile_options(kwargs)
        with unchanged_on_error(self):
            self._compile(optimizer, loss, metrics, loss_weights, sample_weight_mode, weighted_metrics, options)

    def _compile(self, optimizer, loss, metrics, loss_weights, sample_weight_mode, weighted_metrics, options) -> None:
        self.optimizer = optimizers.get(optimizer)
        self.sample_weight_mode = sample_weight_mode
        self.loss = loss
        self.loss_weights = loss_weights
        self.metrics = metrics
        self.weighted_metrics = weighted_metrics
        self._function_kwargs = options
        names = self.output_names
        self.loss_functions = losses_of(loss, names)
        self._loss_factors = loss_weights_of(loss_weights, names)
        self.sample_weight_modes = weight_modes_of(sample_weight_mode, names, self.internal_output_shapes)
        self.targets = [
            K.placeholder(shape=target_shape(loss, shape), name=f"{name}_target", dtype=K.dtype(output))
            for name, shape, output, loss in zip(names, self.internal_output_shapes, self.outputs, self.loss_functions, strict=True)
        ]
        self.sample_weights = [
            K.placeholder(ndim=2 if mode == "temporal" else 1, name=f"{name}_sample_weights")
            for name, mode in zip(names, self.sample_weight_modes, strict=True)
        ]
        for weights, target in zip(self.sample_weights, self.targets, strict=True):
            mark_often_ones(weights, target)
        #: (shape, dtype, shape, dtype) of batches that were checked -> the weights of their samples
        self._batches_that_fit: dict = {}
        self.total_loss, self.metrics_names, self.metrics_tensors = objective_of(self)
        self.train_function: Any = None
        self.test_function: Any = None
        self.predict_function: Any = None
        self._collected_trainable_weights = collect_trainable_weights(self)
        warn_of_partly_frozen(self)

    def _needs_phase(self) -> bool:
        return self.uses_learning_phase and not isinstance(K.learning_phase(), int)

    def _phase_value(self, phase: float) -> list[float]:
        """Return the value of the learning phase that stands behind the arrays that a function takes, in a list."""
        return [float(phase)] if self._needs_phase() else []

    def _phase_input(self) -> list:
        return [K.learning_phase()] if self._needs_phase() else []

    def _check_compiled(self, what: str) -> None:
        # not by the optimizer: a program may keep its own, and make the training function by itself
        if not hasattr(self, "loss_functions"):
            raise not_compiled(self, what)

    def _make_train_function(self) -> None:
        if getattr(self, "train_function", None) is None:
            self._check_compiled("train")
            if self._collected_trainable_weights and getattr(self, "optimizer", None) is None:
                raise RuntimeError(
                    f"The model {self.name} no longer has an optimizer or a train_function. Call compile, or set one of them."
                )
            self.train_function = sharing.current().train_function(self)

    def _make_test_function(self) -> None:
        if getattr(self, "test_function", None) is None:
            self._check_compiled("evaluate")
            self.test_function = make_test_function(self)

    def _make_predict_function(self) -> None:
        if getattr(self, "predict_function", None) is None:
            self.predict_function = make_predict_function(self)

    # a name of Keras 1, which programs call
    _standardize_user_data = standardize_user_data

    # ------------------------------------------------------------------ training

    @keras1_arguments
    def fit(self, x, y, batch_size=32, nb_epoch=10, verbose=1, callbacks=None, validation_split=0.0, validation_data=None, shuffle=True, class_weight=None, sample_weight=None, initial_epoch=0):  # fmt: skip  # noqa: E501
        """Train for ``nb_epoch`` epochs.

        Args:
            x: the inputs, an array (samples, ...); a list or a dict by input's name for several inputs.
            y: the targets, as ``x`` for the outputs.
            batch_size: the number of samples of an update.
            nb_epoch: the number of epochs, those before ``initial_epoch`` included.
            verbose: 0 prints nothing, 1 a progress bar, 2 a line for each epoch.
            callbacks: a list of callbacks.
            validation_split: the fraction of the samples at the end of the data that is not trained on, but validated on.
            validation_data: (x, y) or (x, y, sample_weight) to validate on, in place of ``validation_split``.
            shuffle: whether to draw a new order of the samples for each epoch; 'batch' draws one of whole batches.
            class_weight: a dict from class indices to the weights of their samples; a list or a dict of dicts for several outputs.
            sample_weight: the weight of each sample, an array (samples,) or, with ``sample_weight_mode='temporal'``, (samples, time).
            initial_epoch: the epoch to begin with, counted from 0, to go on with a training.

        Returns:
            A ``History``, whose ``history`` is a dict of lists with a value for each epoch.

        Raises:
            RuntimeError: the model isn't compiled.
            ValueError: data that don't fit the model; the message names input or output.
        """
        batch_size = whole_number(batch_size, "fit", "batch_size", 1)
        epochs = whole_number(nb_epoch, "fit", "nb_epoch", 0), whole_number(initial_epoch, "fit", "initial_epoch", 0)
        (x, y, weights), validation = with_validation(
            self, self._standardize_user_data(x, y, sample_weight, class_weight, False, batch_size),
            validation_data, validation_split, batch_size,
        )  # fmt: skip
        labels = labels_of(self.metrics_names)
        logged, val_f, val_ins = list(labels), None, None
        if validation is not None:
            self._make_test_function()
            val_f = self.test_function
            val_ins = [*validation[0], *validation[1], *validation[2], *self._phase_value(0)]
            logged += [f"val_{label}" for label in labels]
        self._make_train_function()
        ins = [*x, *y, *weights, *self._phase_value(1)]
        return fit_loop(
            self, self.train_function, ins, labels, batch_size, epochs[0], verbose, callbacks, val_f, val_ins, shuffle,
            logged, epochs[1],
        )  # fmt: skip

    @keras1_arguments
    def evaluate(self, x, y, batch_size=32, verbose=1, sample_weight=None):
        """Return loss and metrics on data.

        Args:
            x: the inputs, an array (samples, ...); a list or a dict by input's name for several inputs.
            y: the targets, as ``x`` for the outputs.
            batch_size: the number of samples that are computed at once.
            verbose: 1 prints a progress bar, 0 doesn't.
            sample_weight: the weight of each sample, an array (samples,).

        Returns:
            The loss, or a list of the values that ``metrics_names`` names.
        """
        batch_size = whole_number(batch_size, "evaluate", "batch_size", 1)
        x, y, weights = self._standardize_user_data(x, y, sample_weight, None, False, batch_size)
        self._make_test_function()
        ins = [*x, *y, *weights, *self._phase_value(0)]
        return test_loop(self.test_function, ins, batch_size, verbose, running_of(self))

    @keras1_arguments
    def predict(self, x, batch_size=32, verbose=0):
        """Return outputs for inputs, computed batch by batch.

        Args:
            x: the inputs, an array (samples, ...); a list or a dict by input's name for several inputs.
            batch_size: the number of samples that are computed at once.
            verbose: 1 prints a progress bar, 0 doesn't.

        Returns:
            An array (samples, ...), or a list of arrays for several outputs.
        """
        batch_size = whole_number(batch_size, "predict", "batch_size", 1)
        x = inputs_only(self, x, False, batch_size)
        self._make_predict_function()
        return predict_loop(self.predict_function, [*x, *self._phase_value(0)], batch_size, verbose)

    @keras1_arguments
    def train_on_batch(self, x, y, sample_weight=None, class_weight=None):
        """Make one training step on one batch.

        Args:
            x: the inputs, an array (samples, ...); a list or a dict by input's name for several inputs.
            y: the targets, as ``x`` for the outputs.
            sample_weight: the weight of each sample, an array (samples,).
            class_weight: a dict from class indices to the weights of their samples.

        Returns:
            The loss before the step, or a list of the values that ``metrics_names`` names.
        """
        x, y, weights = self._standardize_user_data(x, y, sample_weight, class_weight)
        self._make_train_function()
        return _single(self._values(self.train_function([*x, *y, *weights, *self._phase_value(1)])))

    @keras1_arguments
    def test_on_batch(self, x, y, sample_weight=None):
        """Return loss and metrics on one batch.

        Args:
            x: the inputs, an array (samples, ...); a list or a dict by input's name for several inputs.
            y: the targets, as ``x`` for the outputs.
            sample_weight: the weight of each sample, an array (samples,).

        Returns:
            The loss, or a list of the values that ``metrics_names`` names.
        """
        x, y, weights = self._standardize_user_data(x, y, sample_weight)
        self._make_test_function()
        return _single(self._values(self.test_function([*x, *y, *weights, *self._phase_value(0)])))

    @keras1_arguments
    def predict_on_batch(self, x):
        """Return outputs for the one batch ``x``: an array, or a list of arrays for several outputs."""
        x = inputs_only(self, x)
        self._make_predict_function()
        return _single(self.predict_function([*x, *self._phase_value(0)]))

    def _values(self, outputs):
        """The outputs of a batch with the values of metrics that are objects: of this batch alone, or of what is gathered."""
        if not self.metrics_of_outputs or self._gathering is None:
            return outputs
        running = self._gathering if isinstance(self._gathering, Running) else running_of(self)
        return running.values(outputs)

    @contextmanager
    def gathering(self, running):
        """Return a context in which ``train_on_batch`` and ``test_on_batch`` give values of all batches in ``running``; with None the sums themselves."""
        self._gathering = running
        try:
            yield
        finally:
            del self._gathering

    # ------------------------------------------------------------------ generators

    @keras1_arguments
    def fit_generator(self, generator, samples_per_epoch, nb_epoch, verbose=1, callbacks=None, validation_data=None, nb_val_samples=None, class_weight=None, max_q_size=10, nb_worker=1, pickle_safe=False, initial_epoch=0):  # fmt: skip  # noqa: E501
        """Train on batches that a generator yields.

        Args:
            generator: yields (x, y) or (x, y, sample_weight) without end.
            samples_per_epoch: the number of samples after which an epoch ends.
            nb_epoch: the number of epochs, those before ``initial_epoch`` included.
            verbose: 0 prints nothing, 1 a progress bar, 2 a line for each epoch.
            callbacks: a list of callbacks.
            validation_data: (x, y) or (x, y, sample_weight), or a generator of such.
            nb_val_samples: the number of samples to validate on, where ``validation_data`` is a generator.
            class_weight: a dict from class indices to the weights of their samples.
            max_q_size: the number of batches that are read ahead.
            nb_worker: the number of threads, or with ``pickle_safe`` of processes, that read.
            pickle_safe: whether processes read instead of threads; the generator must be one that can be copied to them.
            initial_epoch: the epoch to begin with, counted from 0.

        Returns:
            A ``History``.

        Raises:
            RuntimeError: the model isn't compiled.
        """
        from . import generators

        self._make_train_function()
        if validation_data is not None:
            self._make_test_function()
        if nb_val_samples is not None:
            nb_val_samples = whole_number(nb_val_samples, "fit_generator", "nb_val_samples", 1)
        return generators.fit_generator(
            self, generator, whole_number(samples_per_epoch, "fit_generator", "samples_per_epoch", 1),
            whole_number(nb_epoch, "fit_generator", "nb_epoch", 0), verbose, callbacks, validation_data, nb_val_samples,
            class_weight, max_q_size, nb_worker, pickle_safe, whole_number(initial_epoch, "fit_generator", "initial_epoch", 0),
        )  # fmt: skip

    @keras1_arguments
    def evaluate_generator(self, generator, val_samples, max_q_size=10, nb_worker=1, pickle_safe=False):
        """Return loss and metrics over samples that a generator yields.

        Args:
            generator: yields (x, y) or (x, y, sample_weight).
            val_samples: the number of samples.
            max_q_size: the number of batches that are read ahead.
            nb_worker: the number of threads, or with ``pickle_safe`` of processes, that read.
            pickle_safe: whether processes read instead of threads.

        Returns:
            The loss, or a list of the values that ``metrics_names`` names.
        """
        from . import generators

        val_samples = whole_number(val_samples, "evaluate_generator", "val_samples", 1)
        self._make_test_function()
        return generators.evaluate_generator(self, generator, val_samples, max_q_size, nb_worker, pickle_safe)

    @keras1_arguments
    def predict_generator(self, generator, val_samples, max_q_size=10, nb_worker=1, pickle_safe=False):
        """Return outputs for samples that a generator yields.

        Args:
            generator: yields inputs, or tuples that start with them.
            val_samples: the number of samples.
            max_q_size: the number of batches that are read ahead.
            nb_worker: the number of threads, or with ``pickle_safe`` of processes, that read.
            pickle_safe: whether processes read instead of threads.

        Returns:
            An array (samples, ...), or a list of arrays for several outputs.
        """
        from . import generators

        val_samples = whole_number(val_samples, "predict_generator", "val_samples", 1)
        self._make_predict_function()
        return generators.predict_generator(self, generator, val_samples, max_q_size, nb_worker, pickle_safe)


def _single(outputs):
    return outputs[0] if len(outputs) == 1 else list(outputs)
