"""`showctl room measure VENUE`: sweeps from each zone of the PA to every microphone that the venue file names.

It begins quietly and becomes louder only as far as it must; any key, Ctrl-C or a microphone at full scale stops it within a
block. What it finds goes into a folder (`showctl.measured`), for `room report` and `room fit`. The folder of the last measurement
tells, too, which microphone has moved since.
"""

from __future__ import annotations

import argparse
import contextlib
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from showctl.commands.room_files import named

if TYPE_CHECKING:
    from showctl.analysis.room.microphone import Calibration
    from showctl.analysis.room.target import Target
    from showctl.plan import PaPlan, PaZone
    from showctl.sound.duplex import Duplex
    from showctl.sound.take import Take, Taken

FOUND, WRONG_USE, MISSING, CANNOT, INTERRUPTED = 1, 2, 69, 78, 130
LIMIT_DB, SECONDS, BEGINS_S = -12.0, 6.0, 3.0
LOOK_S = 0.02  # between two looks at the keys and the device


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("venue", metavar="VENUE.yaml", type=Path)
    parser.add_argument("--dry-run", action="store_true", help="say what would be played where and how loud, and play nothing")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="where it is saved (VENUE-room beside the venue file)")
    parser.add_argument("--zone", action="append", default=[], metavar="NAME", help="this zone only; may be given more than once")
    parser.add_argument(
        "--limit", type=float, default=LIMIT_DB, metavar="DB", help=f"loudest sweep, dB of full scale ({LIMIT_DB:g})"
    )
    parser.add_argument("--seconds", type=float, default=SECONDS, metavar="S", help=f"length of a sweep, 1 to 60 ({SECONDS:g})")


def run(args: argparse.Namespace) -> int:
    """Measure; 0, 1 where something is to be looked after, 2 wrong use, 69 no device, 78 the venue cannot be run, 130 stopped."""
    from showctl.config.load import load_pa
    from showctl.inputs.room.calibrations import curves_of
    from showctl.model import ConfigError, DeviceError

    if not -60 <= args.limit <= 0 or not 1 <= args.seconds <= 60:
        return _said("--limit is -60 to 0 dB, --seconds 1 to 60", WRONG_USE)
    try:
        pa = load_pa(args.venue)
        if pa is None or not pa.zones or not pa.microphones:
            return _said(f"{args.venue} names no `pa` with zones and microphones: what is to be measured?", CANNOT)
        target, calibrations = named(pa.target), curves_of(pa.microphones)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return CANNOT
    except (DeviceError, ValueError, OSError) as error:
        return _said(str(error), CANNOT)
    folder = args.out or args.venue.with_name(f"{args.venue.stem}-room")
    try:
        chosen = _chosen(pa, args.zone)
        if args.dry_run:
            return _dry(chosen, folder, args.limit, args.seconds)
        folder.mkdir(parents=True, exist_ok=True)
        return _measure(pa, chosen.zones, target, calibrations, folder, args)
    except ValueError as error:
        return _said(str(error), WRONG_USE)
    except DeviceError as error:
        return _said(str(error), MISSING)
    except OSError as error:
        return _said(f"{error.filename or folder}: {error.strerror}", WRONG_USE)  # a full disk names no file


def _said(text: str, code: int) -> int:
    print(f"showctl room measure: {text}", file=sys.stderr)
    return code


def _chosen(pa: PaPlan, names: list[str]) -> PaPlan:
    """The plan with these zones alone; all of them without any name. ValueError for one that is not there."""
    from dataclasses import replace

    there = [zone.name for zone in pa.zones]
    for name in names:
        if name not in there:
            raise ValueError(f"there is no zone {name!r}; there is {', '.join(there)}")
    return replace(pa, zones=tuple(zone for zone in pa.zones if not names or zone.name in names))


def _dry(pa: PaPlan, folder: Path, limit: float, seconds: float) -> int:
    from showctl.measure import planned

    for line in planned(pa, limit, seconds):
        print(line)
    print(f"sound card: in {pa.card_in or 'the usual one'}, out {pa.card_out or 'the usual one'}; saved in {folder}")
    return 0


def _measure(
    pa: PaPlan,
    zones: tuple[PaZone, ...],
    target: Target,
    calibrations: Sequence[Calibration | None],
    folder: Path,
    args: argparse.Namespace,
) -> int:
    """Measure these zones of a venue."""
    from showctl import measured
    from showctl.measure import Measurement, Stopped
    from showctl.model import DeviceError
    from showctl.sound.duplex import Duplex

    curves = {m.name: curve for m, curve in zip(pa.microphones, calibrations, strict=True) if curve is not None}
    inputs = max(m.channel for m in pa.microphones)
    outputs = max(channel for zone in zones for channel in zone.channels)
    stream = Duplex(pa.card_in, pa.card_out, inputs, outputs)
    stopped, code = "", INTERRUPTED
    with contextlib.closing(stream), _hand() as hand:
        play = _player(stream, hand)
        old, unread = measured.earlier(folder)
        if unread:
            print(f"showctl room measure: {unread}", file=sys.stderr)
        before = measured.arrivals(old)
        measurement = Measurement(zones, pa.microphones, stream.rate, play, _tell, args.limit, args.seconds, before, curves)
        _tell(
            f"{stream.device}, {stream.rate} Hz; sweeps begin in {BEGINS_S:g} s at {measurement.first:g} dB: any key stops them"
        )
        try:
            _wait(BEGINS_S, hand)
            measurement.run()
        except Stopped as why:
            stopped = str(why)
        except DeviceError as error:
            stopped, code = str(error), MISSING
    lines = measured.save(measurement, pa, target, folder, old, stopped, stream)
    for line in lines:
        _tell(line)
    for text in measurement.troubles:
        print(f"look after: {text}", file=sys.stderr)
    if stopped:
        return _said(f"{stopped}; {f'what was measured until then is in {folder}' if lines else 'nothing was measured'}", code)
    return FOUND if measurement.troubles else 0


def _tell(text: str) -> None:
    print(text, flush=True)


# --- playing, and the hand that stops it ---------------------------------------------------------------------------------


@contextlib.contextmanager
def _hand() -> Iterator[Callable[[], bool]]:
    """Whether a hand wants it stopped: any key on a terminal, Ctrl-C, or a signal to end."""
    asked: list[int] = []
    kept = {number: signal.signal(number, lambda number, _: asked.append(number)) for number in (signal.SIGINT, signal.SIGTERM)}
    terminal = sys.stdin is not None and sys.stdin.isatty()
    settings: list[Any] = []
    if terminal:
        import termios
        import tty

        settings = termios.tcgetattr(sys.stdin)
        tty.setcbreak(sys.stdin)
    try:
        yield lambda: bool(asked) or (terminal and bool(select.select([sys.stdin], [], [], 0)[0]))
    finally:
        if terminal:
            termios.tcsetattr(sys.stdin, termios.TCSAFLUSH, settings)
        for number, handler in kept.items():
            signal.signal(number, handler)


def _wait(seconds: float, hand: Callable[[], bool]) -> None:
    from showctl.measure import Stopped

    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if hand():
            raise Stopped("stopped by hand")
        time.sleep(LOOK_S)


def _player(stream: Duplex, hand: Callable[[], bool]) -> Callable[[Take], tuple[Taken, int]]:
    """Plays a take on the stream; a hand stops it."""
    from showctl.model import DeviceError

    def play(take: Take) -> tuple[Taken, int]:
        lost = stream.lost
        stream.play(take)
        while not take.done:
            stream.tend()
            if stream.fault:
                raise DeviceError(f"a mistake of ours in the sound callback: {stream.fault}")
            if hand():
                take.stop("stopped by hand")
            time.sleep(LOOK_S)
        stream.play(None)
        return take.taken, stream.lost - lost

    return play
