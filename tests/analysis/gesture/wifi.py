"""A device behind Wi-Fi as it is: packets lost, held up and let go in a burst, overtaken, doubled; a clock that is set."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from showctl.model import Reading, Vector

DELAY = 0.003  # s, of the fastest packet
START = 50.0  # show time of the first reading


@dataclass(frozen=True)
class Wifi:
    """How bad it is."""

    seed: int = 0
    hertz: float = 100.0
    seconds: float = 6.0
    timed: bool = True  # the device says when it measured
    loss: float = 0.0  # share of packets
    jitter: float = 0.0  # s; above 1 / hertz packets overtake each other
    doubled: float = 0.0  # share of packets
    stalls: tuple[float, ...] = ()  # s after the start: nothing for `stall`, then all at once
    stall: float = 0.25
    holes: tuple[float, ...] = ()  # s after the start: all is lost for 0.4 s
    sets: tuple[tuple[float, float], ...] = ()  # s after the start: the device's clock is set by so much
    clock: float = 1e6  # s, the device's clock at the start
    drift: float = 30e-6
    together: bool = False  # acceleration and rate in one packet


def motion(time: float) -> tuple[Vector, Vector]:
    """Truth: acceleration (g) and rate (deg/s) of an arm that swings by 60 degrees about the x axis, twice in three seconds."""
    turns = 2 * math.pi * (time - START) / 1.5
    angle, speed = math.radians(60) * math.sin(turns), 60 * math.cos(turns) * 2 * math.pi / 1.5
    return (0.0, math.sin(angle), math.cos(angle)), (speed, 0.0, 0.0)


def sent(net: Wifi) -> list[Reading]:
    """What arrives, in the order in which it does."""
    chance = random.Random(net.seed)
    arrived: list[tuple[float, int, Reading]] = []
    for n in range(int(net.seconds * net.hertz)):
        since = n / net.hertz
        ours = START + since
        theirs = net.clock + since * (1 + net.drift) + sum(by for at, by in net.sets if since >= at)
        delay = DELAY + chance.random() * net.jitter
        lost = chance.random() < net.loss or any(at <= since < at + 0.4 for at in net.holes)
        for n_channel, channel in enumerate(("acceleration", "rate")):
            if n_channel and not net.together:
                lost = chance.random() < net.loss or any(at <= since < at + 0.4 for at in net.holes)
                delay = DELAY + chance.random() * net.jitter
            for again in range(1 + (chance.random() < net.doubled)):
                arrival = ours + delay + again * chance.random() * 0.1
                arrival = max([arrival, *(START + at + net.stall for at in net.stalls if at <= arrival - START < at + net.stall)])
                reading = Reading("left", channel, motion(ours)[n_channel], arrival, theirs if net.timed else None)
                if not lost:
                    arrived.append((arrival, len(arrived), reading))
    return [reading for _, _, reading in sorted(arrived, key=lambda one: one[:2])]
