"""The offline driver: the same engine as `run`, over sound from a file and controls from a journal, as fast as it goes.

Frames are made at i / rate seconds. Sound is analysed just ahead of the light, and what is heard passes the same seam as in
the live driver; so what a light does follows from the sound's own time, without the delay of a sound card.

A journal that `run` wrote (see `replay`) holds every step of the engine: it is stepped as it was that night, however late
things came, and each step's look is a frame. One written by hand says no steps: every line acts at its own time.

Nothing grows with the length of the show: sound, journal and frames are streamed.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

from showctl.analysis.hearing.analyzer import Analyzer
from showctl.model import AudioBlock, Inputs, ShowFrame
from showctl.outputs.record import Recorder
from showctl.plan import Plan
from showctl.replay import Batch, controls
from showctl.show.engine import ShowEngine
from showctl.show.seam import Seam
from showctl.show.state import State
from showctl.wire.journal import Load

RATE = 44.0  # Hz, the most that DMX carries
REPORT_EVERY = 200  # frames between two reports of progress


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
                coming = next(batches, None)
            recorder.add(engine.step(now, waiting))
            number += 1
            if progress is not None and number % REPORT_EVERY == 0:
                progress(now)
        return Summary(number / rate, recorder.frames, recorder.events)


def replay(
    plan: Plan,
    folder: Path,
    steps: Iterable[Load | Batch],
    *,
    seconds: float | None = None,
    rate: float | None = None,
    progress: Callable[[float], None] | None = None,
) -> Summary:
    """Render a recorded journal to a folder, step by step as it was: every step's look is a frame, for `seconds` from the first.

    With a `rate` the frames are at i / rate seconds instead, and each is the look that then stood: no step is added, since what
    the strobe limit does depends on when steps fall. Raises OSError, and ValueError for what cannot be read.
    """
    engine: ShowEngine | None = None
    first, frame = math.inf, None
    with Recorder(folder, tuple(u.number for u in plan.universes)) as recorder:
        for one in steps:
            if isinstance(one, Load):
                if engine is None or one.why != "full":  # else it says how the engine stands that goes on
                    engine = _standing(plan, one)
                continue
            if engine is None:
                raise ValueError("a recorded journal begins with a load")
            first = min(first, one.time)
            if seconds is not None and one.time - first >= seconds:
                break
            if rate is None:
                recorder.add(frame := engine.step(one.time, one.inputs))
            else:
                _hold(recorder, frame, one.time, rate)
                frame = engine.step(one.time, one.inputs)
                recorder.tell(frame.events)
            if progress is not None and recorder.frames % REPORT_EVERY == 0:
                progress(one.time - first)
        if frame is None:
            return Summary(0.0, 0, 0)
        if rate is not None:
            _hold(recorder, frame, math.nextafter(frame.time, math.inf), rate)
        return Summary(frame.time - first, recorder.frames, recorder.events)


def _standing(plan: Plan, load: Load) -> ShowEngine:
    """The engine as it stood when this was written."""
    return ShowEngine(plan) if load.state is None else ShowEngine.restored(plan, State.unpack(load.state))[0]


def _hold(recorder: Recorder, frame: ShowFrame | None, until: float, rate: float) -> None:
    """The look of a step, at every i / rate from its time on."""
    if frame is None:
        return
    number = math.ceil(frame.time * rate)
    while number / rate < until:
        if number / rate >= frame.time:
            recorder.look(number / rate, frame.slots)
        number += 1


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
