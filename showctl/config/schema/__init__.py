"""What may stand in a venue and a show file: every key, its type and what it is when it is left out.

Pydantic checks the structure and calls a parser of `values` for each scalar; both report by (way to the place, code,
sentence), which `structure` turns into file, line and column. Unknown keys are errors. Keys of later versions are listed in
`later`: they are accepted with a warning that they do nothing yet. What a name refers to is not looked at here: `patch` and
`compile` do that, when both files are known.

`venue` is made of `rig` (the light), `inputs` (sound and remotes), `pa` and the performers of `gestures`; `show` of `effects`,
`cues`, `tracks` and what `gestures` binds; all of `base`.
"""

from __future__ import annotations

from showctl.config.schema.base import SECTIONS, Header, Model, Setting, Targets
from showctl.config.schema.cues import EVERYTHING, CueModel, ListModel
from showctl.config.schema.effects import EffectModel
from showctl.config.schema.gestures import BindModel, GestureModel, WearableModel
from showctl.config.schema.inputs import Audio, Midi, Mqtt, Osc, ShowControl, Web
from showctl.config.schema.later import LATER, LATER_IN_SAFETY
from showctl.config.schema.pa import (
    ConsoleTemplate,
    Pa,
    PaAir,
    PaClimateModel,
    PaConsole,
    PaLimits,
    PaMicrophoneModel,
    PaSensor,
    PaZoneModel,
    SplLimit,
    TemplateJson,
)
from showctl.config.schema.rig import MOST_RECEIVERS, Fixture, Network, PlaceModel, PointModel, UniverseOut
from showctl.config.schema.show import Needs, Palettes, Show, SubmasterModel
from showctl.config.schema.tracks import SetEntryModel, TrackModel
from showctl.config.schema.venue import Safety, Strobe, Venue

__all__ = [
    "EVERYTHING",
    "LATER",
    "LATER_IN_SAFETY",
    "MOST_RECEIVERS",
    "SECTIONS",
    "Audio",
    "BindModel",
    "ConsoleTemplate",
    "CueModel",
    "EffectModel",
    "Fixture",
    "GestureModel",
    "Header",
    "ListModel",
    "Midi",
    "Model",
    "Mqtt",
    "Needs",
    "Network",
    "Osc",
    "Pa",
    "PaAir",
    "PaClimateModel",
    "PaConsole",
    "PaLimits",
    "PaMicrophoneModel",
    "PaSensor",
    "PaZoneModel",
    "Palettes",
    "PlaceModel",
    "PointModel",
    "Safety",
    "SetEntryModel",
    "Setting",
    "Show",
    "ShowControl",
    "SplLimit",
    "Strobe",
    "SubmasterModel",
    "Targets",
    "TemplateJson",
    "TrackModel",
    "UniverseOut",
    "Venue",
    "WearableModel",
    "Web",
]
