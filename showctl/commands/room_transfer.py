"""`showctl room transfer --reference SONG --mic MICROPHONE...`: what the room does to the programme, from the programme itself.

The reference is what the desk sent to the PA, each microphone what it heard of it, all begun at the same moment; their clocks may
differ. Each microphone gets its delay, the drift of its clock, and magnitude and coherence for each sixth of an octave, with a
word on which of them may be trusted. Of a file with several channels the mean is taken.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from showctl.commands.room_files import calibrations, curves, picture, told

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from showctl.analysis.room.microphone import Calibration
    from showctl.model import RoomResponse

SHORTEST_S = 6.0
SILENT_DB = -90.0  # below full scale, all the file long


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("--reference", type=Path, required=True, metavar="FILE", help="the programme as the desk sent it")
    parser.add_argument(
        "--mic", type=Path, action="append", required=True, metavar="FILE", help="a microphone in the room; once for each"
    )
    calibrations(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object a microphone")
    picture(parser, "draw magnitude, coherence and trust of each microphone")


def run(args: argparse.Namespace) -> int:
    """Say it; 0, or 2 where a file cannot be read or does not fit the others, or 69 where a library is missing."""
    return told("room transfer", args.picture, lambda: _answer(args))


def _answer(args: argparse.Namespace) -> tuple[list[str], Callable[[], str]]:
    found = heard(args.reference, args.mic, curves(args.mic, args.calibration))
    by = [str(path) for path in args.calibration] or [""]

    def drawn() -> str:
        from showctl.analysis.room.transfer_drawing import svg

        return svg([(str(path), response) for path, response in found])

    shown = as_json if args.json else as_text
    return [shown(path, response, by[n % len(by)]) for n, (path, response) in enumerate(found)], drawn


def heard(reference: Path, mics: list[Path], calibrations: Sequence[Calibration | None]) -> list[tuple[Path, RoomResponse]]:
    """A response for each microphone, its calibration taken out. ValueError, in a line for people, where a file cannot be one."""
    from showctl.analysis.room.transfer import response

    programme, rate = _read(reference)
    _loud_enough(reference, programme, "the reference is the programme as the desk sent it")
    found = []
    for path, calibration in zip(mics, calibrations, strict=True):
        sound, its_rate = _read(path)
        if its_rate != rate:
            raise ValueError(f"{path} is at {its_rate} Hz and {reference} at {rate} Hz: export both at the same rate")
        _loud_enough(path, sound, "is the microphone connected, and its gain up?")
        one = response(programme, sound, rate)
        found.append((path, one if calibration is None else replace(one, magnitude=one.magnitude - calibration.at(one.freq))))
    return found


def _read(path: Path) -> tuple[NDArray[np.float32], int]:
    from showctl.analysis.room.transfer import LONGEST_HEARD
    from showctl.inputs.wavfile import whole

    block = whole(path, LONGEST_HEARD)
    seconds = len(block.samples) / block.rate
    if seconds < SHORTEST_S:
        raise ValueError(f"{path}: {seconds:.1f} s is too short: {SHORTEST_S:g} s at least, 30 s are good")
    return block.samples.mean(axis=1), block.rate


def _loud_enough(path: Path, sound: NDArray[np.float32], cure: str) -> None:
    import numpy as np

    if float(np.abs(sound).max()) < 10 ** (SILENT_DB / 20):
        raise ValueError(f"{path}: silent from beginning to end; {cure}")


def as_json(path: Path, response: RoomResponse, calibration: str = "") -> str:
    """Everything, as one object."""
    whole: dict[str, Any] = {"mic": str(path)} | ({"calibration": calibration} if calibration else {})
    whole |= {
        "delay_ms": round(response.delay_at(0.0) * 1e3, 4),
        "delay_trusted": response.delay_trusted,
        "drift_ppm": round(response.drift, 4),
        "freq": [round(float(f), 2) for f in response.freq],
        "magnitude_db": [round(float(m), 3) for m in response.magnitude],
        "coherence": [round(float(c), 4) for c in response.coherence],
        "trusted": [bool(t) for t in response.trusted],
    }
    return json.dumps(whole)


def as_text(path: Path, response: RoomResponse, calibration: str = "") -> str:
    """A heading and a table; what is not trusted is in brackets."""
    share, late = 100 * float(response.trusted.mean()), response.delay_at(0.0) * 1e3
    sure = "" if response.delay_trusted else " (the direct sound is not clear: do not align by it)"
    lines = [
        f"{path}: {late:.2f} ms late{sure}, clock {response.drift:+.2f} ppm, {share:.0f} % of the bands trusted",
        f"{'Hz':>7}{'dB':>10}{'coherence':>11}",
    ]
    for freq, level, coherence, trusted in zip(
        response.freq, response.magnitude, response.coherence, response.trusted, strict=True
    ):
        shown = f"{level:.1f} " if trusted else f"({level:.1f})"
        lines.append(f"{freq:>7.0f}{shown:>11}{coherence:>10.2f}")
    if calibration:
        lines.append(f"  the microphone's calibration is taken out: {calibration}")
    if not response.trusted.all():
        lines.append(
            "  (in brackets: not to be acted upon; a longer recording, or more of the programme in that band, would help)"
        )
    return "\n".join(lines)
