"""The room's sound: what is measured and what may be changed, from the venue file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from showctl.model import LevelLimit

ConsoleType: TypeAlias = Literal["x32", "xr18", "camilladsp", "pipewire", "template", "internal"]


@dataclass(frozen=True, slots=True)
class PaZone:
    """Loudspeakers that are measured and equalised as one."""

    name: str
    channels: tuple[int, ...]  # of the output that plays to it, from 1
    console: str = ""  # its equaliser at the console: "main", "mtx/1"; empty: nothing is written
    bands: int = 0  # of that equaliser; 0 where only the console knows
    device: str = "generic"  # the profile that is fitted for: generic, x32, xr18, camilladsp, pipewire


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
class PaTemplate:
    """How a console of another kind is told and asked, in its own lines; what stands in braces in them is filled in."""

    transport: Literal["tcp", "udp"]
    bands: int  # of each of its equalisers, all peaking
    set: tuple[str, ...]  # that set a band
    ask: tuple[str, ...] = ()  # that ask for one; (): it cannot be asked
    answer: tuple[str, ...] = ()  # lines that it answers
    pointers: tuple[tuple[str, str], ...] = ()  # what is where in answers of JSON
    hello: tuple[str, ...] = ()  # said first
    alive: tuple[str, ...] = ()  # said again and again
    every: float = 30.0  # s from one to the next
    end: str = "\n"  # of a line


@dataclass(frozen=True, slots=True)
class PaPlan:
    """The room's sound: what is measured, what may be changed, and how far. Gains in dB."""

    mode: Literal["off", "advise", "auto"] = "advise"
    card_in: str = ""  # a part of the sound card's name; empty: the usual one
    card_out: str = ""
    programme: tuple[int, ...] = ()  # inputs that carry what the desk sends to the PA; (): those that are listened to
    zones: tuple[PaZone, ...] = ()
    microphones: tuple[PaMicrophone, ...] = ()
    console: ConsoleType | None = None
    host: str = ""  # of the console: IPv4
    port: int = 0
    node: str = ""  # of PipeWire, in place of an address
    template: PaTemplate | None = None  # of a console that has no type of its own
    target: str = "house"  # flat, house, or the path of a file
    gain: tuple[float, float] = (-12.0, 3.0)  # of a band
    boost: float = 0.0  # of all bands together
    q: tuple[float, float] = (0.5, 8.0)
    levels: tuple[LevelLimit, ...] = ()  # how loud the venue may be
    climate: PaClimate | None = None
    notches: int = 0  # bands of the followed equaliser, the last ones, that are set aside against feedback

    @property
    def place(self) -> str:
        """Where the console is, in one word."""
        return self.node or f"{self.host}:{self.port}"

    def equaliser(self, zone: PaZone) -> str:
        """What the equaliser of a zone is called at the console; empty where nothing is written for it."""
        if self.console is None:
            return ""
        return zone.name if self.console == "internal" else zone.console
