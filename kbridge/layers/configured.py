"""The base of the layers that Keras 2 and 3 added: they have Keras 2's argument names, of which the config is made."""

from __future__ import annotations

import inspect
from typing import Any

from .. import activations, constraints, initializations, regularizers
from .. import backend as K
from ..engine.topology import InputSpec, Layer
from .dense import config_of

#: data_format of Keras 2 -> dim_ordering
ORDERINGS = {"channels_last": "tf", "channels_first": "th"}
#: initializers by Keras 2's names, where Keras 1's differ
INITIALIZERS = {"zeros": "zero", "ones": "one", "random_normal": "normal", "random_uniform": "uniform"}


class Configured(Layer):
    """A layer whose config is its constructor's arguments, each of which is an attribute.

    ``take`` sets them: initializers, regularizers, constraints and activations by name or config.
    """

    def take(self, **arguments: Any) -> None:
        """Set attributes from arguments, by what their names end in."""
        for name, value in arguments.items():
            setattr(self, name, _meant(name, value))

    def get_config(self) -> dict[str, Any]:
        return self.stored_arguments()

    def stored_arguments(self, left_out: tuple[str, ...] = ()) -> dict[str, Any]:
        """The config: every layer's entries, then the arguments of the constructors but those ``left_out``."""
        config = super().get_config()
        for cls in reversed(type(self).__mro__):
            if issubclass(cls, Configured) and "__init__" in cls.__dict__:
                for name, parameter in inspect.signature(cls.__init__).parameters.items():
                    plain = parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
                    if plain and name != "self" and name not in left_out:
                        config[name] = _stored(getattr(self, name))
        return config

    def weight(self, name: str, shape: tuple, trainable: bool = True, kind: str | None = None) -> Any:
        """Add a weight with the initializer, regularizer and constraint of its kind.

        Args:
            name: its name in Keras 2.
            shape: its lengths, a tuple.
            trainable: whether training changes it.
            kind: how the names of its arguments begin, as in ``kernel_initializer``; ``name`` if left out.
        """
        kind = kind or name
        return self.add_weight(
            shape,
            getattr(self, f"{kind}_initializer", None) or initializations.zero,
            f"{self.name}_{name}",
            trainable=trainable,
            regularizer=getattr(self, f"{kind}_regularizer", None),
            constraint=getattr(self, f"{kind}_constraint", None),
        )

    def expects(self, ndim: int, lengths: dict[int, int]) -> None:
        """Let inputs have ``ndim`` axes from now on, some of known ``lengths`` (a dict by axis): the layer was built for these."""
        self.input_spec = [InputSpec(shape=tuple(lengths.get(a) for a in range(ndim)))]

    def known(self, input_shape: tuple, axis: int, what: str) -> int:
        """Return the length of an axis that weights need.

        Args:
            input_shape: the shape of the input.
            axis: the axis.
            what: what the axis holds, as the error calls it.

        Raises:
            ValueError: the length is unknown.
        """
        if input_shape[axis] is None:
            raise ValueError(
                f"{type(self).__name__} {self.name} needs to know its input's {what} (axis {axis}), got shape {tuple(input_shape)}."
            )
        return int(input_shape[axis])


def _meant(name: str, value: Any) -> Any:
    if name.endswith("_initializer"):
        return initializations.get(INITIALIZERS.get(value, value) if isinstance(value, str) else value)
    if name.endswith("_regularizer"):
        return regularizers.get(value)
    if name.endswith("_constraint"):
        return constraints.get(value)
    if name.endswith("activation"):
        return activations.get(value)
    if name == "data_format":
        return checked_data_format(value)
    return value


def _stored(value: Any) -> Any:
    if isinstance(value, (regularizers.Regularizer, constraints.Constraint)):
        return config_of(value)
    if isinstance(value, Layer):
        return {"class_name": type(value).__name__, "config": value.get_config()}
    if callable(value):
        return value.__name__
    return list(value) if isinstance(value, tuple) else value


def checked_data_format(value: str | None) -> str:
    """'channels_last' or 'channels_first'; None is what image_dim_ordering says."""
    if value is None:
        return "channels_first" if K.image_dim_ordering() == "th" else "channels_last"
    if value not in ORDERINGS:
        raise ValueError(f"data_format must be one of {', '.join(map(repr, ORDERINGS))}, got {value!r}.")
    return value


def lengths(value: Any, count: int, owner: str, name: str, least: int = 1) -> tuple[int, ...]:
    """``count`` whole numbers from one number or as many. ValueError names the argument."""
    values = (value,) * count if isinstance(value, int) else tuple(value) if isinstance(value, (list, tuple)) else ()
    if len(values) != count or not all(isinstance(n, int) and n >= least for n in values):
        raise ValueError(f"{owner}: {name} must be a whole number of at least {least}, or {count} of them, got {value!r}.")
    return values
