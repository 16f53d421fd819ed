"""JSON of another process, taken apart with suspicion: what is not as agreed is a WireError, and nothing is guessed. PURE."""

from __future__ import annotations

import json
import math
from typing import Any

from showctl.model import EqBand, WireError

_KINDS = ("peaking", "low_shelf", "high_shelf")


def an_object(data: bytes | str, most: int) -> dict[str, Any]:
    """A JSON object of at most so many bytes."""
    if len(data) > most:
        raise WireError(f"longer than {most} bytes")
    try:
        return a_dict(json.loads(data))
    except (ValueError, RecursionError) as error:
        raise WireError(f"not JSON: {error}") from None


def a_dict(value: Any) -> dict[str, Any]:
    """An object."""
    if not isinstance(value, dict):
        raise WireError("not an object")
    return value


def a_list(value: Any, most: int) -> list[Any]:
    """A list that is not too long."""
    if not isinstance(value, list) or len(value) > most:
        raise WireError(f"not a list of at most {most}")
    return value


def a_number(value: Any) -> float:
    """A finite number."""
    try:
        if type(value) in (int, float) and math.isfinite(value):
            return float(value)
    except OverflowError:  # an integer of hundreds of digits
        pass
    raise WireError("not a number")


def a_text(value: Any) -> str:
    """Words."""
    if not isinstance(value, str):
        raise WireError("not text")
    return value


def a_band(value: Any) -> EqBand:
    """What `as_list` made of a band."""
    fields = a_list(value, 4)
    if len(fields) != 4 or fields[0] not in _KINDS:
        raise WireError(f"a band is kind, freq, gain and q: {str(value)[:60]}")
    freq, gain, q = (a_number(x) for x in fields[1:])
    if freq <= 0 or q <= 0:
        raise WireError(f"a band has a frequency and a Q: {str(value)[:60]}")
    return EqBand(fields[0], freq, gain, q)


def as_list(band: EqBand) -> list[Any]:
    """A band for JSON."""
    return [band.kind, band.freq, band.gain, band.q]
