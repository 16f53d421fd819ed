"""A show file: what it names, its effects and submasters, its lists of cues, and what it needs of a venue."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, model_validator

from showctl.config import values
from showctl.config.schema.base import Header, Label, Level, Model, Name, Setting, Text, Time, clash, typed
from showctl.config.schema.cues import CueModel, ListModel
from showctl.config.schema.effects import EffectModel
from showctl.config.schema.gestures import Bindings, Gestures
from showctl.config.schema.tracks import Entries, Tracks
from showctl.config.tracks import MOST_ENTRIES, MOST_TRACKS
from showctl.plan import Span


class Palettes(Model):
    intensity: dict[Name, Level] = Field(default_factory=dict)
    colour: dict[Name, Any] = Field(default_factory=dict)
    beam: dict[Name, Setting] = Field(default_factory=dict)
    position: dict[Name, Any] = Field(default_factory=dict)


Mode: TypeAlias = Literal["additive", "inhibitive", "effect"]


class SubmasterModel(Model):
    group: Text | None = None
    mode: Annotated[Mode, typed(values.choice("additive", "inhibitive", "effect"))] | None = None
    start: dict[Name, Any] | None = None
    level: Level | None = None
    priority: Annotated[int, typed(values.whole(1, 10))] | None = None

    @model_validator(mode="after")
    def _one(self) -> SubmasterModel:
        if (self.group is None) == (self.start is None):
            raise clash("start", "a submaster has either `group` (with `mode`) or `start: {EFFECT: GROUP}`")
        if self.mode is not None and (self.mode == "effect") != (self.start is not None):
            has = "`start` makes it one of effects" if self.start is not None else "one of effects has `start: {EFFECT: GROUP}`"
            raise clash("mode", f"`mode: {self.mode}`: {has}; `group` is brought (`additive`) or limited (`inhibitive`)")
        if self.priority is not None and self.start is None:
            raise clash("priority", "`priority` is the place of effects: levels of a group join by the highest, and limit all")
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
    tracks: Tracks = Field(default_factory=dict, max_length=MOST_TRACKS)
    setlist: Entries = Field(default_factory=list, max_length=MOST_ENTRIES)
    gestures: Gestures = Field(default_factory=dict)
    bind: Bindings = Field(default_factory=list)
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
