"""What the summary of `room measure` (`showctl.measured` writes it) says of a response that lies beside it.

Apart from what measures, so that who only fits does not load all that a measurement needs.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SUMMARY = "measurement.json"


def calibrated(path: Path) -> str:
    """The calibration that has been taken out of a response that was saved; empty where there is none."""
    one = _entry(path)
    return str(one["calibration"]) if one.get("calibrated") else ""


def air(path: Path) -> tuple[float, float] | None:
    """Degrees Celsius and % of humidity in which a response was measured; None where nobody wrote it down."""
    known = _entry(path).get("air")
    return None if known is None else (float(known["temperature"]), float(known["humidity"]))


def _entry(path: Path) -> dict[str, Any]:
    """What the summary beside a response says of it; nothing where there is none."""
    try:
        saved = json.loads((path.parent / SUMMARY).read_text(encoding="utf-8"))["responses"]
        return next((dict(one) for one in saved if one["file"] == path.name), {})
    except (OSError, ValueError, KeyError, TypeError):  # it is not of `room measure`
        return {}
