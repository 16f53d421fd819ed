"""A plan as lines of text, and back: how it comes from the process that compiles it. PURE: values <-> JSON Lines.

What is long is sent in parts. A part is one line, `[TAG, [item, ...]]`, and its name is the hash of that line; what it belongs
to says `{"parts": [NAME, ...]}` in its place, and many names are sent in parts as well. The last line is the plan itself. A
part that the reader still has from the plan before is not sent again, so that after a small change little is sent, little is
built, and what did not change is the very same object as before. Where a list is cut into parts its items decide: an item
more or less moves one cut, not all of them.

No line is much longer than PART, so whoever reads between other things is never held up for long by one of them.

The form of each value follows from its type: a dataclass is the list of its fields that are not as usual, behind a number that
says which, a tuple a list, a Decimal text. Only the moves of a cue have a form of their own, as there are so many of them:
tables of what they have in common and of values, and columns.
decode(encode(plan)) == plan. Anything else than what `encode` makes is a WireError.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import MISSING, dataclass, fields, is_dataclass
from decimal import Decimal
from enum import Enum
from hashlib import blake2b
from itertools import chain
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints
from zlib import crc32

from showctl.model import WireError
from showctl.plan import Labels, Move, Plan

LEAST, PART = 1000, 8000  # characters of a line, about
ALONE = 400  # characters of a tuple from which on it is sent in parts
CUT = 8  # a list is cut behind one item in so many
BLOCK = 256  # moves that share a table
NAMES = 200  # in one line of what is dropped

_dump = json.JSONEncoder(separators=(",", ":"), allow_nan=False, ensure_ascii=False).encode


class Sender:
    """Sends plan after plan to one reader, and knows which parts it has."""

    def __init__(self) -> None:
        self.parts: Set[str] = frozenset()  # names of what the reader has
        self._moves: dict[int, _Written] = {}  # by id

    def send(self, plan: Plan, say: Callable[[str], object]) -> None:
        """Say the lines that the reader needs now, each as soon as it is written, so that it is read meanwhile.

        WireError for a number that is not finite: sender and reader begin anew then.
        """
        lines = _Lines(self.parts, say, self._moves)
        try:
            last = f'["plan",{_PLAN.write(plan, lines)}]'
        except ValueError as error:
            raise WireError(f"a plan that cannot be sent: {error}") from error
        gone = sorted(self.parts - lines.names)
        for i in range(0, len(gone), NAMES):
            say(_dump(["drop", gone[i : i + NAMES]]))
        self.parts, self._moves = lines.names, lines.written
        say(last)


def encode(plan: Plan) -> list[str]:
    """The lines for a reader that has nothing. WireError for a number that is not finite."""
    lines: list[str] = []
    Sender().send(plan, lines.append)
    return lines


@dataclass(frozen=True, slots=True)
class _Written:
    """Moves as they were written: cues that did not change have the same ones from plan to plan."""

    moves: tuple[Move, ...]
    text: str
    names: list[str]  # of its parts


class _Lines:
    """Where parts go while a plan is written."""

    def __init__(self, known: Set[str], say: Callable[[str], object], before: Mapping[int, _Written]) -> None:
        self.known, self.say, self.before = known, say, before
        self.names: set[str] = set()
        self.added: list[str] = []  # the same in order, and as often as they are needed
        self.written: dict[int, _Written] = {}
        self.shared: dict[int, str] = {}  # by id: names of the labels that were written, which the plan keeps meanwhile

    def add(self, line: str) -> str:
        """The name of a line, which is said where the reader has it not."""
        name = _name(line)
        if name not in self.known and name not in self.names:
            self.say(line)
        self.names.add(name)
        self.added.append(name)
        return name


def decode(lines: Iterable[str]) -> Plan:
    """The plan of all lines that `encode` made of it. WireError for anything else."""
    reader, plan = Reader(), None
    for line in lines:
        plan = reader.take(line)
    if plan is None:
        raise WireError("the lines end before the plan")
    return plan


class Reader:
    """Takes plan after plan, line by line, and keeps the parts of the last for the next."""

    def __init__(self) -> None:
        self.parts: dict[str, tuple[Any, ...]] = {}

    def take(self, line: str) -> Plan | None:
        """One line; the plan once it was the last one. WireError for what is none."""
        try:
            tag, body = json.loads(line)
            if tag == "plan":
                plan: Plan = _PLAN.read(body, self)
                return plan
            if tag == "drop":
                for name in body:
                    del self.parts[name]
            else:
                read = _ITEMS[tag].read
                self.parts[_name(line)] = tuple([read(item, self) for item in body])
        except (ValueError, TypeError, KeyError, IndexError, ArithmeticError, RecursionError) as error:
            raise WireError(f"this is no line of a plan: {type(error).__name__}: {error}"[:200]) from error
        return None

    def items(self, body: Any, read: Callable[[Any, Reader], Any]) -> tuple[Any, ...]:
        """What `_long` wrote."""
        if isinstance(body, list):
            return tuple([read(item, self) for item in body])
        names = self.items(body["parts"], _PLAIN.read)
        if len(names) == 1:
            return self.parts[names[0]]
        return tuple(chain.from_iterable([self.parts[name] for name in names]))


# --- one codec for each type -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Codec:
    write: Callable[[Any, _Lines], str]  # as JSON; long tuples go into the lines
    read: Callable[[Any, Reader], Any]  # from what JSON makes of that


_CODECS: dict[Any, _Codec] = {}
_ITEMS: dict[str, _Codec] = {}  # tag of a part -> of its items


def _codec(type_: Any) -> _Codec:
    if type_ not in _CODECS:
        _CODECS[type_] = _make(type_)
    return _CODECS[type_]


def _make(type_: Any) -> _Codec:
    origin, inner = get_origin(type_), get_args(type_)
    if type_ == Labels:
        return _shared(_row([_codec(a) for a in get_args(inner[0])], tuple, iter))
    if origin in (Union, UnionType):
        some = [a for a in inner if a is not NoneType]
        one = _codec(some[0]) if len(some) == 1 else _any_of(some)
        return _optional(one) if len(some) < len(inner) else one
    if origin is tuple and inner[-1] is ...:
        return _moves() if inner[0] is Move else _many(inner[0])
    if origin is tuple:
        return _row([_codec(a) for a in inner], tuple, iter)
    if is_dataclass(type_) and isinstance(type_, type):
        return _record(type_)
    if type_ is Decimal:
        return _Codec(lambda value, _: f'"{value}"', lambda body, _: Decimal(body))
    if isinstance(type_, type) and issubclass(type_, Enum):
        return _Codec(lambda value, _: _dump(value.value), lambda body, _: type_(body))
    if origin is Literal or type_ in (int, float, str, bool):
        return _PLAIN  # an int where a float is written is equal to it, and so is what comes of it
    raise TypeError(f"{type_}: a plan holds no such thing")


def _write_plain(value: Any, _: _Lines) -> str:
    if type(value) is float and value - value == 0.0:  # finite
        return repr(value)
    return _dump(value)


_PLAIN = _Codec(_write_plain, lambda body, _: body)
_ITEMS["names"] = _PLAIN


def _optional(one: _Codec) -> _Codec:
    return _Codec(
        lambda value, lines: "null" if value is None else one.write(value, lines),
        lambda body, reader: None if body is None else one.read(body, reader),
    )


def _row(codecs: list[_Codec], make: Callable[[list[Any]], Any], take: Callable[[Any], Iterable[Any]]) -> _Codec:
    """So many values, each with its own type."""
    writers, readers = [c.write for c in codecs], [c.read for c in codecs]

    def write(value: Any, lines: _Lines) -> str:
        return f"[{','.join([w(one, lines) for w, one in zip(writers, take(value), strict=True)])}]"

    def read(body: Any, reader: Reader) -> Any:
        return make([r(one, reader) for r, one in zip(readers, body, strict=True)])

    return _Codec(write, read)


def _record(type_: Any) -> _Codec:
    """A dataclass: which fields are not as they are when they are left out (a bit each), then those."""
    hints, members = get_type_hints(type_), fields(type_)
    codecs = [_codec(hints[f.name]) for f in members]
    table = [(1 << i, f.name, f.default, codecs[i].write) for i, f in enumerate(members)]
    usual, names = [f.default for f in members], [f.name for f in members]
    by_name = any(f.kw_only for f in members)
    present: dict[int, list[tuple[int, Callable[[Any, Reader], Any]]]] = {}  # bits -> fields and how to read them

    def write(value: Any, lines: _Lines) -> str:
        bits, texts = 0, []
        for bit, name, default, written in table:
            if (own := getattr(value, name)) is not default and own != default:
                bits += bit
                texts.append(written(own, lines))
        return f"[{','.join([str(bits), *texts])}]"

    def read(body: Any, reader: Reader) -> Any:
        bits, *texts = body
        if bits not in present:
            present[bits] = [(i, codec.read) for i, codec in enumerate(codecs) if bits >> i & 1]
        values = usual.copy()
        for (i, made), text in zip(present[bits], texts, strict=True):
            values[i] = made(text, reader)
        if MISSING in values:
            raise ValueError(f"a field of {type_.__name__} is missing")
        return type_(**dict(zip(names, values, strict=True))) if by_name else type_(*values)

    return _Codec(write, read)


def _any_of(types: Iterable[Any]) -> _Codec:
    """One of several dataclasses: its name, and what it is."""
    codecs = {one.__name__: _codec(one) for one in types}

    def write(value: Any, lines: _Lines) -> str:
        name = type(value).__name__
        return f"[{_dump(name)},{codecs[name].write(value, lines)}]"

    def read(body: Any, reader: Reader) -> Any:
        name, one = body
        return codecs[name].read(one, reader)

    return _Codec(write, read)


def _many(type_: Any) -> _Codec:
    """Any number of values of one type."""
    item, tag = _codec(type_), _tag(type_)
    _ITEMS[tag] = item
    return _Codec(
        lambda value, lines: _long(tag, [item.write(one, lines) for one in value], lines),
        lambda body, reader: reader.items(body, item.read),
    )


def _shared(item: _Codec) -> _Codec:
    """A tuple that a thousand parameters have: one part, written once and read once, so that the reader shares it, too."""
    _ITEMS["labels"] = item

    def write(value: Any, lines: _Lines) -> str:
        if id(value) not in lines.shared:
            texts = ",".join([item.write(one, lines) for one in value])
            lines.shared[id(value)] = _dump(lines.add(f'["labels",[{texts}]]'))
        return lines.shared[id(value)]

    return _Codec(write, lambda body, reader: reader.parts[body])


def _tag(type_: Any) -> str:
    return type_.__name__ if isinstance(type_, type) and not get_args(type_) else str(type_)


def _long(tag: str, texts: list[str], lines: _Lines) -> str:
    """A tuple whose items are these texts, in parts if it is long."""
    whole = ",".join(texts)
    if len(whole) < ALONE:
        return f"[{whole}]"
    names, begun, size = [], 0, 0
    for i, text in enumerate(texts, 1):
        size += len(text) + 1
        if i == len(texts) or (size >= LEAST and crc32(text.encode()) % CUT == 0) or size >= PART:
            names.append(lines.add(f'["{tag}",[{",".join(texts[begun:i])}]]'))
            begun, size = i, 0
    return f'{{"parts":{_long("names", [_dump(name) for name in names], lines)}}}'


def _name(line: str) -> str:
    return blake2b(line.encode(), digest_size=12).hexdigest()


# --- moves -----------------------------------------------------------------------------------------------------------


def _moves() -> _Codec:
    """The moves of a cue, in blocks of [what moves have in common, values, which of the first, parameters, which value]."""
    hints = get_type_hints(Move)
    parameter, value, *rest = Move._fields
    kind = _row([_codec(hints[name]) for name in rest], tuple, iter)
    first, second, common = attrgetter(parameter), attrgetter(value), attrgetter(*rest)

    def write_block(moves: tuple[Move, ...], lines: _Lines) -> str:
        table: dict[Any, int] = {}
        last, number, column = None, 0, []
        for this in map(common, moves):
            if this != last:  # neighbours share their spans, and what is the same object is compared in no time
                last, number = this, table.setdefault(this, len(table))
            column.append(number)
        texts = ",".join([kind.write(one, lines) for one in table])
        values: dict[float, int] = {}
        levels = [values.setdefault(value, len(values)) for value in map(second, moves)]
        return f"[[{texts}],{_dump(list(values))},{_dump(column)},{_dump(list(map(first, moves)))},{_dump(levels)}]"

    def read_block(body: Any, reader: Reader) -> tuple[Move, ...]:
        texts, values, column, parameters, levels = body
        table = [kind.read(one, reader) for one in texts]
        return tuple([Move(p, values[v], *table[k]) for k, p, v in zip(column, parameters, levels, strict=True)])

    _ITEMS["moves"] = _Codec(write_block, read_block)

    def write(moves: tuple[Move, ...], lines: _Lines) -> str:
        known = lines.before.get(id(moves))
        if known is None:
            begun = len(lines.added)
            blocks = [write_block(moves[i : i + BLOCK], lines) for i in range(0, len(moves), BLOCK)]
            known = _Written(moves, _long("moves", blocks, lines), lines.added[begun:])
        lines.written[id(moves)] = known
        lines.names.update(known.names)
        return known.text

    def read(body: Any, reader: Reader) -> tuple[Move, ...]:
        blocks = reader.items(body, read_block)
        return blocks[0] if len(blocks) == 1 else tuple(chain.from_iterable(blocks))

    return _Codec(write, read)


_PLAN = _codec(Plan)
