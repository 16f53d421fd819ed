"""How a performer stands, in words for the page."""

from __future__ import annotations

from showctl.model import PerformerState
from showctl.show.gate.arming import Arming
from showctl.show.gate.asks import Asks
from showctl.show.gate.doing import Doing
from showctl.show.gate.waiting import Waiting


def performer_state(name: str, now: float, doing: Doing, arming: Arming, asks: Asks, waiting: Waiting) -> PerformerState:
    """What arms them or why nothing does, which of their gestures would do something, and what they wait for."""
    mine = [one for one in arming.plan.wearables if one.performer == name]
    bound = [one for one in arming.plan.bindings if name in one.performers]
    live = [one for one in bound if any(arming.since(one.window, device, now) is not None for device in mine)]
    armed = dict.fromkeys(one.kind for device in mine for one in doing.arms(device, now))
    asleep = next((one for one in doing.windows(name) if one.kind != "always"), None)
    why = "nothing is bound" if asleep is None else arming.why_not(asleep, mine[0], now)
    ask = asks.newest(name)
    ask = None if ask is None or ask.expired(now) else ask
    waits, missing = waiting.of(name), arming.presence.missing(now)
    return PerformerState(
        name,
        bool(armed),
        ", ".join(armed) or why,
        tuple(dict.fromkeys(one.gesture for one in live)),
        "" if ask is None else ask.in_words(),
        "" if waits is None else waits.words,
        tuple(one.name for one in mine if one.name in missing),
        ask is not None and "operator" in ask.needs,
    )
