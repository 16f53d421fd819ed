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

Rooms, songs and crowds, and how curves are compared: room_world.
"""

from __future__ import annotations

import argparse
import contextlib
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

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from numpy.typing import NDArray

from bench.room_world import SENSITIVITY, WITHIN, Bands, a_level, concert, farthest, off, oracle, reversals, told
from showctl.analysis.room.biquad import cascade_db
from showctl.analysis.room.grid import BANDS
from showctl.wire.osc import encode
from tests.real import hall as halls
from tests.real.conftest import Process, process, until
from tests.real.hall import Hall, Sound
from tests.real.jack import RATE, jack

CHANGES, JUDGED = 60.0, 90.0  # s until the room fills, and from then until it is judged
OFF, MOVE, LEVEL = 0.8, 0.5, 0.2  # what is allowed: dB RMS, dB within WITHIN, dB


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
            room = health.get("room", "")
            if "hears" not in room and "loses sound" not in room and self.hall.mend():
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
        ["look swapped"],
        45,
        lambda: hall.cable(*swap),
        back,
    )
    ends = [1, 0, *whole[2:]]
    words = ["the inputs of the programme and"]
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
    world = concert(args.rirs, args.group, args.songs, args.seed, args.space, args.crowd, args.start == "flat")
    microphones, wanted = world.empty.shape[1], [oracle(room) for room in (world.empty, world.full)]
    git = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    print(f"{args.group}, {microphones} microphones; crowd {args.crowd:+g} dB; {time.strftime('%Y-%m-%d')}, {git}")
    print(
        f"console: {'X32 emulator' if args.emulator else 'the fake of the tests'}; starts at the fit of the empty room"
        if args.start == "empty"
        else "starts flat"
    )
    print(
        f"empty: {told(wanted[0])}\nfull:  {told(wanted[1])}\n{off(*wanted, np.ones(len(BANDS), dtype=bool)):.2f} dB RMS apart\n"
    )
    print("| what | measured | |\n|---|---|---|", flush=True)
    only = args.only or ["follows", "touched", "broken"]
    with contextlib.ExitStack() as ends:
        folder = args.keep or Path(ends.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        ends.enter_context(jack(f"showctl-loop-{os.getpid()}", 1 + microphones))
        console = ends.enter_context(emulator(args.emulator, folder) if args.emulator else halls.fake_console())
        hall = ends.enter_context(
            halls.concert(
                folder, world.song, world.empty, world.crowds, console=console, bands=world.start, sensitivity=SENSITIVITY
            )
        )
        run = Run(hall, time.monotonic())
        if "follows" in only:
            follows(run, (world.empty, world.full), args.minutes)
        if "touched" in only:
            touched(run, world.empty if "follows" in only else world.full)
        if "broken" in only:
            broken(run)
        print(f"\nsound that the server lost: {hall.player.output.count('lost')} times")
    return 1 if run.bad else 0


if __name__ == "__main__":
    sys.exit(main())
