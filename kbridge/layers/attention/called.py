"""The call of attention: with one list of tensors, or in the layers of a program's own as in later Keras, with tensors one by one."""

from __future__ import annotations

from ...engine import several
from ..configured import Configured


class Called(Configured):
    """The base of attention: its call takes a list of query, value, key and mask, or these one by one, and the flags of later Keras."""

    return_attention_scores: bool
    use_causal_mask: bool

    def __call__(  # type: ignore[override]  # that of later Keras
        self, query, value=None, key=None, attention_mask=None, return_attention_scores=None, training=None, use_causal_mask=None, mask=None
    ):
        if isinstance(query, (list, tuple)) or value is None:
            inputs, mask = query, value if mask is None else mask
        else:
            inputs = [query, value, *([] if key is None and attention_mask is None else [value if key is None else key])]
            inputs += [] if attention_mask is None else [attention_mask]
        flags = {"return_attention_scores": return_attention_scores, "use_causal_mask": use_causal_mask}
        given = {name: bool(flag) for name, flag in flags.items() if flag is not None}
        before = {name: getattr(self, name) for name in given}
        if self.inbound_nodes and given != before and not several.is_inside():
            raise ValueError(
                f"{type(self).__name__} {self.name} is called with {given}, after calls with {before}: in a model all calls have the same."
            )
        vars(self).update(given)
        try:
            return super().__call__(inputs, mask, training=training)
        finally:
            if several.is_inside():
                vars(self).update(before)
