"""The value of one parameter as a file or a hand writes it: `70%`, `full`, `-20deg`, `open`, `Gobo 3`.

A file is asked about the channel of a fixture type, a hand about the parameter of a plan; the same words mean the same to both.
What has ranges knows no bare number: 32 may be a byte, a percent or the second gobo to whoever reads it.
"""

from __future__ import annotations

from typing import Protocol

from showctl.config import values
from showctl.fixtures.model import labelled
from showctl.plan import Labels

MOST = 24  # labels that one message lists


class Settable(Protocol):
    """A channel or a parameter: what may be said of it."""

    @property
    def name(self) -> str: ...
    @property
    def snap(self) -> bool: ...
    @property
    def degrees(self) -> tuple[float, float] | None: ...
    @property
    def labels(self) -> Labels: ...


def setting(text: str, one: Settable | None) -> float:
    """0..1 of the range: an angle, a level, or the label of a range; Bad if it is none. None: nothing is known but levels."""
    if one is None:
        return values.level(text)
    if (value := labelled(one.labels, text)) is not None:
        return value
    if one.degrees is not None and not text.endswith("%"):
        low, high = one.degrees
        if not min(low, high) <= (angle := values.angle(text)) <= max(low, high):
            raise values.Bad("E-range", f"`{text}`: {one.name} goes from {low:g}deg to {high:g}deg")
        return (angle - low) / (high - low)
    if one.labels and not (text.endswith("%") or (text in ("full", "out") and not one.snap)):
        there = [label for label, _ in one.labels]
        near = values.did_you_mean(text, there)
        listed = ", ".join(there[:MOST]) + (" ..." if len(there) > MOST else "")
        raise values.Bad("E-level", f"`{text}`: {one.name} has {listed}{near}, or write a level like `70%`")
    return values.level(text)
