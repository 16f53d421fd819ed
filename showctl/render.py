"""The offline driver: the same engine as `run`, over sound from a file and controls from a journal, as fast as it goes.

Frames are made at i / rate seconds. Sound is analysed just ahead of the light, and what is heard passes the same seam as in
the live driver; so what a light does follows from the sound's own time, without the delay of a sound card.

A journal that `run` wrote (it begins with a tick) is replayed step by step: what stands above a tick reaches the engine in a
step to that time, as it did that night, however late it was, and a frame of the same moment is the same. One written by hand
has no ticks: every line acts at its own time, and they need to be in order only to LOOKAHEAD seconds.

Nothing grows with the length of the show: sound, journal and frames are streamed.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

from showctl.analysis.hearing.analyzer import Analyzer
from showctl.model import AudioBlock, ControlEvent, Features, Inputs, WireError
from showctl.outputs.record import Recorder
from showctl.plan import Plan
from showctl.show.engine import ShowEngine
from showctl.show.seam import Seam
from showctl.wire.journal import Given, Tick, decode

RATE = 44.0  # Hz, the most that DMX carries
LOOKAHEAD = 5.0  # s by which lines of a journal written by hand may be out of order
LONGEST = 30 * 86400.0  # s, a time beyond this in a journal is a mistake
REPORT_EVERY = 200  # frames between two reports of progress


class BadJournal(ValueError):
    """A journal that cannot be played; the text names the line."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What reaches the engine at a time (s): in a step of its own as it was recorded, or whenever the next frame is due."""

    time: float
    inputs: Inputs
    recorded: bool = False


@dataclass(frozen=True, slots=True)
class Summary:
    """What a render made."""

    seconds: float
    frames: int
    events: int


def render(
    plan: Plan,
    folder: Path,
    *,
    sound: Iterable[AudioBlock] | None = None,
    journal: Iterable[Batch] = (),
    seconds: float | None = None,
    rate: float = RATE,
    progress: Callable[[float], None] | None = None,
) -> Summary:
    """Render a show to a folder (see `outputs.record`): for `seconds`, else to the end of sound and journal.

    Features in the journal are left out where there is sound. Raises OSError, and ValueError for what cannot be read.
    """
    batches = heapq.merge(heard(sound), controls(journal), key=attrgetter("time")) if sound is not None else iter(journal)
    engine, end, number = ShowEngine(plan), 0.0, 0
    coming = next(batches, None)
    with Recorder(folder, tuple(u.number for u in plan.universes)) as recorder:
        while True:
            now = number / rate
            if seconds is not None and now >= seconds:
                break
            if seconds is None and coming is None and now > end:
                break
            waiting = Inputs()
            while coming is not None and coming.time <= now:
                waiting, end = _joined(waiting, coming.inputs), coming.time
                if coming.recorded:
                    recorder.tell(engine.step(coming.time, waiting).events)
                    waiting = Inputs()
                coming = next(batches, None)
            recorder.add(engine.step(now, waiting))
            number += 1
            if progress is not None and number % REPORT_EVERY == 0:
                progress(now)
        return Summary(number / rate, recorder.frames, recorder.events)


def _joined(first: Inputs, then: Inputs) -> Inputs:
    return Inputs(first.features + then.features, first.controls + then.controls)


# --- what is heard ---------------------------------------------------------------------------------------------------


def heard(sound: Iterable[AudioBlock]) -> Iterator[Batch]:
    """Sound -> what enters the engine of it, and an empty batch at its very end."""
    analyzer, seam, until = None, Seam(), 0.0
    for block in sound:
        analyzer = analyzer or Analyzer(block.rate)
        for features in analyzer.feed(block):
            kept = seam.take(features)
            if kept is not None:
                yield Batch(kept.time, Inputs(features=(kept,)))
        until = (block.start + len(block.samples)) / block.rate
    yield Batch(until, Inputs())


# --- journals --------------------------------------------------------------------------------------------------------


def read_journal(path: Path) -> Iterator[Batch]:
    """A journal in the order of its times. OSError; BadJournal with PATH:LINE:COLUMN for a line that cannot be played."""
    with path.open(encoding="utf-8") as file:
        lines = _lines(path, file)
        first = next(lines, None)
        if first is None:
            return
        yield from _as_recorded(lines) if isinstance(first[1], Tick) else _by_hand(path, first, lines)


def controls(journal: Iterable[Batch]) -> Iterator[Batch]:
    """A journal without what was heard."""
    for batch in journal:
        yield Batch(batch.time, Inputs(controls=batch.inputs.controls), batch.recorded)


def _lines(path: Path, lines: Iterable[str]) -> Iterator[tuple[int, Given]]:
    number = 0
    try:
        for number, line in enumerate(lines, 1):
            if line.strip():
                given = decode(line)
                if abs(given.time) > LONGEST:
                    raise WireError(f"`time` is {given.time:g} s: more than 30 days")
                yield number, given
    except WireError as error:
        raise BadJournal(f"{path}:{number}:1: error: {error} [E-journal]") from error
    except UnicodeDecodeError as error:
        raise BadJournal(f"{path}:{number + 1}:1: error: not text in UTF-8 [E-journal]") from error


def _as_recorded(lines: Iterator[tuple[int, Given]]) -> Iterator[Batch]:
    """What stands above a tick in a step of that tick's time; a last line without a tick was cut off by a crash."""
    features: list[Features] = []
    given_controls: list[ControlEvent] = []
    latest = 0.0
    for _, given in lines:
        if isinstance(given, Tick):
            latest = max(latest, given.time)
            yield Batch(latest, Inputs(tuple(features), tuple(given_controls)), recorded=True)
            features, given_controls = [], []
        elif isinstance(given, Features):
            features.append(given)
        else:
            given_controls.append(given)


def _by_hand(path: Path, first: tuple[int, Given], lines: Iterator[tuple[int, Given]]) -> Iterator[Batch]:
    """Every line at its own time, sorted within LOOKAHEAD."""
    waiting: list[tuple[float, int, Given]] = [(first[1].time, *first)]
    newest, given_out = first[1].time, -LONGEST
    for number, given in lines:
        if given.time < given_out:
            raise BadJournal(f"{path}:{number}:1: error: `time` goes back by more than {LOOKAHEAD:g} s [E-journal-order]")
        heapq.heappush(waiting, (given.time, number, given))
        newest = max(newest, given.time)
        while waiting[0][0] < newest - LOOKAHEAD:
            given_out = waiting[0][0]
            yield _batch(heapq.heappop(waiting)[2])
    while waiting:
        yield _batch(heapq.heappop(waiting)[2])


def _batch(given: Given) -> Batch:
    if isinstance(given, Features):
        return Batch(given.time, Inputs(features=(given,)))
    return Batch(given.time, Inputs() if isinstance(given, Tick) else Inputs(controls=(given,)))
