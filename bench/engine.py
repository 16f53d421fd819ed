"""What the engine costs: one hour of the demo show at 44 Hz on a made-up night, with and without writing the frames.

    python bench/engine.py [--seconds 3600] [--profile]
    python bench/engine.py --universes 1 64 512 [--seed 1] [--profile]

The night has 124 beats a minute, announced as a tracker does, a section now and then, onsets, energy ten times a second and a
hand on GO, masters and pause; nothing of it is chance. Prints CPU seconds and microseconds a tick.

With --universes: shows of so many universes from a seed (bench/universes.py says what is in them), each in a process of its own,
one line each: how long the plan and the engine took to make, and the CPU a frame takes at 44 Hz. "frames" are those between the
first GO of all lists and the end; the worst of them takes a GO of the whole rig that nobody has played before. "slice" is the
longest piece of the work for cues to come, which is done between the frames. Exit code 1 if the frames of 64, 512 or 1024
universes take more than they may.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import math
import pstats
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import universes as made

import showctl.demo
from showctl.config.load import load
from showctl.model import BeatGrid, Features, Go, Inputs, Section, SetMaster, ShowFrame
from showctl.outputs.record import Recorder
from showctl.plan import Plan
from showctl.show.engine import ShowEngine

RATE = 44
SPARE = 12_000_000  # ns between two ticks in which the next cues are worked out
PERIOD = 60 / 124
SONG = (("steady", 30.0), ("build", 15.0), ("drop", 60.0), ("break", 25.0), ("build", 15.0), ("drop", 50.0), ("silence", 4.0))


def section(t: float) -> Section:
    """What part of the song is heard at t."""
    at = t % sum(length for _, length in SONG)
    for name, length in SONG:
        if at < length:
            return Section(name)
        at -= length
    return Section.SILENCE


def heard(t: float, part: Section) -> Features:
    """What the ear says at t."""
    index = math.floor(t / PERIOD) + 1
    silent = part is Section.SILENCE
    grid = BeatGrid(round(index * PERIOD, 4), index, round(PERIOD, 5), 1 + index % 4, 4, 0.9)
    return Features(
        time=round(t, 4),
        level=-70.0 if silent else -14.0,
        energy=round((t * 0.37) % 1.0, 3),
        onset=0.0 if silent or t % 0.5 > 0.1 else 1.0,
        grid=None if silent else grid,
        section=part,
    )


def night(seconds: float) -> Iterator[tuple[float, Inputs]]:
    """Every tick of the night: its time, and what came in."""
    spoken = 0.0
    for i in range(int(seconds * RATE)):
        now, features, controls = i / RATE, [], []
        while spoken <= now:
            features.append(heard(spoken, section(spoken)))
            spoken = round(spoken + 0.1, 4)
        if i % (RATE * 20) == RATE:
            controls.append(Go(time=now))
        if i % (RATE * 7) == 0:
            controls.append(SetMaster(time=now, level=0.5 + 0.5 * (i // (RATE * 7) % 2)))
        yield now, Inputs(tuple(features), tuple(controls))


def play(plan: Plan, seconds: float, recorder: Recorder | None) -> ShowFrame | None:
    """Play the night; the last frame."""
    engine, frame = ShowEngine(plan), None
    for now, inputs in night(seconds):
        frame = engine.step(now, inputs)
        if recorder is not None:
            recorder.add(frame)
    return frame


MOST = {64: 1.0, 512: 5.0, 1024: 11.0}  # ms of CPU that a frame of so many universes may take, on average
HEAD = "universes  slots   parameters  plan s  engine s |  mean ms  median   99 %   worst  with a GO  frames |  slice | held  MB"


def grow(counts: list[int], seed: int) -> int:
    """A line for every number of universes; 1 if a frame took more than it may."""
    print(HEAD, flush=True)
    codes = [
        subprocess.run([sys.executable, __file__, "--one", str(n), "--seed", str(seed)], check=False).returncode for n in counts
    ]
    return max(codes)


def one(count: int, seed: int, profile: bool) -> int:
    """Play the show of so many universes and print its line; 1 if a frame took more than it may."""
    begun = time.process_time()
    plan = made.show(count, seed)
    planned = time.process_time()
    engine = ShowEngine(plan)
    built = time.process_time()
    gc.collect()
    gc.freeze()  # as the live driver does
    profiler = cProfile.Profile()
    spent, goes, held, slices = [], [], 0, [0.0]
    for now, inputs in made.night():
        if profile and now > 1.0:
            profiler.enable()
        began = time.process_time_ns()
        engine.step(now, inputs)
        cost = (time.process_time_ns() - began) / 1e6
        profiler.disable()
        if now > 1.0:
            (goes if inputs.controls else spent).append(cost)
            held += bool(engine._stage.held)
        began, more = time.process_time_ns(), True
        while more and time.process_time_ns() - began < SPARE:  # as the live driver does it between two ticks
            slice_began = time.process_time_ns()
            more = engine.ahead()
            slices.append((time.process_time_ns() - slice_began) / 1e6)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    frames = sorted(spent + goes)
    print(
        f"{count:9d} {count * 512:7d} {len(plan.parameters):11d} {planned - begun:7.2f} {built - planned:9.2f} |"
        f" {statistics.mean(frames):8.3f} {statistics.median(frames):7.3f} {frames[int(len(frames) * 0.99)]:6.2f}"
        f" {frames[-1]:7.2f} {statistics.mean(goes):10.2f} {len(frames):7d} | {max(slices):6.2f} | {held:4d} {memory:5d}",
        flush=True,
    )
    if profile:
        pstats.Stats(profiler).sort_stats("tottime").print_stats(30)
    return int(statistics.mean(frames) > MOST.get(count, math.inf))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=3600.0)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--universes", type=int, nargs="+")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    if args.one or (args.universes and args.profile):
        return one(args.one or args.universes[0], args.seed, args.profile)
    if args.universes:
        return grow(args.universes, args.seed)
    demo = Path(showctl.demo.__file__).parent
    plan = load(demo / "venue.yaml", demo / "show.yaml").plan
    print(
        f"{len(plan.fixtures)} fixtures, {len(plan.parameters)} parameters, {len(plan.universes)} universes, {args.seconds:g} s"
    )
    if args.profile:
        profile = cProfile.Profile()
        profile.runcall(play, plan, args.seconds, None)
        pstats.Stats(profile).sort_stats("tottime").print_stats(25)
        return 0
    ticks = int(args.seconds * RATE)
    began = time.process_time()
    for _ in night(args.seconds):
        pass
    inputs = time.process_time() - began
    with tempfile.TemporaryDirectory() as folder:
        began = time.process_time()
        with Recorder(Path(folder), tuple(u.number for u in plan.universes)) as recorder:
            play(plan, args.seconds, recorder)
        spent = time.process_time() - began
        size = sum(p.stat().st_size for p in Path(folder).iterdir())
    began = time.process_time()
    play(plan, args.seconds, None)
    alone = time.process_time() - began - inputs
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"making up the night  {inputs:7.2f} s CPU (not counted below)")
    print(f"engine               {alone:7.2f} s CPU  {alone / ticks * 1e6:7.1f} us a tick")
    print(f"engine and recorder  {spent - inputs:7.2f} s CPU  {(spent - inputs) / ticks * 1e6:7.1f} us a tick, {size >> 20} MB")
    print(f"most memory          {memory} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
