"""The one error for models that another format can't hold, with all of its reasons; ids that docs/convert.md explains."""

from __future__ import annotations


class NotConvertible(ValueError):
    """The error for a model that the target format can't hold.

    Args:
        target: the format, as the message calls it.
        problems: a line for each layer or setting that the format lacks.
        hint: a sentence at the message's end.
    """

    def __init__(self, target: str, problems: list[str], hint: str = ""):
        self.problems = list(dict.fromkeys(problems))
        listed = "\n".join(f"  {problem}" for problem in self.problems)
        super().__init__(f"The model can't be converted to {target}:\n{listed}" + (f"\n{hint}" if hint else ""))


class Unsupported(Exception):
    """One layer or setting that the target format lacks; collected into a NotConvertible."""


def refusal(layer, slug: str, what: str) -> Unsupported:
    """Why ``layer`` can't be converted; ``slug`` is the reason's id in docs/convert.md."""
    return Unsupported(told(layer, slug, what))


def told(layer, slug: str, what: str) -> str:
    """Return a sentence about a layer, with its id in docs/convert.md."""
    return f"{called(layer)}: {with_id(slug, what)}"


def with_id(slug: str, what: str) -> str:
    """A sentence with its id in docs/convert.md."""
    return f"{what} [convert: {slug}]"


def called(layer) -> str:
    """How an error names a layer."""
    return f"layer {layer.name!r} ({type(layer).__name__})"
