"""`showctl listen`: prints what the ear hears in a file or on a device, as it hears it.

Strictly causal: no line depends on sound later than its `emitted`. A file is heard as fast as it goes, a device until
Ctrl-C. The last line says how much was heard and what it cost.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from showctl.analysis.hearing.meter import LevelMeter, Reading, Summary
    from showctl.model import AudioBlock

HELP = "print the beats, onsets and sections heard in a file or on an audio device"
WRONG_USE, MISSING = 2, 69
STEREO = 2
A_BLOCK = 16384  # audio frames of a file at a time: stages that work on many hops after another take less time for each


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("source", metavar="FILE|device:NAME", help="a sound file, or an audio device by (part of) its name")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--channel",
        type=int,
        metavar="N",
        action="append",
        default=[],
        help="listen to this channel, from 1; give it once for each (else the first two of a device, all of a file)",
    )
    which.add_argument("--ltc", type=int, metavar="CHANNEL", help="read linear time code on this channel, from 1")
    parser.add_argument(
        "--levels", action="store_true", help="loudness, range, true peak and energy, ten times a second and of the whole"
    )


def run(args: argparse.Namespace) -> int:
    """Listen; 0, or 2 when the source cannot be heard, or 69 when a device or library is missing."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # the matrices are small: a pool of threads would only cost
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from showctl.model import DeviceError

    show = _as_json if args.json else _as_text
    try:
        blocks = _blocks(args.source, max(STEREO, args.ltc or 0, *args.channel))
        if args.channel:
            blocks = _only(blocks, args.channel)
        for news in listen(blocks, args.levels) if args.ltc is None else read_ltc(blocks, args.ltc):
            print(show(news), flush=args.source.startswith("device:"))
        sys.stdout.flush()
    except ValueError as error:
        print(f"showctl listen: {error}", file=sys.stderr)
        return WRONG_USE
    except DeviceError as error:
        print(f"showctl listen: {error}", file=sys.stderr)
        return MISSING
    except BrokenPipeError:  # whoever read has enough; nothing more can be printed, not even at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def listen(blocks: Iterator[AudioBlock], levels: bool) -> Iterator[dict[str, Any]]:
    """Blocks of sound -> the objects of command-line `listen`, the last of type "end". Ctrl-C ends a device."""
    from showctl.analysis.hearing.analyzer import Analyzer
    from showctl.analysis.hearing.announce import Announcer

    announcer, analyzer, meter, heard = Announcer(), None, None, 0.0
    try:
        for block in blocks:
            if analyzer is None:
                analyzer, meter = Analyzer(block.rate), _meter(block.rate) if levels else None
            readings = {reading.time: reading for reading in meter.feed(block)} if meter else {}
            for features in analyzer.feed(block):
                yield from announcer.feed(features)
                if features.time in readings:
                    yield _level(readings[features.time], features.energy)
            heard = (block.start + len(block.samples)) / block.rate
    except KeyboardInterrupt:
        pass  # the way to stop listening to a device
    whole = _whole(meter.summary()) if meter else {}
    yield {"type": "end", "duration": round(heard, 4), "cpu_seconds": round(time.process_time(), 3), **whole}


def read_ltc(blocks: Iterator[AudioBlock], channel: int) -> Iterator[dict[str, Any]]:
    """Blocks of sound -> an object for each frame of time code on this channel (from 1), the last of type "end".

    ValueError where the sound has no such channel.
    """
    from showctl.wire.ltc import Decoder

    decoder, heard = Decoder(), 0.0
    try:
        for block in blocks:
            if not 1 <= channel <= block.samples.shape[1]:
                raise ValueError(f"there is no channel {channel}: the sound has {block.samples.shape[1]}")
            for one in decoder.feed(block.samples[:, channel - 1], block.rate):
                frame, ended = one.frame, round(one.time / block.rate, 4)
                shown = f"{frame.face.hours:02d}:{frame.face.minutes:02d}:{frame.face.seconds:02d}:{int(frame.face.frames):02d}"
                yield {"type": "ltc", "time": ended, "frame": shown, "fps": frame.rate.value, "direction": frame.direction}
            heard = (block.start + len(block.samples)) / block.rate
    except KeyboardInterrupt:
        pass  # the way to stop listening to a device
    yield {"type": "end", "duration": round(heard, 4), "cpu_seconds": round(time.process_time(), 3)}


def _meter(rate: int) -> LevelMeter:
    from showctl.analysis.hearing.meter import LevelMeter

    return LevelMeter(rate)


def _blocks(source: str, channels: int) -> Iterator[AudioBlock]:
    """`channels` is how many are opened of a device, if it has so many."""
    if not source.startswith("device:"):
        from showctl.inputs import wavfile

        return wavfile.blocks(Path(source), A_BLOCK)
    name = source.removeprefix("device:")
    if not name:
        raise ValueError("device: needs a name after the colon, as `showctl devices` lists them")
    from showctl.sound.portaudio import device_blocks

    return device_blocks(name, channels)


def _only(blocks: Iterator[AudioBlock], wanted: list[int]) -> Iterator[AudioBlock]:
    """These channels (from 1) of every block. ValueError where the sound has not all of them."""
    from showctl.inputs.ear_channels import Chosen

    chosen = Chosen(tuple(sorted(set(wanted))))
    for block in blocks:
        there = block.samples.shape[1]
        if missing := [channel for channel in chosen.channels if not 1 <= channel <= there]:
            raise ValueError(f"there is no channel {missing[0]}: the sound has {there}")
        yield chosen.of(block)


def _level(reading: Reading, energy: float) -> dict[str, Any]:
    return {
        "type": "level",
        "time": round(reading.time, 4),
        "momentary_lufs": round(reading.momentary, 1),
        "short_term_lufs": round(reading.short_term, 1),
        "integrated_lufs": round(reading.integrated, 1),
        "range_lu": round(reading.range, 1),
        "true_peak_dbtp": round(reading.true_peak, 1),
        "energy": round(energy, 3),
    }


def _whole(summary: Summary) -> dict[str, Any]:
    return {
        "integrated_lufs": round(summary.integrated, 1),
        "range_lu": round(summary.range, 1),
        "true_peak_dbtp": round(summary.true_peak, 1),
        "momentary_max_lufs": round(summary.momentary_max, 1),
        "short_term_max_lufs": round(summary.short_term_max, 1),
    }


def _as_json(news: dict[str, Any]) -> str:
    return json.dumps(news)


def _as_text(news: dict[str, Any]) -> str:
    """One line for people."""
    match news["type"]:
        case "beat":
            bar = f"  {news['bar_position']} of the bar" if news["bar_position"] else ""
            return f"{news['time']:9.3f}  beat     {news['bpm']:.1f} bpm  {news['confidence']:.0%} sure{bar}"
        case "withdraw":
            return f"{news['emitted']:9.3f}  no beat  number {news['index']} will not come"
        case "onset":
            return f"{news['time']:9.3f}  onset    {news['strength']:.1f}"
        case "strike":
            return f"{news['time']:9.3f}  {news['band']:7}  {news['strength']:.1f}"
        case "section":
            return f"{news['time']:9.3f}  section  {news['kind']}  {news['confidence']:.0%} sure"
        case "coming":
            if news["time"] is None:
                return f"{news['emitted']:9.3f}  not yet  {news['kind']}"
            return f"{news['time']:9.3f}  coming   {news['kind']}  {news['confidence']:.0%} sure"
        case "ltc":
            return f"{news['time']:9.3f}  ltc      {news['frame']}  {news['fps']} fps{'  backwards' * (news['direction'] < 0)}"
        case "level":
            loud = f"M {news['momentary_lufs']:.1f}  S {news['short_term_lufs']:.1f}  {_programme(news)}"
            return f"{news['time']:9.3f}  level    {loud}  energy {news['energy']:.0%}"
        case _:
            whole = f"  {_programme(news)}" if "integrated_lufs" in news else ""
            return f"{news['duration']:9.3f}  end      {news['cpu_seconds']:.2f} s of processor time{whole}"


def _programme(news: dict[str, Any]) -> str:
    """What is so far, in one line."""
    return f"I {news['integrated_lufs']:.1f} LUFS  range {news['range_lu']:.1f} LU  peak {news['true_peak_dbtp']:.1f} dBTP"
