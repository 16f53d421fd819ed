"""What the daemon and the process of the in-process equaliser say to each other. PURE: bytes <-> values.

A message is one packet of a local socket (SOCK_SEQPACKET) and one JSON object, told apart by its `type`. The daemon says what
is wanted; the process says how it is, and what it holds. Both are checked as a stranger's would be: anything else is a WireError.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any, TypeAlias

from showctl.model import EqBand, State, WireError

Bands: TypeAlias = tuple[EqBand, ...]
MESSAGE_LIMIT = 65536  # bytes
MOST_ZONES, MOST_BANDS, MOST_CHANNELS = 16, 32, 64
_KINDS = ("peaking", "low_shelf", "high_shelf")


@dataclass(frozen=True, slots=True)
class PaSetup:
    """What the process is started for: which sound card, what goes where, and what is never gone beyond."""

    card_in: str  # a part of the name; empty: the usual one
    card_out: str
    zones: tuple[tuple[tuple[int, int], ...], ...]  # of each zone its routes, (input, output) from 0
    gain: tuple[float, float]  # dB of a band
    boost: float  # dB of all bands of a zone together
    q: tuple[float, float]


@dataclass(frozen=True, slots=True)
class PaWanted:
    """What is to be heard."""

    zones: tuple[Bands, ...]  # of each zone
    bypassed: bool = False


@dataclass(frozen=True, slots=True)
class PaStatus:
    """How the process is, in words with the next step, and what it holds."""

    state: State
    detail: str
    setup: PaSetup
    held: PaWanted
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
    return _to_setup(_object(text))


def encode_wanted(wanted: PaWanted) -> bytes:
    """One packet."""
    return json.dumps({"type": "wanted", **_wanted(wanted)}, allow_nan=False).encode()


def decode_wanted(data: bytes) -> PaWanted:
    """The value that encode_wanted was given. Raises WireError on anything else."""
    body = _object(data)
    if body.pop("type", None) != "wanted":
        raise WireError("not what is wanted")
    return _to_wanted(body)


def encode_status(status: PaStatus) -> bytes:
    """One packet."""
    body: dict[str, Any] = {
        "type": "status",
        "state": status.state,
        "detail": status.detail[:1000],
        "refused": status.refused[:1000],
    }
    body |= {"setup": _setup(status.setup), "held": _wanted(status.held)}
    body |= {"moving": status.moving, "lost": status.lost, "broken": status.broken, "pid": status.pid}
    return json.dumps(body, allow_nan=False).encode()


def decode_status(data: bytes) -> PaStatus:
    """The value that encode_status was given (long words cut). Raises WireError on anything else."""
    body = _object(data)
    try:
        if body["type"] != "status" or type(body["moving"]) is not bool:
            raise WireError("not a status")
        words = [body[key] for key in ("detail", "refused")]
        counts = [body[key] for key in ("lost", "broken", "pid")]
        if not all(isinstance(w, str) for w in words) or not all(type(n) is int and n >= 0 for n in counts):
            raise WireError("a status with a field of the wrong type")
        setup, held = _to_setup(_dict(body["setup"])), _to_wanted(_dict(body["held"]))
        return PaStatus(State(body["state"]), words[0], setup, held, body["moving"], counts[0], counts[1], words[1], counts[2])
    except (KeyError, ValueError) as error:
        raise WireError(f"a status that lacks something or has an unknown state: {error}") from None


def _setup(setup: PaSetup) -> dict[str, Any]:
    return {
        "in": setup.card_in,
        "out": setup.card_out,
        "zones": setup.zones,
        "gain": setup.gain,
        "boost": setup.boost,
        "q": setup.q,
    }


def _to_setup(body: dict[str, Any]) -> PaSetup:
    try:
        cards = body["in"], body["out"]
        if not all(isinstance(card, str) for card in cards):
            raise WireError("a sound card's name is text")
        zones = tuple(tuple(_route(route) for route in _list(zone, MOST_CHANNELS)) for zone in _list(body["zones"], MOST_ZONES))
        low, high = (_number(x) for x in _list(body["gain"], 2))
        wide, narrow = (_number(x) for x in _list(body["q"], 2))
        return PaSetup(cards[0], cards[1], zones, (low, high), _number(body["boost"]), (wide, narrow))
    except (KeyError, ValueError) as error:
        raise WireError(f"a setup that lacks something: {error}") from None


def _route(value: Any) -> tuple[int, int]:
    pair = _list(value, 2)
    if len(pair) != 2 or not all(type(n) is int and 0 <= n < MOST_CHANNELS for n in pair):
        raise WireError(f"a route is an input and an output from 0: {str(value)[:40]}")
    return pair[0], pair[1]


def _wanted(wanted: PaWanted) -> dict[str, Any]:
    zones = [[[band.kind, band.freq, band.gain, band.q] for band in zone] for zone in wanted.zones]
    return {"zones": zones, "bypassed": wanted.bypassed}


def _to_wanted(body: dict[str, Any]) -> PaWanted:
    zones, bypassed = body.get("zones"), body.get("bypassed")
    if type(bypassed) is not bool:
        raise WireError("bypassed or not is a yes or a no")
    return PaWanted(tuple(tuple(_band(band) for band in _list(zone, MOST_BANDS)) for zone in _list(zones, MOST_ZONES)), bypassed)


def _band(value: Any) -> EqBand:
    fields = _list(value, 4)
    if len(fields) != 4 or fields[0] not in _KINDS:
        raise WireError(f"a band is kind, freq, gain and q: {str(value)[:60]}")
    freq, gain, q = (_number(x) for x in fields[1:])
    return EqBand(fields[0], freq, gain, q)


def _list(value: Any, most: int) -> list[Any]:
    if not isinstance(value, list) or len(value) > most:
        raise WireError(f"not a list of at most {most}")
    return value


def _number(value: Any) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):
        raise WireError(f"not a number: {str(value)[:40]}")
    return float(value)


def _dict(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise WireError("not an object")
    return value


def _object(data: bytes | str) -> dict[str, Any]:
    if len(data) > MESSAGE_LIMIT:
        raise WireError(f"longer than {MESSAGE_LIMIT} bytes")
    try:
        return _dict(json.loads(data))
    except (ValueError, RecursionError) as error:
        raise WireError(f"not JSON: {error}") from None
