"""What hangs in the room: every parameter that can be set, where fixtures hang, and how universes leave the machine."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeAlias


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


USUAL_STROBE = StrobeLimit()
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
