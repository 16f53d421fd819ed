"""Songs that we play ourselves: tracks, and the set list that they are played in."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from showctl.config import pa, tracks, values
from showctl.config.schema.base import Model, Name, Seconds, Text, clash, typed

MarkText: TypeAlias = Annotated[tracks.Mark, typed(tracks.marker)]


class TrackModel(Model):
    file: Text
    parts: dict[Name, Text] = Field(default_factory=dict, max_length=tracks.MOST_PARTS)
    there: Annotated[str, typed(tracks.there)] | None = None
    gain: Annotated[float, typed(pa.decibels)] | None = None
    markers: dict[Name, MarkText] = Field(default_factory=dict, max_length=tracks.MOST_MARKERS)
    tempo: Annotated[tuple[float, float], typed(values.tempo)] | None = None
    downbeat: Seconds | None = None
    beats: Annotated[int, typed(values.whole(2, 12))] | None = None

    @model_validator(mode="after")
    def _sense(self) -> TrackModel:
        if tracks.MAIN in self.parts:
            raise clash("parts", f"`{tracks.MAIN}` is what `file` is heard on: name it there")
        if self.gain is not None and self.gain > tracks.LOUDEST:
            raise clash("gain", f"`{self.gain:g}dB` would clip: at most {tracks.LOUDEST:g}dB", "E-range")
        return self


class SetEntryModel(Model):
    track: Name
    then: Annotated[Literal["stop", "hold", "next"], typed(values.choice("stop", "hold", "next"))] | None = None
    crossfade: Seconds | None = None

    @model_validator(mode="after")
    def _sense(self) -> SetEntryModel:
        if self.crossfade is not None and self.then != "next":
            raise clash("crossfade", "a crossfade goes into what follows by itself: write `then: next` too")
        return self


def _file(value: Any) -> Any:
    """`opener: opener.wav` is `opener: {file: opener.wav}`."""
    return {"file": value} if isinstance(value, str) else value


def _entry(value: Any) -> Any:
    """`- opener` is `- {track: opener}`."""
    return {"track": value} if isinstance(value, str) else value


Tracks: TypeAlias = dict[Name, Annotated[TrackModel, BeforeValidator(_file)]]
Entries: TypeAlias = list[Annotated[SetEntryModel, BeforeValidator(_entry)]]
