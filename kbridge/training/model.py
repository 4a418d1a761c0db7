"""``Model``: a container that can be compiled, trained, evaluated and asked for predictions."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any

from .. import backend as K
from .. import optimizers
from ..backends.ranges import counting
from ..engine.freezing import warn_of_partly_frozen
from ..engine.inside import inner_layers
from ..engine.later import lasting_names
from ..engine.text_ids import with_ids, with_room
from ..engine.topology import Container
from ..errors import whole_number
from . import generators, sharing
from .arguments import compile_options, keras1_arguments
from .compiling import (
    collect_metrics,
    known_name,
    labels_of,
    loss_weights_of,
    losses_of,
    metric_tensors,
    not_compiled,
    per_output,
    unchanged_on_error,
)
from .data import (
    check_array_lengths,
    check_loss_and_target_compatibility,
    check_shapes,
    one_for_each,
    part,
    standardize_input_data,
)
from .loop import fit_loop, predict_loop, test_loop
from .running import Running, running_of
from .weighting import (
    standardize_class_weights,
    standardize_sample_weights,
    standardize_weights,
    weighted_objective,
)


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
        self.sample_weight_modes = per_output(sample_weight_mode, names, "sample_weight_mode")
        for mode, shape, name in zip(self.sample_weight_modes, self.internal_output_shapes, names, strict=True):
            if mode not in (None, "temporal"):
                raise ValueError(f"sample_weight_mode of output {name!r} is None or 'temporal', got {mode!r}.")
            if mode == "temporal" and len(shape) < 3:
                raise ValueError(f"sample_weight_mode 'temporal' needs an output (samples, time, ...), {name!r} has shape {shape}.")

        self.targets = [
            K.placeholder(shape=_target_shape(loss, len(shape)), name=f"{name}_target", dtype=K.dtype(output))
            for name, shape, output, loss in zip(names, self.internal_output_shapes, self.outputs, self.loss_functions, strict=True)
        ]
        self.sample_weights = [
            K.placeholder(ndim=2 if mode == "temporal" else 1, name=f"{name}_sample_weights")
            for name, mode in zip(names, self.sample_weight_modes, strict=True)
        ]
        self.total_loss, self.metrics_names, self.metrics_tensors = self._objective()
        self.train_function: Any = None
        self.test_function: Any = None
        self.predict_function: Any = None
        self._collected_trainable_weights = collect_trainable_weights(self)
        warn_of_partly_frozen(self)

    def _objective(self, scaled=lambda penalty: penalty) -> tuple:
        """(total loss, names of what is logged, the tensors of all of these but the total).

        ``scaled``: what is added to the loss for a penalty of the layers.
        """
        names, weights, masks = self.output_names, self._loss_factors, self._output_masks()
        total, labels, tensors = None, ["loss"], []
        for i, name in enumerate(names):
            weighted = weighted_objective(self.loss_functions[i])
            output_loss = weighted(self.targets[i], self.outputs[i], self.sample_weights[i], masks[i])
            if len(names) > 1:
                tensors.append(output_loss)
                labels.append(f"{name}_loss")
            plain = isinstance(weights[i], (int, float)) and weights[i] == 1
            term = output_loss if plain else weights[i] * output_loss
            total = term if total is None else total + term
        for penalty in self.losses:
            total = total + scaled(penalty)

        self.metrics_of_outputs = {}
        listed = [collect_metrics(each, names) for each in (self.metrics, self.weighted_metrics)]
        for i, name in enumerate(names):
            asked = [(metric, False) for metric in listed[0][i]] + [(metric, True) for metric in listed[1][i]]
            for metric, by_weights in asked:
                with counting(self.targets[i], self.sample_weights[i], masks[i]):
                    found = metric_tensors(
                        metric, self.loss_functions[i], self.internal_output_shapes[i], self.targets[i], self.outputs[i], masks[i],
                        self.sample_weights[i] if by_weights else None,
                    )  # fmt: skip
                for label, tensor, gathers in found:
                    if gathers is not None:
                        self.metrics_of_outputs[len(labels)] = gathers
                    labels.append(label if len(names) == 1 else f"{name}_{label}")
                    tensors.append(tensor)
        return total, labels, tensors

    def _output_masks(self) -> list:
        return [
            layer.inbound_nodes[n].output_masks[t]
            for layer, n, t in zip(self.output_layers, self.output_layers_node_indices, self.output_layers_tensor_indices, strict=True)
        ]

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
                    f"The model {self.name} has no optimizer any more, and no train_function: call compile, or set one of them."
                )
            self.train_function = sharing.current().train_function(self)

    def _before_step(self):
        """Return a function without arguments for what some layers do before each step of training, such as to normalize their weights; or None."""
        layers = [layer for layer in inner_layers(self) if hasattr(layer, "updates_before_step")]
        if not layers:
            return None
        return K.function([], [], updates=[update for layer in layers for update in layer.updates_before_step()])

    def _train_function_alone(self):
        """A step on a batch as a function: loss, metrics and gradients, and the updates of the weights and layers."""
        params = self._collected_trainable_weights
        updates = list(self.updates)
        if params:
            updates = [*self.optimizer.get_updates(params, self.constraints, self.total_loss), *updates]
        train = K.function(
            [*self.inputs, *self.targets, *self.sample_weights, *self._phase_input()],
            [self.total_loss, *self.metrics_tensors],
            updates=updates,
            **self._function_kwargs,
        )
        before = self._before_step()
        if before is None:
            return train

        def step(values):
            before([])
            return train(values)

        return step

    def _make_test_function(self) -> None:
        if getattr(self, "test_function", None) is None:
            self._check_compiled("evaluate")
            self.test_function = K.function(
                [*self.inputs, *self.targets, *self.sample_weights, *self._phase_input()],
                [self.total_loss, *self.metrics_tensors],
                updates=self.state_updates,
                **self._function_kwargs,
            )

    def _make_predict_function(self) -> None:
        if getattr(self, "predict_function", None) is None:
            self.predict_function = K.function(
                [*self.inputs, *self._phase_input()],
                self.outputs,
                updates=self.state_updates,
                **getattr(self, "_function_kwargs", {}),
            )

    # ------------------------------------------------------------------ data

    def _standardize_user_data(self, x, y, sample_weight=None, class_weight=None, check_batch_axis=True, batch_size=None):
        """(inputs, targets, sample weights) as lists of arrays that fit the model."""
        self._check_compiled("be given targets")
        x = self._standardized(x, check_batch_axis)
        shapes = self.internal_output_shapes
        axes = [getattr(loss, "target_ndim", len(shape)) for shape, loss in zip(shapes, self.loss_functions, strict=True)]
        y = one_for_each(y, self.output_names, "model target", axes)
        for target, name in zip(y, self.output_names, strict=True):
            if target is None:
                raise ValueError(f"The output {name!r} needs targets, got None.")
        check_loss_and_target_compatibility(y, self.loss_functions, shapes)
        check_shapes(y, self.output_names, self._target_shapes(), "model target", check_batch_axis)
        self._check_inputs(x, batch_size)
        sample_weights = standardize_sample_weights(sample_weight, self.output_names)
        class_weights = standardize_class_weights(class_weight, self.output_names)
        weights = [
            standardize_weights(target, sw, cw, mode)
            for target, sw, cw, mode in zip(y, sample_weights, class_weights, self.sample_weight_modes, strict=True)
        ]
        check_array_lengths(x, y, weights)
        return x, y, weights

    def _standardized(self, x, check_batch_axis) -> list:
        """Inputs as a list of arrays that fit the model, with numbers in the place of texts."""
        dtypes = [getattr(layer, "input_dtype", None) for layer in self.input_layers]
        x = with_ids(x, self.input_names, dtypes)
        x = standardize_input_data(x, self.input_names, self.internal_input_shapes, check_batch_axis, "model input")
        return with_room(x, dtypes, self.layers)

    def _target_shapes(self) -> list:
        """Return the shapes that targets must have: losses of kbridge know them, for others nothing is checked."""
        shapes = []
        for shape, loss in zip(self.internal_output_shapes, self.loss_functions, strict=True):
            name = known_name(loss)
            if name == "sparse_categorical_crossentropy":
                shape = (*shape[:-1], 1)
            shapes.append(shape if name else None)
        return shapes

    def _inputs_only(self, x, check_batch_axis=True, batch_size=None) -> list:
        """Inputs for a prediction as a list of arrays that fit the model."""
        x = self._standardized(x, check_batch_axis)
        self._check_inputs(x, batch_size, one_short=True)
        check_array_lengths(x, [], [])
        return x

    def _check_inputs(self, x, batch_size=None, one_short=False) -> None:
        """ValueError for inputs without samples, or whose number doesn't suit a fixed batch size or a stateful model.

        ``one_short``: fewer samples than ``batch_size`` are fine, as one batch.
        """
        for array, name, shape in zip(x, self.input_names, self.internal_input_shapes, strict=True):
            if array is None:
                raise ValueError(f"The input {name!r} needs data, got None.")
            samples = array.shape[0]
            if samples == 0:
                raise ValueError(f"The input {name!r} holds no samples: its shape is {tuple(array.shape)}.")
            if batch_size and self.stateful and samples % batch_size and not (one_short and samples < batch_size):
                raise ValueError(
                    f"In a stateful network, you should only pass inputs with a number of samples that can be divided by the "
                    f"batch size. Found: {samples} samples. Batch size: {batch_size}."
                )
            if batch_size and shape[0] and (samples % shape[0] or min(batch_size, samples) != shape[0]):
                raise ValueError(
                    f"The model takes batches of {shape[0]} samples (the input {name!r} has shape {tuple(shape)}). "
                    f"Found: {samples} samples. Batch size: {batch_size}."
                )

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
        x, y, weights = self._standardize_user_data(x, y, sample_weight, class_weight, False, batch_size)
        validation = None
        if validation_data is not None:
            if not isinstance(validation_data, (tuple, list)) or len(validation_data) not in (2, 3):
                found = f" of {len(validation_data)}" if isinstance(validation_data, (tuple, list)) else ""
                raise ValueError(f"validation_data is (x, y) or (x, y, sample_weight), got {type(validation_data).__name__}{found}.")
            val_x, val_y, *rest = validation_data
            validation = self._standardize_user_data(val_x, val_y, rest[0] if rest else None, None, False, batch_size)
        elif validation_split:
            samples = x[0].shape[0]
            split = _split_at(samples, validation_split)
            validation = [[part(a, split, samples) for a in arrays] for arrays in (x, y, weights)]
            x, y, weights = [[part(a, 0, split) for a in arrays] for arrays in (x, y, weights)]
            self._check_inputs(x, batch_size)
            self._check_inputs(validation[0], batch_size)
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
        x = self._inputs_only(x, False, batch_size)
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
        x = self._inputs_only(x)
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
        val_samples = whole_number(val_samples, "predict_generator", "val_samples", 1)
        self._make_predict_function()
        return generators.predict_generator(self, generator, val_samples, max_q_size, nb_worker, pickle_safe)


def collect_trainable_weights(layer) -> list:
    """The trainable weights, each once, in the order in which Keras 1 gave them to optimizers: by name.

    Files hold the optimizers' moments in it. Names ended in ':0' on TensorFlow, which tells where
    'dense_1_b' stands beside 'dense_1_b2'.
    """
    unique = {id(w): w for w in layer.trainable_weights}
    lasting = lasting_names(layer)
    return sorted(unique.values(), key=lambda w: f"{lasting.get(id(w)) or K.tensor_name(w) or ''}:0")


def _target_shape(loss, ndim: int) -> tuple:
    """Return the part of a target's shape that is known before there are data: class indices have a last axis of 1, which metrics may broadcast."""
    ndim = getattr(loss, "target_ndim", ndim)
    indices = known_name(loss) == "sparse_categorical_crossentropy" and ndim > 1
    return (*[None] * (ndim - 1), 1) if indices else (None,) * ndim


def _split_at(samples: int, fraction) -> int:
    """Where the validation data begin."""
    if not 0.0 < fraction < 1.0:
        raise ValueError(f"validation_split must lie between 0 and 1, got {fraction!r}.")
    split = int(samples * (1.0 - fraction))
    if split in (0, samples):
        raise ValueError(f"validation_split={fraction} of {samples} samples leaves no samples on one side.")
    return split


def _single(outputs):
    return outputs[0] if len(outputs) == 1 else list(outputs)
