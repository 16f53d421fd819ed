"""What the daemon and the process that hears the room say to each other. PURE: bytes <-> values.

A message is one packet of a local socket (SOCK_SEQPACKET) and one JSON object, told apart by its `type`. The daemon says once
what to listen to (RoomSetup, on the command line), then which bands the PA plays through, and that microphones which stand
elsewhere than before are to stay there. The process says once a second, and whenever something howls, what it hears
(RoomHeard), now and then where the microphones stand, and what it wants to be told because it has just begun: the bands, how
loud it was before, where the microphones stood. Times are CLOCK_MONOTONIC seconds, which both share. A record that is not as
agreed is a WireError; the sender takes care that it sends numbers only.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from showctl.model import EqBand, Howl, LevelLimit, LevelPast, Levels, LevelWarning, RoomResponse, State, WireError
from showctl.plan import PaMicrophone
from showctl.wire.checked import a_band, a_dict, a_list, a_number, a_text, an_object, as_list

MESSAGE_LIMIT = 131_072  # bytes
MOST_BANDS, MOST_MICROPHONES, MOST_CHANNELS, MOST_POINTS = 32, 16, 64, 128
MOST_WORDS, LONGEST = 16, 400  # troubles, howls, limits; characters of each
BANDS, PLACES = "the bands", "the places"  # no names of microphones
PLACE = 4096  # bytes, at most
MOST_SECONDS, LEAST, MOST = 3600, -50.0, 250.0  # of a past; dB
_OF = ("laeq_1", "laeq_15", "laeq_60", "lcpeak")
_LEVELS = ("time", "la", "laeq_1", "laeq_15", "laeq_60", "lcpeak", "lcpeak_60", "measured")
_HOWL = ("time", "freq", "level", "growth", "fader")


@dataclass(frozen=True, slots=True)
class RoomSetup:
    """What is listened to."""

    card: str  # a part of its name; empty: the usual one
    programme: tuple[int, ...]  # inputs, from 1, before the equaliser of the PA
    microphones: tuple[PaMicrophone, ...]
    limits: tuple[LevelLimit, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class RoomHeard:
    """What is known of the room now."""

    time: float  # s, when it was said
    state: State  # of the process and its sound card
    detail: str  # in words with the next step
    rate: int = 0  # Hz, 0 while nothing is open
    lost: int = 0  # audio frames
    programme: float = -120.0  # dBFS RMS over the last seconds
    responses: tuple[RoomResponse | None, ...] = ()  # one a microphone, the bands that the daemon told of taken out
    levels: tuple[Levels | None, ...] = ()  # one a microphone; None where its sensitivity is not known
    howls: tuple[Howl, ...] = ()  # since the last record
    troubles: tuple[str, ...] = ()  # of microphones and inputs, in words with the next step
    wants: tuple[str, ...] = ()  # what it has not been told since it began: BANDS, PLACES, and microphones by name: their past


def encode_setup(setup: RoomSetup) -> str:
    """A line of JSON."""
    return json.dumps(asdict(setup), allow_nan=False)


def decode_setup(text: str) -> RoomSetup:
    """The value that encode_setup was given. Raises WireError on anything else."""
    body = an_object(text, MESSAGE_LIMIT)
    try:
        return RoomSetup(
            a_text(body["card"]),
            tuple(_channel(one) for one in a_list(body["programme"], MOST_CHANNELS)),
            tuple(_microphone(a_dict(one)) for one in a_list(body["microphones"], MOST_MICROPHONES)),
            tuple(_limit(one) for one in a_list(body["limits"], MOST_WORDS)),
        )
    except (KeyError, ValueError) as error:
        raise WireError(f"a setup that lacks something: {error}") from None


def encode_bands(bands: tuple[EqBand, ...]) -> bytes:
    """What the PA plays through from now on."""
    return json.dumps({"type": "bands", "bands": [as_list(band) for band in bands]}, allow_nan=False).encode()


def decode_bands(data: bytes) -> tuple[EqBand, ...]:
    """The value that encode_bands was given. Raises WireError on anything else."""
    body = an_object(data, MESSAGE_LIMIT)
    if body.get("type") != "bands":
        raise WireError("not what the PA plays through")
    return tuple(a_band(band) for band in a_list(body.get("bands"), MOST_BANDS))


RELEARN = b'{"type": "relearn"}'  # the microphones stand well where they stand now


def says(data: bytes) -> str:
    """The `type` of what the daemon says. Raises WireError."""
    return a_text(an_object(data, MESSAGE_LIMIT).get("type"))


def encode_places(places: Sequence[bytes | None]) -> bytes:
    """What tells where each microphone stood, as its process packs it; None where that is not known."""
    texts = [None if one is None else base64.b64encode(one).decode() for one in places]
    return json.dumps({"type": "places", "places": texts}).encode()


def decode_places(data: bytes) -> tuple[bytes | None, ...]:
    """The value that encode_places was given. Raises WireError on anything else."""
    body = an_object(data, MESSAGE_LIMIT)
    if body.get("type") != "places":
        raise WireError("not where microphones stood")
    try:
        texts = [None if one is None else a_text(one) for one in a_list(body.get("places"), MOST_MICROPHONES)]
        found = tuple(None if one is None else base64.b64decode(one, validate=True) for one in texts)
    except ValueError as error:
        raise WireError(f"places that are none: {error}") from None
    if any(one is not None and len(one) > PLACE for one in found):
        raise WireError(f"a place of more than {PLACE} bytes")
    return found


def encode_past(microphone: str, time: float, past: LevelPast) -> bytes:
    """How loud it was at a microphone before; `time` is when the newest second of it ended."""
    la = [None if one is None else round(one, 2) for one in past.la]
    body = {"type": "past", "microphone": microphone, "time": time, "la": la, "peak": [round(one, 1) for one in past.peak]}
    return json.dumps(body, allow_nan=False, separators=(",", ":")).encode()


def decode_past(data: bytes) -> tuple[str, float, LevelPast]:
    """What encode_past was given, rounded. Raises WireError on anything else."""
    body = an_object(data, MESSAGE_LIMIT)
    if body.get("type") != "past":
        raise WireError("not how loud it was")
    la = tuple(None if one is None else a_number(one) for one in a_list(body.get("la"), MOST_SECONDS))
    peak = tuple(a_number(one) for one in a_list(body.get("peak"), MOST_SECONDS))
    if len(la) != len(peak) or not all(LEAST <= one <= MOST for one in (*peak, *(one for one in la if one is not None))):
        raise WireError("levels that are none")
    return a_text(body.get("microphone")), a_number(body.get("time")), LevelPast(la, peak)


def encode_heard(heard: RoomHeard) -> bytes:
    """One packet; words that are too long are cut. Raises WireError on numbers that are none, and on more than fits."""
    grids = [one.freq for one in heard.responses if one is not None]
    body: dict[str, Any] = {"type": "heard", "time": heard.time, "state": heard.state, "detail": heard.detail[:LONGEST]}
    body |= {"rate": heard.rate, "lost": heard.lost, "programme": heard.programme}
    body |= {"freq": grids[0].tolist() if grids else []}
    body |= {"responses": [None if one is None else _response(one) for one in heard.responses]}
    body |= {"levels": [None if one is None else asdict(one) for one in heard.levels]}
    body |= {"howls": [asdict(one) for one in heard.howls[:MOST_WORDS]]}
    body |= {"troubles": [text[:LONGEST] for text in heard.troubles[:MOST_WORDS]]}
    body |= {"wants": list(heard.wants)}
    try:
        data = json.dumps(body, allow_nan=False).encode()
    except ValueError as error:
        raise WireError(f"what is heard is no number: {error}") from None
    if len(data) > MESSAGE_LIMIT:
        raise WireError(f"what is heard is longer than {MESSAGE_LIMIT} bytes")
    return data


def decode_heard(data: bytes) -> RoomHeard:
    """The value that encode_heard was given. Raises WireError on anything else."""
    body = an_object(data, MESSAGE_LIMIT)
    try:
        if body["type"] != "heard" or not all(type(body[key]) is int and body[key] >= 0 for key in ("rate", "lost")):
            raise WireError("not what is heard")
        freq = _array(body["freq"])
        if not (np.diff(freq) > 0).all() or (len(freq) and freq[0] <= 0):
            raise WireError("frequencies that do not rise")
        return RoomHeard(
            a_number(body["time"]),
            State(a_text(body["state"])),
            a_text(body["detail"]),
            body["rate"],
            body["lost"],
            a_number(body["programme"]),
            tuple(
                None if one is None else _to_response(a_dict(one), freq) for one in a_list(body["responses"], MOST_MICROPHONES)
            ),
            tuple(None if one is None else _to_levels(a_dict(one)) for one in a_list(body["levels"], MOST_MICROPHONES)),
            tuple(_howl(a_dict(one)) for one in a_list(body["howls"], MOST_WORDS)),
            tuple(a_text(one) for one in a_list(body["troubles"], MOST_WORDS)),
            tuple(a_text(one) for one in a_list(body["wants"], 2 + MOST_MICROPHONES)),
        )
    except (KeyError, ValueError) as error:
        raise WireError(f"what is heard lacks something or has an unknown state: {error}") from None


def _response(one: RoomResponse) -> dict[str, Any]:
    return {
        "time": one.time,
        "magnitude": one.magnitude.tolist(),
        "coherence": one.coherence.tolist(),
        "trusted": one.trusted.tolist(),
        "worth": one.worth.tolist(),
        "delay": one.delay,
        "drift": one.drift,
        "delay_trusted": bool(one.delay_trusted),
    }


def _to_response(value: Any, freq: Any) -> RoomResponse:
    body = a_dict(value)
    magnitude, coherence, worth = (_array(body[key]) for key in ("magnitude", "coherence", "worth"))
    trusted = a_list(body["trusted"], MOST_POINTS)
    if not len(magnitude) == len(coherence) == len(worth) == len(trusted) == len(freq):
        raise WireError("a response with more bands than frequencies, or fewer")
    if not all(type(one) is bool for one in (*trusted, body["delay_trusted"])):
        raise WireError("trusted or not is a yes or a no")
    if not all(0 <= one <= 1 for one in worth):
        raise WireError("a band counts between not at all and wholly")
    time, delay, drift = (a_number(body[key]) for key in ("time", "delay", "drift"))
    return RoomResponse(time, freq, magnitude, coherence, np.array(trusted, np.bool_), worth, delay, drift, body["delay_trusted"])


def _array(value: Any) -> Any:
    return np.array([a_number(one) for one in a_list(value, MOST_POINTS)], np.float64)


def _to_levels(value: Any) -> Levels:
    body = a_dict(value)
    warnings = tuple(_warning(a_dict(one)) for one in a_list(body["warnings"], MOST_WORDS))
    time, la, laeq_1, laeq_15, laeq_60, lcpeak, lcpeak_60, measured = (a_number(body[key]) for key in _LEVELS)
    return Levels(time, la, laeq_1, laeq_15, laeq_60, lcpeak, lcpeak_60, measured, _flag(body["clipped"]), warnings)


def _warning(body: dict[str, Any]) -> LevelWarning:
    within, hold = (None if body[key] is None else a_number(body[key]) for key in ("within", "hold"))
    return LevelWarning(_limit(body["limit"]), _flag(body["over"]), within, hold, a_text(body["text"]))


def _limit(value: Any) -> LevelLimit:
    body = a_dict(value)
    if body["of"] not in _OF:
        raise WireError("a limit of something unknown")
    return LevelLimit(body["of"], a_number(body["level"]))


def _howl(body: dict[str, Any]) -> Howl:
    time, freq, level, growth, fader = (a_number(body[key]) for key in _HOWL)
    return Howl(time, freq, level, growth, fader, a_text(body["text"]), _flag(body["again"]))


def _flag(value: Any) -> bool:
    if type(value) is not bool:
        raise WireError("not a yes or a no")
    return value


def _microphone(body: dict[str, Any]) -> PaMicrophone:
    place = None
    if body["place"] is not None:
        x, y, z = (a_number(one) for one in a_list(body["place"], 3))
        place = (x, y, z)
    sensitivity = None if body["sensitivity"] is None else a_number(body["sensitivity"])
    return PaMicrophone(a_text(body["name"]), _channel(body["channel"]), a_text(body["calibration"]), place, sensitivity)


def _channel(value: Any) -> int:
    if type(value) is not int or not 1 <= value <= MOST_CHANNELS:
        raise WireError(f"not an input of 1 to {MOST_CHANNELS}")
    return value
