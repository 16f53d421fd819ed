"""Who may move the show with what: wearables and their performers from the venue file, gestures and bindings from the show file.

A gesture is what a performer does; its sign is how the daemon knows of it: a movement that was enrolled, a button, a finger on a
screen, a posture, or what another program has recognised. A binding says what comes of it, and when it is armed. What is to be
done is a control event without its time and source; where it moves a level, or turns something over, without that, too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, TypeAlias

from showctl.model import ControlEvent

SignKind: TypeAlias = Literal["movement", "button", "press", "touch", "event", "posture"]
ControlKind: TypeAlias = Literal["tilt", "roll", "height", "energy", "yaw_rate", "value"]  # of analysis.gesture.controls
Danger: TypeAlias = Literal["", "danger", "alone"]  # "danger": two factors; "alone": and a gesture twice is not two
Factor: TypeAlias = Literal["", "clutch", "again", "operator"]
Quantise: TypeAlias = Literal["now", "beat", "bar"]


@dataclass(frozen=True, slots=True)
class Posture:
    """A way to hold a device: this of its motion lies between two values, in its own unit."""

    kind: ControlKind
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Sign:
    """How the daemon knows of a gesture."""

    kind: SignKind = "movement"
    name: str = ""  # of the button, press, touch or event, as the device calls it, empty: any; of a posture its words
    posture: Posture | None = None

    @property
    def held(self) -> bool:
        """Whether it has a beginning and an end, and lasts between them."""
        return self.kind in ("button", "touch", "posture")


@dataclass(frozen=True, slots=True)
class Wearable:
    """A device that the venue knows, and who wears it."""

    name: str
    profile: str
    address: str  # ip, ip:port, or what tells it from its like in its own addresses
    performer: str
    worn: str = ""  # where: "left", "hip"
    clutch: Sign | None = None
    feedback: tuple[str, int] | None = None  # where it listens: ip ("" its own) and port; None: at the port that it sends from
    button_limit: float = 10.0  # s that a button counts as down which was told once: its release may have been lost


@dataclass(frozen=True, slots=True)
class Gesture:
    """What a performer may do."""

    name: str
    sign: Sign
    worn: str = ""  # only with the device that is worn there
    hold: float = 0.0  # s that a held sign lasts before it counts


@dataclass(frozen=True, slots=True)
class Window:
    """When a binding is armed: while the clutch is held, in these cues, for a while after the operator said so, or always."""

    kind: Literal["clutch", "cue", "operator", "always"] = "clutch"
    list: str = "main"
    first: Decimal = Decimal(0)  # cues from..to
    last: Decimal = Decimal(0)
    seconds: float | None = None  # after which it closes by itself; None: with its last cue, or never


@dataclass(frozen=True, slots=True)
class GestureBinding:
    """A gesture, and what comes of it."""

    gesture: str
    performers: tuple[str, ...]  # who may
    do: ControlEvent
    words: str  # as they are written: "list probe go"
    way: Literal["fires", "turns", "holds"] = "fires"
    window: Window = Window()
    factor: Factor = ""  # the second factor that is always asked for
    danger: Danger = ""
    on: Quantise = "now"
    line: int = field(default=0, compare=False)  # in the show file, for messages: one that only moved is as it was
    path: str = field(default="", compare=False)  # of that file


@dataclass(frozen=True, slots=True)
class ControlBinding:
    """Motion as a fader, and the level that it moves."""

    name: str  # of the fader of that device; each has its own
    device: str  # a wearable
    kind: ControlKind
    do: ControlEvent
    words: str
    window: Window = Window()
    of: str = ""  # of a value, its name: "swell", "ry.1"
    low: float | None = None  # what of the motion is 0, in its unit; None: as usual
    high: float | None = None
    range: tuple[float, float] = (0.0, 1.0)  # levels at 0 and 1
    rest: float | None = None  # level when the device is lost; None: it stays
    slew: float = 1.0  # of the range a second
    line: int = field(default=0, compare=False)
    path: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class PlaceBinding:
    """An address of OSC, or a place on a MIDI desk, and what it means in this show, in words of the dictionary of OSC."""

    kind: Literal["osc", "midi"]
    place: str  # "/pad/1", "note 36"
    words: str
    on: Quantise = "now"
    line: int = field(default=0, compare=False)
    path: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class GesturesPlan:
    """Everything that a show binds, in its venue."""

    wearables: tuple[Wearable, ...] = ()
    gestures: tuple[Gesture, ...] = ()
    bindings: tuple[GestureBinding, ...] = ()
    controls: tuple[ControlBinding, ...] = ()
    places: tuple[PlaceBinding, ...] = ()

    @property
    def performers(self) -> tuple[str, ...]:
        """Everybody that the venue names, in its order."""
        return tuple(dict.fromkeys(one.performer for one in self.wearables))
