"""What the daemon and the process of the in-process equaliser say to each other. PURE: bytes <-> values.

A message is one packet of a local socket (SOCK_SEQPACKET) and one JSON object, told apart by its `type`. The daemon says which
limits hold and what is wanted; the process says how it is, and what it holds. All are checked as a stranger's would be: anything
else is a WireError.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, TypeAlias

from showctl.model import EqBand, State, WireError
from showctl.wire.checked import a_band, a_dict, a_list, a_number, an_object, as_list

Bands: TypeAlias = tuple[EqBand, ...]
MESSAGE_LIMIT = 65536  # bytes
MOST_ZONES, MOST_BANDS, MOST_CHANNELS = 16, 32, 64


@dataclass(frozen=True, slots=True)
class PaSetup:
    """What the process is started for: which sound card, and what goes where."""

    card_in: str  # a part of the name; empty: the usual one
    card_out: str
    zones: tuple[tuple[tuple[int, int], ...], ...]  # of each zone its routes, (input, output) from 0


@dataclass(frozen=True, slots=True)
class PaLimits:
    """What is never gone beyond. Where they change, bands that are beyond are brought within."""

    gain: tuple[float, float]  # dB of a band
    boost: float  # dB of all bands of a zone together
    q: tuple[float, float]


@dataclass(frozen=True, slots=True)
class PaWanted:
    """What is to be heard."""

    zones: tuple[Bands, ...]  # the bands of each
    quick: bool = False  # there is a notch among it against what howls: as fast as it can be without a click


@dataclass(frozen=True, slots=True)
class PaStatus:
    """How the process is, in words with the next step, and what it holds."""

    state: State
    detail: str
    setup: PaSetup
    limits: PaLimits
    held: tuple[Bands, ...]  # of each zone
    moving: bool  # a change is on its way
    lost: int  # times that the sound system said that it lost sound
    broken: int  # samples that came in as no number
    refused: str  # why the last set of bands was not taken; empty where it was
    pid: int  # of the process


def encode_setup(setup: PaSetup) -> str:
    """A line of JSON."""
    return json.dumps(_setup(setup), allow_nan=False)


def decode_setup(text: str) -> PaSetup:
    """The value that encode_setup was given. Raises WireError on anything else."""
    return _to_setup(an_object(text, MESSAGE_LIMIT))


def encode_limits(limits: PaLimits) -> bytes:
    """One packet."""
    return json.dumps({"type": "limits", **_limits(limits)}, allow_nan=False).encode()


def encode_wanted(wanted: PaWanted) -> bytes:
    """One packet."""
    return json.dumps({"type": "wanted", "zones": _zones(wanted.zones), "quick": wanted.quick}, allow_nan=False).encode()


def decode_told(data: bytes) -> PaLimits | PaWanted:
    """What encode_limits or encode_wanted was given. Raises WireError on anything else."""
    body = an_object(data, MESSAGE_LIMIT)
    match body.get("type"):
        case "limits":
            return _to_limits(body)
        case "wanted":
            if type(body.get("quick")) is not bool:
                raise WireError("what is wanted is quick or not")
            return PaWanted(_to_zones(body.get("zones")), body["quick"])
    raise WireError("neither limits nor what is wanted")


def encode_status(status: PaStatus) -> bytes:
    """One packet."""
    body: dict[str, Any] = {
        "type": "status",
        "state": status.state,
        "detail": status.detail[:1000],
        "refused": status.refused[:1000],
    }
    body |= {"setup": _setup(status.setup), "limits": _limits(status.limits), "held": _zones(status.held)}
    body |= {"moving": status.moving, "lost": status.lost, "broken": status.broken, "pid": status.pid}
    return json.dumps(body, allow_nan=False).encode()


def decode_status(data: bytes) -> PaStatus:
    """The value that encode_status was given (long words cut). Raises WireError on anything else."""
    body = an_object(data, MESSAGE_LIMIT)
    try:
        if body["type"] != "status" or type(body["moving"]) is not bool:
            raise WireError("not a status")
        words = [body[key] for key in ("detail", "refused")]
        counts = [body[key] for key in ("lost", "broken", "pid")]
        if not all(isinstance(w, str) for w in words) or not all(type(n) is int and n >= 0 for n in counts):
            raise WireError("a status with a field of the wrong type")
        setup, limits, held = _to_setup(a_dict(body["setup"])), _to_limits(a_dict(body["limits"])), _to_zones(body["held"])
        return PaStatus(
            State(body["state"]), words[0], setup, limits, held, body["moving"], counts[0], counts[1], words[1], counts[2]
        )
    except (KeyError, ValueError) as error:
        raise WireError(f"a status that lacks something or has an unknown state: {error}") from None


def _setup(setup: PaSetup) -> dict[str, Any]:
    return {"in": setup.card_in, "out": setup.card_out, "zones": setup.zones}


def _limits(limits: PaLimits) -> dict[str, Any]:
    return {"gain": limits.gain, "boost": limits.boost, "q": limits.q}


def _zones(zones: tuple[Bands, ...]) -> list[list[Any]]:
    return [[as_list(band) for band in zone] for zone in zones]


def _to_setup(body: dict[str, Any]) -> PaSetup:
    try:
        cards = body["in"], body["out"]
        if not all(isinstance(card, str) for card in cards):
            raise WireError("a sound card's name is text")
        zones = tuple(tuple(_route(route) for route in a_list(zone, MOST_CHANNELS)) for zone in a_list(body["zones"], MOST_ZONES))
        return PaSetup(cards[0], cards[1], zones)
    except (KeyError, ValueError) as error:
        raise WireError(f"a setup that lacks something: {error}") from None


def _to_limits(body: dict[str, Any]) -> PaLimits:
    try:
        low, high = (a_number(x) for x in a_list(body["gain"], 2))
        wide, narrow = (a_number(x) for x in a_list(body["q"], 2))
        if not (low <= 0.0 <= high and 0.0 < wide <= narrow and body["boost"] >= 0.0):
            raise WireError("limits that leave nothing between them")
        return PaLimits((low, high), a_number(body["boost"]), (wide, narrow))
    except (KeyError, ValueError, TypeError) as error:
        raise WireError(f"limits that lack something: {error}") from None


def _route(value: Any) -> tuple[int, int]:
    pair = a_list(value, 2)
    if len(pair) != 2 or not all(type(n) is int and 0 <= n < MOST_CHANNELS for n in pair):
        raise WireError(f"a route is an input and an output from 0: {str(value)[:40]}")
    return pair[0], pair[1]


def _to_zones(zones: Any) -> tuple[Bands, ...]:
    return tuple(tuple(a_band(band) for band in a_list(zone, MOST_BANDS)) for zone in a_list(zones, MOST_ZONES))
