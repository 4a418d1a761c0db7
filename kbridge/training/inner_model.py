"""``WithInnerModel``: a model that leaves computing and training to a functional model of the same layers, which it makes when that is needed."""

from __future__ import annotations

from typing import Any

from .arguments import keras1_arguments
from .compiling import not_compiled, unchanged_on_error
from .model import Model


class WithInnerModel(Model):
    """The methods of ``Sequential`` that make and ask its inner model, ``model``."""

    model: Any

    def build(self, input_shape=None) -> None:
        """Make the inner functional model; it is called when that is needed. ``input_shape`` is not used."""
        if not self.inputs or not self.outputs:
            raise TypeError("The Sequential model has no layers yet. Add some before you build it.")
        self.model = self._working_model()
        self._show_graph_of(self.model)
        self.built = True

    def _working_model(self) -> Model:
        """Return a functional model of the same layers. It does the computing and the training."""
        model = Model(self.inputs, self.outputs[0], name=f"{self.name}_model")
        # callbacks see, and save, the model that the user made
        model.callback_model = self
        model.trainable = self.trainable
        return model

    def _show_graph_of(self, model: Model) -> None:
        """Copy the attributes of ``model``, a functional one, that describe its graph."""
        for attribute in (
            "supports_masking", "_call_cache", "nodes_by_depth", "container_nodes", "_nodes", "output_names", "input_names",
            "input_layers", "input_layers_node_indices", "input_layers_tensor_indices", "layers_by_depth",
            "output_layers", "output_layers_node_indices", "output_layers_tensor_indices",
            "internal_input_shapes", "internal_output_shapes",
        ):  # fmt: skip
            setattr(self, attribute, getattr(model, attribute))

    def _built_model(self) -> Model:
        if not self.built:
            self.build()
        return self.model

    # ------------------------------------------------------------------ as a layer

    def __call__(self, x, mask=None, *, training=None):
        self._built_model()
        return super().__call__(x, mask, training=training)

    def call(self, x, mask=None):
        """Compute the model on other tensors.

        Args:
            x: the tensor, or a list of tensors, in place of the model's inputs.
            mask: its mask, or a list of masks.
        """
        return self._built_model().call(x, mask)

    def compute_mask(self, input, mask=None):
        return self._built_model().compute_mask(input, mask)

    def get_output_shape_for(self, input_shape):
        return self._built_model().get_output_shape_for(input_shape)

    @property
    def uses_learning_phase(self) -> bool:  # type: ignore[override]  # a model has what its layers have
        return self._built_model().uses_learning_phase

    @property  # type: ignore[misc]  # a model has what its layers have
    def input_spec(self):
        return self._built_model().input_spec

    # ------------------------------------------------------------------ what the layers hold

    @property
    def updates(self) -> list:  # type: ignore[override]  # a model has what its layers have
        return self._built_model().updates

    @property
    def state_updates(self) -> list:
        return self._built_model().state_updates

    @property
    def losses(self) -> list:  # type: ignore[override]  # a model has what its layers have
        return self._built_model().losses

    @property
    def constraints(self) -> dict:  # type: ignore[override]  # a model has what its layers have
        return self._built_model().constraints

    @property  # type: ignore[misc]  # a model has what its layers have
    def regularizers(self) -> list:
        return self._built_model().regularizers

    def get_losses_for(self, inputs) -> list:
        return self._built_model().get_losses_for(inputs)

    def get_updates_for(self, inputs) -> list:
        return self._built_model().get_updates_for(inputs)

    def get_state_updates_for(self, inputs) -> list:
        return self._built_model().get_state_updates_for(inputs)

    def count_params(self) -> int:
        """Return how many numbers all weights hold together, each weight counted once."""
        return self._built_model().count_params()

    # ------------------------------------------------------------------ training

    @property
    def validation_data(self):  # type: ignore[override]  # that of the model that trains
        """The arrays that the last ``fit`` validated on: inputs, targets and weights; None if it didn't validate."""
        return self._built_model().validation_data

    @property
    def training_data(self):  # type: ignore[override]  # that of the model that trains
        """None: an attribute of Keras 1 that nothing sets."""
        return self._built_model().training_data

    def compile(  # type: ignore[override]  # Keras 1 has no loss_weights here
        self, optimizer, loss, metrics=None, sample_weight_mode=None, **kwargs
    ) -> None:
        """Choose how to train.

        The other arguments are those of ``Model.compile``, as keyword arguments.

        Args:
            optimizer: a name or an Optimizer.
            loss: a name, a function (y_true, y_pred) or a ``losses.Loss``.
            metrics: a list of names, functions or ``metrics.Metric`` objects.
            sample_weight_mode: 'temporal' for weights of time steps (samples, time), None for weights of samples.

        Raises:
            ValueError: an unknown name.
        """
        # programs of Keras 1 may have changed the lists of layers and outputs by hand
        with unchanged_on_error(self):
            self.build()
            self.model.compile(optimizer, loss, metrics=metrics, sample_weight_mode=sample_weight_mode, **kwargs)
        model = self.model
        for attribute in ("optimizer", "loss", "loss_weights", "total_loss", "metrics", "weighted_metrics", "metrics_of_outputs", "metrics_tensors", "metrics_names", "sample_weight_mode", "sample_weights", "targets", "loss_functions"):  # fmt: skip  # noqa: E501
            setattr(self, attribute, getattr(model, attribute))

    def _compiled_model(self, what: str) -> Model:
        if not hasattr(getattr(self, "model", None), "loss_functions"):
            raise not_compiled(self, what)
        return self.model

    def fit(self, x, y, batch_size=32, nb_epoch=10, verbose=1, callbacks=None, validation_split=0.0, validation_data=None, shuffle=True, class_weight=None, sample_weight=None, initial_epoch=0, **kwargs):  # fmt: skip  # noqa: E501
        """Train for ``nb_epoch`` epochs, and return a ``History``.

        The other arguments are those of ``Model.fit``.
        """
        return self._compiled_model("train").fit(
            x, y, batch_size=batch_size, nb_epoch=nb_epoch, verbose=verbose, callbacks=callbacks,
            validation_split=validation_split, validation_data=validation_data, shuffle=shuffle, class_weight=class_weight,
            sample_weight=sample_weight, initial_epoch=initial_epoch, **kwargs,
        )  # fmt: skip

    def evaluate(self, x, y, batch_size=32, verbose=1, sample_weight=None, **kwargs):
        """Return loss and metrics on data.

        The other arguments are those of ``Model.evaluate``.
        """
        return self._compiled_model("evaluate").evaluate(
            x, y, batch_size=batch_size, verbose=verbose, sample_weight=sample_weight, **kwargs
        )

    @keras1_arguments
    def predict(self, x, batch_size=32, verbose=0):
        """Return outputs for inputs.

        Args:
            x: the inputs, an array (samples, ...).
            batch_size: the number of samples that are computed at once.
            verbose: 1 prints a progress bar, 0 doesn't.

        Returns:
            An array (samples, ...).
        """
        return self._built_model().predict(x, batch_size=batch_size, verbose=verbose)

    @keras1_arguments
    def predict_on_batch(self, x):
        """Return outputs for the one batch ``x``, an array (samples, ...)."""
        return self._built_model().predict_on_batch(x)

    def train_on_batch(self, x, y, class_weight=None, sample_weight=None, **kwargs):
        """Make one training step, and return its loss and metrics.

        The other arguments are those of ``Model.train_on_batch``.
        """
        return self._compiled_model("train").train_on_batch(x, y, sample_weight=sample_weight, class_weight=class_weight, **kwargs)

    def test_on_batch(self, x, y, sample_weight=None, **kwargs):
        """Return loss and metrics on one batch.

        The other arguments are those of ``Model.test_on_batch``.
        """
        return self._compiled_model("evaluate").test_on_batch(x, y, sample_weight=sample_weight, **kwargs)

    @keras1_arguments
    def fit_generator(self, generator, samples_per_epoch, nb_epoch, verbose=1, callbacks=None, validation_data=None, nb_val_samples=None, class_weight=None, max_q_size=10, nb_worker=1, pickle_safe=False, initial_epoch=0, **kwargs):  # fmt: skip  # noqa: E501
        """Train on batches from a generator, and return a ``History``.

        The other arguments are those of ``Model.fit_generator``.
        """
        return self._compiled_model("train").fit_generator(
            generator, samples_per_epoch, nb_epoch, verbose=verbose, callbacks=callbacks, validation_data=validation_data,
            nb_val_samples=nb_val_samples, class_weight=class_weight, max_q_size=max_q_size, nb_worker=nb_worker,
            pickle_safe=pickle_safe, initial_epoch=initial_epoch, **kwargs,
        )  # fmt: skip

    @keras1_arguments
    def evaluate_generator(self, generator, val_samples, max_q_size=10, nb_worker=1, pickle_safe=False, **kwargs):
        """Return loss and metrics over samples from a generator.

        The other arguments are those of ``Model.evaluate_generator``.
        """
        return self._compiled_model("evaluate").evaluate_generator(
            generator, val_samples, max_q_size=max_q_size, nb_worker=nb_worker, pickle_safe=pickle_safe, **kwargs
        )

    @keras1_arguments
    def predict_generator(self, generator, val_samples, max_q_size=10, nb_worker=1, pickle_safe=False):
        """Return outputs for samples from a generator.

        The other arguments are those of ``Model.predict_generator``.
        """
        return self._built_model().predict_generator(
            generator, val_samples, max_q_size=max_q_size, nb_worker=nb_worker, pickle_safe=pickle_safe
        )

    def summary(self, line_length=100, positions=(0.33, 0.55, 0.67, 1.0)) -> None:
        """Print a table of the layers, their output shapes, parameters and connections.

        Args:
            line_length: the number of characters in a line.
            positions: where the four columns end, as fractions of the line.
        """
        self._built_model()
        super().summary(line_length, positions)
