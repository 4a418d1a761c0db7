"""The calls that a function makes, in all the forms that Python has had for them."""

from __future__ import annotations

from .expressions import Attribute, Call, Constant, Function, Malformed, Mapping, Name, Node, Refused, Sequence
from .stack import Null, Stack


def text_of(node: Node) -> str:
    """The text of a constant. Raises Refused for all else."""
    value = node.value if isinstance(node, Constant) else None
    if not isinstance(value, str):
        raise Refused("the name of a keyword or a key of a dict isn't a text")
    return value


class Calls(Stack):
    """A stack that knows how functions are called."""

    def follow(self, function: Function, arguments: list[Node], keywords: dict[str, Node]) -> Node:
        """Return the value of a function of the user's own."""
        raise NotImplementedError

    def call(self, function: Node, arguments: list[Node], keywords: dict[str, Node]) -> None:
        if isinstance(function, Function):
            self.stack.append(self.follow(function, arguments, keywords))
            return
        if not isinstance(function, (Name, Attribute)):
            raise Refused("it calls something that isn't a function with a name")
        self.push(Call(function, arguments, keywords), function, *arguments, *keywords.values())

    def call_function(self, argument: int) -> None:
        """Up to Python 3.5 the argument counts keywords too."""
        keywords = {}
        if not self.since("3.6"):
            parts = self.many(2 * (argument >> 8))
            keywords = dict(zip(map(text_of, parts[::2]), parts[1::2], strict=True))
            argument &= 255
        arguments = self.many(argument)
        self.call(self.pop(), arguments, keywords)

    def call_with_names(self, argument: int) -> None:
        if not self.since("3.6"):  # there it is f(**options)
            return self.call_unpacked(argument, positional=False, named=True)
        names = [text_of(name) for name in self.items_of(self.pop())]
        self.named_call(argument, names, null=self.since("3.13"))

    def named_call(self, count: int, names: list[str] | tuple[str, ...], null: bool) -> None:
        values = self.many(count)
        if len(names) > count:
            raise Malformed
        split = count - len(names)
        function = self.callee() if null else self.pop()
        self.call(function, values[:split], dict(zip(names, values[split:], strict=True)))

    def callee(self) -> Node:
        """The function of a call that has an empty place before or behind it."""
        function, other = (self.any(), self.any())
        if self.since("3.13"):
            function, other = other, function
        if not isinstance(other, Null) or isinstance(function, Null):
            raise Malformed
        return function

    def set_names(self, index: int) -> None:
        names = self.at(self.code.constants, index)
        if not isinstance(names, tuple) or not all(isinstance(name, str) for name in names):
            raise Malformed
        self.keyword_names = names

    def call_new(self, count: int) -> None:
        names, self.keyword_names = self.keyword_names, ()
        self.named_call(count, names, null=True)

    def call_unpacked(self, argument: int, positional: bool, named: bool) -> None:
        """Python 2.7 to 3.5: f(..., *values, **options)."""
        options = self.options(self.pop()) if named else {}
        values = self.items_of(self.pop()) if positional else []
        parts = self.many(2 * (argument >> 8))
        arguments = self.many(argument & 255)
        self.call(self.pop(), [*arguments, *values], {**dict(zip(map(text_of, parts[::2]), parts[1::2], strict=True)), **options})

    def call_extended(self, argument: int) -> None:
        options = self.options(self.pop()) if argument & 1 else {}
        values = self.items_of(self.pop())
        function = self.callee() if self.since("3.11") else self.pop()
        self.call(function, list(values), options)

    @staticmethod
    def options(node: Node) -> dict[str, Node]:
        if not isinstance(node, Mapping):
            raise Refused("it unpacks (**) something that isn't written out as a dict")
        return dict(node.items)

    @staticmethod
    def items_of(node: Node) -> list[Node]:
        """The items of a tuple or list that is written out."""
        if isinstance(node, Sequence):
            return node.items
        raise Refused("it unpacks (*) something that isn't written out as a tuple or list")
