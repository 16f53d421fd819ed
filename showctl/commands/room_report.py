"""`showctl room report --ir FILE...`: how the room answers, an octave at a time, from impulse responses.

Octaves are those of ISO 3382-1, 125 Hz to 4 kHz, with `--wide` 63 Hz and 8 kHz, too. What cannot be known for noise is `null`, in
words `-`. Every channel of a file is a response of its own. STI is that of the room alone, without any noise.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from showctl.commands.room_files import calibrations, curves, picture, responses, told, whole_response

if TYPE_CHECKING:
    from showctl.analysis.room.arrival import Arrival
    from showctl.analysis.room.decay import Decay
    from showctl.analysis.room.microphone import Calibration

USUAL = (125.0, 4000.0)  # Hz
FIELDS = {"edt": 3, "t20": 3, "t30": 3, "c50": 2, "c80": 2, "d50": 3, "snr_db": 1}  # decimals
COLUMNS = {"EDT s": "edt", "T20 s": "t20", "T30 s": "t30", "C50 dB": "c50", "C80 dB": "c80", "D50": "d50", "SNR dB": "snr_db"}


class Report(NamedTuple):
    """One response."""

    name: str  # of the file, with the channel where it has several
    file: str
    channel: int | None  # from 1
    arrival: Arrival | None
    sti: float | None
    octaves: list[Decay]
    calibration: str  # file that was taken out; empty: none


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    responses(parser, "impulse responses as sound files; may be given more than once")
    parser.add_argument("--wide", action="store_true", help="63 Hz and 8 kHz, too")
    calibrations(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object a file and octave")
    picture(parser, "draw the decays of the first response")


def run(args: argparse.Namespace) -> int:
    """Report; 0, or 2 where a file is no impulse response, or 69 where a library is missing."""
    return told("room report", args.picture, lambda: _report(args))


def _report(args: argparse.Namespace) -> tuple[list[str], Callable[[], str]]:
    from showctl.summary import calibrated

    by = [str(path) for path in args.calibration] or [""]
    reports = [
        one
        for n, (path, calibration) in enumerate(zip(args.ir, curves(args.ir, args.calibration), strict=True))
        for one in read(path, calibration, by[n % len(by)] or calibrated(path))
    ]
    lines: list[str] = []
    for report in reports:
        shown = [one for one in report.octaves if args.wide or USUAL[0] <= one.freq <= USUAL[1]]
        lines += as_json(report, shown) if args.json else as_text(report, shown)

    def drawn() -> str:
        from showctl.analysis.room.drawing import svg

        return svg(reports[0].name, reports[0].octaves)

    return lines, drawn


def read(path: Path, calibration: Calibration | None = None, calibrated_by: str = "") -> list[Report]:
    """One report a channel, the microphone's curve taken out. ValueError, in a line for people, for what is none."""
    from showctl.analysis.room.arrival import arrival
    from showctl.analysis.room.decay import decays
    from showctl.analysis.room.speech import speech

    block = whole_response(path)
    reports = []
    for number, sound in enumerate(block.samples.T.astype("float64"), 1):
        if calibration is not None:
            sound = calibration.taken_out(sound, block.rate)
        several = block.samples.shape[1] > 1
        came = arrival(sound, block.rate)
        heard = None if came is None else speech(sound, block.rate)
        name = f"{path}, channel {number}" if several else str(path)
        sti = None if heard is None else heard.index
        reports.append(Report(name, str(path), number if several else None, came, sti, decays(sound, block.rate), calibrated_by))
    return reports


def as_json(report: Report, octaves: list[Decay]) -> list[str]:
    """One object an octave; the whole file's arrival (s) and STI stand in each."""
    whole: dict[str, Any] = {"file": report.file} | ({} if report.channel is None else {"channel": report.channel})
    whole |= {"calibration": report.calibration} if report.calibration else {}
    came = report.arrival
    ends = {
        "sti": _rounded(report.sti, 3),
        "arrival": None if came is None else _rounded(came.time, 6),
        "polarity": None if came is None else came.polarity,
    }
    return [
        json.dumps(whole | {"freq": one.freq} | {key: _rounded(getattr(one, key), n) for key, n in FIELDS.items()} | ends)
        for one in octaves
    ]


def _rounded(value: float | None, decimals: int) -> float | None:
    return None if value is None else round(float(value), decimals)


def as_text(report: Report, octaves: list[Decay]) -> list[str]:
    """A heading and a table."""
    came = report.arrival
    if came is None:
        return [f"{report.name}: nothing rises out of the noise: is this an impulse response?"]
    way = {1: "as sent", -1: "turned round", None: "polarity unknown"}[came.polarity]
    sti = "unknown" if report.sti is None else f"{report.sti:.2f}"
    lines = [f"{report.name}: direct sound after {1000 * came.time:.1f} ms, {way}; STI {sti} without noise"]
    lines.append(f"{'Hz':>6}" + "".join(f"{title:>9}" for title in COLUMNS))
    for one in octaves:
        values = [(getattr(one, key), min(2, FIELDS[key])) for key in COLUMNS.values()]
        lines.append(f"{one.freq:>6g}" + "".join(f"{'-':>9}" if v is None else f"{v:>9.{n}f}" for v, n in values))
    if report.calibration:
        lines.append(f"     the microphone's calibration is taken out: {report.calibration}")
    if any(getattr(one, key) is None for one in octaves for key in ("edt", "t20", "t30", "c50", "c80")):
        lines.append("     - cannot be known for noise: measure louder, or average more sweeps")
    return lines
