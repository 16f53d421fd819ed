"""Performers as remotes get them: their wearables, whether they are armed and by what, the last things they tried and why not.

What moves with each packet (how much a device moves) is coarse, and times count from show time, so that a stage on which nobody
moves is no news. A venue in which nobody wears anything has none of it (null).
"""

from __future__ import annotations

import math
from typing import Any

from showctl.model import PerformerState, PerformersView, Tried, WearableView

Json = dict[str, Any]


def performers_json(view: PerformersView | None) -> Json | None:
    """Who wears what, who is armed, what was tried."""
    if view is None:
        return None
    return {
        "performers": [_performer(one, [w for w in view.wearables if w.performer == one.performer]) for one in view.performers],
        "tried": [_tried(one) for one in view.tried],
        "troubles": list(view.troubles),
    }


def _performer(one: PerformerState, worn: list[WearableView]) -> Json:
    return {
        "name": one.performer,
        "armed": one.armed,
        "by": one.by,
        "live": list(one.live),
        "asked": one.asked,
        "yes": one.yes,
        "waiting": one.waiting,
        "lost": list(one.lost),
        "wearables": [_wearable(wearable) for wearable in worn],
    }


def _wearable(one: WearableView) -> Json:
    return {
        "name": one.name,
        "worn": one.worn,
        "heard": one.heard,
        "trouble": one.trouble,
        "rate": _round(one.rate, 0),
        "loss": _round(one.loss, 2),
        "motion": _round(one.motion, 2),
        "battery": _round(one.battery, 0),
        "signal": _round(one.signal, 0),
        "enrolled": list(one.enrolled),
    }


def _tried(one: Tried) -> Json:
    return {
        "time": _round(one.time, 1),
        "performer": one.performer,
        "device": one.device,
        "gesture": one.gesture,
        "score": _round(one.score, 1),
        "done": one.done,
        "reason": one.reason,
    }


def _round(value: float | None, digits: int) -> float | None:
    """None for what JSON has no number for."""
    return None if value is None or not math.isfinite(value) else round(value, digits) + 0.0
