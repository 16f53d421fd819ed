"""The parts of a song, told soon after they begin, a drop before it falls, and no drop where there is none.

Songs here are made of what the ear measures hop by hop, not of sound: levels of three bands, strokes and an exact grid.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest

from showctl.analysis.hearing.sections import SectionFinder
from showctl.model import BeatGrid, Coming, Features, Section

BEAT = 0.48  # s, 125 bpm: whole hops
Stroke = tuple[float, float, float]
NONE: Stroke = (0.0, 0.0, 0.0)
Play = Callable[[float], tuple[tuple[float, float, float], Stroke]]  # beats from the start of a part -> bands (dBFS), strokes


@dataclass(frozen=True)
class Part:
    beats: int
    play: Play


def struck(beats: float, every: float) -> bool:
    """Whether a stroke falls into the hop that begins here."""
    return (beats + 1e-6) % every < 0.0099 / BEAT


def full(bars: int) -> Part:
    """Kick, bass, hats."""

    def play(beats: float) -> tuple[tuple[float, float, float], Stroke]:
        kick = beats % 1 < 0.3
        bar_sway = 1.0 * math.sin(beats)
        strokes = (float(struck(beats, 1)), float(struck(beats - 1, 2)), float(struck(beats, 0.5)))
        return (-12.0 if kick else -18.0, -20.0 + bar_sway, -28.0 + bar_sway), strokes

    return Part(4 * bars, play)


def pads(bars: int) -> Part:
    return Part(4 * bars, lambda beats: ((-70.0, -24.0 + math.sin(beats), -42.0), NONE))


def rising(bars: int) -> Part:
    """A snare roll that comes closer and louder over swelling noise; no kick."""

    def play(beats: float) -> tuple[tuple[float, float, float], Stroke]:
        way = beats / (4 * bars)
        every = 1.0 if way < 0.5 else 0.5 if way < 0.75 else 0.25 if way < 0.9 else 0.125
        hit = float(struck(beats, every))
        return (-55.0, -26.0 + 6 * way, -38.0 + 22 * way), (0.0, hit, hit)

    return Part(4 * bars, play)


def nothing(bars: int) -> Part:
    return Part(4 * bars, lambda _: ((-110.0, -110.0, -110.0), NONE))


def song(*parts: Part, gain: float = 0.0) -> Iterator[Features]:
    """What the ear would hear of the parts in a row."""
    start, hop = 0, 0
    for part in parts:
        while hop * 0.01 < (start + part.beats) * BEAT - 1e-6:
            time = hop * 0.01
            bands, strokes = part.play(time / BEAT - start)
            index = math.floor((time + 0.115) / BEAT + 1e-6)
            grid = BeatGrid(index * BEAT, index, BEAT, index % 4 + 1, 4, 0.9)
            louder = (bands[0] + gain, bands[1] + gain, bands[2] + gain)
            hop += 1
            yield Features(hop * 0.01, max(louder) - 1, louder, onset=max(strokes), grid=grid, strikes=strokes)
        start += part.beats


def told(heard: Iterator[Features]) -> tuple[list[tuple[float, Section]], list[tuple[float, Coming | None]]]:
    """When each section began to be told; when what was foretold changed."""
    finder = SectionFinder()
    news: list[tuple[float, Section]] = []
    fates: list[tuple[float, Coming | None]] = []
    for features in heard:
        form = finder.feed(features)
        assert 0.0 <= form.sure <= 1.0
        if not news or news[-1][1] is not form.section:
            news.append((features.time, form.section))
        if form.coming != (fates[-1][1] if fates else None):
            fates.append((features.time, form.coming))
    return news, fates


SONG = (full(16), pads(8), rising(8), full(16))
STARTS = [sum(part.beats for part in SONG[:n]) * BEAT for n in range(4)]


def test_break_build_and_drop() -> None:
    news, _ = told(song(*SONG))
    kinds = [kind for _, kind in news if kind is not Section.SILENCE]
    assert kinds == [Section.STEADY, Section.BREAK, Section.BUILD, Section.DROP]
    when = {kind: time for time, kind in news}
    assert STARTS[1] + BEAT < when[Section.BREAK] < STARTS[1] + 9 * BEAT
    assert STARTS[2] < when[Section.BUILD] < STARTS[2] + 16 * BEAT
    assert STARTS[3] < when[Section.DROP] < STARTS[3] + 0.15


def test_a_drop_is_foretold_a_beat_ahead_on_its_beat() -> None:
    _, fates = told(song(*SONG))
    right = [(at, fate) for at, fate in fates if fate is not None and abs(fate.time - STARTS[3]) < 0.02]
    assert right
    at, fate = right[0]
    assert fate.section is Section.DROP
    assert STARTS[3] - 4 * BEAT < at <= STARTS[3] - BEAT
    assert fates[-1][1] is None, "once it is heard, it is no longer foretold"


@pytest.mark.slow
@pytest.mark.parametrize("gain", [-14.0, 10.0])
def test_gain_changes_nothing(gain: float) -> None:
    (news, fates), (same, again) = told(song(*SONG, gain=gain)), told(song(*SONG))
    assert news == same
    assert [at for at, _ in fates] == [at for at, _ in again]


def test_where_nothing_comes_nothing_is_heard_and_what_was_foretold_is_dropped() -> None:
    news, fates = told(song(full(16), pads(8), rising(8), pads(8), full(8)))
    assert Section.DROP not in [kind for _, kind in news]
    assert fates[-1][1] is None
    for (at, fate), (gone, _) in zip(fates, fates[1:], strict=False):
        assert fate is None or (gone <= fate.time + BEAT and at < fate.time)


def test_a_foretold_drop_follows_the_grid_until_its_time() -> None:
    moved = (
        replace(f, grid=replace(f.grid, anchor=f.grid.anchor + 0.03)) if f.grid and f.time > STARTS[3] - 0.7 * BEAT else f
        for f in song(*SONG)
    )
    _, fates = told(moved)
    times = [fate.time for _, fate in fates if fate is not None and abs(fate.time - STARTS[3]) < 0.1]
    assert times[0] == pytest.approx(STARTS[3])
    assert times[-1] == pytest.approx(STARTS[3] + 0.03)


def test_plain_music_has_no_drop_and_no_break() -> None:
    news, fates = told(song(full(48)))
    assert [kind for _, kind in news] == [Section.STEADY]
    assert fates == []


def test_a_break_without_a_build_ends_steady() -> None:
    news, _ = told(song(full(16), pads(8), full(8)))
    kinds = [kind for _, kind in news]
    assert Section.BREAK in kinds
    assert Section.DROP not in kinds
    assert kinds[-1] is Section.STEADY


def test_a_short_stop_is_no_break() -> None:
    stop = Part(2, pads(1).play)
    assert [kind for _, kind in told(song(full(16), stop, full(8)))[0]] == [Section.STEADY]


def test_silence_is_told_within_a_second_and_ends_at_once() -> None:
    news, _ = told(song(full(8), nothing(3), full(4)))
    quiet, again = 32 * BEAT, 44 * BEAT
    assert [kind for _, kind in news] == [Section.STEADY, Section.SILENCE, Section.STEADY]
    assert quiet + 0.5 < news[1][0] < quiet + 1.0
    assert again < news[2][0] < again + 0.05


def test_without_a_grid_a_break_is_heard_all_the_same() -> None:
    news, _ = told(replace(f, grid=None) for f in song(full(16), pads(8)))
    assert Section.BREAK in [kind for _, kind in news]
