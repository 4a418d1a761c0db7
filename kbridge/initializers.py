"""Initializers under the names of Keras 2 and 3, for layers of programs that were written for these: ``add_weight(initializer=...)``.

Each is an object that is called with a shape and gives a variable, drawn from NumPy's global random state as all initial values are. The
layers of kbridge itself take the names of Keras 1, which are in ``initializations``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from . import backend as K
from . import initializations
from .utils.generic_utils import get_custom_objects


class Initializer:
    """The base of initializers: objects that make the first values of a weight.

    A subclass writes ``values(shape)``; its settings are the attributes that it names in ``settings``.
    """

    settings: tuple[str, ...] = ()

    def values(self, shape: tuple[int, ...]) -> Any:
        """Return an array of ``shape``, a tuple."""
        raise NotImplementedError

    def __call__(self, shape, dtype=None, name=None, **kwargs):
        """Return a new variable.

        Args:
            shape: its lengths.
            dtype: its dtype; floatx if left out.
            name: its name.
            kwargs: accepted, and not used.
        """
        return K.variable(self.values(tuple(shape)), dtype=dtype or K.floatx(), name=name)

    def get_config(self) -> dict[str, Any]:
        """Return the settings, as ``from_config`` takes them."""
        return {key: getattr(self, key) for key in self.settings}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]):
        """Return the initializer of ``config``, a dict; a seed in it is left out, since values are drawn from NumPy's global state."""
        # Keras 3 says of axes that nobody has chosen that they are None
        unsaid = [key for key in ("input_axes", "output_axes") if config.get(key) is None]
        return cls(**{key: value for key, value in config.items() if key not in ("seed", "dtype", *unsaid)})


class Constant(Initializer):
    """The same number everywhere.

    Args:
        value: the number.
    """

    settings: tuple[str, ...] = ("value",)

    def __init__(self, value=0.0):
        self.value = value

    def values(self, shape):
        return np.full(shape, self.value, dtype="float64")


class Zeros(Constant):
    """0 everywhere."""

    settings: tuple[str, ...] = ()

    def __init__(self):
        super().__init__(0.0)


class Ones(Constant):
    """1 everywhere."""

    settings: tuple[str, ...] = ()

    def __init__(self):
        super().__init__(1.0)


class RandomNormal(Initializer):
    """Draw from a normal distribution.

    Args:
        mean: its mean.
        stddev: its standard deviation.
        seed: accepted for programs of Keras 2, and not used: values are drawn from NumPy's global state.
    """

    settings: tuple[str, ...] = ("mean", "stddev")

    def __init__(self, mean=0.0, stddev=0.05, seed=None):
        self.mean, self.stddev = mean, stddev

    def values(self, shape):
        return np.random.normal(self.mean, self.stddev, shape)


class TruncatedNormal(RandomNormal):
    """Draw from a normal distribution, again where a value is more than two standard deviations away from the mean.

    The other arguments are those of ``RandomNormal``.
    """

    def values(self, shape):
        found = np.random.normal(size=shape)
        while (far := np.abs(found) > 2).any():
            found = np.where(far, np.random.normal(size=shape), found)
        return self.mean + self.stddev * found


class RandomUniform(Initializer):
    """Draw from a uniform distribution.

    Args:
        minval: the least value.
        maxval: the upper limit.
        seed: accepted for programs of Keras 2, and not used: values are drawn from NumPy's global state.
    """

    settings: tuple[str, ...] = ("minval", "maxval")

    def __init__(self, minval=-0.05, maxval=0.05, seed=None):
        self.minval, self.maxval = minval, maxval

    def values(self, shape):
        return np.random.uniform(self.minval, self.maxval, shape)


class VarianceScaling(Initializer):
    """Draw with the variance ``scale`` / n, where n counts inputs or outputs of the weight.

    Args:
        scale: the factor of the variance.
        mode: 'fan_in' (n counts inputs), 'fan_out' (outputs) or 'fan_avg' (the mean of both).
        distribution: 'truncated_normal' (also 'normal'), 'untruncated_normal' or 'uniform'.
        seed: accepted for programs of Keras 2, and not used: values are drawn from NumPy's global state.

    Raises:
        ValueError: another ``mode`` or ``distribution``.
    """

    settings: tuple[str, ...] = ("scale", "mode", "distribution")

    def __init__(self, scale=1.0, mode="fan_in", distribution="truncated_normal", seed=None):
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ValueError(f"VarianceScaling: mode must be 'fan_in', 'fan_out' or 'fan_avg', got {mode!r}.")
        if distribution not in ("uniform", "normal", "truncated_normal", "untruncated_normal"):
            raise ValueError(f"VarianceScaling: unknown distribution {distribution!r}.")
        self.scale, self.mode, self.distribution = scale, mode, distribution

    def values(self, shape):
        receptive = math.prod(shape[:-2])
        fan_in, fan_out = (shape[-2] * receptive, shape[-1] * receptive) if len(shape) > 1 else (math.prod(shape),) * 2
        variance = self.scale / max(1.0, {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode])
        if self.distribution == "uniform":
            return RandomUniform(-math.sqrt(3 * variance), math.sqrt(3 * variance)).values(shape)
        if self.distribution == "untruncated_normal":
            return RandomNormal(stddev=math.sqrt(variance)).values(shape)
        # what is cut off makes the rest narrower
        return TruncatedNormal(stddev=math.sqrt(variance) / 0.87962566103423978).values(shape)


class Orthogonal(Initializer):
    """A random matrix with orthogonal rows or columns; all axes but the last are taken as one.

    Args:
        gain: a factor of the matrix.
        seed: accepted for programs of Keras 2, and not used: values are drawn from NumPy's global state.

    References:
        Saxe et al. (2013), arXiv 1312.6120.
    """

    settings: tuple[str, ...] = ("gain",)

    def __init__(self, gain=1.0, seed=None):
        self.gain = gain

    def values(self, shape):
        if len(shape) < 2:
            raise ValueError(f"Orthogonal initialization needs at least 2 axes, got shape {tuple(shape)}.")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        q, r = np.linalg.qr(np.random.normal(size=(max(rows, columns), min(rows, columns))))
        q = q * np.sign(np.diag(r))
        return self.gain * (q if rows >= columns else q.T).reshape(shape)


class Identity(Initializer):
    """The unit matrix.

    Args:
        gain: a factor of the matrix.
    """

    settings: tuple[str, ...] = ("gain",)

    def __init__(self, gain=1.0):
        self.gain = gain

    def values(self, shape):
        if len(shape) != 2:
            raise ValueError(f"Identity initialization only works for matrices, got shape {tuple(shape)}.")
        return self.gain * np.eye(*shape)


def _scaled(name: str, doc: str, scale: float, mode: str, distribution: str) -> type[VarianceScaling]:
    class Scaled(VarianceScaling):
        settings = ()

        def __init__(self, seed=None):
            super().__init__(scale, mode, distribution)

    Scaled.__name__ = Scaled.__qualname__ = name
    Scaled.__doc__ = (
        f"{doc}\n\nArgs:\n    seed: accepted for programs of Keras 2, and not used: values are drawn from NumPy's global state."
    )
    return Scaled


GlorotUniform = _scaled(
    "GlorotUniform", "Uniform with variance 2 / (fan_in + fan_out) (Glorot and Bengio, 2010).", 1.0, "fan_avg", "uniform"
)
GlorotNormal = _scaled(
    "GlorotNormal", "Normal with variance 2 / (fan_in + fan_out) (Glorot and Bengio, 2010).", 1.0, "fan_avg", "truncated_normal"
)
HeUniform = _scaled("HeUniform", "Uniform with variance 2 / fan_in (He et al., 2015).", 2.0, "fan_in", "uniform")
HeNormal = _scaled("HeNormal", "Normal with variance 2 / fan_in (He et al., 2015).", 2.0, "fan_in", "truncated_normal")
LecunUniform = _scaled("LecunUniform", "Uniform with variance 1 / fan_in (LeCun et al., 1998).", 1.0, "fan_in", "uniform")
LecunNormal = _scaled("LecunNormal", "Normal with variance 1 / fan_in (LeCun et al., 1998).", 1.0, "fan_in", "truncated_normal")

_CLASSES = {
    cls.__name__: cls
    for cls in (
        Constant, Zeros, Ones, RandomNormal, TruncatedNormal, RandomUniform, VarianceScaling, Orthogonal, Identity, GlorotUniform, GlorotNormal,
        HeUniform, HeNormal, LecunUniform, LecunNormal,
    )
}  # fmt: skip

# what Keras 3 calls them too
IdentityInitializer, OrthogonalInitializer = Identity, Orthogonal

zeros, ones, constant, identity, orthogonal = Zeros, Ones, Constant, Identity, Orthogonal
random_normal, random_uniform, truncated_normal, variance_scaling = RandomNormal, RandomUniform, TruncatedNormal, VarianceScaling
glorot_uniform, glorot_normal, he_uniform, he_normal = GlorotUniform, GlorotNormal, HeUniform, HeNormal
lecun_uniform, lecun_normal = LecunUniform, LecunNormal


def get(identifier: Any) -> Any:
    """Return an initializer.

    Args:
        identifier: its name in Keras 2 or 1, its config ``{'class_name', 'config'}``, a class, an object or a function; None gives None.

    Raises:
        ValueError: an unknown name.
    """
    if isinstance(identifier, Mapping):
        name, config = identifier.get("class_name"), identifier.get("config")
        cls = _class_named(name)
        if cls is None:
            raise ValueError(f"Unknown initializer: {name!r}.")
        return cls.from_config(config or {}) if hasattr(cls, "from_config") else cls(**(config or {}))
    if isinstance(identifier, str):
        cls = _class_named(identifier)
        if cls is None:
            return initializations.get(identifier)
        identifier = cls
    return identifier() if isinstance(identifier, type) else identifier


def _class_named(name: Any) -> Any:
    if not isinstance(name, str):
        return None
    if name in get_custom_objects():
        return get_custom_objects()[name]
    return _CLASSES.get(name) or _CLASSES.get(re.sub(r"(?:^|_)([a-z])", lambda found: found[1].upper(), name))


def serialize(initializer: Any) -> dict[str, Any] | str:
    """Return a config, or a function's name, of which ``get`` makes ``initializer`` again."""
    if hasattr(initializer, "get_config"):
        return {"class_name": type(initializer).__name__, "config": initializer.get_config()}
    return initializer.__name__


def deserialize(config: Any) -> Any:
    """Return ``get(config)``."""
    return get(config)
