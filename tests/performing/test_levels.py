"""The law of levels: whatever a device sends, and whenever it arrives, the show gets no more than 2 % at once, frame by frame.

The device is at random tilts, so what it asks for jumps from end to end; its packets are lost, held up by a quarter of a second,
doubled, overtaken, its clock is set. Ticks come late or not at all, and between them buttons are judged at once, as the daemon
does it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from showctl.analysis.gesture.posture import Motion
from showctl.model import PlaybackState, Reading, SetMaster
from showctl.performing.performers import Performers
from showctl.plan import ControlBinding, Window
from showctl.wire.wearable.profiles import PROFILES
from tests.show.gate.stage import LEFT, TAP, bind, show

FRAME, MOST = 1 / 44, 0.02 + 2e-6  # what is less than a millionth is not sent
START, SECONDS, EVERY = 100.0, 3.0, 0.02  # s
LEVELS: tuple[tuple[str, str, Motion | Literal["value"], float | None], ...] = (
    ("tilt 1", "swell", "tilt", None),
    ("tilt 2", "rests", "tilt", 0.0),
    ("value 1", "said", "value", 1.0),
)
SHOW = show(
    bind("fist", TAP, Window("always")),
    controls=tuple(
        ControlBinding(
            name, "left", kind, SetMaster(time=0.0, level=1.0, submaster=to), to, rest=rest, window=Window("always"),
            of="v" if kind == "value" else "",
        )
        for name, to, kind, rest in LEVELS
    ),
)  # fmt: skip
MOMENTS = st.lists(st.floats(0.0, SECONDS), max_size=4)


@dataclass
class Network:
    """What happens to packets: one draw for each, and moments (s) at which nothing comes for a while."""

    chances: list[float]
    stalls: list[float]
    holes: list[float]
    sets: list[float]
    timed: bool

    def arrivals(self, tilts: list[float], presses: list[float]) -> list[Reading]:
        """What arrives, in the order in which it does."""
        rates = [max(-1500.0, min(1500.0, (b - a) / EVERY)) for a, b in zip(tilts, [*tilts[1:], tilts[-1]], strict=True)]
        found = [
            one
            for n, turn in enumerate(zip(tilts, rates, strict=True))
            for one in self._sample(n * EVERY, *turn, self.chances[n % len(self.chances)])
        ]
        found += [Reading("left", "button", (float(n % 2 == 0),), START + at, None, "2") for n, at in enumerate(sorted(presses))]
        return sorted(found, key=lambda one: one.arrival)

    def _sample(self, since: float, tilt: float, rate: float, chance: float) -> Iterator[Reading]:
        if chance < 0.2 or any(at <= since < at + 1.2 for at in self.holes):
            return
        late = 0.06 * (chance * 7 % 1)
        arrival = START + max([since + late, *(at + 0.25 for at in self.stalls if at <= since + late < at + 0.25)])
        theirs = 1e6 + since + sum(3600.0 * (-1) ** n for n, at in enumerate(self.sets) if since >= at) if self.timed else None
        turned = math.radians(tilt)
        up, along = math.cos(turned), math.sin(turned)
        for channel, values in (("acceleration", (0.0, along, up)), ("rate", (rate, 0.0, 0.0)), ("value", (tilt / 90,))):
            reading = Reading(LEFT.name, channel, values, arrival, theirs, "v" if channel == "value" else "")
            yield reading
            if chance > 0.8:
                yield replace(reading, arrival=arrival + 0.1 * (chance * 3 % 1))


networks = st.builds(Network, st.lists(st.floats(0.0, 1.0), min_size=1, max_size=40), MOMENTS, MOMENTS, MOMENTS, st.booleans())


def frames(arriving: list[Reading], ticks: list[float]) -> Iterator[dict[str, float]]:
    """The levels that each frame is made of. Ticks (0..1): below 0.1 one is left out, above, so much later than its time."""
    performers = Performers(SHOW, PROFILES)
    levels = {to: 0.5 for _, to, _, _ in LEVELS}
    shown, n = START, 0

    def step(now: float, frame: bool) -> None:
        performers.advance(now)
        while performers.work(lambda: now, now + 1):
            pass
        playback = PlaybackState((), submasters=tuple(levels.items()))
        for one in performers.step(now, playback, shown, frame).controls:
            if isinstance(one, SetMaster) and one.submaster is not None:
                levels[one.submaster] = one.level

    for n in range(int(SECONDS / FRAME) + 60):
        chance = ticks[n % len(ticks)]
        if chance < 0.1:
            continue
        now = START + n * FRAME + 0.8 * FRAME * (chance - 0.1)
        while arriving and arriving[0].arrival <= now:
            performers.hear((one := arriving.pop(0),))
            if performers.ready:
                step(one.arrival, frame=False)
        step(now, frame=True)
        shown = now
        yield dict(levels)


@given(
    networks,
    st.lists(st.sampled_from([-80.0, -60.0, 0.0, 5.0, 60.0, 80.0]), min_size=1, max_size=150),
    st.lists(st.floats(0.0, SECONDS), max_size=60),
    st.lists(st.floats(0.0, 1.0), min_size=1, max_size=30),
)
@settings(max_examples=60, deadline=None)
def test_no_frame_differs_from_the_one_before_by_more_than_2_percent(
    network: Network, tilts: list[float], presses: list[float], ticks: list[float]
) -> None:
    every = (tilts * int(SECONDS / EVERY / len(tilts) + 1))[: int(SECONDS / EVERY)]
    before = {to: 0.5 for _, to, _, _ in LEVELS}
    for now in frames(network.arrivals(every, presses), ticks):
        for name, level in now.items():
            assert abs(level - before[name]) <= MOST
        before = now


def test_the_law_is_about_something() -> None:
    """A device that is met moves its level from end to end, with buttons pressed between all frames."""
    good = Network([0.5], [], [], [], True)
    swing = [80.0 * math.sin(n * EVERY * 2 * math.pi / 3) for n in range(int(SECONDS / EVERY))]
    presses = [n * 0.009 for n in range(int(SECONDS / 0.009))]
    levels = [one["swell"] for one in frames(good.arrivals(swing, presses), [0.5])]
    assert max(levels) - min(levels) > 0.4
