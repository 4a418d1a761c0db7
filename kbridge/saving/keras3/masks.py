"""Masks in the graphs of Keras 3: it writes the operations that make a mask, and hands it to layers by name.

Here masks follow the tensors by themselves, as they did when the model was made, so the operations and arguments are taken out again.
That holds for masks which an Embedding or Masking layer made; others are refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...layers.embeddings import EMBEDDINGS
from ...utils.generic_utils import get_custom_objects
from ..errors import ModelFileError

_MASK_ARGUMENTS = ("mask", "query_mask", "value_mask", "key_mask")


def is_operation(entry: Mapping[str, Any]) -> bool:
    """Whether an entry is a function of ``keras.ops`` and not a layer. In .h5 files entries have no module."""
    module, config = entry.get("module"), entry.get("config")
    if isinstance(module, str):
        return module.startswith(("keras.src.ops", "keras.ops"))
    if "module" in entry or entry.get("class_name") in (*get_custom_objects(), "Discretization") or not isinstance(config, Mapping):
        return False
    return (
        "trainable" not in config and not isinstance(config.get("dtype"), Mapping) and not {"layers", "batch_shape", "rate"} & set(config)
    )


def without_masks(model: Any, entries: list) -> list[dict[str, Any]]:
    """The layers of a functional model without arguments that are masks of their inputs, and the operations that made those."""
    by_name = {entry.get("name"): entry for entry in entries}
    masked = {
        entry["name"] for entry in entries
        if isinstance(entry.get("name"), str)
        and (entry.get("class_name") == "Masking" or entry.get("class_name") in EMBEDDINGS and entry["config"].get("mask_zero"))
    }  # fmt: skip
    sources = {place[0] for name in masked for call in _calls(by_name[name]) for place in _places([call.get("args"), call.get("kwargs")])}
    found = []
    dropped: set[str] = set()
    for entry in entries:
        calls = []
        for call in _calls(entry):
            keywords = dict(call.get("kwargs") or {}) if isinstance(call.get("kwargs"), Mapping) else {}
            for key in _MASK_ARGUMENTS:
                value = keywords.get(key)
                if value is None or isinstance(value, bool):
                    continue
                if not _is_implied(value, by_name, sources, dropped):
                    raise ModelFileError(
                        f"Layer {entry.get('name')!r} in {model!r} is called with a {key} that kbridge can't make: a mask of its own, or "
                        "several masks that are joined. Of joined masks, Keras 3 keeps a step if any mask keeps it. [convert: "
                        "keras3-masks]"
                    )
                del keywords[key]
            calls.append({**call, "kwargs": keywords})
        found.append({**entry, "inbound_nodes": calls} if calls else entry)
    # an operation goes if only masks came of it
    while dropped:
        read = {place[0] for entry in found for call in _calls(entry) for place in _places([call.get("args"), call.get("kwargs")])}
        unread = dropped - read
        if not unread:
            break
        found = [entry for entry in found if entry.get("name") not in unread]
        dropped -= unread
    return found


def _calls(entry: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    calls = entry.get("inbound_nodes")
    return [call for call in calls if isinstance(call, Mapping)] if isinstance(calls, list) else []


def _places(value: Any) -> Iterator[list]:
    """The tensors in the arguments of a call."""
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, Mapping):
            history = item.get("keras_history")
            if isinstance(history, list) and history and isinstance(history[0], str):
                yield history
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)


def _is_implied(mask: Any, by_name: Mapping[Any, Any], sources: set, dropped: set[str]) -> bool:
    """Whether a mask is one that Keras made of what masking layers read, and that comes out the same here.

    Joined masks do if they are equal: Keras 1 keeps a step if no mask drops it, Keras 3 if any keeps it. The operations that made it go
    into ``dropped``.
    """
    operations: set[str] = set()
    whole = list(_places(mask)) if not isinstance(mask, list) else [place for item in mask for place in _places(item)]
    if any(_meaning(place[0], by_name, sources, operations, 0) is None for place in whole):
        return False
    dropped |= operations
    return True


#: what masks of all and of no steps mean
_ALL, _NONE = ("all",), ("none",)

_MAX_CHAIN = 100


def _meaning(name: Any, by_name: Mapping[Any, Any], sources: set, operations: set[str], depth: int) -> tuple | None:
    """Return a key for a mask, equal for equal masks; None for one that isn't of masking layers, or is another one here."""
    entry = by_name.get(name)
    calls = _calls(entry) if entry is not None else []
    if entry is None or not is_operation(entry) or len(calls) != 1 or depth > _MAX_CHAIN:
        return None
    operations.add(name)
    kind, arguments = entry.get("class_name"), calls[0].get("args")
    places = list(_places(arguments))[::-1]
    if kind == "NotEqual" and len(places) == 1 and isinstance(arguments, list) and len(arguments) == 2:
        return ("differs", *places[0], repr(arguments[1])) if places[0][0] in sources else None
    if kind in ("ZerosLike", "OnesLike"):
        return _NONE if kind == "ZerosLike" else _ALL
    parts = [_meaning(place[0], by_name, sources, operations, depth + 1) for place in places]
    if not parts or None in parts:
        return None
    config = entry["config"]
    if kind in ("ConvertToTensor", "ExpandDims", "Squeeze", "Cast", "BroadcastTo") and len(parts) == 1:
        return parts[0]
    if kind == "LogicalOr":
        told = [part for part in parts if part != _NONE]
        return told[0] if told and all(part == told[0] for part in told) else None
    if kind == "Concatenate":
        rank = _rank(arguments)
        return ("joined", config.get("axis") in (-1, rank - 1), *parts)
    if kind == "Any" and len(parts) == 1:
        if parts[0] and parts[0][0] == "joined":
            along_features, *joined = parts[0][1:]
            if along_features:
                return joined[0] if all(part == joined[0] for part in joined) else None
        return ("any", *(parts[0] or ()))
    return None


def _rank(arguments: Any) -> int:
    """How many axes the first tensor among the arguments of a call has."""
    pending = [arguments]
    while pending:
        value = pending.pop()
        if isinstance(value, Mapping):
            if isinstance(value.get("shape"), list):
                return len(value["shape"])
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)
    return 0


def check_masks(model: Any, config: Any) -> None:
    """ModelFileError for a layer that a mask reaches here and not in Keras 3, or the other way round.

    Only what Keras wrote of the calls in the whole model is looked at: a model inside is written as it was before it was called.
    """
    from ...convert.masks import calls

    inner = config.get("config") if isinstance(config, Mapping) else None
    entries = inner.get("layers") if isinstance(inner, Mapping) else None
    if not isinstance(inner, Mapping) or not isinstance(entries, list) or "input_layers" not in inner:
        return
    expected: dict[str, bool] = {}
    for entry in entries:
        told = [call["kwargs"]["mask"] for call in _calls(entry) if isinstance(call.get("kwargs"), Mapping) and "mask" in call["kwargs"]]
        if told and entry.get("class_name") not in ("Functional", "Sequential", "Model"):
            expected[entry["name"]] = any(list(_places(mask)) for mask in told)
    if not any(expected.values()) and not any(_makes_mask(entry) for entry in entries):
        return
    own = {id(layer): layer.name for layer in model.layers}
    found: dict[str, bool] = {}
    joined = False
    for seen in calls(model):
        joined = joined or len({id(mask) for mask in seen.input_masks if mask is not None}) > 1
        if id(seen.layer) in own:
            found[own[id(seen.layer)]] = found.get(own[id(seen.layer)], False) or seen.masked
    # Keras writes no masks of a ReversibleEmbedding, and follows them all the same when it computes
    untold = not joined and any(entry.get("class_name") == "ReversibleEmbedding" for entry in entries if _makes_mask(entry))
    for name, masked in expected.items():
        if name in found and found[name] != masked and not (untold and found[name]):
            raise ModelFileError(
                f"Layer {name!r} takes {'a mask' if masked else 'no mask'} in Keras 3 and {'one' if found[name] else 'none'} "
                "here, because the layers before it pass masks on differently (Keras 1 keeps a step of joined inputs if no mask "
                "drops it). [convert: keras3-masks]"
            )


def _makes_mask(entry: Any) -> bool:
    if not isinstance(entry, Mapping):
        return False
    config = entry.get("config")
    return entry.get("class_name") == "Masking" or isinstance(config, Mapping) and bool(config.get("mask_zero"))
