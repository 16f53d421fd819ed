"""`showctl room fit --ir FILE...`: the equaliser that brings the room to a target, from impulse responses.

Every channel of a file is a microphone: three or more, well apart, tell what the seats have in common. The bands are on the
steps of `--device`; nothing is sent anywhere. `--max-boost` is that of all bands together, not of each.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from showctl.commands.room_files import calibrations, curves, named, picture, responses, told, whole_response

if TYPE_CHECKING:
    from showctl.analysis.room.fit import Fitted
    from showctl.analysis.room.microphone import Calibration
    from showctl.analysis.room.target import Target

FFT = 65536  # points at least, so that the lowest sixth of an octave has several bins
DEVICES = ("generic", "x32", "xr18", "camilladsp", "pipewire", "template")
USUAL = 10  # bands
MOST_BOOST = 12.0  # dB
WORDS = {"peaking": "peaking", "low_shelf": "low shelf", "high_shelf": "high shelf"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    responses(parser, "impulse responses as sound files, one for each microphone; may be given more than once")
    parser.add_argument(
        "--target", default="house", metavar="flat|house|FILE", help="what is aimed at; FILE has lines `Hz dB` (default: house)"
    )
    parser.add_argument("--bands", type=int, metavar="N", help=f"at most so many (default: {USUAL}, or all that the device has)")
    parser.add_argument(
        "--max-boost", type=float, default=0.0, metavar="DB", help="that all bands together may add anywhere (default: 0)"
    )
    parser.add_argument("--device", choices=DEVICES, default="generic", help="whose bands and steps (default: generic)")
    calibrations(parser)
    air: dict[str, Any] = {"type": float, "nargs": 2, "metavar": ("CELSIUS", "PERCENT")}
    parser.add_argument("--air", **air, help="the air in which it will play, where that is another than was measured in")
    parser.add_argument("--measured-air", **air, help="the air in which it was measured (as `room measure` wrote it down)")
    parser.add_argument("--distance", type=float, metavar="M", help="with --air: from the loudspeakers to the microphones")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    picture(parser, "draw it: before, target, after, and the bands")


def run(args: argparse.Namespace) -> int:
    """Fit; 0, or 2 where a file is no impulse response, 69 where a library is missing, 78 for mistakes in a target file."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # the matrices are small: a pool of threads would only cost
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    return told("room fit", args.picture, lambda: _answer(args))


def _answer(args: argparse.Namespace) -> tuple[list[str], Callable[[], str]]:
    from showctl.summary import calibrated

    if wrong := _wrong(args):
        raise ValueError(wrong)
    target = named(args.target)
    found = _fit(args, target)

    def drawn() -> str:
        from showctl.analysis.room.fit_drawing import svg

        return svg(_title(args), found, target)

    curves_of = [str(path) for path in args.calibration] or sorted({by for path in args.ir if (by := calibrated(path))})
    if args.json:
        return [json.dumps(as_json(found) | ({"calibration": curves_of} if curves_of else {}))], drawn
    lines = as_text(found, _title(args), args.max_boost)
    return [*lines, *(f"the microphones' calibration is taken out: {path}" for path in curves_of)], drawn


def _wrong(args: argparse.Namespace) -> str:
    """What cannot be asked for; empty where all can."""
    from showctl.analysis.room.devices import DEVICES

    most = DEVICES[args.device].bands
    if args.bands is not None and not 1 <= args.bands <= most:
        return f"--bands {args.bands}: {args.device} has 1 to {most}"
    if (args.air is None) != (args.distance is None):
        return "--air and --distance go together: what the air swallows hangs on how far the microphones are"
    if args.measured_air is not None and args.air is None:
        return "--measured-air goes with --air and --distance: it says against what the air is another"
    if not 0 <= args.max_boost <= MOST_BOOST:
        return f"--max-boost {args.max_boost:g}: 0 to {MOST_BOOST:g} dB can be allowed"
    return ""


def _fit(args: argparse.Namespace, target: Target) -> Fitted:
    import numpy as np

    from showctl.analysis.room.devices import DEVICES
    from showctl.analysis.room.fit import Limits, fit
    from showctl.analysis.room.grid import GRID

    known = zip(args.ir, curves(args.ir, args.calibration), strict=True)
    heard = np.array([curve - _air(args, path) for path, calibration in known for curve in read(path, calibration)]) - target(
        GRID
    )
    device = DEVICES[args.device]
    return fit(GRID, heard, device=device, bands=args.bands or min(USUAL, device.bands), limits=Limits(boost=args.max_boost))


def _air(args: argparse.Namespace, path: Path) -> Any:
    """dB at the points of grid.GRID that the air of the show swallows more than the one in which a file was measured."""
    from showctl.analysis.room.air import Climate, correction
    from showctl.analysis.room.grid import GRID
    from showctl.summary import air

    if args.air is None:
        return 0.0
    if (before := args.measured_air or air(path)) is None:
        raise ValueError(f"{path}: in which air was it measured? --measured-air CELSIUS PERCENT says it")
    return correction(GRID, args.distance, Climate(*args.air), Climate(*before))


def read(path: Path, calibration: Calibration | None = None) -> list[Any]:
    """The curve (points of grid.GRID,) dB of each channel, the microphone's taken out. ValueError, in a line for people, where
    there is none."""
    import numpy as np

    from showctl.analysis.room.grid import GRID, HIGH, smoothed

    block = whole_response(path)
    if not block.samples.any(axis=0).all():
        raise ValueError(f"{path}: a channel of it is silent: leave it out")
    size = max(FFT, 1 << (len(block.samples) - 1).bit_length())
    freqs = np.fft.rfftfreq(size, 1 / block.rate).astype(np.float64)
    inside = freqs < 2 * HIGH  # nothing above is looked at
    power = np.abs(np.fft.rfft(block.samples.T, size)[:, inside]) ** 2
    if calibration is not None:
        power = power * 10 ** (-calibration.at(freqs[inside]) / 10)
    return [smoothed(freqs[inside], one, GRID) for one in power]


def as_json(found: Fitted) -> dict[str, Any]:
    """The object of command-line `room fit`; `cpu_seconds` is all that this process has used, its start included."""
    return {
        "bands": [
            {"type": band.kind, "freq": round(band.freq, 3), "gain": band.gain, "q": round(band.q, 4)} for band in found.bands
        ],
        "preamp_db": round(min(0.0, -found.boost), 2) + 0.0,
        "summed_boost_db": round(found.boost, 3),
        "before_db_rms": round(found.before, 3),
        "after_db_rms": round(found.after, 3),
        "cpu_seconds": round(time.process_time(), 3),
    }


def _title(args: argparse.Namespace) -> str:
    files = f"{len(args.ir)} responses" if len(args.ir) > 1 else str(args.ir[0])
    return f"{files} to {args.target}, {args.device}"


def as_text(found: Fitted, title: str, most: float) -> list[str]:
    """A heading, the bands as a table, and what they do."""
    played = found.freqs[found.band]
    lines = [f"{title}: the system plays {played[0]:.0f} Hz to {played[-1] / 1000:.1f} kHz"]
    if found.bands:
        lines.append(f"{'':>3} {'type':<11}{'Hz':>8}{'dB':>8}{'Q':>7}")
    for i, band in enumerate(found.bands, 1):
        freq = f"{band.freq:.1f}" if band.freq < 100 else f"{band.freq:.0f}"
        lines.append(f"{i:>3} {WORDS[band.kind]:<11}{freq:>8}{band.gain:>+8.2f}{band.q:>7.2f}")
    lines.append(
        f"off the target: {found.before:.1f} dB RMS before, {found.after:.1f} dB behind the equaliser, at these microphones"
    )
    lines.append(f"all bands together add at most {found.boost:+.2f} dB ({most:g} dB allowed)")
    return lines
