"""Performers for tests: a small enrolment, a plan in which two people wear something, and their packets."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from showctl.analysis.gesture.corpus import shipped
from showctl.analysis.gesture.enrolment import Enrolment, enrolled
from showctl.enrolments import Consent, Kept
from showctl.model import Go, ListState, PlaybackState, StopAll
from showctl.plan import Gesture, GestureBinding, GesturesPlan, Plan, Posture, Sign, Wearable, Window
from showctl.wire.osc import Message
from tests.analysis.gesture.motions import Motion, gesture

YES = Consent("templates", "2026-01-02T03:04:05Z")
GLOVE = Wearable("glove", "plain", "anna", "anna", "left", Sign("button", "2"))
BAND = Wearable("band", "ngimu", "10.0.0.5", "ben")
UPSIDE = Sign("posture", "roll above 90deg", Posture("roll", 90.0, 180.0))


@cache
def examples() -> tuple[tuple[str, Motion], ...]:
    draw = np.random.default_rng(1)
    return tuple((name, gesture(name, draw)) for name in ("swipe", "vee") for _ in range(3))


@cache
def enrolment() -> Enrolment:
    return enrolled(list(examples()), list(shipped().values()), np.random.default_rng(6))


def kept(name: str = "anna") -> Kept:
    return Kept(name, enrolment(), YES, "plain")


def binding(gesture: str, **more: object) -> GestureBinding:
    return GestureBinding(gesture, ("anna", "ben"), Go(time=0.0), "go", **more)  # type: ignore[arg-type]


def plan(*bindings: GestureBinding, wearables: tuple[Wearable, ...] = (GLOVE, BAND)) -> Plan:
    gestures = (Gesture("swipe", Sign()), Gesture("next", Sign("button", "1")), Gesture("over", UPSIDE, hold=0.3))
    halt = GestureBinding("halt", ("anna",), StopAll(time=0.0), "stop", window=Window("always"))
    every = (*(bindings or (binding("swipe"), binding("next"), binding("over"))), halt)
    there = {one.performer for one in wearables}
    able = [replace(one, performers=tuple(who for who in one.performers if who in there)) for one in every]
    worn = GesturesPlan(wearables, (*gestures, Gesture("halt", Sign("button", "9"))), tuple(able))
    return Plan((), gestures=worn)


def playback(current: str = "0") -> PlaybackState:
    return PlaybackState(lists=(ListState("main", current, "1"),))


def imu(row: list[float], who: str = "anna") -> Message:
    return Message(f"/motion/{who}/imu", tuple(row), "f" * 6, 0)


def button(number: int, down: bool, who: str = "anna") -> Message:
    return Message(f"/motion/{who}/buttons", (number, int(down)), "ii", 0)
