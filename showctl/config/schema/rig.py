"""Where the light of a venue goes and what hangs there: networks, universes, fixtures and their places."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, PlainValidator, model_validator
from pydantic_core import PydanticCustomError

from showctl.config import values
from showctl.config.schema.base import Address, Angle, Metres, Model, Name, Text, Truth, one_or_more, typed
from showctl.plan import Place

MOST_RECEIVERS, MOST_UNIVERSES = 16, 512  # that the output has room for


class Network(Model):
    interface: Annotated[str, typed(values.interface)] | None = None
    ttl: Annotated[int, typed(values.whole(1, 255))] = 8


def _destinations(value: Any) -> str | tuple[str, ...]:
    if value == "multicast":
        return "multicast"
    if not isinstance(value, str | list) or not value or not all(isinstance(v, str) for v in one_or_more(value)):
        raise PydanticCustomError("E-type", "write `multicast`, an IPv4 address or a list of them")
    if isinstance(value, list) and len(value) > MOST_RECEIVERS:
        raise PydanticCustomError("E-type", f"at most {MOST_RECEIVERS} addresses; for more receivers write `multicast`")
    try:
        return tuple(values.ipv4(text) for text in one_or_more(value))
    except values.Bad as bad:
        raise PydanticCustomError("E-ip", "{text}", {"text": str(bad)}) from None


Destinations: TypeAlias = Annotated[str | tuple[str, ...], PlainValidator(_destinations)]


class UniverseOut(Model):
    """Where one universe goes. Nothing is sent beyond this machine unless the file says so."""

    to: Destinations = ("127.0.0.1",)  # "multicast" or IPv4 addresses
    priority: Annotated[int, typed(values.whole(0, 200))] = 100
    sync: Annotated[int, typed(values.whole(0, 63999))] = 0
    rate: Annotated[float, typed(values.hertz)] | None = None


FLOOR = 1.2  # m: what is lower stands, unless its file says otherwise


class PlaceModel(Model):
    x: Metres = 0.0
    y: Metres = 0.0
    z: Metres = 3.0
    facing: Angle = 0.0
    mount: Annotated[
        Literal["hung", "standing", "wall"] | None,
        typed(values.choice("hung", "standing", "wall")),
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
