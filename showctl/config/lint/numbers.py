"""Numbers and times of a list's cues: each number once, links that lead somewhere, nothing that runs without an end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from showctl.config import values
from showctl.config.tree import Key, Mark, Report
from showctl.plan import Cue, Span

if TYPE_CHECKING:
    from showctl.config.compile import Source

Way = tuple[Key, ...]
BEAT = 0.5  # s at 120 BPM, the tempo before any: to compare what is in seconds with what is in beats
BEATS_PER_BAR = 4


def seconds(span: Span) -> float:
    """A span in seconds, music at 120 BPM."""
    return span.amount * {"s": 1.0, "beat": BEAT, "bar": BEAT * BEATS_PER_BAR}[span.unit]


def numbers(cues: Sequence[Cue], loop: bool, faulty: set[Decimal], way: Way, source: Source, report: Report) -> None:
    """What can be said of a list without its looks. `cues` are in the order of the file; the length of a `faulty` one is open."""
    _order(cues, way, source, report)
    marks = {cue.number: source.root.at(*way, i, "cue") for i, cue in reversed(list(enumerate(cues)))}
    hangs = {cue.number: source.root.at(*way, i, "hang") for i, cue in enumerate(cues) if cue.hang is not None}
    ordered = sorted(cues, key=lambda cue: cue.number)
    _endless(ordered, loop, marks, report)
    for cue in ordered:
        if cue.hang is None or cue.hang.amount >= 0 or cue.number in faulty:
            continue
        if (most := _length(cue)) is not None and -cue.hang.amount > most.amount:
            text = f"cue {cue.number:f} takes {_text(most)}: the next one cannot come {_text(cue.hang)} after its end"
            cure = f"write at most `-{_text(most)}`" if most.amount else "write `follow: 0s`"
            report.error(hangs[cue.number], "E-hang", f"{text}, before it has begun: {cure}")


def _text(span: Span) -> str:
    return f"{span.amount:g}s" if span.unit == "s" else f"{span.amount:g} {span.unit}{'s' * (abs(span.amount) != 1)}"


def _order(cues: Sequence[Cue], way: Way, source: Source, report: Report) -> None:
    """Each number once, in the order of the file; every `goto` leads to a cue."""
    root = source.root
    seen: dict[Decimal, int] = {}
    highest: Cue | None = None
    for i, cue in enumerate(cues):
        if cue.number in seen:
            first = root.at(*way, seen[cue.number], "cue")
            text = f"cue {cue.number:f} is here twice, first in {first}: give one another number"
            report.error(root.at(*way, i, "cue"), "E-cue-twice", text)
        elif highest is not None and cue.number < highest.number:
            text = f"cue {cue.number:f} stands after cue {highest.number:f}: cues are played by number, not as they stand here"
            report.warning(root.at(*way, i, "cue"), "W-cue-order", text)
        seen.setdefault(cue.number, i)
        highest = cue if highest is None or cue.number > highest.number else highest
    written = source.names.get((*way, "cue"), frozenset())  # those with mistakes too
    for i, cue in enumerate(cues):
        if cue.goto is not None and cue.goto not in seen and f"{cue.goto:f}" not in written:
            near = values.did_you_mean(f"{cue.goto:f}", [f"{n:f}" for n in seen])
            report.error(root.at(*way, i, "goto"), "E-unknown-cue", f"there is no cue {cue.goto:f} in this list{near}")


def _endless(cues: Sequence[Cue], loop: bool, marks: Mapping[Decimal, Mark], report: Report) -> None:
    """Cues that follow one another in no time, round and round, would never let a frame out. `cues` are sorted."""
    places = {cue.number: i for i, cue in enumerate(cues)}

    def after(i: int) -> int | None:
        """The cue that comes at the same moment. A link that is followed so many times has an end."""
        cue = cues[i]
        span = cue.follow if cue.follow is not None else cue.hang
        if span is None or span.amount > 0 or (cue.hang is not None and _longest(cue) > 0):
            return None
        if cue.goto is not None and not cue.rounds:
            return places.get(cue.goto)
        return i + 1 if i + 1 < len(cues) else 0 if loop else None

    done: set[int] = set()
    for start in range(len(cues)):
        path: dict[int, None] = {}
        at: int | None = start
        while at is not None and at not in done and at not in path:
            path[at] = None
            at = after(at)
        if at is not None and at in path:
            number = cues[at].number
            text = f"from cue {number:f} on, cues follow one another in no time, for ever: give one a longer `follow`"
            report.error(marks[number], "E-endless", text)
        done.update(path)


def _longest(cue: Cue) -> float:
    """How long a cue takes at most, whatever the unit: enough to tell none from some."""
    return max((span.amount for move in cue.moves for span in (move.up, move.down, move.delay)), default=0.0)


def _length(cue: Cue) -> Span | None:
    """How long a cue takes at most, in the unit of its hang; None where that depends on the tempo."""
    assert cue.hang is not None
    most = 0.0
    for move in cue.moves:
        for span in (move.up, move.down):
            if any(one.amount and one.unit != cue.hang.unit for one in (span, move.delay)):
                return None
            most = max(most, move.delay.amount + span.amount)
    return Span(most, cue.hang.unit)
