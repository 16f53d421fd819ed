"""What a sensor of the air says over MQTT. PURE: bytes -> values.

Plain text is one number, with its unit or without: `21.4`, `21,4 °C`, `45%`. JSON is an object that has the number under the name
of what is asked for, `{"temperature": 21.4, "humidity": 45}`, as gateways of radio sensors send it; their other keys are left
alone. Anything else is a WireError.
"""

from __future__ import annotations

import json
import re
from typing import Literal

from showctl.model import WireError
from showctl.wire.checked import a_number

What = Literal["temperature", "humidity"]

LONGEST = 4096  # bytes: a gateway says all that it knows of a sensor
LIMITS: dict[What, tuple[float, float]] = {"temperature": (-20.0, 50.0), "humidity": (10.0, 100.0)}  # of air that people breathe
_PLAIN = re.compile(r"\s*([+-]?\d{1,4}(?:[.,]\d{1,9})?)\s*(?:°?\s*C|%)?\s*")


def reading(payload: bytes, what: What) -> float:
    """Degrees Celsius, or % of humidity. Raises WireError."""
    if len(payload) > LONGEST:
        raise WireError(f"longer than {LONGEST} bytes")
    text = payload.decode("utf-8", "replace")
    plain = _PLAIN.fullmatch(text)
    value = _of_json(text, what) if plain is None else float(plain[1].replace(",", "."))
    low, high = LIMITS[what]
    if not low <= value <= high:
        raise WireError(f"{value:g} is no {what} of a room: {low:g} to {high:g}")
    return value


def _of_json(text: str, what: What) -> float:
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        raise WireError(f"{text[:40]!r} is neither a number nor JSON") from None
    value = body.get(what) if isinstance(body, dict) else None
    try:
        return a_number(value)
    except WireError:
        raise WireError(f"its JSON has no number called {what!r}") from None
