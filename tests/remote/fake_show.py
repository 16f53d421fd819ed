"""A show that needs no daemon: a synthetic rig whose frames move, served by the real web server. For tests and for the eye.

python tests/remote/fake_show.py [PORT]
"""

from __future__ import annotations

import asyncio
import math
import sys
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from showctl.model import (
    BeatGrid,
    BeatState,
    EqBand,
    EqCommand,
    EqState,
    Features,
    Health,
    Howl,
    LevelLimit,
    Levels,
    LevelWarning,
    ListState,
    PerformerState,
    PerformersView,
    PlaybackState,
    RoomCurves,
    RoomView,
    Section,
    ShowFrame,
    State,
    Tried,
    WearableView,
)
from showctl.plan import (
    Category,
    Cue,
    CueList,
    PaMicrophone,
    PaPlan,
    Parameter,
    PatchedFixture,
    PaZone,
    Place,
    Plan,
    Span,
    Submaster,
    Universe,
    When,
)
from showctl.remote.board import Board

_RGB, _RGBW = ("red", "green", "blue"), ("red", "green", "blue", "white")
PERIOD = 60.0 / 124.0


PERFORMERS = PerformersView(
    (
        WearableView("band", "anna", "left", True, "", 100.0, 0.02, 0.55, 81.0, -52.0, ("wave", "punch")),
        WearableView("ring", "anna", "right", True, "battery at 12 %", 50.0, 0.0, 0.1, 12.0),
        WearableView("phone", "ben", "", False, "nothing came for 4 s: is it on, and in reach?", 0.0, 0.0, 0.0),
    ),
    (
        PerformerState(
            *("anna", True, "cue, clutch", ("wave", "punch"), "`goto 9`: once more or the operator's yes, within 3 s"), yes=True
        ),
        PerformerState("ben", False, "phone is not heard", (), lost=("phone",)),
    ),
    (
        Tried(9.5, "anna", "band", "wave", 7.4, True, "`go`"),
        Tried(8.1, "anna", "band", "punch", 3.2, False, "not sure enough: 3.2, 4.5 is needed"),
        Tried(7.0, "ben", "phone", "next", None, False, "let the clutch go and hold it again"),
    ),
    ("ben has not shown circle: showctl gesture enrol ben circle",),
)


class Rig:
    """Collects fixtures and parameters into a plan."""

    def __init__(self) -> None:
        self.parameters: list[Parameter] = []
        self.fixtures: list[PatchedFixture] = []

    def hang(self, name: str, kind: str, universe: int, first: int, place: Place, cells: int = 1) -> None:
        """Patch a fixture of a kind at universe/first."""
        mine = []
        for parameter in _layout(name, kind, universe, first, cells):
            mine.append(len(self.parameters))
            self.parameters.append(parameter)
        self.fixtures.append(PatchedFixture(name, kind, f"generic/{kind}", place, tuple(mine), cells))


def _layout(name: str, kind: str, universe: int, first: int, cells: int) -> list[Parameter]:
    def one(what: str, category: Category, slots: tuple[int, ...], cell: int = 0) -> Parameter:
        return Parameter(name, cell, what, category, universe, tuple(first + s for s in slots))

    if kind == "dimmer":
        return [one("intensity", Category.INTENSITY, (0,))]
    if kind == "wash":
        return [one("intensity", Category.INTENSITY, (0,))] + [
            one(colour, Category.COLOUR, (1 + i,)) for i, colour in enumerate(_RGBW)
        ]
    if kind == "spot":
        head = [one("pan", Category.POSITION, (0, 1)), one("tilt", Category.POSITION, (2, 3))]
        head += [one("intensity", Category.INTENSITY, (4,)), one("shutter", Category.BEAM, (5,))]
        return head + [one(colour, Category.COLOUR, (6 + i,)) for i, colour in enumerate(_RGBW)]
    bar = [Parameter(name, 0, "intensity", Category.INTENSITY)]  # virtual: no slot
    for cell in range(cells):
        bar += [one(colour, Category.COLOUR, (3 * cell + i,), cell + 1) for i, colour in enumerate(_RGB)]
    return bar


def plan(pa: PaPlan | None = None) -> Plan:
    """27 fixtures of 4 kinds in 4 universes, and two cue lists; `pa`: the room's sound, too."""
    rig = Rig()
    for i in range(6):
        rig.hang(f"front.{i + 1}", "dimmer", 1, 1 + i, Place(-4 + 1.6 * i, -1.5, 5.0, 180))
    for i in range(4):
        rig.hang(f"back.{i + 1}", "dimmer", 1, 11 + i, Place(-3 + 2 * i, 4.5, 0.4, 180))
    for i in range(8):
        rig.hang(f"wash.{i + 1}", "wash", 2, 1 + 10 * i, Place(-4.2 + 1.2 * i, 3.0, 5.2, 0))
    for i in range(6):
        rig.hang(f"spot.{i + 1}", "spot", 3, 1 + 16 * i, Place(-3.75 + 1.5 * i, 5.0, 5.6, 0))
    for i in range(2):
        rig.hang(f"bar.{i + 1}", "bar", 4, 1 + 36 * i, Place(-2.2 + 4.4 * i, 5.8, 1.6, 0), cells=8)
    rig.hang("probe", "dimmer", 4, 512, Place(5.2, 0, 0.5))
    cues = [("1", "Preset", None), ("2", "Intro, blue haze", None), ("3", "Verse", None), ("4", "Build", Section.BUILD)]
    cues += [("5", "Drop", Section.DROP), ("5.5", "Drop, heads out", None), ("6", "Break", Section.BREAK)]
    cues += [("7", "Second build", Section.BUILD), ("8", "Second drop", Section.DROP), ("9", "Outro", None), ("10", "Dark", None)]
    main = CueList("main", tuple(Cue(Decimal(n), name, when=When(w, "bar") if w else None) for n, name, w in cues))
    probe = CueList("probe", (Cue(Decimal(1), "on"), Cue(Decimal(2), "off", follow=Span(4, "beat"))), loop=True)
    subs = (Submaster("probe", "additive", ((0, 1.0),)), Submaster("front", "additive", ((1, 1.0),), level=0.6))
    return Plan(
        parameters=tuple(rig.parameters),
        fixtures=tuple(rig.fixtures),
        universes=tuple(Universe(n, unicast=("127.0.0.1",)) for n in (1, 2, 3, 4)),
        lists=(main, probe),
        submasters=subs,
        venue="The Anchor, main hall",
        show="First light",
        pa=pa,
    )


def colour(hue: float) -> tuple[float, float, float]:
    """A saturated colour for 0..1."""
    return (
        max(0.0, math.cos(2 * math.pi * hue)),
        max(0.0, math.cos(2 * math.pi * (hue - 1 / 3))),
        max(0.0, math.cos(2 * math.pi * (hue - 2 / 3))),
    )


def frame(show: Plan, t: float, dark: bool = False) -> NDArray[np.uint8]:
    """The slots of a moving look at time t; `dark`: a dim blue one."""
    slots = np.zeros((len(show.universes), 512), np.uint8)

    def put(fixture: PatchedFixture, name: str, value: float, cell: int = 0) -> None:
        for index in fixture.parameters:
            parameter = show.parameters[index]
            if parameter.name == name and parameter.cell == cell and parameter.slots:
                raw = round(min(1.0, max(0.0, value)) * (256 ** len(parameter.slots) - 1))
                for slot, byte in zip(parameter.slots, raw.to_bytes(len(parameter.slots), "big"), strict=True):
                    slots[parameter.universe - 1, slot - 1] = byte

    beat = t / PERIOD
    for n, fixture in enumerate(show.fixtures):
        if fixture.kind == "dimmer" and fixture.name != "probe":
            put(fixture, "intensity", 0.0 if dark else 0.25 + 0.25 * math.sin(t * 0.7 + n))
        hue = colour(0.66 if dark else 0.55 + 0.2 * math.sin(t * 0.2 + n * 0.15))
        for name, value in zip(_RGB, hue, strict=True):
            put(fixture, name, value)
            for cell in range(1, fixture.cells + 1):
                chase = max(0.0, 1 - ((beat * 2 - cell - n) % 8) / 4)
                put(fixture, name, 0.1 * value if dark else value * chase, cell)
        put(fixture, "shutter", 48 / 255)
        if fixture.kind == "wash":
            put(fixture, "intensity", 0.15 if dark else 0.35 + 0.5 * (1 - (beat + n / 8) % 1))
        if fixture.kind == "spot":
            put(fixture, "intensity", 0.0 if dark else 0.8)
            put(fixture, "white", 0.3)
            put(fixture, "pan", 0.5 + 0.1 * math.sin(t * 0.8 + n * 0.9))
            put(fixture, "tilt", 0.62 + 0.1 * math.sin(t * 0.6 + n * 0.5))
    return slots


def playback(t: float, current: str = "3", pending: str = "4") -> PlaybackState:
    """Where the lists stand at time t."""
    began = t - t % 8
    main = ListState("main", current, pending, "fading" if t % 8 < 5 else "idle", began, began + 5, "section build")
    return PlaybackState(
        lists=(main, ListState("probe", "0", "1")),
        submasters=(("probe", 0.0), ("front", 0.6)),
        effects=("chase", "pulse"),
        beat=t / PERIOD,
        bpm=124.0,
        confidence=0.87,
        beats=BeatState("ear", flashes=True, counts=True),
    )


def features(t: float) -> Features:
    """What is heard at time t."""
    index = math.floor(t / PERIOD)
    grid = BeatGrid(index * PERIOD, index, PERIOD, index % 4 + 1, 4, 0.87)
    level = -18 + 4 * math.sin(t * 3)
    return Features(t, level, (level - 6, level - 9, level - 15), 0.6 + 0.2 * math.sin(t), 0.0, grid, Section.STEADY)


def move(board: Board, t: float, dark: bool = False) -> None:
    """Put the show at time t on the board."""
    board.show(ShowFrame(t, frame(board.plan, t, dark), playback(t)))
    board.hear(features(t))


def healthy(board: Board) -> None:
    """Every part is well, but one."""
    board.report(Health("output", State.RUNNING, "4 universes to 127.0.0.1, 44 a second", 0.5, (("packets", 7040.0),)))
    board.report(Health("ear", State.RUNNING, "song, 48000 Hz", 0.5, (("lost", 0.0),)))
    board.report(Health("engine", State.RUNNING, "44 ticks a second", 0.5))
    board.report(Health("osc", State.RUNNING, "127.0.0.1:8000", 0.5))
    board.report(
        Health("mqtt", State.DEGRADED, "no broker answers at 127.0.0.1:1883; start one, or remove mqtt from the venue file", 3.0)
    )


PA = PaPlan(
    zones=(PaZone("main", (1, 2), "main", 6, "x32"),),
    microphones=(PaMicrophone("balcony", 2), PaMicrophone("front of house", 3, sensitivity=-30.0)),
    console="x32",
    levels=(LevelLimit("laeq_60", 99.0), LevelLimit("lcpeak", 135.0)),
)
BANDS = (
    *(EqBand("peaking", 63.0, -3.5, 2.2), EqBand("peaking", 142.0, -5.25, 3.1), EqBand("peaking", 415.0, -2.0, 1.4)),
    *(EqBand("peaking", 1240.0, 0.0, 1.0), EqBand("peaking", 3150.0, -2.75, 1.8), EqBand("high_shelf", 9500.0, 1.5, 0.7)),
)


def room(t: float, loud: float = 97.2, error: float = 2.1, frozen: str = "") -> RoomView:
    """A room with a PA whose equaliser has found half of what there is to find: mode advise, band 4 the engineer's."""
    freq = 40.0 * 2.0 ** (np.arange(53) / 6)
    octaves = np.log2(freq)
    target = np.interp(octaves, np.log2([80.0, 250.0]), [5.0, 0.0]) - np.maximum(0.0, octaves - math.log2(2000.0))
    shape = sum(
        g * np.exp(-(((octaves - math.log2(f)) * w) ** 2)) for f, g, w in ((63, 4, 3), (140, 6, 4), (420, 3, 2), (3100, 4, 2))
    )
    before = target + shape - 1.5 + 0.8 * np.sin(7 * octaves) + 0.1 * math.sin(t)
    trust = np.where(freq < 50, 0.0, np.where((freq > 9000) & (freq < 12_000), 0.5, 1.0))
    known = np.where(trust > 0, before, np.nan)
    now, proposed = known - 0.6 * shape + 0.5, known - 0.95 * shape + 1.2
    owners = ("showctl", "showctl", "showctl", "engineer", "showctl", "showctl")
    wanted = (None, EqBand("peaking", 142.0, -6.5, 3.1), None, None, EqBand("peaking", 3150.0, -4.0, 1.8), None)
    words = frozen or "advise: 2 bands would change: `showctl room apply` takes it over"
    limit = PA.levels[0]
    warning = LevelWarning(limit, loud > 99, None, None, f"LAeq over an hour is {loud:.1f} dB(A), the limit 99")
    levels = Levels(t, loud, loud + 1.1, loud + 0.4, loud, 121.3, 128.9, 2520.0, False, (warning,) if loud > 98 else ())
    return RoomView(
        t,
        "main",
        EqState(t, "advise", BANDS, owners, (), wanted, frozen, "", False, 0.0, error, BANDS),
        True,
        words,
        RoomCurves(freq, target, known, now, proposed, trust),
        ("balcony", "front of house"),
        (None, levels),
        PA.levels,
        Howl(
            60.0 * math.floor(t / 60.0) - 5.0,
            2510.0,
            -20.0,
            9.0,
            2500.0,
            "feedback at 2510 Hz, 9 dB/s: turn down, or pull the 2500 Hz band by 6 dB",
        ),
    )


async def _serve(port: int) -> None:
    from showctl.remote.web.server import WebServer

    loop = asyncio.get_running_loop()
    board = Board(plan(PA), frozenset({"output", "engine"}))
    healthy(board)

    async def equaliser(command: EqCommand) -> None:
        print(command)

    server = WebServer(
        "127.0.0.1", port, board=board, emit=lambda event: print(event) is None, equaliser=equaliser, now=loop.time
    )
    await server.open()
    print(f"http://{server.address}/")
    async with asyncio.TaskGroup() as group:
        group.create_task(server.run())
        while True:
            move(board, loop.time())
            board.hear_room(room(loop.time()))
            await asyncio.sleep(1 / 44)


if __name__ == "__main__":
    try:
        asyncio.run(_serve(int(sys.argv[1]) if len(sys.argv) > 1 else 8080))
    except KeyboardInterrupt:
        sys.exit(0)
