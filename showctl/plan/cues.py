"""What happens to the light: times, moves, effects, cues, lists and submasters."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, NamedTuple, TypeAlias

from showctl.model import Section
from showctl.plan.gestures import Danger


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time as a cue file says it: seconds, or beats and bars that run on the music."""

    amount: float
    unit: Literal["s", "beat", "bar"] = "s"


ZERO, SECOND = Span(0.0), Span(1.0)


class Move(NamedTuple):
    """One instruction of a cue: take this parameter to this value. Times are already chosen by direction and category.

    A named tuple, unlike all else here: a long show has half a million of them, and a dataclass takes three times as long.
    """

    parameter: int
    value: float  # 0..1
    up: Span  # time if the value rises (and for all that is not intensity)
    down: Span  # time if it falls
    delay: Span = ZERO
    curve: str = "linear"  # linear, s, fast, slow, snap
    origin: str = ""  # how the file says it: "wash colour blood"


@dataclass(frozen=True, slots=True)
class Timing:
    """How long what a cue moves takes, as its file says it for a category, a parameter or the whole cue."""

    up: Span = ZERO
    down: Span = ZERO
    delay: Span = ZERO


Shape: TypeAlias = Literal["sine", "ramp", "step", "pulse", "decay", "random"]
Sync: TypeAlias = Literal["beat", "free", "onset", "kick", "snare", "hat", "energy", "loudness", "low", "middle", "high"]
STROKES: tuple[Sync, ...] = ("onset", "kick", "snare", "hat")  # from each of which an effect runs once
Layer: TypeAlias = Literal["add", "scale", "replace", "max"]


@dataclass(frozen=True, slots=True)
class Effect:
    """A function of beat phase (or time, or what is heard) over a group: values for each parameter at each moment.

    value = low + (high - low) * shape(phase + offset of the parameter); `layer` says how it meets the level beneath.
    With sync "onset", "kick", "snare" or "hat" the shape runs once from each of these; with "energy", "loudness" and the bands
    "low", "middle" and "high" the value follows the ear. With `sections` it runs only while one of them is heard.
    """

    name: str
    shape: Shape
    parameter: str  # "intensity", "pan", "red"...
    sync: Sync = "beat"
    every: Span = Span(1.0, "beat")  # length of one cycle
    low: float = 0.0  # 0..1
    high: float = 1.0
    layer: Layer = "replace"
    length: float = 1.0  # share of the cycle that a pulse or decay takes, 0..1
    spread: float = 0.0  # cycles from the first to just after the last of the group (360 deg = 1)
    parts: int = 0  # N groups interleaved; 0: by spread
    order: Literal["forward", "reverse", "centre-out", "outside-in", "random"] = "forward"
    chase: bool = False  # one after the other: spread 1 and a step as wide as one of the group
    swing: float = 0.5  # share of the pair that the first half takes, 0.5..0.75
    seed: int = 1
    segments: int = 0  # N neighbours share a phase; 0: each has its own
    sections: tuple[Section, ...] = ()  # of the song in which it shows; () for all
    entry: Span | None = None  # it grows in this time; None: as its parameter wants (heads gently, light at once)
    exit: Span | None = None  # it shrinks in this time
    direction: Literal["forward", "reverse", "bounce"] = "forward"  # bounce: every second cycle backwards
    early: float = 0.0  # s by which its lamps are slower than the quickest: on the beat it runs so much ahead


@dataclass(frozen=True, slots=True)
class EffectStart:
    """A cue starts an effect on these parameters, one or more (the cells of a fixture) for each element of the group.

    One written effect may be several in the plan, called NAME, NAME~2 ... (25 degrees are another share of the range of
    another head). Each then has () for the elements that another one moves, so that all keep their places in the group.
    """

    effect: str
    targets: tuple[tuple[int, ...], ...]  # in the order of the group


@dataclass(frozen=True, slots=True)
class When:
    """What fires a pending cue without GO."""

    section: Section
    quantise: Literal["none", "beat", "bar"] = "none"


@dataclass(frozen=True, slots=True)
class Cue:
    """One cue as written: what moves, and how the next one comes."""

    number: Decimal  # 0.001..9999.999
    name: str = ""
    moves: tuple[Move, ...] = ()
    starts: tuple[EffectStart, ...] = ()
    stops: tuple[str, ...] = ()  # effects that end; "all" ends every one of this list
    follow: Span | None = None  # next GO this long after this GO
    hang: Span | None = None  # next GO this long after this cue has completed; may be negative
    when: When | None = None
    cue_only: bool = False  # its values do not track into later cues
    block: bool = False
    goto: Decimal | None = None  # cue that becomes pending after this one (a link), else the next
    rounds: int = 0  # so many times the link is followed, then the list goes on behind it; 0: until somebody asks
    asserts: bool = False  # the whole tracked state is played again, in this cue's times, and owned again
    mark: bool = False  # fixtures that this cue lights and moves have moved, dark, in the cue before
    rate: float = 1.0  # scales every time of this cue, its follow and hang: 0.5 makes 5 s last 10
    times: tuple[tuple[str, Timing], ...] = ()  # parameter, category or "" (the rest): for what tracked, and for marks
    at: float | None = None  # s of time code at which it fires, in a list that follows one
    line: int = 0  # in the show file, for messages
    path: str = ""  # of that file
    tempo: tuple[float, float] | None = None  # bpm, lowest and highest: into this range what is heard is doubled or halved
    play: str = ""  # a track that begins with this cue
    danger: Danger = ""  # what a gesture needs before it may fire it


@dataclass(frozen=True, slots=True)
class CueList:
    """A stack of cues that one GO walks through, in the order of their numbers."""

    name: str
    cues: tuple[Cue, ...]
    priority: int = 4  # 1..10, the highest wins a parameter
    htp: bool = False  # intensity takes the highest of all lists that ask so
    loop: bool = False  # after the last cue GO fires the first
    release: Span = Span(1.0)
    timecode: Literal["mtc", "ltc", "any"] | None = None  # the clock that it follows; its cues are in the order of their times
    freewheel: float = 0.0  # s that it goes on by itself when time code is lost


@dataclass(frozen=True, slots=True)
class Submaster:
    """A fader over a group's intensity: additive brings levels, inhibitive limits them, effect scales an effect."""

    name: str
    mode: Literal["additive", "inhibitive", "effect"]
    levels: tuple[tuple[int, float], ...]  # parameter, 0..1 at full
    starts: tuple[EffectStart, ...] = ()
    level: float = 0.0  # 0..1 at the start
    priority: int = 4  # 1..10, the place of its effects among those of the lists
