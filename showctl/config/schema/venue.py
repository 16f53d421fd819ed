"""A venue file, and what keeps the light of a venue safe."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from showctl.config import values
from showctl.config.schema.base import Header, Label, Level, Model, Name, Seconds, Targets, Text, UniverseNumber, typed
from showctl.config.schema.gestures import Profiles, Wearables
from showctl.config.schema.inputs import Audio, Midi, Mqtt, Osc, Web
from showctl.config.schema.pa import ConsoleTemplate, Pa
from showctl.config.schema.rig import MOST_UNIVERSES, Fixture, Network, PointModel, UniverseOut
from showctl.plan import StrobeLimit


class Strobe(Model):
    flashes: Annotated[int, typed(values.whole(1, 25))] = StrobeLimit().flashes
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
    lamps: dict[Text, Annotated[float, typed(values.latency)]] = Field(default_factory=dict)
    osc: Osc = Osc(allow=[])
    web: Web = Web(allow=[])
    midi: Midi | None = None
    mqtt: Mqtt | None = None
    pa: Pa | None = None
    consoles: dict[Name, ConsoleTemplate] = Field(default_factory=dict)
    wearables: Wearables = Field(default_factory=dict)
    profiles: Profiles = Field(default_factory=dict)
    on_stop: Annotated[str | tuple[str, str], typed(_on_stop)] = "hold"
    orphan: Seconds | None = None
    safety: Safety = Safety()
