"""What reaches the gate, and what comes of it, a step at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from showctl.model import Candidate, ControlEvent, Feedback, Happened, Reading
from showctl.plan import Quantise
from showctl.show.gate.faders import PickUp


@dataclass(frozen=True, slots=True)
class GateInputs:
    """All that reached the gate since its last step. Devices are called as the venue calls them (`performing.worn`)."""

    candidates: tuple[Candidate, ...] = ()
    readings: tuple[Reading, ...] = ()  # buttons, presses, touches, events, postures, battery
    shares: Mapping[tuple[str, str], float] = field(default_factory=dict)  # device and name of a fader -> 0..1
    heard: Mapping[str, float] = field(default_factory=dict)  # device -> s, when its motion (else anything) was heard last
    asked: tuple[ControlEvent, ...] = ()  # by others: Arm, Disarm, Confirm, and whatever else goes to the engine
    timed: tuple[tuple[ControlEvent, Quantise, str], ...] = ()  # by OSC and MIDI, for a beat or bar; and its words


@dataclass(frozen=True, slots=True)
class GateStep:
    """All that came of a step."""

    controls: tuple[ControlEvent, ...] = ()  # for the engine and the set list, each with its own time
    told: tuple[Happened, ...] = ()
    feedback: tuple[Feedback, ...] = ()
    pick_up: tuple[PickUp, ...] = ()
