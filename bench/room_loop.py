"""The loop over the PA closed for real: a concert on a JACK server in a measured room, an X32, and `showctl run` between them.

    python bench/room_loop.py --rirs ../shared/data/rirs --songs ../shared/data/beats [--emulator PATH] [--minutes 30]

JACK ticks with its dummy driver, in step with its clients. A program (tests/real/play_hall.py) plays songs through the bands that
the console holds into a room of real impulse responses, one loudspeaker to every position of --group, and adds a crowd that is as
loud as the music at each microphone. showctl hears programme and microphones and writes to the console: the X32 emulator
(P. Maillot's X32-Behringer, built by hand, never part of this), or without --emulator the fake of the tests.

Before the show the equaliser stands at what a fit of the empty room gives (--start flat: at nothing). 60 s after the daemon began
to listen the room fills, in an instant. What is judged, and how:

- the oracle is the refit that the loop would make if it knew: the very fit of showctl on the true responses of the full room,
  from the bands that stood when it filled. Off the oracle: RMS over the trusted points, mean taken out, of the console's curve
  less the oracle's, 90 s after the change. Trusted by every microphone, as GET /api/state says. Beside it the fit from nothing,
  whose bands may lie elsewhere: many cascades do nearly the same to the seats, and differ where the seats contradict each other.
- how far a band moves in 10 s: the largest difference of its curve at any frequency between any two moments 10 s apart, as the
  console told its bands to play_hall, ten times a second.
- LAeq over a minute: the formula of IEC 61672-1 on the spectrum of what the microphone got, against what /api/state says.
- with --minutes: reversals (a gain that turns round by more than TURN dB) and spread of each band in the second half.
- then a hand, a microphone's cable pulled, cables swapped, and the console killed: what is said, after how long, and whether any
  band moves after it.

Filled, the law: an audience of one for each --space m3 of the hall absorbs (m2 a person by octave: PERSON, standing and close),
so that in each octave 1/T = 1/T_empty + a / (0.161 s/m * space): every response decays faster by that from its direct sound on;
and what comes over the heads, direct sound and all, loses SHADE dB by octave.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import os
import signal as handler
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy import signal

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from showctl.analysis.room import target as targets
from showctl.analysis.room.biquad import cascade_db, coefficients
from showctl.analysis.room.grid import BANDS, smoothed
from showctl.fitting import fitted
from showctl.model import EqBand
from showctl.wire.fitting import FitJob
from showctl.wire.osc import encode
from tests.real import hall as halls
from tests.real.conftest import Process, process, until
from tests.real.hall import FLAT, RATE, Hall, Sound

Bands = tuple[EqBand, ...]
OCTAVES = (63.0, 125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0, 16_000.0)  # Hz
PERSON = (0.10, 0.16, 0.30, 0.55, 0.80, 0.90, 0.90, 0.85, 0.85)  # m2 that somebody standing in a crowd absorbs
SHADE = (0.0, 0.0, 0.0, 0.0, 0.5, 1.2, 2.2, 3.5, 4.5)  # dB that the direct sound loses over heads
DELAYS = (0.018, 0.031, 0.044, 0.052)  # s from the loudspeaker
LASTS = 1.6  # s of a response
MUSIC = 0.05  # RMS of what a microphone hears of the music in the empty room
SENSITIVITY = -38.0  # dBFS of a calibrator: music and crowd are about 110 dB
CHANGES, JUDGED = 60.0, 90.0  # s until the room fills, and from then until it is judged
OFF, MOVE, WITHIN, LEVEL = 0.8, 0.5, 10.0, 0.2  # what is allowed: dB RMS, dB in s, dB
TURN = 0.5  # dB
POINTS = np.geomspace(20.0, 20_000.0, 240)


# --- rooms, songs, crowds --------------------------------------------------------------------------------------------


def empty(folder: Path, group: str) -> Sound:
    """(1, microphones, frames): the responses of a group, their direct sounds at DELAYS."""
    with (folder / "index.csv").open(newline="") as text:
        files = [row["file"] for row in csv.DictReader(text) if row["group"] == group]
    if not files:
        raise SystemExit(f"there is no group {group} in {folder}/index.csv")
    found = np.zeros((1, len(files), round(LASTS * RATE)))
    for n, name in enumerate(files):
        sound, rate = soundfile.read(folder / name, always_2d=True)
        assert rate == RATE, f"{name} is at {rate} Hz"
        one = sound.mean(axis=1)
        direct = int(np.flatnonzero(np.abs(one) > 0.1 * np.abs(one).max())[0])
        begin = round(DELAYS[n % len(DELAYS)] * RATE)
        one = one[max(0, direct - 96) :][: found.shape[2] - begin + 96]
        one[-4800:] *= np.linspace(1, 0, len(one[-4800:]))
        found[0, n, begin - 96 : begin - 96 + len(one)] = one[: found.shape[2] - begin + 96]
    return found


def filled(responses: Sound, space: float) -> Sound:
    """The same room with an audience in it: the law above. `space` in m3 a person."""
    size = 1 << int(np.ceil(np.log2(2 * responses.shape[2])))
    freqs = np.fft.rfftfreq(size, 1 / RATE)
    full = np.zeros_like(responses)
    place = np.interp(np.log2(np.maximum(freqs, 1.0)), np.log2(OCTAVES), np.arange(len(OCTAVES)))
    for n, (absorbed, shade) in enumerate(zip(PERSON, SHADE, strict=True)):
        distance = np.minimum(1.0, np.abs(place - n))
        window = np.cos(np.pi / 2 * distance) ** 2 * 10 ** (-shade / 20)  # neighbours add up to 1
        more = absorbed / (0.161 * space)  # 1/s
        for index in np.ndindex(responses.shape[:2]):
            octave = np.fft.irfft(np.fft.rfft(responses[index], size) * window, size)[: responses.shape[2]]
            direct = int(np.abs(responses[index]).argmax())
            late = np.maximum(0.0, np.arange(len(octave)) - direct) / RATE
            full[index] += octave * 10 ** (-3 * more * late)
    return full


def playlist(folder: Path | None, draw: np.random.Generator, seconds: float) -> Sound:
    """(frames,) songs one after the other, each with an RMS of 0.1; without a folder one that is synthesised."""
    if folder is None:
        return synthesised(draw, seconds)
    files = sorted(path for path in folder.glob("*.ogg") if path.name.startswith(("lmms_", "loop_", "fof_")))
    parts: list[Sound] = []
    for at in draw.permutation(len(files)):
        sound, rate = soundfile.read(files[at], always_2d=True)
        song = signal.resample_poly(sound.mean(axis=1), 160, 147) if rate == 44_100 else sound.mean(axis=1)
        song[:4800] *= np.linspace(0, 1, 4800)
        song[-48_000:] *= np.linspace(1, 0, 48_000)
        parts.append(0.1 * song / song.std())
        if sum(map(len, parts)) > seconds * RATE:
            break
    return np.concatenate(parts)


def synthesised(draw: np.random.Generator, seconds: float) -> Sound:
    """(frames,) kick, snare, hats, a bass and chords that change; RMS 0.1."""
    song, beat = np.zeros(round(seconds * RATE)), round(0.5 * RATE)
    t = np.arange(2 * beat) / RATE
    kick = np.sin(2 * np.pi * (48 * t + 6 * (1 - np.exp(-25 * t)))) * np.exp(-9 * t)
    for n in range(len(song) // beat - 2):
        root = 55 * 2 ** (draw.integers(12) / 12)
        chord = sum(
            signal.sawtooth(2 * np.pi * root * k * 2 ** draw.normal(0, 0.002) * t) / k**0.5 for k in (1, 2, 2.52, 3, 5.04, 8)
        )
        hit = draw.normal(size=len(t)) * (0.5 * np.exp(-12 * t) * (n % 2) + 0.2 * np.exp(-50 * t))
        song[n * beat : n * beat + len(t)] += kick * (n % 2 == 0) + 0.15 * chord * np.exp(-2 * t) + hit
    return np.asarray(0.1 * song / song.std())


def babble(draw: np.random.Generator, microphones: int, seconds: float) -> Sound:
    """(microphones, frames) many who talk and clap, other ones at each microphone; RMS 1."""
    count = round(seconds * RATE)
    freqs = np.fft.rfftfreq(count, 1 / RATE)
    voice = np.minimum(1, (freqs / 150) ** 1.5) / np.sqrt(1 + (freqs / 500) ** 2) / (1 + (freqs / 4000) ** 2)
    found = np.zeros((microphones, count))
    for one in found:
        for _ in range(6):  # each a group that swells by itself, in syllables
            syllables = np.repeat(np.exp(draw.normal(0, 0.7, count // 9600 + 1)), 9600)[:count]
            one += np.fft.irfft(np.fft.rfft(draw.normal(size=count)) * voice, count) * syllables
        one /= one.std()
        claps = np.zeros(count)
        claps[draw.integers(0, count, round(12 * seconds))] = draw.normal(0, 1, round(12 * seconds))
        clap = draw.normal(size=480) * np.exp(-np.arange(480) / 80)
        claps = signal.sosfilt(
            signal.butter(2, [700, 5000], "bp", fs=RATE, output="sos"), signal.fftconvolve(claps, clap)[:count]
        )
        one += 0.5 * claps / claps.std()
        one /= one.std()
    return found


def chorus(song: Sound, draw: np.random.Generator, microphones: int) -> Sound:
    """(microphones, frames) voices that sing along, each late by now more, now less; RMS 1. Others near each microphone."""
    melody = signal.sosfilt(signal.butter(2, [200, 3000], "bp", fs=RATE, output="sos"), song)
    samples = np.arange(len(song), dtype=np.float64)
    found = np.zeros((microphones, len(song)))
    for one in found:
        for _ in range(5):
            wander = 0.012 * np.sin(2 * np.pi * (draw.uniform(0.1, 0.5) * samples / RATE + draw.random()))
            one += np.interp(samples - (draw.uniform(0.04, 0.25) + wander) * RATE, samples, melody)
        one /= one.std()
    return found


# --- what is judged --------------------------------------------------------------------------------------------------


def curve(response: Sound) -> Sound:
    """(bands,) dB."""
    size = 1 << 18
    return smoothed(np.fft.rfftfreq(size, 1 / RATE), np.abs(np.fft.rfft(response, size)) ** 2, BANDS)


def oracle(responses: Sound, standing: Bands = ()) -> Bands:
    """The bands of a fit that knows the room."""
    goal = targets.NAMED["house"](BANDS)
    rows = tuple(tuple((curve(one.sum(axis=0)) - goal).tolist()) for one in np.moveaxis(responses, 0, 1))
    trust = tuple((1.0,) * len(BANDS) for _ in rows)
    answer = fitted(FitJob(0.0, tuple(BANDS.tolist()), rows, trust, "x32", 6, (-12.0, 3.0), 0.0, (0.5, 8.0), standing))
    if answer.refused:
        raise SystemExit(answer.refused)
    return answer.bands


def off(bands: Bands, wanted: Bands, counts: NDArray[np.bool_]) -> float:
    """dB RMS between two equalisers over the bands that count, mean taken out."""
    return float(np.std((cascade_db(bands, BANDS) - cascade_db(wanted, BANDS))[counts]))


def farthest(held: Sequence[tuple[float, bool, Bands]], within: float = WITHIN) -> tuple[float, int, float]:
    """dB that a band moves at most within so many seconds, which band, and when (s): any two of its states in that time."""
    worst = (0.0, 0, 0.0)
    curves = [np.array([cascade_db([band], POINTS) for band in bands]) for _, _, bands in held]
    for n, (at, _, _) in enumerate(held):
        for m in range(n - 1, -1, -1):
            apart = np.abs(curves[n] - curves[m]).max(axis=1)
            if apart.max() > worst[0]:
                worst = float(apart.max()), int(apart.argmax()) + 1, at
            if at - held[m][0] > within:  # it stood until it changed, so it counts as well
                break
    return worst


def reversals(gains: Sequence[float]) -> int:
    """How often a gain turns round by more than TURN dB."""
    if not gains:
        return 0
    count, way, top = 0, 0, gains[0]
    for gain in gains:
        if way and way * (gain - top) < -TURN:
            count, way, top = count + 1, -way, gain
        elif not way and abs(gain - top) > TURN:
            way, top = (1 if gain > top else -1), gain
        elif not way or way * (gain - top) > 0:
            top = gain if way else top
    return count


def a_level(sound: Sound, seconds: float) -> float:
    """LAeq in dB, by the standard's formula on the spectrum; `seconds` it is the mean of."""
    size = len(sound)
    power = np.abs(np.fft.rfft(sound)) ** 2
    f2 = np.fft.rfftfreq(size, 1 / RATE) ** 2
    weight = (
        12_194.217**2 * f2**2 / ((f2 + 20.598997**2) * (f2 + 12_194.217**2) * np.sqrt((f2 + 107.65265**2) * (f2 + 737.86223**2)))
    )
    weight *= 10 ** (1.9997 / 20)
    energy = 2 * float((power * weight**2).sum()) / size / RATE  # Parseval, both halves
    return 10 * np.log10(energy / seconds) + 94.0 - SENSITIVITY


# --- the run ---------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def emulator(path: Path, folder: Path) -> Iterator[tuple[Process, tuple[str, int]]]:
    """The X32 emulator on an address of loopback of its own; it writes its files into `folder`."""
    host = f"127.7.{os.getpid() // 250 % 250}.{os.getpid() % 250 + 1}"
    with process([str(path.resolve()), "-i", host, "-v", "0"], cwd=str(folder)) as running:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.settimeout(0.1)
            one.connect((host, 10023))

            def answers() -> bool:
                with contextlib.suppress(OSError):
                    one.send(encode("/info"))
                    return bool(one.recv(1000))
                return False

            until(answers, 10, "the emulator")
        yield running, (host, 10023)


@dataclass(slots=True)
class Run:
    """What happens, second by second, and the table of it."""

    hall: Hall
    full: Sound
    began: float = 0.0
    bad: int = 0
    said: str = ""
    told: list[tuple[float, str]] = field(default_factory=list)

    def says(self, what: str, value: str, good: bool) -> None:
        """A line of the table."""
        self.bad += not good
        print(f"| {what} | {value} | {'' if good else 'NO'} |", flush=True)

    def waits(self, seconds: float, until_: Callable[[dict[str, str]], bool] | None = None) -> float | None:
        """Let it run, at most so long; s until something was so, None where it never was."""
        since = time.monotonic()
        while time.monotonic() - since < seconds:
            time.sleep(0.5)
            health = {name: part["detail"] for name, part in self.hall.health().items()}
            if "hears" not in health.get("room", "") and self.hall.mend():
                print("  the process that hears the room is another one: its cables are plugged in again", file=sys.stderr)
            said = " | ".join(f"{name}: {health[name]}" for name in ("pa", "room", "console") if name in health)
            if said != self.said:
                self.said = said
                print(f"  {time.monotonic() - self.began:7.1f} s  {said}", file=sys.stderr, flush=True)
            if until_ is not None and until_(health):
                return time.monotonic() - since
        return None

    def held(self, since: float = 0.0) -> list[tuple[float, bool, Bands]]:
        """What the console held, from the state at `since` on."""
        held = self.hall.bands()
        first = max((n for n, (at, _, _) in enumerate(held) if at <= since), default=0)
        return held[first:]


def follows(run: Run, rooms: tuple[Sound, Sound], minutes: float) -> None:
    """The room fills, the equaliser follows; then it stands."""
    hall = run.hall
    (hall.folder / "record").touch()
    hall.player.wait_for("^recording")
    recorded = time.monotonic()
    run.waits(CHANGES - (time.monotonic() - run.began))
    hall.becomes(rooms[1])
    changed = time.monotonic()
    run.waits(JUDGED)
    judged, state = time.monotonic(), hall.state()
    (hall.folder / "record").unlink()
    hall.player.wait_for("^recorded")
    time.sleep(0.5)
    record = np.fromfile(hall.folder / "record.f32", dtype=np.float32).reshape(-1, 1 + rooms[0].shape[1])
    held = run.held()
    before, now = [bands for at, _, bands in held if at <= changed][-1], held[-1][2]
    wanted, fresh = oracle(rooms[1], before), oracle(rooms[1])
    counts = np.array(state["room"]["curves"]["trust"]) > 0.99
    run.says("bands that every microphone trusts", f"{100 * counts.mean():.0f} % (at least 40)", counts.mean() >= 0.4)
    run.says(
        f"off the oracle {JUDGED:g} s after the change",
        f"{off(now, wanted, counts):.2f} dB RMS (at most {OFF:g}); when it changed {off(before, wanted, counts):.2f}",
        off(now, wanted, counts) <= OFF,
    )
    run.says(
        "off an oracle from nothing",
        f"{off(now, fresh, counts):.2f} dB RMS; when it changed {off(before, fresh, counts):.2f}; "
        f"the oracles from each other {off(wanted, fresh, counts):.2f}",
        True,
    )
    print(f"\nconsole: {told(now)}\noracle: {told(wanted)}\nfrom nothing: {told(fresh)}\n", file=sys.stderr)
    end = min(len(record), round((judged - recorded) * RATE))
    for n, told_of in enumerate(state["level"]["microphones"]):
        level, reference = told_of["laeq_1"], a_level(record[end - 60 * RATE : end, n + 1].astype(np.float64), 60.0)
        run.says(
            f"LAeq of microphone {n + 1}, one minute",
            f"{level:.1f} dB(A), by the reference {reference:.2f}",
            abs(level - reference) <= LEVEL,
        )
    if minutes * 60 > judged - run.began:
        run.waits(minutes * 60 - (judged - run.began))
        stands(run, wanted, counts, minutes)
    worst, band, at = farthest(run.held())
    run.says(
        f"the most that a band moves in {WITHIN:g} s",
        f"{worst:.2f} dB (band {band}, after {at - run.began:.0f} s; at most {MOVE:g})",
        worst <= MOVE + 0.01,
    )


def stands(run: Run, wanted: Bands, counts: NDArray[np.bool_], minutes: float) -> None:
    """What each band did while nothing changed."""
    half = time.monotonic() - minutes * 30
    late, whole = run.held(half), run.held()
    for n in range(len(late[0][2])):
        gains = [bands[n].gain for _, _, bands in late]
        turns = reversals([bands[n].gain for _, _, bands in whole])
        run.says(
            f"band {n + 1} in {minutes:g} minutes",
            f"{turns} reversals, {reversals(gains)} in the second half; there {min(gains):.2f} to {max(gains):.2f} dB, "
            f"{late[-1][2][n].freq:.0f} Hz Q {late[-1][2][n].q:.1f}",
            reversals(gains) <= 1,
        )
    curves = np.array([cascade_db(bands, BANDS)[counts] for _, _, bands in late])
    curves -= curves.mean(axis=1, keepdims=True)
    offs = [off(bands, wanted, counts) for _, _, bands in late]
    run.says(
        "the curve in the second half",
        f"spreads by {np.ptp(curves, axis=0).max():.2f} dB at most; off the oracle {min(offs):.2f} to {max(offs):.2f} dB RMS",
        max(offs) <= OFF,
    )


def told(bands: Bands) -> str:
    """Bands in words."""
    return ", ".join(
        f"{b.freq:.0f} Hz {b.gain:+.2f} Q{b.q:.1f}" for b in sorted(bands, key=lambda b: b.freq) if abs(b.gain) > 0.1
    )


def touched(run: Run, room: Sound) -> None:
    """A hand moves one band; the room changes as well, so that the others must."""
    run.waits(40, lambda health: "bands move" in health["pa"])
    n = int(np.argmax([abs(band.gain) for band in run.held()[-1][2]]))
    begun = time.monotonic()
    run.hall.hand.turns(n, "g", 0.55)  # +1.5 dB
    until(lambda: abs(run.held()[-1][2][n].gain - 1.5) < 0.01, 5, "the hand's value at the console")
    run.hall.becomes(room)
    run.waits(60)
    held = run.held(begun)[1:]
    stays = all(bands[n].gain == held[0][2][n].gain for _, _, bands in held[1:])
    others = max(abs(held[-1][2][m].gain - held[0][2][m].gain) for m in range(len(held[0][2])) if m != n)
    run.says(f"band {n + 1} is touched, 60 s long it stays the engineer's", f"{held[-1][2][n].gain:+.2f} dB", stays)
    run.says("meanwhile another one follows the room", f"{others:.2f} dB", others > 0.2)


def frozen(run: Run, what: str, words: Sequence[str], seconds: float, do: Callable[[], None], undo: Callable[[], None]) -> None:
    """Something breaks: what is said, when, and whether a band moves after that."""
    do()
    took = run.waits(seconds, lambda health: any(word in health["pa"] for word in words))
    said = run.said
    since = time.monotonic()
    run.waits(15)
    moved = [at for at, _, _ in run.held() if at > since + 2]
    run.says(what, f"after {took:.0f} s: {said.partition(' | ')[0]}" if took is not None else f"never: {said}", took is not None)
    run.says("and after that no band moves", f"{len(moved)} times", not moved)
    undo()


def broken(run: Run) -> None:
    """Cables and consoles."""
    hall = run.hall
    whole = list(range(len(hall.outs)))
    back: Callable[[], None] = lambda: (hall.cable(), run.waits(20))[0]  # noqa: E731
    frozen(run, "a microphone's cable is pulled", ["is dead"], 20, lambda: hall.cable(0, None, *whole[2:]), back)
    swap = [0, 2, 1, *whole[3:]]
    frozen(
        run,
        "two microphones are swapped",
        ["later than it did", "does not hear the programme"],
        45,
        lambda: hall.cable(*swap),
        back,
    )
    ends = [1, 0, *whole[2:]]
    words = ["swapped", "is a line in its input"]
    frozen(run, "programme and a microphone are swapped", words, 90, lambda: hall.cable(*ends), back)
    frozen(run, "the console dies", ["no answer from the console"], 15, lambda: hall.console.popen.kill(), lambda: None)


def main() -> int:
    """Run it all; 1 where something is not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rirs", type=Path, required=True, help="folder with index.csv and 48 kHz responses")
    parser.add_argument("--group", default="StPatricksPatrington", help="of index.csv: the positions of one room")
    parser.add_argument("--songs", type=Path, help="folder of songs; without it one is synthesised")
    parser.add_argument("--emulator", type=Path, help="the X32 program, built; without it the tests' fake")
    parser.add_argument("--minutes", type=float, default=0.0, help="how long it goes on; at least the 150 s of the change")
    parser.add_argument("--space", type=float, default=5.0, help="m3 of the hall for each who comes")
    parser.add_argument("--crowd", type=float, default=0.0, help="dB that the crowd is louder than the music")
    parser.add_argument("--start", choices=["empty", "flat"], default="empty", help="what the equaliser stands at")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", choices=["follows", "touched", "broken"], help="parts (default: all)")
    parser.add_argument("--keep", type=Path, help="a folder for what is recorded and said, else it goes with the run")
    args = parser.parse_args()
    handler.signal(handler.SIGTERM, lambda *_: sys.exit(143))  # ends what was started, too
    draw = np.random.default_rng(args.seed)
    rooms = rooms_of(args)
    song = playlist(args.songs, draw, 240.0)
    microphones = rooms[0].shape[1]
    wanted = [oracle(room) for room in rooms]
    start = (*wanted[0], *FLAT[len(wanted[0]) :]) if args.start == "empty" else FLAT
    every = np.ones(len(BANDS), dtype=bool)
    heard = signal.sosfilt(np.array([coefficients(band) for band in start]), song[: 60 * RATE])
    music = np.array([float(signal.fftconvolve(heard, room).std()) for room in rooms[0][0]])
    empty_, full = (room * (MUSIC / music)[None, :, None] for room in rooms)
    loud = MUSIC * 10 ** (args.crowd / 20)
    crowds = [loud * np.sqrt(2 / 3) * babble(draw, microphones, 71.0), loud * np.sqrt(1 / 3) * chorus(song, draw, microphones)]
    git = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    print(f"{args.group}, {microphones} microphones; crowd {args.crowd:+g} dB; {time.strftime('%Y-%m-%d')}, {git}")
    print(
        f"console: {'X32 emulator' if args.emulator else 'the fake of the tests'}; starts at the fit of the empty room"
        if args.start == "empty"
        else "starts flat"
    )
    print(f"empty: {told(wanted[0])}\nfull:  {told(wanted[1])}\n{off(*wanted, every):.2f} dB RMS apart\n")
    print("| what | measured | |\n|---|---|---|", flush=True)
    only = args.only or ["follows", "touched", "broken"]
    with contextlib.ExitStack() as ends:
        folder = args.keep or Path(ends.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        ends.enter_context(halls.jack(f"showctl-loop-{os.getpid()}", 1 + microphones))
        console = ends.enter_context(emulator(args.emulator, folder) if args.emulator else halls.fake_console())
        hall = ends.enter_context(
            halls.concert(folder, song, empty_, crowds, console=console, bands=start, sensitivity=SENSITIVITY)
        )
        run = Run(hall, full, time.monotonic())
        if "follows" in only:
            follows(run, (empty_, full), args.minutes)
        if "touched" in only:
            touched(run, empty_ if "follows" in only else full)
        if "broken" in only:
            broken(run)
        print(f"\nsound that the server lost: {hall.player.output.count('lost')} times")
    return 1 if run.bad else 0


def rooms_of(args: argparse.Namespace) -> tuple[Sound, Sound]:
    """The room empty and full."""
    responses = empty(args.rirs, args.group)
    return responses, filled(responses, args.space)


if __name__ == "__main__":
    sys.exit(main())
