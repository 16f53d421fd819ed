"""From save to effect, and what the tick that takes a reload over costs beside its neighbours: a real `run`, several saves.

    python bench/reload.py [--saves 8] [--cues 5000] [--seed 1]

For a small show (what `showctl init` writes) and a long one (bigshow.py). Every save changes the level of the cue that is
played, in place and by rename in turn; the effect is the first look that differs, as the daemon hands it to its output. The
daemon runs in a process of its own with `--sacn off`; its ticks are timed from within, in CPU of its thread and in wall time.
One save in four changes the levels of every cue, so that nothing can be kept of the plan before.

Exit code 1 if the long show takes longer than EFFECT_S, or a tick costs MORE_MS more than the median of its neighbours.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, TypeAlias

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from bench import bigshow

EFFECT_S, MORE_MS = 1.0, 5.0
NEIGHBOURS = 20  # ticks on either side
LEVEL = re.compile(r"intensity: [0-9]+%")


Row: TypeAlias = tuple[float, float, float, float, float, float]


# --- the daemon, with a stopwatch ------------------------------------------------------------------------------------------


def daemon(venue: Path, show: Path, state: Path) -> int:
    """Run, and write a line for each tick and each taking over: kind, monotonic s, CPU ms, wall ms, hash of the look."""
    import zlib

    from showctl import app, tick
    from showctl.__main__ import main

    lines: list[str] = []

    def timed(cls: type, name: str, kind: str) -> None:
        plain = getattr(cls, name)

        def wrapped(self: Any, *args: Any) -> Any:
            cpu, wall = time.thread_time_ns(), time.monotonic_ns()
            deadline = self._deadline_ns if kind == "tick" else wall
            try:
                return plain(self, *args)
            finally:
                spent = (time.thread_time_ns() - cpu) / 1e6, (time.monotonic_ns() - wall) / 1e6
                early = (deadline - time.monotonic_ns()) / 1e6
                look = zlib.crc32(self._slots.tobytes()) if kind == "tick" and self._slots is not None else 0
                lines.append(f"{kind} {wall / 1e9:.6f} {spent[0]:.3f} {spent[1]:.3f} {look} {early:.3f}")

        setattr(cls, name, wrapped)

    timed(tick.Ticker, "_tick", "tick")
    timed(app.Daemon, "_take_over", "over")

    def report() -> None:
        while True:
            time.sleep(0.2)
            taken, lines[:] = lines[:], []
            print("\n".join(taken), flush=True)

    threading.Thread(target=report, daemon=True).start()
    command = ["run", str(venue), str(show), "--sacn", "off", "--audio", "none", "--state", str(state)]
    return main([*command, "--http", "127.0.0.1:0", "--osc", "127.0.0.1:0"])


# --- the hand ----------------------------------------------------------------------------------------------------------------


class Watched:
    """A daemon that runs, and what its stopwatch says."""

    def __init__(self, venue: Path, show: Path, state: Path) -> None:
        command = [sys.executable, __file__, "--daemon", str(venue), str(show), str(state)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.rows: list[tuple[str, float, float, float, int, float]] = []
        self.said: list[str] = []
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=self._listen, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            kind, *rest = line.split() or [""]
            if kind in ("tick", "over"):
                self.rows.append((kind, *map(float, rest[:3]), int(rest[3]), float(rest[4])))
            else:
                self.said.append(line)

    def _listen(self) -> None:
        assert self.process.stderr is not None
        self.said += self.process.stderr

    def until_effect(self, at: float, before: int) -> None:
        """Wait for a taking over after this moment, and for a look that is not the one before."""
        self.until(lambda: any(row[0] == "over" and row[1] > at for row in self.rows))
        self.until(lambda: any(row[0] == "tick" and row[1] > at and row[4] != before for row in self.rows))

    def until(self, wanted: Any, limit: float = 20.0) -> Any:
        """Wait for something to be true."""
        end = time.monotonic() + limit
        while not (found := wanted()):
            if time.monotonic() > end or self.process.poll() is not None:
                raise SystemExit("the daemon does not do what is expected:\n" + "".join(self.said[-20:]))
            time.sleep(0.02)
        return found


def saved(show: Path, text: str, by_rename: bool) -> float:
    """Save like an editor; monotonic s of the moment that the file is there."""
    if by_rename:
        beside = show.with_suffix(".tmp")
        beside.write_text(text)
        os.replace(beside, show)
    else:
        show.write_text(text)
    return time.monotonic()


def louder(text: str, everywhere: bool, turn: int) -> str:
    """The first level of the first cue another, or every level of the show."""

    def other(match: re.Match[str]) -> str:
        return f"intensity: {(int(match[0][11:-1]) + 7 * turn) % 60 + 20}%"

    head, cues = text.split("\ncues:", 1)
    return f"{head}\ncues:{LEVEL.sub(other, cues, count=0 if everywhere else 1)}"


def measure(name: str, venue: Path, show: Path, saves: int) -> list[str]:
    """Save again and again; the rows of the table, and what is beyond the limits."""
    watched = Watched(venue, show, venue.parent / "state")
    try:
        page = watched.until(lambda: next((line for line in watched.said if "http://" in line), ""))
        address = re.search(r"http://[0-9.:]+", page)
        assert address is not None
        go(address[0])
        watched.until(lambda: len(watched.rows) > 400)  # fades are over
        found = {False: [], True: []}  # type: dict[bool, list[Row]]
        for turn in range(saves):
            everywhere = turn % 4 == 3
            before = watched.rows[-1][4]
            at = saved(show, louder(show.read_text(), everywhere, turn + 1), by_rename=turn % 2 == 1)
            watched.until_effect(at, before)
            time.sleep(1.5)
            found[everywhere].append(judge(watched.rows, at, before))
        return [row(name, everywhere, rows) for everywhere, rows in found.items() if rows]
    finally:
        watched.process.terminate()
        watched.process.wait()


def go(address: str) -> None:
    """Fire the first cue."""
    import urllib.request

    body, kind = json.dumps({"type": "go"}).encode(), {"Content-Type": "application/json"}
    urllib.request.urlopen(urllib.request.Request(f"{address}/api/control", body, kind)).close()


def judge(rows: list[Any], at: float, before: int) -> Row:
    """Of one save: s to effect, CPU ms of taking over, CPU ms more of the tick after it; wall ms of the longest tick, and by
    how many ms the last look came before (above 0) its deadline, while it was prepared and in the second after."""
    ticks = [r for r in rows if r[0] == "tick"]
    over = next(r for r in rows if r[0] == "over" and r[1] > at)
    effect = next(r for r in ticks if r[1] > at and r[4] != before)
    place = next(i for i, r in enumerate(ticks) if r[1] > over[1])
    near = [r[2] for r in ticks[place - NEIGHBOURS : place] + ticks[place + 1 : place + NEIGHBOURS]]
    meanwhile = [r for r in ticks if at < r[1] < over[1] + 0.3]
    after = [r for r in ticks if over[1] + 0.3 < r[1]]
    more = ticks[place][2] - statistics.median(near)
    return effect[1] - at, over[2], more, max(r[3] for r in meanwhile), min(r[5] for r in meanwhile), min(r[5] for r in after)


def row(name: str, everywhere: bool, rows: list[Row]) -> str:
    """A line of the table."""
    effects, overs, mores, longest, early, elsewhere = zip(*rows, strict=True)
    what = "every cue" if everywhere else "one cue"
    bad = max(effects) > EFFECT_S or max(overs) + max(mores) > MORE_MS
    return (
        f"{name:<10} {what:<9} {len(rows):2d}  effect {statistics.median(effects):5.2f} s (most {max(effects):4.2f})"
        f"  taking over {max(overs):5.2f} ms  next tick {max(mores):+5.2f} ms  longest tick {max(longest):5.2f} ms"
        f"  before its deadline {min(early):+6.2f} ms (after the reload {min(elsewhere):+6.2f}){'  BEYOND' if bad else ''}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--saves", type=int, default=8)
    parser.add_argument("--cues", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--daemon", nargs=3, type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.daemon:
        return daemon(*args.daemon)
    from showctl.commands import init

    table: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder, "small")
        small.mkdir()
        (small / "venue.yaml").write_text(init.VENUE)
        (small / "show.yaml").write_text(init.SHOW)
        table += measure("small", small / "venue.yaml", small / "show.yaml", args.saves)
        long = Path(folder, "long")
        long.mkdir()
        table += measure(f"{args.cues} cues", *bigshow.write(long, args.cues, args.seed), args.saves)
    print("\n".join(table))
    print(f"allowed: effect {EFFECT_S:g} s; taking over and the next tick together {MORE_MS:g} ms of CPU more than a tick")
    return int(any("BEYOND" in line for line in table))


if __name__ == "__main__":
    sys.exit(main())
