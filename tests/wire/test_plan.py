"""A plan goes over the wire as it is, whatever is in it; what did not change is not sent again and stays the same object."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import is_dataclass, replace
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.model import WireError
from showctl.plan import Category, Cue, CueList, Move, Parameter, Plan, Span
from showctl.wire import plan as wire
from showctl.wire.plan import Reader, Sender, decode, encode
from tests.show.shows import cue, dimmer, move

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


def anything(type_: Any) -> st.SearchStrategy[Any]:
    """Any value of a type that a plan may hold, by its annotation alone."""
    origin, inner = get_origin(type_), get_args(type_)
    if origin in (Union, UnionType):
        return st.one_of([st.none() if one is NoneType else anything(one) for one in inner])
    if origin is Literal:
        return st.sampled_from(inner)
    if origin is tuple and inner[-1] is ...:
        return st.lists(anything(inner[0]), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*map(anything, inner))
    if is_dataclass(type_) or type_ is Move:
        hints = get_type_hints(type_)
        return st.builds(type_, **{name: anything(hint) for name, hint in hints.items()})
    if isinstance(type_, type) and issubclass(type_, Enum):
        return st.sampled_from(list(type_))
    simple: dict[Any, Callable[[], st.SearchStrategy[Any]]] = {
        int: st.integers,
        float: lambda: NUMBERS,
        str: lambda: st.text(st.characters(codec="utf-8"), max_size=8),
        bool: st.booleans,
        Decimal: lambda: st.decimals(allow_nan=False, allow_infinity=False),
    }
    return simple[type_]()


@pytest.mark.slow
@given(anything(Plan))
def test_whatever_is_in_a_plan_comes_out_as_it_was(plan: Plan) -> None:
    assert decode(encode(plan)) == plan


def show(cues: int, seed: int = 1, first_line: int = 10) -> Plan:
    """A long list over forty dimmers."""
    rng, made = np.random.default_rng(seed), []
    for number in range(1, cues + 1):
        moves = [move(int(p), round(float(rng.random()), 2), 2.0, 3.0) for p in rng.choice(40, 38, replace=False)]
        made.append(cue(number, *moves, name=f"Line {number}", line=first_line + number))
    return Plan(tuple(dimmer(i + 1) for i in range(40)), lists=(CueList("main", tuple(made)),), show="Night")


def sent(sender: Sender, plan: Plan) -> list[str]:
    lines: list[str] = []
    sender.send(plan, lines.append)
    return lines


def size(lines: list[str]) -> int:
    return sum(map(len, lines))


def test_only_what_changed_is_sent_again_and_the_rest_is_the_same_object() -> None:
    before, reader, sender = show(300), Reader(), Sender()
    lines = sent(sender, before)
    got = [reader.take(line) for line in lines][-1]
    assert got == before

    cues = list(got.lists[0].cues)
    cues[100] = replace(cues[100], name="Another")
    after = replace(before, lists=(replace(before.lists[0], cues=tuple(cues)),))
    more = sent(sender, after)
    now = [reader.take(line) for line in more][-1]
    assert now == after
    assert size(more) < size(lines) / 20
    same = [new is old for new, old in zip(now.lists[0].cues, got.lists[0].cues, strict=True)]
    assert same.count(False) < 20
    assert reader.parts.keys() == sender.parts


@pytest.mark.slow
def test_a_line_more_at_the_top_of_the_file_sends_no_moves_again() -> None:
    before, reader, sender = show(300), Reader(), Sender()
    lines = sent(sender, before)
    got = [reader.take(line) for line in lines][-1]
    more = sent(sender, show(300, first_line=11))
    now = [reader.take(line) for line in more][-1]
    assert now == show(300, first_line=11)
    assert not [line for line in more if line.startswith('["moves"')]
    assert all(new.moves is old.moves for new, old in zip(now.lists[0].cues, got.lists[0].cues, strict=True))


@pytest.mark.parametrize("at", [0, 150, 300])
def test_a_cue_that_is_put_in_moves_one_cut_and_not_all(at: int) -> None:
    before, sender = show(300), Sender()
    lines = sent(sender, before)
    cues = list(before.lists[0].cues)
    cues.insert(at, cue("0.5", move(3, 0.123), name="New"))
    more = sent(sender, replace(before, lists=(replace(before.lists[0], cues=tuple(cues)),)))
    assert size(more) < size(lines) / 20


def test_what_no_plan_needs_any_more_is_dropped() -> None:
    reader, sender = Reader(), Sender()
    for seed in range(4):
        lines = sent(sender, show(50, seed))
        assert [reader.take(line) for line in lines][-1] == show(50, seed)
        assert reader.parts.keys() == sender.parts


@pytest.mark.slow
def test_no_line_is_long() -> None:
    """The reader has a tick to keep between any two of them."""
    many = tuple(range(30_000))
    wide = replace(
        show(20),
        parameters=tuple(Parameter(f"dim.{i}", 0, "intensity", Category.INTENSITY, 1 + i // 512, (1 + i % 512,)) for i in many),
        safe=tuple((i, 0.5) for i in many),
        lists=(CueList("main", (Cue(Decimal(1), moves=tuple(Move(i, i / 30_000, Span(1.0), Span(1.0)) for i in many)),)),),
    )
    lines = encode(wide)
    assert max(map(len, lines)) < 4 * wire.PART
    assert [one.moves for one in decode(lines).lists[0].cues] == [one.moves for one in wide.lists[0].cues]


def test_labels_that_many_share_are_sent_once_and_shared_again() -> None:
    labels = tuple((f"Gobo {i}", i / 100) for i in range(60))
    plan = Plan(tuple(replace(dimmer(f"spot.{i}", i + 1), name="gobo", labels=labels) for i in range(200)))
    lines = encode(plan)
    assert "".join(lines).count("Gobo 7") == 1
    found = decode(lines)
    assert found == plan
    assert len({id(p.labels) for p in found.parameters}) == 1


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_is_not_sent(value: float) -> None:
    with pytest.raises(WireError):
        encode(Plan((dimmer(1),), start=((0, value),)))


@given(st.data())
def test_a_line_that_was_cut_or_changed_is_a_wire_error(data: st.DataObject) -> None:
    lines = encode(show(3))
    line = data.draw(st.sampled_from(lines))
    at = data.draw(st.integers(0, len(line) - 1))
    wrong = line[:at] + data.draw(st.sampled_from(["", "]", '"', "x", "-", "{"])) + line[at + 1 :]
    try:
        Reader().take(wrong)
    except WireError:
        return
    json.loads(wrong)  # what is taken is at least what it looks like


@pytest.mark.parametrize("line", ["", "[]", "7", '["plan"]', '["plan",{}]', '["Nothing",[]]', '["drop",["x"]]', '["Cue",[[1]]]'])
def test_what_no_sender_writes_is_a_wire_error(line: str) -> None:
    with pytest.raises(WireError):
        Reader().take(line)


def test_lines_without_a_plan_are_a_wire_error() -> None:
    with pytest.raises(WireError, match="end before"):
        decode([])
