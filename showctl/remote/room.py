"""The room's sound as remotes get it: the equaliser over frequency, whose its bands are, why it stands still; and how loud it is.

What changes only with a clock is left out, so that a room in which nothing happens is no news. Curves are in dB, to a tenth, on
six bands an octave; null where nothing can be trusted. A venue that says nothing of its sound has neither (null).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import zip_longest
from typing import Any

from showctl.model import EqBand, EqState, Levels, RoomCurves, RoomView

Json = dict[str, Any]


def room_json(view: RoomView | None) -> Json | None:
    """What is heard of the room, and what becomes of its equaliser."""
    if view is None:
        return None
    state, howl = view.state, view.howl
    return {
        "zone": view.zone,
        "mode": None if state is None else state.mode,
        "words": view.words,
        "doing": "" if state is None else state.doing,
        "frozen": "" if state is None else state.frozen,
        "on": view.on,
        "graphic": view.graphic,
        "bypassed": state is not None and state.bypassed,
        "error": None if state is None or state.error is None else _tenths(state.error),
        "bands": [] if state is None else _bands(state),
        "curves": None if view.curves is None else _curves(view.curves),
        "howl": None if howl is None else {"time": _tenths(howl.time), "freq": round(howl.freq), "text": howl.text},
    }


def level_json(view: RoomView | None) -> Json | None:
    """How loud it is at each microphone whose sensitivity is known, against the venue's limits."""
    if view is None:
        return None
    known = [(name, one) for name, one in zip(view.microphones, view.levels, strict=False) if one is not None]
    return {
        "limits": {limit.of: limit.level for limit in view.limits},
        "microphones": [{"name": name, **_levels(one)} for name, one in known],
        "warnings": _warnings(known),
    }


def _warnings(known: list[tuple[str, Levels]]) -> list[Json]:
    """Of each limit one: of the microphone at which it is loudest, behind the names of all that warn of it, the loudest first."""
    found: dict[str, list[tuple[bool, float, str, str]]] = {}
    for name, one in known:
        for warning in one.warnings:
            row = (warning.over, getattr(one, warning.limit.of), name, warning.text)
            found.setdefault(warning.limit.of, []).append(row)
    worst = {of: sorted(rows, key=lambda row: row[:2], reverse=True) for of, rows in found.items()}
    names = {of: ", ".join(name for _, _, name, _ in rows) for of, rows in worst.items()}
    return [
        {"text": f"{names[of]}: {rows[0][3]}" if len(known) > 1 else rows[0][3], "of": of, "over": rows[0][0]}
        for of, rows in worst.items()
    ]


def _levels(one: Levels) -> Json:
    """dB(A), dB(C), and minutes of the last hour that were measured."""
    return {
        "laeq_1": _tenths(one.laeq_1),
        "laeq_15": _tenths(one.laeq_15),
        "laeq_60": _tenths(one.laeq_60),
        "lcpeak": _tenths(one.lcpeak),
        "lcpeak_60": _tenths(one.lcpeak_60),
        "minutes": math.floor(one.measured / 60),
        "clipped": one.clipped,
    }


def _bands(state: EqState) -> list[Json]:
    """Counted from 1, as on the console; `wanted` is what is proposed."""
    every = zip_longest(state.bands, state.owners, state.proposal)
    return [
        {"number": n, "owner": owner, **_band(band), "wanted": None if wanted is None else _band(wanted)}
        for n, (band, owner, wanted) in enumerate(every, 1)
    ]


def _band(band: EqBand) -> Json:
    return {"kind": band.kind, "freq": _tenths(band.freq), "gain": round(band.gain, 2), "q": round(band.q, 2)}


def _curves(curves: RoomCurves) -> Json:
    return {
        "freq": [round(one, 1) for one in curves.freq.tolist()],
        "target": _row(curves.target.tolist()),
        "before": _row(curves.before.tolist()),
        "now": _row(curves.now.tolist()),
        "proposed": None if curves.proposed is None else _row(curves.proposed.tolist()),
        "trust": [round(one, 2) for one in curves.trust.tolist()],
    }


def _row(values: Iterable[float]) -> list[float | None]:
    return [_tenths(one) for one in values]


def _tenths(value: float) -> float | None:
    """To a tenth; None for what JSON has no number for, and no -0.0."""
    return round(value, 1) + 0.0 if math.isfinite(value) else None
