"""Layers of programs that were written for Keras 2 or 3: what their classes have instead of Keras 1's, made into Keras 1's.

``compute_output_shape`` is ``get_output_shape_for``; ``call`` may do without a mask, and may ask whether it is called in training; weights are
made by name. A class that has none of it stays as it is.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .. import backend as K
from . import several
from .inside import inner_layers, is_layer, ordered_weights
from .node import object_list_uid, single, to_list
from .writer import writer_of, written_by

#: Options of ``add_weight`` in later Keras that change nothing here: how a value is spread over machines, cast or tracked.
_NEUTRAL = (
    "aggregation", "synchronization", "use_resource", "autocast", "experimental_autocast", "getter", "collections", "partitioner", "layout",
    "overwrite_with_gradient", "sparse",
)  # fmt: skip

#: ``add_weight`` by position: in Keras 1 and 3 from the shape on, in Keras 2 from the name.
_FROM_SHAPE = ("shape", "initializer", "name", "trainable", "regularizer", "constraint")
_FROM_NAME = ("name", "shape", "dtype", "initializer", "regularizer", "trainable", "constraint")

#: Options of every layer that later Keras has besides Keras 1's.
OPTIONS = ("dtype", "dynamic", "autocast", "batch_size", "activity_regularizer")


def adapt(cls: type) -> None:
    """Give a program's new class of layers Keras 1's methods where it has those of Keras 2 or 3 instead."""
    own = cls.__dict__
    shape, call = own.get("compute_output_shape"), own.get("call")
    if shape is not None and "get_output_shape_for" not in own:
        cls.get_output_shape_for = _shape_by(shape)  # type: ignore[attr-defined]
        cls.of_later_keras = True  # type: ignore[attr-defined]
    if not inspect.isfunction(call):
        return
    parameters = inspect.signature(call).parameters
    takes_mask = "mask" in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    if "training" in parameters or not takes_mask:
        cls.of_later_keras = True  # type: ignore[attr-defined]
    if getattr(cls, "of_later_keras", False):
        cls.call = _called(call, takes_mask, "training" in parameters)  # type: ignore[attr-defined]
        several.adapt(cls, call)


def _shape_by(compute: Callable) -> Callable:
    @functools.wraps(compute)
    def get_output_shape_for(self, input_shape):
        return _plain_shape(self.compute_output_shape(input_shape))

    get_output_shape_for._made = True  # type: ignore[attr-defined]
    return get_output_shape_for


def shape_of_bases(layer: Any, input_shape: Any) -> Any:
    """Return the answer of ``compute_output_shape`` of the classes that a program's class is made of."""
    for base in type(layer).__mro__:
        own = base.__dict__.get("get_output_shape_for")
        if own is not None and not getattr(own, "_made", False):
            return own(layer, input_shape)
    return input_shape


def _plain_shape(shape: Any) -> Any:
    """A shape, or a list of them; those of a later Keras may be lists of numbers, or know themselves as lists."""
    shape = shape.as_list() if hasattr(shape, "as_list") else shape
    if isinstance(shape, (list, tuple)) and any(isinstance(n, (list, tuple)) or hasattr(n, "as_list") for n in shape):
        return [_plain_shape(item) for item in shape]
    return tuple(shape) if isinstance(shape, (list, tuple)) else shape


# ---------------------------------------------------------------------- calls


def _called(call: Callable, takes_mask: bool, takes_training: bool) -> Callable:
    """``call`` as kbridge calls layers: with a mask by name; once for each phase if it asks for ``training``."""

    @functools.wraps(call)
    def wrapped(self, x, *args, **options):
        mask = options.pop("mask", None)
        if takes_mask and (mask is not None or not args):
            options["mask"] = mask
        x, more = several.apart(self, x)
        if more:
            options |= more
            mask = mask[0] if isinstance(mask, list) else mask
            options |= {"mask": mask} if "mask" in options else {}
        with written_by(writer_of(self)), _inputs_of(self, x), _of_held_layers(self, x), several.inside(x, mask):
            if not takes_training or args or "training" in options:
                return call(self, x, *args, **options)
            return _in_both_phases(self, lambda training: call(self, x, training=training, **options))

    return wrapped


def _in_both_phases(layer: Any, call: Callable[[bool], Any]) -> Any:
    """Return what ``call`` gives in training and in test: it gets a bool, and may branch on it as Python does."""
    phase = K.learning_phase()
    if isinstance(phase, int):
        return call(bool(phase))
    held = held_layers(layer, deep=True)
    with contextlib.ExitStack() as stack:
        for one in (layer, *held):
            stack.enter_context(_forgotten(one))
        test = call(False)
    train = call(True)
    outputs = [K.in_train_phase(a, b) for a, b in zip(to_list(train), to_list(test), strict=True)]
    return outputs if isinstance(train, (list, tuple)) else single(outputs)


# ---------------------------------------------------------------------- layers that a layer holds


def held_layers(layer: Any, deep: bool = False) -> list:
    """The layers in the attributes of a program's layer, also in lists, tuples and dicts; ``deep``: those in these too. Each once."""
    found: dict[int, Any] = {}
    pending = [layer]
    while pending:
        for value in vars(pending.pop()).values():
            items = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else (value,)
            new = {id(item): item for item in items if is_layer(item) and item is not layer and id(item) not in found}
            found |= new
            pending += new.values() if deep else ()
    return list(found.values())


def with_held(layer: Any, own: list, weights_of: Callable[[Any], list]) -> list:
    """``own`` weights of a program's layer and behind them those of the layers that it holds, as later Keras counts them."""
    if not layer.of_later_keras:
        return own
    return list({id(weight): weight for weight in (*own, *(w for held in held_layers(layer) for w in weights_of(held)))}.values())


def lasting_names(layer: Any) -> dict[int, str]:
    """Names for the weights of layers that programs' layers inside ``layer`` hold, by their ids.

    These are numbered automatically, otherwise in each process; what a config names is the layer that holds them.
    """
    found: dict[int, str] = {}
    for inner in inner_layers(layer):
        if getattr(inner, "of_later_keras", False) and held_layers(inner):
            for place, weight in enumerate(ordered_weights(inner)):
                found.setdefault(id(weight), f"{inner.name}/{place:05d}")
    return found


@contextlib.contextmanager
def _of_held_layers(layer: Any, x: Any) -> Iterator[None]:
    """Take over the losses, updates and constraints that layers inside add in a call."""
    before = {id(item) for held in held_layers(layer) for item in (*_added(held, "losses"), *_added(held, "updates"))}
    yield
    for held in held_layers(layer):
        of_weights = {id(loss) for loss in held.get_losses_for(None)}
        known = {id(loss) for loss in layer.losses} | before
        for loss in _added(held, "losses"):
            if id(loss) not in known:
                layer.__dict__["losses"].append(loss)
                layer._per_input_losses.setdefault(object_list_uid(None if id(loss) in of_weights else x), []).append(loss)
        new = [update for update in _added(held, "updates") if id(update) not in before]
        if new and getattr(held, "trainable", True):
            layer.add_update(new, x)
        layer.constraints.update(held.constraints)


def _added(held: Any, attribute: str) -> list:
    """The losses or updates of a layer; none of a model that has no layers yet."""
    return list(getattr(held, attribute)) if getattr(held, "outputs", True) else []


@contextlib.contextmanager
def phase(training: Any) -> Iterator[None]:
    """Within the context layers compute as in training or test, if ``training`` says which: later Keras passes it on from layer to layer."""
    if training is None or K.is_tensor(training):
        yield
        return
    before = K.learning_phase()
    K._LEARNING_PHASE = int(training)
    try:
        yield
    finally:
        K._LEARNING_PHASE = before if isinstance(before, int) else None


@contextlib.contextmanager
def _forgotten(layer: Any) -> Iterator[None]:
    """Losses and updates that are added meanwhile don't count: those of a call in training do."""
    state = layer.__dict__
    if "losses" not in state:  # a model, whose layers have them
        yield
        return
    before = {key: list(state[key]) for key in ("losses", "updates")}
    per_input = {key: {uid: list(found) for uid, found in state[key].items()} for key in ("_per_input_losses", "_per_input_updates")}
    try:
        yield
    finally:
        state.update(before | per_input)


@contextlib.contextmanager
def _inputs_of(layer: Any, x: Any) -> Iterator[None]:
    """Losses and updates that ``call`` adds belong to its inputs, as later Keras finds out by itself."""
    outer = layer.__dict__.get("_inputs_of_call")
    layer.__dict__["_inputs_of_call"] = x if outer is None else outer
    try:
        yield
    finally:
        layer.__dict__["_inputs_of_call"] = outer


# ---------------------------------------------------------------------- weights


def weight_options(layer: Any, args: tuple, kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of ``add_weight`` by name, in the order of Keras 1 and 3, or in that of Keras 2 where the name comes first."""
    names = _FROM_NAME if args and isinstance(args[0], str) else _FROM_SHAPE
    if len(args) > len(names):
        raise TypeError(f"{type(layer).__name__}.add_weight takes {', '.join(names)}; got {len(args)} values.")
    given = dict(zip(names, args))
    for key, value in kwargs.items():
        if key in given:
            raise TypeError(f"{type(layer).__name__}.add_weight got {key!r} twice.")
        if key not in (*_FROM_SHAPE, "dtype", *_NEUTRAL):
            raise TypeError(f"{type(layer).__name__}.add_weight has no argument {key!r}; it takes {', '.join(_FROM_SHAPE)} and dtype.")
        given[key] = value
    shape: Any = given.get("shape")
    shape = shape.as_list() if hasattr(shape, "as_list") else shape
    lengths = () if shape is None else (shape,) if isinstance(shape, int) else tuple(shape)
    if any(n is None for n in lengths):
        raise ValueError(
            f"Layer {layer.name!r}: the weight {given.get('name')!r} would have the shape {lengths}, but all lengths of a "
            "weight must be known."
        )
    given["shape"] = tuple(int(n) for n in lengths)
    return given


def initializer_of(value: Any) -> Any:
    """An initializer by its name in Keras 1 or later ('zero', 'zeros', 'Zeros'), its config or object; functions of a shape as they are."""
    from .. import initializations, initializers

    if value is None:
        return initializers.GlorotUniform()
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            found = initializations.get(value)
            return found() if isinstance(found, type) else found
    return initializers.get(value)


def regularizer_of(value: Any) -> Any:
    """A regularizer by its object, name or config; functions of a weight as they are."""
    from .. import regularizers

    return regularizers.get(value)


def constraint_of(value: Any) -> Any:
    """A constraint by its object, name or config; functions of a weight as they are."""
    from .. import constraints

    return constraints.get(value)


def as_variable(value: Any, name: str | None, dtype: str | None) -> Any:
    """Return the value of an initializer as a variable of ``dtype``: those of later Keras give arrays and tensors."""
    if K.is_tensor(value):
        if K.is_variable(value) and dtype in (None, K.dtype(value)):
            return value
        value = K.eval(value)
    return K.variable(value, dtype=dtype or K.floatx(), name=name)


#: bits of the numbers that a layer of a dtype or policy computes with
_BITS = {"mixed_float16": 16, "mixed_bfloat16": 16, "float16": 16, "bfloat16": 16, "float32": 32, "float64": 64}


def no_more_than_floatx(dtype: str) -> bool:
    """Whether a dtype, or the policy of that name, is of float numbers that are no longer than those of floatx.

    A layer of it computes in floatx here: what is stored in such numbers is read exactly, and is computed with no less precision.
    """
    return dtype in _BITS and _BITS[dtype] <= _BITS[K.floatx()]


def check_options(layer: Any, options: Mapping[str, Any]) -> None:
    """Options of later Keras in a program's own layer: they must mean what is so here."""
    dtype = options.get("dtype")
    name = dtype.get("config", {}).get("name") if isinstance(dtype, Mapping) else dtype
    if isinstance(name, str) and name in _BITS and not no_more_than_floatx(name):
        raise ValueError(
            f"Layer {layer.name!r} has dtype={name!r}, but all layers here compute in floatx, which is {K.floatx()!r} "
            "(K.set_floatx changes it)."
        )
    if options.get("dynamic"):
        raise ValueError(
            f"Layer {layer.name!r} has dynamic=True, so it would run as Python at each step. Layers here are graphs and can't do that."
        )
