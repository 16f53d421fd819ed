"""Do the flashes on the wire follow the music? The whole path, scored where it ends: at the UDP packet.

    python bench/wire_beats.py SONG.wav SONG.beats [--skip 10] [--change S] [--json OUT]
    python bench/wire_beats.py          the demo song as it is, 7 % faster, 0.3 s later, and silence: four runs at once

`showctl run` plays SONG as if it came from the desk, on the built-in venue and show, to a socket of ours; a flash is a packet
in which the level of the slot 1/512, a dimmer that pulses on every beat, has risen by a third or more. The truth (seconds
and tab, position in the bar) is shifted to the moment at which the ear began to read the file, which the journal tells; so a
constant delay of the light counts as an error. F as mir_eval has it (70 ms), from --skip seconds on; after a change of tempo
at --change the seconds until four flashes in a row are right; the signed error. An empty truth: flashes a minute.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import mir_eval
import numpy as np
import soundfile
from lone import alone, end_output

from showctl.demo.song import truth
from showctl.wire.e131 import decode

DEMO = Path(__file__).parent.parent / "showctl" / "demo"
PROGRAM = os.environ.get("SHOWCTL", f"{sys.executable} -m showctl").split()
UNIVERSE, SLOT, RISE = 1, 512, 85
HTTP, OSC = "127.0.0.1:18431", "127.0.0.1:18432"


def main() -> int:
    """Run, score, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("song", type=Path, nargs="?")
    parser.add_argument("beats", type=Path, nargs="?")
    parser.add_argument("--skip", type=float, default=10.0, metavar="S")
    parser.add_argument("--change", type=float, metavar="S", help="where the tempo changes")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    if arguments.song is None:
        return the_demo_song()
    alone()
    rows = [line.split() for line in arguments.beats.read_text().splitlines() if line.strip()]
    beats = np.array([float(row[0]) for row in rows])
    flashes = watch(arguments.song, soundfile.info(arguments.song).duration)
    result = score(beats, flashes, arguments.skip, arguments.change, soundfile.info(arguments.song).duration)
    result = {"song": arguments.song.stem, **result}
    print(" ".join(f"{key}={value:.3f}" if isinstance(value, float) else f"{key}={value}" for key, value in result.items()))
    if arguments.json:
        arguments.json.write_text(json.dumps(result))
    return 0


def the_demo_song() -> int:
    """Every variant in a process of its own; 1 if one of them falls short (F 0.95, back within 10 s, no flash in silence)."""
    variants = {"as_it_is": (1.0, 0.0), "faster": (1.07, 0.0), "later": (1.0, 0.3)}
    with tempfile.TemporaryDirectory() as folder:
        soundfile.write(f"{folder}/silence.wav", np.zeros((48000 * 40, 2), np.float32), 48000)
        Path(f"{folder}/silence.beats").touch()
        options: dict[str, list[str]] = {"silence": []}
        for name, (speed, shift) in variants.items():
            made = [sys.executable, "-m", "showctl.demo.song", f"{folder}/{name}.wav", "--beats", f"{folder}/{name}.beats"]
            subprocess.run([*made, "--speed", str(speed), "--shift", str(shift)], check=True)
            options[name] = ["--change", str(changes(truth(1, speed=speed, shift=shift)))]
        runs = []
        for name, more in options.items():
            files = [f"{folder}/{name}.wav", f"{folder}/{name}.beats", "--json", f"{folder}/{name}.json"]
            runs.append(subprocess.Popen([sys.executable, __file__, *files, *more]))
        codes = [one.wait() for one in runs]
        found = [json.loads(Path(f"{folder}/{name}.json").read_text()) for name in options]
    short = [one for one in found if one.get("flashes_a_minute", 0) > 0 or one.get("F", 1) < 0.95 or one.get("back_s", 0) > 10]
    return int(bool(short) or any(codes))


def changes(beats: list[tuple[float, int, str]]) -> float:
    """Where the tempo of the song changes (s)."""
    times = np.array([one[0] for one in beats])
    periods = np.diff(times)
    return float(times[1 + int(np.argmax(np.abs(np.diff(periods))))])


def watch(song: Path, seconds: float) -> np.ndarray:
    """The flashes in seconds of the song."""
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.bind(("127.0.0.1", 5568))
    receiver.settimeout(0.1)
    with tempfile.TemporaryDirectory() as state, contextlib.closing(receiver):
        command = [*PROGRAM, "run", str(DEMO / "venue.yaml"), str(DEMO / "show.yaml")]
        command += ["--audio", f"file:{song.resolve()}", "--sacn", "127.0.0.1", "--http", HTTP, "--osc", OSC, "--state", state]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as program:
            try:
                rises = receive(receiver, seconds + 3)
                origin = json.load(urllib.request.urlopen(f"http://{HTTP}/api/state", timeout=5))["origin"]
            finally:
                program.terminate()
                program.wait()
                end_output(Path(state) / "run")
        began = origin + first_heard(Path(state) / "journal")
    return np.array(rises) - began


def receive(receiver: socket.socket, seconds: float) -> list[float]:
    """The monotonic times at which the slot rose."""
    rises, last = [], 255
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            packet = decode(receiver.recv(2048))
        except TimeoutError:
            continue
        now = time.monotonic()
        if getattr(packet, "universe", None) != UNIVERSE:
            continue
        level = packet.slots[SLOT - 1]
        if level - last >= RISE:
            rises.append(now)
        last = level
    return rises


def first_heard(folder: Path) -> float:
    """Show time (s) of the song's first sample: the first hop in the journal ends 10 ms into it."""
    for file in sorted(folder.iterdir()):
        for line in file.read_text().splitlines():
            one = json.loads(line)
            if one["type"] == "features":
                return one["time"] - 0.01
    raise SystemExit("nothing was heard")


def score(beats: np.ndarray, flashes: np.ndarray, skip: float, change: float | None, seconds: float) -> dict[str, float | int]:
    """The measures, by name."""
    if not len(beats):
        return {"flashes": len(flashes), "flashes_a_minute": 60 * len(flashes) / seconds}
    reference = beats[beats >= skip]
    inside = flashes[(flashes >= skip - 0.07) & (flashes <= beats[-1] + 0.07)]
    after = flashes[flashes > beats[-1] + 2.0]
    errors = [1000 * (inside[np.argmin(abs(inside - t))] - t) for t in reference] if len(inside) else []
    errors = [one for one in errors if abs(one) < 70]
    result: dict[str, float | int] = {
        "flashes": len(inside),
        "beats": len(reference),
        "F": float(mir_eval.beat.f_measure(reference, inside)) if len(inside) else 0.0,
        "error_ms": statistics.median(errors) if errors else 0.0,
        "p90_ms": float(np.percentile(np.abs(errors), 90)) if errors else 0.0,
        "flashes_after_the_end": len(after),
    }
    if change is not None:
        result["back_s"] = back_after(beats[beats >= change], flashes) - change
    return result


def back_after(beats: np.ndarray, flashes: np.ndarray) -> float:
    """The time of the fourth right flash in a row."""
    run = 0
    for t in beats:
        run = run + 1 if np.sum(abs(flashes - t) < 0.07) == 1 else 0
        if run == 4:
            return float(t)
    return float("inf")


if __name__ == "__main__":
    sys.exit(main())
