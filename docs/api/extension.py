"""What the API reference needs of griffe: docstrings in Keras' form, and classes and docstrings that are made at run time.

Keras' sections 'Input shape', 'Output shape', 'References' and 'Example' become sections that mkdocstrings draws, an entry 'a, b: text' of Args
becomes one for each name, and names in double backquotes lose one pair. Losses and metrics that a function makes of another one
have no class statement to be read; they are imported instead, on the NumPy backend.
"""

from __future__ import annotations

import importlib
import inspect
import os
import re

import griffe

os.environ.setdefault("KBRIDGE_BACKEND", "numpy")
#: modules with classes, or docstrings of classes, that are made when they are imported
MADE = ("losses.classes", "metrics.means", "metrics.confusion", "initializers", "layers.conv_lstm")

#: a sentence that names what has a docstring's other arguments
SHARED = re.compile(r"arguments are those\s+of\s+(?:``[\w.]+``(?:,\s+|\s+and\s+)?)+")


class Docstrings(griffe.Extension):
    """Prepares docstrings for the parser of Google's form."""

    def on_package(self, *, pkg: griffe.Module, **kwargs) -> None:
        """Take from the running program what isn't in the source, then change all docstrings."""
        for name in MADE:
            self._made(pkg, name)
        self._places: dict[str, list[str]] = {}
        self._find(pkg)
        self._change(pkg)

    def _find(self, found: griffe.Object) -> None:
        """Note the paths of public classes, functions and methods by their names."""
        for name, member in found.members.items():
            if member.is_alias or name.startswith("_"):
                continue
            if not member.is_module and not member.is_attribute:
                own = f"{found.name}.{name}" if found.is_class else name
                self._places.setdefault(own, []).append(member.path)
            self._find(member)

    def _made(self, package: griffe.Module, name: str) -> None:
        module = importlib.import_module(f"{package.name}.{name}")
        place = package[name]
        for member, value in vars(module).items():
            if not inspect.isclass(value) or value.__module__ != module.__name__ or member.startswith("_"):
                continue
            found = place.members.get(member)
            if isinstance(found, griffe.Class):
                if found.docstring is None:
                    found.docstring = griffe.Docstring(inspect.cleandoc(value.__doc__ or ""), parent=found)
                continue
            cls = griffe.Class(member, lineno=getattr(found, "lineno", None), endlineno=getattr(found, "endlineno", None), parent=place)
            cls.docstring = griffe.Docstring(inspect.cleandoc(value.__doc__ or ""), parent=cls)
            cls.set_member("__init__", griffe.Function("__init__", parameters=_parameters(value), parent=cls))
            place.set_member(member, cls)

    def _change(self, found: griffe.Object) -> None:
        if found.docstring is not None:
            found.docstring.value = prepared(self._linked(found))
        exported = None if not found.is_module or found.exports is None else {str(name) for name in found.exports}
        for name, member in list(found.members.items()):
            # what a module imports is shown where it is defined
            if member.is_alias or (exported is not None and name not in exported and not member.is_module):
                found.del_member(name)
            else:
                self._change(member)

    def _linked(self, found: griffe.Object) -> str:
        """The docstring with links where it names what other arguments are those of."""

        def link(name: re.Match) -> str:
            # the nearest, where there are several of one name
            places = self._places.get(name[1], [])
            near = sorted(places, key=lambda path: -len(os.path.commonprefix([path, found.path])))
            return f"[``{name[1]}``][{near[0]}]" if near else name[0]

        return SHARED.sub(lambda sentence: re.sub(r"``([\w.]+)``", link, sentence[0]), found.docstring.value)


def _parameters(cls: type) -> griffe.Parameters:
    """The parameters of a class's constructor, with ``self``."""
    given = inspect.signature(cls if "__signature__" in vars(cls) else cls.__init__).parameters.values()
    kind = griffe.ParameterKind.positional_or_keyword
    found = [griffe.Parameter("self", kind=kind)]
    for p in given:
        if p.name != "self":
            default = None if p.default is p.empty else repr(p.default)
            kind = griffe.ParameterKind.var_keyword if p.kind is p.VAR_KEYWORD else griffe.ParameterKind.positional_or_keyword
            found.append(griffe.Parameter(p.name, kind=kind, default="{}" if p.kind is p.VAR_KEYWORD else default))
    return griffe.Parameters(*found)


def prepared(text: str) -> str:
    """A docstring as griffe's parser of Google's form takes it."""
    # summaries show the first line alone
    first, blank, rest = text.partition("\n\n")
    text = " ".join(first.split()) + blank + rest
    text = re.sub(r"^Example:$", "Examples:", text, flags=re.M)
    text = re.sub(r"^Attributes:$", "Args:", text, flags=re.M)
    text = re.sub(r"^    ((?:\*{0,2}\w+, )+\*{0,2}\w+): (.*(?:\n        .*)*)", _apart, text, flags=re.M)
    for section in ("Input shape", "Output shape", "References"):
        text = re.sub(
            rf"^{section}:\n((?:    .*\n?)+)", lambda found, s=section: f"**{s}**\n\n{inspect.cleandoc(found[1])}\n\n", text, flags=re.M
        )
    return text.replace("``", "`")


def _apart(found: re.Match) -> str:
    return "\n".join(f"    {name}: {found[2]}" for name in found[1].split(", "))
