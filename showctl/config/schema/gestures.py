"""Performers: the wearables of a venue, and the gestures and bindings of a show."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from showctl.config import midi, signs, values
from showctl.config.deeds import deed
from showctl.config.schema.base import Model, Name, Seconds, Text, Truth, clash, one_or_more, typed
from showctl.plan import Factor, Quantise, Sign, Window
from showctl.wire.midi_map import Deed, Knob

MOST_WEARABLES, MOST_GESTURES, MOST_BINDINGS, MOST_PROFILES = 32, 64, 256, 32


def _words(text: str) -> Deed:
    return deed(text, "E-bind")


SignText: TypeAlias = Annotated[Sign, typed(signs.sign)]
Words: TypeAlias = Annotated[Deed, typed(_words)]
Place: TypeAlias = Annotated[Knob, typed(midi.knob)]
Share: TypeAlias = Annotated[float, typed(signs.share)]
SOURCES = ("gesture", "control", "osc", "midi")


class WearableModel(Model):
    profile: Text
    address: Annotated[str, typed(signs.device_address)]
    performer: Name
    worn: Name | None = None
    clutch: SignText | None = None
    feedback: Annotated[tuple[str, int] | None, typed(signs.feedback_place)] = None
    button_limit: Seconds = 10.0

    @model_validator(mode="after")
    def _sense(self) -> WearableModel:
        if self.clutch is not None and not self.clutch.held:
            text = "a clutch is held: a `button`, a `touch`, or a posture like `roll above 90deg`"
            raise clash("clutch", f"{text}; a {self.clutch.kind} has no end")
        if not 1.0 <= self.button_limit <= 120.0:
            raise clash("button_limit", "a button counts as down for 1s to 120s without another word of it")
        return self


class GestureModel(Model):
    sign: SignText = Sign()
    worn: Name | None = None
    hold: Seconds | None = None

    @model_validator(mode="after")
    def _sense(self) -> GestureModel:
        if self.hold is not None and not self.sign.held:
            raise clash("hold", f"a {self.sign.kind} is over when it is known: only a button, a touch or a posture is held")
        return self


class BindModel(Model):
    gesture: Name | None = None
    control: Annotated[signs.Motion, typed(signs.motion)] | None = None
    osc: Annotated[str, typed(signs.osc_address)] | None = None
    midi: Place | None = None
    by: Annotated[list[Name], BeforeValidator(one_or_more), Field(min_length=1)] | None = None
    do: Words | None = None
    to: Words | None = None
    armed: Annotated[Window, typed(signs.window)] | None = None
    second: Annotated[Factor, typed(values.choice("clutch", "again", "operator"))] | None = Field(None, alias="with")
    danger: Truth | None = None
    on: Annotated[Quantise, typed(values.choice("now", "beat", "bar"))] | None = None
    origin: Annotated[list[Text], Field(min_length=2, max_length=2)] | None = Field(None, alias="from")
    range: Annotated[list[Share], Field(min_length=2, max_length=2)] | None = None
    rest: Share | None = None
    slew: Share | None = None

    @model_validator(mode="after")
    def _sense(self) -> BindModel:
        has = [key for key in SOURCES if getattr(self, key) is not None]
        if not has:
            text = "this is about nothing: write one of `gesture`, `control`, `osc` and `midi`"
            raise clash(self._written()[0], text, absent=True)
        if len(has) > 1:
            raise clash(has[1], f"`{has[0]}` and `{has[1]}` both say what this is about: one binding for each")
        wanted, other = ("to", "do") if has[0] == "control" else ("do", "to")
        if getattr(self, other) is not None:
            what = "it does something: write `do: go`; what moves a level is a `control`, or has an address of showctl's own"
            raise clash(other, "a control moves a level: write `to: sub NAME`" if wanted == "to" else what)
        if getattr(self, wanted) is None:
            text = f"what comes of it is missing: write `{wanted}: {'sub NAME' if wanted == 'to' else 'go'}`"
            raise clash(has[0], text, absent=True)
        for key in self._written():
            if key in BELONG and has[0] not in BELONG[key]:
                raise clash(key, f"`{key}` belongs to {' and '.join(f'`{one}`' for one in BELONG[key])}, not to `{has[0]}`")
        return self

    def _written(self) -> list[str]:
        """The keys that stand there, as they are written."""
        fields = type(self).model_fields
        return [fields[name].alias or name for name in fields if name in self.model_fields_set] or ["do"]


BELONG: dict[str, tuple[Literal["gesture", "control", "osc", "midi"], ...]] = {
    "by": ("gesture",),
    "armed": ("gesture", "control"),
    "with": ("gesture",),
    "danger": ("gesture",),
    "on": ("gesture", "osc", "midi"),
    **dict.fromkeys(("from", "range", "rest", "slew"), ("control",)),
}


def _gesture(value: Any) -> Any:
    """`fist: button 2` is `fist: {sign: button 2}`."""
    return {"sign": value} if isinstance(value, str) else value


Wearables: TypeAlias = Annotated[dict[Name, WearableModel], Field(max_length=MOST_WEARABLES)]
Profiles: TypeAlias = Annotated[dict[Name, dict[str, Any]], Field(max_length=MOST_PROFILES)]
Gestures: TypeAlias = Annotated[dict[Name, Annotated[GestureModel, BeforeValidator(_gesture)]], Field(max_length=MOST_GESTURES)]
Bindings: TypeAlias = Annotated[list[BindModel], Field(max_length=MOST_BINDINGS)]
