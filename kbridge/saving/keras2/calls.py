"""Calls of layers in functional models of Keras 2: tensors among the keywords become inputs, flags become options of the layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import ModelFileError

#: class -> keywords that are tensors, in the order in which the layer here takes them behind its first input
_TENSORS = {
    "MultiHeadAttention": ("value", "key", "attention_mask"),
    "GroupQueryAttention": ("value", "key", "attention_mask"),
    "Softmax": ("mask",),
    "CategoryEncoding": ("count_weights",),
}
#: class -> the keyword with a list of tensors, which the layer here takes behind its first input
_LISTS = dict.fromkeys(("SimpleRNNCell", "GRUCell", "LSTMCell", "StackedRNNCells"), "states")
#: class -> flags of a call that are options of the layer here
_FLAGS = {
    name: ("use_causal_mask", "return_attention_scores")
    for name in ("MultiHeadAttention", "GroupQueryAttention", "Attention", "AdditiveAttention")
}


#: class -> arguments that Keras 3 notes though they say nothing: what a Pipeline does follows the phase all the same
_USUAL = {"Pipeline": {"training": True}}


class Call:
    """One call: its ``sources`` as [name, node, tensor], and the ``options`` that it gives to the layer."""

    def __init__(self, layer: str, class_name: str, call: Any):
        self.layer = layer
        call = _flat(call)
        if not isinstance(call, list) or any(not _is_source(source) for source in call):
            raise ModelFileError(f"Layer {layer!r}: a call should be a list of [name, node, tensor, arguments].")
        self.sources: list[list[Any]] = [source[:3] for source in call]
        self.options: dict[str, Any] = {}
        arguments: dict[str, Any] = {}
        for source in call:
            if len(source) == 4 and source[3]:
                if not isinstance(source[3], Mapping):
                    raise ModelFileError(f"Layer {layer!r}: the arguments of a call should be a dict, got {source[3]!r:.100}.")
                arguments |= source[3]
        self._take_tensors(class_name, arguments)
        for tensor in _flat(arguments.pop(_LISTS.get(class_name, ""), None) or []):
            if not _is_source(tensor):
                raise ModelFileError(f"Layer {layer!r}: a state in a call of a cell should be [name, node, tensor], got {tensor!r:.100}.")
            self.sources.append(list(tensor[:3]))
        if class_name == "ReversibleEmbedding" and arguments.pop("reverse", False) is True:
            self.sources = self.sources * 2  # as the layer here tells a call in reverse
        for flag in _FLAGS.get(class_name, ()):
            if arguments.pop(flag, False):
                self.options[flag] = True
        # what says that nothing was given; without training=False these layers do the same in prediction
        usual = _USUAL.get(class_name, {"training": False})
        left = {key: value for key, value in arguments.items() if value is not None and not (key in usual and value is usual[key])}
        if left:
            raise ModelFileError(
                f"Layer {layer!r} is called with the arguments {left!r:.100}, which can't be represented here. [convert: keras2-call]"
            )
        self.without_training = arguments.get("training") is False

    def _take_tensors(self, class_name: str, arguments: dict[str, Any]) -> None:
        # those that Keras 3 has by their place are there already
        given = [arguments.pop(name, None) for name in _TENSORS.get(class_name, ())[len(self.sources) - 1 :]]
        while given and given[-1] is None:
            given.pop()
        for tensor in given:
            if tensor is None:
                # a key that isn't given is the value
                tensor = self.sources[-1]
            if not _is_source(tensor):
                raise ModelFileError(
                    f"Layer {self.layer!r}: a tensor among the arguments of a call should be [name, node, tensor], got {tensor!r:.100}."
                )
            self.sources.append(list(tensor[:3]))


def _flat(call: Any) -> Any:
    """One source, or nested lists of sources (of the states of a recurrent layer), as a list of sources."""
    if not isinstance(call, list) or _is_source(call):
        return [call]
    return [source for item in call for source in _flat(item)]


def _is_source(source: Any) -> bool:
    return isinstance(source, list) and len(source) in (3, 4) and isinstance(source[0], str)


def translated_calls(layer: str, class_name: str, calls: list, config: Any) -> tuple[list[list[list[Any]]], bool]:
    """The inputs of each call, and whether a call is one without training; options of the calls go into ``config``.

    ModelFileError where two calls have different options, which here are the layer's.
    """
    found = [Call(layer, class_name, call) for call in calls]
    if found and any(call.options != found[0].options for call in found):
        raise ModelFileError(
            f"Layer {layer!r} is called with different flags in different calls ({[call.options for call in found]}), which "
            "can't be represented here. [convert: keras2-call]"
        )
    if found and isinstance(config, dict):
        config.update(found[0].options)
    return [call.sources for call in found], any(call.without_training for call in found)
