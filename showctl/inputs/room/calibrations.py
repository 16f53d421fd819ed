"""The microphones' calibration files, read when listening begins: a file that cannot be used is said before any sound is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from showctl.analysis.room.microphone import Calibration, Refused, calibration
from showctl.model import DeviceError
from showctl.plan import PaMicrophone


def curve_of(path: Path) -> Calibration:
    """What a calibration file says. OSError; ValueError, in words, for what is none."""
    curve = calibration(path.read_text(encoding="utf-8", errors="replace"))
    if isinstance(curve, Refused):
        raise ValueError(f"{path}:{curve.line}: {curve.text}")
    return curve


def curves_of(microphones: Sequence[PaMicrophone]) -> list[Calibration | None]:
    """The microphones' calibration files, read. DeviceError in words where one cannot be used."""
    found: list[Calibration | None] = []
    for one in microphones:
        try:
            found.append(curve_of(Path(one.calibration)) if one.calibration else None)
        except OSError as error:
            raise DeviceError(f"the calibration of microphone {one.name}: {one.calibration}: {error.strerror}") from None
        except ValueError as error:
            raise DeviceError(str(error)) from None
    return found
