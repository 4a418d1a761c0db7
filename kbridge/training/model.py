"""``Model``: a container that can be compiled, trained, evaluated and asked for predictions."""

from __future__ import annotations

import numpy as np

from .. import backend as K
from .. import objectives, optimizers
from ..engine.topology import Container
from ..errors import check_arguments
from . import generators
from .compiling import collect_metrics, loss_weights_of, losses_of, metric_tensors, per_output
from .data import (
    check_array_lengths,
    check_loss_and_target_compatibility,
    slice_X,
    standardize_input_data,
)
from .loop import fit_loop, predict_loop, test_loop
from .weighting import (
    standardize_class_weights,
    standardize_sample_weights,
    standardize_weights,
    weighted_objective,
)


class Model(Container):
    """A graph of layers from ``input`` to ``output`` (tensors or lists of them) that can be trained."""

    optimizer = None
    validation_data = None
    training_data = None
    callback_model = None

    # ------------------------------------------------------------------ compilation

    def compile(self, optimizer, loss, metrics=None, loss_weights=None, sample_weight_mode=None, **kwargs) -> None:
        """Choose how to train.

        ``optimizer``: a name or an Optimizer. ``loss``: a name or function (y_true, y_pred), or a list or
        dict of them by output. ``metrics``: a list of names or functions, or a dict of such by output.
        ``loss_weights``: factors of the outputs' losses. ``sample_weight_mode``: 'temporal' for weights
        of time steps. ``kwargs`` go to ``K.function``.
        """
        self.optimizer = optimizers.get(optimizer)
        self.sample_weight_mode = sample_weight_mode
        self.loss = loss
        self.loss_weights = loss_weights
        self.metrics = metrics
        self._function_kwargs = kwargs
        names = self.output_names
        self.loss_functions = losses_of(loss, names)
        weighted = [weighted_objective(fn) for fn in self.loss_functions]
        weights = loss_weights_of(loss_weights, names)
        self.sample_weight_modes = per_output(sample_weight_mode, names, "sample_weight_mode")
        for mode, shape, name in zip(self.sample_weight_modes, self.internal_output_shapes, names, strict=True):
            if mode not in (None, "temporal"):
                raise ValueError(f"sample_weight_mode of output {name!r} is None or 'temporal', got {mode!r}.")
            if mode == "temporal" and len(shape) < 3:
                raise ValueError(f"sample_weight_mode 'temporal' needs an output (samples, time, ...), {name!r} has shape {shape}.")

        self.targets = [
            K.placeholder(ndim=len(shape), name=f"{name}_target", dtype=K.dtype(output))
            for name, shape, output in zip(names, self.internal_output_shapes, self.outputs, strict=True)
        ]
        self.sample_weights = [
            K.placeholder(ndim=2 if mode == "temporal" else 1, name=f"{name}_sample_weights")
            for name, mode in zip(names, self.sample_weight_modes, strict=True)
        ]
        masks = self._output_masks()
        self.metrics_names, self.metrics_tensors = ["loss"], []
        self.total_loss = None
        for i, name in enumerate(names):
            output_loss = weighted[i](self.targets[i], self.outputs[i], self.sample_weights[i], masks[i])
            if len(names) > 1:
                self.metrics_tensors.append(output_loss)
                self.metrics_names.append(f"{name}_loss")
            term = output_loss if weights[i] == 1 else weights[i] * output_loss
            self.total_loss = term if self.total_loss is None else self.total_loss + term
        for penalty in self.losses:
            self.total_loss = self.total_loss + penalty

        for i, (name, listed) in enumerate(zip(names, collect_metrics(metrics, names), strict=True)):
            for metric in listed:
                for label, tensor in metric_tensors(
                    metric, self.loss_functions[i], self.internal_output_shapes[i], self.targets[i], self.outputs[i], masks[i]
                ):
                    self.metrics_names.append(label if len(names) == 1 else f"{name}_{label}")
                    self.metrics_tensors.append(tensor)
        self.train_function = self.test_function = self.predict_function = None
        # Keras 1 gave weights to its optimizers in the order of their names, and files hold moments in it
        self._collected_trainable_weights = sorted(_unique(self.trainable_weights), key=lambda w: K.tensor_name(w) or "")

    def _output_masks(self) -> list:
        return [
            layer.inbound_nodes[n].output_masks[t]
            for layer, n, t in zip(
                self.output_layers, self.output_layers_node_indices, self.output_layers_tensor_indices, strict=True
            )
        ]

    def _needs_phase(self) -> bool:
        return self.uses_learning_phase and not isinstance(K.learning_phase(), int)

    def _phase_value(self, phase: float) -> list[float]:
        """What stands for the learning phase behind the arrays that a function takes."""
        return [float(phase)] if self._needs_phase() else []

    def _phase_input(self) -> list:
        return [K.learning_phase()] if self._needs_phase() else []

    def _check_compiled(self, what: str) -> None:
        if self.optimizer is None:
            raise RuntimeError(f"The model {self.name} needs to be compiled before it can {what}: call model.compile(optimizer, loss).")

    def _make_train_function(self) -> None:
        self._check_compiled("train")
        if self.train_function is None:
            params = self._collected_trainable_weights
            updates = list(self.updates)
            if params:
                updates = [*self.optimizer.get_updates(params, self.constraints, self.total_loss), *updates]
            self.train_function = K.function(
                [*self.inputs, *self.targets, *self.sample_weights, *self._phase_input()],
                [self.total_loss, *self.metrics_tensors],
                updates=updates,
                **self._function_kwargs,
            )

    def _make_test_function(self) -> None:
        self._check_compiled("evaluate")
        if self.test_function is None:
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
        x = standardize_input_data(x, self.input_names, self.internal_input_shapes, check_batch_axis, "model input")
        y = standardize_input_data(y, self.output_names, None, check_batch_axis, "model target")
        check_loss_and_target_compatibility(y, self.loss_functions, self.internal_output_shapes)
        y = standardize_input_data(y, self.output_names, self._target_shapes(), check_batch_axis, "model target")
        self._check_not_empty(x)
        sample_weights = standardize_sample_weights(sample_weight, self.output_names)
        class_weights = standardize_class_weights(class_weight, self.output_names)
        weights = [
            standardize_weights(target, sw, cw, mode)
            for target, sw, cw, mode in zip(y, sample_weights, class_weights, self.sample_weight_modes, strict=True)
        ]
        check_array_lengths(x, y, weights)
        if self.stateful and batch_size and x[0].shape[0] % batch_size:
            raise ValueError(
                f"In a stateful network, you should only pass inputs with a number of samples that can be divided by the "
                f"batch size. Found: {x[0].shape[0]} samples and batch size {batch_size}."
            )
        return x, y, weights

    def _target_shapes(self) -> list:
        """What targets must look like: losses of kbridge know, for others nothing is checked."""
        shapes = []
        for shape, loss in zip(self.internal_output_shapes, self.loss_functions, strict=True):
            if loss is objectives.sparse_categorical_crossentropy:
                shapes.append((*shape[:-1], 1))
            elif getattr(objectives, getattr(loss, "__name__", ""), None) is loss:
                shapes.append(shape)
            else:
                shapes.append(None)
        return shapes

    def _check_not_empty(self, x) -> None:
        for array, name in zip(x, self.input_names, strict=True):
            if array.shape[0] == 0:
                raise ValueError(f"The input {name!r} holds no samples: its shape is {tuple(array.shape)}.")

    def _inputs_only(self, x, check_batch_axis=False) -> list:
        x = standardize_input_data(x, self.input_names, self.internal_input_shapes, check_batch_axis, "model input")
        lengths = {a.shape[0] for a in x}
        if len(lengths) > 1:
            raise ValueError(f"All input arrays should have the same number of samples, got {sorted(lengths)}.")
        return x

    # ------------------------------------------------------------------ training

    def fit(self, x, y, batch_size=32, nb_epoch=10, verbose=1, callbacks=None, validation_split=0.0, validation_data=None, shuffle=True, class_weight=None, sample_weight=None, initial_epoch=0, **kwargs):  # fmt: skip  # noqa: E501
        """Train for ``nb_epoch`` epochs on ``x`` and ``y``: arrays, lists or dicts of them.

        ``verbose``: 0 silent, 1 a progress bar, 2 a line an epoch. ``validation_split``: the fraction at
        the end of the data to validate on; ``validation_data``: (x, y) or (x, y, sample_weight).
        ``shuffle``: True, False or 'batch'. ``class_weight``: a dict by class index. ``sample_weight``: an
        array. Returns a History.
        """
        check_arguments("fit", kwargs, ["x", "y", "batch_size", "nb_epoch", "verbose", "callbacks", "validation_split", "validation_data", "shuffle", "class_weight", "sample_weight", "initial_epoch"])  # fmt: skip  # noqa: E501
        batch_size = _positive(batch_size, "batch_size")
        x, y, weights = self._standardize_user_data(x, y, sample_weight, class_weight, False, batch_size)
        val_ins = None
        if validation_data is not None:
            if not isinstance(validation_data, (tuple, list)) or len(validation_data) not in (2, 3):
                raise ValueError(f"validation_data is (x, y) or (x, y, sample_weight), got {type(validation_data).__name__} of {len(validation_data)}.")
            val_x, val_y, *rest = validation_data
            val = self._standardize_user_data(val_x, val_y, rest[0] if rest else None, None, False, batch_size)
            val_ins = [*val[0], *val[1], *val[2], *self._phase_value(0)]
        elif validation_split:
            if not 0.0 < validation_split < 1.0:
                raise ValueError(f"validation_split must lie between 0 and 1, got {validation_split!r}.")
            split = int(x[0].shape[0] * (1.0 - validation_split))
            if split == 0 or split == x[0].shape[0]:
                raise ValueError(f"validation_split={validation_split} of {x[0].shape[0]} samples leaves no samples on one side.")
            parts = [(slice_X(p, 0, split), slice_X(p, split)) for p in (x, y, weights)]
            (x, val_x), (y, val_y), (weights, val_weights) = parts
            val_ins = [*val_x, *val_y, *val_weights, *self._phase_value(0)]
        val_f = None
        labels = labels_of(self.metrics_names)
        callback_metrics = list(labels)
        if val_ins is not None:
            self._make_test_function()
            val_f = self.test_function
            callback_metrics += [f"val_{n}" for n in labels]
        self._make_train_function()
        ins = [*x, *y, *weights, *self._phase_value(1)]
        return fit_loop(
            self, self.train_function, ins, labels, batch_size, nb_epoch, verbose, callbacks, val_f, val_ins, shuffle,
            callback_metrics, initial_epoch,
        )  # fmt: skip

    def evaluate(self, x, y, batch_size=32, verbose=1, sample_weight=None, **kwargs):
        """Loss and metrics on data: a number, or a list in the order of ``metrics_names``."""
        check_arguments("evaluate", kwargs, ["x", "y", "batch_size", "verbose", "sample_weight"])
        batch_size = _positive(batch_size, "batch_size")
        x, y, weights = self._standardize_user_data(x, y, sample_weight, None, False, batch_size)
        self._make_test_function()
        return test_loop(self.test_function, [*x, *y, *weights, *self._phase_value(0)], batch_size, verbose)

    def predict(self, x, batch_size=32, verbose=0):
        """Outputs for inputs, computed in batches: an array, or a list of them for several outputs."""
        batch_size = _positive(batch_size, "batch_size")
        x = self._inputs_only(x)
        self._check_not_empty(x)
        if self.stateful and x[0].shape[0] > batch_size and x[0].shape[0] % batch_size:
            raise ValueError(
                f"In a stateful network, you should only pass inputs with a number of samples that can be divided by the "
                f"batch size. Found: {x[0].shape[0]} samples. Batch size: {batch_size}."
            )
        self._make_predict_function()
        return predict_loop(self.predict_function, [*x, *self._phase_value(0)], batch_size, verbose)

    def train_on_batch(self, x, y, sample_weight=None, class_weight=None, **kwargs):
        """One step on one batch: the loss, or a list in the order of ``metrics_names``."""
        check_arguments("train_on_batch", kwargs, ["x", "y", "sample_weight", "class_weight"])
        x, y, weights = self._standardize_user_data(x, y, sample_weight, class_weight)
        self._make_train_function()
        return _single(self.train_function([*x, *y, *weights, *self._phase_value(1)]))

    def test_on_batch(self, x, y, sample_weight=None, **kwargs):
        """Loss and metrics on one batch: a number, or a list in the order of ``metrics_names``."""
        check_arguments("test_on_batch", kwargs, ["x", "y", "sample_weight"])
        x, y, weights = self._standardize_user_data(x, y, sample_weight)
        self._make_test_function()
        return _single(self.test_function([*x, *y, *weights, *self._phase_value(0)]))

    def predict_on_batch(self, x):
        """Outputs for one batch: an array, or a list of them for several outputs."""
        x = self._inputs_only(x)
        self._make_predict_function()
        return _single(self.predict_function([*x, *self._phase_value(0)]))

    # ------------------------------------------------------------------ generators

    def fit_generator(self, generator, samples_per_epoch, nb_epoch, verbose=1, callbacks=None, validation_data=None, nb_val_samples=None, class_weight=None, max_q_size=10, nb_worker=1, pickle_safe=False, initial_epoch=0, **kwargs):  # fmt: skip  # noqa: E501
        """Train on batches (x, y) or (x, y, sample_weight) that ``generator`` yields without end.

        ``nb_worker`` threads (processes, with ``pickle_safe``) read up to ``max_q_size`` batches ahead.
        ``validation_data``: arrays as for ``fit``, or a generator with ``nb_val_samples``. Returns a History.
        """
        check_arguments("fit_generator", kwargs, ["generator", "samples_per_epoch", "nb_epoch", "nb_val_samples", "max_q_size", "nb_worker", "pickle_safe"])  # fmt: skip  # noqa: E501
        self._make_train_function()
        if validation_data is not None:
            self._make_test_function()
        return generators.fit_generator(
            self, generator, samples_per_epoch, nb_epoch, verbose, callbacks, validation_data, nb_val_samples, class_weight,
            max_q_size, nb_worker, pickle_safe, initial_epoch,
        )  # fmt: skip

    def evaluate_generator(self, generator, val_samples, max_q_size=10, nb_worker=1, pickle_safe=False, **kwargs):
        """Loss and metrics over ``val_samples`` samples of a generator of (x, y) or (x, y, sample_weight)."""
        check_arguments("evaluate_generator", kwargs, ["generator", "val_samples", "max_q_size", "nb_worker", "pickle_safe"])
        self._make_test_function()
        return generators.evaluate_generator(self, generator, val_samples, max_q_size, nb_worker, pickle_safe)

    def predict_generator(self, generator, val_samples, max_q_size=10, nb_worker=1, pickle_safe=False):
        """Outputs for ``val_samples`` samples of a generator of inputs, or of tuples that start with them."""
        self._make_predict_function()
        return generators.predict_generator(self, generator, val_samples, max_q_size, nb_worker, pickle_safe)


def labels_of(names: list[str]) -> list[str]:
    """Names made different where metrics share one: acc, acc_1 ..."""
    labels: list[str] = []
    for i, name in enumerate(names):
        repeats = names[:i].count(name)
        labels.append(f"{name}_{repeats}" if repeats else name)
    return labels


def _single(outputs):
    return outputs[0] if len(outputs) == 1 else list(outputs)


def _unique(weights) -> list:
    seen: set[int] = set()
    return [w for w in weights if not (id(w) in seen or seen.add(id(w)))]


def _positive(n, name: str) -> int:
    if isinstance(n, bool) or not isinstance(n, (int, float, np.number)) or int(n) != n or n < 1:
        raise ValueError(f"{name} must be a whole number above 0, got {n!r}.")
    return int(n)
