"""The loop over the PA in simulated time: half-hours of several songs and crowds, without a sound server.

    python bench/room_nights.py --rirs ../shared/data/rirs --songs ../shared/data/beats [--seeds 1 2 3] [--minutes 30]

The world is that of room_loop: the same rooms, songs, crowd and oracle, the bands on an X32's steps. The song goes through the
bands as they stand in that second, into the room, and with the crowd to what hears the room (`RoomListener`); once a second of
that sound the loop is stepped (`pa_loop`), and its fits are made at once. Left out are the console's wire, the sound card, the
processes and their clocks: room_loop has those, and takes its time. 60 s after the beginning the room fills.

A line for each seed: dB RMS off the oracle over the bands that every microphone trusts, when the room changes, 60, 90 and 120 s
later, at most from 90 s on, and in the second half; the share of bands trusted 90 s after the change; in the second half the most
that any band turns round, and how far the curve spreads where it spreads most; the most that a band moves in 10 s; roll-backs.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from numpy.typing import NDArray
from scipy import fft, signal

from bench.room_world import Bands, Concert, concert, farthest, off, oracle, reversals
from showctl import pa_loop
from showctl.analysis.room.biquad import cascade_db, coefficients
from showctl.analysis.room.grid import BANDS
from showctl.analysis.room.listening import RoomListener
from showctl.fitting import fitted
from showctl.model import ConsoleState, RoomResponse, State
from showctl.plan import PaMicrophone, PaPlan, PaZone
from showctl.wire.room import RoomHeard
from showctl.wire.x32 import Limits, quantised
from tests.real.hall import Sound
from tests.real.jack import RATE

SIZE = 1 << 17  # of the convolution: a second of sound and the longest response
CHANGES, JUDGED = 60, 90  # s
OFF, MOVE = 0.8, 0.5  # dB RMS, dB: what is allowed


class Room:
    """What the microphones hear, a second at a time."""

    def __init__(self, world: Concert) -> None:
        self._world, self._second = world, 0
        self._rooms = [fft.rfft(room[0], SIZE) for room in (world.empty, world.full)]
        self._tail = np.zeros((world.empty.shape[1], SIZE))
        self._states = np.zeros((len(world.start), 2))

    def next(self, bands: Bands) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(RATE,) of the programme behind the bands, and (RATE, microphones)."""
        at = np.arange(RATE) + self._second * RATE
        dry = self._world.song[at % len(self._world.song)]
        wet, self._states = signal.sosfilt([coefficients(band) for band in bands], dry, zi=self._states)
        self._tail += fft.irfft(fft.rfft(wet, SIZE) * self._rooms[self._second >= CHANGES], SIZE)
        heard: Sound = self._tail[:, :RATE].copy()
        self._tail = np.hstack([self._tail[:, RATE:], np.zeros((len(heard), RATE))])
        for crowd in self._world.crowds:
            heard += crowd[:, at % crowd.shape[1]]
        self._second += 1
        return wet.astype(np.float32), heard.T.astype(np.float32)


@dataclass(slots=True)
class Night:
    """What was told and done, second by second."""

    wanted: Bands = ()
    held: list[tuple[float, bool, Bands]] = field(default_factory=list)
    offs: list[float] = field(default_factory=list)  # from the change on
    trusted: list[float] = field(default_factory=list)
    back: int = 0  # roll-backs
    still: int = 0  # s frozen


def through(world: Concert, minutes: float) -> Night:
    """A night in this world."""
    microphones = world.empty.shape[1]
    named = tuple(PaMicrophone(f"mic{n}", n + 2) for n in range(microphones))
    zone = PaZone("main", (1,), "main", 6, "x32")
    plan = PaPlan(
        mode="auto",
        programme=(1,),
        zones=(zone,),
        microphones=named,
        console="x32",
        host="127.0.0.1",
        port=10023,
        target="house",
    )
    loop, room, listener = pa_loop.Loop(plan, zone, pa_loop.target_of(plan)), Room(world), RoomListener(RATE, microphones)
    night, bands, answers = Night(), list(world.start), (None,) * microphones  # type: ignore[var-annotated]
    for second in range(1, round(60 * minutes) + 1):
        answers = (answers, *listener.feed(*room.next(tuple(bands))))[-1]
        now = float(second)
        loop.hear(RoomHeard(now, State.RUNNING, "", RATE, 0, -20.0, answers, (None,) * microphones, (), ()))
        state = loop.step(now, ConsoleState(now, tuple(bands)))
        for n, band in state.writes:
            bands[n] = quantised(band, Limits())
        if (job := loop.job(now)) is not None:
            loop.fitted(job, fitted(job))
        night.back += sum(dict(event.data).get("did") == "rolled_back" for event in state.events)
        night.still += bool(state.frozen)
        night.held.append((now, True, tuple(bands)))
        if second == CHANGES:
            night.wanted = oracle(world.full, tuple(bands))
        counts = trusted_by_all(answers)
        night.trusted.append(float(counts.mean()))
        if second >= CHANGES:
            night.offs.append(off(tuple(bands), night.wanted, counts) if counts.any() else float("nan"))
    return night


def trusted_by_all(answers: tuple[RoomResponse | None, ...]) -> NDArray[np.bool_]:
    """(bands,)"""
    return np.all([np.zeros(len(BANDS), bool) if one is None else one.trusted for one in answers], axis=0)


def line(seed: int, night: Night) -> str:
    """What is printed of it."""
    half = night.held[len(night.held) // 2 :]
    turns = [reversals([bands[n].gain for _, _, bands in half]) for n in range(len(half[0][2]))]
    curves = np.array([cascade_db(bands, BANDS) for _, _, bands in half])
    spread = float(np.ptp(curves - curves.mean(axis=1, keepdims=True), axis=0).max())
    offs, late = np.array(night.offs), np.array(night.offs)[len(night.held) // 2 - CHANGES :]
    worst = farthest(night.held)[0]
    good = offs[JUDGED] <= OFF and np.nanmax(late) <= OFF and max(turns) <= 1 and worst <= MOVE + 0.01
    return (
        f"| {seed} | {offs[0]:.2f}; {offs[60]:.2f}, {offs[JUDGED]:.2f}, {offs[120]:.2f} | {np.nanmax(offs[JUDGED:]):.2f}; "
        f"{np.nanmin(late):.2f} to {np.nanmax(late):.2f} | {100 * night.trusted[CHANGES + JUDGED]:.0f} % | {max(turns)} "
        f"| {spread:.2f} | {worst:.2f} | {night.back} | {night.still} s | {'' if good else 'NO'} |"
    )


def main() -> int:
    """A line for each seed; 1 where one of them is not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rirs", type=Path, required=True, help="folder with index.csv and 48 kHz responses")
    parser.add_argument("--group", default="StPatricksPatrington", help="of index.csv: the positions of one room")
    parser.add_argument("--songs", type=Path, help="folder of songs; without it one is synthesised")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5, 6, 7, 8])
    parser.add_argument("--minutes", type=float, default=30.0)
    args = parser.parse_args()
    print(f"{args.group}, {args.minutes:g} simulated minutes; {time.strftime('%Y-%m-%d')}\n")
    print(
        "| seed | off at the change; 60, 90, 120 s later | at most from then; second half | trusted | turns | spread | in 10 s "
        "| back | frozen | |\n|---|---|---|---|---|---|---|---|---|---|"
    )
    bad = 0
    for seed in args.seeds:
        told = line(seed, through(concert(args.rirs, args.group, args.songs, seed), args.minutes))
        bad += "NO" in told
        print(told, flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
