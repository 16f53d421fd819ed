"""The compiled show: what `config.compile` makes of a venue and a show file, and what the engine plays.

Everything that a name could mean is resolved here: groups are lists of parameters, palettes are levels, colours are levels
of emitters, addresses are indices. The engine knows no names of files and no YAML, so it can be handed a plan made by a
test in five lines. A plan is data only and frozen; a reload makes a new one.

A Parameter is one thing of one fixture, or of one cell of it, that can be set: its intensity, its red, its pan. The plan's
`parameters` is the one table of them; everywhere else a parameter is its index in that table. Values are 0..1 of the
parameter's range whatever the resolution of its slots.

Categories are those of professional consoles (Eos: intensity, focus, colour, beam); we say position for focus.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Literal, NamedTuple, TypeAlias

from showctl.model import LevelLimit, Section


class Category(StrEnum):
    """The kind of a parameter: times, merging and masters depend on it."""

    INTENSITY = "intensity"
    COLOUR = "colour"
    POSITION = "position"
    BEAM = "beam"


@dataclass(frozen=True, slots=True)
class StrobeLimit:
    """So many flashes in any second on more than this share of the fixtures are too many. See show/strobe.py."""

    flashes: int = 4  # 1..
    share: float = 0.25  # 0..1


Labels: TypeAlias = tuple[tuple[str, float], ...]  # word, 0..1; one object for all fixtures of a mode


@dataclass(frozen=True, slots=True)
class Parameter:
    """One thing of one fixture (or cell) that can be set."""

    fixture: str  # "par.1"
    cell: int  # 0: the whole fixture; 1.. a cell of it
    name: str  # "intensity", "red", "pan", "shutter"
    category: Category
    universe: int = 0  # 1..63999; 0 for a virtual dimmer, which has no slot
    slots: tuple[int, ...] = ()  # 1..512, most significant first
    default: float = 0.0  # 0..1, where it stands when nothing drives it
    snap: bool = False  # jumps at the start of a fade (wheels, shutters, macros)
    invert: bool = False
    masters: tuple[int, ...] = ()  # parameters (virtual dimmers) that scale this one
    low: float = 0.0  # limits of the venue file, 0..1 of the range
    high: float = 1.0
    exempt: bool = False  # not touched by grand master and blackout (house lights, hazers)
    span: tuple[float, float] = (0.0, 1.0)  # of the slots' range: where 0 and 1 lie (a dimmer that shares its slot with a strobe)
    closed: tuple[tuple[float, float], ...] = ()  # values from..to at which no light passes (a shutter): for who draws it
    strobe: tuple[tuple[float, float], ...] = ()  # values from..to at which the fixture flashes by itself
    opened: float = 0.0  # where the strobe limit puts it instead: light passes, nothing flashes
    degrees: tuple[float, float] | None = None  # pan and tilt: the angles that 0 and 1 are, 0 deg being straight
    labels: Labels = ()  # what its ranges are called, and what they are for (open, strobe): the value that each word means

    @property
    def key(self) -> str:
        """What it is called outside the plan: "par.1/intensity", "bar.2:3/red"."""
        return f"{self.fixture}:{self.cell}/{self.name}" if self.cell else f"{self.fixture}/{self.name}"


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time as a cue file says it: seconds, or beats and bars that run on the music."""

    amount: float
    unit: Literal["s", "beat", "bar"] = "s"


ZERO = Span(0.0)


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


@dataclass(frozen=True, slots=True)
class Universe:
    """How one universe leaves the machine."""

    number: int  # 1..63999
    multicast: bool = False
    unicast: tuple[str, ...] = ()  # IPv4 addresses
    priority: int = 100  # 0..200
    sync: int = 0  # synchronization universe, 0 for none


@dataclass(frozen=True, slots=True)
class Place:
    """Where a fixture is, in metres and degrees: x to the right and y to the back seen from the audience, z up.

    `config.points` draws what facing and mount mean to a head.
    """

    x: float = 0.0
    y: float = 0.0
    z: float = 3.0
    facing: float = 0.0  # 0 to the audience, 90 to +x
    mount: Literal["hung", "standing", "wall"] = "hung"


@dataclass(frozen=True, slots=True)
class PatchedFixture:
    """A fixture as the page draws it."""

    name: str
    kind: str  # "dimmer", "wash", "spot", "bar": how to draw it
    type: str  # fixture type and mode as the venue file names them
    place: Place
    parameters: tuple[int, ...]
    cells: int = 1


@dataclass(frozen=True, slots=True)
class Group:
    """What a hand may name: a group of the venue, or a selection that the venue file names."""

    name: str
    elements: tuple[tuple[int, ...], ...]  # parameters of each element (a fixture with all its cells, or a cell), in its order


@dataclass(frozen=True, slots=True)
class Palette:
    """What a hand may call up: a named look of one category (or a preset of several), for every fixture that can show it."""

    category: Literal["intensity", "colour", "position", "beam", "preset"]
    name: str
    values: tuple[tuple[int, float], ...]  # parameter, 0..1


@dataclass(frozen=True, slots=True)
class PaZone:
    """Loudspeakers that are measured and equalised as one."""

    name: str
    channels: tuple[int, ...]  # of the output that plays to it, from 1
    console: str = ""  # its equaliser at the console, as `wire.x32` calls it: "main", "mtx/1"; empty: nothing is written
    bands: int = 0  # of that equaliser
    device: str = "generic"  # the profile that is fitted for: generic, x32, xr18, camilladsp


@dataclass(frozen=True, slots=True)
class PaMicrophone:
    """A microphone that stays in the room."""

    name: str
    channel: int  # of the input, from 1
    calibration: str = ""  # path of its file; empty: taken as flat
    place: tuple[float, float, float] | None = None  # m: x to the right, y to the back, z up
    sensitivity: float | None = None  # dBFS (RMS) that the input shows of 94 dB of sound pressure; None: not known


@dataclass(frozen=True, slots=True)
class PaClimate:
    """The air of the room, and how far the sound goes through it."""

    temperature: float  # degrees Celsius
    humidity: float  # % relative
    distance: float  # m from the loudspeakers to the listeners
    microphones: float | None = None  # m from the loudspeakers to the microphones; None: they stand where listeners do
    judged: tuple[float, float] | None = None  # degrees Celsius, %: the air in which the target was right at the microphones
    sensor: tuple[str, str] | None = None  # topics over MQTT that tell temperature and humidity as they are


@dataclass(frozen=True, slots=True)
class PaPlan:
    """The room's sound: what is measured, what may be changed, and how far. Gains in dB."""

    mode: Literal["off", "advise", "auto"] = "advise"
    card_in: str = ""  # a part of the sound card's name; empty: the usual one
    card_out: str = ""
    programme: tuple[int, ...] = ()  # inputs that carry what the desk sends to the PA; (): those that are listened to
    zones: tuple[PaZone, ...] = ()
    microphones: tuple[PaMicrophone, ...] = ()
    console: Literal["x32", "xr18", "internal"] | None = None
    host: str = ""  # of the console: IPv4
    port: int = 0
    target: str = "house"  # flat, house, or the path of a file
    gain: tuple[float, float] = (-12.0, 3.0)  # of a band
    boost: float = 0.0  # of all bands together
    q: tuple[float, float] = (0.5, 8.0)
    levels: tuple[LevelLimit, ...] = ()  # how loud the venue may be
    climate: PaClimate | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A show in a venue, ready to be played."""

    parameters: tuple[Parameter, ...]
    fixtures: tuple[PatchedFixture, ...] = ()
    universes: tuple[Universe, ...] = ()
    lists: tuple[CueList, ...] = ()
    effects: tuple[Effect, ...] = ()
    submasters: tuple[Submaster, ...] = ()
    start: tuple[tuple[int, float], ...] = ()  # the look before the first cue, parameter and value
    safe: tuple[tuple[int, float], ...] = ()  # the look of last resort
    stop: tuple[tuple[int, float], ...] | None = None  # the look that a clean stop leaves; None: as the venue's on_stop says
    venue: str = ""
    show: str = ""
    back_time: Span = Span(1.0)
    go_guard: float = 0.1  # s within which a second GO of the same list is refused
    strobe: StrobeLimit | None = StrobeLimit()  # None: the venue file puts no limit
    house: tuple[int, ...] = ()  # intensities of the house lights, that only SetHouse moves
    house_level: float = 1.0  # 0..1 at the start
    release_time: Span = Span(1.0)  # of what is held by hand
    groups: tuple[Group, ...] = ()
    palettes: tuple[Palette, ...] = ()
    sound_latency: float = 0.0  # s by which sound reaches the ear later than the audience
    lamp_latency: float = 0.0  # s that the quickest lamps take to show what is sent
    pa: PaPlan | None = None  # None: nothing is said of the room's sound
