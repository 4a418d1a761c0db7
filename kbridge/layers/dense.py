"""Dense layers: affine maps with an activation, regularizers and constraints."""

from __future__ import annotations

import warnings

from .. import activations, constraints, initializations, regularizers
from .. import backend as K
from ..engine.node import static_shape, to_list
from ..engine.topology import InputSpec, Layer
from ..errors import one_length, whole_number


def config_of(item) -> dict | None:
    """The config of a regularizer or constraint; None without one."""
    return item.get_config() if item else None


class Affine(Layer):
    """The base of layers with ``W``, ``b``, an activation, regularizers and constraints."""

    def __init__(
        self,
        init="glorot_uniform",
        activation=None,
        weights=None,
        W_regularizer=None,
        b_regularizer=None,
        activity_regularizer=None,
        W_constraint=None,
        b_constraint=None,
        bias=True,
        input_dim=None,
        **kwargs,
    ):
        self.init = initializations.get(init)
        self.activation = activations.get(activation)
        self.W_regularizer = regularizers.get(W_regularizer)
        self.b_regularizer = regularizers.get(b_regularizer)
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.W_constraint = constraints.get(W_constraint)
        self.b_constraint = constraints.get(b_constraint)
        self.bias = bias
        self.initial_weights = weights
        self.input_dim = one_length(input_dim, type(self).__name__, "input_dim", 1)
        if self.input_dim and "input_shape" not in kwargs and "batch_input_shape" not in kwargs:
            kwargs["input_shape"] = self._shape_from_input_dim()
        super().__init__(**kwargs)

    def _shape_from_input_dim(self) -> tuple:
        return (self.input_dim,)

    def add_kernel(self, shape, suffix="W"):
        """Add a weight of ``shape`` whose name ends in ``suffix``, with the arguments that are for W."""
        return self.add_weight(
            shape,
            initializer=self.init,
            name=f"{self.name}_{suffix}",
            regularizer=self.W_regularizer,
            constraint=self.W_constraint,
        )

    def add_bias(self, shape, suffix="b", initializer="zero"):
        """Add a weight of ``shape`` whose name ends in ``suffix``, with the arguments that are for b; ``initializer`` makes its first values."""
        return self.add_weight(
            shape,
            initializer=initializer,
            name=f"{self.name}_{suffix}",
            regularizer=self.b_regularizer,
            constraint=self.b_constraint,
        )

    def get_config(self):
        return {
            **super().get_config(),
            "init": self.init.__name__,
            "activation": self.activation.__name__,
            "W_regularizer": config_of(self.W_regularizer),
            "b_regularizer": config_of(self.b_regularizer),
            "activity_regularizer": config_of(self.activity_regularizer),
            "W_constraint": config_of(self.W_constraint),
            "b_constraint": config_of(self.b_constraint),
            "bias": self.bias,
            "input_dim": self.input_dim,
        }


class Dense(Affine):
    """activation(x W + b) along the last axis: every value of the output depends on all features of the input.

    A mask of time steps is passed on.

    Args:
        output_dim: the number of features of the output.
        init: how W starts: the name of an initialization (``kbridge.initializations``) or a function of a shape.
        activation: the name of an activation (``kbridge.activations``) or a function of tensors; None for none.
        weights: arrays that the weights start with, [W, b], in place of ``init``.
        W_regularizer: a penalty on W: an object of ``kbridge.regularizers``, or its name.
        b_regularizer: a penalty on b.
        activity_regularizer: a penalty on the output.
        W_constraint: a function that is applied to W after each update: an object of ``kbridge.constraints``, or its name.
        b_constraint: a function that is applied to b after each update.
        bias: whether b is added.
        input_dim: the number of features of the input, in place of ``input_shape=(input_dim,)``; only the first layer of a model needs it.

    Input shape:
        (samples, ..., input_dim).

    Output shape:
        (samples, ..., output_dim).

    Raises:
        ValueError: ``output_dim`` isn't a whole number above 0, or the input has no features or an unknown number of them.

    Example:
        >>> from kbridge.layers import Dense
        >>> from kbridge.models import Sequential
        >>> model = Sequential([Dense(4, activation="relu", input_dim=3), Dense(1)])
        >>> model.output_shape, model.count_params()
        ((None, 1), 21)
    """

    supports_masking = True

    def __init__(
        self,
        output_dim,
        init="glorot_uniform",
        activation=None,
        weights=None,
        W_regularizer=None,
        b_regularizer=None,
        activity_regularizer=None,
        W_constraint=None,
        b_constraint=None,
        bias=True,
        input_dim=None,
        **kwargs,
    ):
        self.output_dim = whole_number(output_dim, "Dense", "output_dim", 1)
        self.input_spec = [InputSpec(ndim="2+")]
        super().__init__(
            init, activation, weights, W_regularizer, b_regularizer, activity_regularizer, W_constraint, b_constraint, bias,
            input_dim, **kwargs,
        )  # fmt: skip

    def build(self, input_shape):
        self.input_dim = input_shape[-1]
        if self.input_dim is None:
            raise ValueError(f"Dense {self.name} needs to know the length of its input's last axis, got shape {tuple(input_shape)}.")
        self.input_spec = [InputSpec(dtype=None, ndim="2+")]
        self.W = self.add_kernel((self.input_dim, self.output_dim))
        self.b = self.add_bias((self.output_dim,)) if self.bias else None
        self.built = True

    def assert_input_compatibility(self, input):
        super().assert_input_compatibility(input)
        if self.built:
            input = to_list(input)[0]
            shape = static_shape(input)
            if shape[-1] not in (None, self.input_dim):
                raise ValueError(f"Dense {self.name} was built for {self.input_dim} features, got an input of shape {tuple(shape)}.")

    def call(self, x, mask=None):
        """Return activation(x W + b)."""
        output = K.dot(x, self.W)
        return self.activation(output + self.b if self.bias else output)

    def get_output_shape_for(self, input_shape):
        return (*input_shape[:-1], self.output_dim)

    def get_config(self):
        return _with_first(super().get_config(), output_dim=self.output_dim)


def _with_first(config: dict, **items) -> dict:
    """``items`` put right after the keys of every layer, where Keras 1 wrote them."""
    head = {k: v for k, v in config.items() if k in ("name", "trainable", "batch_input_shape", "input_dtype")}
    return {**head, **items, **{k: v for k, v in config.items() if k not in head}}


class MaxoutDense(Affine):
    """The maximum of ``nb_feature`` linear maps: max over i of x W[i] + b[i].

    The other arguments are those of ``Dense``; there is no activation.

    Args:
        output_dim: the number of features of the output.
        nb_feature: how many linear maps there are.

    Input shape:
        (samples, input_dim).

    Output shape:
        (samples, output_dim).

    References:
        Goodfellow et al. (2013), Maxout Networks, arXiv 1302.4389.
    """

    def __init__(
        self,
        output_dim,
        nb_feature=4,
        init="glorot_uniform",
        weights=None,
        W_regularizer=None,
        b_regularizer=None,
        activity_regularizer=None,
        W_constraint=None,
        b_constraint=None,
        bias=True,
        input_dim=None,
        **kwargs,
    ):
        self.output_dim = whole_number(output_dim, "MaxoutDense", "output_dim", 1)
        self.nb_feature = whole_number(nb_feature, "MaxoutDense", "nb_feature", 1)
        self.input_spec = [InputSpec(ndim=2)]
        super().__init__(
            init, None, weights, W_regularizer, b_regularizer, activity_regularizer, W_constraint, b_constraint, bias,
            input_dim, **kwargs,
        )  # fmt: skip

    def build(self, input_shape):
        input_dim = input_shape[1]
        self.input_spec = [InputSpec(shape=(None, input_dim))]
        self.W = self.add_kernel((self.nb_feature, input_dim, self.output_dim))
        self.b = self.add_bias((self.nb_feature, self.output_dim)) if self.bias else None
        self.built = True

    def get_output_shape_for(self, input_shape):
        return (input_shape[0], self.output_dim)

    def call(self, x, mask=None):
        """Return the largest of the linear maps at each place, (samples, output_dim)."""
        output = K.dot(x, self.W)
        return K.max(output + self.b if self.bias else output, axis=1)

    def get_config(self):
        config = _with_first(super().get_config(), output_dim=self.output_dim, nb_feature=self.nb_feature)
        del config["activation"]
        return config


class Highway(Affine):
    """t * activation(x W + b) + (1 - t) * x, where the gate t = sigmoid(x W_carry + b_carry) chooses between new and old features.

    The other arguments are those of ``Dense``. The gate's bias starts as 1; ``transform_bias`` is accepted with a warning and has no effect, as in
    Keras 1.2.2.

    Args:
        weights: arrays that the weights start with, [W, W_carry, b, b_carry].

    Input shape:
        (samples, input_dim).

    Output shape:
        The input's.

    References:
        Srivastava et al. (2015), Highway Networks, arXiv 1505.00387.
    """

    def __init__(
        self,
        init="glorot_uniform",
        activation=None,
        weights=None,
        W_regularizer=None,
        b_regularizer=None,
        activity_regularizer=None,
        W_constraint=None,
        b_constraint=None,
        bias=True,
        input_dim=None,
        **kwargs,
    ):
        self.input_spec = [InputSpec(ndim=2)]
        if "transform_bias" in kwargs:
            kwargs.pop("transform_bias")
            warnings.warn(
                "Highway: transform_bias has no effect, as in Keras 1.2.2. The bias of the gate starts as 1; set the weights to change it.",
                stacklevel=2,
            )
        super().__init__(
            init, activation, weights, W_regularizer, b_regularizer, activity_regularizer, W_constraint, b_constraint, bias,
            input_dim, **kwargs,
        )  # fmt: skip

    def build(self, input_shape):
        input_dim = input_shape[1]
        self.input_spec = [InputSpec(shape=(None, input_dim))]
        self.W = self.add_kernel((input_dim, input_dim))
        self.W_carry = self.add_weight((input_dim, input_dim), initializer=self.init, name=f"{self.name}_W_carry")
        self.b = self.b_carry = None
        if self.bias:
            self.b = self.add_bias((input_dim,))
            self.b_carry = self.add_weight((input_dim,), initializer="one", name=f"{self.name}_b_carry")
        self.built = True

    def call(self, x, mask=None):
        """Return the mixture of the transformed input and the input itself, (samples, input_dim)."""
        gate, output = K.dot(x, self.W_carry), K.dot(x, self.W)
        if self.bias:
            gate, output = gate + self.b_carry, output + self.b
        gate = K.sigmoid(gate)
        return gate * self.activation(output) + (1 - gate) * x


class TimeDistributedDense(Affine):
    """``Dense`` at each time step, with the same weights; ``TimeDistributed(Dense(...))`` and ``Dense`` itself compute the same.

    The other arguments are those of ``Dense``.

    Args:
        output_dim: the number of features of the output.
        input_length: the number of time steps, where ``input_dim`` stands in place of ``input_shape``; None if it differs from batch to batch.

    Input shape:
        (samples, time, input_dim).

    Output shape:
        (samples, time, output_dim).
    """

    supports_masking = True

    def __init__(
        self,
        output_dim,
        init="glorot_uniform",
        activation=None,
        weights=None,
        W_regularizer=None,
        b_regularizer=None,
        activity_regularizer=None,
        W_constraint=None,
        b_constraint=None,
        bias=True,
        input_dim=None,
        input_length=None,
        **kwargs,
    ):
        self.output_dim = whole_number(output_dim, "TimeDistributedDense", "output_dim", 1)
        self.input_length = one_length(input_length, "TimeDistributedDense", "input_length")
        self.input_spec = [InputSpec(ndim=3)]
        super().__init__(
            init, activation, weights, W_regularizer, b_regularizer, activity_regularizer, W_constraint, b_constraint, bias,
            input_dim, **kwargs,
        )  # fmt: skip

    def _shape_from_input_dim(self):
        return (self.input_length, self.input_dim)

    def build(self, input_shape):
        input_dim = input_shape[2]
        self.input_spec = [InputSpec(shape=(None, None, input_dim))]
        self.W = self.add_kernel((input_dim, self.output_dim))
        self.b = self.add_bias((self.output_dim,)) if self.bias else None
        self.built = True

    def get_output_shape_for(self, input_shape):
        return (*input_shape[:2], self.output_dim)

    def call(self, x, mask=None):
        """Return activation(x W + b) of each time step, (samples, time, output_dim)."""
        output = K.dot(x, self.W)
        return self.activation(output + self.b if self.bias else output)

    def get_config(self):
        config = _with_first(super().get_config(), output_dim=self.output_dim)
        return {**config, "input_length": self.input_length}
