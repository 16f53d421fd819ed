"""Lists that follow time code: when each cue fires, in seconds of time code, and what of that cannot be.

`at` counts from the `offset` of its list. With frames the list says in `fps` how many there are; without, a fraction of a second
needs no rate. With drop frame all of it is what the clock shows.
"""

from __future__ import annotations

from showctl.config import schema
from showctl.config.tree import Key, Node, Report
from showctl.config.values import Code
from showctl.wire.timecode import Face, Rate, seconds, valid


def times(one: schema.ListModel, way: tuple[Key, ...], root: Node, report: Report) -> list[float | None]:
    """The time of each cue of a list, in the order of the file; mistakes go to the report. `way` leads to its cues."""
    if one.timecode is None:
        _refuse(one, way, root, report)
        return [None] * len(one.cues)
    fps = None if one.fps is None else Rate(one.fps)
    offset = 0.0 if one.offset is None else _seconds(one.offset, fps, (*way[:-1], "offset"), root, report) or 0.0
    found: list[float | None] = []
    for i, cue in enumerate(one.cues):
        at = None if cue.at is None else _seconds(cue.at, fps, (*way, i, "at"), root, report)
        found.append(None if at is None else at + offset)
    _order(one, found, way, root, report)
    return found


def _refuse(one: schema.ListModel, way: tuple[Key, ...], root: Node, report: Report) -> None:
    text = "this list follows no time code: write `timecode: mtc` beside its `cues`, under `lists`"
    for i, cue in enumerate(one.cues):
        if cue.at is not None:
            report.error(root.key(*way, i, "at"), "E-timecode", text)


def _seconds(code: Code, fps: Rate | None, way: tuple[Key, ...], root: Node, report: Report) -> float | None:
    """What the clock shows, in seconds; None where it cannot show that."""
    rate = fps or Rate.FULL
    frames = code.fraction * rate.face if code.frames is None else code.frames
    face = Face(code.hours, code.minutes, code.seconds, frames)
    if code.frames is None:
        return seconds(face, rate)
    if fps is None:
        text = f"{code} counts frames: say how many there are in a second with `fps: 25` beside `timecode`"
    elif not valid(face, rate):
        text = f"with `fps: {fps.value}` no clock shows {code}"
        text += (
            ": drop frame leaves out the frames 0 and 1 of most minutes"
            if frames < 2
            else f": frames go from 0 to {rate.face - 1}"
        )
    else:
        return seconds(face, rate)
    report.error(root.at(*way), "E-timecode", text)
    return None


def _order(one: schema.ListModel, found: list[float | None], way: tuple[Key, ...], root: Node, report: Report) -> None:
    """The times rise with the numbers, and nothing waits for a time that it has not."""
    before: tuple[float, schema.CueModel] | None = None
    last: schema.CueModel | None = None
    for i in sorted(range(len(one.cues)), key=lambda i: one.cues[i].cue):
        cue, at = one.cues[i], found[i]
        by_itself = cue.when is not None or (last is not None and (last.follow is not None or last.hang is not None))
        if cue.at is None and not by_itself:
            text = f"cue {cue.cue:f} of a list that follows time code has no `at`: it waits for GO by hand"
            report.warning(root.at(*way, i, "cue"), "W-no-at", text)
        if at is not None and before is not None and at <= before[0]:
            text = f"cue {cue.cue:f} comes no later than cue {before[1].cue:f}: the times rise with the numbers of the cues"
            report.error(root.at(*way, i, "at"), "E-at-order", text)
        before, last = (before if at is None else (at, cue)), cue
