"""Cues and the lists they stand in."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from showctl.config import signs, values
from showctl.config.schema.base import (
    SECTIONS,
    Code,
    CueNumber,
    Hang,
    Label,
    Model,
    Name,
    Rate,
    Seconds,
    Targets,
    Text,
    Time,
    Truth,
    clash,
    typed,
)
from showctl.plan import Danger, Span


def _when(text: str) -> str:
    word, _, section = text.partition(" ")
    if word != "section" or section not in SECTIONS:
        near = values.did_you_mean(section, SECTIONS)
        raise values.Bad("E-when", f"`{text}`: write `section` and one of {', '.join(SECTIONS)}{near}")
    return section


EVERYTHING = "all"  # in `delay`, what is not named there


def _delays(value: Any) -> Any:
    """`delay: 1s` is `delay: {all: 1s}`."""
    return {EVERYTHING: value} if isinstance(value, str) else value


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
    curve: Annotated[str, typed(values.choice("linear", "s", "fast", "slow", "snap"))] = "linear"
    follow: Time | None = None
    hang: Hang | None = None
    when: Annotated[str, typed(_when)] | None = None
    quantise: Annotated[Literal["none", "beat", "bar"], typed(values.choice("none", "beat", "bar"))] | None = None
    start: dict[Name, Any] = Field(default_factory=dict)
    stop: list[Text] = Field(default_factory=list)
    cue_only: Truth = False
    block: Truth = False
    asserts: Truth = Field(False, alias="assert")
    mark: Truth | None = None
    rate: Rate = 1.0
    goto: CueNumber | None = None
    rounds: Annotated[int, typed(values.whole(1, 9999))] | None = None
    at: Code | None = None
    tempo: Annotated[tuple[float, float], typed(values.tempo)] | None = None
    play: Name | None = None
    danger: Annotated[Danger, typed(signs.danger)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _lists(cls, data: Any) -> Any:
        return {**data, "stop": [data["stop"]]} if isinstance(data, dict) and isinstance(data.get("stop"), str) else data

    @model_validator(mode="after")
    def _sense(self) -> CueModel:
        if self.follow is not None and self.hang is not None:
            raise clash("hang", "`follow` counts from GO, `hang` from the end of the cue: use one")
        if self.quantise is not None and self.when is None:
            raise clash("quantise", "`quantise` says when after `when`: without `when` it does nothing")
        if self.rounds is not None and (self.goto is None or self.goto > self.cue):
            raise clash("rounds", "`rounds` counts how often a `goto` leads back: write `goto` with this cue or an earlier one")
        return self


class ListModel(Model):
    priority: Annotated[int, typed(values.whole(1, 10))] = 4
    htp: Truth = False
    loop: Truth = False
    mark: Truth = False
    release: Time = Span(1.0)
    timecode: Annotated[Literal["mtc", "ltc", "any"], typed(values.choice("mtc", "ltc", "any"))] | None = None
    fps: Annotated[str, typed(values.choice("24", "25", "29.97df", "30"))] | None = None
    offset: Code | None = None
    freewheel: Seconds = 0.0
    cues: list[CueModel] = Field(min_length=1)

    @model_validator(mode="after")
    def _sense(self) -> ListModel:
        for key in ("fps", "offset", "freewheel"):
            if self.timecode is None and key in self.model_fields_set:
                raise clash(key, f"`{key}` belongs to time code: write `timecode: mtc` too")
        return self
