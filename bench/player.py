"""What the player costs, and whether it ever drops out: on a JACK server with its dummy driver.

    python bench/player.py [--seconds 600] [--period 256] [--trials 100] [--load 2] [--no-realtime]

Command to sound: `play` is sent to the process as the daemon sends it, and another program of the server records; counted is the
time from before the sending to the recorder's callback that holds the first sample, and the sample's place in that block: what
the command, the process and the server take. The card's own way out comes on top, and is told beside.

Load: two songs that follow each other in crossfades, with a click on a third line, at 44.1 kHz so that all is resampled, one of
them at 97 % of its speed; a seek every five seconds, and a loop now and then; while `--load` other processes keep the cores busy.
Drop-outs are told by whose they are: what the server says it lost, blocks that took us longer than they last, blocks for which a
file had not been read in time. On each core a bare clock (tools/bare_clocks.py) looks whether the machine itself stands
still. The player tells its counters five times a second: a fault that is told within a third of a second after the machine stood
still is the machine's, any other is ours. Where the player's process ends, the bench does, with the reason.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import soundfile

from showctl.model import State
from showctl.model import player as nouns
from showctl.outputs.player import PlayerProcess

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

from bare_clocks import BareClocks  # noqa: E402  (tools are no package)

RATE = 48_000
CLOCK_S, LATE_S = 0.001, 0.002  # of the bare clocks: how long they sleep, and how late is a standstill


class Played:
    """A player, and what it says."""

    def __init__(self, lines: int) -> None:
        self.clock, self.status = nouns.PlayerClock(nouns.Mode.STOPPED, 0, 0), nouns.PlayerStatus(State.STARTING, "")
        self.seq = 0
        self.faults: list[tuple[float, str]] = []  # monotonic s, which of the counters rose
        setup = nouns.PlayerSetup("", tuple(range(lines)))
        self.process = PlayerProcess(setup, on_started=lambda: None, on_clock=self._hear, on_status=self._learn)
        self.running = asyncio.create_task(self.process.run())

    def _hear(self, clock: nouns.PlayerClock) -> None:
        self.clock = clock

    def _learn(self, status: nouns.PlayerStatus) -> None:
        for name in ("lost", "late", "starved"):
            if getattr(status, name) > getattr(self.status, name):
                self.faults.append((time.monotonic(), name))
        self.status = status

    def ask(self, command, *fields, **more) -> int:
        """Send a command; its number."""
        self.seq += 1
        if not self.process.send(command(self.seq, *fields, **more)):
            sys.exit(f"the player takes no command: {self.running.exception() if self.running.done() else self.status}")
        return self.seq

    async def until(self, true, seconds: float = 30.0) -> None:
        """Wait for the answer to be true."""
        end = time.monotonic() + seconds
        while not true():
            if time.monotonic() > end:
                sys.exit(f"waited in vain: {self.clock} {self.status}")
            await asyncio.sleep(0.005)


def noise(folder: Path, name: str, seconds: float, rate: int = RATE, channels: int = 2) -> str:
    """A file of noise."""
    rng = np.random.default_rng(len(name))
    soundfile.write(folder / name, 0.05 * rng.standard_normal((int(seconds * rate), channels)), rate, subtype="PCM_24")
    return str(folder / name)


def ports() -> set[str]:
    """Of the server."""
    return set(subprocess.run(["jack_lsp"], capture_output=True, text=True, check=False).stdout.split())


async def latency(folder: Path, trials: int) -> list[float]:
    """Milliseconds from a command to its first sample, for each trial."""
    played = Played(2)
    await played.until(lambda: played.status.state is State.RUNNING, 60)
    known = ports()
    words = [sys.executable, "-m", "tests.real.record", str(folder), "2", str(trials + 60)]
    recorder = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert recorder.stdout is not None
    await asyncio.to_thread(recorder.stdout.readline)
    for side in (0, 1):
        ours = next(p for p in sorted(known) if p.endswith(f":out_{side}") and p.startswith("PortAudio"))
        theirs = next(p for p in sorted(ports() - known) if p.endswith(f":in_{side}"))
        subprocess.run(["jack_connect", ours, theirs], check=True)
    played.ask(nouns.Define, "burst", (nouns.Part(noise(folder, "burst.wav", 0.1), (0, 1)),))
    played.ask(nouns.Prepare, "burst")
    await asyncio.sleep(1.0)
    sent = []
    for _ in range(trials):
        await asyncio.sleep(0.3 + random.uniform(0.0, 0.05))
        sent.append(time.monotonic())
        played.ask(nouns.Play, "burst")
    await asyncio.sleep(1.0)
    (folder / "enough").touch()
    await asyncio.to_thread(recorder.wait)
    played.running.cancel()
    with suppress(asyncio.CancelledError):
        await played.running
    heard, blocks = np.load(folder / "heard.npy"), np.load(folder / "blocks.npy")
    sounding = np.flatnonzero(np.abs(heard[:, 0]) > 0)
    begins = sounding[np.flatnonzero(np.diff(sounding, prepend=-RATE) > RATE // 10)]
    came = []
    for frame in begins:
        block = int(np.searchsorted(blocks[:, 0], frame, "right")) - 1
        came.append(blocks[block, 1] + (frame - blocks[block, 0]) / RATE)
    print(f"of {trials} commands {len(came)} were heard; the card's own way: {1e3 * played.status.latency:.1f} ms")
    return [1e3 * min((c - s for c in came if c > s), default=float("inf")) for s in sent]


async def load(folder: Path, seconds: float) -> tuple[nouns.PlayerStatus, list[tuple[float, str]]]:
    """The player at work; how it was at the end."""
    played = Played(3)
    await played.until(lambda: played.status.state is State.RUNNING, 60)
    click = nouns.Part(noise(folder, "click.wav", 40, 44_100, 1), (2,))
    for name in ("one", "two"):
        played.ask(nouns.Define, name, (nouns.Part(noise(folder, f"{name}.flac", 40, 44_100), (0, 1)), click))
    first = played.status
    played.ask(nouns.Play, "one")
    end, turn, chance = time.monotonic() + seconds, 0, random.Random(1)
    while time.monotonic() < end:
        names = ("two", "one") if turn % 2 == 0 else ("one", "two")
        played.ask(nouns.Follow, names[0], crossfade=3.0)
        played.ask(nouns.Speed, 0.97 if turn % 2 else 1.0)
        take = played.clock.take
        while time.monotonic() < end and played.clock.take == take:
            await asyncio.sleep(5.0)
            if chance.random() < 0.3:
                played.ask(nouns.Loop, played.clock.position, played.clock.position + 0.5)
                await asyncio.sleep(2.0)
                played.ask(nouns.Loop)
            to = chance.uniform(0.0, 36.0)
            take = played.ask(nouns.Play, names[1], to)
            played.ask(nouns.Follow, names[0], crossfade=3.0)
            await asyncio.sleep(0.5)
            if to > 30.0:
                await asyncio.sleep(41.0 - to)
                break
        turn += 1
    await asyncio.sleep(0.5)
    pid = played.process.pid
    if pid:
        ticks = sum(int(n) for n in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13])
        print(f"cpu of the player: {100 * ticks / os.sysconf('SC_CLK_TCK') / seconds:.1f} % of a core")
    last = played.status
    played.running.cancel()
    with suppress(asyncio.CancelledError):
        await played.running
    print(f"at the beginning: lost {first.lost}, late {first.late}, starved {first.starved}")
    return last, played.faults


@contextmanager
def jack(period: int, realtime: bool) -> Iterator[None]:
    """A server of our own."""
    os.environ["JACK_DEFAULT_SERVER"] = f"showctl-bench-{os.getpid()}"
    os.environ["JACK_NO_AUDIO_RESERVATION"] = "1"
    rank = ["--realtime", "-P", "60"] if realtime else ["--no-realtime"]
    words = ["jackd", *rank, "-n", os.environ["JACK_DEFAULT_SERVER"], "-d", "dummy", "-r", str(RATE), "-p", str(period)]
    server = subprocess.Popen([*words, "-C", "4", "-P", "4"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 20
        while "system:capture_1" not in ports():
            if time.monotonic() > end:
                sys.exit("jackd does not come up: are all of its eight places taken?")
            time.sleep(0.05)
        yield
    finally:
        server.terminate()
        server.wait(20)


def timed(folder: Path, trials: int, period: int) -> bool:
    """From command to sound; whether the middle is under 10 ms."""
    took = asyncio.run(latency(folder, trials))
    p50, p90, p99 = np.percentile(took, (50, 90, 99))
    print(f"command to sound, {period} frames: p50 {p50:.1f} p90 {p90:.1f} p99 {p99:.1f} max {max(took):.1f} ms")
    return bool(p50 < 10.0)


def laden(folder: Path, seconds: float, others: int) -> bool:
    """Drop-outs under load; whether none was ours."""
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(others)]
    clocks = BareClocks(str(folder / "late"), CLOCK_S, LATE_S)
    try:
        status, faults = asyncio.run(load(folder, seconds))
    finally:
        for one in busy:
            one.kill()
        still = [at for at, _ in clocks.wakes()]
        clocks.close()
    ours = [one for one in faults if not any(-0.02 < one[0] - t < 0.33 for t in still)]
    print(f"{seconds:.0f} s with {others} busy processes: the server lost {status.lost} blocks,")
    print(f"we were late {status.late} times, starved {status.starved}; {status.memory / 2**20:.0f} MiB of sound")
    print(
        f"the machine stood still for more than {1e3 * LATE_S:g} ms {len(still)} times; of {len(faults)} faults not then: {ours}"
    )
    return not ours


def main() -> int:
    """Run both on a server of their own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600.0, help="of load")
    parser.add_argument("--period", type=int, default=256, help="frames of the server")
    parser.add_argument("--trials", type=int, default=100, help="commands that are timed")
    parser.add_argument("--load", type=int, default=2, help="other busy processes while it plays")
    parser.add_argument("--no-realtime", action="store_true", help="the server as a user without rights has it")
    args = parser.parse_args()
    if shutil.which("jackd") is None:
        print("not measured: jackd is not installed (apt install jackd2)")
        return 0
    print(f"load of the machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with jack(args.period, not args.no_realtime), tempfile.TemporaryDirectory() as made:
        well = [timed(Path(made), args.trials, args.period)] if args.trials else []
        well += [laden(Path(made), args.seconds, args.load)] if args.seconds else []
    return 0 if all(well) else 1


if __name__ == "__main__":
    sys.exit(main())
