"""The sound of the room: the PA's equaliser, the microphones, what they must not show, and the air between."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from showctl.config import pa, templates, values
from showctl.config.consoles import CONSOLES
from showctl.config.schema.base import Level, Metres, Model, Name, Seconds, Text, clash, one_or_more, typed
from showctl.config.schema.rig import PointModel
from showctl.plan import ConsoleType

Decibels: TypeAlias = Annotated[float, typed(pa.decibels)]
Quality: TypeAlias = Annotated[float, typed(pa.quality)]
Channels: TypeAlias = Annotated[list[Annotated[int, typed(values.whole(1, 64))]], BeforeValidator(one_or_more)]
Device: TypeAlias = Literal["generic", "x32", "xr18", "camilladsp", "pipewire"]


class PaConsole(Model):
    type: Annotated[ConsoleType, typed(values.choice(*CONSOLES))]
    address: Annotated[tuple[str, int | None], typed(pa.console_address)] | None = None
    node: Annotated[str, typed(pa.node)] | None = None
    template: Name | None = None

    @model_validator(mode="after")
    def _sense(self) -> PaConsole:
        for key in self.model_fields_set - {"type", *CONSOLES[self.type].keys}:
            where = "is in this machine and has" if self.type == "internal" else "has"
            raise clash(key, f"`type: {self.type}` {where} no {key}")
        if self.type == "template" and self.address is not None and self.address[1] is None:
            raise clash("address", "a template has no usual port: write it, like `10.0.0.5:1710`")
        return self


Lines: TypeAlias = Annotated[
    list[Annotated[str, typed(templates.template_line)]], BeforeValidator(one_or_more), Field(max_length=8)
]
Answers: TypeAlias = Annotated[
    list[Annotated[str, typed(templates.template_answer)]], BeforeValidator(one_or_more), Field(max_length=8)
]
Pointer: TypeAlias = Annotated[str, typed(templates.template_pointer)]


class TemplateJson(Model):
    id: Pointer
    freq: Pointer
    gain: Pointer
    q: Pointer


class ConsoleTemplate(Model):
    transport: Annotated[Literal["tcp", "udp"], typed(values.choice("tcp", "udp"))]
    end: Annotated[Literal["lf", "crlf", "cr", "nul", "none"], typed(values.choice(*templates.ENDS))] = "lf"
    bands: Annotated[int, typed(values.whole(1, 16))]
    set: Lines = Field(min_length=1)
    ask: Lines = Field(default_factory=list)
    answer: Answers = Field(default_factory=list)
    pointers: TemplateJson | None = Field(default=None, alias="json")
    hello: Lines = Field(default_factory=list)
    alive: Lines = Field(default_factory=list)
    every: Seconds = 30.0
    gain: Annotated[list[Decibels], Field(min_length=2, max_length=2)] = Field(default_factory=lambda: [-15.0, 15.0])
    q: Annotated[list[Quality], Field(min_length=2, max_length=2)] = Field(default_factory=lambda: [0.3, 10.0])

    @model_validator(mode="after")
    def _sense(self) -> ConsoleTemplate:
        if not self.gain[0] < 0 < self.gain[1]:
            raise clash("gain", "what the console takes: the lowest first, `[-15dB, 15dB]`", "E-range")
        if not self.q[0] < self.q[1]:
            raise clash("q", "the wide one first: `[0.3, 10]`", "E-range")
        if not 1.0 <= self.every <= 3600:
            raise clash("every", "what keeps the connection open is said every `1s` to `3600s`", "E-range")
        return self


class PaZoneModel(Model):
    out: Channels = Field(min_length=1)
    console: Text | None = None
    device: Annotated[Device, typed(values.choice("generic", "x32", "xr18", "camilladsp", "pipewire"))] | None = None


class PaMicrophoneModel(Model):
    channel: Annotated[int, typed(values.whole(1, 64))] = Field(alias="in")
    calibration: Text | None = None
    place: PointModel | None = None
    sensitivity: Decibels | None = None

    @model_validator(mode="after")
    def _sense(self) -> PaMicrophoneModel:
        if self.sensitivity is not None and self.sensitivity > 0:
            text = f"no input shows more than full scale of a calibrator: write `-{self.sensitivity:g}dB`"
            raise clash("sensitivity", text, "E-range")
        return self


class PaLimits(Model):
    gain: Annotated[list[Decibels], Field(min_length=2, max_length=2)] = Field(default_factory=lambda: [-12.0, 3.0])
    boost: Decibels = 0.0
    q: Annotated[list[Quality], Field(min_length=2, max_length=2)] = Field(default_factory=lambda: [0.5, 8.0])

    @model_validator(mode="after")
    def _sense(self) -> PaLimits:
        if not -15 <= self.gain[0] <= 0 <= self.gain[1] <= 15:
            raise clash("gain", "a band is cut by so much at most, and raised by so much: `[-12dB, 3dB]`, within 15dB", "E-range")
        if not 0 <= self.boost <= 15:
            raise clash("boost", "all bands together raise by `0dB` to `15dB` at most", "E-range")
        if not self.q[0] < self.q[1]:
            raise clash("q", "the wide one first: `[0.5, 8]`", "E-range")
        return self


class SplLimit(Model):
    laeq: Decibels | None = None
    minutes: Annotated[Literal["1", "15", "60"], typed(values.choice("1", "15", "60"))] = "60"
    lcpeak: Decibels | None = None

    @model_validator(mode="after")
    def _sense(self) -> SplLimit:
        for key, level in (("laeq", self.laeq), ("lcpeak", self.lcpeak)):
            if level is not None and not 60 <= level <= 150:
                raise clash(key, f"`{level:g}dB` is no limit of a venue: 60dB to 150dB of sound pressure", "E-range")
        if self.laeq is None and "minutes" in self.model_fields_set:
            raise clash("minutes", "`minutes` is the time that `laeq` is the mean of: write `laeq: 99dB` too")
        return self


Celsius: TypeAlias = Annotated[float, typed(pa.celsius)]
Topic: TypeAlias = Annotated[str, typed(pa.topic)]


class PaAir(Model):
    temperature: Celsius
    humidity: Level

    @model_validator(mode="after")
    def _sense(self) -> PaAir:
        _breathed(self.humidity)
        return self


def _breathed(humidity: float) -> None:
    if not 0.1 <= humidity <= 1:
        raise clash("humidity", "the air of a room has 10% to 100%", "E-range")


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
                raise clash(key, "the sound goes some metres through the air, 500m at most", "E-range")
        return self


class Pa(Model):
    mode: Annotated[Literal["off", "advise", "auto"], typed(values.choice("off", "advise", "auto"))] = "advise"
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
    notches: Annotated[int, typed(values.whole(0, 4))] = 0
