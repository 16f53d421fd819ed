"""What may stand in a venue and a show file: every key, its type and what it is when it is left out.

Pydantic checks the structure and calls a parser of `values` for each scalar; both report by (way to the place, code,
sentence), which `load` turns into file, line and column. Unknown keys are errors. Keys of later versions are listed in LATER:
they are accepted with a warning that they do nothing yet. What a name refers to is not looked at here: `patch` and `compile`
do that, when both files are known.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, model_validator
from pydantic_core import PydanticCustomError

from showctl.address import is_loopback
from showctl.config import midi, pa, values
from showctl.plan import STROKES, Layer, Place, Shape, Span, StrobeLimit, Sync
from showctl.wire.midi_map import Deed, Knob

LATER: dict[str, dict[str, str]] = {
    "venue": {
        "wearables": "gestures",
        "standby": "a second machine",
    },
    "show": {
        "sections": "own thresholds of sections",
        "tracks": "playback of songs",
        "setlist": "playback of songs",
        "gestures": "gestures",
        "bind": "bindings",
    },
}
LATER_IN_SAFETY = {"gain": "a limit of the microphone's gain", "sound": "a limit of the sound's level"}
LATER_IN_CUE = {"danger": "confirmation of gestures"}


def _typed(parse: Callable[[str], Any]) -> Any:
    """A field whose text `parse` turns into a value."""

    def validate(value: Any) -> Any:
        if not isinstance(value, str):
            raise PydanticCustomError("E-type", "one value was expected here, not a {kind}", {"kind": _kind(value)})
        try:
            return parse(value)
        except values.Bad as bad:
            raise PydanticCustomError(bad.code, "{text}", {"text": str(bad)}) from None

    validate.parse = parse  # type: ignore[attr-defined]  # `editor` describes the field by it
    return PlainValidator(validate)


def _kind(value: Any) -> str:
    return "mapping" if isinstance(value, dict) else "list"


def _one_or_more(value: Any) -> Any:
    """`at: 1/1` is `at: [1/1]`."""
    return [value] if isinstance(value, str) else value


def _written(text: str) -> str:
    if not text:
        raise values.Bad("E-empty", "a name is missing here")
    return text


def _hang(text: str) -> Span:
    return values.time(text, negative=True)


Name: TypeAlias = Annotated[str, _typed(values.name)]
Label: TypeAlias = Annotated[str, _typed(values.label)]
Text: TypeAlias = Annotated[str, _typed(_written)]
Time: TypeAlias = Annotated[Span, _typed(values.time)]
Hang: TypeAlias = Annotated[Span, _typed(_hang)]
Seconds: TypeAlias = Annotated[float, _typed(values.seconds)]
Level: TypeAlias = Annotated[float, _typed(values.level)]
Rate: TypeAlias = Annotated[float, _typed(values.rate)]
Angle: TypeAlias = Annotated[float, _typed(values.angle)]
Metres: TypeAlias = Annotated[float, _typed(values.metres)]
Truth: TypeAlias = Annotated[bool, _typed(values.truth)]
Address: TypeAlias = Annotated[tuple[int, int], _typed(values.address)]
Code: TypeAlias = Annotated[values.Code, _typed(values.code)]
CueNumber: TypeAlias = Annotated[Decimal, _typed(values.cue_number)]
UniverseNumber: TypeAlias = Annotated[int, _typed(values.universe)]
Listener: TypeAlias = Annotated[str, _typed(values.listener)]  # "HOST:PORT"
Networks: TypeAlias = Annotated[list[Annotated[str, _typed(values.network)]], Field(default_factory=list)]


def whole(first: int, last: int) -> Any:
    """A whole number from first to last."""
    return Annotated[int, _typed(values.whole(first, last))]


class Model(BaseModel):
    """A mapping of a file."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False, arbitrary_types_allowed=True)


def _beyond(listener: str | None) -> bool:
    """Whether other machines can reach it."""
    return listener is not None and not is_loopback(values.host_port(listener)[0])


# --- venue -----------------------------------------------------------------------------------------------------------


MOST_RECEIVERS, MOST_UNIVERSES = 16, 512  # that the output has room for


class Network(Model):
    interface: Annotated[str, _typed(values.interface)] | None = None
    ttl: Annotated[int, _typed(values.whole(1, 255))] = 8


def _destinations(value: Any) -> str | tuple[str, ...]:
    if value == "multicast":
        return "multicast"
    if not isinstance(value, str | list) or not value or not all(isinstance(v, str) for v in _one_or_more(value)):
        raise PydanticCustomError("E-type", "write `multicast`, an IPv4 address or a list of them")
    if isinstance(value, list) and len(value) > MOST_RECEIVERS:
        raise PydanticCustomError("E-type", f"at most {MOST_RECEIVERS} addresses; for more receivers write `multicast`")
    try:
        return tuple(values.ipv4(text) for text in _one_or_more(value))
    except values.Bad as bad:
        raise PydanticCustomError("E-ip", "{text}", {"text": str(bad)}) from None


Destinations: TypeAlias = Annotated[str | tuple[str, ...], PlainValidator(_destinations)]


class UniverseOut(Model):
    """Where one universe goes. Nothing is sent beyond this machine unless the file says so."""

    to: Destinations = ("127.0.0.1",)  # "multicast" or IPv4 addresses
    priority: Annotated[int, _typed(values.whole(0, 200))] = 100
    sync: Annotated[int, _typed(values.whole(0, 63999))] = 0
    rate: Annotated[float, _typed(values.hertz)] | None = None


FLOOR = 1.2  # m: what is lower stands, unless its file says otherwise


class PlaceModel(Model):
    x: Metres = 0.0
    y: Metres = 0.0
    z: Metres = 3.0
    facing: Angle = 0.0
    mount: Annotated[
        Literal["hung", "standing", "wall"] | None,
        _typed(values.choice("hung", "standing", "wall")),
    ] = None

    def place(self) -> Place:
        return Place(self.x, self.y, self.z, self.facing, self.mount or ("standing" if self.z < FLOOR else "hung"))


class PointModel(Model):
    x: Metres
    y: Metres
    z: Metres = 0.0


class Fixture(Model):
    type: Text
    mode: Text | None = None
    at: list[Address] = Field(min_length=1)
    place: list[PlaceModel] = Field(default_factory=list)
    invert: list[Name] = Field(default_factory=list)
    swap: Truth = False
    home: dict[Name, Text] = Field(default_factory=dict)
    limits: dict[Name, Annotated[list[Text], Field(min_length=2, max_length=2)]] = Field(default_factory=dict)
    exempt: Truth = False

    @model_validator(mode="before")
    @classmethod
    def _lists(cls, data: Any) -> Any:
        if isinstance(data, dict):
            data = dict(data)
            for key in ("at", "invert"):
                if isinstance(data.get(key), str):
                    data[key] = [data[key]]
            if isinstance(data.get("place"), dict):
                data["place"] = [data["place"]]
        return data

    @property
    def listed(self) -> bool:
        """Whether it has more than one address, and so a number behind its name."""
        return len(self.at) > 1


class Audio(Model):
    input: Text | None = Field(None, alias="in")
    out: Any = None
    ltc: Annotated[int, _typed(values.whole(1, 32))] | None = None
    rate: Annotated[int, _typed(values.whole(8000, 192_000))] = 48_000
    channels: Annotated[list[Annotated[int, _typed(values.whole(1, 32))]], BeforeValidator(_one_or_more)] = Field(
        default_factory=list, max_length=32
    )
    latency: Annotated[float, _typed(values.sound_latency)] = 0.0

    @model_validator(mode="after")
    def _sense(self) -> Audio:
        if self.ltc is not None and self.ltc in self.channels:
            raise _clash("channels", f"channel {self.ltc} carries time code: leave it out of what is listened to")
        if len(set(self.channels)) < len(self.channels):
            raise _clash("channels", "a channel stands there twice: each is listened to once")
        return self


class Osc(Model):
    listen: Listener | None = None
    eos: Listener | None = None  # OSC over TCP as an Eos console speaks it
    feedback: Annotated[list[Listener], Field(max_length=8)] = Field(default_factory=list)  # UDP addresses that are told
    allow: Networks

    @model_validator(mode="after")
    def _guarded(self) -> Osc:
        for key, listener in (("listen", self.listen), ("eos", self.eos)):
            if _beyond(listener) and not self.allow:
                text = "OSC beyond this machine needs `allow`: name the networks that may send, like `allow: [10.0.0.0/24]`"
                raise PydanticCustomError("E-open-listener", "{text}", {"text": text, "key": key})
        return self


class Web(Model):
    listen: Listener | None = None
    allow: Networks
    tokens: list[Text] = Field(default_factory=list)

    @model_validator(mode="after")
    def _guarded(self) -> Web:
        if _beyond(self.listen) and not self.tokens:
            text = "the page beyond this machine needs `tokens`: write one of at least 12 characters that nobody can guess"
            raise PydanticCustomError("E-open-listener", "{text}", {"text": text, "key": "listen"})
        if any(len(token) < 12 for token in self.tokens):
            text = "a token this short can be guessed: use at least 12 characters"
            raise PydanticCustomError("E-token", "{text}", {"text": text, "key": "tokens", "whole": True})
        return self


def _mapped(value: Any) -> Any:
    if isinstance(value, dict) and (found := midi.clash(value)) is not None:
        raise PydanticCustomError("E-midi", "{text}", {"text": found[1], "key": found[0]})
    return value


MidiPlace: TypeAlias = Annotated[Knob, _typed(midi.knob)]
MidiWords: TypeAlias = Annotated[Deed, _typed(midi.deed)]


class ShowControl(Model):
    device: Annotated[int, _typed(values.whole(0, 126))]


class Midi(Model):
    input: Text = Field(alias="in")
    channel: Annotated[int | None, _typed(midi.channel)] = None  # None: any
    map: Annotated[dict[MidiPlace, MidiWords], BeforeValidator(_mapped)] = Field(default_factory=dict)
    msc: ShowControl | None = None


class Mqtt(Model):
    host: Text
    port: Annotated[int, _typed(values.whole(1, 65535))] = 1883
    username: Text | None = None
    password_file: Text | None = None
    topic: Text = "showctl"


class Strobe(Model):
    flashes: Annotated[int, _typed(values.whole(1, 25))] = StrobeLimit().flashes
    share: Level = StrobeLimit().share


def _strobe(value: Any) -> Any:
    """None for `off`; a mapping is looked at by Strobe."""
    if not isinstance(value, str):
        return value
    if value != "off":
        text = f"`{value[:80]}`: write `strobe: {{flashes: 4, share: 25%}}`, or `strobe: off` for no limit at all"
        raise PydanticCustomError("E-choice", "{text}", {"text": text})
    return None


class Safety(Model):
    strobe: Annotated[Strobe | None, BeforeValidator(_strobe)] = Strobe()

    def limit(self) -> StrobeLimit | None:
        return None if self.strobe is None else StrobeLimit(self.strobe.flashes, self.strobe.share)


# --- the sound of the room -------------------------------------------------------------------------------------------

Decibels: TypeAlias = Annotated[float, _typed(pa.decibels)]
Quality: TypeAlias = Annotated[float, _typed(pa.quality)]
Channels: TypeAlias = Annotated[list[Annotated[int, _typed(values.whole(1, 64))]], BeforeValidator(_one_or_more)]
Device: TypeAlias = Literal["generic", "x32", "xr18", "camilladsp"]


class PaConsole(Model):
    type: Annotated[Literal["x32", "xr18", "internal"], _typed(values.choice("x32", "xr18", "internal"))]
    address: Annotated[tuple[str, int | None], _typed(pa.console_address)] | None = None

    @model_validator(mode="after")
    def _sense(self) -> PaConsole:
        if self.type == "internal" and self.address is not None:
            raise _clash("address", "`type: internal` is in this machine and has no address")
        return self


class PaZoneModel(Model):
    out: Channels = Field(min_length=1)
    console: Text | None = None
    device: Annotated[Device, _typed(values.choice("generic", "x32", "xr18", "camilladsp"))] | None = None


class PaMicrophoneModel(Model):
    channel: Annotated[int, _typed(values.whole(1, 64))] = Field(alias="in")
    calibration: Text | None = None
    place: PointModel | None = None
    sensitivity: Decibels | None = None

    @model_validator(mode="after")
    def _sense(self) -> PaMicrophoneModel:
        if self.sensitivity is not None and self.sensitivity > 0:
            text = f"no input shows more than full scale of a calibrator: write `-{self.sensitivity:g}dB`"
            raise _clash("sensitivity", text, "E-range")
        return self


class PaLimits(Model):
    gain: Annotated[list[Decibels], Field(min_length=2, max_length=2)] = Field(default_factory=lambda: [-12.0, 3.0])
    boost: Decibels = 0.0
    q: Annotated[list[Quality], Field(min_length=2, max_length=2)] = Field(default_factory=lambda: [0.5, 8.0])

    @model_validator(mode="after")
    def _sense(self) -> PaLimits:
        if not -15 <= self.gain[0] <= 0 <= self.gain[1] <= 15:
            raise _clash(
                "gain", "a band is cut by so much at most, and raised by so much: `[-12dB, 3dB]`, within 15dB", "E-range"
            )
        if not 0 <= self.boost <= 15:
            raise _clash("boost", "all bands together raise by `0dB` to `15dB` at most", "E-range")
        if not self.q[0] < self.q[1]:
            raise _clash("q", "the wide one first: `[0.5, 8]`", "E-range")
        return self


class SplLimit(Model):
    laeq: Decibels | None = None
    minutes: Annotated[Literal["1", "15", "60"], _typed(values.choice("1", "15", "60"))] = "60"
    lcpeak: Decibels | None = None

    @model_validator(mode="after")
    def _sense(self) -> SplLimit:
        for key, level in (("laeq", self.laeq), ("lcpeak", self.lcpeak)):
            if level is not None and not 60 <= level <= 150:
                raise _clash(key, f"`{level:g}dB` is no limit of a venue: 60dB to 150dB of sound pressure", "E-range")
        if self.laeq is None and "minutes" in self.model_fields_set:
            raise _clash("minutes", "`minutes` is the time that `laeq` is the mean of: write `laeq: 99dB` too")
        return self


Celsius: TypeAlias = Annotated[float, _typed(pa.celsius)]
Topic: TypeAlias = Annotated[str, _typed(pa.topic)]


class PaAir(Model):
    temperature: Celsius
    humidity: Level

    @model_validator(mode="after")
    def _sense(self) -> PaAir:
        _breathed(self.humidity)
        return self


def _breathed(humidity: float) -> None:
    if not 0.1 <= humidity <= 1:
        raise _clash("humidity", "the air of a room has 10% to 100%", "E-range")


class PaSensor(Model):
    temperature: Topic
    humidity: Topic


class PaClimateModel(Model):
    temperature: Celsius
    humidity: Level
    distance: Metres
    microphones: Metres | None = None
    judged: PaAir | None = None
    sensor: PaSensor | None = None

    @model_validator(mode="after")
    def _sense(self) -> PaClimateModel:
        _breathed(self.humidity)
        for key, metres in (("distance", self.distance), ("microphones", self.microphones)):
            if metres is not None and not 0 < metres <= 500:
                raise _clash(key, "the sound goes some metres through the air, 500m at most", "E-range")
        return self


class Pa(Model):
    mode: Annotated[Literal["off", "advise", "auto"], _typed(values.choice("off", "advise", "auto"))] = "advise"
    input: Text | None = Field(None, alias="in")
    out: Text | None = None
    programme: Channels = Field(default_factory=list, max_length=2)
    console: PaConsole | None = None
    zones: dict[Name, PaZoneModel] = Field(default_factory=dict, max_length=16)
    microphones: dict[Name, PaMicrophoneModel] = Field(default_factory=dict, max_length=16)
    target: Text = "house"
    limits: PaLimits = Field(default_factory=lambda: PaLimits.model_validate({}))
    spl_limit: SplLimit | None = None
    climate: PaClimateModel | None = None


# --- the venue itself ------------------------------------------------------------------------------------------------


def _short(value: Any) -> Any:
    """`wash: sunrise` is `wash: {preset: sunrise}`."""
    return {"preset": value} if isinstance(value, str) and value else value


Setting: TypeAlias = dict[str, Any]  # parameter or category -> text; typed when its fixture is known
Targets: TypeAlias = dict[str, Annotated[Setting, BeforeValidator(_short)]]


class Header(Model):
    showctl: Literal["1"]
    include: list[Text] = Field(default_factory=list)


def _on_stop(text: str) -> Any:
    word, _, name = text.partition(" ")
    if word == "look" and name:
        return ("look", name.strip())
    if text in ("hold", "terminate"):
        return text
    raise values.Bad("E-choice", f"`{text}`: write `hold`, `terminate` or `look NAME`")


class Venue(Header):
    kind: Literal["venue"]
    name: Label = ""
    network: Network = Network()
    universes: dict[UniverseNumber, UniverseOut] = Field(default_factory=dict, max_length=MOST_UNIVERSES)
    fixtures: dict[Name, Fixture] = Field(default_factory=dict)
    groups: dict[Name, list[Text]] = Field(default_factory=dict)
    positions: dict[Name, dict[Text, dict[Name, Text]]] = Field(default_factory=dict)
    points: dict[Name, PointModel] = Field(default_factory=dict)
    house: list[Text] = Field(default_factory=list)
    looks: dict[Name, Targets] = Field(default_factory=dict)
    audio: Audio = Field(default_factory=lambda: Audio.model_validate({}))
    lamps: dict[Text, Annotated[float, _typed(values.latency)]] = Field(default_factory=dict)
    osc: Osc = Osc(allow=[])
    web: Web = Web(allow=[])
    midi: Midi | None = None
    mqtt: Mqtt | None = None
    pa: Pa | None = None
    on_stop: Annotated[str | tuple[str, str], _typed(_on_stop)] = "hold"
    orphan: Seconds | None = None
    safety: Safety = Safety()


# --- show ------------------------------------------------------------------------------------------------------------


class Palettes(Model):
    intensity: dict[Name, Level] = Field(default_factory=dict)
    colour: dict[Name, Any] = Field(default_factory=dict)
    beam: dict[Name, Setting] = Field(default_factory=dict)
    position: dict[Name, Any] = Field(default_factory=dict)


def _swing(text: str) -> float:
    if not 0.5 <= (swing := values.level(text)) <= 0.75:
        raise values.Bad("E-swing", f"`{text}`: swing goes from 50% (straight) to 75%")
    return swing


FOLLOWED = ("energy", "loudness", "low", "middle", "high")
IN_A_CYCLE = ("shape", "every", "length", "spread", "parts", "segments", "chase", "order", "swing", "direction")
SECTIONS = ("silence", "steady", "build", "drop", "break")
SectionName: TypeAlias = Annotated[str, _typed(values.choice(*SECTIONS))]


class EffectModel(Model):
    sync: Annotated[Sync, _typed(values.choice("beat", "free", *STROKES, *FOLLOWED))] = "beat"
    shape: Annotated[Shape, _typed(values.choice("sine", "ramp", "step", "pulse", "decay", "random"))] = "sine"
    param: Name
    every: Time = Span(1.0, "beat")
    low: Text | None = None
    high: Text | None = None
    size: Text | None = None
    length: Text | None = None
    spread: Angle = 0.0
    parts: Annotated[int, _typed(values.whole(2, 512))] | None = None
    segments: Annotated[int, _typed(values.whole(2, 512))] | None = None
    order: Annotated[
        Literal["forward", "reverse", "centre-out", "outside-in", "random"],
        _typed(values.choice("forward", "reverse", "centre-out", "outside-in", "random")),
    ] = "forward"
    direction: Annotated[Literal["forward", "reverse", "bounce"], _typed(values.choice("forward", "reverse", "bounce"))] = (
        "forward"
    )
    chase: Truth = False
    swing: Annotated[float, _typed(_swing)] = 0.5
    seed: Annotated[int, _typed(values.whole(0, 2**31 - 1))] = 1
    layer: Annotated[Layer, _typed(values.choice("add", "scale", "replace", "max"))] | None = None
    entry: Time | None = None
    exit: Time | None = None
    sections: Annotated[list[SectionName], BeforeValidator(_one_or_more), Field(default_factory=list)]

    @model_validator(mode="after")
    def _sense(self) -> EffectModel:
        idle = [key for key in IN_A_CYCLE if key in self.model_fields_set]
        if self.sync in FOLLOWED and idle:
            raise _clash(idle[0], f"`sync: {self.sync}` has no cycle, it is as high as what is heard: leave `{idle[0]}` out")
        if self.sync == "beat" and self.every.unit == "s":
            raise _clash("every", "a cycle on the beat is counted in beats or bars: write `2 beats`, or `sync: free`", "E-unit")
        turns = self.chase or self.parts is not None
        if self.direction != "forward" and (self.shape == "random" or (self.sync in STROKES and not turns)):
            raise _clash("direction", f"chance, and a single run from a stroke, have no `direction: {self.direction}`")
        if self.chase and self.spread:
            raise _clash("spread", "`chase` gives each its turn, `spread` lets each lag: use one")
        if self.size is not None and (self.low is not None or self.high is not None):
            raise _clash("size", "`size` says how far from where it stands, `low` and `high` say from where to where: use one")
        if self.parts is not None and (self.chase or self.spread):
            raise _clash("parts", "`parts`, `chase` and `spread` all say who comes when: use one")
        if self.every.amount <= 0:
            raise _clash("every", "a cycle cannot take no time: write `1 beat` or `2s`", "E-range")
        return self


def _clash(key: str, text: str, code: Literal["E-clash", "E-range", "E-unit"] = "E-clash") -> PydanticCustomError:
    return PydanticCustomError(code, "{text}", {"text": text, "key": key})


Mode: TypeAlias = Literal["additive", "inhibitive", "effect"]


class SubmasterModel(Model):
    group: Text | None = None
    mode: Annotated[Mode, _typed(values.choice("additive", "inhibitive", "effect"))] | None = None
    start: dict[Name, Any] | None = None
    level: Level | None = None
    priority: Annotated[int, _typed(values.whole(1, 10))] | None = None

    @model_validator(mode="after")
    def _one(self) -> SubmasterModel:
        if (self.group is None) == (self.start is None):
            raise _clash("start", "a submaster has either `group` (with `mode`) or `start: {EFFECT: GROUP}`")
        if self.mode is not None and (self.mode == "effect") != (self.start is not None):
            has = "`start` makes it one of effects" if self.start is not None else "one of effects has `start: {EFFECT: GROUP}`"
            raise _clash("mode", f"`mode: {self.mode}`: {has}; `group` is brought (`additive`) or limited (`inhibitive`)")
        if self.priority is not None and self.start is None:
            raise _clash("priority", "`priority` is the place of effects: levels of a group join by the highest, and limit all")
        return self


def _when(text: str) -> str:
    word, _, section = text.partition(" ")
    if word != "section" or section not in SECTIONS:
        near = values.did_you_mean(section, SECTIONS)
        raise values.Bad("E-when", f"`{text}`: write `section` and one of {', '.join(SECTIONS)}{near}")
    return section


def _delays(value: Any) -> Any:
    """`delay: 1s` is `delay: {all: 1s}`."""
    return {EVERYTHING: value} if isinstance(value, str) else value


EVERYTHING = "all"  # in `delay`, what is not named there
Times: TypeAlias = dict[Name, Time]  # by parameter or category
Delays: TypeAlias = Annotated[Times, BeforeValidator(_delays)]


class CueModel(Model):
    cue: CueNumber
    name: Label = ""
    set: Targets = Field(default_factory=dict)
    up: Time | None = Field(None, alias="in")
    down: Time | None = Field(None, alias="out")
    delay: Delays = Field(default_factory=dict)
    times: Times = Field(default_factory=dict)
    curve: Annotated[str, _typed(values.choice("linear", "s", "fast", "slow", "snap"))] = "linear"
    follow: Time | None = None
    hang: Hang | None = None
    when: Annotated[str, _typed(_when)] | None = None
    quantise: Annotated[Literal["none", "beat", "bar"], _typed(values.choice("none", "beat", "bar"))] | None = None
    start: dict[Name, Any] = Field(default_factory=dict)
    stop: list[Text] = Field(default_factory=list)
    cue_only: Truth = False
    block: Truth = False
    asserts: Truth = Field(False, alias="assert")
    mark: Truth | None = None
    rate: Rate = 1.0
    goto: CueNumber | None = None
    rounds: Annotated[int, _typed(values.whole(1, 9999))] | None = None
    at: Code | None = None
    tempo: Annotated[tuple[float, float], _typed(values.tempo)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _lists(cls, data: Any) -> Any:
        return {**data, "stop": [data["stop"]]} if isinstance(data, dict) and isinstance(data.get("stop"), str) else data

    @model_validator(mode="after")
    def _sense(self) -> CueModel:
        if self.follow is not None and self.hang is not None:
            raise _clash("hang", "`follow` counts from GO, `hang` from the end of the cue: use one")
        if self.quantise is not None and self.when is None:
            raise _clash("quantise", "`quantise` says when after `when`: without `when` it does nothing")
        if self.rounds is not None and (self.goto is None or self.goto > self.cue):
            raise _clash("rounds", "`rounds` counts how often a `goto` leads back: write `goto` with this cue or an earlier one")
        return self


class ListModel(Model):
    priority: Annotated[int, _typed(values.whole(1, 10))] = 4
    htp: Truth = False
    loop: Truth = False
    mark: Truth = False
    release: Time = Span(1.0)
    timecode: Annotated[Literal["mtc", "ltc", "any"], _typed(values.choice("mtc", "ltc", "any"))] | None = None
    fps: Annotated[str, _typed(values.choice("24", "25", "29.97df", "30"))] | None = None
    offset: Code | None = None
    freewheel: Seconds = 0.0
    cues: list[CueModel] = Field(min_length=1)

    @model_validator(mode="after")
    def _sense(self) -> ListModel:
        for key in ("fps", "offset", "freewheel"):
            if self.timecode is None and key in self.model_fields_set:
                raise _clash(key, f"`{key}` belongs to time code: write `timecode: mtc` too")
        return self


class Needs(Model):
    groups: list[Name] = Field(default_factory=list)
    positions: list[Name] = Field(default_factory=list)
    points: list[Name] = Field(default_factory=list)


class Show(Header):
    kind: Literal["show"]
    name: Label = ""
    venue: Label | None = None
    palettes: Palettes = Palettes()
    presets: dict[Name, Setting] = Field(default_factory=dict)
    effects: dict[Name, EffectModel] = Field(default_factory=dict)
    submasters: dict[Name, SubmasterModel] = Field(default_factory=dict)
    lists: dict[Name, ListModel] = Field(default_factory=dict)
    cues: list[CueModel] = Field(default_factory=list)
    needs: Needs = Needs()
    back: Time = Span(1.0)

    def all_lists(self) -> dict[str, tuple[tuple[str | int, ...], ListModel]]:
        """Name -> (way to its cues, list). `cues:` alone is the list main."""
        found: dict[str, tuple[tuple[str | int, ...], ListModel]] = {}
        if self.cues:
            found["main"] = (("cues",), ListModel(cues=self.cues))
        for name, one in self.lists.items():
            found.setdefault(name, (("lists", name, "cues"), one))
        return found
