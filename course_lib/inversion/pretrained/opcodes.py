"""A pickle read as data. It is a program for a stack machine: this machine knows no instruction that could run code.

Python's own machine imports whatever name a file mentions and calls it with arguments of the file's choice, so that
to load is to run (its documentation says so). Here a name stays a name. "Call this" is obeyed for the few functions
of `allowed.CALLS`, each replaced by one of ours; any other name is refused when it is mentioned.
"""

import pickletools
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

from course_lib.inversion.pretrained import allowed, objects
from course_lib.inversion.pretrained.objects import Name, Object, Stored, Unreadable, shown

MOST_INSTRUCTIONS = 5_000_000  # the largest published networks need a few hundred thousand
NEWEST = 5  # protocol
SLACK = 2**20  # bytes

Storages = Callable[[Any], objects.Storage]  # of the persistent id of one

# instructions that put down a number, a word or bytes that stand in them
PLAIN = {
    *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
    *("STRING", "BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8"),
    *("UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"),
}
CONSTANTS: dict[str, Any] = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}


def load(
    stream: BinaryIO, size: int, calls: Mapping[str, allowed.Call], storages: Storages | None = None
) -> Any:
    """The tree of plain values, tensors (`Stored`) and objects (`Object`) of a pickle; the stream is then behind it.

    size: bytes of the whole file, which bounds the work. calls: what may be called, by name. storages: finds the
    numbers that the pickle refers to, in formats that keep them elsewhere. Raises Unreadable, with the name, for
    everything that weights do not need, and for a damaged pickle.
    """
    machine = Machine(size, calls, storages)
    try:
        for count, (instruction, argument, _) in enumerate(pickletools.genops(stream)):
            if count > MOST_INSTRUCTIONS:
                raise Unreadable(f"its pickle has more than {MOST_INSTRUCTIONS:,} instructions")
            machine.obey(instruction.name, argument)
        return machine.pop()
    except (ValueError, LookupError, ArithmeticError, TypeError, MemoryError, RecursionError) as error:
        raise Unreadable(f"its pickle is cut or damaged ({shown(str(error))})") from error


class Machine:
    """The stack, the marks in it and the memo of one pickle."""

    def __init__(self, size: int, calls: Mapping[str, allowed.Call], storages: Storages | None):
        self.calls, self.storages = calls, storages
        # of what calls may be given: a pickle that hands over the same again and again ends
        self.left = size + SLACK
        self.stack: list[Any] = []
        self.below: list[list[Any]] = []  # a stack for each mark
        self.memo: dict[int, Any] = {}

    def obey(self, name: str, argument: Any) -> None:
        if name in PLAIN:
            self.stack.append(argument)
        elif name in CONSTANTS:
            self.stack.append(CONSTANTS[name])
        elif name in INSTRUCTIONS:
            INSTRUCTIONS[name](self, argument)
        else:
            raise Unreadable(
                f"it has the instruction {name}, which weights do not need and which could run code"
            )

    def push(self, value: Any) -> None:
        self.stack.append(value)  # on the stack of this moment: a mark that was just passed has changed it

    def pop(self) -> Any:
        return self.stack.pop()  # an IndexError, if there is none, is that of a damaged pickle

    def since_mark(self) -> list[Any]:
        items, self.stack = self.stack, self.below.pop()
        return items

    # structure

    def mark(self, _: None) -> None:
        self.below.append(self.stack)
        self.stack = []

    def put(self, index: int) -> None:
        self.memo[index] = self.stack[-1]

    def memoize(self, _: None) -> None:
        self.put(len(self.memo))

    def get(self, index: int) -> None:
        self.stack.append(self.memo[index])

    def tuple_of(self, count: int) -> None:
        if len(self.stack) < count:
            raise IndexError("stack underflow")
        self.stack[-count:] = [tuple(self.stack[-count:])]

    def append(self, items: list[Any]) -> None:
        if type(target := self.stack[-1]) is not list:
            raise TypeError("only a list is appended to")
        target.extend(items)

    def set_items(self, items: list[Any]) -> None:
        if type(target := self.stack[-1]) is not dict or len(items) % 2:
            raise TypeError("only a dictionary has items, and they come in pairs")
        target.update(allowed.mapping(list(zip(items[::2], items[1::2], strict=True))))

    # names, and what is made of them

    def name(self, name: Any) -> None:
        """A name is put down only if something is known that it may be used for."""
        if name not in self.calls and name not in allowed.CLASSES and name not in allowed.MENTIONED:
            raise Unreadable(
                f"it asks for {shown(name)}, which weights do not need and which could run code: nothing of it was run"
            )
        self.stack.append(Name(name))

    def global_(self, argument: str) -> None:
        self.name(argument.replace(" ", ".", 1))

    def stack_global(self, _: None) -> None:
        name, module = self.pop(), self.pop()
        if type(name) is not str or type(module) is not str:
            raise TypeError("a name is a word")
        self.name(f"{module}.{name}")

    def call(self, _: None) -> None:
        arguments, function = self.pop(), self.pop()
        called = self.calls.get(function.name) if isinstance(function, Name) else None
        if called is None or type(arguments) is not tuple:
            what = function.name if isinstance(function, Name) else type(function).__name__
            raise Unreadable(
                f"it calls {shown(what)}, which is no function that weights need: it was not called"
            )
        self.left -= sum(len(a) for a in arguments if isinstance(a, (str, bytes, list, tuple)))
        if self.left < 0:
            raise Unreadable("its pickle has the same data made again and again, to fill the memory")
        self.stack.append(called(*arguments))

    def new(self, _: None) -> None:
        arguments, cls = self.pop(), self.pop()
        made = allowed.CLASSES.get(cls.name) if isinstance(cls, Name) else None
        if made is None or arguments != ():
            what = cls.name if isinstance(cls, Name) else type(cls).__name__
            raise Unreadable(
                f"it makes a {shown(what)}, which is no object that weights need: it was not made"
            )
        self.stack.append(made())

    def build(self, _: None) -> None:
        state, target = self.pop(), self.stack[-1]
        if isinstance(target, Object) and isinstance(state, dict) and target.state is None:
            target.state = state
        elif isinstance(target, Stored):
            allowed.fill(target, state)
        elif isinstance(target, allowed.NumpyType):
            if not isinstance(state, tuple) or len(state) < 2 or state[1] not in ("<", "|", "="):
                raise Unreadable("it has arrays whose bytes stand in another order than this machine's")
        elif type(target) is not dict:
            # the attributes of a dictionary, such as a state's versions, are left out
            raise Unreadable(f"it sets the state of a {type(target).__name__}, which has none")

    def stored(self, identity: Any) -> None:
        if self.storages is None:
            raise Unreadable(f"it refers to something outside of itself ({shown(identity)})")
        self.stack.append(self.storages(identity))

    def protocol(self, number: int) -> None:
        if number > NEWEST:
            raise Unreadable(f"its pickle is of protocol {number}, and the newest known is {NEWEST}")


INSTRUCTIONS: dict[str, Callable[[Machine, Any], Any]] = {
    "PROTO": Machine.protocol,
    "FRAME": lambda m, _: None,
    "STOP": lambda m, _: None,
    "MARK": Machine.mark,
    "POP": lambda m, _: m.pop() if m.stack else m.since_mark(),
    "POP_MARK": lambda m, _: m.since_mark(),
    "DUP": lambda m, _: m.stack.append(m.stack[-1]),
    "PUT": Machine.put,
    "BINPUT": Machine.put,
    "LONG_BINPUT": Machine.put,
    "MEMOIZE": Machine.memoize,
    "GET": Machine.get,
    "BINGET": Machine.get,
    "LONG_BINGET": Machine.get,
    "EMPTY_LIST": lambda m, _: m.stack.append([]),
    "EMPTY_SET": lambda m, _: m.stack.append([]),
    "EMPTY_DICT": lambda m, _: m.stack.append({}),
    "LIST": lambda m, _: m.push(m.since_mark()),
    "FROZENSET": lambda m, _: m.push(m.since_mark()),
    "TUPLE": lambda m, _: m.push(tuple(m.since_mark())),
    "DICT": lambda m, _: m.push(allowed.mapping(_pairs(m.since_mark()))),
    "TUPLE1": lambda m, _: m.tuple_of(1),
    "TUPLE2": lambda m, _: m.tuple_of(2),
    "TUPLE3": lambda m, _: m.tuple_of(3),
    "APPEND": lambda m, _: m.append([m.pop()]),
    "APPENDS": lambda m, _: m.append(m.since_mark()),
    "ADDITEMS": lambda m, _: m.append(m.since_mark()),
    "SETITEM": lambda m, _: m.set_items([m.pop(), m.pop()][::-1]),
    "SETITEMS": lambda m, _: m.set_items(m.since_mark()),
    "GLOBAL": Machine.global_,
    "STACK_GLOBAL": Machine.stack_global,
    "REDUCE": Machine.call,
    "NEWOBJ": Machine.new,
    "BUILD": Machine.build,
    "PERSID": Machine.stored,
    "BINPERSID": lambda m, _: m.stored(m.pop()),
}


def _pairs(items: list[Any]) -> list[tuple[Any, Any]]:
    return list(zip(items[::2], items[1::2], strict=True))
