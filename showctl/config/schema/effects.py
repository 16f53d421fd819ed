"""Effects: what moves by itself, on the beat, in its own time or with what is heard."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from showctl.config import values
from showctl.config.schema.base import Angle, Model, Name, SectionName, Text, Time, Truth, clash, one_or_more, typed
from showctl.plan import STROKES, Layer, Shape, Span, Sync


def _swing(text: str) -> float:
    if not 0.5 <= (swing := values.level(text)) <= 0.75:
        raise values.Bad("E-swing", f"`{text}`: swing goes from 50% (straight) to 75%")
    return swing


FOLLOWED = ("energy", "loudness", "low", "middle", "high")
IN_A_CYCLE = ("shape", "every", "length", "spread", "parts", "segments", "chase", "order", "swing", "direction")


class EffectModel(Model):
    sync: Annotated[Sync, typed(values.choice("beat", "free", *STROKES, *FOLLOWED))] = "beat"
    shape: Annotated[Shape, typed(values.choice("sine", "ramp", "step", "pulse", "decay", "random"))] = "sine"
    param: Name
    every: Time = Span(1.0, "beat")
    low: Text | None = None
    high: Text | None = None
    size: Text | None = None
    length: Text | None = None
    spread: Angle = 0.0
    parts: Annotated[int, typed(values.whole(2, 512))] | None = None
    segments: Annotated[int, typed(values.whole(2, 512))] | None = None
    order: Annotated[
        Literal["forward", "reverse", "centre-out", "outside-in", "random"],
        typed(values.choice("forward", "reverse", "centre-out", "outside-in", "random")),
    ] = "forward"
    direction: Annotated[Literal["forward", "reverse", "bounce"], typed(values.choice("forward", "reverse", "bounce"))] = (
        "forward"
    )
    chase: Truth = False
    swing: Annotated[float, typed(_swing)] = 0.5
    seed: Annotated[int, typed(values.whole(0, 2**31 - 1))] = 1
    layer: Annotated[Layer, typed(values.choice("add", "scale", "replace", "max"))] | None = None
    entry: Time | None = None
    exit: Time | None = None
    sections: Annotated[list[SectionName], BeforeValidator(one_or_more), Field(default_factory=list)]

    @model_validator(mode="after")
    def _sense(self) -> EffectModel:
        idle = [key for key in IN_A_CYCLE if key in self.model_fields_set]
        if self.sync in FOLLOWED and idle:
            raise clash(idle[0], f"`sync: {self.sync}` has no cycle, it is as high as what is heard: leave `{idle[0]}` out")
        if self.sync == "beat" and self.every.unit == "s":
            raise clash("every", "a cycle on the beat is counted in beats or bars: write `2 beats`, or `sync: free`", "E-unit")
        turns = self.chase or self.parts is not None
        if self.direction != "forward" and (self.shape == "random" or (self.sync in STROKES and not turns)):
            raise clash("direction", f"chance, and a single run from a stroke, have no `direction: {self.direction}`")
        if self.chase and self.spread:
            raise clash("spread", "`chase` gives each its turn, `spread` lets each lag: use one")
        if self.size is not None and (self.low is not None or self.high is not None):
            raise clash("size", "`size` says how far from where it stands, `low` and `high` say from where to where: use one")
        if self.parts is not None and (self.chase or self.spread):
            raise clash("parts", "`parts`, `chase` and `spread` all say who comes when: use one")
        if self.every.amount <= 0:
            raise clash("every", "a cycle cannot take no time: write `1 beat` or `2s`", "E-range")
        return self
