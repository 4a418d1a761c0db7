"""The table of operations: what each is called in programs, and how its arguments are named there."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

from ..errors import ModelFileError

#: modules of this package that hold operations
FAMILIES = (
    "arithmetic",
    "elementwise",
    "reductions",
    "shapes",
    "parts",
    "joints",
    "creation",
    "linalg",
    "neural",
    "kernels",
    "images",
    "randomness",
    "sorting",
    "losses",
    "colors",
    "comparing_images",
    "running",
    "segments",
    "nodes",
)

_ABSENT = inspect.Parameter.empty

#: Longer names are none of the table; each prefix that can be left out takes time with all of a name.
MAX_NAME = 500


class _Item(NamedTuple):
    """An argument of a name: what it is called there, and the operation's own argument."""

    names: tuple[str, ...]
    #: None: it says nothing about what is computed
    own: str | None
    default: Any = _ABSENT
    #: the default is the only value that the operation has
    only: bool = False
    #: it is never given by its place
    by_name: bool = False


@dataclass(frozen=True)
class Operation:
    """A function of tensors by its own name.

    Attributes:
        name: its name in stored graphs, that of K's function where it is one.
        function: the function that computes it, from tensors, numbers, tuples ...
        folds: whether it is computed at once when no argument depends on an input: arithmetic of numbers.
        random: whether it draws numbers.
        phase: whether it depends on the learning phase.
        parameters: its arguments.
        rest: the argument that takes all others, if there is one.
    """

    name: str
    function: Callable[..., Any]
    folds: bool = False
    random: bool = False
    phase: bool = False
    parameters: tuple[inspect.Parameter, ...] = field(default=(), repr=False)
    #: the argument that takes all others, if there is one
    rest: str | None = None

    def bound(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Return ``args`` and ``kwargs`` by the operation's own names, those not given left out. ModelFileError where they don't fit."""
        return _bound(self.name, self, self.items(), args, kwargs, self.rest)

    def call(self, arguments: dict[str, Any]) -> Any:
        """Compute it from the arguments that ``bound`` gave."""
        if self.rest is None:
            return self.function(**arguments)
        arguments = dict(arguments)
        first = [arguments.pop(p.name) for p in self.parameters if p.kind is not p.KEYWORD_ONLY and p.name in arguments]
        return self.function(*first, *arguments.pop(self.rest, ()), **arguments)

    def items(self) -> tuple[_Item, ...]:
        """Its arguments by its own names."""
        return tuple(_Item((p.name,), p.name, by_name=p.kind is p.KEYWORD_ONLY) for p in self.parameters)


_OWN: dict[str, Operation] = {}
_NAMES: dict[str, tuple[str, tuple[_Item, ...], str | None]] = {}
#: what is no function: dtypes, methods of resizing ...
_CONSTANTS: dict[str, Any] = {}


def operation(
    *names: str, own: str | None = None, folds: bool = False, random: bool = False, phase: bool = False
) -> Callable[[Callable], Callable]:
    """Put a function into the table, under its own name and those of programs.

    Args:
        names: each 'tf.reduce_sum tf.math.reduce_sum(input_tensor:x, axis, keepdims|keep_dims)': names of the function, then its arguments
            in order, separated by commas. 'axis' is called as here; 'a|b:x' is ``x`` here and ``a`` or ``b`` there; 'name:-' says nothing of what
            is computed; 'axis=0' has another default than here; 'out:!=None' can only be that; ':axis=-1' isn't an argument there and
            has this value; '*tensors' takes all that follow. Without brackets the arguments are as here.
        own: the operation's name; default: the function's.
        folds, random, phase: see ``Operation``.
    """

    def put(function: Callable) -> Callable:
        name = own or function.__name__.rstrip("_")
        every = inspect.signature(function).parameters.values()
        many = next((p.name for p in every if p.kind is p.VAR_POSITIONAL), None)
        if name in _OWN:
            raise ValueError(f"There is already an operation {name!r}.")
        made = Operation(name, function, folds, random, phase, tuple(p for p in every if p.name != many), many)
        _OWN[name] = made
        also(name, *names)
        return function

    return put


def also(own: str, *names: str) -> None:
    """Put more names of an operation into the table, as in ``operation``."""
    made = _OWN[own]
    for text in names:
        heads, _, rest = text.partition("(")
        items, many = _items(rest.rstrip(") ")) if "(" in text else (made.items(), made.rest)
        for head in heads.split():
            if head in _NAMES:
                raise ValueError(f"{head} is a name of both {_NAMES[head][0]!r} and {own!r}.")
            _NAMES[head] = (own, items, many)


def _items(text: str) -> tuple[tuple[_Item, ...], str | None]:
    found, many = [], None
    for part in re.split(r",\s*(?![^()\[\]]*[)\]])", text) if text.strip() else []:
        part = part.strip()
        if part.startswith("*"):
            many = part[1:]
            continue
        head, equals, default = part.partition("=")
        names, colon, own = head.partition(":")
        value = ast.literal_eval(default) if equals else None if own == "!" else _ABSENT
        spelled = tuple(names.split("|")) if names else ()
        found.append(_Item(spelled, None if own in ("-", "!") else own if colon else spelled[0], value, own == "!", many is not None))
    return tuple(found), many


def constants(**named: Any) -> None:
    """Put names that are no functions into the table; '__' stands for a dot."""
    _CONSTANTS.update({name.replace("__", "."): value for name, value in named.items()})


@cache
def table() -> dict[str, Operation]:
    """All operations by their own names."""
    for family in FAMILIES:
        importlib.import_module(f"{__package__}.{family}")
    return _OWN


# ---------------------------------------------------------------------- looking up

#: how names begin -> how they begin in the table, tried in this order until none fits
_PREFIXES = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"^tensorflow\.", "tf."),
        (r"^(K|keras\.backend)\.(tf|np|T)\.", r"\2."),
        (r"^tf\.compat\.v2\.", "tf."),
        (r"^tf\.compat\.v1\.", "tf1."),
        (r"^(tf1?\.python\.keras|tf1?\.keras|tf_keras\.src|tf_keras|keras\.api|keras\.src)\.", "keras."),
        (r"^keras\.(_legacy\.)?(legacy\.)?backend\.(common\.|tensorflow_backend\.|theano_backend\.|tensorflow\.|numpy\.)?", "K."),
        (r"^keras\.ops\.(numpy|nn|math|core|linalg|image|operation_utils|einops)\.", "keras.ops."),
        (r"^kbridge\.(backend|activations)\.", r"keras.\1."),
        (r"^(numpy|jax\.numpy|jnp)\.", "np."),
        (r"^theano\.tensor\.", "T."),
        (r"^tf1?\.python\.ops\.(\w+_ops|\w+_ops_impl)\.", "tf."),
    )
)


def normalised(name: str) -> str:
    """A name as it stands in the table: 'tensorflow.compat.v1.math.add' is 'tf1.math.add'."""
    changed = True
    while changed:
        changed = False
        for pattern, replacement in _PREFIXES:
            shorter = pattern.sub(replacement, name)
            if shorter != name:
                name, changed = shorter, True
    return name


def _spellings(name: str) -> list[str]:
    found = normalised(name)
    candidates = [found]
    if found.startswith("tf1."):
        candidates.append("tf." + found[4:])
    if found.startswith("keras.ops."):
        # the class of an operation in a functional graph: GetItem, ExpandDims, Relu6, LogSumExp
        tail = found[len("keras.ops.") :]
        if tail[:1].isupper():
            candidates.append("keras.ops." + snake_case(tail))
            candidates.append("keras.ops." + tail.lower())
    return candidates


def snake_case(name: str) -> str:
    """'ExpandDims' is 'expand_dims', 'LogicalNot' 'logical_not', 'Log1p' 'log1p'."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _found(name: str) -> tuple[str, tuple[_Item, ...], str | None] | None:
    own = table()
    if len(name) > MAX_NAME:
        return None
    for spelling in _spellings(name):
        if spelling in _NAMES:
            return _NAMES[spelling]
    if name in own:
        made = own[name]
        return name, made.items(), made.rest
    return None


def knows(name: str) -> bool:
    """Whether there is an operation for this name."""
    return _found(name) is not None


def resolve(
    name: str, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None, fixed: Mapping[str, Any] | None = None
) -> tuple[Operation, dict[str, Any]]:
    """Return the operation that a program calls ``name``, and its arguments by the operation's own names.

    Args:
        name: the name, as programs write it ('tf.math.add').
        args: the arguments, a list.
        kwargs: the keyword arguments, a dict.
        fixed: arguments that were given before, as those of a class are when its object is called: they take no place among ``args``.

    Raises:
        ModelFileError: the table lacks the name, the name doesn't have an argument, or the operation can't have a value.
    """
    found = _found(name)
    if found is None:
        raise ModelFileError(f"The operation {name!r} isn't known here. [convert: operations]")
    own, items, many = found
    return _OWN[own], _bound(name, _OWN[own], items, args, kwargs or {}, many, fixed)


def constant(name: str) -> Any:
    """The value of a name that is no function: 'np.pi', 'tf.float32'. KeyError for others."""
    table()
    if len(name) > MAX_NAME:
        raise KeyError(name[:MAX_NAME])
    for spelling in _spellings(name):
        if spelling in _CONSTANTS:
            return _CONSTANTS[spelling]
    raise KeyError(name)


def _bound(
    name: str, made: Operation, items: Sequence[_Item], args: Sequence[Any], kwargs: Mapping[str, Any], many: str | None,
    fixed: Mapping[str, Any] | None = None,
) -> dict[str, Any]:  # fmt: skip
    given: dict[str, Any] = {}
    fixed = fixed or {}
    rest = {**fixed, **kwargs}
    left = list(args)
    for item in items:
        spelled = next((n for n in item.names if n in rest), None)
        if not item.names:
            value = item.default
        elif left and not item.by_name and spelled not in fixed:
            value = left.pop(0)
        elif spelled is not None:
            value = rest.pop(spelled)
        elif item.only or item.default is _ABSENT:
            continue
        elif item.own in given:
            continue  # it has two names there
        else:
            value = item.default
        if item.only:
            if not _same(value, item.default):
                raise ModelFileError(
                    f"The operation {name!r} is called with {item.names[0]}={value!r:.80}, which isn't known here. [convert: operations]"
                )
        elif item.own is not None:
            given[item.own] = value
    if many is not None:
        given[many] = tuple(left)
        left = []
    rest.pop("name", None)
    if left or rest:
        what = f"{len(args)} arguments" if left else f"the argument {next(iter(rest))!r}"
        raise ModelFileError(f"The operation {name!r} is called with {what}, which kbridge's operation doesn't have. [convert: operations]")
    for parameter in made.parameters:
        if parameter.name not in given and parameter.default is _ABSENT:
            raise ModelFileError(f"The operation {name!r} is called without its argument {parameter.name!r}.")
        if parameter.name in given and _same(given[parameter.name], parameter.default):
            del given[parameter.name]
    return given


def _same(value: Any, other: Any) -> bool:
    """Whether two plain values are the same, True not being 1."""
    if isinstance(value, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(value) == len(other) and all(map(_same, value, other))
    return type(value) is type(other) and type(value) in (bool, int, float, str, type(None)) and value == other
