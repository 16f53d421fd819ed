"""From what a device sends through Wi-Fi as it is to what the show is asked for: no double fire, no level that jumps.

Anna swings her arm, with the clutch held and the tilt on a submaster, and presses GO every two and a half seconds. Every packet
may be lost, held up, doubled or overtaken, the clock of the device is set, another device says that it is hers.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

import pytest

from showctl.model import ControlEvent, Go, ListState, PlaybackState, Reading, SetMaster
from showctl.performing.performers import Performers
from showctl.wire.osc import Message
from showctl.wire.wearable.profiles import PROFILES
from tests.analysis.gesture.wifi import START, Wifi, sent
from tests.show.gate.stage import GO, SWELL, bind, show

STEP = 0.02
PRESSES = tuple(1.5 + 2.5 * n for n in range(4))  # s after the start
NETS = {
    "good": Wifi(),
    "20 % lost": Wifi(loss=0.2, jitter=0.01),
    "bursts": Wifi(stalls=(1.4, 2.9, 4.1, 6.4), jitter=0.01),
    "holes": Wifi(holes=(2.0, 5.0), jitter=0.01),
    "overtaken and doubled": Wifi(jitter=0.06, doubled=0.3),
    "a clock that is set": Wifi(sets=((1.6, 3600.0), (4.2, -7200.0))),
    "no clock": Wifi(timed=False, jitter=0.03, loss=0.1, doubled=0.2),
    "all of it": Wifi(loss=0.2, jitter=0.05, doubled=0.2, stalls=(3.9,), holes=(6.6,), sets=((2.0, -60.0),)),
}


@dataclass
class Night:
    """What came of it."""

    controls: list[ControlEvent]
    levels: list[float]  # of the submaster, a step each


def fingers(net: Wifi, chance: random.Random) -> list[Reading]:
    """The clutch, repeated twenty times a second and down from 0.6 s on; and the presses, told twice each: down and up."""
    told = [(n / 20, "1", float(n >= 12)) for n in range(int(20 * net.seconds))]
    told += [(at + after, "2", value) for at in PRESSES for after, value in ((0.0, 1.0), (0.15, 0.0))]
    found = []
    for since, name, value in told:
        if chance.random() < net.loss:
            continue
        arrival = START + since + 0.003 + chance.random() * net.jitter
        arrival = max([arrival, *(START + at + net.stall for at in net.stalls if at <= since < at + net.stall)])
        reading = Reading("left", "button", (value,), arrival, net.clock + since if net.timed else None, name)
        found += [
            replace(reading, arrival=arrival + again * chance.random() * 0.1)
            for again in range(1 + (chance.random() < net.doubled))
        ]
    return found


def play(net: Wifi) -> Night:
    net = replace(net, seconds=10.0)
    performers = Performers(show(bind("fist", GO), controls=(replace(SWELL, rest=None),)), PROFILES)
    arriving = sorted([*sent(net), *fingers(net, random.Random(net.seed + 7))], key=lambda one: one.arrival)
    playback = PlaybackState((ListState("main", "0", "1"),), submasters=(("swell", 0.5),))
    night, now = Night([], [0.5]), START
    while now < START + net.seconds:
        now = round(now + STEP, 6)
        while arriving and arriving[0].arrival <= now:
            performers.hear((arriving.pop(0),))
        performers.advance(now)
        performers.work(lambda at=now: at, now)  # type: ignore[misc]
        for one in performers.step(now, playback, now).controls:
            night.controls.append(one)
            if isinstance(one, SetMaster):
                playback = replace(playback, submasters=(("swell", one.level),))
            elif isinstance(one, Go):
                playback = replace(playback, lists=(ListState("main", str(len(night.controls)), "9", started=now),))
        night.levels.append(dict(playback.submasters)["swell"])
    return night


@pytest.mark.parametrize("seed", [1, *(pytest.param(n, marks=pytest.mark.slow) for n in range(2, 8))])
@pytest.mark.parametrize("net", NETS.values(), ids=NETS)
def test_nothing_fires_twice_and_no_level_jumps(net: Wifi, seed: int) -> None:
    night = play(replace(net, seed=seed))
    times = [one.time for one in night.controls if isinstance(one, Go)]
    assert len(times) <= len(PRESSES)
    for at in times:
        assert any(-0.01 <= at - START - press <= 0.6 for press in PRESSES)
    assert all(later - earlier >= 2.0 for earlier, later in zip(times, times[1:]))
    assert max(abs(after - before) for before, after in zip(night.levels, night.levels[1:])) <= 0.02 + 1e-9


def test_in_a_good_network_it_does_what_is_meant() -> None:
    night = play(NETS["good"])
    assert len([one for one in night.controls if isinstance(one, Go)]) == len(PRESSES)
    assert max(night.levels) - min(night.levels) > 0.3


def test_a_second_device_of_the_same_name_does_nothing() -> None:
    performers = Performers(show(bind("fist", GO)), PROFILES)
    now, controls = START, list[ControlEvent]()
    for n in range(200):
        now = round(now + STEP, 6)
        still = (0.0, 0.0, 1.0, 0.0, 0.0, 0.0)
        assert performers.take(Message("/motion/left/imu", still), "10.0.0.1:7000", now)
        performers.take(Message("/motion/left/button/1", (1,)), "10.0.0.1:7000", now)
        performers.take(Message("/motion/left/imu", still), "10.0.0.2:7000", now)
        if n == 100:
            performers.take(Message("/motion/left/button", (1,)), "10.0.0.2:7000", now)
        performers.advance(now)
        performers.work(lambda at=now: at, now)  # type: ignore[misc]
        controls += performers.step(now, PlaybackState((ListState("main", "0", "1"),)), now).controls
    assert controls == []
    assert any("10.0.0.2" in one for one in performers.troubles(now))
