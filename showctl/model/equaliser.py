"""The equaliser of the PA: its bands, what is asked of it, and what its policy goes by and decides. Gains in dB."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from showctl.model.report import Happened
from showctl.model.room import Howl, RoomResponse


@dataclass(frozen=True, slots=True)
class EqBand:
    """One band of an equaliser, as the Audio EQ Cookbook (R. Bristow-Johnson) has it."""

    kind: Literal["peaking", "low_shelf", "high_shelf"]
    freq: float  # Hz
    gain: float  # dB
    q: float


@dataclass(frozen=True, slots=True)
class EqWanted:
    """What a fit would have, and the moment that it knows of: nothing heard later went into it."""

    time: float  # s, the end of the measurement that was fitted
    bands: tuple[EqBand, ...]  # at most as many as showctl owns, in any order


EqMode: TypeAlias = Literal["off", "advise", "auto"]
EqDo: TypeAlias = Literal[
    "off",
    "advise",
    "auto",
    "apply",
    "apply_at_once",
    "switch_on",
    "bypass",
    "unbypass",
    "undo",
    "restore",
    "mine",
    "yours",
    "relearn",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class EqCommand:
    """What is asked of the equaliser. `apply` takes the proposal over once, `apply_at_once` does while nobody listens; `mine`
    and `yours` say whose a band is; `switch_on` makes an equaliser that is off flat, and then switches it on.

    It is for the room's policy, not for the engine of the light, so it is no Control.
    """

    time: float  # s, when it arrived
    source: str = ""
    do: EqDo
    band: int | None = None  # from 0, in the order of the venue file; None: every band


@dataclass(frozen=True, slots=True)
class ConsoleState:
    """The equaliser as the console last told it: the bands that the venue file names, in its order, and nothing else."""

    answered: float | None = None  # s, when the console last answered; None: never
    bands: tuple[EqBand, ...] = ()  # none until all of them have been read
    on: bool = True  # the equaliser's own switch
    touched: tuple[int, ...] = ()  # bands that somebody else has changed since the last step
    graphic: bool = False  # another equaliser of the console is heard in its place, and behind the same switch; `on` is False
    trouble: str = ""  # why nothing can be written to it although it answers, in words that say what to do
    found: int = 0  # how often it was found anew: it has other bands than before, or its console has loaded what it once held


@dataclass(frozen=True, slots=True, eq=False)
class EqInputs:
    """All that the policy of the equaliser goes by, as known at one moment."""

    console: ConsoleState
    responses: tuple[RoomResponse | None, ...] = ()  # one a microphone, the equaliser in them, but for notches; None: not known
    wanted: EqWanted | None = None
    programme: float = -120.0  # dBFS, level of the programme in the last seconds
    troubles: tuple[str, ...] = ()  # of microphones and inputs (dead, noisy, clipped, moved), in words that say what to do
    commands: tuple[EqCommand, ...] = ()  # since the last step, in order
    howls: tuple[Howl, ...] = ()  # since the last step


EqOwner: TypeAlias = Literal["showctl", "engineer", "notch"]  # notch: showctl's, set aside against feedback


@dataclass(frozen=True, slots=True)
class EqState:
    """What the policy decided in one step, and all that a page wants to know of it."""

    time: float  # s
    mode: EqMode
    bands: tuple[EqBand, ...]  # what the console holds once `writes` are there; none until it has been read
    owners: tuple[EqOwner, ...]
    writes: tuple[tuple[int, EqBand], ...] = ()  # band and what it becomes: to be sent now
    proposal: tuple[EqBand | None, ...] = ()  # what each band would become; None where it stays
    frozen: str = ""  # why nothing moves by itself, in words that say what to do; empty where it may
    doing: Literal["", "update", "settle", "roll_back", "undo", "restore", "bypass", "unbypass"] = ""
    bypassed: bool = False
    paused: float = 0.0  # s, until when no update begins after a roll-back or an undo
    error: float | None = None  # dB RMS of what is heard from what is aimed at, over trusted bands
    snapshot: tuple[EqBand, ...] = ()  # the bands as they were found at the start
    stuck: tuple[int, ...] = ()  # bands that do not become what is written, and are left alone
    notched: str = ""  # what no notch can do any more, in words that say what to do
    quick: bool = False  # among `writes` is a notch against what howls: as fast as it can be
    switch: Literal["", "on", "found"] = ""  # of the equaliser, now: on, every band flat before; or back as it was found
    events: tuple[Happened, ...] = ()
