"""Golden files: what a stored night must look like, to the byte, on any machine.

    python -m tests.golden.make

writes them anew after a change that is meant to change the light; look at the differences before you commit them.
`night.jsonl` is the night (40 s of an ear, and of hands that do everything), in the form that `run` records; NAME.npz holds
`slots` (T, U, 512) of the frames at RATE, NAME.jsonl what happened. `song.jsonl` is what happens when the demo show hears the
whole demo song: what it hears goes through an FFT, so a time in it may differ a little from machine to machine.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import numpy as np

import showctl.demo
from showctl.config.load import load
from showctl.demo.song import song
from showctl.demo.voices import RATE as SONG_RATE
from showctl.model import AudioBlock, Section
from showctl.outputs.record import write_npz
from showctl.plan import (
    Category,
    Cue,
    CueList,
    Effect,
    EffectStart,
    Move,
    Parameter,
    Plan,
    Span,
    Submaster,
    Universe,
    When,
)
from showctl.render import render
from showctl.replay import read_journal

HERE = Path(__file__).parent
RATE = 8.0  # Hz
SECONDS = 40.0


def small() -> Plan:
    """Everything that a plan can hold, once."""
    dimmers = [Parameter(f"par.{i}", 0, "intensity", Category.INTENSITY, 1, (i + 1,)) for i in range(6)]
    wash = [
        Parameter("wash", 0, "intensity", Category.INTENSITY),
        Parameter("wash", 0, "red", Category.COLOUR, 2, (1, 2), masters=(6,), default=1.0),
    ]
    head = [
        Parameter("head", 0, "pan", Category.POSITION, 2, (3, 4), default=0.5, invert=True, high=0.9),
        Parameter("head", 0, "gobo", Category.BEAM, 2, (5,), snap=True),
        Parameter("house", 0, "intensity", Category.INTENSITY, 2, (6,), default=0.3, exempt=True),
    ]
    all_six = tuple((i,) for i in range(6))
    effects = (
        Effect("kick", "decay", "intensity", length=0.75, layer="scale", low=0.3),
        Effect("run", "step", "intensity", every=Span(1.0, "bar"), chase=True, low=0.05, layer="scale", order="centre-out"),
        Effect("sway", "sine", "pan", every=Span(2.0, "bar"), low=-0.3, high=0.3, layer="add"),
        Effect("hit", "decay", "intensity", sync="onset", every=Span(0.4), layer="max"),
        Effect("dice", "random", "intensity", every=Span(0.5, "beat"), swing=0.6, seed=3),
        Effect("breathe", "sine", "intensity", sync="energy", low=0.2),
        Effect("ripple", "ramp", "intensity", sync="free", every=Span(1.7), spread=1.0, order="random", layer="scale"),
    )

    def go(parameter: int, value: float, up: Span, curve: str = "linear", delay: float = 0.0) -> Move:
        return Move(parameter, value, up, Span(up.amount * 2, up.unit), Span(delay), curve)

    half = Span(0.5)
    main = (
        Cue(
            Decimal(1),
            "all up",
            tuple(go(i, 0.8, Span(2.0), "s", 0.1 * i) for i in range(7)),
            (EffectStart("kick", all_six),),
            follow=Span(2.0),
        ),
        Cue(Decimal(2), "turn", (go(8, 0.1, Span(3.0, "beat"), "slow"), go(9, 0.6, half)), hang=Span(-0.5)),
        Cue(Decimal("2.5"), "only", (go(0, 0.1, half), go(10, 1.0, half)), (EffectStart("hit", ((6,),)),), cue_only=True),
        Cue(
            Decimal(3),
            "run",
            (go(7, 0.4, Span(2.0, "beat"), "fast"),),
            (EffectStart("run", all_six), EffectStart("sway", ((8,),))),
        ),
        Cue(
            Decimal(4), "drop", (go(6, 1.0, Span(0.0)),), stops=("run",), when=When(Section.DROP, "bar"), follow=Span(8.0, "beat")
        ),
        Cue(Decimal(5), "dark", (go(0, 0.0, half), go(1, 0.0, Span(4.0), "snap")), (EffectStart("ripple", all_six),), ("all",)),
    )
    probe = (Cue(Decimal(1), "", (go(5, 1.0, Span(0.0)),)), Cue(Decimal(2), "", (go(5, 0.0, Span(0.0)),)))
    submasters = (
        Submaster("blinders", "additive", ((1, 1.0), (2, 0.5))),
        Submaster("heads", "inhibitive", ((6, 1.0),), level=1.0),
        Submaster("glitter", "effect", (), (EffectStart("dice", all_six),)),
        Submaster("probe", "effect", (), (EffectStart("breathe", ((4,),)),)),
    )
    return Plan(
        (*dimmers, *wash, *head),
        universes=(Universe(1), Universe(2)),
        lists=(CueList("main", main, loop=True), CueList("probe", probe, priority=7, htp=True, loop=True)),
        effects=effects,
        submasters=submasters,
        start=((2, 0.2),),
    )


def demo() -> Plan:
    """The built-in show."""
    folder = Path(showctl.demo.__file__).parent
    return load(folder / "venue.yaml", folder / "show.yaml").plan


SHOWS: dict[str, Callable[[], Plan]] = {"small": small, "demo": demo}


def played(name: str, folder: Path) -> tuple[np.ndarray, str]:
    """Slots (T, U, 512) and events of the stored night in this show; `folder` is for the files of the render."""
    render(SHOWS[name](), folder, journal=read_journal([HERE / "night.jsonl"]), seconds=SECONDS, rate=RATE)
    with np.load(folder / "frames-0000.npz") as frames:
        slots = frames["slots"]
    return slots, (folder / "events.jsonl").read_text()


def song_played(folder: Path) -> str:
    """What happens in the demo show while it hears the demo song, as JSON Lines."""
    render(demo(), folder, sound=sound(), rate=RATE)
    return (folder / "events.jsonl").read_text()


def sound() -> Iterator[AudioBlock]:
    """The demo song as the ear gets it."""
    start = 0
    for samples in song(1):
        yield AudioBlock(start, samples, SONG_RATE)
        start += len(samples)


def main() -> None:
    """Write all golden files anew."""
    with tempfile.TemporaryDirectory() as folder:
        (HERE / "song.jsonl").write_text(song_played(Path(folder)))
    for name in SHOWS:
        with tempfile.TemporaryDirectory() as folder:
            slots, events = played(name, Path(folder))
        write_npz(HERE / f"{name}.npz", {"slots": slots})
        (HERE / f"{name}.jsonl").write_text(events)
        print(f"{name}: {slots.shape[0]} frames of {slots.shape[1]} universes, {len(events.splitlines())} events")


if __name__ == "__main__":
    main()
