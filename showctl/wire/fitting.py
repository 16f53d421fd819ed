"""What a fit is asked for, and what it answers: a line of JSON each way, to and from a process of its own. PURE."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, TypeAlias

from showctl.model import EqBand, WireError
from showctl.wire.checked import a_band, a_list, a_number, a_text, an_object, as_list

LIMIT = 1_000_000  # bytes
MOST_BANDS, MOST_CURVES, MOST_POINTS = 32, 16, 128
Row: TypeAlias = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class FitJob:
    """Curves of the room without the bands that are to be fitted, over the target."""

    time: float  # s, the end of what was heard
    freq: Row  # (points,) Hz, rising
    curves: tuple[Row, ...]  # (microphones, points) dB
    trust: tuple[Row, ...]  # 0..1, how much each point counts
    device: str  # of analysis.room.devices
    bands: int  # at most
    gain: tuple[float, float]  # dB of a band
    boost: float  # dB of all of them
    q: tuple[float, float]
    standing: tuple[EqBand, ...] = ()  # that stay unless others are clearly better


@dataclass(frozen=True, slots=True)
class FitAnswer:
    """The bands, or why there are none."""

    bands: tuple[EqBand, ...]
    refused: str = ""
    before: float = 0.0  # dB RMS off the target within the band of the system
    after: float = 0.0


def encode_job(job: FitJob) -> bytes:
    """JSON. Raises WireError on numbers that are none."""
    body: dict[str, Any] = {key: getattr(job, key) for key in ("time", "freq", "curves", "trust", "device", "bands")}
    body |= {"gain": job.gain, "boost": job.boost, "q": job.q, "standing": [as_list(band) for band in job.standing]}
    return _encoded(body)


def decode_job(data: bytes) -> FitJob:
    """The value that encode_job was given. Raises WireError on anything else."""
    body = an_object(data, LIMIT)
    try:
        freq, curves, trust = _row(body["freq"]), _rows(body["curves"]), _rows(body["trust"])
        if len(curves) != len(trust) or any(len(row) != len(freq) for row in (*curves, *trust)):
            raise WireError("curves, trust and frequencies that do not belong together")
        if type(body["bands"]) is not int or not 0 < body["bands"] <= MOST_BANDS:
            raise WireError(f"a fit is of 1 to {MOST_BANDS} bands")
        numbers = a_number(body["time"]), a_number(body["boost"])
        standing = tuple(a_band(one) for one in a_list(body["standing"], MOST_BANDS))
        pairs = _pair(body["gain"]), _pair(body["q"])
        return FitJob(
            numbers[0], freq, curves, trust, a_text(body["device"]), body["bands"], pairs[0], numbers[1], pairs[1], standing
        )
    except KeyError as missing:
        raise WireError(f"a fit without {missing}") from None


def encode_answer(answer: FitAnswer) -> bytes:
    """JSON. Raises WireError on numbers that are none."""
    body: dict[str, Any] = {"bands": [as_list(band) for band in answer.bands], "refused": answer.refused}
    return _encoded(body | {"before": answer.before, "after": answer.after})


def decode_answer(data: bytes) -> FitAnswer:
    """The value that encode_answer was given. Raises WireError on anything else."""
    body = an_object(data, LIMIT)
    try:
        bands = tuple(a_band(one) for one in a_list(body["bands"], MOST_BANDS))
        return FitAnswer(bands, a_text(body["refused"]), a_number(body["before"]), a_number(body["after"]))
    except KeyError as missing:
        raise WireError(f"an answer without {missing}") from None


def _encoded(body: dict[str, Any]) -> bytes:
    try:
        return json.dumps(body, allow_nan=False).encode()
    except ValueError as error:
        raise WireError(f"no number: {error}") from None


def _row(value: Any) -> Row:
    return tuple(a_number(one) for one in a_list(value, MOST_POINTS))


def _rows(value: Any) -> tuple[Row, ...]:
    return tuple(_row(one) for one in a_list(value, MOST_CURVES))


def _pair(value: Any) -> tuple[float, float]:
    pair = a_list(value, 2)
    if len(pair) != 2:
        raise WireError("not two numbers")
    return a_number(pair[0]), a_number(pair[1])
