"""`showctl room calibrate VENUE --microphone NAME`: the sensitivity of a microphone, by a calibrator that is put on it.

A calibrator gives 1 kHz at 94 or 114 dB. What the input shows of it is listened to for some seconds; where that is one steady
tone, clear of noise and not clipped, the line for the venue file is printed with its place. Nothing is played, no file changed.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Generator

    import numpy as np
    from numpy.typing import NDArray

    from showctl.model import AudioBlock
    from showctl.plan import PaMicrophone, PaPlan

FOUND, WRONG_USE, MISSING, CANNOT = 1, 2, 69, 78
LEVELS = (94, 114)  # dB of sound pressure
USUAL_DB = 94.0  # that a sensitivity is told for
SETTLES_S, SECONDS = 0.5, 5.0


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("venue", metavar="VENUE.yaml", type=Path)
    parser.add_argument("--microphone", required=True, metavar="NAME", help="the one that the calibrator is on")
    parser.add_argument("--level", type=int, choices=LEVELS, default=94, help="dB that the calibrator is switched to (94)")


def run(args: argparse.Namespace) -> int:
    """Listen; 0, 1 where no steady tone of a calibrator is heard, 2 wrong use, 69 no device, 78 the venue cannot be run."""
    from showctl.config.load import load_pa
    from showctl.model import ConfigError, DeviceError

    try:
        pa = load_pa(args.venue)
        microphones = {} if pa is None else {one.name: one for one in pa.microphones}
        if pa is None or not microphones:
            return _said(f"{args.venue} names no `pa` with microphones", CANNOT)
        if args.microphone not in microphones:
            return _said(f"there is no microphone {args.microphone!r}; there is {', '.join(microphones)}", WRONG_USE)
        return _calibrate(pa, microphones[args.microphone], args)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return CANNOT
    except DeviceError as error:
        return _said(str(error), MISSING)


def _said(text: str, code: int) -> int:
    print(f"showctl room calibrate: {text}", file=sys.stderr)
    return code


def _calibrate(pa: PaPlan, one: PaMicrophone, args: argparse.Namespace) -> int:
    from showctl.analysis.room.microphone import Refused, full_scale
    from showctl.config.load import place_of

    name = f"{one.name} (input {one.channel})"
    print(f"listens to {name} for {SECONDS:g} s: calibrator on it, switched to {args.level} dB", flush=True)
    sound, rate, lost = _listen(pa.card_in, one.channel)
    found = full_scale(sound, rate, float(args.level))
    if isinstance(found, Refused):
        return _said(f"{name}: {found.text}", FOUND)
    if lost:
        return _said(f"{name}: {lost} audio frames were lost: close what keeps this machine busy, once more", FOUND)
    sensitivity = USUAL_DB - found
    print(f"{name} shows {args.level - found:.1f} dBFS RMS of {args.level} dB; it clips at peaks of {found:.0f} dB")
    limits = [limit.level for limit in pa.levels if limit.of == "lcpeak" and limit.level > found]
    if limits:
        print(
            f"  which is below the limit of {limits[0]:g} dB(C): turn its gain down by {limits[0] - found + 3:.0f} dB, once more"
        )
    where = place_of(args.venue, ("pa", "microphones", one.name, "sensitivity"))
    now = "" if one.sensitivity is None else f", in place of {one.sensitivity:g}dB"
    print(f"{where}: to {one.name}{now} write\n  sensitivity: {sensitivity:.1f}dB")
    return 0


def _listen(card: str, channel: int) -> tuple[NDArray[np.float64], int, int]:
    """(frames,) of an input, Hz, and how many audio frames were lost. DeviceError where it cannot be had."""
    import numpy as np

    from showctl.model import DeviceError
    from showctl.sound.portaudio import device_blocks

    heard, lost, rate = [], 0, 0
    with closing(cast("Generator[AudioBlock]", device_blocks(card, channel))) as blocks:
        for block in blocks:
            if block.samples.shape[1] < channel:
                raise DeviceError(f"the card has {block.samples.shape[1]} inputs, the venue file wants number {channel}")
            rate, end = block.rate, block.start + len(block.samples)
            if end > SETTLES_S * rate:
                heard.append(block.samples[:, channel - 1].astype(np.float64))
                lost += block.lost
            if end >= (SETTLES_S + SECONDS) * rate:
                break
    return np.concatenate(heard), rate, lost
