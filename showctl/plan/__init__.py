"""The compiled show: what `config.compile` makes of a venue and a show file, and what the engine plays.

Everything that a name could mean is resolved here: groups are lists of parameters, palettes are levels, colours are levels
of emitters, addresses are indices. The engine knows no names of files and no YAML, so it can be handed a plan made by a
test in five lines. A plan is data only and frozen; a reload makes a new one.

A Parameter is one thing of one fixture, or of one cell of it, that can be set: its intensity, its red, its pan. The plan's
`parameters` is the one table of them; everywhere else a parameter is its index in that table. Values are 0..1 of the
parameter's range whatever the resolution of its slots.

`rig` is what hangs in the room, `cues` what happens to the light, `pa` the room's sound, `tracks` what we play ourselves,
`gestures` who may move the show with what; every name is imported from here.

Categories are those of professional consoles (Eos: intensity, focus, colour, beam); we say position for focus.
"""

from __future__ import annotations

from dataclasses import dataclass

from showctl.plan.cues import (
    SECOND,
    STROKES,
    ZERO,
    Cue,
    CueList,
    Effect,
    EffectStart,
    Layer,
    Move,
    Shape,
    Span,
    Submaster,
    Sync,
    Timing,
    When,
)
from showctl.plan.gestures import (
    ControlBinding,
    ControlKind,
    Danger,
    Factor,
    Gesture,
    GestureBinding,
    GesturesPlan,
    PlaceBinding,
    Posture,
    Quantise,
    Sign,
    SignKind,
    Wearable,
    Window,
)
from showctl.plan.pa import ConsoleType, PaClimate, PaMicrophone, PaPlan, PaTemplate, PaZone
from showctl.plan.rig import (
    USUAL_STROBE,
    Category,
    Group,
    Labels,
    Palette,
    Parameter,
    PatchedFixture,
    Place,
    StrobeLimit,
    Universe,
)
from showctl.plan.tracks import Marker, SetEntry, TrackPart, TrackPlan, TracksPlan

__all__ = [
    "SECOND",
    "STROKES",
    "USUAL_STROBE",
    "ZERO",
    "Category",
    "ConsoleType",
    "ControlBinding",
    "ControlKind",
    "Cue",
    "CueList",
    "Danger",
    "Effect",
    "EffectStart",
    "Factor",
    "Gesture",
    "GestureBinding",
    "GesturesPlan",
    "Group",
    "Labels",
    "Layer",
    "Marker",
    "Move",
    "PaClimate",
    "PaMicrophone",
    "PaPlan",
    "PaTemplate",
    "PaZone",
    "Palette",
    "Parameter",
    "PatchedFixture",
    "Place",
    "PlaceBinding",
    "Plan",
    "Posture",
    "Quantise",
    "SetEntry",
    "Shape",
    "Sign",
    "SignKind",
    "Span",
    "StrobeLimit",
    "Submaster",
    "Sync",
    "Timing",
    "TrackPart",
    "TrackPlan",
    "TracksPlan",
    "Universe",
    "Wearable",
    "When",
    "Window",
]


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
    back_time: Span = SECOND
    go_guard: float = 0.1  # s within which a second GO of the same list is refused
    strobe: StrobeLimit | None = USUAL_STROBE  # None: the venue file puts no limit
    house: tuple[int, ...] = ()  # intensities of the house lights, that only SetHouse moves
    house_level: float = 1.0  # 0..1 at the start
    release_time: Span = SECOND  # of what is held by hand
    groups: tuple[Group, ...] = ()
    palettes: tuple[Palette, ...] = ()
    sound_latency: float = 0.0  # s by which sound reaches the ear later than the audience
    lamp_latency: float = 0.0  # s that the quickest lamps take to show what is sent
    pa: PaPlan | None = None  # None: nothing is said of the room's sound
    tracks: TracksPlan | None = None  # None: the show plays no tracks
    gestures: GesturesPlan | None = None  # None: nothing is bound, and nobody wears anything
