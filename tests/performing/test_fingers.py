"""Buttons through Wi-Fi as it is, from packets on: whatever is lost, held up, doubled or overtaken, a press is one GO at most."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from showctl.model import ControlEvent, Go, ListState, PlaybackState
from showctl.performing.performers import Performers
from showctl.wire.osc import Message
from showctl.wire.wearable.profiles import PROFILES
from tests.show.gate.stage import GO, bind, show

START, STEP, LASTS_S = 100.0, 0.02, 14.0
CLUTCH, FIST = 1, 2  # buttons of `tests.show.gate.stage`
FROM = "10.0.0.9:4000"
LATE_S = 0.6  # a press is no older than that when it fires: held up for 0.3 s, told of again 0.2 s later

Tells = Literal["changes", "changes three times", "all the time", "now and then"]
TELLS: dict[Tells, tuple[tuple[float, ...], float]] = {  # how long after each change, and how often besides (s; 0: never)
    "changes": ((0.0,), 0.0),
    "changes three times": ((0.0, 0.015, 0.04), 0.0),
    "all the time": ((0.0,), 0.02),
    "now and then": ((0.0,), 1.0),
}
ALWAYS_KNOWN = set(TELLS) - {"now and then"}  # that has to be up for some seconds, until it is known to be told of so


@dataclass(frozen=True)
class Net:
    """How bad the way is."""

    seed: int
    loss: float
    jitter: float  # s
    doubled: float
    stalls: tuple[float, ...]  # s after the start: nothing for 0.3 s, then all at once
    holes: tuple[tuple[float, float], ...]  # s after the start, and for how long all is lost

    def way(self, since: float, chance: random.Random) -> list[float]:
        """When (s after the start) what was sent then arrives: not at all, once, or twice."""
        if chance.random() < self.loss or any(at <= since < at + lasts for at, lasts in self.holes):
            return []
        found = []
        for again in range(1 + (chance.random() < self.doubled)):
            arrival = since + 0.003 + chance.random() * self.jitter + again * chance.random() * 0.1
            found.append(max([arrival, *(at + 0.3 for at in self.stalls if at <= arrival < at + 0.3)]))
        return found


@dataclass(frozen=True)
class Hand:
    """What a performer truly does: when each button goes down and up, s after the start."""

    clutch: tuple[tuple[float, float], ...]
    fist: tuple[tuple[float, float], ...]


def packets(hand: Hand, net: Net, tells: Tells, timed: bool) -> list[tuple[float, Message]]:
    """What arrives, and when."""
    chance = random.Random(net.seed)
    sent: list[tuple[float, str, tuple[float, ...]]] = [
        (n / 100, "imu", (0.0, 0.0, 1.0, 0.01 * (n % 7), 0.0, 0.0)) for n in range(int(100 * LASTS_S))
    ]
    after, every = TELLS[tells]
    for number, pressed in ((CLUTCH, hand.clutch), (FIST, hand.fist)):
        changes = [(at, float(n % 2 == 0)) for n, at in enumerate(at for pair in pressed for at in pair)]
        sent += [(at + later, "buttons", (number, on)) for at, on in changes for later in after]
        for n in range(int(LASTS_S / every) if every else 0):
            stands = next((on for at, on in reversed(changes) if at <= n * every), 0.0)
            sent.append((n * every, "buttons", (number, stands)))
    found = []
    for since, what, values in sorted(sent):
        tag = int((5000.0 + since) * 2**32) if timed else 1
        message = Message(f"/motion/left/{what}", values, "f" * len(values), tag)
        found += [(START + arrival, message) for arrival in net.way(since, chance)]
    return sorted(found, key=lambda one: one[0])


def play(arriving: list[tuple[float, Message]]) -> list[ControlEvent]:
    """What the show is asked for."""
    performers = Performers(show(bind("fist", GO, performers=("anna",))), PROFILES)
    playback = PlaybackState((ListState("main", "0", "1"),))
    found: list[ControlEvent] = []
    now = START
    while now < START + LASTS_S + 1:
        now = round(now + STEP, 6)
        while arriving and arriving[0][0] <= now:
            at, message = arriving.pop(0)
            performers.take(message, FROM, at)
        performers.advance(now)
        performers.work(lambda at=now: at, now + 1)  # type: ignore[misc]
        for one in performers.step(now, playback, now).controls:
            found.append(one)
            playback = PlaybackState((ListState("main", str(len(found)), str(len(found) + 1), started=now),))
    return found


def holds(times: list[float]) -> tuple[tuple[float, float], ...]:
    """From lengths (s): up, down, up, down ..., from one second on."""
    at, edges = 1.0, []
    for length in times:
        at += length
        edges.append(round(at, 3))
    return tuple((a, b) for a, b in zip(edges[::2], edges[1::2], strict=False) if b < LASTS_S)


HOLDS = st.lists(st.floats(0.06, 4.0), max_size=12).map(holds)
NETS = st.builds(
    Net,
    st.integers(0, 99),
    st.sampled_from([0.0, 0.05, 0.2]),
    st.sampled_from([0.0, 0.01, 0.06]),
    st.sampled_from([0.0, 0.3]),
    st.lists(st.floats(1.0, 12.0), max_size=2).map(tuple),
    st.lists(st.tuples(st.floats(1.0, 12.0), st.floats(0.1, 2.5)), max_size=2).map(tuple),
)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.builds(Hand, HOLDS | st.just(((2.5, 13.5),)), HOLDS), NETS, st.sampled_from(sorted(ALWAYS_KNOWN)), st.booleans())
def test_a_press_fires_once_at_most_and_nothing_else_does(hand: Hand, net: Net, tells: Tells, timed: bool) -> None:
    fired = [one.time - START for one in play(packets(hand, net, tells, timed)) if isinstance(one, Go)]
    assert all(later - earlier >= 1.99 for earlier, later in pairwise(fired))
    for at in fired:
        assert any(down - 0.01 <= at <= up + LATE_S for down, up in hand.fist), "of a press"
        assert any(down - 0.01 <= at <= up + 10.4 for down, up in hand.clutch), "with the clutch, or its release lost"
    for down, up in hand.fist:
        of = [at for at in fired if down - 0.01 <= at <= up + LATE_S]
        near = [one for one in hand.fist if one[0] <= up + LATE_S and one[1] + LATE_S >= down]
        assert len(of) <= len(near)


@pytest.mark.parametrize("timed", [False, True])
@pytest.mark.parametrize("tells", TELLS)
def test_in_a_good_network_each_press_is_one(tells: Tells, timed: bool) -> None:
    hand = Hand(((4.1, 13.5),), ((5.0, 5.2), (7.5, 7.7), (10.0, 12.9)))
    fired = play(packets(hand, Net(1, 0.0, 0.0, 0.0, (), ()), tells, timed))
    assert len(fired) == 3
