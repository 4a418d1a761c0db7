"""From the instructions of a straight-line function to the nodes of what it returns.

The stack of Python's own interpreter holds nodes here instead of values. Nothing is computed, looked up or called; a jump, a loop,
a ``with`` or anything else that isn't one straight line stops the walk, and the error names it.
"""

from __future__ import annotations

from collections.abc import Callable

from .binding import bound_arguments
from .calls import Calls, text_of
from .expressions import Binary, Budget, Constant, Function, Item, Malformed, Mapping, Node, Refused, Sequence, Slice, Unary
from .instructions import Instruction, instructions_of
from .opcodes import BINARY, COMPARISONS
from .stack import MAX_STACK, NULL

#: Functions of the user's own that call each other.
_MAX_FOLLOWED = 10

#: Items of a list that is written out one by one.
_LONGEST_LIST = 1_000

_UNARY = {"UNARY_NEGATIVE": "-", "UNARY_POSITIVE": "+", "UNARY_INVERT": "~", "UNARY_NOT": "not"}

_OPERATORS = {
    "ADD": "+", "AND": "&", "FLOOR_DIVIDE": "//", "LSHIFT": "<<", "MATRIX_MULTIPLY": "@", "MULTIPLY": "*", "MODULO": "%", "OR": "|",
    "POWER": "**", "RSHIFT": ">>", "SUBTRACT": "-", "TRUE_DIVIDE": "/", "XOR": "^", "DIVIDE": "classic /",
}  # fmt: skip

#: What Python itself calls instructions that no straight line has.
_WORDS = (
    ("FOR_ITER", "a loop"), ("GET_ITER", "a loop"), ("JUMP", "control flow"), ("TO_BOOL", "control flow"), ("SETUP_LOOP", "a loop"),
    ("YIELD", "a generator"), ("GENERATOR", "a generator"), ("GEN_START", "a generator"), ("MAKE_", "a function inside of it"), ("LOAD_CLOSURE", "a function inside of it"),
    ("BUILD_CLASS", "a class inside of it"), ("STORE_GLOBAL", "a change of a global name"), ("STORE_ATTR", "a change of an object"),
    ("STORE_SUBSCR", "an assignment to an item"), ("STORE_SLICE", "an assignment to an item"), ("DELETE_", "a deletion"), ("_WITH", "a with block"), ("WITH_", "a with block"),
    ("RAISE", "an exception"), ("SETUP_", "a try block"), ("BUILD_SET", "a set"), ("PRINT", "print"), ("FORMAT", "a formatted text"), ("BUILD_STRING", "a formatted text"),
    ("MATCH", "a match statement"),
)  # fmt: skip


def _told(name: str) -> str:
    """Return what an instruction's name means, in brackets behind it."""
    return next((f" ({what})" for part, what in _WORDS if part in name), "")


def follow(function: Function, arguments: list[Node], keywords: dict[str, Node], budget: Budget) -> Node:
    """Return what ``function`` returns for these arguments, as nodes. Raises Refused."""
    if len(budget.followed) >= _MAX_FOLLOWED or function.code in budget.followed:
        raise Refused(f"{function.code.name!r} calls itself, or functions call each other too deeply")
    budget.followed.append(function.code)
    try:
        return _Walk(function, bound_arguments(function, arguments, keywords), budget).run()
    except Refused as error:
        if len(budget.followed) > 1 and "in the function" not in str(error):
            raise type(error)(f"{error}, in the function {function.code.name!r} that it calls") from None
        raise
    finally:
        budget.followed.pop()


class _Walk(Calls):
    def follow(self, function: Function, arguments: list[Node], keywords: dict[str, Node]) -> Node:
        return follow(function, arguments, keywords, self.budget)

    def run(self) -> Node:
        """Return the node that the function returns."""
        for instruction in instructions_of(self.code.code, self.version):
            if instruction.name in ("RETURN_VALUE", "RETURN_CONST"):
                if self.code.handlers:
                    raise Refused("it has a try block (its exception table)")
                return self.pop() if instruction.name == "RETURN_VALUE" else self.constant(instruction.argument)
            self.step(instruction)
            if len(self.stack) > MAX_STACK:
                raise Refused("it holds more values at once than kbridge follows")
        raise Refused("it ends without a return")

    def step(self, instruction: Instruction) -> None:
        name, argument = instruction
        act = _ACTS.get(name)
        if act is not None:
            act(self, argument)
        elif name in _UNARY:
            self.unary(_UNARY[name])
        elif name.startswith(("BINARY_", "INPLACE_")) and name.partition("_")[2] in _OPERATORS:
            self.binary(_OPERATORS[name.partition("_")[2]], name.startswith("INPLACE"))
        else:
            raise Refused(f"it has the instruction {name}{_told(name)}")

    # ------------------------------------------------------------------ operations

    def unary(self, operator: str) -> None:
        value = self.pop()
        self.push(Unary(operator, value), value)

    def binary(self, operator: str, in_place: bool = False) -> None:
        right, left = self.pop(), self.pop()
        if in_place and isinstance(left, Sequence) and left.kind == "list":
            raise Refused(f"it changes a list by {operator}=")
        self.push(Binary(operator, left, right), left, right)

    def binary_op(self, argument: int) -> None:
        if not 0 <= argument < 2 * len(BINARY):
            raise Refused(f"it has the instruction BINARY_OP {argument}")
        self.binary(BINARY[argument % len(BINARY)], argument >= len(BINARY))

    def compare(self, argument: int) -> None:
        if self.since("3.13"):
            if argument & 16:
                raise Refused("it has the instruction COMPARE_OP in the form that control flow uses")
            argument >>= 5
        elif self.since("3.12"):
            argument >>= 4
        self.binary(self.at(COMPARISONS[:6] if self.since("3.9") else COMPARISONS, argument))

    def contains(self, argument: int) -> None:
        self.binary("not in" if argument else "in")

    def identity(self, argument: int) -> None:
        self.binary("is not" if argument else "is")

    def item(self, _: int = 0) -> None:
        key, value = self.pop(), self.pop()
        self.push(Item(value, key), value, key)

    def slice(self, count: int) -> None:
        if count not in (2, 3):
            raise Malformed
        parts = self.many(count)
        parts += [Constant(None)] * (3 - count)
        self.push(Slice(*parts), *parts)

    def sliced(self, _: int) -> None:
        self.slice(2)
        self.item()

    def slice_of_python2(self, has_start: bool, has_stop: bool) -> None:
        stop = self.pop() if has_stop else Constant(None)
        start = self.pop() if has_start else Constant(None)
        self.stack += [start, stop]
        self.sliced(0)

    def build(self, kind: str, count: int) -> None:
        items = self.many(count)
        self.push(Sequence(kind, items), *items)

    def extend(self, argument: int) -> None:
        more = self.pop()
        self.many_at(argument, "list")
        target = self.stack[-argument]
        items = [*target.items, *self.items_of(more)]  # type: ignore[attr-defined]
        self.stack[-argument] = self.budget.add(Sequence("list", items), *items)

    def append(self, argument: int) -> None:
        """From Python 3.10 on: the next item of a long list that is written out."""
        item = self.pop()
        self.many_at(argument, "list")
        items = [*self.stack[-argument].items, item]  # type: ignore[attr-defined]
        if len(items) > _LONGEST_LIST:
            raise Refused(f"it makes a list of more than {_LONGEST_LIST} items")
        self.stack[-argument] = self.budget.add(Sequence("list", items), *items)

    def many_at(self, depth: int, kind: str) -> None:
        if not 1 <= depth <= len(self.stack) or not isinstance(node := self.stack[-depth], Sequence) or node.kind != kind:
            raise Malformed

    def to_tuple(self, _: int = 0) -> None:
        items = self.items_of(self.pop())
        self.push(Sequence("tuple", list(items)), *items)

    def join(self, kind: str, count: int) -> None:
        """Up to Python 3.8: lists and tuples with * in them."""
        items = [item for part in self.many(count) for item in self.items_of(part)]
        self.push(Sequence(kind, items), *items)

    def merge(self, argument: int) -> None:
        """From Python 3.9 on: ``**`` into the dict that lies ``argument`` below."""
        more = self.options(self.pop())
        if not 1 <= argument <= len(self.stack):
            raise Malformed
        items = {**self.options(self.stack[-argument]), **more}
        self.stack[-argument] = self.budget.add(Mapping(items), *items.values())

    def join_mappings(self, count: int) -> None:
        """Up to Python 3.8: dicts with ** in them."""
        items: dict[str, Node] = {}
        for part in self.many(count):
            items |= self.options(part)
        self.push(Mapping(items), *items.values())

    def unpack(self, count: int) -> None:
        value = self.pop()
        if isinstance(value, Sequence):
            if len(value.items) != count:
                raise Refused(f"it unpacks {len(value.items)} values into {count}")
            self.stack += reversed(value.items)
            return
        if count > MAX_STACK:
            raise Refused("it holds more values at once than kbridge follows")
        for index in reversed(range(count)):
            self.push(Item(value, Constant(index)), value)

    def build_mapping(self, count: int) -> None:
        # up to Python 3.4 it is filled later, and the argument is only what to expect
        parts = self.many(2 * count) if self.since("3.5") else []
        self.push(Mapping(dict(zip(map(text_of, parts[::2]), parts[1::2], strict=True))), *parts)

    def store_in_mapping(self, _: int) -> None:
        key, value, target = self.pop(), self.pop(), self.pop()
        if not isinstance(target, Mapping):
            raise Malformed
        self.push(Mapping({**target.items, text_of(key): value}), target, value)

    def constant_mapping(self, count: int) -> None:
        names = [text_of(name) for name in self.items_of(self.pop())]
        if len(names) != count:
            raise Malformed
        values = self.many(count)
        self.push(Mapping(dict(zip(names, values, strict=True))), *values)

    def intrinsic(self, argument: int) -> None:
        if argument == 5:
            self.unary("+")
        elif argument == 6:
            self.to_tuple()
        else:
            raise Refused(f"it has the instruction CALL_INTRINSIC_1 {argument}")

    def nothing(self, _: int) -> None:
        pass


#: Instruction -> what it does; the rest of arithmetic apart, and what stops the walk.
_ACTS: dict[str, Callable[[_Walk, int], None]] = {
    **dict.fromkeys(("NOP", "RESUME", "PRECALL", "MAKE_CELL", "COPY_FREE_VARS"), _Walk.nothing),
    "POP_TOP": _Walk.drop,
    "ROT_TWO": lambda walk, _: walk.rotate(2),
    "ROT_THREE": lambda walk, _: walk.rotate(3),
    "ROT_FOUR": lambda walk, _: walk.rotate(4),
    "ROT_N": _Walk.rotate,
    "SWAP": _Walk.swap,
    "COPY": _Walk.copy,
    "DUP_TOP": lambda walk, _: walk.copy_many(1),
    "DUP_TOP_TWO": lambda walk, _: walk.copy_many(2),
    "DUP_TOPX": _Walk.copy_many,
    "BINARY_OP": _Walk.binary_op,
    "COMPARE_OP": _Walk.compare,
    "CONTAINS_OP": _Walk.contains,
    "IS_OP": _Walk.identity,
    "BINARY_SUBSCR": _Walk.item,
    "BUILD_SLICE": _Walk.slice,
    "BINARY_SLICE": _Walk.sliced,
    "SLICE+0": lambda walk, _: walk.slice_of_python2(False, False),
    "SLICE+1": lambda walk, _: walk.slice_of_python2(True, False),
    "SLICE+2": lambda walk, _: walk.slice_of_python2(False, True),
    "SLICE+3": lambda walk, _: walk.slice_of_python2(True, True),
    "BUILD_TUPLE": lambda walk, count: walk.build("tuple", count),
    "BUILD_LIST": lambda walk, count: walk.build("list", count),
    "LIST_APPEND": _Walk.append,
    "LIST_EXTEND": _Walk.extend,
    "LIST_TO_TUPLE": _Walk.to_tuple,
    "BUILD_TUPLE_UNPACK": lambda walk, count: walk.join("tuple", count),
    "BUILD_TUPLE_UNPACK_WITH_CALL": lambda walk, count: walk.join("tuple", count),
    "BUILD_LIST_UNPACK": lambda walk, count: walk.join("list", count),
    "BUILD_MAP_UNPACK": _Walk.join_mappings,
    "BUILD_MAP_UNPACK_WITH_CALL": _Walk.join_mappings,
    "DICT_MERGE": _Walk.merge,
    "DICT_UPDATE": _Walk.merge,
    "UNPACK_SEQUENCE": _Walk.unpack,
    "BUILD_MAP": _Walk.build_mapping,
    "BUILD_CONST_KEY_MAP": _Walk.constant_mapping,
    "STORE_MAP": _Walk.store_in_mapping,
    "LOAD_CONST": lambda walk, index: walk.stack.append(walk.constant(index)),
    "LOAD_FAST": _Walk.load_fast,
    "LOAD_FAST_CHECK": _Walk.load_fast,
    "LOAD_FAST_LOAD_FAST": _Walk.load_two,
    "STORE_FAST": _Walk.store_fast,
    "STORE_FAST_STORE_FAST": _Walk.store_two,
    "STORE_FAST_LOAD_FAST": _Walk.store_load,
    "LOAD_DEREF": lambda walk, index: walk.stack.append(walk.load(walk.cell(index))),
    "STORE_DEREF": _Walk.store_cell,
    "LOAD_GLOBAL": _Walk.load_global,
    "LOAD_ATTR": _Walk.load_attribute,
    "LOAD_METHOD": _Walk.load_method,
    "IMPORT_NAME": _Walk.load_import,
    "IMPORT_FROM": _Walk.import_from,
    "PUSH_NULL": lambda walk, _: walk.stack.append(NULL),
    "KW_NAMES": _Walk.set_names,
    "CALL_FUNCTION": _Walk.call_function,
    "CALL_METHOD": _Walk.call_function,
    "CALL_FUNCTION_KW": _Walk.call_with_names,
    "CALL_KW": _Walk.call_with_names,
    "CALL": _Walk.call_new,
    "CALL_FUNCTION_VAR": lambda walk, argument: walk.call_unpacked(argument, positional=True, named=False),
    "CALL_FUNCTION_VAR_KW": lambda walk, argument: walk.call_unpacked(argument, positional=True, named=True),
    "CALL_FUNCTION_EX": _Walk.call_extended,
    "CALL_INTRINSIC_1": _Walk.intrinsic,
}
